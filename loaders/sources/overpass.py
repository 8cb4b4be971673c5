"""OpenStreetMap through Overpass: hospitals, aerodromes, named places and main roads of the metropolitan area.

One request a week, in one's own name: the operator refuses anonymous programs (406) and asks for patience (429, 504).
Tables made of OpenStreetMap data are under the ODbL (share-alike): keep them apart from others, with :data:`ATTRIBUTION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS, ROAD_CLASSES, typed
from loaders.sources.http import Session, SourceError, address_of
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading
from loaders.sources.sites import key_sites
from loaders.sources.tables import json_of

ADDRESS = "https://overpass-api.de"
ATTRIBUTION = "© OpenStreetMap contributors (ODbL), https://www.openstreetmap.org/copyright"

#: Seconds between two requests, retries included: after 429 the operator asks for 30 s at least.
SPACING_SECONDS = 60.0

#: Places are drawn as points, so their centres are asked for; roads are drawn as lines.
QUERY = """\
[out:json][timeout:180][maxsize:268435456][bbox:18.33,-72.60,18.72,-72.10];
(
  nwr["place"~"^(neighbourhood|suburb|quarter)$"];
  nwr["amenity"="hospital"];
  nwr["healthcare"="hospital"];
  nwr["aeroway"="aerodrome"];
);
out center;
way["highway"~"^(motorway|trunk|primary|secondary)$"];
out geom;
"""

POINT_COLUMNS = (
    *("osm_id", "kind", "place_type", "name", "name_fr", "name_ht", "alt_names", "operator", "lat", "lon"),
)
ROAD_COLUMNS = ("osm_id", "road_class", "name", "ref")


@dataclass(frozen=True)
class OsmData:
    """What OpenStreetMap knows of the metropolitan area.

    Attributes
    ----------
    points
        ``osm_id`` ("node/123"), ``kind`` (hospital, aerodrome, place), ``place_type`` (neighbourhood, suburb, quarter; empty
        for others), ``name``, ``name_fr``, ``name_ht``, ``alt_names`` (separated by ``;``), ``operator`` (text, empty where
        not tagged), ``lat``, ``lon`` (degrees, EPSG:4326; the centre of what is an area). Sorted by ``osm_id``.
    roads
        ``osm_id``, ``road_class`` (motorway, trunk, primary, secondary), ``name``, ``ref``, ``geometry`` (LineString, EPSG:4326).
    as_of
        Time of the database, with zone.
    unplaced
        Ids of objects without a place: relations whose members are outside, for instance.
    """

    points: pd.DataFrame
    roads: gpd.GeoDataFrame
    as_of: datetime
    unplaced: list[str]


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch the metropolitan area; open the session with ``spacing=SPACING_SECONDS``.

    Raises
    ------
    SourceError
        Refused, busy after all attempts, out of time or memory, or an answer that :func:`parse` refuses.
    """
    address = address_of(settings, "OVERPASS_ADDRESS", ADDRESS)
    reply = session.post(f"{address}/api/interpreter", data={"data": QUERY})
    if reply.status == 406:
        raise SourceError(
            f"Overpass: {reply.where} refuses the name of this program (406). Set a User-Agent that says who asks, in "
            "loaders/sources/http.py."
        )
    if reply.status != 200:
        raise SourceError(
            f"Overpass: {reply.where} answered {reply.status} ({reply.text}). Run the refresh again later."
        )
    parse(reply.json())
    return Download("overpass.json", reply.body)


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a kept answer into rows of ``key_sites``: hospitals and aerodromes. The answer is complete."""
    found = parse(json_of(source, f"Overpass: {name}"))
    points = found.points[found.points["kind"] != "place"]
    unnamed = points["name"] == ""
    sites = pd.DataFrame(
        {
            "site_id": "osm-" + points["osm_id"].str.replace("/", "-"),
            "name": points["name"].mask(
                unnamed,
                points["kind"].map(
                    {"hospital": "Hospital without a name", "aerodrome": "Airfield without a name"}
                ),
            ),
            "alt_names": points["alt_names"].str.replace(";", "|"),
            "site_type": points["kind"].map({"hospital": "hospital", "aerodrome": "airport"}),
            "lat": points["lat"],
            "lon": points["lon"],
            "operator": points["operator"],
            "note": "",
            "source_title": "OpenStreetMap",
            "source_publisher": "OpenStreetMap contributors (ODbL)",
            "source_url": "https://www.openstreetmap.org/" + points["osm_id"],
        },
        index=points.index,
    )
    findings = Findings(
        warnings=[f"{int(unnamed.sum())} of {len(points)} sites have no name in OpenStreetMap."]
    )
    if found.unplaced:
        findings.warnings.append(
            f"{len(found.unplaced)} objects have no place: {', '.join(found.unplaced[:5])}."
        )
    return Reading(key_sites(sites, context), findings, EVERYTHING)


def read_roads(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a kept answer into rows of ``roads``: main roads as lines. The answer is complete."""
    found = parse(json_of(source, f"Overpass: {name}")).roads
    rows = pd.DataFrame(
        {
            "road_id": found["osm_id"].str.replace("/", "-"),
            "name": found["name"],
            "ref": found["ref"],
            "road_class": found["road_class"],
            "source_url": "https://www.openstreetmap.org/" + found["osm_id"],
        }
    )
    return Reading(_with_geometry(rows, found.geometry), Findings(), EVERYTHING)


def _with_geometry(rows: pd.DataFrame, shapes: gpd.GeoSeries) -> pd.DataFrame:
    contract = CONTRACTS["roads"]
    return typed(rows, contract).assign(geometry=shapes)


def read_places(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a kept answer into rows of ``osm_places``: named neighbourhoods, suburbs and quarters. The answer is complete.

    They are no places of ours and resolve no name: they help a person to find out which place a name means.
    """
    points = parse(json_of(source, f"Overpass: {name}")).points
    places = points[points["kind"] == "place"]
    named = places[places["name"] != ""]
    findings = Findings()
    if len(named) < len(places):
        findings.warnings.append(f"{len(places) - len(named)} places without a name were left out.")
    rows = named.assign(
        osm_id=named["osm_id"].str.replace("/", "-"),
        alt_names=named["alt_names"].str.replace(";", "|"),
        source_url="https://www.openstreetmap.org/" + named["osm_id"],
    )
    contract = CONTRACTS["osm_places"]
    return Reading(typed(rows[contract.column_names], contract), findings, EVERYTHING)


def parse(answer: Any) -> OsmData:
    """Read an answer of Overpass.

    Parameters
    ----------
    answer
        The JSON of an answer to :data:`QUERY`.

    Returns
    -------
    OsmData

    Raises
    ------
    SourceError
        An error that Overpass reports inside a successful answer, no elements, or elements of another form.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
        raise SourceError("Overpass: the answer has no list 'elements'. Run the refresh again later.")
    if remark := answer.get("remark"):
        raise SourceError(
            f"Overpass: the answer is incomplete: {str(remark)[:200]}. Run the refresh again later."
        )
    points, roads, unplaced = [], [], []
    try:
        as_of = datetime.fromisoformat(answer["osm3s"]["timestamp_osm_base"])
        for element in answer["elements"]:
            tags = element.get("tags", {})
            identity = f"{element['type']}/{element['id']}"
            kind = _kind(tags)
            centre = element.get("center", element)
            if kind is None and "highway" in tags:
                roads.append(_road(identity, tags, element["geometry"]))
            elif kind is None or "lat" not in centre:
                unplaced.append(identity)
            else:
                points.append(_point(identity, kind, tags, float(centre["lat"]), float(centre["lon"])))
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as error:
        raise SourceError(
            f"Overpass: an element has another form than known ({error!r}). Nothing was used."
        ) from None
    if not points or not roads:
        raise SourceError(
            "Overpass: no places or no roads came back for Port-au-Prince. Run the refresh again later."
        )
    if unknown := {road["road_class"] for road in roads} - set(ROAD_CLASSES):
        raise SourceError(
            f"Overpass: a road is of the class {sorted(unknown)[0][:40]!r}, which was not asked for. Nothing was used."
        )
    lines = gpd.GeoDataFrame(roads, columns=[*ROAD_COLUMNS, "geometry"], geometry="geometry", crs="EPSG:4326")
    return OsmData(
        pd.DataFrame(points, columns=POINT_COLUMNS)
        .drop_duplicates("osm_id")
        .sort_values("osm_id", ignore_index=True),
        lines.drop_duplicates("osm_id").sort_values("osm_id", ignore_index=True),
        as_of,
        sorted(unplaced),
    )


def _kind(tags: Mapping[str, str]) -> str | None:
    if "hospital" in (tags.get("amenity"), tags.get("healthcare")):
        return "hospital"
    if tags.get("aeroway") == "aerodrome":
        return "aerodrome"
    return "place" if "place" in tags else None


def _point(identity: str, kind: str, tags: Mapping[str, str], lat: float, lon: float) -> dict[str, Any]:
    return {
        "osm_id": identity,
        "kind": kind,
        "place_type": tags.get("place", "") if kind == "place" else "",
        "name": tags.get("name", ""),
        "name_fr": tags.get("name:fr", ""),
        "name_ht": tags.get("name:ht", ""),
        "alt_names": tags.get("alt_name", ""),
        "operator": tags.get("operator", ""),
        "lat": lat,
        "lon": lon,
    }


def _road(identity: str, tags: Mapping[str, str], vertices: list[Mapping[str, float]]) -> dict[str, Any]:
    return {
        "osm_id": identity,
        "road_class": tags["highway"],
        "name": tags.get("name", ""),
        "ref": tags.get("ref", ""),
        "geometry": shapely.LineString([(vertex["lon"], vertex["lat"]) for vertex in vertices]),
    }
