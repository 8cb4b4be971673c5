"""Files as people have them: other encodings, delimiters, titles, tags, blanks, Excel. All rows are synthetic.

Whatever the layout, the rows are those of the plain file.
"""

from __future__ import annotations

import csv
import io
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.checks import Context, Findings, ParseError
from loaders.sources.acled_export import read_export, read_rows
from loaders.sources.tables import open_table
from tests.fake_services.acled import COLUMNS, csv_file, row
from tests.sources.conftest import RECORDED_AT

ROWS = [
    row(number, notes='Synthetic, "quoted"\nover two lines', source="Journal d'été; Synthétique")
    for number in range(14)
]
ABROAD = [row(100 + n, country="Jamaica", iso=388, event_id_cnty=f"JAM{n}") for n in range(3)]


def text(
    rows: list[dict[str, Any]] = ROWS,
    columns: tuple[str, ...] = COLUMNS,
    *,
    delimiter: str = ",",
    header: Callable[[str], str] = str,
    above: str = "",
    below_header: list[str] | None = None,
    below: str = "",
    line_end: str = "\n",
) -> str:
    out = io.StringIO(newline="")
    out.write(above)
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerow([header(name) for name in columns])
    if below_header is not None:
        writer.writerow(below_header)
    writer.writerows([[one.get(name, "") for name in columns] for one in rows])
    out.write(below)
    return out.getvalue()


def workbook(rows: list[dict[str, Any]] = ROWS, *, title: bool = False, dates: bool = False) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True, "strings_to_formulas": False}) as book:
        if title:
            book.add_worksheet("Read me").write_string(0, 0, "Synthetic terms of use")
        sheet = book.add_worksheet("Export")
        start = 3 if title else 0
        if title:
            sheet.write_string(0, 0, "Synthetic export of events")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(start, 0, COLUMNS)
        for number, one in enumerate(rows, start + 1):
            for column, name in enumerate(COLUMNS):
                if dates and name == "event_date":
                    sheet.write_datetime(number, column, pd.Timestamp(one[name]).to_pydatetime(), day)
                elif one[name] != "":
                    sheet.write(number, column, one[name])
        sheet.write_blank(len(rows) + 40, 5, None, day)
    return packed.getvalue()


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def read(source: bytes, gazetteer: Context) -> tuple[pd.DataFrame, Findings]:
    return read_export(source, gazetteer, recorded_at=RECORDED_AT)


def plain(source: bytes) -> pd.DataFrame:
    """Rows of a file without their numbers, texts as texts."""
    rows, findings = read_rows(source)
    assert findings.rejected.empty, findings.rejected[["row", "column", "value", "reason"]].head()
    return rows.astype("str").sort_values("event_id", ignore_index=True)


def shuffled() -> tuple[str, ...]:
    columns = ["no_such_column", *COLUMNS, "population_best"]
    random.Random(7).shuffle(columns)
    return tuple(columns)


LAYOUTS: dict[str, bytes] = {
    "BOM": text().encode("utf-8-sig"),
    "CRLF": text(line_end="\r\n").encode(),
    "UTF-16": text().encode("utf-16"),
    "UTF-16, big-endian": b"\xfe\xff" + text().encode("utf-16-be"),
    "Windows-1252": text().encode("cp1252"),
    "semicolons and BOM": text(delimiter=";").encode("utf-8-sig"),
    "tabs": text(delimiter="\t").encode(),
    "bars": text(delimiter="|").encode(),
    "upper case": text(header=str.upper).encode(),
    "headers with blanks": text(header=lambda name: f" {name.replace('_', ' ').capitalize()} ").encode(),
    "another order, more columns": text(columns=shuffled()).encode(),
    "HXL tags": text(below_header=["#event+id", "#date+occurred", *[""] * 29]).encode(),
    "title above": text(above="Synthetic export\n\nMade on 23 November 2026\n").encode(),
    "separator named": text(delimiter=";", above="sep=;\n").encode(),
    "blank rows below": text(below=("," * 30 + "\n") * 5).encode(),
    "blank lines below": text(below="\n\n\n").encode(),
    "short blank rows below": text(below=",,,\n,,\n").encode(),
    "no line end": text().rstrip("\n").encode(),
    "other countries": text(ROWS + ABROAD).encode(),
    "rows twice": text(ROWS + ROWS[:4]).encode(),
    "Excel": workbook(),
    "Excel with dates": workbook(dates=True),
    "Excel with a title and two sheets": workbook(title=True),
    "ZIP archive": zipped(export__csv=text().encode(), README__txt=b"Synthetic"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_does_not_change_the_rows(layout: str) -> None:
    pd.testing.assert_frame_equal(plain(LAYOUTS[layout]), plain(text().encode()))


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("Windows-1252", "Windows-1252"),
        ("title above", "header stands in line 4"),
        ("no line end", "does not end with a line end"),
        ("other countries", "3 rows of other countries"),
        ("rows twice", "4 rows repeat the id"),
        ("Excel with a title and two sheets", "sheet 'Export'"),
    ],
)
def test_what_is_odd_about_a_file_is_said(layout: str, message: str) -> None:
    assert any(message in warning for warning in read_rows(LAYOUTS[layout])[1].warnings)


@pytest.mark.parametrize(("layout", "number"), [("title above", 7), ("HXL tags", 5), ("Excel", 4)])
def test_a_bad_row_is_named_by_its_number_in_the_file(layout: str, number: int) -> None:
    rows = [*ROWS[:2], ROWS[2] | {"event_date": "soon"}, *ROWS[3:]]
    rows = [one | {"notes": ""} for one in rows]
    source = {
        "title above": text(rows, above="Synthetic export\n\n\n").encode(),
        "HXL tags": text(rows, below_header=["#event+id", "#date", *[""] * 29]).encode(),
        "Excel": workbook(rows),
    }[layout]
    rejected = read_rows(source)[1].rejected
    assert rejected[["row", "column", "value"]].values.tolist() == [[number, "event_date", "soon"]]


@pytest.mark.parametrize(
    ("changes", "dates"),
    [
        ({"event_date": "22-Nov-26"}, "2026-11-22"),
        ({"event_date": "Nov 22, 2026"}, "2026-11-22"),
        ({"event_date": "November 22, 2026"}, "2026-11-22"),
        ({"event_date": "46348"}, "2026-11-22"),
        ({"event_date": "2026-11-22T00:00:00Z"}, "2026-11-22"),
        ({"event_date": "2026-11-22 00:00:00"}, "2026-11-22"),
    ],
)
def test_dates_that_programs_changed(changes: dict[str, str], dates: str) -> None:
    found, findings = read_rows(csv_file([row(1, **changes), row(2)]).encode())
    assert findings.rejected.empty
    assert str(found["event_date"].iloc[0].date()) == dates


@pytest.mark.parametrize("value", ["22.11.26", "11/22/26", "2026", "46348.5", "99999", "0000-00-00"])
def test_dates_that_nobody_can_read_for_certain_are_rejected(value: str) -> None:
    findings = read_rows(csv_file([row(1, event_date=value), row(2), row(3)]).encode())[1]
    assert findings.rejected["column"].tolist() == ["event_date"]


def test_a_date_of_another_year_than_its_row_says_is_rejected() -> None:
    findings = read_rows(csv_file([row(1, event_date="2025-09-02"), row(2), row(3)]).encode())[1]
    assert findings.rejected["column"].tolist() == ["year"]


def test_counts_with_separated_thousands() -> None:
    deaths = ["1,234", "1 234", "1'234", "1\u202f234", "1234.0", "12"]
    rows = [row(number, fatalities=value) for number, value in enumerate(deaths)]
    found, findings = read_rows(csv_file(rows).encode())
    assert findings.rejected.empty
    assert found["fatalities"].tolist() == [1234.0] * 5 + [12.0]
    assert read_rows(csv_file([row(1, fatalities="1.234"), row(2), row(3)]).encode())[1].rejected[
        "column"
    ].tolist() == ["fatalities"]


def test_shortened_upload_times_are_not_known() -> None:
    found, findings = read_rows(csv_file([row(1, timestamp="1.79431E+09"), row(2)]).encode())
    assert found["timestamp"].isna().tolist() == [True, False]
    assert any("shortened by a spreadsheet" in text for text in findings.warnings)


def test_formulas_in_a_workbook_are_rejected_row_by_row() -> None:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        for number, one in enumerate(ROWS, 1):
            sheet.write_row(number, 0, [one[name] for name in COLUMNS])
        sheet.write_formula(3, COLUMNS.index("fatalities"), '=HYPERLINK("http://x")', None, 5)
    rejected = read_rows(packed.getvalue())[1].rejected
    assert rejected[["row", "column"]].values.tolist() == [[4, "fatalities"]]
    assert "comes from a formula" in rejected["reason"].iloc[0]


def test_text_that_looks_like_a_formula_or_markup_stays_text(gazetteer: Context) -> None:
    source = csv_file([row(1, actor1='=cmd|"/c calc"!A1', actor2="<img src=x onerror=alert(1)>"), row(2)])
    frame, _ = read(source.encode(), gazetteer)
    assert frame["actor1"].iloc[0] == '=cmd|"/c calc"!A1'
    assert frame["actor2"].iloc[0] == "<img src=x onerror=alert(1)>"


# -- files that do harm ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("layout", ["BOM", "UTF-16", "semicolons and BOM", "Excel", "ZIP archive"])
def test_a_file_cut_anywhere_is_refused(layout: str, share: float) -> None:
    source = LAYOUTS[layout]
    with pytest.raises(ParseError, match=r"cut short|damaged|no column|UTF-16"):
        read_rows(source[: int(len(source) * share) // 2 * 2 + (1 if layout == "UTF-16" else 0)])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"a," * 1_000_000 + b"b\n1,2\n", "no CSV header"),
        (text().encode() + b"x," * 5_000_000 + b"\n", "5000001 cells"),
        (text(ROWS * 2000).replace("2026", "2026,").encode(), "cannot be read as CSV|rows are bad"),
        (zipped(a__csv=b"0" * 410_000_000), "too large"),
        (zipped(inner__zip=zipped(a__csv=text().encode())), "another archive"),
        (zipped(inner__csv=zipped(a__csv=text().encode())), "another archive"),
        (b"\x1f\x8b" + b"0" * 100, "gzip archive"),
        (b"SQLite format 3\0" + b"\0" * 5000, r"line 1 holds a byte that is no text \(NUL\)"),
        (bytes(range(256)) * 100, "CSV"),
        (b"event_date\0event_type\n", "line 1 holds a byte"),
        (b"[" * 150_000, "starts as JSON but is not"),
        (b"event_date;" + b"x" * 150_000 + b"\n1;2\n", "no column|first lines are no CSV"),
        (text(ROWS * 2000).encode() + b"a\0b\n", r"line \d{4,} holds a byte"),
        (text().encode("utf-16-be"), "is not UTF-8. Save the file as 'CSV UTF-8'"),
        (text().encode("utf-32"), "saved as UTF-16 or UTF-32 without its mark"),
        (text().replace("HTI", "H\0TI").encode(), "holds a byte that is no text"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_hostile_files_are_refused(source: bytes, message: str) -> None:
    try:
        findings = read_rows(source)[1]
    except ParseError as error:
        assert pd.Series([str(error)]).str.contains(message)[0], str(error)  # noqa: PT017
    else:
        assert findings.rejected["reason"].str.contains(message).any()


def test_a_bomb_is_refused_within_bounded_memory() -> None:
    """1.5 GB beyond what the libraries take are enough, whatever an archive would unpack to."""
    script = (
        "import io, resource, sys, zipfile\n"
        "from loaders.checks import ParseError\n"
        "from loaders.sources.tables import read_table\n"
        "packed = io.BytesIO()\n"
        "with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as archive:\n"
        "    with archive.open('a.csv', 'w', force_zip64=False) as member:\n"
        "        for _ in range(2000):\n"
        "            member.write(bytes(1 << 20))\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 1_500_000_000, -1))\n"
        "try:\n"
        "    read_table(packed.getvalue(), what='bomb', wanted=('a',))\n"
        "except ParseError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "too large" in done.stdout


@settings(max_examples=60)
@given(st.binary(max_size=400), st.sampled_from([b"", b"a,b\n", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_no_bytes_raise_anything_else(content: bytes, start: bytes) -> None:
    try:
        opened = open_table(start + content, "file", ("a", "b"))
        opened.read(("a", "b"))
    except ParseError:
        return
