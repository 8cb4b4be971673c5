"""Brief mode and the export menu in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.chromium import open_page, wait_ready
from tests.server import Server

_BOX = """
() => { const box = document.querySelector('.figure-canvas').getBoundingClientRect();
        return [box.x, box.y, box.width, box.height]; }
"""


def test_the_same_link_gives_the_same_pixels_and_nothing_but_the_figure(
    dashboard: Server, page: Page
) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    link = f"{dashboard.url}/territorial-control?brief=16x9&as_of=2025-06-25"
    pictures = []
    for _time in range(2):
        open_page(page, link)
        pictures.append(page.screenshot())
    assert pictures[0] == pictures[1]
    assert page.evaluate(_BOX) == [0, 0, 1920, 1080]
    expect(page.get_by_role("img", name="Map of Port-au-Prince")).to_be_visible()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    assert page.locator(".figure-canvas canvas").count() == 0, "A map on a canvas is made of shapes."
    assert "Snapshot" in page.locator(".figure-canvas").inner_text()


def test_the_menu_gives_data_citation_and_links(dashboard: Server, page: Page) -> None:
    open_page(page, f"{dashboard.url}/mission-inputs?as_of=2025-06-25&lang=en")
    page.locator("[data-testid=stPopoverButton]:visible").filter(has_text="Export").first.click()
    wait_ready(page)
    body = page.get_by_test_id("stPopoverBody")
    expect(body.get_by_text("Accessed")).to_be_visible()
    link = body.get_by_text(f"{dashboard.url}/mission-inputs?as_of=2025-06-25&definitions=")
    expect(link.last).to_be_visible()
    address = body.get_by_role("link", name="XLSX").get_attribute("href")
    answer = page.request.get(f"{dashboard.url}/{address}")
    assert answer.status == 200
    assert answer.body().startswith(b"PK")
