"""A page in Chromium under measurement: when it is painted, how long a step takes, what travels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from tests.browser.chromium import WIDE, wait_ready

_PAINTED = Path(__file__).parent / "painted.js"

Part = Literal["sentence", "map"]


@dataclass
class Traffic:
    """What went over the wire: HTTP requests and their bytes as sent (compressed), websocket messages both ways."""

    requests: int = 0
    from_cache: int = 0
    http_bytes: int = 0
    messages: int = 0
    message_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Bytes of both."""
        return self.http_bytes + self.message_bytes

    def __sub__(self, before: Traffic) -> Traffic:
        """What was added since."""
        return Traffic(**{name: value - getattr(before, name) for name, value in asdict(self).items()})

    def copy(self) -> Traffic:
        """The counts so far."""
        return Traffic(**asdict(self))


class Sheet:
    """A page of 1600 × 900 pixels with our clock in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(200_000)
        self.page.add_init_script(path=_PAINTED)
        self.traffic = Traffic()
        self._cached: set[str] = set()
        tools = context.new_cdp_session(self.page)
        tools.on("Network.requestServedFromCache", lambda event: self._cached.add(event["requestId"]))
        tools.on("Network.responseReceived", self._responded)
        tools.on("Network.loadingFinished", self._finished)
        tools.on("Network.webSocketFrameReceived", self._message)
        tools.on("Network.webSocketFrameSent", self._message)
        tools.send("Network.enable")

    def open(self, url: str, *parts: Part) -> dict[str, float]:
        """Go to `url` and return when the navigation began, each part was painted and the whole page was (ms since 1970)."""
        self.page.goto(url, wait_until="commit")
        return self._ask("parts => bench.opened(parts)", list(parts))

    def step(self, act: Callable[[], object], *, event: str, kind: Literal["map", "chart"]) -> dict[str, Any]:
        """Do something and return ``ms`` from the browser's `event` to the painted figure, and whether its element was kept."""
        self.page.evaluate("([event, kind]) => bench.arm(event, kind)", [event, kind])
        act()
        return self._ask("() => bench.pending", None)

    def settle(self) -> None:
        """Wait until nothing is going on."""
        wait_ready(self.page, seconds=200)
        self.page.evaluate("() => bench.quiet()")

    def _ask(self, script: str, argument: object) -> Any:
        """Return the answer of our clock; if it gives up, say what is on the page."""
        try:
            return self.page.evaluate(script, argument)
        except PlaywrightError as error:
            text = " ".join(self.page.locator("body").inner_text().split())
            raise RuntimeError(f"{self.page.url}: {error.message}\nOn the page: {text[:1500]}") from error

    def _responded(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._cached:
            self.traffic.from_cache += 1
        else:
            self.traffic.requests += 1
            self.traffic.http_bytes += int(event["encodedDataLength"])

    def _message(self, event: dict[str, Any]) -> None:
        payload = event["response"]["payloadData"]
        is_text = event["response"]["opcode"] == 1
        self.traffic.messages += 1
        self.traffic.message_bytes += len(payload.encode()) if is_text else len(payload) * 3 // 4


@contextmanager
def sheet(browser: Browser) -> Iterator[Sheet]:
    """Yield a page of a browser that has never been here: nothing is cached."""
    context = browser.new_context(**WIDE)
    try:
        yield Sheet(context)
    finally:
        context.close()
