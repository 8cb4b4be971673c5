"""Hand-made cities of square neighborhoods for tests: n × n cells of about one kilometre, named by row and column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pyproj import Transformer

from monitor.analysis.geography import METRIC_CRS, STORED_CRS, Geography, geography

SIDE_M = 1000.0
_EAST, _NORTH = 780_000.0, 2_050_000.0
_TO_STORED = Transformer.from_crs(METRIC_CRS, STORED_CRS, always_xy=True)


def degrees(x_m: float, y_m: float) -> tuple[float, float]:
    """Longitude and latitude of a point given in metres from the south-west corner."""
    lon, lat = _TO_STORED.transform(_EAST + x_m, _NORTH + y_m)
    return lon, lat


def cells(rows: int = 3, columns: int = 3) -> dict[str, Any]:
    """Cells as GeoJSON: ``r0c0`` in the south-west."""
    features = []
    for row in range(rows):
        for column in range(columns):
            corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
            ring = [degrees(SIDE_M * (column + x), SIDE_M * (row + y)) for x, y in corners]
            features.append(
                {
                    "type": "Feature",
                    "id": f"r{row}c{column}",
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
    return {"type": "FeatureCollection", "features": features}


def city(rows: int = 3, columns: int = 3) -> tuple[Geography, pd.DataFrame]:
    """Geography of the cells, and their ids, centres and 100 people each."""
    features = cells(rows, columns)
    ids = [feature["id"] for feature in features["features"]]
    centres = [degrees(SIDE_M * (int(i[3:]) + 0.5), SIDE_M * (int(i[1 : i.index("c")]) + 0.5)) for i in ids]
    areas = pd.DataFrame(
        {
            "neighborhood_id": ids,
            "lon": [point[0] for point in centres],
            "lat": [point[1] for point in centres],
            "population": 100.0,
            "area_km2": 1.0,
        }
    )
    return geography(features, ids), areas


def panel_of_rows(*picture: str, day: str = "2025-01-01") -> pd.DataFrame:
    """Panel of one date from a picture, north first: G gang control, I influence, C contested, S state, ? unknown."""
    words = {
        "G": "gang_control",
        "I": "gang_influence",
        "C": "contested",
        "S": "state_held",
        "?": "unknown",
        ".": "no_data",
    }
    rows = [
        (f"r{len(picture) - 1 - line}c{column}", pd.Timestamp(day), words[letter])
        for line, text in enumerate(picture)
        for column, letter in enumerate(text)
    ]
    return pd.DataFrame(rows, columns=["neighborhood_id", "date", "status"])


def panel_of_letters(letters: list[str], columns: int, day: str = "2025-01-01") -> pd.DataFrame:
    """Panel of one date from letters row by row, north first."""
    lines = ["".join(letters[i : i + columns]) for i in range(0, len(letters), columns)]
    return panel_of_rows(*lines, day=day)


ANY_LETTER = np.array(list("GICS?."))
