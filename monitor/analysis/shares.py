"""Shares of neighborhoods, area and people by status, with bounds (definition share-1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import Status
from monitor.analysis.status import STATUSES, statuses_over

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
    at = pd.Index(areas["neighborhood_id"]).get_indexer(pd.Index(panel["neighborhood_id"]))
    rows = panel[at >= 0]
    day, days = pd.factorize(rows["date"], sort=True)
    return _table(at[at >= 0], day, STATUSES.get_indexer(rows["status"]), areas, days)


def shares_over(history: pd.DataFrame, dates: Iterable[date], areas: pd.DataFrame) -> pd.DataFrame:
    """What :func:`shares` returns of the panel of a status history on some dates, without the panel."""
    statuses, days = statuses_over(history, dates, areas["neighborhood_id"])
    at, day = np.divmod(np.arange(statuses.size), len(days))
    return _table(at, day, statuses.ravel(), areas, days)


def _table(
    at: np.ndarray, day: np.ndarray, status: np.ndarray, areas: pd.DataFrame, days: pd.Index
) -> pd.DataFrame:
    """Shares from places in ``areas``, in ``days`` and in ``STATUSES``, one of each for every area and day."""
    denominators = sorted(DENOMINATORS)
    cell = day * len(STATUSES) + status
    weights = {
        "neighborhoods": np.ones(len(areas)),
        "km2": areas["area_km2"].to_numpy("float64", na_value=0.0),
        "people": areas["population"].to_numpy("float64", na_value=0.0),
    }
    shape = (len(days), len(denominators), len(STATUSES))
    value = np.empty(shape)
    for place, name in enumerate(denominators):
        sums = np.bincount(cell, weights=weights[name][at], minlength=shape[0] * shape[2])
        value[:, place, :] = sums.reshape(shape[0], shape[2])
    total = np.broadcast_to(value.sum(axis=2, keepdims=True), shape)
    with np.errstate(invalid="ignore"):
        share = value / total
    is_open = STATUSES.isin(_UNSETTLED)
    low = np.where(is_open, 0.0, share)
    high = np.minimum(low + share[:, :, is_open].sum(axis=2, keepdims=True), 1.0)
    return pd.DataFrame(
        {
            "date": np.repeat(days, shape[1] * shape[2]),
            "denominator": pd.Series(np.tile(np.repeat(denominators, shape[2]), shape[0]), dtype="str"),
            "status": pd.Series(np.tile(STATUSES, shape[0] * shape[1]), dtype="str"),
            **{
                name: array.ravel()
                for name, array in (
                    ("value", value),
                    ("total", total),
                    ("share", share),
                    ("low", low),
                    ("high", high),
                )
            },
        }
    )


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
