"""Figures around key sites: reach over time and on a map, surroundings of one site, service-days, who holds the area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from monitor.analysis import city
from monitor.analysis import sites as site_analysis
from monitor.analysis.definitions import NEAR_DAYS, REDUCED_SERVICE_WEIGHT
from monitor.analysis.model import Choice, Model
from monitor.charts import access
from monitor.charts.style import Stamp
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    hatch,
    in_language,
    map_style,
    stamp_of,
)
from monitor.export.figures.mission import mandates
from monitor.export.figures.sites import of_kind
from monitor.language import _, format_date, format_number, format_percent

_PAGE = "key-sites"
_SITES = ("site_status", "key_sites")
_CONTROL = ("territorial_control", "retaken_areas", "neighborhoods")

#: Service-days are counted from here on: before, hardly any site was reported on.
SERVICE_SINCE = date(2023, 1, 1)


def target_names() -> dict[str, str]:
    """Kinds of site that people need to get to, in words."""
    return {"hospital": _("a functioning hospital"), "airport": _("the airport")}


def side_labels() -> dict[str, str]:
    """Sides that hold the area around a site, in words."""
    return {
        "gang": _("gang-held area"),
        "contested": _("contested area"),
        "state": _("state presence or held"),
        "third_party": _("self-defence or other"),
        "none": _("unknown or no data"),
    }


def target_of(parameters: Mapping[str, Any]) -> str:
    """Target of reach; raises UnknownParameterError for an unknown one."""
    target = parameters.get("target", city.REACH_TARGETS[0])
    if target not in city.REACH_TARGETS:
        raise UnknownParameterError(
            _("{name} must be one of {names}, not {value}.").format(
                name="target", names=", ".join(city.REACH_TARGETS), value=target
            )
        )
    return str(target)


def reach_sentence(row: pd.Series, target: str) -> str:
    """Reach on one date in a plain sentence with its uncertainty."""
    where = target_names()[target]
    if row["no_target"]:
        if target == "hospital":
            return _("No hospital is reported to function: nobody can be shown to get to one.")
        return _("The airport is not reported to function: nobody can be shown to get there.")
    if row["high"] - row["low"] < 0.005:
        return _(
            "About {share} of people can get to {where} without entering a gang-held neighborhood."
        ).format(share=format_percent(float(row["high"])), where=where)
    return _(
        "Between {low} and {high} of people can get to {where} without entering a gang-held neighborhood; "
        "{middle} if contested ones stop them."
    ).format(
        low=format_percent(float(row["low"])),
        high=format_percent(float(row["high"])),
        middle=format_percent(float(row["middle"])),
        where=where,
    )


def reach_caveat() -> str:
    """What must not be read into reach."""
    return _(
        "Areas are approximate catchments and roads are not considered; people are commune figures of 2015 split by area. "
        "“For certain” stops at contested and unknown areas, “at most” passes them"
    )


def _reach_stamp(model: Model, choice: Choice, target: str) -> tuple[Stamp, pd.Series]:
    row = city.reach_of(model, choice, target, (choice.as_of,))[0].iloc[0]
    stamp = stamp_of(
        model,
        reach_sentence(row, target),
        *_CONTROL,
        *_SITES,
        choice=choice,
        evidence=True,
        caveat=reach_caveat(),
        denominator=_("of {people} people").format(people=format_number(row["people"])),
    )
    return stamp, row


def _reach_over_time(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    target = target_of(parameters)
    stamp, row = _reach_stamp(model, choice, target)
    table = city.reach_over_time(model, choice, target)
    table = table[table["date"] >= pd.Timestamp(SERVICE_SINCE)]
    if table.empty:
        raise NothingToDrawError(_("Reach is drawn from 2023 on."))
    year = pd.Timestamp(choice.as_of) - pd.Timedelta(days=365)
    before = table[table["date"] <= year]
    title = _("At most {high} and for certain {low} of people can get to {where}").format(
        high=format_percent(float(row["high"])),
        low=format_percent(float(row["low"])),
        where=target_names()[target],
    )
    if len(before):
        title += _("; a year before at most {high}").format(
            high=format_percent(float(before["high"].iloc[-1]))
        )
    stamp = replace(stamp, title=title)
    figure = access.reach_chart(table, stamp, milestones=mandates(model, choice))
    return BuiltFigure(
        figure, stamp, stamp.title, f"reach-{target}-{choice.as_of}", table.reset_index(drop=True)
    )


def _reach_map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    target = target_of(parameters)
    stamp, _row = _reach_stamp(model, choice, target)
    by_area = city.reach_of(model, choice, target, (choice.as_of,))[1]
    sites = in_language(model, "key_sites")
    sites = sites[(sites["site_type"] == target) & sites["is_in_scope"].astype("bool")]
    states = model.site_panel(choice, sites["site_id"]).set_index("site_id")["status"]
    serving = sites[sites["site_id"].map(states).isin(site_analysis.FUNCTIONING)]
    figure = access.reach_map(
        by_area,
        model.scope(),
        serving,
        model.features("neighborhoods"),
        hatch(model),
        map_style(model, roads=False),  # reach does not follow roads: none are drawn
        stamp,
    )
    table = by_area.merge(
        model.scope()[["neighborhood_id", "name", "commune", "population"]], on="neighborhood_id"
    )
    return BuiltFigure(figure, stamp, stamp.title, f"reach-map-{target}-{choice.as_of}", table)


def surroundings_sentence(row: pd.Series, site: str, names: Mapping[str, str]) -> str:
    """Surroundings of one site on one date in words."""
    if pd.isna(row["gang_distance_m"]):
        first = _("{site}: no neighborhood is known to be gang-held on this date").format(site=site)
    elif row["gang_distance_m"] == 0:
        first = _("{site} lies in a gang-held neighborhood").format(site=site)
    else:
        first = _("{site}: the nearest gang-held neighborhood, {area}, is {km} km away").format(
            site=site,
            area=names.get(row["nearest_gang_area"], row["nearest_gang_area"]),
            km=format_number(row["gang_distance_m"] / 1000, 1),
        )
    if pd.isna(row["encircled"]):
        return first
    return _("{first}; {low} to {high} of the outline around it is gang-held").format(
        first=first, low=format_percent(row["encircled"]), high=format_percent(row["encircled_high"])
    )


def _surroundings(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    sites = in_language(model, "key_sites").set_index("site_id")
    site = parameters.get("site", sites.index[sites["site_type"] == "airport"][-1])
    if site not in sites.index:
        raise UnknownParameterError(_("There is no site with the id {id}.").format(id=site))
    table = city.surroundings_over_time(model, choice)
    table = table[(table["site_id"] == site) & (table["date"] >= pd.Timestamp(SERVICE_SINCE))]
    if table.empty:
        raise NothingToDrawError(_("Surroundings are drawn from 2023 on."))
    near = city.near_over_time(model, choice)
    near = near[(near["site_id"] == site) & (near["date"] >= pd.Timestamp(SERVICE_SINCE))]
    names = model.scope().set_index("neighborhood_id")["name"]
    title = surroundings_sentence(table.iloc[-1], str(sites.loc[site, "name"]), names.to_dict())
    stamp = stamp_of(
        model,
        title,
        *_CONTROL,
        "key_sites",
        "incidents",
        choice=choice,
        evidence=True,
        caveat=_(
            "Areas are approximate catchments, coordinates are estimated; incidents are a selection, stand at the point of "
            "their neighborhood, and those known to commune level are never counted as within a distance"
        ),
    )
    figure = access.surroundings_chart(
        table.reset_index(drop=True), near, stamp, near_days=NEAR_DAYS, milestones=mandates(model, choice)
    )
    wide = near.pivot(index="date", columns="radius_km", values="events").add_prefix("events_within_km_")
    drawn = table.merge(wide, left_on="date", right_index=True, how="left").reset_index(drop=True)
    return BuiltFigure(figure, stamp, title, f"surroundings-{site}-{choice.as_of}", drawn)


def _service(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    kind = parameters.get("kind", "main")
    sites = of_kind(in_language(model, "key_sites"), "hospital" if kind == "main" else kind)
    if kind == "main":
        sites = sites[sites["is_in_scope"].astype("bool")]
    if choice.as_of <= SERVICE_SINCE:
        raise NothingToDrawError(_("Service-days are counted from 2023."))
    months = city.service_months(model, choice, tuple(sorted(sites["site_id"])), SERVICE_SINCE)
    lost, high = months["lost"].sum(), months["lost_high"].sum()
    total = months[["days_open", "days_reduced", "days_closed", "days_unknown"]].to_numpy().sum()
    title = _(
        "At least {lost} of {total} service-days lost since {since} at {sites} sites; up to {high} if all days without a report were"
    ).format(
        lost=format_number(lost),
        total=format_number(total),
        since=format_date(SERVICE_SINCE),
        sites=len(sites),
        high=format_number(high),
    )
    stamp = stamp_of(
        model,
        title,
        *_SITES,
        choice=choice,
        caveat=_(
            "A day of reduced service counts as {weight} lost; unknown is no report within the limit"
        ).format(weight=format_number(REDUCED_SERVICE_WEIGHT, 1)),
    )
    figure = access.service_chart(months, stamp, milestones=mandates(model, choice))
    drawn = months.merge(sites[["site_id", "name"]], on="site_id")
    return BuiltFigure(figure, stamp, title, f"service-days-{choice.as_of}", drawn)


def _by_side(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    kind = parameters.get("kind", "main")
    sites = of_kind(in_language(model, "key_sites"), kind)
    panel = model.site_panel(choice, sites["site_id"])
    around = city.surroundings_on(model, choice)
    table = site_analysis.functioning_by_side(panel, around)
    rows = table.set_index("side")
    gang = rows.loc["gang"] if "gang" in rows.index else None
    known, functioning = int(table["known"].sum()), int(table["functioning"].sum())
    title = _("{functioning} of {known} sites with a recent report function").format(
        functioning=functioning, known=known
    )
    title += (
        _("; none is known to lie in a gang-held neighborhood")
        if gang is None
        else _("; of {listed} in gang-held neighborhoods, {working} do").format(
            listed=int(gang["listed"]), working=int(gang["functioning"])
        )
    )
    stamp = stamp_of(
        model,
        title,
        *_SITES,
        *_CONTROL,
        choice=choice,
        evidence=True,
        caveat=_("The status is that of the neighborhood around the site, not of its compound"),
    )
    labels = side_labels()
    order = list(labels)
    table = table.sort_values("side", key=lambda sides: sides.map(order.index), ignore_index=True)
    figure = access.functioning_by_side_chart(table, stamp, labels=labels)
    return BuiltFigure(figure, stamp, title, f"functioning-by-side-{choice.as_of}", table)


_DEFINED = ("evidence-1", "known-on-1", "stale-1")

FIGURES = (
    FigureSpec(
        "reach-over-time",
        "Reach over time",
        _PAGE,
        _reach_over_time,
        ("target",),
        definitions=("reach-1", "site-1", "status-1", *_DEFINED),
    ),
    FigureSpec(
        "reach-map",
        "Map of reach",
        _PAGE,
        _reach_map,
        ("target",),
        definitions=("reach-1", "site-1", "status-1", *_DEFINED),
    ),
    FigureSpec(
        "site-surroundings",
        "Surroundings of a site over time",
        _PAGE,
        _surroundings,
        ("site",),
        definitions=("surroundings-1", "status-1", *_DEFINED),
    ),
    FigureSpec(
        "service-days",
        "Service-days by month",
        _PAGE,
        _service,
        ("kind",),
        definitions=("service-days-1", "site-1", *_DEFINED),
    ),
    FigureSpec(
        "functioning-by-side",
        "Functioning sites by who holds the area",
        _PAGE,
        _by_side,
        ("kind",),
        definitions=("functioning-1", "surroundings-1", *_DEFINED),
    ),
)
