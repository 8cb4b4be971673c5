"""Shares of neighborhoods, area and people by status, with bounds (definition share-1)."""

from __future__ import annotations

import pandas as pd

from loaders.contracts import Status

#: The three denominators, with the column each sums.
DENOMINATORS = ("neighborhoods", "km2", "people")

_UNSETTLED = (Status.UNKNOWN, Status.NO_DATA)


def shares(panel: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Share of each status on each date, by all three denominators.

    Parameters
    ----------
    panel
        As ``status_panel`` returns it, for all areas in scope.
    areas
        ``neighborhood_id, area_km2, population`` of the areas in scope.

    Returns
    -------
    DataFrame
        One row per date, denominator and status: ``date, denominator, status, value, total, share, low, high``.
        ``value`` and ``total`` are in neighborhoods, km² or people; ``share`` between 0 and 1; ``low`` and ``high``
        are the shares if none, or all, of the unknown, stale and no-data areas had the status. Shares of a date sum
        to 1.
    """
    weights = areas.set_index("neighborhood_id")[["area_km2", "population"]].astype("float64")
    weights = weights.rename(columns={"area_km2": "km2", "population": "people"}).assign(neighborhoods=1.0)
    joined = panel[["neighborhood_id", "date", "status"]].join(weights, on="neighborhood_id", how="inner")
    sums = joined.groupby(["date", "status"], sort=True)[list(DENOMINATORS)].sum()
    index = pd.MultiIndex.from_product(
        [sums.index.unique("date"), [str(s) for s in Status]], names=["date", "status"]
    )
    values = (
        sums.reindex(index, fill_value=0.0)
        .rename_axis(columns="denominator")
        .stack()
        .rename("value")
        .reset_index()
    )
    values["total"] = values.groupby(["date", "denominator"])["value"].transform("sum")
    values["share"] = values["value"] / values["total"]
    unsettled = values[values["status"].isin(_UNSETTLED)].groupby(["date", "denominator"])["share"].sum()
    open_share = values.set_index(["date", "denominator"]).index.map(unsettled)
    values["low"] = values["share"].where(~values["status"].isin(_UNSETTLED), 0.0)
    values["high"] = (values["low"] + open_share).clip(upper=1.0)
    columns = ["date", "denominator", "status", "value", "total", "share", "low", "high"]
    return values[columns].sort_values(["date", "denominator", "status"], ignore_index=True)


def share_of(
    table: pd.DataFrame, statuses: tuple[str, ...], denominator: str, date: pd.Timestamp
) -> pd.Series:
    """Several statuses of one date together: ``value, total, share, low, high``.

    Control and influence are only ever added where the caller names both.
    """
    rows = table[(table["date"] == date) & (table["denominator"] == denominator)]
    chosen = rows[rows["status"].isin(statuses)]
    unsettled = rows[rows["status"].isin(_UNSETTLED) & ~rows["status"].isin(statuses)]
    value, total = chosen["value"].sum(), rows["total"].iloc[0]
    low = chosen.loc[~chosen["status"].isin(_UNSETTLED), "value"].sum() / total
    high = (value + unsettled["value"].sum()) / total
    return pd.Series({"value": value, "total": total, "share": value / total, "low": low, "high": high})
