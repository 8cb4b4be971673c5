"""Views of the page Mission."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import mission as mission_analysis
from monitor.charts import captions
from monitor.export.figures.mission import figures, mandates
from monitor.language import _, format_date
from monitor.ui import blocks, data
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word


def heading(choice: Choice) -> None:
    """The page's sentence: deployed against authorised."""
    rows = figures(data.model(), choice)
    totals = rows[mission_analysis.is_total(rows)]
    deployed = mission_analysis.latest(totals, basis="deployed")
    authorised = mission_analysis.latest(rows, basis="authorised")
    blocks.sentence(captions.deployment(deployed, authorised))
    blocks.plain(
        _(
            "Figures are snapshots from different outlets; conflicting ones stay side by side, and bases (required, pledged, received …) are never summed."
        )
    )
    steps = mandates(data.model(), choice)
    if len(steps):
        last = steps.sort_values("milestone_date").iloc[-1]
        blocks.plain(
            _("Latest mandate step: {date}, {label}.").format(
                date=format_date(last["milestone_date"]), label=_(last["label"])
            ),
            small=True,
        )


def personnel(choice: Choice) -> None:
    """Authorised, pledged or offered, deployed."""
    exhibit("personnel", choice)


def funding(choice: Choice) -> None:
    """Funding by basis, in US dollars; other currencies are listed in the table."""
    exhibit("funding", choice)


def police_and_capital(choice: Choice) -> None:
    """Police strength, and the rival figures for the gangs' share of the capital."""
    left, right = st.columns(2, gap="medium")
    with left:
        exhibit("police", choice)
    with right:
        exhibit("capital-share", choice)


def indicators(choice: Choice) -> None:
    """Killed, kidnapped, displaced: published figures over their periods."""
    st.markdown(f"#### {_('Published indicators')}")
    columns = st.columns(3, gap="medium")
    for column, name in zip(columns, ("killed", "kidnapped", "displaced"), strict=True):
        with column:
            exhibit(f"indicator-{name}", choice)


def _in_words(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Rows with the values of some vocabularies in words."""
    return rows.assign(**{name: [word(name, value) for value in rows[name]] for name in columns})


def tables(choice: Choice) -> None:
    """All figures as tables."""
    with st.expander(_("All mission figures")):
        rows = _in_words(
            figures(data.model(), choice).sort_values("as_of", ascending=False), "topic", "basis", "unit"
        )
        blocks.table(
            rows,
            {
                "as_of": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
                "topic": _("Topic"),
                "basis": _("Basis"),
                "entity": _("Entity"),
                "value": st.column_config.NumberColumn(_("Value"), format="localized"),
                "unit": _("Unit"),
                "is_batch": st.column_config.CheckboxColumn(
                    _("Batch"), help=_("an arriving batch, not a total")
                ),
                "note": _("Note"),
                **blocks.source_columns(),
            },
            height=420,
        )
    with st.expander(_("All published indicators")):
        rows = data.frame("indicators")
        rows = rows[rows["period_start"] <= pd.Timestamp(choice.as_of)].sort_values(
            "period_start", ascending=False
        )
        rows = _in_words(rows, "indicator", "unit").assign(area_id=rows["area_id"].map(data.name_in_language))
        blocks.table(
            rows,
            {
                "period_start": st.column_config.DateColumn(_("From"), format="YYYY-MM-DD"),
                "period_end": st.column_config.DateColumn(_("To"), format="YYYY-MM-DD"),
                "indicator": _("Indicator"),
                "area_id": _("Area"),
                "value": st.column_config.NumberColumn(_("Value"), format="localized"),
                "unit": _("Unit"),
                "note": _("Note"),
                **blocks.source_columns(),
            },
            height=420,
        )
