"""Lineage of numbers: every headline with its rows, filters and formula (definition lineage-1).

A headline's value comes from the function whose result the pages print; its rows are collected apart. The formula,
applied to the rows as they are downloaded, must give the value: one test does that for all headlines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import numpy as np
import pandas as pd

from loaders.contracts import Status
from monitor.analysis import (
    actors,
    city,
    claims,
    compare,
    doubt,
    holds,
    incidents,
    lags,
    mission,
    retaken,
    sites,
    voids,
)
from monitor.analysis.definitions import DURABILITY_DAYS, REVERSAL_DAYS, RMST_HORIZON_DAYS
from monitor.analysis.model import Choice, Model

Unit = Literal[
    "neighborhoods", "claims", "spells", "sites", "events", "people", "personnel", "share", "days", "rate"
]

_GANG = (str(Status.GANG_CONTROL), str(Status.GANG_INFLUENCE))
_STATE = (str(Status.STATE_HELD), str(Status.STATE_PRESENCE))
_UNSETTLED = (str(Status.UNKNOWN), str(Status.NO_DATA))


def _marks(rows: pd.DataFrame) -> pd.Series:
    return rows["counts"].astype("str").str.lower().isin(["true", "1", "1.0"])


def _share(rows: pd.DataFrame) -> float:
    weight = rows["weight"].astype("float64")
    return float(weight[_marks(rows)].sum() / weight.sum()) if weight.sum() else np.nan


def _rmst(rows: pd.DataFrame) -> float:
    return holds.rmst(holds.hold_curve(rows["weight"], _marks(rows)), RMST_HORIZON_DAYS)


def _rate(rows: pd.DataFrame) -> float:
    weeks = float(rows["weight"].sum()) / 7
    return 100 * float(_marks(rows).sum()) / weeks if weeks else np.nan


#: Formulas, by name: what each does to the columns ``counts`` (a mark) and ``weight`` (a number) of the rows.
FORMULAS: Mapping[str, Callable[[pd.DataFrame], float]] = {
    "number of rows that count": lambda rows: float(_marks(rows).sum()),
    "sum of weight over rows that count": lambda rows: float(
        rows["weight"].astype("float64")[_marks(rows)].sum()
    ),
    "sum of weight over rows that count / sum of weight": _share,
    "median of weight over rows that count": lambda rows: float(
        rows["weight"].astype("float64")[_marks(rows)].median()
    ),
    "lowest weight": lambda rows: float(rows["weight"].astype("float64").min()),
    "highest weight": lambda rows: float(rows["weight"].astype("float64").max()),
    "weight of the row that counts / weight of the other": lambda rows: float(
        rows["weight"][_marks(rows)].iloc[0] / rows["weight"][~_marks(rows)].iloc[0]
    ),
    "area under the Kaplan-Meier curve to 90 days; weight: days, counts: lost": _rmst,
    "100 x rows that count / (sum of weight / 7); weight: days, counts: lost": _rate,
}


@dataclass(frozen=True)
class Headline:
    """A number that a page prints.

    Attributes
    ----------
    headline_id
        Its name in links.
    name
        What it says (English; pages translate it).
    page
        Address of the page that prints it first.
    unit
        What it counts.
    formula
        A name of ``FORMULAS``.
    definitions
        Ids of the definitions behind it.
    value, rows
        The number, and the rows with ``counts`` and ``weight``, from a model and a choice.
    """

    headline_id: str
    name: str
    page: str
    unit: Unit
    formula: str
    definitions: tuple[str, ...]
    value: Callable[[Model, Choice], float]
    rows: Callable[[Model, Choice], pd.DataFrame]


@dataclass(frozen=True)
class Lineage:
    """A headline opened: its value under a choice, and the rows that make it."""

    headline: Headline
    value: float
    rows: pd.DataFrame


def recompute(headline: Headline, rows: pd.DataFrame) -> float:
    """The number from its rows, by its formula."""
    return FORMULAS[headline.formula](rows)


def trace(headline_id: str, model: Model, choice: Choice) -> Lineage:
    """Open a headline.

    Raises
    ------
    KeyError
        There is no such headline.
    """
    headline = HEADLINES[headline_id]
    return Lineage(
        headline, headline.value(model, choice), headline.rows(model, choice).reset_index(drop=True)
    )


# -- who holds what ---------------------------------------------------------------------------------------------------

_STATUS = ("status-1", "evidence-1", "known-on-1", "stale-1")


def _areas(model: Model, choice: Choice) -> pd.DataFrame:
    """Neighborhoods with their status, weights and the statement that gives the status."""
    rows = doubt.nine_rows(model, choice)
    panel = model.panel(choice)[["neighborhood_id", "assertion_id"]]
    said = model.assertions().drop_duplicates("assertion_id")[
        ["assertion_id", "source_publisher", "source_url", "source_checked"]
    ]
    return rows.merge(panel, on="neighborhood_id").merge(said, on="assertion_id", how="left")


def _count_of(statuses: tuple[str, ...]) -> Callable[[Model, Choice], float]:
    def value(model: Model, choice: Choice) -> float:
        table = model.share_table(choice)
        counts = table[table["denominator"] == "neighborhoods"].set_index("status")["value"]
        return float(counts[list(statuses)].sum())

    return value


def _areas_with(statuses: tuple[str, ...]) -> Callable[[Model, Choice], pd.DataFrame]:
    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        areas = _areas(model, choice)
        return areas.assign(counts=areas["status"].isin(statuses), weight=1.0)

    return rows


def _areas_headline(headline_id: str, name: str, statuses: tuple[str, ...]) -> Headline:
    return Headline(
        headline_id,
        name,
        "",
        "neighborhoods",
        "number of rows that count",
        _STATUS,
        _count_of(statuses),
        _areas_with(statuses),
    )


def _nine(denominator: str, measure: str, name: str) -> Headline:
    def value(model: Model, choice: Choice) -> float:
        table = doubt.nine(model, choice).set_index(["denominator", "measure"])
        return float(table.loc[(denominator, measure), "share"])

    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        areas = _areas(model, choice)
        return areas.assign(counts=areas[measure], weight=areas[denominator].astype("float64"))

    return Headline(
        f"{measure}-{denominator}".replace("_", "-"),
        name,
        "evidence-and-doubt",
        "share",
        "sum of weight over rows that count / sum of weight",
        (*_STATUS, "share-1", "explainer-1"),
        value,
        rows,
    )


def _moves(model: Model, choice: Choice, days: int) -> pd.DataFrame:
    """Neighborhoods that came under gang control or influence (+1) or left it (−1) in some days; the others 0."""
    first = replace(choice, as_of=max(choice.as_of - timedelta(days=days), model.first_date()))
    before = model.panel(first).set_index("neighborhood_id")["status"]
    areas = _areas(model, choice)
    was, now = areas["neighborhood_id"].map(before), areas["status"]
    step = now.isin(_GANG).astype("float64") - was.isin(_GANG).astype("float64")
    return areas.assign(
        status_before=was, kind=compare.kind_of_change(was, now), counts=step != 0, weight=step
    )


def _change(days: int, name: str) -> Headline:
    def value(model: Model, choice: Choice) -> float:
        first = max(choice.as_of - timedelta(days=days), model.first_date())
        held = _count_of(_GANG)
        return held(model, choice) - held(model, replace(choice, as_of=first))

    return Headline(
        f"gang-change-{days}",
        name,
        "",
        "neighborhoods",
        "sum of weight over rows that count",
        (*_STATUS, "transition-1"),
        value,
        lambda model, choice: _moves(model, choice, days),
    )


# -- actors and reach --------------------------------------------------------------------------------------------------


def _held_by_gangs(model: Model, choice: Choice) -> pd.DataFrame:
    """Neighborhoods held by armed groups on the date, each with its holder; those of the largest holder count."""
    held = actors.holders(
        model.panel(choice), city.named(model), model.frame("actors"), model.frame("actor_memberships")
    )
    held = held[(held["side"] == "gang") & held["neighborhood_id"].isin(model.scope()["neighborhood_id"])]
    sizes = held["holder"].value_counts()
    largest = min(sizes.index[sizes == sizes.max()], default=None)
    rows = _areas(model, choice).merge(held[["neighborhood_id", "holder", "actor_ids"]], on="neighborhood_id")
    return rows.assign(counts=rows["holder"] == largest, weight=1.0)


def _largest_holder(model: Model, choice: Choice) -> float:
    table = city.holders_on(model, choice)
    sizes = table.loc[table["side"] == "gang", "neighborhoods"]
    return float(sizes.max()) if len(sizes) else 0.0


def _reach(target: str, bound: str, name: str) -> Headline:
    reached = {"low": ("yes",), "high": ("yes", "perhaps")}[bound]

    def value(model: Model, choice: Choice) -> float:
        return float(city.reach_of(model, choice, target, (choice.as_of,))[0][bound].iloc[0])

    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        by_area = city.reach_of(model, choice, target, (choice.as_of,))[1][["neighborhood_id", "reach"]]
        areas = _areas(model, choice).merge(by_area, on="neighborhood_id")
        return areas.assign(counts=areas["reach"].isin(reached), weight=areas["people"].fillna(0.0))

    return Headline(
        f"reach-{target}-{bound}",
        name,
        "key-sites",
        "share",
        "sum of weight over rows that count / sum of weight",
        (*_STATUS, "reach-1", "site-1"),
        value,
        rows,
    )


# -- retaken ----------------------------------------------------------------------------------------------------------

_CLAIMS = ("register-1", "evidence-1", "known-on-1")


def _claims_where(mark: Callable[[pd.DataFrame], pd.Series]) -> Callable[[Model, Choice], pd.DataFrame]:
    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        table = retaken.register(model, choice)
        return table.assign(counts=mark(table), weight=1.0)

    return rows


def _claims_headline(
    headline_id: str,
    name: str,
    value: Callable[[pd.DataFrame], float],
    mark: Callable[[pd.DataFrame], pd.Series],
    *definitions: str,
) -> Headline:
    return Headline(
        headline_id,
        name,
        "retaken-areas",
        "claims",
        "number of rows that count",
        (*_CLAIMS, *definitions),
        lambda model, choice: value(retaken.register(model, choice)),
        _claims_where(mark),
    )


def _outcome(outcome: str) -> Headline:
    names = {
        "lost": "Claims lost again",
        "contested": "Claims now contested",
        "held": "Claims not reported lost",
        "unknown": "Claims of which nobody has reported lately",
    }
    return _claims_headline(
        f"claims-{outcome}",
        names[outcome],
        lambda table: float(table["outcome"].value_counts().get(outcome, 0)),
        lambda table: table["outcome"] == outcome,
        "outcome-1",
    )


def _held(days: int) -> Headline:
    def value(model: Model, choice: Choice) -> float:
        row = retaken.funnel(model, choice).set_index("step").loc[f"held_{days}"]
        return float(row["count"] / row["out_of"]) if row["out_of"] else np.nan

    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        table = retaken.register(model, choice)
        until = pd.Timestamp(retaken.observed_to(model, choice))
        table = table[
            (table["level"] != "claimed") & (table["claim_date"] + pd.Timedelta(days=days) <= until)
        ]
        lost = table["lost_on"].notna() & (table["days_held"] <= days)
        table = table.assign(counts=~lost & (table["days_held"] >= days).fillna(False), weight=1.0)
        return table[lost | table["counts"]]

    return Headline(
        f"claims-held-{days}",
        f"Corroborated claims held {days} days, of those followed so long",
        "retaken-areas",
        "share",
        "sum of weight over rows that count / sum of weight",
        (*_CLAIMS, "durability-1"),
        value,
        rows,
    )


def _contradicted(days: int) -> Headline:
    def value(model: Model, choice: Choice) -> float:
        table = retaken.register(model, choice)
        together = pd.Series("all", index=table.index)
        found = claims.reversal(table, together, observed_to=retaken.observed_to(model, choice))
        return float(found[f"share_{days}"].iloc[0]) if len(found) else np.nan

    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        table = retaken.register(model, choice)
        until = pd.Timestamp(retaken.observed_to(model, choice))
        table = table[table["claim_date"] + pd.Timedelta(days=days) <= until]
        return table.assign(
            counts=(table["days_to_contradiction"] <= days).fillna(False).astype("bool"), weight=1.0
        )

    return Headline(
        f"claims-contradicted-{days}",
        f"Claims contradicted within {days} days",
        "retaken-areas",
        "share",
        "sum of weight over rows that count / sum of weight",
        (*_CLAIMS, "reversal-1"),
        value,
        rows,
    )


def _spell_rows(model: Model, choice: Choice) -> pd.DataFrame:
    table = retaken.whole_spells(model, choice)
    return table.assign(counts=table["lost"], weight=table["duration_days"])


def _rmst_value(model: Model, choice: Choice) -> float:
    found = retaken.held(model, choice).summary
    return np.nan if found is None else found.rmst_days


def _spells(
    headline_id: str, name: str, unit: Unit, formula: str, value: Callable[[Model, Choice], float], *more: str
) -> Headline:
    return Headline(
        headline_id, name, "retaken-areas", unit, formula, ("retake-1", *more), value, _spell_rows
    )


# -- sites, incidents, mission, others ---------------------------------------------------------------------------------


def _hospitals(model: Model, choice: Choice) -> pd.DataFrame:
    def compute() -> pd.DataFrame:
        listed = model.frame("key_sites")
        places = model.scope()["neighborhood_id"]
        listed = listed[(listed["site_type"] == "hospital") & listed["neighborhood_id"].isin(places)]
        panel = model.site_panel(choice, listed["site_id"])
        return panel.merge(listed[["site_id", "name", "neighborhood_id"]], on="site_id")

    arguments = (choice.known_on, choice.stale_after_days, choice.as_of)
    found: pd.DataFrame = model.kept(
        "hospitals", ("site_status", "key_sites", "neighborhoods"), arguments, compute
    )
    return found


def _hospitals_value(column: str) -> Callable[[Model, Choice], float]:
    return lambda model, choice: float(sites.functioning(_hospitals(model, choice)).iloc[0][column])


def _hospitals_rows(mark: Callable[[pd.Series], pd.Series]) -> Callable[[Model, Choice], pd.DataFrame]:
    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        panel = _hospitals(model, choice)
        return panel.assign(counts=mark(panel["status"]), weight=1.0)

    return rows


def _year_of(rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Versions of events of the year before, those that held on the known-on date: earlier views keep what was said then."""
    last = pd.Timestamp(choice.as_of)
    rows = rows[rows["event_date"].between(last - pd.Timedelta(days=364), last)]
    return rows[incidents.holds(rows, choice.known_on)]


def _incidents_value(model: Model, choice: Choice) -> float:
    rows = model.columns("incidents", "event_date", "recorded_at", "superseded_at", "count_role")
    return float((_year_of(rows, choice)["count_role"] == "primary").sum())


def _incident_rows(model: Model, choice: Choice) -> pd.DataFrame:
    rows = _year_of(model.frame("incidents"), choice)
    columns = [
        "event_id",
        "provider",
        "event_date",
        "sub_event_type",
        "neighborhood_id",
        "commune",
        "summary",
    ]
    return rows[[*columns, "source_publisher", "source_url", "source_checked"]].assign(
        counts=rows["count_role"] == "primary", weight=1.0
    )


def _figures(model: Model, choice: Choice) -> pd.DataFrame:
    return mission.published(model.frame("mission"), choice.as_of, choice.known_on)


def _latest_totals(model: Model, choice: Choice) -> pd.DataFrame:
    """The latest count of all deployed personnel and the strength authorised on its day, by figure id."""
    rows = _figures(model, choice)
    last = mission.deployed_totals(rows[rows["topic"] == "personnel"]).tail(1)
    ids = [*last["figure_id"], *last["authorised_id"].dropna()]
    found = rows[rows["figure_id"].isin(ids)].sort_values("basis", ascending=False)
    columns = [
        "figure_id",
        "entity",
        "basis",
        "as_of",
        "value",
        "unit",
        "source_publisher",
        "source_url",
        "source_checked",
    ]
    return found[columns].assign(counts=found["basis"] == "deployed", weight=found["value"].astype("float64"))


def _last_total(column: str) -> Callable[[Model, Choice], float]:
    def value(model: Model, choice: Choice) -> float:
        rows = _figures(model, choice)
        totals = mission.deployed_totals(rows[rows["topic"] == "personnel"])
        return float(totals[column].iloc[-1]) if len(totals) else np.nan

    return value


def _estimates(model: Model, choice: Choice) -> pd.DataFrame:
    rows = mission.capital_shares(model.frame("indicators"), choice.as_of, choice.known_on)
    columns = [
        "figure_id",
        "period_start",
        "value",
        "unit",
        "note",
        "source_publisher",
        "source_url",
        "source_checked",
    ]
    return rows[columns].assign(counts=True, weight=rows["value"].astype("float64"))


# -- evidence -----------------------------------------------------------------------------------------------------------


def _lag(side: str, name: str) -> Headline:
    def value(model: Model, choice: Choice) -> float:
        table = lags.lag_by_side(doubt.gains(model, choice)).set_index("side")
        return float(table["median_days"].get(side, np.nan))

    def rows(model: Model, choice: Choice) -> pd.DataFrame:
        table = doubt.gains(model, choice)
        return table.assign(counts=table["side"] == side, weight=table["lag_days"])

    formula = "median of weight over rows that count"
    return Headline(f"lag-{side}", name, "evidence-and-doubt", "days", formula, ("lag-1",), value, rows)


def _learned_late(model: Model, choice: Choice) -> pd.DataFrame:
    table = doubt.unseen_losses(model, choice)
    return table.assign(counts=table["learned_from_claim"], weight=1.0)


def _learned_late_share(model: Model, choice: Choice) -> float:
    table = doubt.unseen_losses(model, choice)
    return float(table["learned_from_claim"].mean()) if len(table) else np.nan


_SILENT = ("year", "longer", "never")


def _silent_people(model: Model, choice: Choice) -> float:
    table = voids.people_in_silence(doubt.silence(model, choice)).set_index("silence")["people"]
    return float(table[list(_SILENT)].sum())


def _silent_rows(model: Model, choice: Choice) -> pd.DataFrame:
    table = doubt.silence(model, choice)
    columns = ["neighborhood_id", "name", "commune", "last_report", "weeks", "silence", "population"]
    return table[columns].assign(
        counts=table["silence"].isin(_SILENT), weight=table["population"].astype("float64")
    )


_MEASURE_NAMES = {
    "control": "gang control",
    "control_or_influence": "gang control or influence",
    "not_state_held": "known and not state-held",
}
_DENOMINATOR_NAMES = {"neighborhoods": "neighborhoods", "km2": "area", "people": "people"}

#: Every headline number of the product, by id.
HEADLINES: Mapping[str, Headline] = {
    item.headline_id: item
    for item in (
        _areas_headline("gang-control", "Neighborhoods under gang control", (str(Status.GANG_CONTROL),)),
        _areas_headline("gang-control-or-influence", "Neighborhoods under gang control or influence", _GANG),
        _areas_headline("contested", "Neighborhoods contested", (str(Status.CONTESTED),)),
        _areas_headline("state", "Neighborhoods held by the state or with state presence", _STATE),
        _areas_headline("unknown", "Neighborhoods of which nobody has reported in time", _UNSETTLED),
        _change(28, "Change in four weeks: neighborhoods under gang control or influence"),
        _change(365, "Change in a year: neighborhoods under gang control or influence"),
        *(
            _nine(denominator, measure, f"Share of {what}: {name}")
            for denominator, what in _DENOMINATOR_NAMES.items()
            for measure, name in _MEASURE_NAMES.items()
        ),
        _claims_headline(
            "claims",
            "Claims of retaken places",
            lambda table: float(len(table)),
            lambda table: table["claim_key"].notna(),
        ),
        _claims_headline(
            "claims-corroborated",
            "Claims that rest on more than a party's word",
            lambda table: float(
                claims.funnel(table, observed_to=pd.Timestamp("2100-01-01"))["count"].iloc[1]
            ),
            lambda table: table["level"] != "claimed",
        ),
        *(_outcome(outcome) for outcome in ("lost", "contested", "held", "unknown")),
        *(_held(days) for days in DURABILITY_DAYS),
        *(_contradicted(days) for days in REVERSAL_DAYS),
        _spells(
            "spells-lost",
            "Retaken neighborhoods lost again",
            "spells",
            "number of rows that count",
            lambda model, choice: float(retaken.held(model, choice).reloss["losses"]),
        ),
        _spells(
            "days-held",
            "Mean days held within 90",
            "days",
            "area under the Kaplan-Meier curve to 90 days; weight: days, counts: lost",
            _rmst_value,
            "hold-curve-1",
        ),
        _spells(
            "reloss-rate",
            "Losses per 100 neighborhood-weeks held",
            "rate",
            "100 x rows that count / (sum of weight / 7); weight: days, counts: lost",
            lambda model, choice: float(retaken.held(model, choice).reloss["rate"]),
            "reloss-1",
        ),
        Headline(
            "hospitals-functioning",
            "Hospitals open or reduced",
            "key-sites",
            "sites",
            "number of rows that count",
            ("site-1", "functioning-1"),
            _hospitals_value("functioning"),
            _hospitals_rows(lambda state: state.isin(sites.FUNCTIONING)),
        ),
        Headline(
            "hospitals-known",
            "Hospitals with a recent report",
            "key-sites",
            "sites",
            "number of rows that count",
            ("site-1", "functioning-1"),
            _hospitals_value("known"),
            _hospitals_rows(lambda state: ~state.isin(_UNSETTLED)),
        ),
        _reach("hospital", "low", "People who can get to a functioning hospital, for certain"),
        _reach("hospital", "high", "People who can get to a functioning hospital, at most"),
        _reach("airport", "low", "People who can get to the airport, for certain"),
        _reach("airport", "high", "People who can get to the airport, at most"),
        Headline(
            "largest-holder",
            "Neighborhoods held by the armed group or coalition that holds most",
            "armed-actors",
            "neighborhoods",
            "number of rows that count",
            (*_STATUS, "actor-area-1"),
            _largest_holder,
            _held_by_gangs,
        ),
        Headline(
            "incidents-year",
            "Notable events recorded in the year before",
            "security-incidents",
            "events",
            "number of rows that count",
            ("incidents-1",),
            _incidents_value,
            _incident_rows,
        ),
        Headline(
            "deployed",
            "Personnel deployed, latest count of all",
            "mission-inputs",
            "personnel",
            "sum of weight over rows that count",
            ("mission-1",),
            _last_total("value"),
            _latest_totals,
        ),
        Headline(
            "deployment-ratio",
            "Deployed of the strength authorised on that day",
            "mission-inputs",
            "share",
            "weight of the row that counts / weight of the other",
            ("mission-1",),
            _last_total("ratio"),
            _latest_totals,
        ),
        Headline(
            "others-lowest",
            "Lowest published estimate of the gangs' share of the capital, per cent",
            "",
            "rate",
            "lowest weight",
            (),
            lambda model, choice: float(_estimates(model, choice)["value"].min()),
            _estimates,
        ),
        Headline(
            "others-highest",
            "Highest published estimate of the gangs' share of the capital, per cent",
            "",
            "rate",
            "highest weight",
            (),
            lambda model, choice: float(_estimates(model, choice)["value"].max()),
            _estimates,
        ),
        _lag("gang", "Median days from a gang gain to its publication"),
        _lag("state", "Median days from a state gain to its publication"),
        Headline(
            "learned-from-claim",
            "Losses first learned from the claim that the place was retaken",
            "evidence-and-doubt",
            "share",
            "sum of weight over rows that count / sum of weight",
            ("lag-1", "register-1"),
            _learned_late_share,
            _learned_late,
        ),
        Headline(
            "people-in-silence",
            "People in neighborhoods without a report for half a year or ever",
            "evidence-and-doubt",
            "people",
            "sum of weight over rows that count",
            ("void-1",),
            _silent_people,
            _silent_rows,
        ),
    )
}


def moved(model: Model, then: Choice, now: Choice) -> pd.DataFrame:
    """Every headline under two choices.

    Returns
    -------
    DataFrame
        ``headline_id, name, unit, then, now``, only those that differ; NaN where a number cannot be told.
    """
    rows = []
    for headline in HEADLINES.values():
        before, after = headline.value(model, then), headline.value(model, now)
        if not (np.isnan(before) and np.isnan(after)) and not np.isclose(before, after, equal_nan=True):
            rows.append((headline.headline_id, headline.name, headline.unit, before, after))
    return pd.DataFrame(rows, columns=["headline_id", "name", "unit", "then", "now"])
