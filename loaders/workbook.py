"""Spreadsheets: what anybody may hand in, read within bounds; and the workbook in which staff write statements.

The territorial-control workbook holds one row per assertion: who says what about which place and when. Silence is not a
statement, so a place nobody spoke about has no row. The columns are those of the dataset; place names may be any spelling
of the alias table.

Text is text: nothing that starts with ``=``, ``+``, ``-`` or ``@`` is ever computed. Cells with formulas are refused,
because what they show is not what they hold.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

import pandas as pd
import python_calamine
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.utility import xl_col_to_name

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, REJECTED_COLUMNS, Column
from loaders.crosswalk import actor_ids
from loaders.curated import window
from loaders.names import name_key, resolve
from loaders.sources.interface import Reading
from loaders.sources.tables import column_key, first_row, read_table

# --------------------------------------------------------------------------------------------------------------------
# Archives, within bounds
# --------------------------------------------------------------------------------------------------------------------

MAX_SOURCE_BYTES = 64_000_000
MAX_UNPACKED_BYTES = 128_000_000
MAX_MEMBERS = 1_000
MAX_DIRECTORY_BYTES = 500_000

_ARCHIVE_NAME = re.compile(r"\.(zip|gz|tgz|bz2|xz|zst|7z|rar|tar)$", re.IGNORECASE)
_ARCHIVE_MAGIC = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\xd0\xcf\x11\xe0",
)
_END_OF_DIRECTORY = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"


def unpack(
    source: bytes,
    what: str,
    *,
    wanted: Callable[[str], bool] = lambda name: True,
    max_bytes: int = MAX_UNPACKED_BYTES,
) -> dict[str, bytes]:
    """Unpack members of a ZIP archive in memory.

    Parameters
    ----------
    source
        Bytes of the archive.
    what
        Name of the file, for messages.
    wanted
        Chooses members by name; only these are unpacked.
    max_bytes
        Most that all members together may hold, bytes.

    Returns
    -------
    dict
        Content by member name. Nothing touches the disk, so a name can lead nowhere.

    Raises
    ------
    ParseError
        Cut short or damaged, encrypted, too many or too large members, a name that leaves the archive or occurs twice, or
        an archive inside the archive.
    """
    _refuse_large_directory(source, what)
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MAX_MEMBERS:
                raise ParseError(f"{what}: the archive holds {len(members)} files. Is this the right file?")
            for member in members:
                _refuse_name(member.filename, found, what)
                if wanted(member.filename):
                    left = max_bytes - sum(map(len, found.values()))
                    found[member.filename] = _content(archive, member, left, what)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, OSError, ValueError) as error:
        if isinstance(error, ParseError):
            raise
        raise ParseError(
            f"{what}: the archive is damaged or cut short ({error}). Get the file again."
        ) from None
    except (NotImplementedError, RuntimeError):
        raise ParseError(
            f"{what}: the archive is encrypted or packed in an unusual way. Save it without a password."
        ) from None
    return found


def _refuse_large_directory(source: bytes, what: str) -> None:
    """Refuse before the list of members is read: the list alone could fill the memory."""
    end = source.rfind(_END_OF_DIRECTORY)
    if end < 0 or len(source) < end + 22:
        raise ParseError(f"{what}: the file is no ZIP archive, or is cut short. Get the file again.")
    (size,) = struct.unpack("<L", source[end + 12 : end + 16])
    if size > MAX_DIRECTORY_BYTES or source[max(0, end - 20) : end].startswith(_ZIP64_LOCATOR):
        raise ParseError(f"{what}: the archive lists too many files. Is this the right file?")


def _refuse_name(name: str, found: Mapping[str, bytes], what: str) -> None:
    if name.startswith(("/", "\\")) or ":" in name or ".." in re.split(r"[/\\]", name):
        raise ParseError(f"{what}: the archive names a file outside itself ({name!r}). Do not use this file.")
    if name.lower() in map(str.lower, found):
        raise ParseError(f"{what}: the archive holds {name!r} twice. Get the file again.")
    if _ARCHIVE_NAME.search(name):
        raise ParseError(
            f"{what}: the archive holds another archive ({name!r}). Unpack it and give the inner one."
        )


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, what: str) -> bytes:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError
    with archive.open(member) as stream:
        content = stream.read(left + 1)
    if len(content) > left:
        raise ParseError(f"{what}: unpacked, the file is too large to be read. Is this the right file?")
    if content.startswith(_ARCHIVE_MAGIC):
        raise ParseError(
            f"{what}: the archive holds another archive or document ({member.filename!r}). Remove it and try again."
        )
    return content


# --------------------------------------------------------------------------------------------------------------------
# Excel sheets, within bounds
# --------------------------------------------------------------------------------------------------------------------

MAX_COLUMNS = 500
MAX_CELLS = 1_500_000
MAX_TEXT = 256_000_000


@dataclass(frozen=True)
class Sheet:
    """Cells of one sheet.

    Attributes
    ----------
    rows
        One list per row from row 1 and column A on, all of one length; text, numbers, booleans, dates, ``""`` for nothing.
    formulas
        ``(row, column)`` of cells that hold a formula, both counted from 1.
    """

    rows: list[list[Any]]
    formulas: frozenset[tuple[int, int]]


def read_sheets(source: bytes, what: str) -> dict[str, Sheet]:
    """Read all sheets of an Excel workbook (.xlsx).

    Parameters
    ----------
    source
        Bytes of the file.
    what
        Name of the file, for messages.

    Returns
    -------
    dict
        Sheets by name, in the order of the workbook.

    Raises
    ------
    ParseError
        Another format, with macros, damaged, or with more cells, columns or text than can be read.
    """
    if source.startswith(b"\xd0\xcf\x11\xe0"):
        raise ParseError(
            f"{what}: the file is an old Excel workbook or has a password. Save it as .xlsx without a password."
        )
    if len(source) > MAX_SOURCE_BYTES:
        raise ParseError(
            f"{what}: the file is larger than {MAX_SOURCE_BYTES / 1e6:.0f} MB. Is this the right file?"
        )
    members = unpack(source, what)
    if "xl/workbook.xml" not in members:
        raise ParseError(f"{what}: the file is no Excel workbook. Save it as .xlsx.")
    if any(name.endswith("vbaProject.bin") or "/macrosheets/" in name for name in members):
        raise ParseError(f"{what}: the workbook holds macros. Save it as .xlsx, which has none.")
    try:
        lengths = _shared_lengths(members.get("xl/sharedStrings.xml", b"<sst/>"))
        extents = {
            name: _extent(content, lengths, what, name)
            for name, content in members.items()
            if name.endswith((".xml", ".rels")) and name != "xl/sharedStrings.xml"
        }
        paths = {name: path for name, path in _sheet_paths(members).items() if path in extents}
    except (expat.ExpatError, ElementTree.ParseError, KeyError, ValueError, IndexError) as error:
        if isinstance(error, ParseError):
            raise
        raise ParseError(f"{what}: the workbook is damaged ({error}). Save it again as .xlsx.") from None
    if sum(extent.rows * extent.columns for extent in extents.values()) > MAX_CELLS:
        raise ParseError(f"{what}: the workbook has more than {MAX_CELLS:,} cells. Give a shorter one.")
    if sum(extent.text for extent in extents.values()) > MAX_TEXT:
        raise ParseError(f"{what}: the workbook holds too much text. Give a shorter one.")
    try:
        # What was checked is what is read: the members are packed anew.
        with python_calamine.CalamineWorkbook.from_filelike(_packed(members)) as book:
            return {
                name: Sheet(
                    book.get_sheet_by_name(name).to_python(skip_empty_area=False),
                    frozenset(extents[paths[name]].formulas),
                )
                for name in book.sheet_names
                if name in paths
            }
    except (python_calamine.CalamineError, KeyError, ValueError) as error:
        raise ParseError(f"{what}: the workbook is damaged ({error}). Save it again as .xlsx.") from None


def _packed(members: Mapping[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    packed.seek(0)
    return packed


@dataclass
class _Extent:
    """How far the cells of a sheet reach, the characters they show, and where formulas are."""

    rows: int = 0
    columns: int = 0
    text: int = 0
    formulas: set[tuple[int, int]] = field(default_factory=set)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _parser() -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _shared_lengths(content: bytes) -> list[int]:
    """Characters of every shared text, which cells only point at: few bytes can stand for very many."""
    lengths: list[int] = []

    def start(name: str, _: dict[str, str]) -> None:
        if _local(name) == "si":
            lengths.append(0)

    def text(data: str) -> None:
        if lengths:
            lengths[-1] += len(data)

    parser = _parser()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.Parse(content, True)
    return lengths


def _extent(content: bytes, lengths: list[int], what: str, name: str) -> _Extent:
    """Measure a sheet without building it; other parts of the workbook measure as empty."""
    extent = _Extent()
    state = {"row": 0, "column": 0, "depth": 0, "shared": False, "value": False, "sheet": False}

    def start(tag: str, attributes: dict[str, str]) -> None:
        local = _local(tag)
        state["depth"] += 1
        if state["depth"] == 1:
            state["sheet"] = local == "worksheet"
        elif not state["sheet"]:
            return
        elif local == "row":
            state["row"] = int(attributes.get("r", state["row"] + 1))
            state["column"] = 0
        elif local == "c":
            state["row"], state["column"] = _position(attributes.get("r"), state["row"], state["column"] + 1)
            state["shared"] = attributes.get("t") == "s"
            extent.rows = max(extent.rows, state["row"])
            extent.columns = max(extent.columns, state["column"])
            if extent.columns > MAX_COLUMNS:
                raise ParseError(
                    f"{what}: {name} has more than {MAX_COLUMNS} columns. Is this the right file?"
                )
            if extent.rows * extent.columns > MAX_CELLS:
                raise ParseError(f"{what}: {name} has more than {MAX_CELLS:,} cells. Give a shorter one.")
        elif local == "f":
            extent.formulas.add((state["row"], state["column"]))
        state["value"] = local == "v"

    def end(_: str) -> None:
        state["depth"] -= 1
        state["value"] = False

    def text(data: str) -> None:
        if state["sheet"]:
            shared = state["shared"] and state["value"]
            extent.text += lengths[int(data)] if shared else len(data)
            if extent.text > MAX_TEXT:
                raise ParseError(f"{what}: {name} holds too much text. Give a shorter one.")

    parser = _parser()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.Parse(content, True)
    return extent


def _position(reference: str | None, row: int, column: int) -> tuple[int, int]:
    """Row and column of a cell such as C7; cells without a reference follow one another."""
    if reference is None:
        return max(row, 1), column
    found = re.fullmatch(r"([A-Z]{1,7})([0-9]{1,9})", reference)
    if found is None:
        raise ValueError(f"{reference!r} is no cell")
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return int(found[2]), number


def _sheet_paths(members: Mapping[str, bytes]) -> dict[str, str]:
    """Member that holds each sheet, by the name of the sheet."""
    links = {
        link.get("Id"): link.get("Target", "")
        for link in ElementTree.fromstring(members["xl/_rels/workbook.xml.rels"])
    }
    paths = {}
    for element in ElementTree.fromstring(members["xl/workbook.xml"]).iter():
        if element.tag.rpartition("}")[2] == "sheet":
            target = links[next(value for key, value in element.items() if key.endswith("}id"))]
            paths[element.get("name", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    return paths


# --------------------------------------------------------------------------------------------------------------------
# Text that a spreadsheet program might take for a formula
# --------------------------------------------------------------------------------------------------------------------

_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


def csv_safe(text: str) -> str:
    """Text for a CSV cell: an apostrophe in front of what a spreadsheet program would compute."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_START) else text


def csv_plain(text: str) -> str:
    """The text that :func:`csv_safe` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_START) else text


# --------------------------------------------------------------------------------------------------------------------
# The territorial-control workbook
# --------------------------------------------------------------------------------------------------------------------

CONTRACT = CONTRACTS["territorial_control"]
SHEET = "Statements"
EXAMPLE = "EXAMPLE"

#: Statuses in the workbook are chosen by staff from the vocabulary: no crosswalk maps them.
CROSSWALK_VERSION = "chosen-by-staff"

#: Columns of the workbook that the dataset calls otherwise.
_DATASET_NAME = {"place": "neighborhood_id", "actors": "actor_text"}

COLUMNS = (
    *("assertion_id", "place", "sub_zone", "status", "source_word", "actors", "from_earliest", "from_latest"),
    *("date_precision", "claimant", "claimant_name", "verification", "confidence", "source_title"),
    *("source_publisher", "source_url", "published_date", "source_checked", "source_id", "note"),
)

#: Columns that the workbook may leave empty although the dataset does not: they are worked out.
_WORKED_OUT = ("assertion_id", "from_latest")

#: What makes two rows the same assertion.
_IDENTITY = (
    *("neighborhood_id", "sub_zone", "status", "from_earliest", "claimant", "claimant_name"),
    *("source_publisher", "source_url", "published_date"),
)

_SPEC: dict[str, Column] = {
    name: next(column for column in CONTRACT.columns if column.name == _DATASET_NAME.get(name, name))
    for name in COLUMNS
}


class Statements(NamedTuple):
    """What a workbook says.

    Attributes
    ----------
    frame
        Columns of ``CONTRACTS["territorial_control"]`` as text, dates as ISO; the index is the row number in the sheet.
        Empty, for the refresh to fill: ``actor_id`` and ``actor_ids`` (from ``actor_text``), ``recorded_at``.
    rejected
        Rows that cannot be used, with ``row, column, value, reason, record``; one line per row.
    unresolved
        Names of places that no alias resolves, sorted.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame
    unresolved: list[str]


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a workbook into complete rows of ``territorial_control``; see :func:`read_workbook`.

    A workbook only adds and changes statements: silence withdraws nothing.
    """
    found = read_workbook(source, context.frames["aliases"])
    named = actor_ids(found.frame["actor_text"], context.files["actor_words.csv"])
    frame = found.frame.assign(
        actor_ids=named,
        actor_id=named.str.split("|").str[0],
        recorded_at=recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return Reading(frame, Findings(rejected=found.rejected, unresolved=found.unresolved))


def read_workbook(source: bytes, aliases: pd.DataFrame) -> Statements:
    """Read a territorial-control workbook.

    Parameters
    ----------
    source
        Bytes of the .xlsx file, or of its sheet as CSV (UTF-8, comma or semicolon).
    aliases
        Frame of the dataset ``aliases``.

    Returns
    -------
    Statements
        Example rows and empty rows are left out.

    Raises
    ------
    ParseError
        The file as a whole cannot be used: another format, no sheet "Statements", another header, no statements.
    """
    what = "territorial-control workbook"
    if len(source) > MAX_SOURCE_BYTES:
        raise ParseError(
            f"{what}: the file is larger than {MAX_SOURCE_BYTES / 1e6:.0f} MB. Is this the right file?"
        )
    if source.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        where, (rows, formulas) = f"sheet {SHEET}, ", _from_sheet(source, what)
        broken = pd.DataFrame(columns=REJECTED_COLUMNS)
    else:
        where, formulas = "", frozenset()
        rows, broken = _from_csv(source, what)
    rows = rows[(rows != "").any(axis=1) & ~rows["assertion_id"].str.upper().str.startswith(EXAMPLE)]
    if rows.empty and broken.empty:
        raise ParseError(
            f"{what}: no statements below the header and the examples. Fill in rows and try again."
        )
    return _statements(rows, formulas, where, broken, aliases)


def _from_sheet(source: bytes, what: str) -> tuple[pd.DataFrame, frozenset[tuple[int, str]]]:
    sheets = read_sheets(source, what)
    if SHEET not in sheets:
        raise ParseError(
            f"{what}: no sheet is called {SHEET!r} (found: {', '.join(sheets)}). Start from a new template."
        )
    sheet = sheets[SHEET]
    header = [column_key(cell_text(cell)) for cell in sheet.rows[0]] if sheet.rows else []
    filled = max(
        (column for row in sheet.rows for column, cell in enumerate(row, 1) if cell != ""), default=0
    )
    _refuse_header(header[:filled], what)
    body = [[cell_text(cell) for cell in row[:filled]] for row in sheet.rows[1:]]
    rows = pd.DataFrame(body, columns=header[:filled], index=range(2, len(body) + 2), dtype="str")
    formulas = frozenset((row, header[column - 1]) for row, column in sheet.formulas if column <= filled)
    return rows[list(COLUMNS)], formulas


def _from_csv(source: bytes, what: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    header, _ = first_row(source, what)
    _refuse_header([column_key(name) for name in header], what)
    table = read_table(source, what=what, wanted=COLUMNS, plain=COLUMNS)
    rows = table.frame[list(COLUMNS)].apply(lambda texts: texts.str.strip().map(csv_plain).astype("str"))
    return rows, table.rejected


def _refuse_header(header: list[str], what: str) -> None:
    missing = [name for name in COLUMNS if name not in header]
    extra = [name or "(no name)" for name in header if name not in COLUMNS]
    twice = sorted({name for name in header if header.count(name) > 1})
    if missing or extra or twice:
        raise ParseError(
            f"{what}: row 1 is not the header of the template. Missing: {', '.join(missing) or 'none'}; unexpected: "
            f"{', '.join(extra) or 'none'}; twice: {', '.join(twice) or 'none'}. Restore the header, or copy the rows into "
            "a new template."
        )


def cell_text(cell: Any) -> str:
    """A cell as text without outer blanks: dates as ISO, whole numbers without a point, truth values in lower case."""
    if isinstance(cell, datetime) and cell.time() == time(0):
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return (str(cell).lower() if isinstance(cell, bool) else str(cell)).strip()


def _statements(
    rows: pd.DataFrame,
    formulas: frozenset[tuple[int, str]],
    where: str,
    broken: pd.DataFrame,
    aliases: pd.DataFrame,
) -> Statements:
    places = resolve(rows["place"], aliases)
    shared = aliases.drop_duplicates(["alias_key", "neighborhood_id"]).groupby("alias_key")["neighborhood_id"]
    several = shared.agg(", ".join)[shared.size() > 1]
    computed: dict[int, set[str]] = {}
    for row, column in formulas:
        computed.setdefault(row, set()).add(column)
    ends = window(rows["from_earliest"], rows["date_precision"])[1]
    rows = rows.assign(from_latest=rows["from_latest"].where(rows["from_latest"] != "", ends))
    kept, faults, unresolved = [], [], set()
    seen: dict[str, int] = {}
    for (row, cells), place in zip(rows.to_dict("index").items(), places, strict=True):
        fault = _fault(cells, computed.get(row, set()))
        if fault is None and pd.isna(place):
            unresolved.add(cells["place"])
            fault = "place", _unknown_place(cells["place"], several)
        if fault is None:
            statement = _statement(cells, place)
            first = seen.setdefault(statement["assertion_id"], row)
            if first == row:
                kept.append((row, statement))
                continue
            fault = "assertion_id", f"says the same as row {first}. Remove one of the two"
        column, reason = fault
        faults.append(
            {
                "row": row,
                "column": column,
                "value": cells[column],
                "reason": f"{where}row {row}, column {column}: {cells[column]!r} {reason}.",
                "record": json.dumps(cells, ensure_ascii=False),
            }
        )
    frame = pd.DataFrame(
        [statement for _, statement in kept],
        columns=CONTRACT.column_names,
        index=[row for row, _ in kept],
        dtype="str",
    )
    rejected = pd.DataFrame(faults, columns=REJECTED_COLUMNS)
    if len(broken):
        rejected = pd.concat([broken, rejected], ignore_index=True).sort_values("row", ignore_index=True)
    return Statements(frame, rejected, sorted(unresolved))


def _unknown_place(name: str, several: pd.Series) -> str:
    key = name_key(name)
    if key in several.index:
        return f"names several places. Write one of: {several[key]}"
    return "is not a known place. Choose one from the list, one place a row; the spelling waits in the queue of names"


def _fault(cells: Mapping[str, str], formulas: set[str]) -> tuple[str, str] | None:
    """First broken rule of a row: the column, and what is wrong with its value and what to do."""
    for name in COLUMNS:
        spec, value = _SPEC[name], cells[name]
        if name in formulas:
            return name, "comes from a formula. Type the value itself"
        if value == "":
            if not spec.required or name in _WORKED_OUT:
                continue
            if name == "status":
                return name, "is empty. Choose a status, or delete the row: silence is not a statement"
            return name, f"is empty. Fill in: {spec.about}"
        if spec.values and value not in spec.values:
            return name, f"is not in the list. Choose one of: {', '.join(spec.values)}"
        if spec.kind == "date" and not _is_date(value):
            return name, "is not a date. Write it as YYYY-MM-DD, without a time of day"
        if spec.kind == "url" and not re.fullmatch(r"https?://\S+", value):
            return name, "is not a web address. Start it with http:// or https://, or leave it empty"
        if spec.kind == "id" and name != "place" and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:'-]*", value):
            return name, "is not an id. Use letters without accents, digits, - _ . only, or leave it empty"
    if cells["from_latest"] < cells["from_earliest"]:
        return "from_latest", f"lies before from_earliest ({cells['from_earliest']}). Exchange the two"
    if cells["published_date"] < cells["from_earliest"]:
        return (
            "published_date",
            f"lies before the day it reports on ({cells['from_earliest']}). Correct one of the two",
        )
    return None


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _statement(cells: Mapping[str, str], place: str) -> dict[str, str]:
    statement = dict.fromkeys(CONTRACT.column_names, "")
    statement |= {_DATASET_NAME.get(name, name): value for name, value in cells.items()}
    statement |= {"neighborhood_id": place, "crosswalk_version": CROSSWALK_VERSION}
    if not statement["assertion_id"]:
        identity = "\x1f".join(statement[name] for name in _IDENTITY)
        statement["assertion_id"] = f"WB-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    return statement


# --------------------------------------------------------------------------------------------------------------------
# The template
# --------------------------------------------------------------------------------------------------------------------

#: Rows of the template that have drop-downs.
TEMPLATE_ROWS = 2_000

_FIRST_DATE, _LAST_DATE = date(1986, 1, 1), date(2100, 1, 1)

_ABOUT = {
    "assertion_id": "leave empty; an id is given. Keep an id that is there: it lets you correct the row later",
    "place": "the place, one a row: from the list, or any spelling the alias table knows",
    "from_latest": "last day of the window in which it held; empty: the end of the day, month, quarter or year",
    "actors": "armed groups and forces named, as written",
}

_GUIDE = (
    "One row is one assertion: one source says one thing about one place for one day or window.",
    "Silence is not a statement. Do not repeat a status for weeks in which nobody said anything: the dashboard lets it age.",
    "Two sources that disagree are two rows. A correction by the same source is a new row.",
    f"Rows whose assertion_id starts with {EXAMPLE} are examples: they are never read. You may delete them.",
    "Dates are the day in Port-au-Prince, written 2026-11-22. The day of the event and the day of publication are different.",
    "A patrol is presence (state_presence), not control. A statement about a whole commune names the commune.",
    "Type values, not formulas. Leave the header and the names of the sheets as they are.",
    "Save as .xlsx. 'CSV UTF-8' with the same header works too.",
)

_STATUS_GUIDE = {
    "gang_control": "an armed group extracts and imposes rules, backed by force",
    "gang_influence": "the same, but partial or intermittent",
    "contested": "fighting, or no side prevails",
    "state_presence": "patrols or visits by police, army or the international force",
    "state_held": "held or cleared by police, army or the international force",
    "third_party": "residents' brigades or others hold it",
    "unknown": "the source says that it is not known",
}

_EXAMPLES: tuple[dict[str, str | date], ...] = (
    {
        "place": "Solino",
        "status": "gang_control",
        "source_word": "sous le contrôle des gangs",
        "actors": "Viv Ansanm",
        "from_earliest": date(2024, 11, 14),
        "date_precision": "day",
        "claimant": "press",
        "verification": "single_source",
        "confidence": "medium",
        "source_title": "Example: a newspaper article",
        "source_publisher": "A newspaper",
        "source_url": "https://example.org/article",
        "published_date": date(2024, 11, 15),
        "source_checked": "page",
        "note": "Example: residents say that the last police post was abandoned",
    },
    {
        "place": "Delmas 30",
        "sub_zone": "upper part",
        "status": "state_presence",
        "source_word": "patrouilles régulières",
        "actors": "PNH",
        "from_earliest": date(2025, 3, 1),
        "date_precision": "month",
        "claimant": "state",
        "claimant_name": "Haitian National Police",
        "verification": "claimed",
        "confidence": "low",
        "source_title": "Example: a communiqué",
        "source_publisher": "Haitian National Police",
        "published_date": date(2025, 4, 2),
        "source_checked": "page",
        "note": "Example: known to the month only; the window ends on 31 March by itself",
    },
)


def write_template(path: Path, aliases: pd.DataFrame) -> None:
    """Write an empty workbook with drop-downs, examples and a guide.

    Parameters
    ----------
    path
        File to write; its name ends in ``.xlsx``.
    aliases
        Frame of the dataset ``aliases``, for the names of places.

    Raises
    ------
    ParseError
        The name ends otherwise, or the file cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise ParseError(f"{path.name}: the template is an Excel workbook. Give a name that ends in .xlsx.")
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "Statements about territorial control", "created": datetime(2026, 1, 1)})  # noqa: DTZ001
    formats = {
        "head": book.add_format({"bold": True, "bg_color": "#d9e2ec", "border": 1, "text_wrap": True}),
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "example": book.add_format({"italic": True, "font_color": "#808080", "num_format": "@"}),
        "example date": book.add_format(
            {"italic": True, "font_color": "#808080", "num_format": "yyyy-mm-dd"}
        ),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    lists = {"place": place_names(aliases)} | {
        name: list(spec.values) for name, spec in _SPEC.items() if spec.values
    }
    statements, guide, lookup = (book.add_worksheet(name) for name in (SHEET, "Guide", "Lists"))
    _write_statements(statements, lists, formats)
    _write_guide(guide, formats)
    for column, (name, values) in enumerate(lists.items()):
        lookup.write_string(0, column, name, formats["head"])
        for row, value in enumerate(values, 1):
            lookup.write_string(row, column, value)
        lookup.set_column(column, column, 28)
    try:
        book.close()
    except (OSError, XlsxWriterException) as error:
        raise ParseError(
            f"{path.name}: cannot be written ({error}). Is it open, or the folder missing?"
        ) from None


def place_names(aliases: pd.DataFrame) -> list[str]:
    """Names for the drop-down, sorted: the main name of each place, or its id where the name also means another place."""
    main = aliases[aliases["is_name"]].drop_duplicates("neighborhood_id")
    clear = resolve(main["alias"], aliases) == main["neighborhood_id"]
    return sorted(main["alias"].where(clear, main["neighborhood_id"]), key=name_key)


def _write_statements(sheet: Any, lists: Mapping[str, list[str]], formats: Mapping[str, Any]) -> None:
    for column, name in enumerate(COLUMNS):
        spec, is_date = _SPEC[name], _SPEC[name].kind == "date"
        sheet.write_string(0, column, name, formats["head"])
        sheet.set_column(
            column, column, 14 if is_date or spec.values else 24, formats["date" if is_date else "text"]
        )
        about = {"input_title": name, "input_message": _about(name)[:255], "ignore_blank": True}
        if name in lists:
            letter = xl_col_to_name(list(lists).index(name))
            about |= {"validate": "list", "source": f"=Lists!${letter}$2:${letter}${len(lists[name]) + 1}"}
            # Other spellings of a place are welcome; other words of a vocabulary are not.
            about |= {"error_type": "warning" if name == "place" else "stop"}
        elif is_date:
            about |= {
                "validate": "date",
                "criteria": "between",
                "minimum": _FIRST_DATE,
                "maximum": _LAST_DATE,
            }
        else:
            about |= {"validate": "any"}
        sheet.data_validation(1, column, TEMPLATE_ROWS, column, about)
    for row, example in enumerate(_EXAMPLES, 1):
        for name, value in {"assertion_id": f"{EXAMPLE} {row}", **example}.items():
            if isinstance(value, date):
                sheet.write_datetime(row, COLUMNS.index(name), value, formats["example date"])
            else:
                sheet.write_string(row, COLUMNS.index(name), value, formats["example"])
    sheet.freeze_panes(1, 2)


def _about(name: str) -> str:
    spec = _SPEC[name]
    required = spec.required and name not in _WORKED_OUT
    return f"{'Required' if required else 'Optional'}: {_ABOUT.get(name, spec.about)}"


def _write_guide(sheet: Any, formats: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 110, formats["wrap"])
    lines = [("How to fill in the sheet Statements", "")]
    lines += [(str(number), text) for number, text in enumerate(_GUIDE, 1)]
    lines += [("", ""), ("Column", "Meaning"), *((name, _about(name)) for name in COLUMNS)]
    lines += [("", ""), ("Status", "Meaning"), *_STATUS_GUIDE.items()]
    for row, (left, right) in enumerate(lines):
        sheet.write_string(row, 0, left, formats["head"] if right in ("", "Meaning") and left else None)
        sheet.write_string(row, 1, right)
