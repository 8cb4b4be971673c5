"""OurAirports: the continent called NA, 18 or 19 columns, and a file that is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest

from loaders.sources import ourairports
from loaders.sources.http import Session, SourceError
from loaders.sources.interface import Ask
from tests.fake_services.ourairports import COLUMNS, FakeOurAirports, csv_file


@pytest.fixture
def service() -> Iterator[FakeOurAirports]:
    fake = FakeOurAirports()
    with fake.running():
        yield fake


def fetched(session: Session, service: FakeOurAirports) -> tuple[pd.DataFrame, pd.DataFrame]:
    ask = Ask(date(2018, 1, 1), date(2026, 11, 23))
    return ourairports.parse(ourairports.fetch(session, {"OURAIRPORTS_ADDRESS": service.address}, ask).body)


@pytest.mark.parametrize(("scenario", "icao_code"), [("today", "MTPP"), ("older", "")])
def test_airports_of_haiti(service: FakeOurAirports, session: Session, scenario: str, icao_code: str) -> None:
    service.scenario = scenario
    airports, rejected = fetched(session, service)
    assert airports["ident"].to_dict() == {2: "MTPP", 3: "HT-9001"}
    main = airports.loc[2]
    assert (main["icao_code"], main["iata_code"], main["lat"], main["lon"]) == (
        icao_code,
        "PAP",
        18.58,
        -72.2925,
    )
    assert airports["has_scheduled_service"].tolist() == [True, False]
    assert airports.loc[3, "name"] == "=Synthetic, airstrip"
    assert rejected[["row", "column", "reason"]].to_numpy().tolist() == [
        [4, "latitude_deg", "is not a latitude in Haiti"]
    ]


def test_the_country_called_na_is_not_missing() -> None:
    """Namibia's code is NA, as Haiti's continent is: neither is read as an empty cell."""
    airports, _ = ourairports.parse(csv_file())
    assert "ZZ-9003" not in set(airports["ident"])


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("lost_continent", "has read the text NA as 'missing'"),
        ("without_main", "MTPP .* is missing"),
        ("main_elsewhere", "1.12 degrees from where it is"),
        ("moved_columns", "columns missing: iso_country"),
        ("gone", "answered 404"),
        ("cut", "connection failed"),
        ("truncated", "cut short"),
        ("web_page", "web page"),
    ],
)
def test_what_is_not_the_file_is_refused(
    service: FakeOurAirports, session: Session, scenario: str, message: str
) -> None:
    service.scenario = scenario
    with pytest.raises(SourceError, match=message):
        fetched(session, service)


def test_no_airports_of_haiti_is_not_an_empty_table() -> None:
    with pytest.raises(SourceError, match="no airports of Haiti"):
        ourairports.parse(csv_file().replace(b'"HT"', b'"DO"'))


def test_columns_are_those_of_the_file() -> None:
    assert len(COLUMNS) == 19
