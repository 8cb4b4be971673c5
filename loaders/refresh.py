"""From a source to a published version: fetch, read, correct, check, compare, publish."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd
import yaml

from loaders import bulk, history, periods, store
from loaders.checks import Context, Findings, ParseError
from loaders.contracts import (
    CONTRACTS,
    INCIDENT_DATASETS,
    LOCAL_TIME_ZONE,
    RECORDED_AT,
    REJECTED_COLUMNS,
    Contract,
    ContractError,
    enforce,
)
from loaders.history import Changes, Scope
from loaders.limits import Limits, Movement
from loaders.registry import CURATED, DATASETS, Dataset
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading, Source

#: A refresh that would reject more than this share of its rows is refused: the file is wrong, not the rows.
MAX_REJECTED_SHARE = 0.5

#: First day that events are asked for.
FIRST_DAY = date(2018, 1, 1)

Status = Literal["accepted", "unchanged", "refused", "failed", "rehearsed"]

#: Works out how headline numbers move: frames before, frames after, keys of the rows that changed, by dataset.
Headlines = Callable[
    [Mapping[str, pd.DataFrame], Mapping[str, pd.DataFrame], Mapping[str, Collection[str]]], list[Movement]
]


@dataclass
class RefreshReport:
    """What a refresh of one dataset did, or would do.

    Attributes
    ----------
    status
        ``accepted``: published. ``unchanged``: same content as the current version. ``refused``: the input is bad, or it moves
        numbers too far; nothing was published. ``failed``: the source could not be read. ``rehearsed``: would be accepted.
    added, changed, withdrawn
        Rows by key against the current version.
    """

    dataset: str
    status: Status
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    rejected: int = 0
    unresolved_names: list[str] = field(default_factory=list)
    version: str | None = None
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Fetched:
    """What a source handed over, or somebody in its place.

    Attributes
    ----------
    source
        Name of the source.
    name, content
        File name, and bytes.
    state
        What the source wants to be told next time.
    is_given
        Somebody handed in a provider's file: nobody knows what was left out of it.
    """

    source: str
    name: str
    content: bytes
    state: Mapping[str, Any] = field(default_factory=dict)
    is_given: bool = False


@dataclass(frozen=True)
class Candidate:
    """A built version that is not published yet, and its report.

    Attributes
    ----------
    version
        None where there is nothing to publish.
    frame
        Rows that hold, for the datasets built on it; None for a bulk table and where the build was stopped.
    changes
        Keys added, changed and withdrawn.
    line
        What the log is to say, beside the report.
    """

    report: RefreshReport
    version: store.Version | None
    frame: pd.DataFrame | None
    changes: Changes | None = None
    line: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A refresh that has been built and compared, and has published nothing.

    Attributes
    ----------
    candidates
        By dataset, in registry order.
    movements
        How headline numbers move.
    beyond
        Movements that are larger than the limits.
    """

    candidates: Mapping[str, Candidate]
    movements: Sequence[Movement] = ()
    beyond: Sequence[str] = ()

    @property
    def reports(self) -> list[RefreshReport]:
        """One report per dataset."""
        return [candidate.report for candidate in self.candidates.values()]

    @property
    def versions(self) -> dict[str, store.Version]:
        """Versions that can be published."""
        return {
            key: one.version
            for key, one in self.candidates.items()
            if one.version is not None and one.report.status == "rehearsed"
        }


@dataclass(frozen=True)
class Order:
    """What to refresh, and how.

    Attributes
    ----------
    datasets
        Ids, in any order.
    root
        Store.
    as_of
        Civil date on which the sources are accessed.
    now
        Time of the refresh, with zone: what enters is recorded then.
    files
        Files given by hand: ``{dataset: (name, bytes)}``.
    source
        Name of the source to use where a dataset has several; None for its first.
    settings
        Credentials and addresses.
    say
        Takes sentences about the progress.
    is_complete
        Whoever gives the files says that nothing was left out of them: rows that they lack are withdrawn.
    """

    datasets: Sequence[str]
    root: Path
    as_of: date
    now: datetime
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    source: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _text: None
    is_complete: bool = False


def noon(day: date) -> datetime:
    """Noon of a civil date in Port-au-Prince."""
    return datetime.combine(day, time(12), ZoneInfo(LOCAL_TIME_ZONE))


def refresh(
    dataset_ids: list[str],
    *,
    root: Path,
    as_of: date,
    now: datetime | None = None,
    sources: Mapping[str, tuple[str, bytes]] | None = None,
    dry_run: bool = False,
    is_complete: bool = False,
) -> list[RefreshReport]:
    """Build datasets and publish those that changed, all in one atomic step.

    Parameters
    ----------
    dataset_ids
        Datasets to refresh, any order; they are built in registry order, each on the new version of those before it.
    root
        Store.
    as_of
        Civil date on which the sources were accessed.
    now
        Time of the refresh; noon of ``as_of`` by default.
    sources
        Source bytes by dataset, ``{id: (name, bytes)}``; by default the curated file of the dataset.
    dry_run
        Build and compare only.
    is_complete
        Nothing was left out of the providers' files in ``sources``: rows that they lack are withdrawn.

    Returns
    -------
    list of RefreshReport
        One per dataset. If any dataset of the curated fact base is refused or failed, none of them is published: datasets that
        belong together never mix. A version that rows of another published dataset do not fit (they name a place that is gone)
        is refused.

    Raises
    ------
    DatasetError
        Another refresh is running.
    """
    order = Order(dataset_ids, root, as_of, now or noon(as_of), sources or {}, is_complete=is_complete)
    if dry_run:
        return prepare(order).reports
    with store.lock(root):
        store.sweep(root)
        return finish(prepare(order), order)


# -- prepare ---------------------------------------------------------------------------------------------------------


def prepare(order: Order, *, headlines: Headlines | None = None, limits: Limits | None = None) -> Prepared:
    """Fetch, build and compare; write nothing.

    Parameters
    ----------
    headlines
        Works out how headline numbers move; without it only rows are counted.
    limits
        What counts as too far.
    """
    candidates = _candidates(order)
    _refuse_misfits(candidates, order.root)
    _hold_together(candidates)
    movements = _movements(candidates, headlines, order.root)
    beyond: list[str] = []
    if limits is not None:
        beyond += [text for movement in movements if (text := movement.beyond(limits))]
        beyond += _withdrawn_beyond(candidates, limits, order.root)
    return Prepared(candidates, movements, beyond)


def _candidates(order: Order) -> dict[str, Candidate]:
    """Build datasets in registry order, each on the new version of those before it."""
    candidates: dict[str, Candidate] = {}
    frames: dict[str, pd.DataFrame] = {}
    downloads: dict[str, Download] = {}
    for dataset_id in (key for key in DATASETS if key in order.datasets):
        dataset = DATASETS[dataset_id]
        try:
            context = make_context(dataset, order.root, frames)
            fetched = _fetch(dataset, order, downloads)
        except (store.DatasetError, ParseError, OSError) as error:
            candidates[dataset_id] = _failed(dataset, order, [str(error)])
            continue
        candidate = build(dataset, fetched, context, order)
        candidates[dataset_id] = candidate
        if candidate.frame is not None:
            frames[dataset_id] = candidate.frame
    return candidates


def _source_of(dataset: Dataset, order: Order) -> Source | None:
    """The source to use; None for the curated file."""
    if order.source is None or order.source == CURATED:
        if dataset.source or not dataset.sources:
            given = order.files.get(dataset.dataset_id)
            return _fitting(dataset, given) if given is not None else None
        return dataset.sources[0]
    for source in dataset.sources:
        if source.name == order.source:
            return source
    names = [*([CURATED] if dataset.source else []), *(source.name for source in dataset.sources)]
    raise store.DatasetError(
        f"{dataset.dataset_id} has no source {order.source!r}. It has: {', '.join(names)}."
    )


def _fitting(dataset: Dataset, given: tuple[str, bytes]) -> Source | None:
    """The source that a file for a curated dataset comes from; None where it is the curated table."""
    return None if dataset.is_curated_file(given[1]) else dataset.sources[0]


def _fetch(dataset: Dataset, order: Order, downloads: dict[str, Download]) -> Fetched:
    """Bytes of a dataset's source: a file given, the curated file, or what the service answers."""
    source = _source_of(dataset, order)
    given = order.files.get(dataset.dataset_id)
    if given is not None:
        return Fetched(source.name if source else CURATED, *given, is_given=source is not None)
    if source is None:
        return Fetched(CURATED, dataset.source, _curated(dataset.source, order.root))
    if source.fetch is None:
        raise store.DatasetError(
            f"{dataset.dataset_id}: {source.title} is not fetched but handed in: "
            f"python -m loaders refresh {dataset.dataset_id} --file FILE. {source.file_help}"
        )
    if source.name not in downloads:
        last = last_fetch(dataset.dataset_id, source.name, root=order.root)
        is_same = last.get("inputs") == _inputs(dataset, order.root)
        state = last.get("state", {}) if is_same else {}  # another gazetteer places old events anew
        order.say(f"{dataset.dataset_id}: asking {source.title} …")
        with source.open() as session:
            downloads[source.name] = source.fetch(session, order.settings, Ask(FIRST_DAY, order.as_of, state))
    found = downloads[source.name]
    return Fetched(source.name, found.name, found.body, found.state)


def last_fetch(dataset_id: str, source: str, *, root: Path) -> dict[str, Any]:
    """Line of the log of the last refresh whose version is the current one; empty where there is none.

    After a rollback that is the refresh which made the version rolled back to: the next fetch fills what has been missing since.
    """
    try:
        version = store.snapshot(root=root).versions.get(dataset_id)
    except store.DatasetError:
        return {}
    for line in reversed(store.read_log(root=root)):
        if (
            line["action"] == "refresh"
            and line.get("dataset") == dataset_id
            and line.get("source") == source
            and line.get("status") in ("accepted", "unchanged")
            and line.get("version") == version
        ):
            return line
    return {}


def _inputs(dataset: Dataset, root: Path) -> dict[str, str]:
    """Versions of the datasets that decide how rows are read."""
    try:
        versions = store.snapshot(root=root).versions
    except store.DatasetError:
        return {}
    return {need: versions[need] for need in dataset.needs if need in versions}


def build(dataset: Dataset, fetched: Fetched, context: Context, order: Order) -> Candidate:
    """Build a version of a dataset from its source, writing nothing.

    Returns
    -------
    Candidate
        With status ``rehearsed``, ``unchanged``, ``refused`` or ``failed``; only ``rehearsed`` has a version.
    """
    contract = dataset.contract
    try:
        reading = _read(dataset, fetched, context, order)
        whole = reading.span == EVERYTHING and _withdraws(reading, fetched, order)
        parsed = _correct(reading.frame, contract, order.root, whole=whole)
        valid, rejected = (bulk.enforce if contract.format == "parquet" else enforce)(parsed, contract)
        findings = dataset.check(valid, context)
    except ParseError as error:
        return _failed(dataset, order, [str(error)])
    except ContractError as error:
        return _stopped(dataset, order, "refused", [str(error)])
    findings.warnings = [*reading.findings.warnings, *findings.warnings]
    findings.violations = [*reading.findings.violations, *findings.violations]
    findings.unresolved = sorted({*reading.findings.unresolved, *findings.unresolved})
    valid = _without(valid, findings)
    parts = [part for part in (reading.findings.rejected, rejected, findings.rejected) if len(part)]
    rejected = pd.concat(parts, ignore_index=True)[REJECTED_COLUMNS] if parts else rejected
    _refuse_mostly_bad(valid, rejected, reading, findings)
    if findings.violations:
        return _stopped(
            dataset,
            order,
            "refused",
            findings.violations,
            unresolved=findings.unresolved,
            rejected=len(rejected),
        )
    try:
        current = _current(dataset, order.root)
        valid = _not_settled(valid, reading, fetched, current, contract, findings)
        made = _record(dataset, valid, reading, fetched, current, context, order)
    except (ContractError, store.DatasetError) as error:
        return _stopped(dataset, order, "refused", [str(error)])
    findings.warnings[:0] = _what_stays(made.changes, reading)
    return _candidate(dataset, made, rejected, findings, reading, fetched, current, context, order)


def _read(dataset: Dataset, fetched: Fetched, context: Context, order: Order) -> Reading:
    if fetched.source == CURATED:
        return Reading(dataset.parse(fetched.content, context), Findings(), EVERYTHING)
    source = next(one for one in dataset.sources if one.name == fetched.source)
    return source.reads[dataset.reads](fetched.content, context, name=fetched.name, recorded_at=order.now)


def _refuse_mostly_bad(
    valid: pd.DataFrame, rejected: pd.DataFrame, reading: Reading, findings: Findings
) -> None:
    total = len(valid) + len(rejected)
    nothing_new = not total and (reading.span is None or reading.withdrawn)
    if (not len(valid) and not nothing_new) or len(rejected) > MAX_REJECTED_SHARE * total:
        reasons = rejected["column"].str.cat(rejected["reason"], sep=" ").value_counts().head(3)
        findings.violations.append(
            f"{len(rejected)} of {total} rows are bad, more than {MAX_REJECTED_SHARE:.0%}: "
            f"{'; '.join(f'{reason} ({count} rows)' for reason, count in reasons.items())}. Is this the right file?"
        )


# -- record ----------------------------------------------------------------------------------------------------------

#: Entry of provenance: the last day that a provider has published finally.
_SETTLED = "settled_until"


def _withdraws(reading: Reading, fetched: Fetched, order: Order) -> bool:
    """Whether rows that a reading lacks are gone: not where it may be a choice of rows that somebody made."""
    return not fetched.is_given or reading.is_whole or order.is_complete


def _settled(reading: Reading, fetched: Fetched, current: _Current) -> str | None:
    """The last day published finally, after a reading, as an ISO date."""
    told = reading.settled_until.isoformat() if reading.settled_until else None
    if not fetched.is_given:
        return told
    return max(filter(None, (told, current.provenance.get(_SETTLED))), default=None)


def _not_settled(
    valid: pd.DataFrame,
    reading: Reading,
    fetched: Fetched,
    current: _Current,
    contract: Contract,
    findings: Findings,
) -> pd.DataFrame:
    """Rows of a file that a later, final release has not overtaken.

    Raises
    ------
    ContractError
        The file is itself a final release, and an older one.
    """
    settled = current.provenance.get(_SETTLED)
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


def _what_stays(changes: Changes, reading: Reading) -> list[str]:
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
class _Current:
    """The version of a dataset that is published now; empty where there is none."""

    of: store.Snapshot | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    frame: pd.DataFrame | None = None
    table: bulk.Table | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


def _current(dataset: Dataset, root: Path) -> _Current:
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
        return _Current()
    if not store.is_fetched(name, of=of, root=root):
        return _Current()
    try:
        files = {file: store.read_bytes(name, file, of=of, root=root) for file in of.digests[name]}
        provenance = json.loads(files[store.PROVENANCE_FILE])
        if contract.format == "parquet":
            return _Current(of, provenance, None, store.read_bulk(name, of=of, root=root), files)
        reader = store.read_geometry if contract.has_geometry else store.read
        return _Current(of, provenance, reader(name, of=of, root=root), None, files)
    except store.DatasetError as error:
        if contract.ends is None:
            return _Current()
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
class _Made:
    """Data files of a version, the rows that hold, what changed, and the keys that the source holds."""

    files: Mapping[str, bytes]
    linked: frozenset[str]
    rows: int
    frame: pd.DataFrame | None
    dates: pd.Series | None
    changes: Changes
    keys: Collection[str] = ()


def _record(
    dataset: Dataset,
    valid: pd.DataFrame,
    reading: Reading,
    fetched: Fetched,
    current: _Current,
    context: Context,
    order: Order,
) -> _Made:
    """Bring what is recorded up to date with what the source says."""
    contract = dataset.contract
    now = pd.Timestamp(order.now).tz_convert("UTC").floor("s")
    if contract.format == "parquet":
        return _record_bulk(dataset, valid, reading, fetched, current, now, order)
    before = current.frame
    if contract.ends is None:
        frame, changes = valid, _plain_changes(before, valid, contract)
        withdraws = _withdraws(reading, fetched, order)
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
    return _Made(data, frozenset(), len(holding), frame, dates, changes, keys)


def _record_bulk(
    dataset: Dataset,
    valid: pd.DataFrame,
    reading: Reading,
    fetched: Fetched,
    current: _Current,
    now: pd.Timestamp,
    order: Order,
) -> _Made:
    contract = dataset.contract
    date_column = str(contract.date_column)
    if current.table is None:
        order.say(f"{dataset.dataset_id}: writing {len(valid):,} rows …")
        first = _first(valid, contract, now)
        files = {contract.file_name: bulk.to_parquet(first, contract)}
        nothing = pd.Series(dtype="str")
        changes = Changes(valid[contract.key[0]].astype("str"), nothing, nothing)
        return _Made(files, frozenset(), len(first), None, valid[date_column], changes)
    scope = Scope(
        reading.span,
        reading.withdrawn,
        withdraws=_withdraws(reading, fetched, order),
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
    return _Made(files, linked, len(parts.dates), None, pd.Series(parts.dates), parts.changes)


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
    current: _Current,
    order: Order,
) -> Scope:
    """Which recorded rows a reading can withdraw.

    Where a dataset is filled from the fact base and from workbooks, each speaks for its own rows only. A workbook adds and
    changes statements. Given again under the same name, and said to be complete, it speaks for the rows it held before: one
    removed from it is withdrawn.
    """
    owned: Mapping[str, list[str]] = current.provenance.get(_OWNED, {})
    if fetched.source != CURATED and dataset.source:
        held = frozenset(owned.get(_owner(fetched), ()))
        return Scope(EVERYTHING, reading.withdrawn, held, withdraws=_withdraws(reading, fetched, order))
    if not owned:
        return Scope(reading.span, reading.withdrawn)
    others = {key for keys in owned.values() for key in keys}
    return Scope(
        reading.span,
        reading.withdrawn,
        frozenset(set(history.keys_of(before, dataset.contract.key)) - others),
    )


#: Entry of provenance: keys of the rows that each workbook holds.
_OWNED = "keys_of_workbooks"


def _owner(fetched: Fetched) -> str:
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


# -- candidate -------------------------------------------------------------------------------------------------------


def _candidate(
    dataset: Dataset,
    made: _Made,
    rejected: pd.DataFrame,
    findings: Findings,
    reading: Reading,
    fetched: Fetched,
    current: _Current,
    context: Context,
    order: Order,
) -> Candidate:
    contract = dataset.contract
    source = {
        "name": fetched.name,
        "sha256": store.sha256(fetched.content),
        "accessed_on": order.as_of.isoformat(),
    }
    unresolved = findings.unresolved
    if reading.span != EVERYTHING or not _withdraws(reading, fetched, order):
        unresolved = sorted({*unresolved, *current.provenance.get("unresolved_names", ())})
    provenance: dict[str, Any] = {
        "dataset": dataset.dataset_id,
        "rows": made.rows,
        "rejected": len(rejected),
        "covers": _covers(made.dates),
        "recall_rows": _recalled(made.frame, contract),
        "source": source,
        "inputs": {name: store.sha256(data) for name, data in sorted(context.files.items())},
        "warnings": findings.warnings,
        "unresolved_names": unresolved,
    }
    line: dict[str, Any] = {"source": fetched.source, "state": dict(fetched.state)}
    if contract.is_fetched:
        provenance["source"]["provider"] = fetched.source
        covered = _covered(dataset, fetched, reading, made, order)
        missing = periods.gaps(covered, order.as_of)
        line |= {
            "covered": periods.to_json(covered),
            "gaps": periods.to_json(missing),
            "inputs": _inputs(dataset, order.root),
        }
        provenance["gaps"] = periods.to_json(
            missing[:-1] if missing and missing[-1][1] == order.as_of else missing
        )
        provenance["breaks"] = _breaks(dataset, made, order, findings)
    owned = dict(current.provenance.get(_OWNED, {}))
    if dataset.source and fetched.source != CURATED:
        earlier = () if _withdraws(reading, fetched, order) else owned.get(_owner(fetched), ())
        owned[_owner(fetched)] = sorted({*made.keys, *earlier} - set(reading.withdrawn))
    if owned:
        provenance[_OWNED] = owned
    if (settled := _settled(reading, fetched, current)) is not None:
        provenance[_SETTLED] = settled
    version = store.Version(
        {
            **made.files,
            store.REJECTED_FILE: rejected.to_csv(index=False, lineterminator="\n").encode(),
            store.PROVENANCE_FILE: (json.dumps(provenance, indent=1, ensure_ascii=False) + "\n").encode(),
        },
        made.linked,
    )
    report = RefreshReport(
        dataset.dataset_id,
        "rehearsed",
        added=len(made.changes.added),
        changed=len(made.changes.changed),
        withdrawn=len(made.changes.withdrawn),
        rejected=len(rejected),
        unresolved_names=unresolved,
        version=version.version,
        messages=findings.warnings,
    )
    holding = made.frame
    if holding is not None and contract.ends is not None:
        holding = holding[holding[contract.ends].isna()].reset_index(drop=True)
    _mark_unchanged(report, version, made, current, contract, order.root)
    published = version if report.status == "rehearsed" else None
    return Candidate(report, published, holding, made.changes, line)


def _mark_unchanged(
    report: RefreshReport,
    version: store.Version,
    made: _Made,
    current: _Current,
    contract: Contract,
    root: Path,
) -> None:
    """Mark a version that says the same as the current one, unless a file of that is damaged."""
    if current.of is None:
        return
    name = contract.dataset_id
    if contract.is_fetched:
        # What a service says of itself (its latest upload, the day) moves on without news.
        is_same = (
            not made.changes and current.files[store.REJECTED_FILE] == version.files[store.REJECTED_FILE]
        )
    else:
        new, old = (
            json.loads(version.files[store.PROVENANCE_FILE]),
            json.loads(current.files[store.PROVENANCE_FILE]),
        )
        for body in (new, old):
            body["source"].pop("accessed_on", None)
        is_same = new == old and all(
            current.files.get(file) == data
            for file, data in version.files.items()
            if file != store.PROVENANCE_FILE
        )
    if not is_same:
        return
    altered = store.altered_files(name, of=current.of, root=root)
    if altered:
        report.messages.insert(0, f"Restores {', '.join(altered)}, which is not the published file.")
        return
    report.status, report.version = "unchanged", current.of.versions[name]


def _covers(dates: pd.Series | None) -> dict[str, str] | None:
    if dates is None or not len(dates):
        return None
    return {"from": dates.min().date().isoformat(), "to": dates.max().date().isoformat()}


def _recalled(frame: pd.DataFrame | None, contract: Contract) -> int:
    if frame is None or "source_checked" not in frame:
        return 0
    rows = frame if contract.ends is None else frame[frame[contract.ends].isna()]
    return int((rows["source_checked"] == "recall").sum())


def _covered(
    dataset: Dataset, fetched: Fetched, reading: Reading, made: _Made, order: Order
) -> list[periods.Period]:
    """Periods that this and earlier deliveries of a source cover, up to the date of the refresh."""
    last = last_fetch(dataset.dataset_id, fetched.source, root=order.root)
    before = periods.from_json(last.get("covered", []))
    if reading.span is not None and reading.span != EVERYTHING:
        return periods.joined([*before, (reading.span[0], min(reading.span[1], order.as_of))])
    column = dataset.contract.date_column
    if fetched.is_given and column is not None and len(days := reading.frame[column].dropna()):
        # A file says nothing of the days after its last row, whenever it is handed in.
        first, last = (pd.Timestamp(day).date() for day in (days.min(), days.max()))
        return periods.joined([*before, (min(first, order.as_of), min(last, order.as_of))])
    first = before[0][0] if before else FIRST_DAY
    if not before and made.dates is not None and len(made.dates):
        first = min(made.dates.min().date(), order.as_of)
    # A service that is asked for all that is new since the last time leaves no gap.
    return [(first, order.as_of)]


def _breaks(dataset: Dataset, made: _Made, order: Order, findings: Findings) -> list[dict[str, Any]]:
    """Structural breaks in the volume of a provider's events, also told in the warnings."""
    if made.dates is None or not dataset.is_events:
        return []
    found = periods.breaks(made.dates, order.as_of)
    findings.warnings += [
        f"Structural break: from {one['from']} to {one['to']} {one['volume']:g} events a week against {one['baseline']:g} before "
        f"({one['direction']} of more than {periods.BREAK_SHARE:.0%}). Look for a change of method before reading it as a change "
        "on the ground."
        for one in found[-3:]
    ]
    return found


# -- what belongs together -------------------------------------------------------------------------------------------


def _refuse_misfits(candidates: Mapping[str, Candidate], root: Path) -> None:
    """Refuse new versions that published datasets, which are not refreshed with them, would not fit."""
    new = {key: candidate for key, candidate in candidates.items() if candidate.version is not None}
    frames = {key: candidate.frame for key, candidate in new.items() if candidate.frame is not None}
    for key, problems in misfits(frames, root, skip=candidates).items():
        report = new[key].report
        report.status = "refused"
        report.messages[:0] = problems


def misfits(
    frames: Mapping[str, pd.DataFrame], root: Path, *, skip: Collection[str] = ()
) -> dict[str, list[str]]:
    """Published datasets that would not fit new versions of those they need.

    Parameters
    ----------
    frames
        Rows of the new versions, by dataset.
    skip
        Datasets that are not looked at: they are refreshed as well.

    Returns
    -------
    dict
        For each new version that something does not fit, the reasons.
    """
    found: dict[str, list[str]] = {}
    for dataset_id, dataset in DATASETS.items():
        needed = [key for key in dataset.needs if key in frames]
        if dataset_id in skip or dataset_id in frames or not needed or dataset.contract.is_fetched:
            continue
        try:
            findings = dataset.check(_holding(dataset, root), make_context(dataset, root, frames))
        except store.DatasetError:
            continue  # not published, or damaged: nothing to fit
        problems = findings.violations + [
            f"{len(rows)} rows have {column} {', '.join(sorted(set(rows['value']))[:5])}, which {reason}"
            for (column, reason), rows in findings.rejected.groupby(["column", "reason"])
        ]
        for key in needed if problems else []:
            found.setdefault(key, []).append(
                f"{dataset_id} would not fit this version: {'; '.join(problems)}. Refresh them together: "
                f"python -m loaders refresh {key} {dataset_id}"
            )
    return found


def _holding(dataset: Dataset, root: Path) -> pd.DataFrame:
    """Published rows of a dataset that hold."""
    reader = store.read_geometry if dataset.contract.has_geometry else store.read
    frame = reader(dataset.dataset_id, root=root)
    ends = dataset.contract.ends
    return frame if ends is None else frame[frame[ends].isna()]


def _hold_together(candidates: Mapping[str, Candidate]) -> None:
    """Datasets of the curated fact base are published together or not at all; a provider's stands for itself."""
    curated = [one.report for one in candidates.values() if not CONTRACTS[one.report.dataset].is_fetched]
    if not any(report.status in ("refused", "failed") for report in curated):
        return
    for report in curated:
        if report.status == "rehearsed":
            report.messages.append(
                "Not published: another dataset of the same fact base was refused or failed."
            )


def is_stopped(prepared: Prepared, dataset_id: str) -> bool:
    """Whether a dataset waits for others of the fact base that were refused or failed."""
    if CONTRACTS[dataset_id].is_fetched:
        return False
    return any(
        report.status in ("refused", "failed") and not CONTRACTS[report.dataset].is_fetched
        for report in prepared.reports
    )


# -- movements -------------------------------------------------------------------------------------------------------


def _movements(
    candidates: Mapping[str, Candidate], headlines: Headlines | None, root: Path
) -> list[Movement]:
    """How headline numbers, and counts of providers' events, move."""
    found: list[Movement] = []
    moved: dict[str, set[str]] = {}
    after: dict[str, pd.DataFrame] = {}
    for key, one in candidates.items():
        if one.version is None or one.changes is None:
            continue
        changes = one.changes
        if key in INCIDENT_DATASETS:
            found += _event_movement(key, one, root)
        if one.frame is not None:
            after[key] = one.frame
            moved[key] = {*changes.added, *changes.changed, *changes.withdrawn}
    if headlines is None or not any(moved.values()):
        return found
    before: dict[str, pd.DataFrame] = {}
    for key, dataset in DATASETS.items():
        if dataset.contract.is_fetched:
            continue
        try:
            before[key] = _holding(dataset, root)
        except store.DatasetError:
            return found  # a first build: there is nothing to compare with
    return [*headlines(before, {**before, **after}, moved), *found]


def _event_movement(dataset_id: str, one: Candidate, root: Path) -> list[Movement]:
    """The number of events that hold, the rows that move it, and the past weeks in which something changes."""
    if one.version is None or one.changes is None or not one.changes:
        return []
    rows = json.loads(one.version.files[store.PROVENANCE_FILE])["rows"]
    before, last = None, None
    try:
        published = store.read_provenance(dataset_id, root=root)
        before = float(published["rows"])
        last = date.fromisoformat(published["covers"]["to"])
    except (store.DatasetError, TypeError, KeyError):
        pass  # the first load: all weeks are new
    weeks = [monday.isoformat() for monday in periods.weeks_of(one.changes.days) if last and monday <= last]
    keys = [*one.changes.changed.head(50), *one.changes.withdrawn.head(50), *one.changes.added.head(50)]
    because = tuple(keys) if before is not None else ()
    return [Movement(f"{dataset_id}: events", "count", before, rows, because, tuple(weeks))]


def _withdrawn_beyond(candidates: Mapping[str, Candidate], limits: Limits, root: Path) -> list[str]:
    found = []
    for key, one in candidates.items():
        if one.version is None or not one.report.withdrawn:
            continue
        try:
            rows = store.read_provenance(key, root=root)["rows"]
        except store.DatasetError:
            continue
        share = 100 * one.report.withdrawn / max(rows, 1)
        if share > limits.withdrawn_percent:
            found.append(
                f"{key}: {one.report.withdrawn:,} of {rows:,} rows are withdrawn ({share:.0f} %, the limit is "
                f"{limits.withdrawn_percent:g} %). Is the file whole?"
            )
    return found


# -- finish ----------------------------------------------------------------------------------------------------------


def finish(prepared: Prepared, order: Order) -> list[RefreshReport]:
    """Publish what was prepared and write the log; the caller holds the store's lock."""
    publishable = {
        key: version for key, version in prepared.versions.items() if not is_stopped(prepared, key)
    }
    if publishable:
        store.publish(publishable, root=order.root, at=stamp(order.now))
    for key in prepared.versions:
        prepared.candidates[key].report.status = "accepted" if key in publishable else "refused"
    log(prepared, order)
    return prepared.reports


def keep(prepared: Prepared, order: Order, *, because: str) -> store.Candidate | None:
    """Keep what was prepared, for ``accept`` to publish; the caller holds the store's lock."""
    publishable = {
        key: version for key, version in prepared.versions.items() if not is_stopped(prepared, key)
    }
    if not publishable:
        return None
    for key in publishable:
        prepared.candidates[key].report.messages.insert(
            0,
            f"{because} Kept: look at it with `python -m loaders diff {key}`, publish it with `python -m loaders accept`.",
        )
    lines = [_line(prepared.candidates[key], order) | {"status": "accepted"} for key in publishable]
    return store.keep_candidate(publishable, lines, root=order.root)


def log(prepared: Prepared, order: Order) -> None:
    """Write how the refresh of each dataset ended."""
    for candidate in prepared.candidates.values():
        if candidate.report.status != "rehearsed":
            store.append_log(_line(candidate, order), root=order.root)


def _line(candidate: Candidate, order: Order) -> dict[str, Any]:
    return {
        "at": stamp(order.now),
        "action": "refresh",
        "as_of": order.as_of.isoformat(),
        **vars(candidate.report),
        **candidate.line,
    }


def stamp(now: datetime) -> str:
    """Time for the log: ISO, UTC, seconds."""
    return pd.Timestamp(now).tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


# -- context, corrections, reports -----------------------------------------------------------------------------------


def make_context(dataset: Dataset, root: Path, frames: Mapping[str, pd.DataFrame] | None = None) -> Context:
    """Context of a dataset from the store, with newly built frames in place of stored ones.

    Raises
    ------
    DatasetError
        A dataset it needs, a curated side file or its description cannot be read.
    """
    found = {}
    for need in (*dataset.needs, *(name for name in dataset.uses if _is_here(name, root))):
        found[need] = frames[need] if frames and need in frames else _holding(DATASETS[need], root)
    description = store.read_description(dataset.dataset_id, root=root)
    try:
        compiled_on = date.fromisoformat(str(description["compiled_on"]))
    except (KeyError, ValueError):
        raise store.DatasetError(
            f"{dataset.dataset_id}/dataset.yaml: compiled_on must be given as a date, YYYY-MM-DD."
        ) from None
    return Context(
        frames=found,
        files={name: _curated(name, root) for name in dataset.files},
        compiled_on=compiled_on,
    )


def _is_here(dataset_id: str, root: Path) -> bool:
    try:
        return store.is_fetched(dataset_id, of=store.snapshot(root=root), root=root)
    except store.DatasetError:
        return False  # nothing has been published yet


def _curated(name: str, root: Path) -> bytes:
    path = root / "curated" / name
    if not path.is_file():
        raise store.DatasetError(f"{root.name}/curated/{name} is missing. Restore it from version control.")
    return path.read_bytes()


def _correct(parsed: pd.DataFrame, contract: Contract, root: Path, *, whole: bool) -> pd.DataFrame:
    """Apply corrections.yaml: declared fixes, each with a reason and the value it expects to find.

    A reading that does not speak of everything need not hold every row that is corrected.
    """
    path = root / contract.dataset_id / "corrections.yaml"
    if not path.is_file():
        return parsed
    try:
        corrections = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise ContractError(f"{contract.dataset_id}/corrections.yaml is not valid YAML: {error}") from None
    if not isinstance(corrections, list) or not all(isinstance(item, dict) for item in corrections):
        raise ContractError(
            f"{contract.dataset_id}/corrections.yaml must be a list, each item with key, column, expect, value, reason."
        )
    parsed = parsed.copy()
    keys = history.keys_of(parsed, contract.key)
    for number, item in enumerate(corrections, start=1):
        where = f"{contract.dataset_id}/corrections.yaml, correction {number}"
        absent = {"key", "column", "expect", "value", "reason"} - set(item)
        if absent:
            raise ContractError(f"{where}: {', '.join(sorted(absent))} not given.")
        rows = keys.index[keys == str(item["key"])]
        if not len(rows) and not whole and item["column"] in parsed.columns:
            continue
        if len(rows) != 1 or item["column"] not in parsed.columns:
            raise ContractError(
                f"{where}: {len(rows)} rows have the key {item['key']!r}, or the column is unknown."
            )
        present = str(parsed.at[rows[0], item["column"]])
        if present != str(item["expect"]):
            raise ContractError(
                f"{where}: expected {item['expect']!r} in {item['column']} of {item['key']}, found {present!r}. "
                "The source seems fixed: remove the correction."
            )
        parsed[item["column"]] = parsed[item["column"]].astype("object")
        parsed.at[rows[0], item["column"]] = str(item["value"])
    return parsed


def _without(valid: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    if not len(findings.rejected):
        return valid.reset_index(drop=True)
    return valid.drop(index=[row for row in findings.rejected["row"] if row in valid.index]).reset_index(
        drop=True
    )


def _failed(dataset: Dataset, order: Order, messages: list[str]) -> Candidate:
    """A source that could not be read; the period that it misses is a gap until the next run."""
    candidate = _stopped(dataset, order, "failed", messages)
    if not dataset.contract.is_fetched:
        return candidate
    name = order.source or dataset.sources[0].name
    covered = periods.from_json(last_fetch(dataset.dataset_id, name, root=order.root).get("covered", []))
    missing = periods.gaps(covered, order.as_of)
    if missing:
        candidate.report.messages.append(
            f"The data served before stay in use. {missing[-1][0]} to {missing[-1][1]} is missing until a refresh succeeds, "
            "which then asks for it."
        )
    return replace(candidate, line={"source": name, "gaps": periods.to_json(missing)})


def _stopped(
    dataset: Dataset,
    order: Order,
    status: Literal["refused", "failed"],
    messages: list[str],
    *,
    unresolved: list[str] | None = None,
    rejected: int = 0,
) -> Candidate:
    report = RefreshReport(
        dataset.dataset_id, status, rejected=rejected, unresolved_names=unresolved or [], messages=messages
    )
    return Candidate(report, None, None, line={"source": order.source or ""})
