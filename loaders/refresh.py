"""From a source to a published version: parse, correct, check, compare, accept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd
import yaml

from loaders import store
from loaders.checks import Context, Findings, ParseError
from loaders.contracts import REJECTED_COLUMNS, Contract, ContractError, enforce
from loaders.registry import DATASETS, Dataset

#: A refresh that would reject more than this share of its rows is refused: the file is wrong, not the rows.
MAX_REJECTED_SHARE = 0.5


@dataclass
class RefreshReport:
    """What a refresh of one dataset did, or would do.

    Attributes
    ----------
    status
        ``accepted``: published. ``unchanged``: same content as the current version. ``refused``: the input is bad,
        nothing was written. ``failed``: the source could not be read. ``rehearsed``: would be accepted.
    added, changed, withdrawn
        Rows by key against the current version.
    """

    dataset: str
    status: Literal["accepted", "unchanged", "refused", "failed", "rehearsed"]
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    rejected: int = 0
    unresolved_names: list[str] = field(default_factory=list)
    version: str | None = None
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Candidate:
    """A built version that is not published yet, and its report."""

    report: RefreshReport
    version: store.Version | None
    frame: pd.DataFrame | None


def build(
    dataset_id: str, source: bytes, context: Context, *, as_of: date, root: Path, source_name: str
) -> Candidate:
    """Build a version of a dataset from its source, writing nothing.

    Parameters
    ----------
    source
        Bytes of the source file.
    context
        Frames and side files the dataset needs.
    as_of
        Civil date on which the source was accessed.
    root
        Store to compare with.
    source_name
        Name of the source, for provenance and messages.

    Returns
    -------
    Candidate
        With status ``rehearsed``, ``unchanged``, ``refused`` or ``failed``; only ``rehearsed`` has a version.
    """
    dataset = DATASETS[dataset_id]
    contract = dataset.contract
    try:
        parsed = dataset.parse(source, context)
        parsed = _correct(parsed, contract, root)
        valid, rejected = enforce(parsed, contract)
        findings = dataset.check(valid, context)
    except ParseError as error:
        return _stopped(dataset_id, "failed", [str(error)])
    except ContractError as error:
        return _stopped(dataset_id, "refused", [str(error)])
    valid = _without(valid, findings, contract)
    rejected = pd.concat([rejected, findings.rejected], ignore_index=True)[REJECTED_COLUMNS]
    total = len(valid) + len(rejected)
    if not len(valid) or len(rejected) > MAX_REJECTED_SHARE * total:
        reasons = rejected["column"].str.cat(rejected["reason"], sep=" ").value_counts().head(3)
        findings.violations.append(
            f"{len(rejected)} of {total} rows are bad, more than {MAX_REJECTED_SHARE:.0%}: "
            f"{'; '.join(f'{reason} ({count} rows)' for reason, count in reasons.items())}. Is this the right file?"
        )
    if findings.violations:
        return _stopped(
            dataset_id, "refused", findings.violations, unresolved=findings.unresolved, rejected=len(rejected)
        )
    provenance = {
        "dataset": dataset_id,
        "rows": len(valid),
        "rejected": len(rejected),
        "covers": covers(valid, contract),
        "recall_rows": int((valid["source_checked"] == "recall").sum()) if "source_checked" in valid else 0,
        "source": {"name": source_name, "sha256": store.sha256(source), "accessed_on": as_of.isoformat()},
        "inputs": {name: store.sha256(data) for name, data in sorted(context.files.items())},
        "warnings": findings.warnings,
        "unresolved_names": findings.unresolved,
    }
    version = store.Version(
        {
            contract.file_name: store.serialise(valid, contract),
            store.REJECTED_FILE: rejected.to_csv(index=False, lineterminator="\n").encode(),
            store.PROVENANCE_FILE: (json.dumps(provenance, indent=1, ensure_ascii=False) + "\n").encode(),
        }
    )
    report = RefreshReport(
        dataset_id,
        "rehearsed",
        rejected=len(rejected),
        unresolved_names=findings.unresolved,
        version=version.version,
        messages=findings.warnings,
    )
    _compare(report, valid, version, contract, root)
    return Candidate(report, version if report.status == "rehearsed" else None, valid)


def covers(frame: pd.DataFrame, contract: Contract) -> dict[str, str] | None:
    """First and last date of a dataset's date column, ISO; None for a dataset without one."""
    if contract.date_column is None:
        return None
    dates = frame[contract.date_column]
    return {"from": dates.min().date().isoformat(), "to": dates.max().date().isoformat()}


def refresh(
    dataset_ids: list[str],
    *,
    root: Path,
    as_of: date,
    sources: Mapping[str, tuple[str, bytes]] | None = None,
    dry_run: bool = False,
) -> list[RefreshReport]:
    """Build datasets and publish those that changed, all in one atomic step.

    Parameters
    ----------
    dataset_ids
        Datasets to refresh, any order; they are built in registry order, each on the new version of those before it.
    sources
        Source bytes by dataset, ``{id: (name, bytes)}``; by default the curated file of the dataset.
    dry_run
        Build and compare only.

    Returns
    -------
    list of RefreshReport
        One per dataset. If any is refused or failed, nothing is published: datasets that belong together never mix.
        A version that rows of another published dataset do not fit (they name a place that is gone) is refused.

    Raises
    ------
    DatasetError
        Another refresh is running.
    """
    with nullcontext() if dry_run else store.lock(root):
        candidates = _candidates(dataset_ids, sources or {}, root=root, as_of=as_of)
        _refuse_misfits(candidates, root)
        reports = [candidate.report for candidate in candidates.values()]
        versions = {
            key: candidate.version for key, candidate in candidates.items() if candidate.version is not None
        }
        stopped = any(report.status in ("refused", "failed") for report in reports)
        if versions and not stopped and not dry_run:
            store.publish(versions, root=root)
            for report in reports:
                if report.status == "rehearsed":
                    report.status = "accepted"
    return reports


def _candidates(
    dataset_ids: list[str], sources: Mapping[str, tuple[str, bytes]], *, root: Path, as_of: date
) -> dict[str, Candidate]:
    """Build datasets in registry order, each on the new version of those before it; write nothing."""
    candidates: dict[str, Candidate] = {}
    frames: dict[str, pd.DataFrame] = {}
    for dataset_id in (key for key in DATASETS if key in dataset_ids):
        dataset = DATASETS[dataset_id]
        try:
            context = make_context(dataset, root, frames)
            name, data = sources.get(dataset_id) or (dataset.source, _curated(dataset.source, root))
        except (store.DatasetError, OSError) as error:
            candidates[dataset_id] = _stopped(dataset_id, "failed", [str(error)])
            continue
        candidate = build(dataset_id, data, context, as_of=as_of, root=root, source_name=name)
        candidates[dataset_id] = candidate
        if candidate.frame is not None:
            frames[dataset_id] = candidate.frame
    return candidates


def _refuse_misfits(candidates: Mapping[str, Candidate], root: Path) -> None:
    """Refuse new versions that published datasets, which are not refreshed with them, would not fit."""
    new = {key: candidate for key, candidate in candidates.items() if candidate.version is not None}
    frames = {key: candidate.frame for key, candidate in new.items() if candidate.frame is not None}
    for dataset_id, dataset in DATASETS.items():
        needed = [key for key in dataset.needs if key in new]
        if dataset_id in candidates or not needed:
            continue
        try:
            reader = store.read_geometry if dataset.contract.has_geometry else store.read
            findings = dataset.check(reader(dataset_id, root=root), make_context(dataset, root, frames))
        except store.DatasetError:
            continue  # not published, or damaged: nothing to fit
        lost = findings.rejected
        problems = findings.violations + [
            f"{len(rows)} rows have {column} {', '.join(sorted(set(rows['value']))[:5])}, which {reason}"
            for (column, reason), rows in lost.groupby(["column", "reason"])
        ]
        for key in needed if problems else []:
            report = new[key].report
            report.status = "refused"
            report.messages.insert(
                0,
                f"{dataset_id} would not fit this version: {'; '.join(problems)}. Refresh them together: "
                f"python -m loaders refresh {key} {dataset_id}",
            )


def make_context(dataset: Dataset, root: Path, frames: Mapping[str, pd.DataFrame] | None = None) -> Context:
    """Context of a dataset from the store, with newly built frames in place of stored ones.

    Raises
    ------
    DatasetError
        A dataset it needs, a curated side file or its description cannot be read.
    """
    found = {}
    for need in dataset.needs:
        if frames and need in frames:
            found[need] = frames[need]
        else:
            reader = store.read_geometry if DATASETS[need].contract.has_geometry else store.read
            found[need] = reader(need, root=root)
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


def _curated(name: str, root: Path) -> bytes:
    path = root / "curated" / name
    if not path.is_file():
        raise store.DatasetError(f"{root.name}/curated/{name} is missing. Restore it from version control.")
    return path.read_bytes()


def _correct(parsed: pd.DataFrame, contract: Contract, root: Path) -> pd.DataFrame:
    """Apply corrections.yaml: declared fixes, each with a reason and the value it expects to find."""
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
    keys = parsed[list(contract.key)].astype("str").agg("/".join, axis=1)
    for number, item in enumerate(corrections, start=1):
        where = f"{contract.dataset_id}/corrections.yaml, correction {number}"
        absent = {"key", "column", "expect", "value", "reason"} - set(item)
        if absent:
            raise ContractError(f"{where}: {', '.join(sorted(absent))} not given.")
        rows = keys.index[keys == str(item["key"])]
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


def _without(valid: pd.DataFrame, findings: Findings, contract: Contract) -> pd.DataFrame:
    return valid.drop(index=[row for row in findings.rejected["row"] if row in valid.index]).reset_index(
        drop=True
    )


def _compare(
    report: RefreshReport, valid: pd.DataFrame, version: store.Version, contract: Contract, root: Path
) -> None:
    """Fill in rows added, changed and withdrawn against the current version; mark an identical one as unchanged."""
    try:
        of = store.snapshot(root=root)
        before = store.read_bytes(contract.dataset_id, contract.file_name, of=of, root=root)
        rejected = store.read_bytes(contract.dataset_id, store.REJECTED_FILE, of=of, root=root)
        provenance = store.read_provenance(contract.dataset_id, of=of, root=root)
        current = store.read(contract.dataset_id, of=of, root=root)
    except store.DatasetError:
        report.added = len(valid)
        return
    new = json.loads(version.files[store.PROVENANCE_FILE])
    for body in (new, provenance):
        body["source"].pop("accessed_on", None)
    same_rows = before == version.files[contract.file_name] and rejected == version.files[store.REJECTED_FILE]
    if same_rows and provenance == new:
        altered = store.altered_files(contract.dataset_id, of=of, root=root)
        if altered:
            report.messages.insert(0, f"Restores {', '.join(altered)}, which is not the published file.")
            return
        report.status, report.version = "unchanged", of.versions[contract.dataset_id]
        return
    key = list(contract.key)
    old_rows = _row_digests(current, key)
    new_rows = _row_digests(valid.drop(columns="geometry", errors="ignore"), key)
    report.added = len(new_rows.index.difference(old_rows.index))
    report.withdrawn = len(old_rows.index.difference(new_rows.index))
    both = new_rows.index.intersection(old_rows.index)
    report.changed = int((new_rows[both] != old_rows[both]).sum())


def _row_digests(frame: pd.DataFrame, key: list[str]) -> pd.Series:
    texts = frame.astype("str").fillna("")
    index = texts[key].agg("/".join, axis=1)
    return pd.Series(pd.util.hash_pandas_object(texts, index=False).to_numpy(), index=index)


def _stopped(
    dataset_id: str,
    status: Literal["refused", "failed"],
    messages: list[str],
    *,
    unresolved: list[str] | None = None,
    rejected: int = 0,
) -> Candidate:
    report = RefreshReport(
        dataset_id, status, rejected=rejected, unresolved_names=unresolved or [], messages=messages
    )
    return Candidate(report, None, None)
