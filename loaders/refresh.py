"""From a source to a published version: fetch, read, correct, check, compare, publish."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from loaders import bulk, periods, store
from loaders.checks import Context, Findings, ParseError
from loaders.contracts import (
    INCIDENT_DATASETS,
    REJECTED_COLUMNS,
    Contract,
    ContractError,
    enforce,
)
from loaders.corrections import correct
from loaders.fetching import FIRST_DAY, Fetched, fetch, inputs, last_fetch
from loaders.limits import Limits, Movement
from loaders.orders import Candidate, Order, Prepared, RefreshReport, noon
from loaders.recording import (
    OWNED,
    SETTLED,
    Current,
    Made,
    can_withdraw,
    current_version,
    not_settled,
    owner,
    record,
    settled_until,
    what_stays,
)
from loaders.registry import CURATED, DATASETS, Dataset
from loaders.sources.interface import EVERYTHING, Download, Reading
from loaders.together import hold_together, holding_rows, is_stopped, make_context, refuse_misfits

#: A refresh that would reject more than this share of its rows is refused: the file is wrong, not the rows.
MAX_REJECTED_SHARE = 0.5

#: Works out how headline numbers move: frames before, frames after, keys of the rows that changed, by dataset.
Headlines = Callable[
    [Mapping[str, pd.DataFrame], Mapping[str, pd.DataFrame], Mapping[str, Collection[str]]], list[Movement]
]


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
    refuse_misfits(candidates, order.root)
    hold_together(candidates)
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
            fetched = fetch(dataset, order, downloads)
        except (store.DatasetError, ParseError, OSError) as error:
            candidates[dataset_id] = _failed(dataset, order, [str(error)])
            continue
        candidate = build(dataset, fetched, context, order)
        candidates[dataset_id] = candidate
        if candidate.frame is not None:
            frames[dataset_id] = candidate.frame
    return candidates


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
        whole = reading.span == EVERYTHING and can_withdraw(reading, fetched, order)
        parsed = correct(reading.frame, contract, order.root, whole=whole)
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
        current = current_version(dataset, order.root)
        valid = not_settled(valid, reading, fetched, current, contract, findings)
        made = record(dataset, valid, reading, fetched, current, context, order)
    except (ContractError, store.DatasetError) as error:
        return _stopped(dataset, order, "refused", [str(error)])
    findings.warnings[:0] = what_stays(made.changes, reading)
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


def _without(valid: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    if not len(findings.rejected):
        return valid.reset_index(drop=True)
    return valid.drop(index=[row for row in findings.rejected["row"] if row in valid.index]).reset_index(
        drop=True
    )


# -- candidate -------------------------------------------------------------------------------------------------------


def _candidate(
    dataset: Dataset,
    made: Made,
    rejected: pd.DataFrame,
    findings: Findings,
    reading: Reading,
    fetched: Fetched,
    current: Current,
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
    if reading.span != EVERYTHING or not can_withdraw(reading, fetched, order):
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
            "inputs": inputs(dataset, order.root),
        }
        provenance["gaps"] = periods.to_json(
            missing[:-1] if missing and missing[-1][1] == order.as_of else missing
        )
        provenance["breaks"] = _breaks(dataset, made, order, findings)
    owned = dict(current.provenance.get(OWNED, {}))
    if dataset.source and fetched.source != CURATED:
        earlier = () if can_withdraw(reading, fetched, order) else owned.get(owner(fetched), ())
        owned[owner(fetched)] = sorted({*made.keys, *earlier} - set(reading.withdrawn))
    if owned:
        provenance[OWNED] = owned
    if (settled := settled_until(reading, fetched, current)) is not None:
        provenance[SETTLED] = settled
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
    made: Made,
    current: Current,
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
    dataset: Dataset, fetched: Fetched, reading: Reading, made: Made, order: Order
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


def _breaks(dataset: Dataset, made: Made, order: Order, findings: Findings) -> list[dict[str, Any]]:
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
            before[key] = holding_rows(dataset, root)
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


# -- what has nothing to publish -------------------------------------------------------------------------------------


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
