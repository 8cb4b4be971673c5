"""Personnel by country, conflicting figures, inputs beside outcomes, and verdicts on statements."""

from __future__ import annotations

from datetime import date
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.contracts import STATEMENT_RULES
from monitor.analysis import mission
from monitor.analysis.scorecard import RULES, VERDICTS, Facts, Verdict


def figures(*rows: tuple) -> pd.DataFrame:
    columns = ["as_of", "topic", "basis", "entity", "value", "unit"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["as_of"] = pd.to_datetime(frame["as_of"]).astype("datetime64[us]")
    return frame.assign(
        figure_id=[f"F{n}" for n in range(len(frame))],
        published_date=frame["as_of"],
        is_batch=False,
        note=None,
        source_publisher="A newspaper",
        source_url="https://example.org",
        source_checked="page",
    )


ROWS = figures(
    ("2023-10-02", "personnel", "authorised", "MSS", 2500.0, "personnel"),
    ("2024-06-25", "personnel", "deployed", "Kenya", 400.0, "personnel"),
    ("2024-07-09", "personnel", "deployed", "Kenya", 200.0, "personnel"),
    ("2025-06-26", "personnel", "deployed", "MSS total", 1000.0, "personnel"),
    ("2024-05-02", "funding", "required", "MSS", 600.0, "USD million"),
    ("2024-05-02", "funding", "received", "MSS trust fund", 20.0, "USD million"),
    ("2024-05-10", "funding", "pledged", "Canada", 80.0, "CAD million"),
    ("2025-09-30", "personnel", "authorised", "GSF", 5550.0, "personnel"),
)


def test_the_latest_figure_of_each_country_stands_beside_its_rivals() -> None:
    table = mission.by_country(ROWS)
    kenya = table[table["entity"] == "Kenya"].iloc[0]
    assert kenya[["value", "low", "high", "figures"]].tolist() == [200, 200, 400, 2]
    assert not table["entity"].str.endswith(" total").any()


def test_conflicts_are_figures_of_one_basis_and_entity_close_in_time() -> None:
    found = mission.conflicts(ROWS)
    assert found["entity"].tolist() == ["Kenya", "Kenya"]
    assert found["conflict"].tolist() == [1, 1]
    apart = ROWS.assign(as_of=ROWS["as_of"].mask(ROWS["value"] == 200, pd.Timestamp("2024-12-01")))
    assert mission.conflicts(apart).empty


def test_equal_figures_of_several_outlets_are_no_conflict() -> None:
    assert mission.conflicts(ROWS.assign(value=ROWS["value"].replace(200.0, 400.0))).empty


def test_a_lag_reads_personnel_earlier() -> None:
    totals = figures(("2025-01-01", "personnel", "deployed", "MSS total", 100.0, "personnel"))
    days = pd.DatetimeIndex(["2024-12-31", "2025-01-01", "2025-01-29"])
    assert mission.step(totals, days).tolist() == pytest.approx([np.nan, 100, 100], nan_ok=True)
    assert mission.step(totals, days, lag_days=28).tolist() == pytest.approx(
        [np.nan, np.nan, 100], nan_ok=True
    )


def test_personnel_per_10000_people_in_gang_held_areas() -> None:
    panel = pd.DataFrame(
        {
            "date": pd.Timestamp("2025-07-01"),
            "neighborhood_id": list("abc"),
            "status": ["gang_control", "gang_influence", "state_held"],
        }
    )
    people = pd.Series({"a": 30_000.0, "b": 20_000.0, "c": 90_000.0})
    totals = mission.deployed_totals(ROWS)
    row = mission.inputs_beside_outcomes(totals, mission.held_by_sides(panel, people)).iloc[0]
    assert row[["personnel", "gang_areas", "gang_people", "state_areas", "per_10000"]].tolist() == [
        1000,
        2,
        50_000,
        1,
        200,
    ]
    nobody = panel.assign(status="state_held")
    empty = mission.inputs_beside_outcomes(totals, mission.held_by_sides(nobody, people))
    assert np.isnan(empty["per_10000"].iloc[0])


def test_cost_per_held_week_counts_days_inside_the_period() -> None:
    spells = pd.DataFrame(
        {
            "start": pd.to_datetime(["2024-06-01", "2024-07-01"]),
            "end": pd.to_datetime(["2024-07-08", "2024-07-15"]),
        }
    )
    cost, weeks = mission.cost_per_held_week(30.0, spells, since=date(2024, 7, 1), until=date(2024, 7, 15))
    assert weeks == 3
    assert cost == 10
    nothing, none = mission.cost_per_held_week(30.0, spells, since=date(2025, 1, 1), until=date(2025, 2, 1))
    assert none == 0
    assert np.isnan(nothing)


# -- verdicts --------------------------------------------------------------------------------------------------------


def reports(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["status_date", "status", "event"])
    frame["status_date"] = pd.to_datetime(frame["status_date"]).astype("datetime64[us]")
    return frame.assign(site_id="hospital", status_id=[f"K{n}" for n in range(len(frame))])


def states(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["valid_from", "status"])
    frame["valid_from"] = pd.to_datetime(frame["valid_from"])
    return frame.assign(site_id="hospital")


def claims(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["claim_date", "actor_ids", "verification", "outcome"])
    frame["claim_date"] = pd.to_datetime(frame["claim_date"]).astype("datetime64[us]")
    return frame.assign(claim_id=[f"R{n}" for n in range(len(frame))])


def judged(
    rule: str, subject: str = "", *, as_of: date = date(2025, 12, 1), **given: pd.DataFrame
) -> Verdict:
    facts = Facts(
        as_of=as_of,
        actors=pd.DataFrame(
            {"actor_id": ["force", "police"], "actor_type": ["international force", "state force"]}
        ),
        milestones=pd.DataFrame(
            {
                "milestone_id": ["M1"],
                "milestone_date": pd.to_datetime(["2024-04-25"]),
                "source_checked": ["recall"],
            }
        ),
        mission=given.get("mission", ROWS),
        outcomes=given.get("outcomes", claims()),
        site_reports=given.get("site_reports", reports()),
        site_history=given.get("site_history", states()),
        sites=pd.DataFrame(),
        surroundings=given.get(
            "surroundings",
            pd.DataFrame(
                {"site_id": ["hospital"], "area_status": ["state_held"], "gang_distance_m": [900.0]}
            ),
        ),
    )
    return RULES[rule](facts, subject)


def test_every_rule_of_the_contract_exists() -> None:
    assert set(RULES) == set(STATEMENT_RULES)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (claims(("2025-01-01", "police|force", "single_source", "held")), "supported"),
        (claims(("2025-01-01", "police|force", "corroborated", "lost")), "partly"),
        (claims(("2025-01-01", "force", "claimed", "held")), "partly"),
        (claims(("2025-01-01", "force", "claimed", "unknown")), "cannot_be_known"),
        (claims(("2025-01-01", "police", "confirmed", "held")), "not_supported"),
        (claims(("2023-01-01", "force", "confirmed", "held")), "not_supported"),
    ],
)
def test_helped_retake(outcomes: pd.DataFrame, verdict: str) -> None:
    assert judged("helped_retake", outcomes=outcomes).verdict == verdict


def test_before_anyone_is_deployed_nothing_can_be_said_of_the_mission() -> None:
    early = date(2024, 1, 1)
    for rule in ("helped_retake", "regained", "secured_site"):
        assert judged(rule, "hospital", as_of=early).verdict == "cannot_be_known"


def test_regained_counts_losses_of_claims_since_the_deployment() -> None:
    lost = claims(("2025-01-01", "police", "claimed", "lost"), ("2025-01-01", "police", "claimed", "unknown"))
    found = judged("regained", outcomes=lost)
    assert found.verdict == "supported"
    assert {n.name: n.value for n in found.numbers}["claims_lost"] == 1
    assert judged("regained", outcomes=lost.assign(outcome="held")).verdict == "not_supported"
    assert judged("regained", outcomes=lost.assign(outcome="unknown")).verdict == "cannot_be_known"


def test_recaptured_is_not_reopened() -> None:
    story = reports(
        ("2024-02-29", "closed", None),
        ("2024-07-07", None, "retaken"),
        ("2024-12-24", None, "attacked"),
        ("2025-02-13", "closed", None),
    )
    found = judged(
        "reopened_site", "hospital", site_reports=story, site_history=states(("2025-02-13", "closed"))
    )
    assert found.verdict == "not_supported"
    numbers = {n.name: n.value for n in found.numbers}
    assert (numbers["retaken_count"], numbers["attacked_count"], numbers["reopened_count"]) == (1, 1, 0)
    assert numbers["closed_since"] == pd.Timestamp("2024-02-29")


@pytest.mark.parametrize(
    ("now", "verdict"), [("open", "supported"), ("closed", "partly"), ("unknown", "partly")]
)
def test_reopened_depends_on_whether_it_serves_now(now: str, verdict: str) -> None:
    story = reports(("2024-02-29", "closed", None), ("2024-09-01", "open", "reopened"))
    history = states(("2024-09-01", "open"), ("2024-10-01", now))
    assert judged("reopened_site", "hospital", site_reports=story, site_history=history).verdict == verdict
    assert judged("reopened_site", "hospital").verdict == "cannot_be_known"


@pytest.mark.parametrize(
    ("state", "attacked", "area", "verdict"),
    [
        ("open", "2024-08-01", "state_held", "supported"),
        ("open", "2025-11-20", "state_held", "partly"),
        ("reduced", "2024-08-01", "state_held", "partly"),
        ("closed", "2024-08-01", "state_held", "not_supported"),
        ("open", "2024-08-01", "gang_control", "not_supported"),
        ("unknown", "2024-08-01", "state_held", "cannot_be_known"),
    ],
)
def test_secured_asks_for_open_unattacked_and_not_gang_held(
    state: str, attacked: str, area: str, verdict: str
) -> None:
    found = judged(
        "secured_site",
        "hospital",
        site_reports=reports((attacked, None, "attacked")),
        site_history=states(("2025-06-01", state)),
        surroundings=pd.DataFrame({"site_id": ["hospital"], "area_status": [area], "gang_distance_m": [0.0]}),
    )
    assert found.verdict == verdict


def test_lack_is_judged_by_share_and_on_the_day_of_the_figures() -> None:
    assert judged("lacks_funds").verdict == "supported"
    rich = ROWS.assign(value=ROWS["value"].mask(ROWS["basis"] == "received", 500.0))
    assert judged("lacks_funds", mission=rich).verdict == "partly"
    assert judged("lacks_funds", as_of=date(2024, 1, 1)).verdict == "cannot_be_known"
    # 1,000 of the 2,500 authorised then, although 5,550 are authorised by the date shown.
    found = judged("lacks_personnel")
    assert {n.name: n.value for n in found.numbers}["deployed_share"] == 0.4
    full = ROWS.assign(value=ROWS["value"].mask(ROWS["entity"] == "MSS total", 2400.0))
    assert judged("lacks_personnel", mission=full).verdict == "not_supported"


def test_an_event_counts_from_its_day_on() -> None:
    assert judged("happened", "M1", as_of=date(2024, 4, 25)).verdict == "supported"
    assert judged("happened", "M1", as_of=date(2024, 4, 24)).verdict == "not_supported"
    assert judged("happened", "M9").verdict == "cannot_be_known"


def test_every_verdict_is_one_of_the_four() -> None:
    assert {judged(rule, "hospital").verdict for rule in RULES} <= set(VERDICTS)


def test_figures_published_after_the_known_on_day_do_not_count() -> None:
    rows = pd.DataFrame(
        {
            "indicator": "capital_share_gangs",
            "period_start": pd.to_datetime(["2024-01-01", "2025-01-01", "2025-02-01", "2025-03-01"]),
            "period_end": pd.to_datetime([None, None, "2025-02-28", None]),
            "published_date": pd.to_datetime(["2024-01-05", "2025-01-05", "2025-06-01", "2025-03-02"]),
            "value": [80.0, 85.0, 90.0, 95.0],
        }
    )

    def values(as_of: str, known_on: str | None) -> list[float]:
        day = None if known_on is None else date.fromisoformat(known_on)
        found = mission.capital_shares(rows, date.fromisoformat(as_of), day)
        return found["value"].tolist()

    assert values("2025-02-28", None) == [85.0, 90.0]
    assert values("2025-02-28", "2025-05-31") == [85.0]
    assert values("2025-02-28", "2025-06-01") == [85.0, 90.0]
    assert values("2025-02-27", None) == [85.0], "a period that has not ended has no figure yet"
    assert values("2024-12-31", None) == [80.0]


@given(st.randoms())
def test_of_rival_figures_of_one_day_the_one_published_last_counts_in_any_order(random: Random) -> None:
    rows = figures(
        ("2023-10-02", "personnel", "authorised", "MSS", 2500.0, "personnel"),
        ("2023-10-02", "personnel", "authorised", "MSS", 2000.0, "personnel"),
        ("2024-06-25", "personnel", "deployed", "MSS total", 400.0, "personnel"),
        ("2024-06-25", "personnel", "deployed", "MSS total", 600.0, "personnel"),
    ).assign(published_date=pd.to_datetime(["2023-10-05", "2023-10-03", "2024-07-02", "2024-07-01"]))
    order = list(rows.index)
    random.shuffle(order)
    totals = mission.deployed_totals(rows.loc[order])
    assert totals[["value", "authorised"]].to_numpy().tolist() == [[600.0, 2500.0], [400.0, 2500.0]]
    last = mission.latest(rows.loc[order], basis="deployed")
    assert last is not None
    assert last["value"] == totals["value"].iloc[-1]
