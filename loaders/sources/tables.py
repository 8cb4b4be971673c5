"""Reading a provider's CSV: chosen columns as text, with every way in which the file can be wrong told apart."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from loaders.contracts import REJECTED_COLUMNS
from loaders.sources.http import SourceError

MAX_HEADER_BYTES = 200_000
BLOCK_BYTES = 8 << 20

#: How programs write "nothing"; none of them is a word of a provider's vocabulary.
BLANKS = frozenset({"", "na", "n/a", "nan", "none", "null", "-"})

_NOT_CSV = {
    b"PK\x03\x04": "is a ZIP archive or an Excel workbook: unpack it, or save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook: save the sheet as 'CSV UTF-8'",
    b"\x1f\x8b": "is a gzip archive: unpack it",
    b"PAR1": "is a Parquet file: give the provider's own CSV",
    b"%PDF": "is a PDF: give the provider's CSV",
    b"\xff\xfe": "is UTF-16: save it as 'CSV UTF-8'",
    b"\xfe\xff": "is UTF-16: save it as 'CSV UTF-8'",
}


@dataclass(frozen=True)
class Table:
    """Chosen columns of a file.

    Attributes
    ----------
    frame
        Text, no missing values: ``category`` for columns with recurring values, ``str`` for those named as plain. The
        index is the row number in a spreadsheet (the first row below the header is 2).
    rejected
        Rows that are wider or narrower than the header, with ``row, column, value, reason, record``.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame


def is_json(source: bytes) -> bool:
    """Whether a file starts like JSON."""
    return source[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def json_of(source: bytes, what: str) -> Any:
    """Content of a JSON file; raises :class:`SourceError` where it is none."""
    try:
        return json.loads(source.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{what}: the file starts as JSON but is not: {error}. It is cut short or damaged; fetch it again."
        ) from None


def column_key(name: str) -> str:
    """Comparison key of a header cell: lower case, words joined by underscores.

    >>> column_key("EVENT_DATE"), column_key(" Event date")
    ('event_date', 'event_date')
    """
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def first_row(source: bytes, what: str) -> tuple[list[str], str]:
    """First row of a CSV and its delimiter (comma, semicolon or tab: whichever gives most cells).

    Raises
    ------
    SourceError
        Empty, another format, not UTF-8, or a first line that is no header.
    """
    for magic, reason in _NOT_CSV.items():
        if source.startswith(magic):
            raise SourceError(f"{what}: the file {reason} and try again.")
    start = source[: MAX_HEADER_BYTES + 1]
    line = re.split(rb"[\r\n]", start.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)[0]
    if not line.strip():
        raise SourceError(f"{what}: the file is empty or starts with an empty line. Download it again.")
    if line.lstrip()[:1] == b"<":
        raise SourceError(
            f"{what}: the file is a web page, not data. Log in to the provider's site and download it again."
        )
    if len(line) > MAX_HEADER_BYTES or b"\0" in line:
        raise SourceError(f"{what}: the first line is no CSV header. Is this the right file?")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{what}: byte {error.start} of the first line is not UTF-8. Save the file as 'CSV UTF-8' and try again."
        ) from None
    rows = {delimiter: next(csv.reader([text], delimiter=delimiter)) for delimiter in ",;\t"}
    delimiter = max(rows, key=lambda found: len(rows[found]))
    return rows[delimiter], delimiter


def read_table(
    source: bytes,
    *,
    what: str,
    wanted: Sequence[str],
    plain: Sequence[str] = (),
    names: Sequence[str] | None = None,
) -> Table:
    """Read the wanted columns of a CSV that has them.

    Parameters
    ----------
    source
        Bytes of the file, UTF-8 with or without byte-order mark.
    what
        Name of the file, for messages.
    wanted
        Keys of columns to read (:func:`column_key`); those that the file lacks are left out.
    plain
        Those among them whose values hardly recur (identifiers).
    names
        Keys of all columns, for a file without a header row.

    Returns
    -------
    Table

    Raises
    ------
    SourceError
        Not a CSV, not UTF-8, a wanted column twice, cut short, or no rows.
    """
    header, delimiter = first_row(source, what)
    keys = list(names) if names else [column_key(name) for name in header]
    present = [name for name in wanted if name in keys]
    twice = [name for name in present if keys.count(name) > 1]
    if twice:
        raise SourceError(f"{what}: column {twice[0]} occurs twice. Remove one of them.")
    unique = [key if key in present else f"unread {number}" for number, key in enumerate(keys)]
    types = {
        name: pa.string() if name in plain else pa.dictionary(pa.int32(), pa.string()) for name in present
    }
    _refuse_open_quote(source, what)
    broken: list[pa_csv.InvalidRow] = []

    def read(*, use_threads: bool) -> pa.Table:
        broken.clear()
        return pa_csv.read_csv(
            pa.py_buffer(source),
            read_options=pa_csv.ReadOptions(
                column_names=unique,
                skip_rows=0 if names else 1,
                use_threads=use_threads,
                block_size=BLOCK_BYTES,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=_keep(broken)
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=present, column_types=types, null_values=[], strings_can_be_null=False
            ),
        )

    try:
        table = read(use_threads=True)
        if broken:
            table = read(use_threads=False)  # only then are rows numbered
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error), what, keys) from None
    ends = [row for row in broken if source.rstrip().endswith(row.text.strip().encode())]
    if ends and ends[-1].actual_columns < ends[-1].expected_columns:
        raise SourceError(
            f"{what}: the last row has {ends[-1].actual_columns} cells, the header has {len(keys)}: the file is cut short. "
            "Download it again."
        )
    if not table.num_rows and not broken:
        raise SourceError(f"{what}: no rows below the header. Download the file again.")
    frame = table.to_pandas()
    first = 1 if names else 2
    numbers = pd.RangeIndex(first, first + len(frame) + len(broken))
    lost = [row.number for row in broken]
    frame.index = numbers.delete([numbers.get_loc(number) for number in lost]) if lost else numbers
    return Table(frame, pd.DataFrame([_width(row) for row in broken], columns=REJECTED_COLUMNS))


def without_blanks(texts: pd.Series) -> pd.Series:
    """Trimmed text; what programs write for "nothing" becomes an empty string. Index and length are kept."""
    return by_value(
        texts, lambda values: values.str.strip().mask(values.str.strip().str.lower().isin(BLANKS), "")
    )


def by_value(texts: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Apply a function to the distinct values of a column and spread the result over its rows.

    Parameters
    ----------
    texts
        ``category`` or ``str``.
    function
        From distinct values (text, one per row) to results, same length and order.

    Returns
    -------
    Series
        One result per row, index of ``texts``; text comes back as ``category``.
    """
    if isinstance(texts.dtype, pd.CategoricalDtype):
        codes, values = texts.cat.codes.to_numpy(), texts.cat.categories
    else:
        codes, values = pd.factorize(texts)
    results = function(pd.Series(list(values), dtype="str"))
    if pd.api.types.is_string_dtype(results.dtype):
        results = results.astype("category")
    return results.take(codes).set_axis(texts.index)


def record_lines(frame: pd.DataFrame) -> list[str]:
    """Every row as one JSON object, for the file of rejected rows."""
    return [
        json.dumps(row, ensure_ascii=False, default=str) for row in frame.astype("str").to_dict("records")
    ]


def rejected_rows(frame: pd.DataFrame, reasons: Mapping[str, tuple[pd.Series, str]]) -> pd.DataFrame:
    """Rows that break a rule, each with its first reason.

    Parameters
    ----------
    frame
        Rows as read, text.
    reasons
        ``{column: (mask of bad rows, reason)}``, in order of precedence.

    Returns
    -------
    DataFrame
        ``row, column, value, reason, record``; one line per bad row, in row order.
    """
    parts, seen = [], pd.Series(False, index=frame.index)
    for column, (bad, reason) in reasons.items():
        chosen = frame[bad & ~seen]
        seen |= bad
        parts.append(
            pd.DataFrame(
                {
                    "row": chosen.index,
                    "column": column,
                    "value": chosen[column].astype("str").to_numpy() if column in chosen else "",
                    "reason": reason,
                    "record": record_lines(chosen),
                },
                columns=REJECTED_COLUMNS,
            )
        )
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=REJECTED_COLUMNS)
    return pd.concat(filled, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)


def _keep(broken: list[pa_csv.InvalidRow]) -> Callable[[pa_csv.InvalidRow], str]:
    def handler(row: pa_csv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    return handler


def _width(row: pa_csv.InvalidRow) -> tuple[int, str, str, str, str]:
    reason = f"has {row.actual_columns} cells, the header has {row.expected_columns}; look for a delimiter that is not quoted"
    return (row.number, "", "", reason, json.dumps({"line": row.text}, ensure_ascii=False))


def _refuse_open_quote(source: bytes, what: str) -> None:
    """A file that ends inside a quoted cell is cut short: its quotation marks do not pair."""
    if not source.endswith((b"\n", b"\r")) and source.count(b'"') % 2:
        raise SourceError(f"{what}: the file ends inside a quoted cell: it is cut short. Download it again.")


def _unreadable(reason: str, what: str, keys: list[str]) -> SourceError:
    found = re.search(r"In CSV column #(\d+)", reason)
    if "UTF8" in reason:
        where = f"column {keys[int(found[1])]}" if found else "the text"
        return SourceError(f"{what}: {where} is not UTF-8. Save the file as 'CSV UTF-8' and try again.")
    return SourceError(
        f"{what}: the file cannot be read as CSV ({reason.splitlines()[0][:200]}). Download it again."
    )
