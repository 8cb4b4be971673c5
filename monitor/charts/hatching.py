"""Hatching for maps: thin stripe polygons clipped to each area (a map engine without sprites has no fill patterns)."""

from __future__ import annotations

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
    from shapely.geometry import mapping, shape

    shapes = np.array([shape(feature["geometry"]) for feature in features["features"]])
    if not len(shapes):
        return {"type": "FeatureCollection", "features": []}
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
    out = []
    for number, feature in enumerate(features["features"]):
        polygons = [
            part
            for piece in pieces[area == number]
            for part in getattr(piece, "geoms", [piece])
            if part.geom_type == "Polygon" and part.area > 0
        ]
        rounded = shapely.set_precision(shapely.multipolygons(polygons), 1e-5)
        out.append({"type": "Feature", "id": feature["id"], "properties": {}, "geometry": mapping(rounded)})
    return {"type": "FeatureCollection", "features": out}
