"""Agreement, robustness, lags, silence, breaks and revisions: hand-made cases, and a slower way of computing each."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis import agreement, breaks, lags, revisions, robustness, voids
from monitor.analysis.shares import shares
from monitor.analysis.status import seen, status_panel
from tests.frames import statement, statements

START = date(2024, 1, 1)


def day(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()


AREAS = pd.DataFrame(
    {
        "neighborhood_id": ["a", "b", "c", "d"],
        "name": ["A", "B", "C", "D"],
        "commune": ["X", "X", "Y", "Y"],
        "area_km2": [1.0, 2.0, 3.0, 4.0],
        "population": [10.0, 20.0, 30.0, 40.0],
    }
)

events = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 250),
        st.sampled_from(
            ["gang_control", "gang_influence", "contested", "state_held", "state_presence", "unknown"]
        ),
        st.sampled_from(["Radio", "Paper", "UN"]),
        st.integers(0, 60),
        st.sampled_from(["claimed", "single_source", "corroborated"]),
    ),
    min_size=1,
    max_size=14,
)


def said(rows: list) -> pd.DataFrame:
    return statements(
        *(
            statement(
                area,
                day(at),
                status,
                source_publisher=who,
                until=day(at + length),
                published_date=day(at + length),
                verification=level,
            )
            for area, at, status, who, length, level in rows
        )
    )


# -- agreement -------------------------------------------------------------------------------------------------------

WEEKS = [START + timedelta(weeks=number) for number in range(40)]


def test_agreement_by_hand() -> None:
    rows = statements(
        statement("a", day(0), "gang_control", source_publisher="Radio"),
        statement("a", day(0), "gang_control", source_publisher="Paper"),
        statement("a", day(28), "contested", source_publisher="Paper"),
        statement("b", day(0), "state_held", source_publisher="Radio"),
        statement("b", day(0), "state_held", source_publisher="Paper"),
        statement("c", day(0), "state_held", source_publisher="UN"),
    )
    spoken = agreement.voices(rows, by="source_publisher", stale_after_days=55)
    table = agreement.pair_agreement(spoken, WEEKS)
    assert len(table) == 1  # the UN speaks of a place of its own
    pair = table.iloc[0]
    # Eight weeks each: of a, four alike and four not; of b, eight alike.
    assert (pair["n"], pair["neighborhoods"], pair["agree"]) == (16, 2, pytest.approx(12 / 16))
    chance = (8 / 16) * (8 / 16) + (8 / 16) * (4 / 16) + 0  # both state, both gang; only Paper says contested
    assert pair["kappa"] == pytest.approx((12 / 16 - chance) / (1 - chance))


def test_kappa_is_not_defined_where_both_say_one_thing_only() -> None:
    rows = statements(
        *(statement("a", day(0), "gang_control", source_publisher=name) for name in ("Radio", "Paper"))
    )
    pair = agreement.pair_agreement(
        agreement.voices(rows, by="source_publisher", stale_after_days=30), WEEKS
    ).iloc[0]
    assert pair["agree"] == 1
    assert np.isnan(pair["kappa"])
    with pytest.raises(ValueError, match="status or side"):
        agreement.pair_agreement(
            agreement.voices(rows, by="source_publisher", stale_after_days=30), WEEKS, of="x"
        )


@settings(max_examples=12)
@given(events, st.sampled_from([20, 90]))
def test_agreement_is_that_of_asking_each_source_each_week(rows: list, limit: int) -> None:
    spoken = agreement.voices(said(rows), by="source_publisher", stale_after_days=limit)
    table = agreement.pair_agreement(spoken, WEEKS).set_index(["source_a", "source_b"])
    answers = {
        (row.source, row.neighborhood_id, week): row.status
        for week in WEEKS
        for row in agreement.said_on(spoken, week).itertuples()
    }
    for first, second in (("Paper", "Radio"), ("Paper", "UN"), ("Radio", "UN")):
        pairs = [
            (answers[first, area, week], answers[second, area, week])
            for area in "abcd"
            for week in WEEKS
            if (first, area, week) in answers and (second, area, week) in answers
        ]
        assert ((first, second) in table.index) == bool(pairs)
        if pairs:
            assert table.loc[(first, second), "n"] == len(pairs)
            assert table.loc[(first, second), "agree"] == pytest.approx(np.mean([a == b for a, b in pairs]))


def test_a_source_is_asked_for_its_latest_word_that_is_not_stale() -> None:
    rows = statements(
        statement("a", day(0), "gang_control", source_publisher="Radio"),
        statement("a", day(10), "contested", source_publisher="Radio"),
        statement("a", day(0), "gang_control", source_publisher="Paper"),
        statement("b", day(0), "state_held", source_publisher="Paper"),
    )
    spoken = agreement.voices(rows, by="source_publisher", stale_after_days=30)
    now = agreement.said_on(spoken, START + timedelta(days=20))
    assert set(zip(now["source"], now["neighborhood_id"], now["status"], strict=True)) == {
        ("Radio", "a", "contested"),
        ("Paper", "a", "gang_control"),
        ("Paper", "b", "state_held"),
    }
    assert set(now.loc[now["differs"], "neighborhood_id"]) == {"a"}
    assert set(agreement.said_on(spoken, START + timedelta(days=35))["source"]) == {"Radio"}


# -- robustness ------------------------------------------------------------------------------------------------------


def rows_of(frame: pd.DataFrame, at: date, limit: int = 180) -> pd.DataFrame:
    panel = status_panel(frame, [at], areas=AREAS["neighborhood_id"], stale_after_days=limit)
    return robustness.explainer_rows(panel, AREAS)


HAND = statements(
    statement("a", day(0), "gang_control", source_publisher="Radio"),
    statement("b", day(0), "gang_influence", source_publisher="Paper"),
    statement("c", day(0), "contested", source_publisher="Paper"),
)


def test_nine_numbers_by_hand() -> None:
    table = robustness.explainer(rows_of(HAND, START)).set_index(["denominator", "measure"])["share"]
    assert table["neighborhoods"].tolist() == [0.25, 0.5, 0.75]
    assert table["km2"].tolist() == pytest.approx([0.1, 0.3, 0.6])
    assert table["people"].tolist() == pytest.approx([0.1, 0.3, 0.6])
    high = robustness.explainer(rows_of(HAND, START)).set_index(["denominator", "measure"])["high"]
    assert high["km2"].tolist() == pytest.approx([0.5, 0.7, 1.0])


@settings(max_examples=20)
@given(events, st.integers(0, 300))
def test_the_nine_numbers_are_those_of_the_shares(rows: list, at: int) -> None:
    when = START + timedelta(days=at)
    panel = status_panel(said(rows), [when], areas=AREAS["neighborhood_id"])
    table = shares(panel, AREAS)
    nine = robustness.explainer(robustness.explainer_rows(panel, AREAS))
    for row in nine.itertuples():
        part = table[table["denominator"] == row.denominator].set_index("status")["share"]
        kept = {
            "control": ["gang_control"],
            "control_or_influence": ["gang_control", "gang_influence"],
            "not_state_held": [
                "gang_control",
                "gang_influence",
                "contested",
                "state_presence",
                "third_party",
            ],
        }[row.measure]
        assert row.share == pytest.approx(part[kept].sum())
        assert row.high == pytest.approx(row.share + part[["unknown", "no_data"]].sum())


@settings(max_examples=20)
@given(events, st.integers(0, 300), st.sampled_from([30, 180]))
def test_dropping_a_source_is_deriving_without_it(rows: list, at: int, limit: int) -> None:
    frame, when = said(rows), START + timedelta(days=at)
    full = rows_of(frame, when, limit)
    changes = robustness.statuses_without(robustness.in_order(frame), when, stale_after_days=limit)
    dropped = robustness.share_without(changes, full, measure="control", denominator="people").set_index(
        "source"
    )
    for name in ("Radio", "Paper", "UN"):
        rest = rows_of(frame[frame["source_publisher"] != name], when, limit)
        expected = rest["people"][rest["control"]].sum() / 100
        found = dropped["share"].get(name, full["people"][full["control"]].sum() / 100)
        assert found == pytest.approx(expected)
        changed = (rest["status"] != full["status"]).sum()
        assert changed == (changes["source"] == name).sum()


@settings(max_examples=20)
@given(events, st.integers(0, 300), st.sampled_from([30, 180]))
def test_the_statuses_of_one_day_are_those_of_the_history(rows: list, at: int, limit: int) -> None:
    frame, when = said(rows), START + timedelta(days=at)
    columns = ["neighborhood_id", "status", "last_status", "confirmed_on"]
    whole = status_panel(frame, [when], areas=AREAS["neighborhood_id"], stale_after_days=limit)[columns]
    quick = robustness.statuses_on(
        robustness.in_order(frame), when, areas=AREAS["neighborhood_id"], stale_after_days=limit
    )[columns]
    pd.testing.assert_frame_equal(quick, whole, check_dtype=False)


def test_dropping_nobody_where_nothing_is_said() -> None:
    assert robustness.statuses_without(
        robustness.in_order(HAND), START - timedelta(days=1), stale_after_days=180
    ).empty


def test_sensitivity_sums_match_the_nine_numbers() -> None:
    rows = rows_of(HAND, START)
    changes = robustness.statuses_without(robustness.in_order(HAND), START, stale_after_days=180)
    table = robustness.sensitivity(
        rows, changes, {"other": rows_of(HAND.iloc[:1], START)}, measure="control", denominator="km2"
    ).set_index("reading")["share"]
    assert table.to_dict() == pytest.approx(
        {
            "contested_gang": 0.4,
            "contested_half": 0.25,
            "contested_state": 0.1,
            "stale_kept": 0.1,
            "unsettled_in": 0.5,
            "drop_lowest": 0.0,
            "drop_highest": 0.1,
            "other": 0.1,
        }
    )
    wide = robustness.sensitivity(rows, changes, {}, measure="not_state_held", denominator="km2").set_index(
        "reading"
    )
    assert wide["share"][["contested_gang", "contested_half", "contested_state"]].tolist() == pytest.approx(
        [0.6, 0.45, 0.3]
    )


def test_stale_kept_counts_the_last_report() -> None:
    late = START + timedelta(days=400)
    rows = rows_of(HAND, late)
    table = robustness.sensitivity(
        rows,
        robustness.statuses_without(robustness.in_order(HAND), late, stale_after_days=180),
        {},
        measure="control",
        denominator="km2",
    ).set_index("reading")
    assert table.loc["stale_kept", ["share", "change"]].tolist() == pytest.approx([0.1, 0.1])


# -- lags ------------------------------------------------------------------------------------------------------------


def test_lags_of_a_set_with_known_lags() -> None:
    rows = []
    for number in range(10):
        area = f"area-{number}"
        rows += [
            statement(area, day(0), "state_held"),
            statement(area, day(100), "gang_control", published_date=day(100 + 10 + number)),
            statement(area, day(200), "state_held", published_date=day(200 + number % 3)),
            statement(area, day(300), "state_presence", published_date=day(390)),
        ]
    gained = lags.gains(statements(*rows))
    assert len(gained) == 20  # neither the first statement nor a second one for the same side is a gain
    table = lags.lag_by_side(gained).set_index("side")
    assert table["n"].to_dict() == {"gang": 10, "state": 10}
    assert table["median_days"].to_dict() == {"gang": 14.5, "state": 1}
    assert table["over_week"].to_dict() == {"gang": 1.0, "state": 0.0}


def test_a_gain_dated_to_a_month_has_no_lag_and_still_is_what_stood_before() -> None:
    rows = statements(
        statement("a", day(0), "state_held"),
        statement("a", day(30), "gang_control", until=day(60), published_date=day(30)),
        statement("a", day(100), "state_held", published_date=day(103)),
    )
    gained = lags.gains(rows)
    assert gained[["side", "side_before", "lag_days"]].to_numpy().tolist() == [["state", "gang", 3.0]]


def test_a_loss_first_learned_from_the_claim_that_it_was_retaken() -> None:
    known = statement("a", day(10), "gang_control")
    late = statement("b", day(10), "gang_control", published_date=day(50))
    old = [statement("c", day(0), "gang_control"), statement("c", day(5), "state_held")]
    claims = pd.DataFrame(
        {
            "claim_key": ["1", "2", "3"],
            "neighborhood_id": ["a", "b", "c"],
            "claim_date": pd.to_datetime([day(30)] * 3),
            "published_date": pd.to_datetime([day(31)] * 3),
        }
    )
    table = lags.unseen_losses(claims, statements(known, late, *old))
    assert table["learned_from_claim"].tolist() == [False, True, True]
    assert table["loss_published"].iloc[0] == pd.Timestamp(day(10))
    assert lags.unseen_losses(claims.iloc[:0], statements(known)).empty


# -- silence ---------------------------------------------------------------------------------------------------------


def test_silence_counts_whole_weeks_and_never() -> None:
    rows = statements(
        statement("a", day(0), "contested", until=day(10)),
        statement("b", day(0), "gang_control"),
        statement("c", day(99), "state_held"),
    )
    table = voids.silence(rows, AREAS, as_of=START + timedelta(days=37))
    assert table["weeks"].fillna(-1).tolist() == [3, 5, -1, -1]
    assert table["silence"].tolist() == ["recent", "quarter", "never", "never"]
    people = voids.people_in_silence(table).set_index("silence")["people"]
    assert people[["recent", "quarter", "never"]].tolist() == [10, 20, 70]
    assert people.sum() == AREAS["population"].sum()


@pytest.mark.parametrize(
    ("weeks", "name"), [(3, "recent"), (4, "quarter"), (13, "half_year"), (26, "year"), (52, "longer")]
)
def test_classes_of_silence_begin_on_their_week(weeks: int, name: str) -> None:
    rows = statements(statement("a", day(0), "contested"))
    table = voids.silence(rows, AREAS, as_of=START + timedelta(weeks=weeks))
    assert table["silence"].iloc[0] == name


# -- breaks ----------------------------------------------------------------------------------------------------------


def incidents(*runs: tuple[str, int, int, int]) -> pd.DataFrame:
    """Rows of providers: so many a week from one week to another."""
    dates = [
        (provider, pd.Timestamp(START) + pd.Timedelta(weeks=week))
        for provider, first, last, count in runs
        for week in range(first, last)
        for _ in range(count)
    ]
    return pd.DataFrame(dates, columns=["provider", "event_date"])


def found_breaks(rows: pd.DataFrame, *, until: date) -> list[breaks.Break]:
    return breaks.volume_breaks(breaks.weekly_volumes(rows, "incidents"), "incidents", until=until)


UNTIL = START + timedelta(weeks=60, days=-1)


def test_a_source_that_loses_four_fifths_of_its_rows_breaks_and_the_other_does_not() -> None:
    rows = incidents(("acled", 0, 40, 10), ("acled", 40, 46, 2), ("acled", 46, 60, 10), ("ucdp", 0, 60, 5))
    found = found_breaks(rows, until=UNTIL)
    assert [(item.source, item.kind, item.found) for item in found] == [("acled", "drop", 12)]
    assert (found[0].start, found[0].end) == (
        START + timedelta(weeks=40),
        START + timedelta(weeks=46, days=-1),
    )
    assert found[0].expected == pytest.approx(60)


@pytest.mark.parametrize(("level", "kinds"), [(5, []), (15, []), (4, ["drop"]), (16, ["rise"])])
def test_only_more_than_half_up_or_down_is_a_break(level: int, kinds: list) -> None:
    rows = incidents(("acled", 0, 40, 10), ("acled", 40, 44, level), ("acled", 44, 60, 10))
    assert [item.kind for item in found_breaks(rows, until=UNTIL)] == kinds


def test_a_new_level_that_lasts_is_no_break_for_ever_and_silence_is() -> None:
    end = START + timedelta(weeks=100, days=-1)
    risen = found_breaks(incidents(("acled", 0, 40, 10), ("acled", 40, 100, 30)), until=end)
    assert [item.end for item in risen] == [START + timedelta(weeks=66, days=-1)]
    silent = found_breaks(incidents(("acled", 0, 40, 10)), until=end)
    assert [(item.found, item.end) for item in silent] == [(0, end)]


def test_thin_sources_and_the_incomplete_week_say_nothing() -> None:
    assert found_breaks(incidents(("acled", 0, 40, 1)), until=UNTIL) == []
    rows = incidents(("acled", 0, 60, 10))
    assert found_breaks(rows, until=UNTIL + timedelta(days=3)) == []
    assert found_breaks(rows.iloc[:0], until=UNTIL) == []


def test_method_breaks_come_from_milestones_second_providers_and_new_crosswalks() -> None:
    milestones = pd.DataFrame(
        {
            "milestone_date": pd.to_datetime(["2024-03-01", "2024-04-01"]),
            "kind": ["method break", "mandate"],
            "label": ["Denser", "No"],
        }
    )
    control = pd.DataFrame(
        {"from_earliest": pd.to_datetime(["2024-01-01", "2024-05-01"]), "crosswalk_version": ["1", "2"]}
    )
    found = breaks.method_breaks(
        milestones,
        {"incidents": incidents(("acled", 0, 9, 1), ("ucdp", 5, 9, 1)), "territorial_control": control},
    )
    assert {(item.dataset_id, item.note) for item in found} == {
        *((name, "Denser") for name in breaks.COMPILED),
        ("incidents", "provider ucdp"),
        ("territorial_control", "crosswalk_version 2"),
    }
    assert [item.note for item in breaks.affecting(found, ["site_status"])] == ["Denser"]
    assert len(breaks.affecting(found, breaks.COMPILED)) == 3


# -- revisions -------------------------------------------------------------------------------------------------------

LEDGER = revisions.LEDGERS[0]


def test_learned_corrected_and_withdrawn_since_a_day() -> None:
    rows = statements(
        statement("a", day(0), "gang_control"),
        statement("b", day(0), "gang_control", withdrawn_at=day(50)),
        statement("c", day(0), "gang_control", source_publisher="Radio", withdrawn_at=day(50)),
        statement("c", day(0), "contested", source_publisher="Radio", published_date=day(50)),
        statement("d", day(5), "state_held", published_date=day(40)),
        statement("d", day(300), "state_held"),
    )
    table = revisions.revisions(
        rows, LEDGER, then=START + timedelta(days=30), now=None, as_of=START + timedelta(days=100)
    )
    assert table.set_index("neighborhood_id")["kind"].to_dict() == {
        "b": "withdrawn",
        "c": "corrected",
        "d": "learned",
    }
    by = table.set_index("neighborhood_id")
    assert by.loc["c", "was_id"] == rows["assertion_id"].iloc[2]
    assert by.loc["d", "days_late"] == 35


def test_a_new_version_of_an_event_is_a_correction() -> None:
    rows = pd.DataFrame(
        {
            "event_id": ["E1", "E1", "E2"],
            "event_date": pd.to_datetime([day(0)] * 3),
            "recorded_at": pd.to_datetime([day(1), day(20), day(1)], utc=True),
            "superseded_at": pd.to_datetime([day(20), None, day(25)], utc=True),
            "fatalities": [3, 5, 1],
        }
    )
    table = revisions.revisions(
        rows,
        revisions.LEDGERS[2],
        then=START + timedelta(days=10),
        now=None,
        as_of=START + timedelta(days=99),
    )
    assert table[["row_id", "kind"]].to_numpy().tolist() == [["E2", "withdrawn"], ["E1", "corrected"]]
    assert table.loc[table["kind"] == "corrected", "fatalities"].tolist() == [5]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 60), st.one_of(st.none(), st.integers(1, 80))),
        max_size=10,
    ),
    st.integers(0, 90),
)
def test_then_plus_revisions_is_now(rows: list, cut: int) -> None:
    frame = statements(
        *(
            statement(
                f"area-{n}",
                day(at),
                "contested",
                published_date=day(at + late),
                withdrawn_at=None if gone is None else day(at + late + gone),
            )
            for n, (at, late, gone) in enumerate(rows)
        )
    )
    then, as_of = START + timedelta(days=cut), START + timedelta(days=200)
    table = revisions.revisions(frame, LEDGER, then=then, now=None, as_of=as_of)
    before = set(frame["assertion_id"][seen(frame, "withdrawn_at", then)])
    after = set(frame["assertion_id"][seen(frame, "withdrawn_at", None)])
    learned = set(table.loc[table["kind"] != "withdrawn", "row_id"])
    gone = set(table.loc[table["kind"] == "withdrawn", "row_id"]) | set(table["was_id"].dropna())
    assert (before | learned) - gone == after
