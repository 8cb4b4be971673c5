"""What the benchmark of the server asks for: every page, and every part of a page that stands behind a choice in the link."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from benchmarks.server import PARTS, VIEWS
from monitor.ui import events, evidence, mission, retaken, sites
from monitor.ui.navigation import PAGES

PARTED: dict[str, Callable[[], Mapping[str, str]]] = {
    "retaken-areas": retaken.parts,
    "key-sites": sites.parts,
    "security-incidents": events.parts,
    "mission-inputs": mission.parts,
    "evidence-and-doubt": evidence.parts,
}


def test_every_page_is_asked_for() -> None:
    assert {view.page for view in VIEWS.values() if not view.query} == {entry.url_path for entry in PAGES}


@pytest.mark.parametrize("page", PARTED)
def test_every_part_is_asked_for_but_the_first_which_the_page_shows(page: str) -> None:
    assert PARTS[page] == tuple(PARTED[page]())[1:]


def test_no_other_page_has_parts() -> None:
    assert PARTS.keys() == PARTED.keys()
