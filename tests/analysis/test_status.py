"""Rules of status-1, evidence-1, known-on-1, stale-1, contested-1, disputed-1."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.contracts import ASSERTED_STATUSES, SIDE_OF_STATUS, VERIFICATION_RANK, Verification
from monitor.analysis.status import (
    admissible,
    panel_of,
    status_history,
    status_panel,
    transitions,
    with_sub_zones,
)
from tests.frames import statement, statements


def one(rows: pd.DataFrame, day: str, **options: object) -> pd.Series:
    """Status of the only area on a day."""
    return status_panel(rows, [date.fromisoformat(day)], **options).iloc[0]


def test_before_any_statement_there_is_no_data() -> None:
    rows = statements(statement("solino", "2024-05-02", "contested"))
    row = one(rows, "2024-05-01")
    assert (row["status"], row["is_stale"], row["is_contested"]) == ("no_data", False, False)
    assert pd.isna(row["since"])


def test_areas_without_statement_are_reported_as_no_data() -> None:
    rows = statements(statement("solino", "2024-05-02", "contested"))
    panel = status_panel(rows, [date(2024, 5, 3)], areas=["solino", "nazon"])
    assert panel.set_index("neighborhood_id")["status"].to_dict() == {
        "nazon": "no_data",
        "solino": "contested",
    }


def test_the_latest_statement_counts_and_since_tells_the_run() -> None:
    rows = statements(
        statement("solino", "2024-01-16", "contested"),
        statement("solino", "2024-05-02", "contested"),
        statement("solino", "2024-11-14", "gang_control"),
    )
    assert one(rows, "2024-11-13", stale_after_days=365)["since"] == pd.Timestamp("2024-01-16")
    row = one(rows, "2024-12-01")
    assert (row["status"], row["since"], row["age_days"]) == ("gang_control", pd.Timestamp("2024-11-14"), 17)


def test_on_one_day_the_better_verified_then_the_later_published_counts() -> None:
    rows = statements(
        statement("belot", "2025-11-22", "contested", verification="corroborated"),
        statement("belot", "2025-11-22", "state_held", verification="claimed"),
    )
    assert one(rows, "2025-11-22")["status"] == "contested"
    rows = statements(
        statement("belot", "2025-11-22", "contested", published_date="2025-11-22"),
        statement("belot", "2025-11-22", "state_held", published_date="2025-11-24"),
    )
    assert one(rows, "2025-11-22")["status"] == "state_held"


def test_a_status_becomes_unknown_the_day_after_the_limit_and_keeps_what_was_reported() -> None:
    rows = statements(statement("thor", "2024-12-24", "gang_control"))
    limit = date(2024, 12, 24) + timedelta(days=180)
    panel = status_panel(rows, [limit, limit + timedelta(days=1)])
    assert panel["status"].tolist() == ["gang_control", "unknown"]
    assert panel["is_stale"].tolist() == [False, True]
    assert panel["last_status"].tolist() == ["gang_control", "gang_control"]


def test_a_statement_with_a_window_ages_from_the_end_of_the_window() -> None:
    rows = statements(statement("mariani", "2023-11-01", "gang_control", until="2023-11-30"))
    assert one(rows, "2023-11-15")["age_days"] == 0
    assert one(rows, "2023-12-10")["age_days"] == 10


def test_a_window_of_another_status_does_not_keep_a_status_from_growing_old() -> None:
    year = statement("fort-national", "2024-01-01", "gang_control", until="2024-12-31")
    held = statement("fort-national", "2024-03-01", "state_held")
    row = one(statements(year, held), "2024-08-28")
    assert (row["status"], row["confirmed_on"]) == ("state_held", pd.Timestamp("2024-03-01"))
    assert one(statements(year, held), "2024-08-29")["status"] == "unknown"
    again = statement("fort-national", "2024-11-07", "gang_control")
    row = one(statements(year, held, again), "2025-06-29")
    assert (row["status"], row["age_days"]) == ("gang_control", 180), "the year says the same to its end"


def test_known_on_hides_what_was_recorded_later_and_shows_what_was_withdrawn_later() -> None:
    rows = statements(
        statement("solino", "2024-10-17", "gang_control", published_date="2024-10-28"),
        statement("solino", "2024-10-10", "state_held", withdrawn_at="2024-10-25"),
    )
    assert one(rows, "2024-10-20", known_on=date(2024, 10, 20))["status"] == "state_held"
    assert one(rows, "2024-10-20", known_on=date(2024, 10, 26), areas=["solino"])["status"] == "no_data"
    assert one(rows, "2024-10-20", known_on=date(2024, 10, 28))["status"] == "gang_control"


@pytest.mark.parametrize(
    ("claimant", "status", "verification", "counts"),
    [
        ("state", "state_held", "single_source", False),
        ("state", "state_held", "corroborated", True),
        ("state", "gang_control", "single_source", True),
        ("gang", "gang_control", "single_source", False),
        ("press", "state_held", "single_source", True),
        ("press", "state_held", "claimed", False),
        ("UN", "gang_control", "denied", False),
    ],
)
def test_corroborated_leaves_out_a_partys_word_about_its_own_gain(
    claimant: str, status: str, verification: str, counts: bool
) -> None:
    rows = statements(statement("solino", "2024-10-20", status, claimant=claimant, verification=verification))
    assert (len(admissible(rows, "corroborated")) == 1) is counts
    assert len(admissible(rows, "all_claims")) == 1


def test_an_unknown_evidence_level_is_an_error() -> None:
    with pytest.raises(ValueError, match="evidence must be one of"):
        admissible(statements(), "rumours")


def test_contested_when_credible_sources_assert_both_sides_within_28_days() -> None:
    near = statements(
        statement("solino", "2024-10-01", "gang_control"), statement("solino", "2024-10-29", "state_presence")
    )
    assert one(near, "2024-10-29")["is_contested"]
    far = statements(
        statement("solino", "2024-10-01", "gang_control"), statement("solino", "2024-10-30", "state_presence")
    )
    assert not one(far, "2024-10-30")["is_contested"]
    claimed = statements(
        statement("solino", "2024-10-01", "gang_control"),
        statement("solino", "2024-10-20", "state_held", verification="claimed"),
    )
    assert not one(claimed, "2024-10-20")["is_contested"]


def test_two_clashes_after_the_last_statement_contest_a_neighborhood_from_the_second_on() -> None:
    rows = statements(statement("nazon", "2025-01-01", "state_held"))
    clashes = pd.DataFrame(
        {"neighborhood_id": ["nazon"] * 2, "event_date": pd.to_datetime(["2025-01-10", "2025-01-29"])}
    )
    assert not one(rows, "2025-01-28", clashes=clashes)["is_contested"]
    assert one(rows, "2025-01-29", clashes=clashes)["is_contested"]
    late = clashes.assign(event_date=pd.to_datetime(["2025-01-10", "2025-01-30"]))
    assert not one(rows, "2025-02-10", clashes=late)["is_contested"]
    before = clashes.assign(event_date=pd.to_datetime(["2024-12-30", "2025-01-29"]))
    assert not one(rows, "2025-02-10", clashes=before)["is_contested"]


def test_disputed_and_contested_are_separate_flags() -> None:
    disputed = statements(
        statement("solino", "2024-10-01", "gang_control", verification="corroborated"),
        statement("solino", "2024-10-20", "state_held", verification="claimed"),
    )
    row = one(disputed, "2024-10-20")
    assert (row["is_disputed"], row["is_contested"]) == (True, False)
    contested = statements(statement("solino", "2024-10-20", "contested"))
    row = one(contested, "2024-10-20")
    assert (row["is_disputed"], row["is_contested"]) == (False, True)


def test_a_weaker_older_or_own_statement_does_not_dispute() -> None:
    weaker = statements(
        statement("solino", "2024-10-01", "gang_control", verification="claimed"),
        statement("solino", "2024-10-20", "state_held", verification="corroborated"),
    )
    older = statements(
        statement("solino", "2024-09-01", "gang_control", verification="corroborated"),
        statement("solino", "2024-10-20", "state_held"),
    )
    own = statements(
        statement("solino", "2024-10-01", "gang_control", source_id="same"),
        statement("solino", "2024-10-20", "state_held", source_id="same"),
    )
    for rows in (weaker, older, own):
        assert not one(rows, "2024-10-20")["is_disputed"]


def test_a_statement_about_named_streets_moves_those_and_not_the_neighborhood() -> None:
    rows = statements(
        statement("solino", "2024-10-17", "gang_control"),
        statement("solino", "2024-10-20", "state_held", sub_zone="Ruelle Anglade"),
    )
    assert one(rows, "2024-10-20")["status"] == "gang_control"
    zone = status_panel(with_sub_zones(rows), [date(2024, 10, 20)]).set_index("neighborhood_id")["status"]
    assert zone.to_dict() == {"solino/Ruelle Anglade": "state_held"}


def test_transitions_list_only_what_changed() -> None:
    rows = statements(
        statement("solino", "2024-05-01", "contested"),
        statement("solino", "2024-11-14", "gang_control"),
        statement("nazon", "2024-05-01", "contested"),
    )
    panel = status_panel(rows, [date(2024, 6, 1), date(2024, 11, 20)], stale_after_days=365)
    changed = transitions(panel, date(2024, 6, 1), date(2024, 11, 20))
    assert changed[["neighborhood_id", "status_from", "status_to"]].to_numpy().tolist() == [
        ["solino", "contested", "gang_control"]
    ]


# -- properties ------------------------------------------------------------------------------------------------------

_days = st.dates(date(2024, 1, 1), date(2024, 12, 31))
_rows = st.lists(
    st.builds(
        lambda area, day, window, lag, status, verification, claimant, source: statement(
            area,
            day.isoformat(),
            status,
            until=(day + timedelta(days=window)).isoformat(),
            verification=verification,
            claimant=claimant,
            source_id=source,
            published_date=(day + timedelta(days=lag)).isoformat(),
        ),
        st.sampled_from(["a", "b", "c"]),
        _days,
        st.sampled_from([0, 0, 30, 300]),
        st.integers(0, 40),
        st.sampled_from([str(s) for s in ASSERTED_STATUSES]),
        st.sampled_from([str(v) for v in Verification]),
        st.sampled_from(["state", "gang", "press", "UN"]),
        st.sampled_from(["s1", "s2", "s3"]),
    ),
    min_size=1,
    max_size=12,
)
_options = st.fixed_dictionaries(
    {
        "evidence": st.sampled_from(["all_claims", "corroborated"]),
        "stale_after_days": st.sampled_from([30, 90, 180]),
    }
)


@given(_rows, st.lists(_days, min_size=1, max_size=5), _options, st.randoms())
def test_row_order_is_irrelevant(rows: list[dict], days: list[date], options: dict, random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(
        status_panel(statements(*rows), days, **options), status_panel(statements(*shuffled), days, **options)
    )


@given(_rows, _rows, _days, _options)
def test_a_later_recording_never_changes_an_earlier_as_known_on(
    rows: list[dict], more: list[dict], known_on: date, options: dict
) -> None:
    late = [row | {"recorded_at": (known_on + timedelta(days=1)).isoformat()} for row in more]
    options |= {"known_on": known_on, "areas": ["a", "b", "c"]}
    before = status_panel(statements(*rows), [known_on], **options)
    pd.testing.assert_frame_equal(before, status_panel(statements(*rows, *late), [known_on], **options))


@given(_rows, _options)
def test_intervals_never_overlap_and_leave_no_hole(rows: list[dict], options: dict) -> None:
    for _area, mine in status_history(statements(*rows), **options).groupby("neighborhood_id"):
        assert (mine["valid_to"].iloc[:-1].to_numpy() == mine["valid_from"].iloc[1:].to_numpy()).all()
        assert pd.isna(mine["valid_to"].iloc[-1])
        assert (mine["since"] <= mine["valid_from"]).all()


@given(_rows, _days, _options)
def test_agrees_with_the_definition_applied_statement_by_statement(
    rows: list[dict], day: date, options: dict
) -> None:
    """A slow reading of definitions status-1, stale-1, contested-1 and disputed-1, without the ledger."""
    frame = statements(*rows)
    today = pd.Timestamp(day)
    panel = status_panel(frame, [day], areas=["a", "b", "c"], **options).set_index("neighborhood_id")
    for area in "abc":
        mine = admissible(frame[frame["neighborhood_id"] == area], options["evidence"])
        mine = mine[mine["from_earliest"] <= today]
        row = panel.loc[area]
        if mine.empty:
            assert row["status"] == "no_data"
            continue
        rank = mine["verification"].map(VERIFICATION_RANK)
        last = (
            mine.assign(rank=rank)
            .sort_values(["from_earliest", "rank", "published_date", "assertion_id"])
            .iloc[-1]
        )
        confirmed = mine.loc[mine["status"] == last["status"], "from_latest"].max()
        stale = (today - confirmed).days > options["stale_after_days"]
        assert row["is_stale"] == stale
        assert row["status"] == ("unknown" if stale else last["status"])
        if stale:
            assert not row["is_contested"]
            assert not row["is_disputed"]
            continue
        side = mine["status"].map(SIDE_OF_STATUS)
        window = (last["from_earliest"] - mine["from_earliest"]).dt.days <= 28
        both = all((window & (rank >= 2) & (side == wanted)).any() for wanted in ("state", "gang"))
        assert row["is_contested"] == (both or last["status"] == "contested")
        own = SIDE_OF_STATUS[last["status"]]
        order = mine.assign(rank=rank).sort_values(
            ["from_earliest", "rank", "published_date", "assertion_id"]
        )
        superseded = order.duplicated("source_id", keep="last").reindex(mine.index)
        rivals = (
            window
            & (side != own)
            & side.isin(["gang", "state", "third_party"])
            & (rank >= last["rank"])
            & (mine["source_id"] != last["source_id"])
        )
        expected = own in ("gang", "state", "third_party") and (rivals & ~superseded).any()
        assert row["is_disputed"] == expected


@given(_rows, st.lists(_days, min_size=1, max_size=6, unique=True))
def test_a_panel_of_many_dates_is_the_panels_of_each(rows: list[dict], days: list[date]) -> None:
    history = status_history(statements(*rows))
    together = panel_of(history, days).sort_values(["date", "neighborhood_id"], ignore_index=True)
    apart = pd.concat([panel_of(history, [day]) for day in sorted(days)], ignore_index=True)
    pd.testing.assert_frame_equal(
        together, apart.sort_values(["date", "neighborhood_id"], ignore_index=True), check_dtype=False
    )
