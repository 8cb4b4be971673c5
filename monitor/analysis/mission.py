"""Figures of the mission: what had been published by a date; bases are never summed."""

from __future__ import annotations

from datetime import date

import pandas as pd

#: Entities whose deployed figure is the whole mission's, not one country's.
TOTALS = ("MSS total", "GSF total", "GSF/MSS total")


def up_to(rows: pd.DataFrame, as_of: date, *, column: str = "as_of") -> pd.DataFrame:
    """Rows whose figure holds for a day up to a date."""
    return rows[rows[column] <= pd.Timestamp(as_of)]


def latest(rows: pd.DataFrame, **equal: str) -> pd.Series | None:
    """Latest figure among the rows with the given values; None if there is none."""
    for column, value in equal.items():
        rows = rows[rows[column] == value]
    rows = rows[rows["value"].notna()]
    return None if rows.empty else rows.sort_values(["as_of", "published_date"]).iloc[-1]


def deployed_totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures of all deployed personnel, and the authorised strength that held on their day, with the ratio.

    Returns
    -------
    DataFrame
        ``as_of, entity, value, authorised, ratio``; ``ratio`` = deployed / authorised on that date.
    """
    totals = rows[
        (rows["basis"] == "deployed") & rows["entity"].isin(TOTALS) & rows["value"].notna()
    ].sort_values("as_of")
    authorised = rows[(rows["basis"] == "authorised") & rows["value"].notna()].sort_values("as_of")
    joined = pd.merge_asof(
        totals[["as_of", "entity", "value"]],
        authorised[["as_of", "value"]].rename(columns={"value": "authorised"}),
        on="as_of",
    )
    return joined.assign(ratio=joined["value"] / joined["authorised"])
