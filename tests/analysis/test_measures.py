"""Shares, coverage, weekly incidents, sites and mission figures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.contracts import Status
from monitor.analysis.coverage import last_covered_date, weekly_statements
from monitor.analysis.incidents import counted, weekly_counts
from monitor.analysis.mission import deployed_totals, latest
from monitor.analysis.shares import DENOMINATORS, share_of, shares
from monitor.analysis.sites import (
    functioning,
    functioning_by_side,
    service_days,
    site_history,
    site_panel,
)

AREAS = pd.DataFrame(
    {
        "neighborhood_id": list("abcd"),
        "area_km2": [1.0, 2.0, 3.0, 4.0],
        "population": [100.0, 0.0, 300.0, 600.0],
    }
)


def panel(*statuses: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"neighborhood_id": list("abcd"), "date": pd.Timestamp("2025-01-01"), "status": statuses}
    )


def test_shares_by_three_denominators_with_bounds() -> None:
    table = shares(panel("gang_control", "contested", "unknown", "no_data"), AREAS)
    day = pd.Timestamp("2025-01-01")
    by = {name: share_of(table, ("gang_control",), name, day) for name in DENOMINATORS}
    assert [by[name]["value"] for name in DENOMINATORS] == [1, 1.0, 100]
    assert [by[name]["total"] for name in DENOMINATORS] == [4, 10.0, 1000]
    assert by["neighborhoods"][["share", "low", "high"]].tolist() == [0.25, 0.25, 0.75]
    assert by["km2"][["low", "high"]].tolist() == pytest.approx([0.1, 0.8])


@given(st.lists(st.sampled_from([str(s) for s in Status]), min_size=4, max_size=4))
def test_shares_of_a_date_sum_to_one_and_lie_within_their_bounds(statuses: list[str]) -> None:
    table = shares(panel(*statuses), AREAS)
    np.testing.assert_allclose(table.groupby("denominator")["share"].sum(), 1.0)
    settled = table[~table["status"].isin(["unknown", "no_data"])]
    assert (settled["low"] <= settled["share"] + 1e-12).all()
    assert (settled["share"] <= settled["high"] + 1e-12).all()


def test_the_default_date_is_the_last_week_with_half_the_usual_number() -> None:
    dense = pd.date_range("2025-01-06", "2025-12-28", freq="D")
    thin = pd.to_datetime(["2026-03-04"])
    assert last_covered_date(pd.Series(dense.append(thin))) == pd.Timestamp("2025-12-28")
    with pytest.raises(ValueError, match="no dated statement"):
        last_covered_date(pd.Series([], dtype="datetime64[us]"))


def test_weeks_begin_on_monday_and_leave_no_hole() -> None:
    weekly = weekly_statements(pd.to_datetime(pd.Series(["2025-01-05", "2025-01-06", "2025-01-22"])))
    assert weekly.to_dict() == {
        pd.Timestamp("2024-12-30"): 1,
        pd.Timestamp("2025-01-06"): 1,
        pd.Timestamp("2025-01-13"): 0,
        pd.Timestamp("2025-01-20"): 1,
    }


def events(*days: str, precision: str = "day") -> pd.DataFrame:
    return pd.DataFrame(
        {"event_date": pd.to_datetime(list(days)), "event_type": "Battles", "date_precision": precision}
    )


def test_weekly_counts_mark_the_incomplete_week_and_keep_it_out_of_means() -> None:
    days = ["2025-01-06", "2025-01-13", "2025-01-14", "2025-01-21", "2025-01-28", "2025-02-03"]
    weeks = weekly_counts(events(*days), start=date(2025, 1, 6), end=date(2025, 2, 5))
    assert weeks["total"].tolist() == [1, 2, 1, 1, 1]
    assert weeks["is_complete"].tolist() == [True, True, True, True, False]
    assert weeks["mean_before"].iloc[-1] == 1.25
    assert weeks["mean_before"].iloc[:4].isna().all()


def test_events_dated_to_a_month_are_in_no_week() -> None:
    assert weekly_counts(
        events("2025-01-06", precision="month"), start=date(2025, 1, 6), end=date(2025, 1, 12)
    )["total"].tolist() == [0]


def test_only_current_primary_rows_count() -> None:
    rows = pd.DataFrame(
        {
            "count_role": ["primary", "alternative", "primary"],
            "superseded_at": [pd.NaT, pd.NaT, pd.Timestamp("2025-01-01", tz="UTC")],
        }
    )
    assert len(counted(rows)) == 1


def reports(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["site_id", "status_date", "status", "event", "stated_since"])
    for column in ("status_date", "stated_since"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    recorded = frame["status_date"].dt.tz_localize("UTC")
    return frame.assign(
        status_id=[f"K{number}" for number in range(len(frame))],
        held_by=None,
        recorded_at=recorded,
        withdrawn_at=pd.Series(pd.NaT, index=frame.index).dt.tz_localize("UTC"),
    )


def test_retaken_or_attacked_does_not_change_the_state_of_a_site() -> None:
    rows = reports(
        ("hueh", "2024-02-29", "closed", None, None),
        ("hueh", "2024-07-07", None, "retaken", None),
        ("hueh", "2024-07-29", None, "attacked", None),
    )
    panel_ = site_panel(site_history(rows), [date(2024, 2, 1), date(2024, 7, 30)], ["hueh"])
    assert panel_["status"].tolist() == ["no_data", "closed"]


def test_a_state_is_unknown_after_the_limit_unless_a_later_source_says_it_lasted() -> None:
    rows = reports(
        ("hueh", "2024-02-29", "closed", None, None), ("hueh", "2026-01-01", "closed", None, "2024-02-29")
    )
    day = [date(2025, 6, 1)]
    assert site_panel(site_history(rows), day, ["hueh"])["status"].tolist() == ["closed"]
    assert site_panel(site_history(rows, known_on=date(2025, 12, 1)), day, ["hueh"])["status"].tolist() == [
        "unknown"
    ]


def test_rival_states_of_one_day_are_disputed_and_the_worse_counts() -> None:
    rows = reports(("bm", "2024-12-17", "open", None, None), ("bm", "2024-12-17", "closed", None, None))
    row = site_panel(site_history(rows), [date(2024, 12, 20)], ["bm"]).iloc[0]
    assert (row["status"], row["is_disputed"]) == ("closed", True)


def test_functioning_counts_only_sites_with_a_known_state() -> None:
    panel_ = pd.DataFrame(
        {"date": pd.Timestamp("2025-01-01"), "status": ["open", "reduced", "closed", "unknown", "no_data"]}
    )
    row = functioning(panel_).iloc[0]
    assert (row["functioning"], row["known"], row["listed"]) == (2, 3, 5)
    assert row["share"] == pytest.approx(2 / 3)
    assert functioning(panel_.tail(2))["share"].isna().all()


def test_deployment_is_compared_with_the_strength_authorised_on_that_day() -> None:
    rows = pd.DataFrame(
        {
            "as_of": pd.to_datetime(["2023-10-02", "2025-06-26", "2025-09-30", "2026-01-26"]),
            "published_date": pd.to_datetime(["2023-10-02", "2025-06-26", "2025-09-30", "2026-01-26"]),
            "figure_id": ["a1", "d1", "a2", "d2"],
            "basis": ["authorised", "deployed", "authorised", "deployed"],
            "entity": ["MSS", "MSS total", "GSF", "GSF total"],
            "value": [2500.0, 1000.0, 5550.0, 1200.0],
        }
    )
    totals = deployed_totals(rows)
    assert totals["authorised"].tolist() == [2500, 5550]
    assert totals["ratio"].tolist() == pytest.approx([0.4, 1200 / 5550])
    assert latest(rows, basis="deployed")["value"] == 1200
    assert latest(rows, basis="pledged") is None


def history(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["site_id", "valid_from", "valid_to", "status"])
    for column in ("valid_from", "valid_to"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return frame


def test_service_days_weigh_reduced_days_and_leave_unknown_ones_out() -> None:
    rows = history(
        ("a", "2025-01-01", "2025-01-11", "closed"),
        ("a", "2025-01-11", "2025-01-21", "reduced"),
        ("a", "2025-01-21", None, "unknown"),
        ("b", "2025-01-01", None, "open"),
    )
    table = service_days(rows, ["a", "b", "c"], [date(2025, 1, 1), date(2025, 1, 31)]).set_index("site_id")
    assert table.loc["a", ["days_closed", "days_reduced", "days_unknown", "lost", "lost_high"]].tolist() == [
        10,
        10,
        10,
        15,
        25,
    ]
    assert table.loc["b", ["days_open", "lost", "lost_high"]].tolist() == [30, 0, 0]
    assert table.loc["c", ["days_unknown", "lost", "lost_high"]].tolist() == [30, 0, 30]
    full = service_days(rows, ["a"], [date(2025, 1, 1), date(2025, 1, 31)], reduced_weight=1.0)
    assert full["lost"].tolist() == [20]


def test_service_days_refuse_edges_that_do_not_increase() -> None:
    with pytest.raises(ValueError, match="increasing"):
        service_days(history(), ["a"], [date(2025, 1, 2), date(2025, 1, 1)])
    with pytest.raises(ValueError, match="reduced_weight"):
        service_days(history(), ["a"], [date(2025, 1, 1), date(2025, 1, 2)], reduced_weight=2)


@given(
    st.lists(st.sampled_from(["open", "reduced", "closed", "destroyed", "unknown"]), min_size=1, max_size=6),
    st.lists(st.integers(1, 60), min_size=6, max_size=6),
)
def test_kinds_of_days_add_up_to_each_period(states: list[str], lengths: list[int]) -> None:
    start = pd.Timestamp("2025-01-01")
    edges = [start + pd.Timedelta(days=int(d)) for d in np.cumsum([0, *lengths])]
    rows = history(*(("a", edges[n], edges[n + 1], state) for n, state in enumerate(states)))
    periods = [date(2024, 12, 1), date(2025, 2, 1), date(2025, 3, 1), date(2026, 3, 1)]
    table = service_days(rows, ["a"], periods)
    kinds = table[["days_open", "days_reduced", "days_closed", "days_unknown"]]
    assert (kinds.sum(axis=1) == (table["end"] - table["start"]).dt.days).all()
    assert (table["lost"] <= table["lost_high"]).all()
    whole = service_days(rows, ["a"], [periods[0], periods[-1]])
    assert table["lost"].sum() == pytest.approx(whole["lost"].iloc[0])


def test_functioning_sites_by_who_holds_the_area_around_them() -> None:
    day = pd.Timestamp("2025-01-01")
    sites = pd.DataFrame({"site_id": list("abc"), "date": day, "status": ["open", "closed", "unknown"]})
    around = pd.DataFrame(
        {"site_id": list("abc"), "date": day, "area_status": ["state_held", "gang_control", "gang_influence"]}
    )
    table = functioning_by_side(sites, around).set_index("side")
    assert table.loc["gang", ["functioning", "known", "listed"]].tolist() == [0, 1, 2]
    assert table.loc["state", ["functioning", "known", "listed"]].tolist() == [1, 1, 1]
