"""Areas made from points: catchments, outlines, clipping, adjacency.

The land is an invented island of about 21 by 17 km, with a bay in the west and an islet.
"""

from __future__ import annotations

import json
from random import Random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box, mapping

from loaders import geometry as geo

MAIN_ISLAND = Polygon(
    [
        (-72.40, 18.50),
        (-72.20, 18.50),
        (-72.20, 18.65),
        (-72.40, 18.65),
        (-72.40, 18.60),
        (-72.35, 18.575),
        (-72.40, 18.55),
    ]
)
ISLET = box(-72.43, 18.57, -72.42, 18.58)
LAND = MultiPolygon([MAIN_ISLAND, ISLET])

#: Rounded coordinates move a border by at most this, metres.
ROUNDING_M = 1.2
ROUNDING_DEG = 1.5 * geo.GRID_DEG


def frame(*rows: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["neighborhood_id", "lon", "lat"])


@st.composite
def points_on_land(draw: st.DrawFn) -> pd.DataFrame:
    """One to twelve points on the island, at least about 100 m apart, in any row order."""
    places = draw(
        st.lists(
            st.tuples(st.integers(0, 200), st.integers(0, 150)).filter(
                lambda ij: LAND.covers(Point(*_place(*ij)))
            ),
            min_size=1,
            max_size=12,
            unique=True,
        )
    )
    rows = [(f"p{number:02d}", *_place(i, j)) for number, (i, j) in enumerate(places)]
    return frame(*draw(st.permutations(rows)))


def _place(i: int, j: int) -> tuple[float, float]:
    return round(-72.40 + i / 1000, 3), round(18.50 + j / 1000, 3)


def metric(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    return shapes.to_crs(geo.METRIC_CRS)


# read_land


def test_read_land_returns_the_polygons_of_a_feature_collection() -> None:
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(part)} for part in LAND.geoms]
    land = geo.read_land(json.dumps({"type": "FeatureCollection", "features": features}).encode())
    assert land.equals(LAND)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"type": "FeatureCollection"}',
        '{"type": "FeatureCollection", "features": []}',
        '{"features": [{"geometry": null}]}',
        '{"features": [{"geometry": {"type": "Blob", "coordinates": []}}]}',
        '{"features": [{"geometry": {"type": "Point", "coordinates": [0, 0]}}]}',
        '{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}}]}',
    ],
)
def test_read_land_refuses_anything_else(text: str) -> None:
    with pytest.raises(ValueError, match="land: "):
        geo.read_land(text.encode())


# catchments


def test_a_lone_point_gets_a_circle() -> None:
    cells = geo.catchments(frame(("a", -72.30, 18.60)), LAND, radius_m=1000)
    assert list(cells.columns) == ["neighborhood_id", "geometry", "area_km2"]
    assert cells.crs == "EPSG:4326"
    assert cells["area_km2"].iloc[0] == pytest.approx(np.pi, rel=0.01)


def test_two_points_share_the_border_half_way() -> None:
    cells = geo.catchments(frame(("west", -72.31, 18.60), ("east", -72.30, 18.60)), LAND, radius_m=2000)
    east, west = cells.set_index("neighborhood_id")["geometry"][["east", "west"]]
    assert west.bounds[2] == pytest.approx(-72.305, abs=2e-4)
    assert east.bounds[0] == pytest.approx(-72.305, abs=2e-4)


def test_points_on_one_line_have_cells() -> None:
    cells = geo.catchments(
        frame(*((f"p{n}", -72.32 + n / 100, 18.60) for n in range(5))), LAND, radius_m=1500
    )
    assert (cells["area_km2"] > 1).all()


def test_no_points_no_cells() -> None:
    assert geo.catchments(frame().astype({"lon": float, "lat": float}), LAND, radius_m=1500).empty


def test_a_point_off_the_shore_gets_the_shore_in_front_of_it() -> None:
    cell = geo.catchments(frame(("wharf", -72.401, 18.53)), LAND, radius_m=1500)["geometry"].iloc[0]
    assert cell.geom_type == "Polygon"
    assert not cell.covers(Point(-72.401, 18.53))
    assert cell.distance(Point(-72.401, 18.53)) == pytest.approx(0.001, abs=ROUNDING_DEG)


def test_a_cell_cut_by_water_keeps_the_part_of_its_point() -> None:
    cell = geo.catchments(frame(("islet", -72.421, 18.575)), LAND, radius_m=6000)["geometry"].iloc[0]
    assert cell.equals(ISLET)


def test_a_point_without_land_in_reach_is_named() -> None:
    with pytest.raises(ValueError, match="high-sea"):
        geo.catchments(frame(("high-sea", -72.60, 18.60), ("a", -72.30, 18.60)), LAND, radius_m=1500)


def test_coincident_points_are_named() -> None:
    points = frame(("b", -72.30, 18.60), ("a", -72.300001, 18.60), ("far", -72.25, 18.60))
    with pytest.raises(ValueError, match="a = b") as refused:
        geo.catchments(points, LAND, radius_m=1500)
    assert "far" not in str(refused.value)


@pytest.mark.parametrize(
    ("points", "radius_m", "message"),
    [
        (frame(("a", -72.30, 18.60), ("a", -72.31, 18.60)), 1500, "same id: a"),
        (frame(("a", -72.30, np.nan)), 1500, "without coordinates: a"),
        (frame(("a", -72.30, 18.60)), 0, "radius"),
        (frame(("a", -72.30, 18.60)), float("nan"), "radius"),
    ],
)
def test_unusable_input_is_refused(points: pd.DataFrame, radius_m: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        geo.catchments(points, LAND, radius_m=radius_m)


@settings(deadline=None, max_examples=40)
@given(points_on_land(), st.sampled_from([800, 1500, 5000]))
def test_catchments_tile_the_land_around_the_points(points: pd.DataFrame, radius_m: float) -> None:
    cells = geo.catchments(points, LAND, radius_m=radius_m)
    shapes = cells["geometry"]
    assert list(cells["neighborhood_id"]) == sorted(points["neighborhood_id"])
    assert (shapes.geom_type == "Polygon").all()
    assert shapes.is_valid.all()
    coordinates = shapely.get_coordinates(shapes.to_numpy())
    assert (coordinates == coordinates.round(geo.DECIMALS)).all()

    centres = gpd.GeoSeries(
        gpd.points_from_xy(points["lon"], points["lat"]), index=points["neighborhood_id"], crs=4326
    )
    centres = centres.loc[cells["neighborhood_id"]].reset_index(drop=True)
    assert shapely.covers(shapely.buffer(shapes.to_numpy(), ROUNDING_DEG), centres.to_numpy()).all()
    assert shapes.within(LAND.buffer(ROUNDING_DEG)).all()
    assert (metric(shapes).hausdorff_distance(metric(centres)) <= radius_m + ROUNDING_M).all()

    flat = metric(shapes)
    for left in range(len(flat)):
        for right in range(left):
            allowed = ROUNDING_M * (1 + min(flat[left].length, flat[right].length))
            assert flat[left].intersection(flat[right]).area <= allowed
    assert np.allclose(cells["area_km2"], shapes.to_crs("EPSG:6933").area / 1e6, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=25)
@given(points_on_land(), st.randoms(use_true_random=False))
def test_catchments_have_the_same_bytes_in_any_row_order(points: pd.DataFrame, random: Random) -> None:
    order = list(points.index)
    random.shuffle(order)
    once = geo.catchments(points, LAND, radius_m=1500)
    again = geo.catchments(points.loc[order], LAND, radius_m=1500)
    assert once.to_json() == again.to_json()


# commune_outlines

PLACES = frame(
    ("a1", -72.30, 18.60),
    ("a2", -72.29, 18.60),
    ("b1", -72.27, 18.60),
    ("b2", -72.27, 18.62),
    ("sea", -72.60, 18.60),
).assign(commune=["A", "A", "B", "B", "Sea"])


def test_outlines_are_the_union_of_the_cells_of_a_commune() -> None:
    outlines = geo.commune_outlines(PLACES, LAND, radius_m=1500).set_index("commune")
    assert list(outlines.index) == ["A", "B"], "a commune without land has no outline"
    cells = geo.catchments(PLACES[PLACES["commune"] != "Sea"], LAND, radius_m=1500)
    for commune, shape in outlines["geometry"].items():
        own = cells[cells["neighborhood_id"].str.startswith(str(commune).lower())]["geometry"].union_all()
        assert own.symmetric_difference(shape).area < ROUNDING_DEG * shape.length
        assert shape.is_valid
    assert (
        outlines.loc["A", "geometry"].intersection(outlines.loc["B", "geometry"]).area < ROUNDING_DEG * 0.05
    )


def test_outlines_end_at_the_extent() -> None:
    extent = box(-72.31, 18.59, -72.28, 18.61)
    outlines = geo.commune_outlines(PLACES, LAND, extent=extent, radius_m=9000)
    assert outlines["geometry"].within(extent.buffer(ROUNDING_DEG)).all()


def test_outlines_allow_coincident_points_of_one_commune_only() -> None:
    twin = PLACES.iloc[[0]].assign(neighborhood_id="a3")
    alone = geo.commune_outlines(PLACES, LAND)
    assert geo.commune_outlines(pd.concat([PLACES, twin]), LAND).to_json() == alone.to_json()
    with pytest.raises(ValueError, match="a1 = z"):
        geo.commune_outlines(pd.concat([PLACES, twin.assign(neighborhood_id="z", commune="Z")]), LAND)


def test_outlines_have_the_same_bytes_in_any_row_order() -> None:
    assert geo.commune_outlines(PLACES, LAND).to_json() == geo.commune_outlines(PLACES[::-1], LAND).to_json()


# clip_to_communes


def test_cells_are_cut_to_their_own_commune() -> None:
    cells = geo.catchments(PLACES[PLACES["commune"] != "Sea"], LAND, radius_m=1500)
    cells = cells.assign(commune=["A", "A", "B", "C"], name=["one", "two", "three", "four"]).set_index(
        pd.Index([7, 5, 3, 1])
    )
    communes = gpd.GeoDataFrame(
        {"commune": ["A", "B"]},
        geometry=[box(-72.30, 18.5, -72.28, 18.7), box(-72.1, 18.5, -72.0, 18.7)],
        crs=4326,
    )
    clipped = geo.clip_to_communes(cells, communes)
    assert list(clipped.index) == [7, 5, 3, 1]
    assert list(clipped["name"]) == ["one", "two", "three", "four"]
    assert list(clipped["clip_note"]) == ["", "", geo.OUTSIDE_COMMUNE, geo.NO_OUTLINE]
    assert clipped.loc[[7, 5], "geometry"].within(communes["geometry"].iloc[0].buffer(ROUNDING_DEG)).all()
    assert clipped.loc[[3, 1], "geometry"].geom_equals(cells.loc[[3, 1], "geometry"]).all()
    assert clipped.loc[7, "area_km2"] < cells.loc[7, "area_km2"]
    assert np.allclose(clipped["area_km2"], clipped.to_crs("EPSG:6933").area / 1e6)


def test_a_sliver_is_not_a_cell() -> None:
    cell = gpd.GeoDataFrame(
        {"neighborhood_id": ["a"], "commune": ["A"]}, geometry=[box(-72.30, 18.60, -72.29, 18.61)], crs=4326
    )
    for east, note in ((-72.298, geo.OUTSIDE_COMMUNE), (-72.297, "")):
        communes = gpd.GeoDataFrame({"commune": ["A"]}, geometry=[box(-72.35, 18.5, east, 18.7)], crs=4326)
        assert list(geo.clip_to_communes(cell, communes)["clip_note"]) == [note]


def test_two_outlines_of_one_commune_are_refused() -> None:
    cell = gpd.GeoDataFrame({"neighborhood_id": ["a"], "commune": ["A"]}, geometry=[ISLET], crs=4326)
    communes = gpd.GeoDataFrame({"commune": ["A", "A"]}, geometry=[ISLET, ISLET], crs=4326)
    with pytest.raises(ValueError, match="more than one outline for A"):
        geo.clip_to_communes(cell, communes)


# neighbours


def test_neighbours_share_a_border_not_a_corner() -> None:
    squares = gpd.GeoDataFrame(
        {"neighborhood_id": ["sw", "se", "ne", "nowhere"]},
        geometry=[
            box(-72.31, 18.60, -72.30, 18.61),
            box(-72.29999, 18.60, -72.29, 18.61),
            box(-72.30, 18.61, -72.29, 18.62),
            None,
        ],
        crs=4326,
    )
    pairs = geo.neighbours(squares)
    assert list(pairs.columns) == ["neighborhood_id", "other_id", "shared_m"]
    assert list(zip(pairs["neighborhood_id"], pairs["other_id"], strict=True)) == [
        ("ne", "se"),
        ("se", "ne"),
        ("se", "sw"),
        ("sw", "se"),
    ]
    by_pair = pairs.set_index(["neighborhood_id", "other_id"])["shared_m"]
    assert by_pair["sw", "se"] == pytest.approx(1107, abs=10)
    assert by_pair["ne", "se"] == pytest.approx(1056, abs=10)


@settings(deadline=None, max_examples=25)
@given(points_on_land())
def test_neighbours_are_symmetric(points: pd.DataFrame) -> None:
    cells = geo.catchments(points, LAND, radius_m=5000)
    pairs = geo.neighbours(cells)
    one_way = set(pairs.itertuples(index=False, name=None))
    assert one_way == {(other, own, metres) for own, other, metres in one_way}
    assert all(own != other and metres > 0 for own, other, metres in one_way)
    assert len(one_way) == len(pairs)
    pd.testing.assert_frame_equal(pairs, geo.neighbours(cells[::-1]))
