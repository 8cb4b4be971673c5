"""Periods of the world that deliveries cover, the gaps between them, and breaks in the volume of what they report."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd

Period = tuple[date, date]

#: A volume so far from its baseline, for so many weeks on end, is a structural break: something else is being counted.
BREAK_SHARE = 0.5
BREAK_WEEKS = 4
BASELINE_WEEKS = 52

#: A baseline shorter or lower than this says nothing.
MIN_BASELINE_WEEKS = 12
MIN_BASELINE_EVENTS = 4.0


def joined(periods: Iterable[Period]) -> list[Period]:
    """Periods in order, those that touch or overlap made one.

    >>> day = date.fromisoformat
    >>> [(str(a), str(b)) for a, b in joined([(day("2026-02-01"), day("2026-02-28")), (day("2026-01-01"), day("2026-01-31"))])]
    [('2026-01-01', '2026-02-28')]
    """
    found: list[Period] = []
    for first, last in sorted(periods):
        if found and first <= found[-1][1] + timedelta(days=1):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def gaps(periods: Iterable[Period], until: date) -> list[Period]:
    """Days between the first period and a date that no period covers."""
    covered = joined(periods)
    found = [(a[1] + timedelta(days=1), b[0] - timedelta(days=1)) for a, b in itertools.pairwise(covered)]
    if covered and covered[-1][1] < until:
        found.append((covered[-1][1] + timedelta(days=1), until))
    return found


def to_json(periods: Iterable[Period]) -> list[list[str]]:
    """Periods as pairs of ISO dates."""
    return [[first.isoformat(), last.isoformat()] for first, last in periods]


def from_json(raw: object) -> list[Period]:
    """Periods from pairs of ISO dates; whatever else there is counts as nothing."""
    try:
        return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in raw]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return []


def weeks_of(dates: pd.Series) -> list[date]:
    """Mondays of the weeks in which some dates lie, in order."""
    days = pd.DatetimeIndex(dates.dropna().unique())
    return sorted({monday.date() for monday in days - pd.to_timedelta(days.day_of_week, unit="D")})


def breaks(dates: pd.Series, until: date) -> list[dict[str, str | float]]:
    """Structural breaks in a weekly volume.

    Parameters
    ----------
    dates
        Day of every event.
    until
        Date of the refresh; the week it lies in is incomplete and left out.

    Returns
    -------
    list of dict
        ``from`` (Monday of the first week), ``to`` (Sunday of the last), ``direction`` (``rise`` or ``fall``), ``baseline``
        and ``volume`` (events per week): runs of at least :data:`BREAK_WEEKS` weeks, each more than :data:`BREAK_SHARE`
        above, or below, the mean of the :data:`BASELINE_WEEKS` weeks before the run.
    """
    days = dates.dropna().to_numpy().astype("datetime64[D]")
    if not len(days):
        return []
    numbers = (days.astype("int64") + 3) // 7  # 1970-01-01 was a Thursday: weeks start on Monday
    first = int(numbers.min())
    last = (np.datetime64(until, "D").astype("int64") + 3) // 7 - 1
    if last < first:
        return []
    weekly = np.bincount(numbers[numbers <= last] - first, minlength=int(last) - first + 1).astype("float64")
    found: list[dict[str, str | float]] = []
    week = MIN_BASELINE_WEEKS
    while week < len(weekly):
        baseline = weekly[max(0, week - BASELINE_WEEKS) : week].mean()
        length, direction = _run(weekly[week:], baseline)
        if length < BREAK_WEEKS:
            week += 1
            continue
        found.append(
            {
                "from": _monday(first + week),
                "to": (date.fromisoformat(_monday(first + week + length)) - timedelta(days=1)).isoformat(),
                "direction": direction,
                "baseline": round(float(baseline), 1),
                "volume": round(float(weekly[week : week + length].mean()), 1),
            }
        )
        week += length
    return found


def _run(weekly: np.ndarray, baseline: float) -> tuple[int, str]:
    """Weeks from the first on that lie above, or below, the baseline by more than the limit."""
    if baseline < MIN_BASELINE_EVENTS:
        return 0, ""
    for direction, off in (
        ("rise", weekly > baseline * (1 + BREAK_SHARE)),
        ("fall", weekly < baseline * (1 - BREAK_SHARE)),
    ):
        if off[0]:
            return (len(off) if off.all() else int(np.argmin(off))), direction
    return 0, ""


def _monday(week: int) -> str:
    return str(np.datetime64(week * 7 - 3, "D"))
