"""Views of the page Mission."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
import streamlit as st

from monitor.analysis import city
from monitor.analysis import mission as mission_analysis
from monitor.analysis.scorecard import Number, Verdict
from monitor.charts import captions, scorecard_words
from monitor.charts.inputs import association
from monitor.export.figures.base import place_names
from monitor.export.figures.mission import LAGS, figures, mandates
from monitor.language import _, format_date, format_number, mark
from monitor.ui import blocks, data, filters
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


def parts() -> dict[str, str]:
    """Parts of the page."""
    return {
        "personnel": _("Personnel"),
        "funding": _("Funding"),
        "inputs": _("Inputs beside outcomes"),
        "statements": _("What is said, and what the data shows"),
        "police": _("Police and country"),
    }


def personnel(choice: Choice) -> None:
    """Authorised, pledged or offered, deployed; the ratio; by country."""
    left, right = st.columns(2, gap="medium")
    with left:
        exhibit("personnel", choice)
        exhibit("deployment-ratio", choice)
    with right:
        exhibit("personnel-by-country", choice)
    _conflicts(choice, "personnel")


def funding(choice: Choice) -> None:
    """Funding by basis, in US dollars; other currencies are listed in the table; conflicts side by side."""
    exhibit("funding", choice)
    _conflicts(choice, "funding")
    rows = figures(data.model(), choice)
    rows = rows[(rows["topic"] == "funding") & rows["value"].notna()].sort_values(
        ["basis", "entity", "as_of"]
    )
    st.markdown(f"## {_('Every figure, by basis')}")
    blocks.plain(_("Bases, funds and currencies are never summed."), small=True)
    blocks.table(_in_words(rows, "basis", "unit"), _columns(), height=380)


def _columns() -> dict[str, Any]:
    return {
        "basis": _("Basis"),
        "entity": _("Entity"),
        "as_of": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
        "value": st.column_config.NumberColumn(_("Value"), format="localized"),
        "unit": _("Unit"),
        "note": _("Note"),
        **blocks.source_columns(),
    }


def _conflicts(choice: Choice, topic: str) -> None:
    """Figures of one basis and entity that contradict each other, side by side."""
    rows = mission_analysis.conflicts(figures(data.model(), choice))
    rows = rows[rows["topic"] == topic]
    groups = rows["conflict"].nunique()
    with blocks.folded(_("Conflicting figures, side by side ({n})").format(n=groups), "conflicts") as is_open:
        if is_open:
            blocks.plain(
                _(
                    "Figures of one basis and one country or fund, published within a month of each other, that differ. None is chosen and none is added."
                ),
                small=True,
            )
            if groups:
                blocks.table(_in_words(rows, "basis", "unit"), {"conflict": _("Group"), **_columns()})


def inputs(choice: Choice) -> None:
    """Personnel beside the areas under gangs; how many per people, and what a held week cost."""
    labels = {str(lag): _("{n} weeks").format(n=lag) if lag else _("none") for lag in LAGS}
    lag = filters.read("lag", 0)
    if lag not in LAGS:
        filters.report("lag", str(lag), _("it is not among the choices"))
        lag = 0
    filters.sync("lag control", str(lag))
    st.segmented_control(
        _("Read personnel earlier by"),
        list(labels),
        format_func=labels.__getitem__,
        required=True,
        **filters.control("lag", "lag control"),
    )
    built = exhibit("inputs-outcomes", choice, {"lag": lag})
    if built is None:
        return
    last = built.table.iloc[-1]
    left, right = st.columns(2, gap="medium")
    with left:
        blocks.number(
            _("Personnel per 10,000 people in gang-held neighborhoods"),
            "–" if pd.isna(last["per_10000"]) else format_number(last["per_10000"]),
            _("{personnel} personnel, {people} people in {areas} neighborhoods").format(
                personnel=format_number(last["personnel"]),
                people=format_number(last["gang_people"]),
                areas=int(last["gang_areas"]),
            ),
        )
    with right:
        cost = city.held_week_cost(data.model(), choice)
        if cost is None:
            blocks.plain(_("No figure of money received by this date."))
        else:
            blocks.number(
                _("Money received per neighborhood-week held after a retake"),
                "–"
                if pd.isna(cost.millions)
                else _("US${n} million").format(n=format_number(cost.millions, 2)),
                _("US${received} million received, {weeks} weeks held, by anyone").format(
                    received=format_number(cost.received, 1), weeks=format_number(cost.weeks)
                ),
            )
    blocks.plain(association() + ". " + _("Nothing here says that one made the other."), small=True)


def verdict_words() -> dict[str, tuple[str, str, Literal["blue", "orange", "red", "gray"]]]:
    """Verdicts in words, with an icon and a colour of Streamlit's: never colour alone."""
    return {
        "supported": (_("supported"), ":material/check_circle:", "blue"),
        "partly": (_("partly supported"), ":material/contrast:", "orange"),
        "not_supported": (_("not supported"), ":material/cancel:", "red"),
        "cannot_be_known": (_("cannot be known"), ":material/help:", "gray"),
    }


def statements(choice: Choice) -> None:
    """Statements about the mission with the verdict of the data on the chosen date, and the numbers behind it."""
    judged = city.verdicts(data.model(), choice)
    words = verdict_words()
    counts = pd.Series([verdict.verdict for _row, verdict in judged]).value_counts()
    blocks.plain(
        _("On {date}, of {n} statements: {list}.").format(
            date=format_date(choice.as_of),
            n=len(judged),
            list=", ".join(
                f"{int(counts[key])} {text}" for key, (text, _i, _c) in words.items() if key in counts
            ),
        )
    )
    blocks.plain(
        _(
            "Verdicts are computed by a rule over the data (definition scorecard-1). They say what our data shows on this date, not whether a statement is true."
        ),
        small=True,
    )
    for first in range(0, len(judged), 2):
        columns = st.columns(2, gap="medium")
        for column, (row, verdict) in zip(columns, judged[first : first + 2], strict=False):
            with column:
                _statement(row, verdict)


def _statement(row: pd.Series, verdict: Verdict) -> None:
    text, icon, colour = verdict_words()[verdict.verdict]
    with st.container(border=True):
        st.markdown(f"**{blocks.escaped(_(row['statement']))}**")
        st.badge(text, icon=icon, color=colour)
        blocks.plain(scorecard_words.reason(verdict.reason))
        blocks.plain(
            " · ".join(
                f"{scorecard_words.number(item.name)}{mark(':')}{scorecard_words.value(item)}"
                for item in verdict.numbers
            ),
            small=True,
        )
        with blocks.folded(
            _("Rows and sources behind the numbers"), f"rows behind {row['statement_id']}"
        ) as is_open:
            if is_open:
                for item in verdict.numbers:
                    if item.rows:
                        _rows_behind(item)
                if isinstance(row["note"], str):
                    blocks.plain(_(row["note"]), small=True)
        source = (
            blocks.link(row["source_publisher"], row["source_url"])
            if isinstance(row["source_url"], str)
            else blocks.escaped(_("no page compiled for this statement"))
        )
        checked = word("source_checked", row["source_checked"])
        st.markdown(
            f":small[{blocks.escaped(_('Said by {who}').format(who=_(row['said_by'])))} · {source} · {checked}]"
        )


def police_and_capital(choice: Choice) -> None:
    """Police strength, and the rival figures for the gangs' share of the capital."""
    left, right = st.columns(2, gap="medium")
    with left:
        exhibit("police", choice)
    with right:
        exhibit("capital-share", choice)


def indicators(choice: Choice) -> None:
    """Killed, kidnapped, displaced: published figures over their periods."""
    st.markdown(f"## {_('Published indicators')}")
    columns = st.columns(3, gap="medium")
    for column, name in zip(columns, ("killed", "kidnapped", "displaced"), strict=True):
        with column:
            exhibit(f"indicator-{name}", choice)


def _in_words(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Rows with the values of some vocabularies in words."""
    return rows.assign(**{name: [word(name, value) for value in rows[name]] for name in columns})


def tables(choice: Choice) -> None:
    """All figures as tables."""
    with blocks.folded(_("All mission figures"), "all figures") as is_open:
        if is_open:
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
    with blocks.folded(_("All published indicators"), "all indicators") as is_open:
        if is_open:
            rows = mission_analysis.published_indicators(
                data.frame("indicators"), choice.as_of, choice.known_on
            ).sort_values("period_start", ascending=False)
            rows = _in_words(rows, "indicator", "unit").assign(
                area_id=rows["area_id"].map(place_names(data.model()))
            )
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


#: Sources named behind one number; the table of the dataset has them all.
_NAMED = 8


def _rows_behind(item: Number) -> None:
    """The rows a number rests on, with their sources."""
    frame = data.frame(item.dataset)
    rows = frame[frame[frame.columns[0]].isin(item.rows)]
    checked = rows["source_checked"] if "source_checked" in rows else pd.Series(dtype="str")
    if "source_url" in rows:
        pages = rows.drop_duplicates(["source_publisher", "source_url"])
        sources = ", ".join(
            blocks.link(row.source_publisher, row.source_url) for row in pages.head(_NAMED).itertuples()
        )
    else:
        sources, pages = blocks.escaped(_("no page compiled")), rows.head(0)
    more = len(pages) - _NAMED
    tail = _("and {n} more").format(n=more) if more > 0 else ""
    recall = int((checked == "recall").sum())
    st.markdown(
        f"**{blocks.escaped(scorecard_words.number(item.name))}** "
        f":small[{blocks.escaped(', '.join(item.rows[:_NAMED]))}{' …' if len(item.rows) > _NAMED else ''} · "
        f"{sources} {blocks.escaped(tail)}{' · ' + _('{n} from recall').format(n=recall) if recall else ''}]"
    )
