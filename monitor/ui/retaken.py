"""Views of the page Retaken: register of claims, strips, hold curve, spells."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.charts import captions
from monitor.charts.style import status_label
from monitor.export.figures.retaken import SORTS, claims
from monitor.language import _
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word


def outcomes(choice: Choice) -> pd.DataFrame:
    """Claims with their outcome by rule, the latest first."""
    return claims(data.model(), choice)


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


def strips(choice: Choice) -> None:
    """One strip per area ever claimed, with the claims and losses marked."""
    sort = filters.select(
        "sort",
        _("Order of areas"),
        list(SORTS),
        default="recent",
        labels={"recent": _("latest claim"), "held": _("days held"), "churn": _("most changes")},
        kind="segmented",
    )
    exhibit("retaken-strips", choice, {"sort": sort})


def claims_curve(choice: Choice) -> None:
    """Hold curve of the register's claims, where their number allows."""
    exhibit("claims-curve", choice)


def spells(choice: Choice) -> None:
    """Spells by the strict definition of a retake: gang status first, then the state."""
    exhibit("hold-spells", choice)


def register(rows: pd.DataFrame) -> None:
    """The register of claims as a table."""
    st.markdown(f"#### {_('Register of claims')} ({len(rows)})")
    shown = rows.assign(
        outcome=rows["outcome"].map(_outcome_label),
        last_status=rows["last_status"].map(status_label, na_action="ignore"),
        verification=rows["verification"].map(lambda value: word("verification", value)),
        who=rows["claimant_name"].fillna(rows["claimant"].map(lambda value: word("claimant", value))),
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
