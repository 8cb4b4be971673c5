"""Versions of rows: nothing recorded is lost, the same input adds nothing, and a bulk table does as a small one does."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import bulk, store
from loaders.contracts import CONTRACTS, known_at
from loaders.history import EVERYTHING, Changes, Scope, fingerprints, merge, merge_bulk
from tests.server import DATASETS

CONTRACT = CONTRACTS["incidents"]
ENDS = "superseded_at"
FIRST = pd.Timestamp("2026-12-01T06:00:00Z")
WEEK = pd.Timedelta(days=7)
LATER = FIRST + WEEK


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return store.read("incidents", root=DATASETS)


def told(changes: Changes) -> tuple[list[str], list[str], list[str]]:
    return (sorted(changes.added), sorted(changes.changed), sorted(changes.withdrawn))


def holding(frame: pd.DataFrame) -> pd.DataFrame:
    return known_at(frame, None, ends=ENDS)


def edited(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, one of them changed, one gone and one new."""
    frame = rows.drop(index=5).reset_index(drop=True)
    frame.loc[3, "fatalities"] = 99.0
    return pd.concat([frame, rows.loc[[8]].assign(event_id="NEW")], ignore_index=True)


def test_the_same_input_adds_nothing(rows: pd.DataFrame) -> None:
    frame, changes = merge(rows, rows.sample(frac=1, random_state=1), CONTRACT, Scope(), now=FIRST)
    assert not changes
    assert frame is rows


def test_a_changed_row_ends_and_a_new_version_is_recorded(rows: pd.DataFrame) -> None:
    frame, changes = merge(rows, edited(rows), CONTRACT, Scope(), now=FIRST)
    key, gone = rows.loc[3, "event_id"], rows.loc[5, "event_id"]
    assert told(changes) == (["NEW"], [key], [gone])
    versions = frame[frame["event_id"] == key].sort_values("recorded_at")
    assert versions[ENDS].tolist()[0] == FIRST
    assert pd.isna(versions[ENDS].tolist()[1])
    assert versions["recorded_at"].tolist()[1] == FIRST
    assert frame.loc[frame["event_id"] == gone, ENDS].tolist() == [FIRST]
    assert len(frame) == len(rows) + 2


def test_what_was_known_before_stays_known_for_then(rows: pd.DataFrame) -> None:
    frame, _ = merge(rows, edited(rows), CONTRACT, Scope(), now=FIRST)
    frame, _ = merge(frame, rows, CONTRACT, Scope(), now=LATER)
    before = known_at(frame, FIRST - pd.Timedelta("1s"), ends=ENDS)
    pd.testing.assert_frame_equal(
        before.drop(columns=ENDS).sort_values("event_id", ignore_index=True), rows.drop(columns=ENDS)
    )
    between = known_at(frame, FIRST + pd.Timedelta("1s"), ends=ENDS)
    assert set(between["event_id"]) == set(edited(rows)["event_id"])
    assert between.set_index("event_id").loc[rows.loc[3, "event_id"], "fatalities"] == 99
    assert len(holding(frame)) == len(rows)


def test_a_row_that_comes_back_is_a_new_version(rows: pd.DataFrame) -> None:
    frame, _ = merge(rows, rows.drop(index=5), CONTRACT, Scope(), now=FIRST)
    frame, changes = merge(frame, rows, CONTRACT, Scope(), now=LATER)
    assert told(changes) == ([rows.loc[5, "event_id"]], [], [])
    assert (frame["event_id"] == rows.loc[5, "event_id"]).sum() == 2
    assert not frame.duplicated(list(CONTRACT.row_key)).any()


def test_versions_never_share_a_time_even_if_the_clock_was_set_back(rows: pd.DataFrame) -> None:
    frame, _ = merge(rows, edited(rows), CONTRACT, Scope(), now=FIRST)
    frame, _ = merge(frame, rows, CONTRACT, Scope(), now=FIRST - WEEK)
    assert not frame.duplicated(list(CONTRACT.row_key)).any()
    assert (frame[ENDS].isna() | (frame[ENDS] > frame["recorded_at"])).all()


@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        (Scope(), {"a", "b", "c"}),
        (Scope(None), set()),
        (Scope((date(2025, 1, 2), date(2025, 1, 3))), {"b", "c"}),
        (Scope(None, withdrawn=("a", "stranger")), {"a"}),
        (Scope(EVERYTHING, keys=frozenset({"c"})), {"c"}),
    ],
    ids=["everything", "only adds", "a period", "named", "of one source"],
)
def test_only_what_a_reading_speaks_of_is_withdrawn(rows: pd.DataFrame, scope: Scope, gone: set[str]) -> None:
    days = pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"]).astype("datetime64[us]")
    recorded = rows.head(4).assign(event_id=pd.Series([*"abcd"], dtype="str"), event_date=days)
    incoming = recorded[recorded["event_id"] == "d"]
    _, changes = merge(recorded, incoming, CONTRACT, scope, now=FIRST)
    assert told(changes) == ([], [], sorted(gone))
    table = bulk.Table({"data.parquet": bulk.to_parquet(recorded, CONTRACT)}, CONTRACT)
    assert told(merge_bulk(table, incoming, scope, now=FIRST).changes) == ([], [], sorted(gone))


def test_bookkeeping_alone_makes_no_version(rows: pd.DataFrame) -> None:
    later = rows.assign(published_date=rows["published_date"] + WEEK, source_title="Another release")
    assert not merge(rows, later, CONTRACT, Scope(), now=FIRST)[1]


# -- bulk ------------------------------------------------------------------------------------------------------------


def after(
    files: dict[str, bytes], incoming: pd.DataFrame, scope: Scope, now: pd.Timestamp
) -> dict[str, bytes]:
    """Files of a bulk table after a refresh."""
    parts = merge_bulk(bulk.Table(files, CONTRACT), incoming, scope, now=now)
    number = len(files)
    more = {f"data-{number:04d}.parquet": parts.entering, f"ended-{number:04d}.parquet": parts.ended}
    return {**files, **{name: bulk.arrow_to_parquet(part) for name, part in more.items() if part is not None}}


def as_frame(files: dict[str, bytes]) -> pd.DataFrame:
    frame = bulk.from_arrow(bulk.Table(files, CONTRACT).read(), CONTRACT)
    return frame.sort_values(["event_id", "recorded_at"], ignore_index=True)


@given(st.data())
@settings(max_examples=15)
def test_a_bulk_table_does_as_a_small_one_does(data: st.DataObject) -> None:
    pool = store.read("incidents", root=DATASETS).head(12)
    frame = pool.head(8)
    files = {"data.parquet": bulk.to_parquet(frame, CONTRACT)}
    for week in range(1, 4):
        chosen = data.draw(st.lists(st.sampled_from(range(12)), unique=True))
        incoming = pool.loc[chosen].copy()
        incoming["fatalities"] = np.array(
            [float(data.draw(st.integers(0, 2))) for _ in chosen], dtype="float64"
        )
        scope = data.draw(
            st.sampled_from([Scope(), Scope(None), Scope(None, withdrawn=("IN0001", "IN0009"))])
        )
        now = FIRST + week * WEEK
        frame, _ = merge(frame, incoming, CONTRACT, scope, now=now)
        files = after(files, incoming, scope, now)
    expected = frame.sort_values(["event_id", "recorded_at"], ignore_index=True)
    pd.testing.assert_frame_equal(as_frame(files), expected)


def test_parts_are_read_as_one_table(rows: pd.DataFrame) -> None:
    files = {"data.parquet": bulk.to_parquet(rows, CONTRACT)}
    files = after(files, edited(rows), Scope(), FIRST)
    assert len(files) == 3
    table = bulk.Table(files, CONTRACT)
    assert len(table.live) == len(rows)
    columns = ["fatalities", ENDS]
    pd.testing.assert_frame_equal(
        bulk.from_arrow(table.read(columns), CONTRACT), bulk.from_arrow(table.read(), CONTRACT)[columns]
    )
    compact = bulk.from_arrow(table.read(["commune"], compact=True), CONTRACT)
    assert isinstance(compact["commune"].dtype, pd.CategoricalDtype)
    positions = np.array([len(table) - 1, 0, 7])
    taken = table.take(positions, ["event_id"]).to_pandas()["event_id"].tolist()
    assert taken == table.column("event_id").to_pandas().iloc[positions].tolist()


def test_rows_with_the_same_values_have_the_same_fingerprint_in_any_form(rows: pd.DataFrame) -> None:
    names = ["event_date", "commune", "fatalities", "event_group", "recorded_at"]
    plain = fingerprints(lambda name: rows[name], names, len(rows))
    compact = rows.astype({"commune": "category", "event_group": "category"})
    assert (fingerprints(lambda name: compact[name], names, len(rows)) == plain).all()
    arrow = bulk.to_arrow(rows, CONTRACT)
    assert (fingerprints(arrow.column, names, len(rows)) == plain).all()
    changed = rows.assign(commune=rows["commune"].where(rows.index != 4, "Elsewhere"))
    different = fingerprints(lambda name: changed[name], names, len(rows)) != plain
    assert np.flatnonzero(different).tolist() == [4]


# -- contract in bulk ------------------------------------------------------------------------------------------------

BAD = {
    "event_type": ("War", "'War' is not one of: Battles"),
    "event_id": ("é", "'é' is not an ASCII id"),
    "source_url": ("example.org", "'example.org' is not a web address"),
    "fatalities": (-1.0, "'-1.0' is below 0"),
    "summary": (None, "is empty but must be filled"),
}


@pytest.mark.parametrize("as_category", [False, True], ids=["text", "category"])
@pytest.mark.parametrize("column", BAD)
def test_bulk_rows_that_break_the_contract_are_rejected_with_the_reason(
    rows: pd.DataFrame, column: str, as_category: bool
) -> None:
    value, reason = BAD[column]
    frame = rows.copy()
    frame.loc[7, column] = value
    if as_category and column != "fatalities":
        frame[column] = frame[column].astype("category")
    valid, rejected = bulk.enforce(frame, CONTRACT)
    assert rejected["row"].tolist() == [7]
    assert rejected["column"].tolist() == [column]
    assert rejected["reason"][0].startswith(reason)
    assert len(valid) == len(rows) - 1


def test_a_key_that_recurs_is_rejected_once_in_bulk(rows: pd.DataFrame) -> None:
    valid, rejected = bulk.enforce(pd.concat([rows, rows.loc[[0]]], ignore_index=True), CONTRACT)
    assert len(valid) == len(rows)
    assert rejected["reason"].tolist() == ["repeats the key event_id of an earlier row"]
