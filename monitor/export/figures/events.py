"""Figures of incidents: weekly counts and the map."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from loaders.contracts import EVENT_TYPES
from monitor.analysis import city
from monitor.analysis import incidents as incident_analysis
from monitor.analysis.definitions import POPULATION_FLOOR
from monitor.analysis.model import Choice, Model
from monitor.analysis.rates import annual_rates
from monitor.charts import groups, maps, series
from monitor.charts.providers import Panel, provider_panels
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    map_style,
    place_names,
    stamp_of,
)
from monitor.export.figures.mission import mandates
from monitor.language import _, format_date, format_number, mark, marked

_PAGE = "security-incidents"
SELECTION = marked("The starter set is a selection of notable events, not a census: counts are not trends.")

#: Filters of incidents.
FILTERS = ("provider", "type", "actor", "commune", "from", "deaths")


def event_labels() -> dict[str, str]:
    """Event types in words."""
    words = (
        _("Battles"),
        _("Explosions and remote violence"),
        _("Violence against civilians"),
        _("Riots"),
        _("Protests"),
        _("Strategic developments"),
    )
    return dict(zip(EVENT_TYPES, words, strict=True))


def provider_of(model: Model, parameters: Mapping[str, Any]) -> str:
    """Dataset of the provider asked for: events of different providers are never mixed."""
    provider = parameters.get("provider", city.OWN_INCIDENTS)
    if provider not in city.incident_datasets(model):
        known_ = ", ".join(city.incident_datasets(model))
        raise UnknownParameterError(
            _("{name} must be one of {names}, not {value}.").format(
                name="provider", names=known_, value=provider
            )
        )
    return str(provider)


def caveat_of(provider: str) -> str:
    """What must not be read into counts of a provider's events."""
    if provider == city.OWN_INCIDENTS:
        return _(SELECTION)
    return _("Events as one provider codes them, by its own rules: never add them to another’s.")


def known(model: Model, choice: Choice, provider: str = city.OWN_INCIDENTS) -> pd.DataFrame:
    """Events up to the chosen date as known on the known-on date: the narrow index, one row per event."""
    return city.events_until(model, choice, provider)


def filtered(index: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of the index that pass the filters of :data:`FILTERS`; one that is missing or empty lets everything pass."""
    if (start := parameters.get("from")) is not None:
        index = index.iloc[int(index["event_date"].searchsorted(pd.Timestamp(start), side="left")) :]
    keep = np.ones(len(index), dtype=bool)
    if types := parameters.get("type"):
        keep &= index["event_type"].isin(types).to_numpy()
    if actor := parameters.get("actor"):
        keep &= incident_analysis.names_actor(index, actor).to_numpy()
    if commune := parameters.get("commune"):
        keep &= (index["commune"] == commune).to_numpy()
    if deaths := parameters.get("deaths"):
        keep &= (index["fatalities"] >= deaths).to_numpy()
    return index if keep.all() else index[keep]


def _found(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> pd.DataFrame:
    found = filtered(known(model, choice, provider_of(model, parameters)), parameters)
    if found.empty:
        raise NothingToDrawError(_("No event matches these filters. Widen the period, or clear a filter."))
    return found


def class_labels() -> dict[str, str]:
    """Classes of a week against its baseline, in words."""
    return {
        "large_rise": _("large rise"),
        "moderate_rise": _("moderate rise"),
        "limited": _("limited change"),
        "large_fall": _("large fall"),
        "no_baseline": _("no baseline yet"),
    }


def last_week(weeks: pd.DataFrame) -> pd.Series | None:
    """Last complete week; None if there is none."""
    complete = weeks[weeks["is_complete"]]
    return None if complete.empty else complete.iloc[-1]


def week_sentence(weeks: pd.DataFrame) -> str:
    """The last complete week against its means, in words; no trend is claimed."""
    week = last_week(weeks)
    if week is None:
        return _("No complete week yet.")
    text = _("Week of {date}: {total} recorded").format(
        date=format_date(week["week"]), total=int(week["total"])
    )
    if pd.notna(week["mean_before"]):
        text += _("; mean of the 4 weeks before {mean}").format(mean=format_number(week["mean_before"], 1))
    if pd.notna(week["baseline"]):
        text += _("; of the 52 before {baseline}: {change}").format(
            baseline=format_number(week["baseline"], 1), change=class_labels()[week["change"]]
        )
    return text + "."


def _weekly(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    found = _found(model, choice, parameters)
    weeks = incident_analysis.weekly_counts(found, start=found["event_date"].min().date(), end=choice.as_of)
    undated = int((found["date_precision"] != "day").sum())
    title = _("{events} recorded events by week. {week}").format(
        events=format_number(len(found)), week=week_sentence(weeks).removesuffix(".")
    )
    provider = provider_of(model, parameters)
    caveat = caveat_of(provider)
    if undated:
        caveat += " " + _("{undated} events dated to a month are not drawn").format(undated=undated)
    stamp = stamp_of(model, title, provider, choice=choice, caveat=caveat)
    milestones = mandates(model, choice)
    milestones = milestones[milestones["milestone_date"] >= weeks["week"].iloc[0]]
    figure = series.weekly_chart(weeks, stamp, event_labels=event_labels(), milestones=milestones)
    return BuiltFigure(
        figure,
        stamp,
        title + ". " + caveat_of(provider),
        f"incidents-{choice.as_of}",
        weeks,
    )


def provider_title(model: Model, dataset: str) -> str:
    """Name of a provider's events for readers."""
    if dataset == city.OWN_INCIDENTS:
        return _("Our own compilation")
    return _(model.description(dataset)["title"])


def _providers(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    """Weeks of every provider one above the other, with the same filters."""
    datasets = city.incident_datasets(model)
    found = {name: filtered(known(model, choice, name), parameters) for name in datasets}
    starts = [rows["event_date"].iloc[0].date() for rows in found.values() if len(rows)]
    if not starts:
        raise NothingToDrawError(_("No event matches these filters. Widen the period, or clear a filter."))
    start = parameters.get("from") or min(starts)
    panels, tables = [], []
    for name, rows in found.items():
        weeks = incident_analysis.weekly_counts(rows, start=start, end=choice.as_of)
        covers = model.provenance(name)["covers"] or {"from": choice.as_of, "to": choice.as_of}
        days = (date.fromisoformat(str(covers["from"])), date.fromisoformat(str(covers["to"])))
        label = _("{provider}: {events} events").format(
            provider=f"<b>{html.escape(provider_title(model, name))}</b>", events=format_number(len(rows))
        )
        panels.append(Panel(label, weeks, days))
        tables.append(weeks[["week", "total", "is_complete"]].assign(dataset=name))
    counts = mark(";").join(
        _("{provider} {events}").format(provider=provider_title(model, name), events=format_number(len(rows)))
        for name, rows in found.items()
    )
    title = _("Events from {start} to {end}, each provider by its own rules: {counts}").format(
        start=format_date(start), end=format_date(choice.as_of), counts=counts
    )
    stamp = stamp_of(
        model,
        title,
        *datasets,
        choice=choice,
        caveat=_("Counts of different providers are never added; each panel has its own scale")
        + ". "
        + _(SELECTION),
    )
    table = pd.concat(tables, ignore_index=True)
    return BuiltFigure(
        provider_panels(panels, stamp), stamp, title + ".", f"incident-providers-{choice.as_of}", table
    )


def _map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    found = _found(model, choice, parameters)
    places = model.frame("neighborhoods").set_index("neighborhood_id")
    circles = incident_analysis.by_place(found, "neighborhood_id", "neighborhood")
    circles = circles.join(places[["lat", "lon"]], on="neighborhood_id")
    circles["name"] = circles["neighborhood_id"].map(place_names(model))
    labels = model.commune_labels()
    coarse = incident_analysis.by_place(found, "commune", "commune")
    coarse = coarse.rename(columns={"commune": "name"}).merge(labels, on="name")
    placed, near = int(circles["events"].sum()), int(coarse["events"].sum())
    title = _(
        "{placed} events placed in {areas} neighborhoods; {coarse} known to commune level stand beside the commune’s name; {beyond} lie beyond or are city-wide"
    ).format(placed=placed, areas=len(circles), coarse=near, beyond=len(found) - placed - near)
    stamp = stamp_of(
        model,
        title,
        provider_of(model, parameters),
        "neighborhoods",
        choice=choice,
        caveat=caveat_of(provider_of(model, parameters))
        + " "
        + _("A circle stands for the neighborhood, not for the spot"),
        roads=True,
    )
    figure = maps.incident_map(circles, coarse, map_style(model), stamp)
    drawn = pd.concat(
        [circles.assign(location_precision="neighborhood"), coarse.assign(location_precision="commune")],
        ignore_index=True,
    )
    return BuiltFigure(figure, stamp, title, f"incident-map-{choice.as_of}", drawn)


def _rates(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    found = _found(model, choice, parameters)
    start = (
        pd.Timestamp(parameters["from"])
        if parameters.get("from") is not None
        else found["event_date"].iloc[0]
    )
    days = (pd.Timestamp(choice.as_of) - start).days + 1
    communes = model.frame("communes").set_index("commune_id")
    counts = found[found["location_precision"].isin(["neighborhood", "commune"])]
    counts = counts.groupby("commune", observed=True).size()
    counts.index = counts.index.astype("str")
    people = communes.set_index("name")["population"].astype("float64")
    table = annual_rates(counts, people, days).rename_axis("name").reset_index()
    vintage = communes["population_year"].dropna()
    years = f"{vintage.min()}–{vintage.max()}" if vintage.nunique() > 1 else f"{vintage.iloc[0]}"
    rated = table[table["rate"].notna()]
    if rated.empty:
        raise NothingToDrawError(_("No commune has enough people known for a rate."))
    first = rated.sort_values("rate").iloc[-1]
    title = _(
        "{name}: {rate} recorded events per 100,000 people and year (95 % interval {low} to {high})"
    ).format(
        name=first["name"],
        rate=format_number(first["rate"], 1),
        low=format_number(first["rate_low"], 1),
        high=format_number(first["rate_high"], 1),
    )
    stamp = stamp_of(
        model,
        title,
        provider_of(model, parameters),
        "communes",
        choice=choice,
        denominator=_("{days} days from {start}, annualised; people of {years}").format(
            days=format_number(days), start=format_date(start), years=years
        ),
        caveat=caveat_of(provider_of(model, parameters))
        + " "
        + _("No rate below {floor} people; people before mass displacement").format(
            floor=format_number(POPULATION_FLOOR)
        ),
    )
    return BuiltFigure(
        groups.rates_chart(table, stamp), stamp, title, f"incident-rates-{choice.as_of}", table
    )


_DEFINED = ("incidents-1", "change-class-1", "known-on-1")

FIGURES = (
    FigureSpec("incidents-weekly", "Incidents per week", _PAGE, _weekly, FILTERS, definitions=_DEFINED),
    FigureSpec(
        "incident-rates",
        "Rates of incidents by commune",
        _PAGE,
        _rates,
        FILTERS,
        definitions=("rate-1", "known-on-1"),
    ),
    FigureSpec(
        "incident-providers",
        "Providers of incidents side by side",
        _PAGE,
        _providers,
        tuple(name for name in FILTERS if name != "provider"),
        definitions=_DEFINED,
    ),
    FigureSpec(
        "incident-map", "Map of incidents", _PAGE, _map, FILTERS, definitions=("incidents-1", "known-on-1")
    ),
)
