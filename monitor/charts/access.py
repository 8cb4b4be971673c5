"""Charts around sites: reach over time and on a map, surroundings of one site, service-days by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from monitor.charts import base_map, map_looks
from monitor.charts.base_map import GeoJSON
from monitor.charts.drawing import Drawing, trace
from monitor.charts.map_looks import Look
from monitor.charts.series import add_milestones, add_panel_title
from monitor.charts.style import (
    GREY,
    INK,
    PALE,
    STATUS_COLOURS,
    Key,
    Stamp,
    count_ticks,
    row_axis,
    stamped,
    status_label,
    time_axis,
    value_axis,
)
from monitor.language import _, format_date, format_number, format_percent

_BLUE, _RED, _BAND = "#2166ac", "#b2182b", "rgba(33,102,172,0.16)"


def reach_labels() -> dict[str, str]:
    """Words of ``reach`` of an area."""
    return {
        "yes": _("can get there"),
        "perhaps": _("only through contested or unknown areas"),
        "no": _("no way around gang-held areas"),
        "cut_off": _("gang-held itself"),
        "apart": _("borders no other area on the map"),
    }


_REACH_COLOURS = {
    "yes": "#2166ac",
    "perhaps": "#a6c8e4",
    "no": "#8c8c8c",
    "cut_off": "#b2182b",
    "apart": "#ffffff",
}


def reach_chart(
    table: pd.DataFrame, stamp: Stamp, *, milestones: pd.DataFrame | None = None, height: int = 400
) -> go.Figure:
    """Share of people who can get there over time: certain, if contested areas stop people, and at most."""
    figure = Drawing()
    hover = "%{y:.0f} %<extra>%{fullData.name}</extra>"
    lines = (
        ("high", _("at most"), {"width": 1.4, "color": _BLUE, "dash": "dot", "shape": "hv"}, None),
        ("low", _("for certain"), {"width": 2.6, "color": _BLUE, "shape": "hv"}, "tonexty"),
        ("middle", _("if contested areas stop people"), {"width": 1.6, "color": INK, "shape": "hv"}, None),
    )
    for column, name, line, fill in lines:
        figure.add_trace(
            trace(
                "scatter",
                x=table["date"],
                y=100 * table[column],
                mode="lines",
                line=line,
                fill=fill,
                fillcolor=_BAND,
                name=name,
                hovertemplate=hover,
            )
        )
    last = table.iloc[-1]
    short = {"high": _("at most"), "low": _("for certain"), "middle": _("contested stop:")}
    for y, column, name in _apart([(100 * float(last[c]), c, short[c]) for c in short]):
        figure.add_annotation(
            x=1,
            xref="paper",
            y=y,
            xanchor="left",
            xshift=6,
            showarrow=False,
            text=f"{name} <b>{format_percent(float(last[column]))}</b>",
            align="left",
            font={"size": 12, "color": INK if column == "middle" else _BLUE},
        )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    figure.update_layout(
        xaxis=time_axis(range=[table["date"].min(), table["date"].max()]),
        yaxis=value_axis(range=[-2, 102], ticksuffix="\u00a0%", dtick=25),
        hovermode="x unified",
        uirevision="reach-chart",
    )
    key = [
        Key("━", _BLUE, lines[1][1]),
        Key("┅", _BLUE, lines[0][1]),
        Key("—", INK, lines[2][1]),
    ]
    return stamped(
        figure,
        stamp,
        height=height,
        below=28,
        above=16,
        left=46,
        right=130,
        key=key,
    )


def _apart(items: list[tuple[float, str, str]], gap: float = 9.0) -> list[tuple[float, str, str]]:
    """Labels moved apart so that none covers another, within 0 to 100."""
    placed: list[tuple[float, str, str]] = []
    for y, column, name in sorted(items):
        floor = placed[-1][0] + gap if placed else 0.0
        placed.append((max(y, floor), column, name))
    over = placed[-1][0] - 100
    return [(y - max(over, 0.0), column, name) for y, column, name in placed]


def reach_map(
    by_area: pd.DataFrame,
    neighborhoods: pd.DataFrame,
    targets: pd.DataFrame,
    cells: GeoJSON,
    hatch: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    height: int = 560,
) -> go.Figure:
    """Areas from which people can, perhaps can, or cannot get to a kind of site, and the sites that function.

    Parameters
    ----------
    by_area
        ``neighborhood_id, reach`` of one date.
    targets
        ``name, lat, lon`` of the functioning sites.
    """
    words = reach_labels()
    rows = by_area.merge(neighborhoods[["neighborhood_id", "name", "population"]], on="neighborhood_id")
    codes = rows["reach"].map({word: code for code, word in enumerate(words)}).to_numpy("int64")
    looks = [
        Look(
            _REACH_COLOURS[word], 0.0 if word == "apart" else 0.8, "#5b6770", 1.2 if word == "apart" else 0.7
        )
        for word in words
    ]
    stripes = [Look("#2166ac", 0.55 if word == "perhaps" else 0.0, "#2166ac", 0.0) for word in words]
    figure = Drawing(
        map_looks.areas_layer(
            cells,
            rows["neighborhood_id"],
            codes,
            looks,
            customdata=rows["neighborhood_id"],
            text=[
                f"<b>{row.name}</b><br>{words[row.reach]}<br>"
                + _("{people} people").format(people=format_number(row.population))
                for row in rows.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
            meta="reach",
        )
    )
    figure.add_trace(
        map_looks.areas_layer(hatch, rows["neighborhood_id"], codes, stripes, hoverinfo="skip", meta="hatch")
    )
    for size, colour, part in ((15, "#ffffff", "rings"), (10, INK, "targets")):
        figure.add_trace(
            trace(
                "scattermap",
                lat=targets["lat"],
                lon=targets["lon"],
                mode="markers",
                marker={"size": size, "color": colour},
                text=targets["name"],
                hovertemplate="%{text}<extra></extra>",
                meta=part,
            )
        )
    figure.update_layout(map={"style": style, **base_map.SMALL_METRO_VIEW.layout}, uirevision="reach-map")
    base_map.add_scale(figure, base_map.SMALL_METRO_VIEW)
    counts = rows["reach"].value_counts()
    marks = {"perhaps": "▨", "apart": "□"}
    key = [
        Key(
            marks.get(word, "■"),
            GREY if word == "apart" else _REACH_COLOURS[word].replace("#a6c8e4", "#5b93c2"),
            f"{label} ({counts[word]})",
        )
        for word, label in words.items()
        if word in counts
    ]
    key.append(Key("●", INK, _("functioning site ({n})").format(n=len(targets))))
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0, key=key)


#: Rows of the chart of surroundings from top to bottom: axis, bottom and top of its domain.
_ROWS = {
    "status": ("y", 0.93, 1.0),
    "distance": ("y2", 0.64, 0.86),
    "encircled": ("y3", 0.34, 0.56),
    "near": ("y4", 0.0, 0.26),
}


def surroundings_chart(
    table: pd.DataFrame,
    near: pd.DataFrame,
    stamp: Stamp,
    *,
    near_days: int,
    milestones: pd.DataFrame | None = None,
    height: int = 620,
) -> go.Figure:
    """What happened around one site: status of its area, distance to gang-held areas, encirclement, incidents.

    Parameters
    ----------
    table
        ``surroundings`` of one site, by date.
    near
        ``incidents_near`` of the site: ``date, radius_km, events``.
    near_days
        Days over which the incidents are counted.
    """
    figure = Drawing()
    days = table["date"].to_numpy()
    ends = np.append(days[1:], days[-1] + np.timedelta64(1, "D"))
    runs = (table["area_status"] != table["area_status"].shift()).cumsum()
    for _run, part in table.groupby(runs.to_numpy()):
        status = str(part["area_status"].iloc[0])
        start, end = part["date"].iloc[0], ends[table.index.get_loc(part.index[-1])]
        figure.add_trace(
            trace(
                "scatter",
                x=[start, end, end, start, start],
                y=[0, 0, 1, 1, 0],
                fill="toself",
                mode="lines",
                line={"width": 0.6, "color": "#9aa5b1"},
                fillcolor=STATUS_COLOURS[status],
                fillpattern={
                    "shape": "/",
                    "fgcolor": "#6b4e00",
                    "fillmode": "overlay",
                    "size": 6,
                    "solidity": 0.12,
                }
                if status == "contested"
                else None,
                text=f"{status_label(status)}<br>{format_date(start)} –",
                hoverinfo="text",
                hoveron="fills",
            )
        )
    figure.add_trace(
        trace(
            "scatter",
            x=table["date"],
            y=table["gang_distance_m"] / 1000,
            yaxis="y2",
            mode="lines",
            connectgaps=False,
            line={"color": _RED, "width": 2, "shape": "hv"},
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} km<extra></extra>",
        )
    )
    for column, line, fill in (
        ("encircled_high", {"width": 0.8, "color": _RED, "dash": "dot", "shape": "hv"}, None),
        ("encircled", {"width": 2, "color": _RED, "shape": "hv"}, "tonexty"),
    ):
        figure.add_trace(
            trace(
                "scatter",
                x=table["date"],
                y=100 * table[column],
                yaxis="y3",
                mode="lines",
                line=line,
                fill=fill,
                fillcolor="rgba(178,24,43,0.12)",
                hovertemplate="%{x|%Y-%m-%d}: %{y:.0f} %<extra></extra>",
            )
        )
    shades = ("#1f2933", "#7b8794", "#c2cad2")
    for radius, shade in sorted(zip(sorted(near["radius_km"].unique()), shades, strict=False), reverse=True):
        line = near[near["radius_km"] == radius]
        figure.add_trace(
            trace(
                "scatter",
                x=line["date"],
                y=line["events"],
                yaxis="y4",
                mode="lines",
                fill="tozeroy",
                line={"color": shade, "width": 1.2, "shape": "hv"},
                fillcolor=shade,
                name=f"{radius:g} km",
                hovertemplate="%{x|%Y-%m-%d}: %{y}<extra>%{fullData.name}</extra>",
            )
        )
    titles = {
        "status": _("Status of the neighborhood"),
        "distance": _("Kilometres to the nearest gang-held neighborhood (gap: none is)"),
        "encircled": _("Share of its outline that is gang-held (dotted: if contested and unknown were)"),
        "near": _("Incidents in {days} days within 1 (dark), 2 and 5 km (light)").format(days=near_days),
    }
    first, last = table["date"].min(), table["date"].max()
    axes: dict[str, Any] = {}
    for name, (axis, low, high) in _ROWS.items():
        axes["yaxis" + axis[1:]] = value_axis(domain=[low, high])
        add_panel_title(figure, titles[name], high, under_milestones=name == "status")
    axes["yaxis"] |= {"range": [0, 1], "visible": False}
    axes["yaxis3"] |= {"range": [0, 100], "ticksuffix": "\u00a0%", "dtick": 50}
    axes["yaxis2"] |= {"ticksuffix": "\u00a0km", "nticks": 4}
    axes["yaxis4"] |= {"tickformat": ",d", "nticks": 4}
    figure.update_layout(
        xaxis=time_axis(range=[first, last], anchor="y4"), showlegend=False, uirevision="surroundings", **axes
    )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones, through=_ROWS["status"][1])
    present = [status for status in STATUS_COLOURS if (table["area_status"] == status).any()]
    key = [
        Key(
            "▨" if status == "contested" else "□" if status == "no_data" else "■",
            _ink(status),
            status_label(status),
        )
        for status in present
    ]
    narrow = {
        f"annotations[{number}].text": text
        for number, text in enumerate(
            (
                titles["status"],
                _("Km to nearest gang-held neighborhood"),
                _("Share of outline that is gang-held"),
                _("Incidents within 1, 2, 5 km"),
            ),
            start=1,
        )
    }
    return stamped(
        figure, stamp, height=height, below=28, above=40, left=54, right=14, key=key, narrow=narrow
    )


def _ink(status: str) -> str:
    from monitor.charts.style import STATUS_INKS

    return STATUS_INKS[status]


def service_chart(
    months: pd.DataFrame, stamp: Stamp, *, milestones: pd.DataFrame | None = None, height: int = 360
) -> go.Figure:
    """Service of a list of sites by month: served, lost and not known, as shares of all their days.

    Parameters
    ----------
    months
        ``service_days`` of all the sites.
    """
    sums = months.groupby("start")[["days_open", "days_reduced", "days_closed", "days_unknown", "lost"]].sum()
    total = sums[["days_open", "days_reduced", "days_closed", "days_unknown"]].sum(axis=1)
    parts = {
        "lost": (sums["lost"], _RED, _("lost"), ""),
        "unknown": (sums["days_unknown"], "#d9d9d9", _("not known"), "/"),
        "served": (total - sums["lost"] - sums["days_unknown"], "#67a9cf", _("served"), ""),
    }
    figure = Drawing()
    for values, colour, name, shape in parts.values():
        figure.add_trace(
            trace(
                "bar",
                x=sums.index,
                y=100 * values / total,
                marker={
                    "color": colour,
                    "line": {"width": 0},
                    "pattern": {"shape": shape, "fgcolor": "#9aa5b1", "size": 5, "solidity": 0.2},
                },
                name=name,
                customdata=np.stack([values, total], axis=1),
                hovertemplate="%{x|%b %Y}: %{y:.0f} % (%{customdata[0]:,.0f} / %{customdata[1]:,.0f})<extra>%{fullData.name}</extra>",
            )
        )
    if milestones is not None and len(milestones):
        add_milestones(figure, milestones)
    figure.update_layout(
        barmode="stack",
        bargap=0.08,
        xaxis=time_axis(),
        yaxis=value_axis(range=[0, 100], ticksuffix="\u00a0%", dtick=25),
        uirevision="service-chart",
    )
    key = [
        Key("■", _RED, parts["lost"][2]),
        Key("▨", "#7b8794", parts["unknown"][2]),
        Key("■", "#3f86b3", parts["served"][2]),
    ]
    return stamped(figure, stamp, height=height, below=28, above=14, left=46, right=14, key=key)


def functioning_by_side_chart(
    table: pd.DataFrame, stamp: Stamp, *, labels: Mapping[str, str], height: int = 300
) -> go.Figure:
    """Functioning, not functioning and not known sites by who holds the area around them, on one date."""
    rows = table[table["listed"] > 0]
    names = [labels[side] for side in rows["side"]]
    figure = Drawing()
    parts = (
        (rows["functioning"], "#2166ac", _("functions"), ""),
        (rows["known"] - rows["functioning"], _RED, _("closed or destroyed"), ""),
        (rows["listed"] - rows["known"], "#d9d9d9", _("not known"), "/"),
    )
    for values, colour, name, shape in parts:
        figure.add_trace(
            trace(
                "bar",
                y=names,
                x=values,
                orientation="h",
                marker={
                    "color": colour,
                    "pattern": {"shape": shape, "fgcolor": "#9aa5b1", "size": 5, "solidity": 0.2},
                },
                text=[str(int(value)) if value else "" for value in values],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                constraintext="none",
                textfont={"size": 12},
                name=name,
                hovertemplate="%{y}: %{x}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        xaxis={
            **value_axis(**count_ticks(float(rows["listed"].max()))),
            "title": {"text": _("sites"), "font": {"size": 12, "color": GREY}, "standoff": 6},
        },
        yaxis=row_axis(gridcolor=PALE, autorange="reversed"),
        uirevision="functioning-by-side",
    )
    key = [
        Key("▨" if shape else "■", "#7b8794" if shape else colour, name)
        for _values, colour, name, shape in parts
    ]
    return stamped(figure, stamp, height=height, below=56, above=8, left=160, right=14, key=key)
