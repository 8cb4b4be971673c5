"""A figure in the making: plain traces and a plain layout, which Plotly looks through once when the figure is stamped.

Plotly checks every value that its own objects are given, again whenever an object enters a figure, and the whole list of
annotations or shapes whenever one is added: for a table of annotations that is most of the time of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
