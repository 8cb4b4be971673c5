"""How long retaken neighborhoods were held: figures over the spells of ``holds.hold_spells``.

Definitions: hold-curve-1, durability-1, reloss-1, after-retake-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from monitor.analysis.definitions import (
    BOOTSTRAP_DRAWS,
    BOOTSTRAP_SEED,
    HOLD_CURVE_MIN_SPELLS,
    HOLD_HORIZONS_DAYS,
    RMST_HORIZON_DAYS,
    VIOLENT_EVENT_TYPES,
)
from monitor.analysis.holds import hold_curve, median_days, rmst, survival_at
from monitor.analysis.intervals import Interval, binomial_interval, poisson_interval
from monitor.analysis.status import day_numbers


def hold_band(spells: pd.DataFrame) -> pd.DataFrame:
    """Band of the hold curve: 95 % interval over all days on which the losses may have fallen.

    A loss is known to lie between the last observation held and the first one lost. The curve takes the middle; the
    band runs from the lowest lower end to the highest upper end of the curves with every loss at its earliest, middle
    and latest day.

    Parameters
    ----------
    spells
        ``duration_low_days, duration_days, duration_high_days`` and ``lost``.

    Returns
    -------
    DataFrame
        One row per day on which one of the three curves steps: ``t_days, low, high``; NaN where no interval is
        defined (before the first loss, and once nothing is held).
    """
    curves = [
        hold_curve(spells[column], spells["lost"])
        for column in ("duration_low_days", "duration_days", "duration_high_days")
    ]
    steps = np.unique(np.concatenate([curve["t_days"].to_numpy() for curve in curves]))
    ends: dict[str, list[np.ndarray]] = {"low": [], "high": []}
    for curve in curves:
        place = np.searchsorted(curve["t_days"].to_numpy(), steps, side="right")
        for name, column in (("low", "ci_low"), ("high", "ci_high")):
            values = np.concatenate([[np.nan], curve[column].to_numpy(dtype="float64")])
            ends[name].append(values[place])
    band = pd.DataFrame({"t_days": steps, "low": np.nan, "high": np.nan})
    if len(steps):
        known = ~np.isnan(np.stack(ends["low"])).all(axis=0)
        band.loc[known, "low"] = np.nanmin(np.stack(ends["low"])[:, known], axis=0)
        band.loc[known, "high"] = np.nanmax(np.stack(ends["high"])[:, known], axis=0)
    return band


@dataclass(frozen=True)
class HoldSummary:
    """What a hold curve says in numbers.

    Attributes
    ----------
    spells, losses
        Number of spells, and of those that ended in loss.
    followed_days
        Longest time for which a spell was followed; beyond it the curve says nothing.
    survival
        Share still held by days (7, 30, 90, 180); None beyond ``followed_days``.
    median_days
        None where the curve never reaches one half.
    rmst_days, rmst_interval
        Mean days held within 90, with its interval by resampling neighborhoods.
    """

    spells: int
    losses: int
    followed_days: float
    survival: dict[int, float | None]
    median_days: float | None
    rmst_days: float
    rmst_interval: Interval


def hold_summary(spells: pd.DataFrame) -> HoldSummary:
    """Summary of the spells' hold curve, losses at the middle of their windows.

    Raises
    ------
    ValueError
        There is no spell.
    """
    if spells.empty:
        raise ValueError("no spell: nothing to summarise")
    curve = hold_curve(spells["duration_days"], spells["lost"])
    followed = float(spells["duration_high_days"].max())
    return HoldSummary(
        spells=len(spells),
        losses=int(spells["lost"].sum()),
        followed_days=followed,
        survival={
            days: survival_at(curve, days) if days <= followed else None for days in HOLD_HORIZONS_DAYS
        },
        median_days=median_days(curve),
        rmst_days=rmst(curve, RMST_HORIZON_DAYS),
        rmst_interval=rmst_interval(spells),
    )


def rmst_interval(
    spells: pd.DataFrame, until_days: float = RMST_HORIZON_DAYS, *, draws: int = BOOTSTRAP_DRAWS
) -> Interval:
    """95 % interval of the mean days held within a horizon: whole neighborhoods drawn with replacement.

    Repeat retakes of one neighborhood are not independent, so its spells stay together. The draws are seeded: the
    same spells give the same interval.
    """
    units, unit = np.unique(spells["neighborhood_id"].to_numpy(dtype="str"), return_inverse=True)
    lost = spells["lost"].to_numpy(dtype="bool")
    times, at = np.unique(spells["duration_days"].to_numpy(dtype="float64"), return_inverse=True)
    # How many spells of each neighborhood end at each time, and how many of those in loss: a draw adds up neighborhoods.
    ending, losing = np.zeros((2, len(units), len(times)))
    np.add.at(ending, (unit, at), 1)
    np.add.at(losing, (unit[lost], at[lost]), 1)
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = generator.multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws).astype(
        "float64"
    )
    inside = times < until_days
    ended = (drawn @ ending[:, inside]).cumsum(axis=1)
    losses = drawn @ losing[:, inside]
    everyone = drawn @ ending.sum(axis=1)
    at_risk = everyone[:, None] - np.hstack([np.zeros((draws, 1)), ended[:, :-1]]) if inside.any() else ended
    with np.errstate(invalid="ignore"):
        survival = np.cumprod(np.where(at_risk > 0, 1 - losses / at_risk, 1.0), axis=1)
    edges = np.concatenate([[0.0], times[inside], [until_days]])
    heights = np.concatenate([np.ones((draws, 1)), survival], axis=1)
    means = heights @ np.diff(edges)
    return Interval(*(float(end) for end in np.quantile(means, (0.025, 0.975))))


def durability(spells: pd.DataFrame, days: int, *, observed_to: date | pd.Timestamp | None) -> pd.Series:
    """Spells still held after some days among the spells that could be followed that long (definition durability-1).

    Parameters
    ----------
    spells
        As ``hold_spells`` returns them.
    observed_to
        Last day of any observation, of whatever neighborhood: spells that began fewer than ``days`` before it are
        left out whatever became of them, or the quickly lost ones alone would count.

    Returns
    -------
    Series
        ``days, held, lost, observable, unobservable, share, low, high``: ``unobservable`` began early enough but was
        not followed that long; ``low`` and ``high`` are the 95 % interval of the share, NaN shares for none.
    """
    early = spells
    if observed_to is not None:
        early = spells[spells["start"] + pd.Timedelta(days=days) <= pd.Timestamp(observed_to)]
    lost = early["lost"] & (early["duration_days"] <= days)
    held = ~lost & (early["duration_days"] >= days)
    observable = int(lost.sum() + held.sum())
    interval = binomial_interval(int(held.sum()), observable)
    return pd.Series(
        {
            "days": days,
            "held": int(held.sum()),
            "lost": int(lost.sum()),
            "observable": observable,
            "unobservable": len(early) - observable,
            "share": held.sum() / observable if observable else np.nan,
            "low": interval.low if observable else np.nan,
            "high": interval.high if observable else np.nan,
        }
    )


def reloss_rate(spells: pd.DataFrame) -> pd.Series:
    """Losses per 100 held neighborhood-weeks with exact Poisson interval (definition reloss-1).

    Returns
    -------
    Series
        ``losses, weeks, rate, low, high``; rates are NaN where no week was held.
    """
    losses = int(spells["lost"].sum())
    weeks = float(spells["duration_days"].sum() / 7)
    interval = poisson_interval(losses)
    per = 100 / weeks if weeks > 0 else np.nan
    return pd.Series(
        {
            "losses": losses,
            "weeks": weeks,
            "rate": losses * per,
            "low": interval.low * per,
            "high": interval.high * per,
        }
    )


def strata(spells: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Figures per group of spells; a group below 10 spells gets its counts and nothing estimated.

    Parameters
    ----------
    by
        Group of each spell, on the index of ``spells``; missing groups are left out.

    Returns
    -------
    DataFrame
        ``group, spells, losses, survival_30, survival_90, rmst_days``, largest first.
    """
    rows = []
    for group, part in spells.groupby(by):
        row = {"group": group, "spells": len(part), "losses": int(part["lost"].sum())}
        if len(part) >= HOLD_CURVE_MIN_SPELLS:
            curve = hold_curve(part["duration_days"], part["lost"])
            row |= {
                "survival_30": survival_at(curve, 30),
                "survival_90": survival_at(curve, 90),
                "rmst_days": rmst(curve, RMST_HORIZON_DAYS),
            }
        rows.append(row)
    columns = ["group", "spells", "losses", "survival_30", "survival_90", "rmst_days"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"survival_30": "float64", "survival_90": "float64", "rmst_days": "float64"}
    )
    return table.sort_values(["spells", "group"], ascending=[False, True], ignore_index=True)


def violent_events(incidents: pd.DataFrame) -> pd.DataFrame:
    """Violent events dated to the day and placed in a neighborhood, in the order in which :func:`first_events` looks them up.

    Parameters
    ----------
    incidents
        Current primary rows: ``neighborhood_id, event_date, date_precision, event_type``.

    Returns
    -------
    DataFrame
        ``neighborhood_id`` (as categories) and ``event_date``, sorted by both.
    """
    violent = incidents[
        incidents["event_type"].isin(VIOLENT_EVENT_TYPES)
        & (incidents["date_precision"] == "day")
        & incidents["neighborhood_id"].notna()
    ]
    rows = violent[["neighborhood_id", "event_date"]]
    rows = rows.assign(neighborhood_id=pd.Categorical(rows["neighborhood_id"].astype("str")))
    return rows.sort_values(["neighborhood_id", "event_date"], kind="stable", ignore_index=True)


def first_events(spells: pd.DataFrame, violent: pd.DataFrame) -> pd.DataFrame:
    """Days from each retake to the first violent incident in the neighborhood, and to the first loss.

    Parameters
    ----------
    spells
        As ``hold_spells`` returns them.
    violent
        :func:`violent_events`. They count only from the day after the retake: the operation itself is none.

    Returns
    -------
    DataFrame
        ``spells`` with ``incident_on``, ``days_to_incident`` (NaN where none is known before the spell ends or its
        last observation: the wait is then at least ``duration_high_days``) and ``days_to_loss`` (NaN where not lost).
    """
    out = spells.reset_index(drop=True)
    span = 1_000_000
    areas = violent["neighborhood_id"].cat
    keys = areas.codes.to_numpy("int64") * span + day_numbers(violent["event_date"])
    area = areas.categories.get_indexer(out["neighborhood_id"].astype("str"))
    following = np.searchsorted(keys, area * span + day_numbers(out["start"]), side="right")
    on = np.append(violent["event_date"].to_numpy("datetime64[us]"), np.datetime64("NaT"))[following]
    of = np.append(areas.codes.to_numpy("int64"), -1)[following]
    in_time = (area >= 0) & (of == area) & (on <= out["end"].to_numpy("datetime64[us]"))
    out = out.assign(incident_on=np.where(in_time, on, np.datetime64("NaT")))
    return out.assign(
        days_to_incident=(out["incident_on"] - out["start"]).dt.days.astype("float64"),
        days_to_loss=out["duration_high_days"].where(out["lost"]),
    )


def recovery(
    spells: pd.DataFrame,
    sites: pd.DataFrame,
    site_history: pd.DataFrame,
    returns: pd.DataFrame,
    *,
    as_of: date,
) -> pd.DataFrame:
    """What is known to have come back after each retake: sites that serve again, people who returned.

    Parameters
    ----------
    sites
        ``site_id, neighborhood_id`` of the listed sites.
    site_history
        ``site_id, valid_from, status`` as ``site_history`` of ``sites`` gives it.
    returns
        Published figures of people who returned: ``area_id, period_start, value``.
    as_of
        What was reported after this date does not count.

    Returns
    -------
    DataFrame
        ``spells`` with ``sites_listed`` (in the neighborhood), ``sites_open_before`` (open or reduced on the day
        before the retake), ``sites_reopened`` (open or reduced again after it, not before; within the spell),
        ``reopened_on`` (the first such day) and ``returned_people`` (the largest figure published for the neighborhood
        between the retake and the spell's end; NaN where nobody published one).
    """
    rows = spells.reset_index(drop=True).rename_axis("spell").reset_index()
    day = pd.Timestamp(as_of)
    until = rows["end"].where(rows["lost"], day).clip(upper=day)
    pairs = rows[["spell", "neighborhood_id", "start"]].assign(until=until)
    pairs = pairs.merge(sites[["site_id", "neighborhood_id"]], on="neighborhood_id")
    serving = site_history[["site_id", "valid_from", "status"]].assign(
        serves=site_history["status"].isin(["open", "reduced"])
    )
    dated = pairs.merge(serving, on="site_id")
    before = dated[dated["valid_from"] < dated["start"]].sort_values("valid_from", kind="stable")
    was_open = before.groupby(["spell", "site_id"])["serves"].last()
    after = dated[(dated["valid_from"] >= dated["start"]) & (dated["valid_from"] <= dated["until"])]
    opened = (
        after[after["serves"]].groupby(["spell", "site_id"])["valid_from"].min().rename("on").reset_index()
    )
    key = pd.MultiIndex.from_frame(opened[["spell", "site_id"]])
    opened = opened[~was_open.reindex(key, fill_value=False).to_numpy(dtype="bool")]
    figures = _returned(rows, returns, until)
    return rows.assign(
        sites_listed=rows["spell"].map(pairs.groupby("spell").size()).fillna(0).astype("int64"),
        sites_open_before=rows["spell"].map(was_open.groupby("spell").sum()).fillna(0).astype("int64"),
        sites_reopened=rows["spell"].map(opened.groupby("spell").size()).fillna(0).astype("int64"),
        reopened_on=opened.groupby("spell")["on"].min().reindex(rows["spell"]).to_numpy(),
        returned_people=figures.reindex(rows["spell"]).to_numpy("float64"),
    ).drop(columns="spell")


def _returned(rows: pd.DataFrame, returns: pd.DataFrame, until: pd.Series) -> pd.Series:
    """Largest figure of returned people per spell, indexed by ``spell``."""
    dated = rows[["spell", "neighborhood_id", "start"]].assign(until=until)
    dated = dated.merge(returns, left_on="neighborhood_id", right_on="area_id")
    inside = dated[(dated["period_start"] >= dated["start"]) & (dated["period_start"] <= dated["until"])]
    return inside.groupby("spell")["value"].max()
