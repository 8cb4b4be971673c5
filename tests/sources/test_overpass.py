"""OpenStreetMap through Overpass: points and roads, and every way in which it says no."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from loaders.checks import Context
from loaders.sources import overpass
from loaders.sources.http import Session, SourceError
from loaders.sources.interface import Ask
from tests.fake_services.overpass import FakeOverpass, elements
from tests.sources.conftest import RECORDED_AT, Time


@pytest.fixture
def service() -> Iterator[FakeOverpass]:
    fake = FakeOverpass()
    with fake.running():
        yield fake


def fetch(session: Session, service: FakeOverpass) -> overpass.OsmData:
    ask = Ask(date(2018, 1, 1), date(2026, 11, 23))
    download = overpass.fetch(session, {"OVERPASS_ADDRESS": service.address}, ask)
    return overpass.parse(json.loads(download.body))


def test_places_are_points_and_roads_are_lines(service: FakeOverpass, session: Session) -> None:
    found = fetch(session, service)
    points = found.points.set_index("osm_id")
    assert points["kind"].to_dict() == {
        "node/1": "place",
        "node/2": "place",
        "relation/4": "hospital",
        "way/3": "hospital",
        "way/5": "aerodrome",
    }
    assert points.loc["way/3", ["lat", "lon"]].tolist() == [18.5385, -72.3375]
    assert points.loc["node/1", "name_fr"] == "Quartier synthétique"
    assert points.loc["node/2", "name"] == "=2+3"
    assert found.roads["osm_id"].tolist() == ["way/7", "way/8"]
    assert found.roads["road_class"].tolist() == ["primary", "secondary"]
    assert found.roads.geometry.geom_type.tolist() == ["LineString", "LineString"]
    assert found.roads.crs == "EPSG:4326"
    assert found.unplaced == ["relation/6"]
    assert found.as_of == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_the_request_says_who_asks_and_asks_once(service: FakeOverpass, session: Session) -> None:
    fetch(session, service)
    (request,) = service.requests
    assert "Conflict-Monitor" in request.headers["user-agent"]
    assert "out center;" in request.form["data"]
    assert "out geom;" in request.form["data"]


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("timeout", "incomplete: runtime error: Query timed out"),
        ("out_of_memory", "incomplete: runtime error: Query run out of memory"),
        ("refused", "refuses the name of this program"),
        ("busy", "answered 429, 5 times in a row"),
        ("gateway", "answered 504, 5 times in a row"),
        ("bad_query", "answered 400"),
        ("empty", "no places or no roads"),
        ("other_form", "another form than known"),
        ("cut", "connection failed"),
    ],
)
def test_errors_are_told_apart(service: FakeOverpass, session: Session, scenario: str, message: str) -> None:
    service.scenario = scenario
    with pytest.raises(SourceError, match=message):
        fetch(session, service)


@pytest.mark.parametrize("scenario", ["busy_once", "gateway_once"])
def test_after_a_refusal_it_waits_as_long_as_the_operator_asks(
    service: FakeOverpass, open_with: Callable[..., Session], time: Time, scenario: str
) -> None:
    service.scenario = scenario
    found = fetch(open_with(spacing=overpass.SPACING_SECONDS), service)
    assert len(found.points) == 5
    assert sum(time.sleeps) >= 30


@pytest.mark.parametrize(
    "answer", [[], {}, {"elements": None}, {"elements": [1]}, {"elements": [], "osm3s": {}}]
)
def test_other_answers_are_refused(answer: object) -> None:
    with pytest.raises(SourceError, match="Overpass"):
        overpass.parse(answer)


def test_roads_and_places_are_rows_of_their_own_datasets() -> None:
    answer = json.dumps(
        {"elements": elements(), "osm3s": {"timestamp_osm_base": "2026-11-22T10:00:00Z"}}
    ).encode()
    nothing = Context(frames={}, files={}, compiled_on=date(2026, 11, 25))
    roads = overpass.read_roads(answer, nothing, name="answer.json", recorded_at=RECORDED_AT)
    assert roads.frame["road_id"].tolist() == ["way-7", "way-8"]
    assert roads.frame["road_class"].tolist() == ["primary", "secondary"]
    assert roads.frame["geometry"].map(lambda line: line.geom_type).tolist() == ["LineString", "LineString"]
    places = overpass.read_places(answer, nothing, name="answer.json", recorded_at=RECORDED_AT)
    assert places.frame[["osm_id", "name", "name_fr"]].fillna("").values.tolist() == [
        ["node-1", "Katye Sentetik", "Quartier synthétique"],
        ["node-2", "=2+3", ""],
    ]


def test_a_road_of_another_class_is_refused() -> None:
    odd = [{**one, "tags": {"highway": "path"}} if one["id"] == 8 else one for one in elements()]
    with pytest.raises(SourceError, match="of the class 'path', which was not asked for"):
        overpass.parse({"elements": odd, "osm3s": {"timestamp_osm_base": "2026-11-22T10:00:00Z"}})
