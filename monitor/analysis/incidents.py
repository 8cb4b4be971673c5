"""Incidents: weekly counts against their baseline, deaths by provider, revisions (incidents-1, change-class-1)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from monitor.analysis.definitions import (
    INCIDENT_BASELINE_WEEKS,
    INCIDENT_MEAN_WEEKS,
    LARGE_CHANGE,
    LOW_BASELINE_MEAN,
    LOW_CURRENT_COUNT,
    MODERATE_CHANGE,
)
from monitor.analysis.status import seen

#: Classes of a week's count against its baseline; ``no_baseline`` where the weeks before are too few.
CHANGE_CLASSES = ("large_rise", "moderate_rise", "limited", "large_fall", "no_baseline")

_CATEGORIES = (
    *("provider", "event_type", "sub_event_type", "actor_ids", "neighborhood_id", "commune"),
    *("location_precision", "date_precision"),
)


def counted(incidents: pd.DataFrame, known_on: date | None = None) -> pd.DataFrame:
    """Primary rows as they were known at the end of a day (UTC), or are now: one per event, however many reports it has."""
    return incidents[(incidents["count_role"] == "primary") & holds(incidents, known_on)]


def holds(incidents: pd.DataFrame, known_on: date | None = None) -> pd.Series:
    """Whether each version of a row held at the end of a day (UTC), or holds now."""
    return seen(incidents, "superseded_at", known_on)


def event_index(incidents: pd.DataFrame, known_on: date | None = None) -> pd.DataFrame:
    """The events in a narrow form that can be filtered in milliseconds however many they are.

    Returns
    -------
    DataFrame
        One row per event (primary rows that were current on the known-on date), by date: ``position`` (row number in
        ``incidents``), ``event_date``, ``fatalities, fatalities_low, fatalities_high`` and the columns one filters by
        as categories.
    """
    current = ((incidents["count_role"] == "primary") & holds(incidents, known_on)).to_numpy()
    position = np.flatnonzero(current)
    position = position[np.argsort(incidents["event_date"].to_numpy()[position], kind="stable")]
    columns = {name: incidents[name].take(position).astype("category").array for name in _CATEGORIES}
    numbers = {
        name: incidents[name].to_numpy("float64")[position]
        for name in ("fatalities", "fatalities_low", "fatalities_high")
    }
    return pd.DataFrame(
        {
            "position": position,
            "event_date": incidents["event_date"].to_numpy()[position],
            **columns,
            **numbers,
        }
    )


def up_to(index: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Events of an index up to a date; a slice, because the index is sorted by date."""
    return index.iloc[: int(index["event_date"].searchsorted(pd.Timestamp(as_of), side="right"))]


def names_actor(index: pd.DataFrame, actor_id: str) -> pd.Series:
    """Whether each event of an index names an actor."""
    sets = index["actor_ids"].cat.categories
    naming = np.array([actor_id in str(ids).split("|") for ids in sets], dtype=bool)
    codes = index["actor_ids"].cat.codes.to_numpy()
    return pd.Series(np.append(naming, False)[codes], index=index.index)  # code -1, no actor, takes the last


def change_class(current: pd.Series, baseline: pd.Series) -> pd.Series:
    """Class of counts against the mean of their baseline (definition change-class-1).

    Parameters
    ----------
    current, baseline
        Counts of one week, and means per week of the weeks before; aligned. NaN baseline: too few weeks.

    Returns
    -------
    Series of text
        One of ``CHANGE_CLASSES``.

    Notes
    -----
    Thresholds and the low-baseline rule follow ACLED's Trendfinder.
    """
    now, before = current.to_numpy("float64"), baseline.to_numpy("float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(before > 0, now / before - 1, np.where(now > 0, np.inf, 0.0))
    low = (before <= LOW_BASELINE_MEAN) & (now <= LOW_CURRENT_COUNT)
    classes = np.select(
        [np.isnan(before), low, change > LARGE_CHANGE, change >= MODERATE_CHANGE, change >= -LARGE_CHANGE],
        ["no_baseline", "limited", "large_rise", "moderate_rise", "limited"],
        "large_fall",
    )
    return pd.Series(classes, index=current.index, dtype="str")


def weekly_counts(incidents: pd.DataFrame, *, start: date, end: date) -> pd.DataFrame:
    """Events per week and type, with the means of the complete weeks before and the class of the change.

    Parameters
    ----------
    incidents
        Rows to count, already filtered (``event_date, event_type``). Rows dated to a month or coarser are left out:
        their week is not known.
    start, end
        First and last day.

    Returns
    -------
    DataFrame
        One row per week, without holes: ``week`` (its Monday), one column per event type present, ``total``,
        ``mean_before`` (mean total of the 4 complete weeks before) and ``baseline`` (of the 52 before), NaN where there
        are fewer, ``change`` (class of a complete week's total against its baseline) and ``is_complete``.
    """
    first, last = pd.Timestamp(start), pd.Timestamp(end)
    mondays = pd.date_range(first - pd.Timedelta(days=first.day_of_week), last, freq="W-MON")
    rows = (
        incidents if incidents["event_date"].is_monotonic_increasing else incidents.sort_values("event_date")
    )
    # Of sorted dates only the ends of weeks are looked up: there may be millions.
    days = rows["event_date"]
    begin, until = int(days.searchsorted(first, side="left")), int(days.searchsorted(last, side="right"))
    edges = np.clip([*days.searchsorted(mondays), until], begin, until)
    week = np.repeat(np.arange(len(mondays), dtype="int32"), np.diff(edges))
    types = rows["event_type"].iloc[begin:until].astype("category").cat
    codes = types.codes.to_numpy()
    is_dated = (rows["date_precision"].iloc[begin:until] == "day").to_numpy()
    kinds = len(types.categories)
    cells, size = week * np.int32(kinds) + codes, len(mondays) * kinds
    grid = np.bincount(cells, minlength=size)
    grid -= np.bincount(cells[~is_dated], minlength=size)
    grid = grid.reshape(len(mondays), kinds)
    table = pd.DataFrame(grid, index=mondays, columns=types.categories.astype("str"))
    table = table.loc[:, table.any()].sort_index(axis=1)
    total = table.sum(axis=1)
    complete = (mondays >= first) & (mondays + pd.Timedelta(days=6) <= last)
    counted_ = total.where(complete)

    def mean_of(weeks: int) -> pd.Series:
        return counted_.rolling(weeks, min_periods=weeks).mean().shift(1)

    baseline = mean_of(INCIDENT_BASELINE_WEEKS)
    change = change_class(total, baseline.where(complete))
    table = table.assign(
        total=total,
        mean_before=mean_of(INCIDENT_MEAN_WEEKS),
        baseline=baseline,
        change=change,
        is_complete=complete,
    )
    return table.rename_axis("week").reset_index()


def by_place(index: pd.DataFrame, column: str, precision: str) -> pd.DataFrame:
    """Events that are known to places of one precision and no finer, by place.

    Parameters
    ----------
    index
        :func:`event_index`.
    column
        Column of the places: ``neighborhood_id`` or ``commune``.
    precision
        Value of ``location_precision``.

    Returns
    -------
    DataFrame
        ``column``, ``events`` and ``deaths`` (sum over events with a count), for places with events.
    """
    precisions, places = index["location_precision"].cat, index[column].cat
    if precision not in precisions.categories:
        return pd.DataFrame({column: np.array([], dtype="str"), "events": [], "deaths": []})
    rows = np.flatnonzero(precisions.codes.to_numpy() == precisions.categories.get_loc(precision))
    codes = places.codes.to_numpy().take(rows).astype("int64") + 1  # 0: no place
    size = len(places.categories) + 1
    deaths = index["fatalities"].to_numpy().take(rows)
    deaths[np.isnan(deaths)] = 0
    table = pd.DataFrame(
        {
            column: places.categories.astype("str"),
            "events": np.bincount(codes, minlength=size)[1:],
            "deaths": np.bincount(codes, weights=deaths, minlength=size)[1:],
        }
    )
    return table[table["events"] > 0].reset_index(drop=True)


def deaths_by_provider(index: pd.DataFrame) -> pd.DataFrame:
    """Deaths of the events of each provider, low, best and high: counts of different providers are never added.

    Returns
    -------
    DataFrame
        ``provider, events, uncounted`` (events without a count), ``low, best, high`` (sums over the counted ones; where
        a provider gives no range, low and high are its count).
    """
    rows = index.assign(
        low=index["fatalities_low"].fillna(index["fatalities"]),
        high=index["fatalities_high"].fillna(index["fatalities"]),
        uncounted=index["fatalities"].isna(),
    )
    grouped = rows.groupby("provider", observed=True)
    table = grouped.agg(
        events=("position", "size"),
        uncounted=("uncounted", "sum"),
        low=("low", "sum"),
        best=("fatalities", "sum"),
        high=("high", "sum"),
    )
    return table.reset_index().astype({"provider": "str"})


def revisions(incidents: pd.DataFrame, event_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was recorded about one event, and when.

    Returns
    -------
    versions, reports
        ``versions``: rows of the event, oldest recording first, with ``changed`` (names of the columns that differ from
        the version before, separated by ", "; empty for the first). ``reports``: current rows of other reports of the
        same event group, by publication.
    """
    versions = incidents[incidents["event_id"] == event_id].sort_values("recorded_at", kind="stable")
    compared = [name for name in incidents.columns if name not in ("recorded_at", "superseded_at")]
    values = versions[compared].astype("object").where(versions[compared].notna(), None)
    changed = [""]
    for before, after in zip(
        values.iloc[:-1].itertuples(index=False), values.iloc[1:].itertuples(index=False), strict=True
    ):
        changed.append(", ".join(n for n, a, b in zip(compared, before, after, strict=True) if a != b))
    versions = versions.assign(changed=changed[: len(versions)])
    groups = versions["event_group"].dropna()
    if groups.empty:
        return versions, incidents.iloc[:0]
    others = incidents[
        (incidents["event_group"] == groups.iloc[-1])
        & (incidents["event_id"] != event_id)
        & incidents["superseded_at"].isna()
    ]
    return versions, others.sort_values("published_date")
