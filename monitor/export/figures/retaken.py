"""Figures of retaken areas: funnel of claims, strips, hold curve, hold spells, contradicted claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from monitor.analysis import claims as claim_analysis
from monitor.analysis import durability, holds, retaken
from monitor.analysis.definitions import HOLD_CURVE_MIN_SPELLS, RMST_HORIZON_DAYS
from monitor.analysis.model import Choice, Model
from monitor.charts import captions, holding, strips
from monitor.charts.style import Stamp
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    commune_names,
    place_names,
    stamp_of,
)
from monitor.language import _, format_date, format_number, language, mark, ngettext
from monitor.vocabulary import remark, word

_PAGE = "retaken-areas"
_DATASETS = ("retaken_areas", "territorial_control")
#: What the register in words is derived from.
_OF_REGISTER = (*_DATASETS, "incidents", "actors", "neighborhoods", "aliases")
_HORIZON_DAYS = 180
#: Spells drawn at most; the download has all.
_MOST_SPELLS = 60
#: Orders of the strips, and the column of each.
SORTS = {"recent": "latest", "held": "days", "churn": "changes"}
#: What ends a hold: a report of gang status, or a contested report, too.
READINGS = ("primary", "strict")


def _stamp(model: Model, choice: Choice, title: str, caveat: str) -> Stamp:
    """Stamp of a figure of claims or of spells."""
    return stamp_of(model, title, *_DATASETS, choice=choice, evidence=True, caveat=caveat)


def claims(model: Model, choice: Choice) -> pd.DataFrame:
    """Register of claims with name and commune of the place, the latest first."""

    def compute() -> pd.DataFrame:
        rows = retaken.register(model, choice)
        communes = model.frame("neighborhoods").set_index("neighborhood_id")["commune"]
        return rows.assign(
            name=rows["neighborhood_id"].map(place_names(model)),
            commune=rows["neighborhood_id"].map(communes.replace(dict(commune_names(model)))),
        ).sort_values("claim_date", ascending=False, kind="stable")

    arguments = (language(), choice.reading, choice.as_of)
    found: pd.DataFrame = model.kept("claims in words", _OF_REGISTER, arguments, compute)
    return found


def claimant_label(row: pd.Series) -> str:
    """Who makes a claim, in words: the party by name, else the kind of claimant."""
    if isinstance(row["claimant_name"], str) and row["claimant_name"]:
        return remark(row["claimant_name"])
    return _("{kind}, no party named").format(kind=word("claimant", row["claimant"]))


def is_strict(parameters: Mapping[str, Any]) -> bool:
    """Whether the strict reading is asked for."""
    return parameters.get("reading", "primary") == "strict"


def _funnel(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = claims(model, choice)
    if rows.empty:
        raise NothingToDrawError(_("No claim by this date at this evidence level."))
    strict = is_strict(parameters)
    steps = retaken.funnel(model, choice, strict=strict)
    sentence = captions.funnel(steps)
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "A claim is what one claimant says of one place on one day. Held 30 and 90 days: of the corroborated ones, if a later report shows it"
        ),
    )
    figure = holding.funnel_chart(steps, stamp, strict=strict)
    return BuiltFigure(figure, stamp, sentence, f"claims-funnel-{choice.as_of}", steps)


def _strips(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = claims(model, choice)
    if rows.empty:
        raise NothingToDrawError(_("No claim by this date at this evidence level."))
    history = model.history(choice)
    end = pd.Timestamp(choice.as_of)
    history = history[
        history["neighborhood_id"].isin(rows["neighborhood_id"]) & (history["valid_from"] <= end)
    ]
    areas = rows.groupby("neighborhood_id").agg(
        latest=("claim_date", "max"), days=("days_held", "max"), name=("name", "first")
    )
    areas["changes"] = history.groupby("neighborhood_id")["since"].nunique()
    order = SORTS[parameters.get("sort", "recent")]
    areas = areas.sort_values([order, "name"], ascending=[False, True])
    lost = rows[rows["lost_on"].notna()]
    marks = pd.concat(
        [
            pd.DataFrame(
                {
                    "neighborhood_id": rows["neighborhood_id"],
                    "date": rows["claim_date"],
                    "event": "claim",
                    "text": rows["forces"].map(remark) + mark(":") + rows["note"].map(remark),
                }
            ),
            lost[["neighborhood_id"]].assign(
                date=lost["lost_on"], event="lost", text=_("gang status reported")
            ),
        ]
    )
    stamp = _stamp(
        model,
        choice,
        _("{areas} areas claimed as retaken: what was reported about each, before and after").format(
            areas=len(areas)
        ),
        _(
            "Thin grey: no report within the limit (stale). A triangle up is a claim, a triangle down the first later report of gang control"
        ),
    )
    first = history["valid_from"].min() if len(history) else rows["claim_date"].min()
    figure = strips.control_strips(
        history,
        areas["name"].to_dict(),
        stamp,
        start=max(first, pd.Timestamp("2022-06-01")) if first < end else first,
        end=end,
        claims=marks[["neighborhood_id", "date", "event", "text"]],
    )
    drawn = history.assign(name=history["neighborhood_id"].map(areas["name"])).reset_index(drop=True)
    sentence = captions.retaken(rows)
    return BuiltFigure(
        figure, stamp, sentence, f"retaken-{choice.as_of}", drawn if len(drawn) else rows, sentence
    )


def _zone_strips(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    area = parameters.get("area")
    zones = retaken.zones(model, choice)
    zones = zones[zones["neighborhood_id"] == area]
    name = place_names(model).get(area, area) if area else ""
    if zones.empty:
        raise NothingToDrawError(
            _("No street of {name} is named by a claim up to this date.").format(name=name or "–")
        )
    end = pd.Timestamp(choice.as_of)
    history = retaken.zone_history(model, choice)
    labels = {f"{area}/{zone}": zone for zone in sorted(zones["sub_zone"])}
    history = history[history["neighborhood_id"].isin(labels) & (history["valid_from"] <= end)]
    sentence = captions.zones(zones, name)
    stamp = _stamp(
        model,
        choice,
        sentence,
        _("A statement about the whole neighborhood holds for each street that nobody names apart"),
    )
    start = zones["claim_date"].min() - pd.Timedelta(days=14)
    end += pd.Timedelta(days=1)  # the date shown is a whole day
    figure = strips.control_strips(
        history, labels, stamp, start=min(start, end - pd.Timedelta(days=7)), end=end
    )
    return BuiltFigure(
        figure, stamp, sentence, f"{area}-streets-{choice.as_of}", zones.reset_index(drop=True)
    )


def _claims_curve(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = claims(model, choice)
    strict = is_strict(parameters)
    if len(rows) < HOLD_CURVE_MIN_SPELLS:
        raise NothingToDrawError(
            _(
                "{n} claims are too few for a hold curve (at least {least}); the register below lists them."
            ).format(n=len(rows), least=HOLD_CURVE_MIN_SPELLS)
        )
    lost = rows["lost_on"].notna() | (rows["contested_on"].notna() if strict else False)
    days = rows["days_strict" if strict else "days_held"].astype("float64")
    followed = pd.DataFrame(
        {
            "neighborhood_id": rows["neighborhood_id"],
            "lost": lost,
            "duration_days": days,
            "duration_low_days": days,
            "duration_high_days": days,
        }
    )
    curve = holds.hold_curve(days, lost)
    sentence = captions.hold_curve(durability.hold_summary(followed))
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "Kaplan-Meier with 95 % log-log band; a claim is followed to the last statement about its place, never to today. Few later reports: read with care"
        ),
    )
    figure = strips.hold_curve_chart(
        followed, curve, durability.hold_band(followed), stamp, horizon_days=_HORIZON_DAYS
    )
    return BuiltFigure(figure, stamp, sentence, f"hold-curve-{choice.as_of}", curve)


def _spells(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    strict = is_strict(parameters)
    rows = retaken.spells(model, choice, strict=strict)
    if rows.empty:
        raise NothingToDrawError(
            _("No change from gang to state status by this date at this evidence level.")
        )
    names = rows["neighborhood_id"].map(place_names(model))
    names = names.where(rows["sub_zone"] == "", names + " / " + rows["sub_zone"])
    sentence = _(
        "{n} times a neighborhood reported as gang-held was later reported as held by the state; {lost} of them lost again"
    ).format(n=len(rows), lost=int(rows["lost"].sum()))
    caveat = _("Days from the change to the loss, or to the last statement about the place")
    if len(rows) < HOLD_CURVE_MIN_SPELLS:
        caveat = _(
            "Days from the change to the loss, or to the last statement about the place. Fewer than {least} spells: no curve"
        ).format(least=HOLD_CURVE_MIN_SPELLS)
    if len(rows) > _MOST_SPELLS:
        caveat += _(". The latest {n} are drawn").format(n=_MOST_SPELLS)
    drawn = rows.assign(label=names).sort_values("start").tail(_MOST_SPELLS)
    drawn["label"] += " · " + drawn["start"].map(format_date)
    stamp = _stamp(model, choice, sentence, caveat)
    figure = strips.spell_bars(drawn, stamp)
    return BuiltFigure(figure, stamp, sentence, f"spells-{choice.as_of}", rows.assign(name=names))


def _hold_curve(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    strict = is_strict(parameters)
    rows, summary, _durability, _reloss = retaken.held(model, choice, strict=strict)
    if summary is None or len(rows) < HOLD_CURVE_MIN_SPELLS:
        raise NothingToDrawError(
            _(
                "{n} changes from gang to state are too few for a hold curve (at least {least}): they are listed."
            ).format(n=len(rows), least=HOLD_CURVE_MIN_SPELLS)
        )
    curve = holds.hold_curve(rows["duration_days"], rows["lost"])
    sentence = captions.hold_curve(summary)
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "Kaplan-Meier; the band is the 95 % interval over all days on which the losses may have fallen. Followed to the last statement about a place, never to today"
        ),
    )
    figure = strips.hold_curve_chart(
        rows, curve, durability.hold_band(rows), stamp, horizon_days=max(_HORIZON_DAYS, RMST_HORIZON_DAYS)
    )
    return BuiltFigure(figure, stamp, sentence, f"hold-spells-curve-{choice.as_of}", curve)


def reversals(model: Model, choice: Choice) -> pd.DataFrame:
    """Contradicted claims per claimant, with ``label``."""
    rows = claims(model, choice)
    labels = rows.apply(claimant_label, axis=1) if len(rows) else pd.Series(dtype="str")
    table = claim_analysis.reversal(rows, labels, observed_to=retaken.observed_to(model, choice))
    return table.assign(
        label=[
            ngettext("{who} · {n} claim", "{who} · {n} claims", int(row.claims)).format(
                who=row.claimant, n=format_number(row.claims)
            )
            for row in table.itertuples()
        ]
    )


def _reversal(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    table = reversals(model, choice)
    if table.empty:
        raise NothingToDrawError(_("No claim by this date at this evidence level."))
    sentence = captions.reversal(table)
    stamp = _stamp(
        model,
        choice,
        sentence,
        _(
            "Contradicted: a credible later-dated report of gang control there, or, for a claim of holding it, that it is contested. Nobody may have looked"
        ),
    )
    figure = holding.reversal_chart(table, stamp)
    return BuiltFigure(figure, stamp, sentence, f"contradicted-claims-{choice.as_of}", table)


_HELD = ("retake-1", "hold-curve-1")
_REGISTER = ("register-1", "outcome-1", "evidence-1", "known-on-1")

FIGURES = (
    FigureSpec(
        "claims-funnel",
        "Claims: corroborated, held 30 and 90 days",
        _PAGE,
        _funnel,
        ("reading",),
        (*_REGISTER, "durability-1"),
    ),
    FigureSpec(
        "retaken-strips",
        "Areas claimed as retaken, over time",
        _PAGE,
        _strips,
        ("sort",),
        (*_REGISTER, "status-1"),
    ),
    FigureSpec(
        "claims-curve",
        "Hold curve of claims",
        _PAGE,
        _claims_curve,
        ("reading",),
        (*_REGISTER, "hold-curve-1"),
    ),
    FigureSpec("hold-spells", "Hold spells", _PAGE, _spells, ("reading",), _HELD),
    FigureSpec("hold-spells-curve", "Hold curve of spells", _PAGE, _hold_curve, ("reading",), _HELD),
    FigureSpec(
        "claims-contradicted",
        "Contradicted claims per claimant",
        _PAGE,
        _reversal,
        (),
        (*_REGISTER, "reversal-1"),
    ),
    FigureSpec(
        "zone-strips", "Streets that claims name", _PAGE, _zone_strips, ("area",), (*_REGISTER, "status-1")
    ),
)
