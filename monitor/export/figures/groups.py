"""Figures of actors: areas by holder over time, and areas of one actor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from monitor.analysis import actors as actor_analysis
from monitor.analysis import city
from monitor.analysis.model import Choice, Model
from monitor.charts import groups
from monitor.charts.style import STATUS_COLOURS
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    actor_names,
    in_language,
    stamp_of,
)
from monitor.export.figures.control import denominators
from monitor.export.figures.mission import mandates
from monitor.language import _, format_number, format_percent

_PAGE = "armed-actors"
_DATASETS = ("territorial_control", "retaken_areas", "neighborhoods", "actors", "actor_memberships")

#: Colour of an actor's side: the one its control has on maps.
_SIDE_COLOURS = {
    "gang": STATUS_COLOURS["gang_control"],
    "state": STATUS_COLOURS["state_held"],
    "third_party": STATUS_COLOURS["third_party"],
    "other": "#7b8794",
}


def side_names() -> dict[str, str]:
    """Sides that hold areas, in words."""
    return {"gang": _("Armed groups"), "state": _("State forces"), "third_party": _("Self-defence")}


def holder_names(model: Model) -> dict[str, str]:
    """Holders of areas in words: actors, and the two for which there is no single one."""
    return {
        **actor_names(model),
        actor_analysis.SEVERAL: _("several, not of one coalition"),
        actor_analysis.NOT_NAMED: _("not named"),
    }


def _holders(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    side, value = parameters.get("side", "gang"), parameters.get("by", "neighborhoods")
    if side not in side_names():
        raise UnknownParameterError(
            _("{name} must be one of {names}, not {value}.").format(
                name="side", names=", ".join(side_names()), value=side
            )
        )
    table = city.holders_over_time(model, choice)
    table = table[table["side"] == side]
    if table.empty or not table[value].any():
        raise NothingToDrawError(_("No neighborhood is reported held by this side up to this date."))
    names = holder_names(model)
    now = city.holders_on(model, choice)
    now = now[now["side"] == side].sort_values(value, ascending=False)
    total = float(now[value].sum())
    everything = float(
        model.scope()[{"km2": "area_km2", "people": "population"}.get(value, "area_km2")].sum()
    )
    whole = float(len(model.scope())) if value == "neighborhoods" else everything
    title = holders_sentence(now, names, value, side, total, whole)
    stamp = stamp_of(
        model,
        title,
        *_DATASETS,
        choice=choice,
        evidence=True,
        denominator=denominators()[value],
        caveat=_(
            "Each neighborhood counts once, for the coalition of that date; contested and unknown ones count for nobody. "
            "Most dates of memberships are inferred"
        ),
    )
    figure = groups.holders_chart(
        table, stamp, value=value, names=names, unit=denominators()[value], milestones=mandates(model, choice)
    )
    drawn = table.assign(name=table["holder"].map(names)).reset_index(drop=True)
    return BuiltFigure(figure, stamp, title, f"actors-{side}-{value}-{choice.as_of}", drawn)


def holders_sentence(
    now: pd.DataFrame, names: Mapping[str, str], value: str, side: str, total: float, whole: float
) -> str:
    """Who holds most, in one sentence with what is not counted."""
    unit = {"neighborhoods": _("neighborhoods"), "km2": "km²", "people": _("people")}[value]
    if total == 0:
        return _(
            "No {unit} known to be held by {side} on this date; contested and unknown ones are not counted"
        ).format(unit=unit, side=side_names()[side].lower())
    first = now.iloc[0]
    return _(
        "{holder}: {part} of the {total} {unit} known to be held by {side} ({share} of all {whole})"
    ).format(
        holder=names[first["holder"]],
        part=format_number(first[value]),
        total=format_number(total),
        unit=unit,
        side=side_names()[side].lower(),
        share=format_percent(total / whole),
        whole=format_number(whole),
    )


def actor_of(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> pd.Series:
    """The actor asked for, by default the armed group named by most statements; raises UnknownParameterError for an unknown one."""
    table = in_language(model, "actors").set_index("actor_id", drop=False)
    actor = parameters.get("actor")
    if actor is None:
        actor = city.most_named(model, "gang", choice.known_on)
    if actor not in table.index:
        raise UnknownParameterError(_("There is no actor with the id {id}.").format(id=actor))
    return table.loc[actor]


def counts_over_time(model: Model, choice: Choice, actor_id: str, *, members: bool) -> pd.DataFrame:
    """Areas that an actor is named to hold and to contest, weekly up to the chosen date and on it: ``date, holds, contests``."""
    days = tuple(day for day in city.series_days(model, choice.as_of) if day < choice.as_of)
    weekly = city.actor_areas(model, choice, actor_id, city.series_days(model, choice.as_of), members=members)
    today = city.actor_areas(model, choice, actor_id, (choice.as_of,), members=members)
    rows = pd.concat([weekly[weekly["date"] < pd.Timestamp(choice.as_of)], today])
    counts = rows.groupby(["date", "role"]).size().unstack(fill_value=0)
    index = pd.DatetimeIndex([*days, choice.as_of]).as_unit("us")
    counts = counts.reindex(index=index, columns=["holds", "contests"], fill_value=0)
    return counts.rename_axis("date").reset_index()


def _actor(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    actor = actor_of(model, choice, parameters)
    is_coalition = actor["actor_type"] == "coalition"
    counts = counts_over_time(model, choice, str(actor["actor_id"]), members=is_coalition)
    if not counts[["holds", "contests"]].to_numpy().any():
        raise NothingToDrawError(
            _("No status of a neighborhood up to this date rests on a statement that names {name}.").format(
                name=actor["name"]
            )
        )
    last = counts.iloc[-1]
    title = _(
        "{name} is named as holding {holds} neighborhoods on this date, and in {contests} contested ones"
    ).format(name=actor["name"], holds=int(last["holds"]), contests=int(last["contests"]))
    caveat = _("A statement may name several actors, so the areas of different actors overlap")
    if is_coalition:
        caveat = _("With the members of each date; most dates of memberships are inferred") + ". " + caveat
    stamp = stamp_of(model, title, *_DATASETS, choice=choice, evidence=True, caveat=caveat)
    figure = groups.actor_chart(
        counts, stamp, colour=_SIDE_COLOURS[actor["side"]], milestones=mandates(model, choice)
    )
    return BuiltFigure(figure, stamp, title, f"actor-{actor['actor_id']}-{choice.as_of}", counts)


_DEFINED = ("actor-area-1", "status-1", "evidence-1", "known-on-1", "stale-1")

FIGURES = (
    FigureSpec(
        "areas-by-actor", "Areas by actor over time", _PAGE, _holders, ("side", "by"), definitions=_DEFINED
    ),
    FigureSpec(
        "actor-areas", "Areas of one actor over time", _PAGE, _actor, ("actor",), definitions=_DEFINED
    ),
)
