"""The one place where a Plotly figure meets the browser, and the time bar that figures follow.

A figure on a page, and the area the reader clicked::

    choice = show_figure(control_map(...), key="control-map", alt="…", select=True)
    if choice.id:
        st.query_params["area"] = choice.id

Streamlit's own chart element gives every changed figure a new identity: the map is destroyed and built again at each step.
Here the element, the MapLibre map and its view stay for as long as figures of the same `key` follow one another; only what
changed is drawn anew. Large parts that rarely change (geometry, map style) are taken out of the figure, served under an
address made of their digest, and fetched once by each browser.

A map, a chart and a sentence that move with a date, without a run of the script for each step::

    timeline = Timeline("date", dates, labels=labels, milestones={"2024-06-25": "Mission deploys"})
    date = time_bar(timeline, date, label="Date")
    st.query_params["date"] = date
    moving_text(sentences, timeline, date, key="headline")
    show_figure(map_at(date), key="map", alt="…", motion=Motion(timeline, codes=codes, moves={"date": {"text": labels}},
                                                                paint={"status": […], "hatch": […]}))
    show_figure(shares, key="shares", alt="…", motion=Motion(timeline, moves={"cursor": {"x0": dates, "x1": dates}}))

Python hears of the date once the reader has stopped, and then draws the same figures for it: what a `Motion` shows for a
date must be what the figure of that date shows.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from monitor.charts.shared import Shared, encode
from monitor.language import _
from monitor.ui import serving

_DEFAULT_HEIGHT = 450

# Streamlit sends a component's script with every message, so this only fetches the module, once, under its address.
_LOADER = """
const page = document.querySelector('script[src*="static/js/index."]');
const module = import(new URL("../../%s", page.src));
export default async (component) => (await module).default(component);
"""


def _component(name: str) -> Callable[..., Any]:
    """Register the Streamlit component whose module and style are `name` in ``figure_component/``."""
    return st.components.v2.component(
        name,
        css=(Path(__file__).parent / "figure_component" / f"{name}.css").read_text(encoding="utf-8"),
        js=_LOADER % serving.module(f"{name}.js"),
        isolate_styles=False,
    )


_figure = _component("figure")
_time_bar = _component("time_bar")
_moving_text = _component("moving_text")


@dataclass(frozen=True)
class View:
    """What part of the earth a map shows: its centre in degrees and MapLibre's zoom level."""

    lat: float
    lon: float
    zoom: float


@dataclass(frozen=True)
class Selection:
    """What the reader did with a figure since the last run; both are None in most runs."""

    id: str | None = None
    view: View | None = None


@dataclass(frozen=True)
class Timeline:
    """The dates of a time bar: ISO, ascending; `labels` as the reader sees them, `milestones` from ISO date to what happened.

    `key` names the bar among the components of the page.
    """

    key: str
    dates: Sequence[str]
    labels: Sequence[str] = ()
    milestones: Mapping[str, str] = field(default_factory=dict)

    def index(self, date: str) -> int:
        """Return the place of `date`; ValueError says which dates there are if it is none of them."""
        if date not in self.dates:
            raise ValueError(
                f"{date} is not a date of timeline {self.key!r}, which has {len(self.dates)} from {self.dates[0]} to {self.dates[-1]}."
            )
        return self.dates.index(date)

    @property
    def digest(self) -> str:
        """What tells these dates from others under the same key."""
        return serving.digest(encode(list(self.dates)))


@dataclass(frozen=True)
class Paint:
    """How an area of a map looks: colours, opacity from 0 to 1, width of the outline in pixels."""

    fill: str
    opacity: float
    line: str | None = None
    width: float | None = None


@dataclass(frozen=True)
class Motion:
    """How a figure follows the bar of `timeline` in the browser.

    `codes` (dates × areas, values below 256) is the class of each area at each date. `paint` says how each class looks in a
    choropleth trace, which is named by its ``meta`` and has all areas in the order of `codes`. `moves` names annotations and
    shapes of the layout, or its ``title``, and gives the value of an attribute at each date; instead of a value, a list with
    one for each width in the ``layout.meta["fit"]`` of a stamp.
    """

    timeline: Timeline
    codes: np.ndarray | None = None
    paint: Mapping[str, Sequence[Paint]] = field(default_factory=dict)
    moves: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError if something has not one value for each date."""
        series: dict[str, Sized] = {
            f"{name}.{attribute}": values
            for name, moved in self.moves.items()
            for attribute, values in moved.items()
        }
        if self.codes is not None:
            series["codes"] = self.codes
        for name, values in series.items():
            if len(values) != len(self.timeline.dates):
                raise ValueError(
                    f"{name} has {len(values)} values for the {len(self.timeline.dates)} dates of {self.timeline.key!r}."
                )


def show_figure(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    filename: str | None = None,
    select: bool = False,
    on_select: Callable[[str], object] | None = None,
    view: bool = False,
    motion: Motion | None = None,
) -> Selection:
    """Draw `figure`, keeping the element and the view of the figure shown before under the same `key`.

    `alt` says in one or two sentences what the figure shows. `filename` names the downloaded PNG, without its ending; by
    default it is `key`. `motion` makes the figure follow a time bar.

    With `select`, a click or tap on a point or an area gives its id: the first entry of its ``customdata``, or else its
    ``location``. `on_select` is called with the id before the run starts, so that what is drawn above can follow.
    With `view`, moving the map starts a run that gives the new centre and zoom.

    To move a map from Python, change ``layout.uirevision``; as long as it stays the same, the reader's view wins.
    """
    if figure.layout.uirevision is None:
        figure.layout.uirevision = key
    height = int(figure.layout.height or _DEFAULT_HEIGHT)
    drawing, resources = _split(figure.to_plotly_json())
    told = _figure(
        key=key,
        data=encode(
            {
                "key": key,
                "alt": alt,
                "height": height,
                "filename": filename or key,
                "select": select or on_select is not None,
                "view": view,
                "plotly": serving.plotly(),
                "figure": drawing,
                "resources": resources,
                "motion": motion and _motion_message(motion, drawing),
                "texts": _texts(),
            }
        ),
        height=height,
        on_select_change=lambda: on_select(st.session_state[key]["select"]) if on_select else None,
        on_view_change=lambda: None,
    )
    return Selection(id=told["select"], view=View(**told["view"]) if told["view"] else None)


def time_bar(
    timeline: Timeline, value: str, *, label: str, on_change: Callable[[str], object] | None = None
) -> str:
    """Let the reader drag, step, play or jump through `timeline` and return the date they stopped at.

    What follows the bar moves with every step; a run of the script starts once the bar has rested for a quarter of a second.
    The page owns the date: it passes `value` and keeps what is returned, best in the URL. `on_change` is called with a new
    date before the run starts.
    """
    key = timeline.key
    date = st.session_state.get(key, {}).get("date") or value
    timeline.index(date)
    content = {
        "dates": timeline.dates,
        "labels": timeline.labels or timeline.dates,
        "milestones": sorted(timeline.milestones.items()),
    }
    message = {
        "key": key,
        "dates": timeline.digest,
        "value": date,
        "label": label,
        "content": _publish(content),
        "texts": _texts(),
    }
    _time_bar(
        key=key,
        data=encode(message),
        on_date_change=lambda: on_change(st.session_state[key]["date"]) if on_change else None,
    )
    return date


def moving_text(texts: Sequence[str], timeline: Timeline, date: str, *, key: str) -> None:
    """Show the text of `date`, and while the bar of `timeline` moves, that of the date it passes; one text per date."""
    _moving_text(
        key=key,
        data=encode(
            {
                "bar": timeline.key,
                "dates": timeline.digest,
                "text": texts[timeline.index(date)],
                "content": _publish(texts),
            }
        ),
    )


def _motion_message(motion: Motion, figure: dict[str, Any]) -> dict[str, Any]:
    """Return what the browser needs of `motion`, with traces, annotations and shapes named by their places in `figure`."""
    layout = figure["layout"]
    paths: dict[str, list[str | int]] = {"title": ["title"]}
    for kind in ("annotations", "shapes"):
        paths |= {
            item["name"]: [kind, place] for place, item in enumerate(layout.get(kind, [])) if "name" in item
        }
    traces = {
        trace["meta"]: place
        for place, trace in enumerate(figure["data"])
        if isinstance(trace.get("meta"), str)
    }
    if unknown := (motion.moves.keys() - paths.keys()) | (motion.paint.keys() - traces.keys()):
        raise ValueError(f"The figure has no annotation, shape or trace for the motion of {sorted(unknown)}.")
    content = {
        "codes": motion.codes is not None and b64encode(motion.codes.astype(np.uint8).tobytes()).decode(),
        # The names Plotly gives to these properties of a feature on its maps.
        "paint": [
            {
                "trace": traces[name],
                "classes": [
                    {"fc": look.fill, "mo": look.opacity, "mlc": look.line, "mlw": look.width}
                    for look in looks
                ],
            }
            for name, looks in motion.paint.items()
        ],
        "moves": [
            {"path": paths[name], "attribute": attribute, "values": values}
            for name, moved in motion.moves.items()
            for attribute, values in moved.items()
        ],
    }
    return {"bar": motion.timeline.key, "dates": motion.timeline.digest, "content": _publish(content)}


def _split(figure: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[list[str | int], str]]]:
    """Return `figure` without its large constant parts, and for each of those its path and its address."""
    resources = [(path, _publish(parent.pop(path[-1]))) for path, parent in list(_large_parts(figure))]
    return figure, resources


def _large_parts(figure: dict[str, Any]) -> Iterator[tuple[list[str | int], dict[Any, Any]]]:
    """Yield path and parent of each geometry and map style: ``data[i].geojson``, ``layout.map.style`` and layer sources."""
    for index, trace in enumerate(figure["data"]):
        if isinstance(trace.get("geojson"), dict):
            yield ["data", index, "geojson"], trace
    for name, part in figure["layout"].items():
        if name.startswith("map") and isinstance(part, dict):
            if isinstance(part.get("style"), dict):
                yield ["layout", name, "style"], part
            for index, layer in enumerate(part.get("layers", [])):
                if isinstance(layer.get("source"), dict):
                    yield ["layout", name, "layers", index, "source"], layer


def _publish(content: Any) -> str:
    """Return the address under which the browser finds `content`."""
    body = content.encoded if isinstance(content, Shared) else encode(content)
    return serving.publish(body, "content.json")


def _texts() -> dict[str, str]:
    return {
        "png": _("Download as PNG"),
        "failed": _(
            "This figure could not be drawn. Reload the page; if that does not help, tell the people who run it."
        ),
        "no_webgl": _("This map cannot be drawn: the browser does not offer WebGL, or it is switched off."),
        "two_fingers": _("Use two fingers to move the map"),
        "previous": _("Previous date"),
        "next": _("Next date"),
        "play": _("Play"),
        "pause": _("Pause"),
        "speed": _("Dates per second"),
        "jump": _("Go to …"),
    }
