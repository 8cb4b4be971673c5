"""Figures of change: from which status to which, and gains and losses from week to week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, trace
from monitor.charts.series import add_milestones
from monitor.charts.style import (
    GREY,
    INK,
    STATUS_COLOURS,
    STATUS_INKS,
    STATUS_ORDER,
    Key,
    Stamp,
    count_ticks,
    row_axis,
    stamped,
    status_label,
    time_axis,
    value_axis,
)
from monitor.language import _, format_number, format_people

_MOVED = "rgba(224,130,20,{opacity:.2f})"
_GAINED, _LOST = STATUS_COLOURS["gang_control"], STATUS_COLOURS["state_held"]


def amount(value: float, denominator: str) -> str:
    """A sum of a denominator in a few characters; a middle dot for nothing."""
    if not value:
        return "·"
    if denominator == "people":
        return format_people(value)
    return format_number(value, 1 if denominator == "km2" and value < 10 else 0)


def transition_chart(matrix: pd.DataFrame, stamp: Stamp, *, denominator: str, height: int = 520) -> go.Figure:
    """From each status (row) to each other (column), with the sums of both dates; what stayed lies on the diagonal.

    Parameters
    ----------
    matrix
        :func:`monitor.analysis.compare.transition_matrix`.
    denominator
        Column of `matrix` to show.
    """
    wide = matrix.pivot(index="status_before", columns="status_after", values=denominator)
    present = [status for status in STATUS_ORDER if wide.loc[status].sum() or wide[status].sum()]
    wide = wide.loc[present, present]
    names = [status_label(status) for status in present]
    moved = wide.to_numpy(dtype=float)[~np.eye(len(present), dtype=bool)]
    most = max(1.0, float(moved.max(initial=0)))
    # Unseen points give the table its axes; its cells are shapes, which stay lines in files where a heatmap is a bitmap.
    figure = Drawing(trace("scatter", x=names, y=names, mode="markers", opacity=0, hoverinfo="skip"))
    for place, (row, before) in enumerate(zip(present, names, strict=True)):
        for across, (column, after) in enumerate(zip(present, names, strict=True)):
            value = float(wide.loc[row, column])
            if value and row != column:
                figure.add_shape(
                    type="rect",
                    x0=across - 0.48,
                    x1=across + 0.48,
                    y0=place - 0.48,
                    y1=place + 0.48,
                    fillcolor=_MOVED.format(opacity=0.12 + 0.88 * value / most),
                    line={"width": 0},
                    layer="below",
                )
            figure.add_annotation(
                x=after,
                y=before,
                text=amount(value, denominator),
                showarrow=False,
                font={"size": 13, "color": GREY if row == column else INK},
            )
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="left",
            xshift=8,
            y=before,
            text=f"<b>{amount(float(wide.loc[row].sum()), denominator)}</b>",
            showarrow=False,
            font={"size": 13, "color": STATUS_INKS[row]},
        )
        figure.add_annotation(
            x=before,
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-8,
            text=f"<b>{amount(float(wide[row].sum()), denominator)}</b>",
            showarrow=False,
            font={"size": 13, "color": STATUS_INKS[row]},
        )
    figure.update_layout(
        xaxis={
            "side": "top",
            "tickfont": {"size": 12},
            "tickangle": 0,
            "tickvals": names,
            "ticktext": [name.replace(" ", "<br>", 1) for name in names],
            "range": [-0.5, len(names) - 0.5],
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis={
            **row_axis(),
            "categoryorder": "array",
            "categoryarray": names,
            "range": [len(names) - 0.5, -0.5],
            "domain": [0, 1],
            "showgrid": False,
            "fixedrange": True,
        },
        uirevision="transitions",
    )
    key = [
        Key("→", INK, _("rows: status on the first date; columns: on the second")),
        Key("■", "#e08214", _("changed")),
        Key("•", GREY, _("grey: unchanged; bold: sums")),
    ]
    # On a phone the names of the columns stand upright, in room taken from the table.
    narrow = {
        "xaxis.tickangle": -90,
        "xaxis.ticktext": names,
        "yaxis.domain": [0, 0.76],
    }
    return stamped(
        figure, stamp, height=height, below=34, above=54, left=132, right=70, key=key, narrow=narrow
    )


def gains_chart(
    table: pd.DataFrame,
    stamp: Stamp,
    *,
    denominator: str,
    milestones: pd.DataFrame | None = None,
    height: int = 420,
) -> go.Figure:
    """Weekly gains of armed groups upwards, losses downwards, their balance added up as a line; pale: became known or unknown.

    Parameters
    ----------
    table
        :func:`monitor.analysis.compare.gains_and_losses`.
    """
    rows = table[table["denominator"] == denominator]
    figure = Drawing()
    bars = (
        ("gained", 1, _GAINED, _("gained"), ""),
        ("appeared", 1, "#f4c7c3", _("newly reported as held"), "/"),
        ("lost", -1, _LOST, _("lost"), ""),
        ("lapsed", -1, "#d9d9d9", _("report grew stale"), "/"),
    )
    for name, sign, colour, label, pattern in bars:
        figure.add_trace(
            trace(
                "bar",
                x=rows["date"],
                y=sign * rows[name],
                name=label,
                marker={
                    "color": colour,
                    "line": {"width": 0},
                    "pattern": {"shape": pattern, "fgcolor": GREY, "solidity": 0.2, "size": 5},
                },
                customdata=[amount(value, denominator) for value in rows[name]],
                hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
            )
        )
    figure.add_trace(
        trace(
            "scatter",
            x=rows["date"],
            y=rows["net"].cumsum(),
            mode="lines",
            line={"color": INK, "width": 1.8, "shape": "hv"},
            name=_("gained less lost, added up"),
            hovertemplate="%{y:,.1f}<extra>%{fullData.name}</extra>",
        )
    )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    unit = {
        "neighborhoods": _("neighborhoods per week"),
        "km2": _("km² per week"),
        "people": _("people per week"),
    }
    figure.update_layout(
        barmode="relative",
        bargap=0.1,
        xaxis=time_axis(),
        yaxis={
            **value_axis(title={"text": unit[denominator], "font": {"size": 12, "color": GREY}}),
            **count_ticks(float(rows[["gained", "appeared", "lost", "lapsed"]].to_numpy().max())),
            "rangemode": "normal",
            "zeroline": True,
            "zerolinecolor": GREY,
        },
        hovermode="x unified",
        uirevision="gains",
    )
    key = [Key("▨" if pattern else "■", colour, label) for _name, _sign, colour, label, pattern in bars]
    key.append(Key("—", INK, _("gained less lost, added up")))
    return stamped(figure, stamp, height=height, below=28, above=12, left=64, right=16, key=key)
