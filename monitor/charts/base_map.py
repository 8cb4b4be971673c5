"""What lies under and over every map: sea, land, outlines, roads, names, and the scale bar; no tile server, no network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from monitor.charts.drawing import Drawing
from monitor.charts.style import (
    INK,
    PAPER,
)
from monitor.language import format_number

GeoJSON = Mapping[str, Any]


#: Views that a link may ask for: around the city, from the whole country to a street.
_VIEW_BOUNDS = {"lat": (17.5, 20.5), "lon": (-75.0, -71.0), "zoom": (6.0, 18.0)}


@dataclass(frozen=True)
class View:
    """What part of the earth a map shows: its centre in degrees and MapLibre's zoom level."""

    lat: float
    lon: float
    zoom: float

    @classmethod
    def parse(cls, text: str) -> View:
        """Return the view that a link describes as ``lat,lon,zoom``; ValueError if it does not show Haiti."""
        lat, lon, zoom = (float(part) for part in text.split(","))
        view = cls(lat, lon, zoom)
        if not all(low <= getattr(view, name) <= high for name, (low, high) in _VIEW_BOUNDS.items()):
            raise ValueError(text)
        return view

    @property
    def layout(self) -> dict[str, Any]:
        """The view as attributes of a Plotly map."""
        return {"center": {"lat": self.lat, "lon": self.lon}, "zoom": self.zoom}


#: View of the whole metropolitan area on a large map, and on a small one. Below zoom 10, tiles are too coarse for hatching.
METRO_VIEW = View(18.538, -72.315, 10.45)


SMALL_METRO_VIEW = replace(METRO_VIEW, zoom=10.02)


#: Layer of the style under which areas are drawn: outlines of communes and names lie over them.
OVER_AREAS = "communes"


#: Layer of the style under which points are drawn.
UNDER_NAMES = "names-of-neighborhoods"


#: From this zoom on, names of neighborhoods are written where they do not run into one another.
NAMES_FROM_ZOOM = 11.2


_SEA, _LAND, _SHORE, _COMMUNE = "#e3ebf1", "#f7f6f2", "#8a98a5", "#6b7785"


def drawn_features(collection: GeoJSON) -> dict[str, Any]:
    """A feature collection with what drawing needs and nothing else: ``id`` and geometry, where there is one."""
    kept = [
        {"type": "Feature", "id": feature["id"], "properties": {}, "geometry": feature["geometry"]}
        for feature in collection["features"]
        if feature["geometry"] is not None
    ]
    return {"type": "FeatureCollection", "features": kept}


#: Colour, opacity and width in px by zoom of main roads and of lesser ones: there for who looks for them.
_ROAD, _ROAD_OPACITY = "#2b3640", 0.5


_ROAD_WIDTHS = {"main": (0.9, 2.2), "secondary": (0.5, 1.2)}


def with_roads(style: Mapping[str, Any], roads: Mapping[str, GeoJSON]) -> dict[str, Any]:
    """A :func:`base_style` with roads over the areas and under points and names.

    Parameters
    ----------
    roads
        Lines as GeoJSON, by ``main`` and ``secondary``.
    """
    layers = list(style["layers"])
    at = 1 + next(number for number, layer in enumerate(layers) if layer["id"] == OVER_AREAS)
    drawn = [
        _line(
            f"roads-{kind}", f"roads-{kind}", _ROAD, ["interpolate", ["linear"], ["zoom"], 10, *_spread(kind)]
        )
        for kind in ("secondary", "main")
    ]
    for layer in drawn:
        layer["paint"]["line-opacity"] = _for_all(_ROAD_OPACITY)
    sources = {f"roads-{kind}": {"type": "geojson", "data": lines} for kind, lines in roads.items()}
    return {**style, "sources": {**style["sources"], **sources}, "layers": layers[:at] + drawn + layers[at:]}


def _spread(kind: str) -> tuple[float, int, float]:
    near, far = _ROAD_WIDTHS[kind]
    return near, 14, far


def base_style(land: GeoJSON, communes: GeoJSON, cells: GeoJSON, names: pd.DataFrame) -> dict[str, Any]:
    """Inline MapLibre style: sea, land, outlines of all cells and communes, names. No glyphs, no sprites, no requests.

    Parameters
    ----------
    land, communes, cells
        GeoJSON.
    names
        ``name, kind, lat, lon, area_km2``: kind is ``commune`` or ``neighborhood``. Names that would run into others are left
        out: communes come first, then large neighborhoods. MapLibre draws them with the browser's fonts.

    The dashed outlines are what a cell without data shows; a cell with a status is drawn over them. The layer ``chosen`` is
    the outline of the cell that the reader has just clicked.
    """
    shapes = [{**feature, "properties": {"id": feature["id"]}} for feature in cells["features"]]
    sources: dict[str, Any] = {
        "land": {"type": "geojson", "data": land},
        "communes": {"type": "geojson", "data": communes},
        "cells": {"type": "geojson", "data": {"type": "FeatureCollection", "features": shapes}},
        "names": {"type": "geojson", "data": _name_points(names)},
    }
    layers: list[dict[str, Any]] = [
        {"id": "sea", "type": "background", "paint": {"background-color": _SEA}},
        _fill("land", "land", _LAND),
        _line("shore", "land", _SHORE, 1),
        _fill("cells-fill", "cells", "#ffffff"),
        _line("cells-outline", "cells", "#9aa5b1", 0.8, **{"line-dasharray": [2, 2]}),
        _line("communes", "communes", _COMMUNE, 1.2),
        _line("chosen", "cells", INK, 3) | {"filter": False},
        _names_layer(
            UNDER_NAMES,
            "neighborhood",
            {"text-size": ["interpolate", ["linear"], ["zoom"], NAMES_FROM_ZOOM, 10.5, 14, 14]},
            minzoom=NAMES_FROM_ZOOM,
        ),
        _names_layer(
            "names-of-communes",
            "commune",
            {"text-size": 13, "text-letter-spacing": 0.04},
            maxzoom=14,
        ),
    ]
    return {"version": 8, "sources": sources, "layers": layers}


_OWN = ["coalesce", ["get", "own"]]


def _for_all(value: Any) -> Any:
    """The same value for all features, written as if each had its own.

    MapLibre compiles a program of the graphics card for each combination of properties that features have of their own, and
    waits for it. Plotly's areas have their own colour, opacity and width: written like this, what lies under them is drawn
    by the same programs, and the map stands some tenths of a second sooner where there is no graphics card.
    """
    return [*_OWN, value] if not isinstance(value, list) else value


def plain(paint: Mapping[str, Any]) -> dict[str, Any]:
    """Paint properties of a layer of :func:`base_style` with plain values."""
    return {
        name: value[-1] if isinstance(value, list) and value[:2] == _OWN else value
        for name, value in paint.items()
    }


def _fill(name: str, source: str, colour: str) -> dict[str, Any]:
    paint = {"fill-color": _for_all(colour), "fill-opacity": _for_all(1)}
    return {"id": name, "type": "fill", "source": source, "paint": paint}


def _line(name: str, source: str, colour: str, width: Any, **more: Any) -> dict[str, Any]:
    paint = {
        "line-color": _for_all(colour),
        "line-opacity": _for_all(1),
        "line-width": _for_all(width),
        **more,
    }
    return {"id": name, "type": "line", "source": source, "paint": paint}


def _name_points(names: pd.DataFrame) -> dict[str, Any]:
    """Names as points; those of large areas are placed first."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": row.name, "kind": row.kind, "order": -float(row.area_km2)},
                "geometry": {"type": "Point", "coordinates": [round(row.lon, 5), round(row.lat, 5)]},
            }
            for row in names.itertuples()
        ],
    }


def _names_layer(name: str, kind: str, layout: Mapping[str, Any], **zooms: float) -> dict[str, Any]:
    return {
        "id": name,
        "type": "symbol",
        "source": "names",
        "filter": ["==", ["get", "kind"], kind],
        "layout": {
            "text-field": ["get", "name"],
            "text-max-width": 8,
            "text-padding": 3,
            "text-variable-anchor": ["center", "top", "bottom"],
            "text-radial-offset": 0.3,
            "symbol-sort-key": ["get", "order"],
            **layout,
        },
        "paint": {
            "text-color": INK if kind == "neighborhood" else "#36424d",
            "text-halo-color": "rgba(255,255,255,0.9)",
            "text-halo-width": 1.6,
        },
        **zooms,
    }


#: Room of the scale bar in px, and its place from the left and the bottom of the map.
_SCALE_PX, _SCALE_LEFT, _SCALE_BOTTOM = 110, 12, 14


#: Units of the scale bar.
_UNITS = ("m", "km")


def scale_bar(lat: float, zoom: float) -> tuple[int, str]:
    """Width in px of a round length on a map, as long as its room allows, and that length in words."""
    metres = 40_075_016.686 * math.cos(math.radians(lat)) / (512 * 2**zoom)
    ten = 10 ** math.floor(math.log10(_SCALE_PX * metres))
    length = ten * next(digit for digit in (5, 2, 1) if digit * ten <= _SCALE_PX * metres)
    label = f"{length} {_UNITS[0]}" if length < 1000 else f"{format_number(length / 1000)} {_UNITS[1]}"
    return round(length / metres), label


def add_scale(figure: Drawing, view: View) -> None:
    """Scale bar of a view; in the browser it follows the zoom (``figure_component/scale.js``)."""
    width, label = scale_bar(view.lat, view.zoom)
    figure.add_shape(
        name="scale",
        type="rect",
        xref="paper",
        yref="paper",
        xsizemode="pixel",
        ysizemode="pixel",
        xanchor=0,
        yanchor=0,
        x0=_SCALE_LEFT,
        x1=_SCALE_LEFT + width,
        y0=_SCALE_BOTTOM,
        y1=_SCALE_BOTTOM + 4,
        fillcolor=INK,
        line={"width": 1, "color": PAPER},
    )
    figure.add_annotation(
        name="scale",
        text=label,
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        xanchor="left",
        yanchor="bottom",
        xshift=_SCALE_LEFT - 3,
        yshift=_SCALE_BOTTOM + 4,
        showarrow=False,
        font={"size": 11, "color": INK},
        bgcolor="rgba(255,255,255,0.6)",
        borderpad=1,
    )
    decimal = format_number(0.5, 1)[1]
    figure.update_layout(
        meta={
            "scale": {"longest": _SCALE_PX, "units": _UNITS, "decimal": decimal},
            "home": view.layout,
        }
    )
