"""Pieces of pages: the frame that every page stands in, links to sources, tables, cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pandas as pd
import streamlit as st

from loaders.contracts import CONTRACTS
from monitor.language import _, format_date, mark, marked
from monitor.ui import data, filters
from monitor.vocabulary import remark, word

#: States of a dataset's age, in words.
STATES = {
    "in order": marked("in order"),
    "overdue": marked("overdue"),
    "failed": marked("last refresh failed"),
    "not fetched": marked("not fetched yet"),
}
_BADGES = {
    "in order": ("gray", ":material/check:"),
    "overdue": ("orange", ":material/schedule:"),
    "failed": ("red", ":material/sync_problem:"),
}

#: Columns with texts of ours, which tables show in the reader's language; names are translated where a table gets them.
_REMARKS = {
    column.name for contract in CONTRACTS.values() for column in contract.columns if column.translated != "no"
} - {"name"}


@contextmanager
def page(*dataset_ids: str) -> Iterator[None]:
    """Run a page's body; a dataset that cannot be served gives one clear message on this page only.

    Below the body stands how old the datasets are that the page is drawn from.
    """
    filters.report_unknown()
    filters.report_snapshot()
    try:
        yield
        freshness(*dataset_ids)
    except data.DatasetError as error:
        st.error(
            _("This page needs data that cannot be served.")
            + f"\n\n{with_commands(str(error))}\n\n"
            + _("Other pages keep working."),
            icon=":material/database_off:",
        )


def freshness(*dataset_ids: str) -> None:
    """One small badge per dataset: to which day it reaches, and whether it is overdue or could not be refreshed."""
    badges = []
    for age in data.freshness(*dataset_ids) if dataset_ids else []:
        if age.state not in _BADGES:
            continue
        colour, icon = _BADGES[age.state]
        text = data.title(age.dataset_id)
        if age.last_world is not None:
            text = _("{dataset} to {date}").format(dataset=text, date=format_date(age.last_world))
        elif age.last_fetch is not None:
            text = _("{dataset} of {date}").format(dataset=text, date=format_date(age.last_fetch))
        if age.state != "in order":
            text += f" · {_(STATES[age.state])}"
        if age.breaks:
            text += f" · {_('break in its volume')}"
        badges.append(f":{colour}-badge[{icon} {escaped(text)}]")
    if badges:
        st.markdown(" ".join(badges))


def safe_csv(rows: pd.DataFrame) -> bytes:
    """Rows as CSV with a byte-order mark; a text that a spreadsheet program would compute gets an apostrophe in front."""
    texts = rows.astype("str")
    risky = texts.apply(lambda column: column.str.match(r"'*[=+\-@\t\r]"))
    return texts.mask(risky, "'" + texts).to_csv(index=False).encode("utf-8-sig")


def escaped(text: str) -> str:
    """Text from data or errors, with Markdown's marks made harmless."""
    for sign in "\\`*_{}[]<>()#+-!|~$:":
        text = text.replace(sign, "\\" + sign)
    return text


def with_commands(message: str) -> str:
    """Text of an error like :func:`escaped`, with what it puts between backticks as code: as text, ``--`` would become a dash."""
    parts = message.split("`")
    if len(parts) % 2 == 0:
        return escaped(message)
    return "".join(f"`{part}`" if number % 2 else escaped(part) for number, part in enumerate(parts))


def sentence(text: str) -> None:
    """The page's first line: what the numbers say, as its heading."""
    st.markdown(f"# {escaped(text)}")


def plain(text: str, *, small: bool = False) -> None:
    """A paragraph of text that is never read as markup."""
    (st.caption if small else st.markdown)(escaped(text))


def number(label: str, value: str, basis: str) -> None:
    """One number in a frame, with what it is and what it rests on."""
    with st.container(border=True):
        plain(label, small=True)
        st.markdown(f"## {escaped(value)}")
        plain(basis, small=True)


def age_note(choice: data.Choice) -> None:
    """How old the data is at the chosen date, under the heading."""
    plain(age_text(choice), small=True)


def age_text(choice: data.Choice) -> str:
    """How old the data is at the chosen date, in words."""
    default, last = data.default_date(), data.last_date()
    text = _("Well covered to {covered}; last statement {last}.").format(
        covered=format_date(default), last=format_date(last)
    )
    if choice.as_of > default:
        text += " " + _("The chosen date lies after that: fewer and older reports, more unknown.")
    if choice.known_on is not None:
        text += " " + _("Only what was recorded by {date} counts.").format(date=format_date(choice.known_on))
    return text


@contextmanager
def folded(label: str, key: str) -> Iterator[bool]:
    """A part that the reader unfolds; nothing in it should be computed or sent before: it yields whether it is open."""
    part = st.expander(label, key=key, on_change="rerun")
    with part:
        yield bool(part.open)


def source_columns() -> dict[str, Any]:
    """Column settings of tables that show sources: the link, and recall made visible (values: see :func:`table`)."""
    return {
        "source_publisher": st.column_config.TextColumn(_("Source")),
        "source_url": st.column_config.LinkColumn(_("Link"), display_text=_("open")),
        "source_checked": st.column_config.TextColumn(
            _("Checked"),
            help=_("From recall: from knowledge, the source is believed to carry it"),
        ),
    }


def table(
    rows: pd.DataFrame,
    columns: dict[str, Any],
    *,
    height: int | Literal["auto"] = "auto",
    key: str | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A sortable table of the named columns; with ``on_select``, a row can be chosen (``session_state[key]`` says which)."""
    chosen: dict[str, Any] = (
        {} if on_select is None else {"key": key, "on_select": on_select, "selection_mode": "single-row"}
    )
    shown = rows[list(columns)]
    if "source_checked" in shown:
        shown = shown.assign(
            source_checked=[word("source_checked", value) for value in shown["source_checked"]]
        )
    shown = shown.assign(
        **{name: shown[name].map(remark, na_action="ignore") for name in _REMARKS & set(shown)}
    )
    st.dataframe(
        shown,
        column_config=columns,
        hide_index=True,
        width="stretch",
        height=height,
        placeholder="–",
        **chosen,
    )


def statement(row: Any, *, place: str | None = None) -> None:
    """One statement: date, place, what was said, who says so, how far verified, link."""
    who = remark(row.claimant_name) if isinstance(row.claimant_name, str) else word("claimant", row.claimant)
    tail = [
        escaped(who),
        escaped(word("verification", row.verification)),
        link(row.source_publisher, row.source_url),
    ]
    if row.source_checked == "recall":
        tail.append(_("from recall"))
    head = [
        f"**{format_date(row.from_earliest)}**",
        *([f"**{escaped(place)}**"] if place else []),
        escaped(row.status_label),
    ]
    note = f"{mark(':')}{escaped(remark(row.note))}" if isinstance(row.note, str) else ""
    st.markdown(f"{' · '.join(head)}{note}  \n:small[{' · '.join(tail)}]")


def link(text: str, url: Any) -> str:
    """Markdown link to a source, or its plain name where it has no page."""
    if not isinstance(url, str):
        return escaped(text)
    return f"[{escaped(text)}]({url.replace('(', '%28').replace(')', '%29')})"
