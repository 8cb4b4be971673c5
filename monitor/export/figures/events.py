"""Figures of incidents: weekly counts and the map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from loaders.contracts import EVENT_TYPES
from monitor.analysis import incidents as incident_analysis
from monitor.analysis.model import Choice, Model
from monitor.charts import maps, series
from monitor.export.figures.base import BuiltFigure, FigureSpec, NothingToDrawError, map_style, stamp_of
from monitor.language import _, format_number, marked

_PAGE = "security-incidents"
SELECTION = marked("The starter set is a selection of notable events, not a census: counts are not trends.")

#: Filters of incidents.
FILTERS = ("type", "actor", "commune", "from", "deaths")


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


def known(model: Model, choice: Choice) -> pd.DataFrame:
    """Events up to the chosen date that were recorded by the known-on date, one row per event."""
    rows = incident_analysis.counted(model.frame("incidents"))
    if choice.known_on is not None:
        rows = rows[rows["recorded_at"] < pd.Timestamp(choice.known_on, tz="UTC") + pd.Timedelta(days=1)]
    return rows[rows["event_date"] <= pd.Timestamp(choice.as_of)]


def filtered(rows: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Rows that pass the filters of :data:`FILTERS`; one that is missing or empty lets everything pass."""
    keep = pd.Series(True, index=rows.index)
    if (start := parameters.get("from")) is not None:
        keep &= rows["event_date"] >= pd.Timestamp(start)
    if types := parameters.get("type"):
        keep &= rows["event_type"].isin(types)
    if actor := parameters.get("actor"):
        keep &= rows["actor_ids"].fillna("").str.split("|").map(lambda ids: actor in ids)
    if commune := parameters.get("commune"):
        keep &= rows["commune"] == commune
    if deaths := parameters.get("deaths"):
        keep &= rows["fatalities"] >= deaths
    return rows[keep]


def _found(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> pd.DataFrame:
    found = filtered(known(model, choice), parameters)
    if found.empty:
        raise NothingToDrawError(_("No event matches these filters. Widen the period, or clear a filter."))
    return found


def _weekly(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    found = _found(model, choice, parameters)
    weeks = incident_analysis.weekly_counts(found, start=found["event_date"].min().date(), end=choice.as_of)
    undated = int((found["date_precision"] != "day").sum())
    title = _("{events} recorded events per week by type").format(events=format_number(len(found)))
    caveat = _(SELECTION)
    if undated:
        caveat += " " + _("{undated} events dated to a month are not drawn").format(undated=undated)
    stamp = stamp_of(model, title, "incidents", choice=choice, caveat=caveat)
    figure = series.weekly_chart(weeks, stamp, event_labels=event_labels())
    return BuiltFigure(figure, stamp, title + ". " + _(SELECTION), f"incidents-{choice.as_of}", weeks)


def _map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    found = _found(model, choice, parameters)
    places = model.frame("neighborhoods").set_index("neighborhood_id")
    placed = found[found["location_precision"] == "neighborhood"]
    circles = (
        placed.groupby("neighborhood_id")
        .agg(events=("event_id", "size"), deaths=("fatalities", "sum"))
        .reset_index()
    )
    circles = circles.join(places[["name", "lat", "lon"]], on="neighborhood_id")
    labels = model.commune_labels()
    coarse = (
        found[found["location_precision"] == "commune"]
        .groupby("commune")
        .size()
        .rename("events")
        .reset_index()
    )
    coarse = coarse.rename(columns={"commune": "name"}).merge(labels, on="name")
    beyond = len(found) - len(placed) - int(coarse["events"].sum())
    title = _(
        "{placed} events placed in {areas} neighborhoods; {coarse} known to commune level stand beside the commune’s name; {beyond} lie beyond or are city-wide"
    ).format(placed=len(placed), areas=len(circles), coarse=int(coarse["events"].sum()), beyond=beyond)
    stamp = stamp_of(
        model,
        title,
        "incidents",
        "neighborhoods",
        choice=choice,
        caveat=_(SELECTION) + " " + _("A circle stands for the neighborhood, not for the spot"),
    )
    figure = maps.incident_map(circles, coarse, map_style(model), stamp)
    drawn = pd.concat(
        [circles.assign(location_precision="neighborhood"), coarse.assign(location_precision="commune")],
        ignore_index=True,
    )
    return BuiltFigure(figure, stamp, title, f"incident-map-{choice.as_of}", drawn)


_DEFINED = ("incidents-1", "known-on-1")

FIGURES = (
    FigureSpec("incidents-weekly", "Incidents per week", _PAGE, _weekly, FILTERS, definitions=_DEFINED),
    FigureSpec("incident-map", "Map of incidents", _PAGE, _map, FILTERS, definitions=_DEFINED),
)
