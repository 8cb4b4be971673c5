"""Figures of two dates: a map of each, what changed, from which status to which, and gains and losses from week to week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from monitor.analysis import compare
from monitor.analysis.model import Choice, Model
from monitor.charts import base_map, captions, changes, maps
from monitor.charts.style import status_label
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    map_style,
    place_names,
    stamp_of,
)
from monitor.export.figures.control import CONTROL, MAP_CAVEAT, STATUS, STATUS_DATASETS, denominators, map_of
from monitor.language import _, format_date, language

_PAGE = "compare-dates"

#: Kinds of milestones drawn over gains and losses.
_MILESTONES = ("mandate", "deployment", "violence", "control")


def default_before(model: Model, choice: Choice) -> date:
    """First date of a comparison that names none: thirteen weeks earlier, or the first day of the data."""
    return max(choice.as_of - timedelta(weeks=13), model.first_date())


def _before(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> date:
    first = parameters.get("before") or default_before(model, choice)
    if first > choice.as_of:
        raise UnknownParameterError(
            _("before must not lie after {date}, as {value} does.").format(date=choice.as_of, value=first)
        )
    return first


def changed(model: Model, choice: Choice, first: date) -> pd.DataFrame:
    """Neighborhoods whose status differs between two dates, with their names, what they changed from and the kind of change."""
    return model.kept(
        "changed",
        (*STATUS_DATASETS, "aliases"),
        (choice.reading, choice.as_of, first, language()),
        lambda: _changed(model, choice, first),
    )


def _changed(model: Model, choice: Choice, first: date) -> pd.DataFrame:
    rows = compare.changes(model.panel(replace(choice, as_of=first)), model.panel(choice))
    places = model.scope()[["neighborhood_id", "commune", "area_km2", "population"]]
    rows = rows.merge(places, on="neighborhood_id", how="left")
    said = model.assertions()[
        ["assertion_id", "source_publisher", "source_url", "source_checked", "claimant"]
    ]
    rows = rows.merge(said, on="assertion_id", how="left")
    return rows.assign(name=rows["neighborhood_id"].map(place_names(model)))


def kind_labels() -> dict[str, str]:
    """Kinds of change in words."""
    return {
        "gained": _("gained by armed groups"),
        "lost": _("lost by armed groups"),
        "other": _("changed otherwise"),
        "appeared": _("first or new report"),
        "lapsed": _("report grew stale"),
    }


def _map_of_a_date(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return map_of(model, choice, 560, base_map.SMALL_METRO_VIEW, view=parameters.get("view"))


def _change_map(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    first = _before(model, choice, parameters)
    rows = changed(model, choice, first)
    if rows.empty:
        raise NothingToDrawError(
            _("No neighborhood changed between {first} and {second}.").format(
                first=format_date(first), second=format_date(choice.as_of)
            )
        )
    title = captions.comparison(rows, len(model.scope()), first, choice.as_of)
    stamp = stamp_of(
        model,
        title,
        *CONTROL,
        choice=choice,
        caveat=_(MAP_CAVEAT),
        evidence=True,
        denominator=_("compared with {date}").format(date=format_date(first)),
        roads=True,
    )
    counts = rows["kind"].value_counts()
    notes = [
        _("fill: status on {date}").format(date=format_date(choice.as_of)),
        _("edge: status on {date}").format(date=format_date(first)),
        *(f"<b>{counts.get(kind, 0)}</b> {label}" for kind, label in kind_labels().items()),
        _("pale: only what is known changed"),
    ]
    figure = maps.change_map(
        rows,
        model.features("neighborhoods"),
        map_style(model),
        stamp,
        notes=notes,
        view=parameters.get("view") or base_map.METRO_VIEW,
    )
    return BuiltFigure(figure, stamp, title, f"changes-{first}-{choice.as_of}", rows)


def _transitions(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    first = _before(model, choice, parameters)
    by = parameters.get("by", "neighborhoods")
    matrix = compare.transition_matrix(
        model.panel(replace(choice, as_of=first)), model.panel(choice), model.scope()
    )
    differs = matrix["status_before"] != matrix["status_after"]
    moved, total = matrix.loc[differs, by].sum(), matrix[by].sum()
    most = matrix[differs].nlargest(1, by).iloc[0]
    title = _("{moved} of {total} {what} changed status; most from {before} to {after}: {amount}").format(
        moved=changes.amount(moved, by),
        total=changes.amount(total, by),
        what=denominators()[by],
        before=status_label(most["status_before"]).lower(),
        after=status_label(most["status_after"]).lower(),
        amount=changes.amount(most[by], by),
    )
    if not moved:
        title = _("No neighborhood changed between {first} and {second}.").format(
            first=format_date(first), second=format_date(choice.as_of)
        )
    stamp = stamp_of(
        model,
        title,
        *CONTROL,
        choice=choice,
        evidence=True,
        denominator=_("{what}, from {date}").format(what=denominators()[by], date=format_date(first)),
        caveat=_("People: commune figures of 2015 split by area, on both dates"),
    )
    figure = changes.transition_chart(matrix, stamp, denominator=by)
    alt = _("Table from each status to each other. {title}").format(title=title)
    return BuiltFigure(figure, stamp, alt, f"transitions-{first}-{choice.as_of}", matrix)


def _gains(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    first = _before(model, choice, parameters)
    by = parameters.get("by", "neighborhoods")
    days = tuple(sorted({first, *(day for day in model.weeks(choice.as_of) if day > first)}))
    if len(days) < 2:
        raise NothingToDrawError(_("The two dates are the same: choose an earlier one to compare with."))
    table = compare.gains_and_losses(model.panel(replace(choice, as_of=days[0]), *days), model.scope())
    rows = table[table["denominator"] == by].reset_index(drop=True)
    gained, lost = rows["gained"].sum(), rows["lost"].sum()
    title = _(
        "Week by week armed groups gained {gained} and lost {lost} {what} by report; {lapsed} more left the count because reports grew stale"
    ).format(
        gained=changes.amount(gained, by).replace("·", "0"),
        lost=changes.amount(lost, by).replace("·", "0"),
        lapsed=changes.amount(rows["lapsed"].sum(), by).replace("·", "0"),
        what=denominators()[by],
    )
    stamp = stamp_of(
        model,
        title,
        *CONTROL,
        choice=choice,
        evidence=True,
        denominator=_("{what}, from {date}").format(what=denominators()[by], date=format_date(first)),
        caveat=_(
            "One place that changes twice counts twice; a week without reports is not a quiet week. Weeks end on Sunday; the last may be incomplete"
        ),
    )
    milestones = model.frame("milestones")
    shown = milestones[
        milestones["kind"].isin(_MILESTONES)
        & milestones["milestone_date"].between(pd.Timestamp(days[0]), pd.Timestamp(days[-1]))
    ]
    figure = changes.gains_chart(table, stamp, denominator=by, milestones=shown)
    alt = _("Bars by week. {title}").format(title=title)
    return BuiltFigure(figure, stamp, alt, f"gains-{first}-{choice.as_of}", rows)


_MOVES = (*STATUS, "transition-1")

FIGURES = (
    FigureSpec(
        "compare-map", "Map of one of two dates", _PAGE, _map_of_a_date, ("view",), definitions=STATUS
    ),
    FigureSpec(
        "change-map", "Map of what changed", _PAGE, _change_map, ("before", "view"), definitions=_MOVES
    ),
    FigureSpec(
        "transitions",
        "From each status to each other",
        _PAGE,
        _transitions,
        ("before", "by"),
        definitions=_MOVES,
    ),
    FigureSpec(
        "gains-and-losses",
        "Gains and losses by week",
        _PAGE,
        _gains,
        ("before", "by"),
        definitions=(*STATUS, "gain-loss-1"),
    ),
)
