"""How well dates are covered by statements: the default date of all pages (definition coverage-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from monitor.analysis.definitions import COVERAGE_REFERENCE_WEEKS, COVERAGE_SHARE, COVERAGE_WEEKS


def week_start(dates: pd.Series) -> pd.Series:
    """Monday of each date's week."""
    return dates - pd.to_timedelta(dates.dt.day_of_week, unit="D")


def weekly_statements(dates: pd.Series) -> pd.Series:
    """Statements per week, indexed by Monday, without holes between the first and the last."""
    weeks = week_start(dates.dropna())
    if weeks.empty:
        return pd.Series(dtype="int64", index=pd.DatetimeIndex([]))
    index = pd.date_range(weeks.min(), weeks.max(), freq="W-MON")
    return weeks.value_counts().reindex(index, fill_value=0).sort_index()


def statements_between(dates: pd.Series, days: Sequence[date]) -> list[int]:
    """Statements after each day and up to the next, the first count being those up to the first day.

    Parameters
    ----------
    dates
        Dates of statements.
    days
        Days, ascending.
    """
    found = np.searchsorted(
        np.sort(dates.dropna().to_numpy(dtype="datetime64[s]")),
        np.array(days, dtype="datetime64[s]"),
        side="right",
    )
    return [int(count) for count in np.diff(found, prepend=0)]


def last_covered_date(dates: pd.Series) -> pd.Timestamp:
    """Last day of the last well-covered week.

    Parameters
    ----------
    dates
        Dates of the statements about areas in scope.

    Returns
    -------
    Timestamp
        A Sunday, or the last statement's own day if that comes first.

    Raises
    ------
    ValueError
        There is no statement.
    """
    weekly = weekly_statements(dates)
    if weekly.empty:
        raise ValueError("no dated statement: the default date cannot be told")
    recent = weekly.rolling(COVERAGE_WEEKS, min_periods=1).sum()
    usual = recent.rolling(COVERAGE_REFERENCE_WEEKS, min_periods=1).median().shift(1).fillna(recent)
    covered = recent.index[(recent >= COVERAGE_SHARE * usual) & (weekly > 0)]
    return min(covered[-1] + pd.Timedelta(days=6), dates.max())
