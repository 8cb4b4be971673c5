"""Charts of retaken areas: funnel of claims and contradicted claims per claimant."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, trace
from monitor.charts.style import GREY, INK, Key, Stamp, percent_ticks, row_axis, stamped, value_axis
from monitor.language import _, format_number, mark

_HELD, _LOST, _OPEN, _CLAIM = "#2166ac", "#b2182b", "#d9d9d9", "#52606d"
_ROW_PX = 46


def _step_label(step: str) -> str:
    return {
        "claimed": _("Claimed"),
        "corroborated": _("Corroborated"),
        "held_30": _("Held 30 days"),
        "held_90": _("Held 90 days"),
    }[step]


def funnel_chart(steps: pd.DataFrame, stamp: Stamp, *, strict: bool = False) -> go.Figure:
    """Claimed, corroborated, held 30 and 90 days: what counts, what was lost, and what could not be followed.

    Parameters
    ----------
    steps
        ``claims.funnel``.
    strict
        Whether a contested report ends the hold, too: names the second part so.
    """
    rows = steps.set_index("step")
    claimed, solid = int(rows.loc["claimed", "count"]), int(rows.loc["corroborated", "count"])
    lost = _("lost or contested") if strict else _("lost again")
    parts = {
        "claimed": [(_CLAIM, claimed, "")],
        "corroborated": [(_CLAIM, solid, ""), (_OPEN, claimed - solid, _("party’s word only"))],
    }
    for step in ("held_30", "held_90"):
        row = rows.loc[step]
        parts[step] = [
            (_HELD, int(row["count"]), ""),
            (_LOST, int(row["lost"]), lost),
            (_OPEN, int(row["not_followed"]), _("no report so late")),
        ]
    figure = Drawing()
    for step, bars in parts.items():
        start = 0
        for colour, count, name in bars:
            if not count:
                continue
            figure.add_trace(
                trace(
                    "bar",
                    y=[_step_label(step)],
                    x=[count],
                    base=start,
                    orientation="h",
                    width=0.66,
                    marker={
                        "color": colour,
                        "pattern": {
                            "shape": "/",
                            "fillmode": "overlay",
                            "fgcolor": "#ffffff",
                            "bgcolor": _LOST,
                            "solidity": 0.12,
                            "size": 7,
                        },
                    }
                    if colour == _LOST
                    else {"color": colour},
                    text=[format_number(count)],
                    textposition="inside",
                    insidetextanchor="middle",
                    textangle=0,
                    textfont={"size": 14, "color": INK if colour == _OPEN else "#ffffff"},
                    hovertemplate=f"{_step_label(step)}{mark(':')}{format_number(count)} {name}<extra></extra>",
                    showlegend=False,
                )
            )
            start += count
    figure.update_layout(
        barmode="overlay",
        xaxis=value_axis(range=[0, max(claimed, 1) * 1.02], showgrid=False, showticklabels=False),
        yaxis={
            **row_axis(),
            "categoryorder": "array",
            "categoryarray": [_step_label(step) for step in parts][::-1],
            "fixedrange": True,
        },
        uirevision="funnel",
    )
    key = [
        Key("■", _HELD, _("held so long")),
        Key("▨", _LOST, lost),
        Key("■", "#9aa5b1", _("not corroborated, or no report so late")),
    ]
    return stamped(figure, stamp, height=190 + _ROW_PX * 4, below=10, left=112, right=12, key=key)


def reversal_chart(table: pd.DataFrame, stamp: Stamp) -> go.Figure:
    """Share of claims contradicted within 7 and 30 days per claimant, with exact intervals.

    Parameters
    ----------
    table
        ``claims.reversal`` with ``label``, most claims first.
    """
    rows = table.iloc[::-1]
    figure = Drawing()
    looks = ((30, _LOST, "circle", 0.14), (7, "#ef8a62", "circle-open", -0.14))
    places = {label: number for number, label in enumerate(rows["label"])}
    for days, colour, symbol, shift in looks:
        part = rows[rows[f"of_{days}"] > 0]
        y = [places[label] + shift for label in part["label"]]
        figure.add_trace(
            trace(
                "scatter",
                x=[
                    end
                    for low, high in zip(part[f"low_{days}"], part[f"high_{days}"], strict=True)
                    for end in (100 * low, 100 * high, None)
                ],
                y=[level for at in y for level in (at, at, None)],
                mode="lines",
                line={"color": colour, "width": 2},
                opacity=0.55,
                hoverinfo="skip",
                showlegend=False,
            )
        )
        figure.add_trace(
            trace(
                "scatter",
                x=100 * part[f"share_{days}"],
                y=y,
                mode="markers+text",
                marker={"color": colour, "size": 11, "symbol": symbol, "line": {"width": 2, "color": colour}},
                text=[
                    _("{count} of {n}").format(count=count, n=n)
                    for count, n in zip(part[f"contradicted_{days}"], part[f"of_{days}"], strict=True)
                ],
                textposition="top center" if shift > 0 else "bottom center",
                textfont={"size": 11, "color": GREY},
                hovertemplate="%{text}: %{x:.0f}\u00a0%<extra></extra>",
                cliponaxis=False,
                showlegend=False,
            )
        )
    figure.update_layout(
        xaxis=value_axis(range=[-3, 103], tickvals=[0, 25, 50, 75, 100], ticktext=percent_ticks()),
        yaxis={
            **row_axis(),
            "tickmode": "array",
            "tickvals": list(places.values()),
            "ticktext": [label.replace(" · ", "<br>") for label in places],
            "range": [-0.6, len(places) - 0.4],
            "zeroline": False,
            "showgrid": False,
            "fixedrange": True,
        },
        uirevision="reversal",
    )
    lines = [line for label in places for line in label.split(" · ")]
    left = 24 + round(6.2 * max(len(line) for line in lines))
    key = [
        Key("●", _LOST, _("within 30 days")),
        Key("○", "#b3542d", _("within 7 days")),
        Key("─", GREY, _("95 % interval")),
    ]
    return stamped(figure, stamp, height=190 + 64 * len(places), below=30, left=left, right=16, key=key)
