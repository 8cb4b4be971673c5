"""Dataset ``milestones``: dated events drawn on time axes."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.curated import read_rows

CONTRACT = CONTRACTS["milestones"]
SOURCE = "milestones.csv"
NEEDS: tuple[str, ...] = ()
FILES: tuple[str, ...] = ()

COLUMNS = ("milestone_id", "date", "kind", "label", "source_checked")


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per milestone."""
    return read_rows(source, COLUMNS, what="milestones.csv").rename(columns={"date": "milestone_date"})


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Dates from recall are counted."""
    recalled = int((frame["source_checked"] == "recall").sum())
    return Findings(
        warnings=[f"{recalled} of {len(frame)} dates are from recall (widely reported, no page checked)."]
        if recalled
        else []
    )
