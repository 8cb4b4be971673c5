"""Charts over time: shares, incidents, functioning sites, mission figures, indicators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from loaders.contracts import Status
from monitor.charts.drawing import Drawing, Part, trace
from monitor.charts.style import (
    GREY,
    INK,
    PAPER,
    PLATE,
    STATUS_COLOURS,
    STATUS_INKS,
    Key,
    Stamp,
    stamped,
    status_label,
    time_axis,
    value_axis,
)
from monitor.language import _, format_date, format_number
from monitor.vocabulary import remark

#: Statuses of the share chart from bottom to top; no data lies on unknown, both are grey.
_STACK = (
    Status.GANG_CONTROL,
    Status.GANG_INFLUENCE,
    Status.CONTESTED,
    Status.THIRD_PARTY,
    Status.STATE_PRESENCE,
    Status.STATE_HELD,
    Status.UNKNOWN,
    Status.NO_DATA,
)

_BACKDROP = "#d3dae0"
#: Least distance between labels of values, as parts of the width and the height of a chart.
_LABEL_WIDE, _LABEL_HIGH = 0.1, 0.055
#: Least distance between labels at the right edge of the share chart, in per cent of its height.
_LABEL_GAP = 5.2

EVENT_COLOURS = {
    "Battles": "#7f2704",
    "Violence against civilians": "#d94801",
    "Explosions/Remote violence": "#807dba",
    "Riots": "#9ecae1",
    "Protests": "#c7e9c0",
    "Strategic developments": "#969696",
}


#: Name of the trace of milestones, and px above a plot at which a text clears their marks and numbers.
MILESTONES, _OVER_MILESTONES = "milestones", 20


def add_panel_title(figure: Drawing, text: str, top: float, *, under_milestones: bool = False) -> None:
    """Title of a panel of a time chart, over its upper edge (paper units); clear of the marks of milestones on the first one."""
    figure.add_annotation(
        x=0,
        xref="paper",
        xanchor="left",
        y=top,
        yref="paper",
        yanchor="bottom",
        yshift=_OVER_MILESTONES if under_milestones else 1,
        text=text,
        xshift=10,
        bgcolor=PLATE,
        showarrow=False,
        font={"size": 12, "color": GREY},
    )


def add_milestones(
    figure: Drawing, milestones: pd.DataFrame, *, y: float = 1.0, through: float = 0.0
) -> None:
    """Ticks of milestones on top of a time chart, named on hover.

    A figure that leaves the page numbers and lists them (:mod:`monitor.charts.standing`).

    Parameters
    ----------
    milestones
        ``milestone_date, label``.
    y
        Top of the plot area, paper units.
    through
        In a chart of several panels, height (paper units) from which the ticks go on down to the lowest one.
    """
    milestones = milestones.sort_values("milestone_date", kind="stable")
    days = milestones["milestone_date"]
    figure.add_trace(
        {
            "type": "scatter",
            "x": [point for day in days for point in (day, day, None)],
            "y": [0, y, None] * len(milestones),
            "yaxis": "y9",
            "mode": "lines",
            "line": {"color": INK, "width": 0.7, "dash": "dot"},
            "hoverinfo": "skip",
            "showlegend": False,
            "meta": "milestone lines",
        }
    )
    figure.add_trace(
        trace(
            "scatter",
            x=milestones["milestone_date"],
            y=np.full(len(milestones), y),
            yaxis="y9",
            mode="markers",
            marker={"symbol": "triangle-down", "size": 9, "color": INK},
            text=[
                f"<b>{format_date(row.milestone_date)}</b><br>{_(row.label)}"
                for row in milestones.itertuples()
            ],
            customdata=[
                f"{_(row.label)}, {format_date(row.milestone_date)}" for row in milestones.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
            cliponaxis=False,
            meta=MILESTONES,
        )
    )
    figure.update_layout(yaxis9={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})
    for day in days if through else ():
        figure.add_shape(
            type="line",
            xref="x",
            yref="paper",
            x0=day,
            x1=day,
            y0=0,
            y1=through,
            line={"color": INK, "width": 0.6, "dash": "dot"},
        )


def share_chart(
    table: pd.DataFrame,
    stamp: Stamp,
    *,
    denominator: str,
    cursor: pd.Timestamp | None = None,
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    milestones: pd.DataFrame | None = None,
    height: int = 420,
) -> go.Figure:
    """Share of each status over time, stacked to 100 %, labelled at the right edge.

    Parameters
    ----------
    table
        ``shares`` over the dates to draw.
    cursor
        Date marked with a line; the labels at the right edge then give the shares on it. Without it, those on the last date.
    period
        First and last date to show, by default all.

    Returns
    -------
    Figure
        The shape ``cursor`` and the annotations ``label <status>`` are named: see :func:`share_label_texts` and
        :func:`share_label_heights`.
    """
    rows = table[table["denominator"] == denominator]
    wide = _stack(rows)
    values = rows.pivot(index="date", columns="status", values="value")
    totals = rows.drop_duplicates("date").set_index("date")["total"].sort_index().to_numpy()
    days = wide.index.to_numpy()
    first_day, last_day = wide.index[0], wide.index[-1]
    start, end = period or (first_day, last_day)
    traces = [
        {
            "type": "scatter",
            "x": days,
            "y": wide[status].to_numpy(),
            "stackgroup": "share",
            "mode": "lines",
            "line": {
                "width": 0.6,
                "color": "#ffffff" if status != Status.NO_DATA else "#9aa5b1",
                "shape": "hv",
            },
            "fillcolor": STATUS_COLOURS[status],
            "fillpattern": {
                "shape": "/",
                "fillmode": "overlay",
                "fgcolor": "#6b4e00",
                "bgcolor": STATUS_COLOURS[status],
                "size": 6,
                "solidity": 0.12,
            }
            if status == Status.CONTESTED
            else None,
            "name": status_label(status),
            "customdata": np.stack([values[status].to_numpy(), totals], axis=1),
            "hovertemplate": "%{y:.0f} % (%{customdata[0]:,.0f} / %{customdata[1]:,.0f})<extra>%{fullData.name}</extra>",
            "meta": status,
        }
        for status in wide.columns
    ]
    texts = _label_texts(wide.loc[[end if cursor is None else cursor]])
    heights = _label_heights(wide.loc[[end]])
    labels = [
        {
            "name": f"label {labelled}",
            "x": 1,
            "xref": "paper",
            "y": heights[labelled][0],
            "text": texts[labelled][0],
            "xanchor": "left",
            "xshift": 6,
            "showarrow": False,
            "font": {"size": 12, "color": STATUS_INKS[labelled]},
        }
        for labelled in texts
    ]
    line = {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": cursor,
        "x1": cursor,
        "y0": 0,
        "y1": 1,
        "line": {"color": INK, "width": 1.6},
        "name": "cursor",
    }
    figure = Drawing(
        traces,
        {
            "xaxis": time_axis(range=[start, end]),
            "yaxis": value_axis(range=[0, 100], ticksuffix="\u00a0%", dtick=25),
            "hovermode": "x unified",
            "uirevision": "share-chart",
            "annotations": labels,
            "shapes": [line] if cursor is not None else [],
        },
    )
    if milestones is not None:
        add_milestones(figure, milestones[milestones["milestone_date"].between(first_day, last_day)])
    return stamped(figure, stamp, height=height, below=28, above=16, left=46, right=150)


def _stack(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares in per cent, dates × statuses in the order of the stack, without statuses that never occur."""
    wide = 100 * rows.pivot(index="date", columns="status", values="share")[[str(name) for name in _STACK]]
    return wide.loc[:, wide.max() > 0]


def share_label_texts(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Status and share for each date of `rows` (one denominator), by status: what the labels say when the cursor is there."""
    return _label_texts(_stack(rows))


def _label_texts(wide: pd.DataFrame) -> dict[str, list[str]]:
    return {
        str(status): [f"{status_label(str(status))} {share:.0f}\u00a0%" for share in shares]
        for status, shares in wide.items()
    }


def share_label_heights(rows: pd.DataFrame, *, gap: float = _LABEL_GAP) -> dict[str, list[float]]:
    """Where the labels of :func:`share_label_texts` stand if a date of `rows` is at the right edge, in per cent.

    Each stands beside its band, but at least `gap` above the one below, and all of them within the chart.
    """
    return _label_heights(_stack(rows), gap)


def _label_heights(wide: pd.DataFrame, gap: float = _LABEL_GAP) -> dict[str, list[float]]:
    shares = wide.to_numpy()
    heights = shares.cumsum(axis=1) - shares / 2
    last = shares.shape[1] - 1
    for place in range(last + 1):
        low = heights[:, place - 1] + gap if place else 0.0
        heights[:, place] = np.clip(np.maximum(heights[:, place], low), None, 100 - gap * (last - place))
    for place in range(last - 1, -1, -1):
        heights[:, place] = np.minimum(heights[:, place], heights[:, place + 1] - gap)
    return {str(status): heights[:, place].tolist() for place, status in enumerate(wide.columns)}


def weekly_chart(
    weeks: pd.DataFrame,
    stamp: Stamp,
    *,
    event_labels: dict[str, str],
    milestones: pd.DataFrame | None = None,
    height: int = 400,
) -> go.Figure:
    """Events per week by type as stacked steps, with the mean of the complete weeks before as a line; a week still open is pale.

    Steps look like bars without gaps, and are drawn as one shape for each type: a browser takes as long for each bar of years of
    weeks as for one of these.
    """
    figure = Drawing()
    drawn = [name for name in EVENT_COLOURS if name in weeks and weeks[name].any()]
    # A step reaches to the next one; the last ends with the last day of its week.
    ends = pd.concat([weeks, weeks.iloc[-1:].assign(week=weeks["week"].iloc[-1:] + pd.Timedelta(days=6))])
    for event_type in drawn:
        figure.add_trace(
            trace(
                "scatter",
                x=ends["week"],
                y=ends[event_type],
                stackgroup="events",
                mode="lines",
                line={"width": 0, "shape": "hv"},
                fillcolor=EVENT_COLOURS[event_type],
                name=event_labels[event_type],
                hovertemplate="%{y}<extra>%{fullData.name}</extra>",
            )
        )
    for row in weeks[~weeks["is_complete"]].itertuples():
        figure.add_shape(
            type="rect",
            xref="x",
            yref="y domain",
            x0=row.week,
            x1=row.week + pd.Timedelta(days=6),
            y0=0,
            y1=1,
            fillcolor=PAPER,
            opacity=0.55,
            line={"width": 0},
        )
    figure.add_trace(
        trace(
            "scatter",
            x=weeks["week"],
            y=weeks["mean_before"],
            mode="lines",
            line={"color": INK, "width": 1.6},
            name=_("mean of the 4 weeks before"),
            hovertemplate="%{y:.1f}<extra>%{fullData.name}</extra>",
        )
    )
    has_baseline = "baseline" in weeks and weeks["baseline"].notna().any()
    if has_baseline:
        figure.add_trace(
            trace(
                "scatter",
                x=weeks["week"],
                y=weeks["baseline"],
                mode="lines",
                line={"color": INK, "width": 1.4, "dash": "dot"},
                name=_("mean of the 52 weeks before"),
                hovertemplate="%{y:.1f}<extra>%{fullData.name}</extra>",
            )
        )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    figure.update_layout(
        xaxis=time_axis(),
        yaxis=value_axis(
            title={"text": _("events per week"), "font": {"size": 12, "color": GREY}}, tickformat=",d"
        ),
        hovermode="x unified",
        uirevision="weekly-chart",
    )
    key = [Key("■", EVENT_COLOURS[name], event_labels[name]) for name in drawn]
    key.append(Key("—", INK, _("mean of the 4 weeks before")))
    if has_baseline:
        key.append(Key("┅", INK, _("mean of the 52 weeks before")))
    return stamped(figure, stamp, height=height, below=28, above=12, left=52, right=16, key=key)


def functioning_chart(
    table: pd.DataFrame, stamp: Stamp, *, milestones: pd.DataFrame | None = None, height: int = 340
) -> go.Figure:
    """Share of sites that function over time, with the number of sites known on each date."""
    figure = Drawing(
        trace(
            "scatter",
            x=table["date"],
            y=100 * table["share"],
            mode="lines",
            line={"color": "#2166ac", "width": 2.4, "shape": "hv"},
            customdata=np.stack([table["functioning"], table["known"], table["listed"]], axis=1),
            hovertemplate=_(
                "%{y:.0f} %: %{customdata[0]} of %{customdata[1]} known (%{customdata[2]} listed)"
            )
            + "<extra></extra>",
        )
    )
    figure.add_trace(
        trace(
            "scatter",
            x=table["date"],
            y=table["known"],
            yaxis="y2",
            mode="lines",
            line={"width": 0, "shape": "hv"},
            fill="tozeroy",
            fillcolor=_BACKDROP,
            name=_("sites known"),
            hoverinfo="skip",
        )
    )
    listed = int(table["listed"].max()) if len(table) else 1
    figure.update_layout(
        xaxis=time_axis(),
        yaxis=value_axis(range=[0, 100], ticksuffix="\u00a0%", dtick=25, overlaying="y2"),
        yaxis2={
            "side": "right",
            "range": [0, max(listed, 1)],
            "showgrid": False,
            "tickfont": {"size": 12, "color": GREY},
        },
        showlegend=False,
        uirevision="functioning-chart",
    )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
        # The axis of the share itself lies over the bars' axis, and nothing can lie over it.
        figure.update_layout(yaxis9={"overlaying": "y2"})
    key = [
        Key("━", "#2166ac", _("share that functions (left)")),
        Key("■", _BACKDROP, _("sites with a state that is not stale (right)")),
    ]
    return stamped(figure, stamp, height=height, below=28, above=16, left=46, right=36, key=key)


def value_labels(days: pd.Series, values: pd.Series, texts: Sequence[str], *, top: float) -> Part:
    """Values written over their marks on a time chart; where marks are crowded the first ones are labelled, the others not.

    Parameters
    ----------
    days, values, texts
        Place and text of each label, the most important first.
    top
        Upper end of the value axis.
    """
    span = (days.max() - days.min()).days or 1
    across = ((days - days.min()).dt.days / span).tolist()
    up = (values / (top or 1)).tolist()
    kept: list[int] = []
    for number in range(len(texts)):
        aside = [abs(across[number] - other) for other in across]
        above = [other - up[number] for other in up]
        is_free = all(aside[other] > _LABEL_WIDE or abs(above[other]) > _LABEL_HIGH for other in kept)
        # A mark just over this one would lie on its label.
        if is_free and not any(
            near < _LABEL_WIDE / 3 and 0 < over < _LABEL_HIGH for near, over in zip(aside, above, strict=True)
        ):
            kept.append(number)
    return trace(
        "scatter",
        x=days.iloc[kept],
        y=values.iloc[kept],
        # An unseen marker keeps a text at its distance.
        mode="markers+text",
        marker={"size": 9, "opacity": 0},
        text=[texts[number] for number in kept],
        textposition="top center",
        textfont={"size": 11, "color": INK},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
        meta="values",
    )


def dated_figures(
    rows: pd.DataFrame,
    stamp: Stamp,
    *,
    group: str,
    labels: dict[str, str],
    unit: str,
    colours: dict[str, str] | None = None,
    milestones: pd.DataFrame | None = None,
    steps: tuple[str, ...] = (),
    height: int = 400,
) -> go.Figure:
    """Published figures as dots, one colour per group, joined by a step only where the group is an authorisation.

    Parameters
    ----------
    rows
        ``date, value, entity, source_publisher, note`` and the grouping column.
    steps
        Groups whose value holds until the next figure (an authorised strength), drawn as a step line.
    """
    palette = colours or dict(
        zip(
            labels,
            ("#2166ac", "#b2182b", "#7b3294", "#d98032", "#1b7837", "#616e7c", "#a6761d"),
            strict=False,
        )
    )
    figure = Drawing()
    drawn = []
    for name, label in labels.items():
        line = rows[rows[group] == name].sort_values("date")
        if line.empty:
            continue
        drawn.append(line)
        figure.add_trace(
            trace(
                "scatter",
                x=line["date"],
                y=line["value"],
                mode="lines+markers" if name in steps else "markers",
                line={"shape": "hv", "width": 1.6, "dash": "dash"},
                marker={"size": 9, "color": palette[name], "line": {"color": "#ffffff", "width": 1}},
                name=label,
                text=[
                    f"<b>{remark(row.entity)}</b> · {format_date(row.date)}<br>{format_number(row.value, 1 if row.value % 1 else 0)} {unit}"
                    + (f"<br>{remark(row.note)}" if isinstance(row.note, str) else "")
                    + f"<br>{row.source_publisher}"
                    for row in line.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    if drawn:
        latest = pd.concat(drawn).sort_values(["date", "value"], ascending=False, kind="stable")
        figure.add_trace(_labelled(latest))
    figure.update_layout(
        xaxis=time_axis(),
        yaxis=value_axis(tickformat=",.0f", title={"text": unit, "font": {"size": 12, "color": GREY}}),
        uirevision="dated-figures",
    )
    key = [Key("●", palette[name], label) for name, label in labels.items() if (rows[group] == name).any()]
    return stamped(
        figure,
        stamp,
        height=height,
        below=28,
        above=16,
        left=62,
        right=16,
        key=key if len(labels) > 1 else (),
    )


def _labelled(rows: pd.DataFrame, top: float | None = None, suffix: str = "") -> Part:
    """Labels of published figures: ``date, value``."""
    texts = [format_number(value, 1 if value % 1 else 0) + suffix for value in rows["value"]]
    return value_labels(rows["date"], rows["value"], texts, top=top or float(rows["value"].max()))


def period_figures(
    rows: pd.DataFrame, stamp: Stamp, *, unit: str, top: float | None = None, height: int = 340
) -> go.Figure:
    """Published figures for periods as horizontal bars over their period at the height of their value.

    Parameters
    ----------
    rows
        ``period_start, period_end, value, source_publisher, note``; rival figures stay side by side.
    top
        Upper end of the value axis, by default what the figures need.
    """
    figure = Drawing()
    for row in rows.sort_values("period_start").itertuples():
        point = pd.isna(row.period_end) or row.period_end <= row.period_start
        end = row.period_start if point else row.period_end
        figure.add_trace(
            trace(
                "scatter",
                x=[row.period_start, end],
                y=[row.value, row.value],
                mode="markers" if point else "lines+markers",
                line={"color": "#b2182b", "width": 2.2},
                marker={"size": 8 if point else 5, "color": "#b2182b"},
                text=f"<b>{format_number(row.value)} {unit}</b><br>{format_date(row.period_start)}"
                + ("" if point else f" – {format_date(end)}")
                + (f"<br>{remark(row.note)}" if isinstance(row.note, str) else "")
                + f"<br>{row.source_publisher}",
                hovertemplate="%{text}<extra></extra>",
                showlegend=False,
            )
        )
    is_share = unit == "%"
    latest = rows.sort_values(["period_start", "value"], ascending=False)
    middle = (
        latest["period_start"]
        + (latest["period_end"].fillna(latest["period_start"]) - latest["period_start"]) / 2
    )
    figure.add_trace(_labelled(latest.assign(date=middle), top, "\u00a0%" if is_share else ""))
    figure.update_layout(
        xaxis=time_axis(),
        yaxis=value_axis(
            range=None if top is None else [0, top],
            tickformat=",.0f",
            ticksuffix="\u00a0%" if is_share else None,
            title=None if is_share else {"text": unit, "font": {"size": 12, "color": GREY}},
        ),
        uirevision="period-figures",
    )
    return stamped(figure, stamp, height=height, below=28, left=66, right=16)
