"""Views of the page Retaken: register of claims, strips, hold curve, spells."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import holds
from monitor.analysis.definitions import HOLD_CURVE_MIN_SPELLS
from monitor.charts import captions
from monitor.charts import strips as strip_charts
from monitor.charts.style import status_label
from monitor.language import _, format_date, format_number, format_percent
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.figure import show_figure

_DATASETS = ("retaken_areas", "territorial_control")
_HORIZON_DAYS = 180


def outcomes(choice: Choice) -> pd.DataFrame:
    """Claims with their outcome by rule, the latest first."""
    rows = data.outcomes(choice)
    names = data.frame("neighborhoods").set_index("neighborhood_id")
    return rows.assign(
        name=rows["neighborhood_id"].map(data.name_in_language),
        commune=rows["neighborhood_id"].map(names["commune"]),
    ).sort_values("claim_date", ascending=False)


def heading(choice: Choice, rows: pd.DataFrame) -> None:
    """The page's sentence."""
    blocks.sentence(captions.retaken(rows))
    blocks.plain(
        _("A claim is not a recapture, and no later adverse report is weak evidence that an area is held.")
    )
    blocks.age_note(choice)


def _outcome_label(outcome: str) -> str:
    return {
        "held": _("not reported lost"),
        "contested": _("contested"),
        "lost": _("lost again"),
        "unknown": _("unknown (stale)"),
    }[outcome]


def strips(choice: Choice, rows: pd.DataFrame) -> None:
    """One strip per area ever claimed, with the claims and losses marked."""
    if rows.empty:
        blocks.plain(_("No claim by this date at this evidence level."))
        return
    sort = filters.select(
        "sort",
        _("Order of areas"),
        ["recent", "held", "churn"],
        default="recent",
        labels={"recent": _("latest claim"), "held": _("days held"), "churn": _("most changes")},
        kind="segmented",
    )
    history = data.history(choice)
    end = pd.Timestamp(choice.as_of)
    history = history[
        history["neighborhood_id"].isin(rows["neighborhood_id"]) & (history["valid_from"] <= end)
    ]
    areas = rows.groupby("neighborhood_id").agg(
        latest=("claim_date", "max"), days=("days_held", "max"), name=("name", "first")
    )
    areas["changes"] = history.groupby("neighborhood_id")["since"].nunique()
    order = {"recent": "latest", "held": "days", "churn": "changes"}[sort]
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
    figure = strip_charts.control_strips(
        history,
        areas["name"].to_dict(),
        data.stamp(
            _("{areas} areas claimed as retaken: what was reported about each, before and after").format(
                areas=len(areas)
            ),
            *_DATASETS,
            choice=choice,
            evidence=True,
            caveat=_(
                "Thin grey: no report within the limit (stale). A triangle up is a claim, a triangle down the first later report of gang control"
            ),
        ),
        start=max(history["valid_from"].min(), pd.Timestamp("2022-06-01")),
        end=end,
        claims=marks[["neighborhood_id", "date", "event", "text"]],
    )
    show_figure(figure, key="retaken-strips", alt=captions.retaken(rows), filename=f"retaken-{choice.as_of}")


def claims_curve(choice: Choice, rows: pd.DataFrame) -> None:
    """Hold curve of the register's claims, where their number allows."""
    durations = rows["days_held"].astype("float64")
    lost = rows["outcome"] == "lost"
    if len(rows) < HOLD_CURVE_MIN_SPELLS:
        blocks.plain(
            _(
                "{n} claims are too few for a hold curve (at least {least}); the register below lists them."
            ).format(n=len(rows), least=HOLD_CURVE_MIN_SPELLS)
        )
        return
    curve = holds.hold_curve(durations, lost)
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
    figure = strip_charts.hold_curve_chart(
        curve,
        data.stamp(
            sentence,
            *_DATASETS,
            choice=choice,
            evidence=True,
            caveat=_(
                "Kaplan-Meier with 95 % log-log band; a claim is followed to the last statement about its place, never to today. Few later reports: read with care"
            ),
        ),
        horizon_days=_HORIZON_DAYS,
        n=len(rows),
    )
    show_figure(figure, key="claims-curve", alt=sentence, filename=f"hold-curve-{choice.as_of}")


def spells(choice: Choice) -> None:
    """Spells by the strict definition of a retake: gang status first, then the state."""
    rows = data.spells(choice)
    if rows.empty:
        blocks.plain(_("No change from gang to state status by this date at this evidence level."))
        return
    labels = rows["neighborhood_id"].map(data.name_in_language) + " · " + rows["start"].map(format_date)
    sentence = _(
        "{n} times a neighborhood reported as gang-held was later reported as held by the state; {lost} of them lost again"
    ).format(n=len(rows), lost=int(rows["lost"].sum()))
    figure = strip_charts.spell_bars(
        rows.assign(label=labels),
        data.stamp(
            sentence,
            *_DATASETS,
            choice=choice,
            evidence=True,
            caveat=_(
                "Days from the change to the loss, or to the last statement about the place. Fewer than {least} spells: no curve"
            ).format(least=HOLD_CURVE_MIN_SPELLS)
            if len(rows) < HOLD_CURVE_MIN_SPELLS
            else _("Days from the change to the loss, or to the last statement about the place"),
        ),
    )
    show_figure(figure, key="hold-spells", alt=sentence, filename=f"spells-{choice.as_of}")


def register(rows: pd.DataFrame) -> None:
    """The register of claims as a table."""
    st.markdown(f"#### {_('Register of claims')} ({len(rows)})")
    shown = rows.assign(
        outcome=rows["outcome"].map(_outcome_label),
        last_status=rows["last_status"].map(status_label, na_action="ignore"),
        verification=rows["verification"].str.replace("_", " "),
        who=rows["claimant_name"].fillna(rows["claimant"]),
    )
    blocks.table(
        shown,
        {
            "claim_date": st.column_config.DateColumn(_("Claimed"), format="YYYY-MM-DD"),
            "name": _("Place"),
            "commune": _("Commune"),
            "forces": _("Taken by"),
            "note": _("What happened"),
            "who": _("Who says so"),
            "verification": _("Verification"),
            "outcome": st.column_config.TextColumn(
                _("Outcome by rule"), help=_("rule outcome-1, on the Methods page")
            ),
            "lost_on": st.column_config.DateColumn(_("Lost on"), format="YYYY-MM-DD"),
            "days_held": st.column_config.NumberColumn(_("Days to loss or last report"), format="%d"),
            "last_report": st.column_config.DateColumn(_("Last report"), format="YYYY-MM-DD"),
            "compiled_outcome": st.column_config.TextColumn(
                _("Compiler's reading"), help=_("for comparison only")
            ),
            **blocks.source_columns(),
        },
        height=460,
    )
