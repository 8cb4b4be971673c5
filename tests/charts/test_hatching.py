"""Hatching of map areas."""

import pytest
import shapely
from shapely.geometry import box, mapping, shape

from monitor.charts.hatching import SPACING_M, WIDTH_M, stripes


def collection(**shapes: object) -> dict:
    return {"features": [{"id": name, "geometry": mapping(geometry)} for name, geometry in shapes.items()]}


def test_stripes_lie_within_their_area_and_cover_their_share() -> None:
    areas = {"west": box(-72.33, 18.54, -72.31, 18.56), "east": box(-72.31, 18.54, -72.29, 18.56)}
    found = {
        feature["id"]: shape(feature["geometry"]) for feature in stripes(collection(**areas))["features"]
    }
    for name, area in areas.items():
        assert found[name].within(area.buffer(2e-5))
        assert found[name].area / area.area == pytest.approx(WIDTH_M / SPACING_M, rel=0.15)


def test_stripes_run_on_into_the_next_area() -> None:
    areas = {"west": box(-72.33, 18.54, -72.31, 18.56), "east": box(-72.31, 18.54, -72.29, 18.56)}
    apart = shapely.union_all(
        [shape(feature["geometry"]) for feature in stripes(collection(**areas))["features"]]
    )
    whole = shape(stripes(collection(all=box(-72.33, 18.54, -72.29, 18.56)))["features"][0]["geometry"])
    assert apart.symmetric_difference(whole).area < 0.05 * whole.area


def test_no_area_gives_no_stripes() -> None:
    assert stripes({"features": []})["features"] == []
