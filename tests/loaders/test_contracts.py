"""Contracts: what a row must be to enter a dataset, and how a row that is not is reported."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from loaders import store
from loaders.checks import Findings
from loaders.contracts import (
    CONTRACTS,
    PARTY_OF_CLAIMANT,
    REJECTED_COLUMNS,
    SIDE_OF_STATUS,
    VERIFICATION_RANK,
    Column,
    Contract,
    ContractError,
    Status,
    Verification,
    enforce,
    typed,
)

TINY = Contract(
    "tiny",
    (
        Column("thing_id", "id", "key", required=True),
        Column("name", "text", "name", required=True),
        Column("colour", "text", "colour", values=("red", "blue")),
        Column("page", "url", "page"),
        Column("day", "date", "day"),
        Column("seen_at", "timestamp", "when seen"),
        Column("share", "float", "share", minimum=0, maximum=1),
        Column("count", "int", "count", minimum=0),
        Column("is_open", "bool", "open"),
    ),
    key=("thing_id",),
)

GOOD = {
    "thing_id": "a-1",
    "name": "Ti Plas",
    "colour": "red",
    "page": "https://example.org/page",
    "day": "2025-03-01",
    "seen_at": "2025-03-01T12:00:00Z",
    "share": "0.5",
    "count": "3",
    "is_open": "true",
}


def rows(*changes: dict[str, Any]) -> pd.DataFrame:
    """Good rows with their own ids, changed here and there; the index is the line in the source."""
    lines = [GOOD | {"thing_id": f"a-{number}"} | change for number, change in enumerate(changes, start=1)]
    return pd.DataFrame(lines, index=range(2, len(lines) + 2), dtype="object")


def rejection(change: dict[str, Any]) -> pd.Series:
    """What is said of one bad row among two good ones, which must stay."""
    valid, rejected = enforce(rows({}, change, {}), TINY)
    assert valid["thing_id"].tolist() == ["a-1", "a-3"]
    assert len(rejected) == 1
    return rejected.iloc[0]


def test_a_good_row_gets_the_kinds_of_its_columns() -> None:
    valid, rejected = enforce(rows({}), TINY)
    assert rejected.empty
    assert valid.iloc[0].to_dict() == {
        "thing_id": "a-1",
        "name": "Ti Plas",
        "colour": "red",
        "page": "https://example.org/page",
        "day": pd.Timestamp("2025-03-01"),
        "seen_at": pd.Timestamp("2025-03-01T12:00:00Z"),
        "share": 0.5,
        "count": 3,
        "is_open": True,
    }
    assert valid.dtypes.astype("str").to_dict() == {
        "thing_id": "str",
        "name": "str",
        "colour": "str",
        "page": "str",
        "day": "datetime64[us]",
        "seen_at": "datetime64[us, UTC]",
        "share": "float64",
        "count": "Int64",
        "is_open": "boolean",
    }


@pytest.mark.parametrize("column", [column.name for column in TINY.columns if not column.required])
def test_an_empty_cell_means_not_known(column: str) -> None:
    valid, rejected = enforce(rows({column: ""}), TINY)
    assert rejected.empty
    assert valid[column].isna().all()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("day", "01/03/2025", "'01/03/2025' is not a date (write YYYY-MM-DD)"),
        ("day", "2025-02-30", "'2025-02-30' is not a date (write YYYY-MM-DD)"),
        ("day", "March 2025", "'March 2025' is not a date (write YYYY-MM-DD)"),
        ("seen_at", "noon", "'noon' is not a time (write YYYY-MM-DDThh:mm:ssZ)"),
        ("share", "half", "'half' is not a number"),
        ("share", "1,5", "'1,5' is not a number"),
        ("share", "inf", "'inf' is not a number"),
        ("share", "nan", "'nan' is not a number"),
        ("count", "2.5", "'2.5' is not a whole number"),
        ("is_open", "maybe", "'maybe' is not a truth value (write true or false)"),
        ("colour", "green", "'green' is not one of: red, blue"),
        ("share", "-0.1", "'-0.1' is below 0"),
        ("share", "1.1", "'1.1' is above 1"),
        ("page", "example.org/page", "'example.org/page' is not a web address (http:// or https://)"),
        ("page", "ftp://example.org", "'ftp://example.org' is not a web address (http:// or https://)"),
        (
            "page",
            "https://example.org/two words",
            "'https://example.org/two words' is not a web address (http:// or https://)",
        ),
        ("thing_id", "Ti Plas", "'Ti Plas' is not an ASCII id (letters, digits, - _ .)"),
        ("thing_id", "plàs", "'plàs' is not an ASCII id (letters, digits, - _ .)"),
        ("thing_id", "-a", "'-a' is not an ASCII id (letters, digits, - _ .)"),
    ],
)
def test_a_bad_value_is_rejected_with_its_row_column_value_and_reason(
    column: str, value: str, reason: str
) -> None:
    said = rejection({column: value})
    assert said["row"] == 3
    assert said["column"] == column
    assert said["value"] == value
    assert said["reason"] == reason
    assert json.loads(said["record"])[column] == value


@pytest.mark.parametrize("empty", ["", None])
def test_a_missing_required_value_is_rejected(empty: str | None) -> None:
    said = rejection({"name": empty})
    assert (said["row"], said["column"], said["value"]) == (3, "name", "")
    assert said["reason"] == "is empty but must be filled"


def test_of_rows_with_one_key_the_first_stays() -> None:
    valid, rejected = enforce(rows({}, {"thing_id": "a-1", "name": "Lòt"}), TINY)
    assert valid["name"].tolist() == ["Ti Plas"]
    assert rejected["row"].tolist() == [3]
    assert rejected["column"].tolist() == ["thing_id"]
    assert rejected["value"].tolist() == ["a-1"]
    assert "repeats" in rejected["reason"].iloc[0]


def test_a_row_with_several_faults_is_reported_once() -> None:
    said = rejection({"day": "soon", "colour": "green", "page": "nowhere"})
    assert said["column"] == "day"


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (rows({}).drop(columns="day"), r"missing: \['day'\]"),
        (rows({}).assign(extra="1"), r"unexpected: \['extra'\]"),
        (rows({}).rename(columns={"day": "date"}), r"missing: \['day'\], unexpected: \['date'\]"),
    ],
    ids=["missing", "extra", "renamed"],
)
def test_missing_or_unexpected_columns_stop_everything(frame: pd.DataFrame, named: str) -> None:
    with pytest.raises(ContractError, match=named):
        enforce(frame, TINY)


def test_valid_rows_are_sorted_by_key_and_keep_their_line_numbers() -> None:
    valid, _ = enforce(rows({"thing_id": "c"}, {"thing_id": "a"}, {"thing_id": "b"}), TINY)
    assert valid["thing_id"].tolist() == ["a", "b", "c"]
    assert valid.index.tolist() == [3, 4, 2]


_CELLS = {
    "thing_id": st.sampled_from(["a", "b", "c", "no id", ""]),
    "name": st.sampled_from(["Ti Plas", "", None]),
    "colour": st.sampled_from(["red", "green", ""]),
    "page": st.sampled_from(["https://example.org", "nowhere", ""]),
    "day": st.sampled_from(["2025-03-01", "soon", ""]),
    "seen_at": st.sampled_from(["2025-03-01T12:00:00Z", "noon", ""]),
    "share": st.sampled_from(["0.5", "2", "half", ""]),
    "count": st.sampled_from(["3", "-1", "2.5", ""]),
    "is_open": st.sampled_from(["true", "false", "maybe", ""]),
}


@given(st.lists(st.fixed_dictionaries(_CELLS), min_size=1, max_size=12))
@settings(max_examples=15)
def test_valid_and_rejected_rows_are_all_rows_and_no_row_is_both(lines: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(lines, index=range(2, len(lines) + 2), dtype="object")
    valid, rejected = enforce(frame, TINY)
    assert sorted([*valid.index, *rejected["row"]]) == frame.index.tolist()
    assert rejected.columns.tolist() == REJECTED_COLUMNS
    again, none = enforce(valid, TINY)
    assert none.empty
    assert_frame_equal(again, valid)


def test_a_row_that_fails_two_checks_is_rejected_once_for_the_first() -> None:
    frame, _ = enforce(rows({}, {}, {}), TINY)
    findings = Findings()
    findings.reject(frame, frame["thing_id"].isin(["a-1", "a-2"]), "day", "is late")
    findings.reject(frame, frame["thing_id"].isin(["a-2", "a-3"]), "name", "is not a known place")
    assert findings.rejected[["row", "column", "value", "reason"]].to_numpy().tolist() == [
        [2, "day", "2025-03-01 00:00:00", "is late"],
        [3, "day", "2025-03-01 00:00:00", "is late"],
        [4, "name", "Ti Plas", "is not a known place"],
    ]
    assert [json.loads(record)["thing_id"] for record in findings.rejected["record"]] == ["a-1", "a-2", "a-3"]


# -- parse and serialise ---------------------------------------------------------------------------------------------

_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\r\t"), max_size=12
)
_ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:'-]{0,8}", fullmatch=True)


def _values(column: Column) -> st.SearchStrategy[Any]:
    """Values that a contract allows in a column."""
    if column.values:
        filled: st.SearchStrategy[Any] = st.sampled_from(column.values)
    else:
        low = column.minimum if column.minimum is not None else -1e12
        high = column.maximum if column.maximum is not None else 1e12
        filled = {
            "id": _ID,
            "text": _TEXT.filter(bool),
            "url": st.from_regex(r"https?://[a-z0-9./?=&%\"',-]{1,20}", fullmatch=True),
            "date": st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(pd.Timestamp),
            "timestamp": st.integers(0, 7_258_118_399).map(
                lambda seconds: pd.Timestamp(seconds, unit="s", tz="UTC")
            ),
            "float": st.floats(low, high, allow_nan=False),
            "int": st.integers(int(low), int(high)),
            "bool": st.booleans(),
        }[column.kind]
    return filled if column.required else st.none() | filled


@st.composite
def typed_frames(draw: st.DrawFn, contract: Contract) -> pd.DataFrame:
    """Up to three valid rows of a contract, sorted by key."""
    lines = draw(
        st.lists(
            st.fixed_dictionaries({column.name: _values(column) for column in contract.columns}),
            min_size=1,
            max_size=3,
            unique_by=lambda line: tuple(line[name] for name in contract.key),
        )
    )
    frame = typed(pd.DataFrame(lines, columns=contract.column_names, dtype="object"), contract)
    return frame.sort_values(list(contract.key), ignore_index=True)


def _read(data: bytes, contract: Contract) -> pd.DataFrame:
    """The same steps as store.read, on bytes."""
    if contract.has_geometry:
        frame = pd.DataFrame([feature["properties"] for feature in json.loads(data)["features"]])
    else:
        frame = pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False, na_values=[""])
    return typed(frame, contract)


def _check_round_trip(frame: pd.DataFrame, contract: Contract) -> None:
    def written(rows: pd.DataFrame) -> bytes:
        return store.serialise(rows.assign(geometry=None) if contract.has_geometry else rows, contract)

    found = _read(written(frame), contract)
    assert_frame_equal(found, frame)
    assert written(found) == written(frame)


@given(typed_frames(TINY))
@settings(max_examples=40)
def test_values_of_every_kind_are_read_back_as_they_were_serialised(frame: pd.DataFrame) -> None:
    _check_round_trip(frame, TINY)


# Bulk tables are read back in test_bulk.py.
@pytest.mark.parametrize("name", [name for name in CONTRACTS if CONTRACTS[name].format != "parquet"])
@given(data=st.data())
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_rows_of_every_dataset_are_read_back_as_they_were_serialised(name: str, data: st.DataObject) -> None:
    _check_round_trip(data.draw(typed_frames(CONTRACTS[name])), CONTRACTS[name])


def test_a_carriage_return_inside_a_cell_does_not_end_the_row() -> None:
    frame, rejected = enforce(rows({"name": "one\rtwo"}, {"name": "one\r\ntwo"}), TINY)
    assert rejected.empty
    assert frame["name"].tolist() == ["one\ntwo", "one\ntwo"]
    assert _read(store.serialise(frame, TINY), TINY)["name"].tolist() == ["one\ntwo", "one\ntwo"]


@given(st.data())
@settings(max_examples=10)
def test_row_order_does_not_change_the_bytes(data: st.DataObject) -> None:
    frame = data.draw(typed_frames(TINY))
    shuffled = frame.loc[data.draw(st.permutations(list(frame.index)))]
    assert store.serialise(shuffled, TINY) == store.serialise(frame, TINY)


def test_serialised_rows_have_unix_line_ends_and_short_numbers() -> None:
    frame, _ = enforce(rows({"share": "1", "count": "3", "is_open": "FALSE", "colour": ""}), TINY)
    assert store.serialise(frame, TINY).decode() == (
        "thing_id,name,colour,page,day,seen_at,share,count,is_open\n"
        "a-1,Ti Plas,,https://example.org/page,2025-03-01,2025-03-01T12:00:00Z,1,3,false\n"
    )


# -- vocabularies ----------------------------------------------------------------------------------------------------


def test_every_status_has_a_side_and_every_verification_a_rank() -> None:
    assert set(SIDE_OF_STATUS) == set(Status)
    assert set(VERIFICATION_RANK) == set(Verification)
    assert len(set(VERIFICATION_RANK.values())) == len(Verification)


def test_no_assertion_may_say_no_data() -> None:
    column = next(c for c in CONTRACTS["territorial_control"].columns if c.name == "status")
    assert set(column.values) == set(Status) - {Status.NO_DATA}


def test_parties_are_claimants_on_a_side() -> None:
    column = next(c for c in CONTRACTS["territorial_control"].columns if c.name == "claimant")
    assert set(PARTY_OF_CLAIMANT) <= set(column.values)
    assert set(PARTY_OF_CLAIMANT.values()) <= set(SIDE_OF_STATUS.values())


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_keys_and_dates_of_a_contract_are_among_its_columns(contract: Contract) -> None:
    required = {column.name for column in contract.columns if column.required}
    assert set(contract.key) <= required
    assert contract.date_column is None or contract.date_column in required
    assert len(set(contract.column_names)) == len(contract.column_names)
