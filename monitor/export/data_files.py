"""The data that a figure draws, as CSV and XLSX with what one must know about it, and how to cite it.

What a spreadsheet program would take for a formula stays text; rows that a provider's terms forbid to pass on are left out
and counted; the same figure gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from loaders.contracts import CONTRACTS
from monitor.analysis import licences
from monitor.analysis.definitions import DEFINITIONS
from monitor.analysis.model import Model
from monitor.charts.style import evidence_label
from monitor.export.figures import FIGURES, BuiltFigure
from monitor.export.link import address, query_of
from monitor.language import _, format_date, format_number, language, mark

#: First characters that make a spreadsheet program compute a cell.
_FORMULA_START = ("=", "+", "-", "@", "\t", "\n")
#: Files inside a ZIP need a time; one that never changes.
_ZIP_TIME = (2000, 1, 1, 0, 0, 0)

About = list[tuple[str, str]]


def link_of(built: BuiltFigure, *, pinned_to: str | None, brief: str | None = None) -> str:
    """Link to the page that shows the figure, relative to the root of the site.

    Parameters
    ----------
    pinned_to
        Snapshot that the link keeps to; None for a live link.
    """
    query = query_of(built.choice, built.parameters, language=language(), snapshot_id=pinned_to)
    if brief:
        query |= {"brief": brief, "figure": built.figure_id}
    return address(FIGURES[built.figure_id].page, query)


def image_of(built: BuiltFigure, *, pinned_to: str | None, file_format: str = "png") -> str:
    """Address of the figure as an image, relative to the root of the site."""
    query = query_of(built.choice, built.parameters, language=language(), snapshot_id=pinned_to)
    return address(f"figures/{built.figure_id}.{file_format}", query)


def citation(built: BuiltFigure, *, accessed: date, site: str) -> str:
    """How to cite a figure, with the day it was seen.

    Parameters
    ----------
    site
        Address of the dashboard, with a slash at the end; empty where it is not known.
    """
    stamp = built.stamp
    parts = [
        _("Port-au-Prince Conflict Monitor"),
        f"“{stamp.title}”",
        stamp.subtitle,
        _("Source: {sources}").format(sources=stamp.sources),
        _("Snapshot {id}").format(id=stamp.snapshot_id),
        _("Accessed {date}").format(date=format_date(accessed)),
    ]
    text = " ".join(part if part.endswith((".", ".”")) else part + "." for part in parts if part)
    return f"{text} {site}{link_of(built, pinned_to=stamp.snapshot_id)}" if site else text


def about(built: BuiltFigure, model: Model, *, accessed: date, site: str) -> About:
    """What one must know about the data of a figure: lines of a name and a text."""
    stamp, choice = built.stamp, built.choice
    table = licences.released(built.table)
    lines = [
        (_("Title"), stamp.title),
        (_("Description"), built.alt),
        (_("Figure"), built.figure_id),
        (_("As of"), choice.as_of.isoformat()),
        (_("As known on"), choice.known_on.isoformat() if choice.known_on else _("all that is known")),
        (_("Evidence"), evidence_label(choice.evidence)),
        (_("A report counts for (days)"), str(choice.stale_after_days)),
        *((_("Filter {name}").format(name=name), str(value)) for name, value in built.parameters.items()),
        (_("Rows"), format_number(len(table))),
    ]
    if withheld := len(built.table) - len(table):
        lines.append(
            (
                _("Rows left out"),
                _("{count} rows of providers whose terms forbid to pass them on").format(
                    count=format_number(withheld)
                ),
            )
        )
    lines += [
        (_("Caveat"), stamp.caveat),
        (_("Snapshot"), stamp.snapshot_id),
        (_("Live link"), site + link_of(built, pinned_to=None)),
        (_("Pinned link"), site + link_of(built, pinned_to=stamp.snapshot_id)),
        (_("Citation"), citation(built, accessed=accessed, site=site)),
    ]
    for name in stamp.datasets:
        text, made = model.description(name), model.provenance(name)
        lines.append(
            (
                _("Dataset {name}").format(name=name),
                _(
                    "{title}; producer: {producer}; licence: {licence}; attribution: {attribution}; accessed {date}"
                ).format(
                    title=_(text["title"]),
                    producer=_(text["producer"]),
                    licence=_(text["licence"]),
                    attribution=_(text.get("attribution", "–")),
                    date=made["source"]["accessed_on"],
                ),
            )
        )
        lines += [(_("Required attribution"), line) for line in licences.attributions(model.frame(name))]
    used = FIGURES[built.figure_id].definitions
    lines += [
        (_("Definition {id}").format(id=item.definition_id), f"{_(item.name)}{mark(':')}{_(item.text)}")
        for item in DEFINITIONS
        if item.definition_id in used
    ]
    meanings = {column.name: column.about for name in stamp.datasets for column in CONTRACTS[name].columns}
    lines += [(_("Column {name}").format(name=name), _(meanings[name])) for name in table if name in meanings]
    return [(name, text) for name, text in lines if text]


def csv_bytes(rows: pd.DataFrame) -> bytes:
    """Rows as CSV: UTF-8, LF, ISO dates; texts that a spreadsheet program would compute begin with an apostrophe."""
    texts = rows.copy()
    for name in texts:
        column = texts[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            texts[name] = column.dt.strftime("%Y-%m-%dT%H:%M:%SZ" if column.dt.tz else "%Y-%m-%d")
        elif not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            texts[name] = column.map(_safe, na_action="ignore")
    texts.columns = [_safe(str(name)) for name in texts.columns]
    return texts.to_csv(index=False, lineterminator="\n").encode()


def _safe(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    value = value.replace("\r\n", "\n").replace(
        "\r", "\n"
    )  # a lone carriage return would end the row for some readers
    return f"'{value}" if value.startswith(_FORMULA_START) else value


def csv_archive(built: BuiltFigure, lines: About) -> bytes:
    """ZIP of the figure's data as CSV and of a file that says what one must know about it."""
    known = pd.DataFrame(lines, columns=["name", "text"])
    return zipped(
        {
            f"{built.filename}.csv": csv_bytes(licences.released(built.table)),
            f"{built.filename}-about.csv": csv_bytes(known),
        }
    )


def zipped(files: dict[str, bytes]) -> bytes:
    """Files as a ZIP that depends on nothing but them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, body)
    return buffer.getvalue()


def xlsx(built: BuiltFigure, lines: About) -> bytes:
    """Workbook of the figure's data, with a sheet that says what one must know about it; nothing in it is a formula."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": built.stamp.title[:255], "created": datetime(*_ZIP_TIME, tzinfo=UTC)})
        bold = book.add_format({"bold": True, "bg_color": "#e4e7eb"})
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(_("Data"))
        table = licences.released(built.table)
        for at, name in enumerate(table.columns):
            sheet.write_string(0, at, str(name), bold)
            sheet.set_column(at, at, _width(str(name), table[name]))
            for number, value in enumerate(table[name], start=1):
                _write_cell(sheet, number, at, value, dated)
        sheet.freeze_panes(1, 0)
        if len(table.columns):
            sheet.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)
        notes = book.add_worksheet(_("About"))
        notes.set_column(0, 0, 28, wrapped)
        notes.set_column(1, 1, 110, wrapped)
        for number, (name, text) in enumerate(lines):
            notes.write_string(number, 0, name)
            notes.write_string(number, 1, text)
    return buffer.getvalue()


def _width(name: str, values: Sequence[Any]) -> float:
    longest = max((len(str(value)) for value in values), default=0)
    return min(max(len(name), 10 if "Timestamp" in str(type(values)) else longest) + 2, 48)


def _write_cell(sheet: Any, row: int, column: int, value: Any, dated: Any) -> None:
    if value is None or value is pd.NaT or (not isinstance(value, list) and pd.isna(value)):
        return
    if isinstance(value, pd.Timestamp):
        if value.tz is not None:
            sheet.write_string(row, column, value.strftime("%Y-%m-%dT%H:%M:%SZ"))
        else:
            sheet.write_datetime(row, column, value.to_pydatetime(), dated)
    elif isinstance(value, bool) or type(value).__name__ == "bool":
        sheet.write_boolean(row, column, bool(value))
    elif isinstance(value, int | float) or hasattr(value, "dtype"):
        sheet.write_number(row, column, float(value))
    else:
        sheet.write_string(row, column, str(value))
