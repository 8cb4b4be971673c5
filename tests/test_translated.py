"""Every string of the interface can be read in every language: catalogues are complete, and no page shows a bare string.

Pages are looked at with every part unfolded, tables included.
"""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import streamlit as st
from google.protobuf.message import Message
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer
from streamlit.elements.lib.mutable_popover_container import PopoverContainer
from streamlit.elements.lib.mutable_tab_container import TabContainer
from streamlit.testing.v1 import AppTest

from loaders import store
from loaders.contracts import CONTRACTS
from monitor import language
from monitor.analysis.definitions import DEFINITIONS, OTHER_DEFINITIONS
from monitor.charts import style
from monitor.export import data_files, figures
from monitor.export.digest import digest
from monitor.export.digest import html as mail_of
from monitor.export.digest import text as words_of
from monitor.export.figures import FIGURES, UnknownParameterError
from monitor.export.link import PARAMETERS
from monitor.export.packs import Briefing, Item
from monitor.locales import catalogues
from monitor.ui import data
from monitor.ui.navigation import PAGES
from tests.committed import DRAWN, committed_model
from tests.export.test_figures import CHOICE, NEEDED
from tests.server import ROOT

#: Fields of Streamlit's messages in which readers see text.
_SHOWN = {"body", "label", "help", "placeholder", "options", "content", "caption", "title", "value"}
_DATE = re.compile(r"\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}|\d{4}-\d{2}-\d{2}")
_MARKUP = re.compile(
    r"<[^>]*>|:material/\w+:|:[a-z]+(?:-badge)?(?=\[)|https?://\S+|(?<=\])\([^)\s]*\)|%\{[^}]*\}"
)
_BETWEEN = re.compile(r"[·:;,()\[\]\n|/–—…“”\"*#.+!?■▨▤▣□●○▲▼◆✕▬]+")


class Brackets(gettext.NullTranslations):
    """A language in which every translated string stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def outside(text: str) -> str:
    """What stands outside of all brackets; a translated title that is broken into lines is one text."""
    text = text.replace("\\", "")
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " · ", text)) != text:
        text = shorter
    return _MARKUP.sub(" ", text.replace("<br>", " · "))


def phrases(text: str) -> Iterator[str]:
    """Pieces of a text with a word of at least three letters."""
    for piece in _BETWEEN.split(_DATE.sub(" · ", text)):
        words = " ".join(piece.split()).strip("- ").casefold()
        if re.search(r"[^\W\d_]{3}", words):
            yield words


#: Columns of text that stay as they are: names of places and people, titles of sources, their publishers.
_STAYS = {
    "name",
    "commune",
    "section",
    "sub_zone",
    "alias",
    "alt_names",
    "publisher",
    "title",
    "source_publisher",
}
_STAYS |= {"source_title"}


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Pieces of everything that stays as it is: names, titles of sources, ids, addresses."""
    texts = [definition.definition_id for definition in (*DEFINITIONS, *OTHER_DEFINITIONS)]
    texts += ["PNG", "SVG", "PDF", "XLSX", *store.snapshot().versions.values()]
    for name, contract in CONTRACTS.items():
        texts += [name, *(column.name for column in contract.columns)]
        texts += [column.kind for column in contract.columns]
        if name not in store.snapshot().versions:
            continue
        frame = store.read(name)
        for column in contract.columns:
            if column.translated == "no" and (column.kind in ("id", "url") or column.name in _STAYS):
                texts += [str(value) for value in frame[column.name].dropna().unique()]
        texts += [str(value) for value in _leaves(store.read_provenance(name)["source"])]
    pieces = {piece for text in texts for piece in phrases(text)}
    return pieces | {piece.replace("_", " ") for piece in pieces}


def _leaves(content: Any) -> Iterator[Any]:
    if isinstance(content, dict):
        for value in content.values():
            yield from _leaves(value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _leaves(value)
    else:
        yield content


def _texts(message: Message) -> Iterator[str]:
    """Texts of a message that a reader sees."""
    for field, value in message.ListFields():
        if field.name == "json" and isinstance(value, str):
            yield from _figure_texts(value)
        elif isinstance(value, bytes) and value.startswith(b"{"):
            yield from _figure_texts(value.decode())
        elif field.name == "columns" and isinstance(value, str):
            settings = json.loads(value) if value else {}
            yield from (column["label"] for column in settings.values() if column.get("label"))
        elif isinstance(value, Message):
            yield from _texts(value)
        elif isinstance(value, str):
            if field.name in _SHOWN:
                yield value
        elif isinstance(value, Iterable) and not isinstance(value, bytes):
            for part in value:
                if isinstance(part, Message):
                    yield from _texts(part)
                elif isinstance(part, str) and field.name in _SHOWN:
                    yield part


def _figure_texts(body: str) -> Iterator[str]:
    """Words of a component's message: of a figure its title, annotations, axes, names and hover texts."""
    content = json.loads(body)
    yield content.get("alt", "")
    yield content.get("label", "") if isinstance(content.get("label"), str) else ""
    yield from (str(text) for text in content.get("texts", {}).values())
    figure = content.get("figure") or {}
    layout = figure.get("layout", {})
    yield (layout.get("title") or {}).get("text", "")
    yield from (annotation.get("text", "") for annotation in layout.get("annotations", []))
    for name, part in layout.items():
        if "axis" in name and isinstance(part, dict):
            yield (part.get("title") or {}).get("text", "")
    for trace in figure.get("data", []):
        yield str(trace.get("name", ""))
        yield str(trace.get("hovertemplate", ""))
        text = trace.get("text", "")
        yield from map(str, text if isinstance(text, list) else [text])


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    _forget()
    monkeypatch.setattr(language, "_catalogue", lambda _code: Brackets())
    for folded in (ExpanderContainer, PopoverContainer, TabContainer):
        monkeypatch.setattr(folded, "open", property(lambda _self: True, lambda _self, _is_open: None))
    yield
    _forget()


def _forget() -> None:
    """Nothing that other tests derived in English is shown here, and the other way round."""
    st.cache_data.clear()
    st.cache_resource.clear()
    data.SHELF.clear()
    for kept in (style._status_labels, style._months_in_words, language.machine_made, language._separators):
        kept.cache_clear()


def test_the_test_sees_bare_strings() -> None:
    assert list(phrases(outside("⟦As of ⟦1 May⟧⟧ · Snapshot 12, <b>Rows</b>"))) == ["snapshot 12", "rows"]


def test_catalogues_are_complete() -> None:
    assert [str(problem) for problem in catalogues.problems()] == []


def test_no_page_shows_a_string_that_cannot_be_translated(bracketed: None, known: set[str]) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=240)
    app.query_params["area"] = "solino"
    app.run()
    bare: dict[str, str] = {}
    for entry in PAGES:
        app.switch_page(f"pages/{entry.script}")
        app.run()
        assert not app.exception, entry
        for text in (*(text for element in _elements(app) for text in _texts(element)), *_cells(app)):
            for phrase in phrases(outside(text)):
                if phrase not in known:
                    bare.setdefault(f"{entry.script}: {phrase}", text[:100])
    assert bare == {}, "\n".join(f"{where} in {text!r}" for where, text in bare.items())


def test_no_export_says_what_cannot_be_translated(bracketed: None, known: set[str]) -> None:
    model = committed_model()
    items = [Item(figures.build(name, model, CHOICE, NEEDED.get(name))) for name in DRAWN]
    briefing = Briefing("⟦Briefing⟧", items, model, CHOICE.as_of, site="https://example.org/")
    found = digest(model, committed_model(), today=CHOICE.as_of)
    texts = [("digest", words_of(found)), ("digest", mail_of(found))]
    for item in items:
        about = data_files.about(item.built, model, accessed=CHOICE.as_of, site=briefing.site)
        texts += [(item.built.figure_id, part) for line in about for part in line]
        texts.append((item.built.figure_id, briefing.notes(item)))
    for name, parameter in (("actor-areas", "actor"), ("area-strip", "area"), ("reach-map", "target")):
        with pytest.raises(UnknownParameterError) as refused:
            figures.build(name, model, CHOICE, {parameter: "moon"})
        texts.append((name, str(refused.value)))
    values = [str(value) for item in items for value in item.built.parameters.values()]
    own = {piece for text in (*FIGURES, *PARAMETERS, *values, model.snapshot_id) for piece in phrases(text)}
    bare = {
        f"{where}: {phrase}": text
        for where, text in texts
        for phrase in phrases(outside(text))
        if phrase not in known | own
    }
    assert bare == {}, "\n".join(f"{where} in {text[:120]!r}" for where, text in bare.items())


def _cells(app: AppTest) -> Iterator[str]:
    """Words in the columns that tables name themselves; rows as the file has them keep the file's names and words."""
    for table in app.dataframe:
        named = {
            name for name, column in json.loads(table.proto.columns or "{}").items() if column.get("label")
        }
        rows = table.value
        for name in named.intersection(rows.select_dtypes(["object", "str"])):
            # What the log says is for those who refresh, and is kept as it was said.
            if name != "said" and not name.endswith("_url"):
                yield from map(str, rows[name].dropna().unique())


def _elements(app: AppTest) -> Iterator[Message]:
    for block in (app.main, app.sidebar):
        for node in block:
            if isinstance(getattr(node, "proto", None), Message):
                yield node.proto
