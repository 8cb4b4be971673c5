"""Figures of retaken areas: strips, hold curve of claims, hold spells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from monitor.analysis import holds
from monitor.analysis.definitions import HOLD_CURVE_MIN_SPELLS
from monitor.analysis.model import Choice, Model
from monitor.charts import captions, strips
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    commune_names,
    place_names,
    stamp_of,
)
from monitor.language import _, format_date, format_number, format_percent

_PAGE = "retaken-areas"
_DATASETS = ("retaken_areas", "territorial_control")
_HORIZON_DAYS = 180
#: Orders of the strips, and the column of each.
SORTS = {"recent": "latest", "held": "days", "churn": "changes"}


def claims(model: Model, choice: Choice) -> pd.DataFrame:
    """Claims with their outcome by rule, name and commune of the place, the latest first."""
    rows = model.outcomes(choice)
    places = model.frame("neighborhoods").set_index("neighborhood_id")
    return rows.assign(
        name=rows["neighborhood_id"].map(place_names(model)),
        commune=rows["neighborhood_id"].map(places["commune"]).replace(dict(commune_names(model))),
    ).sort_values("claim_date", ascending=False)


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
    marks = pd.concat(
        [
            rows.assign(
                date=rows["claim_date"],
                event="claim",
                text=rows["forces"].fillna("") + ": " + rows["note"].fillna(""),
            ),
            rows[rows["lost_on"].notna()].assign(
                date=rows["lost_on"], event="lost", text=_("gang status reported")
            ),
        ]
    )
    stamp = stamp_of(
        model,
        _("{areas} areas claimed as retaken: what was reported about each, before and after").format(
            areas=len(areas)
        ),
        *_DATASETS,
        choice=choice,
        evidence=True,
        caveat=_(
            "Thin grey: no report within the limit (stale). A triangle up is a claim, a triangle down the first later report of gang control"
        ),
    )
    figure = strips.control_strips(
        history,
        areas["name"].to_dict(),
        stamp,
        start=max(history["valid_from"].min(), pd.Timestamp("2022-06-01")),
        end=end,
        claims=marks[["neighborhood_id", "date", "event", "text"]],
    )
    drawn = history.assign(name=history["neighborhood_id"].map(areas["name"])).reset_index(drop=True)
    return BuiltFigure(figure, stamp, captions.retaken(rows), f"retaken-{choice.as_of}", drawn)


def _claims_curve(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = claims(model, choice)
    if len(rows) < HOLD_CURVE_MIN_SPELLS:
        raise NothingToDrawError(
            _(
                "{n} claims are too few for a hold curve (at least {least}); the register below lists them."
            ).format(n=len(rows), least=HOLD_CURVE_MIN_SPELLS)
        )
    lost = rows["outcome"] == "lost"
    curve = holds.hold_curve(rows["days_held"].astype("float64"), lost)
    median = holds.median_days(curve)
    sentence = _(
        "{share} of claims are not yet contradicted by a report of gang control after 30 days ({n} claims, {losses} lost; {median})"
    ).format(
        share=format_percent(holds.survival_at(curve, 30)),
        n=len(rows),
        losses=int(lost.sum()),
        median=_("median not reached")
        if median is None
        else _("median {days} days").format(days=format_number(median)),
    )
    stamp = stamp_of(
        model,
        sentence,
        *_DATASETS,
        choice=choice,
        evidence=True,
        caveat=_(
            "Kaplan-Meier with 95 % log-log band; a claim is followed to the last statement about its place, never to today. Few later reports: read with care"
        ),
    )
    figure = strips.hold_curve_chart(curve, stamp, horizon_days=_HORIZON_DAYS, n=len(rows))
    return BuiltFigure(figure, stamp, sentence, f"hold-curve-{choice.as_of}", curve)


def _spells(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = model.spells(choice)
    if rows.empty:
        raise NothingToDrawError(
            _("No change from gang to state status by this date at this evidence level.")
        )
    names = rows["neighborhood_id"].map(place_names(model))
    sentence = _(
        "{n} times a neighborhood reported as gang-held was later reported as held by the state; {lost} of them lost again"
    ).format(n=len(rows), lost=int(rows["lost"].sum()))
    caveat = _("Days from the change to the loss, or to the last statement about the place")
    if len(rows) < HOLD_CURVE_MIN_SPELLS:
        caveat = _(
            "Days from the change to the loss, or to the last statement about the place. Fewer than {least} spells: no curve"
        ).format(least=HOLD_CURVE_MIN_SPELLS)
    stamp = stamp_of(model, sentence, *_DATASETS, choice=choice, evidence=True, caveat=caveat)
    figure = strips.spell_bars(rows.assign(label=names + " · " + rows["start"].map(format_date)), stamp)
    return BuiltFigure(figure, stamp, sentence, f"spells-{choice.as_of}", rows.assign(name=names))


_DEFINED = ("retake-1", "outcome-1", "hold-curve-1", "evidence-1", "known-on-1", "stale-1")

FIGURES = (
    FigureSpec(
        "retaken-strips",
        "Areas claimed as retaken, over time",
        _PAGE,
        _strips,
        ("sort",),
        definitions=_DEFINED,
    ),
    FigureSpec("claims-curve", "Hold curve of claims", _PAGE, _claims_curve, definitions=_DEFINED),
    FigureSpec("hold-spells", "Hold spells", _PAGE, _spells, definitions=_DEFINED),
)
