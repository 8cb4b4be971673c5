"""Charts of places, actors and the mission: what must be in the picture whatever the caller does."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from monitor.charts.access import reach_chart, surroundings_chart
from monitor.charts.groups import LARGEST, holders_chart, rates_chart
from monitor.charts.inputs import association, inputs_chart
from monitor.charts.style import Stamp

STAMP = Stamp(title="A finding", sources="A source", snapshot_id="0123456789", as_of=date(2025, 1, 31))
DAYS = pd.date_range("2024-01-07", periods=30, freq="W-SUN")


def inputs_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": DAYS,
            "personnel": np.linspace(100, 900, len(DAYS)),
            "per_10000": np.linspace(1, 9, len(DAYS)),
            "gang_areas": 5,
            "state_areas": 2,
        }
    )


@pytest.mark.parametrize("stamp", [STAMP, replace(STAMP, caveat="Something else")])
@pytest.mark.parametrize("lag", [0, 8])
def test_inputs_beside_outcomes_always_say_association_not_effect(stamp: Stamp, lag: int) -> None:
    figure = inputs_chart(inputs_table(), stamp, lag_weeks=lag)
    assert association() in figure.layout.annotations[0].text  # the stamp
    for fit in figure.layout.meta["fit"]:
        assert association() in fit["set"]["annotations[0].text"].replace("<br>", " ")
        assert not any(path.startswith("annotations[4]") for path in fit["set"])
    box = [note for note in figure.layout.annotations if note.name == "association"]
    assert [association() in note.text for note in box] == [True]
    assert association() in figure.layout.meta["stamp"]["footer"]


def test_nothing_can_be_said_to_the_chart_to_leave_the_caption_out() -> None:
    assert set(inspect.signature(inputs_chart).parameters) == {
        "table",
        "stamp",
        "lag_weeks",
        "milestones",
        "height",
    }


def test_no_line_is_fitted_through_inputs_and_outcomes() -> None:
    figure = inputs_chart(inputs_table(), STAMP, lag_weeks=0)
    drawn = [np.asarray(trace.y, dtype="float64") for trace in figure.data]
    table = inputs_table()
    for values in drawn:
        assert any(np.array_equal(values, table[column]) for column in table.columns[1:])


def heights(figure: go.Figure) -> list[float]:
    return sorted(note.y for note in figure.layout.annotations[1:])


@pytest.mark.parametrize(
    ("low", "middle", "high"), [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.98, 0.99, 1.0), (0, 0.4, 1)]
)
def test_labels_of_reach_never_cover_one_another(low: float, middle: float, high: float) -> None:
    table = pd.DataFrame({"date": DAYS, "low": low, "middle": middle, "high": high})
    y = heights(reach_chart(table, STAMP))
    assert min(np.diff(y)) >= 9
    assert y[0] >= 0
    assert y[-1] <= 100


def test_surroundings_draw_one_block_per_unbroken_status() -> None:
    statuses = ["no_data"] * 10 + ["contested"] * 10 + ["gang_control"] * 5 + ["contested"] * 5
    table = pd.DataFrame(
        {
            "date": DAYS,
            "area_status": statuses,
            "gang_distance_m": np.nan,
            "encircled": 0.2,
            "encircled_high": 0.9,
        }
    )
    near = pd.DataFrame({"date": DAYS, "radius_km": 1.0, "events": 0})
    figure = surroundings_chart(table, near, STAMP, near_days=28)
    blocks = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(blocks) == 4
    assert [str(pd.Timestamp(trace.x[1]).date()) for trace in blocks][:3] == [
        str(DAYS[number].date()) for number in (10, 20, 25)
    ]


def test_small_holders_are_drawn_together_and_nothing_is_lost() -> None:
    names = [f"g{number}" for number in range(LARGEST + 3)]
    table = pd.DataFrame(
        [
            {"date": day, "holder": name, "neighborhoods": float(number + 1)}
            for number, name in enumerate([*names, "not_named", "several"])
            for day in DAYS
        ]
    )
    words = {name: name for name in [*names, "not_named", "several"]}
    figure = holders_chart(table, STAMP, value="neighborhoods", names=words, unit="neighborhoods")
    assert len(figure.data) == LARGEST + 3
    total = sum(np.asarray(trace.y) for trace in figure.data)
    assert (total == table.groupby("date")["neighborhoods"].sum().to_numpy()).all()


def test_a_place_with_too_few_people_is_listed_without_a_rate() -> None:
    table = pd.DataFrame(
        {
            "name": ["Large", "Small"],
            "events": [3, 2],
            "people": [90_000.0, 400.0],
            "rate": [3.3, np.nan],
            "rate_low": [0.7, np.nan],
            "rate_high": [9.7, np.nan],
        }
    )
    figure = rates_chart(table, STAMP)
    notes = [note for note in figure.layout.annotations if note.y == "Small"]
    assert len(notes) == 1
    assert "2 events" in notes[0].text
    assert np.isnan(np.asarray(figure.data[0].x, dtype="float64")[list(figure.data[0].y).index("Small")])
