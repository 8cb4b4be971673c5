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

    timeline = Timeline("date", dates, labels=labels, milestones=[Milestone("2024-06-25", "Mission deploys")])
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

from monitor.charts.drawing import StampedFigure
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


def component(name: str) -> Callable[..., Any]:
    """Register the Streamlit component whose module and style are `name` in ``figure_component/``."""
    return st.components.v2.component(
        name,
        css=(Path(__file__).parent / "figure_component" / f"{name}.css").read_text(encoding="utf-8"),
        js=_LOADER % serving.module(f"{name}.js"),
        isolate_styles=False,
    )


_figure = component("figure")
_time_bar = component("time_bar")
_moving_text = component("moving_text")
_view_keeper = component("views")


@dataclass(frozen=True)
class Street:
    """A street map from a public server: address of its style, and the attribution that its licence asks for."""

    style: str
    attribution: str


@dataclass(frozen=True)
class Selection:
    """What the reader did with a figure since the last run; None in most runs."""

    id: str | None = None


@dataclass(frozen=True)
class Milestone:
    """An event marked on a time bar; one of kind ``break`` is a change of source, areas or definition."""

    date: str
    label: str
    kind: str = "event"


@dataclass(frozen=True)
class Period:
    """A choice of how much time a bar shows: `steps` from its first to its last date (0: all), and how far its double arrows leap."""

    label: str
    steps: int
    leap: int


@dataclass(frozen=True)
class Timeline:
    """The dates of a time bar: ISO, ascending; `labels` as the reader sees them.

    Attributes
    ----------
    key
        Names the bar among the components of the page.
    milestones
        Events marked on the bar.
    periods
        Lengths that the reader may choose from, by id; the last one is what a reset goes to.
    home
        Date that a reset goes to.
    density
        How much is known for each date, drawn over the bar.
    thin_after, thin_label
        Date after which little is known, and what the reader is told about it.
    """

    key: str
    dates: Sequence[str]
    labels: Sequence[str] = ()
    milestones: Sequence[Milestone] = ()
    periods: Mapping[str, Period] = field(default_factory=dict)
    home: str | None = None
    density: Sequence[float] = ()
    thin_after: str | None = None
    thin_label: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError if `home` is not a date of the bar, or `density` has not one value for each date."""
        if self.home is not None:
            self.index(self.home)
        if self.density and len(self.density) != len(self.dates):
            raise ValueError(
                f"density has {len(self.density)} values for the {len(self.dates)} dates of {self.key!r}."
            )

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
    """How an area or a point of a map looks: colours, opacity from 0 to 1, outline of an area and radius of a point in pixels."""

    fill: str
    opacity: float
    line: str | None = None
    width: float | None = None
    radius: float | None = None


@dataclass(frozen=True)
class Motion:
    """How a figure follows the bar of `timeline` in the browser.

    `codes` (dates × areas, values below 256) is the class of each area at each date. `paint` says how each class looks in a
    choropleth trace, which is named by its ``meta`` and has all areas in the order of `codes`. `points` gives codes and looks
    of markers in the same way. `moves` names annotations and shapes of the layout, or its ``title``, and gives the value of an
    attribute at each date; instead of a value, a list with one for each width in the ``layout.meta["fit"]`` of a stamp.
    `edges` does the same for the last date of the period that the bar shows, and `period_axis` is a time axis that shows
    this period.
    """

    timeline: Timeline
    codes: np.ndarray | None = None
    paint: Mapping[str, Sequence[Paint]] = field(default_factory=dict)
    points: Mapping[str, tuple[np.ndarray, Sequence[Paint]]] = field(default_factory=dict)
    moves: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    edges: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    period_axis: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if something has not one value for each date."""
        series: dict[str, Sized] = {
            f"{name}.{attribute}": values
            for moves in (self.moves, self.edges)
            for name, moved in moves.items()
            for attribute, values in moved.items()
        }
        if self.codes is not None:
            series["codes"] = self.codes
        series |= {name: codes for name, (codes, _looks) in self.points.items()}
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
    view: str | None = None,
    street: Street | None = None,
    motion: Motion | None = None,
) -> Selection:
    """Draw `figure`, keeping the element and the view of the figure shown before under the same `key`.

    `alt` says in one or two sentences what the figure shows. `filename` names the downloaded PNG, without its ending; by
    default it is `key`. `motion` makes the figure follow a time bar.

    With `select`, a click or tap on a point or an area gives its id: the first entry of its ``customdata``, or else its
    ``location``. `on_select` is called with the id before the run starts, so that what is drawn above can follow.
    Maps that name the same `view` show the same part of the earth: moving one moves the others; see :func:`keep_view`.
    Once such a map is drawn, its view is the reader's and no longer that of the figure.
    `street` lays a street map under and over the areas, if the reader's browser can reach its server.

    To move a map from Python, change ``layout.uirevision``; as long as it stays the same, the reader's view wins.
    """
    whole = figure.drawing() if isinstance(figure, StampedFigure) else figure.to_plotly_json()
    whole["layout"].setdefault("uirevision", key)
    height = int(whole["layout"].get("height") or _DEFAULT_HEIGHT)
    drawing, resources = _split(whole)
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
                "street": street
                and {
                    "style": street.style,
                    "attribution": street.attribution,
                    "failed": _("The street map cannot be reached. The map stays as it is."),
                },
                "plotly": serving.plotly(),
                "figure": drawing,
                "resources": resources,
                "motion": motion and _motion_message(motion, drawing),
                "texts": _texts(),
            }
        ),
        height=height,
        on_select_change=lambda: on_select(st.session_state[key]["select"]) if on_select else None,
    )
    return Selection(id=told["select"])


def keep_view(view: str, parameter: str, on_change: Callable[[str], object]) -> None:
    """Put what the maps of the group `view` show into the parameter of the link, as ``lat,lon,zoom``.

    The browser writes the link at once. `on_change` is called with the view in a run of a fragment that draws nothing, so that
    the link stays as it is at the next run of the page.
    """
    key = f"{view} view"

    @st.fragment
    def keep() -> None:
        _view_keeper(
            key=key,
            data=encode({"group": view, "parameter": parameter}),
            on_view_change=lambda: on_change(st.session_state[key]["view"]),
        )

    keep()


def time_bar(
    timeline: Timeline,
    value: str,
    *,
    label: str,
    on_change: Callable[[str], object] | None = None,
    period: str | None = None,
    on_period: Callable[[str], object] | None = None,
) -> str:
    """Let the reader drag, step, leap, play or jump through `timeline` and return the date they stopped at.

    What follows the bar moves with every step; a run of the script starts once the bar has rested for a quarter of a second.
    The page owns date and `period`: it passes them and keeps what it is told, best in the URL. `on_change` and `on_period` are
    called with a new date or period before the run starts. The period shown ends at the date, until the reader moves in it.
    """
    key = timeline.key
    date = st.session_state.get(key, {}).get("date") or value
    timeline.index(date)
    content = {
        "dates": timeline.dates,
        "labels": timeline.labels or timeline.dates,
        "milestones": sorted((mark.date, mark.label, mark.kind) for mark in timeline.milestones),
        "periods": {
            name: {"label": each.label, "steps": each.steps, "leap": each.leap}
            for name, each in timeline.periods.items()
        },
        "home": timeline.home,
        "density": timeline.density,
        "thin_after": timeline.thin_after,
        "thin_label": timeline.thin_label,
    }
    message = {
        "key": key,
        "dates": timeline.digest,
        "value": date,
        "period": period,
        "label": label,
        "content": _publish(content),
        "texts": _texts(),
    }
    _time_bar(
        key=key,
        data=encode(message),
        on_date_change=lambda: on_change(st.session_state[key]["date"]) if on_change else None,
        on_period_change=lambda: on_period(st.session_state[key]["period"]) if on_period else None,
    )
    return date


def moving_text(
    texts: Sequence[str],
    timeline: Timeline,
    date: str,
    *,
    key: str,
    tag: str = "p",
    replaces: bool = False,
) -> None:
    """Show the text of `date`, and while the bar of `timeline` moves, that of the date it passes; one text per date.

    `tag` is the element it is written in, ``p`` or ``h1``. With `replaces` it takes the place of the element drawn right
    before it: a page can say its sentence at once and let it move later.
    """
    _moving_text(
        key=f"moving {key}",
        data=encode(
            {
                "bar": timeline.key,
                "dates": timeline.digest,
                "text": texts[timeline.index(date)],
                "tag": tag,
                "replaces": replaces,
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
    moved = motion.moves.keys() | motion.edges.keys()
    painted = motion.paint.keys() | motion.points.keys()
    if unknown := (moved - paths.keys()) | (painted - traces.keys()):
        raise ValueError(f"The figure has no annotation, shape or trace for the motion of {sorted(unknown)}.")
    codes = [] if motion.codes is None else [motion.codes]
    looks = [(name, 0, looks) for name, looks in motion.paint.items()]
    for name, (of_points, of_classes) in motion.points.items():
        looks.append((name, len(codes), of_classes))
        codes.append(of_points)
    content = {
        "codes": [b64encode(each.astype(np.uint8).tobytes()).decode() for each in codes],
        "paint": [
            {"trace": traces[name], "codes": number, "classes": [_state(look) for look in of_classes]}
            for name, number, of_classes in looks
        ],
        "moves": [
            {"path": paths[name], "attribute": attribute, "values": values, "at": at}
            for at, moves in (("index", motion.moves), ("to", motion.edges))
            for name, moved in moves.items()
            for attribute, values in moved.items()
        ],
        "period": motion.period_axis and {"axis": motion.period_axis, "dates": motion.timeline.dates},
    }
    return {"bar": motion.timeline.key, "dates": motion.timeline.digest, "content": _publish(content)}


def _state(look: Paint) -> dict[str, Any]:
    """Return a look under the names that Plotly gives to these properties of a feature on its maps."""
    if look.radius is not None:
        return {"mcc": look.fill, "mo": look.opacity, "mrc": look.radius}
    return {"fc": look.fill, "mo": look.opacity, "mlc": look.line, "mlw": look.width}


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
        "home": _("Whole city"),
        "two_fingers": _("Use two fingers to move the map"),
        "previous": _("Previous date"),
        "next": _("Next date"),
        "play": _("Play"),
        "pause": _("Pause"),
        "speed": _("Dates per second"),
        "jump": _("Go to …"),
        "back": _("One period back"),
        "forward": _("One period on"),
        "reset": _("Back to the last well-covered date, whole period"),
        "period": _("Period"),
        "density": _("How much was reported, week by week"),
    }
