"""Figures that leave the page: laid out for a fixed size, and maps redrawn as plain shapes so that files hold vectors only.

In the browser a figure follows its width, and a map is painted by MapLibre into a bitmap. A file has one size, and a picture
of a map should be as sharp as that of a chart, and the same every time. :func:`standing` therefore takes the texts and
margins that the stamp keeps for each width, and draws a map's areas, lines and points anew in the same colours, projected
(spherical Mercator, as on the page) to pixels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from monitor.charts.base_map import OVER_AREAS, plain, scale_bar
from monitor.charts.series import MILESTONES
from monitor.charts.style import FIT_WIDTHS, FOOTER_LINE_PX, FOOTER_PX, INK, NARROW_PX, PLATE, wrapped
from monitor.language import _, mark

GeoJSON = Mapping[str, Any]

#: Least height in px of what a chart draws, without its stamp, and of a row of strips.
LEAST_PLOT_PX, LEAST_ROW_PX = 250, 17
#: Least part of a canvas that is left for what a chart draws.
LEAST_PLOT_SHARE = 0.48
#: Most height in px of a row.
MOST_ROW_PX = 130
#: Distance in px from which marks of milestones have a number each.
_NUMBER_PX = 13
#: A map on a canvas less wide than this (times its height) has its legend under it, as on a phone.
_LEGEND_ASPECT = 1.2
#: Part of the size by which a map's areas stay away from its edge.
_PADDING = 0.03
#: What lies further outside a map than this (px) is left out.
_OUTSIDE_PX = 60.0
#: Type of names on a map.
_NAME_PX = 12
#: Traces of a map whose points are numbered and named in a picture.
_NAMED_POINTS = ("sites", "targets")


class NotStampedError(ValueError):
    """A figure without a stamp: it must not leave the product."""


def standing(figure: go.Figure, *, width: float, height: float | None = None) -> go.Figure:
    """Return a copy of a stamped figure laid out for a size in px, its map drawn as shapes.

    Parameters
    ----------
    height
        By default what the figure needs at this width.

    Raises
    ------
    NotStampedError
        The figure does not say its title, sources and snapshot.
    """
    meta = figure.layout.meta
    stamp = meta.get("stamp", {}) if isinstance(meta, Mapping) else {}
    if not all(stamp.get(part) for part in ("title", "footer")):
        raise NotStampedError(
            "A figure without a stamp cannot be exported: draw it through monitor.charts.style.stamped."
        )
    copy = go.Figure(figure)
    fit = fit_for(figure, width, height)
    for path, value in fit.items():
        _set(copy, path, value)
    _number_milestones(copy, width)
    tall = height or fit["height"]
    spare = _spare(copy, tall - copy.layout.margin.t - copy.layout.margin.b)
    copy.layout.annotations[0].yshift -= spare
    copy.layout.margin.b += spare
    copy.update_layout(width=width, height=tall, autosize=False)
    if _is_map(copy):
        copy = _with_shapes(copy, width, tall)
    return copy.update_layout(meta=None)


def fit_for(figure: go.Figure, width: float, height: float | None = None) -> dict[str, Any]:
    """Layout values of a stamp for a size, by path."""
    fits = figure.layout.meta["fit"]
    least, chosen = _fit_at(fits, width)
    if height is not None and _is_map(figure) and width < _LEGEND_ASPECT * height:
        # The legend stands under the map as on a phone; the texts keep the width that they have.
        narrow = _fit_at(fits, min(width, NARROW_PX - 1))[1]
        shift = "annotations[0].yshift"
        texts = {name: chosen[name] for name in ("title.text", "margin.t", "annotations[0].text")}
        chosen = narrow | texts | {"margin.b": chosen["margin.b"] + chosen[shift] - narrow[shift]}
    listed = wrapped(_marks(figure), max(least, FIT_WIDTHS[0]), FOOTER_PX)
    if not listed:
        return chosen
    more = FOOTER_LINE_PX * len(listed)
    return chosen | {
        "annotations[0].text": "<br>".join([*listed, chosen["annotations[0].text"]]),
        "margin.b": chosen["margin.b"] + more,
        "height": chosen["height"] + more,
    }


def _fit_at(fits: Sequence[Mapping[str, Any]], width: float) -> tuple[int, dict[str, Any]]:
    """Least width and values of the widest of the stamp's fits that a width can hold."""
    fit = [fit for fit in fits if fit["min_width"] <= width][-1]
    return fit["min_width"], dict(fit["set"])


def _milestones(figure: go.Figure) -> go.Scatter | None:
    return next((trace for trace in figure.data if trace.meta == MILESTONES), None)


def _marks(figure: go.Figure) -> str:
    """What a figure marks and names on hover, numbered: a picture has no hover."""
    milestones = _milestones(figure)
    names = [] if milestones is None else list(milestones.customdata)
    for trace in figure.data:
        if trace.meta in _NAMED_POINTS:
            names += [re.sub(r"<br>.*|</?b>", "", text) for text in trace.text]
    if not names:
        return ""
    return _("Marks: {list}.").format(
        list=mark(";").join(f"{number}\u00a0{name}" for number, name in enumerate(names, start=1))
    )


def _number_milestones(figure: go.Figure, width: float) -> None:
    """Number the marks of milestones; one too close to the one before goes without, as its neighbours tell its number."""
    marks = _milestones(figure)
    if marks is None:
        return
    first, last = _time_range(figure)
    room = width - figure.layout.margin.l - figure.layout.margin.r
    days = np.asarray(marks.x, dtype="datetime64[D]")
    places = (days - first) / (last - first) * room
    texts, taken = [""] * len(days), -np.inf
    for number in np.argsort(places, kind="stable"):
        if places[number] - taken >= _NUMBER_PX:
            texts[number], taken = str(number + 1), places[number]
    marks.update(
        mode="markers+text", text=texts, textposition="top center", textfont={"size": 11, "color": INK}
    )


def _time_range(figure: go.Figure) -> tuple[np.datetime64, np.datetime64]:
    """First and last day of the time axis."""
    edges = figure.layout.xaxis.range
    if edges is None:
        values = [np.asarray(trace.x, dtype="datetime64[D]") for trace in figure.data if trace.x is not None]
        days = np.concatenate(values)
        edges = (np.nanmin(days), np.nanmax(days))
    first, last = (np.datetime64(edge, "D") for edge in edges)
    return first, max(last, first + 1)


def _spare(figure: go.Figure, plot: float) -> float:
    """Px of a plot's height that its rows do not need: few rows on a tall canvas do not grow into blocks."""
    rows = len(figure.layout.yaxis.categoryarray or ())
    return max(0.0, plot - MOST_ROW_PX * rows) if rows else 0.0


def fits(figure: go.Figure, width: float, height: float) -> bool:
    """Whether the figure's parts have enough room in a size, in px."""
    fit = fit_for(figure, width, height)
    rows = len(figure.layout.yaxis.categoryarray or ())
    plot = max(LEAST_PLOT_PX, LEAST_PLOT_SHARE * height, LEAST_ROW_PX * rows, 420 if _is_map(figure) else 0)
    return bool(fit["margin.t"] + fit["margin.b"] + plot <= height)


def is_roomy(figure: go.Figure, width: float, height: float) -> bool:
    """Whether the figure would leave a part of a size empty: its type may be larger then."""
    fit = fit_for(figure, width, height)
    return _spare(figure, height - fit["margin.t"] - fit["margin.b"]) > 0


def _is_map(figure: go.Figure) -> bool:
    return any(trace.type in ("choroplethmap", "scattermap") for trace in figure.data)


def _set(figure: go.Figure, path: str, value: Any) -> None:
    match = re.fullmatch(r"annotations\[(\d+)\]\.(.+)", path)
    if match:
        figure.layout.annotations[int(match[1])][match[2]] = value
    else:
        figure.layout[path] = value


class _Projection:
    """Spherical Mercator in px around the middle of a map; `scale` is px per radian."""

    def __init__(self, middle: np.ndarray, scale: float, width: float, height: float) -> None:
        self._middle, self._scale = middle, scale
        self.box = np.array([-width / 2, -height / 2, width / 2, height / 2])

    @classmethod
    def around(cls, bounds: Sequence[float], width: float, height: float) -> _Projection:
        """Scaled so that bounds (west, south, east, north in degrees) fill a size."""
        (left, bottom), (right, top) = _mercator(np.array(bounds, dtype=float).reshape(2, 2))
        room = 1 - 2 * _PADDING
        scale = min(width * room / (right - left), height * room / (top - bottom))
        return cls(np.array([(left + right) / 2, (bottom + top) / 2]), scale, width, height)

    @classmethod
    def of_view(cls, lat: float, lon: float, zoom: float, width: float, height: float) -> _Projection:
        """As MapLibre shows a centre at a zoom level."""
        return cls(_mercator(np.array([[lon, lat]]))[0], 512 * 2**zoom / (2 * np.pi), width, height)

    @property
    def zoom(self) -> float:
        """MapLibre's zoom level."""
        return float(np.log2(self._scale * 2 * np.pi / 512))

    @property
    def lat(self) -> float:
        """Latitude of the middle, degrees."""
        return float(np.degrees(2 * np.arctan(np.exp(self._middle[1])) - np.pi / 2))

    def shows(self, x: float, y: float) -> bool:
        """Whether a place in px is in the picture."""
        left, bottom, right, top = self.box.tolist()
        return bool(left < x < right and bottom < y < top)

    def __call__(self, degrees: np.ndarray) -> np.ndarray:
        """Px east and north of the middle for longitudes and latitudes."""
        return (_mercator(degrees) - self._middle) * self._scale


def _mercator(degrees: np.ndarray) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([radians[:, 0], np.log(np.tan(np.pi / 4 + radians[:, 1] / 2))], axis=1)


def _with_shapes(figure: go.Figure, width: float, height: float) -> go.Figure:
    margin = figure.layout.margin
    plot_width = width - margin.l - margin.r
    plot_height = height - margin.t - margin.b
    style = figure.layout.map.style if isinstance(figure.layout.map.style, Mapping) else {}
    project = _projection(figure, style, plot_width, plot_height)
    under, over = _split_style(style)
    shapes = [*_style_shapes(style, under, project)]
    points: list[go.Scatter] = []
    numbered = 0
    for trace in figure.data:
        if trace.type == "choroplethmap":
            shapes += _area_shapes(trace, project)
        elif "text" not in str(trace.mode):
            points.append(_points(trace, project))
            if trace.meta in _NAMED_POINTS:
                first, numbered = numbered + 1, numbered + len(trace.text)
                points[-1].update(
                    mode="markers+text",
                    text=[f"<b>{number}</b>" for number in range(first, numbered + 1)],
                    textposition="middle right",
                    textfont={"size": 10, "color": INK},
                )
    shapes += [*_style_shapes(style, over, project), *_names(style, project)]
    sea = next(
        (
            layer["paint"]["background-color"]
            for layer in style.get("layers", ())
            if layer["type"] == "background"
        ),
        "#ffffff",
    )
    drawn = figure.to_plotly_json()["layout"]
    del drawn["map"]
    axis = {"visible": False, "fixedrange": True}
    left, bottom, right, top = project.box.tolist()
    width_px, label = scale_bar(project.lat, project.zoom)
    for shape in drawn.get("shapes", ()):
        if shape.get("name") == "scale":
            shape["x1"] = shape["x0"] + width_px
    for note in drawn["annotations"]:
        if note.get("name") == "scale":
            note["text"] = label
    drawn["annotations"] += _texts(figure, project)
    drawn |= {
        "xaxis": {**axis, "range": [left, right]},
        "yaxis": {**axis, "range": [bottom, top]},
        "plot_bgcolor": sea,
        "shapes": [*shapes, *drawn.get("shapes", ())],
    }
    # A figure without traces draws no axes, and without axes no shapes.
    return go.Figure(points or [go.Scatter(x=[0], y=[0], opacity=0)], drawn)


def _projection(figure: go.Figure, style: Mapping[str, Any], width: float, height: float) -> _Projection:
    """Where the reader moved the map to, or else all of the city."""
    view, home = figure.layout.map, (figure.layout.meta or {}).get("home")
    if home is not None and (view.center.to_plotly_json(), view.zoom) != (home["center"], home["zoom"]):
        return _Projection.of_view(view.center.lat, view.center.lon, view.zoom, width, height)
    return _Projection.around(_bounds(figure, style), width, height)


def _split_style(style: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Layers of a style under the areas, and those over them: outlines of communes, and what follows."""
    layers = list(style.get("layers", ()))
    at = next((number for number, layer in enumerate(layers) if layer["id"] == OVER_AREAS), len(layers))
    return layers[:at], layers[at:]


def _bounds(figure: go.Figure, style: Mapping[str, Any]) -> Sequence[float]:
    """West, south, east, north of the cells under the map, or of everything drawn where there are none."""
    import shapely
    from shapely.geometry import shape

    cells = style.get("sources", {}).get("cells", {}).get("data", {}).get("features", [])
    if not cells:
        cells = [
            feature
            for trace in figure.data
            if trace.type == "choroplethmap"
            for feature in trace.geojson["features"]
        ]
    if cells:
        return shapely.total_bounds([shape(cell["geometry"]) for cell in cells]).tolist()
    spots = [trace for trace in figure.data if trace.lon is not None and len(trace.lon)]
    lon = np.concatenate([np.asarray(trace.lon, dtype=float) for trace in spots])
    lat = np.concatenate([np.asarray(trace.lat, dtype=float) for trace in spots])
    return [lon.min() - 0.05, lat.min() - 0.05, lon.max() + 0.05, lat.max() + 0.05]


def _style_shapes(
    style: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], project: _Projection
) -> Iterator[dict[str, Any]]:
    """Fills and lines of plain colours among the layers of a MapLibre style."""
    for layer in layers:
        paint = plain(layer.get("paint", {}))
        if layer["type"] not in ("fill", "line") or layer.get("filter") is False:
            continue
        for feature in style["sources"][layer["source"]]["data"]["features"]:
            path = _path(feature["geometry"], project)
            if not path:
                continue
            if layer["type"] == "fill":
                yield _shape(path, fill=paint.get("fill-color"), opacity=paint.get("fill-opacity", 1.0))
            else:
                line_width = _at_zoom(paint.get("line-width", 1.0), project.zoom)
                dash = ",".join(f"{part * line_width:g}px" for part in paint.get("line-dasharray", ()))
                colour = _rgba(paint["line-color"], paint.get("line-opacity", 1.0))
                yield _shape(path, line=colour, line_width=line_width, dash=dash)


def _at_zoom(value: Any, zoom: float) -> float:
    """A number of a style, or MapLibre's linear interpolation of one between zoom levels."""
    if not isinstance(value, list):
        return float(value)
    stops = value[3:]
    return float(np.interp(zoom, stops[::2], stops[1::2]))


def _names(style: Mapping[str, Any], project: _Projection) -> Iterator[dict[str, Any]]:
    """Names of communes on pale plates, which keep them legible over lines and fills; points lie over them."""
    for feature in style.get("sources", {}).get("names", {}).get("data", {}).get("features", []):
        name = feature["properties"]["name"]
        x, y = project(np.array([feature["geometry"]["coordinates"]], dtype=float))[0].tolist()
        if feature["properties"]["kind"] == "commune" and project.shows(x, y):
            wide = 3 + 0.26 * _NAME_PX * len(name)
            yield {
                "type": "rect",
                "name": "place",
                "layer": "below",
                "x0": x - wide,
                "x1": x + wide,
                "y0": y - 0.6 * _NAME_PX,
                "y1": y + 0.6 * _NAME_PX,
                "fillcolor": PLATE,
                "line": {"width": 0},
                "label": {"text": name, "font": {"size": _NAME_PX, "color": "#36424d"}, "padding": 0},
            }


def _texts(figure: go.Figure, project: _Projection) -> Iterator[dict[str, Any]]:
    """What a map writes under places."""
    for trace in figure.data:
        if trace.type != "scattermap" or "text" not in str(trace.mode):
            continue
        for lon, lat, text in zip(trace.lon, trace.lat, trace.text, strict=True):
            x, y = project(np.array([[lon, lat]], dtype=float))[0].tolist()
            if project.shows(x, y):
                yield {
                    "name": "place",
                    "x": x,
                    "y": y,
                    "yshift": -15,
                    "text": text,
                    "showarrow": False,
                    "font": {"size": _NAME_PX, "color": trace.textfont.color},
                    "bgcolor": PLATE,
                    "borderpad": 0,
                }


def _area_shapes(trace: go.Choroplethmap, project: _Projection) -> Iterator[dict[str, Any]]:
    """Areas of a choropleth that can be seen."""
    by_id = {feature["id"]: feature["geometry"] for feature in trace.geojson["features"]}
    low = trace.zmin if trace.zmin is not None else 0.0
    high = trace.zmax if trace.zmax is not None else 1.0
    edges = [edge for edge, _colour in trace.colorscale]
    count = len(trace.locations)
    opacities = _each(trace.marker.opacity, count, 1.0)
    lines = _each(trace.marker.line.color, count, "#444444")
    widths = _each(trace.marker.line.width, count, 1.0)
    for number, place in enumerate(trace.locations):
        if not opacities[number] or place not in by_id:
            continue
        at = (float(trace.z[number]) - low) / ((high - low) or 1.0)
        step = min(int(np.searchsorted(edges, at, side="right")), len(edges) - 1)
        path = _path(by_id[place], project)
        if path:
            yield _shape(
                path,
                fill=trace.colorscale[step][1],
                opacity=float(opacities[number]),
                line=lines[number],
                line_width=float(widths[number]),
            )


def _each(value: Any, count: int, default: Any) -> Sequence[Any]:
    if value is None:
        return [default] * count
    if isinstance(value, str | int | float):
        return [value] * count
    return list(value)


def _shape(
    path: str,
    *,
    fill: str | None = None,
    opacity: float = 1.0,
    line: str | None = None,
    line_width: float = 0.0,
    dash: str = "",
) -> dict[str, Any]:
    return {
        "type": "path",
        "path": path,
        "layer": "below",
        "fillrule": "evenodd",
        "fillcolor": _rgba(fill, opacity) if fill else "rgba(0,0,0,0)",
        "line": {
            "color": line or "rgba(0,0,0,0)",
            "width": line_width if line else 0,
            "dash": dash or "solid",
        },
    }


def _rgba(colour: str, opacity: float) -> str:
    """A colour ``#rrggbb`` with an opacity; other notations stay as they are."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        return colour
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def _path(geometry: Mapping[str, Any], project: _Projection) -> str:
    """SVG path of the parts of a geometry that can be seen, in px to a tenth; empty if there are none."""
    import shapely
    from shapely.geometry import shape

    projected = shapely.transform(shape(geometry), project)
    left, bottom, right, top = project.box + np.array([-1, -1, 1, 1]) * _OUTSIDE_PX
    if not projected.is_valid:
        projected = shapely.make_valid(projected)
    seen = shapely.clip_by_rect(projected, left, bottom, right, top)
    commands = []
    for part in getattr(seen, "geoms", [seen]):
        rings = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for ring in rings:
            points = np.round(shapely.get_coordinates(ring), 1)
            if len(points) > 1:
                joined = "L".join(f"{x:g},{y:g}" for x, y in points)
                commands.append(f"M{joined}{'Z' if part.geom_type == 'Polygon' else ''}")
    return "".join(commands)


def _points(trace: go.Scattermap, project: _Projection) -> go.Scatter:
    """Points and lines of a map as a scatter trace."""
    places = np.column_stack(
        [np.asarray(trace.lon, dtype=float), np.asarray(trace.lat, dtype=float)]
    ).reshape(-1, 2)
    at = project(places)
    kept = trace.to_plotly_json()
    passed = ("mode", "marker", "line", "fill", "fillcolor", "opacity", "name")
    drawn = {name: kept[name] for name in passed if name in kept}
    return go.Scatter(x=at[:, 0], y=at[:, 1], hoverinfo="skip", **drawn)
