"""A stand-in for UCDP's downloads page, its files and its API. Every row is invented."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, ClassVar

from loaders.sources.ucdp_export import COLUMNS
from tests.fake_services.server import Answer, FakeService, Request

TOKEN = "synthetic-token"
BURST = 40


def row(number: int, **changes: Any) -> dict[str, Any]:
    """One invented event in UCDP's 49 columns; the same number gives the same event."""
    values: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    values |= {
        "id": 900000 + number,
        "relid": f"HAI-2026-2-9999-{number}",
        "year": 2026,
        "active_year": 1,
        "code_status": "Clear" if number % 2 else "Check deaths",
        "type_of_violence": 1 + number % 3,
        "conflict_name": "Synthetic conflict",
        "dyad_name": "Synthetic Side A - Synthetic Side B",
        "side_a": "Synthetic Side A",
        "side_b": "Synthetic Side B",
        "source_headline": "Synthetic row for tests, not a UCDP record",
        "where_prec": 1,
        "where_coordinates": "Solino neighborhood",
        "where_description": "Synthetic",
        "adm_1": "Ouest department",
        "adm_2": "Port-au-Prince arrondissement",
        "latitude": 18.549,
        "longitude": -72.322,
        "country": "Haiti",
        "country_id": 41,
        "region": "Americas",
        "event_clarity": 1,
        "date_prec": 1,
        "date_start": f"2026-08-{1 + number % 28:02d} 00:00:00.000",
        "date_end": f"2026-08-{1 + number % 28:02d} 00:00:00.000",
        "best": 3,
        "high": 5,
        "low": 1,
    }
    return values | changes


def csv_file(rows: list[dict[str, Any]], *, header: bool = True) -> bytes:
    """Rows as a release writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    writer.writerows([[one[name] for name in COLUMNS] for one in rows])
    return out.getvalue().encode()


def archive(*members: tuple[str, bytes]) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members:
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # without the time of day
    return out.getvalue()


class FakeUcdp(FakeService):
    """Downloads page, CSV files, and the API with token."""

    name = "ucdp"
    ADDRESSES: ClassVar[Mapping[str, str]] = {"UCDP_ADDRESS": "/downloads", "UCDP_API_ADDRESS": "/api"}
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "first_load": "two final releases, candidates up to 26.0.8, the last without a header",
        "changes": "a new release 26.0.9 revises an event and adds one",
        "no_links": "a downloads page without releases",
        "truncated": "files end in the middle of a row",
        "wrong_encoding": "files mix UTF-8 and Latin-1",
        "burst_once": "the API answers 400 once, then as usual",
        "burst": "the API answers 400 for ever",
        "from_zero": "the API's first page is page 0 and it starts at page 1",
        "circle": "the API's next page is the page itself",
        "other_host": "the API's next page is on another host",
        "pages_missing": "the API's pages end before TotalPages",
        "unavailable_once": "503, then as usual",
        "unavailable": "503 for ever",
        "cut": "the connection breaks in every body",
        "huge": "a body that never ends",
    }

    def files(self) -> dict[str, bytes]:
        """Files below the downloads page, by path."""
        earlier = row(1, year=2025, date_start="2025-05-05 00:00:00.000", best=2)
        files = {
            "ged/ged251-csv.zip": archive(("GEDEvent_v25_1.csv", csv_file([row(90, year=2024)]))),
            "ged/ged261-csv.zip": archive(
                ("GEDEvent_v26_1.csv", csv_file([{**earlier, "best": 4, "high": 9}]))
            ),
            "candidateged/GEDEvent_v25_0_5.csv": csv_file([earlier, row(2, year=2025)]),
            "candidateged/GEDEvent_v26_0_6.csv": csv_file([row(10), row(11, country="Chad", country_id=483)]),
            "candidateged/GEDEvent_v26_01_26_06.csv": csv_file([row(10, best=4), row(12)]),
            "candidateged/GEDEvent_v26_0_8.csv": csv_file([row(13), row(14, where_prec=6)], header=False),
        }
        if self.scenario == "changes":
            files["candidateged/GEDEvent_v26_0_9.csv"] = csv_file([row(13, best=5), row(15)])
        if self.scenario == "truncated":
            files = {name: content[:-200] for name, content in files.items()}
        if self.scenario == "wrong_encoding":
            mixed = csv_file([row(10, side_a="Synthétique", side_b="@")]).replace(b"@", b"\xe9")
            files = {name: mixed for name in files if name.endswith("csv")}
        return files

    def respond(self, request: Request) -> Answer:
        """Answer as UCDP does."""
        match self.scenario:
            case "unavailable":
                return Answer(503, b"Service Unavailable", "text/plain")
            case "unavailable_once" if self.first_time():
                return Answer(503, b"Service Unavailable", "text/plain")
            case "huge":
                return Answer(endless=True)
        answer = (
            self._api(request)
            if request.path.startswith("/api/gedevents/")
            else self._downloads(request.path)
        )
        if self.scenario == "cut":
            return Answer(answer.status, answer.body, answer.content_type, cut_after=len(answer.body) // 2)
        return answer

    def _downloads(self, path: str) -> Answer:
        files = self.files()
        if path == "/downloads/":
            links = [] if self.scenario == "no_links" else sorted(files)
            page = "".join(f'<a href="/downloads/{name}">Synthetic {name}</a>\n' for name in links)
            return Answer(body=f"<!DOCTYPE html>\n{page}".encode(), content_type="text/html")
        name = path.removeprefix("/downloads/")
        if name not in files:
            return Answer(404, b"Not Found", "text/plain")
        return Answer(body=files[name], content_type="application/octet-stream")

    def _api(self, request: Request) -> Answer:
        if request.headers.get("x-ucdp-access-token") != TOKEN:
            return Answer(401, b"API token required. Add header: x-ucdp-access-token", "text/plain")
        if request.path != "/api/gedevents/26.0.8":
            return Answer(404, b"Version not found", "text/plain")
        if self.scenario == "burst" or (self.scenario == "burst_once" and self.first_time()):
            return Answer(400, b"Too many requests", "text/plain")
        first = 0 if self.scenario == "from_zero" else 1
        rows, size = [row(number) for number in range(25)], 10
        number = int(request.query.get("page", "1"))
        last = first + (len(rows) - 1) // size
        start = (number - first) * size
        # Neighbouring pages overlap by one row, as they do when rows are added between two requests.
        page = rows[max(0, start - 1) : start + size]
        following = self._link(request, number + 1) if number < last else None
        if self.scenario == "circle":
            following = self._link(request, number)
        if self.scenario == "other_host":
            following = "http://localhost:9/api/gedevents/26.0.8?page=2"
        if self.scenario == "pages_missing":
            following = None
        body = {
            "TotalCount": len(rows) + 3,
            "TotalPages": last - first + 1,
            "PreviousPageUrl": self._link(request, number - 1) if number > first else None,
            "NextPageUrl": following,
            "Result": page,
        }
        return Answer(body=json.dumps(body).encode())

    def _link(self, request: Request, number: int) -> str:
        return f"{self.address}{request.path}?pagesize=10&page={number}"
