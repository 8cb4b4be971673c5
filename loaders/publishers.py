"""Dataset ``sources``: who published what we cite, with licence and known bias.

The module is not called ``sources``: that package holds the clients of external services.
"""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.crosswalk import read_crosswalk
from loaders.curated import read_rows

CONTRACT = CONTRACTS["sources"]
SOURCE = "sources.csv"
NEEDS: tuple[str, ...] = ()
FILES = ("crosswalk.csv",)

COLUMNS = (
    "source_key",
    "title",
    "publisher",
    "type",
    "date",
    "url",
    "licence_or_reuse",
    "source_checked",
    "rows_citing",
)


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per source page."""
    rows = read_rows(source, COLUMNS, what="sources.csv")
    crosswalk = read_crosswalk(context.files["crosswalk.csv"])
    options = {"dataset": "sources", "source_word": "type"}
    return pd.DataFrame(
        {
            "source_id": rows["source_key"],
            "title": rows["title"],
            "publisher": rows["publisher"],
            "source_type": rows["type"],
            "claimant": crosswalk.map(rows, "source_claimant", **options)["value"],
            "published_date": rows["date"],
            "source_url": rows["url"],
            "licence": rows["licence_or_reuse"],
            "cadence_days": "",
            "known_bias": crosswalk.map(rows, "known_bias", **options)["value"],
            "method_breaks": "",
            "rows_citing": rows["rows_citing"],
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Sources without an address or a date are counted."""
    findings = Findings()
    for column, what in (("source_url", "web address"), ("published_date", "publication date")):
        missing = int(frame[column].isna().sum())
        if missing:
            findings.warnings.append(f"{missing} sources have no {what}.")
    return findings
