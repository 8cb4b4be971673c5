"""Languages: dates, numbers, plural forms, and catalogues that say what the English says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from monitor.export.link import BadLinkError, value_of
from monitor.language import (
    LANGUAGES,
    _,
    format_date,
    format_number,
    format_people,
    format_percent,
    machine_made,
    ngettext,
    set_language,
)
from monitor.locales import catalogues
from monitor.vocabulary import word


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
    assert 0 <= unseen <= entries
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
