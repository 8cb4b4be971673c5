"""The data of a figure as files: nothing that computes, nothing that may not leave, and what one must know beside it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date

import openpyxl
import pandas as pd
import pytest

from monitor.analysis.definitions import DEFINITIONS
from monitor.analysis.licences import RESTRICTED, attributions, released
from monitor.analysis.model import Choice, Model
from monitor.export import data_files, figures
from monitor.export.figures import FIGURES, BuiltFigure
from tests.committed import DRAWN, committed_model
from tests.export.test_figures import NEEDED

CHOICE = Choice(date(2025, 6, 25), date(2025, 7, 1), "corroborated", 365)
SEEN = date(2026, 11, 25)
SITE = "https://monitor.example/"

#: What a spreadsheet program would run.
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://example.org")']


@pytest.fixture(scope="module")
def model() -> Model:
    return committed_model()


@pytest.fixture(scope="module")
def built(model: Model) -> BuiltFigure:
    return figures.build("share-over-time", model, CHOICE, {"by": "km2", "span": "1y"})


def about(built: BuiltFigure, model: Model) -> dict[str, str]:
    return dict(data_files.about(built, model, accessed=SEEN, site=SITE))


@pytest.mark.parametrize("figure_id", DRAWN)
def test_every_figure_has_its_data_and_what_to_know_about_them(model: Model, figure_id: str) -> None:
    built = figures.build(
        figure_id, model, Choice(date(2025, 6, 25), None, "all_claims", 180), NEEDED.get(figure_id)
    )
    lines = data_files.about(built, model, accessed=SEEN, site=SITE)
    known = dict(lines)
    assert known["Snapshot"] == model.snapshot_id
    for dataset in built.stamp.datasets:
        assert "licence: " in known[f"Dataset {dataset}"]
    assert FIGURES[figure_id].definitions
    assert set(FIGURES[figure_id].definitions) <= {item.definition_id for item in DEFINITIONS}
    with zipfile.ZipFile(io.BytesIO(data_files.csv_archive(built, lines))) as archive:
        assert sorted(archive.namelist()) == [f"{built.filename}-about.csv", f"{built.filename}.csv"]
        rows = pd.read_csv(io.BytesIO(archive.read(f"{built.filename}.csv")))
    assert len(rows) == len(built.table)
    assert list(rows) == list(built.table)
    book = openpyxl.load_workbook(io.BytesIO(data_files.xlsx(built, lines)))
    assert [sheet.title for sheet in book] == ["Data", "About"]
    assert book["Data"].max_row == len(built.table) + 1


def test_filters_are_named_and_links_lead_back(built: BuiltFigure, model: Model) -> None:
    known = about(built, model)
    assert known["As known on"] == "2025-07-01"
    assert known["Evidence"] == "corroborated"
    assert known["Filter by"] == "km2"
    choice_ = "as_of=2025-06-25&known_on=2025-07-01&evidence=corroborated&stale_after=365"
    query = f"{choice_}&by=km2&span=1y"
    assert known["Live link"] == f"{SITE}territorial-control?{query}"
    assert known["Pinned link"] == (
        f"{SITE}territorial-control?{choice_}&definitions=contested-1~disputed-1&by=km2&span=1y&snap={model.snapshot_id}"
    )


def test_a_citation_names_finding_sources_snapshot_day_and_link(built: BuiltFigure, model: Model) -> None:
    text = data_files.citation(built, accessed=SEEN, site=SITE)
    for part in (
        built.stamp.title,
        "CC BY 4.0",
        model.snapshot_id,
        "Accessed 25 Nov 2026",
        f"&snap={model.snapshot_id}",
    ):
        assert part in text


def test_nothing_is_a_formula(built: BuiltFigure, model: Model) -> None:
    table = pd.DataFrame({"=head": FORMULAS, "number": [-1.5] * len(FORMULAS)})
    risky = replace(built, drawn=table)
    rows = pd.read_csv(io.BytesIO(data_files.csv_bytes(table)), keep_default_na=False)
    assert all(text.startswith("'") for text in [*rows.columns[:1], *rows.iloc[:, 0]])
    assert rows["number"].tolist() == [-1.5] * len(FORMULAS)
    book = openpyxl.load_workbook(io.BytesIO(data_files.xlsx(risky, [("=name", "=text")])))
    kinds = {cell.data_type for sheet in book for row in sheet for cell in row}
    assert kinds <= {"s", "n"}
    assert not any(cell.hyperlink for sheet in book for row in sheet for cell in row)


def test_rows_that_may_not_be_passed_on_stay_and_their_provider_is_named(
    built: BuiltFigure, model: Model
) -> None:
    """Synthetic rows; the provider's name alone decides."""
    table = pd.DataFrame({"event_id": ["S1", "S2", "S3"], "provider": ["acled", "curated", "dtm"]})
    assert released(table)["event_id"].tolist() == ["S2"]
    assert attributions(table) == (RESTRICTED["acled"], RESTRICTED["dtm"])
    mixed = replace(built, drawn=table)
    lines = data_files.about(mixed, model, accessed=SEEN, site="")
    assert dict(lines)["Rows left out"].startswith("2 rows")
    for body in (data_files.csv_archive(mixed, lines), data_files.xlsx(mixed, lines)):
        with zipfile.ZipFile(io.BytesIO(body)) as opened:
            content = b"".join(opened.read(name) for name in opened.namelist())
        assert b"S1" not in content
        assert b"acled" not in content


def test_an_attribution_that_terms_ask_for_is_inside_the_picture(model: Model) -> None:
    class Mixed(Model):
        def __init__(self, of: Model) -> None:
            super().__init__(of.source)
            self.snapshot_id = "with rows of a provider"
            rows = of.frame("incidents")
            self.frame = lambda name: rows.assign(provider="acled") if name == "incidents" else of.frame(name)

    built = figures.build("incidents-weekly", Mixed(model), CHOICE)
    assert "acleddata.com" in built.figure.layout.meta["stamp"]["footer"]


def test_the_same_figure_gives_the_same_files(built: BuiltFigure, model: Model) -> None:
    lines = data_files.about(built, model, accessed=SEEN, site=SITE)
    assert data_files.csv_archive(built, lines) == data_files.csv_archive(built, lines)
    assert data_files.xlsx(built, lines) == data_files.xlsx(built, lines)
