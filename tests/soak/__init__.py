"""Real kills: a writer that refreshes and rolls back without end is killed at random moments while readers look on.

``python -m tests.soak`` (``make soak``) kills it 200 times. After every kill the store must be whole: readers get one version of
every dataset, datasets that are published together never mix, and the next writer carries on. Readers run all the time in
processes of their own and must never see anything else.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from loaders import store
from loaders.__main__ import app
from loaders.contracts import known_at
from loaders.refresh import refresh
from tests.fake_services.acled import csv_file, row
from tests.server import DATASETS

KILLS = 200
READERS = 2
TOGETHER = ["milestones", "mission"]
#: Numbers of the events whose deaths say of which generation a version is; the others stay, so that parts are written.
MARKED = range(10, 16)
FIRST = datetime(2026, 11, 25, 15, tzinfo=UTC)

#: A writer has this long for its first change, seconds; then it is killed within one more change or two.
_START_SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """What happened: kills, versions published meanwhile, readings, and what was wrong."""

    kills: int
    published: int
    readings: int
    wrong: tuple[str, ...]


def prepare(root: Path) -> None:
    """A store with the fact base's gazetteer, two datasets that change together, and a bulk table of a provider."""
    import shutil

    shutil.copytree(DATASETS, root, ignore=shutil.ignore_patterns(".store"))
    change(root, 0)


def change(root: Path, generation: int) -> None:
    """Publish generation after generation: every row says of which it is."""
    now = FIRST + timedelta(minutes=generation)
    milestones = "milestone_id,date,kind,label,source_checked\n" + "".join(
        f"MS{number:03d},2025-01-01,mandate,generation {generation},page\n" for number in range(1, 26)
    )
    header = (root / "curated" / "mission_series.csv").read_text(encoding="utf-8").splitlines()[0]
    mission = (
        header
        + "\n"
        + "".join(
            f"2025-01-01,day,personnel_deployed,MSS {number},{generation},personnel,,A title,A newspaper,2025-01-02,"
            f"https://example.org/page,page,M{number}\n"
            for number in range(10)
        )
    )
    reports = refresh(
        TOGETHER,
        root=root,
        as_of=date(2026, 11, 25),
        now=now,
        sources={"milestones": ("m.csv", milestones.encode()), "mission": ("s.csv", mission.encode())},
    )
    events = csv_file(
        [row(number, fatalities=generation if number in MARKED else 0) for number in range(40)]
    ).encode()
    reports += refresh(
        ["acled_incidents"],
        root=root,
        as_of=date(2026, 11, 25),
        now=now,
        sources={"acled_incidents": ("export.csv", events)},
    )
    bad = [report for report in reports if report.status not in ("accepted", "unchanged")]
    if bad:
        raise RuntimeError(f"generation {generation}: {bad}")


def write_without_end(root: Path, generation: int, ready: Any) -> None:
    """Change and roll back until killed."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - what the commands print is nothing to see here
    while True:
        change(root, generation)
        ready.set()
        if generation % 3 == 0:
            app(["rollback", "acled_incidents", "--json", "--root", str(root)], standalone_mode=False)
        generation += 1


def read_once(root: Path) -> str | None:
    """What is wrong with what a reader gets; None where nothing is."""
    try:
        of = store.snapshot(root=root)
        frames = {name: store.read(name, of=of, root=root) for name in (*TOGETHER, "acled_incidents")}
        labels = {text.removeprefix("generation ") for text in frames["milestones"]["label"]}
        values = {f"{value:g}" for value in frames["mission"]["value"]}
        events = known_at(frames["acled_incidents"], None, ends="superseded_at")
        marked = events["event_id"].isin([f"HTI9{number:05d}" for number in MARKED])
        deaths = set(events.loc[marked, "fatalities"])
    except store.DatasetError as error:
        return f"a reader was refused: {error}"
    if labels != values or len(labels) != 1:
        return f"datasets of different refreshes: {sorted(labels)} and {sorted(values)}"
    if len(events) != 40 or len(deaths) != 1:
        return f"half a version: {len(events)} events of the generations {sorted(deaths)}"
    return None


def read_without_end(root: Path, stop: Any, found: Any) -> None:
    """Read until told to stop; put the number of readings and the first thing that was wrong."""
    readings = 0
    while not stop.is_set():
        readings += 1
        if (wrong := read_once(root)) is not None:
            found.put((readings, wrong))
            return
    found.put((readings, None))


def soak(root: Path, kills: int, *, readers: int = READERS, seed: int = 2026, say: Any = None) -> Outcome:
    """Kill a writer so many times, each at another moment of its work.

    Parameters
    ----------
    root
        Folder that does not exist yet.
    say
        Takes a line of progress now and then.
    """
    lot = random.Random(seed)
    prepare(root)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak", "pandera.pandas", "geopandas"])
    stop, found = context.Event(), context.Queue()
    watching = [
        context.Process(target=read_without_end, args=(root, stop, found), daemon=True)
        for _ in range(readers)
    ]
    for process in watching:
        process.start()
    wrong: list[str] = []
    started = time.monotonic()
    change(root, 1)
    usual = time.monotonic() - started
    generation = 2
    for kill in range(kills):
        _kill_a_writer(context, root, generation, lot.uniform(0, 1.5 * usual))
        generation += 100
        if (trouble := read_once(root)) is not None:
            wrong.append(f"after kill {kill + 1}: {trouble}")
        change(root, generation)
        generation += 1
        left = [path for path in root.rglob(f"{store.STAGING}*") if path.exists()]
        if left:
            wrong.append(f"after kill {kill + 1}: left behind: {left[:3]}")
        _forget_old_versions(root)
        if say is not None and (kill + 1) % 20 == 0:
            say(f"{kill + 1} kills, {len(wrong)} wrong")
    stop.set()
    readings = 0
    for _ in watching:
        number, trouble = found.get(timeout=_START_SECONDS)
        readings += number
        wrong += [trouble] if trouble else []
    for process in watching:
        process.join()
    published = sum(line["action"] in ("publish", "rollback") for line in store.read_log(root=root))
    return Outcome(kills, published, readings, tuple(wrong))


def _kill_a_writer(context: ForkServerContext, root: Path, generation: int, delay: float) -> None:
    ready = context.Event()
    writer = context.Process(target=write_without_end, args=(root, generation, ready), daemon=True)
    writer.start()
    if not ready.wait(_START_SECONDS):
        raise RuntimeError("the writer did not get to its first change")
    time.sleep(delay)
    if writer.pid is not None and writer.is_alive():
        os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    if writer.exitcode != -signal.SIGKILL:
        raise RuntimeError(f"the writer ended by itself, with {writer.exitcode}")


def _forget_old_versions(root: Path) -> None:
    """Thousands of generations are not what is tested; a folder of them would slow every reading of the log."""
    import shutil

    current = store.snapshot(root=root).versions
    for name in (*TOGETHER, "acled_incidents"):
        folders = sorted((root / ".store" / name).iterdir(), key=lambda path: path.stat().st_mtime)
        for folder in folders[:-200]:
            if folder.name != current[name]:
                shutil.rmtree(folder, ignore_errors=True)
