"""Figures of territorial control: maps, shares over time, the strip of one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from monitor.analysis.model import Choice, Model
from monitor.charts import captions, maps, series, strips
from monitor.charts.style import Stamp
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    hatch,
    map_style,
    place_names,
    stamp_of,
)
from monitor.language import _, format_date, marked

MAP_CAVEAT = marked(
    "Areas are approximate catchments around gazetteer points, not official limits; fills fade with the age of the last report"
)

#: Weeks shown by each span of the share chart; 0 for all.
SPANS = {"4w": 4, "3m": 13, "1y": 52, "all": 0}

#: Kinds of milestones drawn on the share chart.
_SHARE_MILESTONES = ("mandate", "deployment", "violence", "control")

_CONTROL = ("territorial_control", "retaken_areas", "neighborhoods")


def denominators() -> dict[str, str]:
    """What shares can be shares of, in words."""
    return {"neighborhoods": _("neighborhoods"), "km2": _("area, km²"), "people": _("people")}


def counts(table: pd.DataFrame) -> pd.Series:
    """Neighborhoods by status on the one date of a share table."""
    return table[table["denominator"] == "neighborhoods"].set_index("status")["value"]


def map_stamp(model: Model, choice: Choice) -> Stamp:
    """Stamp of the control map."""
    return stamp_of(
        model,
        captions.map_title(counts(model.share_table(choice))),
        *_CONTROL,
        choice=choice,
        caveat=_(MAP_CAVEAT),
        evidence=True,
    )


def status_rows(model: Model, choice: Choice) -> pd.DataFrame:
    """The map as a table: every neighborhood with its status and the statement that gives it, by commune and name."""
    panel = model.panel(choice).merge(
        model.scope()[["neighborhood_id", "name", "commune", "area_km2", "population"]], on="neighborhood_id"
    )
    said = model.assertions()[
        ["assertion_id", "source_publisher", "source_url", "source_checked", "claimant"]
    ]
    rows = panel.merge(said, on="assertion_id", how="left")
    return rows.sort_values(["commune", "name"], ignore_index=True)


def _map(
    model: Model, choice: Choice, selected: str | None, height: int, view: Mapping[str, Any]
) -> BuiltFigure:
    panel = model.panel(choice)
    stamp = map_stamp(model, choice)
    if selected is not None and selected not in set(model.frame("neighborhoods")["neighborhood_id"]):
        raise UnknownParameterError(f"There is no place with the id {selected}.")
    figure = maps.control_map(
        panel,
        model.scope(),
        model.features("neighborhoods"),
        hatch(model),
        map_style(model),
        stamp,
        labels=model.commune_labels(),
        legend=model.share_table(choice),
        selected=selected,
        height=height,
        view=view,
    )
    alt = _("Map of Port-au-Prince by neighborhood on {date}. {sentence}").format(
        date=format_date(choice.as_of), sentence=captions.situation(panel, choice.stale_after_days)
    )
    return BuiltFigure(figure, stamp, alt, f"control-{choice.as_of}", status_rows(model, choice))


def _control_map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _map(model, choice, parameters.get("area"), 720, maps.METRO_VIEW)


def _overview_map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _map(model, choice, None, 560, maps.SMALL_METRO_VIEW)


def _shares(
    model: Model,
    choice: Choice,
    days: tuple[date, ...],
    by: str = "neighborhoods",
    span: str = "all",
    *,
    cursor: bool,
) -> BuiltFigure:
    """Shares over some days; with a cursor, the days are those of the time bar and do not depend on the date."""
    table = model.share_table(replace(choice, as_of=days[0]), *days)
    first, last = days[0], days[-1]
    if SPANS[span]:
        last = choice.as_of
        first = max(days[0], last - timedelta(weeks=SPANS[span]))
    shown = table[table["date"].between(pd.Timestamp(first), pd.Timestamp(last))]
    title = captions.share_title(table, pd.Timestamp(choice.as_of), by)
    stamp = stamp_of(
        model,
        title,
        *_CONTROL,
        choice=choice,
        evidence=True,
        denominator=_("share of {what}").format(what=denominators()[by]),
        caveat=_(
            "A status counts for {days} days after its last report, then the area is unknown. People: commune figures of 2015 split by area"
        ).format(days=choice.stale_after_days),
    )
    milestones = model.frame("milestones")
    figure = series.share_chart(
        shown,
        stamp,
        denominator=by,
        cursor=pd.Timestamp(choice.as_of) if cursor else None,
        milestones=milestones[milestones["kind"].isin(_SHARE_MILESTONES)],
        height=480 if cursor else 560,
    )
    alt = _("Stacked area chart, weekly. {title}").format(title=title)
    drawn = shown[shown["denominator"] == by].reset_index(drop=True)
    return BuiltFigure(figure, stamp, alt, f"shares-{choice.as_of}", drawn)


def _share_over_time(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _shares(model, choice, model.time_bar_days(choice.as_of), **parameters, cursor=True)


def _overview_shares(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _shares(model, choice, model.weeks(choice.as_of), cursor=False)


def _area_strip(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    area = str(parameters.get("area"))
    if area not in set(model.frame("neighborhoods")["neighborhood_id"]):
        raise UnknownParameterError(f"area must be the id of a place, not {area}.")
    name = place_names(model)[area]
    history = model.history(choice)
    mine = history[
        (history["neighborhood_id"] == area) & (history["valid_from"] <= pd.Timestamp(choice.as_of))
    ]
    if mine.empty:
        raise NothingToDrawError(_("Nobody has reported who holds {name} by this date.").format(name=name))
    stamp = stamp_of(
        model,
        _("{name}: reported status over time").format(name=name),
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
    alt = _("Strip of the status of {name} over time").format(name=name)
    return BuiltFigure(figure, stamp, alt, f"{area}-{choice.as_of}", mine.reset_index(drop=True))


_STATUS = ("status-1", "evidence-1", "known-on-1", "stale-1", "contested-1", "disputed-1")

FIGURES = (
    FigureSpec(
        "control-map",
        "Map of territorial control",
        "territorial-control",
        _control_map,
        ("area",),
        definitions=_STATUS,
    ),
    FigureSpec(
        "share-over-time",
        "Share of each status over time",
        "territorial-control",
        _share_over_time,
        ("by", "span"),
        definitions=(*_STATUS, "share-1"),
    ),
    FigureSpec("overview-map", "Map of the overview", "", _overview_map, definitions=_STATUS),
    FigureSpec(
        "overview-shares",
        "Shares to the chosen date",
        "",
        _overview_shares,
        definitions=(*_STATUS, "share-1"),
    ),
    FigureSpec(
        "area-strip",
        "Status of one place over time",
        "territorial-control",
        _area_strip,
        ("area",),
        definitions=_STATUS,
    ),
)
