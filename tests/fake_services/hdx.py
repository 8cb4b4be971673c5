"""A stand-in for HDX and its service HAPI. Every figure and outline is invented: p-codes and names of places are real."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import xlsxwriter

from tests.fake_services.server import Answer, FakeService, Request

IDENTIFIER = base64.b64encode(b"synthetic-monitor:analyst@example.org").decode()

#: HAPI never gives more than this in one answer; tests make it smaller.
CAP = 10_000

#: Names that COD-AB gives the communes today: English or without accents. The last one is no metro commune.
COMMUNES = {
    "HT0111": "Port-au-Prince",
    "HT0112": "Delmas",
    "HT0113": "Carrefour",
    "HT0114": "Petion-Ville",
    "HT0115": "Kenscoff",
    "HT0116": "Gressier",
    "HT0117": "Cite Soleil",
    "HT0118": "Tabarre",
    "HT0131": "Croix-Des-Bouquets",
    "HT0142": "Cabaret",
}

#: The trap: arrondissements as ACLED calls them, with the codes of communes that HDX gives them.
ARRONDISSEMENTS = (
    ("Ouest", "Port-au-Prince", "HT0111"),
    ("Ouest", "Archaie", "HT0142"),
    ("Ouest", "Croix Des Bouquets", "HT0131"),
    ("Artibonite", "Gonaives", "HT0512"),
)
MONTHS = ("2026-09", "2026-10")
_MONTH_ENDS = {"2026-09": "2026-09-30", "2026-10": "2026-10-31"}
EVENT_TYPES = ("political_violence", "civilian_targeting", "demonstration")


def outlines(*, old: bool = False, drop: str = "", rename: Mapping[str, str] | None = None) -> bytes:
    """A layer of communes as GeoJSON: one invented square each, in the new or the old fields."""
    features = []
    for number, (pcode, name) in enumerate(COMMUNES.items()):
        if pcode == drop:
            continue
        west, south = -72.5 + 0.05 * (number % 5), 18.4 + 0.05 * (number // 5)
        square = [
            (west, south),
            (west + 0.05, south),
            (west + 0.05, south + 0.05),
            (west, south + 0.05),
            (west, south),
        ]
        name = (rename or {}).get(pcode, name)
        fields = (
            {"ADM2_EN": name, "ADM2_FR": name, "ADM2_HT": None, "ADM2_PCODE": pcode, "ADM1_PCODE": "HT01"}
            if old
            else {
                "adm2_name": name,
                "adm2_name1": name,
                "adm2_name2": None,
                "adm2_pcode": pcode,
                "adm1_name": "West",
                "adm1_name1": "Ouest",
                "version": "v01",
            }
        )
        features.append(
            {
                "type": "Feature",
                "properties": fields,
                "geometry": {"type": "Polygon", "coordinates": [square]},
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as found:
        for name, content in members.items():
            found.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # without the time of day
    return packed.getvalue()


def boundaries(layer: bytes | None = None) -> bytes:
    """The archive as HDX has it: all levels, and layers that hold no polygons."""
    empty = b'{"type": "FeatureCollection", "features": []}'
    others = (
        "hti_admin0",
        "hti_admin1",
        "hti_admin3",
        "hti_adminlines",
        "hti_adminpoints",
        "hti_admincapitals",
    )
    members = {f"{name}.geojson": empty for name in others}
    return archive(members | {"hti_admin2.geojson": outlines() if layer is None else layer})


def conflict_rows() -> Iterator[dict[str, Any]]:
    """Counts in HAPI's fields; demonstrations have no fatalities."""
    for month in MONTHS:
        for event_type in EVENT_TYPES:
            for number, (admin1, admin2, pcode) in enumerate(ARRONDISSEMENTS):
                yield {
                    "resource_hdx_id": "00000000-0000-0000-0000-000000000000",
                    "event_type": event_type,
                    "events": 40 - 9 * number,
                    "fatalities": None if event_type == "demonstration" else 80 - 20 * number,
                    "reference_period_start": f"{month}-01T00:00:00",
                    "reference_period_end": f"{_MONTH_ENDS[month]}T23:59:59",
                    "location_ref": 99,
                    "location_code": "HTI",
                    "location_name": "Haiti",
                    "has_hrp": True,
                    "in_gho": True,
                    "admin1_code": pcode[:4],
                    "admin1_name": admin1,
                    "provider_admin1_name": admin1,
                    "admin2_code": pcode,
                    "admin2_name": COMMUNES.get(pcode, "Ennery"),
                    "provider_admin2_name": admin2,
                    "admin_level": 2,
                }


def idp_rows() -> Iterator[dict[str, Any]]:
    """Displaced people in HAPI's fields."""
    for number, pcode in enumerate(("HT0111", "HT0112", "HT0142")):
        for assessment_type in ("BA", "SA"):
            yield {
                "operation": "Synthetic monitoring",
                "reporting_round": 90,
                "assessment_type": assessment_type,
                "admin2_code": pcode,
                "provider_admin2_name": COMMUNES[pcode].title(),
                "population": 1000 + number,
                "reference_period_start": "2026-06-01T00:00:00",
                "reference_period_end": "2026-06-30T23:59:59",
                "location_code": "HTI",
                "admin_level": 2,
            }


def acled_workbook(*, demonstrations: bool = False, **changes: str) -> bytes:
    """ACLED's workbook of Haiti: a sheet of terms, and a sheet of counts with the codes of the trap."""
    packed = io.BytesIO()
    header = [
        "Country",
        "Admin1",
        "Admin2",
        "ISO3",
        "Admin2 Pcode",
        "Admin1 Pcode",
        "Month",
        "Year",
        "Events",
    ]
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        book.add_worksheet("TOU").write_string(0, 0, "Synthetic terms of use")
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, header if demonstrations else [*header, "Fatalities"])
        sheet.write_row(1, 0, ["#country", "#adm1+name", "#adm2+name"])
        row = 2
        for month in ("September", "October"):
            for number, (admin1, admin2, pcode) in enumerate(ARRONDISSEMENTS):
                names = {"Admin2": admin2, "Month": month} | changes
                counts = [40 - number] if demonstrations else [40 - number, 80 - number]
                start = ["Haiti", admin1, names["Admin2"], "HTI", pcode, pcode[:4], names["Month"], 2026]
                sheet.write_row(row, 0, [*start, *counts])
                row += 1
    return packed.getvalue()


class FakeHdx(FakeService):
    """Datasets and files of HDX, and HAPI."""

    name = "hdx"
    ADDRESSES: ClassVar[Mapping[str, str]] = {"HDX_ADDRESS": "", "HAPI_ADDRESS": ""}
    CREDENTIALS: ClassVar[Mapping[str, str]] = {"HDX_APP_IDENTIFIER": IDENTIFIER}
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "current": "boundaries in the new layout; counts and displaced people",
        "old_layout": "boundaries with the fields of 2018",
        "renamed_file": "no file has the name expected",
        "web_page": "the file is a web page",
        "truncated": "the archive is cut short",
        "missing_commune": "the boundaries lack Delmas",
        "moved_codes": "the code of Delmas belongs to another commune",
        "nested": "an archive inside the archive",
        "escape": "the archive names a file outside itself",
        "gone": "404: there is no such dataset",
        "failure": "200 with success false",
        "cut": "the connection breaks in the body of the file",
        "endless": "the file never ends",
        "capped": "HAPI gives the first page, whatever page is asked for",
        "communes_now": "HAPI's counts name communes",
        "changed_fields": "a field of HAPI has another name",
        "revised_twice": "HAPI gives two counts for one place and month",
        "busy_once": "HAPI answers 429, then as usual",
    }

    def respond(self, request: Request) -> Answer:
        """Answer as HDX and HAPI do."""
        if request.path == "/api/3/action/package_show":
            return self._package(request)
        if request.path.startswith("/dataset/"):
            return Answer(
                302, headers={"Location": f"{self.address}/storage/{request.path.rpartition('/')[2]}"}
            )
        if request.path.startswith("/storage/"):
            return self._file()
        if request.path.startswith("/api/v2/"):
            return self._hapi(request)
        return Answer(404, b"Not Found", "text/plain")

    def _package(self, request: Request) -> Answer:
        if self.scenario == "failure":
            return _json({"help": "", "success": False, "error": {"message": "Synthetic failure"}})
        if self.scenario == "gone" or request.query.get("id") != "cod-ab-hti":
            return _json(
                {"success": False, "error": {"__type": "Not Found Error", "message": "Not found"}}, 404
            )
        names = [
            "hti_admin_boundaries.xlsx",
            "hti_admin_boundaries.shp.zip",
            "hti_admin_boundaries.geojson.zip",
        ]
        if self.scenario == "renamed_file":
            names = ["hti_boundaries_2027.gpkg"]
        found = [
            {
                "id": f"00000000-0000-0000-0000-{number:012d}",
                "name": name,
                "format": "Synthetic",
                "url": f"{self.address}/dataset/resource/download/{name}",
                "download_url": f"{self.address}/dataset/resource/download/{name}",
                "last_modified": "2026-01-10T00:00:00",
            }
            for number, name in enumerate(names)
        ]
        return _json({"help": "", "success": True, "result": {"name": "cod-ab-hti", "resources": found}})

    def _file(self) -> Answer:
        match self.scenario:
            case "web_page":
                return Answer(body=b"<!DOCTYPE html><title>Log in</title>", content_type="text/html")
            case "old_layout":
                body = archive({"folder/hti_admbnda_adm2_synthetic.geojson": outlines(old=True)})
            case "truncated":
                body = boundaries()[:-100]
            case "missing_commune":
                body = boundaries(outlines(drop="HT0112"))
            case "moved_codes":
                body = boundaries(outlines(rename={"HT0112": "Cabaret"}))
            case "nested":
                body = archive({"hti_admin_boundaries.geojson.zip": boundaries()})
            case "escape":
                body = archive({"../../hti_admin2.geojson": outlines()})
            case "endless":
                return Answer(content_type="application/zip", endless=True)
            case "cut":
                return Answer(body=boundaries(), content_type="application/zip", cut_after=600)
            case _:
                body = boundaries()
        return Answer(body=body, content_type="application/zip")

    def _hapi(self, request: Request) -> Answer:
        given = request.headers.get("x-hdx-hapi-app-identifier") or request.query.get("app_identifier")
        if given != IDENTIFIER:
            return _json({"error": "Invalid app identifier" if given else "Missing app identifier"}, 403)
        if self.scenario == "busy_once" and self.first_time():
            return Answer(429, b"", headers={"Retry-After": "3"})
        match request.path.removeprefix("/api/v2/"):
            case "coordination-context/conflict-events":
                rows = list(self._conflict_rows())
            case "affected-people/idps":
                rows = list(idp_rows())
            case _:
                return Answer(404, b'{"detail": "Not Found"}')
        query = request.query
        rows = [
            one
            for one in rows
            if query.get("start_date", "")
            <= one["reference_period_start"][:10]
            <= query.get("end_date", "9999")
        ]
        # Without a start date everything after the first rows is left out, and nothing says so.
        rows = rows if "start_date" in query else rows[:CAP]
        limit = min(CAP, int(query.get("limit", CAP)))
        start = 0 if self.scenario == "capped" else int(query.get("offset", 0))
        return _json({"data": rows[start : start + limit]})

    def _conflict_rows(self) -> Iterator[dict[str, Any]]:
        for one in conflict_rows():
            if self.scenario == "communes_now" and one["provider_admin2_name"] == "Archaie":
                one["provider_admin2_name"] = "Delmas"
            if self.scenario == "changed_fields":
                one["count"] = one.pop("events")
            yield one
        if self.scenario == "revised_twice":
            yield one | {"events": 1}


def _json(body: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())
