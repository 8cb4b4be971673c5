"""Roads on maps: drawn where they have been fetched, named in the stamp, switched by the link. The roads are synthetic."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loaders.refresh import refresh
from monitor.analysis.model import Choice, Model
from monitor.charts.standing import standing
from monitor.export import figures
from monitor.export.figures.base import BuiltFigure
from monitor.export.kept import Kept
from tests.committed import committed_model
from tests.fake_services.overpass import elements

CHOICE = Choice(date(2026, 1, 31), None, "all_claims", 180)
CREDIT = "roads © OpenStreetMap contributors (ODbL)"
#: What draws a map: the figure, and the parameters that show its roads.
MAPS: dict[str, dict[str, Any]] = {
    "control-map": {"layers": ("roads",)},
    "overview-map": {},
    "site-map": {},
    "incident-map": {},
}


@pytest.fixture
def model(datasets_copy: Path) -> Model:
    answer = {"elements": elements(), "osm3s": {"timestamp_osm_base": "2026-11-22T10:00:00Z"}}
    source = ("overpass.json", json.dumps(answer).encode())
    (report,) = refresh(["roads"], root=datasets_copy, as_of=date(2026, 11, 25), sources={"roads": source})
    assert (report.status, report.added) == ("accepted", 2)
    return Model(Kept(root=datasets_copy))


def layers(built: BuiltFigure) -> list[str]:
    return [layer["id"] for layer in built.figure.layout.map.style["layers"]]


def test_maps_draw_roads_over_areas_and_under_names_and_say_whose_they_are(model: Model) -> None:
    for figure_id, parameters in MAPS.items():
        built = figures.build(figure_id, model, CHOICE, parameters)
        drawn = layers(built)
        at = [drawn.index(name) for name in ("communes", "roads-secondary", "roads-main", "chosen")]
        assert at == sorted(at), figure_id
        assert CREDIT in built.stamp.sources, figure_id
        assert built.figure.layout.meta["stamp"]["footer"].count("OpenStreetMap") == 1, figure_id


def test_roads_are_off_where_the_link_says_so_and_where_there_are_none(model: Model) -> None:
    for source, parameters in ((model, {"layers": ("sites",)}), (committed_model(), {"layers": ("roads",)})):
        built = figures.build("control-map", source, CHOICE, parameters)
        assert not any(name.startswith("roads") for name in layers(built))
        assert "roads ©" not in built.stamp.sources
    assert not any(name.startswith("roads") for name in layers(figures.build("reach-map", model, CHOICE)))


def test_files_hold_roads_as_lines(model: Model) -> None:
    def strokes(shown: tuple[str, ...]) -> int:
        built = figures.build("control-map", model, CHOICE, {"layers": shown})
        return len(standing(built.figure, width=1200).layout.shapes)

    assert strokes(("roads",)) == strokes(()) + 2
