"""Languages: dates, numbers, plural forms, and catalogues that say what the English says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from monitor.export.link import BadLinkError, value_of
from monitor.language import (
    LANGUAGES,
    MACHINE_MADE,
    _,
    format_date,
    format_number,
    format_people,
    format_percent,
    machine_made,
    mark,
    ngettext,
    set_language,
)
from monitor.locales import catalogues
from monitor.vocabulary import count_in_words, in_words, remark, word


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


@pytest.mark.parametrize(
    ("code", "january", "may"),
    [
        ("en", "30 Jan 2026", "1 May 2025"),
        ("fr", "30 janv. 2026", "1er mai 2025"),
        ("ht", "30 janv. 2026", "1ye me 2025"),
    ],
)
def test_dates(code: str, january: str, may: str) -> None:
    set_language(code)
    assert format_date(date(2026, 1, 30)) == january
    assert format_date(date(2025, 5, 1)) == may
    assert format_date(None) == "–"


@pytest.mark.parametrize(
    ("code", "number", "people", "share"),
    [
        ("en", "1,234.5", "1.2 million", "<1\u00a0%"),
        ("fr", "1\u202f234,5", "1,2 M", "<1\u00a0%"),
        ("ht", "1\u202f234,5", "1,2 milyon", "<1\u00a0%"),
    ],
)
def test_numbers(code: str, number: str, people: str, share: str) -> None:
    set_language(code)
    assert format_number(1234.5, 1) == number
    assert format_people(1_234_567) == people
    assert format_percent(0.001) == share


def test_a_noun_changes_with_its_number_in_french_and_never_in_haitian_creole() -> None:
    text = "Armed groups control at least {control} of {total} neighborhoods ({share}) and contest {contested} more"
    set_language("fr")
    assert ngettext(text, text, 1) != ngettext(text, text, 2)
    set_language("ht")
    assert ngettext(text, text, 1) == ngettext(text, text, 2)


def test_values_of_vocabularies_are_words_and_unknown_ones_are_kept() -> None:
    set_language("fr")
    assert word("verification", "single_source") == "source unique"
    assert word("verification", "seen_in_a_dream") == "seen in a dream"
    assert word("verification", None) == "–"


def test_a_language_that_is_not_offered_is_refused() -> None:
    with pytest.raises(ValueError, match="en, fr, ht"):
        set_language("de")


def test_a_text_without_translation_stays_english() -> None:
    set_language("ht")
    assert _("No such text in any catalogue") == "No such text in any catalogue"


@pytest.mark.parametrize("code", catalogues.TRANSLATED)
def test_translations_keep_placeholders_and_nothing_unsure_is_used(code: str) -> None:
    wrong = [
        str(problem)
        for problem in catalogues.problems()
        if problem.what.startswith("other") or "fuzzy" in problem.what
    ]
    assert wrong == []
    unseen, entries = machine_made(code)
    translated = [m for m in catalogues.read(code) if m.id and any(m.string)]
    assert entries == len(translated)
    assert unseen == sum(MACHINE_MADE in m.user_comments for m in translated)
    assert set(LANGUAGES) == {"en", *catalogues.TRANSLATED}


def test_strings_are_plain_where_they_are_translated() -> None:
    assert [str(problem) for problem in catalogues.problems() if "f-string" in problem.what] == []


def test_what_a_parameter_must_be_is_said_in_the_language() -> None:
    set_language("fr")
    try:
        with pytest.raises(BadLinkError, match="une date, AAAA-MM-JJ"):
            value_of("as_of", "hier")
    finally:
        set_language("en")


def test_rows_are_shown_with_their_names_and_remarks_in_the_language() -> None:
    rows = pd.DataFrame({"actor_id": ["gsf"], "name": ["Gang Suppression Force"], "note": [None]})
    set_language("fr")
    shown = in_words(rows, "actors")
    assert shown.loc[0, "name"] == "Force de répression des gangs"
    assert rows.loc[0, "name"] == "Gang Suppression Force"
    assert remark(None) == ""
    assert remark("Seen by nobody, translated by nobody") == "Seen by nobody, translated by nobody"


def test_a_note_that_counts_is_translated_whatever_it_counts() -> None:
    set_language("fr")
    assert count_in_words("2 of 1,005 rows name a publisher but no page.") == (
        "2 lignes sur 1,005 nomment un éditeur mais aucune page."
    )
    assert count_in_words("3 {braces} that nobody translates") == "3 {braces} that nobody translates"


@pytest.mark.parametrize(
    ("code", "wrong"), [("fr", "Source: presse"), ("fr", "« oui »"), ("ht", "Sous : laprès"), ("ht", "«wi»")]
)
def test_marks_that_a_language_sets_otherwise_are_found(code: str, wrong: str) -> None:
    catalogue = catalogues.read(code)
    catalogue.get("Source").string = wrong
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogues, "read", lambda _code: catalogue)
        assert any("marks" in problem.what and problem.text == "Source" for problem in catalogues.problems())


def test_a_new_name_or_description_of_a_dataset_is_missed_until_it_is_translated() -> None:
    empty = catalogues.Catalog()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogues, "read", lambda _code: empty)
        missed = {problem.text for problem in catalogues.problems() if problem.what == "not translated"}
    assert {
        "Haitian National Police",
        "The mission lacks funds.",
        "Airports and airfields of Haiti.",
    } <= missed
    assert not missed & catalogues.may_wait()


def test_parts_are_joined_as_the_language_sets_its_marks() -> None:
    set_language("fr")
    assert f"Statut{mark(':')}contesté" == "Statut\u202f: contesté"
    set_language("ht")
    assert mark(";").join(["katye", "komin"]) == "katye; komin"


def test_a_new_entry_is_marked_as_machine_made_before_anybody_fills_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(catalogues, "catalogue_path", lambda code: tmp_path / f"{code}.po")
    waiting = catalogues.update("fr")
    assert waiting > 0
    assert (tmp_path / "fr.po").read_text(encoding="utf-8").count(f"# {MACHINE_MADE}\n") == waiting
