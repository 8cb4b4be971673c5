"""PAGES: the one list of pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from monitor.language import _

_PAGES_FOLDER = Path(__file__).parent.parent.parent / "pages"


@dataclass(frozen=True)
class PageEntry:
    """A page: its script under ``pages/``, its address and its title.

    The first page is the default: its address is the root. The other addresses are hyphenated and differ from their
    script's stem.
    """

    script: str
    url_path: str
    title: str


PAGES: tuple[PageEntry, ...] = (
    PageEntry("overview.py", "", "Overview"),
    PageEntry("control.py", "territorial-control", "Control"),
    PageEntry("compare.py", "compare-dates", "Compare"),
    PageEntry("retaken.py", "retaken-areas", "Retaken"),
    PageEntry("sites.py", "key-sites", "Key sites"),
    PageEntry("events.py", "security-incidents", "Incidents"),
    PageEntry("actors.py", "armed-actors", "Actors"),
    PageEntry("mandate.py", "mission-inputs", "Mission"),
    PageEntry("evidence.py", "evidence-and-doubt", "Evidence"),
    PageEntry("changes.py", "weekly-digest", "Digest"),
    PageEntry("briefing.py", "briefing-builder", "Briefing"),
    PageEntry("datasets.py", "data-status", "Data"),
    PageEntry("definitions.py", "methods-used", "Methods"),
)


def navigation() -> st.Page:
    """Build the navigation and return the page to run."""
    return st.navigation(
        [
            st.Page(
                _PAGES_FOLDER / entry.script,
                title=_(entry.title),
                url_path=entry.url_path,
                default=not entry.url_path,
            )
            for entry in PAGES
        ],
        position="top",
    )
