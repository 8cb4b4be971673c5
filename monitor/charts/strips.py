"""Strips over time: one row per neighborhood or site, coloured by status; and the hold curve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from loaders.contracts import Status
from monitor.charts.drawing import Drawing, trace
from monitor.charts.style import (
    GREY,
    INK,
    SITE_COLOURS,
    STATUS_COLOURS,
    Key,
    Stamp,
    percent_ticks,
    row_axis,
    site_label,
    stamped,
    status_label,
    time_axis,
    value_axis,
)
from monitor.language import _, format_date, format_number, format_percent
from monitor.vocabulary import remark

_ROW_PX = 26
#: Widest label, in characters, before it is cut; and the width of a character in px.
_LABEL_CHARACTERS, _CHARACTER_PX = 36, 6.2
_PHONE_CHARACTERS = 20

_EVENT_MARKS = {"attacked": "✕", "retaken": "▲", "reopened": "○", "claim": "▲", "lost": "▼"}
_EVENT_SYMBOLS = {
    "attacked": "x-thin",
    "retaken": "triangle-up",
    "reopened": "circle-open",
    "claim": "triangle-up",
    "lost": "triangle-down",
}


def _cut(names: Mapping[str, str]) -> dict[str, str]:
    """Labels short enough for the margin."""
    return {
        key: name if len(name) <= _LABEL_CHARACTERS else name[: _LABEL_CHARACTERS - 1] + "…"
        for key, name in names.items()
    }


def _label_margin(labels: Iterable[str]) -> int:
    """Left margin in px that the longest label needs."""
    return 20 + round(_CHARACTER_PX * max((len(label) for label in labels), default=0))


def _narrow(labels: Iterable[str]) -> dict[str, object]:
    """Layout of a phone: short labels in small type leave room for the strips."""
    full = list(labels)
    short = [
        label if len(label) <= _PHONE_CHARACTERS else label[: _PHONE_CHARACTERS - 1] + "…" for label in full
    ]
    return {
        "yaxis.tickmode": "array",
        "yaxis.tickvals": full,
        "yaxis.ticktext": short,
        "yaxis.tickfont.size": 10,
        "xaxis.nticks": 3,
        "margin.l": 12 + round(5.4 * max((len(label) for label in short), default=0)),
    }


#: Fillings and marks that tell what colour alone would not: red, blue and purple are one grey.
_PATTERNS = {
    str(Status.CONTESTED): ("/", "#6b4e00", 0.15, "▨"),
    str(Status.THIRD_PARTY): ("-", "#ffffff", 0.3, "▤"),
    **dict.fromkeys(
        (str(Status.STATE_PRESENCE), str(Status.STATE_HELD), "open", "reduced"), (".", "#ffffff", 0.25, "▣")
    ),
}


def _pattern(status: str, colour: str) -> dict[str, object] | None:
    """Filling of the bars of a status, None for a plain one."""
    if status not in _PATTERNS:
        return None
    shape, ink, solidity, _mark = _PATTERNS[status]
    return {
        "shape": shape,
        "fillmode": "overlay",
        "fgcolor": ink,
        "bgcolor": colour,
        "solidity": solidity,
        "size": 6,
    }


def _strip(
    intervals: pd.DataFrame,
    names: Mapping[str, str],
    key: str,
    colours: Mapping[str, str],
    label: Callable[[str], str],
    start: pd.Timestamp,
    end: pd.Timestamp,
) -> Drawing:
    """Horizontal bars per interval; ``names`` gives rows from top to bottom."""
    rows = intervals[intervals[key].isin(names)]
    since = rows["valid_from"].clip(lower=start).rename("since")
    until = rows["valid_to"].fillna(end).clip(upper=end).rename("until")
    rows = pd.concat([rows[[key, "status"]], since, until], axis=1)[until > since]
    places, lengths = (
        rows[key].map(names).to_numpy(),
        (rows["until"] - rows["since"]).dt.total_seconds() * 1000,
    )
    statuses, lengths, since = rows["status"].to_numpy(), lengths.to_numpy(), rows["since"].to_numpy()
    spans = [
        f"{format_date(first)} – {format_date(last)}"
        for first, last in zip(rows["since"], rows["until"], strict=True)
    ]
    figure = Drawing()
    for status, colour in colours.items():
        at = np.flatnonzero(statuses == status)
        if not len(at):
            continue
        stale, words = status == "unknown", label(status)
        figure.add_trace(
            trace(
                "bar",
                y=places[at],
                x=lengths[at],
                base=pd.Series(since[at]),
                orientation="h",
                width=0.34 if stale else 0.72,
                marker={"color": colour, "line": {"width": 0}, "pattern": _pattern(status, colour)},
                name=words,
                text=[f"<b>{words}</b><br>{spans[place]}" for place in at],
                textposition="none",
                hovertemplate="%{y}<br>%{text}<extra></extra>",
            )
        )
    figure.update_layout(
        barmode="overlay",
        xaxis=time_axis(type="date", range=[start, end]),
        yaxis={
            **row_axis(),
            "categoryorder": "array",
            "categoryarray": list(names.values())[::-1],
            "range": [-0.6, len(names) - 0.4],
        },
        uirevision="strip",
    )
    return figure


def _mark(status: str) -> str:
    """Mark of a status in the key."""
    return "▬" if status == "unknown" else _PATTERNS[status][3] if status in _PATTERNS else "■"


def _status_key(history: pd.DataFrame, colours: Mapping[str, str], label: Callable[[str], str]) -> list[Key]:
    """Key of the statuses that occur; the stale one is drawn thin."""
    present = set(history["status"])
    return [
        Key(_mark(status), "#9aa5b1" if status == "unknown" else colour, label(status))
        for status, colour in colours.items()
        if status in present and status != "no_data"
    ]


def _event_key(events: pd.DataFrame | None, labels: Mapping[str, str]) -> list[Key]:
    present = set() if events is None else set(events["event"])
    return [Key(_EVENT_MARKS[event], INK, label) for event, label in labels.items() if event in present]


def _add_events(
    figure: Drawing, events: pd.DataFrame, names: Mapping[str, str], key: str, labels: Mapping[str, str]
) -> None:
    """Dated marks on the strips: ``key, date, event, text``."""
    for event, label in labels.items():
        rows = events[(events["event"] == event) & events[key].isin(names)]
        if len(rows):
            figure.add_trace(
                trace(
                    "scatter",
                    x=rows["date"],
                    y=rows[key].map(names),
                    mode="markers",
                    marker={
                        "symbol": _EVENT_SYMBOLS[event],
                        "size": 10,
                        "color": INK,
                        "line": {"width": 2, "color": INK},
                    },
                    name=label,
                    text=[
                        f"<b>{label}</b> · {format_date(row.date)}<br>{row.text}" for row in rows.itertuples()
                    ],
                    hovertemplate="%{y}<br>%{text}<extra></extra>",
                )
            )


def control_strips(
    history: pd.DataFrame,
    names: Mapping[str, str],
    stamp: Stamp,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    claims: pd.DataFrame | None = None,
) -> go.Figure:
    """Who held each neighborhood over time.

    Parameters
    ----------
    history
        ``status_history``.
    names
        Label of each neighborhood id, in row order from top to bottom.
    claims
        ``neighborhood_id, date, event`` (claim, lost) and ``text`` to mark.
    """
    names = _cut(names)
    figure = _strip(history, names, "neighborhood_id", STATUS_COLOURS, status_label, start, end)
    labels = {"claim": _("claimed retaken"), "lost": _("lost again")}
    if claims is not None:
        _add_events(figure, claims, names, "neighborhood_id", labels)
    shown = history[history["neighborhood_id"].isin(names)]
    return stamped(
        figure,
        stamp,
        height=170 + _ROW_PX * len(names),
        below=30,
        above=12,
        key=[*_status_key(shown, STATUS_COLOURS, status_label), *_event_key(claims, labels)],
        left=_label_margin(names.values()),
        narrow=_narrow(names.values()),
        right=16,
    )


def site_strips(
    history: pd.DataFrame,
    names: Mapping[str, str],
    stamp: Stamp,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    events: pd.DataFrame | None = None,
    restrictions: pd.DataFrame | None = None,
) -> go.Figure:
    """State of each site over time, with events as marks and regulator windows as a line under the strip."""
    names = _cut(names)
    figure = _strip(history, names, "site_id", SITE_COLOURS, site_label, start, end)
    if restrictions is not None and len(restrictions):
        order = list(names)[::-1]
        shown = restrictions[restrictions["site_id"].isin(names)]
        for number, row in enumerate(shown.itertuples()):
            level = order.index(row.site_id) - 0.46
            figure.add_trace(
                trace(
                    "scatter",
                    x=[max(row.start_date, start), min(row.end_date, end)],
                    y=[level, level],
                    yaxis="y2",
                    mode="lines",
                    line={"color": "#7b3294", "width": 4},
                    name=_("regulator window"),
                    legendgroup="restriction",
                    showlegend=number == 0,
                    text=[
                        f"<b>{remark(row.authority)}</b><br>{remark(row.scope)}<br>{format_date(row.start_date)} – {format_date(row.end_date)}"
                    ]
                    * 2,
                    hovertemplate="%{text}<extra></extra>",
                )
            )
        figure.update_layout(
            yaxis2={
                "overlaying": "y",
                "range": [-0.6, len(names) - 0.4],
                "visible": False,
                "fixedrange": True,
            }
        )
    labels = {"attacked": _("attacked"), "retaken": _("retaken"), "reopened": _("reopened")}
    if events is not None:
        _add_events(figure, events, names, "site_id", labels)
    key = [
        *_status_key(history[history["site_id"].isin(names)], SITE_COLOURS, site_label),
        *_event_key(events, labels),
        *(
            [Key("▬", "#7b3294", _("regulator window"))]
            if restrictions is not None and len(restrictions)
            else []
        ),
    ]
    return stamped(
        figure,
        stamp,
        height=170 + _ROW_PX * len(names),
        below=30,
        above=12,
        key=key,
        left=_label_margin(names.values()),
        narrow=_narrow(names.values()),
        right=16,
    )


def spell_bars(spells: pd.DataFrame, stamp: Stamp) -> go.Figure:
    """Days each retaken area was held: ``label, duration_low_days, duration_high_days, lost``, longest first."""
    rows = spells.sort_values("duration_high_days")
    longest = max(float(rows["duration_high_days"].max()), 1.0)
    figure = Drawing()
    key = []
    for lost, colour, name in (
        (True, "#b2182b", _("lost again")),
        (False, "#2166ac", _("not reported lost (to the last statement)")),
    ):
        part = rows[rows["lost"] == lost]
        if part.empty:
            continue
        key.append(Key("●" if lost else "○", colour, name))
        figure.add_trace(
            trace(
                "scatter",
                x=part["duration_high_days"],
                y=part["label"],
                mode="markers",
                marker={
                    "size": 11,
                    "color": colour,
                    "symbol": "circle" if lost else "circle-open",
                    "line": {"width": 2, "color": colour},
                },
                name=name,
                hovertemplate="%{y}: %{x:.0f} " + _("days") + "<extra></extra>",
            )
        )
    # One trace for all lines: a shape for each of thousands of spells would take minutes.
    figure.add_trace(
        trace(
            "scatter",
            x=[end for days in rows["duration_high_days"] for end in (0, days, None)],
            y=[label for label in rows["label"] for _end in range(3)],
            mode="lines",
            line={"color": "#9aa5b1", "width": 2},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.traces.insert(0, figure.traces.pop())
    figure.update_layout(
        xaxis=value_axis(
            range=[-0.02 * longest, 1.04 * longest],
            title={"text": _("days held"), "font": {"size": 12, "color": GREY}},
        ),
        yaxis=row_axis(categoryorder="array", categoryarray=list(rows["label"])),
        uirevision="spells",
    )
    return stamped(
        figure,
        stamp,
        height=210 + 24 * len(rows),
        below=58,
        above=12,
        key=key,
        left=_label_margin(rows["label"]),
        narrow=_narrow(rows["label"]),
        right=24,
    )


def _at_risk(durations: np.ndarray, days: np.ndarray) -> np.ndarray:
    """How many of the sorted durations reach each day."""
    return len(durations) - np.searchsorted(durations, days, side="left")


def hold_curve_chart(
    spells: pd.DataFrame,
    curve: pd.DataFrame,
    band: pd.DataFrame,
    stamp: Stamp,
    *,
    horizon_days: float,
    height: int = 400,
) -> go.Figure:
    """Share still held after t days, with its band, marks at 30 and 90 days, and the number at risk under the axis.

    Parameters
    ----------
    spells
        ``duration_days`` of what is followed.
    curve
        ``holds.hold_curve`` of the spells.
    band
        ``durability.hold_band``: ``t_days, low, high``.
    """
    steps = pd.concat([pd.DataFrame({"t_days": [0.0], "survival": [1.0]}), curve[["t_days", "survival"]]])
    steps = steps[steps["t_days"] <= horizon_days]
    longest = min(float(spells["duration_days"].max()), horizon_days)
    steps = pd.concat([steps, steps.tail(1).assign(t_days=longest)], ignore_index=True)
    durations = np.sort(spells["duration_days"].to_numpy("float64"))
    figure = Drawing()
    shown = band[band["t_days"] <= longest].dropna()
    shown = pd.concat([shown, shown.tail(1).assign(t_days=longest)], ignore_index=True)
    for column, fill in (("high", None), ("low", "tonexty")):
        figure.add_trace(
            trace(
                "scatter",
                x=shown["t_days"],
                y=100 * shown[column],
                mode="lines",
                line={"width": 0, "shape": "hv"},
                fill=fill,
                fillcolor="rgba(33,102,172,0.18)",
                hoverinfo="skip",
                showlegend=False,
            )
        )
    figure.add_trace(
        trace(
            "scatter",
            x=steps["t_days"],
            y=100 * steps["survival"],
            mode="lines",
            line={"color": "#2166ac", "width": 2.6, "shape": "hv"},
            customdata=_at_risk(durations, steps["t_days"].to_numpy("float64")).tolist(),
            hovertemplate=_("day")
            + " %{x:.0f}: %{y:.0f} %, %{customdata} "
            + _("at risk")
            + "<extra></extra>",
            showlegend=False,
        )
    )
    marks = [day for day in (30, 90) if day <= longest]
    shares = [100 * float(steps.loc[steps["t_days"] <= day, "survival"].iloc[-1]) for day in marks]
    figure.add_trace(
        trace(
            "scatter",
            x=marks,
            y=shares,
            mode="markers+text",
            marker={"size": 9, "color": "#2166ac", "line": {"width": 1.5, "color": "#ffffff"}},
            text=[format_percent(share / 100) for share in shares],
            textposition="top right",
            textfont={"size": 13, "color": INK},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    ticks = [tick for tick in (0, 7, 30, 60, 90, 180, 365) if tick <= horizon_days]
    labels = [
        f"{tick}<br><span style='color:{GREY}'>{format_number(int(left))}</span>"
        for tick, left in zip(ticks, _at_risk(durations, np.array(ticks)), strict=True)
    ]
    few = [place for place, tick in enumerate(ticks) if tick in (0, 30, 90, 180)]
    figure.update_layout(
        xaxis={
            **value_axis(range=[0, horizon_days]),
            "tickvals": ticks,
            "ticktext": labels,
            "tickangle": 0,
            "title": {
                "text": _("days since retaken; below: number still at risk"),
                "font": {"size": 12, "color": GREY},
            },
        },
        yaxis=value_axis(range=[0, 103], tickvals=[0, 25, 50, 75, 100], ticktext=percent_ticks()),
        uirevision="hold-curve",
    )
    narrow = {"xaxis.tickvals": [ticks[at] for at in few], "xaxis.ticktext": [labels[at] for at in few]}
    return stamped(figure, stamp, height=height, below=66, left=56, right=16, narrow=narrow)
