"""Dataset ``coastline``: the land around the bay, clipped once from an open shoreline (see dataset.yaml)."""

from __future__ import annotations

import json

import pandas as pd

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS
from loaders.geometry import read_land

CONTRACT = CONTRACTS["coastline"]
SOURCE = "coastline.geojson"
NEEDS: tuple[str, ...] = ()
FILES: tuple[str, ...] = ()


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row: the land polygon, EPSG:4326."""
    try:
        properties = json.loads(source)["features"][0]["properties"]
        land = read_land(source)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise ParseError(
            f"coastline.geojson is not a GeoJSON feature collection with one land feature: {error}"
        ) from None
    return pd.DataFrame(
        {
            "coastline_id": ["land"],
            "name": ["Land around the bay of Port-au-Prince"],
            "source_publisher": [properties.get("source", "")],
            "licence": [properties.get("licence", "")],
            "geometry": [land],
        }
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """The land must be one valid polygonal geometry."""
    findings = Findings()
    for name, shape in zip(frame["name"], frame["geometry"], strict=True):
        if shape.is_empty or not shape.is_valid or shape.geom_type not in ("Polygon", "MultiPolygon"):
            findings.violations.append(f"coastline: {name}: not a valid polygon.")
    return findings
