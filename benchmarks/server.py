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

#: Pages asked for as many dates as the caller wants, by the names they have in the report.
MAIN = {"control": "territorial-control", "overview": "", "incidents": "security-incidents"}

#: Parts of pages that stand behind a choice in the link (``show``), by address; without one a page shows another part.
PARTS = {
    "retaken-areas": ("claimants", "spells", "after"),
    "key-sites": ("surroundings", "reach", "service"),
    "security-incidents": ("rates", "providers"),
    "mission-inputs": ("funding", "inputs", "statements", "police"),
    "evidence-and-doubt": ("sources", "time", "silence"),
}


@dataclass(frozen=True)
class View:
    """What is asked for: the address of a page and what stands in its link beside the date."""

    page: str
    query: str = ""


def _views() -> dict[str, View]:
    main = {name: View(page) for name, page in MAIN.items()}
    others = {entry.title.lower(): View(entry.url_path) for entry in REGISTRY}
    parts = {
        f"{entry.title.lower()}: {part}": View(entry.url_path, f"show={part}")
        for entry in REGISTRY
        for part in PARTS.get(entry.url_path, ())
    }
    return main | others | parts


#: All pages of the registry and their parts, by the names they have in the report; those outside MAIN are asked for a few dates.
VIEWS = _views()

_DATES_OF_OTHERS = 5

_LAST = date(2026, 2, 1)


def measure(repeats: int, *, datasets: Path = DATASETS, seconds: float = 60) -> dict[str, Any]:
    """Ask each page for dates and return lists of ms, computing ms and bytes by view, and its ``error`` if it fails.

    Those of MAIN are asked for `repeats` dates, the others for a few.
    """
    kinds = ("first_ms", "new_ms", "new_cpu_ms", "again_ms", "again_cpu_ms", "bytes")
    found: dict[str, Any] = {name: {kind: [] for kind in kinds} for name in VIEWS}
    with serve("ours", datasets=datasets) as server:
        for number, name in enumerate(VIEWS):
            # Pages share cached panels, so every view gets days of its own.
            last = _LAST - timedelta(days=number % 7, weeks=20 * (number // 7))
            dates = repeats if name in MAIN else min(repeats, _DATES_OF_OTHERS)
            days = [last - timedelta(weeks=week) for week in range(1, dates + 1)]
            try:
                with session(server.url) as reader:
                    asked = _Asked(server, reader, VIEWS[name], seconds)
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
    """The page or part that takes longest for a new date, and its median in ms; None where none answered."""
    medians = {name: median(found[name]["new_ms"]) for name in VIEWS if found.get(name, {}).get("new_ms")}
    return max(medians.items(), key=lambda page: page[1]) if medians else None


@dataclass(frozen=True)
class _Asked:
    """A view in a session."""

    server: Server
    reader: Session
    view: View
    seconds: float

    def answer(self, day: date) -> tuple[float, float, int]:
        """Ask for a day and return ms, computing ms and bytes of the answer."""
        before = self.server.cpu_ms()
        answer = self.reader.run(
            self.view.page, "&".join(filter(None, (f"as_of={day}", self.view.query))), seconds=self.seconds
        )
        if answer.errors:
            raise RuntimeError(f"/{self.view.page}?{self.view.query} on {day}: {answer.errors}")
        return answer.ms, self.server.cpu_ms() - before, answer.bytes
