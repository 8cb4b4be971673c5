"""Reach: who can get to a place without entering a gang-held area (definition reach-1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS, Status
from monitor.analysis.geography import Geography
from monitor.analysis.status import STATUSES

Booleans = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

#: Code of an area without data in a grid: its place in ``STATUSES``.
NO_DATA = STATUSES.get_loc(str(Status.NO_DATA))

#: Statuses that the cautious reading does not pass through either.
DOUBTFUL = (Status.CONTESTED, Status.UNKNOWN, Status.NO_DATA)

_GANG = np.array([SIDE_OF_STATUS[Status(status)] == "gang" for status in STATUSES])
_DOUBTFUL = np.array([Status(status) in DOUBTFUL for status in STATUSES])


def status_grid(panel: pd.DataFrame, geography: Geography) -> tuple[pd.DatetimeIndex, Codes]:
    """Statuses of a panel as a grid: dates, and codes into ``STATUSES`` of shape (dates, areas); no data where absent."""
    dates, day = np.unique(panel["date"].to_numpy(), return_inverse=True)
    area = geography.positions(panel["neighborhood_id"])
    code = STATUSES.get_indexer(panel["status"]).astype("int8")
    grid = np.full((len(dates), len(geography.ids)), NO_DATA, dtype="int8")
    inside = area >= 0
    grid[day[inside], area[inside]] = code[inside]
    return pd.DatetimeIndex(dates), grid


def gang_held(codes: Codes) -> Booleans:
    """Whether statuses are gang control or influence."""
    return _GANG[codes]


def doubtful(codes: Codes) -> Booleans:
    """Whether statuses are contested, unknown or without data."""
    return _DOUBTFUL[codes]


def connected_to(geography: Geography, passable: Booleans, targets: Booleans) -> Booleans:
    """Whether one can get from each area to a target through adjacent passable areas.

    Parameters
    ----------
    passable
        Whether each area can be entered, shape (dates, areas). Start and target must be passable, too.
    targets
        Whether each area holds a place to get to, shape (dates, areas) or (areas,).

    Returns
    -------
    array of bool, shape (dates, areas)

    Notes
    -----
    All dates are one graph of dates × areas nodes: its components are found in one pass.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    dates, n = passable.shape
    open_border = passable[:, geography.left] & passable[:, geography.right]
    day, border = np.nonzero(open_border)
    left, right = day * n + geography.left[border], day * n + geography.right[border]
    graph = coo_array((np.ones(len(left), dtype=bool), (left, right)), shape=(dates * n, dates * n))
    count, component = connected_components(graph, directed=False)
    reached = np.zeros(count, dtype=bool)
    start = passable & np.broadcast_to(targets, passable.shape)
    reached[component[start.ravel()]] = True
    return reached[component].reshape(dates, n) & passable


def reach(
    panel: pd.DataFrame,
    geography: Geography,
    areas: pd.DataFrame,
    targets: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People who can get to a target without entering a gang-held area, on every date of a panel.

    Parameters
    ----------
    panel
        ``neighborhood_id, date, status``.
    geography
        Borders of the areas.
    areas
        ``neighborhood_id, population``.
    targets
        ``date, neighborhood_id`` of the areas that hold a place to get to on each date.

    Returns
    -------
    table, by_area
        ``table``: one row per date, ``date, people, low, middle, high, apart, no_target``: total people; share that gets
        there if contested, unknown and no-data areas stop people (``low``), if only contested ones do (``middle``), or
        if none of them does (``high``); share of the
        people whose area borders no other on the map, for whom nothing can be said (in ``high`` only where their own
        area holds a target); and whether no area holds a target on that date (then both shares are 0).
        ``by_area``: ``date, neighborhood_id, reach`` = ``yes`` (in both readings), ``perhaps`` (only in the lenient
        one), ``no``, ``cut_off`` (gang-held itself), ``apart`` (borders no other area).
    """
    dates, statuses = status_grid(panel, geography)
    held, unsure = gang_held(statuses), doubtful(statuses)
    contested = statuses == STATUSES.get_loc(str(Status.CONTESTED))
    at = np.zeros(statuses.shape, dtype=bool)
    day = dates.get_indexer(pd.DatetimeIndex(targets["date"]))
    area = geography.positions(targets["neighborhood_id"])
    inside = (day >= 0) & (area >= 0)
    at[day[inside], area[inside]] = True
    lenient = connected_to(geography, ~held, at)
    strict = connected_to(geography, ~held & ~unsure, at)
    middle = connected_to(geography, ~held & ~contested, at)
    people = (
        areas.set_index("neighborhood_id")["population"]
        .reindex(geography.ids)
        .fillna(0.0)
        .to_numpy("float64")
    )
    total = people.sum()
    bordered = np.isin(np.arange(len(geography.ids)), np.concatenate([geography.left, geography.right]))
    weight = people / total if total > 0 else np.full(len(people), np.nan)
    table = pd.DataFrame(
        {
            "date": dates,
            "people": total,
            "low": strict @ weight,
            "middle": middle @ weight,
            "high": lenient @ weight,
            "apart": float(weight[~bordered].sum()),
            "no_target": ~at.any(axis=1),
        }
    )
    word = np.select(
        [held, strict, lenient, np.broadcast_to(~bordered, held.shape)],
        ["cut_off", "yes", "perhaps", "apart"],
        "no",
    )
    by_area = pd.DataFrame(
        {
            "date": np.repeat(dates, len(geography.ids)),
            "neighborhood_id": np.tile(geography.ids, len(dates)),
            "reach": word.ravel(),
        }
    )
    return table, by_area


def target_areas(
    site_panel: pd.DataFrame, sites: pd.DataFrame, states: Sequence[str] = ("open", "reduced")
) -> pd.DataFrame:
    """Areas that hold a functioning site on each date: ``date, neighborhood_id``, without repeats.

    Parameters
    ----------
    site_panel
        ``site_id, date, status`` of the sites that count as targets.
    sites
        ``site_id, neighborhood_id``.
    states
        States in which a site can be used.
    """
    rows = site_panel[site_panel["status"].isin(list(states))]
    rows = rows.merge(sites[["site_id", "neighborhood_id"]], on="site_id")
    return rows[["date", "neighborhood_id"]].drop_duplicates(ignore_index=True)
