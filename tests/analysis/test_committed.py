"""What the committed data says about places, actors and the mission: claims that readers will check."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from monitor.analysis import city
from monitor.analysis.model import Choice, Model
from monitor.analysis.reach import connected_to, gang_held, status_grid
from monitor.analysis.shares import shares, shares_over
from monitor.analysis.status import panel_of
from tests.committed import committed_model

CHOICE = Choice(date(2025, 12, 1), None, "all_claims", 180)


@pytest.fixture(scope="module")
def model() -> Model:
    return committed_model()


def verdict_of(model: Model, rule: str, choice: Choice) -> tuple[str, dict]:
    [found] = [verdict for row, verdict in city.verdicts(model, choice) if row["rule"] == rule]
    return found.verdict, {number.name: number.value for number in found.numbers}


@pytest.mark.parametrize(
    "as_of", [date(2024, 7, 9), date(2024, 12, 31), date(2025, 12, 1), date(2026, 11, 20)]
)
def test_the_main_hospital_was_not_reopened(model: Model, as_of: date) -> None:
    verdict, numbers = verdict_of(model, "reopened_site", replace(CHOICE, as_of=as_of))
    assert verdict == "not_supported"
    assert numbers["retaken_count"] == 1
    assert numbers["reopened_count"] == 0
    assert numbers["closed_since"] == pd.Timestamp("2024-02-29")


def test_before_it_closed_nothing_can_be_said_about_reopening(model: Model) -> None:
    assert (
        verdict_of(model, "reopened_site", replace(CHOICE, as_of=date(2024, 1, 31)))[0] == "cannot_be_known"
    )


def test_a_statement_is_judged_by_what_was_known_on_the_known_on_date(model: Model) -> None:
    day = date(2025, 7, 1)
    later = verdict_of(model, "lacks_personnel", replace(CHOICE, as_of=day))[1]
    earlier = verdict_of(model, "lacks_personnel", replace(CHOICE, as_of=day, known_on=date(2025, 1, 31)))[1]
    assert (later["deployed"], earlier["deployed"]) == (1000, 800)


def test_every_statement_has_a_verdict_and_its_numbers_point_to_rows(model: Model) -> None:
    judged = city.verdicts(model, CHOICE)
    assert len(judged) == len(model.frame("statements_scorecard"))
    for _row, verdict in judged:
        for number in verdict.numbers:
            frame = model.frame(number.dataset)
            assert set(number.rows) <= set(frame[frame.columns[0]])


def test_counts_behind_verdicts_re_aggregate_from_their_rows(model: Model) -> None:
    for _row, verdict in city.verdicts(model, CHOICE):
        for number in verdict.numbers:
            if number.name.startswith("claims_") and number.rows:
                assert number.value == len(number.rows)


def test_the_series_ends_on_the_chosen_date_and_agrees_with_that_date_alone(model: Model) -> None:
    table = city.reach_over_time(model, CHOICE, "hospital")
    assert table["date"].is_monotonic_increasing
    assert table["date"].iloc[-1] == pd.Timestamp(CHOICE.as_of)
    alone = city.reach_of(model, CHOICE, "hospital", (CHOICE.as_of,))[0]
    assert (
        table[["low", "middle", "high"]].iloc[-1].tolist()
        == alone[["low", "middle", "high"]].iloc[0].tolist()
    )


def test_later_dates_do_not_change_earlier_ones(model: Model) -> None:
    early = replace(CHOICE, as_of=date(2024, 12, 29))
    now = city.holders_over_time(model, CHOICE).groupby("date")["neighborhoods"].sum()
    then = city.holders_over_time(model, early).groupby("date")["neighborhoods"].sum()
    pd.testing.assert_series_equal(then, now.reindex(then.index))


def test_reach_bounds_are_ordered_on_every_date(model: Model) -> None:
    for target in city.REACH_TARGETS:
        table = city.reach_over_time(model, CHOICE, target)
        assert (table["low"] <= table["middle"]).all()
        assert (table["middle"] <= table["high"]).all()
        assert (table["high"] <= 1).all()


def test_whoever_is_cut_off_lives_in_a_gang_held_area(model: Model) -> None:
    by_area = city.reach_of(model, CHOICE, "hospital", (CHOICE.as_of,))[1]
    _dates, codes = status_grid(model.panel(CHOICE), city.borders(model))
    held = dict(zip(city.borders(model).ids, gang_held(codes)[0], strict=True))
    assert (by_area["neighborhood_id"].map(held) == (by_area["reach"] == "cut_off")).all()


def test_the_areas_hang_together_but_for_a_few(model: Model) -> None:
    geography = city.borders(model)
    everywhere = connected_to(
        geography,
        passable=(codes := status_grid(model.panel(CHOICE), geography)[1]) >= 0,
        targets=geography.ids == "delmas-33",
    )
    assert codes.shape == everywhere.shape
    assert everywhere.mean() > 0.95


def test_only_our_own_events_are_committed(model: Model) -> None:
    assert city.incident_datasets(model) == (city.OWN_INCIDENTS,)
    assert city.overlap(model, CHOICE, date(2024, 1, 1))[1].empty


def test_events_of_a_second_provider_are_compared_and_not_added(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = model.frame("incidents")
    theirs = ours.assign(event_id="X" + ours["event_id"], provider="synthetic")
    frame, known = model.frame, city.incident_datasets(model)
    monkeypatch.setattr(city, "incident_datasets", lambda _model: (*known, "synthetic_incidents"))
    monkeypatch.setattr(model, "frame", lambda name: theirs if name == "synthetic_incidents" else frame(name))
    candidates, overlap = city.overlap(model, CHOICE, date(2024, 2, 1))
    assert (candidates["provider"] == "curated").all()
    row = overlap.iloc[0]
    dated = row["matched"] / row["events"]
    assert row["events"] == row["other_events"]
    assert 0.8 <= dated <= 1
    assert len(city.events_until(model, CHOICE)) == len(
        city.events_until(model, CHOICE, "synthetic_incidents")
    )


@pytest.mark.parametrize("known_on", [None, date(2024, 12, 1)])
def test_shares_without_the_panel_are_those_of_the_panel(model: Model, known_on: date | None) -> None:
    choice = Choice(date(2026, 2, 1), known_on, "all_claims", 180)
    days = [date(2020, 1, 1), *model.weeks(choice.as_of)]
    areas = model.scope().sample(frac=1, random_state=1)
    history = model.history(choice)
    pd.testing.assert_frame_equal(
        shares_over(history, days, areas), shares(panel_of(history, days, areas["neighborhood_id"]), areas)
    )
