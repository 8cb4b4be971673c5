"""What the page Retaken shows, derived from a model: register of claims, spells, what followed."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd

from monitor.analysis import claims, durability, holds, incidents, mission, status
from monitor.analysis.definitions import DURABILITY_DAYS, choose
from monitor.analysis.model import Choice, Model, Reading, derived

_STATUS = ("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")


@derived("territorial_control", "retaken_areas")
def _zone_statements(model: Model) -> pd.DataFrame:
    return status.in_order(status.with_sub_zones(model.assertions()))


@derived("territorial_control", "retaken_areas", "incidents", "actors")
def _zone_history(model: Model, reading: Reading) -> pd.DataFrame:
    known_on, evidence, stale_after_days, definitions = reading
    rows = _zone_statements(model)
    # A street that nobody had named by then was not known as a place of its own.
    named = status.known(rows, known_on).query("specific")["neighborhood_id"]
    return status.history_of(
        rows[rows["neighborhood_id"].isin(named)],
        known_on=known_on,
        evidence=evidence,
        stale_after_days=stale_after_days,
        rules=choose(definitions),
    )


def zone_history(model: Model, choice: Choice) -> pd.DataFrame:
    """Intervals of status of the sub-zones that statements name, as ``<neighborhood>/<sub-zone>``."""
    return _zone_history(model, choice.reading)


@derived("territorial_control", "retaken_areas")
def _observed_to(model: Model, known_on: date | None, as_of: date) -> date:
    dates = model.known_assertions(known_on)["from_earliest"]
    past = dates[dates <= pd.Timestamp(as_of)]
    return past.max().date() if len(past) else as_of


def observed_to(model: Model, choice: Choice) -> date:
    """Day of the last statement known, not after the chosen date: nothing can have been followed beyond it."""
    return _observed_to(model, choice.known_on, choice.as_of)


@derived(*_STATUS)
def _undated(model: Model, reading: Reading) -> claims.Undated:
    known_on = reading[0]
    choice = Choice(date.min, *reading)
    return claims.undated(
        status.known(model.frame("retaken_areas"), known_on),
        model.known_assertions(known_on),
        pd.concat([model.history(choice), zone_history(model, choice)]),
    )


def claims_of_all_dates(model: Model, choice: Choice) -> pd.DataFrame:
    """Claims known under the choice, later ones than the chosen date included, with what is known with each of them."""
    return _undated(model, choice.reading).table.reset_index()


@derived(*_STATUS)
def _register(model: Model, reading: Reading, as_of: date) -> pd.DataFrame:
    _known_on, evidence, stale_after_days, _definitions = reading
    table = claims.register_on(_undated(model, reading), as_of=as_of, stale_after_days=stale_after_days)
    if evidence == "corroborated":
        table = table[table["level"] != "claimed"].reset_index(drop=True)
    return table


def register(model: Model, choice: Choice) -> pd.DataFrame:
    """Claims known under the choice (``claims.register``); under "corroborated" only those with an independent report."""
    return _register(model, choice.reading, choice.as_of)


@derived(*_STATUS)
def _funnel(model: Model, reading: Reading, as_of: date, strict: bool) -> pd.DataFrame:
    choice = Choice(as_of, *reading)
    return claims.funnel(register(model, choice), observed_to=observed_to(model, choice), strict=strict)


def funnel(model: Model, choice: Choice, *, strict: bool = False) -> pd.DataFrame:
    """Claimed, corroborated, held 30 and 90 days (``claims.funnel``)."""
    return _funnel(model, choice.reading, choice.as_of, strict)


def zones(model: Model, choice: Choice) -> pd.DataFrame:
    """Status of the sub-zones that claims name, on the chosen date (``claims.zones_now``)."""
    rows = status.known(model.frame("retaken_areas"), choice.known_on)
    return claims.zones_now(zone_history(model, choice), rows, as_of=choice.as_of)


class _Observed(NamedTuple):
    """Observations of neighborhoods in scope and of named sub-zones (``holds.observations``)."""

    whole: pd.DataFrame
    zones: pd.DataFrame


@derived(*_STATUS)
def _observed(model: Model, reading: Reading) -> _Observed:
    choice = Choice(date.min, *reading)
    inside = set(model.scope()["neighborhood_id"])
    whole, zones = model.history(choice), zone_history(model, choice)
    return _Observed(
        holds.observations(whole[whole["neighborhood_id"].isin(inside)]),
        holds.observations(zones[zones["neighborhood_id"].str.split("/").str[0].isin(inside)]),
    )


@derived("territorial_control", "retaken_areas")
def _about_zones(model: Model) -> pd.Series:
    """Ids of the statements that name a sub-zone."""
    rows = model.assertions()
    return rows.loc[rows["sub_zone"].fillna("") != "", "assertion_id"]


@derived(*_STATUS)
def _spells(model: Model, reading: Reading, as_of: date, strict: bool) -> pd.DataFrame:
    observed = _observed(model, reading)
    whole = holds.spells_of(observed.whole, end_on=as_of, strict=strict)
    named = holds.spells_of(observed.zones, end_on=as_of, strict=strict)
    # A street shares the spells of its neighborhood; its own begin with a statement about the street.
    named = named[named["start_assertion_id"].isin(_about_zones(model))]
    place = named["neighborhood_id"].astype("str").str.split("/", n=1)
    named = named.assign(neighborhood_id=place.str[0], sub_zone=place.str[1])
    return pd.concat([whole.assign(sub_zone=""), named], ignore_index=True).astype({"sub_zone": "str"})


def spells(model: Model, choice: Choice, *, strict: bool = False) -> pd.DataFrame:
    """Hold spells of neighborhoods in scope and of named sub-zones (``sub_zone``, else empty) up to the chosen date."""
    return _spells(model, choice.reading, choice.as_of, strict)


def whole_spells(model: Model, choice: Choice, *, strict: bool = False) -> pd.DataFrame:
    """Hold spells of whole neighborhoods: what curve, durability and re-loss rate are computed from."""
    rows = spells(model, choice, strict=strict)
    return rows[rows["sub_zone"] == ""].drop(columns="sub_zone").reset_index(drop=True)


class Held(NamedTuple):
    """How retaken neighborhoods were held, in one reading of what ends a spell."""

    spells: pd.DataFrame
    summary: durability.HoldSummary | None
    durability: pd.DataFrame
    reloss: pd.Series


@derived(*_STATUS)
def _held(model: Model, reading: Reading, as_of: date, strict: bool) -> Held:
    choice = Choice(as_of, *reading)
    rows = whole_spells(model, choice, strict=strict)
    until = observed_to(model, choice)
    return Held(
        rows,
        durability.hold_summary(rows) if len(rows) else None,
        pd.DataFrame([durability.durability(rows, days, observed_to=until) for days in DURABILITY_DAYS]),
        durability.reloss_rate(rows),
    )


def held(model: Model, choice: Choice, *, strict: bool = False) -> Held:
    """Spells, summary (None without a spell), durability at 30 and 90 days and re-loss rate."""
    return _held(model, choice.reading, choice.as_of, strict)


@derived("territorial_control", "retaken_areas")
def _words(model: Model) -> pd.DataFrame:
    """``status, actor_ids`` of every statement, by its id."""
    control = model.frame("territorial_control").rename(columns={"assertion_id": "id"})
    claimed = model.frame("retaken_areas").rename(columns={"claim_id": "id"})
    said = pd.concat([control[["id", "status", "actor_ids"]], claimed[["id", "status", "actor_ids"]]])
    return said.drop_duplicates("id").set_index("id")


def groups(model: Model, choice: Choice, *, strict: bool = False) -> pd.DataFrame:
    """Spells by commune, by what was claimed and by who took part: ``by, group`` and the columns of ``durability.strata``."""
    rows = whole_spells(model, choice, strict=strict)
    places = model.frame("neighborhoods").set_index("neighborhood_id")["commune"]
    start = _words(model).reindex(rows["start_assertion_id"])
    mission = start["actor_ids"].fillna("").str.split("|").map(lambda ids: bool({"mss", "gsf"} & set(ids)))
    found = []
    for name, by in (
        ("commune", rows["neighborhood_id"].map(places)),
        ("status", pd.Series(start["status"].to_numpy(), index=rows.index)),
        ("mission", pd.Series(mission.map({True: "with", False: "without"}).to_numpy(), index=rows.index)),
    ):
        found.append(durability.strata(rows, by).assign(by=name))
    return pd.concat(found, ignore_index=True)


@derived("incidents")
def _violent(model: Model, known_on: date | None) -> pd.DataFrame:
    columns = ("neighborhood_id", "event_date", "date_precision", "event_type")
    versions = ("count_role", "recorded_at", "superseded_at")
    return durability.violent_events(
        incidents.counted(model.columns("incidents", *columns, *versions), known_on)
    )


def aftermath(model: Model, choice: Choice) -> pd.DataFrame:
    """Each spell with its first violent incident, first loss, sites that reopened and people who returned."""
    return _aftermath(model, choice.reading, choice.as_of)


@derived(*_STATUS, "key_sites", "site_status", "indicators")
def _aftermath(model: Model, reading: Reading, as_of: date) -> pd.DataFrame:
    choice = Choice(as_of, *reading)
    rows = spells(model, choice).reset_index(drop=True)
    followed = durability.first_events(rows, _violent(model, reading[0]))
    figures = mission.published_indicators(model.frame("indicators"), as_of, choice.known_on)
    returns = figures[figures["indicator"].isin(["returned", "returnees"])]
    return durability.recovery(
        followed,
        model.frame("key_sites")[["site_id", "neighborhood_id"]],
        model.site_history(choice),
        returns[["area_id", "period_start", "value"]],
        as_of=choice.as_of,
    )
