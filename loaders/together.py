"""What datasets need of one another: the context that rows are read in, and versions that must fit each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from loaders import store
from loaders.checks import Context
from loaders.contracts import CONTRACTS
from loaders.fetching import curated_file
from loaders.orders import Candidate, Prepared
from loaders.registry import DATASETS, Dataset


def refuse_misfits(candidates: Mapping[str, Candidate], root: Path) -> None:
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
            findings = dataset.check(holding_rows(dataset, root), make_context(dataset, root, frames))
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


def holding_rows(dataset: Dataset, root: Path) -> pd.DataFrame:
    """Published rows of a dataset that hold."""
    reader = store.read_geometry if dataset.contract.has_geometry else store.read
    frame = reader(dataset.dataset_id, root=root)
    ends = dataset.contract.ends
    return frame if ends is None else frame[frame[ends].isna()]


def hold_together(candidates: Mapping[str, Candidate]) -> None:
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


def make_context(dataset: Dataset, root: Path, frames: Mapping[str, pd.DataFrame] | None = None) -> Context:
    """Context of a dataset from the store, with newly built frames in place of stored ones.

    Raises
    ------
    DatasetError
        A dataset it needs, a curated side file or its description cannot be read.
    """
    found = {}
    for need in (*dataset.needs, *(name for name in dataset.uses if _is_here(name, root))):
        found[need] = frames[need] if frames and need in frames else holding_rows(DATASETS[need], root)
    description = store.read_description(dataset.dataset_id, root=root)
    try:
        compiled_on = date.fromisoformat(str(description["compiled_on"]))
    except (KeyError, ValueError):
        raise store.DatasetError(
            f"{dataset.dataset_id}/dataset.yaml: compiled_on must be given as a date, YYYY-MM-DD."
        ) from None
    return Context(
        frames=found,
        files={name: curated_file(name, root) for name in dataset.files},
        compiled_on=compiled_on,
    )


def _is_here(dataset_id: str, root: Path) -> bool:
    try:
        return store.is_fetched(dataset_id, of=store.snapshot(root=root), root=root)
    except store.DatasetError:
        return False  # nothing has been published yet
