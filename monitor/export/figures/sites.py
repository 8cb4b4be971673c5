"""Figures of key sites: strips, map, functioning over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from monitor.analysis import sites as site_analysis
from monitor.analysis import status
from monitor.analysis.model import Choice, Model
from monitor.charts import captions, maps, series, strips
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    in_language,
    map_style,
    stamp_of,
)
from monitor.export.figures.mission import mandates
from monitor.language import _

_PAGE = "key-sites"
_DATASETS = ("site_status", "key_sites")
#: Kinds of the main sites, in the order of their rows.
_MAIN = ("airport", "port", "fuel terminal", "hospital")


def current(model: Model, choice: Choice) -> pd.DataFrame:
    """Every site with its state on the chosen date, in words as ``line``, and the status of its neighborhood."""
    sites = in_language(model, "key_sites")
    panel = model.site_panel(choice, sites["site_id"]).merge(sites, on="site_id")
    around = status.panel_of(model.history(choice), [choice.as_of], panel["neighborhood_id"]).set_index(
        "neighborhood_id"
    )["status"]
    return panel.assign(
        surroundings=panel["neighborhood_id"].map(around), line=panel.apply(captions.site_line, axis=1)
    )


def of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Rows of a kind; the ``main`` ones are airport, ports, fuel and hospitals in the metropolitan area."""
    if kind == "main":
        return rows[rows["site_type"].isin(_MAIN) & rows["is_in_scope"].astype("bool")]
    found = rows[rows["site_type"] == kind]
    if found.empty:
        kinds = ", ".join(["main", *sorted(rows["site_type"].unique())])
        raise UnknownParameterError(
            _("{name} must be one of {names}, not {value}.").format(name="kind", names=kinds, value=kind)
        )
    return found


def _strips(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    sites = of_kind(in_language(model, "key_sites"), parameters.get("kind", "main"))
    order = {kind: number for number, kind in enumerate(_MAIN)}
    sites = sites.assign(rank=sites["site_type"].map(order).fillna(9)).sort_values(["rank", "name"])
    end = pd.Timestamp(choice.as_of)
    reports = status.known(in_language(model, "site_status"), choice.known_on)
    reports = reports[reports["site_id"].isin(sites["site_id"]) & (reports["status_date"] <= end)]
    silent = sites[~sites["site_id"].isin(reports["site_id"])]
    shown = sites[sites["site_id"].isin(reports["site_id"])]
    if shown.empty:
        raise NothingToDrawError(_("No report about these sites by this date."))
    history = model.site_history(choice)
    history = history[history["valid_from"] <= end]
    events = reports[reports["event"].notna()].rename(columns={"status_date": "date", "note": "text"})
    windows = status.known(model.frame("site_restrictions"), choice.known_on)
    title = _("{known} of {listed} sites have been reported on; grey is no report within the limit").format(
        known=len(shown), listed=len(sites)
    )
    caveat = _("Retaken is not reopened: an attack or a recapture does not change the state")
    if len(silent):
        caveat += _("; never reported on: {names}").format(names=", ".join(silent["name"]))
    stamp = stamp_of(model, title, *_DATASETS, "site_restrictions", choice=choice, caveat=caveat)
    names = dict(zip(shown["site_id"], shown["name"], strict=True))
    figure = strips.site_strips(
        history,
        names,
        stamp,
        start=max(reports["status_date"].min(), pd.Timestamp("2022-06-01")),
        end=end,
        events=events[["site_id", "date", "event", "text"]],
        restrictions=windows[windows["start_date"] <= end],
    )
    drawn = history[history["site_id"].isin(shown["site_id"])]
    drawn = drawn.assign(name=drawn["site_id"].map(names)).reset_index(drop=True)
    return BuiltFigure(figure, stamp, title, f"sites-{choice.as_of}", drawn)


def _map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = of_kind(current(model, choice), parameters.get("kind", "main"))
    title = _("{sites} sites by their last reported state").format(sites=len(rows))
    stamp = stamp_of(
        model,
        title,
        *_DATASETS,
        "neighborhoods",
        choice=choice,
        caveat=_("Coordinates are estimated, most within 0.3-1 km"),
        roads=True,
    )
    figure = maps.site_map(rows, map_style(model), stamp)
    return BuiltFigure(figure, stamp, title, f"site-map-{choice.as_of}", rows.reset_index(drop=True))


def _functioning(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    kind = parameters.get("kind", "main")
    sites = of_kind(in_language(model, "key_sites"), "hospital" if kind == "main" else kind)
    if kind == "main":
        sites = sites[sites["is_in_scope"].astype("bool")]
    days = [day for day in model.weeks(choice.as_of) if day.year >= 2023]
    if not days:
        raise NothingToDrawError(_("Functioning sites are counted from 2023."))
    table = site_analysis.functioning(model.site_panel(choice, sites["site_id"], *days))
    last = table.iloc[-1]
    what = _("hospitals") if kind in ("main", "hospital") else _("sites of this kind")
    title = _(
        "{functioning} of {known} {what} with a recent report function at least in part ({listed} listed)"
    ).format(
        functioning=int(last["functioning"]), known=int(last["known"]), listed=int(last["listed"]), what=what
    )
    stamp = stamp_of(
        model,
        title,
        *_DATASETS,
        choice=choice,
        caveat=_("Few sites are reported on at a time: the share moves with who is reported on"),
    )
    figure = series.functioning_chart(table, stamp, milestones=mandates(model, choice))
    return BuiltFigure(figure, stamp, title, f"functioning-{choice.as_of}", table)


_DEFINED = ("site-1", "functioning-1", "known-on-1", "stale-1")

FIGURES = (
    FigureSpec(
        "site-strips", "State of key sites over time", _PAGE, _strips, ("kind",), definitions=_DEFINED
    ),
    FigureSpec("site-map", "Map of key sites", _PAGE, _map, ("kind",), definitions=_DEFINED),
    FigureSpec(
        "functioning", "Functioning sites over time", _PAGE, _functioning, ("kind",), definitions=_DEFINED
    ),
)
