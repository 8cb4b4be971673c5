"""Reading a provider's table, CSV or Excel: chosen columns as text, with every way in which a file can be wrong told apart.

Liberal in layout: comma, semicolon, tab or bar; a byte-order mark; UTF-16; Windows-1252; headers in any case and order, below
some lines of title; rows of HXL tags; blank rows; a CSV inside a ZIP archive; an Excel sheet instead of a CSV. Strict in
meaning: what cannot be read for certain is refused or rejected with its row and column.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from loaders.contracts import REJECTED_COLUMNS
from loaders.sources.http import SourceError
from loaders.sources.sheets import MAX_UNPACKED_BYTES, Sheet, cell_text, read_sheets, unpack

MAX_HEADER_BYTES = 200_000
BLOCK_BYTES = 8 << 20

#: A header stands among the first rows, below a title at most.
HEADER_ROWS = 20

#: More rows of another width than this are not kept one by one.
MAX_BROKEN_ROWS = 10_000

#: How programs write "nothing"; none of them is a word of a provider's vocabulary.
BLANKS = frozenset({"", "na", "n/a", "nan", "none", "null", "-"})

_NOT_CSV = {
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook or has a password: save it as .xlsx without a password",
    b"\x1f\x8b": "is a gzip archive: unpack it",
    b"7z\xbc\xaf": "is a 7z archive: unpack it",
    b"Rar!": "is a RAR archive: unpack it",
    b"PAR1": "is a Parquet file: give the provider's own CSV",
    b"%PDF": "is a PDF: give the provider's CSV",
}
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

#: Letters and signs of French, Kreyòl and Spanish texts. A text of another encoding read as Windows-1252 shows others.
_WESTERN = frozenset("àâäáæçéèêëîïíìôöóòœùûüúÿñÀÂÄÁÆÇÉÈÊËÎÏÍÌÔÖÓÒŒÙÛÜÚŸÑ’‘“”«»–—…°\u00a0") - {"Â"}


@dataclass(frozen=True)
class Table:
    """Chosen columns of a file.

    Attributes
    ----------
    frame
        Text, no missing values: ``category`` for columns with recurring values, ``str`` for those named as plain. The
        index is the row number in a spreadsheet (the first row below the header is 2). Blank rows and rows of HXL tags are
        left out.
    rejected
        Rows that cannot be read, with ``row, column, value, reason, record``.
    warnings
        What a reader should know about the file.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OpenTable:
    """A table whose header is known, and whose rows are not read yet.

    Attributes
    ----------
    keys
        Header cells as :func:`column_key`, in order; for a sheet without empty ones at the end.
    sheet_name
        Name of the sheet; empty for a CSV.
    """

    what: str
    keys: list[str]
    header_row: int
    delimiter: str
    text: bytes
    sheet: Sheet | None
    sheet_name: str
    warnings: list[str]

    def read(
        self, wanted: Sequence[str], *, plain: Sequence[str] = (), names: Sequence[str] | None = None
    ) -> Table:
        """Read the wanted columns.

        Parameters
        ----------
        wanted
            Keys of columns to read; those that the file lacks are left out.
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
            A wanted column occurs twice, the file is cut short, or it has no rows.
        """
        keys = list(names) if names else self.keys
        present = [name for name in wanted if name in keys]
        twice = [name for name in present if keys.count(name) > 1]
        if twice:
            raise SourceError(f"{self.what}: column {twice[0]} occurs twice. Remove one of them.")
        first = self.header_row + (0 if names else 1)
        if self.sheet is None:
            frame, rejected = _csv_rows(self, keys, present, plain, first=first, has_header=names is None)
        else:
            frame, rejected = _sheet_rows(self.sheet, keys, present, plain, first=first)
        frame = _without_tags_and_blanks(frame)
        if not len(frame) and not len(rejected):
            raise SourceError(f"{self.what}: no rows below the header. Download the file again.")
        return Table(frame, rejected, list(self.warnings))


def open_table(
    source: bytes, what: str, known: Collection[str], *, max_unpacked: int = MAX_UNPACKED_BYTES
) -> OpenTable:
    """Find the header of a CSV or of an Excel workbook.

    Parameters
    ----------
    source
        Bytes of the file: CSV, ``.xlsx``, or a ZIP archive with exactly one CSV.
    what
        Name of the file, for messages.
    known
        Keys of columns (:func:`column_key`) by which the header, the delimiter and the sheet are recognised.
    max_unpacked
        Most bytes that an archive may unpack to.

    Raises
    ------
    ParseError
        Empty, another format, an encoding that cannot be told, damaged, or larger than can be read.
    """
    warnings: list[str] = []
    if source.startswith(b"PK"):
        if b"xl/workbook.xml" in source:
            return _open_workbook(source, what, known)
        source = _only_csv(source, what, max_unpacked)
    for magic, reason in _NOT_CSV.items():
        if source.startswith(magic):
            raise SourceError(f"{what}: the file {reason} and try again.")
    text = _as_utf8(source, what, warnings)
    rows = _first_rows(text, what)
    score = {
        (delimiter, number): (len(set(known) & set(map(column_key, cells))), -number, len(cells))
        for delimiter, found in rows.items()
        for number, (_line, _end, cells) in enumerate(found)
        if cells
    }
    delimiter, number = max(score, key=lambda place: score[place])
    if score[delimiter, number][0] == 0:
        number = next(index for index, (_line, _end, cells) in enumerate(rows[delimiter]) if cells)
    line, start, cells = rows[delimiter][number]
    if line > 1:
        warnings.append(f"{what}: the header stands in line {line}; what stands above it was not read.")
    if not text.endswith((b"\n", b"\r")):
        warnings.append(
            f"{what}: the file does not end with a line end. If it was cut short, its last row may be incomplete."
        )
    body = text[start:] if start else text
    return OpenTable(what, [column_key(cell) for cell in cells], line, delimiter, body, None, "", warnings)


def read_table(
    source: bytes, *, what: str, wanted: Sequence[str], plain: Sequence[str] = (), **options: Any
) -> Table:
    """Open a table and read the wanted columns; see :func:`open_table` and :meth:`OpenTable.read`."""
    return open_table(source, what, wanted, **options).read(wanted, plain=plain)


def is_json(source: bytes) -> bool:
    """Whether a file starts like JSON."""
    return source[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def json_of(source: bytes, what: str) -> Any:
    """Content of a JSON file; raises :class:`SourceError` where it is none."""
    try:
        return json.loads(source.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if not is_json(source):
            raise SourceError(f"{what}: the file is not JSON. Is this the right file?") from None
        raise SourceError(
            f"{what}: the file starts as JSON but is not: {error}. It is cut short or damaged; fetch it again."
        ) from None


@lru_cache(maxsize=4096)
def column_key(name: str) -> str:
    """Comparison key of a header cell: lower case, words joined by underscores.

    >>> column_key("EVENT_DATE"), column_key(" Event date")
    ('event_date', 'event_date')
    """
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


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


def _only_csv(source: bytes, what: str, max_unpacked: int) -> bytes:
    """The one CSV of a ZIP archive."""
    listed: list[str] = []

    def is_csv(name: str) -> bool:
        listed.append(name)
        return name.lower().endswith(".csv") and not name.rpartition("/")[2].startswith((".", "_"))

    members = unpack(source, what, wanted=is_csv, max_bytes=max_unpacked)
    if len(members) != 1:
        raise SourceError(
            f"{what}: the archive holds {len(members)} CSV files among {len(listed)}, not one: "
            f"{', '.join(listed[:6]) or 'nothing'}. Unpack it and give the right file."
        )
    return next(iter(members.values()))


def _as_utf8(source: bytes, what: str, warnings: list[str]) -> bytes:
    """The text as UTF-8 without a mark; raises :class:`SourceError` for an encoding that cannot be told."""
    if source.startswith(_UTF16_MARKS):
        try:
            return source.decode("utf-16").encode()
        except UnicodeError as error:
            raise SourceError(
                f"{what}: the file starts as UTF-16 but is not ({error.args[-1]}): it is cut short. Download it again."
            ) from None
    source = source.removeprefix(_UTF8_MARK)
    if _is_utf8(source):
        return source
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        place = f"byte {error.start}, in line {line},"
    try:
        text = source.decode("cp1252")
    except UnicodeDecodeError:
        text = "\x00"
    strange = {letter for letter in set(text) if letter >= "\x80"} - _WESTERN
    if strange or "\x00" in text:
        raise SourceError(f"{what}: {place} is not UTF-8. Save the file as 'CSV UTF-8' and try again.")
    warnings.append(f"{what}: the file is not UTF-8; it was read as Windows-1252. Check accented names.")
    return text.encode()


def _is_utf8(source: bytes) -> bool:
    offsets = pa.array([0, len(source)], pa.int64()).buffers()[1]
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(source)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _first_rows(text: bytes, what: str) -> dict[str, list[tuple[int, int, list[str]]]]:
    """First rows by delimiter: line number, offset of the line in bytes, cells.

    Raises
    ------
    SourceError
        Empty, a web page, or no text of lines.
    """
    start = text[: MAX_HEADER_BYTES + 1]
    if not start.strip():
        raise SourceError(f"{what}: the file is empty. Download it again.")
    if start.lstrip()[:1] == b"<":
        raise SourceError(
            f"{what}: the file is a web page, not data. Log in to the provider's site and download it again."
        )
    if (at := text.find(b"\0")) >= 0:
        line = 1 + text.count(b"\n", 0, at)
        raise SourceError(
            f"{what}: line {line} holds a byte that is no text (NUL): the file is damaged, or saved as "
            "UTF-16 or UTF-32 without its mark. Save the file as 'CSV UTF-8' and try again."
        )
    if len(re.split(rb"[\r\n]", start, maxsplit=1)[0]) > MAX_HEADER_BYTES:
        raise SourceError(f"{what}: the first line is no CSV header. Is this the right file?")
    lines = start.splitlines(keepends=True)[: HEADER_ROWS + 1]
    if len(start) < len(text):
        lines = lines[:-1] or lines
    offsets = [0]
    for one in lines:
        offsets.append(offsets[-1] + len(one))
    texts = [one.decode("utf-8", errors="replace") for one in lines]
    try:
        return {
            delimiter: [
                (number, offsets[number - 1], next(csv.reader([line], delimiter=delimiter), []))
                for number, line in enumerate(texts[:HEADER_ROWS], 1)
            ]
            for delimiter in ",;\t|"
        }
    except csv.Error as error:  # a cell of more than 131,072 characters
        raise SourceError(f"{what}: the first lines are no CSV ({error}). Is this the right file?") from None


def _open_workbook(source: bytes, what: str, known: Collection[str]) -> OpenTable:
    """The sheet and the row that look most like the header."""
    best: tuple[int, int, str] | None = None
    sheets = read_sheets(source, what)
    for name, sheet in sheets.items():
        for number, row in enumerate(sheet.rows[:HEADER_ROWS], 1):
            score = len(set(known) & {column_key(cell_text(cell)) for cell in row})
            if best is None or score > best[0]:
                best = (score, number, name)
    if best is None or best[0] == 0:
        raise SourceError(
            f"{what}: no sheet has the columns needed (sheets: {', '.join(sheets) or 'none'}). Is this the right file?"
        )
    _score, number, name = best
    sheet = sheets[name]
    keys = [column_key(cell_text(cell)) for cell in sheet.rows[number - 1]]
    while keys and not keys[-1]:
        keys.pop()
    warnings = [f"{what}: read from sheet {name!r}."] if name != next(iter(sheets)) else []
    return OpenTable(what, keys, number, "", b"", sheet, name, warnings)


def _sheet_rows(
    sheet: Sheet, keys: list[str], present: list[str], plain: Sequence[str], *, first: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Wanted cells of a sheet as text; rows with formulas in them are rejected."""
    places = {name: keys.index(name) for name in present}
    rows = sheet.rows[first - 1 :]
    frame = pd.DataFrame(
        {
            name: pd.Series(
                [cell_text(row[place]) for row in rows], dtype="str" if name in plain else "category"
            )
            for name, place in places.items()
        }
    ).set_axis(pd.RangeIndex(first, first + len(rows)))
    names = {place + 1: name for name, place in places.items()}
    computed = {row: names[column] for row, column in sorted(sheet.formulas, reverse=True) if column in names}
    bad = frame.index.isin(list(computed))
    rejected = frame[bad]
    lines = [
        (
            row,
            computed[row],
            frame.at[row, computed[row]],
            "comes from a formula. Type the value itself, or save the sheet with values only",
            record,
        )
        for row, record in zip(rejected.index, record_lines(rejected), strict=True)
    ]
    return frame[~bad], pd.DataFrame(lines, columns=REJECTED_COLUMNS)


def _csv_rows(
    table: OpenTable,
    keys: list[str],
    present: list[str],
    plain: Sequence[str],
    *,
    first: int,
    has_header: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Wanted columns of a CSV; rows of another width are rejected."""
    what, source = table.what, table.text
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
                skip_rows=1 if has_header else 0,
                use_threads=use_threads,
                block_size=BLOCK_BYTES,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=table.delimiter, newlines_in_values=True, invalid_row_handler=_keep(broken)
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=present, column_types=types, null_values=[], strings_can_be_null=False
            ),
        )

    try:
        found = read(use_threads=True)
        if broken:
            found = read(use_threads=False)  # only then are rows numbered
    except pa.ArrowInvalid as error:
        if "Could not skip initial" in str(error):
            raise SourceError(f"{what}: no rows below the header. Download the file again.") from None
        raise SourceError(
            f"{what}: the file cannot be read as CSV ({str(error).splitlines()[0][:200]}). Download it again."
        ) from None
    # Rows that only fill up the sheet are none of the table's.
    lines = [row for row in broken if row.text.strip(table.delimiter + " \t\r\n")]
    tail = source[-BLOCK_BYTES:].rstrip()
    ends = [row for row in lines if tail.endswith(row.text.strip().encode())]
    if ends and ends[-1].actual_columns < ends[-1].expected_columns:
        raise SourceError(
            f"{what}: the last row has {ends[-1].actual_columns} cells, the header has {len(keys)}: the file is cut short. "
            "Download it again."
        )
    frame = found.to_pandas()
    numbers = pd.RangeIndex(first, first + len(frame) + len(broken))
    offset = first - (2 if has_header else 1)
    lost = [row.number + offset for row in broken]
    frame.index = numbers.delete([numbers.get_loc(number) for number in lost]) if lost else numbers
    return frame, pd.DataFrame([_width(row, offset) for row in lines], columns=REJECTED_COLUMNS)


def _without_tags_and_blanks(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows without those of HXL tags (#date, #adm1 …, below the header) and without blank ones."""
    if not len(frame) or not len(frame.columns):
        return frame
    first = frame.iloc[0].astype("str").str.strip()
    filled = first[first != ""]
    if len(filled) and filled.str.startswith("#").all():
        frame = frame.iloc[1:]
    blank = pd.Series(True, index=frame.index)
    for name in frame.columns:
        blank &= (frame[name] == "").to_numpy()
        if not blank.any():
            return frame
    return frame[~blank]


def _keep(broken: list[pa_csv.InvalidRow]) -> Callable[[pa_csv.InvalidRow], str]:
    def handler(row: pa_csv.InvalidRow) -> str:
        broken.append(row)
        return "skip" if len(broken) <= MAX_BROKEN_ROWS else "error"

    return handler


def _width(row: pa_csv.InvalidRow, offset: int) -> tuple[int, str, str, str, str]:
    reason = f"has {row.actual_columns} cells, the header has {row.expected_columns}; look for a delimiter that is not quoted"
    return (row.number + offset, "", "", reason, json.dumps({"line": row.text[:5000]}, ensure_ascii=False))


def _refuse_open_quote(source: bytes, what: str) -> None:
    """A file that ends inside a quoted cell is cut short: its quotation marks do not pair."""
    if not source.endswith((b"\n", b"\r")) and source.count(b'"') % 2:
        raise SourceError(f"{what}: the file ends inside a quoted cell: it is cut short. Download it again.")
