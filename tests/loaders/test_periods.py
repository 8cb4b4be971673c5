"""Periods covered, gaps between them, and structural breaks of a weekly volume."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from loaders import periods


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_gaps_are_what_no_delivery_covers() -> None:
    covered = [(day("2026-03-01"), day("2026-03-31")), (day("2026-01-01"), day("2026-01-31"))]
    assert periods.gaps(covered, day("2026-04-10")) == [
        (day("2026-02-01"), day("2026-02-28")),
        (day("2026-04-01"), day("2026-04-10")),
    ]
    assert periods.gaps([], day("2026-04-10")) == []
    assert periods.gaps(covered, day("2026-03-31"))[-1] == (day("2026-02-01"), day("2026-02-28"))


def test_periods_survive_json_and_nonsense_counts_as_nothing() -> None:
    covered = [(day("2026-01-01"), day("2026-01-31"))]
    assert periods.from_json(periods.to_json(covered)) == covered
    for nonsense in (None, 3, ["x"], [["2026-01-01"]], [["a", "b"]]):
        assert periods.from_json(nonsense) == []


def weekly(*volumes: int) -> pd.Series:
    """Events of consecutive weeks from Monday, 1 January 2024, spread over the days."""
    monday = day("2024-01-01")
    days = [
        monday + timedelta(days=7 * week + n % 7)
        for week, volume in enumerate(volumes)
        for n in range(volume)
    ]
    return pd.Series(pd.to_datetime(days).astype("datetime64[us]"))


LAST = day("2024-01-01")


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ([10] * 30, []),
        ([10] * 20 + [16] * 4 + [10] * 6, [("2024-05-20", "2024-06-16", "rise")]),
        ([10] * 20 + [4] * 10, [("2024-05-20", "2024-07-28", "fall")]),
        ([10] * 20 + [0] * 5, [("2024-05-20", "2024-06-23", "fall")]),
        ([10] * 20 + [16] * 3 + [10] * 7, []),
        ([10] * 20 + [15] * 10, []),
        ([2] * 20 + [6] * 10, []),
        ([10] * 5 + [30] * 5, []),
    ],
    ids=[
        "steady",
        "four weeks up",
        "down and staying",
        "silence",
        "three weeks",
        "just 50 %",
        "few events",
        "short",
    ],
)
def test_a_break_is_four_weeks_on_end_beyond_half(
    volumes: list[int], expected: list[tuple[str, str, str]]
) -> None:
    until = LAST + timedelta(days=7 * len(volumes))
    found = periods.breaks(weekly(*volumes), until)
    assert [(one["from"], one["to"], one["direction"]) for one in found] == expected


def test_the_week_of_the_refresh_is_incomplete_and_left_out() -> None:
    volumes = [10] * 20 + [4] * 3 + [1]
    wednesday = LAST + timedelta(days=7 * 23 + 2)
    assert periods.breaks(weekly(*volumes), wednesday) == []
