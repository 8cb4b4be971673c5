"""Who cannot see well, cannot point, enlarges the page or reads another language: what only a browser shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from monitor.ui.navigation import PAGES
from tests.browser.chromium import PHONE, WIDE, open_page, watched_page
from tests.server import Server

#: Good practice beyond them: what lets a reader find the way by headings and regions.
WAYS = (
    "heading-order",
    "page-has-heading-one",
    "empty-heading",
    "region",
    "landmark-one-main",
    "landmark-unique",
)
#: WCAG 2.2, levels A and AA.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {name: {"enabled": True} for name in WAYS},
}
#: A window of 1600 x 900 enlarged to 200 %.
ENLARGED = {"viewport": {"width": 800, "height": 450}, "device_scale_factor": 2}

_OVERFLOW = (Path(__file__).parent / "overflow.js").read_text(encoding="utf-8")
_WIDTHS = """
() => [
  document.scrollingElement,
  ...document.querySelectorAll('[data-testid="stMain"], [data-testid="stMainBlockContainer"]'),
].map((box) => box.scrollWidth)
"""
#: Parts of the page that change gradually.
_MOVING = """
() => [...document.querySelectorAll(".stApp *")]
  .filter((part) => {
    const { animationName, transitionDuration } = getComputedStyle(part);
    return animationName !== "none" || transitionDuration.split(",").some((seconds) => parseFloat(seconds) > 0);
  })
  .map((part) => part.outerHTML.slice(0, 100))
"""
#: What has the focus, and the outline that shows it.
_FOCUS = """
() => {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
  return {
    name: document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent,
    kind: document.activeElement.className,
    tag: document.activeElement.tagName,
    shown: (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none",
  };
}
"""


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def test_on_a_phone_no_page_violates_wcag_and_nothing_is_cut_off(dashboard: Server, browser: Browser) -> None:
    found = []
    for entry in PAGES:
        with watched_page(browser, PHONE) as page:
            open_page(page, f"{dashboard.url}/{entry.url_path}?lang=ht")
            assert page.locator("html").get_attribute("lang") == "ht"
            found += [f"{entry.script}: {what}" for what in (*_violations(page), *page.evaluate(_OVERFLOW))]
    assert found == []


def test_enlarged_to_200_percent_nothing_scrolls_sideways_or_is_cut_off(
    dashboard: Server, browser: Browser
) -> None:
    found = []
    for entry in PAGES:
        with watched_page(browser, ENLARGED) as page:
            open_page(page, f"{dashboard.url}/{entry.url_path}?lang=fr")
            if max(page.evaluate(_WIDTHS)) > ENLARGED["viewport"]["width"]:
                found.append(f"{entry.script}: wider than the window")
            found += [f"{entry.script}: {what}" for what in page.evaluate(_OVERFLOW)]
    assert found == []


def test_each_page_says_in_its_language_which_page_it_is(dashboard: Server, browser: Browser) -> None:
    titles = set()
    for address in ("", "retaken-areas", "?brief=16x9"):
        with watched_page(browser, WIDE) as page:
            open_page(page, f"{dashboard.url}/{address}{'&' if '?' in address else '?'}lang=fr")
            assert page.locator("html").get_attribute("lang") == "fr"
            titles.add(page.title())
    assert titles == {
        "Vue d’ensemble · Observatoire du conflit à Port-au-Prince",
        "Reprises · Observatoire du conflit à Port-au-Prince",
    }


def test_colours_of_the_reader_show_what_is_chosen_and_nothing_moves_for_who_wants_stillness(
    dashboard: Server, browser: Browser
) -> None:
    wishes = {"forced_colors": "active", "reduced_motion": "reduce", "color_scheme": "dark"}
    with watched_page(browser, {**WIDE, **wishes}) as page:
        open_page(page, f"{dashboard.url}/territorial-control?as_of=2025-06-25")
        chosen, other = (
            page.locator(f".stButtonGroup [role=radio][aria-checked={state}]").first.evaluate(
                "(button) => getComputedStyle(button).backgroundColor"
            )
            for state in ("true", "false")
        )
        assert chosen != other
        assert page.evaluate(_MOVING) == []


def test_the_dark_theme_violates_nothing_either(dashboard: Server, browser: Browser) -> None:
    with watched_page(browser, {**WIDE, "color_scheme": "dark"}) as page:
        open_page(page, f"{dashboard.url}/territorial-control?as_of=2025-06-25&area=solino")
        assert _violations(page) == []


@pytest.fixture
def control(dashboard: Server, page: Page) -> Page:
    open_page(page, f"{dashboard.url}/territorial-control?as_of=2025-06-25")
    return page


def _tabbed(page: Page, steps: int) -> Iterator[dict]:
    for _step in range(steps):
        page.keyboard.press("Tab")
        yield page.evaluate(_FOCUS)


def test_the_keyboard_reaches_languages_time_bar_and_map_and_shows_where_it_is(control: Page) -> None:
    seen = list(_tabbed(control, 60))
    # Fields show it at the edge around them, tables in what they draw.
    hidden = [stop for stop in seen if not stop["shown"] and stop["tag"] not in ("INPUT", "TD", "BODY")]
    assert hidden == []
    names = {stop["name"] for stop in seen}
    assert {"EN: English", "FR: Français", "HT: Kreyòl ayisyen"} <= names
    kinds = " ".join(str(stop["kind"]) for stop in seen)
    for part in ("time-bar-button", "time-bar-range", "maplibregl-canvas"):
        assert part in kinds, f"Tab never reaches {part}"


def test_a_language_is_chosen_with_the_keyboard_and_kept_over_pages(control: Page) -> None:
    link = control.get_by_role("link", name="HT: Kreyòl ayisyen")
    link.focus()
    link.press("Enter")
    control.wait_for_url("**lang=ht**")
    control.wait_for_function("() => document.documentElement.lang === 'ht'")
    control.locator("[data-testid=stTopNavLink][href*=retaken-areas]").click()
    control.wait_for_url("**/retaken-areas?**lang=ht**")


def test_every_figure_says_in_words_what_it_shows(control: Page) -> None:
    figures = control.locator(".figure-box")
    assert figures.count() > 0
    for figure in figures.all():
        words = figure.get_by_role("img").first.get_attribute("aria-label") or ""
        assert len(words) > 40
        assert any(letter.isdigit() for letter in words), words


def test_on_paper_stand_sentences_figures_and_tables_without_what_one_worked_with(
    dashboard: Server, page: Page
) -> None:
    for address in ("territorial-control", "data-status"):
        open_page(page, f"{dashboard.url}/{address}")
        page.emulate_media(media="print")
        seen = [
            what
            for what in (".stAppHeader", ".language-choice", ".stMain button", ".stMain input", ".time-bar")
            if page.locator(f"{what}:visible").count()
        ]
        assert seen == [], address
        assert page.locator("h1:visible").count() == 1
        assert page.locator(".stDataFrame:visible, .figure-box:visible").count() > 0
        page.emulate_media(media="screen")
