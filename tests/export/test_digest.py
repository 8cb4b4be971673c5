"""The digest: each change in its section with its link, the same text each time, and what it says when nothing changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
from pptx import Presentation

from monitor.analysis import digest as analysis
from monitor.analysis.model import Model
from monitor.export import digest as digests
from monitor.export.kept import Kept
from monitor.language import set_language
from tests.committed import committed_model
from tests.server import DATASETS

TODAY = date(2026, 11, 25)
SITE = "https://monitor.example/"

Change = Callable[[pd.DataFrame], pd.DataFrame]


class Later(Kept):
    """The committed datasets with changes, as if a refresh had made them."""

    def __init__(self, **changes: Change) -> None:
        super().__init__(root=DATASETS)
        self.snapshot_id = "f" * 10
        self._changes = changes

    def frame(self, dataset_id: str) -> pd.DataFrame:
        rows = super().frame(dataset_id)
        return self._changes[dataset_id](rows) if dataset_id in self._changes else rows


@pytest.fixture(scope="module")
def before() -> Model:
    return committed_model()


def area_with(model: Model, *statuses: str) -> str:
    panel = model.panel(analysis.choice_of(model))
    return panel.loc[panel["status"].isin(statuses), "neighborhood_id"].iloc[0]


def said(model: Model, area: str, status: str) -> Change:
    """Add a statement about an area on the last day."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        day = pd.Timestamp(model.last_date())
        new = rows.iloc[[0]].assign(
            assertion_id="CA9999",
            neighborhood_id=area,
            sub_zone=None,
            status=status,
            from_earliest=day,
            from_latest=day,
            verification="corroborated",
            note="<b>[click](http://evil.example)</b>",
        )
        return pd.concat([rows, new.astype(rows.dtypes)], ignore_index=True)

    return change


def lines_of(found: digests.Digest) -> dict[str, list[digests.Line]]:
    return {section.section_id: list(section.lines) for section in found.sections}


def digest(before: Model, after: Model) -> digests.Digest:
    return digests.digest(before, after, today=TODAY, site=SITE)


def test_nothing_changed_says_so_and_still_lists_what_is_overdue(before: Model) -> None:
    found = digest(before, committed_model())
    assert found.is_empty
    assert "No change recorded" in digests.text(found)
    assert any("Territorial control" in line.text for line in lines_of(found)["overdue"])


@pytest.mark.parametrize(
    ("was", "now", "section"),
    [
        (("gang_control", "gang_influence"), "state_held", "gained"),
        (("state_held", "state_presence"), "gang_control", "lost"),
        (("contested",), "gang_control", "other"),
    ],
)
def test_a_change_of_status_stands_in_its_section_with_its_link(
    before: Model, was: tuple[str, ...], now: str, section: str
) -> None:
    area = area_with(before, *was)
    after = Model(Later(territorial_control=said(before, area, now)))
    found = lines_of(digest(before, after))
    (line,) = [one for one in found[section] if f"area={area}" in one.link]
    assert line.link.startswith(f"{SITE}territorial-control?as_of=")
    assert line.link.endswith("&snap=ffffffffff")
    assert "→" in line.text


def test_corrections_name_what_differs_and_what_was_taken_out(before: Model) -> None:
    def change(rows: pd.DataFrame) -> pd.DataFrame:
        changed = rows.iloc[1:].reset_index(drop=True)
        changed.loc[0, "verification"] = "denied"
        return changed

    found = analysis.corrected(before, Model(Later(territorial_control=change)))
    assert found["kind"].tolist() == ["removed", "changed"]
    assert found["columns"].tolist() == ["", "verification"]


def test_new_claims_are_listed_once(before: Model) -> None:
    earlier = Model(Later(retaken_areas=lambda rows: rows.sort_values("claim_date").iloc[:-3]))
    fresh, _denied = analysis.claims_new(earlier, before)
    assert 1 <= len(fresh) <= 3
    assert len(lines_of(digest(earlier, before))["claimed"]) == len(fresh)


def test_a_change_of_a_site_is_listed(before: Model) -> None:
    earlier = Model(Later(site_status=lambda rows: rows.sort_values("status_date").iloc[:-5]))
    found = lines_of(digest(earlier, before))["sites"]
    assert found
    assert all("key-sites?" in line.link and "site=" in line.link for line in found)


def test_the_same_snapshots_give_the_same_words_in_each_language(before: Model) -> None:
    area = area_with(before, "contested")
    texts = []
    try:
        for code in ("en", "fr", "ht", "en"):
            set_language(code)
            after = Model(Later(territorial_control=said(before, area, "gang_control")))
            texts.append(digests.text(digest(before, after)))
    finally:
        set_language("en")
    assert texts[0] == texts[3]
    assert "&lang=ht" in texts[2]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_mail_runs_nothing_fetches_nothing_and_keeps_texts_as_texts(before: Model) -> None:
    risky = digests.Digest(
        "<script>alert(1)</script>",
        "a & b",
        "c",
        (
            digests.Section(
                "other", "d", (digests.Line("<img src=x>", "javascript:alert(1)", "https://ok.example"),)
            ),
        ),
    )
    parser = _Tags()
    parser.feed(digests.html(risky))
    names = {name for name, _attributes in parser.found}
    assert names <= {"html", "head", "meta", "title", "body", "h1", "h2", "p", "strong", "ul", "li", "a"}
    assert [attributes["href"] for name, attributes in parser.found if name == "a"] == ["https://ok.example"]


def test_the_slide_has_a_title_lines_and_the_whole_text_in_its_notes(before: Model) -> None:
    earlier = Model(Later(site_status=lambda rows: rows.sort_values("status_date").iloc[:-40]))
    found = digest(earlier, before)
    body = digests.slide(found)
    assert digests.slide(found) == body
    (slide,) = Presentation(io.BytesIO(body)).slides
    assert slide.shapes.title.text == found.title
    assert digests.text(found).split("\n")[3] in slide.notes_slide.notes_text_frame.text
    links = [
        run.hyperlink.address
        for shape in slide.shapes
        if shape.has_text_frame
        for p in shape.text_frame.paragraphs
        for run in p.runs
    ]
    assert any(link and link.startswith(SITE) for link in links)
