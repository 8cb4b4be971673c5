"""From nothing to a page: process start to the first sentence and the map; a first and a second visit, and what they load."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.browser import Part, Traffic, sheet
from benchmarks.process import DATASETS, serve

#: What is waited for on each app.
PARTS: dict[str, tuple[Part, ...]] = {"ours": ("sentence", "map"), "title": ("sentence",), "chart": ("map",)}


def measure(
    browser: Browser, repeats: int, *, apps: tuple[str, ...] = tuple(PARTS), datasets: Path = DATASETS
) -> dict[str, Any]:
    """Start each app `repeats` times, in an order that changes, and return lists of ms, bytes and MB by app.

    ``start_…`` counts from the start of the process, on a browser without cache. ``first_page`` and ``first_visit`` are
    another browser's first visit to the server that is now warm, ``second_page`` and ``second_visit`` its second.
    """
    found: dict[str, Any] = {app: defaultdict(list) for app in apps}
    for _repeat in range(repeats):
        for app in random.sample(apps, len(apps)):
            _once(browser, app, datasets, found[app])
    return found


def _once(browser: Browser, app: str, datasets: Path, found: dict[str, list[Any]]) -> None:
    with serve(app, datasets=datasets) as server:
        with sheet(browser) as cold:
            times = cold.open(server.url, *PARTS[app])
            for part in (*PARTS[app], "page"):
                found[f"start_{part}_ms"].append(times[part] - 1000 * server.started_at)
            found["answers_ms"].append(times["navigation"] - 1000 * server.started_at)
        with sheet(browser) as visit:
            for number in ("first", "second"):
                before = visit.traffic.copy()
                times = visit.open(server.url, *PARTS[app])
                for part in (*PARTS[app], "page"):
                    found[f"{number}_{part}_ms"].append(times[part] - times["navigation"])
                visit.settle()
                found[f"{number}_visit"].append(_counts(visit.traffic - before))
        found["peak_mb"].append(server.peak_mb())


def _counts(traffic: Traffic) -> dict[str, int]:
    return {**asdict(traffic), "total_bytes": traffic.total_bytes}
