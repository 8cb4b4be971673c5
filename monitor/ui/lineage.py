"""The numbers of a page, opened: rows, filters, formula, definitions, snapshot and link of each."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from monitor.analysis import lineage
from monitor.analysis.lineage import HEADLINES, Lineage
from monitor.charts.style import evidence_label
from monitor.export import link
from monitor.language import _, format_date, format_number, format_people, format_percent, language
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import site

#: Rows shown; the download has all.
_SHOWN = 200


def value_text(value: float, unit: str) -> str:
    """A headline's value as a page prints it."""
    if np.isnan(value):
        return "–"
    if unit == "share":
        return format_percent(value)
    if unit == "people":
        return format_people(value)
    return format_number(value, 1 if unit in ("days", "rate") and value % 1 else 0)


def numbers(choice: Choice, *headline_ids: str) -> None:
    """Offer to open the numbers of a page's sentence; nothing is computed before the reader asks.

    A link with ``number`` opens that number.
    """
    asked = filters.read("number")
    if asked is not None and asked not in HEADLINES:
        filters.report("number", asked, _("there is no such number"))
        asked = None
    menu = st.popover(
        _("Where these numbers come from"),
        type="tertiary",
        icon=":material/account_tree:",
        key="numbers",
        on_change="rerun",
    )
    ids = list(headline_ids)
    if asked is not None and asked in ids:
        with st.container(border=True):
            _open(choice, asked)
            st.button(_("Close"), on_click=filters.write, args=("number", None), key="close number")
    if menu.open:
        with menu:
            chosen = st.selectbox(
                _("Number"),
                ids,
                format_func=lambda name: _(HEADLINES[name].name),
                key="number opened",
            )
            _open(choice, chosen)


def page_numbers(choice: Choice, page: str) -> None:
    """Offer to open the numbers that a page prints first, by its address."""
    numbers(choice, *ids_of([page]))


def _open(choice: Choice, headline_id: str) -> None:
    opened = lineage.trace(headline_id, data.model(), choice)
    headline = opened.headline
    blocks.plain(_(headline.name), small=True)
    st.markdown(f"## {blocks.escaped(value_text(opened.value, headline.unit))}")
    blocks.plain(_("Formula: {formula}").format(formula=_(headline.formula)))
    again = lineage.recompute(headline, opened.rows) if len(opened.rows) else 0.0
    blocks.plain(
        _("{counted} of {rows} rows count; the formula applied to them gives {value}.").format(
            counted=int(opened.rows["counts"].sum()),
            rows=len(opened.rows),
            value=value_text(again, headline.unit),
        )
    )
    blocks.plain(_filters(choice), small=True)
    blocks.plain(
        _("Definitions: {ids} (on the page Methods). Snapshot {snapshot}.").format(
            ids=", ".join(headline.definitions) or "–", snapshot=data.model().snapshot_id
        ),
        small=True,
    )
    _rows(opened, choice)


def _filters(choice: Choice) -> str:
    parts = [_("as of {date}").format(date=format_date(choice.as_of))]
    if choice.known_on is not None:
        parts.append(_("as known on {date}").format(date=format_date(choice.known_on)))
    parts.append(_("evidence: {level}").format(level=evidence_label(choice.evidence)))
    parts.append(_("a report counts for {days} days").format(days=choice.stale_after_days))
    return _("Filters: {filters}").format(filters=", ".join(parts))


def _rows(opened: Lineage, choice: Choice) -> None:
    rows = opened.rows.sort_values("counts", ascending=False, kind="stable")
    first = ["counts", "weight"]
    hidden = {"source_checked"} & set(rows.columns)
    shown = rows[[*first, *(name for name in rows.columns if name not in first and name not in hidden)]]
    st.dataframe(
        shown.head(_SHOWN),
        hide_index=True,
        width="stretch",
        height=260,
        column_config={"source_url": st.column_config.LinkColumn(_("Link"), display_text=_("open"))},
    )
    name = opened.headline.headline_id
    st.download_button(
        _("Download the rows (CSV)"),
        csv_of(opened),
        file_name=f"{name}-{choice.as_of}.csv",
        mime="text/csv",
        key=f"rows of {name}",
    )
    query = link.query_of(choice, {"number": name}, language=language(), snapshot_id=data.model().snapshot_id)
    page = opened.headline.page
    st.code(f"{site()}{link.address(page, query)}", language=None, wrap_lines=True)


def csv_of(opened: Lineage) -> bytes:
    """The rows as a file that gives the number again: ``counts`` and ``weight`` first."""
    text = io.StringIO()
    rows = opened.rows[["counts", "weight", *opened.rows.columns.drop(["counts", "weight"])]]
    rows.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode("utf-8")


def moved_table(moved: pd.DataFrame, then: str, now: str) -> None:
    """Headlines that differ between two states of knowledge."""
    rows = moved.assign(
        name=[_(name) for name in moved["name"]],
        then=[_precise(row.then, row.unit) for row in moved.itertuples()],
        now=[_precise(row.now, row.unit) for row in moved.itertuples()],
    )
    blocks.table(rows, {"name": _("Number"), "then": then, "now": now})


def _precise(value: float, unit: str) -> str:
    """A value with a decimal more: both sides of a small move would else be printed alike."""
    if unit == "share" and not np.isnan(value):
        return f"{format_number(100 * value, 1)}\u00a0%"
    return format_number(value) if unit == "people" else value_text(value, unit)


def ids_of(pages: Sequence[str]) -> list[str]:
    """Headlines first printed on some pages."""
    return [name for name, headline in HEADLINES.items() if headline.page in pages]
