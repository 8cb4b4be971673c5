"""From a provider's coded events to rows of the dataset ``incidents``."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from loaders.checks import Context
from loaders.contracts import CONTRACTS, LOCAL_TIME_ZONE
from loaders.crosswalk import actor_ids
from loaders.sources.places import PLACE_COLUMNS

#: From so many rows on texts are ``category``, which takes a tenth of the memory and of the time.
COMPACT_ROWS = 50_000

#: Columns that differ from row to row; :func:`incidents` adds the others.
CODED_COLUMNS = (
    *("event_id", "event_date", "date_precision", "event_type", "sub_event_type", "actor1", "actor2"),
    *("fatalities_low", "fatalities", "fatalities_high", "fatalities_basis", "published_date"),
    *PLACE_COLUMNS,
)


@dataclass(frozen=True)
class Provider:
    """Who coded the events, as every row says it."""

    provider: str
    source_title: str
    source_publisher: str
    source_url: str


def incidents(
    coded: Mapping[str, pd.Series], provider: Provider, context: Context, *, recorded_at: datetime
) -> pd.DataFrame:
    """Complete rows of ``incidents``.

    Parameters
    ----------
    coded
        :data:`CODED_COLUMNS`, all with the same index (row number in the source); texts as ``str`` or ``category``, dates as
        ``datetime64``, counts in people as ``float64``.
    provider
        Constant columns.
    context
        With the side file ``actor_words.csv``.
    recorded_at
        When we recorded the rows, with time zone.

    Returns
    -------
    DataFrame
        Columns and kinds of ``CONTRACTS["incidents"]``, index of ``coded``; from :data:`COMPACT_ROWS` rows on, texts that recur
        are ``category``.
    """
    contract = CONTRACTS["incidents"]
    index = coded["event_id"].index
    constants = {
        "provider": provider.provider,
        "event_group": None,
        "count_role": "primary",
        "source_id": None,
        "source_title": provider.source_title,
        "source_publisher": provider.source_publisher,
        "source_url": provider.source_url,
        "source_checked": "page",
    }
    times = {"recorded_at": pd.Timestamp(recorded_at).tz_convert("UTC"), "superseded_at": None}
    found = dict(coded)
    found["actor_ids"] = _actors(coded["actor1"], coded["actor2"], context.files["actor_words.csv"])
    arrays: dict[str, pa.Array] = {}
    for column in contract.columns:
        if column.name in constants:
            arrays[column.name] = _constant(constants[column.name], len(index))
        elif column.name in times:
            arrays[column.name] = pa.repeat(
                pa.scalar(times[column.name], pa.timestamp("us", "UTC")), len(index)
            )
        elif column.name != "summary":
            arrays[column.name] = _array(found[column.name], column.kind)
    arrays["summary"] = _summary(*(arrays[name] for name in ("sub_event_type", "actor1", "actor2")))
    if len(index) < COMPACT_ROWS:
        arrays = {
            name: array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array
            for name, array in arrays.items()
        }
    table = pa.table({name: arrays[name] for name in contract.column_names})
    frame: pd.DataFrame = table.to_pandas()
    return frame.set_axis(index, axis=0)


def local_date(moment: datetime) -> pd.Timestamp:
    """Civil date in Port-au-Prince of a moment with time zone, at midnight and without zone."""
    return pd.Timestamp(moment.astimezone(ZoneInfo(LOCAL_TIME_ZONE)).date())


def _constant(text: str | None, rows: int) -> pa.Array:
    indices = pa.nulls(rows, pa.int32()) if text is None else pa.array(np.zeros(rows, dtype="int32"))
    return pa.DictionaryArray.from_arrays(indices, pa.array([text or ""], pa.string()))


def _array(values: pd.Series, kind: str) -> pa.Array:
    """A column with nothing in place of empty texts; texts that recur are dictionary-encoded."""
    if kind == "date":
        return pa.array(values.astype("datetime64[us]"))
    if kind == "float":
        return pa.array(values.astype("float64"), from_pandas=True)
    texts = pa.array(values, from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if not pa.types.is_dictionary(texts.type):
        texts = texts.cast(pa.string())
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    words, indices = texts.dictionary.cast(pa.string()), texts.indices.cast(pa.int32())
    is_blank = pc.equal(words, "").take(indices).fill_null(True)
    indices = pc.if_else(is_blank, pa.scalar(None, pa.int32()), indices)
    return pa.DictionaryArray.from_arrays(indices, words)


def _summary(what: pa.Array, actor1: pa.Array, actor2: pa.Array) -> pa.Array:
    """What happened in our words, from the codes alone: the provider's notes are not ours to keep.

    Worked out once for every combination that occurs.
    """
    parts = [
        part if pa.types.is_dictionary(part.type) else part.dictionary_encode()
        for part in (what, actor1, actor2)
    ]
    codes = np.zeros(len(what), dtype="int64")
    for part in parts:
        codes = codes * (len(part.dictionary) + 1) + part.indices.fill_null(len(part.dictionary)).to_numpy()
    places, distinct = pd.factorize(codes)
    first = np.zeros(len(distinct), dtype="int64")
    first[places[::-1]] = np.arange(len(places) - 1, -1, -1)
    columns = [part.take(pa.array(first)).to_pylist() for part in parts]
    words = pa.array(
        [
            ": ".join(filter(None, (happened, "; ".join(filter(None, actors)))))
            for happened, *actors in zip(*columns, strict=True)
        ],
        pa.string(),
    )
    return pa.DictionaryArray.from_arrays(pa.array(places.astype("int32")), words)


def _actors(actor1: pd.Series, actor2: pd.Series, words: bytes) -> pd.Series:
    """Ids of the actors named, worked out once for every pair that occurs."""
    first, second = actor1.astype("category"), actor2.astype("category")
    pairs = first.cat.codes.astype("int64") * len(second.cat.categories) + second.cat.codes
    codes, distinct = pd.factorize(pairs)
    width = max(1, len(second.cat.categories))
    texts = pd.Series(
        [
            f"{first.cat.categories[pair // width]} ; {second.cat.categories[pair % width]}"
            for pair in distinct
        ],
        dtype="str",
    )
    return actor_ids(texts, words).astype("category").take(codes).set_axis(actor1.index)
