"""Dataset ``neighborhoods``: every place statements speak of; the in-scope ones with an approximate catchment.

No open polygons of the city's neighborhoods exist. The areas are Voronoi cells of the gazetteer points, cut by a
radius and by the coastline, and are marked ``approximate`` (docs/decisions/0002-areas.md). Where the official boundaries
have been fetched, cells are also cut to their communes, and stay approximate. People are known per
commune only: a neighborhood's figure is its commune's, split by area, and says so.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, METRO_COMMUNES
from loaders.curated import PLACE_COLUMNS, read_rows, reference_source
from loaders.geometry import catchments, clip_to_communes
from loaders.names import name_key

CONTRACT = CONTRACTS["neighborhoods"]
SOURCE = "places.csv"
NEEDS = ("coastline",)
USES = ("boundaries",)
FILES: tuple[str, ...] = ()

#: Farthest that a catchment reaches from its point, metres.
CATCHMENT_RADIUS_M = 1500

#: Least and greatest latitude and longitude that the contract allows.
_LIMITS = {column.name: (column.minimum, column.maximum) for column in CONTRACT.columns}

SPLIT_BASIS = "commune figure split by area"


def place_types(rows: pd.DataFrame) -> pd.Series:
    """Level of each place: aggregate (metro, country), commune, neighborhood of a metro commune, or other locality."""
    types = pd.Series("locality", index=rows.index, dtype="str")
    types[rows["commune"].isin(METRO_COMMUNES)] = "neighborhood"
    types[rows["name"].str.contains("(commune", regex=False)] = "commune"
    types[rows["commune"].str.startswith("(")] = "aggregate"
    return types


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per place, with the catchment of each in-scope neighborhood (EPSG:4326) and its area (EPSG:6933)."""
    rows = read_rows(source, PLACE_COLUMNS, what="places.csv")
    types = place_types(rows)
    in_scope = types == "neighborhood"
    land = context.frames["coastline"]["geometry"].iloc[0]
    doubled = rows.loc[types == "commune", "commune"]
    doubled = doubled[doubled.duplicated()]
    if len(doubled):
        raise ParseError(
            f"places.csv: line {doubled.index[0]}: a second row for the commune {doubled.iloc[0]}."
        )
    points = pd.DataFrame(
        {
            "neighborhood_id": rows.loc[in_scope, "id"],
            "lat": pd.to_numeric(rows.loc[in_scope, "latitude"], errors="coerce"),
            "lon": pd.to_numeric(rows.loc[in_scope, "longitude"], errors="coerce"),
        }
    )
    # Points off the map are left to the contract, which rejects their rows.
    points = points[points["lat"].between(*_LIMITS["lat"]) & points["lon"].between(*_LIMITS["lon"])]
    if points.empty:
        raise ParseError(
            "places.csv: no neighborhood of the metro communes has a latitude and a longitude on the map. Is this the right file?"
        )
    try:
        found = catchments(points, land, radius_m=CATCHMENT_RADIUS_M)
        if "boundaries" in context.frames:
            official = context.frames["boundaries"].rename(columns={"name": "commune"})
            found["commune"] = found["neighborhood_id"].map(
                rows.drop_duplicates("id").set_index("id")["commune"]
            )
            found = clip_to_communes(found, official)
        cells = found.set_index("neighborhood_id")
    except ValueError as error:
        raise ParseError(f"places.csv: {error}") from None
    area = rows["id"].map(cells["area_km2"])
    commune_people = pd.to_numeric(
        rows.loc[types == "commune"].set_index("commune")["population"], errors="coerce"
    )
    commune_vintage = rows.loc[types == "commune"].set_index("commune")["population_year"]
    commune_area = area.groupby(rows["commune"]).transform("sum")
    share = rows["commune"].map(commune_people) * area / commune_area
    people = pd.to_numeric(rows["population"], errors="coerce").where(~in_scope, share.round())
    split = in_scope & people.notna()
    frame = pd.DataFrame(
        {
            "neighborhood_id": rows["id"],
            "name": rows["name"].str.replace(r" \(commune(?:/town)?\)$", "", regex=True),
            "place_type": types,
            "is_in_scope": in_scope.map({True: "true", False: "false"}),
            "commune": rows["commune"].str.strip("()"),
            "commune_id": rows["commune"].where(rows["commune"].isin(METRO_COMMUNES), "").map(name_key),
            "section": rows["section"],
            "lat": rows["latitude"],
            "lon": rows["longitude"],
            "coordinate_quality": rows["coordinate_quality"],
            "coordinate_source": rows["coordinate_source"],
            "geometry_basis": in_scope.map({True: "approximate", False: "none"}),
            "area_km2": area.round(4),
            "population": people,
            "population_year": rows["population_year"].mask(split, rows["commune"].map(commune_vintage)),
            "population_basis": rows["population_source"].mask(
                split,
                SPLIT_BASIS
                + " ("
                + rows["commune"]
                .map(rows.loc[types == "commune"].set_index("commune")["population_source"])
                .fillna("")
                + ")",
            ),
            "note": rows["notes"],
            **reference_source(rows, context.compiled_on.isoformat()),
        },
        index=rows.index,
    )
    frame["geometry"] = gpd.GeoSeries(rows["id"].map(cells["geometry"]), index=rows.index, crs="EPSG:4326")
    return frame


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Every in-scope neighborhood has an area; people add up to the communes; approximate points are counted."""
    findings = Findings()
    scope = frame[frame["is_in_scope"]]
    if scope.empty:
        findings.violations.append(
            "neighborhoods: no place lies in the metro communes; is this the right file?"
        )
        return findings
    for name in scope.loc[scope["area_km2"].isna() | (scope["area_km2"] <= 0), "neighborhood_id"]:
        findings.violations.append(f"neighborhoods: {name} has no area. Is its point inside the map extent?")
    communes = frame[(frame["place_type"] == "commune") & frame["commune"].isin(METRO_COMMUNES)].set_index(
        "commune"
    )
    difference = (scope.groupby("commune")["population"].sum() - communes["population"]).abs()
    for commune, people in difference[difference > 50].items():
        findings.violations.append(
            f"neighborhoods: people of {commune} differ from the commune figure by {people:,.0f}."
        )
    approximate = int((scope["coordinate_quality"] == "approx").sum())
    findings.warnings.append(
        f"{approximate} of {len(scope)} neighborhood points are approximate (0.3-1 km); all areas are approximate catchments."
    )
    return findings
