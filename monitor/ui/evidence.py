"""Views of the page Evidence: what the headline rests on, who says what, when it was learned, where nobody looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import streamlit as st

from monitor.analysis import doubt
from monitor.analysis import lineage as numbers
from monitor.charts import captions
from monitor.charts.style import said_label, status_label
from monitor.export.figures.evidence import (
    chosen_headline,
    denominators,
    disagreement,
    measures,
    pair_table,
    silence_labels,
    then_of,
)
from monitor.language import _, format_date, format_percent
from monitor.ui import blocks, data, filters, lineage
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word


def _parameters() -> dict[str, str]:
    return {
        "by": filters.read("by", "neighborhoods"),
        "measure": filters.read("measure", "control_or_influence"),
    }


def heading(choice: Choice) -> None:
    """The page's sentence: the headline with its range over sources and unknown areas."""
    denominator, measure = chosen_headline(_parameters())
    model = data.model()
    low, high, base = doubt.headline_range(model, choice, measure=measure, denominator=denominator)
    rows = doubt.nine_rows(model, choice)
    unsettled = float(rows.loc[rows["is_unsettled"], denominator].sum() / rows[denominator].sum())
    blocks.sentence(
        _(
            "At least {base} of {denominator} are under {measure}; {range} if any one source is left out, up to {top} if every unknown area counted."
        ).format(
            base=format_percent(base),
            denominator=denominators()[denominator],
            measure=_("gang control or influence")
            if measure == "control_or_influence"
            else measures()[measure],
            range=captions.percent_range(low, high),
            top=format_percent(base + unsettled),
        )
    )
    blocks.age_note(choice)
    lineage.page_numbers(choice, "evidence-and-doubt")


def parts() -> dict[str, str]:
    """Questions of doubt, one part of the page each."""
    return {
        "headline": _("How firm is the headline?"),
        "sources": _("Do sources agree?"),
        "time": _("What was learned since?"),
        "silence": _("Where does nobody report?"),
    }


def section() -> str:
    """Which question of doubt the reader looks into."""
    labels = parts()
    chosen: str = filters.select(
        "show", _("Question"), list(labels), default="headline", labels=labels, kind="segmented"
    )
    return chosen


def show(choice: Choice, chosen: str) -> None:
    """The figures of one question."""
    {"headline": _headline, "sources": _sources, "time": _time, "silence": _silence}[chosen](choice)


def _pickers() -> dict[str, str]:
    left, right = st.columns(2)
    with left:
        by = filters.select(
            "by",
            _("Share of"),
            list(denominators()),
            default="neighborhoods",
            labels=denominators(),
            kind="segmented",
        )
    with right:
        measure = filters.select(
            "measure",
            _("Counted"),
            list(measures()),
            default="control_or_influence",
            labels=measures(),
            kind="segmented",
        )
    return {"by": by, "measure": measure}


def _headline(choice: Choice) -> None:
    parameters = _pickers()
    left, right = st.columns(2, gap="medium")
    with left:
        exhibit("nine-headlines", choice, parameters)
    with right:
        exhibit("sensitivity", choice, parameters)
    with blocks.folded(_("Neighborhoods whose status rests on one source"), "one source") as is_open:
        if is_open:
            changes = doubt.changes(data.model(), choice)
            changes = changes[changes["neighborhood_id"].isin(data.scope()["neighborhood_id"])]
            blocks.table(
                changes.assign(
                    name=changes["neighborhood_id"].map(data.names_in_language()),
                    status_with=changes["status_with"].map(status_label),
                    status_without=changes["status_without"].map(status_label),
                ),
                {
                    "source": _("Source"),
                    "name": _("Neighborhood"),
                    "status_with": _("Status"),
                    "status_without": _("Without this source"),
                },
                height=320,
            )


def _sources(choice: Choice) -> None:
    exhibit("disagreement", choice)
    rows = disagreement(data.model(), choice)
    with blocks.folded(
        _("What each of them says ({n} statements)").format(n=len(rows)), "what each says"
    ) as is_open:
        if is_open:
            said = data.assertions().drop_duplicates("assertion_id").set_index("assertion_id")
            links = said.reindex(rows["assertion_id"])
            blocks.table(
                rows.assign(
                    status=rows["status"].map(status_label),
                    verification=rows["verification"].map(lambda value: word("verification", value)),
                    source_url=links["source_url"].to_numpy(),
                    note=links["note"].to_numpy(),
                ).sort_values(["name", "from_earliest"], ascending=[True, False]),
                {
                    "name": _("Area"),
                    "source": _("Source"),
                    "status": _("Says"),
                    "from_earliest": st.column_config.DateColumn(_("About"), format="YYYY-MM-DD"),
                    "published_date": st.column_config.DateColumn(_("Published"), format="YYYY-MM-DD"),
                    "verification": _("Verification"),
                    "note": _("What happened"),
                    "source_url": st.column_config.LinkColumn(_("Link"), display_text=_("open")),
                },
                height=320,
            )
    voices = filters.select(
        "voices",
        _("Compare"),
        ["claimants", "publishers"],
        default="claimants",
        labels={"claimants": _("kinds of voices"), "publishers": _("publishers")},
        kind="segmented",
    )
    exhibit("agreement", choice, {"voices": voices})
    with blocks.folded(_("All pairs"), "all pairs") as is_open:
        if is_open:
            blocks.table(
                pair_table(data.model(), choice, {"voices": voices}),
                {
                    "label": _("Pair"),
                    "n": st.column_config.NumberColumn(_("Neighborhood-weeks"), format="%d"),
                    "neighborhoods": st.column_config.NumberColumn(_("Neighborhoods"), format="%d"),
                    "agree": st.column_config.NumberColumn(_("Same status"), format="percent"),
                    "kappa": st.column_config.NumberColumn(_("Cohen's kappa"), format="%.2f"),
                },
                height=320,
            )


def _kind_label(kind: str) -> str:
    return {"learned": _("learned"), "corrected": _("corrected"), "withdrawn": _("withdrawn")}[kind]


def _time(choice: Choice) -> None:
    asked = filters.within_the_data("then", filters.read("then", choice.as_of))
    then = then_of(data.model(), choice, {"then": asked})
    if then != asked and filters.read("then") is not None:
        why = _("it lies after the day of knowledge shown, {date}").format(date=format_date(then))
        filters.report("then", asked.isoformat(), why)
    filters.sync("then control", then)
    columns = st.columns([1.2, 3])
    columns[0].date_input(
        _("What was known on"),
        min_value=data.first_date(),
        max_value=choice.known_on or data.today(),
        format="YYYY-MM-DD",
        **filters.control("then", "then control"),
    )
    exhibit("then-and-now", choice, {"by": filters.read("by", "neighborhoods"), "then": then})
    model = data.model()
    with blocks.folded(_("How each headline moved since"), "headlines moved") as is_open:
        if is_open:
            _moved(choice, then)
    rows = doubt.revised(model, choice, then)
    st.markdown(f"## {_('What was learned since')} ({len(rows)})")
    _revised(rows)
    exhibit("reporting-lag", choice)


def _moved(choice: Choice, then: date) -> None:
    moved = numbers.moved(data.model(), replace(choice, known_on=then), choice)
    blocks.plain(
        _("{moved} of {n} headlines differ.").format(moved=len(moved), n=len(numbers.HEADLINES)), small=True
    )
    if len(moved):
        now = _("Now") if choice.known_on is None else format_date(choice.known_on)
        lineage.moved_table(moved, _("Known on {date}").format(date=format_date(then)), now)


def _revised(rows: pd.DataFrame) -> None:
    if rows.empty:
        blocks.plain(
            _("Nothing about the time up to the date shown was learned, corrected or withdrawn since.")
        )
        return
    titles = {name: data.title(name) for name in rows["dataset_id"].unique()}
    names = data.names_in_language()
    blocks.table(
        rows.assign(
            kind=rows["kind"].map(_kind_label),
            dataset_id=rows["dataset_id"].map(titles),
            place=[
                names.get(area, area) if isinstance(area, str) else "–" for area in rows["neighborhood_id"]
            ],
            status=[
                said_label(row.status)
                if row.dataset_id != "incidents"
                else word("sub_event_type", row.status)
                for row in rows.itertuples()
            ],
            learned_at=rows["learned_at"].dt.tz_convert(None),
            source_checked=rows["source_checked"].map(lambda value: word("source_checked", value)),
        ),
        {
            "kind": _("Change"),
            "learned_at": st.column_config.DateColumn(_("Learned on"), format="YYYY-MM-DD"),
            "date": st.column_config.DateColumn(_("About"), format="YYYY-MM-DD"),
            "days_late": st.column_config.NumberColumn(_("Days after"), format="%d"),
            "place": _("Place"),
            "status": _("Says"),
            "note": _("What happened"),
            "dataset_id": _("Dataset"),
            **blocks.source_columns(),
        },
        height=360,
    )


def _silence(choice: Choice) -> None:
    exhibit("silence-map", choice)
    rows = doubt.silence(data.model(), choice)
    labels = silence_labels()
    with blocks.folded(_("All neighborhoods by silence and people"), "all silences") as is_open:
        if is_open:
            blocks.table(
                rows.assign(
                    name=rows["neighborhood_id"].map(data.names_in_language()),
                    silence=rows["silence"].map(labels),
                ).sort_values(["weeks", "population"], ascending=[False, False], na_position="first"),
                {
                    "name": _("Neighborhood"),
                    "commune": _("Commune"),
                    "silence": _("Without a report"),
                    "last_report": st.column_config.DateColumn(_("Last report"), format="YYYY-MM-DD"),
                    "weeks": st.column_config.NumberColumn(_("Weeks"), format="%d"),
                    "population": st.column_config.NumberColumn(_("People"), format="localized"),
                },
                height=360,
            )
