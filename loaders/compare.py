"""Row by row: how one version of a dataset differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from loaders import store
from loaders.contracts import CONTRACTS, Contract
from loaders.history import differences, keys_of

#: Rows that are told with the values of their columns; the others are counted.
MOST_ROWS = 1000


def frame_of(dataset_id: str, version: store.Version | None, *, root: Path) -> pd.DataFrame:
    """Rows that hold in a version; no rows for None.

    Raises
    ------
    DatasetError
        The version cannot be read.
    """
    contract = CONTRACTS[dataset_id]
    if version is None:
        return pd.DataFrame(columns=contract.column_names, dtype="str")
    frame = store.frame_of(version.files, contract)
    return frame if contract.ends is None else frame[frame[contract.ends].isna()]


def rows_that_differ(before: pd.DataFrame, after: pd.DataFrame, contract: Contract) -> list[dict[str, Any]]:
    """Rows added, changed and withdrawn.

    Returns
    -------
    list of dict
        ``change`` (``added``, ``changed``, ``withdrawn``), ``key``, and for changed rows ``columns``: old and new value of each
        column that differs. At most :data:`MOST_ROWS` of each change carry their columns.
    """
    if not len(before):
        return [{"change": "added", "key": key} for key in keys_of(after, contract.key)]
    changes = differences(before, after, contract)
    old = before.set_axis(keys_of(before, contract.key), axis=0)
    new = after.set_axis(keys_of(after, contract.key), axis=0)
    found: list[dict[str, Any]] = [{"change": "added", "key": key} for key in changes.added]
    for number, key in enumerate(changes.changed):
        row: dict[str, Any] = {"change": "changed", "key": key}
        if number < MOST_ROWS:
            row["columns"] = _columns(old.loc[key], new.loc[key], contract)
        found.append(row)
    found += [{"change": "withdrawn", "key": key} for key in changes.withdrawn]
    return found


def _columns(old: pd.Series, new: pd.Series, contract: Contract) -> Mapping[str, tuple[str, str]]:
    left_out = {"recorded_at", contract.ends, *contract.key}
    found = {}
    for name in contract.column_names:
        texts = tuple("" if pd.isna(row[name]) else str(row[name]) for row in (old, new))
        if name not in left_out and texts[0] != texts[1]:
            found[name] = (texts[0], texts[1])
    return found
