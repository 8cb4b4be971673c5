"""Chromium under Playwright: finding and launching it, waiting for Streamlit, and whole-page pictures."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, WebError, WebSocket, sync_playwright

SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDE = {"viewport": {"width": 1600, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

#: Programs that are tried in this order where MONITOR_BROWSER names none.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: WebGL without a graphics card; and no way out: every name and address but this machine's leads nowhere.
ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

_READY = """
() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app?.dataset.testScriptState === "notRunning"
    && app.dataset.testConnectionState === "CONNECTED"
    && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]')
    && [...document.querySelectorAll(".figure-box")].every((figure) => figure.dataset.state);
}
"""

_CONTENT_HEIGHT = """
() => {
  const main = document.querySelector('[data-testid="stMain"]');
  return Math.ceil(window.innerHeight - main.clientHeight + main.scrollHeight);
}
"""


def find_browser() -> str | None:
    """Return the path of the browser named by MONITOR_BROWSER, or else of the first one installed."""
    if named := os.environ.get("MONITOR_BROWSER"):
        if found := shutil.which(named):
            return found
        raise FileNotFoundError(
            f"MONITOR_BROWSER={named} is not a program. Give the path of Chromium or Chrome."
        )
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def launch(program: str) -> Iterator[Browser]:
    """Yield a running headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(browser: Browser, options: dict) -> Iterator[Page]:
    """Yield a page; afterwards fail if it asked anything of another machine or a script of it failed.

    `options` are those of a browser context: WIDE, PHONE, or one of them with, say, ``locale``.
    """
    outside: list[str] = []
    errors: list[str] = []

    def note(asked: Request | WebSocket) -> None:
        if not _stays_here(asked.url):
            outside.append(asked.url)

    def note_error(error: WebError) -> None:
        errors.append(str(error.error))

    context = browser.new_context(**options)
    context.on("request", note)
    context.on("page", lambda page: page.on("websocket", note))
    context.on("weberror", note_error)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not outside, f"The page asked other machines: {sorted(set(outside))}"
    assert not errors, f"Scripts of the page failed: {errors}"


def _stays_here(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in ("data", "blob") or address.hostname in ("127.0.0.1", "localhost", "::1")


def wait_ready(page: Page, *, seconds: float = 60) -> None:
    """Wait until the script has run, nothing is stale or still loading, and every figure is drawn.

    All that must hold for a quarter of a second: a widget may set off another run just after the first.
    """
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        page.wait_for_function(_READY, timeout=max(left, 0.1) * 1000)
        page.wait_for_timeout(250)
        if page.evaluate(_READY):
            return


def open_page(page: Page, url: str) -> None:
    """Go to `url` and wait until the page is ready."""
    page.goto(url)
    wait_ready(page)


def full_page(page: Page, path: Path) -> None:
    """Save a picture of the whole page. Streamlit scrolls inside the window, so the window is made as high as the content."""
    size = page.viewport_size
    assert size is not None
    for _ in range(3):
        height = page.evaluate(_CONTENT_HEIGHT)
        if height <= page.viewport_size["height"]:
            break
        page.set_viewport_size({"width": size["width"], "height": height})
        wait_ready(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    page.set_viewport_size(size)
