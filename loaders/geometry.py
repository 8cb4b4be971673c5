"""Areas made from points: catchments, commune outlines and adjacency.

No open polygons of the city's neighborhoods exist, so an area is the Voronoi cell of a gazetteer point: the ground
nearer to that point than to any other [1]_, cut by a radius and by the coastline. Such an area is approximate by
construction and never an official limit.

Every geometry that comes in or goes out is in EPSG:4326. Distances are measured in EPSG:32618 (UTM 18N, metres),
areas in EPSG:6933 (equal area). What goes out is snapped to ``GRID_DEG``, so two areas that share a border may overlap
or gape by about one metre, and lies in one canonical form, so the same input gives the same bytes in any row order.

References
----------
.. [1] A. Okabe, B. Boots, K. Sugihara, S. N. Chiu (2000), *Spatial Tessellations*, 2nd ed., chapter 2.
"""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Shapes = npt.NDArray[np.object_]
"""A vector of geometries."""

STORED_CRS = "EPSG:4326"
METRIC_CRS = "EPSG:32618"
AREA_CRS = "EPSG:6933"

#: Decimals of a stored coordinate, degrees.
DECIMALS = 5

#: The same as a grid to snap to: about 1.1 m north-south.
GRID_DEG = 10.0**-DECIMALS

#: Farthest that a commune outline reaches from a point of the commune, metres.
COMMUNE_RADIUS_M = 8000.0

#: How far apart two rounded borders may lie and still be the same border, metres.
BORDER_TOLERANCE_M = 2.5

#: Segments in a quarter of a circle: the polygon stays within 0.4 % of its radius.
QUARTER_SEGMENTS = 12

#: A cell of which a smaller share lies in its commune is not cut: its point or its commune is doubtful.
LEAST_SHARE_INSIDE = 0.25

#: Why a cell was not cut to its commune.
OUTSIDE_COMMUNE = "mostly outside the official outline of its commune: not cut"
NO_OUTLINE = "no official outline for its commune: not cut"


def read_land(geojson: bytes) -> BaseGeometry:
    """The land of a GeoJSON feature collection.

    Parameters
    ----------
    geojson : bytes
        A FeatureCollection, EPSG:4326, whose features are all polygons of land.

    Returns
    -------
    Polygon or MultiPolygon
        The union of the features, EPSG:4326.

    Raises
    ------
    ValueError
        The bytes are no JSON, no feature collection, hold no polygon, or a polygon is invalid.
    """
    try:
        features = json.loads(geojson)["features"]
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    except (ValueError, LookupError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ValueError(f"land: not a GeoJSON feature collection of polygons ({error!r}).") from None
    if not shapes or any(
        shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty for shape in shapes
    ):
        raise ValueError("land: expected one or more features, all of them polygons that are not empty.")
    for number, shape in enumerate(shapes):
        if not shape.is_valid:
            raise ValueError(
                f"land: feature {number} is not a valid polygon: {shapely.is_valid_reason(shape)}."
            )
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def catchments(points: pd.DataFrame, land: BaseGeometry, *, radius_m: float) -> gpd.GeoDataFrame:
    """The ground that is nearer to a point than to any other, within a radius and on land.

    One polygon per point. Where the coast or a lake cuts a cell into parts, the part that holds the point is kept, else
    the part nearest to it: a point just off the shore gets the shore in front of it.

    Parameters
    ----------
    points : DataFrame, shape (n, 3 or more)
        ``neighborhood_id`` (unique), ``lat``, ``lon`` in degrees; any row order, any index. Every point counts as a
        neighbour, so leave out points that stand for a larger area (a commune, the city).
    land : Polygon or MultiPolygon
        EPSG:4326.
    radius_m : float
        Farthest reach of a cell, metres.

    Returns
    -------
    GeoDataFrame, shape (n, 3)
        ``neighborhood_id``, ``geometry`` (Polygon, EPSG:4326, valid, snapped to ``GRID_DEG``), ``area_km2``
        (EPSG:6933), sorted by ``neighborhood_id``.

    Raises
    ------
    ValueError
        An id is repeated, a coordinate is missing, two points coincide (to 5 decimals), the radius is not positive, or
        a point has no land within its cell; the message names the points.
    """
    ordered = _ordered(points)
    _refuse_coincident(ordered)
    centres = _metric_points(ordered)
    reach = shapely.intersection(_voronoi(centres, radius_m), _discs(centres, radius_m))
    dry = _snap(shapely.intersection(_to_stored(reach), land, grid_size=GRID_DEG))
    on_map = np.asarray(shapely.points(ordered["lon"], ordered["lat"]))
    cells = [_part_at(cell, point) for cell, point in zip(dry, on_map, strict=True)]
    lost = ordered.loc[[cell is None for cell in cells], "neighborhood_id"]
    if len(lost):
        raise ValueError(
            f"catchments: no land nearer than {radius_m:g} m in the cells of {', '.join(lost)}; check their coordinates."
        )
    return _areas(pd.DataFrame({"neighborhood_id": ordered["neighborhood_id"]}), cells)


def commune_outlines(
    points: pd.DataFrame,
    land: BaseGeometry,
    *,
    extent: BaseGeometry | None = None,
    radius_m: float = COMMUNE_RADIUS_M,
) -> gpd.GeoDataFrame:
    """Approximate commune outlines: the ground nearest to any of a commune's points, on land.

    The points of the communes around bound those in the middle; where no such point lies near, ``radius_m`` does.

    Parameters
    ----------
    points : DataFrame, shape (n, 4 or more)
        ``neighborhood_id`` (unique), ``commune``, ``lat``, ``lon`` in degrees; any row order, any index. Points of one
        commune may coincide. Points outside ``extent`` still bound the others.
    land : Polygon or MultiPolygon
        EPSG:4326.
    extent : Polygon or MultiPolygon, optional
        EPSG:4326; the outlines end there. Default: as far as the land goes.
    radius_m : float, optional
        Farthest that an outline reaches from a point of its commune, metres.

    Returns
    -------
    GeoDataFrame, shape (number of communes with land inside ``extent``, 3)
        ``commune``, ``geometry`` (Polygon or MultiPolygon, EPSG:4326, valid, snapped to ``GRID_DEG``), ``area_km2``
        (EPSG:6933), sorted by ``commune``.

    Raises
    ------
    ValueError
        An id is repeated, a coordinate is missing, points of two communes coincide, or the radius is not positive; the
        message names the points.
    """
    ordered = _ordered(points)
    ordered = ordered[~_coordinates(ordered).assign(commune=ordered["commune"]).duplicated()].reset_index(
        drop=True
    )
    _refuse_coincident(ordered)
    centres = _metric_points(ordered)
    cells, discs = _voronoi(centres, radius_m), _discs(centres, radius_m)
    # A spot in cell i lies nearest to point i: if any disc of the commune covers it, disc i does. So the union of the
    # cut cells is the cut union, which leaves no seams between the cells of one commune.
    rows = ordered.groupby("commune", sort=True).indices
    wholes = [
        shapely.intersection(shapely.union_all(cells[own]), shapely.union_all(discs[own]))
        for own in rows.values()
    ]
    ground = land if extent is None else shapely.intersection(land, extent)
    outlines = _snap(
        shapely.intersection(_to_stored(np.array(wholes, dtype=object)), ground, grid_size=GRID_DEG)
    )
    found = ~shapely.is_empty(outlines)
    return _areas(pd.DataFrame({"commune": np.array(list(rows), dtype=object)[found]}), outlines[found])


def clip_to_communes(cells: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cells cut to the official outlines of their own communes.

    Parameters
    ----------
    cells : GeoDataFrame, shape (n, m)
        ``neighborhood_id``, ``commune``, ``geometry`` (EPSG:4326) and any other column; any index.
    communes : GeoDataFrame
        ``commune`` (unique, spelled as in ``cells``), ``geometry`` (EPSG:4326).

    Returns
    -------
    GeoDataFrame, shape (n, m plus missing ones of the two columns below)
        The cells in their order with their other columns; ``geometry`` is the largest part of what lies inside the
        commune, snapped to ``GRID_DEG``; ``area_km2`` is renewed (EPSG:6933); ``clip_note`` is empty, or says why the
        cell was left as it is: less than ``LEAST_SHARE_INSIDE`` of it would remain, or its commune has no outline.

    Raises
    ------
    ValueError
        A commune has two outlines.
    """
    doubled = communes.loc[communes["commune"].duplicated(), "commune"]
    if len(doubled):
        raise ValueError(f"communes: more than one outline for {', '.join(sorted(set(doubled)))}.")
    outlines = cells["commune"].map(communes.set_index("commune")["geometry"]).to_numpy(dtype=object)
    cells_as_given = cells.geometry.to_numpy(dtype=object)
    has_outline = ~shapely.is_missing(outlines)
    inside = shapely.intersection(
        cells_as_given, np.where(has_outline, outlines, Polygon()), grid_size=GRID_DEG
    )
    largest = np.array(
        [max(_polygons(shape), key=shapely.area, default=Polygon()) for shape in _snap(inside)], dtype=object
    )
    is_cut = shapely.area(largest) >= LEAST_SHARE_INSIDE * shapely.area(cells_as_given)
    others = cells.drop(columns=["geometry", "area_km2", "clip_note"], errors="ignore")
    clipped = _areas(pd.DataFrame(others), np.where(is_cut, largest, cells_as_given))
    clipped["clip_note"] = np.select([~has_outline, ~is_cut], [NO_OUTLINE, OUTSIDE_COMMUNE], "")
    return clipped


def stored_outlines(rows: pd.DataFrame, outlines: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Given outlines in the form in which geometry is stored.

    Parameters
    ----------
    rows : DataFrame, shape (n, m)
        Other columns, any index.
    outlines : GeoSeries, length n
        Polygons or multipolygons, EPSG:4326, in the order of the rows.

    Returns
    -------
    GeoDataFrame, shape (n, m + 2)
        The rows with ``geometry`` (snapped to ``GRID_DEG``, canonical form) and ``area_km2`` (EPSG:6933).
    """
    shapes = shapely.set_precision(outlines.to_numpy(dtype=object), GRID_DEG)
    return _areas(rows, _snap(shapes))


def neighbours(cells: gpd.GeoDataFrame, *, tolerance_m: float = BORDER_TOLERANCE_M) -> pd.DataFrame:
    """Which areas share a border, and how long it is.

    Two areas are neighbours if their borders run within ``tolerance_m`` of each other for more than four times that
    length: areas that only touch at a corner are not.

    Parameters
    ----------
    cells : GeoDataFrame, shape (n, 2 or more)
        ``neighborhood_id`` (unique), ``geometry`` (EPSG:4326); missing and empty geometries have no neighbours.
    tolerance_m : float, optional
        Allowance for rounded coordinates, metres.

    Returns
    -------
    DataFrame
        ``neighborhood_id``, ``other_id``, ``shared_m`` (metres to 0.1, at worst a few times the tolerance too long),
        each pair in both directions with the same length, sorted by the two ids.
    """
    present = cells[~(cells.geometry.isna() | cells.geometry.is_empty)].sort_values("neighborhood_id")
    ids = present["neighborhood_id"].to_numpy(dtype=object)
    shapes = present.geometry.to_crs(METRIC_CRS).to_numpy()
    borders, near = shapely.boundary(shapes), shapely.buffer(shapes, tolerance_m)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=tolerance_m)
    left, right = left[left < right], right[left < right]
    one_way = shapely.length(shapely.intersection(borders[left], near[right]))
    other_way = shapely.length(shapely.intersection(borders[right], near[left]))
    shared = np.round((one_way + other_way) / 2, 1)
    pairs = pd.DataFrame({"neighborhood_id": ids[left], "other_id": ids[right], "shared_m": shared})[
        shared > 4 * tolerance_m
    ]
    back = pairs.rename(columns={"neighborhood_id": "other_id", "other_id": "neighborhood_id"})
    return pd.concat([pairs, back]).sort_values(["neighborhood_id", "other_id"], ignore_index=True)


def _ordered(points: pd.DataFrame) -> pd.DataFrame:
    """The points by id, coordinates as numbers."""
    ordered = points.sort_values("neighborhood_id", ignore_index=True)
    ordered = ordered.assign(lat=ordered["lat"].astype(float), lon=ordered["lon"].astype(float))
    missing = ordered.loc[ordered[["lat", "lon"]].isna().any(axis=1), "neighborhood_id"]
    if len(missing):
        raise ValueError(f"points without coordinates: {', '.join(missing)}.")
    repeated = ordered.loc[ordered["neighborhood_id"].duplicated(), "neighborhood_id"]
    if len(repeated):
        raise ValueError(f"points with the same id: {', '.join(sorted(set(repeated)))}.")
    return ordered


def _coordinates(points: pd.DataFrame) -> pd.DataFrame:
    """Where the points are, as precisely as geometry is stored."""
    return points[["lat", "lon"]].round(DECIMALS)


def _refuse_coincident(points: pd.DataFrame) -> None:
    """Raise ``ValueError`` that names the points which share a place."""
    together = points[_coordinates(points).duplicated(keep=False)]
    if len(together):
        groups = together.groupby([_coordinates(together)[name] for name in ("lat", "lon")])[
            "neighborhood_id"
        ]
        named = "; ".join(" = ".join(ids) for _, ids in groups)
        raise ValueError(f"points at the same place: {named}. Move one of each.")


def _metric_points(points: pd.DataFrame) -> Shapes:
    """Points in EPSG:32618."""
    places = gpd.GeoSeries(gpd.points_from_xy(points["lon"], points["lat"]), crs=STORED_CRS)
    return np.asarray(places.to_crs(METRIC_CRS), dtype=object)


def _to_stored(shapes: Shapes) -> Shapes:
    """Geometries from EPSG:32618 to EPSG:4326."""
    return np.asarray(gpd.GeoSeries(shapes, crs=METRIC_CRS).to_crs(STORED_CRS), dtype=object)


def _discs(centres: Shapes, radius_m: float) -> Shapes:
    """Circles around the centres, metres."""
    return np.asarray(shapely.buffer(centres, radius_m, quad_segs=QUARTER_SEGMENTS), dtype=object)


def _voronoi(centres: Shapes, radius_m: float) -> Shapes:
    """Voronoi cells in the order of the centres, right within ``radius_m`` of each centre.

    Four far corners frame the diagram, so that one point, or points on one line, have cells too. They lie more than
    twice the radius away from every centre: their own cells begin outside the circles.
    """
    if not radius_m > 0:
        raise ValueError(f"the radius must be positive, got {radius_m:g} m.")
    if len(centres) == 0:
        return np.array([], dtype=object)
    west, south, east, north = shapely.total_bounds(centres)
    frame = shapely.box(west - 3 * radius_m, south - 3 * radius_m, east + 3 * radius_m, north + 3 * radius_m)
    corners = shapely.points(shapely.get_coordinates(frame)[:4])
    diagram = shapely.voronoi_polygons(shapely.multipoints(np.concatenate([centres, corners])), ordered=True)
    return np.asarray(shapely.get_parts(diagram)[: len(centres)], dtype=object)


def _snap(shapes: Shapes) -> Shapes:
    """The polygons of geometries that lie on the grid, in shortest decimals and canonical form (RFC 7946 winding)."""
    polygonal = [parts[0] if len(parts := _polygons(shape)) == 1 else MultiPolygon(parts) for shape in shapes]
    plain = shapely.transform(np.array(polygonal, dtype=object), lambda xy: np.round(xy, DECIMALS))
    return np.asarray(shapely.orient_polygons(shapely.normalize(plain)), dtype=object)


def _polygons(shape: BaseGeometry) -> list[BaseGeometry]:
    """The polygons of any geometry; borders that collapsed to lines or points are left out."""
    parts = shapely.get_parts(shapely.get_parts([shape]))
    return [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]


def _part_at(shape: BaseGeometry, point: BaseGeometry) -> BaseGeometry | None:
    """The part that holds the point or lies nearest to it; the larger one of equals. None if there is no part."""
    return min(_polygons(shape), key=lambda part: (part.distance(point), -part.area), default=None)


def _areas(rows: pd.DataFrame, shapes: Shapes | list[BaseGeometry]) -> gpd.GeoDataFrame:
    """Rows with ``geometry`` (EPSG:4326) and ``area_km2`` (EPSG:6933)."""
    frame = gpd.GeoDataFrame(
        rows, geometry=gpd.GeoSeries(list(shapes), index=rows.index, crs=STORED_CRS), crs=STORED_CRS
    )
    frame["area_km2"] = frame.geometry.to_crs(AREA_CRS).area / 1e6
    return frame
