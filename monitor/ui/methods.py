"""View of the page Methods: definitions and the source registry, from what the code uses."""

from __future__ import annotations

import streamlit as st

from monitor.analysis.definitions import DEFINITIONS
from monitor.language import _, format_date
from monitor.ui import blocks, data
from monitor.vocabulary import word


def show() -> None:
    """Definitions with their ids, the default date, the crosswalk and the sources."""
    blocks.sentence(_("What every number means, in the words and with the constants that the code uses."))
    blocks.plain(
        _("The default date is {date}: after it, statements are too few.").format(
            date=format_date(data.default_date())
        ),
        small=True,
    )
    for definition in DEFINITIONS:
        with st.container(border=True):
            st.markdown(
                f"**{blocks.escaped(_(definition.name))}** :small[{blocks.escaped(definition.definition_id)}]"
            )
            blocks.plain(_(definition.text))
    st.markdown(f"#### {_('Sources')}")
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
