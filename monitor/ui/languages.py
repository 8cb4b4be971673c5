"""The reader's language: taken from the link, chosen in the header of every page, told to the browser."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from monitor.language import LANGUAGES, _, format_number, language, machine_made, set_language
from monitor.ui import blocks, filters

_KEY = "language choice"
_FILES = Path(__file__).parent / "language_component"

_choice = st.components.v2.component(
    "languages",
    css=(_FILES / "languages.css").read_text(encoding="utf-8"),
    js=(_FILES / "languages.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def choose() -> None:
    """Set the language of this run from the link; English where the link names none, or one that is not offered."""
    wanted = st.query_params.get("lang", "en")
    set_language(wanted if wanted in LANGUAGES else "en")


def control() -> None:
    """EN FR HT in the header: links that work without a click, too, and the language of the document for the browser."""
    filters.read("lang")
    _choice(
        key=_KEY,
        data={"current": language(), "label": _("Language"), "languages": LANGUAGES},
        on_chosen_change=_write,
    )


def _write() -> None:
    chosen = st.session_state[_KEY]["chosen"]
    if chosen in LANGUAGES:
        filters.write("lang", None if chosen == "en" else chosen)


def note() -> None:
    """Last line of every page: how far this translation was reviewed, and what stays in the language of the data."""
    unseen, entries = machine_made(language())
    if not entries:
        return
    text = _(
        "Titles of sources, and remarks that nobody has translated yet, stay in the language they were written in."
    )
    if unseen:
        text = (
            _(
                "This translation was made by a machine; {seen} of {entries} texts were reviewed by a native speaker. In doubt the English page counts."
            ).format(seen=format_number(entries - unseen), entries=format_number(entries))
            + " "
            + text
        )
    blocks.plain(text, small=True)
