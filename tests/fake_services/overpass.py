"""A stand-in for Overpass: invented hospitals, places and roads around Port-au-Prince."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tests.fake_services.server import Answer, FakeService, Request

#: Names that programs have when nobody gave them one; the operator refuses them.
_STOCK_AGENTS = ("python", "curl", "wget", "java", "okhttp", "go-http")


def elements() -> list[dict[str, Any]]:
    """Nodes, ways with a centre, a relation without one, and roads with their vertices."""
    line = [{"lat": 18.54, "lon": -72.34}, {"lat": 18.545, "lon": -72.335}, {"lat": 18.55, "lon": -72.33}]
    return [
        {
            "type": "node",
            "id": 1,
            "lat": 18.55,
            "lon": -72.32,
            "tags": {"place": "neighbourhood", "name": "Katye Sentetik", "name:fr": "Quartier synthétique"},
        },
        {"type": "node", "id": 2, "lat": 18.53, "lon": -72.31, "tags": {"place": "suburb", "name": "=2+3"}},
        {
            "type": "way",
            "id": 3,
            "center": {"lat": 18.5385, "lon": -72.3375},
            "nodes": [11, 12, 13, 11],
            "tags": {"amenity": "hospital", "name": "Hôpital synthétique", "operator": "Synthetic"},
        },
        {
            "type": "relation",
            "id": 4,
            "center": {"lat": 18.56, "lon": -72.29},
            "members": [],
            "tags": {"healthcare": "hospital"},
        },
        {
            "type": "way",
            "id": 5,
            "center": {"lat": 18.58, "lon": -72.2925},
            "tags": {"aeroway": "aerodrome", "name": "Synthetic airport"},
        },
        {"type": "relation", "id": 6, "members": [], "tags": {"place": "quarter", "name": "Nowhere"}},
        {"type": "way", "id": 7, "geometry": line, "tags": {"highway": "primary", "ref": "RN1"}},
        {
            "type": "way",
            "id": 8,
            "geometry": line[:2],
            "tags": {"highway": "secondary", "name": "Rue synthétique"},
        },
    ]


class FakeOverpass(FakeService):
    """The interpreter."""

    name = "overpass"
    ADDRESSES: ClassVar[Mapping[str, str]] = {"OVERPASS_ADDRESS": ""}
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "area": "two places, two hospitals, an aerodrome, two roads, one object without a place",
        "timeout": "200 with a remark: run out of time after some elements",
        "out_of_memory": "200 with a remark: run out of memory, no elements",
        "refused": "406 for every User-Agent",
        "busy_once": "429 without Retry-After, then as usual",
        "busy": "429 for ever",
        "gateway_once": "504 with a web page, then as usual",
        "gateway": "504 for ever",
        "bad_query": "400 with a web page",
        "empty": "200 with no elements",
        "other_form": "an element without an id",
        "cut": "the connection breaks in every body",
    }

    def respond(self, request: Request) -> Answer:
        """Answer as Overpass does."""
        if request.path != "/api/interpreter":
            return Answer(404, b"Not Found", "text/html")
        agent = request.headers.get("user-agent", "").lower()
        if not agent or agent.startswith(_STOCK_AGENTS) or self.scenario == "refused":
            return Answer(406, b"<html><body>Not Acceptable</body></html>", "text/html")
        if request.method != "POST" or "[out:json]" not in request.form.get("data", ""):
            return Answer(400, b"<html><body>Error: static error</body></html>", "text/html")
        return self._failure() or _answer(elements())

    def _failure(self) -> Answer | None:
        page = b"<html><body>Error: runtime error: Dispatcher_Client::request_read_and_idx::timeout.</body></html>"
        passes = self.scenario.endswith("_once") and not self.first_time()
        match self.scenario.removesuffix("_once"):
            case "busy" if not passes:
                return Answer(429, page, "text/html")
            case "gateway" if not passes:
                return Answer(504, page, "text/html")
            case "bad_query":
                return Answer(400, page, "text/html")
            case "timeout":
                return _answer(
                    elements()[:3], 'runtime error: Query timed out in "query" at line 3 after 181 seconds.'
                )
            case "out_of_memory":
                return _answer([], "runtime error: Query run out of memory using about 256 MB of RAM.")
            case "empty":
                return _answer([])
            case "other_form":
                return _answer([{"type": "node", "tags": {"place": "suburb"}}])
            case "cut":
                return Answer(body=_answer(elements()).body, cut_after=300)
        return None


def _answer(found: list[dict[str, Any]], remark: str | None = None) -> Answer:
    body: dict[str, Any] = {
        "version": 0.6,
        "generator": "Overpass API (synthetic)",
        "osm3s": {
            "timestamp_osm_base": "2026-11-22T10:00:00Z",
            "copyright": "The data included in this document is invented.",
        },
        "elements": found,
    }
    return Answer(body=json.dumps(body if remark is None else body | {"remark": remark}).encode())
