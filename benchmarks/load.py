"""Many readers at once: websocket sessions that change dates and filters, each with pauses, on one server.

The readers are threads of this process, each with a session of its own (benchmarks.session); they share the machine's cores
with the server. Fifty browsers with a software-rendered map each would measure the browsers. Every answer must end without an
exception or error box and hold the date it was asked for: a mix-up of sessions counts as an error, as do a timeout and a lost
connection.
"""

from __future__ import annotations

import random
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.process import DATASETS, Server, serve
from benchmarks.session import Session, session
from loaders.contracts import EVENT_TYPES
from monitor.language import format_date

#: Pause of a reader between an answer and the next change, in seconds.
PAUSE = (2.0, 6.0)

_ANSWER_SECONDS = 60
_LAST = date(2026, 2, 1)


def measure(sessions: int, seconds: float, *, datasets: Path = DATASETS) -> dict[str, Any]:
    """Let `sessions` readers work for `seconds` and return ms of every answer, errors, throughput and memory."""
    with serve("ours", datasets=datasets) as server:
        with session(server.url) as first:
            for page in ("", "territorial-control", "security-incidents"):
                first.run(page, f"as_of={_LAST}", seconds=_ANSWER_SECONDS * 5)
        before_mb, before_cpu = server.resident_mb(), server.cpu_ms()
        readers = [_Reader(server, number, time.monotonic() + seconds) for number in range(sessions)]
        started = time.monotonic()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        took = time.monotonic() - started
        return {
            "sessions": sessions,
            "seconds": took,
            "pause_seconds": PAUSE,
            "opening_ms": [ms for reader in readers for ms in reader.opening_ms],
            "change_ms": [ms for reader in readers for ms in reader.change_ms],
            "changes_per_second": sum(len(reader.change_ms) for reader in readers) / took,
            "sessions_with_changes": sum(bool(reader.change_ms) for reader in readers),
            "errors": [error for reader in readers for error in reader.errors],
            "server_cpu_share": (server.cpu_ms() - before_cpu) / 1000 / took,
            "before_mb": before_mb,
            "peak_mb": server.peak_mb(),
            "mb_per_session": (server.peak_mb() - before_mb) / sessions,
        }


class _Reader(threading.Thread):
    """One reader: opens a page, then changes its date or a filter until time is up."""

    def __init__(self, server: Server, number: int, until: float) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._choose = random.Random(number)
        self._until = until
        self._page = ("territorial-control", "", "security-incidents")[number % 3]
        self.opening_ms: list[float] = []
        self.change_ms: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """Read; whatever stops the session is an error of the load run, not of this program."""
        time.sleep(self._choose.uniform(0, PAUSE[1]))
        try:
            with session(self._server.url) as reader:
                self.opening_ms.append(self._ask(reader, {}))
                while True:
                    time.sleep(self._choose.uniform(*PAUSE))
                    if time.monotonic() > self._until:
                        return
                    self.change_ms.append(self._ask(reader, self._filters()))
        except Exception as error:  # noqa: BLE001
            self.errors.append(f"{self._page or 'overview'}: {type(error).__name__}: {error}")

    def _filters(self) -> dict[str, str]:
        """Choose the filters of the page: none in half of the changes, which then are changes of date alone."""
        if self._choose.random() < 0.5:
            return {}
        if self._page == "security-incidents":
            return {"type": self._choose.choice(EVENT_TYPES), "deaths": str(self._choose.randrange(4))}
        return {"evidence": self._choose.choice(("all_claims", "corroborated"))}

    def _ask(self, reader: Session, filters: dict[str, str]) -> float:
        day = _LAST - timedelta(days=self._choose.randrange(700))
        query = "&".join(f"{name}={value}" for name, value in {"as_of": day, **filters}.items())
        answer = reader.run(self._page, query, seconds=_ANSWER_SECONDS)
        self.errors += answer.errors
        is_empty = "type" in filters and b"No event matches" in answer.content
        if not is_empty and f"As of {format_date(day)}".encode() not in answer.content:
            self.errors.append(f"{self._page or 'overview'}: the answer is not for {day}")
        return answer.ms
