"""Hold spells, hold curve and outcomes of claims (retake-1, hold-curve-1, outcome-1)."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.holds import claim_outcomes, hold_curve, hold_spells, median_days, rmst, survival_at
from monitor.analysis.status import status_history, status_panel
from tests.frames import statement, statements

DAYS, LOST = [1, 3, 7, 7, 14, 30, 90], [1, 1, 0, 1, 0, 1, 0]


def test_the_published_vector() -> None:
    curve = hold_curve(DAYS, LOST)
    assert curve["t_days"].tolist() == [1, 3, 7, 30]
    assert curve["at_risk"].tolist() == [7, 6, 5, 2]
    assert curve["losses"].tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(curve["survival"], [0.857143, 0.714286, 0.571429, 0.285714], atol=1e-6)
    np.testing.assert_allclose(curve["ci_low"], [0.3341, 0.2582, 0.1719, 0.0144], atol=5e-5)
    np.testing.assert_allclose(curve["ci_high"], [0.9786, 0.9198, 0.8371, 0.6906], atol=5e-5)
    assert median_days(curve) == 30
    assert rmst(curve, 90) == pytest.approx(35.857143, abs=1e-6)


def test_no_loss_gives_an_empty_curve_that_stays_at_one() -> None:
    curve = hold_curve([5, 9], [0, 0])
    assert curve.empty
    assert survival_at(curve, 100) == 1.0
    assert median_days(curve) is None
    assert rmst(curve, 90) == 90


def test_all_lost_ends_at_zero_without_an_interval() -> None:
    curve = hold_curve([2, 4], [1, 1])
    assert curve["survival"].tolist() == [0.5, 0.0]
    assert np.isnan(curve["ci_low"].iloc[-1])


@pytest.mark.parametrize(("durations", "lost"), [([1], [1, 0]), ([-1], [1]), ([float("nan")], [0])])
def test_bad_input_is_an_error(durations: list, lost: list) -> None:
    with pytest.raises(ValueError, match="durations"):
        hold_curve(durations, lost)


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=25))
def test_the_curve_agrees_with_the_product_formula(spells: list[tuple[int, bool]]) -> None:
    curve = hold_curve([days for days, _ in spells], [lost for _, lost in spells])
    for row in curve.itertuples():
        expected = 1.0
        for t in sorted({days for days, lost in spells if lost and days <= row.t_days}):
            at_risk = sum(days >= t for days, _ in spells)
            expected *= 1 - sum(lost and days == t for days, lost in spells) / at_risk
        assert row.survival == pytest.approx(expected)
    assert (np.diff(curve["survival"]) <= 1e-12).all()
    assert 0 <= rmst(curve, 90) <= 90


def spells_of(*rows: dict, **options: object) -> pd.DataFrame:
    return hold_spells(status_history(statements(*rows), stale_after_days=3650), **options)


def test_a_spell_needs_an_earlier_gang_status() -> None:
    assert spells_of(
        statement("a", "2024-01-01", "state_held"), statement("a", "2024-02-01", "gang_control")
    ).empty
    assert (
        len(
            spells_of(
                statement("a", "2024-01-01", "gang_control"), statement("a", "2024-02-01", "state_presence")
            )
        )
        == 1
    )


def test_contested_ends_a_spell_only_in_the_strict_reading() -> None:
    rows = (
        statement("a", "2024-01-01", "gang_control"),
        statement("a", "2024-02-01", "state_held"),
        statement("a", "2024-02-11", "contested"),
        statement("a", "2024-03-02", "gang_control"),
    )
    primary, strict = spells_of(*rows).iloc[0], spells_of(*rows, strict=True).iloc[0]
    assert (primary["end"], primary["last_held"]) == (pd.Timestamp("2024-03-02"), pd.Timestamp("2024-02-11"))
    assert (primary["duration_low_days"], primary["duration_high_days"], primary["duration_days"]) == (
        10,
        30,
        20,
    )
    assert (strict["end"], strict["lost"]) == (pd.Timestamp("2024-02-11"), True)


def test_a_spell_is_censored_at_the_last_statement_and_not_at_today() -> None:
    rows = (
        statement("a", "2024-01-01", "gang_control"),
        statement("a", "2024-02-01", "state_held"),
        statement("a", "2024-02-20", "state_held"),
    )
    expected = spells_of(*rows)
    assert expected["duration_days"].tolist() == [19]
    for today in (date(2024, 3, 1), date(2026, 11, 23)):
        pd.testing.assert_frame_equal(spells_of(*rows, end_on=today), expected)
        daily = status_panel(statements(*rows), pd.date_range("2024-01-01", "2024-02-20").date)
        assert hold_spells(daily, end_on=today)["duration_days"].tolist() == [19]


def test_repeat_retakes_are_separate_spells() -> None:
    rows = [
        statement("a", f"2024-0{month}-01", status)
        for month, status in enumerate(["gang_control", "state_held"] * 3, start=1)
    ]
    spells = spells_of(*rows)
    assert spells["lost"].tolist() == [True, True, False]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from(["gang_control", "state_held", "contested", "unknown"])
        ),
        max_size=12,
        unique_by=lambda x: x[0],
    )
)
def test_spells_never_overlap(events: list[tuple[int, str]]) -> None:
    start = date(2024, 1, 1)
    spells = spells_of(
        *(statement("a", (start + timedelta(days=day)).isoformat(), status) for day, status in events)
    )
    assert (spells["end"].iloc[:-1].to_numpy() <= spells["start"].iloc[1:].to_numpy()).all()
    assert (spells["duration_low_days"] <= spells["duration_days"]).all()
    assert (spells["duration_days"] <= spells["duration_high_days"]).all()


def outcome(*rows: dict, as_of: str = "2024-12-31", stale_after_days: int = 180) -> pd.Series:
    claims = pd.DataFrame(
        {"claim_id": ["c"], "neighborhood_id": ["a"], "claim_date": pd.to_datetime(["2024-06-01"])}
    )
    claim = statement("a", "2024-06-01", "state_held", verification="claimed")
    history = status_history(statements(claim, *rows), stale_after_days=stale_after_days)
    return claim_outcomes(
        claims, history, as_of=date.fromisoformat(as_of), stale_after_days=stale_after_days
    ).iloc[0]


def test_outcomes_of_a_claim_follow_the_later_statements() -> None:
    assert outcome(as_of="2024-06-30")["outcome"] == "held"
    assert outcome(as_of="2024-12-31")["outcome"] == "unknown"
    assert outcome(statement("a", "2024-12-01", "contested"))["outcome"] == "contested"
    lost = outcome(statement("a", "2024-07-01", "gang_control"), statement("a", "2024-12-01", "state_held"))
    assert (lost["outcome"], lost["lost_on"], lost["days_held"]) == ("lost", pd.Timestamp("2024-07-01"), 30)


def test_a_loss_after_the_chosen_date_is_not_known_yet() -> None:
    row = outcome(statement("a", "2024-07-01", "gang_control"), as_of="2024-06-30")
    assert (row["outcome"], pd.isna(row["lost_on"])) == ("held", True)


@pytest.mark.parametrize(
    ("durations", "lost"),
    [([float("inf")], [1]), ([None], [0]), ([1], [2]), ([1], [None]), ([1], [float("nan")]), (["x"], [1])],
)
def test_what_is_no_duration_or_outcome_is_an_error(durations: list, lost: list) -> None:
    with pytest.raises(ValueError, match="durations"):
        hold_curve(durations, lost)


def test_a_loss_at_once_and_ties() -> None:
    curve = hold_curve([0, 0, 5, 5, 5], [1, 0, 1, 1, 0])
    assert curve[["t_days", "at_risk", "losses"]].to_numpy().tolist() == [[0, 5, 1], [5, 3, 2]]
    np.testing.assert_allclose(curve["survival"], [4 / 5, 4 / 15])
    assert rmst(curve, 5) == pytest.approx(4)


def test_nothing_gives_an_empty_curve_with_typed_columns() -> None:
    curve = hold_curve([], [])
    assert curve.dtypes.astype("str").tolist() == [
        "float64",
        "int64",
        "int64",
        "float64",
        "float64",
        "float64",
    ]
    assert rmst(curve, 90) == 90


def test_the_median_is_reached_where_the_product_is_exactly_one_half() -> None:
    # 3/4 x 2/3 in floating point is a hair above 0.5
    assert median_days(hold_curve([1, 2, 3, 4], [1, 1, 0, 0])) == 2


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf")])
def test_the_horizon_must_be_a_number_of_days(days: float) -> None:
    with pytest.raises(ValueError, match="until_days"):
        rmst(hold_curve([1], [1]), days)


def spells_one_by_one(events: list[tuple[int, str]], *, strict: bool) -> list[tuple[int, int, int, bool]]:
    """Spells of one neighborhood by walking through its observations: start, last held, end, lost."""
    spells, was_gang, current = [], False, None
    for day, status in sorted(events):
        if status == "unknown":
            continue
        gang, state = status.startswith("gang"), status.startswith("state")
        if current:
            if gang or (strict and status == "contested"):
                current[2:] = [day, True]
                current = None
            else:
                current[1:3] = [day, day]
        elif state and was_gang:
            current = [day, day, day, False]
            spells.append(current)
        if status != "contested":
            was_gang = gang
    return [tuple(spell) for spell in spells]


observations = st.lists(
    st.tuples(
        st.integers(0, 300),
        st.sampled_from(
            [
                "gang_control",
                "gang_influence",
                "state_held",
                "state_presence",
                "contested",
                "unknown",
                "third_party",
            ]
        ),
    ),
    max_size=14,
    unique_by=lambda event: event[0],
)


@given(st.dictionaries(st.sampled_from("abc"), observations, max_size=3), st.booleans())
def test_spells_are_those_found_one_by_one(events: dict[str, list], strict: bool) -> None:
    start = pd.Timestamp("2024-01-01")
    panel = pd.DataFrame(
        [
            (area, start + pd.Timedelta(days=day), status)
            for area, rows in events.items()
            for day, status in rows
        ],
        columns=["neighborhood_id", "date", "status"],
    ).astype({"date": "datetime64[us]"})
    found = hold_spells(panel.sample(frac=1, random_state=1), strict=strict)
    expected = [
        (area, *(start + pd.Timedelta(days=day) for day in spell[:3]), spell[3])
        for area in sorted(events)
        for spell in spells_one_by_one(events[area], strict=strict)
    ]
    columns = ["neighborhood_id", "start", "last_held", "end", "lost"]
    assert list(found[columns].itertuples(index=False, name=None)) == expected
