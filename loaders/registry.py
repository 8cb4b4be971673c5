"""DATASETS: the one list of datasets, in the order in which they are built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import pandas as pd

from loaders import (
    actor_memberships,
    actors,
    aliases,
    coastline,
    communes,
    incidents,
    indicators,
    key_sites,
    milestones,
    mission,
    neighborhoods,
    providers,
    publishers,
    retaken_areas,
    site_restrictions,
    site_status,
    statements_scorecard,
    territorial_control,
)
from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS, INCIDENT_DATASETS, Contract
from loaders.sources.catalogue import SOURCES
from loaders.sources.interface import Source

#: What ``--source`` calls the files that staff write by hand under ``datasets/curated``.
CURATED = "curated"


@dataclass(frozen=True)
class Dataset:
    """A dataset's module, seen through the verbs that all modules share.

    Attributes
    ----------
    contract
        Columns, key and file name.
    source
        Curated file it is built from by default (under datasets/curated); empty for a dataset of a provider.
    needs, files
        Datasets and curated side files that its context must hold.
    uses
        Datasets that its context holds where they have been fetched.
    sources
        Services and hand-written files that fill it, the usual one first.
    reads
        Name of the contract by which those sources read their rows for it.
    columns
        Header of the curated file.
    is_events
        A row is an event of a provider that reports all it knows: its volume can be watched.
    """

    contract: Contract
    source: str
    needs: tuple[str, ...]
    files: tuple[str, ...]
    parse: Callable[[bytes, Context], pd.DataFrame]
    check: Callable[[pd.DataFrame, Context], Findings]
    uses: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    reads: str = ""
    columns: tuple[str, ...] = ()
    is_events: bool = False

    def is_curated_file(self, content: bytes) -> bool:
        """Whether a file is the curated table, and not one of the dataset's other sources: by its header."""
        if not self.sources:
            return True
        header = content[:10_000].removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
        names = (
            {name.strip().strip('"') for name in header[0].decode("utf-8", "replace").split(",")}
            if header
            else set()
        )
        return set(self.columns) <= names

    @property
    def dataset_id(self) -> str:
        """Id of the dataset, also the name of its folder."""
        return self.contract.dataset_id


def _curated(module: ModuleType) -> Dataset:
    dataset_id = module.CONTRACT.dataset_id
    handed_in = tuple(
        source for source in SOURCES.values() if dataset_id in source.reads and source.fetch is None
    )
    return Dataset(
        module.CONTRACT,
        module.SOURCE,
        (*module.NEEDS, *_more(module.NEEDS, handed_in, "needs")),
        (*module.FILES, *_more(module.FILES, handed_in, "files")),
        module.parse,
        module.check,
        uses=getattr(module, "USES", ()),
        sources=handed_in if dataset_id not in INCIDENT_DATASETS else (),
        reads=dataset_id,
        columns=getattr(module, "COLUMNS", ()),
    )


def _provided(dataset_id: str) -> Dataset:
    sources = providers.sources_of(dataset_id)
    return Dataset(
        CONTRACTS[dataset_id],
        "",
        _more((), sources, "needs"),
        _more((), sources, "files"),
        providers.parse,
        providers.checker(dataset_id),
        sources=sources,
        reads=providers.SOURCES_OF[dataset_id][0],
        is_events=dataset_id in INCIDENT_DATASETS,
    )


def _more(known: tuple[str, ...], sources: tuple[Source, ...], what: str) -> tuple[str, ...]:
    """What some sources need beside what is known, in their order."""
    names = dict.fromkeys(name for source in sources for name in getattr(source, what))
    return tuple(name for name in names if name not in known)


_MODULES = (
    publishers,
    coastline,
    neighborhoods,
    communes,
    aliases,
    actors,
    actor_memberships,
    territorial_control,
    retaken_areas,
    incidents,
    key_sites,
    site_status,
    site_restrictions,
    mission,
    indicators,
    milestones,
    statements_scorecard,
)

#: Datasets whose boundaries others are cut to; built before these, from the gazetteer as it is published.
_BEFORE = ("boundaries",)

#: Every dataset by id. A dataset stands after those it needs.
DATASETS: dict[str, Dataset] = {
    **{name: _provided(name) for name in _BEFORE},
    **{module.CONTRACT.dataset_id: _curated(module) for module in _MODULES},
    **{name: _provided(name) for name in providers.SOURCES_OF if name not in _BEFORE},
}
