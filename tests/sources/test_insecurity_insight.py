"""Insecurity Insight: files whose headers change, in CSV and Excel. All incidents are invented."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import xlsxwriter

from loaders import store
from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, enforce
from loaders.sources.insecurity_insight import read_incidents
from tests.server import DATASETS

RECORDED_AT = datetime(2026, 11, 23, 15, tzinfo=UTC)

#: Headers as the files on HDX have them, and the tags that some have below.
HEADERS = {
    "Date": "#date",
    "Event Description": "#description",
    "Country": "#country+name",
    "Country ISO": "#country+code",
    "Admin 1": "#adm1+name",
    "Latitude": "#geo+lat",
    "Longitude": "#geo+lon",
    "Geo Precision": "#geo+precision",
    "Reported Perpetrator": "#actor+type",
    "Reported Perpetrator Name": "#actor+name",
    "Number of Attacks on Health Facilities Reporting Destruction": "#affected+destroyed",
    "Number of Attacks on Health Facilities Reporting Damaged": "#affected+damaged",
    "Looting/Theft/Robbery/Burglary of Health Supplies": "#affected+looted",
    "Health Workers Killed": "#affected+killed",
    "Health Workers Injured": "#affected+injured",
    "Health Workers Kidnapped": "#affected+kidnapped",
    "Health Workers Sexually Assaulted": "#affected+sv",
    "SiND Event ID": "#event+id",
}
KILLED, KIDNAPPED = "Health Workers Killed", "Health Workers Kidnapped"


def incident(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One invented incident, keyed by header."""
    return (
        dict.fromkeys(HEADERS, "")
        | {name: 0 for name in HEADERS if "Health Workers" in name or "Attacks" in name}
        | {
            "Date": "2026-03-14",
            "Country": "Haiti",
            "Country ISO": "HTI",
            "Admin 1": "Ouest",
            "Reported Perpetrator": "NSA",
            "Reported Perpetrator Name": "Synthetic Group",
            "SiND Event ID": 90_000 + number,
        }
        | changes
    )


def as_csv(rows: list[dict[str, Any]], *, delimiter: str = ",", tags: bool = False, drop: str = "") -> bytes:
    out = io.StringIO(newline="")
    names = [name for name in HEADERS if name != drop]
    writer = csv.DictWriter(out, names, delimiter=delimiter, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(([HEADERS] if tags else []) + rows)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(rows: list[dict[str, Any]], *, formula: bool = False) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.add_worksheet("Read me").write_string(0, 0, "Synthetic")
        sheet, day = book.add_worksheet("Data"), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, list(HEADERS))
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, list(row.values()))
            sheet.write_datetime(number, 0, datetime.fromisoformat(row["Date"]), day)
        if formula:
            sheet.write_formula(1, list(HEADERS).index(KILLED), "=40+2", None, 42)
    return packed.getvalue()


@pytest.fixture(scope="module")
def context() -> Context:
    """The committed gazetteer, and one invented outline per kind: official for Delmas, approximate for Carrefour."""
    outlines = gpd.GeoDataFrame(
        {"commune_id": ["delmas", "carrefour"], "geometry_basis": ["official", "approximate"]},
        geometry=[shapely.box(-72.32, 18.53, -72.28, 18.57), shapely.box(-72.45, 18.5, -72.38, 18.56)],
        crs="EPSG:4326",
    )
    frames = {name: store.read(name, root=DATASETS) for name in ("aliases", "neighborhoods")}
    words = (DATASETS / "curated" / "actor_words.csv").read_bytes()
    return Context(frames=frames | {"communes": outlines}, files={"actor_words.csv": words})


def read(source: bytes, context: Context) -> tuple[pd.DataFrame, Findings]:
    return read_incidents(source, context, recorded_at=RECORDED_AT)


@pytest.mark.parametrize(
    "source",
    [
        as_csv([incident(), incident(2)]),
        as_csv([incident(), incident(2)], delimiter=";"),
        as_csv([incident(), incident(2)], tags=True),
        as_workbook([incident(), incident(2)]),
    ],
    ids=["commas", "semicolons", "HXL tags", "workbook"],
)
def test_rows_keep_the_contract(source: bytes, context: Context) -> None:
    frame, findings = read(source, context)
    valid, rejected = enforce(frame, CONTRACTS["incidents"])
    assert valid["event_id"].tolist() == ["II-90001", "II-90002"]
    assert rejected.empty
    assert findings.rejected.empty
    assert set(frame["provider"]) == {"insecurity_insight"}
    assert frame["event_date"].dt.date.tolist() == [date(2026, 3, 14)] * 2
    assert frame["actor1"].tolist() == ["Synthetic Group"] * 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({KILLED: 2}, ("Violence against civilians", "Attack", 2)),
        ({KIDNAPPED: 1}, ("Violence against civilians", "Abduction/forced disappearance", 0)),
        ({KIDNAPPED: 1, KILLED: 1}, ("Violence against civilians", "Attack", 1)),
        (
            {"Health Workers Sexually Assaulted": 1, KILLED: 1},
            ("Violence against civilians", "Sexual violence", 1),
        ),
        (
            {"Number of Attacks on Health Facilities Reporting Damaged": 1},
            ("Strategic developments", "Looting/property destruction", 0),
        ),
        ({}, ("Strategic developments", "Other", 0)),
    ],
)
def test_what_happened_is_said_in_acleds_words(
    context: Context, changes: dict[str, Any], expected: tuple[str, str, int]
) -> None:
    frame, _ = read(as_csv([incident(**changes)]), context)
    assert tuple(frame.iloc[0][["event_type", "sub_event_type", "fatalities"]]) == expected


def test_a_count_that_is_not_given_is_not_zero(context: Context) -> None:
    frame, _ = read(as_csv([incident(**{KILLED: ""})]), context)
    assert frame["fatalities"].isna().all()


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((18.55, -72.30, "(1) Exact location", "Ouest"), ("delmas", "Delmas", "commune")),
        ((18.53, -72.40, "(1) Exact location", "Ouest"), ("port-au-prince-metro", "", "metro")),
        ((18.55, -72.30, "(2) Near location", "Ouest"), ("haiti", "", "national")),
        ((18.55, -72.30, "(10) Country", "Ouest"), ("haiti", "", "national")),
        ((18.55, -72.30, "", "Ouest"), ("haiti", "", "national")),
        (("", "", "(1) Exact location", "Ouest"), ("haiti", "", "national")),
        ((18.55, -72.30, "(1) Exact location", "Artibonite"), ("haiti", "", "outside")),
        ((19.9, -72.30, "(1) Exact location", "Ouest"), ("haiti", "", "national")),
    ],
)
def test_a_place_is_never_finer_than_the_file_says(
    context: Context, place: tuple[Any, Any, str, str], expected: tuple[str, str, str]
) -> None:
    given = dict(zip(("Latitude", "Longitude", "Geo Precision", "Admin 1"), place, strict=True))
    frame, _ = read(as_csv([incident(**given)]), context)
    row = frame.iloc[0].fillna("")
    assert (row["place_id"], row["commune"], row["location_precision"]) == expected
    assert row["neighborhood_id"] == ""


def test_other_countries_are_left_out(context: Context) -> None:
    other = incident(2, Country="Lebanon", **{"Country ISO": "LBN"})
    frame, _ = read(as_csv([incident(), other]), context)
    assert frame["event_id"].tolist() == ["II-90001"]
    with pytest.raises(ParseError, match="not 0 incidents"):
        read(as_csv([other]), context)


def test_bad_rows_are_rejected_with_reasons(context: Context) -> None:
    rows = [
        incident(),
        incident(),
        incident(3, Date="soon"),
        incident(4, Date="2027-01-01"),
        incident(5, **{KILLED: "many"}),
        incident(6, **{KILLED: -1}),
    ]
    frame, findings = read(as_csv(rows), context)
    assert frame["event_id"].tolist() == ["II-90001"]
    assert findings.rejected[["row", "column"]].to_numpy().tolist() == [
        [3, "event_id"],
        [4, "date"],
        [5, "date"],
        [6, "killed"],
        [7, "killed"],
    ]


def test_the_order_of_day_and_month_holds_for_the_whole_file(context: Context) -> None:
    frame, _ = read(as_csv([incident(Date="14/03/2026"), incident(2, Date="03/04/2026")]), context)
    assert frame["event_date"].dt.strftime("%m-%d").tolist() == ["03-14", "04-03"]
    frame, _ = read(as_csv([incident(Date="03/14/2026"), incident(2, Date="03/04/2026")]), context)
    assert frame["event_date"].dt.strftime("%m-%d").tolist() == ["03-14", "03-04"]


@pytest.mark.parametrize("dates", [["03/04/2026", "05/06/2026"], ["14/03/2026", "03/14/2026", "03/04/2026"]])
def test_dates_that_can_be_read_in_two_ways_are_refused(context: Context, dates: list[str]) -> None:
    with pytest.raises(ParseError, match=r"day/month or month/day|two orders of day and month"):
        read(as_csv([incident(number, Date=day) for number, day in enumerate(dates)]), context)


def test_a_row_with_a_formula_is_rejected_and_not_computed(context: Context) -> None:
    frame, findings = read(as_workbook([incident(), incident(2)], formula=True), context)
    assert frame["event_id"].tolist() == ["II-90002"]
    assert findings.rejected["row"].tolist() == [2]


def test_text_that_looks_like_a_formula_stays_text(context: Context) -> None:
    for source in (as_csv, as_workbook):
        frame, _ = read(source([incident(**{"Reported Perpetrator Name": "=1+1"})]), context)
        assert frame["actor1"].tolist() == ["=1+1"]


@pytest.mark.parametrize("name", ["Date"])
def test_a_needed_column_that_is_missing_is_named(context: Context, name: str) -> None:
    with pytest.raises(ParseError, match="columns missing"):
        read(as_csv([incident()], drop=name), context)


def test_a_file_without_ids_gets_them_from_what_it_says(context: Context) -> None:
    rows = [incident(), incident(**{KILLED: 3}), incident(**{KILLED: 3})]
    first, findings = read(as_csv(rows, drop="SiND Event ID"), context)
    again, _ = read(as_csv(rows[::-1], drop="SiND Event ID"), context)
    assert first["event_id"].is_unique
    assert set(first["event_id"]) == set(again["event_id"])
    assert any("has no event_id" in text for text in findings.warnings)


def test_a_file_without_any_count_is_another_file(context: Context) -> None:
    with pytest.raises(ParseError, match="a count such as health_workers_killed"):
        read(b"Date,Country ISO,Educators Killed\n2026-01-02,HTI,1\n", context)


@pytest.mark.parametrize(
    "name",
    ["Country ISO", "Latitude", "Geo Precision", "Reported Perpetrator Name", "Admin 1", KILLED, KIDNAPPED],
)
def test_a_file_without_some_columns_is_read(context: Context, name: str) -> None:
    assert len(read(as_csv([incident()], drop=name), context)[0]) == 1


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"<html>",
        as_csv([incident()])[:40],
        as_workbook([incident()])[:2000],
        as_csv([incident(**{"Admin 1": "Département de l'Ouest é"})]).decode("utf-8-sig").encode("mac-roman"),
    ],
    ids=["empty", "web page", "header cut", "workbook cut", "Mac"],
)
def test_other_and_damaged_files_are_refused(context: Context, source: bytes) -> None:
    with pytest.raises(ParseError):
        read(source, context)
