"""Charts of evidence and doubt: who says what, agreement, nine headlines, sensitivity, lags, then and now."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, trace
from monitor.charts.style import (
    GREY,
    INK,
    PALE,
    STATUS_COLOURS,
    STATUS_INKS,
    Key,
    Stamp,
    percent_ticks,
    row_axis,
    stamped,
    status_label,
    time_axis,
    value_axis,
)
from monitor.language import _, format_number, format_people, format_percent, mark

#: An axis of categories without lines.
_QUIET: dict[str, object] = {
    "tickmode": "array",
    "showgrid": False,
    "zeroline": False,
    "fixedrange": True,
    "tickfont": {"size": 13},
}

_SIDES = ("gang", "contested", "state", "third_party")
_SIDE_STATUS = {
    "gang": "gang_control",
    "contested": "contested",
    "state": "state_held",
    "third_party": "third_party",
}


def side_label(side: str) -> str:
    """A side in words."""
    return {
        "gang": _("gangs"),
        "contested": _("contested"),
        "state": _("state"),
        "third_party": _("self-defence or other"),
    }[side]


def said_chart(said: pd.DataFrame, names: Mapping[str, str], stamp: Stamp) -> go.Figure:
    """How many sources say what of each area where they differ: one row per area, one column per side.

    Parameters
    ----------
    said
        ``agreement.said_on``, rows of the areas to show.
    names
        Label of each area, from top to bottom.
    """
    figure = Drawing()
    order = list(names)[::-1]
    sides = [side for side in _SIDES if (said["side"] == side).any()]
    for row in range(len(order)):
        figure.add_shape(
            type="line",
            x0=-0.5,
            x1=len(sides) - 0.5,
            y0=row,
            y1=row,
            line={"color": PALE, "width": 1},
            layer="below",
        )
    lines = [
        f"{line.source}{mark(':')}{status_label(line.status).lower()} ({line.from_earliest:%Y-%m-%d})"
        for line in said.itertuples()
    ]
    voices = said.assign(line=lines).groupby(["side", "neighborhood_id"], sort=False)["line"]
    words = voices.agg("<br>".join).to_dict()
    counts = voices.size().to_dict()
    for column, side in enumerate(sides):
        rows = [row for row, area in enumerate(order) if (side, area) in counts]
        areas = [order[row] for row in rows]
        figure.add_trace(
            trace(
                "scatter",
                x=[column] * len(rows),
                y=rows,
                mode="markers+text",
                marker={
                    "size": [17 + 3 * min(counts[side, area], 4) for area in areas],
                    "color": STATUS_COLOURS[_SIDE_STATUS[side]],
                    # Without it, marks of several sizes are drawn pale, and their numbers with them.
                    "opacity": 1,
                    "line": {"color": INK, "width": 0.6},
                },
                text=[str(counts[side, area]) for area in areas],
                textfont={"size": 12, "color": INK if side == "contested" else "#ffffff"},
                hovertext=[f"<b>{names[area]}</b><br>{words[side, area]}" for area in areas],
                hovertemplate="%{hovertext}<extra></extra>",
                customdata=areas,
                showlegend=False,
            )
        )
    figure.update_layout(
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(sides))),
            "ticktext": [side_label(side) for side in sides],
            "side": "top",
            "range": [-0.5, len(sides) - 0.5],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "tickfont": {"size": 13},
        },
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(order))),
            "ticktext": [names[area] for area in order],
            "range": [-0.6, len(order) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        uirevision="said",
    )
    longest = max((len(name) for name in names.values()), default=0)
    return stamped(
        figure,
        stamp,
        height=180 + 30 * len(order),
        below=8,
        above=34,
        left=24 + round(6.4 * longest),
        right=12,
    )


def agreement_chart(pairs: pd.DataFrame, stamp: Stamp) -> go.Figure:
    """Share of neighborhood-weeks on which two sources say the same, with kappa and n.

    Parameters
    ----------
    pairs
        ``agreement.pair_agreement``, with ``label``; the first is drawn on top.
    """
    rows = pairs.iloc[::-1]
    figure = Drawing(
        trace(
            "bar",
            x=100 * rows["agree"],
            y=rows["label"],
            orientation="h",
            width=0.6,
            marker={"color": "#7a8794"},
            text=[
                _("{share} · kappa {kappa} · n = {n}").format(
                    share=format_percent(row.agree),
                    kappa="–" if pd.isna(row.kappa) else format_number(row.kappa, 2),
                    n=format_number(row.n),
                )
                for row in rows.itertuples()
            ],
            textposition="outside",
            textfont={"size": 12},
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis=value_axis(range=[0, 165], tickvals=[0, 25, 50, 75, 100], ticktext=percent_ticks()),
        yaxis=row_axis(fixedrange=True),
        uirevision="agreement",
    )
    longest = max((len(label) for label in rows["label"]), default=0)
    return stamped(
        figure, stamp, height=170 + 30 * len(rows), below=30, left=20 + round(6.2 * longest), right=16
    )


def _amount(value: float, denominator: str) -> str:
    """A sum in the unit of its denominator."""
    if denominator == "people":
        return format_people(value)
    return _("{area} km²").format(area=format_number(value)) if denominator == "km2" else format_number(value)


def nine_chart(
    table: pd.DataFrame,
    measures: Mapping[str, str],
    denominators: Mapping[str, str],
    stamp: Stamp,
    *,
    chosen: tuple[str, str],
) -> go.Figure:
    """Nine headlines side by side: rows are denominators, columns are measures, the chosen one is outlined.

    Parameters
    ----------
    table
        ``robustness.explainer``.
    measures, denominators
        Labels, in order.
    chosen
        Denominator and measure.
    """
    cells = table.set_index(["denominator", "measure"])
    figure = Drawing(
        trace(
            "scatter",
            x=[0, len(measures) - 1],
            y=[0, len(denominators) - 1],
            mode="markers",
            opacity=0,
            hoverinfo="skip",
            showlegend=False,
        )
    )
    narrow: dict[str, object] = {}
    for row, denominator in enumerate(list(denominators)[::-1]):
        for column, measure in enumerate(measures):
            cell = cells.loc[(denominator, measure)]
            is_chosen = (denominator, measure) == chosen
            figure.add_shape(
                type="rect",
                x0=column - 0.48,
                x1=column + 0.48,
                y0=row - 0.46,
                y1=row + 0.46,
                fillcolor=f"rgba(82,96,109,{0.06 + 0.5 * float(cell['share']):.2f})",
                line={"color": INK if is_chosen else "rgba(0,0,0,0)", "width": 3 if is_chosen else 0},
                layer="below",
            )
            bound = _("up to {high}").format(high=format_percent(cell["high"]))
            of = _("{value} of {total}").format(
                value=_amount(cell["value"], denominator), total=_amount(cell["total"], denominator)
            )
            big = f"<b>{format_percent(cell['share'])}</b>"
            narrow[f"annotations[{1 + len(figure.layout.get('annotations', ()))}].text"] = (
                f"{big}<br><span style='font-size:10px'>{bound}</span>"
            )
            figure.add_annotation(
                x=column,
                y=row,
                text=f"{big}<br><span style='font-size:11px'>{of}, {bound}</span>",
                font={"size": 21, "color": INK},
                hovertext=f"{denominators[denominator]}, {measures[measure]}{mark(':')}{of}, {bound}",
                showarrow=False,
            )
    narrow |= {
        "xaxis.ticktext": ["<br>".join(textwrap.wrap(label, 11)) for label in measures.values()],
        "yaxis.tickfont.size": 11,
        "margin.l": 88,
    }
    figure.update_layout(
        xaxis={
            **_QUIET,
            "tickvals": list(range(len(measures))),
            "ticktext": list(measures.values()),
            "side": "top",
            "range": [-0.5, len(measures) - 0.5],
            "tickangle": 0,
        },
        yaxis={
            **_QUIET,
            "tickvals": list(range(len(denominators))),
            "ticktext": list(denominators.values())[::-1],
            "range": [-0.5, len(denominators) - 0.5],
        },
        uirevision="nine",
    )
    return stamped(figure, stamp, height=430, below=8, above=48, left=112, right=12, narrow=narrow)


def sensitivity_chart(rows: pd.DataFrame, base: float, stamp: Stamp) -> go.Figure:
    """How far the headline moves under other readings.

    Parameters
    ----------
    rows
        ``label, share`` from top to bottom.
    base
        The headline.
    """
    order = rows.iloc[::-1]
    figure = Drawing()
    for place, row in enumerate(order.itertuples()):
        figure.add_shape(
            type="line",
            x0=100 * base,
            x1=100 * row.share,
            y0=place,
            y1=place,
            line={"color": "#7a8794", "width": 6},
            layer="below",
        )
    figure.add_trace(
        trace(
            "scatter",
            x=100 * order["share"],
            y=list(range(len(order))),
            mode="markers+text",
            marker={"size": 12, "color": INK},
            text=[format_percent(share) for share in order["share"]],
            textposition=[
                "middle right" if share >= base else "middle left" if share > 0.1 else "top center"
                for share in order["share"]
            ],
            textfont={"size": 12, "color": INK},
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
            showlegend=False,
        )
    )
    figure.add_shape(
        type="line",
        x0=100 * base,
        x1=100 * base,
        xref="x",
        y0=0,
        y1=1,
        yref="y domain",
        line={"color": "#b2182b", "width": 2},
    )
    high = max(100 * float(order["share"].max()), 100 * base) if len(order) else 100 * base
    figure.update_layout(
        xaxis=value_axis(range=[-6, min(106, high + 12)], ticksuffix="\u00a0%", tick0=0),
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(order))),
            "ticktext": list(order["label"]),
            "range": [-0.6, len(order) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "tickfont": {"size": 12},
        },
        uirevision="sensitivity",
    )
    longest = max((len(label) for label in rows["label"]), default=0)
    narrow = {
        "yaxis.ticktext": ["<br>".join(textwrap.wrap(label, 28)) for label in order["label"]],
        "yaxis.tickfont.size": 10,
        "margin.l": 150,
        "xaxis.nticks": 4,
    }
    key = [Key("│", "#b2182b", _("the headline, {share}").format(share=format_percent(base)))]
    return stamped(
        figure,
        stamp,
        height=180 + 30 * len(order),
        below=30,
        left=20 + round(6.2 * longest),
        right=20,
        key=key,
        narrow=narrow,
    )


#: Classes of lag: upper ends in days, and colours from light to dark.
_LAG_ENDS = (0, 2, 7, 30)
_LAG_COLOURS = ("#dfe4e8", "#b8c2cb", "#8794a1", "#5b6975", "#2c3640")


def lag_chart(gains: pd.DataFrame, table: pd.DataFrame, stamp: Stamp) -> go.Figure:
    """How late each side's gains were published: shares of gains by class of days, median beside.

    Parameters
    ----------
    gains
        ``lags.gains``.
    table
        ``lags.lag_by_side``.
    """
    names = (
        _("same day"),
        _("1–2 days"),
        _("3–7 days"),
        _("8–30 days"),
        _("later"),
    )
    labels = {
        row.side: _("{side} · median {days} days · n = {n}").format(
            side=side_label(row.side), days=format_number(row.median_days), n=row.n
        )
        for row in table.itertuples()
    }
    figure = Drawing()
    classes = pd.cut(
        gains["lag_days"], [-1, *_LAG_ENDS, float("inf")], labels=list(range(len(names)))
    ).astype("int64")
    counts = pd.crosstab(gains["side"], classes)
    for number, name in enumerate(names):
        column = counts[number] if number in counts else pd.Series(0, index=counts.index)
        column = column.reindex(list(labels)[::-1])
        whole = counts.sum(axis=1).reindex(column.index)
        figure.add_trace(
            trace(
                "bar",
                y=[labels[side] for side in column.index],
                x=100 * column / whole,
                orientation="h",
                width=0.6,
                marker={"color": _LAG_COLOURS[number]},
                text=[str(count) if count else "" for count in column],
                textfont={"size": 12, "color": INK if number < 2 else "#ffffff"},
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                hovertemplate=f"%{{y}}: %{{text}} {name}<extra></extra>",
                showlegend=False,
            )
        )
    figure.update_layout(
        barmode="stack",
        xaxis=value_axis(range=[0, 100], ticksuffix="\u00a0%", dtick=25),
        yaxis=row_axis(fixedrange=True),
        uirevision="lag",
    )
    key = [Key("■", colour, name) for colour, name in zip(_LAG_COLOURS, names, strict=True)]
    longest = max((len(label) for label in labels.values()), default=0)
    return stamped(
        figure,
        stamp,
        height=180 + 44 * len(labels),
        below=30,
        left=20 + round(6.2 * longest),
        right=26,
        key=key,
    )


def then_now_chart(
    then: pd.DataFrame,
    now: pd.DataFrame,
    statuses: Sequence[str],
    denominator: str,
    stamp: Stamp,
    *,
    known: tuple[str, str],
) -> go.Figure:
    """One share over time as known then and as known now.

    Parameters
    ----------
    then, now
        ``shares`` over the same dates.
    statuses
        Statuses that are added up.
    known
        Labels of the two lines.
    """
    figure = Drawing()
    ink = STATUS_INKS["gang_control"]
    for table, label, line in (
        (then, known[0], {"color": GREY, "width": 2, "dash": "dot", "shape": "hv"}),
        (now, known[1], {"color": ink, "width": 2.4, "shape": "hv"}),
    ):
        rows = table[(table["denominator"] == denominator) & table["status"].isin(statuses)]
        series = 100 * rows.groupby("date")["share"].sum()
        figure.add_trace(
            trace(
                "scatter",
                x=series.index,
                y=series,
                mode="lines",
                line=line,
                name=label,
                hovertemplate=f"{label}: %{{y:.0f}}\u00a0%, %{{x|%Y-%m-%d}}<extra></extra>",
                showlegend=False,
            )
        )
    figure.update_layout(
        xaxis=time_axis(),
        yaxis=value_axis(ticksuffix="\u00a0%"),
        hovermode="x unified",
        uirevision="then-now",
    )
    key = [Key("┄", GREY, known[0]), Key("━", ink, known[1])]
    return stamped(figure, stamp, height=380, below=30, left=52, right=16, key=key)
