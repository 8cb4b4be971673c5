"""Maps: status of neighborhoods, incidents, sites. They need no tile server and no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from loaders.contracts import Status
from monitor.charts.drawing import Drawing, Part, trace
from monitor.charts.style import (
    GREY,
    INK,
    PAPER,
    SITE_COLOURS,
    STATUS_COLOURS,
    STATUS_ORDER,
    Key,
    Stamp,
    site_label,
    stamped,
    status_label,
)
from monitor.language import _, format_date, format_number, format_people, mark
from monitor.vocabulary import word

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
_UNDER_NAMES = "names-of-neighborhoods"

#: From this zoom on, names of neighborhoods are written where they do not run into one another.
NAMES_FROM_ZOOM = 11.2

_SEA, _LAND, _SHORE, _COMMUNE = "#e3ebf1", "#f7f6f2", "#8a98a5", "#6b7785"

#: Opacity of a fill by the age of its last confirmation, in days: staleness as ink.
AGE_OPACITY = ((30, 0.95), (90, 0.78), (180, 0.6), (float("inf"), 0.45))


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
            _UNDER_NAMES,
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


@dataclass(frozen=True)
class Look:
    """How an area or a point of one class is drawn: fill, its opacity; outline and its width in px, or the radius in px."""

    fill: str
    opacity: float
    line: str
    width: float
    radius: float | None = None


_AGES = len(AGE_OPACITY)
_VARIANTS = max(_AGES, len(STATUS_ORDER))
_CONTESTED = _VARIANTS * len(STATUS_ORDER)


def area_classes(panel: pd.DataFrame) -> np.ndarray:
    """Class of each row of a panel, below 256: its status, with its age or its last status, and whether it is contested.

    Everything that a map shows of an area follows from its class: :data:`STATUS_LOOKS` and :data:`HATCH_LOOKS`.
    """
    order = {status: number for number, status in enumerate(STATUS_ORDER)}
    status = panel["status"].map(order).to_numpy(dtype="int64")
    last = panel["last_status"].map(order).to_numpy(dtype="int64")
    ages = panel["age_days"].astype("float64").fillna(0).to_numpy()
    age = np.searchsorted([limit for limit, _opacity in AGE_OPACITY], ages, side="left")
    settled = status < order[Status.UNKNOWN]
    variant = np.where(settled, age, np.where(panel["is_stale"], last, order[Status.UNKNOWN]))
    return (status * _VARIANTS + variant + _CONTESTED * panel["is_contested"].to_numpy(dtype="int64")).astype(
        "uint8"
    )


#: Gang red, state blue and purple are one grey to who sees no colours: a white rim tells the state, stripes the others.
_OUTLINES = {str(Status.STATE_PRESENCE): ("#ffffff", 2.4), str(Status.STATE_HELD): ("#ffffff", 2.4)}


def _status_look(code: int) -> Look:
    status, variant = divmod(code % _CONTESTED, _VARIANTS)
    name = STATUS_ORDER[status]
    if name == Status.NO_DATA:
        return Look(STATUS_COLOURS[name], 0.0, "#9aa5b1", 0.0)
    if name == Status.UNKNOWN:
        is_stale = STATUS_ORDER[variant] != Status.UNKNOWN
        return Look(
            STATUS_COLOURS[name], 0.8, STATUS_COLOURS[STATUS_ORDER[variant]], 1.8 if is_stale else 0.7
        )
    line, width = _OUTLINES.get(name, ("#5b6770", 0.7))
    return Look(STATUS_COLOURS[name], AGE_OPACITY[min(variant, _AGES - 1)][1], line, width)


def _hatch_look(code: int) -> Look:
    if code >= _CONTESTED:
        return Look("#6b4e00", 0.75, "#6b4e00", 0.0)
    is_third = STATUS_ORDER[code // _VARIANTS] == Status.THIRD_PARTY
    return Look("#ffffff", 0.7, "#ffffff", 0.0) if is_third else Look("#6b4e00", 0.0, "#6b4e00", 0.0)


#: Look of each class in the trace of statuses, and in the trace of stripes.
STATUS_LOOKS = tuple(_status_look(code) for code in range(2 * _CONTESTED))
HATCH_LOOKS = tuple(_hatch_look(code) for code in range(2 * _CONTESTED))


def areas_layer(
    geojson: GeoJSON, ids: pd.Series, codes: np.ndarray, looks: Sequence[Look], **more: Any
) -> dict[str, Any]:
    """Trace of areas coloured by class: one step of the colour scale per class."""
    return {
        "type": "choroplethmap",
        "geojson": geojson,
        "locations": ids,
        "featureidkey": "id",
        "z": codes + 0.5,
        "zmin": 0,
        "zmax": len(looks),
        "zauto": False,
        "colorscale": _colour_scale(looks),
        "showscale": False,
        "below": OVER_AREAS,
        "marker": {
            "opacity": [looks[code].opacity for code in codes],
            "line": {
                "color": [looks[code].line for code in codes],
                "width": [looks[code].width for code in codes],
            },
        },
        **more,
    }


def _colour_scale(looks: Sequence[Look]) -> list[list[Any]]:
    """Colour scale with the fill of each class from its number to the next, classes of one fill together."""
    steps = len(looks)
    starts = [i for i in range(steps) if i == 0 or looks[i].fill != looks[i - 1].fill]
    return [
        [edge / steps, looks[start].fill]
        for start, end in zip(starts, [*starts[1:], steps], strict=True)
        for edge in (start, end)
    ]


def control_map(
    panel: pd.DataFrame,
    neighborhoods: pd.DataFrame,
    cells: GeoJSON,
    hatch: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    legend: pd.DataFrame,
    selected: str | None = None,
    sites: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
    height: int = 640,
    view: View = METRO_VIEW,
    home: View = METRO_VIEW,
) -> go.Figure:
    """Status of every neighborhood on one date.

    Parameters
    ----------
    panel
        ``status_panel`` of one date, all areas in scope.
    neighborhoods
        ``neighborhood_id, name, commune`` of the areas.
    cells, hatch
        GeoJSON of the areas, and of thin stripes over them, features with ``id`` = neighborhood id.
    style
        :func:`base_style`; the same object for all dates.
    legend
        ``shares`` of the date: adds count, km² and people to the legend.
    selected
        Neighborhood drawn with a dark outline.
    sites
        Key sites to draw: ``site_id, name, lat, lon, status, line``.
    incidents
        Events of the last weeks by neighborhood: ``neighborhood_id, name, lat, lon, events``, all neighborhoods of the map.
    notes
        More lines of the legend, about sites and incidents.
    view, home
        What the map shows, and what its button for the whole city goes to.

    Returns
    -------
    Figure
        ``customdata`` of the first trace carries the neighborhood id.
    """
    rows = panel.merge(neighborhoods[["neighborhood_id", "name", "commune"]], on="neighborhood_id")
    rows = rows.sort_values("neighborhood_id", ignore_index=True)
    codes = area_classes(rows)
    hover = [_hover(row) for row in rows.itertuples()]
    if incidents is not None:
        events = incidents.set_index("neighborhood_id")["events"].reindex(rows["neighborhood_id"])
        hover = [
            text
            + (f"<br>{_('{events} incidents placed here in 4 weeks').format(events=count)}" if count else "")
            for text, count in zip(hover, events, strict=True)
        ]
    figure = Drawing()
    figure.add_trace(
        areas_layer(
            cells,
            rows["neighborhood_id"],
            codes,
            STATUS_LOOKS,
            customdata=rows["neighborhood_id"],
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            meta="status",
        )
    )
    figure.add_trace(
        areas_layer(hatch, rows["neighborhood_id"], codes, HATCH_LOOKS, hoverinfo="skip", meta="hatch")
    )
    if selected is not None:
        figure.add_trace(_outline(cells, selected))
    if incidents is not None:
        figure.add_trace(_incident_marks(incidents))
    if sites is not None:
        figure.traces += _site_marks(sites)
    figure.update_layout(map={"style": style, **view.layout}, uirevision="control-map")
    # The legend comes first: its place on a phone is set by its number, after the stamp.
    box = map_legend(legend, notes)
    figure.update_layout(annotations=[box, _date_label(panel["date"].iloc[0])])
    add_scale(figure, view)
    figure.update_layout(meta={"home": home.layout})
    # On a phone the legend would cover the map: it hangs below.
    under = {"x": 0, "xanchor": "left", "yanchor": "top", "xshift": 6, "yshift": -4}
    return stamped(
        figure,
        stamp,
        height=height,
        below=6,
        above=6,
        left=0,
        right=0,
        narrow={f"annotations[1].{name}": value for name, value in under.items()},
        narrow_below=17 * (box["text"].count("<br>") + 1) + 14,
    )


def change_map(
    changes: pd.DataFrame,
    cells: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    notes: Sequence[str],
    height: int = 640,
    view: View = METRO_VIEW,
) -> go.Figure:
    """Neighborhoods that changed, and no others: filled as on the second date, edged as on the first.

    Parameters
    ----------
    changes
        :func:`monitor.analysis.compare.changes` with ``name``; those that lapsed or appeared are paler.
    notes
        Lines of the legend.
    """
    figure = Drawing()
    rows = changes.reset_index(drop=True)
    # A pale fill says that nobody need have moved: a report came in or grew stale.
    looks = [
        Look(
            "#c4c9ce" if row.status in (Status.UNKNOWN, Status.NO_DATA) else STATUS_COLOURS[row.status],
            0.45 if row.kind in ("appeared", "lapsed") else 0.95,
            "#9aa5b1" if row.status_before == Status.NO_DATA else STATUS_COLOURS[row.status_before],
            3.0,
        )
        for row in rows.itertuples()
    ]
    if looks:
        figure.add_trace(
            areas_layer(
                cells,
                rows["neighborhood_id"],
                np.arange(len(looks)),
                looks,
                customdata=rows["neighborhood_id"],
                text=[
                    f"<b>{row.name}</b><br>{status_label(row.status_before)} → {status_label(row.status)}"
                    for row in rows.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
                meta="changes",
            )
        )
    else:
        figure.add_trace(trace("scattermap", lat=[], lon=[], mode="markers", meta="changes"))
    figure.update_layout(map={"style": style, **view.layout}, uirevision="change-map", showlegend=False)
    box = map_legend_box("<br>".join(notes))
    figure.add_annotation(**box)
    add_scale(figure, view)
    under = {"x": 0, "xanchor": "left", "yanchor": "top", "xshift": 6, "yshift": -4}
    return stamped(
        figure,
        stamp,
        height=height,
        below=6,
        above=6,
        left=0,
        right=0,
        narrow={f"annotations[1].{name}": value for name, value in under.items()},
        narrow_below=17 * len(notes) + 14,
        key=[
            Key("■", STATUS_COLOURS[status], status_label(status))
            for status in STATUS_ORDER
            if status in {*rows["status"], *rows["status_before"]} and status != Status.NO_DATA
        ],
    )


def _hover(row: Any) -> str:
    lines = [f"<b>{row.name}</b> · {row.commune}"]
    if row.is_stale:
        lines.append(_("Unknown: no report for {days} days").format(days=format_number(row.age_days)))
        lines.append(_("last reported: {status}").format(status=status_label(row.last_status).lower()))
    elif row.status == Status.NO_DATA:
        lines.append(_("No data: no report yet"))
    else:
        lines.append(
            _("{status} since {date}").format(status=status_label(row.status), date=format_date(row.since))
        )
        lines.append(_("last report {days} days before").format(days=format_number(row.age_days)))
    if row.is_contested and row.status != Status.CONTESTED:
        lines.append(_("contested on the ground"))
    if row.is_disputed:
        lines.append(_("sources disagree"))
    return "<br>".join(lines)


def _outline(cells: GeoJSON, chosen: str) -> Part:
    return trace(
        "choroplethmap",
        geojson=cells,
        locations=[chosen],
        featureidkey="id",
        z=[1],
        colorscale=[[0, INK], [1, INK]],
        showscale=False,
        below=OVER_AREAS,
        marker={"opacity": 0.12, "line": {"color": INK, "width": 3}},
        hoverinfo="skip",
        meta="selected",
    )


#: Most incidents that a circle tells apart.
MOST_INCIDENTS = 30


def _incident_look(events: int) -> Look:
    return Look("#5e3c99", 0.62 if events else 0.0, "", 0.0, 3.5 + 3.2 * math.sqrt(events))


#: Look of a neighborhood's incidents by their number.
INCIDENT_LOOKS = tuple(_incident_look(events) for events in range(MOST_INCIDENTS + 1))


def incident_classes(events: np.ndarray) -> np.ndarray:
    """Class of neighborhoods by their number of events."""
    return np.minimum(events, MOST_INCIDENTS).astype("uint8")


def _incident_marks(incidents: pd.DataFrame) -> Part:
    """A circle for each neighborhood with events, in its middle."""
    return _marks(
        incidents,
        incident_classes(incidents["events"].to_numpy()),
        INCIDENT_LOOKS,
        "incidents",
        hoverinfo="skip",
    )


_SITE_ORDER = tuple(SITE_COLOURS)
#: What tells the states of a site apart without their colour: a ring, a disc with a dot, a full disc.
_SITE_CORE = {"open": 0.0, "reduced": 2.0, "closed": 3.6, "destroyed": 3.6, "unknown": 0.0, "no_data": 0.0}
_SITE_MARKS = {
    "open": "●",
    "reduced": "◉",
    "closed": "○",
    "destroyed": "⊗",
    "unknown": "●",
    "no_data": "●",
}


def _site_looks() -> dict[str, tuple[Look, ...]]:
    """Looks of a site's dark edge, its disc and its core, by state."""
    edge, disc, core = [], [], []
    for state in _SITE_ORDER:
        is_known = state not in ("unknown", "no_data")
        edge.append(Look(INK, 0.9, "", 0.0, 7.5 if is_known else 5.5))
        disc.append(Look(_site_colour(state), 1.0, "", 0.0, 6.0 if is_known else 4.5))
        inner = INK if state == "destroyed" else PAPER
        core.append(Look(inner, 1.0 if _SITE_CORE[state] else 0.0, "", 0.0, max(_SITE_CORE[state], 0.1)))
    return {"site edges": tuple(edge), "sites": tuple(disc), "site cores": tuple(core)}


def site_classes(states: pd.Series) -> np.ndarray:
    """Class of sites by their state."""
    order = {state: number for number, state in enumerate(_SITE_ORDER)}
    return states.map(order).to_numpy(dtype="uint8")


def _site_marks(sites: pd.DataFrame) -> list[Part]:
    """Three discs for each site: edge, colour and core."""
    codes = site_classes(sites["status"])
    text = [f"<b>{row.name}</b><br>{row.line}" for row in sites.itertuples()]
    hover = {"text": text, "hovertemplate": "%{text}<extra></extra>"}
    return [
        _marks(sites, codes, looks, name, **(hover if name == "sites" else {"hoverinfo": "skip"}))
        for name, looks in SITE_LOOKS.items()
    ]


def _marks(places: pd.DataFrame, codes: np.ndarray, looks: Sequence[Look], name: str, **more: Any) -> Part:
    """Discs at ``lat, lon``; arrays for all that moves, so that each disc has its own."""
    chosen = [looks[code] for code in codes]
    return trace(
        "scattermap",
        lat=places["lat"],
        lon=places["lon"],
        mode="markers",
        below=_UNDER_NAMES,
        marker={
            "size": [2 * (look.radius or 0) for look in chosen],
            "color": [look.fill for look in chosen],
            "opacity": [look.opacity for look in chosen],
        },
        meta=name,
        **more,
    )


def sites_note(states: pd.Series) -> list[str]:
    """Lines of the legend about key sites on one date: mark and number of each state."""
    counts = states.replace("no_data", "unknown").value_counts()
    parts = [
        f'<span style="color:{_site_colour(state)}">{_SITE_MARKS[state]}</span> {site_label(state).lower()} <b>{counts.get(state, 0)}</b>'
        for state in ("open", "reduced", "closed", "destroyed", "unknown")
    ]
    return [f"{_('Key sites')}{mark(':')}" + " · ".join(parts[:3]), " · ".join(parts[3:])]


def incidents_note(placed: int, coarse: Mapping[str, int]) -> list[str]:
    """Lines of the legend about incidents of four weeks: those in neighborhoods, and those known to commune level only."""
    first = f'<span style="color:{INCIDENT_LOOKS[1].fill}">●</span> ' + _(
        "Incidents in 4 weeks: <b>{placed}</b> placed (a selection)"
    ).format(placed=format_number(placed))
    named = ", ".join(f"{commune} {count}" for commune, count in coarse.items() if count)
    return [first, _("known to commune only, not drawn: {communes}").format(communes=named or "0")]


#: Classes of silence from recent to never: lighter is quieter, never has no filling.
_SILENCE_LOOKS = {
    "recent": Look("#3b4a57", 0.85, "#5b6770", 0.7),
    "quarter": Look("#7d8c99", 0.85, "#5b6770", 0.7),
    "half_year": Look("#b3bec7", 0.85, "#5b6770", 0.7),
    "year": Look("#e6c29a", 0.9, "#5b6770", 0.7),
    "longer": Look("#c9772b", 0.9, "#5b6770", 0.7),
    "never": Look("#7f3b08", 0.95, "#5b6770", 0.7),
}


def silence_map(
    silent: pd.DataFrame,
    labels: Mapping[str, str],
    totals: pd.DataFrame,
    cells: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    day: pd.Timestamp,
    height: int = 560,
    view: View = METRO_VIEW,
) -> go.Figure:
    """Weeks without a report per neighborhood.

    Parameters
    ----------
    silent
        ``voids.silence`` with ``name``.
    labels
        Each class of silence in words, from recent to never.
    totals
        ``voids.people_in_silence``: adds neighborhoods and people to the legend.
    """
    rows = silent.sort_values("neighborhood_id", ignore_index=True)
    order = {name: number for number, name in enumerate(_SILENCE_LOOKS)}
    hover = [
        f"<b>{row.name}</b><br>{labels[row.silence]}<br>"
        + _("last report: {date}").format(date=format_date(row.last_report))
        + "<br>"
        + _("{people} people").format(people=format_people(row.population))
        for row in rows.itertuples(index=False)
    ]
    figure = Drawing(
        areas_layer(
            cells,
            rows["neighborhood_id"],
            rows["silence"].map(order).to_numpy(dtype="int64"),
            list(_SILENCE_LOOKS.values()),
            customdata=rows["neighborhood_id"],
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            meta="silence",
        )
    )
    figure.update_layout(map={"style": style, **view.layout}, uirevision="silence-map", showlegend=False)
    figure.add_annotation(**_date_label(day))
    add_scale(figure, view)
    sums = totals.set_index("silence")
    key = [
        Key(
            "■",
            look.fill,
            _("{label}: {areas} areas, {people} people").format(
                label=labels[name],
                areas=format_number(sums.loc[name, "neighborhoods"]),
                people=format_people(sums.loc[name, "people"]),
            ),
        )
        for name, look in _SILENCE_LOOKS.items()
        if sums.loc[name, "neighborhoods"]
    ]
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0, key=key)


def _date_label(day: pd.Timestamp) -> dict[str, Any]:
    """The date, large, on the map itself."""
    return {
        "name": "date",
        "text": f"<b>{format_date(day)}</b>",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 10,
        "yshift": -10,
        "showarrow": False,
        "font": {"size": 24, "color": INK},
        "bgcolor": "rgba(255,255,255,0.7)",
        "borderpad": 4,
    }


#: Marks of the legend that tell what colour alone would not: stripes, a rim, no filling.
_MARKS = {
    Status.CONTESTED: "▨",
    Status.THIRD_PARTY: "▤",
    Status.STATE_PRESENCE: "▣",
    Status.STATE_HELD: "▣",
    Status.NO_DATA: "□",
}


def legend_text(legend: pd.DataFrame, notes: Sequence[str] = ()) -> str:
    """Lines of the legend: mark, status, neighborhoods, km², people; one line per status, so that it keeps its height.

    Parameters
    ----------
    legend
        ``shares`` of one date.
    notes
        More lines.
    """
    values = {
        (status, denominator): value
        for status, denominator, value in zip(
            legend["status"], legend["denominator"], legend["value"], strict=True
        )
    }
    lines = [f'<span style="color:{GREY}">{_("neighborhoods · km² · people")}</span>']
    for status in STATUS_ORDER:
        mark = _MARKS.get(Status(status), "■")
        colour = {Status.CONTESTED: "#b08900", Status.NO_DATA: "#9aa5b1"}.get(
            Status(status), STATUS_COLOURS[status]
        )
        lines.append(
            f'<span style="color:{colour};font-size:15px">{mark}</span> {status_label(status)} <b>{format_number(values[status, "neighborhoods"])}</b>'
            f' <span style="color:{GREY}">· {format_number(values[status, "km2"])} · {format_people(values[status, "people"])}</span>'
        )
    return "<br>".join([*lines, *notes])


def map_legend(legend: pd.DataFrame, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Legend of the control map: statuses, and more lines."""
    return map_legend_box(legend_text(legend, notes))


def map_legend_box(text: str) -> dict[str, Any]:
    """Legend as text inside the map: it is part of every export."""
    return {
        "name": "legend",
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 0,
        "xanchor": "right",
        "yanchor": "bottom",
        "xshift": -8,
        "yshift": 8,
        "showarrow": False,
        "align": "left",
        "font": {"size": 12, "color": INK},
        "bgcolor": "rgba(255,255,255,0.88)",
        "borderpad": 6,
    }


def incident_map(
    places: pd.DataFrame,
    coarse: pd.DataFrame,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    height: int = 640,
) -> go.Figure:
    """Incidents by neighborhood as circles at the area's centre; coarser ones counted beside the commune's name.

    Parameters
    ----------
    places
        ``neighborhood_id, name, lat, lon, events, deaths``: events at neighborhood precision.
    coarse
        ``name, lat, lon, events``: communes with the number of events known to commune level only.
    """
    figure = Drawing()
    largest = max(1, int(places["events"].max())) if len(places) else 1
    figure.add_trace(
        trace(
            "scattermap",
            lat=places["lat"],
            lon=places["lon"],
            mode="markers",
            marker={
                "size": 9 + 24 * np.sqrt(places["events"] / largest),
                "color": "#b2182b",
                "opacity": 0.55,
            },
            customdata=places["neighborhood_id"],
            text=[
                f"<b>{row.name}</b><br>"
                + _("{events} events · {deaths} reported killed").format(
                    events=format_number(row.events), deaths=format_number(row.deaths)
                )
                for row in places.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
            meta="incidents",
        )
    )
    figure.add_trace(
        trace(
            "scattermap",
            lat=coarse["lat"],
            lon=coarse["lon"],
            # An unseen marker: without one Plotly gives a text below its point no distance from it, and the map an error.
            mode="markers+text",
            marker={"size": 6, "opacity": 0},
            text=[
                _("+{events} not placed").format(events=format_number(row.events))
                for row in coarse.itertuples()
            ],
            textposition="bottom center",
            textfont={"size": 12, "color": "#7a1f2b"},
            hoverinfo="skip",
            meta="coarse",
        )
    )
    figure.update_layout(
        map={"style": style, **SMALL_METRO_VIEW.layout}, uirevision="incident-map", showlegend=False
    )
    add_scale(figure, SMALL_METRO_VIEW)
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0)


def site_map(
    sites: pd.DataFrame,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    height: int = 640,
) -> go.Figure:
    """Sites by state: ``site_id, name, site_type, lat, lon, status, since``; the marker's letter tells the state, too."""
    figure = Drawing()
    present: Sequence[str] = [status for status in SITE_COLOURS if (sites["status"] == status).any()]
    for status in present:
        rows = sites[sites["status"] == status]
        figure.add_trace(
            trace(
                "scattermap",
                lat=rows["lat"],
                lon=rows["lon"],
                mode="markers",
                name=f"{site_label(status)} ({len(rows)})",
                marker={
                    "size": 14,
                    "color": _site_colour(status),
                    "opacity": 0.9,
                },
                customdata=rows["site_id"],
                text=[
                    f"<b>{row.name}</b><br>{word('site_type', row.site_type)} · {site_label(row.status)}"
                    + (
                        ""
                        if pd.isna(row.since)
                        else "<br>" + _("reported {date}").format(date=format_date(row.since))
                    )
                    for row in rows.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
                meta="sites",
            )
        )
    figure.update_layout(map={"style": style, **SMALL_METRO_VIEW.layout}, uirevision="site-map")
    add_scale(figure, SMALL_METRO_VIEW)
    key = [
        Key("●", _site_colour(status), f"{site_label(status)} ({int((sites['status'] == status).sum())})")
        for status in present
    ]
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0, key=key)


def _site_colour(status: str) -> str:
    """Colour of a site's marker; grey where its state is not known."""
    return "#9aa5b1" if status in ("unknown", "no_data") else SITE_COLOURS[status]


#: Looks of the three discs of a site, by the name of their trace.
SITE_LOOKS = _site_looks()
