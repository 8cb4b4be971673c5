"""A figure in the making: plain traces and a plain layout, which Plotly looks through once when the figure is stamped.

Plotly checks every value that its own objects are given, again whenever an object enters a figure, and the whole list of
annotations or shapes whenever one is added: for a table of annotations that is most of the time of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from _plotly_utils.utils import to_typed_array_spec

#: A trace, annotation or shape under Plotly's names.
Part = dict[str, Any]


def trace(kind: str, **properties: Any) -> Part:
    """A trace of one of Plotly's types, such as ``scatter`` or ``bar``; properties without a value are left out."""
    return {"type": kind} | {name: value for name, value in properties.items() if value is not None}


class Drawing:
    """Traces and layout of a figure before it is stamped, with the names that Plotly's figures have for adding to them."""

    def __init__(self, traces: Part | Sequence[Part] = (), layout: Part | None = None) -> None:
        self.traces: list[Part] = [traces] if isinstance(traces, dict) else list(traces)
        self.layout: Part = dict(layout or {})

    def add_trace(self, part: Part) -> None:
        """Draw a trace over those before it."""
        self.traces.append(part)

    def add_annotation(self, **properties: Any) -> None:
        """Add an annotation after those before it."""
        self.layout["annotations"] = [*self.layout.get("annotations", ()), properties]

    def add_shape(self, **properties: Any) -> None:
        """Add a shape after those before it."""
        self.layout["shapes"] = [*self.layout.get("shapes", ()), properties]

    def update_layout(self, **properties: Any) -> None:
        """Put values into the layout; what is there besides them stays."""
        merge(self.layout, properties)


def merge(into: Part, more: Part) -> Part:
    """Put values into nested properties; what is there besides them stays."""
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            into[name] = merge(dict(into[name]), value)
        else:
            into[name] = value
    return into


def plain(part: Part) -> Part:
    """Properties without those that have no value; columns of numbers or texts as arrays, as Plotly would keep them."""
    kept: Part = {}
    for name, value in part.items():
        if type(value) is dict:
            kept[name] = plain(value)
        elif isinstance(value, pd.Series) and value.dtype.kind != "M":
            kept[name] = value.to_numpy()
        elif value is not None:
            kept[name] = value
    return kept


class StampedFigure(go.Figure):  # type: ignore[misc]
    """A finished figure. It is not changed any more, so the browser gets what it was made of.

    Plotly does not look through what is drawn, as it would at each answer of a page: tests do it for every named figure.
    """

    # Plotly's figures take no attribute that their class does not know.
    _traces: Sequence[Part] = ()
    _drawn_layout: Part | None = None

    def __init__(self, traces: Sequence[Part] = (), layout: Part | None = None, **more: Any) -> None:
        super().__init__(traces, layout, _validate=False, **more)
        self._traces, self._drawn_layout = traces, layout

    def drawing(self) -> Part:
        """What :meth:`to_plotly_json` returns, without the copies: dicts are new and may be changed, lists and arrays not."""
        return {
            "data": [_packed(trace) for trace in self._traces],
            "layout": {**_template(), **_packed(self._drawn_layout or {})},
        }


@cache
def _template() -> Part:
    """The template that Plotly gives every figure, as an entry of the layout; none where there is none."""
    template = dict(go.Figure().layout.template.to_plotly_json())
    return {"template": template} if template else {}


def _packed(part: Part) -> Part:
    """New dicts, with arrays of numbers in the compact form that Plotly's script reads, and dates without a time of midnight."""
    packed: Part = {}
    for name, value in part.items():
        if type(value) is dict:
            packed[name] = _packed(value)
        elif isinstance(value, np.ndarray | pd.Series | pd.DatetimeIndex) and value.dtype.kind == "M":
            packed[name] = _dates(value)
        elif isinstance(value, np.ndarray) and name != "range":
            packed[name] = to_typed_array_spec(value)
        else:
            packed[name] = value
    return packed


def _dates(values: Any) -> list[str | None]:
    times = np.asarray(values)
    days = times.astype("datetime64[D]")
    is_date = bool(((days == times) | np.isnat(times)).all())
    texts = np.datetime_as_string(days if is_date else times)
    return [
        None if is_missing else str(text) for text, is_missing in zip(texts, np.isnat(times), strict=True)
    ]
