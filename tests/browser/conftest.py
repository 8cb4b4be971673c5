"""Fixtures for tests in a real browser; everything in this folder carries the mark ``browser``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import PHONE, WIDE, launch, watched_page


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


# One browser for each file: Playwright keeps an event loop in this thread, which other tests must not find there.
@pytest.fixture(scope="module")
def browser(browser_program: str) -> Iterator[Browser]:
    """A headless browser that reaches no other machine."""
    with launch(browser_program) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1600 x 900 pixels; the test fails if it asks other machines or its scripts fail."""
    with watched_page(browser, WIDE) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page of 390 x 844 pixels on a touch screen, watched like `page`."""
    with watched_page(browser, PHONE) as opened:
        yield opened
