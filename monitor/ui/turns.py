"""Turns of page runs: one at a time, the others wait in line.

A run is computing from end to end, and Python computes in one thread at a time. Runs that share it take turns of
milliseconds, each of which throws out what the processor had at hand: measured with fifty readers, runs in line give three
times as many answers, each in a third of the time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds after which a run that waits goes on all the same: one that hangs must not keep the others.
_PATIENCE = 30.0

_line = threading.Lock()


@contextmanager
def turn(*, patience: float = _PATIENCE) -> Iterator[None]:
    """Wait for the run before, and let the next one go however this one ends."""
    has_turn = _line.acquire(timeout=patience)
    try:
        yield
    finally:
        if has_turn:
            _line.release()
