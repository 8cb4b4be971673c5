"""Baselines and classes, rates with intervals, deaths by provider, revisions, same-event candidates."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.incidents import (
    by_place,
    change_class,
    deaths_by_provider,
    event_index,
    names_actor,
    revisions,
    up_to,
    weekly_counts,
)
from monitor.analysis.rates import annual_rate, annual_rates
from monitor.analysis.same_event import WEIGHTS, provider_overlap, same_event_candidates


def events(*rows: dict) -> pd.DataFrame:
    """Events with the columns of the contract that the analysis reads; synthetic."""
    base = {
        "provider": "one",
        "event_date": "2025-01-06",
        "date_precision": "day",
        "event_type": "Battles",
        "sub_event_type": "Armed clash",
        "actor_ids": None,
        "neighborhood_id": "solino",
        "commune": "Port-au-Prince",
        "location_precision": "neighborhood",
        "fatalities_low": None,
        "fatalities": 2.0,
        "fatalities_high": None,
        "event_group": None,
        "count_role": "primary",
        "published_date": "2025-01-07",
        "recorded_at": "2025-01-07",
        "superseded_at": None,
    }
    frame = pd.DataFrame([{"event_id": f"E{n}"} | base | row for n, row in enumerate(rows)])
    for column in ("event_date", "published_date"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    for column in ("recorded_at", "superseded_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
    for column in ("fatalities_low", "fatalities", "fatalities_high"):
        frame[column] = frame[column].astype("float64")
    return frame


# -- places ----------------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["solino", "bel-air", None]),
            st.sampled_from(["neighborhood", "commune", "metro"]),
            st.sampled_from([None, 0.0, 3.0]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_events_and_deaths_by_place_are_those_of_rows_known_to_it(rows):
    index = event_index(
        events(
            *(
                {"neighborhood_id": place, "location_precision": precision, "fatalities": deaths}
                for place, precision, deaths in rows
            )
        )
    )
    found = by_place(index, "neighborhood_id", "neighborhood").set_index("neighborhood_id")
    known = [(place, deaths) for place, precision, deaths in rows if precision == "neighborhood" and place]
    assert found["events"].to_dict() == Counter(place for place, _deaths in known)
    assert found["deaths"].to_dict() == {
        name: sum(deaths or 0 for place, deaths in known if place == name) for name in {p for p, _d in known}
    }


# -- baseline and classes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (13, 10, "large_rise"),
        (12.5, 10, "moderate_rise"),
        (11, 10, "moderate_rise"),
        (10.9, 10, "limited"),
        (7.5, 10, "limited"),
        (7.4, 10, "large_fall"),
        (3, 1, "limited"),
        (5, 2, "limited"),
        (6, 2, "large_rise"),
        (5, 2.1, "large_rise"),
        (0, 0, "limited"),
        (6, 0, "large_rise"),
        (1, np.nan, "no_baseline"),
    ],
)
def test_change_classes_with_the_low_baseline_rule(now: float, before: float, expected: str) -> None:
    assert change_class(pd.Series([float(now)]), pd.Series([float(before)])).tolist() == [expected]


def test_the_baseline_is_the_mean_of_the_52_complete_weeks_before() -> None:
    mondays = pd.date_range("2024-01-01", periods=54, freq="W-MON")
    rows = events(*({"event_date": day} for day in mondays for _ in range(4)))
    weeks = weekly_counts(rows, start=date(2024, 1, 1), end=date(2025, 1, 8))
    assert weeks["baseline"].isna().sum() == 52
    assert weeks["baseline"].iloc[-1] == 4.0
    assert weeks["change"].iloc[-2] == "limited"
    assert not weeks["is_complete"].iloc[-1]
    assert weeks["change"].iloc[-1] == "no_baseline"  # an incomplete week is not judged


@given(st.lists(st.integers(0, 364), max_size=40))
def test_weekly_totals_count_every_dated_event_once(days: list[int]) -> None:
    start = pd.Timestamp("2024-01-03")
    rows = (
        events(
            *(
                {"event_date": start + pd.Timedelta(days=d), "event_type": ("Riots", "Battles")[d % 2]}
                for d in days
            )
        )
        if days
        else events({}).iloc[:0]
    )
    weeks = weekly_counts(rows, start=start.date(), end=date(2025, 1, 1))
    assert weeks["total"].sum() == len(days)
    kinds = [name for name in ("Riots", "Battles") if name in weeks]
    assert (weeks[kinds].sum(axis=1) == weeks["total"]).all()


# -- rates -----------------------------------------------------------------------------------------------------------


def test_a_rate_is_per_100000_and_year_with_the_exact_interval() -> None:
    rate, low, high = annual_rate(10, 50_000, 73)
    assert rate == pytest.approx(100.0)
    assert (low, high) == (pytest.approx(47.954, abs=1e-3), pytest.approx(183.904, abs=1e-3))


def test_below_the_floor_no_rate_is_shown() -> None:
    assert np.isnan(annual_rate(3, 4_999, 28)).all()
    assert np.isnan(annual_rate(3, float("nan"), 28)).all()
    assert annual_rate(0, 5_000, 28)[0] == 0
    with pytest.raises(ValueError, match="days must be positive"):
        annual_rate(3, 10_000, 0)


@given(st.integers(0, 500), st.integers(5_000, 2_000_000), st.integers(1, 800))
def test_an_interval_holds_its_rate(count: int, people: int, days: int) -> None:
    rate, low, high = annual_rate(count, people, days)
    assert low <= rate <= high
    assert high > low


def test_places_without_events_have_a_rate_of_zero() -> None:
    table = annual_rates(pd.Series({"a": 2}), pd.Series({"a": 10_000.0, "b": 10_000.0, "c": 10.0}), 365)
    assert table["events"].tolist() == [2, 0, 0]
    assert table["rate"].tolist()[:2] == [20.0, 0.0]
    assert np.isnan(table.loc["c", "rate"])


# -- index, deaths, revisions ----------------------------------------------------------------------------------------


def test_the_index_holds_what_was_current_on_the_known_on_date() -> None:
    rows = events(
        {"event_id": "A", "recorded_at": "2025-01-07", "superseded_at": "2025-02-01", "fatalities": 1},
        {"event_id": "A", "recorded_at": "2025-02-01", "fatalities": 5},
        {"event_id": "B", "count_role": "alternative"},
    )
    assert event_index(rows)["fatalities"].tolist() == [5]
    assert event_index(rows, date(2025, 1, 15))["fatalities"].tolist() == [1]
    assert event_index(rows, date(2025, 2, 1))["fatalities"].tolist() == [5]
    assert event_index(rows, date(2025, 1, 1)).empty


def test_the_index_is_sorted_by_date_and_keeps_row_numbers() -> None:
    rows = events({"event_date": "2025-03-01"}, {"event_date": "2025-01-01"}, {"event_date": "2025-02-01"})
    index = event_index(rows)
    assert index["position"].tolist() == [1, 2, 0]
    assert up_to(index, date(2025, 2, 1))["position"].tolist() == [1, 2]


def test_an_actor_is_found_by_its_whole_id() -> None:
    rows = events(
        {"actor_ids": "g9|pnh"}, {"actor_ids": "g9-west"}, {"actor_ids": None}, {"actor_ids": "pnh"}
    )
    index = event_index(rows)
    assert names_actor(index, "g9").tolist() == [True, False, False, False]
    assert names_actor(index, "pnh").tolist() == [True, False, False, True]


def test_deaths_of_different_providers_are_never_added() -> None:
    rows = events(
        {"provider": "one", "fatalities_low": 1, "fatalities": 2, "fatalities_high": 4},
        {"provider": "one", "fatalities": None},
        {"provider": "two", "fatalities": 3},
    )
    table = deaths_by_provider(event_index(rows)).set_index("provider")
    assert table.loc["one", ["low", "best", "high", "uncounted"]].tolist() == [1, 2, 4, 1]
    assert table.loc["two", ["low", "best", "high", "uncounted"]].tolist() == [3, 3, 3, 0]


def test_revisions_name_what_changed_and_other_reports_of_the_group() -> None:
    rows = events(
        {"event_id": "A", "fatalities": 1, "superseded_at": "2025-02-01", "event_group": "g"},
        {"event_id": "A", "fatalities": 5, "recorded_at": "2025-02-01", "event_group": "g"},
        {"event_id": "B", "count_role": "alternative", "event_group": "g"},
        {"event_id": "C"},
    )
    versions, reports = revisions(rows, "A")
    assert versions["changed"].tolist() == ["", "fatalities"]
    assert reports["event_id"].tolist() == ["B"]
    assert revisions(rows, "C")[1].empty


# -- same event ------------------------------------------------------------------------------------------------------


def two(first: dict | None = None, second: dict | None = None) -> pd.DataFrame:
    return events(
        {"event_id": "A", "provider": "one"} | (first or {}),
        {"event_id": "B", "provider": "two"} | (second or {}),
    )


def test_weights_sum_to_one_and_identical_reports_score_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    pair = same_event_candidates(two()).iloc[0]
    assert (pair["event_id"], pair["other_id"], pair["score"]) == ("A", "B", pytest.approx(1.0))


@pytest.mark.parametrize(
    ("second", "score"),
    [
        ({"event_date": "2025-01-07"}, 0.9),
        ({"event_date": "2025-01-08"}, 0.8),
        ({"neighborhood_id": None, "location_precision": "commune"}, 0.825),
        ({"neighborhood_id": "nazon"}, 0.65),
        ({"fatalities": 4.0}, 0.9),
        ({"fatalities": None}, 0.9),
        ({"sub_event_type": "Ambush"}, 0.925),
        ({"event_type": "Riots", "sub_event_type": "Mob violence"}, 0.85),
    ],
)
def test_each_likeness_counts_as_stated(second: dict, score: float) -> None:
    assert same_event_candidates(two(second=second), least_score=0)["score"].iloc[0] == pytest.approx(score)


@pytest.mark.parametrize(
    "second",
    [
        {"event_date": "2025-01-09"},
        {"commune": "Delmas", "neighborhood_id": "delmas-6"},
        {"date_precision": "month"},
        {"provider": "one"},
    ],
    ids=["three days later", "another commune", "dated to a month", "same provider"],
)
def test_what_cannot_be_the_same_event_is_not_paired(second: dict) -> None:
    assert same_event_candidates(two(second=second), least_score=0).empty


def test_two_reports_without_deaths_agree() -> None:
    pair = same_event_candidates(two({"fatalities": 0.0}, {"fatalities": 0.0})).iloc[0]
    assert pair["deaths_likeness"] == 1.0


def test_overlap_uses_every_event_once_in_the_days_both_cover() -> None:
    rows = events(
        {"event_id": "A1", "provider": "one"},
        {"event_id": "A2", "provider": "one", "event_date": "2025-01-20", "neighborhood_id": "nazon"},
        {"event_id": "A3", "provider": "one", "event_date": "2024-06-01"},
        {"event_id": "B1", "provider": "two"},
        {"event_id": "B2", "provider": "two", "event_date": "2025-01-07"},
        {"event_id": "B3", "provider": "two", "event_date": "2025-03-01"},
    )
    candidates = same_event_candidates(rows)
    assert len(candidates) == 2
    row = provider_overlap(rows, candidates).iloc[0]
    # In common: 6 to 20 January. A1 and A2 of one, B1 and B2 of two; A1 may be B1 or B2, not both.
    assert (row["events"], row["other_events"], row["matched"]) == (2, 2, 1)
    assert (row["share"], row["other_share"]) == (0.5, 0.5)


def test_one_provider_has_no_candidates_and_no_overlap() -> None:
    rows = events({}, {})
    candidates = same_event_candidates(rows)
    assert candidates.empty
    assert provider_overlap(rows, candidates).empty


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["one", "two", "three"]), st.integers(0, 6), st.sampled_from(["solino", "nazon"])
        ),
        min_size=1,
        max_size=10,
    )
)
def test_candidates_do_not_depend_on_the_order_of_rows(reports: list[tuple[str, int, str]]) -> None:
    start = pd.Timestamp("2025-01-01")
    rows = events(
        *(
            {
                "event_id": f"E{n:02d}",
                "provider": who,
                "event_date": start + pd.Timedelta(days=d),
                "neighborhood_id": at,
            }
            for n, (who, d, at) in enumerate(reports)
        )
    )
    found = same_event_candidates(rows)
    shuffled = same_event_candidates(rows.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(found, shuffled)
    assert (found["score"].between(0.6, 1.0)).all()
    assert (found["provider"] < found["other_provider"]).all()
    assert not found.duplicated(["event_id", "other_id"]).any()
