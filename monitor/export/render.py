"""Figures as PNG, SVG and PDF, drawn by one warm Chrome that stays until it has been idle for a while.

The same figure gives the same bytes: the page in which Plotly draws begins with random numbers of a fixed seed, so the ids
inside an SVG are the same each time, and dates that Chrome writes into a PDF are set to a fixed one.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import os
import re
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from monitor.charts.standing import fits, is_roomy, standing
from monitor.export.figures.base import BuiltFigure
from monitor.export.hatches import with_lines
from monitor.language import _, language

if TYPE_CHECKING:
    from kaleido import Kaleido

BROWSER_VARIABLE = "MONITOR_BROWSER"
FORMATS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}

#: Seconds for one picture, and seconds without work after which Chrome ends.
_TIMEOUT_S, _IDLE_S = 60.0, 600.0

#: Pictures drawn at the same time.
_TABS = 2

# Numerical Recipes' linear congruential generator; it begins anew with each picture.
_START = 20240625
_SEED = f"""
<script>
  let state = {_START};
  Math.random = () => (state = (1664525 * state + 1013904223) >>> 0) / 4294967296;
</script>
"""


class NoBrowserError(RuntimeError):
    """No Chrome or Chromium on this machine; the message says what to install."""


@dataclass(frozen=True)
class Canvas:
    """A size to draw for: layout px, and how many px of the file each of them becomes.

    ``height`` None is what the figure needs at this width.
    """

    width: float
    height: float | None = None
    scale: float = 2.0


#: Pictures without a fixed canvas.
PLAIN = Canvas(1000)

#: Fixed canvases of briefings, in px of the picture.
BRIEF_SIZES = {"16x9": (1920, 1080), "4x3": (1440, 1080), "square": (1080, 1080), "a4": (1240, 1754)}

#: Enlargements tried for a fixed canvas, the largest type first; the large ones only where much would stay empty without.
_LARGE = (2.6, 2.4, 2.2, 2.0)
_ENLARGEMENTS = (1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0, 0.9, 0.8)


def brief_canvas(built: BuiltFigure, brief: str) -> Canvas:
    """Canvas of a briefing for a figure."""
    return fitted_canvas(built, *BRIEF_SIZES[brief])


def fitted_canvas(built: BuiltFigure, width: int, height: int, *, density: float = 1.0) -> Canvas:
    """Canvas of a size in px of the picture, with the largest type at which all parts of the figure fit.

    Parameters
    ----------
    density
        Px of the picture for each px of a screen that shows a slide 1920 px wide.
    """
    for enlargement in _LARGE + _ENLARGEMENTS:
        scale = enlargement * density
        # A little more than the size: the number of px is cut to whole ones.
        wide, tall = (width + 0.01) / scale, (height + 0.01) / scale
        if enlargement in _LARGE and not is_roomy(built.figure, wide, tall):
            continue
        if fits(built.figure, wide, tall):
            break
    return Canvas(wide, tall, scale)


@dataclass(frozen=True)
class Job:
    """A picture to draw."""

    built: BuiltFigure
    file_format: str
    canvas: Canvas = PLAIN


def render(built: BuiltFigure, file_format: str, canvas: Canvas = PLAIN) -> bytes:
    """Return a figure as the bytes of a file.

    Raises
    ------
    NotStampedError
        The figure has no stamp.
    NoBrowserError
        There is no Chrome or Chromium.
    """
    return render_all([Job(built, file_format, canvas)])[0]


def render_all(jobs: Sequence[Job], done: Callable[[int], object] = lambda number: None) -> list[bytes]:
    """Return several figures as files, two drawn at a time; raises as :func:`render`.

    Parameters
    ----------
    done
        Called in the caller's thread after each file, in their order, with the number of those done.
    """
    bodies = _warm.run_all([_drawing(job) for job in jobs], done)
    return [_finished(body, job) for body, job in zip(bodies, jobs, strict=True)]


def _drawing(job: Job) -> Callable[[Kaleido], Awaitable[bytes]]:
    canvas = job.canvas
    figure = standing(job.built.figure, width=canvas.width, height=canvas.height)
    height = figure.layout.height
    options = {
        "format": "png" if job.file_format == "png" else "svg",
        "width": canvas.width,
        "height": height,
        "scale": canvas.scale if job.file_format == "png" else 1,
    }
    if job.file_format != "pdf":
        return lambda browser: browser.calc_fig(figure, options)
    spoken = language()

    async def drawn(browser: Kaleido) -> bytes:
        svg = _described(await browser.calc_fig(figure, options), job.built)
        size = f"width:{canvas.width:g}px;height:{height:g}px"
        # A hair higher than the page's content: what is rounded up must not open a second page.
        style = f"@page{{size:{canvas.width:g}px {height + 0.5:g}px;margin:0}}body{{margin:0}}img{{display:block;{size}}}"
        title = escape(job.built.stamp.title)
        head = f"<meta charset='utf-8'><title>{title}</title><style>{style}</style>"
        body = picture_element(svg, job.built.alt)
        return await _printed(
            browser, f"<!DOCTYPE html><html lang='{spoken}'><head>{head}</head><body>{body}</body></html>"
        )

    return drawn


def _finished(body: bytes, job: Job) -> bytes:
    if job.file_format == "svg":
        return _described(_named(body), job.built)
    return _undated(body) if job.file_format == "pdf" else body


def picture_element(svg: bytes, alt: str, style: str = "") -> str:
    """Return an SVG as an element of a page to print: it stays a picture of lines, hatches included."""
    encoded = base64.b64encode(with_lines(svg)).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{encoded}" style="{style}">'


def print_pages(html: str) -> bytes:
    """Return a page of HTML as PDF, with the sizes of its ``@page`` rules."""
    return _undated(_warm.run_all([lambda browser: _printed(browser, html)])[0])


async def _printed(browser: Any, html: str) -> bytes:
    with TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        tab = await browser.create_tab(url="", window=True)
        try:
            await tab.send_command("Page.enable")
            loaded = tab.subscribe_once("Page.loadEventFired")
            await tab.send_command("Page.navigate", params={"url": page.as_uri()})
            await asyncio.wait_for(loaded, _TIMEOUT_S)
            answer = await tab.send_command(
                "Page.printToPDF",
                params={"printBackground": True, "preferCSSPageSize": True, "generateTaggedPDF": True},
            )
        finally:
            await browser.close_tab(tab.target_id)
    return base64.b64decode(answer["result"]["data"])


def close() -> None:
    """End Chrome; the next picture starts it again."""
    _warm.close()


def browser_path() -> str | None:
    """Path of the browser named by MONITOR_BROWSER; None leaves the search to kaleido."""
    return os.environ.get(BROWSER_VARIABLE) or None


class _WarmBrowser:
    """One Chrome with an event loop of its own, in a thread, for callers in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._browser: Kaleido | None = None
        self._idle: threading.Timer | None = None

    def run_all(
        self,
        works: Sequence[Callable[[Kaleido], Awaitable[bytes]]],
        done: Callable[[int], object] = lambda number: None,
    ) -> list[bytes]:
        """Return what each of some works returns; a Chrome that does not answer is ended and started again, once."""
        results: list[bytes] = []
        with self._lock:
            if self._idle:
                self._idle.cancel()
            try:
                try:
                    self._collect(works, results, done)
                except (TimeoutError, OSError, RuntimeError) as error:
                    if isinstance(error, NoBrowserError):
                        raise
                    self._end()
                    self._collect(works[len(results) :], results, done)
            finally:
                self._idle = threading.Timer(_IDLE_S, self.close)
                self._idle.daemon = True
                self._idle.start()
        return results

    def close(self) -> None:
        """End Chrome."""
        with self._lock:
            if self._idle:
                self._idle.cancel()
            self._end()

    def _collect(
        self,
        works: Sequence[Callable[[Kaleido], Awaitable[bytes]]],
        results: list[bytes],
        done: Callable[[int], object],
    ) -> None:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="pictures", daemon=True).start()
        loop = self._loop
        if self._browser is None:
            self._browser = self._await(_opened())
        browser = self._browser

        async def worked(work: Callable[[Kaleido], Awaitable[bytes]]) -> bytes:
            return await work(browser)

        asked = [asyncio.run_coroutine_threadsafe(worked(work), loop) for work in works]
        try:
            for answer in asked:
                results.append(answer.result(_TIMEOUT_S))
                done(len(results))
        finally:
            for answer in asked:
                answer.cancel()

    def _await(self, coroutine: Any) -> Any:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_TIMEOUT_S)

    def _end(self) -> None:
        browser, self._browser = self._browser, None
        loop, self._loop = self._loop, None
        if browser is not None and loop is not None:
            closing = asyncio.run_coroutine_threadsafe(browser.close(), loop)
            closing.exception(10)
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)


async def _opened() -> Kaleido:
    """Start Chrome with our page; NoBrowserError says what to install where there is none."""
    import kaleido
    from kaleido.errors import ChromeNotFoundError

    class Drawing(kaleido.Kaleido):  # type: ignore[misc]
        """Kaleido without loading the page anew after each picture, which takes it as long as the picture itself."""

        async def _return_kaleido_tab(self, tab: Any) -> None:
            await tab.tab.send_command("Runtime.evaluate", params={"expression": f"state = {_START}"})
            await self.tabs_ready.put(tab)

    page = kaleido.PageGenerator(mathjax=False)
    page.header = page.header + _SEED
    try:
        browser = Drawing(n=_TABS, page_generator=page, timeout=_TIMEOUT_S, path=browser_path())
    except ChromeNotFoundError:
        raise NoBrowserError(
            _(
                "Pictures are drawn by Chrome or Chromium, and there is none on this machine. Install one (on Debian and "
                "Ubuntu: apt-get install chromium fonts-liberation), or name it in MONITOR_BROWSER. Everything else works "
                "without it, data files included."
            )
        ) from None
    await browser.open()
    return browser


_warm = _WarmBrowser()
atexit.register(_warm.close)


def _named(svg: bytes) -> bytes:
    """Give the ids of a picture a part of their own, so that several can stand in one document."""
    found = re.search(rb'id="defs-([0-9a-f]{6})"', svg)
    return svg if found is None else svg.replace(found[1], sha256(svg).hexdigest()[:6].encode())


def _described(svg: bytes, built: BuiltFigure) -> bytes:
    """Give a picture its title and description, which screen readers read."""
    words = f"<title>{escape(built.stamp.title)}</title><desc>{escape(built.alt)}</desc>"
    head, end, rest = svg.decode().partition(">")
    return f'{head} role="img"{end}{words}{rest}'.encode()


def _undated(pdf: bytes) -> bytes:
    """Set the dates that Chrome writes into a PDF to a fixed one of the same length."""
    return re.sub(
        rb"/(CreationDate|ModDate) \(D:\d{14}",
        lambda found: b"/" + found[1] + b" (D:20000101000000",
        pdf,
    )
