"""Files of figures: the same bytes each time, vectors only, in the size that was asked for, never without a stamp."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from monitor.analysis.model import Choice, Model
from monitor.charts.base_map import View
from monitor.charts.standing import MOST_ROW_PX, NotStampedError, standing
from monitor.charts.style import STATUS_COLOURS
from monitor.export import figures, render
from monitor.export.figures import BuiltFigure
from tests.committed import DRAWN, committed_model
from tests.export.test_figures import NEEDED

CHOICE = Choice(date(2025, 6, 25), None, "all_claims", 180)


@pytest.fixture(scope="module")
def model() -> Model:
    return committed_model()


@pytest.fixture
def map_figure(model: Model) -> BuiltFigure:
    return figures.build("control-map", model, CHOICE)


@pytest.fixture
def chrome(browser_program: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(render.BROWSER_VARIABLE, browser_program)
    yield
    render.close()


def size_of(png: bytes) -> tuple[int, int]:
    return struct.unpack(">II", png[16:24])


def test_a_figure_without_a_stamp_cannot_leave(map_figure: BuiltFigure) -> None:
    with pytest.raises(NotStampedError):
        standing(go.Figure(go.Scatter(x=[1], y=[2])), width=800)
    bare = replace(map_figure, figure=go.Figure(map_figure.figure).update_layout(meta=None))
    with pytest.raises(NotStampedError):
        render.render(bare, "png")


@pytest.mark.parametrize("figure_id", DRAWN)
def test_every_figure_fits_every_canvas(model: Model, figure_id: str) -> None:
    built = figures.build(figure_id, model, CHOICE, NEEDED.get(figure_id))
    for brief, wanted in render.BRIEF_SIZES.items():
        canvas = render.brief_canvas(built, brief)
        assert (int(canvas.width * canvas.scale), int(canvas.height * canvas.scale)) == wanted
        drawn = standing(built.figure, width=canvas.width, height=canvas.height)
        margin = drawn.layout.margin
        plot = drawn.layout.height - margin.t - margin.b
        assert plot > 200 or plot == pytest.approx(MOST_ROW_PX * len(drawn.layout.yaxis.categoryarray))


def test_a_map_becomes_shapes_in_its_colours(map_figure: BuiltFigure) -> None:
    drawn = standing(map_figure.figure, width=1000)
    assert {trace.type for trace in drawn.data} == {"scatter"}
    fills = {shape.fillcolor for shape in drawn.layout.shapes}
    red, green, blue = (int(STATUS_COLOURS["contested"][at : at + 2], 16) for at in (1, 3, 5))
    assert any(fill.startswith(f"rgba({red},{green},{blue},") for fill in fills)
    assert "Delmas" in {shape.label.text for shape in drawn.layout.shapes if shape.name == "place"}
    assert {"stamp", "legend", "date", "scale"} <= {note.name for note in drawn.layout.annotations}
    assert map_figure.figure.layout.map.style is not None, "The figure on the page must stay as it was."


def test_a_map_keeps_the_view_and_layers_of_the_link(model: Model) -> None:
    near = figures.build(
        "control-map", model, CHOICE, {"view": View(18.55, -72.32, 13.0), "layers": ("sites", "incidents")}
    )
    drawn = standing(near.figure, width=1000, height=700)
    (scale,) = [shape for shape in drawn.layout.shapes if shape.name == "scale"]
    (label,) = [note.text for note in drawn.layout.annotations if note.name == "scale"]
    assert label == "500 m"
    assert scale.x1 - scale.x0 == pytest.approx(500 / (40_075_017 * 0.948 / (512 * 2**13)), abs=1.5)
    assert {"key_sites", "incidents"} <= set(near.stamp.datasets)
    assert sum(trace.mode == "markers" for trace in drawn.data) >= 2


@pytest.mark.usefixtures("chrome")
def test_the_same_figure_gives_the_same_bytes_and_a_map_has_no_bitmap(map_figure: BuiltFigure) -> None:
    first = {kind: render.render(map_figure, kind) for kind in render.FORMATS}
    render.close()
    again = figures.build("control-map", committed_model(), CHOICE)
    for kind in render.FORMATS:
        assert render.render(again, kind) == first[kind], kind
    svg = first["svg"]
    assert b"<image" not in svg
    assert b"data:image" not in svg
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
    assert {"title", "desc", "path", "text"} <= names
    assert first["pdf"].startswith(b"%PDF")
    assert b"/Subtype /Image" not in first["pdf"]
    assert size_of(first["png"])[0] == 2000


def test_a_picture_numbers_and_names_its_milestones(model: Model) -> None:
    chart = figures.build("share-over-time", model, CHOICE)
    drawn = standing(chart.figure, width=1000)
    (marks,) = [trace for trace in drawn.data if trace.meta == "milestones"]
    footer = next(note.text for note in drawn.layout.annotations if note.name == "stamp").replace("<br>", " ")
    assert footer.startswith("Marks: 1\u00a0")
    for text in marks.customdata:
        assert text in footer
    shown = [int(text) for text in marks.text if text]
    assert shown[0] == 1
    assert shown == sorted(shown)
    on_page = next(trace for trace in chart.figure.data if trace.meta == "milestones")
    assert on_page.mode == "markers", "The page names them on hover."


@pytest.mark.parametrize("figure_id", ["site-map", "reach-map"])
def test_a_picture_of_a_map_numbers_and_names_its_sites(model: Model, figure_id: str) -> None:
    built = figures.build(figure_id, model, replace(CHOICE, as_of=date(2026, 1, 30)))
    drawn = standing(built.figure, width=1000)
    numbers = [text.strip("</b>") for trace in drawn.data if trace.text is not None for text in trace.text]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    footer = next(note.text for note in drawn.layout.annotations if note.name == "stamp").replace("<br>", " ")
    assert "1\u00a0Chancerelles Maternity" in footer
    assert f"{numbers[-1]}\u00a0" in footer


def test_a_legend_under_a_map_leaves_its_texts_as_wide_as_the_canvas(map_figure: BuiltFigure) -> None:
    beside, under = (standing(map_figure.figure, width=1020, height=height) for height in (600, 1400))
    legends = [
        next(note for note in drawn.layout.annotations if note.name == "legend") for drawn in (beside, under)
    ]
    assert [legend.yanchor for legend in legends] == ["bottom", "top"]
    assert under.layout.title.text == beside.layout.title.text
    assert under.layout.margin.b > beside.layout.margin.b + 100


def test_few_rows_stay_slim_and_their_type_grows(model: Model) -> None:
    strip = figures.build("area-strip", model, CHOICE, {"area": "solino"})
    canvas = render.brief_canvas(strip, "16x9")
    assert canvas.scale > render.brief_canvas(figures.build("share-over-time", model, CHOICE), "16x9").scale
    assert strip.stamp.title.startswith("Solino: ")


@pytest.mark.usefixtures("chrome")
def test_the_table_of_transitions_has_no_bitmap(model: Model) -> None:
    table = figures.build("transitions", model, CHOICE)
    assert b"<image" not in render.render(table, "svg")
    assert b"/Subtype /Image" not in render.render(table, "pdf")


@pytest.mark.usefixtures("chrome")
def test_what_was_drawn_before_leaves_no_trace(model: Model, map_figure: BuiltFigure) -> None:
    chart = figures.build("share-over-time", model, CHOICE)
    alone = [render.render(chart, "png"), render.render(chart, "svg")]
    jobs = [render.Job(map_figure, "pdf"), render.Job(map_figure, "svg"), render.Job(chart, "png")]
    counted: list[int] = []
    drawn = render.render_all([*jobs, render.Job(chart, "svg")], counted.append)
    assert drawn[2:] == alone
    assert counted == [1, 2, 3, 4]


@pytest.mark.usefixtures("chrome")
def test_a_pdf_has_one_page_and_its_hatches_are_lines(model: Model) -> None:
    strips = figures.build("retaken-strips", model, CHOICE)
    assert any(trace.marker.pattern.shape for trace in strips.figure.data)
    pdf = render.render(strips, "pdf")
    assert b"/Subtype /Image" not in pdf
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    assert b"/StructTreeRoot" in pdf


@pytest.mark.usefixtures("chrome")
def test_a_canvas_has_its_exact_size(model: Model) -> None:
    built = figures.build("retaken-strips", model, CHOICE)
    for brief, size in render.BRIEF_SIZES.items():
        assert size_of(render.render(built, "png", render.brief_canvas(built, brief))) == size


def test_without_chrome_the_message_says_what_to_install(
    map_figure: BuiltFigure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    render.close()
    monkeypatch.setenv(render.BROWSER_VARIABLE, str(tmp_path / "no-browser"))
    with pytest.raises(render.NoBrowserError, match=r"apt-get install chromium.*MONITOR_BROWSER"):
        render.render(map_figure, "png")
