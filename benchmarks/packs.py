"""How long briefings of twelve figures take, measured against a single warm figure of kaleido as it comes.

Kaleido draws each of the twelve once in a browser that has drawn them before, one tab, with its own page and its own reload
between pictures; the mean is the unit. Then each kind of pack is built by our warm browser. Rounds alternate, so both sides see
the same machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date
from statistics import mean, median
from typing import Any

from monitor.analysis.model import Choice, Model
from monitor.charts.standing import standing
from monitor.export import figures, packs, render
from monitor.export.kept import Kept

#: The figures of the pack: maps, areas, strips, bars, curves and a table.
FIGURES = (
    "control-map",
    "share-over-time",
    "area-strip",
    "change-map",
    "transitions",
    "gains-and-losses",
    "claims-funnel",
    "retaken-strips",
    "claims-curve",
    "site-strips",
    "incidents-weekly",
    "personnel",
)
_PARAMETERS = {"area-strip": {"area": "solino"}}
_DAY = date(2025, 6, 25)


def measure(rounds: int) -> dict[str, Any]:
    """Seconds of kaleido's single figure and of each kind of pack, in each of `rounds`, and the ratios of their medians."""
    model = Model(Kept())
    choice = Choice(_DAY, None, "all_claims", 180)
    built = [figures.build(name, model, choice, _PARAMETERS.get(name)) for name in FIGURES]
    briefing = packs.Briefing("Briefing", [packs.Item(each) for each in built], model, _DAY)
    kinds: dict[str, Callable[[], object]] = {
        "png": lambda: render.render_all([render.Job(each, "png") for each in built]),
        "pdf": lambda: packs.pdf(briefing),
        "pptx": lambda: packs.pptx(briefing),
        "zip": lambda: packs.archive(briefing),
    }
    drawn = [standing(each.figure, width=render.PLAIN.width) for each in built]
    found: dict[str, list[float]] = {name: [] for name in ("single", *kinds)}
    render.render(built[0], "png")
    try:
        for _round in range(rounds):
            found["single"].append(mean(asyncio.run(_singles(drawn))))
            for name, make in kinds.items():
                found[name].append(_seconds(make))
    finally:
        render.close()
    unit = median(found["single"])
    return {"seconds": found} | {f"pack_ratio_{name}": median(found[name]) / unit for name in kinds}


async def _singles(drawn: list[Any]) -> list[float]:
    """Seconds that kaleido takes for each figure, after one to warm up."""
    import kaleido

    found = []
    async with kaleido.Kaleido(n=1, path=render.browser_path()) as browser:
        await browser.calc_fig(drawn[0], {"format": "png", "scale": 2})
        for figure in drawn:
            size = {"width": figure.layout.width, "height": figure.layout.height}
            started = time.perf_counter()
            await browser.calc_fig(figure, {"format": "png", "scale": 2, **size})
            found.append(time.perf_counter() - started)
    return found


def _seconds(make: Callable[[], object]) -> float:
    started = time.perf_counter()
    make()
    return time.perf_counter() - started
