"""Everything that figures and pages derive from the datasets of one snapshot, computed once and shared.

A :class:`Model` asks a :class:`Source` for frames and lets it keep what was derived from them. The dashboard's source
keeps results over all sessions, keyed on the digests of the datasets; a command line keeps them in a dictionary. Pages,
command line and image addresses therefore draw from the very same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pandas as pd

from monitor.analysis import coverage, shares, sites, status
from monitor.analysis.definitions import choose

#: Known-on date, evidence level, staleness limit and definitions held fast: see :class:`Choice`.
Reading = tuple[date | None, str, int, tuple[str, ...]]


@dataclass(frozen=True)
class Choice:
    """What the reader chose for every figure of a page.

    Attributes
    ----------
    as_of
        Date shown.
    known_on
        Count only what was recorded by that day; None for all that is known.
    evidence
        ``all_claims`` or ``corroborated``.
    stale_after_days
        Staleness limit.
    definitions
        Ids of definitions that the link holds fast; those in force where it names none.
    """

    as_of: date
    known_on: date | None
    evidence: str
    stale_after_days: int
    definitions: tuple[str, ...] = ()

    @property
    def reading(self) -> Reading:
        """What the statuses of all dates depend on: everything but the date shown."""
        return self.known_on, self.evidence, self.stale_after_days, self.definitions


#: Days for which tables are computed as they are asked for; more are put together from those of the time bar.
_MANY_DAYS = 30


def is_compact(dataset_id: str) -> bool:
    """Whether the recurring texts of a dataset in bulk are kept as categories, in a tenth of the memory.

    Statements about control are compared text by text, column against column: they stay as they are.
    """
    return dataset_id != "territorial_control"


class Source(Protocol):
    """The datasets of one snapshot, and a place to keep what is derived from them."""

    @property
    def snapshot_id(self) -> str:
        """Id of the snapshot."""
        ...

    @property
    def is_pinned(self) -> bool:
        """Whether the reader asked for this snapshot and not for the current one."""
        ...

    @property
    def datasets(self) -> tuple[str, ...]:
        """Ids of the datasets in the snapshot that are here."""
        ...

    def frame(self, dataset_id: str) -> pd.DataFrame:
        """Return a dataset as a typed frame, which nobody changes in place."""
        ...

    def columns(self, dataset_id: str, *names: str) -> pd.DataFrame:
        """Return some columns of a dataset: of a table of millions of rows the others are not even read."""
        ...

    def features(self, dataset_id: str) -> dict[str, Any]:
        """Return the geometry of a dataset as GeoJSON, features with ``id`` and nothing else."""
        ...

    def provenance(self, dataset_id: str) -> Mapping[str, Any]:
        """Return what the dataset's version was built from."""
        ...

    def description(self, dataset_id: str) -> Mapping[str, Any]:
        """Return what is written by hand about the dataset."""
        ...

    def kept(
        self,
        name: str,
        dataset_ids: tuple[str, ...],
        arguments: tuple[Any, ...],
        compute: Callable[[], Any],
    ) -> Any:
        """Return what ``compute`` returns for these datasets and hashable arguments, kept from an earlier call if possible."""
        ...


def derived(*dataset_ids: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Keep the results of a method of plain arguments under the datasets it reads; they are shared, not copied."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{method.__module__}.{method.__qualname__}"

        def call(self: Model, *arguments: Any) -> Any:
            return self.kept(name, dataset_ids, arguments, lambda: method(self, *arguments))

        call.__doc__, call.__name__ = method.__doc__, method.__name__
        return call

    return decorate


class Model:
    """What is derived from the datasets of one source; see :class:`Source` for the frames' origin."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.snapshot_id = source.snapshot_id
        self.is_pinned = source.is_pinned
        self.frame = source.frame
        self.columns = source.columns
        self.features = source.features
        self.provenance = source.provenance
        self.description = source.description
        self.kept = source.kept

    @property
    def datasets(self) -> tuple[str, ...]:
        """Ids of the datasets in the snapshot that are here."""
        return self.source.datasets

    @derived("neighborhoods")
    def scope(self) -> pd.DataFrame:
        """Neighborhoods in scope, sorted by id."""
        places = self.frame("neighborhoods")
        return places[places["is_in_scope"].astype("bool")].sort_values("neighborhood_id", ignore_index=True)

    @derived("neighborhoods")
    def commune_labels(self) -> pd.DataFrame:
        """Names of the metro communes and where to write them: ``name, lat, lon``."""
        middle = self.scope().groupby("commune")[["lat", "lon"]].mean()
        return middle.reset_index().rename(columns={"commune": "name"})

    @derived("neighborhoods", "aliases")
    def names(self, language: str) -> Mapping[str, str]:
        """Name of each place in a language: an alias in it where there is one, else the main name."""
        names = self.frame("neighborhoods").set_index("neighborhood_id")["name"].to_dict()
        spellings = self.frame("aliases")
        local = spellings[spellings["language"] == language]
        if language != "ht":
            # Main names are mostly French: another one is needed only where the main name is marked as another language's.
            is_foreign = spellings["is_name"].astype("bool") & ~spellings["language"].isin(
                [language, "und", "ht"]
            )
            wanted = spellings.loc[is_foreign, "neighborhood_id"] if language == "fr" else []
            local = local[local["neighborhood_id"].isin(wanted)]
        local = local.drop_duplicates("neighborhood_id")
        return {**names, **dict(zip(local["neighborhood_id"], local["alias"], strict=True))}

    @derived("neighborhoods", "aliases")
    def commune_names(self, language: str) -> Mapping[str, str]:
        """Name of each metro commune in a language, by its main name."""
        places = self.scope().drop_duplicates("commune_id")
        names = self.names(language)
        return {row.commune: names.get(row.commune_id, row.commune) for row in places.itertuples()}

    @derived("territorial_control", "retaken_areas")
    def assertions(self) -> pd.DataFrame:
        """Every statement about control, of all places."""
        return status.all_assertions(self.frame("territorial_control"), self.frame("retaken_areas"))

    @derived("territorial_control", "retaken_areas")
    def known_assertions(self, known_on: date | None) -> pd.DataFrame:
        """Every statement about control known on a day (``status.known``), of all places and at any evidence level."""
        return status.known(self.assertions(), known_on)

    @derived("territorial_control", "retaken_areas")
    def sources_of_assertions(self) -> pd.DataFrame:
        """Who said it and where, by ``assertion_id``: ``source_publisher, source_url, source_checked, claimant``."""
        columns = ["assertion_id", "source_publisher", "source_url", "source_checked", "claimant"]
        return self.assertions()[columns].set_index("assertion_id")

    @derived("territorial_control", "retaken_areas", "neighborhoods")
    def statement_dates(self) -> pd.Series:
        """Dates of the statements about neighborhoods in scope."""
        rows = self.assertions()
        return rows.loc[rows["neighborhood_id"].isin(self.scope()["neighborhood_id"]), "from_earliest"]

    @derived("territorial_control", "retaken_areas")
    def statements(self) -> pd.DataFrame:
        """Every statement in the order in which they give a status (``status.in_order``)."""
        return status.in_order(self.assertions())

    @derived("incidents", "actors")
    def _all_clashes(self) -> pd.DataFrame:
        rows = self.columns("incidents", *status.CLASH_COLUMNS)
        return status.all_state_clashes(rows, self.frame("actors"))

    @derived("incidents", "actors")
    def clashes(self, known_on: date | None) -> pd.DataFrame:
        """Armed clashes with state forces, as known on a day."""
        return status.clashes_known(self._all_clashes(), known_on)

    @derived("territorial_control", "retaken_areas", "incidents", "actors")
    def _history(self, reading: Reading) -> pd.DataFrame:
        known_on, evidence, stale_after_days, definitions = reading
        return status.history_of(
            self.statements(),
            known_on=known_on,
            evidence=evidence,
            stale_after_days=stale_after_days,
            clashes=self.clashes(known_on),
            rules=choose(definitions),
        )

    def history(self, choice: Choice) -> pd.DataFrame:
        """Intervals of status of every place, under the reader's choice."""
        return self._history(choice.reading)

    @derived("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
    def _panel(self, reading: Reading, days: tuple[date, ...]) -> pd.DataFrame:
        rows = self._history(reading)
        return status.panel_of(rows, days, self.scope()["neighborhood_id"])

    def panel(self, choice: Choice, *days: date) -> pd.DataFrame:
        """Status of every neighborhood in scope on some days (default: the chosen date)."""
        return self._panel(choice.reading, days or (choice.as_of,))

    @derived("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
    def _shares(self, reading: Reading, days: tuple[date, ...]) -> pd.DataFrame:
        return shares.shares_over(self._history(reading), days, self.scope())

    def share_table(self, choice: Choice, *days: date) -> pd.DataFrame:
        """Shares of statuses on some days (default: the chosen date).

        Of many days those of :meth:`grid_days` are computed once for everybody, and only the others for this reader.
        """
        days = days or (choice.as_of,)
        grid = self.grid_days() if len(days) > _MANY_DAYS else ()
        others = tuple(sorted(set(days).difference(grid)))
        if not grid or len(others) > _MANY_DAYS:
            return self._shares(choice.reading, days)
        table = self._shares(choice.reading, grid)
        if not others and len(days) == len(grid):
            return table
        parts = [table[table["date"].isin(pd.to_datetime(days))]]
        if others:
            parts.append(self._shares(choice.reading, others))
        return pd.concat(parts, ignore_index=True).sort_values(
            ["date", "denominator", "status"], ignore_index=True
        )

    @derived("territorial_control", "retaken_areas", "neighborhoods")
    def default_date(self) -> date:
        """Last date that the data covers well (definition coverage-1)."""
        return coverage.last_covered_date(self.statement_dates()).date()

    @derived("territorial_control", "retaken_areas", "neighborhoods")
    def first_date(self) -> date:
        """Date of the first statement."""
        return self.statement_dates().min().date()

    @derived("territorial_control", "retaken_areas", "neighborhoods")
    def last_date(self) -> date:
        """Date of the last statement."""
        return self.statement_dates().max().date()

    def weeks(self, until: date) -> tuple[date, ...]:
        """Sundays from the first statement to a date, and the date itself."""
        days = pd.date_range(self.first_date(), until, freq="W-SUN").date
        return (*days, until) if not len(days) or days[-1] != until else tuple(days)

    @derived("territorial_control", "retaken_areas", "neighborhoods")
    def grid_days(self) -> tuple[date, ...]:
        """Dates of the time bar whatever date is chosen: weeks from the first to the last statement, the last covered date."""
        return tuple(sorted({*self.weeks(self.last_date()), self.default_date()}))

    def time_bar_days(self, as_of: date) -> tuple[date, ...]:
        """Dates of the time bar: those of :meth:`grid_days`, the weeks from there to the chosen date, and this date."""
        later = self.weeks(as_of) if as_of > self.last_date() else ()
        return tuple(sorted({*self.grid_days(), *later, as_of}))

    @derived("site_status")
    def _site_history(self, known_on: date | None, stale_after_days: int) -> pd.DataFrame:
        return sites.site_history(
            self.frame("site_status"), known_on=known_on, stale_after_days=stale_after_days
        )

    def site_history(self, choice: Choice) -> pd.DataFrame:
        """Intervals of state of every site, under the reader's choice."""
        return self._site_history(choice.known_on, choice.stale_after_days)

    def site_panel(self, choice: Choice, site_ids: Iterable[str], *days: date) -> pd.DataFrame:
        """State of some sites on some days (default: the chosen date)."""
        return sites.site_panel(self.site_history(choice), days or (choice.as_of,), pd.Series(site_ids))
