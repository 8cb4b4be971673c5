"""Age of datasets: overdue, failed, not fetched; the log, versions and names that wait."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.freshness import (
    freshness,
    log_table,
    places_of_names,
    published_versions,
    waiting_names,
)

TODAY = date(2026, 11, 23)


def provenance(to: str | None = "2026-11-20", accessed: str = "2026-11-22", **more: Any) -> dict[str, Any]:
    covers = {"from": "2020-01-01", "to": to} if to else None
    return {"covers": covers, "source": {"accessed_on": accessed}, "unresolved_names": []} | more


def ended(status: str, day: str = "2026-11-23", dataset: str = "incidents", **more: Any) -> dict[str, Any]:
    return {
        "action": "refresh",
        "at": f"{day}T12:00:00Z",
        "as_of": day,
        "dataset": dataset,
        "status": status,
        "messages": ["synthetic message"],
        "unresolved_names": [],
        "version": "a1",
    } | more


def published(at: str, before: str | None, after: str, action: str = "publish") -> dict[str, Any]:
    return {
        "action": action,
        "at": at,
        "before": {"incidents": before, "other": "x"},
        "after": {"incidents": after, "other": "x"},
    }


def age(*log: dict[str, Any], made: dict[str, Any] | None = None, cadence: int | None = 7) -> Any:
    made = provenance() if made is None else made
    return freshness("incidents", provenance=made, cadence_days=cadence, log=log, today=TODAY)


@pytest.mark.parametrize(
    ("to", "cadence", "state"),
    [
        ("2026-11-20", 7, "in order"),
        ("2026-11-09", 7, "in order"),
        ("2026-11-08", 7, "overdue"),
        ("2020-01-01", None, "in order"),
        ("2030-01-01", 7, "in order"),
    ],
)
def test_overdue_after_twice_the_usual_interval(to: str, cadence: int | None, state: str) -> None:
    found = age(made=provenance(to), cadence=cadence)
    assert found.state == state
    assert found.last_world == min(date.fromisoformat(to), TODAY)
    assert found.age_days >= 0


def test_rows_without_dates_age_from_their_last_fetch() -> None:
    assert age(made=provenance(None, "2026-11-01"), cadence=7).state == "overdue"
    assert age(ended("unchanged"), made=provenance(None, "2026-11-01"), cadence=7).state == "in order"


def test_a_refresh_that_failed_is_told_and_the_last_good_one_is_kept() -> None:
    found = age(ended("accepted", "2026-11-16"), ended("failed", gaps=[["2026-11-17", "2026-11-23"]]))
    assert found.state == "failed"
    assert found.why == ("synthetic message",)
    assert (found.last_fetch, found.last_try) == (date(2026, 11, 22), date(2026, 11, 23))
    assert found.gaps == (("2026-11-17", "2026-11-23"),)
    assert age(ended("failed"), ended("accepted")).state == "in order"


def test_what_other_datasets_did_says_nothing() -> None:
    assert age(ended("failed", dataset="mission")).state == "in order"


def test_a_dataset_that_is_not_here_is_neither_old_nor_wrong() -> None:
    found = freshness("acled_incidents", provenance=None, cadence_days=7, log=[], today=TODAY)
    assert (found.state, found.age_days, found.last_fetch) == ("not fetched", None, None)


@given(st.integers(0, 400), st.integers(1, 90))
def test_a_later_day_never_makes_data_fresher(days: int, cadence: int) -> None:
    states = [
        freshness(
            "incidents",
            provenance=provenance(),
            cadence_days=cadence,
            log=[],
            today=TODAY + timedelta(days=shift),
        ).state
        for shift in (days, days + 1)
    ]
    assert states != ["overdue", "in order"]


def test_the_log_is_newest_first_and_tells_of_going_back() -> None:
    log = [
        published("2026-11-01T12:00:00Z", None, "a1"),
        ended("accepted", "2026-11-01", added=3),
        published("2026-11-02T12:00:00Z", "b2", "a1", "rollback"),
    ]
    table = log_table(log)
    assert table["status"].tolist() == ["rollback", "accepted"]
    assert table["added"].tolist()[1] == 3
    assert table["at"].is_monotonic_decreasing
    assert log_table([]).empty


def test_versions_are_those_that_were_served() -> None:
    log = [
        published("2026-11-01T12:00:00Z", "a0", "a1"),
        published("2026-11-08T12:00:00Z", "a1", "a2"),
        published("2026-11-09T12:00:00Z", "a2", "a1", "rollback"),
    ]
    found = published_versions(log, "incidents", "a1")
    assert found["version"].tolist() == ["a1", "a2", "a1", "a0"]
    assert found["is_current"].tolist() == [True, False, False, False]
    assert found["how"].tolist() == ["rollback", "publish", "publish", ""]
    assert published_versions(log, "other", "x")["version"].tolist() == ["x"]
    assert pd.isna(published_versions([], "incidents", "a9")["at"].iloc[0])


def test_names_of_a_refused_refresh_wait_until_one_is_accepted() -> None:
    served = {"incidents": provenance(unresolved_names=["Delmas - Nowhere"])}
    refused = ended("refused", dataset="territorial_control", unresolved_names=["Solinoo"])
    found = waiting_names(served, [refused])
    assert found["name"].tolist() == ["Delmas - Nowhere", "Solinoo"]
    assert found["datasets"].tolist() == [["incidents"], ["territorial_control"]]
    resolved = waiting_names(served, [refused, ended("accepted", dataset="territorial_control")])
    assert resolved["name"].tolist() == ["Delmas - Nowhere"]


def test_a_name_that_waits_is_shown_where_openstreetmap_has_exactly_it() -> None:
    places = pd.DataFrame(
        {
            "name": ["Katye Sentetik", "Delmas"],
            "name_fr": ["Quartier synthétique", None],
            "name_ht": [None, None],
            "alt_names": ["Sentetik|Sintetik", None],
            "place_type": ["neighbourhood", "suburb"],
            "lat": [18.55, 18.54],
            "lon": [-72.32, -72.30],
        }
    )
    names = pd.Series(["quartier synthétique", "Sintetik", "Katye", "Delmas 30"])
    spot = "neighbourhood 18.5500, -72.3200"
    assert places_of_names(names, places).tolist() == [spot, spot, "", ""]
