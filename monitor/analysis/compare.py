"""What changed between two dates and from week to week (definitions transition-1 and gain-loss-1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loaders.contracts import Status
from monitor.analysis.shares import DENOMINATORS

_GANG = (str(Status.GANG_CONTROL), str(Status.GANG_INFLUENCE))
_OPEN = (str(Status.UNKNOWN), str(Status.NO_DATA))

#: Kinds of change of a neighborhood, seen from the armed groups; the last two are changes of what is known.
KINDS = ("gained", "lost", "other", "appeared", "lapsed")


def area_weights(areas: pd.DataFrame) -> pd.DataFrame:
    """What a neighborhood counts in each denominator, indexed by ``neighborhood_id``; people that are not known count 0."""
    weights = areas.set_index("neighborhood_id")[["area_km2", "population"]].astype("float64").fillna(0.0)
    named = weights.rename(columns={"area_km2": "km2", "population": "people"}).assign(neighborhoods=1.0)
    return named[list(DENOMINATORS)]


def kind_of_change(before: pd.Series, after: pd.Series) -> pd.Series:
    """Kind of each change of status: one of :data:`KINDS`, empty where nothing changed.

    ``gained``
        From contested, the state or others to gang control or influence.
    ``lost``
        From gang control or influence to contested, the state or others.
    ``other``
        Between control and influence, or among the others.
    ``appeared``, ``lapsed``
        From, and to, unknown or no data: a report came in or grew stale. Nobody need have moved.
    """
    was_open, is_open = before.isin(_OPEN).to_numpy(), after.isin(_OPEN).to_numpy()
    was_gang, is_gang = before.isin(_GANG).to_numpy(), after.isin(_GANG).to_numpy()
    same = (before.to_numpy() == after.to_numpy()) | (was_open & is_open)
    kinds = np.select(
        [same, is_open, was_open, is_gang & ~was_gang, was_gang & ~is_gang],
        ["", "lapsed", "appeared", "gained", "lost"],
        default="other",
    )
    return pd.Series(kinds, index=before.index)


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Every neighborhood whose status differs between two dates.

    Parameters
    ----------
    before, after
        ``status_panel`` of one date each, same neighborhoods.

    Returns
    -------
    DataFrame
        The rows of `after` with ``status_before`` and ``kind``, sorted by kind and neighborhood. A change between unknown
        and no data is none.
    """
    first = before.set_index("neighborhood_id")["status"]
    rows = after.assign(status_before=after["neighborhood_id"].map(first))
    rows["kind"] = kind_of_change(rows["status_before"], rows["status"])
    rows = rows[rows["kind"] != ""]
    rows = rows.assign(order=rows["kind"].map(KINDS.index))
    return rows.sort_values(["order", "neighborhood_id"], ignore_index=True).drop(columns="order")


def transition_matrix(before: pd.DataFrame, after: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """How much went from each status to each other between two dates.

    Returns
    -------
    DataFrame
        One row per pair of statuses, also the empty ones: ``status_before, status_after, neighborhoods, km2, people``. The
        rows of one ``status_before`` sum to what had it on the first date, those of one ``status_after`` to the second's.
    """
    pairs = before[["neighborhood_id", "status"]].merge(
        after[["neighborhood_id", "status"]], on="neighborhood_id", suffixes=("_before", "_after")
    )
    sums = (
        pairs.join(area_weights(areas), on="neighborhood_id")
        .groupby(["status_before", "status_after"])[list(DENOMINATORS)]
        .sum()
    )
    statuses = [str(status) for status in Status]
    every = pd.MultiIndex.from_product([statuses, statuses], names=["status_before", "status_after"])
    return sums.reindex(every, fill_value=0.0).reset_index()


def gains_and_losses(panel: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """What armed groups gained and lost from each date of a panel to the next, by all three denominators.

    Parameters
    ----------
    panel
        ``status_panel`` of several dates, same neighborhoods on each.
    areas
        ``neighborhood_id, area_km2, population``.

    Returns
    -------
    DataFrame
        One row per date but the first, and denominator: ``date, denominator, gained, lost, net, appeared, lapsed``. ``net``
        is gained less lost. ``appeared`` and ``lapsed`` count only areas that came to, or left, gang control or influence:
        what gangs hold changes by ``net + appeared - lapsed``.
    """
    day, days = pd.factorize(panel["date"], sort=True)
    unit, units = pd.factorize(panel["neighborhood_id"], sort=True)
    weights = area_weights(areas).reindex(units).to_numpy()
    held, unsettled = np.zeros((2, len(days), len(units)), dtype="bool")
    held[day, unit] = panel["status"].isin(_GANG)
    unsettled[day, unit] = panel["status"].isin(_OPEN)
    came, went = held[1:] & ~held[:-1], ~held[1:] & held[:-1]
    moves = {
        "gained": came & ~unsettled[:-1],
        "lost": went & ~unsettled[1:],
        "appeared": came & unsettled[:-1],
        "lapsed": went & unsettled[1:],
    }
    index = pd.MultiIndex.from_product([days[1:], DENOMINATORS], names=["date", "denominator"])
    table = pd.DataFrame({name: (moved @ weights).ravel() for name, moved in moves.items()}, index=index)
    table.insert(2, "net", table["gained"] - table["lost"])
    return table.reset_index()
