"""Weekly incidents (definition incidents-1)."""

from __future__ import annotations

from datetime import date

import pandas as pd

from monitor.analysis.coverage import week_start
from monitor.analysis.definitions import INCIDENT_MEAN_WEEKS


def counted(incidents: pd.DataFrame) -> pd.DataFrame:
    """Current primary rows: one per event, whatever number of reports it has."""
    return incidents[(incidents["count_role"] == "primary") & incidents["superseded_at"].isna()]


def weekly_counts(incidents: pd.DataFrame, *, start: date, end: date) -> pd.DataFrame:
    """Events per week and type, with the mean of the complete weeks before.

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
        ``mean_before`` (mean total of the complete weeks before, NaN where there are fewer) and ``is_complete``.
    """
    first, last = pd.Timestamp(start), pd.Timestamp(end)
    rows = incidents[(incidents["date_precision"] == "day") & incidents["event_date"].between(first, last)]
    mondays = pd.date_range(first - pd.Timedelta(days=first.day_of_week), last, freq="W-MON")
    table = pd.crosstab(week_start(rows["event_date"]), rows["event_type"]) if len(rows) else pd.DataFrame()
    table = table.reindex(mondays, fill_value=0)
    table.columns.name = None
    total = table.sum(axis=1)
    complete = (mondays >= first) & (mondays + pd.Timedelta(days=6) <= last)
    mean = total.where(complete).rolling(INCIDENT_MEAN_WEEKS, min_periods=INCIDENT_MEAN_WEEKS).mean().shift(1)
    return table.assign(total=total, mean_before=mean, is_complete=complete).rename_axis("week").reset_index()
