"""Every page in a real browser: its link on a server just started, and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from monitor.ui.navigation import PAGES, PageEntry
from tests.browser.chromium import full_page, open_page
from tests.browser.shots import picture
from tests.server import Server

every_page = pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.script)

_WIDTHS = """
() => [
  document.scrollingElement,
  ...document.querySelectorAll('[data-testid="stMain"], [data-testid="stMainBlockContainer"]'),
].map((box) => box.scrollWidth)
"""


def _check_opening(page: Page) -> None:
    """No error, no figure that failed, a heading, and a sentence that says something."""
    assert page.get_by_test_id("stException").all_inner_texts() == []
    assert page.locator(".figure-box[data-state=failed]").all_inner_texts() == []
    main = page.get_by_test_id("stMain")
    expect(main.locator("h1:visible").first).to_be_visible()
    texts = main.locator("h1, p").all_inner_texts()
    assert any(len(text.split()) >= 5 for text in texts), f"No sentence on the page: {texts}"


@every_page
def test_link_works_on_a_server_just_started(
    start_dashboard: Callable[..., Server], page: Page, entry: PageEntry
) -> None:
    server = start_dashboard()
    address = f"{server.url}/{entry.url_path}"
    open_page(page, address)
    assert "Traceback" not in server.output(), server.output()
    _check_opening(page)
    assert page.url.split("?")[0] == address, "The page moved to another address."
    full_page(page, picture(entry, "wide"))


@every_page
def test_fits_a_phone(dashboard: Server, phone: Page, entry: PageEntry) -> None:
    open_page(phone, f"{dashboard.url}/{entry.url_path}")
    _check_opening(phone)
    assert max(phone.evaluate(_WIDTHS)) <= 390, "The page is wider than the phone."
    full_page(phone, picture(entry, "phone"))


def test_file_name_is_no_way_around_the_entry_point(
    start_dashboard: Callable[..., Server], page: Page
) -> None:
    """Until st.navigation has run once, Streamlit would serve pages/x.py as /x: past dashboard.py and any login there."""
    server = start_dashboard()
    open_page(page, f"{server.url}/{Path(PAGES[1].script).stem}")
    expect(page.get_by_test_id("stTopNavLink").first).to_be_attached()
