"""The workbook in which staff write statements about territorial control, as Excel or CSV, and its template.

One row is one assertion: who says what about which place and when. Silence is not a statement, so a place nobody spoke about
has no row. The columns are those of the dataset; place names may be any spelling of the alias table.

Cells with formulas are refused, because what they show is not what they hold.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.utility import xl_col_to_name

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, REJECTED_COLUMNS, Column
from loaders.crosswalk import actor_ids
from loaders.curated import window
from loaders.names import name_key, resolve
from loaders.sources.interface import Reading
from loaders.sources.sheets import csv_plain
from loaders.sources.tables import open_table

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
    *("source_publisher", "source_url", "published_date", "source_checked", "source_id", "note", "withdraw"),
)

#: Columns that the workbook may leave empty although the dataset does not: they are worked out.
_WORKED_OUT = ("assertion_id", "from_latest")

#: What makes two rows the same assertion.
_IDENTITY = (
    *("neighborhood_id", "sub_zone", "status", "from_earliest", "claimant", "claimant_name"),
    *("source_publisher", "source_url", "published_date"),
)

WITHDRAW = Column(
    "withdraw",
    "text",
    "yes: withdraw the statement that has this assertion_id; nothing else needs to be filled in then",
    values=("yes",),
)

_SPEC: dict[str, Column] = {
    name: next(column for column in CONTRACT.columns if column.name == _DATASET_NAME.get(name, name))
    for name in COLUMNS
    if name != WITHDRAW.name
} | {WITHDRAW.name: WITHDRAW}

#: A workbook without one of these columns cannot be used; the others may be left out.
REQUIRED = tuple(name for name, spec in _SPEC.items() if spec.required and name not in _WORKED_OUT)


@dataclass(frozen=True)
class Statements:
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
    withdrawn
        Ids of statements that staff withdraw, sorted.
    warnings
        What the reader should know about the file.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame
    unresolved: list[str]
    withdrawn: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a workbook into complete rows of ``territorial_control``; see :func:`read_workbook`.

    A workbook only adds and changes statements, and withdraws those that it says it withdraws: silence withdraws nothing.
    """
    found = read_workbook(source, context.frames["aliases"])
    named = actor_ids(found.frame["actor_text"], context.files["actor_words.csv"])
    frame = found.frame.assign(
        actor_ids=named,
        actor_id=named.str.split("|").str[0],
        recorded_at=recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    findings = Findings(warnings=found.warnings, rejected=found.rejected, unresolved=found.unresolved)
    return Reading(frame, findings, withdrawn=tuple(found.withdrawn))


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
    opened = open_table(source, what, COLUMNS)
    warnings = _judge_header(opened.keys, what, opened.header_row)
    table = opened.read(COLUMNS, plain=COLUMNS)
    rows = table.frame.reindex(columns=list(COLUMNS), fill_value="")
    rows = rows.apply(lambda texts: texts.str.strip().astype("str"))
    if not opened.sheet_name:
        rows = rows.apply(lambda texts: texts.map(csv_plain).astype("str"))
    rows = rows[(rows != "").any(axis=1) & ~rows["assertion_id"].str.upper().str.startswith(EXAMPLE)]
    if rows.empty and table.rejected.empty:
        raise ParseError(
            f"{what}: no statements below the header and the examples. Fill in rows and try again."
        )
    where = f"sheet {opened.sheet_name}, " if opened.sheet_name else ""
    return _statements(rows, where, table.rejected, aliases, [*table.warnings, *warnings])


def _judge_header(header: list[str], what: str, line: int) -> list[str]:
    """What is odd about the header and does no harm; raises :class:`ParseError` where rows cannot be read."""
    missing = [name for name in REQUIRED if name not in header]
    twice = sorted({name for name in COLUMNS if header.count(name) > 1})
    extra = [name or "(no name)" for name in header if name not in COLUMNS]
    if missing or twice:
        raise ParseError(
            f"{what}: row {line} is not the header of the template. Missing: {', '.join(missing) or 'none'}; twice: "
            f"{', '.join(twice) or 'none'}; not known: {', '.join(extra) or 'none'}. Restore the header, or copy the rows "
            "into a new template."
        )
    absent = [name for name in COLUMNS if name not in header and name not in ("assertion_id", WITHDRAW.name)]
    warnings = [f"{what}: columns that were not read: {', '.join(extra)}."] if extra else []
    return warnings + ([f"{what}: columns left out: {', '.join(absent)}."] if absent else [])


def _statements(
    rows: pd.DataFrame, where: str, broken: pd.DataFrame, aliases: pd.DataFrame, warnings: list[str]
) -> Statements:
    places = resolve(rows["place"], aliases)
    shared = aliases.drop_duplicates(["alias_key", "neighborhood_id"]).groupby("alias_key")["neighborhood_id"]
    several = shared.agg(", ".join)[shared.size() > 1]
    ends = window(rows["from_earliest"], rows["date_precision"])[1]
    rows = rows.assign(from_latest=rows["from_latest"].where(rows["from_latest"] != "", ends))
    kept, faults, unresolved, withdrawn = [], [], set(), set()
    seen: dict[str, int] = {}
    for (row, cells), place in zip(rows.to_dict("index").items(), places, strict=True):
        fault = _fault(cells)
        if fault is None and cells[WITHDRAW.name]:
            withdrawn.add(cells["assertion_id"])
            continue
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
        faults.append((row, column, cells[column], reason, json.dumps(cells, ensure_ascii=False)))
    frame = pd.DataFrame(
        [statement for _, statement in kept],
        columns=CONTRACT.column_names,
        index=[row for row, _ in kept],
        dtype="str",
    )
    rejected = pd.DataFrame([*broken.itertuples(index=False, name=None), *faults], columns=REJECTED_COLUMNS)
    rejected = rejected.sort_values("row", kind="stable", ignore_index=True)
    rejected["reason"] = [
        f"{where}row {row}" + (f", column {column}: {value!r} " if column else " ") + f"{reason}."
        for row, column, value, reason, _record in rejected.itertuples(index=False, name=None)
    ]
    return Statements(frame, rejected, sorted(unresolved), sorted(withdrawn), warnings)


def _unknown_place(name: str, several: pd.Series) -> str:
    key = name_key(name)
    if key in several.index:
        return f"names several places. Write one of: {several[key]}"
    return "is not a known place. Choose one from the list, one place a row; the spelling waits in the queue of names"


def _fault(cells: Mapping[str, str]) -> tuple[str, str] | None:
    """First broken rule of a row: the column, and what is wrong with its value and what to do."""
    withdraws = cells[WITHDRAW.name] != ""
    if withdraws and not cells["assertion_id"]:
        return "assertion_id", "is empty. Name the statement that is withdrawn"
    for name in (WITHDRAW.name, "assertion_id") if withdraws else COLUMNS:
        spec, value = _SPEC[name], cells[name]
        if value == "":
            if name not in REQUIRED:
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
    if withdraws:
        return None
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
    statement |= {_DATASET_NAME.get(name, name): cells[name] for name in COLUMNS if name != WITHDRAW.name}
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
    "A row of ours that was wrong: put its assertion_id and withdraw = yes; earlier views keep showing it.",
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
    return f"{'Required' if name in REQUIRED else 'Optional'}: {_ABOUT.get(name, spec.about)}"


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
