"""Page runs take turns."""

from __future__ import annotations

import threading

import pytest

from monitor.ui.turns import turn


def test_runs_take_turns():
    inside, most = [], []

    def run():
        with turn():
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.01)
            inside.pop()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_a_run_that_fails_gives_up_its_turn():
    with pytest.raises(RuntimeError), turn():
        raise RuntimeError
    with turn(patience=0.0):
        pass


def test_nobody_waits_for_ever_for_a_run_that_hangs():
    entered = threading.Event()
    with turn():

        def run():
            with turn(patience=0.01):
                entered.set()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert entered.is_set()
    with turn(patience=0.0):
        pass
