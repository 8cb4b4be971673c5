"""Figures of evidence and doubt: who says what, agreement, nine headlines, sensitivity, lags, silence, then and now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from monitor.analysis import doubt, lags, voids
from monitor.analysis.model import Choice, Model
from monitor.charts import captions, maps
from monitor.charts import doubt as charts
from monitor.charts.style import Stamp
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    map_style,
    place_names,
    stamp_of,
)
from monitor.export.figures.control import CONTROL
from monitor.language import _, format_date, format_number, format_people, format_percent
from monitor.vocabulary import word

_PAGE = "evidence-and-doubt"
#: Areas and pairs of sources drawn at most.
_MOST_AREAS, _MOST_PAIRS = 20, 12
#: Statuses that each measure adds up over time.
_GANG = ("gang_control", "gang_influence")


def measures() -> dict[str, str]:
    """The three measures, in words."""
    return {
        "control": _("gang control"),
        "control_or_influence": _("control or influence"),
        "not_state_held": _("known, not state-held"),
    }


def denominators() -> dict[str, str]:
    """The three denominators, in words."""
    return {"neighborhoods": _("neighborhoods"), "km2": _("area, km²"), "people": _("people")}


def chosen_headline(parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Denominator and measure of the headline in doubt."""
    return parameters.get("by") or "neighborhoods", parameters.get("measure") or "control_or_influence"


def _stamp(model: Model, choice: Choice, title: str, caveat: str) -> Stamp:
    """Stamp of a figure of what was said of areas, whatever their size."""
    return stamp_of(
        model, title, "territorial_control", "retaken_areas", choice=choice, evidence=True, caveat=caveat
    )


def disagreement(model: Model, choice: Choice) -> pd.DataFrame:
    """Statements about the areas of which sources say different things, with ``name``."""
    rows = doubt.said(model, choice)
    rows = rows[rows["differs"]]
    return rows.assign(name=rows["neighborhood_id"].map(place_names(model)))


def _said(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = disagreement(model, choice)
    if rows.empty:
        raise NothingToDrawError(_("No two sources with a report in time say different things of one area."))
    order = rows.groupby(["neighborhood_id", "name"]).size().sort_values(ascending=False, kind="stable")
    names = dict(list(order.index[:_MOST_AREAS]))
    everywhere = doubt.said(model, choice)
    several = everywhere.groupby("neighborhood_id")["source"].nunique()
    sentence = _(
        "Sources differ about {differ} of the {several} areas of which more than one reports; {one} rest on one source"
    ).format(differ=len(order), several=int((several > 1).sum()), one=int((several == 1).sum()))
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "Number of publishers whose last word within {days} days is this; the later word may be the truer one. Areas shown: {shown}"
        ).format(days=choice.stale_after_days, shown=len(names)),
    )
    figure = charts.said_chart(rows, names, stamp)
    return BuiltFigure(figure, stamp, sentence, f"disagreement-{choice.as_of}", rows.reset_index(drop=True))


def pair_table(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """Agreement of pairs of sources with ``label``."""
    by = "claimant" if parameters.get("voices") == "claimants" else "source_publisher"
    table = doubt.pairs(model, choice, by=by)
    name = (lambda value: word("claimant", value)) if by == "claimant" else str
    return table.assign(label=[f"{name(row.source_a)} – {name(row.source_b)}" for row in table.itertuples()])


def _agreement(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    table = pair_table(model, choice, parameters)
    if table.empty:
        raise NothingToDrawError(_("No two sources ever speak of the same area in the same week."))
    n = int(table["n"].sum())
    agree = float((table["agree"] * table["n"]).sum() / n)
    sentence = _(
        "Where two sources speak of the same area and week, they say the same in {share} ({n} neighborhood-weeks)"
    ).format(share=format_percent(agree), n=format_number(n))
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "Share of weeks with the same of seven statuses; kappa corrects for chance, – where it is not defined. One report can count for many weeks: few pairs carry weight"
        ),
    )
    figure = charts.agreement_chart(table.head(_MOST_PAIRS), stamp)
    return BuiltFigure(figure, stamp, sentence, f"agreement-{choice.as_of}", table)


def _nine(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    chosen = chosen_headline(parameters)
    rows = doubt.nine_rows(model, choice)
    table = doubt.nine(model, choice)
    sentence = captions.nine(table, chosen, measures(), denominators())
    stamp = stamp_of(
        model,
        sentence,
        *CONTROL,
        choice=choice,
        evidence=True,
        caveat=_(
            "Each counts known areas only; up to: if all unknown ones counted. People: commune figures of 2015 split by area"
        ),
    )
    figure = charts.nine_chart(table, measures(), denominators(), stamp, chosen=chosen)
    return BuiltFigure(figure, stamp, sentence, f"nine-headlines-{choice.as_of}", rows)


def _reading_label(reading: str, choice: Choice) -> str:
    known = {
        "contested_gang": _("contested counts as gang"),
        "contested_half": _("contested counts half"),
        "contested_state": _("contested counts as state"),
        "stale_kept": _("stale areas keep their last report"),
        "unsettled_in": _("all unknown areas count"),
        "drop_lowest": _("without the source that raises it most"),
        "drop_highest": _("without the source that lowers it most"),
        "all_claims": _("evidence: all claims"),
        "corroborated": _("evidence: corroborated only"),
    }
    return known.get(reading) or _("a report counts for {days} days").format(
        days=reading.removeprefix("stale_")
    )


def _sensitivity(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    denominator, measure = chosen_headline(parameters)
    table = doubt.sensitivity(model, choice, measure=measure, denominator=denominator)
    low, high, base = doubt.headline_range(model, choice, measure=measure, denominator=denominator)
    sentence = _(
        "{measure}, {denominator}: {base}; {range} when any one source is left out, {readings} under all readings"
    ).format(
        measure=measures()[measure].capitalize(),
        denominator=denominators()[denominator],
        base=format_percent(base),
        range=captions.percent_range(low, high),
        readings=captions.percent_range(min(base, table["share"].min()), max(base, table["share"].max())),
    )
    stamp = stamp_of(
        model,
        sentence,
        *CONTROL,
        choice=choice,
        evidence=True,
        denominator=_("share of {what}").format(what=denominators()[denominator]),
        caveat=_("One thing is changed at a time; the red line is the headline"),
    )
    labelled = table.assign(label=[_reading_label(name, choice) for name in table["reading"]])
    figure = charts.sensitivity_chart(labelled, base, stamp)
    return BuiltFigure(figure, stamp, sentence, f"sensitivity-{choice.as_of}", table)


def _lag(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    gained = doubt.gains(model, choice)
    table = lags.lag_by_side(gained)
    if not set(table["side"]) & {"gang", "state"}:
        raise NothingToDrawError(_("No area has changed sides by this date at this evidence level."))
    unseen = doubt.unseen_losses(model, choice)
    sentence = captions.lag(table, unseen)
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "A gain puts an area on another side than the statement before. Only gains that somebody published can be counted"
        ),
    )
    figure = charts.lag_chart(gained, table, stamp)
    return BuiltFigure(figure, stamp, sentence, f"reporting-lag-{choice.as_of}", gained)


def silence_labels() -> dict[str, str]:
    """Classes of silence in words, from recent to never."""
    return {
        "recent": _("under 4 weeks"),
        "quarter": _("4–12 weeks"),
        "half_year": _("13–25 weeks"),
        "year": _("26–51 weeks"),
        "longer": _("a year or more"),
        "never": _("never reported"),
    }


def _silence(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = doubt.silence(model, choice)
    rows = rows.assign(name=rows["neighborhood_id"].map(place_names(model)))
    totals = voids.people_in_silence(rows)
    quiet = totals[totals["silence"].isin(["year", "longer", "never"])]
    sentence = _(
        "Of {areas} of {total} neighborhoods, with about {people} people, nobody has reported for half a year or ever"
    ).format(
        areas=format_number(quiet["neighborhoods"].sum()),
        total=len(rows),
        people=format_people(quiet["people"].sum()),
    )
    stamp = stamp_of(
        model,
        sentence,
        *CONTROL,
        choice=choice,
        evidence=True,
        roads=True,
        caveat=_(
            "Silence may be calm, and it may be fear. Areas are approximate catchments, not official limits; people: commune figures of 2015 split by area"
        ),
    )
    figure = maps.silence_map(
        rows,
        silence_labels(),
        totals,
        model.features("neighborhoods"),
        map_style(model),
        stamp,
        day=pd.Timestamp(choice.as_of),
        height=720,
    )
    table = rows[["neighborhood_id", "name", "commune", "last_report", "weeks", "silence", "population"]]
    return BuiltFigure(figure, stamp, sentence, f"silence-{choice.as_of}", table)


def then_of(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> date:
    """Day of the earlier knowledge: the one chosen, else the date shown; never after what is known now."""
    then: date = parameters.get("then") or choice.as_of
    return min(then, choice.known_on or then)


def _then_and_now(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    then = then_of(model, choice, parameters)
    denominator = parameters.get("by") or "neighborhoods"
    tables = {
        "then": model.share_table(replace(choice, known_on=then), *model.weeks(choice.as_of)),
        "now": model.share_table(choice, *model.weeks(choice.as_of)),
    }
    learned = doubt.revised(model, choice, then)
    known = [_("as known on {date}").format(date=format_date(then))]
    known.append(
        _("as known now")
        if choice.known_on is None
        else _("as known on {date}").format(date=format_date(choice.known_on))
    )
    ends = [
        float(
            table[
                (table["denominator"] == denominator)
                & table["status"].isin(_GANG)
                & (table["date"] == table["date"].max())
            ]["share"].sum()
        )
        for table in (tables["then"], tables["now"])
    ]
    sentence = _(
        "As known on {date}, {then} were under gang control or influence on the date shown; now it is {now}. {learned}"
    ).format(
        date=format_date(then),
        then=format_percent(ends[0]),
        now=format_percent(ends[1]),
        learned=captions.learned(learned),
    )
    stamp = stamp_of(
        model,
        sentence,
        *CONTROL,
        choice=choice,
        evidence=True,
        denominator=_("gang control or influence, share of {what}").format(what=denominators()[denominator]),
        caveat=_("Compiled statements count as known from the day they were published"),
    )
    figure = charts.then_now_chart(
        tables["then"], tables["now"], _GANG, denominator, stamp, known=(known[0], known[1])
    )
    drawn = pd.concat([table.assign(known=name) for name, table in tables.items()], ignore_index=True)
    return BuiltFigure(figure, stamp, sentence, f"then-and-now-{choice.as_of}", drawn)


_STATUS = ("status-1", "evidence-1", "known-on-1", "stale-1")

FIGURES = (
    FigureSpec(
        "nine-headlines",
        "Nine headlines",
        _PAGE,
        _nine,
        ("by", "measure"),
        (*_STATUS, "share-1", "explainer-1"),
    ),
    FigureSpec(
        "sensitivity",
        "Sensitivity of the headline",
        _PAGE,
        _sensitivity,
        ("by", "measure"),
        (*_STATUS, "sensitivity-1"),
    ),
    FigureSpec(
        "disagreement", "What sources say where they differ", _PAGE, _said, (), (*_STATUS, "agreement-1")
    ),
    FigureSpec(
        "agreement",
        "Agreement of sources",
        _PAGE,
        _agreement,
        ("voices",),
        ("evidence-1", "known-on-1", "agreement-1"),
    ),
    FigureSpec("reporting-lag", "Reporting lag", _PAGE, _lag, (), ("evidence-1", "known-on-1", "lag-1")),
    FigureSpec(
        "silence-map", "Where nobody reports", _PAGE, _silence, (), ("evidence-1", "known-on-1", "void-1")
    ),
    FigureSpec(
        "then-and-now", "Then and now", _PAGE, _then_and_now, ("by", "then"), (*_STATUS, "revision-1")
    ),
)
