"""Views of the page Compare."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from monitor.charts import captions
from monitor.charts.style import status_label
from monitor.export.figures import compare as figures
from monitor.export.figures.control import denominators
from monitor.language import _, format_date
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.ui.figure import keep_view
from monitor.vocabulary import word

#: Changes listed beside the map; the table has all.
_LISTED = 12


def first_date(choice: Choice) -> date:
    """Control of the earlier date, and the date; one that does not lie before the other is reported."""
    earliest, default = data.first_date(), figures.default_before(data.model(), choice)
    first: date = filters.read("before", default)
    if not earliest <= first <= choice.as_of:
        why = _("it must lie between {first} and {second}").format(
            first=format_date(earliest), second=format_date(choice.as_of)
        )
        filters.report("before", first.isoformat(), why)
        first = default
    columns = st.columns([1.5, 6.6], vertical_alignment="bottom")
    filters.sync("before control", first)
    columns[0].date_input(
        _("Compared with"),
        min_value=earliest,
        max_value=choice.as_of,
        format="YYYY-MM-DD",
        **filters.control("before", "before control"),
    )
    row = columns[1].container(horizontal=True, gap="small")
    for label, weeks in ((_("4 weeks before"), 4), (_("3 months before"), 13), (_("1 year before"), 52)):
        target = max(choice.as_of - timedelta(weeks=weeks), earliest)
        row.button(label, on_click=filters.write, args=("before", target), disabled=target == first)
    return first


def changed(choice: Choice, first: date) -> pd.DataFrame:
    """Neighborhoods that differ between the two dates."""
    return figures.changed(data.model(), choice, first)


def heading(choice: Choice, first: date, rows: pd.DataFrame) -> None:
    """The page's sentence: gained, lost, otherwise changed, grown stale, newly reported."""
    blocks.sentence(captions.comparison(rows, len(data.scope()), first, choice.as_of))
    blocks.age_note(choice)


def two_maps(choice: Choice, first: date) -> None:
    """The two dates side by side; moving one map moves the others of the page."""
    columns = st.columns(2, gap="small")
    days = {"map of the first date": first, "map of the second date": choice.as_of}
    for column, (key, day) in zip(columns, days.items(), strict=True):
        with column:
            exhibit(
                "compare-map",
                replace(choice, as_of=day),
                {"view": filters.read("view")},
                key=key,
                view="city",
                on_select=_open,
            )
    keep_view("city", "view", lambda moved: filters.write("view", moved))


def change_map(choice: Choice, first: date) -> None:
    """What changed and nothing else."""
    exhibit(
        "change-map", choice, {"before": first, "view": filters.read("view")}, view="city", on_select=_open
    )


def _open(area: str) -> None:
    filters.write("area", area)


def list_of(rows: pd.DataFrame) -> None:
    """The changes in words, those of hands first; the chosen neighborhood on top."""
    area = filters.read("area")
    if area:
        st.page_link(
            "pages/control.py",
            label=_("Open the card of {name}").format(name=data.name_in_language(area)),
            icon=":material/arrow_forward:",
        )
    mine = rows["neighborhood_id"] == area
    chosen_first = pd.concat([rows[mine], rows[~mine]])
    for kind, label in figures.kind_labels().items():
        group = chosen_first[chosen_first["kind"] == kind]
        if group.empty:
            continue
        st.markdown(f"**{blocks.escaped(label[0].upper() + label[1:])}** ({len(group)})")
        names = ", ".join(
            f"{row.name} ({status_label(row.status_before).lower()} → {status_label(row.status).lower()})"
            for row in group.head(_LISTED).itertuples()
        )
        more = len(group) - _LISTED
        blocks.plain(names + (" " + _("and {more} more").format(more=more) if more > 0 else ""), small=True)


def sums(choice: Choice, first: date) -> None:
    """From which status to which, and gains and losses by week, in the denominator the reader chooses."""
    by = filters.select(
        "by",
        _("Count"),
        list(denominators()),
        default="neighborhoods",
        labels=denominators(),
        kind="segmented",
    )
    left, right = st.columns(2, gap="medium")
    with left:
        exhibit("transitions", choice, {"before": first, "by": by})
    with right:
        exhibit("gains-and-losses", choice, {"before": first, "by": by})


def table(rows: pd.DataFrame) -> None:
    """Every change with the statement that gives the later status."""
    st.markdown(f"## {_('All changes')}")
    labels = figures.kind_labels()
    shown = rows.assign(
        kind=rows["kind"].map(labels),
        status_before=rows["status_before"].map(status_label),
        status=rows["status"].map(status_label),
        claimant=rows["claimant"].map(lambda value: word("claimant", value)),
    )
    blocks.table(
        shown,
        {
            "name": _("Neighborhood"),
            "commune": _("Commune"),
            "status_before": _("Before"),
            "status": _("After"),
            "kind": _("Change"),
            "since": st.column_config.DateColumn(_("Since"), format="YYYY-MM-DD"),
            "claimant": _("Who says so"),
            **blocks.source_columns(),
            "area_km2": st.column_config.NumberColumn(_("km²"), format="%.1f"),
            "population": st.column_config.NumberColumn(_("People (2015)"), format="localized"),
        },
    )
