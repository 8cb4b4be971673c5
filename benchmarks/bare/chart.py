"""The bare framework, second yardstick: one st.plotly_chart map of the neighborhoods, and a slider of weeks.

It is as cheap as such a page can be: no tables, no analysis, no pandas; statuses are drawn by lot from the week's number.
`?week=` opens it at a week.
"""

import json
import os
import random
from datetime import date, timedelta
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

FIRST, LAST = date(2020, 8, 30), date(2026, 5, 31)
COLOURS = ["#b2182b", "#ef8a62", "#f7d96b", "#67a9cf", "#2166ac", "#d9d9d9"]


@st.cache_data
def neighborhoods() -> dict:
    """Areas in scope as GeoJSON, with ids."""
    collection = json.loads(
        (Path(os.environ["MONITOR_DATASETS"]) / "neighborhoods" / "data.geojson").read_bytes()
    )
    kept = [
        {"type": "Feature", "id": feature["id"], "properties": {}, "geometry": feature["geometry"]}
        for feature in collection["features"]
        if feature["geometry"] is not None
    ]
    return {"type": "FeatureCollection", "features": kept}


st.set_page_config(layout="wide")
asked = st.query_params.get("week")
week = st.slider(
    "Week", FIRST, LAST, date.fromisoformat(asked) if asked else date(2026, 2, 1), timedelta(weeks=1)
)
areas = neighborhoods()
lot = random.Random(week.toordinal())
trace = go.Choroplethmap(
    geojson=areas,
    locations=[feature["id"] for feature in areas["features"]],
    z=[lot.randrange(len(COLOURS)) for _ in areas["features"]],
    zmin=0,
    zmax=len(COLOURS) - 1,
    colorscale=COLOURS,
)
view = {"style": "white-bg", "center": {"lat": 18.535, "lon": -72.315}, "zoom": 10.6}
st.plotly_chart(
    go.Figure(trace, {"map": view, "height": 720, "title": {"text": f"Who holds what on {week}"}})
)
