"""The territorial-control workbook: what staff write comes back as statements, and no file does harm."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from loaders import store, workbook
from loaders.checks import ParseError
from loaders.contracts import ASSERTED_STATUSES, CONTRACTS, enforce
from loaders.sources.sheets import csv_plain, csv_safe, read_sheets
from loaders.workbook import COLUMNS, SHEET, read_workbook, write_template
from tests.server import DATASETS

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


@pytest.fixture(scope="module")
def aliases() -> pd.DataFrame:
    return store.read("aliases", root=DATASETS)


def row(**changes: Any) -> dict[str, Any]:
    """A statement as staff write it."""
    return {
        "place": "Solino",
        "status": "gang_control",
        "source_word": "sous contrôle",
        "actors": "Viv Ansanm",
        "from_earliest": date(2026, 1, 12),
        "date_precision": "day",
        "claimant": "press",
        "verification": "single_source",
        "confidence": "medium",
        "source_title": "Invented article",
        "source_publisher": "Invented newspaper",
        "source_url": "https://example.org/article",
        "published_date": date(2026, 1, 13),
        "source_checked": "page",
    } | changes


def filled(
    folder: Path, aliases: pd.DataFrame, *rows: dict[str, Any], formula: tuple[int, str] | None = None
) -> bytes:
    """The template with rows written below its examples (from row 4 on), as a spreadsheet program saves it."""
    write_template(folder / "template.xlsx", aliases)
    book = openpyxl.load_workbook(folder / "template.xlsx")
    sheet = book[SHEET]
    for number, cells in enumerate(rows, 4):
        for name, value in cells.items():
            cell = sheet.cell(number, COLUMNS.index(name) + 1)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
    if formula:
        number, name = formula
        sheet.cell(number, COLUMNS.index(name) + 1).value = "=1+1"
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def as_csv(*rows: dict[str, Any], delimiter: str = ",", columns: tuple[str, ...] = COLUMNS) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=delimiter, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        [{name: csv_safe(str(value)) for name, value in cells.items() if name in columns} for cells in rows]
    )
    return out.getvalue().encode("utf-8-sig")


Write = Callable[..., bytes]


@pytest.fixture(params=["workbook", "comma", "semicolon"])
def write(request: pytest.FixtureRequest, tmp_path: Path, aliases: pd.DataFrame) -> Write:
    """Write rows as a workbook or as CSV."""
    if request.param == "workbook":
        return lambda *rows: filled(tmp_path, aliases, *rows)
    return lambda *rows: as_csv(*rows, delimiter={"comma": ",", "semicolon": ";"}[request.param])


# -- round trip ------------------------------------------------------------------------------------------------------


def test_what_is_written_comes_back(write: Write, aliases: pd.DataFrame) -> None:
    found = read_workbook(write(row(), row(place="Site Solèy", status="contested", note="=2+3")), aliases)
    assert found.rejected.empty
    assert found.unresolved == []
    assert list(found.frame.columns) == CONTRACTS["territorial_control"].column_names
    first, second = found.frame.to_dict("records")
    assert (first["neighborhood_id"], second["neighborhood_id"]) == ("solino", "cite-soleil")
    assert first["actor_text"] == "Viv Ansanm"
    assert (first["from_earliest"], first["from_latest"], first["published_date"]) == (
        "2026-01-12",
        "2026-01-12",
        "2026-01-13",
    )
    assert second["note"] == "=2+3"


def test_statements_keep_the_contract_once_recorded(write: Write, aliases: pd.DataFrame) -> None:
    found = read_workbook(write(row(), row(place="Delmas 30")), aliases)
    valid, rejected = enforce(
        found.frame.assign(recorded_at="2026-01-14T12:00:00Z"), CONTRACTS["territorial_control"]
    )
    assert len(valid) == 2
    assert rejected.empty


def test_the_same_workbook_gives_the_same_ids(write: Write, aliases: pd.DataFrame) -> None:
    first = read_workbook(write(row(), row(place="Delmas 30")), aliases).frame
    second = read_workbook(write(row(place="Delmas 30", confidence="low"), row()), aliases).frame
    assert set(first["assertion_id"]) == set(second["assertion_id"])


def test_an_id_that_is_there_is_kept(write: Write, aliases: pd.DataFrame) -> None:
    assert read_workbook(write(row(assertion_id="CA0001")), aliases).frame["assertion_id"].tolist() == [
        "CA0001"
    ]


@pytest.mark.parametrize(
    ("precision", "end"),
    [("day", "2026-02-01"), ("month", "2026-02-28"), ("quarter", "2026-03-31"), ("year", "2026-12-31")],
)
def test_the_end_of_the_window_follows_from_the_precision(
    aliases: pd.DataFrame, precision: str, end: str
) -> None:
    cells = row(from_earliest="2026-02-01", date_precision=precision, published_date="2026-02-02")
    assert read_workbook(as_csv(cells), aliases).frame["from_latest"].tolist() == [end]


def test_the_template_is_empty_until_somebody_fills_it(tmp_path: Path, aliases: pd.DataFrame) -> None:
    with pytest.raises(ParseError, match="no statements below the header and the examples"):
        read_workbook(filled(tmp_path, aliases), aliases)


def test_the_template_offers_vocabularies_and_places(tmp_path: Path, aliases: pd.DataFrame) -> None:
    write_template(tmp_path / "template.xlsx", aliases)
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    assert book.sheetnames == [SHEET, "Guide", "Lists"]
    header = [cell.value for cell in book[SHEET][1]]
    assert tuple(header) == COLUMNS
    assert all(str(book[SHEET].cell(number, 1).value).startswith("EXAMPLE") for number in (2, 3))
    assert book[SHEET].cell(2, COLUMNS.index("from_earliest") + 1).is_date
    lists = {
        column[0].value: [cell.value for cell in column[1:] if cell.value] for column in book["Lists"].columns
    }
    assert lists["status"] == list(ASSERTED_STATUSES)
    assert len(lists["place"]) == aliases["neighborhood_id"].nunique()
    checks = {
        next(iter(check.sqref.ranges)).bounds[0]: check
        for check in book[SHEET].data_validations.dataValidation
    }
    assert checks[COLUMNS.index("status") + 1].formula1 == "Lists!$B$2:$B$8"
    assert checks[COLUMNS.index("status") + 1].errorStyle in (None, "stop")
    assert checks[COLUMNS.index("place") + 1].errorStyle == "warning"


def test_every_place_offered_is_understood(aliases: pd.DataFrame) -> None:
    names = workbook.place_names(aliases)
    rows = [row(place=name) for name in names]
    found = read_workbook(as_csv(*rows), aliases)
    assert found.unresolved == []
    assert set(found.frame["neighborhood_id"]) == set(aliases["neighborhood_id"])


def test_examples_would_be_good_statements(tmp_path: Path, aliases: pd.DataFrame) -> None:
    write_template(tmp_path / "template.xlsx", aliases)
    sheet = openpyxl.load_workbook(tmp_path / "template.xlsx")[SHEET]
    rows = [
        {name: "" if cell.value is None else cell.value for name, cell in zip(COLUMNS, cells, strict=True)}
        for cells in sheet.iter_rows(min_row=2, max_row=3)
    ]
    for cells in rows:
        cells["assertion_id"] = ""
        cells |= {name: cells[name].date() for name in ("from_earliest", "published_date")}
    assert read_workbook(as_csv(*rows), aliases).rejected.empty


def test_a_template_that_cannot_be_written_is_an_error(tmp_path: Path, aliases: pd.DataFrame) -> None:
    with pytest.raises(ParseError, match=r"ends in \.xlsx"):
        write_template(tmp_path / "template.ods", aliases)
    with pytest.raises(ParseError, match="cannot be written"):
        write_template(tmp_path / "missing" / "template.xlsx", aliases)


# -- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "column", "message"),
    [
        ({"place": ""}, "place", "is empty"),
        ({"place": "Nowhere at all"}, "place", "not a known place"),
        ({"place": "Solino, Bel-Air"}, "place", "one place a row"),
        ({"status": ""}, "status", "silence is not a statement"),
        ({"status": "no_data"}, "status", "Choose one of: gang_control"),
        ({"status": "Gang_Control"}, "status", "Choose one of"),
        ({"from_earliest": ""}, "from_earliest", "is empty"),
        ({"from_earliest": "12/01/2026"}, "from_earliest", "Write it as YYYY-MM-DD"),
        ({"from_earliest": "2026-02-30"}, "from_earliest", "is not a date"),
        ({"from_earliest": 46034}, "from_earliest", "is not a date"),
        (
            {"from_earliest": datetime.fromisoformat("2026-01-12T13:30")},
            "from_earliest",
            "without a time of day",
        ),
        ({"from_latest": "2026-01-01"}, "from_latest", "lies before from_earliest"),
        ({"published_date": "2026-01-01"}, "published_date", "lies before the day it reports on"),
        ({"claimant": "police"}, "claimant", "Choose one of: state"),
        ({"source_url": "javascript:alert(1)"}, "source_url", "is not a web address"),
        ({"source_id": "é è"}, "source_id", "is not an id"),
        ({"source_publisher": " "}, "source_publisher", "who published it"),
    ],
)
def test_a_bad_row_is_named_with_its_column_its_value_and_a_remedy(
    write: Write, aliases: pd.DataFrame, changes: dict[str, Any], column: str, message: str
) -> None:
    source = write(row(place="Delmas 30"), row(**changes))
    found = read_workbook(source, aliases)
    assert found.frame["neighborhood_id"].tolist() == ["delmas-30"]
    (fault,) = found.rejected.to_dict("records")
    number = 5 if source.startswith(b"PK") else 3
    assert (fault["row"], fault["column"]) == (number, column)
    assert message in fault["reason"]
    assert f"row {number}, column {column}" in fault["reason"]
    assert ("sheet Statements" in fault["reason"]) == source.startswith(b"PK")
    assert fault["value"] in fault["reason"]


def test_names_that_are_not_known_wait_in_the_queue(write: Write, aliases: pd.DataFrame) -> None:
    found = read_workbook(write(row(place="Ville Neuve"), row(place="Autre"), row(place="Solin")), aliases)
    assert found.unresolved == ["Autre", "Solin", "Ville Neuve"]
    assert found.frame.empty


def test_a_name_of_several_places_is_not_guessed(aliases: pd.DataFrame) -> None:
    both = pd.concat(
        [aliases, aliases.head(1).assign(alias="Solino", alias_key="solino", neighborhood_id="elsewhere")]
    )
    found = read_workbook(as_csv(row()), both)
    assert "elsewhere" in found.rejected["reason"].iloc[0]
    assert "solino" in found.rejected["reason"].iloc[0]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_other_encodings_are_read(aliases: pd.DataFrame, encoding: str) -> None:
    source = as_csv(row(place="Site Solèy", source_word="contrôlé")).decode("utf-8-sig").encode(encoding)
    found = read_workbook(source, aliases)
    assert found.frame["source_word"].tolist() == ["contrôlé"]
    assert any("Windows-1252" in text for text in found.warnings) == (encoding == "cp1252")


def test_columns_may_be_in_another_order_left_out_or_added(aliases: pd.DataFrame) -> None:
    columns = ("remark of mine", *reversed([name for name in COLUMNS if name not in ("sub_zone", "note")]))
    found = read_workbook(as_csv(row(note="lost"), columns=columns), aliases)
    assert found.frame["neighborhood_id"].tolist() == ["solino"]
    assert found.frame["note"].tolist() == [""]
    assert "not read: remark_of_mine" in found.warnings[0]
    assert "left out: sub_zone, note" in found.warnings[1]


def test_a_statement_is_withdrawn_by_its_id(write: Write, aliases: pd.DataFrame) -> None:
    found = read_workbook(
        write(row(), {"assertion_id": "CA0001", "withdraw": "yes"}, {"withdraw": "yes"}), aliases
    )
    assert found.withdrawn == ["CA0001"]
    assert len(found.frame) == 1
    assert "Name the statement that is withdrawn" in found.rejected["reason"].iloc[0]


def test_the_same_statement_twice_is_said_once(write: Write, aliases: pd.DataFrame) -> None:
    found = read_workbook(write(row(), row(place="solino", note="again")), aliases)
    assert len(found.frame) == 1
    assert "says the same as row" in found.rejected["reason"].iloc[0]


def test_a_formula_is_refused_whatever_it_shows(tmp_path: Path, aliases: pd.DataFrame) -> None:
    source = filled(tmp_path, aliases, row(), row(place="Delmas 30"), formula=(4, "note"))
    found = read_workbook(source, aliases)
    assert found.frame["neighborhood_id"].tolist() == ["delmas-30"]
    assert "column note" in found.rejected["reason"].iloc[0]
    assert "Type the value itself" in found.rejected["reason"].iloc[0]


def test_a_csv_row_with_too_many_cells_is_rejected(aliases: pd.DataFrame) -> None:
    source = as_csv(row(), row(place="Delmas 30")).decode() + "one,cell,too" + "," * len(COLUMNS) + "\n"
    found = read_workbook(source.encode(), aliases)
    assert len(found.frame) == 2
    assert len(found.rejected) == 1


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "empty"),
        (b"PK\x03\x04", "no ZIP archive, or is cut short"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old Excel workbook or has a password"),
        (b"<html><body>Log in</body></html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        ("place;status\nÉ;é\n".encode("utf-16"), "Missing: source_word"),
        (as_csv(row(source_word="contrôle")).decode("utf-8-sig").encode("mac-roman"), "not UTF-8"),
        (as_csv(row())[:-30] + b'"cut', "cut short"),
        (as_csv(row(), columns=tuple(name for name in COLUMNS if name != "status")), "Missing: status"),
        (as_csv(row(), columns=(*COLUMNS, "Place")), "twice: place"),
        (as_csv(), "no rows|no statements"),
        (as_csv({"assertion_id": "EXAMPLE 1"}), "no statements"),
        (b"x," * 2_000_000 + b"\n", "no CSV header"),
    ],
)
def test_other_and_damaged_files_are_refused(aliases: pd.DataFrame, source: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read_workbook(source, aliases)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_cut_short_is_refused(tmp_path: Path, aliases: pd.DataFrame, share: float) -> None:
    source = filled(tmp_path, aliases, row())
    with pytest.raises(ParseError, match=r"cut short|damaged"):
        read_workbook(source[: int(len(source) * share)], aliases)


def test_a_workbook_without_the_sheet_is_refused(aliases: pd.DataFrame) -> None:
    with pytest.raises(ParseError, match=r"no sheet has the columns needed \(sheets: Other\)"):
        read_workbook(book({"Other": [["a"]]}), aliases)


def book(sheets: dict[str, list[list[str]]]) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return packed.getvalue()


def changed(members: dict[str, bytes | None], source: bytes | None = None) -> bytes:
    """A workbook with members added, replaced, or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(source or book({SHEET: [["a", "b"]]}))) as archive:
        content: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (content | members).items():
            if data is not None:
                archive.writestr(name, data)
    return packed.getvalue()


def sheet_xml(data: str) -> dict[str, bytes | None]:
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'
    return {"xl/worksheets/sheet1.xml": xml.encode()}


def shared(count: int, text: str) -> dict[str, bytes | None]:
    """Many cells that all point at one long text."""
    cells = "".join(
        f'<row r="{number}"><c r="A{number}" t="s"><v>0</v></c></row>' for number in range(1, count + 1)
    )
    strings = f'<sst xmlns="{MAIN}"><si><t>{text}</t></si></sst>'
    return sheet_xml(cells) | {"xl/sharedStrings.xml": strings.encode()}


DOCUMENT_TYPE = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (changed({"xl/vbaProject.bin": b"macro"}), "holds macros"),
        (changed({"xl/embeddings/inner.xlsx": book({"A": [["b"]]})}), "another archive or document"),
        (changed({"xl/embeddings/inner.zip": b""}), "another archive"),
        (changed({"../../evil.xml": b"<a/>"}), "outside itself"),
        (changed({"xl/workbook.xml": None}), "no Excel workbook"),
        (changed({"xl/_rels/workbook.xml.rels": None}), "damaged"),
        (changed({"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>"}), "damaged"),
        (changed({"xl/worksheets/sheet1.xml": DOCUMENT_TYPE}), "document type"),
        (changed({"xl/_rels/workbook.xml.rels": DOCUMENT_TYPE}), "document type"),
        (changed({"xl/sharedStrings.xml": DOCUMENT_TYPE}), "document type"),
        (changed({f"xl/media/{number}.png": b"" for number in range(1100)}), "holds 11.. files"),
        (
            changed(sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="BDWGN1"><v>1</v></c></row>')),
            "500 columns",
        ),
        (changed(sheet_xml("<row>" + "<c><v>1</v></c>" * 600 + "</row>")), "500 columns"),
        (
            changed(sheet_xml('<row r="1"><c r="ZZ1"/></row><row r="1048576"><c r="A1048576"/></row>')),
            "columns",
        ),
        (changed(sheet_xml('<row r="1"><c r="Z1"/></row><row r="1048576"><c r="A1048576"/></row>')), "cells"),
        (changed(sheet_xml('<row r="1"><c r="?"/></row>')), "is no cell"),
        (changed(sheet_xml('<row r="1"><c r="A1" t="s"><v>9</v></c></row>')), "damaged"),
        (changed(shared(20_000, "x" * 30_000)), "too much text"),
        (changed({"xl/media/image.png": b"0" * 410_000_000}), "too large"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_hostile_workbooks_are_refused_in_bounded_memory(source: bytes, message: str) -> None:
    assert len(source) < 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ParseError, match=message):
            read_sheets(source, "workbook")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000_000


def test_an_archive_that_says_less_than_it_holds_is_refused() -> None:
    """The size in the list of members is made smaller than what the member unpacks to."""
    source = bytearray(changed({"xl/media/image.png": b"0" * 1_000_000}))
    entry = source.rindex(b"PK\x01\x02", 0, source.rindex(b"xl/media/image.png"))
    source[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    with pytest.raises(ParseError, match="damaged"):
        read_sheets(bytes(source), "workbook")


def test_two_members_of_one_name_are_refused() -> None:
    packed = io.BytesIO(changed({}))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("xl/WORKBOOK.xml", b"<workbook/>")
    with pytest.raises(ParseError, match="twice"):
        read_sheets(packed.getvalue(), "workbook")


def test_sheets_start_at_their_first_row_and_column_and_know_their_formulas() -> None:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as made:
        sheet = made.add_worksheet("A & B")
        sheet.write_string(2, 1, "=text")
        sheet.write_formula(3, 2, "=1+1", None, 2)
        sheet.write_datetime(
            4, 1, datetime.fromisoformat("2026-01-02"), made.add_format({"num_format": "yyyy-mm-dd"})
        )
        made.add_worksheet("Empty")
    sheets = read_sheets(packed.getvalue(), "workbook")
    assert list(sheets) == ["A & B", "Empty"]
    assert sheets["A & B"].rows[2] == ["", "=text", ""]
    assert sheets["A & B"].rows[4][1] == date(2026, 1, 2)
    assert sheets["A & B"].formulas == {(4, 3)}
    assert sheets["Empty"].rows == []


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(source: bytes) -> None:
    aliases = pd.DataFrame({"alias_key": ["a"], "neighborhood_id": ["a"]}, dtype="str")
    for start in (b"", b"PK\x03\x04", ",".join(COLUMNS).encode() + b"\n"):
        try:
            found = read_workbook(start + source, aliases)
        except ParseError:
            continue
        assert found.frame.empty


# -- text ------------------------------------------------------------------------------------------------------------


@given(st.text(st.sampled_from("'=+-@\t\ra "), max_size=6) | st.text())
def test_text_survives_being_made_safe(text: str) -> None:
    assert csv_plain(csv_safe(text)) == text
    assert not csv_safe(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://example.org")', "+1", "-2+3", "@SUM(A1)", "'=1", "http://example.org"]
)
def test_text_that_looks_like_a_formula_is_data(write: Write, aliases: pd.DataFrame, text: str) -> None:
    found = read_workbook(write(row(note=text)), aliases)
    assert found.frame["note"].tolist() == [text]
