"""Days as providers and spreadsheet programs write them: read for certain or not at all."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

import pandas as pd

from loaders.sources.http import SourceError

_EXCEL_DAY_0 = date(1899, 12, 30)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december", *_MONTHS),
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_LONG = re.compile(r"(\d{1,2})[ -]([A-Za-z]+)[ -](\d{4})")
_NAMED_SHORT = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[ -](\d{2})")
_NAMED_FIRST = re.compile(r"([A-Za-z]+)\.? (\d{1,2}), ?(\d{4})")
_SERIAL = re.compile(r"[45]\d{4}(?:\.0+)?")
_SLASHED = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: 0{1,2}:00(?::00)?)?")


def days(values: pd.Series, what: str, column: str) -> pd.Series:
    """Days that distinct texts name.

    Parameters
    ----------
    values
        Text, one per row: 2026-11-22 (also at midnight), 22 November 2026, 22-Nov-26, Nov 22, 2026, 22/11/2026, or a
        spreadsheet program's count of days (46348).
    what, column
        Name of the file and of its column, for messages.

    Returns
    -------
    Series of datetime64[us]
        Midnight of the day, without zone; NaT for what names no day for certain.

    Raises
    ------
    SourceError
        Numbers such as 03/04/2026 whose order of day and month the file does not decide, or mixes.
    """
    slashed = [match for value in values if (match := _SLASHED.fullmatch(value))]
    day_first = any(int(match[1]) > 12 for match in slashed)
    month_first = any(int(match[2]) > 12 for match in slashed)
    if slashed and day_first == month_first:
        raise SourceError(
            f"{what}: column {column}: dates such as {slashed[0][0]} "
            + ("mix two orders of day and month." if day_first else "can be read as day/month or month/day.")
            + " Export the file again with dates as 2026-11-22."
        )
    return pd.Series([_date(value, month_first=month_first) for value in values], dtype="datetime64[us]")


def _date(text: str, *, month_first: bool) -> datetime | None:
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif (match := _LONG.fullmatch(text)) and match[2].lower() in _MONTH_NAMES:
        year, month, day = int(match[3]), _MONTHS.index(match[2][:3].lower()) + 1, int(match[1])
    elif (match := _NAMED_SHORT.fullmatch(text)) and match[2].lower() in _MONTHS:
        year, month, day = 2000 + int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1])
    elif (match := _NAMED_FIRST.fullmatch(text)) and match[1].lower() in _MONTH_NAMES:
        year, month, day = int(match[3]), _MONTHS.index(match[1][:3].lower()) + 1, int(match[2])
    elif _SERIAL.fullmatch(text):  # days since 1899-12-30, as spreadsheet programs count them (2009 to 2064)
        return datetime.combine(_EXCEL_DAY_0 + timedelta(days=int(float(text))), time())
    elif match := _SLASHED.fullmatch(text):
        first, second, year = (int(part) for part in match.groups())
        month, day = (first, second) if month_first else (second, first)
    else:
        return None
    try:
        return datetime(year, month, day)  # noqa: DTZ001 - a civil date
    except ValueError:
        return None
