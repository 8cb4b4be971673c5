"""A stand-in for OurAirports: the real columns, the real place of MTPP, other airports invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import ClassVar

from tests.fake_services.server import Answer, FakeService, Request

COLUMNS = (
    *("id", "ident", "type", "name", "latitude_deg", "longitude_deg", "elevation_ft", "continent"),
    *("iso_country", "iso_region", "municipality", "scheduled_service", "icao_code", "iata_code", "gps_code"),
    *("local_code", "home_link", "wikipedia_link", "keywords"),
)


def csv_file(columns: tuple[str, ...] = COLUMNS, **changes: str) -> bytes:
    """Four airports, three of them in Haiti; ``changes`` are made to MTPP."""
    main = {
        "id": "4825",
        "ident": "MTPP",
        "type": "large_airport",
        "name": "Toussaint Louverture International Airport",
        "latitude_deg": "18.58",
        "longitude_deg": "-72.2925",
        "continent": "NA",
        "iso_country": "HT",
        "iso_region": "HT-OU",
        "municipality": "Port-au-Prince",
        "scheduled_service": "yes",
        "icao_code": "MTPP",
        "iata_code": "PAP",
    } | changes
    small = {
        "id": "900001",
        "ident": "HT-9001",
        "type": "small_airport",
        "name": "=Synthetic, airstrip",
        "latitude_deg": "18.7",
        "longitude_deg": "-72.4",
        "continent": "NA",
        "iso_country": "HT",
        "iso_region": "HT-OU",
        "scheduled_service": "no",
    }
    lost = small | {"id": "900002", "ident": "HT-9002", "latitude_deg": ""}
    other = small | {"id": "900003", "ident": "ZZ-9003", "iso_country": "NA", "continent": "AF"}
    out = io.StringIO(newline="")
    writer = csv.DictWriter(
        out, columns, restval="", extrasaction="ignore", quoting=csv.QUOTE_ALL, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows([main, small, lost, other])
    return out.getvalue().encode()


class FakeOurAirports(FakeService):
    """The file of all airports."""

    name = "ourairports"
    ADDRESSES: ClassVar[Mapping[str, str]] = {"OURAIRPORTS_ADDRESS": ""}
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "today": "19 columns",
        "older": "18 columns, without icao_code",
        "lost_continent": "a program has read NA as 'missing'",
        "without_main": "cut short: MTPP is missing",
        "main_elsewhere": "MTPP lies elsewhere",
        "moved_columns": "a needed column is missing",
        "gone": "404",
        "cut": "the connection breaks in every body",
        "truncated": "the file ends inside a row",
        "web_page": "200 with a web page",
    }

    def respond(self, request: Request) -> Answer:
        """Answer as the site does."""
        if request.path != "/ourairports-data/airports.csv" or self.scenario == "gone":
            return Answer(404, b"Not Found", "text/plain")
        match self.scenario:
            case "older":
                body = csv_file(tuple(name for name in COLUMNS if name != "icao_code"))
            case "lost_continent":
                body = csv_file().replace(b'"NA"', b'""')
            case "without_main":
                body = csv_file(ident="HT-9009")
            case "main_elsewhere":
                body = csv_file(latitude_deg="19.7")
            case "moved_columns":
                body = csv_file(tuple(name for name in COLUMNS if name != "iso_country"))
            case "truncated":
                body = csv_file()[:-60]
            case "web_page":
                return Answer(body=b"<!DOCTYPE html><title>Gone</title>", content_type="text/html")
            case "cut":
                return Answer(body=csv_file(), content_type="text/csv", cut_after=400)
            case _:
                body = csv_file()
        return Answer(body=body, content_type="text/csv")
