"""Charts of actors: areas by holder over time, and areas of one actor."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, trace
from monitor.charts.series import add_milestones
from monitor.charts.style import GREY, Key, Stamp, count_ticks, row_axis, stamped, time_axis, value_axis
from monitor.language import _, format_number

#: Colours of the largest holders; patterns tell neighbours apart without colour.
_COLOURS = ("#8c2d04", "#fdae6b", "#6a51a3", "#bcbddc", "#238b45")
_PATTERNS = ("", "/", "", "x", "")
_OTHERS = "#a8b0b8"
#: Holders drawn with a colour of their own.
LARGEST = len(_COLOURS)


def holders_chart(
    table: pd.DataFrame,
    stamp: Stamp,
    *,
    value: str,
    names: Mapping[str, str],
    unit: str,
    milestones: pd.DataFrame | None = None,
    height: int = 440,
) -> go.Figure:
    """Areas, km² or people by holder over time, stacked; the smaller ones together.

    Parameters
    ----------
    table
        ``areas_by_holder`` of one side: ``date, holder`` and the column named in ``value``.
    names
        Holders in words.
    """
    wide = table.pivot_table(index="date", columns="holder", values=value, aggfunc="sum", fill_value=0.0)
    order = wide.sum().sort_values(ascending=False, kind="stable")
    special = [holder for holder in ("several", "not_named") if holder in wide]
    large = [holder for holder in order.index if holder not in special][:LARGEST]
    rest = [holder for holder in wide if holder not in large and holder not in special]
    shown = {holder: wide[holder] for holder in large}
    if rest:
        shown["others"] = wide[rest].sum(axis=1)
    shown |= {holder: wide[holder] for holder in special}
    words = {**names, "others": _("others ({n})").format(n=len(rest))}
    figure = Drawing()
    key = []
    for number, (holder, values) in enumerate(shown.items()):
        own = holder in large
        colour = _COLOURS[number] if own else "#e4e7eb" if holder == "not_named" else _OTHERS
        pattern = _PATTERNS[number] if own else {"several": "\\", "not_named": "."}.get(holder, "")
        figure.add_trace(
            trace(
                "scatter",
                x=values.index,
                y=values,
                stackgroup="held",
                mode="lines",
                line={"width": 0.6, "color": "#ffffff", "shape": "hv"},
                fillcolor=colour,
                fillpattern={
                    "shape": pattern,
                    "fgcolor": "#ffffff",
                    "bgcolor": colour,
                    "size": 7,
                    "solidity": 0.18,
                },
                name=words[holder],
                hovertemplate="%{y:,.0f}<extra>%{fullData.name}</extra>",
            )
        )
        key.append(Key("▨" if pattern else "■", GREY if holder == "not_named" else colour, words[holder]))
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    figure.update_layout(
        xaxis=time_axis(range=[wide.index.min(), wide.index.max()]),
        yaxis=value_axis(tickformat=",.0f", title={"text": unit, "font": {"size": 12, "color": GREY}}),
        hovermode="x unified",
        uirevision="holders-chart",
    )
    return stamped(figure, stamp, height=height, below=28, above=16, left=64, right=16, key=key)


def actor_chart(
    counts: pd.DataFrame,
    stamp: Stamp,
    *,
    colour: str,
    milestones: pd.DataFrame | None = None,
    height: int = 320,
) -> go.Figure:
    """Areas that one actor is named to hold, and to contest, over time: ``date, holds, contests``."""
    figure = Drawing()
    parts = (
        ("holds", _("named as holding"), colour, ""),
        ("contests", _("named where contested"), "#f7d96b", "/"),
    )
    for column, name, fill, pattern in parts:
        figure.add_trace(
            trace(
                "scatter",
                x=counts["date"],
                y=counts[column],
                stackgroup="named",
                mode="lines",
                line={"width": 0.6, "color": "#ffffff", "shape": "hv"},
                fillcolor=fill,
                fillpattern={
                    "shape": pattern,
                    "fgcolor": "#6b4e00",
                    "bgcolor": fill,
                    "size": 6,
                    "solidity": 0.12,
                },
                name=name,
                hovertemplate="%{y}<extra>%{fullData.name}</extra>",
            )
        )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    top = max(1, int((counts["holds"] + counts["contests"]).max()))
    figure.update_layout(
        xaxis=time_axis(range=[counts["date"].min(), counts["date"].max()]),
        yaxis=value_axis(
            range=[0, top * 1.08],
            **count_ticks(top),
            title={"text": _("neighborhoods"), "font": {"size": 12, "color": GREY}},
        ),
        hovermode="x unified",
        uirevision="actor-chart",
    )
    key = [Key("■", colour, parts[0][1]), Key("▨", "#806600", parts[1][1])]
    return stamped(figure, stamp, height=height, below=28, above=16, left=52, right=16, key=key)


def rates_chart(table: pd.DataFrame, stamp: Stamp) -> go.Figure:
    """Rates per place as dots with their interval; places below the floor are listed without a rate.

    Parameters
    ----------
    table
        ``name, events, people, rate, rate_low, rate_high``.
    """
    rows = table.sort_values(["rate", "events"], na_position="first", ignore_index=True)
    shown = rows["rate"].notna()
    labels = rows["name"]
    figure = Drawing(
        trace(
            "scatter",
            x=rows["rate"],
            y=labels,
            mode="markers",
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (rows["rate_high"] - rows["rate"]).where(shown),
                "arrayminus": (rows["rate"] - rows["rate_low"]).where(shown),
                "color": "#7b8794",
                "thickness": 1.6,
                "width": 5,
            },
            marker={"size": 10, "color": "#2166ac", "line": {"color": "#ffffff", "width": 1}},
            customdata=np.stack([rows["events"], rows["people"]], axis=1),
            hovertemplate="%{y}: %{x:.1f}<br>%{customdata[0]} / %{customdata[1]:,.0f}<extra></extra>",
        )
    )
    for row in rows[~shown].itertuples():
        figure.add_annotation(
            x=0,
            y=row.name,
            xanchor="left",
            showarrow=False,
            text=_("too few people for a rate ({events} events)").format(events=format_number(row.events)),
            font={"size": 11, "color": GREY},
        )
    figure.update_layout(
        xaxis={
            **value_axis(tickformat=",.0f"),
            "title": {
                "text": _("events per 100,000 people and year"),
                "font": {"size": 12, "color": GREY},
                "standoff": 6,
            },
        },
        yaxis={
            **row_axis(),
            "categoryorder": "array",
            "categoryarray": list(labels),
        },
        uirevision="rates-chart",
    )
    return stamped(figure, stamp, height=190 + 24 * len(rows), below=58, above=8, left=150, right=20)
