"""Public statements about the mission, each with a verdict by rule over the data (definition scorecard-1).

A statement names its rule and what the rule looks at (a site, a milestone, a side); no site and no actor is named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from monitor.analysis import mission
from monitor.analysis.definitions import LACKING_SHARE, SECURED_DAYS, SUFFICIENT_SHARE
from monitor.analysis.sites import FUNCTIONING

VERDICTS = ("supported", "partly", "not_supported", "cannot_be_known")


@dataclass(frozen=True)
class Number:
    """A number behind a verdict.

    Attributes
    ----------
    name
        What it is: a key that the interface puts into words.
    value
        A number, a date or a state word; None where it is not known.
    dataset, rows
        Where it comes from: dataset id, and the keys of the rows it rests on.
    """

    name: str
    value: float | int | str | pd.Timestamp | None
    dataset: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Verdict, the reason for it as a key, and the numbers behind it."""

    verdict: str
    reason: str
    numbers: tuple[Number, ...] = field(default=())


@dataclass(frozen=True)
class Facts:
    """What the rules look at: frames as known on the reader's date, rows up to the chosen date.

    Attributes
    ----------
    as_of
        The chosen date.
    actors, milestones, mission
        Frames of these datasets.
    outcomes
        ``claim_outcomes`` of the retaken register, with ``actor_ids``.
    site_reports, site_history, sites
        Reports and intervals of state of the sites, and the sites.
    surroundings
        ``site_id, area_status, gang_distance_m`` on the date.
    """

    as_of: date
    actors: pd.DataFrame
    milestones: pd.DataFrame
    mission: pd.DataFrame
    outcomes: pd.DataFrame
    site_reports: pd.DataFrame
    site_history: pd.DataFrame
    sites: pd.DataFrame
    surroundings: pd.DataFrame


Rule = Callable[[Facts, str], Verdict]

_UNKNOWN = "cannot_be_known"


def _keys(rows: pd.DataFrame, column: str) -> tuple[str, ...]:
    return tuple(rows[column].astype("str"))


def _mission_start(facts: Facts) -> pd.Timestamp | None:
    """First day on which a mission's personnel was reported deployed."""
    rows = facts.mission
    days = rows.loc[(rows["basis"] == "deployed") & (rows["as_of"] <= pd.Timestamp(facts.as_of)), "as_of"]
    return None if days.empty else days.min()


def _by_missions(facts: Facts, rows: pd.DataFrame) -> pd.Series:
    """Rows that name an international force."""
    forces = set(facts.actors.loc[facts.actors["actor_type"] == "international force", "actor_id"])
    return rows["actor_ids"].fillna("").map(lambda ids: bool(forces & set(ids.split("|")))).astype("bool")


def helped_retake(facts: Facts, subject: str) -> Verdict:
    """Claims of retaken places that name the mission: one corroborated and not reported lost supports the statement."""
    start = _mission_start(facts)
    if start is None:
        return Verdict(_UNKNOWN, "not_deployed_yet")
    since = facts.outcomes[facts.outcomes["claim_date"] >= start]
    named = since[_by_missions(facts, since)]
    solid = named[named["verification"].isin(["single_source", "corroborated", "confirmed"])]
    held, lost = (named[named["outcome"] == outcome] for outcome in ("held", "lost"))
    good = solid[solid["outcome"] == "held"]
    numbers = tuple(
        Number(name, len(rows), "retaken_areas", _keys(rows, "claim_id"))
        for name, rows in (
            ("claims_since_deployment", since),
            ("claims_naming_mission", named),
            ("claims_beyond_party_word", solid),
            ("claims_held", held),
            ("claims_lost", lost),
            ("claims_unknown", named[named["outcome"] == "unknown"]),
        )
    )
    if len(named) == 0:
        return Verdict("not_supported", "no_claim_names_mission", numbers)
    if len(good):
        return Verdict("supported", "held_beyond_party_word", numbers)
    if len(solid) or len(held):
        return Verdict("partly", "retaken_but_not_known_held", numbers)
    return Verdict(_UNKNOWN, "only_party_word", numbers)


def regained(facts: Facts, subject: str) -> Verdict:
    """Places claimed as retaken that were lost again afterwards."""
    start = _mission_start(facts)
    if start is None:
        return Verdict(_UNKNOWN, "not_deployed_yet")
    since = facts.outcomes[facts.outcomes["claim_date"] >= start]
    lost = since[since["outcome"] == "lost"]
    judged = since[since["outcome"] != "unknown"]
    numbers = (
        Number("claims_since_deployment", len(since), "retaken_areas", _keys(since, "claim_id")),
        Number("claims_lost", len(lost), "retaken_areas", _keys(lost, "claim_id")),
        Number("claims_unknown", len(since) - len(judged), "retaken_areas"),
    )
    if since.empty or judged.empty:
        return Verdict(_UNKNOWN, "no_later_report", numbers)
    if lost.empty:
        return Verdict("not_supported", "no_loss_reported", numbers)
    return Verdict("supported", "losses_reported", numbers)


def _site_numbers(facts: Facts, site: str) -> tuple[pd.DataFrame, pd.Series | None, tuple[Number, ...]]:
    """Reports of a site up to the date, its state on the date, and the numbers that both rules show."""
    day = pd.Timestamp(facts.as_of)
    reports = facts.site_reports
    reports = reports[(reports["site_id"] == site) & (reports["status_date"] <= day)].sort_values(
        "status_date"
    )
    states = facts.site_history
    states = states[(states["site_id"] == site) & (states["valid_from"] <= day)]
    now = None if states.empty else states.sort_values("valid_from").iloc[-1]
    stated = reports[reports["status"].notna()]
    numbers = (
        Number(
            "state",
            None if now is None else str(now["status"]),
            "site_status",
            _keys(stated.tail(1), "status_id"),
        ),
        Number(
            "last_stated",
            None if stated.empty else str(stated["status"].iloc[-1]),
            "site_status",
            _keys(stated.tail(1), "status_id"),
        ),
        Number("last_report", None if stated.empty else stated["status_date"].iloc[-1], "site_status"),
    )
    return reports, now, numbers


def secured_site(facts: Facts, subject: str) -> Verdict:
    """A site counts as secured if it is open, unattacked for ``SECURED_DAYS`` days and not in a gang-held area."""
    reports, now, numbers = _site_numbers(facts, subject)
    start = _mission_start(facts)
    if start is None:
        return Verdict(_UNKNOWN, "not_deployed_yet", numbers)
    attacks = reports[(reports["event"] == "attacked") & (reports["status_date"] >= start)]
    closures = reports[(reports["status"].isin(["closed", "destroyed"])) & (reports["status_date"] >= start)]
    around = facts.surroundings[facts.surroundings["site_id"] == subject]
    held = not around.empty and str(around["area_status"].iloc[0]).startswith("gang_")
    distance = None if around.empty else float(around["gang_distance_m"].iloc[0])
    numbers += (
        Number("attacks_since_deployment", len(attacks), "site_status", _keys(attacks, "status_id")),
        Number("closures_since_deployment", len(closures), "site_status", _keys(closures, "status_id")),
        Number("last_attack", None if attacks.empty else attacks["status_date"].max(), "site_status"),
        Number("gang_distance_m", distance, "territorial_control"),
    )
    recent = attacks["status_date"] > pd.Timestamp(facts.as_of) - pd.Timedelta(days=SECURED_DAYS)
    if now is None or now["status"] in ("unknown", "no_data"):
        return Verdict(_UNKNOWN, "no_recent_report", numbers)
    if now["status"] in ("closed", "destroyed") or held:
        return Verdict("not_supported", "closed_or_gang_held", numbers)
    if now["status"] == "open" and not recent.any():
        return Verdict("supported", "open_and_unattacked", numbers)
    return Verdict("partly", "works_in_part_or_attacked", numbers)


def reopened_site(facts: Facts, subject: str) -> Verdict:
    """A site counts as reopened only if a report says that it serves after it was closed; recaptured is not reopened."""
    reports, now, numbers = _site_numbers(facts, subject)
    closures = reports[reports["status"].isin(["closed", "destroyed"])]
    numbers += tuple(
        Number(f"{event}_count", len(rows), "site_status", _keys(rows, "status_id"))
        for event in ("retaken", "attacked", "reopened")
        for rows in [reports[reports["event"] == event]]
    )
    if closures.empty:
        return Verdict(_UNKNOWN, "no_closure_reported", numbers)
    first = closures["status_date"].min()
    numbers += (Number("closed_since", first, "site_status", _keys(closures.head(1), "status_id")),)
    after = reports[reports["status_date"] > first]
    served = after[after["status"].isin(FUNCTIONING) | (after["event"] == "reopened")]
    if served.empty:
        return Verdict("not_supported", "no_report_of_service", numbers)
    if now is not None and now["status"] in FUNCTIONING:
        return Verdict("supported", "serves_again", numbers)
    if now is not None and now["status"] in ("closed", "destroyed"):
        return Verdict("partly", "reopened_then_closed", numbers)
    return Verdict("partly", "reopened_now_unknown", numbers)


def _lacking(share: float) -> tuple[str, str]:
    if share < LACKING_SHARE:
        return "supported", "less_than_half"
    if share < SUFFICIENT_SHARE:
        return "partly", "more_than_half"
    return "not_supported", "nearly_all"


def lacks_funds(facts: Facts, subject: str) -> Verdict:
    """Money received against money said to be required, latest figures of each basis in US dollars; never summed."""
    rows = mission.up_to(facts.mission, facts.as_of)
    rows = rows[(rows["topic"] == "funding") & rows["unit"].str.startswith("USD")]
    required, received = (mission.latest(rows, basis=basis) for basis in ("required", "received"))
    if required is None or received is None:
        return Verdict(_UNKNOWN, "no_figure")
    share = float(received["value"] / required["value"])
    numbers = (
        Number("required_usd_million", float(required["value"]), "mission", (str(required["figure_id"]),)),
        Number("received_usd_million", float(received["value"]), "mission", (str(received["figure_id"]),)),
        Number("received_share", share, "mission", (str(required["figure_id"]), str(received["figure_id"]))),
        Number("figure_date", min(required["as_of"], received["as_of"]), "mission"),
    )
    return Verdict(*_lacking(share), numbers)


def lacks_personnel(facts: Facts, subject: str) -> Verdict:
    """Deployed against authorised personnel on the day of the latest count of all deployed."""
    totals = mission.deployed_totals(mission.up_to(facts.mission, facts.as_of))
    totals = totals[totals["ratio"].notna()]
    if totals.empty:
        return Verdict(_UNKNOWN, "no_figure")
    last = totals.iloc[-1]
    keys = (str(last["figure_id"]), str(last["authorised_id"]))
    numbers = (
        Number("deployed", float(last["value"]), "mission", keys[:1]),
        Number("authorised", float(last["authorised"]), "mission", keys[1:]),
        Number("deployed_share", float(last["ratio"]), "mission", keys),
        Number("figure_date", last["as_of"], "mission", keys[:1]),
    )
    return Verdict(*_lacking(float(last["ratio"])), numbers)


def happened(facts: Facts, subject: str) -> Verdict:
    """A dated event counts from its day on."""
    rows = facts.milestones[facts.milestones["milestone_id"] == subject]
    if rows.empty:
        return Verdict(_UNKNOWN, "no_such_event")
    row = rows.iloc[0]
    numbers = (
        Number("event_date", row["milestone_date"], "milestones", (subject,)),
        Number("date_basis", str(row["source_checked"]), "milestones", (subject,)),
    )
    if row["milestone_date"] > pd.Timestamp(facts.as_of):
        return Verdict("not_supported", "not_yet", numbers)
    return Verdict("supported", "event_dated", numbers)


#: Rules by the name that statements use.
RULES: Mapping[str, Rule] = {
    "helped_retake": helped_retake,
    "regained": regained,
    "secured_site": secured_site,
    "reopened_site": reopened_site,
    "lacks_funds": lacks_funds,
    "lacks_personnel": lacks_personnel,
    "happened": happened,
}


def judge(statements: pd.DataFrame, facts: Facts) -> list[tuple[pd.Series, Verdict]]:
    """Every statement with its verdict as of the chosen date, in the statements' order.

    Raises
    ------
    KeyError
        A statement names a rule that does not exist.
    """
    return [
        (row, RULES[row["rule"]](facts, "" if pd.isna(row["subject"]) else str(row["subject"])))
        for _, row in statements.iterrows()
    ]
