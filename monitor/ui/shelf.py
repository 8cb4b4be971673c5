"""What was derived once, kept in memory for all sessions, bounded by bytes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

#: Elements of a long list that are looked at to estimate its size.
_SAMPLED = 20


class Shelf:
    """Values by key. When they exceed `limit` bytes, those not asked for the longest are given up.

    A value is computed once however many threads ask for it; they wait for the first. Python's own hash of the key decides,
    which takes microseconds where Streamlit's caches walk through every element of it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._computing: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of values kept."""
        return len(self._values)

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the value of `key`, computed now if it is not kept; what `compute` raises is not kept."""
        with self._lock:
            if key in self._values:
                return self._found(key)
            turn = self._computing.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._values:
                    return self._found(key)
            try:
                value = compute()
                self._put(key, value, size_of(value))
            finally:
                with self._lock:
                    self._computing.pop(key, None)
        return value

    def clear(self) -> None:
        """Give up all values."""
        with self._lock:
            self._values.clear()
            self.bytes = 0

    def _found(self, key: Hashable) -> Any:
        self._values.move_to_end(key)
        return self._values[key][0]

    def _put(self, key: Hashable, value: Any, size: int) -> None:
        with self._lock:
            _value, before = self._values.pop(key, (None, 0))
            self._values[key] = (value, size)
            self.bytes += size - before
            while self.bytes > self.limit and len(self._values) > 1:
                _key, (_value, given_up) = self._values.popitem(last=False)
                self.bytes -= given_up


def size_of(value: Any) -> int:
    """Estimated bytes of a frame, an array, or of what lists, dicts and dataclasses hold; long lists are estimated from some elements."""
    match value:
        case pd.DataFrame():
            return int(value.memory_usage(index=True).sum())
        case pd.Series() | pd.Index():
            return int(value.memory_usage())
        case np.ndarray():
            return int(value.nbytes)
        case dict():
            return sys.getsizeof(value) + _size_of_all(list(value)) + _size_of_all(list(value.values()))
        case list() | tuple():
            return sys.getsizeof(value) + _size_of_all(value)
    if is_dataclass(value) and not isinstance(value, type):
        held = [getattr(value, each.name) for each in fields(value)]
        return sys.getsizeof(value) + _size_of_all(held)
    return sys.getsizeof(value)


def _size_of_all(values: list[Any] | tuple[Any, ...]) -> int:
    sample = values[:: max(1, len(values) // _SAMPLED)]
    return sum(map(size_of, sample)) * len(values) // max(1, len(sample))
