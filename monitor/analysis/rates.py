"""Rates per 100,000 people and year, with exact interval and population floor (definition rate-1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitor.analysis.definitions import POPULATION_FLOOR
from monitor.analysis.intervals import poisson_interval

PER_PEOPLE = 100_000
DAYS_OF_YEAR = 365.0


def annual_rate(
    count: int, people: float, days: float, *, floor: float = POPULATION_FLOOR
) -> tuple[float, float, float]:
    """Events per 100,000 people and year, with the exact 95 % Poisson interval.

    Parameters
    ----------
    count
        Events counted.
    people
        Population.
    days
        Length of the period in days.
    floor
        Population under which no rate is given.

    Returns
    -------
    rate, low, high
        All NaN below the floor, or where the population is not known.

    Raises
    ------
    ValueError
        The period is not positive, or the count negative.
    """
    if not days > 0:
        raise ValueError(f"days must be positive, not {days}")
    low, high = poisson_interval(count)
    if not people >= floor:
        return np.nan, np.nan, np.nan
    scale = PER_PEOPLE / people * DAYS_OF_YEAR / days
    return count * scale, low * scale, high * scale


def annual_rates(
    counts: pd.Series, people: pd.Series, days: float, *, floor: float = POPULATION_FLOOR
) -> pd.DataFrame:
    """Rates of several places: ``events, people, rate, rate_low, rate_high``, indexed as ``people``.

    A place without any event has a count of 0.
    """
    events = counts.reindex(people.index, fill_value=0).astype("int64")
    rates = [annual_rate(int(n), float(p), days, floor=floor) for n, p in zip(events, people, strict=True)]
    table = pd.DataFrame(
        rates, columns=["rate", "rate_low", "rate_high"], index=people.index, dtype="float64"
    )
    table.insert(0, "people", people)
    table.insert(0, "events", events)
    return table
