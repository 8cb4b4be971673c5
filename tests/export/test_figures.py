"""Every named figure on the committed data: built without a page, with its stamp, its alt text and its data."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from loaders.contracts import CONTRACTS
from monitor.analysis.model import Choice, Model
from monitor.charts.drawing import StampedFigure
from monitor.charts.shared import encode
from monitor.export import figures
from monitor.export.figures import FIGURES, NothingToDrawError, UnknownParameterError
from monitor.ui.navigation import PAGES
from tests.committed import DRAWN, committed_model

CHOICE = Choice(date(2025, 6, 25), None, "all_claims", 180)

#: Parameters without which a figure cannot be drawn.
NEEDED: dict[str, dict[str, Any]] = {"area-strip": {"area": "solino"}, "zone-strips": {"area": "solino"}}

every_figure = pytest.mark.parametrize("figure_id", DRAWN)


@pytest.fixture(scope="module")
def model() -> Model:
    return committed_model()


@every_figure
def test_stands_alone(model: Model, figure_id: str) -> None:
    built = figures.build(figure_id, model, CHOICE, NEEDED.get(figure_id))
    stamp = built.figure.layout.meta["stamp"]
    assert stamp["title"] == built.stamp.title
    assert built.stamp.as_of == CHOICE.as_of
    assert "25 Jun 2025" in stamp["subtitle"]
    assert model.snapshot_id in stamp["footer"]
    assert set(built.stamp.datasets) <= set(CONTRACTS)
    assert len(built.alt.split()) >= 4
    assert "2025-06-25" in built.filename
    assert isinstance(built.table, pd.DataFrame)
    assert len(built.table)


@every_figure
def test_is_the_same_when_built_again(model: Model, figure_id: str) -> None:
    first, again = (
        figures.build(figure_id, source, CHOICE, NEEDED.get(figure_id))
        for source in (model, committed_model())
    )
    assert encode(first.figure.to_plotly_json()) == encode(again.figure.to_plotly_json())


@every_figure
def test_plotly_knows_all_that_is_drawn_and_would_write_it_so(model: Model, figure_id: str) -> None:
    figure = figures.build(figure_id, model, CHOICE, NEEDED.get(figure_id)).figure
    assert isinstance(figure, StampedFigure)
    drawn, checked = (
        json.loads(re.sub(rb"T00:00:00(\.0+)?", b"", encode(content)))
        for content in (figure.drawing(), go.Figure(figure).to_plotly_json())
    )
    assert drawn == checked


@every_figure
def test_belongs_to_a_page(figure_id: str) -> None:
    assert FIGURES[figure_id].page in {entry.url_path for entry in PAGES}


@every_figure
def test_the_first_day_and_an_unknown_day_give_a_figure_or_a_reason(model: Model, figure_id: str) -> None:
    for choice in (
        replace(CHOICE, as_of=model.first_date()),
        replace(CHOICE, known_on=date(2020, 9, 1), evidence="corroborated"),
    ):
        with suppress(NothingToDrawError):
            built = figures.build(figure_id, model, choice, NEEDED.get(figure_id))
            assert built.figure.layout.meta["stamp"]["footer"]


def test_where_there_is_nothing_to_draw_the_reason_is_given(model: Model) -> None:
    with pytest.raises(NothingToDrawError, match="No event matches these filters"):
        figures.build("incident-map", model, CHOICE, {"deaths": 100_000})


def test_parameters_change_the_figure_and_unknown_ones_are_refused(model: Model) -> None:
    by_people = figures.build("share-over-time", model, CHOICE, {"by": "people", "span": "1y"})
    assert set(by_people.table["denominator"]) == {"people"}
    assert by_people.table["date"].min() >= pd.Timestamp("2024-06-25")
    with pytest.raises(UnknownParameterError, match=r"by, span"):
        figures.build("share-over-time", model, CHOICE, {"colour": "red"})
    with pytest.raises(UnknownParameterError, match="nowhere"):
        figures.build("control-map", model, CHOICE, {"area": "nowhere"})
    with pytest.raises(UnknownParameterError, match="hospital"):
        figures.build("site-map", model, CHOICE, {"kind": "casino"})
    with pytest.raises(KeyError):
        figures.build("no-figure", model, CHOICE)


def test_the_key_of_claims_names_no_loss_where_none_was_lost(model: Model) -> None:
    first = replace(CHOICE, as_of=date(2023, 9, 1))
    subtitle = figures.build("retaken-strips", model, first).figure.layout.title.text
    assert "claimed retaken" in subtitle
    assert "lost again" not in subtitle
