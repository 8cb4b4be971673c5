"""What a map shows beside control: events of the last weeks by place, for many dates at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

#: Days before a date whose events a map shows.
RECENT_DAYS = 28


def recent_counts(
    events: pd.DataFrame,
    place: str,
    places: Sequence[str],
    days: Sequence[date],
    *,
    within: int = RECENT_DAYS,
) -> np.ndarray:
    """Number of events at each place in the days up to each date.

    Parameters
    ----------
    events
        One row per event: ``event_date``, ``date_precision`` and the column `place`. Events dated to a month or coarser are
        left out: it is not known whether they belong.
    place, places
        Column of `events` that names their place, and the places to count; other rows do not count.
    days
        Dates, ascending.
    within
        Length of the period that ends with the date, in days.

    Returns
    -------
    ndarray
        Integers, dates × places.
    """
    at = pd.Index(places).get_indexer(pd.Index(events[place]))
    rows = (at >= 0) & (events["date_precision"] == "day").to_numpy()
    first = pd.Timestamp(days[0]) - pd.Timedelta(days=within)
    span = (pd.Timestamp(days[-1]) - first).days
    day = (events["event_date"] - first).dt.days.to_numpy()[rows]
    inside = (day > 0) & (day <= span)
    daily = np.zeros((span + 1, len(places)), dtype="int64")
    np.add.at(daily, (day[inside].astype("int64"), at[rows][inside]), 1)
    total = daily.cumsum(axis=0)
    ends = np.array([(pd.Timestamp(end) - first).days for end in days])
    return total[ends] - total[ends - within]
