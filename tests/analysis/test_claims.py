"""Register of claims: levels, denials, contradictions, funnel and reversal, on the Solino fixture and by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis import claims
from monitor.analysis.status import known, status_history, with_sub_zones
from tests.analysis.test_solino import solino
from tests.frames import statement, statements

__all__ = ["solino"]


def as_claims(rows: pd.DataFrame) -> pd.DataFrame:
    """Statements read as rows of the register."""
    return rows.rename(columns={"assertion_id": "claim_id", "from_earliest": "claim_date"}).assign(
        forces="police"
    )


def register(
    rows: pd.DataFrame,
    is_claim: pd.Series,
    *,
    as_of: str,
    known_on: str | None = None,
    evidence: str = "all_claims",
) -> pd.DataFrame:
    day = None if known_on is None else date.fromisoformat(known_on)
    seen, said = known(rows[is_claim], day), known(rows, day)
    history = pd.concat(status_history(part, evidence=evidence) for part in (said, with_sub_zones(said)))
    return claims.register(
        as_claims(seen), said, history, as_of=date.fromisoformat(as_of), stale_after_days=180
    )


def test_the_solino_claim_is_one_disputed_and_contradicted_after_a_day(solino: pd.DataFrame) -> None:
    is_claim = solino["claimant"].eq("state") & solino["status"].eq("state_held")
    table = register(solino, is_claim, as_of="2024-10-22")
    assert len(table) == 1
    row = table.iloc[0]
    assert (row["level"], row["independent"], row["sub_zones"]) == ("claimed", 0, 5)
    assert (row["denied_on"], row["denied_by"]) == (pd.Timestamp("2024-10-20"), "A newspaper")
    assert row["days_to_contradiction"] == 1
    assert (row["outcome"], row["zones_lost"], row["zones_contested"], row["days_held"]) == ("lost", 1, 4, 1)
    steps = claims.funnel(table, observed_to=date(2024, 12, 1)).set_index("step")["count"]
    assert steps.to_dict() == {"claimed": 1, "corroborated": 0, "held_30": 0, "held_90": 0}
    reversed_ = claims.reversal(table, table["claimant"], observed_to=date(2024, 12, 1)).iloc[0]
    assert (reversed_["contradicted_7"], reversed_["of_7"], reversed_["median_days"]) == (1, 1, 1)


def test_known_on_the_day_itself_there_is_a_claim_a_denial_and_no_contradiction(solino: pd.DataFrame) -> None:
    is_claim = solino["claimant"].eq("state") & solino["status"].eq("state_held")
    row = register(solino, is_claim, as_of="2024-10-22", known_on="2024-10-20").iloc[0]
    assert row["denied_on"] == pd.Timestamp("2024-10-20")
    assert pd.isna(row["contradicted_on"])
    assert row["outcome"] == "held"


def test_sub_zones_of_the_day_after(solino: pd.DataFrame) -> None:
    is_claim = solino["claimant"].eq("state") & solino["status"].eq("state_held")
    zones = claims.zones_now(
        status_history(with_sub_zones(solino)), as_claims(solino[is_claim]), as_of=date(2024, 10, 21)
    )
    assert zones["status"].value_counts().to_dict() == {"contested": 4, "gang_control": 1}
    nothing = status_history(with_sub_zones(solino[is_claim]), evidence="corroborated")
    assert set(
        claims.zones_now(nothing, as_claims(solino[is_claim]), as_of=date(2024, 10, 21))["status"]
    ) == {"no_data"}


CLAIM = {"claimant": "state", "verification": "claimed", "source_publisher": "Police"}


def one(*others: dict, status: str = "state_held", as_of: str = "2024-12-31", **more: object) -> pd.Series:
    rows = statements(statement("a", "2024-06-01", status, **CLAIM), *others)
    return register(rows, pd.Series([True, *[False] * len(others)]), as_of=as_of, **more).iloc[0]


def test_levels_follow_independent_reports_within_the_window() -> None:
    assert one()["level"] == "claimed"
    assert one(statement("a", "2024-06-10", "state_held", **CLAIM))["level"] == "claimed"
    assert one(statement("a", "2024-06-03", "state_presence"))["level"] == "corroborated"
    assert one(statement("a", "2024-06-03", "state_held", verification="claimed"))["level"] == "claimed"
    assert one(statement("a", "2024-07-15", "state_held"))["level"] == "claimed"
    two = [statement("a", "2024-06-03", "state_held", source_publisher=name) for name in ("A", "B")]
    assert one(*two)["level"] == "confirmed"
    assert one(statement("a", "2024-06-08", "state_held"))["level"] == "confirmed"
    assert one(statement("b", "2024-06-03", "state_held"))["level"] == "claimed"


def test_contested_contradicts_a_claim_of_holding_and_not_a_patrol() -> None:
    contested = statement("a", "2024-06-05", "contested")
    assert one(contested)["days_to_contradiction"] == 4
    assert pd.isna(one(contested, status="state_presence")["contradicted_on"])
    gang = statement("a", "2024-06-05", "gang_control")
    assert one(gang, status="state_presence")["days_to_contradiction"] == 4


def test_gangs_and_weak_reports_do_not_contradict_and_gangs_do_not_deny() -> None:
    by_gang = statement("a", "2024-06-02", "gang_control", claimant="gang", verification="claimed")
    assert one(by_gang)[["contradicted_on", "denied_on"]].isna().all()
    weak = one(statement("a", "2024-06-02", "gang_control", claimant="residents", verification="claimed"))
    assert pd.isna(weak["contradicted_on"])
    assert weak["denied_on"] == pd.Timestamp("2024-06-02")


def test_the_funnel_does_not_count_what_could_not_be_followed() -> None:
    report = statement("a", "2024-06-02", "state_held")
    rows = statements(statement("a", "2024-06-01", "state_held", **CLAIM), report)
    table = register(rows, pd.Series([True, False]), as_of="2025-06-01")
    steps = claims.funnel(table, observed_to=date(2025, 6, 1)).set_index("step")
    assert steps.loc["held_30", ["count", "out_of", "lost", "not_followed"]].tolist() == [0, 0, 0, 1]
    again = statements(
        statement("a", "2024-06-01", "state_held", **CLAIM),
        report,
        statement("a", "2024-07-05", "state_held"),
    )
    table = register(again, pd.Series([True, False, False]), as_of="2025-06-01")
    steps = claims.funnel(table, observed_to=date(2025, 6, 1)).set_index("step")
    assert steps["count"].to_dict() == {"claimed": 1, "corroborated": 1, "held_30": 1, "held_90": 0}


def test_the_strict_funnel_ends_at_contested() -> None:
    rows = statements(
        statement("a", "2024-06-01", "state_presence"),
        statement("a", "2024-06-10", "contested"),
        statement("a", "2024-07-20", "state_presence"),
    )
    table = register(rows, pd.Series([True, False, False]), as_of="2025-06-01")
    held = {
        strict: claims.funnel(table, observed_to=date(2025, 6, 1), strict=strict).set_index("step")
        for strict in (False, True)
    }
    assert held[False].loc["held_30", "count"] == 1
    assert held[True].loc["held_30", ["count", "lost"]].tolist() == [0, 1]


def test_a_young_claim_is_left_out_of_the_shares() -> None:
    table = pd.DataFrame(
        {
            "claim_date": pd.to_datetime(["2024-01-01", "2024-01-20"]),
            "days_to_contradiction": pd.array([10, None], dtype="Float64"),
        }
    )
    row = claims.reversal(table, pd.Series(["police", "police"]), observed_to=date(2024, 2, 1)).iloc[0]
    assert (row["of_7"], row["contradicted_7"], row["of_30"], row["contradicted_30"]) == (2, 0, 1, 1)
    assert row["share_30"] == pytest.approx(1)


statuses = st.sampled_from(["state_held", "state_presence", "contested", "gang_control"])


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.integers(0, 60),
            statuses,
            st.sampled_from(["state", "press", "gang"]),
            st.sampled_from(["claimed", "single_source"]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 60),
)
def test_later_statements_never_change_what_was_known_before(events: list, cut: int) -> None:
    first = pd.Timestamp("2024-01-01")
    rows = statements(
        *(
            statement(
                area, str((first + pd.Timedelta(days=day)).date()), status, claimant=who, verification=level
            )
            for area, day, status, who, level in events
        )
    )
    is_claim = rows["status"].str.startswith("state")
    end = first + pd.Timedelta(days=cut)
    early = rows["from_earliest"] <= end
    if not (is_claim & early).any():
        return
    then = register(rows, is_claim, as_of=str(end.date()), known_on=str(end.date()))
    alone = register(rows[early], is_claim[early], as_of=str(end.date()))
    pd.testing.assert_frame_equal(then, alone)
    assert len(then) <= len(events)
    assert (then["contradicted_on"].isna() | (then["contradicted_on"] > then["claim_date"])).all()


def test_a_register_without_claims_has_the_columns_of_one_with() -> None:
    rows = statements(statement("a", "2024-06-01", "state_held", **CLAIM))
    full = register(rows, pd.Series([True]), as_of="2024-12-31")
    none = register(rows, pd.Series([True]), as_of="2024-05-31")
    assert none.empty
    assert set(none.columns) == set(full.columns)
    assert claims.funnel(none, observed_to=date(2024, 6, 1))["count"].tolist() == [0, 0, 0, 0]
