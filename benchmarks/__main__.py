"""``python -m benchmarks``: measure, print a table, write benchmarks/report.json. See docs/performance.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks import load, packs, refresh, report, scale, server, start, steps
from tests.browser.chromium import find_browser, launch

PARTS = ("start", "steps", "server", "load", "scale", "refresh", "packs")


def main() -> None:
    """Run the parts one after another; nothing else should run on the machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="fewer repeats and sessions, committed data only: a look, not a result",
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to run; by default all")
    asked = parser.parse_args()
    parts = asked.only or [part for part in PARTS if part != "scale" or not asked.quick]
    program = find_browser()
    if program is None:
        sys.exit("No Chromium or Chrome on this machine. Install one, or name it in MONITOR_BROWSER.")
    raw: dict[str, Any] = {"quick": asked.quick, "before": report.machine()}
    with launch(program) as browser:
        raw["chromium"] = browser.version
        measurements: dict[str, Callable[[], dict[str, Any]]] = {
            "start": lambda: start.measure(browser, 1 if asked.quick else 5),
            "steps": lambda: steps.measure(browser, 3 if asked.quick else 8),
            "server": lambda: server.measure(4 if asked.quick else 15),
            "load": lambda: load.measure(10, 20) if asked.quick else load.measure(50, 60),
            "scale": lambda: scale.measure(browser, 3),
            "refresh": lambda: refresh.measure(100_000 if asked.quick else refresh.ROWS),
            # In a thread of its own: Playwright's loop runs in this one, and kaleido starts another.
            "packs": lambda: ThreadPoolExecutor(1).submit(packs.measure, 1 if asked.quick else 3).result(),
        }
        for part in parts:
            started = time.monotonic()
            raw[part] = measurements[part]()
            report.save(raw)
            sys.stderr.write(f"{part}: {time.monotonic() - started:.0f} s\n")
    raw["after"] = report.machine()
    report.save(raw)
    report.print_table(raw)
    busy = raw["before"]["load_average"][0]
    if busy > 1:
        print(
            f"The machine was busy when this began (load average {busy:.1f}): measure again for figures to quote."
        )
    print(f"Written to {report.FILE}")


if __name__ == "__main__":
    main()
