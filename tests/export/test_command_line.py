"""The command line: one figure, a briefing, and what it says when it cannot."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from pptx import Presentation
from typer.testing import CliRunner

from monitor.analysis.model import Choice, Model
from monitor.export import figures, packs, render
from monitor.export.__main__ import app
from monitor.export.kept import Kept
from tests.committed import committed_model
from tests.server import DATASETS

SPEC = """
title: Monday briefing
as_of: 2025-06-25
figures:
  - control-map
  - figure: share-over-time
    by: people
    sentence: Whoever counts people sees more.
  - figure: area-strip
    area: solino
"""


@pytest.fixture(autouse=True)
def committed_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_DATASETS", str(DATASETS))


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_data_of_a_figure_need_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(render.BROWSER_VARIABLE, str(tmp_path / "none"))
    out = tmp_path / "x.zip"
    code, text = run("figure", "control-map", "--as-of", "2025-06-25", "--format", "csv", "--out", out)
    assert (code, "x.zip" in text) == (0, True)
    assert "control-2025-06-25.csv" in zipfile.ZipFile(out).namelist()
    code, text = run("figure", "control-map", "--as-of", "2025-06-25", "--out", tmp_path / "x.png")
    assert code == 1
    assert "apt-get install chromium" in text
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["no-figure"], "control-map"),
        (["control-map", "--as-of", "yesterday"], "YYYY-MM-DD"),
        (["control-map", "--as-of", "1990-01-01"], "begins on"),
        (["control-map", "--param", "colour=red"], "colour"),
        (["control-map", "--format", "gif"], "png, svg, pdf, csv or xlsx"),
        (["control-map", "--lang", "tlh"], "tlh"),
        (["control-map", "--brief", "round"], "16x9"),
    ],
)
def test_a_wrong_command_says_what_is_possible(tmp_path: Path, arguments: list[str], why: str) -> None:
    code, text = run("figure", *arguments, "--out", tmp_path / "x.png")
    assert code == 2
    assert why in text


def test_a_snapshot_that_is_not_kept_is_named(tmp_path: Path) -> None:
    code, text = run("figure", "control-map", "--snap", "0123456789", "--out", tmp_path / "x.png")
    assert code == 1
    assert "0123456789 is not kept" in text


def test_a_briefing_has_native_titles_notes_and_alt_texts(
    tmp_path: Path, browser_program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(render.BROWSER_VARIABLE, browser_program)
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    out = tmp_path / "b.pptx"
    code, text = run("briefing", "--spec", spec, "--out", out, "--site", "https://monitor.example/")
    assert code == 0, text
    slides = list(Presentation(io.BytesIO(out.read_bytes())).slides)
    assert [slide.shapes.title.text for slide in slides] == [
        "Monday briefing",
        "Map of territorial control",
        "Share of each status over time",
        "Status of one place over time",
        "Sources and licences",
    ]
    for slide in slides[1:4]:
        (picture,) = [shape for shape in slide.shapes if shape.shape_type == 13]
        assert len(picture._element._nvXxPr.cNvPr.get("descr").split()) > 4
        notes = slide.notes_slide.notes_text_frame.text
        assert "CC BY 4.0" in notes
        assert "https://monitor.example/territorial-control?as_of=2025-06-25" in notes
    sources = "\n".join(shape.text_frame.text for shape in slides[4].shapes if shape.has_text_frame)
    assert sources.count("from cited public reports") == 1, (
        "Our own compilation is named once, for all figures."
    )
    texts = [shape.text_frame.text for shape in slides[2].shapes if shape.has_text_frame]
    assert "Whoever counts people sees more." in texts


@pytest.mark.parametrize("ending", ["pptx", "pdf", "zip"])
def test_two_exports_of_a_briefing_are_the_same_bytes(
    tmp_path: Path, browser_program: str, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setenv(render.BROWSER_VARIABLE, browser_program)
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    files = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for file in files:
        code, text = run("briefing", "--spec", spec, "--out", file)
        assert code == 0, text
    first, again = (file.read_bytes() for file in files)
    assert first == again
    assert first.startswith(b"%PDF" if ending == "pdf" else b"PK")


def test_a_spec_that_is_wrong_says_where(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("figures: [{sentence: only words}]", encoding="utf-8")
    code, text = run("briefing", "--spec", spec, "--out", tmp_path / "b.pptx")
    assert (code, "figures[1]" in text) == (2, True)


def test_a_saved_composition_gives_the_same_briefing_again() -> None:
    model, day = committed_model(), date(2026, 1, 1)
    made = packs.briefing_of(packs.composition_of(SPEC), model, day, "")
    saved = packs.spec_of(made)
    again = packs.briefing_of(packs.composition_of(saved), model, day, "")
    assert [
        (item.built.figure_id, item.built.choice, item.built.parameters, item.sentence)
        for item in again.items
    ] == [
        (item.built.figure_id, item.built.choice, item.built.parameters, item.sentence) for item in made.items
    ]
    assert again.title == "Monday briefing"
    assert packs.spec_of(again) == saved
    assert packs.composition_of(saved).snapshot_id is None


def test_a_saved_composition_stays_pinned_to_its_snapshot() -> None:
    current = Kept(None).snapshot_id
    model, day = Model(Kept(current)), date(2026, 1, 1)
    saved = packs.spec_of(packs.briefing_of(packs.composition_of(SPEC), model, day, ""))
    wanted = packs.composition_of(saved)
    assert wanted.snapshot_id == current
    again = packs.briefing_of(wanted, model, day, "")
    assert all(item.built.stamp.is_pinned for item in again.items)
    assert packs.spec_of(again) == saved


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- a\n- list", "list named figures"),
        ("figures: control-map", "list named figures"),
        ("figures: [no-figure]", "no-figure"),
        ("figures: [{figure: control-map, colour: red}]", "colour"),
        ("as_of: yesterday\nfigures: [control-map]", "YYYY-MM-DD"),
        ("snap: latest\nfigures: [control-map]", "ten characters"),
        ("figures: [", "expected"),
    ],
)
def test_what_is_no_composition_is_told_where_and_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        packs.composition_of(text)


def test_a_slide_does_not_say_what_its_picture_says() -> None:
    model, day = committed_model(), date(2026, 1, 1)
    spec = "as_of: 2025-06-25\nfigures: [control-map, share-over-time, claims-funnel, retaken-strips]"
    items = packs.briefing_of(packs.composition_of(spec), model, day, "").items
    for item in items:
        assert item.built.stamp.title not in item.text
    assert "at least" in items[0].text
    assert items[1].text.startswith("A year before, on ")
    assert items[2].text == ""
    assert "nobody has reported lately" in items[3].text


def test_a_long_sentence_gets_smaller_type_and_a_short_one_does_not() -> None:
    sizes = [packs.sentence_size("word " * count) for count in (10, 50, 66, 80, 120, 400)]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (14, 9)
    assert packs.sentence_size("a\nb\nc\nd") < packs.sentence_size("a b c d")


def test_a_briefing_is_of_one_snapshot() -> None:
    model = committed_model()
    built = figures.build("control-map", model, Choice(date(2025, 6, 25), None, "all_claims", 180))
    with pytest.raises(ValueError, match="at least one"):
        packs.Briefing("t", [], model, date(2026, 1, 1))
    other = committed_model()
    other.snapshot_id = "ffffffffff"
    with pytest.raises(ValueError, match="one snapshot"):
        packs.Briefing("t", [packs.Item(built)], other, date(2026, 1, 1))
