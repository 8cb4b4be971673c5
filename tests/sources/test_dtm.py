"""IOM DTM: sums, and an answer that cannot be trusted is refused. All figures are synthetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.sources import dtm
from loaders.sources.http import Session, SourceError
from loaders.sources.interface import Ask
from loaders.sources.places import join_communes
from tests.fake_services.dtm import OPERATION, OTHER_OPERATION, FakeDtm, row, rows
from tests.sources.conftest import Time

ASK = Ask(date(2018, 1, 1), date(2026, 11, 23))


@pytest.fixture
def service() -> Iterator[FakeDtm]:
    fake = FakeDtm()
    with fake.running():
        yield fake


def fetch(session: Session, service: FakeDtm) -> pd.DataFrame:
    download = dtm.fetch(session, service.CREDENTIALS | {"DTM_ADDRESS": service.address}, ASK)
    return dtm.parse(dtm.answer_rows(json.loads(download.body)))


def test_rows_are_summed_per_operation_round_type_and_commune(service: FakeDtm, session: Session) -> None:
    figures = fetch(session, service).set_index(dtm.FIGURE)["displaced"]
    assert figures[(OPERATION, 90, "BA", "HT0111")] == 100 + 103 + 106
    assert figures[(OPERATION, 89, "BA", "HT0111")] == 100 + 21
    assert figures[(OPERATION, 90, "SA", "HT0111")] == 7
    assert figures[(OTHER_OPERATION, 1, "BA", "HT0111")] == 5000
    assert figures.sum() == sum(one["numPresentIdpInd"] for one in rows())


def test_the_key_travels_in_the_header_and_only_there(service: FakeDtm, session: Session) -> None:
    fetch(session, service)
    request = service.requests[0]
    assert dict(request.query) == {"Admin0Pcode": "HTI"}
    assert request.headers["ocp-apim-subscription-key"] == service.CREDENTIALS[dtm.KEY]


def test_figures_join_communes_by_code_and_never_by_name(service: FakeDtm, session: Session) -> None:
    joined = join_communes(fetch(session, service))
    assert set(joined["commune"]) == {"Port-au-Prince", "Pétion-Ville"}
    assert set(joined.loc[joined["commune"] == "Pétion-Ville", "name_as_written"]) == {"Petion-Ville"}


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("refused", "Synthetic reason"),
        ("empty", "not 0 displaced"),
        ("truncated", r"5 rows came, 14 were announced"),
        ("key_expired", "does not accept the key"),
        ("unavailable", "answered 503"),
        ("repeated_row", "occurs twice"),
        ("other_country", "is not Haiti"),
        ("no_people", "is not a number of people"),
        ("changed_fields", "fields missing in the answer: roundNumber"),
        ("bad_pcode", "is no commune of Haiti"),
        ("cut", "connection failed"),
        ("web_page", "is not JSON"),
    ],
)
def test_what_cannot_be_trusted_is_refused(
    service: FakeDtm, session: Session, scenario: str, message: str
) -> None:
    service.scenario = scenario
    with pytest.raises(SourceError, match=message) as caught:
        fetch(session, service)
    assert service.CREDENTIALS[dtm.KEY] not in str(caught.value)


def test_a_busy_service_is_asked_again_after_the_time_it_names(
    service: FakeDtm, session: Session, time: Time
) -> None:
    service.scenario = "busy_once"
    assert len(fetch(session, service)) > 0
    assert 9 in time.sleeps


def test_a_missing_or_wrong_key_says_what_to_do(service: FakeDtm, session: Session) -> None:
    with pytest.raises(SourceError, match="DTM_API_KEY is not set"):
        dtm.fetch(session, {"DTM_ADDRESS": service.address}, ASK)
    with pytest.raises(SourceError, match="Renew DTM_API_KEY"):
        dtm.fetch(session, {dtm.KEY: "another", "DTM_ADDRESS": service.address}, ASK)


def test_an_unknown_assessment_type_is_refused() -> None:
    with pytest.raises(SourceError, match="assessmentType: 'XX' is unknown"):
        dtm.parse([row(0), row(1, assessmentType="XX")])


@given(st.permutations(rows()))
def test_the_order_of_rows_is_irrelevant(shuffled: list[dict[str, object]]) -> None:
    pd.testing.assert_frame_equal(
        dtm.parse(shuffled).drop(columns="name_as_written"), dtm.parse(rows()).drop(columns="name_as_written")
    )


def mirror(*, levels: bool = True, tags: bool = True) -> bytes:
    """The figures as HDX publishes them: every country and level in one file, a row of tags below the header."""
    found = [one | {"adminLevel": 2, "operationStatus": "Active"} for one in rows()]
    found += [one | {"adminLevel": 1, "admin2Pcode": "", "numPresentIdpInd": 9999} for one in found[:3]]
    found.append(row(70, admin0Pcode="LBN", admin2Pcode="LB11") | {"adminLevel": 2})
    frame = pd.DataFrame(found)
    if tags:
        frame = pd.concat([pd.DataFrame([dict.fromkeys(frame.columns, "#tag")]), frame])
    return frame.to_csv(index=False).encode("utf-8-sig")


@pytest.mark.parametrize("tags", [True, False])
def test_the_mirror_on_hdx_says_the_same(tags: bool) -> None:
    expected = dtm.parse(rows())
    found = dtm.read_csv(mirror(tags=tags), "displacement.csv")
    assert found["displaced"].tolist() == expected["displaced"].tolist()
    assert found["pcode"].tolist() == expected["pcode"].tolist()


def test_a_mirror_without_haiti_is_not_zero_people() -> None:
    with pytest.raises(SourceError, match="not 0 displaced"):
        dtm.read_csv(mirror().replace(b"HTI", b"DOM"), "displacement.csv")
