"""What is recorded, brought up to date with what a source says: which rows enter, change, end and stay."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from loaders import bulk, history, store
from loaders.checks import Context, Findings
from loaders.contracts import RECORDED_AT, Contract, ContractError
from loaders.fetching import Fetched
from loaders.history import Changes, Scope
from loaders.orders import Order, noon
from loaders.registry import CURATED, Dataset
from loaders.sources.interface import EVERYTHING, Reading

#: Entry of provenance: the last day that a provider has published finally.
SETTLED = "settled_until"


def can_withdraw(reading: Reading, fetched: Fetched, order: Order) -> bool:
    """Whether rows that a reading lacks are gone: not where it may be a choice of rows that somebody made."""
    return not fetched.is_given or reading.is_whole or order.is_complete


def settled_until(reading: Reading, fetched: Fetched, current: Current) -> str | None:
    """The last day published finally, after a reading, as an ISO date."""
    told = reading.settled_until.isoformat() if reading.settled_until else None
    if not fetched.is_given:
        return told
    return max(filter(None, (told, current.provenance.get(SETTLED))), default=None)


def not_settled(
    valid: pd.DataFrame,
    reading: Reading,
    fetched: Fetched,
    current: Current,
    contract: Contract,
    findings: Findings,
) -> pd.DataFrame:
    """Rows of a file that a later, final release has not overtaken.

    Raises
    ------
    ContractError
        The file is itself a final release, and an older one.
    """
    settled = current.provenance.get(SETTLED)
    told = reading.settled_until
    if not fetched.is_given or settled is None or (told is not None and told.isoformat() >= settled):
        return valid
    if told is not None:
        raise ContractError(
            f"{contract.dataset_id}: {fetched.name} is final up to {told}; a newer release, final up to {settled}, is recorded. "
            "There is nothing to take from the older one."
        )
    is_late = valid[str(contract.date_column)] <= pd.Timestamp(settled)
    if is_late.any():
        findings.warnings.append(
            f"{int(is_late.sum()):,} rows up to {settled} were left out: a final release that replaces them is recorded."
        )
    return valid[~is_late]


def what_stays(changes: Changes, reading: Reading) -> list[str]:
    """Sentences about recorded rows that a file lacks, or says otherwise, and that stay as they are."""
    said = []
    if len(changes.absent):
        days = (
            "" if reading.span in (None, EVERYTHING) else f" between {reading.span[0]} and {reading.span[1]}"
        )
        said.append(
            f"{len(changes.absent):,} recorded rows{days} are not in this file and stay as they are ({_some(changes.absent)}). "
            "Only if nothing was left out of the file, give it again with --complete: they are then withdrawn."
        )
    if len(changes.kept):
        because = {
            "older": "what is recorded was published later",
            "not higher": "what is recorded is higher, and sums are too low where rows were left out of a file",
            "none": "the file lacks columns, so that it says less than what is recorded",
        }.get(reading.replaces, "")
        said.append(
            f"{len(changes.kept):,} rows differ from what is recorded and change nothing: {because} ({_some(changes.kept)})."
        )
    return said


def _some(keys: pd.Series) -> str:
    return ", ".join(keys.head(5)) + (" …" if len(keys) > 5 else "")


@dataclass(frozen=True)
class Current:
    """The version of a dataset that is published now; empty where there is none."""

    of: store.Snapshot | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    frame: pd.DataFrame | None = None
    table: bulk.Table | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


def current_version(dataset: Dataset, root: Path) -> Current:
    """The published version; one of a table without versions of rows that is damaged counts as none and is replaced.

    Raises
    ------
    DatasetError
        Versions of rows are damaged: building them anew would forget what was recorded.
    """
    name, contract = dataset.dataset_id, dataset.contract
    try:
        of = store.snapshot(root=root)
    except store.DatasetError:
        return Current()
    if not store.is_fetched(name, of=of, root=root):
        return Current()
    try:
        files = {file: store.read_bytes(name, file, of=of, root=root) for file in of.digests[name]}
        provenance = json.loads(files[store.PROVENANCE_FILE])
        if contract.format == "parquet":
            return Current(of, provenance, None, store.read_bulk(name, of=of, root=root), files)
        reader = store.read_geometry if contract.has_geometry else store.read
        return Current(of, provenance, reader(name, of=of, root=root), None, files)
    except store.DatasetError as error:
        if contract.ends is None:
            return Current()
        remedy = (
            f"Go back to an earlier version with `python -m loaders rollback {name}`, or delete {root.name}/.store/{name} to "
            "fetch everything anew"
            if contract.is_fetched
            else "Restore it from version control"
        )
        raise store.DatasetError(
            f"{error} Building it anew would forget what was recorded and withdrawn since. {remedy}."
        ) from None


@dataclass(frozen=True)
class Made:
    """Data files of a version, the rows that hold, what changed, and the keys that the source holds."""

    files: Mapping[str, bytes]
    linked: frozenset[str]
    rows: int
    frame: pd.DataFrame | None
    dates: pd.Series | None
    changes: Changes
    keys: Collection[str] = ()


def record(
    dataset: Dataset,
    valid: pd.DataFrame,
    reading: Reading,
    fetched: Fetched,
    current: Current,
    context: Context,
    order: Order,
) -> Made:
    """Bring what is recorded up to date with what the source says."""
    contract = dataset.contract
    now = pd.Timestamp(order.now).tz_convert("UTC").floor("s")
    if contract.format == "parquet":
        return _record_bulk(dataset, valid, reading, fetched, current, now, order)
    before = current.frame
    if contract.ends is None:
        frame, changes = valid, _plain_changes(before, valid, contract)
        withdraws = can_withdraw(reading, fetched, order)
        if before is not None and not (withdraws and reading.span == EVERYTHING):
            replaces = reading.replaces if fetched.is_given and not order.is_complete else "all"
            frame, changes = _partly(
                before, valid, reading, contract, withdraws=withdraws, keeps_higher=replaces == "not higher"
            )
    elif before is None or _is_first_edition(dataset, before, fetched, context, order):
        frame = valid if fetched.source == CURATED else _first(valid, contract, now)
        if before is not None and fetched.source != CURATED:
            raise ContractError(f"{contract.dataset_id}: the first edition comes from the curated file.")
        changes = _plain_changes(before, frame, contract)
    else:
        scope = _scope(dataset, reading, fetched, before, current, order)
        frame, changes = history.merge(before, valid, contract, scope, now=now)
    data = {contract.file_name: store.serialise(frame, contract)}
    holding = frame if contract.ends is None else frame[frame[contract.ends].isna()]
    dates = holding[contract.date_column] if contract.date_column else None
    keys = history.keys_of(valid, contract.key)
    return Made(data, frozenset(), len(holding), frame, dates, changes, keys)


def _record_bulk(
    dataset: Dataset,
    valid: pd.DataFrame,
    reading: Reading,
    fetched: Fetched,
    current: Current,
    now: pd.Timestamp,
    order: Order,
) -> Made:
    contract = dataset.contract
    date_column = str(contract.date_column)
    if current.table is None:
        order.say(f"{dataset.dataset_id}: writing {len(valid):,} rows …")
        first = _first(valid, contract, now)
        files = {contract.file_name: bulk.to_parquet(first, contract)}
        nothing = pd.Series(dtype="str")
        changes = Changes(valid[contract.key[0]].astype("str"), nothing, nothing)
        return Made(files, frozenset(), len(first), None, valid[date_column], changes)
    scope = Scope(
        reading.span,
        reading.withdrawn,
        withdraws=can_withdraw(reading, fetched, order),
        replaces=reading.replaces if fetched.is_given else "all",
    )
    parts = history.merge_bulk(current.table, valid, scope, now=now)
    files = {name: data for name, data in current.files.items() if name.startswith(("data", "ended"))}
    linked = frozenset(files)
    if parts.changes:
        number = max((int(name[-12:-8]) for name in files if name[-12:-8].isdigit()), default=0) + 1
        if parts.entering is not None:
            files[f"data-{number:04d}.parquet"] = bulk.arrow_to_parquet(parts.entering)
        if parts.ended is not None:
            files[f"ended-{number:04d}.parquet"] = bulk.arrow_to_parquet(parts.ended)
        new_rows = len(parts.entering) if parts.entering is not None else 0
        if new_rows > history.MAX_PART_SHARE * len(current.table) or number > history.MAX_PARTS:
            order.say(f"{dataset.dataset_id}: writing all rows as one file …")
            whole = bulk.Table(files, contract).read(compact=True)
            files = {contract.file_name: bulk.arrow_to_parquet(bulk.in_order(whole, contract))}
            linked = frozenset()
    return Made(files, linked, len(parts.dates), None, pd.Series(parts.dates), parts.changes)


def _first(valid: pd.DataFrame, contract: Contract, now: pd.Timestamp) -> pd.DataFrame:
    """Rows of a first load, recorded when the provider published them (docs/decisions/0003-known-on.md)."""
    published = valid["published_date"].dt.tz_localize("UTC")
    recorded = published.where(published < now, now).fillna(now).astype("datetime64[us, UTC]")
    return valid.assign(**{RECORDED_AT.name: recorded})


def _is_first_edition(
    dataset: Dataset, before: pd.DataFrame, fetched: Fetched, context: Context, order: Order
) -> bool:
    """Whether the curated fact base is built as it was compiled, and not a later state of it.

    Until the day on which it was compiled it is one edition and can be built again; what comes later is only ever added.

    Raises
    ------
    ContractError
        Later rows are recorded, and the first edition would forget them.
    """
    if fetched.source != CURATED or order.as_of > context.compiled_on:
        return False
    ends = str(dataset.contract.ends)
    compiled = pd.Timestamp(noon(context.compiled_on) + timedelta(days=1))
    later = before[ends].notna() | (before[RECORDED_AT.name] > compiled)
    if later.any():
        raise ContractError(
            f"{dataset.dataset_id}: {int(later.sum())} rows were recorded or ended after the fact base was compiled "
            f"({context.compiled_on}). Building the first edition again would forget them: leave --as-of out."
        )
    return True


def _scope(
    dataset: Dataset,
    reading: Reading,
    fetched: Fetched,
    before: pd.DataFrame,
    current: Current,
    order: Order,
) -> Scope:
    """Which recorded rows a reading can withdraw.

    Where a dataset is filled from the fact base and from workbooks, each speaks for its own rows only. A workbook adds and
    changes statements. Given again under the same name, and said to be complete, it speaks for the rows it held before: one
    removed from it is withdrawn.
    """
    owned: Mapping[str, list[str]] = current.provenance.get(OWNED, {})
    if fetched.source != CURATED and dataset.source:
        held = frozenset(owned.get(owner(fetched), ()))
        return Scope(EVERYTHING, reading.withdrawn, held, withdraws=can_withdraw(reading, fetched, order))
    if not owned:
        return Scope(reading.span, reading.withdrawn)
    others = {key for keys in owned.values() for key in keys}
    return Scope(
        reading.span,
        reading.withdrawn,
        frozenset(set(history.keys_of(before, dataset.contract.key)) - others),
    )


#: Entry of provenance: keys of the rows that each workbook holds.
OWNED = "keys_of_workbooks"


def owner(fetched: Fetched) -> str:
    """Name under which provenance lists the rows of a workbook."""
    return f"{fetched.source}: {fetched.name}"


def _plain_changes(before: pd.DataFrame | None, after: pd.DataFrame, contract: Contract) -> Changes:
    if before is None:
        nothing = pd.Series(dtype="str")
        return Changes(history.keys_of(after, contract.key), nothing, nothing)
    return history.differences(before, after, contract)


def _partly(
    before: pd.DataFrame,
    valid: pd.DataFrame,
    reading: Reading,
    contract: Contract,
    *,
    withdraws: bool,
    keeps_higher: bool,
) -> tuple[pd.DataFrame, Changes]:
    """Rows of a table without versions after a reading that does not speak of everything."""
    keys, new = history.keys_of(before, contract.key), history.keys_of(valid, contract.key)
    kept = new[:0]
    if keeps_higher:
        recorded = new.map(dict(zip(keys, before["value"], strict=True)))
        is_lower = (valid["value"].to_numpy() < recorded.to_numpy("float64")).astype(bool)
        kept = new[is_lower]
        higher = before[keys.isin(kept)]
        valid = pd.concat([valid[~is_lower], higher.astype(valid.dtypes.to_dict())], ignore_index=True)
    lacking = pd.Series(reading.span == EVERYTHING, index=before.index)
    if reading.span not in (None, EVERYTHING) and contract.date_column:
        first, last = (pd.Timestamp(day) for day in reading.span or EVERYTHING)
        lacking |= before[contract.date_column].between(first, last)
    lacking &= ~keys.isin(new)
    gone = (lacking & withdraws) | (keys.isin(reading.withdrawn) & ~keys.isin(new))
    frame = pd.concat([before[~keys.isin(new) & ~gone], valid], ignore_index=True)
    frame = frame.sort_values(list(contract.key), kind="stable", ignore_index=True)
    changes = history.differences(before, frame, contract)
    return frame, replace(changes, absent=keys[lacking & ~gone], kept=kept)
