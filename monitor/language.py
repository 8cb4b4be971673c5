"""Languages: translation of the interface's strings, and numbers and dates as each language writes them.

English is in the code; French and Haitian Creole are gettext catalogues under ``monitor/locales``, read as text
(``.po``) at first use, so that nothing compiled can be out of date. The language of the current run is a context
variable, so concurrent sessions do not disturb one another.
"""

from __future__ import annotations

import gettext as _gettext
import io
import re
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from pathlib import Path

import pandas as pd

#: Languages offered, by their code in the link, in their own words.
LANGUAGES = {"en": "English", "fr": "Français", "ht": "Kreyòl ayisyen"}
LOCALES = Path(__file__).parent / "locales"

#: Comment over each entry of a catalogue that no native speaker has reviewed (docs/languages.md).
MACHINE_MADE = "machine-made, not reviewed"

_UNTRANSLATED = re.compile(r'^msgstr(?:\[0\])? ""\n(?!")', re.MULTILINE)

_current: ContextVar[str] = ContextVar("language", default="en")


def set_language(code: str) -> None:
    """Choose the language of the current run.

    Raises
    ------
    ValueError
        The language is not offered.
    """
    if code not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {code!r}")
    _current.set(code)


def language() -> str:
    """Code of the current language."""
    return _current.get()


def catalogue_path(code: str) -> Path:
    """File of a language's catalogue."""
    return LOCALES / code / "LC_MESSAGES" / "monitor.po"


@lru_cache(maxsize=8)
def _catalogue(code: str) -> _gettext.NullTranslations:
    if code == "en":
        return _gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with catalogue_path(code).open("rb") as file:
        catalogue = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


@lru_cache(maxsize=8)
def machine_made(code: str) -> tuple[int, int]:
    """How many translated entries of a language's catalogue no native speaker has reviewed, and how many there are."""
    if code == "en":
        return 0, 0
    text = catalogue_path(code).read_text(encoding="utf-8")
    waiting = len(_UNTRANSLATED.findall(text))
    # What waits for a translation carries the mark, too, and is no translation yet.
    return text.count(f"# {MACHINE_MADE}\n") - waiting, text.count("\nmsgid ") - 1 - waiting


def _(text: str) -> str:
    """Translate a string of the interface."""
    return _catalogue(language()).gettext(text) if text else ""


def ngettext(singular: str, plural: str, number: float) -> str:
    """Translate a string that depends on a number."""
    return _catalogue(language()).ngettext(singular, plural, int(number))


def mark(sign: str) -> str:
    """A colon or semicolon between two parts, and the space after it, as the language sets it."""
    return f"\u202f{sign} " if language() == "fr" else f"{sign} "


def marked(text: str) -> str:
    """Mark a constant for the catalogues; it is translated with ``_()`` where it is shown."""
    return text


#: Short names of the months. French and Haitian Creole: the abbreviations of CLDR, which has no months in Haitian Creole,
#: and the spelling of the official orthography (Akademi Kreyòl Ayisyen), cut to the first three or four letters.
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "ht": ("janv.", "fevr.", "mas", "avr.", "me", "jen", "jiyè", "out", "sept.", "okt.", "nov.", "des."),
}
_FIRST_DAY = {"en": "1", "fr": "1er", "ht": "1ye"}


def format_date(day: date | pd.Timestamp | None) -> str:
    """A civil date, short and without ambiguity: 30 Jan 2026, 30 janv. 2026; an en dash for none."""
    if day is None or pd.isna(day):
        return "–"
    code = language()
    number = _FIRST_DAY[code] if day.day == 1 else day.day
    return f"{number} {MONTHS[code][day.month - 1]} {day.year}"


def format_number(number: float | None, digits: int = 0) -> str:
    """A number with separated thousands; an en dash for none."""
    if number is None or pd.isna(number):
        return "–"
    if language() == "en":
        return f"{number:,.{digits}f}"
    decimal, thousands = separators()
    return f"{number:,.{digits}f}".translate({ord("."): decimal, ord(","): thousands})


@lru_cache(maxsize=8)
def _separators(code: str) -> tuple[str, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    # CLDR writes Haitian Creole as it writes French in Haiti: a decimal comma, thousands apart by a space.
    locale = {"en": "en", "fr": "fr", "ht": "fr_HT"}[code]
    return get_decimal_symbol(locale), get_group_symbol(locale)


def separators() -> tuple[str, str]:
    """Decimal mark, and what separates thousands, in the current language."""
    return _separators(language())


def format_percent(share: float | None) -> str:
    """A share between 0 and 1 as whole per cent; "<1 %" rather than a false zero."""
    if share is None or pd.isna(share):
        return "–"
    percent = 100 * float(share)
    if 0 < percent < 0.5:
        return "<1\u00a0%"
    return f"{format_number(percent)}\u00a0%"


def format_people(people: float | None) -> str:
    """A number of people, rounded to what the source can carry: 1.2 million, 340,000, 5,200."""
    if people is None or pd.isna(people):
        return "–"
    if people >= 999_500:
        return _("{number} million").format(number=format_number(people / 1e6, 1))
    step = 10_000 if people >= 100_000 else 1_000 if people >= 10_000 else 100
    return format_number(round(people / step) * step)
