"""The store's datasets for command lines: one snapshot, read once, results kept in memory while the command runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from loaders import store
from loaders.store import DatasetError
from monitor.analysis.model import is_compact
from monitor.charts.base_map import drawn_features
from monitor.charts.shared import Shared

__all__ = ["DatasetError", "Kept"]


class Kept:
    """A :class:`monitor.analysis.model.Source` of one snapshot, the current one unless an id is given.

    Raises
    ------
    loaders.store.DatasetError
        The snapshot or a dataset of it is not kept, or is damaged.
    """

    def __init__(self, snapshot_id: str | None = None, *, root: Path | None = None) -> None:
        self._of = store.snapshot(snapshot_id, root=root)
        self._root = root
        self._results: dict[tuple[Any, ...], Any] = {}
        self.snapshot_id = self._of.snapshot_id
        self.datasets = tuple(
            sorted(name for name in self._of.versions if store.is_fetched(name, of=self._of, root=root))
        )
        self.is_pinned = snapshot_id is not None

    def frame(self, dataset_id: str) -> pd.DataFrame:
        """Return a dataset as a typed frame, which nobody changes in place."""
        compact = is_compact(dataset_id)
        return self.kept(
            "frame",
            (dataset_id,),
            (),
            lambda: store.read(dataset_id, compact=compact, of=self._of, root=self._root),
        )

    def columns(self, dataset_id: str, *names: str) -> pd.DataFrame:
        """Return some columns of a dataset."""
        return self.kept(
            "columns",
            (dataset_id,),
            names,
            lambda: store.read(
                dataset_id, columns=names, compact=is_compact(dataset_id), of=self._of, root=self._root
            ),
        )

    def features(self, dataset_id: str) -> dict[str, Any]:
        """Return the geometry of a dataset as GeoJSON, features with ``id`` and nothing else."""
        return self.kept(
            "features",
            (dataset_id,),
            (),
            lambda: Shared(drawn_features(store.read_features(dataset_id, of=self._of, root=self._root))),
        )

    def provenance(self, dataset_id: str) -> dict[str, Any]:
        """Return what the dataset's version was built from."""
        return self.kept(
            "provenance",
            (dataset_id,),
            (),
            lambda: store.read_provenance(dataset_id, of=self._of, root=self._root),
        )

    def description(self, dataset_id: str) -> dict[str, Any]:
        """Return what is written by hand about the dataset."""
        return self.kept(
            "description", (dataset_id,), (), lambda: store.read_description(dataset_id, root=self._root)
        )

    def kept(
        self,
        name: str,
        dataset_ids: tuple[str, ...],
        arguments: tuple[Any, ...],
        compute: Callable[[], Any],
    ) -> Any:
        """Return what ``compute`` returns, kept from an earlier call if there was one."""
        key = (name, dataset_ids, arguments)
        if key not in self._results:
            self._results[key] = compute()
        return self._results[key]
