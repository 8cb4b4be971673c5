"""ACLED: the client against a stand-in over real HTTP, and every layout of its files. All rows are synthetic."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, enforce, typed
from loaders.sources.acled import Acled, Credentials
from loaders.sources.acled_export import EmbargoError, read_export, read_rows, to_incidents
from loaders.sources.http import Session, SourceError
from tests.fake_services.acled import (
    COLUMNS,
    EMBARGOED_UNTIL,
    FIRST_UPLOAD,
    PARTLY_EMBARGOED_UNTIL,
    SECOND_UPLOAD,
    FakeAcled,
    csv_file,
    row,
)
from tests.sources.conftest import RECORDED_AT, Time

START, END = date(2026, 9, 1), date(2026, 11, 22)
OLD_COLUMNS = (
    *("data_id", "iso", "event_id_cnty", "event_id_no_cnty", "event_date", "year", "time_precision"),
    *("event_type", "sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2"),
    *("inter2", "interaction", "region", "country", "admin1", "admin2", "admin3", "location"),
    *("latitude", "longitude", "geo_precision", "source", "source_scale", "notes", "fatalities"),
    *("timestamp", "iso3"),
)
REDUCED_COLUMNS = (
    *("event_date", "event_type", "sub_event_type", "actor1", "actor2", "admin1", "admin2", "location"),
    *("latitude", "longitude", "fatalities"),
)


#: UTF-8 with one letter of Latin-1 in its second line.
MIXED_ENCODINGS = (
    csv_file([row(0, actor1="@"), row(1, location="Pétion-Ville")]).encode().replace(b"@", b"\xe9")
)


def client(session: Session, service: FakeAcled, *, page_rows: int = 25) -> Acled:
    return Acled(session, Credentials.of(service.CREDENTIALS), address=service.address, page_rows=page_rows)


def rows(count: int = 14, **changes: Any) -> list[dict[str, Any]]:
    return [row(number, **changes) for number in range(count)]


def old_rows(count: int = 14) -> list[dict[str, Any]]:
    codes = {"inter1": 1, "inter2": 7, "interaction": 17, "iso3": "HTI", "disorder_type": ""}
    return [
        row(number, **codes) | {"data_id": 7_000_000 + number, "event_id_no_cnty": 900_000 + number}
        for number in range(count)
    ]


def read(text: str | bytes, gazetteer: Context) -> tuple[pd.DataFrame, Findings]:
    source = text.encode() if isinstance(text, str) else text
    return read_export(source, gazetteer, recorded_at=RECORDED_AT)


def placed(gazetteer: Context, **geography: str) -> pd.Series:
    frame, findings = read(csv_file(rows(1, **geography)), gazetteer)
    place = frame.iloc[0][["neighborhood_id", "commune", "place_id", "location_precision"]].fillna("")
    place["unresolved"] = findings.unresolved
    return place


# -- client ----------------------------------------------------------------------------------------------------------


def test_first_load_follows_cursors_and_sends_what_acled_asks_for(acled: FakeAcled, session: Session) -> None:
    download = client(session, acled).events(START, END)
    assert len(download.rows) == 60
    assert download.last_timestamp == FIRST_UPLOAD
    assert download.visible_until is None
    log_in, *reads = acled.requests
    assert log_in.form["scope"] == "authenticated"
    assert [one.query["cursor"] for one in reads] == ["0", "synthetic-25", "synthetic-50"]
    assert reads[0].query | {"cursor": "0"} == {
        "country": "Haiti",
        "event_date": "2026-09-01|2026-11-22",
        "event_date_where": "BETWEEN",
        "with_total": "true",
        "limit": "25",
        "cursor": "0",
        "_format": "json",
    }
    assert all(
        one.headers["user-agent"].startswith("Port-au-Prince-Conflict-Monitor") for one in acled.requests
    )


def test_download_is_read_as_a_file(acled: FakeAcled, session: Session, gazetteer: Context) -> None:
    download = client(session, acled).events(START, END)
    frame, findings = read(download.source, gazetteer)
    assert len(frame) == 60
    assert findings.unresolved == ["Delmas - Synthetic Quarter"]
    assert not len(findings.rejected)


def test_numbers_as_text_give_the_same_rows(acled: FakeAcled, session: Session, gazetteer: Context) -> None:
    as_numbers, _ = read(client(session, acled).events(START, END).source, gazetteer)
    acled.scenario = "string_numbers"
    as_text, _ = read(client(session, acled).events(START, END).source, gazetteer)
    pd.testing.assert_frame_equal(as_numbers, as_text)


def test_requests_keep_their_distance(acled: FakeAcled, session: Session, time: Time) -> None:
    client(session, acled).events(START, END)
    assert time.now == pytest.approx(len(acled.requests) - 1)


def test_weekly_routine(acled: FakeAcled, session: Session) -> None:
    api = client(session, acled)
    first = api.events(START, END)
    assert len(first.rows) == 60
    acled.scenario = "nothing_new"
    again = api.events(START, END, since=FIRST_UPLOAD + 1)
    assert again.rows == []
    assert len(api.deletions(FIRST_UPLOAD)) == 0
    acled.scenario = "changes"
    changed, _ = read_rows(api.events(START, END, since=FIRST_UPLOAD + 1).source)
    deleted = api.deletions(FIRST_UPLOAD)
    assert sorted(changed["event_id"]) == ["HTI900004", "HTI900060", "HTI900061"]
    assert deleted.to_dict("records") == [{"event_id": "HTI900009", "deleted_timestamp": SECOND_UPLOAD}]


def test_embargo_is_not_no_events(acled: FakeAcled, session: Session) -> None:
    acled.scenario = "embargo"
    with pytest.raises(EmbargoError, match=f"embargoed until {EMBARGOED_UNTIL}") as error:
        client(session, acled).events(START, END)
    assert error.value.until == date.fromisoformat(EMBARGOED_UNTIL)
    assert "not 0 events" in str(error.value)


def test_rows_from_an_embargoed_account_say_where_they_end(
    acled: FakeAcled, session: Session, gazetteer: Context
) -> None:
    acled.scenario = "partly_embargoed"
    download = client(session, acled).events(START, END)
    assert download.visible_until == date.fromisoformat(PARTLY_EMBARGOED_UNTIL)
    _, findings = read(download.source, gazetteer)
    assert any(PARTLY_EMBARGOED_UNTIL in warning for warning in findings.warnings)


def test_saved_answer_of_an_embargoed_account_is_refused(gazetteer: Context) -> None:
    answer = {"data": [], "data_query_restrictions": {"date_recency": {"date": EMBARGOED_UNTIL}}}
    with pytest.raises(EmbargoError, match=EMBARGOED_UNTIL):
        read(json.dumps(answer), gazetteer)


def test_restriction_of_unknown_shape_is_an_embargo_too(gazetteer: Context) -> None:
    with pytest.raises(EmbargoError, match="does not name"):
        read(json.dumps({"data": [], "data_query_restrictions": {"something": "new"}}), gazetteer)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("truncated", "truncated.*no next_cursor"),
        ("short", "truncated: 60 of 61"),
        ("stuck", "does not move"),
        ("never_valid", "refuses a token"),
        ("bad_password", "log-in refused.*ACLED_PASSWORD"),
        ("no_access", "403.*Access denied"),
        ("no_consent", "accept the terms; Your profile"),
        ("failure", "Synthetic failure"),
        ("busy", "answered 429, 5 times"),
        ("unavailable", "answered 503, 5 times"),
        ("cut", "connection failed"),
        ("wrong_encoding", "not UTF-8"),
        ("web_page", "not JSON"),
        ("huge", "larger than 2 MB"),
        ("moved", "has moved to http://localhost:9"),
    ],
)
def test_failures_are_source_errors(acled: FakeAcled, session: Session, scenario: str, message: str) -> None:
    acled.scenario = scenario
    with pytest.raises(SourceError, match=message) as error:
        client(session, acled).events(START, END)
    assert "synthetic-password" not in str(error.value)
    assert "synthetic.access" not in str(error.value)


@pytest.mark.parametrize(
    "scenario", ["busy_once", "unavailable_once", "cut_once", "expired", "refresh_refused"]
)
def test_failures_that_pass(acled: FakeAcled, session: Session, scenario: str) -> None:
    acled.scenario = scenario
    assert len(client(session, acled).events(START, END).rows) == 60


def test_retry_after_is_honoured(acled: FakeAcled, session: Session, time: Time) -> None:
    acled.scenario = "busy_once"
    client(session, acled).events(START, END)
    assert 7 in time.sleeps


def test_back_off_grows(acled: FakeAcled, session: Session, time: Time) -> None:
    acled.scenario = "unavailable"
    with pytest.raises(SourceError):
        client(session, acled).events(START, END)
    waits = [seconds for seconds in time.sleeps if seconds > 1]
    assert waits == sorted(waits)
    assert len(set(waits)) > 1


def test_answer_that_takes_too_long(acled: FakeAcled, open_with: Callable[..., Session]) -> None:
    acled.scenario = "huge"
    ticks = iter(range(10**6))
    slow = open_with(max_seconds=20, clock=lambda: float(next(ticks)))
    with pytest.raises(SourceError, match="longer than 20 s"):
        client(slow, acled).events(START, END)


def test_nobody_listens(session: Session) -> None:
    nowhere = Acled(session, Credentials("a", "b"), address="http://127.0.0.1:9")
    with pytest.raises(SourceError, match="connection failed"):
        nowhere.events(START, END)


def test_address_that_is_none(session: Session) -> None:
    with pytest.raises(SourceError, match="Correct it"):
        Acled(session, Credentials("a", "b"), address="http://127.0.0.1:port").events(START, END)


@pytest.mark.parametrize("page_rows", [10, 25, 30])
def test_deletions_by_page_number(acled: FakeAcled, session: Session, page_rows: int) -> None:
    acled.scenario = "numbered_deletions"
    assert len(client(session, acled, page_rows=page_rows).deletions(0)) == 25


def test_deletions_that_ignore_the_page_number(acled: FakeAcled, session: Session) -> None:
    acled.scenario = "repeated_deletions"
    with pytest.raises(SourceError, match="same page again"):
        client(session, acled, page_rows=10).deletions(0)


def test_no_credentials() -> None:
    with pytest.raises(SourceError, match="ACLED_PASSWORD is not set"):
        Credentials.of({"ACLED_EMAIL": "analyst@example.org"})


def test_nothing_logged_holds_a_credential(
    acled: FakeAcled, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api = client(session, acled)
    api.events(START, END)
    assert "synthetic-password" not in caplog.text + repr(api) + repr(Credentials.of(acled.CREDENTIALS))
    assert "synthetic.access" not in caplog.text


def test_csv_answer_of_the_api_is_read_too(acled: FakeAcled, session: Session, gazetteer: Context) -> None:
    api = client(session, acled)
    api.events(START, END)
    token = acled.requests[-1].headers["authorization"]
    reply = session.get(
        f"{acled.address}/api/acled/read", params={"_format": "csv"}, headers={"Authorization": token}
    )
    assert reply.headers["x-next-cursor"] == "null"
    assert len(read(reply.body, gazetteer)[0]) == 60


# -- layouts ---------------------------------------------------------------------------------------------------------


def test_current_layout_keeps_the_contract(gazetteer: Context) -> None:
    frame, findings = read(csv_file(rows()), gazetteer)
    contract = CONTRACTS["incidents"]
    assert list(frame.columns) == contract.column_names
    pd.testing.assert_frame_equal(typed(frame, contract), frame, check_dtype=True)
    valid, rejected = enforce(frame, contract)
    assert (len(valid), len(rejected), len(findings.rejected)) == (14, 0, 0)
    assert set(frame["provider"]) == {"acled"}
    assert not frame["summary"].str.contains("not an ACLED record").any()


def test_index_is_the_row_in_a_spreadsheet(gazetteer: Context) -> None:
    frame, _ = read(csv_file(rows(3)), gazetteer)
    assert list(frame.index) == [2, 3, 4]


LAYOUTS: dict[str, Callable[[], bytes]] = {
    "byte-order mark": lambda: csv_file(rows()).encode("utf-8-sig"),
    "semicolons": lambda: csv_file(rows(), delimiter=";").encode(),
    "upper case": lambda: csv_file(rows(), upper=True).encode(),
    "Windows line ends": lambda: csv_file(rows()).replace("\n", "\r\n").encode(),
    "columns in another order": lambda: csv_file(rows(), COLUMNS[::-1]).encode(),
    "old columns, numeric codes": lambda: csv_file(old_rows(), OLD_COLUMNS).encode(),
    "list of rows": lambda: json.dumps(rows()).encode(),
    "notes with line breaks": lambda: csv_file(
        rows(notes='Synthetic "note"\nin two lines; and, so on')
    ).encode(),
    "long dates": lambda: csv_file(
        [one | {"event_date": f"{date.fromisoformat(one['event_date']):%d %B %Y}"} for one in rows()]
    ).encode(),
    "times after dates": lambda: csv_file(
        [one | {"event_date": one["event_date"] + " 00:00:00"} for one in rows()]
    ).encode(),
    "decimals": lambda: csv_file(
        [one | {"time_precision": "1.0", "fatalities": f"{one['fatalities']}.0"} for one in rows()]
    ).encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_say_the_same(gazetteer: Context, layout: str) -> None:
    expected, _ = read(csv_file(rows()), gazetteer)
    frame, findings = read(LAYOUTS[layout](), gazetteer)
    assert not len(findings.rejected)
    pd.testing.assert_frame_equal(frame.reset_index(drop=True), expected.reset_index(drop=True))


def test_slashed_dates_are_decided_for_the_file(gazetteer: Context) -> None:
    dates = ["22/11/2026", "03/11/2026"]
    frame, _ = read(csv_file([row(n, event_date=day) for n, day in enumerate(dates)]), gazetteer)
    assert list(frame["event_date"].dt.strftime("%Y-%m-%d")) == ["2026-11-22", "2026-11-03"]
    frame, _ = read(csv_file([row(0, event_date="11/22/2026"), row(1, event_date="11/03/2026")]), gazetteer)
    assert list(frame["event_date"].dt.strftime("%Y-%m-%d")) == ["2026-11-22", "2026-11-03"]


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["03/11/2026", "04/11/2026"], "day/month or month/day"),
        (["22/11/2026", "11/22/2026"], "mix two orders"),
    ],
)
def test_ambiguous_dates_are_refused(gazetteer: Context, dates: list[str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(csv_file([row(n, event_date=day) for n, day in enumerate(dates)]), gazetteer)


@settings(max_examples=50)
@given(
    day=st.dates(date(2018, 1, 1), date(2026, 11, 20)),
    form=st.sampled_from(["%Y-%m-%d", "%d %B %Y", "%d-%b-%Y", "%d/%m/%Y"]),
)
def test_every_date_survives(day: date, form: str) -> None:
    decided = row(1, event_date=date(2026, 1, 31).strftime(form), timestamp="", year="")
    found, _ = read_rows(
        csv_file([row(0, event_date=day.strftime(form), timestamp="", year=""), decided]).encode()
    )
    assert found["event_date"].iloc[0].date() == day


def test_week_and_month_dates_are_not_days(gazetteer: Context) -> None:
    frame, _ = read(
        csv_file([row(n, event_date="2026-10-17", time_precision=n + 1) for n in range(3)]), gazetteer
    )
    assert list(frame["date_precision"]) == ["day", "month", "month"]
    assert list(frame["event_date"].dt.day) == [17, 1, 1]


def test_published_is_the_upload_and_not_before_the_event(gazetteer: Context) -> None:
    frame, _ = read(csv_file([row(0), row(1, timestamp=""), row(2, timestamp=1_500_000_000)]), gazetteer)
    assert list(frame["published_date"].dt.strftime("%Y-%m-%d")) == ["2026-11-10", "2026-09-02", "2026-09-03"]


# -- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", " ", "NA", "nan", "0", "-", "unknown", "HTI"])
def test_rows_without_id_are_rejected_one_by_one(gazetteer: Context, blank: str) -> None:
    frame, findings = read(csv_file([*rows(3), *(row(n, event_id_cnty=blank) for n in (3, 4))]), gazetteer)
    assert len(frame) == 3
    assert list(findings.rejected["row"]) == [5, 6]
    assert set(findings.rejected["column"]) == {"event_id_cnty"}
    assert "event id" in findings.rejected["reason"].iloc[0]
    assert json.loads(findings.rejected["record"].iloc[0])["location"] == "Port-au-Prince"


def test_reduced_layout_without_ids_is_stable(gazetteer: Context) -> None:
    events = [*rows(), row(1), row(1, fatalities=3)]
    frame, findings = read(csv_file(events, REDUCED_COLUMNS), gazetteer)
    assert len(frame) == 16
    assert frame["event_id"].is_unique
    assert any("no event ids" in warning for warning in findings.warnings)
    backwards, _ = read(csv_file(events[::-1], REDUCED_COLUMNS), gazetteer)
    same = ["event_id", "event_date", "fatalities", "place_id"]
    pd.testing.assert_frame_equal(
        frame[same].sort_values("event_id", ignore_index=True),
        backwards[same].sort_values("event_id", ignore_index=True),
    )


def test_old_layout_with_data_id_only(gazetteer: Context) -> None:
    columns = tuple(name for name in OLD_COLUMNS if name != "event_id_cnty")
    frame, _ = read(csv_file(old_rows(2), columns), gazetteer)
    assert list(frame["event_id"]) == ["data-7000000", "data-7000001"]


def test_of_two_rows_of_an_event_the_newest_stays(gazetteer: Context) -> None:
    newer = row(1, timestamp=SECOND_UPLOAD, fatalities=9)
    frame, findings = read(csv_file([newer, row(1), row(2)]), gazetteer)
    assert list(frame["fatalities"]) == [9, 0]
    assert any("repeat the id" in warning for warning in findings.warnings)


# -- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admin3", "location", "place", "commune", "precision"),
    [
        ("Port-au-Prince", "Port-au-Prince - Solino", "solino", "Port-au-Prince", "neighborhood"),
        ("Petion Ville", "Petion Ville - Pernier", "pernier", "Pétion-Ville", "neighborhood"),
        ("Cite Soleil", "Brooklyn", "brooklyn", "Cité Soleil", "neighborhood"),
        ("Petion Ville", "Petionville", "petion-ville", "Pétion-Ville", "commune"),
        ("Port au Prince", "Port-au-Prince", "port-au-prince", "Port-au-Prince", "commune"),
        ("Delmas", "Port-au-Prince - Delmas", "delmas", "Delmas", "commune"),
        ("Delmas", "Delmas - Delmas", "delmas", "Delmas", "commune"),
        ("", "Port-au-Prince - Cite Soleil", "cite-soleil", "Cité Soleil", "commune"),
        ("", "Delmas - Delmas 30", "delmas-30", "Delmas", "neighborhood"),
        ("", "Solino", "solino", "Port-au-Prince", "neighborhood"),
        ("", "Tabarre", "tabarre", "Tabarre", "commune"),
        ("Delmas", "", "delmas", "Delmas", "commune"),
    ],
)
def test_meanings_of_location(
    gazetteer: Context, admin3: str, location: str, place: str, commune: str, precision: str
) -> None:
    found = placed(gazetteer, admin3=admin3, location=location)
    assert list(found) == [place if precision == "neighborhood" else "", commune, place, precision, []]


@pytest.mark.parametrize(
    ("admin3", "location", "place"),
    [
        ("Delmas", "Delmas - Delmas 19/Mackandal", "delmas"),
        ("Delmas", "Delmas - Solino", "delmas"),
        ("Port-au-Prince", "Port-au-Prince - Carrefour", "port-au-prince"),
        ("Port-au-Prince", "Port-au-Prince - Solinoo", "port-au-prince"),
        ("", "Coast of Port-au-Prince", "port-au-prince-metro"),
        ("Synthetic Commune", "Solino", "port-au-prince-metro"),
    ],
)
def test_unknown_and_contradictory_names_wait_in_the_queue(
    gazetteer: Context, admin3: str, location: str, place: str
) -> None:
    found = placed(gazetteer, admin3=admin3, location=location)
    assert (found["place_id"], found["neighborhood_id"], found["unresolved"]) == (place, "", [location])


def test_an_alias_of_the_whole_spelling_wins(gazetteer: Context) -> None:
    alias = {
        "alias": "Delmas - Delmas 19/Mackandal",
        "alias_key": "delmas-delmas-19-mackandal",
        "language": "fr",
        "neighborhood_id": "delmas-19",
        "is_name": False,
    }
    aliases = pd.concat([gazetteer.frames["aliases"], pd.DataFrame([alias])], ignore_index=True)
    taught = Context({**gazetteer.frames, "aliases": aliases}, gazetteer.files)
    found = placed(taught, admin3="Delmas", location="Delmas - Delmas 19/Mackandal")
    assert (found["place_id"], found["unresolved"]) == ("delmas-19", [])


def test_a_region_is_never_placed_in_a_commune(gazetteer: Context) -> None:
    found = placed(gazetteer, admin3="Port-au-Prince", location="Port-au-Prince - Solino", geo_precision="3")
    assert list(found) == ["", "", "port-au-prince-metro", "metro", []]


@pytest.mark.parametrize(
    ("admin1", "admin2", "admin3", "location", "expected"),
    [
        ("Artibonite", "Gonaives", "Gonaives", "Gonaives - Solino", ["", "Gonaives", "haiti", "outside", []]),
        ("Nord", "Cap-Haitien", "", "Solino", ["", "", "haiti", "outside", []]),
        ("Ouest", "Archaie", "Cabaret", "Cabaret", ["", "Cabaret", "cabaret", "commune", []]),
        ("", "", "", "Synthetic", ["", "", "haiti", "national", []]),
    ],
)
def test_outside_the_metropolitan_area(
    gazetteer: Context, admin1: str, admin2: str, admin3: str, location: str, expected: list[object]
) -> None:
    found = placed(gazetteer, admin1=admin1, admin2=admin2, admin3=admin3, location=location)
    assert list(found) == expected


# -- files that are not right ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "no ZIP archive, or is cut short"),
        (b"<!DOCTYPE html><html>", "web page"),
        (csv_file(rows()).encode("utf-16")[:-501], "starts as UTF-16 but is not"),
        (csv_file(rows()).encode("utf-16-le"), r"no text \(NUL\)"),
        (MIXED_ENCODINGS, "in line 2, is not UTF-8"),
        (csv_file(rows(location="Pétion-Ville")).encode("mac-roman"), "is not UTF-8"),
        (csv_file(rows())[:-400].encode(), "cut short"),
        (csv_file(rows(notes="Synthetic, quoted"))[:-40].encode(), "cut short"),
        (csv_file([]).encode(), "no rows"),
        (b'{"data": [{"event_id_cnty": "HTI9', "cut short or damaged"),
        (b"[" * 100_000, "cut short or damaged"),
        (b'{"status": 200}', "no list of events"),
        (b'{"data": []}', "no events"),
        (
            b"WEEK,COUNTRY,ADMIN1,EVENT_TYPE,EVENTS\n2026-01-03,Haiti,Ouest,Battles,3\n",
            "no column event_date",
        ),
        (b"a,b\n1,2\n", "no column event_date, event_type"),
        (b"event_date,event_type\n2026-01-03,Battles\n", "no column location"),
        (csv_file(rows(country="Chad")).encode(), "none of 14 rows is in Haiti"),
        (csv_file(rows(event_date="soon")).encode(), "14 of 14 rows are bad"),
        (csv_file(rows(), (*COLUMNS, "location")).encode(), "location occurs twice"),
        (b",".join(b"c" for _ in range(1_000_000)) + b"\n", "no CSV header"),
        (b"x" * 3_000_000, "no CSV header"),
    ],
)
def test_wrong_files_are_refused(gazetteer: Context, source: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read(source, gazetteer)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event_date", "2026-02-30"),
        ("event_date", "2026-12-24"),
        ("event_type", "Synthetic type"),
        ("fatalities", "several"),
        ("fatalities", "-1"),
        ("fatalities", "1.5"),
        ("time_precision", "4"),
        ("geo_precision", "x"),
        ("timestamp", "17631"),
    ],
)
def test_bad_values_are_rejected_with_their_row(gazetteer: Context, column: str, value: str) -> None:
    frame, findings = read(csv_file([*rows(4), row(4, **{column: value})]), gazetteer)
    assert len(frame) == 4
    assert findings.rejected[["row", "column"]].values.tolist() == [[6, column]]
    assert str(findings.rejected["value"].iloc[0])[:10] in (value, value[:10])


def test_rows_of_another_width_are_rejected_and_the_others_keep_their_numbers(gazetteer: Context) -> None:
    lines = csv_file(rows(6)).splitlines()
    lines[3] += ",one cell more"
    frame, findings = read("\n".join(lines) + "\n", gazetteer)
    assert list(frame.index) == [2, 3, 5, 6, 7]
    assert list(findings.rejected["row"]) == [4]


def test_other_countries_are_left_out_and_counted(gazetteer: Context) -> None:
    frame, findings = read(csv_file([*rows(3), row(4, country="Chad", event_id_cnty="CHA1")]), gazetteer)
    assert len(frame) == 3
    assert any("1 rows of other countries" in warning for warning in findings.warnings)


def test_markup_stays_text(gazetteer: Context) -> None:
    frame, _ = read(csv_file([row(0, actor1="=HYPERLINK(1)<script>")]), gazetteer)
    assert frame["actor1"].iloc[0] == "=HYPERLINK(1)<script>"


@settings(max_examples=20)
@given(order=st.permutations(range(14)))
def test_order_of_rows_does_not_matter(gazetteer: Context, order: list[int]) -> None:
    some, _ = to_incidents(read_rows(csv_file(rows()).encode())[0], gazetteer, recorded_at=RECORDED_AT)
    mixed, _ = read(csv_file([row(n) for n in order]), gazetteer)
    pd.testing.assert_frame_equal(
        some.sort_values("event_id", ignore_index=True), mixed.sort_values("event_id", ignore_index=True)
    )
