"""Archives and spreadsheets that anybody may hand in, read within bounds of memory and time.

Text is text: nothing that starts with ``=``, ``+``, ``-`` or ``@`` is ever computed. Where formulas are is told apart from
values, because what a formula shows is not what it holds.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

import python_calamine

from loaders.checks import ParseError

# --------------------------------------------------------------------------------------------------------------------
# Archives, within bounds
# --------------------------------------------------------------------------------------------------------------------

MAX_SOURCE_BYTES = 128_000_000
MAX_UNPACKED_BYTES = 400_000_000
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
    content = b""
    if member.file_size <= left:  # what it says; what it holds is measured below
        with archive.open(member) as stream:
            content = stream.read(left + 1)
    if member.file_size > left or len(content) > left:
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
MAX_CELLS = 5_000_000
MAX_TEXT = 400_000_000


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
        raise ParseError(
            f"{what}: the workbook has more than {MAX_CELLS:,} cells. Save the sheet as 'CSV UTF-8'."
        )
    if sum(extent.text for extent in extents.values()) > MAX_TEXT:
        raise ParseError(f"{what}: the workbook holds too much text. Save the sheet as 'CSV UTF-8'.")
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


def _packed(members: dict[str, bytes]) -> io.BytesIO:
    """The members packed anew; each is given up once it is packed, since together they can be large."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in list(members):
            archive.writestr(name, members.pop(name))
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
                raise ParseError(
                    f"{what}: {name} has more than {MAX_CELLS:,} cells. Save the sheet as 'CSV UTF-8'."
                )
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
                raise ParseError(f"{what}: {name} holds too much text. Save the sheet as 'CSV UTF-8'.")

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


def cell_text(cell: Any) -> str:
    """A cell as text without outer blanks: dates as ISO, whole numbers without a point, truth values in lower case."""
    if isinstance(cell, datetime) and cell.time() == time(0):
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return (str(cell).lower() if isinstance(cell, bool) else str(cell)).strip()


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
