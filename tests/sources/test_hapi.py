"""HAPI: monthly counts that are never joined to communes, and displaced people. All figures are synthetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from loaders.checks import Context, ParseError
from loaders.sources import hapi
from loaders.sources.http import Session, SourceError
from loaders.sources.interface import Ask
from loaders.sources.places import join_communes
from tests.fake_services import hdx as fake_hdx
from tests.fake_services.hdx import FakeHdx, acled_workbook, archive

START, END = date(2026, 9, 1), date(2026, 10, 31)


@pytest.fixture
def service() -> Iterator[FakeHdx]:
    fake = FakeHdx()
    with fake.running():
        yield fake


# -- the trap --------------------------------------------------------------------------------------------------------


def conflict(session: Session, service: FakeHdx) -> pd.DataFrame:
    download = hapi.fetch(session, service.CREDENTIALS | {"HAPI_ADDRESS": service.address}, Ask(START, END))
    return hapi.read_counts(download.body, download.name)


def displaced(session: Session, service: FakeHdx) -> pd.DataFrame:
    settings = service.CREDENTIALS | {"HAPI_ADDRESS": service.address}
    return hapi.idps(json.loads(hapi.fetch_idps(session, settings, Ask(date(2018, 1, 1), END)).body)["data"])


def test_counts_are_those_of_arrondissements_and_carry_no_code(service: FakeHdx, session: Session) -> None:
    counts = conflict(session, service)
    assert tuple(counts.columns) == hapi.COUNT_COLUMNS
    assert set(counts["area_level"]) == {"arrondissement"}
    assert not counts.astype("str").apply(lambda column: column.str.contains(r"HT\d")).any(axis=None)
    metro = counts[counts["is_metro"] & (counts["event_type"] == "political_violence")]
    assert metro["arrondissement"].tolist() == ["Port-au-Prince", "Port-au-Prince"]
    assert metro["events"].tolist() == [40, 40]


def test_counts_that_are_not_given_are_not_zero(service: FakeHdx, session: Session) -> None:
    counts = conflict(session, service)
    demonstrations = counts[counts["event_type"] == "demonstration"]
    assert demonstrations["fatalities"].isna().all()
    assert demonstrations["events"].notna().all()


def test_counts_are_never_joined_to_communes(service: FakeHdx, session: Session) -> None:
    counts = conflict(session, service)
    with pytest.raises(SourceError, match="must not be joined to communes"):
        join_communes(counts)
    with pytest.raises(SourceError, match="must not be joined to communes"):
        join_communes(counts.assign(pcode="HT0111"))


def test_raw_rows_with_the_codes_of_the_trap_are_not_joined_either() -> None:
    raw = pd.DataFrame(fake_hdx.conflict_rows()).rename(columns={"admin2_code": "pcode"})
    with pytest.raises(SourceError, match="level unknown"):
        join_communes(raw)


def test_one_row_of_another_level_is_enough_to_refuse_the_join() -> None:
    figures = pd.DataFrame({"area_level": ["commune", "arrondissement"], "pcode": ["HT0111", "HT0112"]})
    with pytest.raises(SourceError, match="arrondissement, commune"):
        join_communes(figures)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("communes_now", "communes named: delmas"),
        ("changed_fields", "fields missing in the answer: events"),
        ("revised_twice", "two different counts of demonstration for Gonaives, 2026-10"),
    ],
)
def test_counts_that_changed_their_meaning_are_refused(
    service: FakeHdx, session: Session, scenario: str, message: str
) -> None:
    service.scenario = scenario
    with pytest.raises(SourceError, match=message):
        conflict(session, service)


# -- workbooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("demonstrations", "event_type"), [(False, "political_violence"), (True, "demonstration")]
)
def test_a_workbook_says_the_same_as_the_service(demonstrations: bool, event_type: str) -> None:
    counts = hapi.read_acled_workbook(acled_workbook(demonstrations=demonstrations), event_type)
    assert tuple(counts.columns) == hapi.COUNT_COLUMNS
    assert counts["period_start"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2026-09-01", "2026-10-01"]
    assert counts["period_end"].dt.strftime("%Y-%m-%d").unique().tolist() == ["2026-09-30", "2026-10-31"]
    assert counts["fatalities"].isna().all() == demonstrations
    assert counts.loc[counts["is_metro"], "events"].tolist() == [40, 40]
    with pytest.raises(SourceError, match="must not be joined"):
        join_communes(counts)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (acled_workbook(Month="Septembre"), "is not a month and a year"),
        (acled_workbook(Admin2="Delmas"), "communes named: delmas"),
        (acled_workbook(Admin2="Elsewhere"), "Port-au-Prince is missing"),
        (archive({"readme.txt": b"no workbook"}), "no Excel workbook"),
    ],
)
def test_other_workbooks_are_refused(source: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        hapi.read_acled_workbook(source, "political_violence")


# -- HAPI ------------------------------------------------------------------------------------------------------------


def test_pages_are_asked_for_until_one_is_short(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hapi, "PAGE_ROWS", 10)
    monkeypatch.setattr(fake_hdx, "CAP", 10)
    assert len(conflict(session, service)) == 24
    assert [request.query["offset"] for request in service.requests] == ["0", "10", "20"]
    assert {request.query["start_date"] for request in service.requests} == {"2026-09-01"}


def test_a_full_last_page_is_followed_by_an_empty_one(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hapi, "PAGE_ROWS", 12)
    assert len(conflict(session, service)) == 24
    assert len(service.requests) == 3


def test_the_same_page_again_is_an_error(
    service: FakeHdx, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hapi, "PAGE_ROWS", 10)
    service.scenario = "capped"
    with pytest.raises(SourceError, match="the same page again"):
        conflict(session, service)


def test_displaced_people_are_per_commune_and_may_be_joined(service: FakeHdx, session: Session) -> None:
    figures = displaced(session, service)
    assert len(figures) == 6
    joined = join_communes(figures)
    assert joined.groupby("commune")["displaced"].first().to_dict() == {
        "Delmas": 1001,
        "Port-au-Prince": 1000,
    }


def test_the_identifier_travels_in_the_header(service: FakeHdx, session: Session) -> None:
    conflict(session, service)
    request = service.requests[0]
    assert request.headers["x-hdx-hapi-app-identifier"] == fake_hdx.IDENTIFIER
    assert "app_identifier" not in request.query


@pytest.mark.parametrize(
    ("settings", "message"),
    [({}, "HDX_APP_IDENTIFIER is not set"), ({"HDX_APP_IDENTIFIER": "bm8="}, "Invalid app identifier")],
)
def test_an_identifier_is_needed(
    service: FakeHdx, session: Session, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        hapi.fetch_idps(session, settings | {"HAPI_ADDRESS": service.address}, Ask(START, END))


def test_no_rows_are_not_zero_events(service: FakeHdx, session: Session) -> None:
    with pytest.raises(SourceError, match="not 0 events"):
        hapi.fetch(
            session,
            service.CREDENTIALS | {"HAPI_ADDRESS": service.address},
            Ask(date(2030, 1, 1), date(2030, 2, 1)),
        )


def test_a_busy_service_is_asked_again(service: FakeHdx, session: Session) -> None:
    service.scenario = "busy_once"
    assert len(conflict(session, service)) == 24


def mirror(*, tags: bool = False) -> bytes:
    """HAPI's counts as the CSV of a year on HDX: every country, rows with errors."""
    frame = pd.DataFrame(fake_hdx.conflict_rows()).assign(warning="", error="")
    wrong = frame.iloc[[0]].assign(events=9999, error="synthetic error")
    abroad = frame.iloc[[1]].assign(location_code="SDN", provider_admin2_name="Delmas")
    frame = pd.concat([frame, wrong, abroad])
    if tags:
        frame = pd.concat([pd.DataFrame([dict.fromkeys(frame.columns, "#tag")]), frame])
    return frame.to_csv(index=False).encode("utf-8-sig")


@pytest.mark.parametrize("tags", [True, False])
def test_the_mirror_says_the_same_as_the_service(service: FakeHdx, session: Session, tags: bool) -> None:
    found = hapi.read_counts(mirror(tags=tags), "hdx_hapi_conflict_event_hti.csv")
    pd.testing.assert_frame_equal(found, conflict(session, service))


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        (
            "haiti_hrp_political_violence_events_and_fatalities_by_month-year_as-of-01jul2026.xlsx",
            "political_violence",
        ),
        ("haiti_hrp_civilian_targeting_events_and_fatalities_by_month-year.xlsx", "civilian_targeting"),
        ("haiti_demonstration_events_by_month-year.xlsx", "demonstration"),
    ],
)
def test_the_name_of_a_workbook_says_what_it_counts(name: str, event_type: str) -> None:
    source = acled_workbook(demonstrations=event_type == "demonstration")
    assert set(hapi.read_counts(source, name)["event_type"]) == {event_type}
    with pytest.raises(ParseError, match="does not say what it counts"):
        hapi.read_counts(source, "book.xlsx")


def test_only_complete_months_of_the_metropolitan_area_become_figures(
    service: FakeHdx, session: Session
) -> None:
    download = hapi.fetch(session, service.CREDENTIALS | {"HAPI_ADDRESS": service.address}, Ask(START, END))
    october = datetime(2026, 10, 20, tzinfo=UTC)
    reading = hapi.read(download.body, Context(), name=download.name, recorded_at=october)
    assert set(reading.frame["area_id"]) == {"port-au-prince-metro"}
    assert reading.frame["period_end"].max() < pd.Timestamp("2026-10-01")
    assert set(reading.frame["indicator"]) == {
        "acled_political_violence_events",
        "acled_political_violence_fatalities",
        "acled_civilian_targeting_events",
        "acled_civilian_targeting_fatalities",
        "acled_demonstration_events",
    }
    assert not reading.frame.astype("str").apply(lambda column: column.str.contains("HT0")).any(axis=None)
