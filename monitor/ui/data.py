"""All reading and caching of the dashboard: the only module of ``monitor`` that sees the store.

Every cached value is keyed on the digests of the data it comes from: a refresh shows without a restart, and nobody
clears a cache. Frames are shared between sessions and must not be changed in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from loaders import store
from loaders.contracts import LOCAL_TIME_ZONE
from loaders.store import DatasetError
from monitor.analysis import coverage, holds, shares, sites, status
from monitor.charts.hatching import stripes
from monitor.charts.maps import base_style
from monitor.charts.style import Stamp
from monitor.language import _, format_date, language
from monitor.ui.figure import Shared

__all__ = ["Choice", "DatasetError", "frame", "today"]

#: Values kept of each cached function, over all sessions.
_KEPT = 64


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
    """

    as_of: date
    known_on: date | None
    evidence: str
    stale_after_days: int


def today() -> date:
    """Today in Port-au-Prince."""
    return datetime.now(ZoneInfo(LOCAL_TIME_ZONE)).date()


def snapshot() -> store.Snapshot:
    """The current snapshot; raises DatasetError where there is none."""
    return store.snapshot()


def _digest(dataset_id: str) -> str:
    return store.data_digest(dataset_id, of=snapshot())


def keyed(*dataset_ids: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Cache a function of plain arguments under the digests of the datasets it reads; its result is shared, not copied."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        # Python's own hash of a tuple of dates takes microseconds; Streamlit's walks through every element.
        @st.cache_resource(show_spinner=False, max_entries=_KEPT, hash_funcs={tuple: hash})
        def cached(name: str, digests: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
            return function(*arguments)

        def call(*arguments: Any) -> Any:
            return cached(
                f"{function.__module__}.{function.__name__}",
                tuple(_digest(name) for name in dataset_ids),
                arguments,
            )

        call.__doc__, call.__name__ = function.__doc__, function.__name__
        return call

    return decorate


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def _frame(dataset_id: str, digest: str) -> pd.DataFrame:
    return store.read(dataset_id)


def frame(dataset_id: str) -> pd.DataFrame:
    """A dataset as a typed frame (not to be changed in place)."""
    return _frame(dataset_id, _digest(dataset_id))


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def _features(dataset_id: str, digest: str) -> dict[str, Any]:
    collection = store.read_features(dataset_id)
    kept = [
        {"type": "Feature", "id": feature["id"], "properties": {}, "geometry": feature["geometry"]}
        for feature in collection["features"]
        if feature["geometry"] is not None
    ]
    return Shared(type="FeatureCollection", features=kept)


def features(dataset_id: str) -> dict[str, Any]:
    """Geometry of a dataset as GeoJSON, features with ``id`` and nothing else."""
    return _features(dataset_id, _digest(dataset_id))


@keyed("neighborhoods")
def scope() -> pd.DataFrame:
    """Neighborhoods in scope, sorted by id."""
    places = frame("neighborhoods")
    return places[places["is_in_scope"].astype("bool")].sort_values("neighborhood_id", ignore_index=True)


@keyed("neighborhoods", "communes", "coastline")
def map_style() -> dict[str, Any]:
    """Style under every map."""
    return Shared(base_style(features("coastline"), features("communes"), features("neighborhoods")))


@keyed("neighborhoods")
def hatch() -> dict[str, Any]:
    """Stripes over every neighborhood, for hatching."""
    return Shared(stripes(features("neighborhoods")))


@keyed("neighborhoods")
def commune_labels() -> pd.DataFrame:
    """Names of the metro communes and where to write them: ``name, lat, lon``."""
    places = scope()
    return places.groupby("commune")[["lat", "lon"]].mean().reset_index().rename(columns={"commune": "name"})


@keyed("territorial_control", "retaken_areas")
def assertions() -> pd.DataFrame:
    """Every statement about control, of all places."""
    return status.all_assertions(frame("territorial_control"), frame("retaken_areas"))


@keyed("territorial_control", "retaken_areas", "neighborhoods")
def statement_dates() -> pd.Series:
    """Dates of the statements about neighborhoods in scope."""
    rows = assertions()
    return rows.loc[rows["neighborhood_id"].isin(scope()["neighborhood_id"]), "from_earliest"]


@keyed("incidents", "actors")
def clashes() -> pd.DataFrame:
    """Armed clashes with state forces."""
    return status.state_clashes(frame("incidents"), frame("actors"))


@keyed("territorial_control", "retaken_areas", "incidents", "actors")
def _history(known_on: date | None, evidence: str, stale_after_days: int) -> pd.DataFrame:
    return status.status_history(
        assertions(),
        known_on=known_on,
        evidence=evidence,
        stale_after_days=stale_after_days,
        clashes=clashes(),
    )


def history(choice: Choice) -> pd.DataFrame:
    """Intervals of status of every place, under the reader's choice."""
    return _history(choice.known_on, choice.evidence, choice.stale_after_days)


@keyed("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
def _panel(
    known_on: date | None, evidence: str, stale_after_days: int, days: tuple[date, ...]
) -> pd.DataFrame:
    rows = _history(known_on, evidence, stale_after_days)
    return status.panel_of(rows, days, scope()["neighborhood_id"])


def panel(choice: Choice, *days: date) -> pd.DataFrame:
    """Status of every neighborhood in scope on some days (default: the chosen date)."""
    return _panel(choice.known_on, choice.evidence, choice.stale_after_days, days or (choice.as_of,))


def share_table(choice: Choice, *days: date) -> pd.DataFrame:
    """Shares of statuses on some days (default: the chosen date)."""
    return _shares(choice.known_on, choice.evidence, choice.stale_after_days, days or (choice.as_of,))


@keyed("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
def _shares(
    known_on: date | None, evidence: str, stale_after_days: int, days: tuple[date, ...]
) -> pd.DataFrame:
    return shares.shares(_panel(known_on, evidence, stale_after_days, days), scope())


@keyed("territorial_control", "retaken_areas", "neighborhoods")
def default_date() -> date:
    """Last date that the data covers well (definition coverage-1)."""
    return coverage.last_covered_date(statement_dates()).date()


@keyed("territorial_control", "retaken_areas", "neighborhoods")
def first_date() -> date:
    """Date of the first statement."""
    return statement_dates().min().date()


@keyed("territorial_control", "retaken_areas", "neighborhoods")
def last_date() -> date:
    """Date of the last statement."""
    return statement_dates().max().date()


def weeks(until: date) -> tuple[date, ...]:
    """Sundays from the first statement to a date, and the date itself."""
    days = pd.date_range(first_date(), until, freq="W-SUN").date
    return (*days, until) if not len(days) or days[-1] != until else tuple(days)


def outcomes(choice: Choice) -> pd.DataFrame:
    """Claims of the retaken register known under the choice, with their outcome by rule."""
    claims = status.known(frame("retaken_areas"), choice.known_on)
    if choice.evidence == "corroborated":
        claims = status.admissible(claims, choice.evidence)
    return holds.claim_outcomes(
        claims, history(choice), as_of=choice.as_of, stale_after_days=choice.stale_after_days
    )


def spells(choice: Choice, *, strict: bool = False) -> pd.DataFrame:
    """Hold spells of neighborhoods in scope up to the chosen date."""
    rows = history(choice)
    rows = rows[rows["neighborhood_id"].isin(scope()["neighborhood_id"])]
    return holds.hold_spells(rows, end_on=choice.as_of, strict=strict)


@keyed("site_status")
def _site_history(known_on: date | None, stale_after_days: int) -> pd.DataFrame:
    return sites.site_history(frame("site_status"), known_on=known_on, stale_after_days=stale_after_days)


def site_history(choice: Choice) -> pd.DataFrame:
    """Intervals of state of every site, under the reader's choice."""
    return _site_history(choice.known_on, choice.stale_after_days)


def site_panel(choice: Choice, site_ids: pd.Series, *days: date) -> pd.DataFrame:
    """State of some sites on some days (default: the chosen date)."""
    return sites.site_panel(site_history(choice), days or (choice.as_of,), site_ids)


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
    accessed = max(provenance(name)["source"]["accessed_on"] for name in dataset_ids)
    titles = ", ".join(_(description(name)["title"]).lower() for name in dataset_ids)
    shoreline = _("; shoreline © OpenStreetMap contributors (ODbL)") if "neighborhoods" in dataset_ids else ""
    sources = _(
        "Port-au-Prince Conflict Monitor from cited public reports ({datasets}), CC BY 4.0, compiled {date}{shoreline}"
    ).format(datasets=titles, date=format_date(date.fromisoformat(accessed)), shoreline=shoreline)
    return Stamp(
        title=title,
        sources=sources,
        snapshot_id=snapshot().snapshot_id,
        caveat=caveat,
        as_of=choice.as_of if choice is not None and dated else None,
        known_on=choice.known_on if choice is not None else None,
        evidence=choice.evidence if choice is not None and evidence else None,
        denominator=denominator,
    )


@st.cache_data(show_spinner=False, max_entries=_KEPT)
def _provenance(dataset_id: str, version: str) -> dict[str, Any]:
    return store.read_provenance(dataset_id)


def provenance(dataset_id: str) -> dict[str, Any]:
    """What the dataset's version was built from."""
    return _provenance(dataset_id, snapshot().versions[dataset_id])


@st.cache_data(ttl=60, show_spinner=False, max_entries=_KEPT)
def description(dataset_id: str) -> dict[str, Any]:
    """What is written by hand about a dataset."""
    return store.read_description(dataset_id)


def rejected(dataset_id: str) -> pd.DataFrame:
    """Rows left out of the dataset's version, with a reason."""
    return store.read_rejected(dataset_id)


def name_in_language(neighborhood_id: str) -> str:
    """Name of a place in the current language where an alias gives one, else its main name."""
    names = _names(language())
    return names.get(neighborhood_id, neighborhood_id)


@keyed("neighborhoods", "aliases")
def _names(code: str) -> dict[str, str]:
    names = frame("neighborhoods").set_index("neighborhood_id")["name"].to_dict()
    if code != "ht":
        return names
    local = frame("aliases").query("language == 'ht'").drop_duplicates("neighborhood_id")
    return {**names, **dict(zip(local["neighborhood_id"], local["alias"], strict=True))}
