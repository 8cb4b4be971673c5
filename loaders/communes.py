"""Dataset ``communes``: outlines of the metro communes, and their people.

Where the official boundaries (dataset ``boundaries``) have been fetched, they are the outlines. Until then an outline is the union of the uncut Voronoi cells of a commune's
gazetteer points, on land: good enough to orient a reader, never a limit to quote.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, METRO_COMMUNES
from loaders.curated import PLACE_COLUMNS, read_rows
from loaders.geometry import commune_outlines

CONTRACT = CONTRACTS["communes"]
SOURCE = "places.csv"
NEEDS = ("coastline", "neighborhoods")
USES = ("boundaries",)
FILES: tuple[str, ...] = ()


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per metro commune with its outline (EPSG:4326) and area (EPSG:6933).

    The points are read from ``neighborhoods``, which is built from the same source file; another file is refused, so that
    provenance never names one that had no part in it.
    """
    given = read_rows(source, PLACE_COLUMNS, what="places.csv")
    places = context.frames["neighborhoods"]
    if len(lost := places.loc[~places["neighborhood_id"].isin(given["id"]), "neighborhood_id"]):
        raise ParseError(
            f"places.csv: {', '.join(sorted(lost)[:5])} {'is' if len(lost) == 1 else 'are'} not in this file, but in the places from "
            "which outlines are built. Refresh neighborhoods with this file first."
        )
    points = places[places["place_type"] != "aggregate"]
    land = context.frames["coastline"]["geometry"].iloc[0]
    try:
        outlines = commune_outlines(points[["neighborhood_id", "commune", "lat", "lon"]], land)
    except ValueError as error:
        raise ParseError(f"places.csv: {error}") from None
    outlines = outlines.set_index("commune")
    basis = "approximate"
    if "boundaries" in context.frames:
        outlines, basis = context.frames["boundaries"].set_index("name"), "official"
    rows = places[(places["place_type"] == "commune") & places["commune"].isin(METRO_COMMUNES)].reset_index(
        drop=True
    )
    frame = pd.DataFrame(
        {
            "commune_id": rows["neighborhood_id"],
            "name": rows["commune"],
            "geometry_basis": basis,
            "area_km2": rows["commune"].map(outlines["area_km2"]).round(3),
            **{name: rows[name] for name in ("population", "population_year", "population_basis")},
            **{
                name: rows[name]
                for name in (
                    "source_id",
                    "source_title",
                    "source_publisher",
                    "source_url",
                    "published_date",
                    "source_checked",
                )
            },
        }
    )
    frame["geometry"] = gpd.GeoSeries(rows["commune"].map(outlines["geometry"]), crs="EPSG:4326")
    return frame


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """All metro communes are there, each with an outline and people."""
    findings = Findings()
    for commune in sorted(set(METRO_COMMUNES) - set(frame["name"])):
        findings.violations.append(f"communes: {commune} is missing.")
    for commune in frame.loc[frame["geometry"].isna(), "name"]:
        findings.violations.append(f"communes: {commune} has no outline.")
    return findings
