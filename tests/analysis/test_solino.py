"""The fixture "Solino, October 2024" of docs/methods.md with its expected answer."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from monitor.analysis.holds import hold_spells
from monitor.analysis.status import status_history, status_panel, with_sub_zones
from tests.frames import statement, statements

ZONES = ("Sylvio Cator", "Paul Lochard", "Saint-Michel", "Ruelle Anglade", "Corridor Bastia")


@pytest.fixture
def solino() -> pd.DataFrame:
    union = statement(
        "solino",
        "2024-10-17",
        "gang_control",
        until="2024-10-28",
        published_date="2024-10-28",
        claimant="state",
        claimant_name="SPN-17",
    )
    communique = [
        statement(
            "solino",
            "2024-10-20",
            "state_held",
            sub_zone=zone,
            claimant="state",
            verification="claimed",
            source_id="pnh",
        )
        for zone in ZONES
    ]
    total = statement(
        "solino", "2024-10-20", "state_held", claimant="state", verification="claimed", source_id="outlet"
    )
    residents = statement(
        "solino",
        "2024-10-20",
        "gang_control",
        claimant="residents",
        verification="claimed",
        source_id="residents",
    )
    radiographie = [
        statement("solino", "2024-10-21", "contested", source_id="radiographie"),
        statement(
            "solino", "2024-10-21", "gang_control", sub_zone="Ruelle Anglade", source_id="radiographie"
        ),
    ]
    nouvelliste = statement("solino", "2024-10-21", "contested", source_id="nouvelliste")
    # The union's forecast of 28 October ("defeat expected") is no statement about who holds: there is no row for it.
    return statements(union, *communique, total, residents, *radiographie, nouvelliste)


def retaken(rows: pd.DataFrame, evidence: str, **options: object) -> set[str]:
    history = pd.concat(
        [status_history(part, evidence=evidence, **options) for part in (rows, with_sub_zones(rows))]
    )
    return set(hold_spells(history)["neighborhood_id"].str.split("/").str[0])


def test_retaken_under_all_claims_is_one_neighborhood_and_under_corroborated_none(
    solino: pd.DataFrame,
) -> None:
    assert retaken(solino, "all_claims") == {"solino"}
    assert retaken(solino, "corroborated") == set()


def test_the_unions_report_is_known_only_from_28_october(solino: pd.DataFrame) -> None:
    early = status_panel(solino, [date(2024, 10, 18)], known_on=date(2024, 10, 20), areas=["solino"]).iloc[0]
    late = status_panel(solino, [date(2024, 10, 18)], known_on=date(2024, 10, 28), areas=["solino"]).iloc[0]
    assert (early["status"], late["status"]) == ("no_data", "gang_control")


def test_the_outlets_total_does_not_widen_the_named_streets(solino: pd.DataFrame) -> None:
    whole = status_panel(solino, [date(2024, 10, 20)], areas=["solino"]).iloc[0]
    assert whole["status"] == "gang_control"


def test_anglade_is_lost_after_one_day_and_the_others_are_contested(solino: pd.DataFrame) -> None:
    zones = with_sub_zones(solino)
    spells = hold_spells(status_history(zones)).set_index("neighborhood_id")
    assert len(spells) == 5
    anglade = spells.loc["solino/Ruelle Anglade"]
    assert (anglade["lost"], anglade["duration_high_days"], anglade["start"]) == (
        True,
        1.0,
        pd.Timestamp("2024-10-20"),
    )
    others = spells.drop("solino/Ruelle Anglade")
    assert not others["lost"].any()
    panel = status_panel(zones, [date(2024, 10, 21)]).set_index("neighborhood_id")
    assert panel.loc["solino/Paul Lochard", ["status", "is_contested"]].tolist() == ["contested", True]


def test_the_forecast_changes_nothing(solino: pd.DataFrame) -> None:
    panel = status_panel(solino, [date(2024, 10, 27), date(2024, 10, 28)], areas=["solino"])
    assert panel["status"].nunique() == 1
