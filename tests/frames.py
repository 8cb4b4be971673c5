"""Small frames for tests: statements about control, as the loaders deliver them."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from monitor.analysis.status import ASSERTION_COLUMNS

_numbers = itertools.count(1)


def statement(area: str, day: str, status: str, **more: Any) -> dict[str, Any]:
    """One statement: recorded on its own day, one press report, unless told otherwise."""
    number = next(_numbers)
    row = {
        "assertion_id": f"T{number:05d}",
        "neighborhood_id": area,
        "sub_zone": None,
        "status": status,
        "actor_id": None,
        "from_earliest": day,
        "from_latest": more.get("until", day),
        "claimant": "press",
        "claimant_name": None,
        "verification": "single_source",
        "source_id": f"source-{number}",
        "source_publisher": "A newspaper",
        "source_url": "https://example.org/page",
        "published_date": day,
        "source_checked": "page",
        "recorded_at": more.get("published_date", day),
        "withdrawn_at": None,
        "note": None,
    }
    return row | {key: value for key, value in more.items() if key != "until"}


def statements(*rows: dict[str, Any]) -> pd.DataFrame:
    """Statements as a typed frame."""
    frame = pd.DataFrame(list(rows), columns=ASSERTION_COLUMNS)
    for column in ("from_earliest", "from_latest", "published_date"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    for column in ("recorded_at", "withdrawn_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    return frame
