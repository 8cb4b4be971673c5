"""Bytes of a dataset's source: a file given by hand, the curated file, or what a service answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from loaders import store
from loaders.orders import Order
from loaders.registry import CURATED, Dataset
from loaders.sources.interface import Ask, Download, Source

#: First day that events are asked for.
FIRST_DAY = date(2018, 1, 1)


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


def fetch(dataset: Dataset, order: Order, downloads: dict[str, Download]) -> Fetched:
    """Bytes of a dataset's source: a file given, the curated file, or what the service answers."""
    source = _source_of(dataset, order)
    given = order.files.get(dataset.dataset_id)
    if given is not None:
        return Fetched(source.name if source else CURATED, *given, is_given=source is not None)
    if source is None:
        return Fetched(CURATED, dataset.source, curated_file(dataset.source, order.root))
    if source.fetch is None:
        raise store.DatasetError(
            f"{dataset.dataset_id}: {source.title} is not fetched but handed in: "
            f"python -m loaders refresh {dataset.dataset_id} --file FILE. {source.file_help}"
        )
    if source.name not in downloads:
        last = last_fetch(dataset.dataset_id, source.name, root=order.root)
        is_same = last.get("inputs") == inputs(dataset, order.root)
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


def inputs(dataset: Dataset, root: Path) -> dict[str, str]:
    """Versions of the datasets that decide how rows are read."""
    try:
        versions = store.snapshot(root=root).versions
    except store.DatasetError:
        return {}
    return {need: versions[need] for need in dataset.needs if need in versions}


def curated_file(name: str, root: Path) -> bytes:
    """A file of the curated fact base; DatasetError if it is missing."""
    path = root / "curated" / name
    if not path.is_file():
        raise store.DatasetError(f"{root.name}/curated/{name} is missing. Restore it from version control.")
    return path.read_bytes()
