"""Charts of the mission: countries, deployment ratio, inputs beside outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, trace
from monitor.charts.series import add_milestones, add_panel_title, value_labels
from monitor.charts.style import GREY, INK, Key, Stamp, row_axis, stamped, time_axis, value_axis
from monitor.language import _, format_date, format_number, format_percent
from monitor.vocabulary import remark

_BLUE, _RED = "#2166ac", "#b2182b"


def association() -> str:
    """The caption that stands in every figure of inputs beside outcomes."""
    return _("Association, not effect")


def countries_chart(table: pd.DataFrame, stamp: Stamp, *, labels: Mapping[str, str]) -> go.Figure:
    """Latest figure of each country by basis, with the range of its rival figures.

    Parameters
    ----------
    table
        ``by_country`` of the mission's figures.
    labels
        Bases in words.
    """
    looks = {
        "deployed": (_BLUE, "circle", "●"),
        "pledged": ("#b35806", "diamond-open", "◇"),
        "offered": ("#b35806", "diamond-open", "◇"),
        "committed": ("#7b3294", "square-open", "□"),
    }
    rows = table[table["basis"].isin(looks)]
    rank = rows.assign(first=rows["value"].where(rows["basis"] == "deployed", rows["value"] / 1e6))
    order = rank.groupby("entity")["first"].max().sort_values(kind="stable").index.tolist()
    figure = Drawing()
    key = []
    for basis, (colour, symbol, mark) in looks.items():
        part = rows[rows["basis"] == basis]
        if part.empty:
            continue
        key.append(Key(mark, colour, labels[basis]))
        figure.add_trace(
            trace(
                "scatter",
                x=part["value"],
                y=part["entity"].map(remark),
                mode="markers",
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": part["high"] - part["value"],
                    "arrayminus": part["value"] - part["low"],
                    "color": colour,
                    "thickness": 1.4,
                    "width": 5,
                },
                marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
                name=labels[basis],
                text=[
                    f"<b>{remark(row.entity)}</b> · {labels[basis]} · {format_date(row.as_of)}<br>{format_number(row.value)}"
                    + (
                        "<br>"
                        + _("rival figures: {low} to {high}").format(
                            low=format_number(row.low), high=format_number(row.high)
                        )
                        if row.low != row.high
                        else ""
                    )
                    + f"<br>{row.source_publisher}"
                    for row in part.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    figure.update_layout(
        xaxis={
            **value_axis(tickformat=",d", rangemode="tozero", zeroline=True, zerolinecolor=GREY),
            "title": {"text": _("personnel"), "font": {"size": 12, "color": GREY}, "standoff": 6},
        },
        yaxis={
            **row_axis(),
            "categoryorder": "array",
            "categoryarray": list(map(remark, order)),
        },
        uirevision="countries-chart",
    )
    return stamped(
        figure, stamp, height=190 + 26 * len(order), below=58, above=8, left=170, right=20, key=key
    )


def ratio_chart(
    totals: pd.DataFrame, stamp: Stamp, *, milestones: pd.DataFrame | None = None, height: int = 360
) -> go.Figure:
    """Deployed of authorised personnel, a dot for each published count: ``as_of, entity, value, authorised, ratio``."""
    rows = totals[totals["ratio"].notna()]
    figure = Drawing(
        trace(
            "scatter",
            x=rows["as_of"],
            y=100 * rows["ratio"],
            mode="markers+lines",
            line={"color": "#9aa5b1", "width": 1, "dash": "dot"},
            marker={"size": 11, "color": _BLUE, "line": {"color": "#ffffff", "width": 1}},
            text=[
                f"<b>{format_date(row.as_of)}</b><br>"
                + _("{deployed} of {authorised} authorised on that day: {share}").format(
                    deployed=format_number(row.value),
                    authorised=format_number(row.authorised),
                    share=format_percent(row.ratio),
                )
                for row in rows.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    latest = rows.sort_values("as_of", ascending=False, kind="stable")
    labels = [format_percent(ratio) for ratio in latest["ratio"]]
    figure.add_trace(value_labels(latest["as_of"], 100 * latest["ratio"], labels, top=100))
    figure.update_layout(
        xaxis=time_axis(),
        yaxis=value_axis(range=[0, 100], ticksuffix="\u00a0%", dtick=25),
        uirevision="ratio-chart",
    )
    return stamped(figure, stamp, height=height, below=28, above=16, left=46, right=16)


def inputs_chart(
    table: pd.DataFrame,
    stamp: Stamp,
    *,
    lag_weeks: int,
    milestones: pd.DataFrame | None = None,
    height: int = 560,
) -> go.Figure:
    """Personnel above, areas under gangs below, on one time axis: no line is fitted, and the caption cannot be left out.

    Parameters
    ----------
    table
        ``inputs_beside_outcomes``.
    lag_weeks
        Weeks by which personnel is drawn later.
    """
    stamp = replace(stamp, caveat=f"{association()}. {stamp.caveat}".strip())
    figure = Drawing()
    lines = (
        ("y", table["personnel"], INK, _("personnel deployed (last published count)")),
        ("y2", table["per_10000"], "#7b3294", _("the same per 10,000 people in gang-held neighborhoods")),
        ("y3", table["gang_areas"], _RED, _("neighborhoods under gang control or influence")),
        ("y3", table["state_areas"], _BLUE, _("neighborhoods with state presence or held")),
    )
    for axis, values, colour, name in lines:
        figure.add_trace(
            trace(
                "scatter",
                x=table["date"],
                y=values,
                yaxis=axis,
                mode="lines",
                line={
                    "color": colour,
                    "width": 2,
                    "shape": "hv",
                    "dash": "dot" if colour == _BLUE else "solid",
                },
                name=name,
                hovertemplate="%{x|%Y-%m-%d}: %{y:,.0f}<extra></extra>",
            )
        )
    domains = {"y": (0.72, 0.95), "y2": (0.38, 0.62), "y3": (0.0, 0.28)}
    titles = {
        "y": lines[0][3] + (" · " + _("{n} weeks later").format(n=lag_weeks) if lag_weeks else ""),
        "y2": lines[1][3],
        "y3": _("neighborhoods: gang control or influence (line), state (dotted)"),
    }
    short = {
        "y": _("personnel deployed"),
        "y2": _("per 10,000 people under gangs"),
        "y3": _("neighborhoods: gangs (line), state (dotted)"),
    }
    for axis, (_low, high) in domains.items():
        add_panel_title(figure, titles[axis], high, under_milestones=axis == "y")
    figure.add_annotation(
        name="association",
        x=1,
        xref="paper",
        xanchor="right",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=2,
        text=f"<b>{association()}</b>",
        showarrow=False,
        bgcolor="#fff8db",
        bordercolor="#806600",
        borderpad=4,
        font={"size": 13, "color": INK},
    )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones, through=0.7)
    largest = np.nanmax(table["per_10000"]) if table["per_10000"].notna().any() else 1.0
    figure.update_layout(
        xaxis=time_axis(range=[table["date"].min(), table["date"].max()], anchor="y3"),
        yaxis=value_axis(domain=domains["y"], tickformat=",d", nticks=4),
        yaxis2=value_axis(domain=domains["y2"], tickformat=",.0f", nticks=4, range=[0, 1.05 * largest]),
        yaxis3=value_axis(domain=domains["y3"], tickformat=",d", nticks=4),
        uirevision="inputs-chart",
    )
    narrow = {f"annotations[{number}].text": short[axis] for number, axis in enumerate(domains, start=1)}
    return stamped(figure, stamp, height=height, below=28, above=34, left=58, right=16, narrow=narrow)
