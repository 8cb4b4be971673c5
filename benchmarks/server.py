"""How long the server takes to answer a change of date, without any browser.

A websocket session (benchmarks.session) asks for a run of the page with the next date in its link. The time runs from the
request to the message that the run has finished: script, serialisation and the way through the loopback are in it, drawing
is not. Each date is asked for once (``new``) and, on the main pages after the others, a second time (``again``): the second
shows what caches are worth. The computing time of the server process in the same runs tells how busy the machine was besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.process import DATASETS, Server, serve
from benchmarks.session import Session, session
from monitor.ui.navigation import PAGES as REGISTRY

#: Pages asked, by the names they have in the report: those of issues 2 and 3, asked for as many dates as the caller wants, and
#: all others of the registry, asked for a few.
MAIN = {"control": "territorial-control", "overview": "", "incidents": "security-incidents"}
PAGES = MAIN | {
    entry.title.lower(): entry.url_path for entry in REGISTRY if entry.url_path not in MAIN.values()
}

_DATES_OF_OTHERS = 5

_LAST = date(2026, 2, 1)


def measure(repeats: int, *, datasets: Path = DATASETS, seconds: float = 60) -> dict[str, Any]:
    """Ask each page for dates and return lists of ms, computing ms and bytes by page, and its ``error`` if it fails.

    The pages of MAIN are asked for `repeats` dates, the others for a few.
    """
    kinds = ("first_ms", "new_ms", "new_cpu_ms", "again_ms", "again_cpu_ms", "bytes")
    found: dict[str, Any] = {name: {kind: [] for kind in kinds} for name in PAGES}
    with serve("ours", datasets=datasets) as server:
        for number, name in enumerate(PAGES):
            # Pages share cached panels, so every page gets days of its own.
            last = _LAST - timedelta(days=number % 7, weeks=60 * (number // 7))
            dates = repeats if name in MAIN else min(repeats, _DATES_OF_OTHERS)
            days = [last - timedelta(weeks=week) for week in range(1, dates + 1)]
            try:
                with session(server.url) as reader:
                    asked = _Page(server, reader, PAGES[name], seconds)
                    found[name]["first_ms"].append(asked.answer(last)[0])
                    for kind in ("new", "again") if name in MAIN else ("new",):
                        for ms, cpu_ms, size in map(asked.answer, days):
                            found[name][f"{kind}_ms"].append(ms)
                            found[name][f"{kind}_cpu_ms"].append(cpu_ms)
                            found[name]["bytes"].append(size)
            except (RuntimeError, TimeoutError) as error:
                found[name]["error"] = f"{type(error).__name__}: {error}"
        found["peak_mb"] = server.peak_mb()
    return found


def worst(found: Mapping[str, Any]) -> tuple[str, float] | None:
    """The page that takes longest for a new date, and its median in ms; None where no page answered."""
    medians = {name: median(found[name]["new_ms"]) for name in PAGES if found.get(name, {}).get("new_ms")}
    return max(medians.items(), key=lambda page: page[1]) if medians else None


@dataclass(frozen=True)
class _Page:
    """A page in a session."""

    server: Server
    reader: Session
    page: str
    seconds: float

    def answer(self, day: date) -> tuple[float, float, int]:
        """Ask for a day and return ms, computing ms and bytes of the answer."""
        before = self.server.cpu_ms()
        answer = self.reader.run(self.page, f"as_of={day}", seconds=self.seconds)
        if answer.errors:
            raise RuntimeError(f"/{self.page} on {day}: {answer.errors}")
        return answer.ms, self.server.cpu_ms() - before, answer.bytes
