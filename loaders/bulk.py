"""Bulk tables: a contract's rows as Parquet, written with stable bytes and read column by column.

A version is one file, ``data.parquet``, or that file and what later refreshes added: ``data-0001.parquet`` holds new
versions of rows, ``ended-0001.parquet`` says which earlier ones ended, and when. A weekly refresh of a million rows so
writes a few thousand; when many parts have come together they are written as one file again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loaders.contracts import REJECTED_COLUMNS, Column, Contract, ContractError, Kind

#: Rows of one row group: what a reader of a few rows has to decode at least.
GROUP_ROWS = 65_536

_TYPES: dict[Kind, pa.DataType] = {
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "id": pa.string(),
    "text": pa.string(),
    "url": pa.string(),
}


def schema(contract: Contract) -> pa.Schema:
    """Arrow schema of a contract: dates as ``date32``, timestamps in microseconds UTC, texts as ``string``."""
    return pa.schema([pa.field(column.name, _TYPES[column.kind]) for column in contract.columns])


def to_parquet(frame: pd.DataFrame, contract: Contract) -> bytes:
    """Stable bytes of a valid frame, sorted by key; the same rows give the same bytes.

    Parameters
    ----------
    frame
        Columns and kinds of the contract; texts may be ``str`` or ``category``.

    Returns
    -------
    bytes
        A Parquet file (zstd, dictionary-encoded, row groups of :data:`GROUP_ROWS`).
    """
    return arrow_to_parquet(in_order(to_arrow(frame, contract), contract))


def in_order(table: pa.Table, contract: Contract) -> pa.Table:
    """Rows by date (where the contract has one), then by key: a week lies in one row group."""
    names = [*([contract.date_column] if contract.date_column else []), *contract.row_key]
    keys = _plain(table.select(names)).combine_chunks()
    return table.take(pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names]))


def arrow_to_parquet(table: pa.Table) -> bytes:
    """Bytes of an Arrow table, as :func:`to_parquet` writes them."""
    sink = pa.BufferOutputStream()
    # Without Arrow's own schema: whether a column came dictionary-encoded is nothing a reader should see.
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=1,
        row_group_size=GROUP_ROWS,
        store_schema=False,
    )
    return sink.getvalue().to_pybytes()


def to_arrow(frame: pd.DataFrame, contract: Contract) -> pa.Table:
    """A frame's columns in the contract's Arrow types, ``category`` dictionary-encoded."""
    fields = schema(contract)
    return pa.Table.from_arrays(
        [_array(frame[column.name], fields.field(column.name).type) for column in contract.columns],
        names=contract.column_names,
    )


def _array(values: pd.Series, kind: pa.DataType) -> pa.Array:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return pa.array(values, from_pandas=True).cast(pa.dictionary(pa.int32(), pa.string()))
    if pa.types.is_date32(kind):
        return pa.array(values.astype("datetime64[us]"), from_pandas=True).cast(kind)
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(kind)


class Table:
    """Rows of a version, over all its parts.

    Parameters
    ----------
    files
        Bytes of the parts by name.
    contract
        Contract of the dataset, with a key of one column.

    Raises
    ------
    ValueError
        A part is no Parquet file of this contract.
    """

    def __init__(self, files: Mapping[str, bytes], contract: Contract) -> None:
        self.contract = contract
        self._parts = [_open(files[name], name) for name in sorted(files) if name.startswith("data")]
        ended = [_open(files[name], name).file.read() for name in sorted(files) if name.startswith("ended")]
        self._ended = pa.concat_tables(ended) if ended else None

    def __len__(self) -> int:
        return sum(part.file.metadata.num_rows for part in self._parts)

    @property
    def parts(self) -> int:
        """Number of parts with rows."""
        return len(self._parts)

    def column(self, name: str, *, compact: bool = False) -> pa.ChunkedArray:
        """One column as stored, endings of later parts not applied."""
        return self._read([name], compact=compact).column(0)

    def read(self, columns: Sequence[str] | None = None, *, compact: bool = False) -> pa.Table:
        """Rows with some columns (default: all), endings applied; ``compact`` dictionary-encodes texts."""
        names = list(columns) if columns is not None else self.contract.column_names
        table = self._read(names, compact=compact)
        ends = self.contract.ends
        if ends in names and self._ended is not None:
            table = table.set_column(
                names.index(ends), ends, pa.array(self.ended_at).cast(_TYPES["timestamp"])
            )
        return table

    @cached_property
    def ended_at(self) -> np.ndarray:
        """When each row ended, ``datetime64[us]`` UTC, NaT for those that hold; shape (rows,)."""
        ends = self.contract.ends
        if ends is None:
            return np.full(len(self), np.datetime64("NaT", "us"))
        found = _times(self.column(ends)).copy()
        if self._ended is not None:
            key = self.contract.key[0]
            keys = self.column(key)
            at = np.flatnonzero(pc.is_in(keys, value_set=self._ended.column(key).combine_chunks()))
            rows = pd.DataFrame(
                {
                    "key": keys.take(pa.array(at)).to_pandas(),
                    "recorded_at": _times(self.column("recorded_at"))[at],
                    "at": at,
                }
            )
            endings = pd.DataFrame(
                {
                    "key": self._ended.column(key).to_pandas(),
                    "recorded_at": _times(self._ended.column("recorded_at")),
                    "ended_at": _times(self._ended.column("ended_at")),
                }
            )
            both = rows.merge(endings, on=["key", "recorded_at"])
            found[both["at"]] = both["ended_at"].to_numpy()
        return found

    @property
    def live(self) -> np.ndarray:
        """Positions of the rows that hold."""
        return np.flatnonzero(np.isnat(self.ended_at))

    def take(self, positions: np.ndarray, columns: Sequence[str]) -> pa.Table:
        """Some rows, in the order given; only the row groups that hold them are decoded."""
        ordered, inverse = np.unique(positions, return_inverse=True)
        found, start = [], 0
        for part in self._parts:
            file = _compact(part, self.contract)
            for group in range(file.num_row_groups):
                stop = start + file.metadata.row_group(group).num_rows
                inside = ordered[(ordered >= start) & (ordered < stop)]
                if len(inside):
                    rows = file.read_row_group(group, columns=list(columns)).take(pa.array(inside - start))
                    found.append(_plain(rows.select(list(columns))))
                start = stop
        if not found:
            return schema(self.contract).empty_table().select(list(columns))
        return pa.concat_tables(found).take(pa.array(inverse))

    def _read(self, names: Sequence[str], *, compact: bool) -> pa.Table:
        tables = []
        for part in self._parts:
            missing = [name for name in names if name not in part.file.schema_arrow.names]
            if missing:
                raise ValueError(f"columns missing: {', '.join(missing)}")
            file = _compact(part, self.contract) if compact else part.file
            tables.append(file.read(columns=list(names)).select(list(names)))
        return pa.concat_tables(tables).unify_dictionaries()


class _Part(NamedTuple):
    """A Parquet file, and the bytes it is read from."""

    file: Any
    data: bytes


def _open(data: bytes, name: str) -> _Part:
    try:
        return _Part(pq.ParquetFile(pa.BufferReader(data)), data)
    except pa.ArrowException as error:
        raise ValueError(f"{name} is not a Parquet file that can be read ({error})") from None


def _compact(part: _Part, contract: Contract) -> Any:
    """The file, with texts that recur read as dictionaries; those of the key would cost more than as they are."""
    texts = [
        column.name
        for column in contract.columns
        if column.kind in ("id", "text", "url") and column.name not in contract.key
    ]
    return pq.ParquetFile(pa.BufferReader(part.data), read_dictionary=texts)


def _plain(table: pa.Table) -> pa.Table:
    """The same rows with texts as ``string``."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table


def _times(column: pa.ChunkedArray) -> np.ndarray:
    """Timestamps as ``datetime64[us]`` in UTC, without zone."""
    return column.cast(pa.timestamp("us")).to_numpy().astype("datetime64[us]")


def endings(table: Table, positions: np.ndarray, ended_at: pd.Timestamp) -> pa.Table:
    """Rows of an ``ended`` part: the key and recording time of rows, and when they ended."""
    rows = table.take(positions, list(table.contract.row_key))
    moment = pa.scalar(ended_at.to_pydatetime(), _TYPES["timestamp"])
    return rows.append_column("ended_at", pa.repeat(moment, len(rows)))


def from_arrow(table: pa.Table, contract: Contract) -> pd.DataFrame:
    """Frame with the contract's kinds from an Arrow table."""
    kinds = {column.name: column.kind for column in contract.columns}
    for place, name in enumerate(table.column_names):
        if kinds[name] == "date":
            table = table.set_column(place, name, table.column(name).cast(pa.timestamp("us")))
    frame: pd.DataFrame = table.to_pandas()
    for name in table.column_names:
        if kinds[name] == "int":
            frame[name] = frame[name].astype("Int64")
        elif kinds[name] == "bool":
            frame[name] = frame[name].astype("boolean")
        elif kinds[name] == "float":
            frame[name] = frame[name].astype("float64")
    return frame


# -- contract --------------------------------------------------------------------------------------------------------


def enforce(frame: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split rows into those that keep the contract and those that break it: :func:`loaders.contracts.enforce` in bulk.

    Parameters
    ----------
    frame
        Columns of the contract, already of its kinds; texts may be ``category``, whose values are looked at once each.

    Returns
    -------
    valid, rejected : DataFrame, DataFrame
        ``valid`` in the order of ``frame``; ``rejected`` with ``row, column, value, reason, record``, one line per row.

    Raises
    ------
    ContractError
        Columns are missing, unexpected or of another kind.
    """
    names = contract.column_names
    missing = [name for name in names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in names]
    if missing or extra:
        raise ContractError(
            f"{contract.dataset_id}: columns do not match the contract; missing: {missing or 'none'}, "
            f"unexpected: {extra or 'none'}. Expected: {', '.join(names)}."
        )
    reasons: list[tuple[str, np.ndarray, str]] = []
    for column in contract.columns:
        reasons += [
            (column.name, bad, reason) for bad, reason in _broken(frame[column.name], column, contract)
        ]
    repeated = frame.duplicated(list(contract.key)).to_numpy()
    reasons.append(
        (contract.key[0], repeated, f"repeats the key {' + '.join(contract.key)} of an earlier row")
    )
    seen = np.zeros(len(frame), dtype=bool)
    parts = []
    for name, bad, reason in reasons:
        new = bad & ~seen
        if new.any():
            seen |= new
            parts.append(_rejected(frame[new], name, reason))
    if not parts:
        return frame, pd.DataFrame(columns=REJECTED_COLUMNS)
    rejected = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    return frame[~seen], rejected


def _broken(values: pd.Series, column: Column, contract: Contract) -> list[tuple[np.ndarray, str]]:
    """Rules of a column that rows break: which rows, and the reason, which may name the value as ``{value}``."""
    empty = values.isna().to_numpy()
    found = [(empty, "is empty but must be filled")] if column.required and empty.any() else []
    is_category = isinstance(values.dtype, pd.CategoricalDtype)
    if column.kind in ("id", "text", "url"):
        if not is_category and not pd.api.types.is_string_dtype(values.dtype):
            raise ContractError(
                f"{contract.dataset_id}: {column.name} is of the kind {values.dtype}, not text."
            )
        distinct = pa.array(values.cat.categories.astype("str") if is_category else values, from_pandas=True)
        for rule, reason in _text_rules(column):
            bad = pc.invert(rule(distinct)).fill_null(False).to_numpy(zero_copy_only=False)
            if bad.any():
                found.append((np.append(bad, False)[values.cat.codes] if is_category else bad, reason))
    elif column.kind in ("float", "int"):
        numbers = values.astype("float64").to_numpy()
        if column.minimum is not None:
            found.append((numbers < column.minimum, f"{{value!r}} is below {column.minimum:g}"))
        if column.maximum is not None:
            found.append((numbers > column.maximum, f"{{value!r}} is above {column.maximum:g}"))
    return found


def _text_rules(column: Column) -> list[tuple[Any, str]]:
    rules: list[tuple[Any, str]] = []
    if column.values:
        allowed = pa.array([str(value) for value in column.values])
        rules.append(
            (
                lambda texts: pc.if_else(pc.is_null(texts), None, pc.is_in(texts, value_set=allowed)),
                f"{{value!r}} is not one of: {', '.join(column.values)}",
            )
        )
    if column.kind == "url":
        rules.append(
            (
                lambda texts: pc.match_substring_regex(texts, r"^https?://\S+$"),
                "{value!r} is not a web address (http:// or https://)",
            )
        )
    if column.kind == "id":
        rules.append(
            (
                lambda texts: pc.match_substring_regex(texts, r"^[A-Za-z0-9][A-Za-z0-9_.:'-]*$"),
                "{value!r} is not an ASCII id (letters, digits, - _ .)",
            )
        )
    return rules


def _rejected(rows: pd.DataFrame, name: str, reason: str) -> pd.DataFrame:
    texts = rows.astype("str").fillna("")
    return pd.DataFrame(
        {
            "row": rows.index,
            "column": name,
            "value": texts[name].to_numpy(),
            "reason": [reason.format(value=value) for value in texts[name]],
            "record": [json.dumps(record, ensure_ascii=False) for record in texts.to_dict("records")],
        }
    )
