"""A server that has just started, as its first reader sees it: the map first, and the rest once that is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import open_page, wait_ready
from tests.server import serve

_TOP = "() => document.querySelector('.figure-box').getBoundingClientRect().y"
_MAP = "() => document.querySelector('.figure-plot')._fullLayout.map._subplot.map"


@pytest.fixture
def told(page: Page) -> list[str]:
    """What the page tells the server of itself."""
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url) if request.method == "POST" else None)
    return told


def test_map_comes_before_the_page_has_run_and_stays(page: Page, told: list[str], tmp_path: Path) -> None:
    with serve(tmp_path / "first.txt") as first:
        open_page(page, first.url)
        sentence = page.locator("h1").inner_text()
    with serve(tmp_path / "second.txt") as second:
        told.clear()
        page.goto(second.url, wait_until="commit")
        page.wait_for_function("document.querySelector('.figure-box')?.dataset.state === 'drawn'")
        kept = page.evaluate_handle(_MAP)
        top = page.evaluate(_TOP)
        assert page.locator("h1").inner_text() == sentence
        wait_ready(page)
        assert page.locator("h1").inner_text() == sentence
        assert told == [f"{second.url}/drawn"]
        assert page.evaluate(_TOP) == top, "what comes later pushes the map down"
        assert page.evaluate(f"kept => kept === ({_MAP})()", kept)
