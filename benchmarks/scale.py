"""The same figures on synthetic datasets of committed size and of the size that issue 3 asks for, in turns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from benchmarks import server, start, steps
from benchmarks.synthetic import LARGE, SMALL, folder_of

#: A figure that cannot be had at a size counts as this long.
FAILED_MS = 180_000.0

_APART = ("peak_mb", "server_worst_page", "server_worst_page_ms")


def measure(browser: Browser, repeats: int) -> dict[str, Any]:
    """Measure both sizes and return their medians, the ratios large to small, and what failed.

    Memory stands apart: ``memory_ratio`` is not among ``ratios``. So does the slowest page, which may be another one at each
    size.
    """
    sizes = {"small": folder_of(SMALL), "large": folder_of(LARGE)}
    found: dict[str, Any] = {name: {} for name in sizes}
    failed: dict[str, str] = {}
    parts: list[Callable[[Path], dict[str, Any]]] = [
        lambda folder: _start(browser, folder),
        lambda folder: _steps(browser, repeats, folder, failed),
        lambda folder: _server(repeats, folder, failed),
    ]
    for part in parts:
        for name, folder in sizes.items():
            try:
                found[name] |= part(folder)
            except RuntimeError as error:
                failed[f"{name}: {len(found[name])} figures measured before"] = str(error)
    figures = [name for name in found["small"] if name not in _APART]
    ratios = {}
    for figure in figures:
        small, large = found["small"][figure], found["large"].get(figure)
        if small is not None:
            ratios[figure] = (FAILED_MS if large is None else large) / small
    memory = [found[name].get("peak_mb") for name in ("small", "large")]
    return {
        "sizes": {"small": str(SMALL), "large": str(LARGE)},
        **found,
        "ratios": ratios,
        "memory_ratio": memory[1] / memory[0] if all(memory) else None,
        "failed": failed,
    }


def _start(browser: Browser, datasets: Path) -> dict[str, float | None]:
    found = start.measure(browser, 1, apps=("ours",), datasets=datasets)["ours"]
    names = ("start_sentence_ms", "start_map_ms", "first_page_ms", "second_page_ms")
    visits = {"first_visit_bytes": found["first_visit"][0]["total_bytes"]}
    return {name: found[name][0] for name in names} | visits


def _steps(browser: Browser, repeats: int, datasets: Path, failed: dict[str, str]) -> dict[str, float | None]:
    found = steps.measure(browser, repeats, datasets=datasets, with_links=False)
    failed |= {f"{kind}, {datasets.name}": error for kind, error in found["errors"].items()}
    kinds = [kind for kind in ("buttons", "key", "drag", "filter") if kind in found]
    times = {
        f"{kind}_step_ms": median(step["ms"] for step in found[kind]) if found[kind] else None
        for kind in kinds
    }
    traffic = found["traffic"]
    sent = {f"{kind}_step_bytes": traffic[kind]["message_bytes"] for kind in ("buttons",) if kind in traffic}
    return times | sent


def _server(repeats: int, datasets: Path, failed: dict[str, str]) -> dict[str, Any]:
    found = server.measure(repeats, datasets=datasets, seconds=FAILED_MS / 1000)
    failed |= {
        f"{name}, {datasets.name}": found[name]["error"] for name in server.VIEWS if "error" in found[name]
    }
    times = {
        f"server_{name}_ms": median(found[name]["new_ms"]) if found[name]["new_ms"] else None
        for name in server.MAIN
    }
    page, worst_ms = server.worst(found) or (None, None)
    return times | {
        "peak_mb": found["peak_mb"],
        "server_worst_page": page,
        "server_worst_page_ms": worst_ms,
    }
