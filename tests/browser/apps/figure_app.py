"""A small page for the tests of monitor.ui.figure: a map, a chart and a sentence; `?bar=1` has a time bar instead of a slider."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from monitor.ui import serving
from monitor.ui.figure import (
    Milestone,
    Motion,
    Paint,
    Period,
    Street,
    Timeline,
    keep_view,
    moving_text,
    show_figure,
    time_bar,
)

DATES = [f"2025-01-{day:02d}" for day in range(1, 31)]
COLORS = ("#b2182b", "#2166ac", "#d9d9d9")
CODES = np.array([[(day + area) % 3 for area in range(12)] for day in range(30)])
STYLE = {
    "version": 8,
    "sources": {"cells": {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}},
    "layers": [
        {"id": "paper", "type": "background", "paint": {"background-color": "#f7f7f5"}},
        {"id": "cells-fill", "type": "fill", "source": "cells", "paint": {"fill-color": "#ffffff"}},
    ],
}
#: Nobody answers there, unless a test does.
STREET = Street("http://127.0.0.1:9/style.json", "Somebody's streets")


def squares() -> dict:
    """Twelve squares, 0.02 degrees apart, three rows of four; each is of 0.018 degrees and starts at (-72.4, 18.5)."""

    def square(area: int) -> list[list[float]]:
        west, south = -72.4 + area % 4 * 0.02, 18.5 + area // 4 * 0.02
        east, north = west + 0.018, south + 0.018
        return [[west, south], [east, south], [east, north], [west, north], [west, south]]

    features = [
        {
            "type": "Feature",
            "id": f"area-{area}",
            "geometry": {"type": "Polygon", "coordinates": [square(area)]},
        }
        for area in range(12)
    ]
    return {"type": "FeatureCollection", "features": features}


def area_map(day: int) -> go.Figure:
    areas = [f"area-{area}" for area in range(12)]
    scale = [
        [0, COLORS[0]],
        [0.33, COLORS[0]],
        [0.34, COLORS[1]],
        [0.66, COLORS[1]],
        [0.67, COLORS[2]],
        [1, COLORS[2]],
    ]
    trace = go.Choroplethmap(
        meta="status", geojson=squares(), locations=areas, z=CODES[day], zmin=-0.5, zmax=2.5, colorscale=scale,
        showscale=False, marker={"opacity": [1.0] * 12, "line": {"width": 0}}, hovertemplate="%{location}<extra></extra>",
    )  # fmt: skip
    points = go.Scattermap(
        meta="points", lat=[18.509, 18.529], lon=[-72.391, -72.371], mode="markers",
        marker={"size": [10, 10], "color": [COLORS[day % 2], COLORS[1 - day % 2]], "opacity": [1.0, 1.0]},
    )  # fmt: skip
    date = {
        "name": "date",
        "text": DATES[day],
        "x": 0,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
    }
    view = {"style": STYLE, "center": {"lon": -72.361, "lat": 18.53}, "zoom": 11}
    return go.Figure(
        [trace, points],
        {"map": view, "annotations": [date], "margin": dict.fromkeys("lrtb", 0), "height": 300},
    )


def share_chart(day: int) -> go.Figure:
    line = go.Scatter(x=DATES, y=(CODES == 0).mean(axis=1), customdata=DATES, mode="lines+markers")
    cursor = {
        "name": "cursor",
        "type": "line",
        "x0": DATES[day],
        "x1": DATES[day],
        "y0": 0,
        "y1": 1,
        "yref": "paper",
    }
    return go.Figure(line, {"shapes": [cursor], "height": 200, "margin": dict.fromkeys("lrtb", 30)})


def main() -> None:
    st.set_page_config(layout="wide")
    map_motion = chart_motion = None
    wanted = st.query_params
    if wanted.get("bar"):
        timeline = Timeline(
            "date",
            DATES,
            milestones=[Milestone("2025-01-20", "A milestone")],
            periods={"week": Period("1 week", 7, 7), "all": Period("all", 0, 10)},
            home="2025-01-15",
            density=list(range(30)),
            thin_after="2025-01-25",
        )
        date = time_bar(
            timeline,
            wanted.get("date", DATES[3]),
            label="Date",
            period=wanted.get("period", "all"),
            on_period=lambda period: wanted.update(period=period),
        )
        wanted["date"] = date
        day = timeline.index(date)
        moving_text([f"It is {date}." for date in DATES], timeline, date, key="sentence")
        paint = {"status": [Paint(color, 1.0) for color in COLORS]}
        of_points = np.array([[day % 2, 1 - day % 2] for day in range(30)])
        points = {"points": (of_points, [Paint(color, 1.0, radius=5.0) for color in COLORS[:2]])}
        map_motion = Motion(
            timeline, codes=CODES, paint=paint, points=points, moves={"date": {"text": DATES}}
        )
        chart_motion = Motion(timeline, moves={"cursor": {"x0": DATES, "x1": DATES}}, period_axis="xaxis")
    else:
        day = st.slider("Day", 0, 29, 3)
    if st.toggle("Warning"):
        st.warning("Something appeared above the figures.")
    options = {
        "view": "city" if "view" in wanted else None,
        "street": STREET if st.toggle("Streets") else None,
    }
    chosen = show_figure(
        area_map(day), key="map", alt="A map of squares.", select=True, motion=map_motion, **options
    )
    if chosen.id:
        st.query_params["area"] = chosen.id
    if "two" in wanted:
        show_figure(area_map(0), key="other map", alt="The map of another date.", view="city")
    keep_view("city", "view", lambda view: wanted.update(view=view))
    show_figure(share_chart(day), key="chart", alt="A chart of shares.", motion=chart_motion)
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.text(f"Run {st.session_state['runs']}")
    st.text(f"Python drew {DATES[day]}; area {st.query_params.get('area', 'none')}")


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, **serving.options())
