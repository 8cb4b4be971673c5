"""One step on a page that is open: of the date by hand, by week buttons and by link, and of a filter; against the bare slider."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks.browser import Sheet, sheet
from benchmarks.process import DATASETS, serve

#: Links with a date well inside what the data covers. The incidents differ by date, so that no answer is known beforehand.
_MAP, _BARE = "/territorial-control?as_of=2026-02-01", "/?week=2026-02-01"
_INCIDENTS = "/security-incidents?as_of=2026-02-{day:02d}"

#: Steps of a filter before its page is opened anew at another date.
_FILTER_STEPS = 4

#: Steps in one stroke of the time bar; the reader does not rest between them.
_STROKE = 8

#: Longer than the time bar waits before it tells the server.
_REST_MS = 600

_TIME_BAR = "input.time-bar-range"
_THUMB_PX = 16
_WEEK_BACK = ".st-key-jump-One-week-back button"
_MORE_DEATHS = '.st-key-deaths-control [data-testid="stNumberInputStepUp"]'


def measure(
    browser: Browser, repeats: int, *, datasets: Path = DATASETS, with_links: bool = True
) -> dict[str, Any]:
    """Step through dates on the map page and filters on the page Incidents, each next to a step of the bare slider.

    Returns
    -------
    dict
        For each kind of step a list of ``{ms, kept}``: ``bare``, ``filter``, and those of ``buttons``, ``key`` and ``drag``
        that the map page offers; ``link`` and ``bare_link``; ``traffic`` with what travels per step; ``scrub``, what counts as
        scrubbing: ``time bar``, or ``week buttons`` where the page has none; ``peak_mb`` by server; ``errors``, by kind, which end
        that kind.
    """
    with ExitStack() as running:
        ours = running.enter_context(serve("ours", datasets=datasets))
        bare = running.enter_context(serve("chart", datasets=datasets))
        slider, plan, events = (running.enter_context(sheet(browser)) for _ in range(3))
        slider.open(bare.url + _BARE, "map")
        slider.settle()
        plan.open(ours.url + _MAP, "sentence", "map")
        plan.settle()
        kinds: dict[str, tuple[Sheet, Callable[[], dict[str, Any]]]] = {
            "bare": (slider, lambda: _press_slider(slider)),
            "filter": (events, _filters(events, ours.url).__next__),
        }
        if plan.page.locator(_WEEK_BACK).count():
            kinds["buttons"] = (plan, lambda: _press_button(plan))
        has_bar = plan.page.locator(_TIME_BAR).count() > 0
        if has_bar:
            kinds["key"] = (plan, lambda: _press_key(plan))
        found: dict[str, Any] = {kind: [] for kind in kinds} | {"traffic": {}, "drag": []}
        found["errors"] = {}
        for _repeat in range(repeats):
            for kind, (on, act) in kinds.items():
                if kind in found["errors"]:
                    continue
                before = on.traffic.copy()
                try:
                    found[kind].append(act())
                except RuntimeError as error:
                    found["errors"][kind] = str(error)
                found["traffic"][kind] = _per_step(on, before, 1)
            if has_bar and len(found["drag"]) < _STROKE * repeats / 4:
                steps, traffic = _drag(plan)
                found["drag"] += steps
                found["traffic"] |= traffic
        found["scrub"] = "time bar" if has_bar else "week buttons"
        if with_links:
            found |= _links(browser, ours.url, bare.url, repeats)
        found["peak_mb"] = {"ours": ours.peak_mb(), "chart": bare.peak_mb()}
    return found


def _press_slider(slider: Sheet) -> dict[str, Any]:
    thumb = slider.page.locator('[data-testid="stSlider"] input')
    thumb.focus()
    step = slider.step(lambda: slider.page.keyboard.press("ArrowLeft"), event="keydown", kind="map")
    slider.settle()
    return step


def _press_button(plan: Sheet) -> dict[str, Any]:
    step = plan.step(plan.page.locator(_WEEK_BACK).first.click, event="click", kind="map")
    plan.settle()
    return step


def _filters(events: Sheet, url: str) -> Iterator[dict[str, Any]]:
    """Raise the least number of deaths by one, step by step; every fourth time on a page opened anew."""
    for number in itertools.count():
        if number % _FILTER_STEPS == 0:
            day = 1 + number // _FILTER_STEPS % 28
            events.open(url + _INCIDENTS.format(day=day), "sentence", "map")
            events.settle()
        step = events.step(events.page.locator(_MORE_DEATHS).click, event="click", kind="chart")
        events.settle()
        yield step


def _press_key(plan: Sheet) -> dict[str, Any]:
    """Press an arrow key on the time bar at rest; its server run, a quarter of a second later, is waited for before the next."""
    plan.page.locator(_TIME_BAR).focus()
    step = plan.step(lambda: plan.page.keyboard.press("ArrowLeft"), event="input", kind="map")
    plan.page.wait_for_timeout(_REST_MS)
    plan.settle()
    return step


def _drag(plan: Sheet) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Drag the time bar by some weeks without letting go; return the steps, and what travelled per step and at the release."""
    page = plan.page
    bar = page.locator(_TIME_BAR)
    box = bar.bounding_box()
    assert box is not None
    low, high, value = (float(bar.evaluate(f"bar => Number(bar.{name})")) for name in ("min", "max", "value"))
    week_px = (box["width"] - _THUMB_PX) / max(1.0, high - low)
    x, y = box["x"] + _THUMB_PX / 2 + week_px * (value - low), box["y"] + box["height"] / 2
    stride = (-1 if value > (low + high) / 2 else 1) * max(2.0, 1.5 * week_px)
    steps = []
    page.mouse.move(x, y)
    page.mouse.down()
    before = plan.traffic.copy()
    for number in range(1, _STROKE + 1):
        target = x + number * stride
        steps.append(plan.step(lambda to=target: page.mouse.move(to, y), event="input", kind="map"))
    traffic = {"drag": _per_step(plan, before, _STROKE)}
    before = plan.traffic.copy()
    page.mouse.up()
    page.wait_for_timeout(_REST_MS)
    plan.settle()
    return steps, {**traffic, "release": _per_step(plan, before, 1)}


def _links(browser: Browser, ours: str, bare: str, repeats: int) -> dict[str, list[dict[str, float]]]:
    """Open links to dates in a browser that has been there before; ms from the navigation to the painted map."""
    found: dict[str, list[dict[str, float]]] = {"link": [], "bare_link": []}
    with sheet(browser) as here, sheet(browser) as there:
        for number in range(repeats + 1):
            week = f"2025-11-{2 + 7 * (number % 4):02d}" if number < 4 else f"2025-{number % 9 + 1:02d}-05"
            asked = (
                ("link", here, f"{ours}/territorial-control?as_of={week}"),
                ("bare_link", there, f"{bare}/?week={week}"),
            )
            for name, opened, url in asked:
                times = opened.open(url, "map")
                if number:
                    found[name].append({"ms": times["map"] - times["navigation"]})
    return found


def _per_step(on: Sheet, before: Any, steps: int) -> dict[str, float]:
    on.page.wait_for_timeout(100)
    return {name: count / steps for name, count in asdict(on.traffic - before).items()}
