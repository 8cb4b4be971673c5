"""Figures over hold spells against counts by hand and against a second way of computing them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis.durability import (
    durability,
    first_events,
    hold_band,
    hold_summary,
    recovery,
    reloss_rate,
    rmst_interval,
    strata,
    violent_events,
)
from monitor.analysis.holds import hold_curve, rmst


def spells_frame(*rows: tuple[str, str, int, int, bool]) -> pd.DataFrame:
    """Spells by neighborhood, start, days to the last observation held, days to the end, and whether it was lost."""
    frame = pd.DataFrame(rows, columns=["neighborhood_id", "start", "low", "high", "lost"])
    start = pd.to_datetime(frame["start"]).astype("datetime64[us]")
    low, high = frame["low"].astype("float64"), frame["high"].astype("float64")
    return pd.DataFrame(
        {
            "neighborhood_id": frame["neighborhood_id"].astype("str"),
            "start": start,
            "last_held": start + pd.to_timedelta(low, unit="D"),
            "end": start + pd.to_timedelta(high, unit="D"),
            "lost": frame["lost"].astype("bool"),
            "duration_days": ((low + high) / 2).where(frame["lost"], high),
            "duration_low_days": low,
            "duration_high_days": high,
        }
    )


FIVE = spells_frame(
    ("a", "2024-01-01", 10, 20, True),
    ("a", "2024-03-01", 40, 40, False),
    ("b", "2024-01-01", 100, 100, False),
    ("c", "2024-01-01", 0, 1, True),
    ("d", "2024-05-20", 3, 5, True),
)


def test_durability_counts_by_hand() -> None:
    thirty = durability(FIVE, 30, observed_to=date(2024, 6, 1))
    # d began 12 days before the last observation: left out although its loss is known.
    assert thirty[["held", "lost", "observable", "unobservable"]].tolist() == [2, 2, 4, 0]
    ninety = durability(FIVE, 90, observed_to=date(2024, 6, 1))
    assert ninety[["held", "lost", "observable", "unobservable"]].tolist() == [1, 2, 3, 1]
    assert ninety["share"] == pytest.approx(1 / 3)
    assert ninety["low"] < 1 / 3 < ninety["high"]


def test_a_loss_on_the_day_itself_is_a_loss_and_an_end_of_follow_up_is_held() -> None:
    lost = spells_frame(("a", "2024-01-01", 30, 30, True))
    followed = spells_frame(("a", "2024-01-01", 30, 30, False))
    assert durability(lost, 30, observed_to=None)["held"] == 0
    assert durability(followed, 30, observed_to=None)["held"] == 1


def test_durability_of_nothing_is_not_a_share() -> None:
    row = durability(FIVE.iloc[:0], 30, observed_to=date(2024, 6, 1))
    assert row["observable"] == 0
    assert np.isnan(row["share"])


def test_reloss_rate_by_hand() -> None:
    row = reloss_rate(FIVE)
    weeks = (15 + 40 + 100 + 0.5 + 4) / 7
    assert row["losses"] == 3
    assert row["rate"] == pytest.approx(300 / weeks)
    assert (row["low"], row["high"]) == pytest.approx((61.867 / weeks, 876.727 / weeks), abs=1e-3)
    assert np.isnan(reloss_rate(FIVE.iloc[:0])["rate"])


def test_summary_says_nothing_beyond_what_was_followed() -> None:
    summary = hold_summary(FIVE)
    assert (summary.spells, summary.losses, summary.followed_days) == (5, 3, 100)
    assert summary.survival[180] is None
    assert summary.survival[7] == pytest.approx(3 / 5)
    assert summary.rmst_interval.low <= summary.rmst_days <= summary.rmst_interval.high
    with pytest.raises(ValueError, match="no spell"):
        hold_summary(FIVE.iloc[:0])


def test_the_band_holds_every_reading_of_the_losses() -> None:
    band = hold_band(FIVE)
    for column in ("duration_low_days", "duration_days", "duration_high_days"):
        curve = hold_curve(FIVE[column], FIVE["lost"])
        inside = band.merge(curve, on="t_days")
        assert (inside["low"] <= inside["ci_low"] + 1e-12).all()
        assert (inside["high"] >= inside["ci_high"] - 1e-12).all()
    assert hold_band(FIVE[~FIVE["lost"]]).empty


spell_lists = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.just("2024-01-01"), st.integers(0, 40), st.integers(0, 40), st.booleans()
    ).map(lambda row: (row[0], row[1], min(row[2], row[3]), max(row[2], row[3]), row[4])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12)
@given(spell_lists, st.integers(1, 60))
def test_the_bootstrap_agrees_with_drawing_one_sample_at_a_time(rows: list, until: int) -> None:
    spells = spells_frame(*rows)
    units = sorted(set(spells["neighborhood_id"]))
    drawn = np.random.default_rng(20241020).multinomial(
        len(units), np.full(len(units), 1 / len(units)), size=9
    )
    means = []
    for counts in drawn:
        sample = pd.concat(
            [
                spells[spells["neighborhood_id"] == unit]
                for unit, times in zip(units, counts, strict=True)
                for _ in range(times)
            ]
        )
        means.append(rmst(hold_curve(sample["duration_days"], sample["lost"]), until))
    expected = np.quantile(means, (0.025, 0.975))
    assert rmst_interval(spells, until, draws=9) == pytest.approx(tuple(expected))


@given(spell_lists)
def test_durability_is_the_plain_count(rows: list) -> None:
    spells = spells_frame(*rows)
    for days in (7, 30):
        row = durability(spells, days, observed_to=None)
        held = sum(
            s.duration_days > days or (s.duration_days == days and not s.lost) for s in spells.itertuples()
        )
        lost = sum(s.lost and s.duration_days <= days for s in spells.itertuples())
        assert (row["held"], row["lost"]) == (held, lost)
        assert row["observable"] + row["unobservable"] == len(spells)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
    st.sampled_from([list, np.array, pd.Series, iter, tuple]),
)
def test_the_curve_in_exact_fractions_whatever_holds_the_input(spells: list, chance, kind) -> None:
    spells = spells.copy()
    chance.shuffle(spells)
    curve = hold_curve(kind([days for days, _ in spells]), kind([lost for _, lost in spells]))
    share, area, reached = Fraction(1), Fraction(0), 0
    for row in curve.itertuples():
        area += share * (int(row.t_days) - reached)
        reached = int(row.t_days)
        at_risk = sum(days >= row.t_days for days, _ in spells)
        losses = sum(days == row.t_days and lost for days, lost in spells)
        share *= Fraction(at_risk - losses, at_risk)
        assert (row.at_risk, row.losses) == (at_risk, losses)
        assert row.survival == pytest.approx(float(share), abs=1e-12)
    assert rmst(curve, 45) == pytest.approx(float(area + share * (45 - reached)))


def test_strata_below_ten_spells_are_counted_and_not_estimated() -> None:
    rows = [("a", "2024-01-01", 5, 10 + n, n % 2 == 0) for n in range(10)]
    spells = spells_frame(*rows, ("b", "2024-01-01", 5, 10, True))
    table = strata(spells, spells["neighborhood_id"]).set_index("group")
    assert table["spells"].to_dict() == {"a": 10, "b": 1}
    assert table.loc["a", "survival_30"] == pytest.approx(
        hold_curve(spells["duration_days"][:10], spells["lost"][:10])["survival"].iloc[-1]
    )
    assert table.loc["b", ["survival_30", "survival_90", "rmst_days"]].isna().all()


def incident(area: str | None, day: str, kind: str = "Battles", precision: str = "day") -> dict:
    return {"neighborhood_id": area, "event_date": day, "event_type": kind, "date_precision": precision}


def test_first_incident_lies_after_the_operation_and_within_the_spell() -> None:
    incidents = pd.DataFrame(
        [
            incident("a", "2024-01-01"),
            incident("a", "2024-01-04", "Protests"),
            incident("a", "2024-01-06", precision="month"),
            incident("a", "2024-01-08"),
            incident("b", "2024-08-01"),
            incident(None, "2024-01-02"),
        ]
    ).assign(event_date=lambda f: pd.to_datetime(f["event_date"]))
    rows = first_events(FIVE, violent_events(incidents))
    assert rows["days_to_incident"].fillna(-1).tolist() == [7, -1, -1, -1, -1]
    assert rows["days_to_loss"].fillna(-1).tolist() == [20, -1, -1, 1, 5]
    assert first_events(FIVE.iloc[:0], violent_events(incidents)).empty


def test_recovery_counts_what_reopened_and_not_what_never_closed() -> None:
    spells = spells_frame(("a", "2024-02-01", 60, 60, False))
    sites = pd.DataFrame({"site_id": ["clinic", "school", "port"], "neighborhood_id": ["a", "a", "b"]})
    history = pd.DataFrame(
        [
            ("clinic", "2024-01-01", "closed"),
            ("clinic", "2024-02-20", "reduced"),
            ("school", "2024-01-01", "open"),
            ("school", "2024-03-01", "open"),
            ("port", "2024-02-10", "open"),
        ],
        columns=["site_id", "valid_from", "status"],
    ).assign(valid_from=lambda f: pd.to_datetime(f["valid_from"]))
    returns = pd.DataFrame(
        {
            "area_id": ["a", "a", "b"],
            "period_start": pd.to_datetime(["2024-03-01", "2024-01-01", "2024-03-01"]),
            "value": [500.0, 900.0, 50.0],
        }
    )
    row = recovery(spells, sites, history, returns, as_of=date(2024, 6, 1)).iloc[0]
    assert (row["sites_listed"], row["sites_open_before"], row["sites_reopened"]) == (2, 1, 1)
    assert row["reopened_on"] == pd.Timestamp("2024-02-20")
    assert row["returned_people"] == 500
    early = recovery(spells, sites, history, returns.iloc[:0], as_of=date(2024, 2, 10)).iloc[0]
    assert early["sites_reopened"] == 0
    assert np.isnan(early["returned_people"])
