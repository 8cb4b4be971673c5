"""HDX: outlines in both layouts, HAPI's pages, and the trap of the codes. Everything is invented but codes and names."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from loaders.checks import ParseError
from loaders.contracts import METRO_COMMUNES
from loaders.sources import hdx
from loaders.sources.http import Session, SourceError
from tests.fake_services import hdx as fake_hdx
from tests.fake_services.hdx import FakeHdx, acled_workbook, archive, boundaries, outlines

START, END = date(2026, 9, 1), date(2026, 10, 31)


@pytest.fixture
def service() -> Iterator[FakeHdx]:
    fake = FakeHdx()
    with fake.running():
        yield fake


def shapefile(folder: Path, *, old: bool = True, crs: str = "EPSG:4326") -> dict[str, bytes]:
    """Members of a zipped shapefile with the invented outlines, in the names of 2018."""
    layer = gpd.read_file(io.BytesIO(outlines(old=old))).to_crs(crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer.to_file(folder / "hti_admbnda_adm2_synthetic.shp", engine="pyogrio")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- boundaries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["current", "old_layout"])
def test_outlines_carry_the_products_names(service: FakeHdx, session: Session, scenario: str) -> None:
    service.scenario = scenario
    communes = hdx.fetch_communes(session, address=service.address)
    assert list(communes.columns) == ["commune", "pcode", "geometry"]
    assert communes["commune"].tolist() == list(METRO_COMMUNES)
    assert communes.set_index("pcode")["commune"].to_dict() == dict(hdx.METRO_PCODES)
    assert communes.crs == "EPSG:4326"
    assert communes.is_valid.all()


def test_the_file_is_picked_by_its_name_and_followed_over_redirects(
    service: FakeHdx, session: Session
) -> None:
    hdx.fetch_communes(session, address=service.address)
    assert [request.path for request in service.requests] == [
        "/api/3/action/package_show",
        "/dataset/resource/download/hti_admin_boundaries.geojson.zip",
        "/storage/hti_admin_boundaries.geojson.zip",
    ]


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("renamed_file", "There are: hti_boundaries_2027.gpkg"),
        ("web_page", "another format than its name says"),
        ("truncated", "cut short"),
        ("missing_commune", r"Delmas \(HT0112\) is there 0 times"),
        ("moved_codes", "HT0112 is 'Cabaret' and not Delmas"),
        ("nested", "another archive"),
        ("escape", "outside itself"),
        ("gone", "there is no dataset 'cod-ab-hti'"),
        ("failure", "answered 200"),
        ("cut", "connection failed"),
        ("endless", "larger than 2 MB"),
    ],
)
def test_what_are_not_the_boundaries_is_refused(
    service: FakeHdx, session: Session, scenario: str, message: str
) -> None:
    service.scenario = scenario
    with pytest.raises(ParseError, match=message):
        hdx.fetch_communes(session, address=service.address)


@pytest.mark.parametrize(("old", "crs"), [(True, "EPSG:4326"), (False, "EPSG:4326"), (True, "EPSG:32618")])
def test_a_shapefile_gives_the_same_outlines(tmp_path: Path, old: bool, crs: str) -> None:
    found = hdx.read_communes(archive(shapefile(tmp_path, old=old, crs=crs)))
    expected = hdx.read_communes(outlines())
    assert found["pcode"].tolist() == expected["pcode"].tolist()
    apart = shapely.hausdorff_distance(found.geometry.to_numpy(), expected.geometry.to_numpy())
    assert apart.max() < 1e-6


def test_a_plain_geojson_is_read_too() -> None:
    assert len(hdx.read_communes(outlines())) == 9


@pytest.mark.parametrize("part", [".shx", ".dbf", ".prj"])
def test_an_incomplete_shapefile_is_refused(tmp_path: Path, part: str) -> None:
    members = {name: content for name, content in shapefile(tmp_path).items() if not name.endswith(part)}
    with pytest.raises(ParseError, match=f"lacks {part}"):
        hdx.read_communes(archive(members))


@pytest.mark.parametrize("part", [".shp", ".dbf"])
def test_a_shapefile_cut_short_is_refused(tmp_path: Path, part: str) -> None:
    members = {
        name: content[: len(content) // 2] if name.endswith(part) else content
        for name, content in shapefile(tmp_path).items()
    }
    with pytest.raises(ParseError, match="cut short"):
        hdx.read_communes(archive(members))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "no ZIP archive"),
        (b"<html>", "no ZIP archive"),
        (b"{}", "cannot be read"),
        (outlines()[:-200], "cannot be read"),
        (boundaries(b'{"type": "FeatureCollection", "features": []}'), "adm2_pcode|no geometry"),
        (outlines().replace(b"-72.", b"-12."), "no area in Haiti"),
        (outlines().replace(b"adm2_pcode", b"code"), "no columns adm2_pcode"),
        (archive({"hti_admin3.geojson": outlines()}), "found none among hti_admin3.geojson"),
        (
            archive({"a/hti_admin2.geojson": outlines(), "hti_admin2.geojson": outlines()}),
            "expected one layer",
        ),
    ],
)
def test_damaged_or_other_files_are_refused(source: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        hdx.read_communes(source)


def test_a_zip_bomb_is_refused_in_bounded_memory() -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as found,
        found.open("hti_admin2.geojson", "w") as member,
    ):
        for _ in range(200):
            member.write(b"0" * 1_000_000)
    assert len(packed.getvalue()) < 1_000_000
    with pytest.raises(ParseError, match="too large"):
        hdx.read_communes(packed.getvalue())


def test_an_outline_that_crosses_itself_is_made_valid() -> None:
    collection = json.loads(outlines())
    bow_tie = [[-72.5, 18.4], [-72.4, 18.5], [-72.4, 18.4], [-72.5, 18.5], [-72.5, 18.4]]
    collection["features"][0]["geometry"]["coordinates"] = [bow_tie]
    communes = hdx.read_communes(json.dumps(collection).encode())
    assert communes.is_valid.all()
    assert communes.geometry.iloc[0].geom_type == "MultiPolygon"


# -- the trap --------------------------------------------------------------------------------------------------------


def conflict(session: Session, service: FakeHdx) -> pd.DataFrame:
    return hdx.fetch_conflict_events(
        session, service.CREDENTIALS, start=START, end=END, address=service.address
    )


def test_counts_are_those_of_arrondissements_and_carry_no_code(service: FakeHdx, session: Session) -> None:
    counts = conflict(session, service)
    assert tuple(counts.columns) == hdx.COUNT_COLUMNS
    assert set(counts["area_level"]) == {"arrondissement"}
    assert not counts.astype("str").apply(lambda column: column.str.contains(r"HT\d")).any(axis=None)
    metro = counts[counts["is_metro"] & (counts["event_type"] == "political_violence")]
    assert metro["arrondissement"].tolist() == ["Port-au-Prince", "Port-au-Prince"]
    assert metro["events"].tolist() == [40, 40]


def test_counts_that_are_not_given_are_not_zero(service: FakeHdx, session: Session) -> None:
    counts = conflict(session, service)
    demonstrations = counts[counts["event_type"] == "demonstration"]
    assert demonstrations["fatalities"].isna().all()
    assert demonstrations["events"].notna().all()


def test_counts_are_never_joined_to_communes(service: FakeHdx, session: Session) -> None:
    communes = hdx.read_communes(outlines())
    counts = conflict(session, service)
    with pytest.raises(SourceError, match="must not be joined to communes"):
        hdx.join_communes(counts, communes)
    with pytest.raises(SourceError, match="must not be joined to communes"):
        hdx.join_communes(counts.assign(pcode="HT0111"), communes)


def test_raw_rows_with_the_codes_of_the_trap_are_not_joined_either() -> None:
    raw = pd.DataFrame(fake_hdx.conflict_rows()).rename(columns={"admin2_code": "pcode"})
    with pytest.raises(SourceError, match="level unknown"):
        hdx.join_communes(raw, hdx.read_communes(outlines()))


def test_one_row_of_another_level_is_enough_to_refuse_the_join() -> None:
    figures = pd.DataFrame({"area_level": ["commune", "arrondissement"], "pcode": ["HT0111", "HT0112"]})
    with pytest.raises(SourceError, match="arrondissement, commune"):
        hdx.join_communes(figures, hdx.read_communes(outlines()))


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("communes_now", "communes named: delmas"),
        ("changed_fields", "fields missing in the answer: events"),
        ("revised_twice", "two different counts of demonstration for Gonaives, 2026-10"),
    ],
)
def test_counts_that_changed_their_meaning_are_refused(
    service: FakeHdx, session: Session, scenario: str, message: str
) -> None:
    service.scenario = scenario
    with pytest.raises(SourceError, match=message):
        conflict(session, service)


# -- workbooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demonstrations", "event_type"), [(False, "political_violence"), (True, "demonstration")]
)
def test_a_workbook_says_the_same_as_the_service(demonstrations: bool, event_type: str) -> None:
    counts = hdx.read_acled_workbook(acled_workbook(demonstrations=demonstrations), event_type)
    assert tuple(counts.columns) == hdx.COUNT_COLUMNS
    assert counts["period_start"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2026-09-01", "2026-10-01"]
    assert counts["period_end"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2026-09-30", "2026-10-31"]
    assert counts["fatalities"].isna().all() == demonstrations
    assert counts.loc[counts["is_metro"], "events"].tolist() == [40, 40]
    with pytest.raises(SourceError, match="must not be joined"):
        hdx.join_communes(counts, hdx.read_communes(outlines()))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (acled_workbook(Month="Septembre"), "is not a month and a year"),
        (acled_workbook(Admin2="Delmas"), "communes named: delmas"),
        (acled_workbook(Admin2="Elsewhere"), "Port-au-Prince is missing"),
        (archive({"readme.txt": b"no workbook"}), "no Excel workbook"),
    ],
)
def test_other_workbooks_are_refused(source: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        hdx.read_acled_workbook(source, "political_violence")


# -- HAPI ------------------------------------------------------------------------------------------------------------


def test_pages_are_asked_for_until_one_is_short(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdx, "PAGE_ROWS", 10)
    monkeypatch.setattr(fake_hdx, "CAP", 10)
    assert len(conflict(session, service)) == 24
    assert [request.query["offset"] for request in service.requests] == ["0", "10", "20"]
    assert {request.query["start_date"] for request in service.requests} == {"2026-09-01"}


def test_a_full_last_page_is_followed_by_an_empty_one(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdx, "PAGE_ROWS", 12)
    assert len(conflict(session, service)) == 24
    assert len(service.requests) == 3


def test_the_same_page_again_is_an_error(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdx, "PAGE_ROWS", 10)
    service.scenario = "capped"
    with pytest.raises(SourceError, match="the same page again"):
        conflict(session, service)


def test_a_full_page_without_a_start_date_is_an_error(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdx, "PAGE_ROWS", 6)
    monkeypatch.setattr(fake_hdx, "CAP", 6)
    with pytest.raises(SourceError, match="without a start date"):
        hdx.fetch_idps(session, service.CREDENTIALS, address=service.address)


def test_displaced_people_are_per_commune_and_may_be_joined(service: FakeHdx, session: Session) -> None:
    figures = hdx.fetch_idps(session, service.CREDENTIALS, address=service.address)
    assert len(figures) == 6
    joined = hdx.join_communes(figures, hdx.read_communes(outlines()))
    assert joined.groupby("commune")["displaced"].first().to_dict() == {
        "Delmas": 1001,
        "Port-au-Prince": 1000,
    }


def test_the_identifier_travels_in_the_header(service: FakeHdx, session: Session) -> None:
    conflict(session, service)
    request = service.requests[0]
    assert request.headers["x-hdx-hapi-app-identifier"] == fake_hdx.IDENTIFIER
    assert "app_identifier" not in request.query


@pytest.mark.parametrize(
    ("settings", "message"),
    [({}, "HDX_APP_IDENTIFIER is not set"), ({"HDX_APP_IDENTIFIER": "bm8="}, "Invalid app identifier")],
)
def test_an_identifier_is_needed(
    service: FakeHdx, session: Session, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        hdx.fetch_idps(session, settings, address=service.address)


def test_no_rows_are_not_zero_events(service: FakeHdx, session: Session) -> None:
    with pytest.raises(SourceError, match="not 0 events"):
        hdx.fetch_conflict_events(
            session, service.CREDENTIALS, start=date(2030, 1, 1), end=END, address=service.address
        )


def test_a_busy_service_is_asked_again(service: FakeHdx, session: Session) -> None:
    service.scenario = "busy_once"
    assert len(conflict(session, service)) == 24
