"""The style under every map: one program of the graphics card for all fills, one for all lines."""

from __future__ import annotations

import pandas as pd

from monitor.charts.base_map import base_style, plain

_EMPTY = {"type": "FeatureCollection", "features": []}
_NO_NAMES = pd.DataFrame(columns=["name", "kind", "lat", "lon", "area_km2"])


def test_layers_of_areas_have_the_properties_that_plotly_gives_to_its_own():
    layers = base_style(_EMPTY, _EMPTY, _EMPTY, _NO_NAMES)["layers"]
    own = {
        kind: [
            {
                name
                for name, value in layer["paint"].items()
                if isinstance(value, list) and "get" in str(value)
            }
            for layer in layers
            if layer["type"] == kind
        ]
        for kind in ("fill", "line")
    }
    assert own["fill"]
    assert all(names == {"fill-color", "fill-opacity"} for names in own["fill"])
    assert own["line"]
    assert all(names == {"line-color", "line-opacity", "line-width"} for names in own["line"])


def test_plain_gives_back_the_values():
    layers = {layer["id"]: layer for layer in base_style(_EMPTY, _EMPTY, _EMPTY, _NO_NAMES)["layers"]}
    assert plain(layers["cells-fill"]["paint"]) == {"fill-color": "#ffffff", "fill-opacity": 1}
    outline = plain(layers["cells-outline"]["paint"])
    assert outline["line-dasharray"] == [2, 2]
    assert outline["line-width"] == 0.8
