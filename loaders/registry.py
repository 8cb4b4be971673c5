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
    publishers,
    retaken_areas,
    site_restrictions,
    site_status,
    statements_scorecard,
    territorial_control,
)
from loaders.checks import Context, Findings
from loaders.contracts import Contract


@dataclass(frozen=True)
class Dataset:
    """A dataset's module, seen through the verbs that all modules share.

    Attributes
    ----------
    contract
        Columns, key and file name.
    source
        Curated file it is built from by default (under datasets/curated).
    needs, files
        Datasets and curated side files that its context must hold.
    """

    contract: Contract
    source: str
    needs: tuple[str, ...]
    files: tuple[str, ...]
    parse: Callable[[bytes, Context], pd.DataFrame]
    check: Callable[[pd.DataFrame, Context], Findings]

    @property
    def dataset_id(self) -> str:
        """Id of the dataset, also the name of its folder."""
        return self.contract.dataset_id


def _dataset(module: ModuleType) -> Dataset:
    return Dataset(module.CONTRACT, module.SOURCE, module.NEEDS, module.FILES, module.parse, module.check)


#: Every dataset by id. A dataset stands after those it needs.
DATASETS: dict[str, Dataset] = {
    module.CONTRACT.dataset_id: _dataset(module)
    for module in (
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
}
