"""Register of claims that a place was retaken: who confirms or denies each, and what became of it.

Definitions: register-1, reversal-1, outcome-1, durability-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import PARTY_OF_CLAIMANT, SIDE_OF_STATUS, VERIFICATION_RANK, Status, Verification
from monitor.analysis.definitions import (
    CORROBORATION_DAYS,
    DENIAL_DAYS,
    DURABILITY_DAYS,
    ON_SITE_DAYS,
    REVERSAL_DAYS,
)
from monitor.analysis.holds import later_statuses, outcomes_on
from monitor.analysis.intervals import binomial_interval
from monitor.analysis.status import panel_of

#: Order of the levels of a claim, weakest first.
LEVELS = ("claimed", "corroborated", "confirmed")

#: Outcomes, the worst first: a claim of several places is as bad as the worst of them.
_WORST = ("lost", "contested", "unknown", "held")

_KEYS = ["neighborhood_id", "claim_date", "claimant", "claimant_name"]


def units(frame: pd.DataFrame) -> pd.Series:
    """Key of what each row speaks of: the neighborhood, or ``<neighborhood>/<sub-zone>`` where one is named."""
    zone = frame["sub_zone"].fillna("").astype("str")
    return (
        frame["neighborhood_id"]
        .astype("str")
        .where(zone == "", frame["neighborhood_id"].astype("str") + "/" + zone)
    )


def counted_claims(claims: pd.DataFrame) -> pd.DataFrame:
    """Claims that somebody took the place; rows that only say that gangs left are listed and not counted."""
    return claims[claims["status"].map(SIDE_OF_STATUS).isin(["state", "third_party"])]


def register(
    claims: pd.DataFrame,
    assertions: pd.DataFrame,
    history: pd.DataFrame,
    *,
    as_of: date,
    stale_after_days: int,
) -> pd.DataFrame:
    """One row per claim: its level, its denials, the first contradiction, and what became of it.

    A claim is what one claimant says of one neighborhood on one day: five named streets of one communiqué, and every
    outlet that prints it, are one claim.

    Parameters
    ----------
    claims
        The ``retaken_areas`` frame, known at the chosen date.
    assertions
        Every statement about control known at that date, claims included (``status.all_assertions``); filtered by
        nothing else: a denial that would not move the status still denies.
    history
        ``status_history`` at the chosen evidence level of neighborhoods and of their sub-zones
        (``status.with_sub_zones``).
    as_of
        Claims and statements after this date do not count.

    Returns
    -------
    DataFrame
        ``claim_key`` (the first claim_id), ``neighborhood_id, claim_date, claimant, claimant_name, status, forces,
        note, verification, source_publisher, source_url, source_checked, published_date``; ``sub_zones`` (named),
        ``zones_lost``, ``zones_contested``; ``independent`` (publishers other than the claimant who say the same),
        ``corroborated_on`` (publication of the first of them), ``level``; ``denied_on``, ``denied_by``;
        ``contradicted_on``, ``contradicted_by``, ``days_to_contradiction``; ``lost_on``, ``contested_on``,
        ``followed_to`` (last report about the place), ``outcome``, ``days_held`` and ``days_strict`` (to the first
        contested or gang report). Sorted by date and place.
    """
    return register_on(undated(claims, assertions, history), as_of=as_of, stale_after_days=stale_after_days)


@dataclass(frozen=True)
class Undated:
    """All of a register that is the same for every date shown.

    Attributes
    ----------
    rows
        Claims that count, with ``claim_key`` and ``unit``, but for those wider than another of the same words.
    later
        Statuses of each claimed place from the claim on (``holds.later_statuses``).
    table
        The register's columns that are known with the claim, by ``claim_key``.
    support
        Statements that bear a claim out, one row per claim and statement.
    against
        ``denied_on, denied_by, contradicted_on, contradicted_by`` of all time, by ``claim_key``.
    """

    rows: pd.DataFrame
    later: pd.DataFrame
    table: pd.DataFrame
    support: pd.DataFrame
    against: pd.DataFrame


def undated(claims: pd.DataFrame, assertions: pd.DataFrame, history: pd.DataFrame) -> Undated:
    """Prepare registers of any date, see :func:`register` for the arguments."""
    rows = counted_claims(claims)
    rows = rows.assign(unit=units(rows), claimant_name=rows["claimant_name"].fillna(""))
    rows = rows.sort_values([*_KEYS, "claim_id"], kind="stable")
    rows["claim_key"] = rows.groupby(_KEYS, sort=False)["claim_id"].transform("first")
    rows = rows.set_index("claim_id", drop=False)
    # A wider claim of the same words and day does not widen the streets it names (status-1).
    named = rows["sub_zone"].fillna("") != ""
    wider = ~named & rows["claim_key"].isin(rows.loc[named, "claim_key"])
    narrow = rows[~wider]
    first = narrow.groupby("claim_key").first()
    table = first[
        [
            *("neighborhood_id", "claim_date", "claimant", "claimant_name", "status", "forces", "note"),
            *("verification", "source_publisher", "source_url", "source_checked", "published_date"),
        ]
    ].copy()
    table["claimant_name"] = table["claimant_name"].replace("", None)
    table["sub_zones"] = named[~wider].groupby(rows["claim_key"]).sum().reindex(table.index).astype("int64")
    said = _said(rows, assertions)
    return Undated(
        narrow,
        later_statuses(narrow.assign(neighborhood_id=narrow["unit"]).reset_index(drop=True), history),
        table,
        _support(said),
        table[[]].join(_denials(said)).join(_contradictions(said)),
    )


def register_on(found: Undated, *, as_of: date, stale_after_days: int) -> pd.DataFrame:
    """The register of a date, as :func:`register` returns it."""
    day = pd.Timestamp(as_of)
    table = found.table[found.table["claim_date"] <= day].copy()
    if table.empty:
        return _empty()
    followed = _followed(found, day, stale_after_days)
    parts = followed.groupby("claim_key")
    ended = parts[["is_lost", "is_contested"]].sum().where(table["sub_zones"] > 0, 0).astype("int64")
    table["zones_lost"], table["zones_contested"] = ended["is_lost"], ended["is_contested"]
    least = ["lost_on", "contested_on", "followed_to", "rank", "days_held", "days_strict"]
    least_of = parts[least].min()
    table[["lost_on", "contested_on", "followed_to"]] = least_of[["lost_on", "contested_on", "followed_to"]]
    table["outcome"] = least_of["rank"].map(dict(enumerate(_WORST)))
    table[["days_held", "days_strict"]] = least_of[["days_held", "days_strict"]]
    seen = found.support[found.support["from_earliest"] <= day].groupby("claim_key")
    table["independent"] = seen["source_publisher"].nunique().reindex(table.index).fillna(0).astype("int64")
    table["corroborated_on"] = seen["published_date"].min().reindex(table.index)
    # What was first said against a claim of all time was so by any later date.
    against = found.against.loc[table.index]
    for on, by in (("denied_on", "denied_by"), ("contradicted_on", "contradicted_by")):
        has_come = against[on] <= day
        table[on], table[by] = against[on].where(has_come), against[by].where(has_come)
    seen_later = (seen["days"].max() >= ON_SITE_DAYS).reindex(table.index, fill_value=False)
    table["level"] = np.select(
        [(table["independent"] >= 2) | seen_later, table["independent"] == 1],
        ["confirmed", "corroborated"],
        "claimed",
    )
    table["days_to_contradiction"] = (table["contradicted_on"] - table["claim_date"]).dt.days.astype(
        "Float64"
    )
    return table.reset_index().sort_values(
        ["claim_date", "neighborhood_id", "claim_key"], kind="stable", ignore_index=True
    )


def _empty() -> pd.DataFrame:
    """A register without claims, columns typed."""
    text = [
        *(
            "claim_key",
            "neighborhood_id",
            "claimant",
            "claimant_name",
            "status",
            "forces",
            "note",
            "verification",
        ),
        *(
            "source_publisher",
            "source_url",
            "source_checked",
            "outcome",
            "denied_by",
            "contradicted_by",
            "level",
        ),
    ]
    dates = ["claim_date", "published_date", "lost_on", "contested_on", "followed_to"]
    dates += ["corroborated_on", "denied_on", "contradicted_on"]
    counts = ["sub_zones", "zones_lost", "zones_contested", "independent"]
    days = ["days_held", "days_strict", "days_to_contradiction"]
    kinds = dict.fromkeys(text, "str") | dict.fromkeys(dates, "datetime64[us]")
    kinds |= dict.fromkeys(counts, "int64") | dict.fromkeys(days, "Float64")
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _followed(found: Undated, day: pd.Timestamp, stale_after_days: int) -> pd.DataFrame:
    """What became of each claimed place, neighborhood or sub-zone, by the statuses after the claim."""
    outcomes = outcomes_on(found.rows, found.later, as_of=day.date(), stale_after_days=stale_after_days)
    later = found.later
    contested = later[
        (later["status"] == Status.CONTESTED)
        & (later["valid_from"] > later["claim_date"])
        & (later["valid_from"] <= day)
    ]
    contested_on = contested.groupby("claim_id")["valid_from"].min().reindex(outcomes["claim_id"]).to_numpy()
    outcomes = outcomes.assign(contested_on=contested_on, followed_to=outcomes["last_report"].clip(upper=day))
    first_bad = outcomes[["lost_on", "contested_on"]].min(axis=1)
    strict = (first_bad.fillna(outcomes["followed_to"]) - outcomes["claim_date"]).dt.days
    return outcomes.assign(
        days_held=outcomes["days_held"].astype("Float64"),
        days_strict=strict.clip(lower=0).astype("Float64"),
        is_lost=outcomes["outcome"] == "lost",
        is_contested=outcomes["outcome"] == "contested",
        rank=outcomes["outcome"].map({name: rank for rank, name in enumerate(_WORST)}),
    )


def _said(rows: pd.DataFrame, assertions: pd.DataFrame) -> pd.DataFrame:
    """Every statement about each claimed place from the day of the claim on, one row per claim and statement."""
    keep = ["claim_key", "unit", "neighborhood_id", "claim_date", "status", "claimant", "source_publisher"]
    claim = rows[[*keep, "published_date"]].rename(
        columns={
            "unit": "claim_unit",
            "status": "claim_status",
            "claimant": "claim_claimant",
            "source_publisher": "claim_publisher",
            "published_date": "claim_published",
        }
    )
    columns = [
        *("assertion_id", "neighborhood_id", "status", "claimant", "claimant_name", "verification"),
        *("from_earliest", "published_date", "source_publisher", "source_id"),
    ]
    other = assertions[columns].assign(unit=units(assertions))
    pairs = claim.merge(other, on="neighborhood_id")
    pairs = pairs[pairs["from_earliest"] >= pairs["claim_date"]]
    # A statement about another street of the neighborhood says nothing of this one.
    whole = (pairs["unit"] == pairs["neighborhood_id"]) | (pairs["claim_unit"] == pairs["neighborhood_id"])
    pairs = pairs[whole | (pairs["unit"] == pairs["claim_unit"])]
    return pairs.assign(
        side=pairs["status"].map(SIDE_OF_STATUS),
        claim_side=pairs["claim_status"].map(SIDE_OF_STATUS),
        rank=pairs["verification"].map(VERIFICATION_RANK).astype("int64"),
        days=(pairs["from_earliest"] - pairs["claim_date"]).dt.days,
        is_party=pairs["claimant"].map(PARTY_OF_CLAIMANT).eq(pairs["claim_status"].map(SIDE_OF_STATUS)),
    )


def _support(said: pd.DataFrame) -> pd.DataFrame:
    """Statements by independent publishers who say the same within the window."""
    return said[
        (said["side"] == said["claim_side"])
        & ~said["is_party"]
        & (said["rank"] >= VERIFICATION_RANK[Verification.SINGLE_SOURCE])
        & (said["days"] <= CORROBORATION_DAYS)
    ][["claim_key", "from_earliest", "source_publisher", "published_date", "days"]]


def _against(said: pd.DataFrame) -> pd.Series:
    """Statements that the place is not held: gang status; for a claim of holding it, contested on a later day, too."""
    contested = (
        (said["side"] == "contested") & (said["claim_status"] == Status.STATE_HELD) & (said["days"] > 0)
    )
    denied = (said["verification"] == Verification.DENIED) & (said["side"] == said["claim_side"])
    return (said["side"] == "gang") | contested | denied


def _first(rows: pd.DataFrame, on: str, by: str) -> pd.DataFrame:
    """Day and publisher of the first statement per claim."""
    ordered = rows.sort_values(["from_earliest", "published_date", "assertion_id"], kind="stable")
    first = ordered.groupby("claim_key").first()
    return pd.DataFrame({on: first["from_earliest"], by: first["source_publisher"]})


def _denials(said: pd.DataFrame) -> pd.DataFrame:
    """First denial by anybody but the gangs within the days after the claim, however little verified."""
    rows = said[_against(said) & (said["days"] <= DENIAL_DAYS) & (said["claimant"] != "gang")]
    return _first(rows, "denied_on", "denied_by")


def _contradictions(said: pd.DataFrame) -> pd.DataFrame:
    """First credible statement to the contrary on a later day."""
    credible = said["rank"] >= VERIFICATION_RANK[Verification.SINGLE_SOURCE]
    rows = said[_against(said) & credible & (said["days"] > 0)]
    return _first(rows, "contradicted_on", "contradicted_by")


def funnel(table: pd.DataFrame, *, observed_to: date | pd.Timestamp, strict: bool = False) -> pd.DataFrame:
    """Claimed, corroborated, held 30 and 90 days: the steps of the register.

    Parameters
    ----------
    table
        :func:`register`.
    observed_to
        Last day of any statement: what was claimed fewer than 30 or 90 days before it cannot have been followed.
    strict
        A contested report ends the hold, too.

    Returns
    -------
    DataFrame
        ``step`` (claimed, corroborated, held_30, held_90), ``count``, ``out_of`` (claims that could be followed so
        far; of the corroborated ones for the last two steps), ``lost`` and ``not_followed`` (no later report).
    """
    solid = table[table["level"] != "claimed"]
    ends = solid[["contested_on", "lost_on"]].min(axis=1) if strict else solid["lost_on"]
    held = solid["days_strict" if strict else "days_held"]
    steps = [
        {"step": "claimed", "count": len(table), "out_of": len(table), "lost": 0, "not_followed": 0},
        {"step": "corroborated", "count": len(solid), "out_of": len(table), "lost": 0, "not_followed": 0},
    ]
    for days in DURABILITY_DAYS:
        early = solid["claim_date"] + pd.Timedelta(days=days) <= pd.Timestamp(observed_to)
        lost = early & ends.notna() & (held <= days)
        kept = early & ~lost & (held >= days)
        steps.append(
            {
                "step": f"held_{days}",
                "count": int(kept.sum()),
                "out_of": int(kept.sum() + lost.sum()),
                "lost": int(lost.sum()),
                "not_followed": int((early & ~lost & ~kept).sum() + (~early).sum()),
            }
        )
    return pd.DataFrame(steps)


def reversal(table: pd.DataFrame, by: pd.Series, *, observed_to: date | pd.Timestamp) -> pd.DataFrame:
    """Share of claims contradicted within 7 and 30 days, and days to contradiction, per claimant.

    Parameters
    ----------
    table
        :func:`register`.
    by
        Claimant of each row, on the index of ``table``.
    observed_to
        Last day of any statement; younger claims are left out of the share of the days that they have not reached.

    Returns
    -------
    DataFrame
        ``claimant, claims, contradicted`` (ever), ``median_days`` (among those contradicted) and for each number of
        days ``of_<d>, contradicted_<d>, share_<d>, low_<d>, high_<d>`` (95 % exact interval). Most claims first.
    """
    rows = []
    for claimant, part in table.groupby(by):
        days_to = part["days_to_contradiction"].astype("float64")
        row = {
            "claimant": claimant,
            "claims": len(part),
            "contradicted": int(days_to.notna().sum()),
            "median_days": float(days_to.median()),
        }
        for days in REVERSAL_DAYS:
            early = part["claim_date"] + pd.Timedelta(days=days) <= pd.Timestamp(observed_to)
            count, within = int(early.sum()), int((early & (days_to <= days)).sum())
            interval = binomial_interval(within, count)
            row |= {
                f"of_{days}": count,
                f"contradicted_{days}": within,
                f"share_{days}": within / count if count else np.nan,
                f"low_{days}": interval.low if count else np.nan,
                f"high_{days}": interval.high if count else np.nan,
            }
        rows.append(row)
    columns = ["claimant", "claims", "contradicted", "median_days"]
    columns += [
        f"{name}_{days}" for days in REVERSAL_DAYS for name in ("of", "contradicted", "share", "low", "high")
    ]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["claims", "claimant"], ascending=[False, True], ignore_index=True
    )


def zones_now(history: pd.DataFrame, claims: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Status of the sub-zones that claims name, per neighborhood: the figures behind "2 of 5 sub-zones".

    Parameters
    ----------
    history
        ``status_history`` of sub-zones.
    claims
        Claims known at the chosen date.

    Returns
    -------
    DataFrame
        One row per named sub-zone: ``neighborhood_id, sub_zone, claim_date`` (of the latest claim), ``status,
        last_status, since, is_stale``; no_data where no admissible statement exists.
    """
    named = claims[(claims["sub_zone"].fillna("") != "") & (claims["claim_date"] <= pd.Timestamp(as_of))]
    zones = named.groupby(["neighborhood_id", "sub_zone"])["claim_date"].max().reset_index()
    zones["unit"] = units(zones)
    panel = panel_of(history, [as_of], zones["unit"]).rename(columns={"neighborhood_id": "unit"})
    columns = ["unit", "status", "last_status", "since", "is_stale"]
    return zones.merge(panel[columns], on="unit").drop(columns="unit")
