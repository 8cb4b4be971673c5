"""What pages ask of a :class:`~monitor.analysis.model.Model` about places, actors, incidents and the mission.

Series are kept by year, not by the chosen date: a step in time is a look-up. A status on a day does not depend on the
date that the reader looks at, so nothing later leaks into it.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import pandas as pd

from loaders.contracts import INCIDENT_DATASETS
from monitor.analysis import (
    actors,
    incidents,
    mission,
    reach,
    retaken,
    same_event,
    scorecard,
    sites,
    status,
    surroundings,
)
from monitor.analysis.definitions import NEAR_DAYS
from monitor.analysis.geography import Geography, geography
from monitor.analysis.model import Choice, Model

_CONTROL = ("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
_SITES = ("site_status", "key_sites")

#: Our own compilation of events.
OWN_INCIDENTS = "incidents"
_TEXTS = ("provider", "event_type", "sub_event_type", "neighborhood_id", "commune", "date_precision")

#: Kinds of site that people need to get to.
REACH_TARGETS = ("hospital", "airport")


def borders(model: Model) -> Geography:
    """Borders of the neighborhoods in scope."""
    return model.kept(
        "borders",
        ("neighborhoods",),
        (),
        lambda: geography(model.features("neighborhoods"), model.scope()["neighborhood_id"]),
    )


def series_days(model: Model, as_of: date) -> tuple[date, ...]:
    """Sundays from the first statement to the end of the chosen date's year."""
    last = date(as_of.year, 12, 31)
    days = pd.date_range(model.first_date(), last, freq="W-SUN").date
    return tuple(days)


def _until(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    return table[table["date"] <= pd.Timestamp(as_of)]


def _with_day(series: pd.DataFrame, day: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """A series up to the chosen date, with the chosen date's own rows last."""
    before = series[series["date"] < pd.Timestamp(as_of)]
    return pd.concat([before, day], ignore_index=True)


# -- sites -----------------------------------------------------------------------------------------------------------


def reach_of(
    model: Model, choice: Choice, target: str, days: tuple[date, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reach of a kind of site on some days, as :func:`monitor.analysis.reach.reach` returns it."""

    def compute() -> tuple[pd.DataFrame, pd.DataFrame]:
        kind = model.frame("key_sites")
        kind = kind[kind["site_type"] == target]
        serving = reach.target_areas(model.site_panel(choice, kind["site_id"], *days), kind)
        return reach.reach(model.panel(choice, *days), borders(model), model.scope(), serving)

    return model.kept("reach", (*_CONTROL, *_SITES), (choice.reading, target, days), compute)


def reach_over_time(model: Model, choice: Choice, target: str) -> pd.DataFrame:
    """Reach of a kind of site, weekly up to the chosen date and on it."""
    series = reach_of(model, choice, target, series_days(model, choice.as_of))[0]
    return _with_day(series, reach_of(model, choice, target, (choice.as_of,))[0], choice.as_of)


def _surroundings(model: Model, choice: Choice, days: tuple[date, ...]) -> pd.DataFrame:
    return model.kept(
        "surroundings",
        (*_CONTROL, "key_sites"),
        (choice.reading, days),
        lambda: surroundings.surroundings(
            model.panel(choice, *days), borders(model), model.frame("key_sites")
        ),
    )


def surroundings_on(model: Model, choice: Choice) -> pd.DataFrame:
    """Surroundings of every site on the chosen date."""
    return _surroundings(model, choice, (choice.as_of,))


def surroundings_over_time(model: Model, choice: Choice) -> pd.DataFrame:
    """Surroundings of every site, weekly up to the chosen date and on it."""
    series = _surroundings(model, choice, series_days(model, choice.as_of))
    return _with_day(series, surroundings_on(model, choice), choice.as_of)


def near_over_time(model: Model, choice: Choice) -> pd.DataFrame:
    """Incidents around every site in the weeks up to each Sunday, up to the chosen date."""

    def compute() -> pd.DataFrame:
        return surroundings.incidents_near(
            event_index(model, choice.known_on),
            model.frame("neighborhoods"),
            model.frame("key_sites"),
            series_days(model, choice.as_of),
            window_days=NEAR_DAYS,
        )

    arguments = (choice.known_on, series_days(model, choice.as_of))
    return _until(
        model.kept("incidents near", ("incidents", "key_sites", *_CONTROL), arguments, compute), choice.as_of
    )


def aftermath(model: Model, choice: Choice) -> pd.DataFrame:
    """What followed each retake (``retaken.aftermath``), and how far the places are encircled."""

    def compute() -> pd.DataFrame:
        days = series_days(model, choice.as_of)
        weeks = model.kept(
            "weeks encircled",
            _CONTROL,
            (choice.reading, days),
            lambda: surroundings.encircled(model.panel(choice, *days), borders(model)),
        )
        return surroundings.encircled_spells(
            retaken.aftermath(model, choice), weeks, model.panel(choice), borders(model)
        )

    datasets = (*_CONTROL, *_SITES, "indicators")
    found: pd.DataFrame = model.kept("aftermath", datasets, (choice.reading, choice.as_of), compute)
    return found


def service_months(model: Model, choice: Choice, site_ids: tuple[str, ...], since: date) -> pd.DataFrame:
    """Service-days of some sites by month, from a date to the chosen date (included)."""
    first = pd.Timestamp(since).replace(day=1)
    end = pd.Timestamp(choice.as_of) + status.DAY
    edges = [day.date() for day in pd.date_range(first, end, freq="MS")]
    if edges[-1] != end.date():
        edges.append(end.date())
    return model.kept(
        "service months",
        _SITES,
        (choice.known_on, choice.stale_after_days, site_ids, tuple(edges)),
        lambda: sites.service_days(model.site_history(choice), site_ids, edges),
    )


# -- actors ----------------------------------------------------------------------------------------------------------


def named(model: Model) -> pd.Series:
    """Which actors each statement names, as :func:`monitor.analysis.actors.named_actors` returns it."""

    def compute() -> pd.Series:
        claims = model.frame("retaken_areas").rename(columns={"claim_id": "assertion_id"})
        columns = ["assertion_id", "actor_ids"]
        table = pd.concat([model.frame("territorial_control")[columns], claims[columns]], ignore_index=True)
        return actors.named_actors(table.drop_duplicates("assertion_id"))

    return model.kept("named actors", ("territorial_control", "retaken_areas"), (), compute)


def most_named(model: Model, side: str, known_on: date | None) -> str:
    """Actor of a side that most of the statements known on a day name."""

    def compute() -> str:
        table = model.frame("actors")
        own = set(table.loc[table["side"] == side, "actor_id"])
        known = model.known_assertions(known_on)["assertion_id"]
        times = named(model)[named(model).index.isin(known)].value_counts()
        names = times.rename_axis("ids").reset_index(name="times").astype({"ids": "str"})
        names = names.assign(actor_id=names["ids"].str.split("|")).explode("actor_id")
        counts = names[names["actor_id"].isin(own)].groupby("actor_id")["times"].sum()
        return str(counts.sort_index().idxmax()) if len(counts) else min(own)

    return model.kept(
        "most named", ("territorial_control", "retaken_areas", "actors"), (side, known_on), compute
    )


def _by_holder(model: Model, choice: Choice, days: tuple[date, ...]) -> pd.DataFrame:
    def compute() -> pd.DataFrame:
        held = actors.holders(
            model.panel(choice, *days), named(model), model.frame("actors"), model.frame("actor_memberships")
        )
        return actors.areas_by_holder(held, model.scope(), pd.DatetimeIndex(days).as_unit("us"))

    return model.kept("areas by holder", (*_CONTROL, "actor_memberships"), (choice.reading, days), compute)


def holders_on(model: Model, choice: Choice) -> pd.DataFrame:
    """Areas, km² and people by holder on the chosen date."""
    return _by_holder(model, choice, (choice.as_of,))


def holders_over_time(model: Model, choice: Choice) -> pd.DataFrame:
    """Areas, km² and people by holder, weekly up to the chosen date and on it; a holder without rows on a date holds nothing."""
    series = _by_holder(model, choice, series_days(model, choice.as_of))
    return _with_day(series, holders_on(model, choice), choice.as_of)


def actor_areas(
    model: Model, choice: Choice, actor_id: str, days: tuple[date, ...], *, members: bool = False
) -> pd.DataFrame:
    """Areas that an actor, or a coalition with its members of each date, holds or contests on some days."""

    def compute() -> pd.DataFrame:
        panel, side = (
            model.panel(choice, *days),
            str(model.frame("actors").set_index("actor_id").loc[actor_id, "side"]),
        )
        if members:
            return actors.areas_of_coalition(
                panel, named(model), model.frame("actor_memberships"), actor_id, side
            )
        return actors.areas_of_actor(panel, named(model), {actor_id}, side)

    arguments = (choice.reading, actor_id, members, days)
    return model.kept("areas of an actor", (*_CONTROL, "actor_memberships"), arguments, compute)


# -- incidents -------------------------------------------------------------------------------------------------------


def incident_datasets(model: Model) -> tuple[str, ...]:
    """Datasets of events in the snapshot, ours first: each provider's is its own."""
    here = [name for name in INCIDENT_DATASETS if name in model.datasets]
    return (OWN_INCIDENTS, *(name for name in here if name != OWN_INCIDENTS))


def event_index(model: Model, known_on: date | None, dataset: str = OWN_INCIDENTS) -> pd.DataFrame:
    """All events of a provider in the narrow form of :func:`monitor.analysis.incidents.event_index`."""
    return model.kept(
        "event index",
        (dataset,),
        (known_on,),
        lambda: incidents.event_index(model.frame(dataset), known_on),
    )


def events_until(model: Model, choice: Choice, dataset: str = OWN_INCIDENTS) -> pd.DataFrame:
    """Events of a provider up to the chosen date, as known on the known-on date."""
    return incidents.up_to(event_index(model, choice.known_on, dataset), choice.as_of)


def overlap(model: Model, choice: Choice, since: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Same-event candidates across providers between two dates, and how far the providers overlap."""

    def compute() -> tuple[pd.DataFrame, pd.DataFrame]:
        parts = []
        for dataset in incident_datasets(model):
            index = events_until(model, choice, dataset)
            index = index[index["event_date"] >= pd.Timestamp(since)]
            ids = model.frame(dataset)["event_id"].take(index["position"]).to_numpy()
            parts.append(index.assign(event_id=ids).astype(dict.fromkeys(_TEXTS, "str")))
        events = pd.concat(parts, ignore_index=True)
        candidates = same_event.same_event_candidates(events)
        return candidates, same_event.provider_overlap(events, candidates)

    arguments = (choice.known_on, choice.as_of, since)
    return model.kept("provider overlap", incident_datasets(model), arguments, compute)


# -- mission ---------------------------------------------------------------------------------------------------------


def mission_figures(model: Model, choice: Choice) -> pd.DataFrame:
    """Published figures of the mission up to the chosen date, known on the known-on date."""
    return mission.published(model.frame("mission"), choice.as_of, choice.known_on)


def inputs_over_time(model: Model, choice: Choice, lag_weeks: int) -> pd.DataFrame:
    """Personnel beside areas under gangs, weekly up to the chosen date and on it."""
    outcomes = _with_day(
        _held_by_sides(model, choice, series_days(model, choice.as_of)),
        _held_by_sides(model, choice, (choice.as_of,)),
        choice.as_of,
    )
    totals = mission.deployed_totals(mission_figures(model, choice))
    return mission.inputs_beside_outcomes(totals, outcomes, lag_days=7 * lag_weeks)


def _held_by_sides(model: Model, choice: Choice, days: tuple[date, ...]) -> pd.DataFrame:
    people = model.scope().set_index("neighborhood_id")["population"]
    return model.kept(
        "areas held by sides",
        _CONTROL,
        (choice.reading, days),
        lambda: mission.held_by_sides(model.panel(choice, *days), people),
    )


def verdicts(model: Model, choice: Choice) -> list[tuple[pd.Series, scorecard.Verdict]]:
    """Statements about the mission with their verdicts as of the chosen date."""

    def compute() -> list[tuple[pd.Series, scorecard.Verdict]]:
        outcomes = retaken.register(model, choice).rename(columns={"claim_key": "claim_id"})
        claims = model.frame("retaken_areas").drop_duplicates("claim_id").set_index("claim_id")["actor_ids"]
        outcomes = outcomes.assign(actor_ids=outcomes["claim_id"].map(claims))
        facts = scorecard.Facts(
            as_of=choice.as_of,
            actors=model.frame("actors"),
            milestones=model.frame("milestones"),
            mission=mission_figures(model, choice),
            outcomes=outcomes,
            site_reports=status.known(model.frame("site_status"), choice.known_on),
            site_history=model.site_history(choice),
            sites=model.frame("key_sites"),
            surroundings=surroundings_on(model, choice),
        )
        return scorecard.judge(model.frame("statements_scorecard"), facts)

    datasets = (*_CONTROL, *_SITES, "milestones", "mission", "statements_scorecard")
    return model.kept("verdicts", datasets, (choice.reading, choice.as_of), compute)


class HeldWeekCost(NamedTuple):
    """Money received, weeks held, and the one divided by the other, in million US dollars."""

    millions: float
    received: float
    weeks: float


def held_week_cost(model: Model, choice: Choice) -> HeldWeekCost | None:
    """Latest figure of money received per neighborhood-week held after a retake; None where no figure was published."""
    rows = mission_figures(model, choice)
    deployed = rows.loc[rows["basis"] == "deployed", "as_of"]
    money = rows[(rows["topic"] == "funding") & rows["unit"].str.startswith("USD")]
    received = mission.latest(money, basis="received")
    if received is None or deployed.empty:
        return None
    millions, weeks = mission.cost_per_held_week(
        float(received["value"]),
        retaken.whole_spells(model, choice),
        since=deployed.min().date(),
        until=choice.as_of,
    )
    return HeldWeekCost(millions, float(received["value"]), weeks)
