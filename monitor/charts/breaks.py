"""Breaks in the data, drawn into every figure that is drawn from the source: shaded spans, dashed days, a footnote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from monitor.analysis.breaks import Break
from monitor.charts.drawing import Drawing
from monitor.language import _, format_date, format_percent, mark

#: Days after the end of a break during which a figure of one date still says so.
_RECENT_DAYS = 28
_SHADE, _DASH = "rgba(82,96,109,0.16)", "#52606d"
#: Spans and days that a footnote names.
_NAMED = 2


def marked_breaks(
    figure: Drawing, breaks: Sequence[Break], as_of: date | None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Shapes that shade the spans of breaks on a figure's time axis, and footnotes that say which they are.

    A figure without a time axis gets no shade; its footnote names the spans that reach the date it shows.

    Returns
    -------
    list of dict, tuple of str
        Shapes to add, and footnotes for the stamp.
    """
    if not breaks:
        return [], ()
    if "tickformatstops" not in figure.layout.get("xaxis", {}):
        return [], _notes([item for item in breaks if item.kind != "method" and _is_recent(item, as_of)])
    start, end = _extent(figure)
    shapes: list[dict[str, Any]] = []
    shown = [item for item in breaks if item.start <= end and item.end >= start]
    for item in shown:
        shape = {"name": "break", "y0": 0, "y1": 1, "yref": "paper"}
        if item.kind == "method":
            day = item.start.isoformat()
            look = {"type": "line", "line": {"color": _DASH, "width": 1.2, "dash": "dash"}}
            shapes.append({**shape, **look, "x0": day, "x1": day})
        else:
            span = {"x0": max(item.start, start).isoformat(), "x1": min(item.end, end).isoformat()}
            shapes.append({**shape, **span, "type": "rect", "fillcolor": _SHADE, "line": {"width": 0}})
    return shapes, _notes(shown, shaded=True)


def _is_recent(item: Break, as_of: date | None) -> bool:
    return as_of is not None and item.start <= as_of and (as_of - item.end).days <= _RECENT_DAYS


def _extent(figure: Drawing) -> tuple[date, date]:
    """First and last day on the time axis."""
    edges = figure.layout["xaxis"].get("range")
    if edges is None:
        days = []
        for trace in figure.traces:
            values = trace.get("x", ())
            if not pd.api.types.is_datetime64_dtype(values):
                values = pd.to_datetime(pd.Series(np.asarray(values, dtype="object")), errors="coerce")
            found = pd.Series(values).dropna()
            days += [found.min(), found.max()] if len(found) else []
        edges = (min(days), max(days)) if days else ("1900-01-01", "2200-01-01")
    first, last = (pd.Timestamp(edge) for edge in edges)
    return first.date(), last.date()


def _source_label(source: str) -> str:
    """A dataset of our own compilation in words; a provider by its name."""
    names = {
        "territorial_control": _("Statements about control"),
        "retaken_areas": _("Claims of retaken areas"),
        "incidents": _("Incidents"),
        "site_status": _("Reports on sites"),
    }
    return names.get(source, source)


def _notes(breaks: Sequence[Break], *, shaded: bool = False) -> tuple[str, ...]:
    volumes = [item for item in breaks if item.kind != "method"][-_NAMED:]
    methods = [item for item in breaks if item.kind == "method"][-_NAMED:]
    said = []
    for item in volumes:
        text = (
            _("{source}, {start} to {end}: {share} fewer rows than usual")
            if item.kind == "drop"
            else _("{source}, {start} to {end}: {share} more rows than usual")
        )
        text = text.format(
            source=_source_label(item.source),
            start=format_date(item.start),
            end=format_date(item.end),
            share=format_percent(abs(item.found / item.expected - 1)),
        )
        said.append(text)
    notes = []
    if said:
        text = _("{what}; this may be the source and not the world").format(what=mark(";").join(said))
        notes.append(_("Shaded: {what}").format(what=text) if shaded else text)
    notes += [
        _("Dashed, {date}: {what}").format(date=format_date(item.start), what=_(item.note))
        for item in methods
    ]
    return tuple(notes)
