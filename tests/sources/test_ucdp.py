"""UCDP: releases, files and API against a stand-in over real HTTP. All rows are synthetic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, enforce, typed
from loaders.sources import ucdp_export
from loaders.sources.http import Session, SourceError
from loaders.sources.ucdp import (
    BURST_SECONDS,
    BURST_TRIES,
    discover,
    download,
    events,
    needed,
    release,
    releases,
)
from loaders.sources.ucdp_export import COLUMNS, combine, read_answer, read_rows, to_incidents
from tests.fake_services.ucdp import TOKEN, FakeUcdp, archive, csv_file, row
from tests.sources.conftest import RECORDED_AT, Time

CANDIDATE = release("GEDEvent_v26_0_8.csv")
START, END = date(2026, 1, 1), date(2026, 8, 31)


def refresh(service: FakeUcdp, session: Session) -> pd.DataFrame:
    """All rows of the releases that are needed, as a weekly refresh fetches them."""
    downloads = f"{service.address}/downloads/"
    return combine(
        [
            (one, read_rows(download(session, one, downloads=downloads), one))
            for one in needed(discover(session, downloads=downloads))
        ]
    )


def ask(service: FakeUcdp, session: Session, version: str = "26.0.8", access: str = TOKEN) -> list[dict]:
    return events(session, version, access, START, END, api=f"{service.address}/api")


def read(gazetteer: Context, *rows: dict) -> tuple[pd.DataFrame, Findings]:
    return to_incidents(read_rows(csv_file(list(rows)), CANDIDATE), gazetteer, recorded_at=RECORDED_AT)


# -- releases --------------------------------------------------------------------------------------------------------


def test_releases_are_found_and_ordered() -> None:
    page = " ".join(
        [
            'href="https://ucdp.uu.se/downloads/candidateged/GEDEvent_v26_0_10.csv"',
            'href="candidateged/GEDEvent_v26_0_6.csv" href="candidateged/GEDEvent_v26_0_6.csv"',
            'href="candidateged/GEDEvent_v26_01_26_06.csv" href="candidateged/GEDEvent_v26_0_7.csv"',
            'href="ged/ged261-csv.zip" href="ged/ged251-csv.zip" href="ged/ged261-xlsx.zip"',
            'href="candidateged/GEDEvent_v25_0_12.csv"',
        ]
    )
    versions = [one.version for one in releases(page)]
    assert versions == ["25.1", "25.0.12", "26.1", "26.0.6", "26.01.26.06", "26.0.7", "26.0.10"]
    assert [one.version for one in needed(releases(page))] == [
        "26.1",
        "26.0.6",
        "26.01.26.06",
        "26.0.7",
        "26.0.10",
    ]


def test_release_by_its_file_name() -> None:
    assert release("some/folder/GEDEvent_v26_01_26_06.csv").version == "26.01.26.06"
    assert (release("ged261-csv.zip").year, release("ged261-csv.zip").is_final) == (2025, True)
    with pytest.raises(SourceError, match="not the name of a release"):
        release("haiti.csv")


def test_weekly_routine(ucdp: FakeUcdp, session: Session) -> None:
    first = refresh(ucdp, session).set_index("id")
    assert list(first.index) == ["900001", "900010", "900012", "900013", "900014"]
    assert first.loc["900001", ["best", "release"]].tolist() == ["4", "26.1"]  # final replaces the candidate
    assert first.loc["900010", ["best", "release"]].tolist() == ["4", "26.01.26.06"]  # newest release wins
    pd.testing.assert_frame_equal(refresh(ucdp, session).set_index("id"), first)
    ucdp.scenario = "changes"
    second = refresh(ucdp, session).set_index("id")
    assert set(second.index) - set(first.index) == {"900015"}
    assert second.loc["900013", "best"] == "5"


def test_order_of_releases_does_not_matter() -> None:
    parts = [
        (one, read_rows(csv_file([row(1, best=best, high=9)]), one))
        for one, best in [(CANDIDATE, 4), (release("GEDEvent_v26_0_7.csv"), 3)]
    ]
    assert list(combine(parts)["best"]) == list(combine(parts[::-1])["best"]) == ["4"]


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("no_links", "links to no release"),
        ("truncated", "cut short|damaged"),
        ("wrong_encoding", "damaged|not UTF-8"),
        ("unavailable", "answered 503, 5 times"),
        ("cut", "connection failed"),
        ("huge", "larger than 2 MB"),
    ],
)
def test_failures_are_source_errors(ucdp: FakeUcdp, session: Session, scenario: str, message: str) -> None:
    ucdp.scenario = scenario
    with pytest.raises(ParseError, match=message):
        refresh(ucdp, session)


def test_failure_that_passes(ucdp: FakeUcdp, session: Session) -> None:
    ucdp.scenario = "unavailable_once"
    assert len(refresh(ucdp, session)) == 5


def test_release_that_is_gone(ucdp: FakeUcdp, session: Session) -> None:
    with pytest.raises(SourceError, match=r"404.*26\.0\.1 "):
        download(session, release("GEDEvent_v26_0_1.csv"), downloads=f"{ucdp.address}/downloads/")


# -- API -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["first_load", "from_zero", "burst_once"])
def test_api_gives_every_event_once(ucdp: FakeUcdp, session: Session, scenario: str) -> None:
    ucdp.scenario = scenario
    found = ask(ucdp, session)
    assert sorted(one["id"] for one in found) == list(range(900000, 900025))
    query = ucdp.requests[0].query
    assert (query["Country"], query["StartDate"], query["EndDate"]) == ("41", "2026-01-01", "2026-08-31")


def test_api_rows_equal_file_rows(ucdp: FakeUcdp, session: Session, gazetteer: Context) -> None:
    by_api = combine([(CANDIDATE, read_answer(ask(ucdp, session), CANDIDATE))])
    by_file = combine([(CANDIDATE, read_rows(csv_file([row(n) for n in range(25)]), CANDIDATE))])
    pd.testing.assert_frame_equal(
        to_incidents(by_api, gazetteer, recorded_at=RECORDED_AT)[0],
        to_incidents(by_file, gazetteer, recorded_at=RECORDED_AT)[0],
    )


def test_burst_limit_is_waited_out(ucdp: FakeUcdp, session: Session, time: Time) -> None:
    ucdp.scenario = "burst"
    with pytest.raises(SourceError, match="limit on requests"):
        ask(ucdp, session)
    assert time.sleeps.count(BURST_SECONDS) == BURST_TRIES - 1
    assert BURST_SECONDS >= 30


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("circle", "circle"),
        ("other_host", "not sent there"),
        ("pages_missing", "truncated: .* 1 of 3 pages"),
        ("unavailable", "answered 503"),
        ("cut", "connection failed"),
        ("huge", "larger than"),
    ],
)
def test_api_failures_are_source_errors(
    ucdp: FakeUcdp, session: Session, scenario: str, message: str
) -> None:
    ucdp.scenario = scenario
    with pytest.raises(SourceError, match=message) as error:
        ask(ucdp, session)
    assert TOKEN not in str(error.value)


def test_api_without_a_token_or_release(ucdp: FakeUcdp, session: Session) -> None:
    with pytest.raises(SourceError, match="401: API token required"):
        ask(ucdp, session, access="wrong")
    with pytest.raises(SourceError, match=r"no release 99\.0\.1"):
        ask(ucdp, session, version="99.0.1")


# -- files -----------------------------------------------------------------------------------------------------------


def test_rows_keep_the_contract(gazetteer: Context) -> None:
    frame, findings = read(gazetteer, *(row(n) for n in range(9)))
    contract = CONTRACTS["incidents"]
    assert list(frame.columns) == contract.column_names
    pd.testing.assert_frame_equal(typed(frame, contract), frame)
    valid, rejected = enforce(frame, contract)
    assert (len(valid), len(rejected), len(findings.rejected)) == (9, 0, 0)
    first = frame.iloc[0]
    assert (first["fatalities_low"], first["fatalities"], first["fatalities_high"]) == (1, 3, 5)
    assert "Check deaths" in first["fatalities_basis"]
    assert first["event_id"] == "ucdp-900000"


READERS: dict[str, Callable[[], bytes]] = {
    "without header": lambda: csv_file([row(n) for n in range(5)], header=False),
    "byte-order mark": lambda: b"\xef\xbb\xbf" + csv_file([row(n) for n in range(5)]),
    "upper case": lambda: csv_file([row(n) for n in range(5)]).replace(b"country_id", b"COUNTRY_ID"),
    "archive": lambda: archive(("GEDEvent_v26_1.csv", csv_file([row(n) for n in range(5)]))),
    "archive with notes": lambda: archive(
        ("readme.txt", b"Synthetic"), ("a.csv", csv_file([row(n) for n in range(5)]))
    ),
}


@pytest.mark.parametrize("layout", READERS)
def test_layouts_say_the_same(layout: str) -> None:
    expected = read_rows(csv_file([row(n) for n in range(5)]), CANDIDATE)
    found = read_rows(READERS[layout](), CANDIDATE)
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))


def test_release_without_haiti_is_empty() -> None:
    assert len(read_rows(csv_file([row(1, country="Chad", country_id=483)]), CANDIDATE)) == 0


@pytest.mark.parametrize(
    ("where", "place", "commune", "precision"),
    [
        ({"where_prec": 1}, "solino", "Port-au-Prince", "neighborhood"),
        (
            {"where_prec": 1, "where_coordinates": "Cité Soleil commune"},
            "cite-soleil",
            "Cité Soleil",
            "commune",
        ),
        ({"where_prec": 2}, "port-au-prince-metro", "", "metro"),
        (
            {"where_prec": 3, "where_coordinates": "Port-au-Prince arrondissement"},
            "port-au-prince-metro",
            "",
            "metro",
        ),
        ({"where_prec": 4, "where_coordinates": "Ouest department"}, "haiti", "", "national"),
        ({"where_prec": 6, "where_coordinates": "Haiti"}, "haiti", "", "national"),
        ({"where_prec": 7}, "haiti", "", "national"),
        ({"where_prec": 1, "adm_1": "Nord department", "adm_2": "Cap-Haïtien"}, "haiti", "", "outside"),
        ({"where_prec": 1, "where_coordinates": "Synthetic place"}, "port-au-prince-metro", "", "metro"),
    ],
)
def test_places_are_as_exact_as_ucdp_says(
    gazetteer: Context, where: dict[str, object], place: str, commune: str, precision: str
) -> None:
    frame, findings = read(gazetteer, row(1, **where))
    found = frame.iloc[0][["neighborhood_id", "commune", "place_id", "location_precision"]].fillna("")
    assert list(found) == [place if precision == "neighborhood" else "", commune, place, precision]
    unknown = where.get("where_coordinates") == "Synthetic place"
    assert findings.unresolved == (["Synthetic place"] if unknown else [])


def test_dates_are_as_exact_as_ucdp_says(gazetteer: Context) -> None:
    frame, _ = read(gazetteer, *(row(16, id=n, date_prec=n) for n in range(1, 6)))
    assert list(frame["date_precision"]) == ["day", "month", "month", "month", "year"]
    assert list(frame["event_date"].dt.strftime("%m-%d")) == ["08-17", "08-01", "08-01", "08-01", "01-01"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "x1"),
        ("date_start", "soon"),
        ("date_start", "2026-12-24"),
        ("date_prec", "9"),
        ("where_prec", ""),
        ("type_of_violence", "4"),
        ("best", "many"),
        ("best", "99"),
    ],
)
def test_bad_values_are_rejected_with_their_row(gazetteer: Context, column: str, value: str) -> None:
    frame, findings = read(gazetteer, row(1), row(2, **{column: value}), row(3))
    assert len(frame) == 2
    assert findings.rejected[["row", "column", "value"]].values.tolist() == [[3, column, value]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "empty"),
        (b"<html>", "web page"),
        (b"1,2,3\n4,5,6\n", "no header and 3 columns"),
        (b"id,year\n1,2\n", "no column type_of_violence"),
        (csv_file([row(1), row(2)])[:-60], "cut short"),
        (archive(("a.csv", csv_file([row(1)])))[:-50], "cut short"),
        (
            archive(
                ("inner.zip", archive(("a.csv", b"1"))),
            ),
            "another archive",
        ),
        (archive(("a.csv", b"1"), ("b.csv", b"2")), "2 CSV files"),
        (archive(("a.txt", b"1")), "0 CSV files among 1"),
        (csv_file([row(1)]).replace(b"41,Americas", b"41,Americas,more"), "cells"),
    ],
)
def test_wrong_files_are_refused(source: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read_rows(source, CANDIDATE)


def test_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.sources.ucdp_export.MAX_UNPACKED_BYTES", 100_000)
    with pytest.raises(ParseError, match="too large"):
        read_rows(archive(("a.csv", b"0" * 10_000_000)), CANDIDATE)


def test_published_no_earlier_than_the_month_after(gazetteer: Context) -> None:
    frame, _ = read(gazetteer, row(1))
    assert frame["published_date"].iloc[0] == pd.Timestamp(2026, 9, 1)
    assert release("ged261-csv.zip").earliest == date(2026, 1, 1)


def test_a_file_as_people_have_it(gazetteer: Context) -> None:
    """Another name, a row of tags, numbers as decimals, other countries, other columns in another order."""
    rows = [row(1), row(2, country="Chad", country_id=483), row(3, where_prec=7)]
    frame = pd.DataFrame(rows)
    frame = frame[list(reversed(COLUMNS))].astype({"id": "float64", "where_prec": "float64"})
    frame.insert(0, "extra column", "x")
    tags = pd.DataFrame([dict.fromkeys(frame.columns, "#tag")])
    source = pd.concat([tags, frame]).to_csv(index=False).encode()
    reading = ucdp_export.read(source, gazetteer, name="conflict_data_hti.csv", recorded_at=RECORDED_AT)
    assert reading.frame["event_id"].tolist() == ["ucdp-900001", "ucdp-900003"]
    assert reading.findings.rejected.empty
    assert reading.span is None
    assert reading.frame["published_date"].tolist() == [pd.Timestamp(2026, 9, 1)] * 2


def test_a_final_release_is_complete_up_to_its_year(gazetteer: Context) -> None:
    source = archive(("GEDEvent_v26_1.csv", csv_file([row(1, year=2025, date_start="2025-05-05")])))
    reading = ucdp_export.read(source, gazetteer, name="ged261-csv.zip", recorded_at=RECORDED_AT)
    assert reading.span == (date.min, date(2025, 12, 31))


def test_a_release_without_haiti_is_not_zero_events(gazetteer: Context) -> None:
    source = csv_file([row(1, country="Chad", country_id=483)])
    with pytest.raises(SourceError, match="no event of Haiti"):
        ucdp_export.read(source, gazetteer, name="GEDEvent_v26_0_8.csv", recorded_at=RECORDED_AT)
