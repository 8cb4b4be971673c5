"""What happens around a site: status of its area, distance to gang-held areas, encirclement, incidents near it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from monitor.analysis.definitions import ENCIRCLED_SHARE, NEAR_KM
from monitor.analysis.geography import Geography, border_shares, distances_m, to_metric
from monitor.analysis.reach import doubtful, gang_held, status_grid
from monitor.analysis.status import STATUSES


def surroundings(panel: pd.DataFrame, geography: Geography, sites: pd.DataFrame) -> pd.DataFrame:
    """Status, distance and encirclement of every site on every date of a panel (definition surroundings-1).

    Parameters
    ----------
    panel
        ``neighborhood_id, date, status`` of the areas in scope.
    geography
        Their borders.
    sites
        ``site_id, neighborhood_id, lat, lon``.

    Returns
    -------
    DataFrame
        One row per site and date: ``site_id, date, area_status`` (``no_data`` for a site outside all areas),
        ``gang_distance_m`` (from the site's point to the nearest gang-held area, 0 inside one, NaN where none is
        gang-held), ``nearest_gang_area``, ``encircled`` and ``encircled_high`` (share of the outline of the site's area
        beyond which lies a gang-held area; the same with contested, unknown and no-data areas counted as gang-held;
        NaN for a site outside all areas). Sorted by site and date.
    """
    dates, codes = status_grid(panel, geography)
    statuses = STATUSES.to_numpy(dtype=object)[codes]
    held = gang_held(codes)
    low, high = border_shares(geography, held), border_shares(geography, held | doubtful(codes))
    away = distances_m(geography, sites["lon"], sites["lat"])
    home = geography.positions(sites["neighborhood_id"])
    inside = home >= 0
    shape = (len(sites), len(dates))
    nearest, metres = np.full(shape, -1), np.full(shape, np.nan)
    for site in range(len(sites)):
        masked = np.where(held, away[site], np.inf)
        position = masked.argmin(axis=1)
        smallest = masked[np.arange(len(dates)), position]
        found = np.isfinite(smallest)
        metres[site] = np.where(found, smallest, np.nan)
        nearest[site] = np.where(found, position, -1)
    at = np.where(inside, home, 0)
    names = np.array([*geography.ids, None], dtype=object)  # position -1, nowhere, takes the last
    return pd.DataFrame(
        {
            "site_id": np.repeat(sites["site_id"].to_numpy(dtype=object), len(dates)),
            "date": np.tile(dates, len(sites)),
            "area_status": np.where(inside[:, None], statuses[:, at].T, "no_data").ravel(),
            "gang_distance_m": metres.ravel(),
            "nearest_gang_area": names[nearest.ravel()],
            "encircled": np.where(inside[:, None], low[:, at].T, np.nan).ravel(),
            "encircled_high": np.where(inside[:, None], high[:, at].T, np.nan).ravel(),
        }
    ).sort_values(["site_id", "date"], ignore_index=True)


def days_encircled(table: pd.DataFrame, *, threshold: float = ENCIRCLED_SHARE) -> pd.Series:
    """Share of the dates of each site on which at least a share of its area's outline was gang-held, by ``site_id``."""
    return (
        (table["encircled"] >= threshold).where(table["encircled"].notna()).groupby(table["site_id"]).mean()
    )


@dataclass(frozen=True)
class Encircled:
    """On how many dates before each one the areas were encircled: ``dates``, and counts of shape (dates + 1, areas)."""

    dates: pd.DatetimeIndex
    so_far: np.ndarray


def encircled(panel: pd.DataFrame, geography: Geography) -> Encircled:
    """Dates of a panel on which at least half of an area's outline was gang-held, counted up."""
    dates, codes = status_grid(panel, geography)
    half = border_shares(geography, gang_held(codes)) >= ENCIRCLED_SHARE
    return Encircled(dates, np.vstack([np.zeros(len(geography.ids)), half.cumsum(axis=0)]))


def encircled_spells(
    spells: pd.DataFrame, weeks: Encircled, now: pd.DataFrame, geography: Geography
) -> pd.DataFrame:
    """How far retaken neighborhoods are, and were, encircled while they held (definition encirclement-1).

    Parameters
    ----------
    spells
        ``neighborhood_id, start, lost`` of the spells.
    weeks
        :func:`encircled` on Sundays, at least those up to the date shown.
    now
        ``neighborhood_id, date, status`` on the date shown.
    geography
        Borders of the areas.

    Returns
    -------
    DataFrame
        ``spells`` with ``encircled`` and ``encircled_high`` (share of the outline on the date shown) and
        ``encircled_weeks`` (share of the Sundays since the retake on which at least half of the outline was gang-held; NaN
        before the first one); all NaN for spells that ended in loss and for places outside the areas.
    """
    dates, codes = status_grid(now, geography)
    held = gang_held(codes)
    low, high = border_shares(geography, held)[-1], border_shares(geography, held | doubtful(codes))[-1]
    home = geography.positions(spells["neighborhood_id"])
    counts = (home >= 0) & ~spells["lost"].to_numpy("bool")
    at = np.where(counts, home, 0)
    until = weeks.dates.searchsorted(dates[-1], side="right")
    since = np.minimum(weeks.dates.searchsorted(pd.DatetimeIndex(spells["start"])), until)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (weeks.so_far[until, at] - weeks.so_far[since, at]) / (until - since)
    return spells.assign(
        encircled=np.where(counts, low[at], np.nan),
        encircled_high=np.where(counts, high[at], np.nan),
        encircled_weeks=np.where(counts & (until > since), share, np.nan),
    )


def incidents_near(
    events: pd.DataFrame,
    places: pd.DataFrame,
    sites: pd.DataFrame,
    dates: Iterable[date],
    *,
    window_days: int,
    radii_km: Sequence[float] = NEAR_KM,
) -> pd.DataFrame:
    """Events within some distances of each site in the days up to each date.

    Parameters
    ----------
    events
        ``event_date, neighborhood_id, location_precision``; one row per event.
    places
        ``neighborhood_id, lat, lon``: an event known to its neighborhood stands at the neighborhood's point.
    sites
        ``site_id, lat, lon``.
    dates
        Last days of the windows.
    window_days
        Length of the window; its last day is the date itself.
    radii_km
        Distances, kilometres.

    Returns
    -------
    DataFrame
        One row per site, date and distance: ``site_id, date, radius_km, events``. Events known to commune level or
        coarser are never counted as within a distance.
    """
    days = np.sort(pd.DatetimeIndex(pd.to_datetime(list(dates))).as_unit("us").unique())
    exact = events[(events["location_precision"] == "neighborhood") & events["neighborhood_id"].notna()]
    east, north = to_metric(places["lon"], places["lat"])
    site_east, site_north = to_metric(sites["lon"], sites["lat"])
    metres = np.hypot(site_east[:, None] - east[None, :], site_north[:, None] - north[None, :])
    place = pd.Index(places["neighborhood_id"]).get_indexer(pd.Index(exact["neighborhood_id"]))
    known = place >= 0
    place, when = place[known], exact["event_date"].to_numpy()[known]
    # Events per place up to each edge: sorted once, then two look-ups per place and date.
    ends = np.searchsorted(days, when, side="left")
    starts = np.searchsorted(days, when + np.timedelta64(window_days, "D"), side="left")
    change = np.zeros((len(places), len(days) + 1))
    np.add.at(change, (place, ends), 1)
    np.add.at(change, (place, starts), -1)
    per_place = change.cumsum(axis=1)[:, :-1]
    frames = [
        pd.DataFrame(
            {
                "site_id": np.repeat(sites["site_id"].to_numpy(dtype=object), len(days)),
                "date": np.tile(days, len(sites)),
                "radius_km": float(radius),
                "events": ((metres <= 1000 * radius).astype("float64") @ per_place).astype("int64").ravel(),
            }
        )
        for radius in radii_km
    ]
    return pd.concat(frames).sort_values(["site_id", "date", "radius_km"], ignore_index=True)
