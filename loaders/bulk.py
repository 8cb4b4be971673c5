"""Bulk tables: a contract's rows as Parquet, written with stable bytes and read column by column."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from loaders.contracts import Contract, Kind

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
    order = (
        frame[list(contract.key)].reset_index(drop=True).sort_values(list(contract.key), kind="stable").index
    )
    table = to_arrow(frame, contract)
    if not order.is_monotonic_increasing:
        table = table.take(pa.array(order))
    return arrow_to_parquet(table)


def arrow_to_parquet(table: pa.Table) -> bytes:
    """Bytes of an Arrow table, as :func:`to_parquet` writes them."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1, row_group_size=GROUP_ROWS)
    return sink.getvalue().to_pybytes()


def to_arrow(frame: pd.DataFrame, contract: Contract) -> pa.Table:
    """A frame's columns in the contract's Arrow types; an empty text is "not known"."""
    fields = schema(contract)
    return pa.Table.from_arrays(
        [_array(frame[column.name], fields.field(column.name).type) for column in contract.columns],
        schema=fields,
    )


def _array(values: pd.Series, kind: pa.DataType) -> pa.Array:
    if isinstance(values.dtype, pd.CategoricalDtype):
        texts = pa.array(values, from_pandas=True)
        return texts.dictionary.cast(pa.string()).take(texts.indices)
    if pa.types.is_date32(kind):
        return pa.array(values.astype("datetime64[us]"), from_pandas=True).cast(kind)
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(kind)


def from_parquet(
    data: bytes | pa.Buffer,
    contract: Contract,
    *,
    columns: Sequence[str] | None = None,
    compact: bool = False,
) -> pd.DataFrame:
    """Rows of a Parquet file that :func:`to_parquet` wrote.

    Parameters
    ----------
    data
        The file.
    columns
        Columns to read, in this order; by default all of the contract.
    compact
        Return texts as ``category``: a tenth of the memory where values recur.

    Returns
    -------
    DataFrame
        Kinds of the contract, index from 0.

    Raises
    ------
    ValueError
        Not a Parquet file, or without a column asked for.
    """
    return from_arrow(read_arrow(data, contract, columns=columns, compact=compact), contract)


def read_arrow(
    data: bytes | pa.Buffer,
    contract: Contract,
    *,
    columns: Sequence[str] | None = None,
    compact: bool = False,
) -> pa.Table:
    """Arrow table of a Parquet file; parameters and errors as :func:`from_parquet`."""
    names = list(columns) if columns is not None else contract.column_names
    texts = [column.name for column in contract.columns if column.kind in ("id", "text", "url")]
    try:
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts if compact else None)
        missing = [name for name in names if name not in file.schema_arrow.names]
        if missing:
            raise ValueError(f"columns missing: {', '.join(missing)}")
        return file.read(columns=names).select(names)
    except pa.ArrowException as error:
        raise ValueError(f"not a Parquet file that can be read ({error})") from None


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
