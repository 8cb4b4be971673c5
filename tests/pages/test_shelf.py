"""Results kept in memory: computed once, given up by age of use when they exceed their bytes."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from monitor.ui.shelf import Shelf, size_of


def test_a_value_is_computed_once_however_many_ask_for_it():
    shelf, calls = Shelf(10**6), []
    ready = threading.Barrier(8)

    def compute():
        calls.append(threading.get_ident())
        return "value"

    def ask():
        ready.wait()
        found.append(shelf.get("key", compute))

    found: list[str] = []
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["value"] * 8
    assert len(calls) == 1


def test_what_was_not_asked_for_the_longest_goes_first():
    shelf = Shelf(2500)
    for name in "abc":
        shelf.get(name, lambda: np.zeros(100))  # 800 bytes each
        shelf.get("a", lambda: pytest.fail("a was given up"))
    shelf.get("d", lambda: np.zeros(100))
    assert shelf.bytes <= shelf.limit
    assert len(shelf) == 3
    kept = [name for name in "abcd" if shelf.get(name, lambda: None) is not None]
    assert kept == ["a", "c", "d"]


def test_a_value_larger_than_the_shelf_is_still_returned_and_kept_until_the_next():
    shelf = Shelf(100)
    assert shelf.get("large", lambda: np.zeros(1000)).size == 1000
    assert len(shelf) == 1
    shelf.get("small", lambda: np.zeros(1))
    assert len(shelf) == 1
    assert shelf.bytes <= shelf.limit


def test_what_fails_is_not_kept():
    shelf = Shelf(1000)

    def fail():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            shelf.get("key", fail)
    assert shelf.get("key", lambda: 1) == 1


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (pd.DataFrame({"a": np.zeros(1000)}), 8000, 9000),
        (pd.Series(["x" * 100] * 1000, dtype="str"), 100_000, 130_000),
        (np.zeros((10, 10)), 800, 800),
        ([[float(number) for number in range(100)]] * 1000, 2_000_000, 6_000_000),
        ({"texts": ["word " * 20] * 500}, 50_000, 100_000),
    ],
)
def test_sizes_are_about_right(value, least, most):
    assert least <= size_of(value) <= most
