"""All reading and caching of the dashboard: the only module of ``monitor`` that sees the store.

Every cached value is keyed on the digests of the data it comes from: a refresh shows without a restart, and nobody
clears a cache. Frames are shared between sessions and must not be changed in place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from loaders import store
from loaders.contracts import CONTRACTS, LOCAL_TIME_ZONE
from loaders.store import DatasetError
from monitor.analysis.freshness import Freshness
from monitor.analysis.freshness import freshness as freshness_of
from monitor.analysis.model import Choice, Model, is_compact
from monitor.charts.base_map import drawn_features
from monitor.charts.shared import Shared
from monitor.charts.style import Stamp
from monitor.export.figures.base import stamp_of
from monitor.language import _, language
from monitor.ui.shelf import Shelf

__all__ = ["Choice", "DatasetError", "frame", "today"]

#: Values kept of each cached function, over all sessions.
_KEPT = 256

#: Frames and what is derived from them, over all sessions; MONITOR_CACHE_MB says how much memory they may take.
SHELF = Shelf(int(os.environ.get("MONITOR_CACHE_MB", "768")) * 2**20)


def today() -> date:
    """Today in Port-au-Prince."""
    return datetime.now(ZoneInfo(LOCAL_TIME_ZONE)).date()


def pinned_id() -> str | None:
    """Snapshot that the link is pinned to, where that is kept; ``filters`` reports one that is not."""
    asked = st.query_params.get("snap")
    if not asked:
        return None
    try:
        return _snapshot(asked).snapshot_id
    except DatasetError:
        return None


def _snapshot(snapshot_id: str | None) -> store.Snapshot:
    """A snapshot as the store reads it, read again only when its file is another one: a run of a page asks a hundred times."""
    path = store.default_root() / store.SNAPSHOT_FILE
    try:
        found = path.stat()
    except OSError:
        return store.snapshot(snapshot_id)  # says what is missing
    return _read_snapshot(snapshot_id, str(path), found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=16)
def _read_snapshot(snapshot_id: str | None, *file: object) -> store.Snapshot:
    return store.snapshot(snapshot_id)


def snapshot() -> store.Snapshot:
    """The snapshot shown: the one the link is pinned to, or the current one; raises DatasetError where there is none."""
    return _snapshot(pinned_id())


def here() -> list[str]:
    """Datasets that can be shown: those of providers only once they have been fetched."""
    of = snapshot()
    return [
        name
        for name, contract in CONTRACTS.items()
        if not contract.is_fetched or store.is_fetched(name, of=of)
    ]


@st.cache_data(show_spinner=False, max_entries=_KEPT)
def _provenance(dataset_id: str, version: str, _of: store.Snapshot) -> dict[str, Any]:
    return store.read_provenance(dataset_id, of=_of)


@st.cache_data(ttl=60, show_spinner=False, max_entries=_KEPT)
def _description(dataset_id: str) -> dict[str, Any]:
    return store.read_description(dataset_id)


class _StoreSource:
    """The store's datasets of one snapshot; what is derived from them is kept over all sessions, by digest."""

    def __init__(self, of: store.Snapshot, *, is_pinned: bool) -> None:
        self._of = of
        self.is_pinned = is_pinned
        self.snapshot_id = of.snapshot_id

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._of.versions if store.is_fetched(name, of=self._of)))

    def _digest(self, dataset_id: str) -> str:
        return store.data_digest(dataset_id, of=self._of)

    def frame(self, dataset_id: str) -> pd.DataFrame:
        compact = is_compact(dataset_id)
        return self.kept(
            "frame", (dataset_id,), (), lambda: store.read(dataset_id, compact=compact, of=self._of)
        )

    def columns(self, dataset_id: str, *names: str) -> pd.DataFrame:
        compact = is_compact(dataset_id)
        return self.kept(
            "columns",
            (dataset_id,),
            names,
            lambda: store.read(dataset_id, columns=names, compact=compact, of=self._of),
        )

    def features(self, dataset_id: str) -> dict[str, Any]:
        return self.kept(
            "features",
            (dataset_id,),
            (),
            lambda: Shared(drawn_features(store.read_features(dataset_id, of=self._of))),
        )

    def provenance(self, dataset_id: str) -> dict[str, Any]:
        return _provenance(dataset_id, self._of.versions[dataset_id], self._of)

    def description(self, dataset_id: str) -> dict[str, Any]:
        return _description(dataset_id)

    def kept(
        self,
        name: str,
        dataset_ids: tuple[str, ...],
        arguments: tuple[Any, ...],
        compute: Callable[[], Any],
    ) -> Any:
        digests = tuple(self._digest(dataset_id) for dataset_id in dataset_ids)
        return SHELF.get((name, dataset_ids, digests, arguments), compute)


def model() -> Model:
    """All that is derived from the snapshot shown: figures are built from it."""
    return model_of(pinned_id())


def model_of(snapshot_id: str | None) -> Model:
    """All that is derived from a snapshot, the current one for None; DatasetError says if it is not kept."""
    return Model(_StoreSource(_snapshot(snapshot_id), is_pinned=snapshot_id is not None))


@dataclass(frozen=True)
class KeptSnapshot:
    """A snapshot that can be shown, and when it was published (UTC; None where the log does not say)."""

    snapshot_id: str
    published_at: datetime | None


def kept_snapshots() -> list[KeptSnapshot]:
    """Snapshots that can be shown, the current one first, then the latest published."""
    times: dict[str, datetime | None] = {}
    for line in store.read_log():
        if line["action"] in ("publish", "rollback") and "snapshot" in line:
            times.pop(line["snapshot"], None)
            times[line["snapshot"]] = datetime.fromisoformat(line["at"]) if line.get("at") else None
    current = store.snapshot().snapshot_id
    found = [KeptSnapshot(current, times.get(current))]
    for name in reversed(times):
        try:
            store.snapshot(name)
        except DatasetError:
            continue
        if name != current:
            found.append(KeptSnapshot(name, times[name]))
    return found


def keyed(*dataset_ids: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Cache a function of plain arguments under the digests of the datasets it reads; its result is shared, not copied.

    The language belongs to the key: what is kept may have words in it.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{function.__module__}.{function.__name__}"

        def call(*arguments: Any) -> Any:
            return model().kept(name, dataset_ids, (language(), *arguments), lambda: function(*arguments))

        call.__doc__, call.__name__ = function.__doc__, function.__name__
        return call

    return decorate


def frame(dataset_id: str) -> pd.DataFrame:
    """A dataset as a typed frame (not to be changed in place)."""
    return model().frame(dataset_id)


def features(dataset_id: str) -> dict[str, Any]:
    """Geometry of a dataset as GeoJSON, features with ``id`` and nothing else."""
    return model().features(dataset_id)


def provenance(dataset_id: str) -> dict[str, Any]:
    """What the dataset's version was built from."""
    return dict(model().provenance(dataset_id))


def description(dataset_id: str) -> dict[str, Any]:
    """What is written by hand about a dataset."""
    return _description(dataset_id)


def scope() -> pd.DataFrame:
    """Neighborhoods in scope, sorted by id."""
    return model().scope()


def assertions() -> pd.DataFrame:
    """Every statement about control, of all places."""
    return model().assertions()


def history(choice: Choice) -> pd.DataFrame:
    """Intervals of status of every place, under the reader's choice."""
    return model().history(choice)


def panel(choice: Choice, *days: date) -> pd.DataFrame:
    """Status of every neighborhood in scope on some days (default: the chosen date)."""
    return model().panel(choice, *days)


def share_table(choice: Choice, *days: date) -> pd.DataFrame:
    """Shares of statuses on some days (default: the chosen date)."""
    return model().share_table(choice, *days)


def default_date() -> date:
    """Last date that the data covers well (definition coverage-1)."""
    return model().default_date()


def first_date() -> date:
    """Date of the first statement."""
    return model().first_date()


def last_date() -> date:
    """Date of the last statement."""
    return model().last_date()


def weeks(until: date) -> tuple[date, ...]:
    """Sundays from the first statement to a date, and the date itself."""
    return model().weeks(until)


def site_panel(choice: Choice, site_ids: pd.Series, *days: date) -> pd.DataFrame:
    """State of some sites on some days (default: the chosen date)."""
    return model().site_panel(choice, site_ids, *days)


def stamp(
    title: str,
    *dataset_ids: str,
    choice: Choice | None = None,
    caveat: str = "",
    evidence: bool = False,
    denominator: str | None = None,
    dated: bool = True,
) -> Stamp:
    """Stamp of a figure drawn from some datasets: sources, access date, snapshot and what was chosen."""
    return stamp_of(
        model(),
        title,
        *dataset_ids,
        choice=choice,
        caveat=caveat,
        evidence=evidence,
        denominator=denominator,
        dated=dated,
    )


@st.cache_data(ttl=10, show_spinner=False)
def _log(root: str) -> list[dict[str, Any]]:
    return store.read_log()


def refresh_log() -> list[dict[str, Any]]:
    """Lines of the refresh log, oldest first."""
    return _log(str(store.default_root()))


def waiting() -> list[str]:
    """Datasets that were built and wait to be published."""
    try:
        found = store.candidate(root=store.default_root())
    except DatasetError:
        return []
    return sorted(found.versions) if found is not None else []


def title(dataset_id: str) -> str:
    """Title of a dataset in the current language; its id where its description is missing."""
    try:
        return _(description(dataset_id)["title"])
    except (DatasetError, KeyError):
        return dataset_id


def freshness(*dataset_ids: str) -> list[Freshness]:
    """How old some datasets are today (default: all), in the order asked for."""
    here_now, log, now = set(here()), refresh_log(), today()
    found = []
    for name in dataset_ids or CONTRACTS:
        try:
            about: Mapping[str, Any] = description(name)
            made = provenance(name) if name in here_now else None
        except (DatasetError, KeyError):
            about, made = {}, None
        found.append(
            freshness_of(name, provenance=made, cadence_days=about.get("cadence_days"), log=log, today=now)
        )
    return found


def rejected(dataset_id: str) -> pd.DataFrame:
    """Rows left out of the dataset's version, with a reason."""
    return store.read_rejected(dataset_id)


def commune_in_language(commune: str) -> str:
    """Name of a commune, or of two with a slash, in the current language; one outside the metropolitan area as it is."""
    names = model().commune_names(language())
    return "/".join(names.get(part, part) for part in commune.split("/"))


def name_in_language(neighborhood_id: str) -> str:
    """Name of a place in the current language where an alias gives one, else its main name."""
    return names_in_language().get(neighborhood_id, neighborhood_id)


def names_in_language() -> Mapping[str, str]:
    """Name of every place as :func:`name_in_language` gives it, by its id: for columns of tables."""
    return model().names(language())
