"""Figures of territorial control: maps, shares over time, the strip of one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from monitor.analysis import incidents as incident_analysis
from monitor.analysis import layers, status
from monitor.analysis.model import Choice, Model
from monitor.charts import base_map, captions, maps, series, strips
from monitor.charts.style import Stamp
from monitor.export.figures.base import (
    ROADS,
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    commune_names,
    hatch,
    in_language,
    map_style,
    place_names,
    places,
    stamp_of,
)
from monitor.language import _, format_date, language, marked

MAP_CAVEAT = marked(
    "Areas are approximate catchments around gazetteer points, not official limits; fills fade with the age of the last report"
)

#: Weeks shown by each span of the share chart; 0 for all.
SPANS = {"4w": 4, "3m": 13, "1y": 52, "all": 0}

#: Kinds of milestones drawn on the share chart.
_SHARE_MILESTONES = ("mandate", "deployment", "violence", "control")

#: What statuses depend on.
STATUS_DATASETS = ("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")

#: Datasets behind every figure of control.
CONTROL = ("territorial_control", "retaken_areas", "neighborhoods")


def denominators() -> dict[str, str]:
    """What shares can be shares of, in words."""
    return {"neighborhoods": _("neighborhoods"), "km2": _("area, km²"), "people": _("people")}


def counts(table: pd.DataFrame) -> pd.Series:
    """Neighborhoods by status on the one date of a share table."""
    return table[table["denominator"] == "neighborhoods"].set_index("status")["value"]


#: Datasets that a layer of the map adds.
_LAYER_DATASETS = {"sites": ("site_status", "key_sites"), "incidents": ("incidents",)}


def map_stamp(model: Model, choice: Choice, shown: Sequence[str] = ()) -> Stamp:
    """Stamp of the control map with the layers shown."""
    return stamp_of(
        model,
        captions.map_title(counts(model.share_table(choice))),
        *CONTROL,
        *(name for layer in shown for name in _LAYER_DATASETS.get(layer, ())),
        choice=choice,
        caveat=_(MAP_CAVEAT),
        evidence=True,
        roads=ROADS in shown,
    )


def status_rows(model: Model, choice: Choice) -> pd.DataFrame:
    """The map as a table: every neighborhood with its status and the statement that gives it, by commune and name."""
    return model.kept(
        "status_rows",
        (*STATUS_DATASETS, "aliases"),
        (choice.reading, choice.as_of, language()),
        lambda: _rows(model, choice),
    )


def _rows(model: Model, choice: Choice) -> pd.DataFrame:
    panel = model.panel(choice)
    about = places(model)[["neighborhood_id", "name", "commune", "area_km2", "population"]]
    said = model.sources_of_assertions().reindex(panel["assertion_id"]).reset_index(drop=True)
    rows = pd.concat([panel.merge(about, on="neighborhood_id"), said], axis=1)
    return rows.sort_values(["commune", "name"], ignore_index=True)


def layer_sites(model: Model) -> pd.DataFrame:
    """Key sites that the layer of sites draws: those in the metropolitan area, in the order of the dataset."""
    sites = in_language(model, "key_sites")
    return sites[sites["is_in_scope"].astype("bool")].reset_index(drop=True)


def layer_events(model: Model, choice: Choice) -> pd.DataFrame:
    """Events that the layer of incidents counts: one row each, known by the known-on date."""
    return incident_analysis.counted(model.frame("incidents"), choice.known_on)


def incident_layer(model: Model, choice: Choice, days: Sequence[date]) -> tuple[np.ndarray, list[list[str]]]:
    """Events of four weeks in each neighborhood in scope (dates × neighborhoods), and the legend's lines for each date.

    Events known to commune level only are counted in the legend and belong to no neighborhood.
    """
    events = layer_events(model, choice)
    is_placed = events["location_precision"] == "neighborhood"
    areas = list(model.scope()["neighborhood_id"])
    counts = layers.recent_counts(events[is_placed], "neighborhood_id", areas, days)
    communes = sorted(model.scope()["commune"].unique())
    names = [commune_names(model)[commune] for commune in communes]
    is_coarse = events["location_precision"] == "commune"
    coarse = layers.recent_counts(events[is_coarse], "commune", communes, days)
    lines = [
        maps.incidents_note(int(placed.sum()), dict(zip(names, map(int, row), strict=True)))
        for placed, row in zip(counts, coarse, strict=True)
    ]
    return counts, lines


def map_of(
    model: Model,
    choice: Choice,
    height: int,
    home: base_map.View,
    *,
    selected: str | None = None,
    view: base_map.View | None = None,
    shown: Sequence[str] = (),
) -> BuiltFigure:
    """Map of one date, of a height in px; `home` is the view unless another is given, `shown` names layers."""
    panel = model.panel(choice)
    stamp = map_stamp(model, choice, shown)
    if selected is not None and selected not in set(model.frame("neighborhoods")["neighborhood_id"]):
        raise UnknownParameterError(_("There is no place with the id {id}.").format(id=selected))
    sites = incidents = None
    notes: list[str] = []
    if "incidents" in shown:
        counts, lines = incident_layer(model, choice, [choice.as_of])
        areas = places(model)[["neighborhood_id", "name", "lat", "lon"]]
        incidents, notes = areas.assign(events=counts[0]), lines[0]
    if "sites" in shown:
        listed = layer_sites(model)
        states = model.site_panel(choice, listed["site_id"])
        sites = listed[["site_id", "name", "lat", "lon"]].merge(states, on="site_id")
        sites = sites.assign(line=sites.apply(captions.site_line, axis=1))
        notes = [*notes, *maps.sites_note(sites["status"])]
    figure = maps.control_map(
        panel,
        places(model),
        model.features("neighborhoods"),
        hatch(model),
        map_style(model, roads=ROADS in shown),
        stamp,
        legend=model.share_table(choice),
        selected=selected,
        sites=sites,
        incidents=incidents,
        notes=notes,
        height=height,
        view=view or home,
        home=home,
    )
    sentence = captions.situation(panel, choice.stale_after_days)
    alt = _("Map of Port-au-Prince by neighborhood on {date}. {sentence}").format(
        date=format_date(choice.as_of), sentence=sentence
    )
    name = f"control-{choice.as_of}"
    return BuiltFigure(figure, stamp, alt, name, lambda: status_rows(model, choice), sentence)


def _control_map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return map_of(
        model,
        choice,
        720,
        base_map.METRO_VIEW,
        selected=parameters.get("area"),
        view=parameters.get("view"),
        shown=parameters.get("layers", ()),
    )


def _overview_map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return map_of(model, choice, 560, base_map.SMALL_METRO_VIEW, shown=(ROADS,))


def share_stamp(model: Model, choice: Choice, title: str, by: str) -> Stamp:
    """Stamp of a share chart."""
    return stamp_of(
        model,
        title,
        *CONTROL,
        choice=choice,
        evidence=True,
        denominator=_("share of {what}").format(what=denominators()[by]),
        caveat=_(
            "A status counts for {days} days after its last report, then the area is unknown. People: commune figures of 2015 split by area"
        ).format(days=choice.stale_after_days),
    )


def _shares(
    model: Model,
    choice: Choice,
    days: tuple[date, ...],
    by: str = "neighborhoods",
    span: str = "all",
    layers: Sequence[str] = ("milestones",),
    *,
    cursor: bool,
) -> BuiltFigure:
    """Shares over some days; with a cursor, the days are those of the time bar and do not depend on the date."""
    table = model.share_table(replace(choice, as_of=days[0]), *days)
    period = _period(days, choice.as_of, span)
    title = captions.share_title(table, pd.Timestamp(choice.as_of), by)
    stamp = share_stamp(model, choice, title, by)
    milestones = model.frame("milestones")
    kinds = _SHARE_MILESTONES if "milestones" in layers else ()
    figure = series.share_chart(
        table,
        stamp,
        denominator=by,
        cursor=pd.Timestamp(choice.as_of) if cursor else None,
        period=period,
        milestones=milestones[milestones["kind"].isin(kinds)],
        height=480 if cursor else 560,
    )
    alt = _("Stacked area chart, weekly. {title}").format(title=title)
    drawn = table[(table["denominator"] == by) & table["date"].between(*period)].reset_index(drop=True)
    return BuiltFigure(figure, stamp, alt, f"shares-{choice.as_of}", drawn, _a_year_before(table, choice, by))


def _a_year_before(table: pd.DataFrame, choice: Choice, by: str) -> str:
    """The shares a year before the chosen date; empty where the table does not reach back."""
    days = table.loc[table["date"] <= pd.Timestamp(choice.as_of) - pd.DateOffset(years=1), "date"]
    if days.empty:
        return ""
    return _("A year before, on {date}: {sentence}.").format(
        date=format_date(days.max()), sentence=captions.share_title(table, days.max(), by)
    )


def _period(days: Sequence[date], as_of: date, span: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last date that a span of the time bar shows if it ends at a date, as the bar in the browser does it."""
    if not SPANS[span]:
        return pd.Timestamp(days[0]), pd.Timestamp(days[-1])
    last = max(days.index(as_of), min(SPANS[span], len(days) - 1))
    return pd.Timestamp(days[max(last - SPANS[span], 0)]), pd.Timestamp(days[last])


def _share_over_time(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _shares(model, choice, model.time_bar_days(choice.as_of), **parameters, cursor=True)


def _overview_shares(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _shares(model, choice, model.weeks(choice.as_of), cursor=False)


def _area_strip(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    area = str(parameters.get("area"))
    if area not in set(model.frame("neighborhoods")["neighborhood_id"]):
        raise UnknownParameterError(_("There is no place with the id {id}.").format(id=area))
    name = place_names(model)[area]
    history = model.history(choice)
    mine = history[
        (history["neighborhood_id"] == area) & (history["valid_from"] <= pd.Timestamp(choice.as_of))
    ]
    if mine.empty:
        raise NothingToDrawError(_("Nobody has reported who holds {name} by this date.").format(name=name))
    sentence = captions.area_title(status.panel_of(history, [choice.as_of], [area]).iloc[0], name)
    stamp = stamp_of(
        model,
        sentence,
        "territorial_control",
        "retaken_areas",
        choice=choice,
        evidence=True,
    )
    figure = strips.control_strips(
        mine,
        {area: ""},
        stamp,
        start=mine["valid_from"].min(),
        end=pd.Timestamp(choice.as_of),
    )
    return BuiltFigure(figure, stamp, sentence, f"{area}-{choice.as_of}", mine.reset_index(drop=True))


#: Definitions behind every status.
STATUS = ("status-1", "evidence-1", "known-on-1", "stale-1", "contested-1", "disputed-1")

FIGURES = (
    FigureSpec(
        "control-map",
        "Map of territorial control",
        "territorial-control",
        _control_map,
        ("area", "view", "layers"),
        definitions=STATUS,
    ),
    FigureSpec(
        "share-over-time",
        "Share of each status over time",
        "territorial-control",
        _share_over_time,
        ("by", "span", "layers"),
        definitions=(*STATUS, "share-1"),
    ),
    FigureSpec("overview-map", "Map of the overview", "", _overview_map, definitions=STATUS),
    FigureSpec(
        "overview-shares",
        "Shares to the chosen date",
        "",
        _overview_shares,
        definitions=(*STATUS, "share-1"),
    ),
    FigureSpec(
        "area-strip",
        "Status of one place over time",
        "territorial-control",
        _area_strip,
        ("area",),
        definitions=STATUS,
    ),
)
