"""Events of the last weeks by place and date, and how much is reported between dates."""

from __future__ import annotations

from datetime import date

import pandas as pd

from monitor.analysis.coverage import statements_between
from monitor.analysis.layers import recent_counts


def events(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["neighborhood_id", "event_date", "date_precision"])
    return frame.assign(event_date=pd.to_datetime(frame["event_date"]))


def test_events_count_for_four_weeks_from_their_day_on() -> None:
    rows = events(("solino", "2025-01-05", "day"), ("solino", "2025-01-20", "day"))
    days = [date(2025, 1, 4), date(2025, 1, 5), date(2025, 2, 1), date(2025, 2, 2), date(2025, 2, 17)]
    assert recent_counts(rows, "neighborhood_id", ["bel-air", "solino"], days).tolist() == [
        [0, 0],
        [0, 1],
        [0, 2],
        [0, 1],
        [0, 0],
    ]


def test_events_elsewhere_and_those_without_a_day_do_not_count() -> None:
    rows = events(("solino", "2025-01-01", "month"), ("cap-haitien", "2025-01-05", "day"))
    rows.loc[2] = [None, pd.Timestamp("2025-01-05"), "day"]
    assert recent_counts(rows, "neighborhood_id", ["solino"], [date(2025, 1, 10)]).tolist() == [[0]]


def test_every_statement_belongs_to_one_date_of_the_bar() -> None:
    dates = pd.Series(pd.to_datetime(["2025-01-01", "2025-01-05", "2025-01-06", "2025-01-12", "2025-02-01"]))
    days = [date(2025, 1, 5), date(2025, 1, 12), date(2025, 1, 19)]
    assert statements_between(dates, days) == [2, 2, 0]
