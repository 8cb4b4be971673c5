"""Bulk tables: Parquet gives back what a contract's frame held, whole or not at all, and reads single columns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from loaders import bulk, store
from loaders.contracts import CONTRACTS, Contract
from tests.server import DATASETS

#: Between them, columns of every kind.
TABLES = ("incidents", "territorial_control", "key_sites", "mission", "indicators", "sources")


def read(
    data: bytes, contract: Contract, columns: list[str] | None = None, *, compact: bool = False
) -> pd.DataFrame:
    table = bulk.Table({"data.parquet": data}, contract)
    return bulk.from_arrow(table.read(columns, compact=compact), contract)


@pytest.mark.parametrize("name", TABLES)
def test_parquet_gives_the_frame_back(name: str) -> None:
    frame = store.read(name, root=DATASETS)
    data = bulk.to_parquet(frame, CONTRACTS[name])
    key = list(CONTRACTS[name].key)
    found = read(data, CONTRACTS[name]).sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(found, frame.sort_values(key, ignore_index=True))


def test_the_same_rows_give_the_same_bytes_in_any_order() -> None:
    frame, contract = store.read("incidents", root=DATASETS), CONTRACTS["incidents"]
    mixed = frame.sample(frac=1, random_state=1)
    assert bulk.to_parquet(mixed, contract) == bulk.to_parquet(frame, contract)


def test_categories_are_stored_as_texts() -> None:
    frame, contract = store.read("incidents", root=DATASETS), CONTRACTS["incidents"]
    texts = [name for name in frame if pd.api.types.is_string_dtype(frame[name].dtype)]
    found = read(bulk.to_parquet(frame.astype(dict.fromkeys(texts, "category")), contract), contract)
    pd.testing.assert_frame_equal(found, read(bulk.to_parquet(frame, contract), contract))


def test_texts_can_be_read_as_categories() -> None:
    frame = store.read("incidents", root=DATASETS)
    data = bulk.to_parquet(frame, CONTRACTS["incidents"])
    found = read(data, CONTRACTS["incidents"], ["event_id", "commune"], compact=True)
    assert not isinstance(found["event_id"].dtype, pd.CategoricalDtype), "keys do not recur"
    assert list(found) == ["event_id", "commune"]
    assert isinstance(found["commune"].dtype, pd.CategoricalDtype)
    found = found.astype("str").sort_values("event_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, frame[["event_id", "commune"]])


def test_an_empty_table_keeps_its_columns_and_kinds() -> None:
    frame = store.read("incidents", root=DATASETS).iloc[:0]
    data = bulk.to_parquet(frame, CONTRACTS["incidents"])
    pd.testing.assert_frame_equal(read(data, CONTRACTS["incidents"]), frame)


@pytest.fixture
def root(datasets_copy: Path) -> Path:
    """The committed datasets, with incidents published as a bulk table."""
    files = {
        name: store.read_bytes("incidents", name, root=datasets_copy)
        for name in (store.REJECTED_FILE, store.PROVENANCE_FILE)
    }
    frame = store.read("incidents", root=datasets_copy)
    files["data.parquet"] = store.serialise(frame, CONTRACTS["incidents"].in_bulk())
    store.publish({"incidents": store.Version(files)}, root=datasets_copy)
    return datasets_copy


def test_the_store_reads_a_version_in_the_format_it_was_published_in(root: Path) -> None:
    pd.testing.assert_frame_equal(store.read("incidents", root=root), store.read("incidents", root=DATASETS))
    columns = ["event_date", "event_type"]
    assert list(store.read("incidents", columns=columns, root=root)) == columns
    assert list(store.read("incidents", columns=columns, root=DATASETS)) == columns
    of = store.snapshot(root=root)
    assert store.data_digest("incidents", of=of) == of.digests["incidents"]["data.parquet"]


def test_a_working_copy_in_the_other_format_does_not_stay(root: Path) -> None:
    assert not (root / "incidents" / "data.csv").exists()


def test_a_damaged_bulk_table_is_refused_with_its_name(root: Path) -> None:
    path = root / "incidents" / "data.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    shutil.rmtree(root / ".store")
    with pytest.raises(
        store.DatasetError, match=r"incidents/data\.parquet is not the file that was published"
    ):
        store.read("incidents", root=root)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"event_id\nA\n"])
def test_what_is_no_parquet_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a Parquet file"):
        read(data, CONTRACTS["incidents"])


def test_a_column_that_is_missing_is_named() -> None:
    data = bulk.to_parquet(store.read("mission", root=DATASETS), CONTRACTS["mission"])
    with pytest.raises(ValueError, match="columns missing: event_id"):
        read(data, CONTRACTS["incidents"], ["event_id"])
