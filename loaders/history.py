"""Versions of rows: what a delivery adds to what is recorded. Nothing recorded is ever lost.

A row that a delivery changes ends, and its new version is recorded at the time of the refresh; a row that the source no
longer has ends without a successor. "As known on D" is then a filter (:func:`loaders.contracts.known_at`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from loaders.bulk import Table, endings, in_order, to_arrow
from loaders.contracts import RECORDED_AT, Contract

EVERYTHING = (date.min, date.max)

Replaces = Literal["all", "older", "none", "not higher"]
PUBLISHED = "published_date"

#: Differences in these columns alone do not make a new version: they say how we came to know, not what.
BOOKKEEPING = ("recorded_at", "published_date", "source_title", "crosswalk_version")

#: A bulk table in more parts than this, or with more new rows than this share, is written as one file again.
MAX_PARTS = 12
MAX_PART_SHARE = 0.2


@dataclass(frozen=True)
class Scope:
    """Which recorded rows a reading can withdraw.

    Attributes
    ----------
    span
        First and last day between which absent rows are gone; None where absence says nothing.
    withdrawn
        Keys that the source says are gone.
    keys
        Keys of the rows that came from the same source; None where all did.
    withdraws
        Whether absent rows are gone; otherwise they stay and are only counted, as :attr:`Changes.absent`.
    replaces
        Which recorded rows the reading changes: ``all``; ``older``, those that were published earlier or on the same day;
        ``none``. The others stay and are counted, as :attr:`Changes.kept`.
    """

    span: tuple[date, date] | None = EVERYTHING
    withdrawn: tuple[str, ...] = ()
    keys: frozenset[str] | None = None
    withdraws: bool = True
    replaces: Replaces = "all"

    @property
    def is_everything(self) -> bool:
        """Whether all dates are covered, rows without a date as well."""
        return self.span == EVERYTHING


@dataclass(frozen=True)
class Changes:
    """Keys of rows added, changed and withdrawn (Series of text), and the days that these rows speak of.

    ``days`` holds those of earlier versions as well, so that a row that moves to another day touches both. ``absent`` are
    keys that the reading could have held, does not, and that stay; ``kept`` those that it says otherwise and that stay.
    """

    added: pd.Series
    changed: pd.Series
    withdrawn: pd.Series
    days: pd.Series = field(default_factory=lambda: pd.Series(dtype="datetime64[us]"))
    absent: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))
    kept: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))

    def __bool__(self) -> bool:
        return bool(len(self.added) or len(self.changed) or len(self.withdrawn))


def keys_of(frame: pd.DataFrame, key: Sequence[str]) -> pd.Series:
    """One text for each row that tells it from the others: the key's columns joined by ``/``."""
    found = frame[key[0]].astype("str")
    for name in key[1:]:
        found = found.str.cat(frame[name].astype("str").fillna(""), sep="/")
    return found


def fingerprints(
    column: Callable[[str], pd.Series | pa.ChunkedArray], names: Sequence[str], rows: int
) -> np.ndarray:
    """One number for each row; rows with the same values have the same.

    Parameters
    ----------
    column
        Gives a column by name; asked for one after the other, so that a large table need not be in memory.
    names
        Columns to look at.
    rows
        Number of rows.

    Returns
    -------
    ndarray of uint64, shape (rows,)
        Comparable within one run of the program only.
    """
    total = np.zeros(rows, dtype="uint64")
    for name in names:
        total = total * np.uint64(1_099_511_628_211) + _hashes(column(name))
    return total


def _hashes(values: pd.Series | pa.ChunkedArray) -> np.ndarray:
    array = pa.array(values, from_pandas=True) if isinstance(values, pd.Series) else values
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    if pa.types.is_temporal(array.type):
        if pa.types.is_date32(array.type) or array.type.tz is None:
            array = array.cast(pa.timestamp("us"))
        array = array.cast(pa.int64())
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        array = array.cast(pa.float64(), safe=False)
    if pa.types.is_floating(array.type):
        numbers = array.to_numpy(zero_copy_only=False).astype("float64")
        numbers[np.isnan(numbers)] = np.nan
        return pd.util.hash_array(numbers + 0.0)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    texts = array.dictionary.to_pandas().fillna("").astype("object").to_numpy()
    by_code = np.append(pd.util.hash_array(texts, categorize=False), np.uint64(0))
    by_code[:-1][texts == ""] = 0
    codes = array.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return by_code[codes]


def content_columns(contract: Contract) -> list[str]:
    """Columns whose values make the content of a row."""
    left_out = {*BOOKKEEPING, contract.ends}
    return [name for name in contract.column_names if name not in left_out]


def merge(
    recorded: pd.DataFrame, incoming: pd.DataFrame, contract: Contract, scope: Scope, *, now: pd.Timestamp
) -> tuple[pd.DataFrame, Changes]:
    """Bring a table with versions up to date.

    Parameters
    ----------
    recorded
        All versions of all rows so far.
    incoming
        Rows as the source has them now, one per key.
    contract
        With ``ends``.
    scope
        Which absent rows are gone.
    now
        Time of the refresh, UTC.

    Returns
    -------
    frame, changes
        All versions of all rows; without changes the rows of ``recorded`` as they were.
    """
    ends = contract.ends
    if ends is None:
        raise ValueError(f"{contract.dataset_id} keeps no versions")
    now = moment(now, recorded)
    live = recorded[recorded[ends].isna()]
    live_keys, new_keys = keys_of(live, contract.key), keys_of(incoming, contract.key)
    names = content_columns(contract)
    old = pd.Series(fingerprints(lambda name: live[name], names, len(live)), index=live_keys)
    new = pd.Series(fingerprints(lambda name: incoming[name], names, len(incoming)), index=new_keys)
    is_known = new.index.isin(old.index)
    is_changed = is_known.copy()
    is_changed[is_known] = new[is_known].to_numpy() != old[new.index[is_known]].to_numpy()
    differs = is_changed.copy()
    if scope.replaces == "none":
        is_changed[:] = False
    elif scope.replaces == "older":
        published = pd.Series(live[PUBLISHED].to_numpy(), index=live_keys)
        before = published[new.index[is_known]].to_numpy()
        is_changed[is_known] &= ~(incoming[PUBLISHED].to_numpy()[is_known] < before)
    dates = live[contract.date_column] if contract.date_column else None
    is_gone, is_absent = _gone(live_keys, live_keys.isin(new_keys).to_numpy(), dates, scope)
    is_ended = is_gone | live_keys.isin(new.index[is_changed]).to_numpy()
    kept = recorded.copy()
    kept.loc[live.index[is_ended], ends] = now
    entering = incoming[~is_known | is_changed].copy()
    entering[RECORDED_AT.name] = now
    entering[ends] = pd.Series(pd.NaT, index=entering.index, dtype=recorded[ends].dtype)
    changes = Changes(
        added=new_keys[~is_known],
        changed=new_keys[is_changed],
        withdrawn=live_keys[is_gone],
        absent=live_keys[is_absent],
        kept=new_keys[differs & ~is_changed],
    )
    if not changes:
        return recorded, changes
    frame = pd.concat([kept, entering.astype(recorded.dtypes.to_dict())], ignore_index=True)
    return frame, changes


@dataclass(frozen=True)
class Parts:
    """What a refresh adds to a bulk table.

    Attributes
    ----------
    entering, ended
        Rows of a new ``data`` part and of a new ``ended`` part; None where there are none.
    changes
        Keys.
    dates
        Day of every row that holds afterwards.
    """

    entering: pa.Table | None
    ended: pa.Table | None
    changes: Changes
    dates: np.ndarray


def merge_bulk(recorded: Table, incoming: pd.DataFrame, scope: Scope, *, now: pd.Timestamp) -> Parts:
    """As :func:`merge`, for a table too large to hold, with a date column."""
    contract = recorded.contract
    key, date_column = contract.key[0], str(contract.date_column)
    latest = pc.max(recorded.column(RECORDED_AT.name)).as_py()
    if latest is not None and now <= pd.Timestamp(latest):
        now = pd.Timestamp(latest).floor("s") + pd.Timedelta("1s")
    live = recorded.live
    all_keys = recorded.column(key)
    live_keys = all_keys if len(live) == len(recorded) else all_keys.take(pa.array(live))
    new_keys = pa.array(incoming[key].astype("str"), type=pa.string())
    is_known = pc.is_in(live_keys, value_set=new_keys).to_numpy()
    new, old = _compared(recorded, incoming, live[is_known])
    known_keys = live_keys.filter(pa.array(is_known)).combine_chunks()
    place = pc.index_in(new_keys, value_set=known_keys).fill_null(-1).to_numpy(zero_copy_only=False)
    found = place >= 0
    is_changed = np.zeros(len(incoming), dtype=bool)
    is_changed[found] = old[place[found]] != new[found]
    differs = is_changed.copy()
    if scope.replaces == "none":
        is_changed[:] = False
    elif scope.replaces == "older" and differs.any():
        at = live[is_known][place[differs]]
        before = recorded.column(PUBLISHED).cast(pa.timestamp("us")).to_numpy()[at]
        is_changed[differs] &= ~(incoming[PUBLISHED].to_numpy()[differs] < before)
    dates = recorded.column(date_column).cast(pa.timestamp("us")).to_numpy()[live]
    needs_keys = bool(scope.withdrawn) or scope.keys is not None
    texts = live_keys.to_pandas().astype("str") if needs_keys else pd.Series(np.empty(len(live), dtype=bool))
    is_gone, is_absent = _gone(texts, is_known, pd.Series(dates), scope)
    is_replaced = np.zeros(len(live), dtype=bool)
    is_replaced[np.flatnonzero(is_known)[place[is_changed]]] = True
    is_ended = is_gone | is_replaced
    is_entering = ~found | is_changed
    as_text = incoming[key].astype("str")
    entered = incoming.loc[is_entering, date_column].to_numpy().astype("datetime64[us]")
    changes = Changes(
        added=as_text[~found],
        changed=as_text[is_changed],
        withdrawn=live_keys.filter(pa.array(is_gone)).to_pandas().astype("str"),
        days=pd.Series(np.concatenate([dates[is_ended], entered])),
        absent=live_keys.filter(pa.array(is_absent)).to_pandas().astype("str"),
        kept=as_text[differs & ~is_changed],
    )
    entering = None
    if is_entering.any():
        stamped = incoming[is_entering].assign(**{RECORDED_AT.name: now, str(contract.ends): pd.NaT})
        entering = in_order(to_arrow(stamped, contract), contract)
    ended = endings(recorded, live[is_ended], now) if is_ended.any() else None
    return Parts(entering, ended, changes, np.concatenate([dates[~is_ended], entered]))


def _compared(
    recorded: Table, incoming: pd.DataFrame, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fingerprints of incoming rows and of recorded ones.

    Few recorded rows are fetched row group by row group; many of them column by column, never all at once.
    """
    names = content_columns(recorded.contract)
    if len(positions) < MAX_PART_SHARE * len(recorded):
        some = recorded.take(positions, names)
        old = fingerprints(some.column, names, len(positions))
    else:
        rows = pa.array(positions)
        old = fingerprints(
            lambda name: recorded.column(name, compact=True).combine_chunks().take(rows),
            names,
            len(positions),
        )
    return fingerprints(lambda name: incoming[name], names, len(incoming)), old


def _gone(
    keys: pd.Series, is_known: np.ndarray, dates: pd.Series | None, scope: Scope
) -> tuple[np.ndarray, np.ndarray]:
    """Recorded rows that are gone at the source, and those that the reading lacks and that stay."""
    is_lacking = ~is_known & (scope.span is not None)
    if scope.span is not None and not scope.is_everything and dates is not None:
        first, last = (pd.Timestamp(day) for day in scope.span)
        is_lacking &= ((dates >= first) & (dates <= last)).to_numpy()
    if scope.keys is not None:
        is_lacking &= keys.isin(scope.keys).to_numpy()
    is_gone = is_lacking if scope.withdraws else np.zeros(len(is_lacking), dtype=bool)
    if scope.withdrawn:
        is_gone = is_gone | (keys.isin(scope.withdrawn).to_numpy() & ~is_known)
    return is_gone, is_lacking & ~is_gone


def moment(now: pd.Timestamp, recorded: pd.DataFrame) -> pd.Timestamp:
    """A time later than everything recorded: versions of one row never share one, even if the clock was set back."""
    latest = recorded[RECORDED_AT.name].max()
    return now if pd.isna(latest) or now > latest else latest.floor("s") + pd.Timedelta("1s")


def differences(before: pd.DataFrame, after: pd.DataFrame, contract: Contract) -> Changes:
    """Keys of rows that differ between two versions of a dataset; of a dataset with versions of rows, those that hold."""
    if contract.ends is not None:
        before, after = before[before[contract.ends].isna()], after[after[contract.ends].isna()]
    names = [name for name in contract.column_names if name not in contract.key]
    if contract.ends is not None:
        names = content_columns(contract)
    old_keys, new_keys = keys_of(before, contract.key), keys_of(after, contract.key)
    old = pd.Series(fingerprints(lambda name: before[name], names, len(before)), index=old_keys)
    new = pd.Series(fingerprints(lambda name: after[name], names, len(after)), index=new_keys)
    is_known = new.index.isin(old.index)
    is_changed = is_known.copy()
    is_changed[is_known] = new[is_known].to_numpy() != old[new.index[is_known]].to_numpy()
    return Changes(new_keys[~is_known], new_keys[is_changed], old_keys[~old_keys.isin(new_keys).to_numpy()])
