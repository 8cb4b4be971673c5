"""Languages: translation of the interface's strings, and numbers and dates as each language writes them.

English is in the code; French and Haitian Creole are gettext catalogues under ``monitor/locales``. The language of
the current run is a context variable, so concurrent sessions do not disturb one another.
"""

from __future__ import annotations

import gettext as _gettext
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from pathlib import Path

import pandas as pd

LANGUAGES = {"en": "English"}
LOCALES = Path(__file__).parent / "locales"

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


@lru_cache(maxsize=8)
def _catalogue(code: str) -> _gettext.NullTranslations:
    return _gettext.translation("monitor", LOCALES, languages=[code], fallback=code == "en")


def _(text: str) -> str:
    """Translate a string of the interface."""
    return _catalogue(language()).gettext(text)


def ngettext(singular: str, plural: str, number: float) -> str:
    """Translate a string that depends on a number."""
    return _catalogue(language()).ngettext(singular, plural, int(number))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_date(day: date | pd.Timestamp | None) -> str:
    """A civil date, short and without ambiguity: 30 Jan 2026; an en dash for none."""
    if day is None or pd.isna(day):
        return "–"
    if language() == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    from babel.dates import format_date as babel_date

    return babel_date(day, format="d MMM y", locale=language())


def format_number(number: float | None, digits: int = 0) -> str:
    """A number with separated thousands; an en dash for none."""
    if number is None or pd.isna(number):
        return "–"
    if language() == "en":
        return f"{number:,.{digits}f}"
    from babel.numbers import format_decimal

    return format_decimal(
        round(float(number), digits),
        format="#,##0" + ("." + "0" * digits if digits else ""),
        locale=language(),
    )


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
