"""Hatching for maps: thin stripe polygons clipped to each area (a map engine without sprites has no fill patterns)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

#: Distance between stripes and their width, as lengths on the ground in metres.
SPACING_M, WIDTH_M = 200.0, 38.0

_METRES_PER_DEGREE = 111_320.0


def stripes(
    features: Mapping[str, Any], *, spacing_m: float = SPACING_M, width_m: float = WIDTH_M
) -> dict[str, Any]:
    """Diagonal stripes over every area.

    Parameters
    ----------
    features
        GeoJSON feature collection in EPSG:4326, polygons with ``id``.
    spacing_m, width_m
        Distance from stripe to stripe and width of a stripe, metres.

    Returns
    -------
    dict
        GeoJSON feature collection of MultiPolygons with the same ids, coordinates rounded to 5 decimals. Stripes of
        neighbouring areas run through, because all lie on one grid.
    """
    import numpy as np
    import shapely

    if not features["features"]:
        return {"type": "FeatureCollection", "features": []}
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features["features"]])
    west, south, east, north = shapely.total_bounds(shapes)
    stretch = math.cos(math.radians((south + north) / 2))
    # One family of 45° stripes over the whole extent, in degrees: x is stretched so that they are 45° on the ground.
    step = spacing_m * math.sqrt(2) / (_METRES_PER_DEGREE * stretch)
    width = width_m * math.sqrt(2) / (_METRES_PER_DEGREE * stretch)
    rise = north - south
    starts = np.arange(west - rise / stretch, east, step)
    corners = np.stack(
        [
            np.stack([starts, np.full_like(starts, south)], axis=1),
            np.stack([starts + width, np.full_like(starts, south)], axis=1),
            np.stack([starts + width + rise / stretch, np.full_like(starts, north)], axis=1),
            np.stack([starts + rise / stretch, np.full_like(starts, north)], axis=1),
        ],
        axis=1,
    )
    family = shapely.polygons(corners)
    tree = shapely.STRtree(family)
    area, band = tree.query(shapes, predicate="intersects")
    pieces = shapely.intersection(family[band], shapes[area])
    parts, piece = shapely.get_parts(pieces, return_index=True)
    parts = shapely.transform(parts, lambda points: points.round(5))
    kept = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 0)
    striped = shapely.multipolygons(
        parts[kept],
        indices=area[piece[kept]],
        out=np.full(len(shapes), shapely.MultiPolygon(), dtype=object),
    )
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "id": feature["id"], "properties": {}, "geometry": json.loads(geometry)}
            for feature, geometry in zip(features["features"], shapely.to_geojson(striped), strict=True)
        ],
    }
