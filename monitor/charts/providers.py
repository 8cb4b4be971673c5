"""Providers of events side by side: one panel each, with its own scale, never added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, trace
from monitor.charts.style import INK, Key, Stamp, stamped, time_axis, value_axis
from monitor.language import _

#: Height of a panel and of the gap above it, where its label stands, px.
_PANEL_PX, _GAP_PX = 74, 34
#: Height of the panel where there is only one.
_ONLY_PANEL_PX = 260
_BARS, _SHADE = "#5b6f82", "#e1e6ea"


@dataclass(frozen=True)
class Panel:
    """One provider: what stands over its panel, its weeks (``week, total, is_complete``), and the days of its first and last event."""

    label: str
    weeks: pd.DataFrame
    covers: tuple[date, date]


def provider_panels(panels: Sequence[Panel], stamp: Stamp) -> go.Figure:
    """Events per week of each provider on one time axis; what lies before its first and after its last event is shaded, not zero.

    Parameters
    ----------
    panels
        From top to bottom; the weeks of all begin and end on the same days.
    """
    panel_px = _PANEL_PX if len(panels) > 1 else _ONLY_PANEL_PX
    inner = len(panels) * (panel_px + _GAP_PX)
    figure = Drawing()
    axes = {}
    first = panels[0].weeks["week"].iloc[0]
    last = panels[0].weeks["week"].iloc[-1] + pd.Timedelta(days=7)
    for number, panel in enumerate(panels):
        name = "" if number == 0 else str(number + 1)
        top = 1 - (number * (panel_px + _GAP_PX) + _GAP_PX) / inner
        low = top - panel_px / inner
        figure.add_trace(
            trace(
                "bar",
                x=panel.weeks["week"],
                y=panel.weeks["total"],
                yaxis=f"y{name}",
                marker={
                    "color": _BARS,
                    "opacity": np.where(panel.weeks["is_complete"], 1.0, 0.45),
                    "line": {"width": 0},
                },
                name=panel.label,
                hovertemplate="%{x|%Y-%m-%d}: %{y}<extra></extra>",
            )
        )
        axes[f"yaxis{name}"] = {
            **value_axis(tickformat=",d", nticks=3, rangemode="tozero"),
            "domain": [max(low, 0.0), top],
            "anchor": "x",
        }
        for start, end in _uncovered(panel, first, last):
            figure.add_shape(
                type="rect",
                xref="x",
                yref="paper",
                x0=start,
                x1=end,
                y0=max(low, 0.0),
                y1=top,
                fillcolor=_SHADE,
                line={"width": 0},
                layer="below",
            )
        figure.add_annotation(
            text=panel.label,
            xref="paper",
            yref="paper",
            x=0,
            y=top,
            xanchor="left",
            yanchor="bottom",
            yshift=3,
            showarrow=False,
            align="left",
            font={"size": 13, "color": INK},
        )
    figure.update_layout(
        **axes,
        xaxis={**time_axis(), "anchor": "free", "position": 0, "range": [first, last]},
        bargap=0.12,
        showlegend=False,
        uirevision="provider-panels",
    )
    key = [
        Key("■", _BARS, _("events per week")),
        Key("■", _SHADE, _("before the first or after the last event of the provider")),
    ]
    return stamped(figure, stamp, height=inner + 150, below=28, above=4, left=52, right=16, key=key)


def _uncovered(
    panel: Panel, first: pd.Timestamp, last: pd.Timestamp
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Spans of the time axis before the first and after the last event of a provider."""
    start, end = pd.Timestamp(panel.covers[0]), pd.Timestamp(panel.covers[1]) + pd.Timedelta(days=1)
    found = []
    if start > first:
        found.append((first, min(start, last)))
    if end < last:
        found.append((max(end, first), last))
    return found
