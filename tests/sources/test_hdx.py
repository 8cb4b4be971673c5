"""HDX: official outlines in both layouts. Everything is invented but codes and names."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from loaders.checks import ParseError
from loaders.contracts import METRO_COMMUNES
from loaders.sources import hdx
from loaders.sources.http import Session
from loaders.sources.interface import Ask, Download
from loaders.sources.places import METRO_PCODES
from loaders.sources.sheets import MAX_UNPACKED_BYTES
from tests.fake_services.hdx import FakeHdx, archive, boundaries, outlines


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


def fetch(session: Session, service: FakeHdx) -> Download:
    return hdx.fetch(session, {"HDX_ADDRESS": service.address}, Ask(date(2018, 1, 1), date(2026, 11, 23)))


# -- boundaries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["current", "old_layout"])
def test_outlines_carry_the_products_names(service: FakeHdx, session: Session, scenario: str) -> None:
    service.scenario = scenario
    communes = hdx.read_communes(fetch(session, service).body)
    assert list(communes.columns) == ["commune", "pcode", "geometry"]
    assert communes["commune"].tolist() == list(METRO_COMMUNES)
    assert communes.set_index("pcode")["commune"].to_dict() == dict(METRO_PCODES)
    assert communes.crs == "EPSG:4326"
    assert communes.is_valid.all()


def test_the_file_is_picked_by_its_name_and_followed_over_redirects(
    service: FakeHdx, session: Session
) -> None:
    fetch(session, service)
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
        fetch(session, service)


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
        for _ in range(MAX_UNPACKED_BYTES // 1_000_000 + 1):
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
