"""Where areas and sites lie to one another: borders, perimeters and distances, measured once per geometry.

Packages of geometry are imported where they are used: no page needs them to say its first sentence.

Everything that changes with the date (who holds what) is looked up in these matrices, so a week costs an indexing and
no geometry. Distances and lengths are in metres, EPSG:32618 (UTM 18N).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STORED_CRS, METRIC_CRS = "EPSG:4326", "EPSG:32618"

#: How far apart two rounded borders may lie and still be the same border, metres.
BORDER_TOLERANCE_M = 2.5
#: Shortest border that can be crossed: areas that touch at a corner are not adjacent.
LEAST_BORDER_M = 4 * BORDER_TOLERANCE_M

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Geography:
    """Areas and how they border each other.

    Attributes
    ----------
    ids
        Ids of the areas, sorted; positions in the arrays below refer to it.
    left, right
        Positions of the areas of each border, every border once, ``left < right``; shape (borders,).
    shared_m
        Length of each border in metres, shape (borders,).
    perimeter_m
        Length of the outline of each area in metres, shape (areas,).
    shapes
        Outlines in EPSG:32618, shape (areas,).
    """

    ids: pd.Index
    left: Integers
    right: Integers
    shared_m: Floats
    perimeter_m: Floats
    shapes: npt.NDArray[np.object_]

    def positions(self, ids: Sequence[str] | pd.Series) -> Integers:
        """Positions of some areas; -1 where an area has no geometry."""
        return self.ids.get_indexer(pd.Index(ids)).astype("int64")


@cache
def _transformer() -> Any:
    # A tenth of a second to import: only pages that measure pay for it.
    from pyproj import Transformer

    return Transformer.from_crs(STORED_CRS, METRIC_CRS, always_xy=True)


def to_metric(longitudes: Any, latitudes: Any) -> tuple[Floats, Floats]:
    """Eastings and northings in metres (EPSG:32618) of coordinates in degrees (EPSG:4326)."""
    east, north = _transformer().transform(
        np.asarray(longitudes, dtype="float64"), np.asarray(latitudes, dtype="float64")
    )
    return np.atleast_1d(east), np.atleast_1d(north)


def geography(features: Mapping[str, Any], ids: Sequence[str] | pd.Series) -> Geography:
    """Measure the borders of some areas.

    Parameters
    ----------
    features
        GeoJSON FeatureCollection whose features carry ``id``, EPSG:4326.
    ids
        Areas to measure; those without a feature are left out.

    Returns
    -------
    Geography
        Two areas border each other if their outlines run within ``BORDER_TOLERANCE_M`` of each other for at least
        ``LEAST_BORDER_M``.
    """
    import shapely

    wanted = set(ids)
    found = sorted(
        (
            (str(feature["id"]), feature["geometry"])
            for feature in features["features"]
            if feature["id"] in wanted
        ),
        key=lambda pair: pair[0],
    )
    stored = [shapely.geometry.shape(geometry) for _, geometry in found]
    shapes = np.array(
        [
            shapely.transform(shape, lambda points: np.column_stack(to_metric(points[:, 0], points[:, 1])))
            for shape in stored
        ],
        dtype=object,
    )
    left, right, shared = _borders(shapes)
    return Geography(
        ids=pd.Index([area for area, _ in found], dtype="str"),
        left=left,
        right=right,
        shared_m=shared,
        perimeter_m=shapely.length(shapely.boundary(shapes)).astype("float64"),
        shapes=shapes,
    )


def _borders(shapes: npt.NDArray[np.object_]) -> tuple[Integers, Integers, Floats]:
    """Pairs of areas with a common border, and its length: the mean of what each side's outline measures."""
    import shapely

    borders, near = shapely.boundary(shapes), shapely.buffer(shapes, BORDER_TOLERANCE_M)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=BORDER_TOLERANCE_M)
    left, right = left[left < right], right[left < right]
    one_way = shapely.length(shapely.intersection(borders[left], near[right]))
    other_way = shapely.length(shapely.intersection(borders[right], near[left]))
    shared = (one_way + other_way) / 2
    long_enough = shared > LEAST_BORDER_M
    return left[long_enough], right[long_enough], shared[long_enough]


def border_shares(geography: Geography, held: npt.NDArray[np.bool_]) -> Floats:
    """Share of each area's outline beyond which lies an area of a set.

    Parameters
    ----------
    held
        Whether each area belongs to the set, shape (dates, areas).

    Returns
    -------
    array of float, shape (dates, areas)
        Between 0 and 1. The coast and the edge of the mapped city belong to the outline, and to no set.
    """
    from scipy.sparse import coo_array

    n = len(geography.ids)
    rows = np.concatenate([geography.left, geography.right])
    columns = np.concatenate([geography.right, geography.left])
    lengths = coo_array((np.tile(geography.shared_m, 2), (rows, columns)), shape=(n, n)).tocsr()
    beyond = (lengths @ held.T.astype("float64")).T
    return np.clip(beyond / geography.perimeter_m, 0.0, 1.0)


def distances_m(geography: Geography, longitudes: Any, latitudes: Any) -> Floats:
    """Distance of points to areas in metres, 0 inside; shape (points, areas)."""
    import shapely

    east, north = to_metric(longitudes, latitudes)
    points = shapely.points(east, north)
    return np.asarray(shapely.distance(points[:, None], geography.shapes[None, :]), dtype="float64")
