"""How areas, incidents and sites look on maps, by class: what a time bar repaints one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from loaders.contracts import Status
from monitor.charts.base_map import OVER_AREAS, UNDER_NAMES, GeoJSON
from monitor.charts.drawing import Part, trace
from monitor.charts.style import (
    INK,
    PAPER,
    SITE_COLOURS,
    STATUS_COLOURS,
    STATUS_ORDER,
)

#: Opacity of a fill by the age of its last confirmation, in days: staleness as ink.
AGE_OPACITY = ((30, 0.95), (90, 0.78), (180, 0.6), (float("inf"), 0.45))


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


#: Most incidents that a circle tells apart.
MOST_INCIDENTS = 30


def _incident_look(events: int) -> Look:
    return Look("#5e3c99", 0.62 if events else 0.0, "", 0.0, 3.5 + 3.2 * math.sqrt(events))


#: Look of a neighborhood's incidents by their number.
INCIDENT_LOOKS = tuple(_incident_look(events) for events in range(MOST_INCIDENTS + 1))


def incident_classes(events: np.ndarray) -> np.ndarray:
    """Class of neighborhoods by their number of events."""
    return np.minimum(events, MOST_INCIDENTS).astype("uint8")


def incident_marks(incidents: pd.DataFrame) -> Part:
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


SITE_MARKS = {
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
        disc.append(Look(site_colour(state), 1.0, "", 0.0, 6.0 if is_known else 4.5))
        inner = INK if state == "destroyed" else PAPER
        core.append(Look(inner, 1.0 if _SITE_CORE[state] else 0.0, "", 0.0, max(_SITE_CORE[state], 0.1)))
    return {"site edges": tuple(edge), "sites": tuple(disc), "site cores": tuple(core)}


def site_classes(states: pd.Series) -> np.ndarray:
    """Class of sites by their state."""
    order = {state: number for number, state in enumerate(_SITE_ORDER)}
    return states.map(order).to_numpy(dtype="uint8")


def site_marks(sites: pd.DataFrame) -> list[Part]:
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
        below=UNDER_NAMES,
        marker={
            "size": [2 * (look.radius or 0) for look in chosen],
            "color": [look.fill for look in chosen],
            "opacity": [look.opacity for look in chosen],
        },
        meta=name,
        **more,
    )


def site_colour(status: str) -> str:
    """Colour of a site's marker; grey where its state is not known."""
    return "#9aa5b1" if status in ("unknown", "no_data") else SITE_COLOURS[status]


#: Looks of the three discs of a site, by the name of their trace.
SITE_LOOKS = _site_looks()
