"""Do they hold what they take? Hold spells, hold curve, outcomes of claims (retake-1, hold-curve-1, outcome-1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS, Status

_Z_95 = 1.959963984540054

#: Sides that decide whether a neighborhood was in gang hands before; contested and unknown leave it open.
_DECIDED_SIDES = ("gang", "state", "third_party")

SPELL_COLUMNS = [
    *(
        "neighborhood_id",
        "start",
        "last_held",
        "end",
        "lost",
        "duration_days",
        "duration_low_days",
        "duration_high_days",
    ),
    *("start_assertion_id", "end_assertion_id"),
]


def hold_spells(panel: pd.DataFrame, *, end_on: date | None = None, strict: bool = False) -> pd.DataFrame:
    """Spells for which forces held what they retook.

    Parameters
    ----------
    panel
        Observed statuses in date order per neighborhood: a panel (``date``) or a history (``valid_from``), with
        ``neighborhood_id`` and ``status``; ``is_stale`` and ``assertion_id`` where known. Stale, unknown and no-data
        rows are not observations.
    end_on
        Leave out observations after this date.
    strict
        A contested observation ends the spell, too.

    Returns
    -------
    DataFrame
        One row per spell: ``start`` (first day held), ``last_held`` (last observation held), ``end`` (first day
        lost, or the neighborhood's last observation if censored), ``lost``, and the duration in days: to the middle
        of the window in which the loss fell, with its bounds ``duration_low_days`` and ``duration_high_days``; for a
        censored spell all three reach to the last observation. A spell needs an earlier gang status (no left
        truncation). Sorted by neighborhood and start.
    """
    return spells_of(observations(panel), end_on=end_on, strict=strict)


def observations(panel: pd.DataFrame) -> pd.DataFrame:
    """What is observed of each neighborhood, whatever date is shown later; see :func:`hold_spells` for ``panel``.

    Returns
    -------
    DataFrame
        ``neighborhood_id, unit`` (a number per neighborhood), ``date, assertion_id`` (None where the panel has none) and
        the booleans ``is_retake`` (state after gang), ``is_gang, is_contested``; sorted by neighborhood and date.
    """
    rows = panel.rename(columns={"valid_from": "date"}) if "valid_from" in panel else panel
    rows = rows[~rows["status"].isin([Status.UNKNOWN, Status.NO_DATA])]
    if "is_stale" in rows:
        rows = rows[~rows["is_stale"].astype("bool")]
    rows = rows.sort_values(["neighborhood_id", "date"], kind="stable", ignore_index=True)
    unit = pd.factorize(rows["neighborhood_id"])[0]
    side = rows["status"].map(SIDE_OF_STATUS)
    before = side.where(side.isin(_DECIDED_SIDES)).groupby(unit, sort=False).ffill()
    before = before.groupby(unit, sort=False).shift()
    return pd.DataFrame(
        {
            "neighborhood_id": rows["neighborhood_id"],
            "unit": unit,
            "date": rows["date"],
            "assertion_id": rows.get("assertion_id"),
            "is_retake": (side == "state") & (before == "gang"),
            "is_gang": side == "gang",
            "is_contested": side == "contested",
        }
    )


def spells_of(observed: pd.DataFrame, *, end_on: date | None = None, strict: bool = False) -> pd.DataFrame:
    """What :func:`hold_spells` returns, from :func:`observations`."""
    rows = observed if end_on is None else observed[observed["date"] <= pd.Timestamp(end_on)]
    first = np.flatnonzero(rows["is_retake"])
    losses = np.flatnonzero(rows["is_gang"] | (strict & rows["is_contested"]))
    # A spell runs to the next loss of its neighborhood; only the last one of a neighborhood can end without.
    unit = rows["unit"].to_numpy()
    unit_end = np.searchsorted(unit, unit[first], side="right")
    following = np.searchsorted(losses, first)
    loss = np.append(losses, len(rows))[following]
    lost = loss < unit_end
    last = np.where(lost, loss, unit_end) - 1
    end = np.where(lost, loss, last)
    ended_by = rows["assertion_id"].take(end).to_numpy(dtype="object")
    table = pd.DataFrame(
        {
            "neighborhood_id": rows["neighborhood_id"].take(first).to_numpy(),
            "start": rows["date"].to_numpy()[first],
            "last_held": rows["date"].to_numpy()[last],
            "end": rows["date"].to_numpy()[end],
            "lost": lost,
            "start_assertion_id": rows["assertion_id"].take(first).to_numpy(),
            "end_assertion_id": np.where(lost, ended_by, None),
        }
    )
    for column in ("start", "last_held", "end"):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[us]")
    low = (table["last_held"] - table["start"]).dt.days.astype("float64")
    high = (table["end"] - table["start"]).dt.days.astype("float64")
    table["lost"] = table["lost"].astype("bool")
    table["duration_low_days"], table["duration_high_days"] = low, high
    table["duration_days"] = ((low + high) / 2).where(table["lost"], high)
    return table[SPELL_COLUMNS]


def hold_curve(durations_days: Iterable[float], lost: Iterable[bool]) -> pd.DataFrame:
    """Kaplan-Meier estimate of the share still held after t days, with 95 % log-log interval.

    Parameters
    ----------
    durations_days, lost
        Length of each spell and whether it ended in loss (else it is censored). A loss precedes a censoring at the
        same time.

    Returns
    -------
    DataFrame
        One row per time of loss: ``t_days, at_risk, losses, survival, ci_low, ci_high``. Where the estimate is 0 or
        1 the interval is not defined (NaN).

    Raises
    ------
    ValueError
        Lengths differ, a duration is negative, missing or infinite, or an outcome is neither 0 nor 1.

    Notes
    -----
    Kaplan and Meier (1958); Greenwood's variance on the log(-log) scale (Kalbfleisch and Prentice).
    """
    times, events = _durations(durations_days), _outcomes(lost)
    if times.shape != events.shape:
        raise ValueError(f"{len(times)} durations but {len(events)} outcomes")
    losses_at, losses = np.unique(times[events], return_counts=True)
    at_risk = (len(times) - np.searchsorted(np.sort(times), losses_at)).astype("int64")
    survival = np.cumprod(1 - losses / at_risk) if len(losses_at) else np.array([])
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(losses / (at_risk * (at_risk - losses)))
        log_s = np.log(survival)
        spread = _Z_95 * np.sqrt(greenwood) / np.abs(log_s)
        low, high = survival ** np.exp(spread), survival ** np.exp(-spread)
    defined = (survival > 0) & (survival < 1)
    return pd.DataFrame(
        {
            "t_days": losses_at,
            "at_risk": at_risk,
            "losses": losses.astype("int64"),
            "survival": survival,
            "ci_low": np.where(defined, low, np.nan),
            "ci_high": np.where(defined, high, np.nan),
        }
    )


def _durations(values: Iterable[float]) -> np.ndarray:
    """Durations as numbers; ValueError for what is none."""
    times = _numbers(values)
    if not np.isfinite(times).all() or (times < 0).any():
        raise ValueError("durations must be 0 or more days; one is negative, missing or infinite")
    return times


def _outcomes(values: Iterable[bool]) -> np.ndarray:
    """Outcomes as booleans; ValueError for what is neither 0 nor 1."""
    marks = _numbers(values)
    if not np.isin(marks, (0, 1)).all():
        raise ValueError(
            "outcomes of durations must be 1 (lost) or 0 (censored); one is something else or missing"
        )
    return marks == 1


def _numbers(values: Iterable[float]) -> np.ndarray:
    """Values as numbers; NaN for what is none."""
    if isinstance(values, pd.Series) and values.dtype in ("float64", "bool"):
        return values.to_numpy("float64")
    return pd.to_numeric(pd.Series(list(values), dtype="object"), errors="coerce").to_numpy(
        "float64", na_value=np.nan
    )


def survival_at(curve: pd.DataFrame, days: float) -> float:
    """Share still held after some days, between 0 and 1."""
    before = curve[curve["t_days"] <= days]
    return 1.0 if before.empty else float(before["survival"].iloc[-1])


def median_days(curve: pd.DataFrame) -> float | None:
    """First day by which half is lost; None if the curve never reaches one half ("median not reached")."""
    # A product such as 3/4 x 2/3 is a hair above one half in floating point.
    reached = curve[curve["survival"] <= 0.5 + 1e-12]
    return None if reached.empty else float(reached["t_days"].iloc[0])


def rmst(curve: pd.DataFrame, until_days: float) -> float:
    """Mean days held within a horizon: area under the curve from 0 to ``until_days``, in days.

    Raises
    ------
    ValueError
        The horizon is not a positive number of days.
    """
    if not 0 < until_days < np.inf:
        raise ValueError("until_days must be a positive number of days")
    inside = curve[curve["t_days"] < until_days]
    edges = np.concatenate([[0.0], inside["t_days"].to_numpy(dtype="float64"), [float(until_days)]])
    heights = np.concatenate([[1.0], inside["survival"].to_numpy(dtype="float64")])
    return float(np.sum(np.diff(edges) * heights))


def claim_outcomes(
    claims: pd.DataFrame, history: pd.DataFrame, *, as_of: date, stale_after_days: int
) -> pd.DataFrame:
    """What became of each claim by a date, by rule from the later statuses of its place (definition outcome-1).

    Parameters
    ----------
    claims
        The ``retaken_areas`` frame (``claim_id, neighborhood_id, claim_date``).
    history
        ``status_history`` over all statements, claims included.
    as_of
        Claims and statuses after this date do not count.

    Returns
    -------
    DataFrame
        The claims up to ``as_of`` with ``outcome`` (held, contested, lost, unknown), ``last_status``,
        ``last_report`` (date of the latest statement), ``lost_on`` and ``days_held`` (to the loss, or to the last
        statement that does not deny it).
    """
    return outcomes_on(
        claims, later_statuses(claims, history), as_of=as_of, stale_after_days=stale_after_days
    )


def later_statuses(claims: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Statuses of each claim's place from the claim on, whatever date is shown later: sorted by claim and date.

    Returns
    -------
    DataFrame
        ``claim_id, neighborhood_id, claim_date, valid_from, status, confirmed_on, side``.
    """
    events = history[~history["is_stale"]][["neighborhood_id", "valid_from", "status", "confirmed_on"]]
    later = claims[["claim_id", "neighborhood_id", "claim_date"]].merge(events, on="neighborhood_id")
    later = later[later["valid_from"] >= later["claim_date"]].sort_values(
        ["claim_id", "valid_from"], kind="stable"
    )
    return later.assign(side=later["status"].map(SIDE_OF_STATUS))


def outcomes_on(
    claims: pd.DataFrame, later: pd.DataFrame, *, as_of: date, stale_after_days: int
) -> pd.DataFrame:
    """What :func:`claim_outcomes` returns, from :func:`later_statuses` of the same claims."""
    day = pd.Timestamp(as_of)
    rows = claims[claims["claim_date"] <= day]
    later = later[later["valid_from"] <= day]
    lost_on = (
        later[(later["side"] == "gang") & (later["valid_from"] > later["claim_date"])]
        .groupby("claim_id")["valid_from"]
        .first()
    )
    last = later.groupby("claim_id")[["status", "confirmed_on"]].last()
    out = rows.assign(
        lost_on=lost_on.reindex(rows["claim_id"]).to_numpy(),
        last_status=last["status"].reindex(rows["claim_id"]).to_numpy(),
        last_report=last["confirmed_on"].reindex(rows["claim_id"]).to_numpy(),
    )
    age = (day - out["last_report"]).dt.days
    last_side = out["last_status"].map(SIDE_OF_STATUS)
    outcome = pd.Series("unknown", index=out.index, dtype="str")
    fresh = age <= stale_after_days
    outcome[fresh & (last_side == "contested")] = "contested"
    outcome[fresh & last_side.isin(["state", "third_party"])] = "held"
    outcome[out["lost_on"].notna()] = "lost"
    end = out["lost_on"].fillna(out["last_report"]).clip(upper=day)
    return out.assign(
        outcome=outcome, days_held=(end - out["claim_date"]).dt.days.clip(lower=0).astype("Int64")
    )
