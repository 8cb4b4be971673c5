"""Reading the curated fact base: CSV written by hand, one header, ISO dates, an empty cell means "not known"."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from loaders.checks import ParseError

#: Columns that every curated table of statements carries.
SOURCE_COLUMNS = ("source_title", "source_publisher", "source_date", "source_url", "source_checked")
STATEMENT_COLUMNS = (*SOURCE_COLUMNS, "source_key")

#: Header of places.csv, which feeds neighborhoods, communes and aliases.
PLACE_COLUMNS = (
    *("id", "name", "alt_names", "commune", "section", "latitude", "longitude", "coordinate_quality"),
    *("coordinate_source", "population", "population_year", "population_source", "notes"),
    *("source_title", "source_publisher", "source_date", "source_url", "source_checked"),
)

OWN_COMPILATION = "Port-au-Prince Conflict Monitor (own compilation)"


def read_rows(source: bytes, columns: Sequence[str], *, what: str) -> pd.DataFrame:
    """Read a curated CSV after asserting its encoding, its header and the width of every row.

    Parameters
    ----------
    source
        The file's bytes, UTF-8 with or without byte-order mark.
    columns
        The header expected, in any order.
    what
        Name of the table, for messages.

    Returns
    -------
    DataFrame
        All columns as text, empty cells as empty strings; the index is the line number in the file.

    Raises
    ------
    ParseError
        Not UTF-8, empty, another header, or a row with more or fewer cells than the header.
    """
    if source.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise ParseError(
            f"{what}: the file is an Excel workbook or an archive. Save the sheet as 'CSV UTF-8', or unpack the archive, and run "
            "the refresh again."
        )
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError(
            f"{what}: byte {error.start} is not UTF-8. Save the file as 'CSV UTF-8' and run the refresh again."
        ) from None
    if (at := text.find("\0")) >= 0:
        line = 1 + text.count("\n", 0, at)
        raise ParseError(
            f"{what}: line {line} holds a byte that is no text (NUL): the file is damaged. Get it again."
        )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        missing = [name for name in columns if name not in header]
        extra = [name for name in header if name not in columns]
        repeated = [name for name, times in Counter(header).items() if times > 1]
        if missing or extra or repeated:
            raise ParseError(
                f"{what}: the header is not the one expected. Missing: {', '.join(missing) or 'none'}; "
                f"unexpected: {_shortened(extra)}{'; repeated: ' + _shortened(repeated) if repeated else ''}. Is this the right file?"
            )
        rows, lines, line = [], [], reader.line_num + 1
        for row in reader:
            if row:
                if len(row) != len(header):
                    raise ParseError(
                        f"{what}: line {line} has {len(row)} cells, the header has {len(header)}. "
                        "Look for a comma or a quotation mark that is not quoted, or a file cut short."
                    )
                rows.append([cell.strip() for cell in row])
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ParseError(f"{what}: line {reader.line_num}: {error}. Is the file cut short?") from None
    if not rows:
        raise ParseError(f"{what}: no rows below the header.")
    return pd.DataFrame(rows, columns=header, index=lines, dtype="str")


def _shortened(names: Sequence[str]) -> str:
    """The first of some column names that a file may have a million of."""
    shown = ", ".join(name[:60] or "(no name)" for name in names[:10])
    return (shown + f" and {len(names) - 10:,} more" if len(names) > 10 else shown) or "none"


def window(dates: pd.Series, precisions: pd.Series) -> tuple[pd.Series, pd.Series]:
    """First and last day of the period that a date of a given precision stands for.

    Parameters
    ----------
    dates
        ISO dates as text; the first day of the period.
    precisions
        ``day``, ``month``, ``quarter`` or ``year``.

    Returns
    -------
    earliest, latest : Series of text
        ISO dates; a date that cannot be read is passed on as it is, for the contract to reject.
    """
    start = pd.to_datetime(dates, format="%Y-%m-%d", errors="coerce")
    end = start.copy()
    for precision, offset in {
        "month": pd.offsets.MonthEnd(0),
        "quarter": pd.offsets.QuarterEnd(0),
        "year": pd.offsets.YearEnd(0),
    }.items():
        chosen = (precisions == precision) & start.notna()
        end[chosen] = start[chosen] + offset
    return dates, end.dt.strftime("%Y-%m-%d").where(end.notna(), dates)


def published(source_dates: pd.Series, event_dates: pd.Series) -> pd.Series:
    """Publication date as text, never before the event it reports.

    A page that gives only its month is compiled as the first of that month, which can lie before the event: then the
    event's own day is the earliest possible publication. A date that cannot be read is passed on as it is, for the
    contract to reject.
    """
    source = pd.to_datetime(source_dates, format="%Y-%m-%d", errors="coerce")
    event = pd.to_datetime(event_dates, format="%Y-%m-%d", errors="coerce")
    return source_dates.where(~(source < event), event_dates)


def statement_source(rows: pd.DataFrame, event_dates: pd.Series) -> dict[str, pd.Series]:
    """Contract columns of the source of each statement, and ``recorded_at`` of the backfill.

    The fact base was compiled afterwards, from dated publications. What could be known on a day is what had been
    published by then, so the backfill is recorded at its publication (docs/decisions/0003-known-on.md). A page that is
    dated no better than the month or year it reports on was there for certain only at the end of that period.
    """
    date = published(rows["source_date"], event_dates)
    _earliest, latest = window(event_dates, rows["date_precision"])
    recorded = latest.where(date == event_dates, date)
    return {
        "source_id": rows["source_key"],
        "source_title": rows["source_title"],
        "source_publisher": rows["source_publisher"],
        "source_url": rows["source_url"],
        "published_date": date,
        "source_checked": rows["source_checked"],
        "recorded_at": recorded.where(recorded == "", recorded + "T00:00:00Z"),
    }


def reference_source(rows: pd.DataFrame, compiled_on: str) -> dict[str, pd.Series]:
    """Contract columns of the source of a reference row (a place, a site): the compilation where nothing else is named."""
    blank = pd.Series("", index=rows.index, dtype="str")
    return {
        "source_id": rows.get("source_key", blank),
        "source_title": rows["source_title"],
        "source_publisher": rows["source_publisher"].where(rows["source_publisher"] != "", OWN_COMPILATION),
        "source_url": rows["source_url"],
        "published_date": rows["source_date"].where(rows["source_date"] != "", compiled_on),
        "source_checked": rows["source_checked"],
    }
