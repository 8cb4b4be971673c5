"""View of the page Methods: definitions and the source registry, from what the code uses."""

from __future__ import annotations

import streamlit as st

from monitor.analysis.definitions import DEFINITIONS, OTHER_DEFINITIONS, Definition, current_ids
from monitor.language import _, format_date
from monitor.ui import blocks, data, filters
from monitor.vocabulary import word


def _print(definition: Definition) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{blocks.escaped(_(definition.name))}** :small[{blocks.escaped(definition.definition_id)}]"
        )
        blocks.plain(_(definition.text))


def _in_use() -> None:
    """Say which definitions the link holds fast, and offer to let go of them."""
    held = sorted(set(filters.read("definitions", ())) - set(current_ids()))
    if not held:
        return
    with st.container(border=True):
        blocks.plain(
            _("This link is computed with {ids} and not with the definition in force.").format(
                ids=", ".join(held)
            )
        )
        st.button(
            _("Use the definitions in force"),
            key="definitions in force",
            on_click=filters.write,
            args=("definitions", None),
        )


def show() -> None:
    """Definitions with their ids, the default date, the crosswalk and the sources."""
    blocks.sentence(_("What every number means, in the words and with the constants that the code uses."))
    blocks.plain(
        _("The default date is {date}: after it, statements are too few.").format(
            date=format_date(data.default_date())
        ),
        small=True,
    )
    _in_use()
    for definition in DEFINITIONS:
        _print(definition)
    st.markdown(f"## {_('Definitions not in force')}")
    blocks.plain(
        _(
            "A definition that changes gets a new id, and links that name the old one keep its meaning. Open one of these to see every page with it."
        ),
        small=True,
    )
    for definition in OTHER_DEFINITIONS:
        _print(definition)
        st.button(
            _("Use {id} on all pages").format(id=definition.definition_id),
            key=f"use {definition.definition_id}",
            on_click=filters.write,
            args=("definitions", definition.definition_id),
        )
    st.markdown(f"## {_('Sources')}")
    blocks.plain(_("Every page cited, with its reuse note and the known bias of its kind."), small=True)
    rows = data.frame("sources").sort_values("published_date", ascending=False)
    blocks.table(
        rows.assign(
            source_type=rows["source_type"].map(lambda value: word("source_type", value)),
            known_bias=rows["known_bias"].map(lambda value: word("known_bias", value)),
        ),
        {
            "publisher": _("Publisher"),
            "title": _("Title"),
            "source_type": _("Kind"),
            "published_date": st.column_config.DateColumn(_("Published"), format="YYYY-MM-DD"),
            "source_url": st.column_config.LinkColumn(_("Link"), display_text=_("open")),
            "licence": _("Licence or reuse"),
            "known_bias": _("Known bias"),
            "rows_citing": st.column_config.NumberColumn(_("Rows citing"), format="%d"),
        },
        height=460,
    )
