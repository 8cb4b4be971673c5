"""How old each dataset is, whether it is overdue, and how its last refreshes ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

#: A dataset is overdue when it is older than this many usual intervals.
OVERDUE_INTERVALS = 2

#: How a refresh can end, in the words of the log.
ENDED_WELL = ("accepted", "unchanged")
ENDED_BADLY = ("refused", "failed")


@dataclass(frozen=True)
class Freshness:
    """Age of one dataset on a day.

    Attributes
    ----------
    state
        ``in order``, ``overdue``, ``failed`` (the last refresh ended badly: the data of an earlier one are served) or
        ``not fetched``.
    last_world
        Last day in the world that its rows speak of; None where rows have no date. Announced future days count as the day
        of the look.
    last_fetch
        Day on which its source was last read without a failure.
    last_try
        Day of the last refresh that ended, well or badly.
    age_days
        Days since ``last_world``, else since ``last_fetch``.
    cadence_days
        Usual days between two issues; None where there is none.
    why
        What the last refresh said, where it ended badly.
    gaps
        Periods, as pairs of ISO dates, that no refresh has covered.
    breaks
        Structural breaks of its volume, as the loader found them.
    """

    dataset_id: str
    state: str
    last_world: date | None = None
    last_fetch: date | None = None
    last_try: date | None = None
    age_days: int | None = None
    cadence_days: int | None = None
    why: tuple[str, ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    breaks: tuple[Mapping[str, Any], ...] = ()


def freshness(
    dataset_id: str,
    *,
    provenance: Mapping[str, Any] | None,
    cadence_days: int | None,
    log: Iterable[Mapping[str, Any]],
    today: date,
) -> Freshness:
    """Freshness of a dataset on a day.

    Parameters
    ----------
    provenance
        What its version was built from; None where it has not been fetched here.
    cadence_days
        Usual days between two issues.
    log
        Lines of the refresh log, oldest first, of any dataset.
    today
        The day of the look.

    Returns
    -------
    Freshness
        Overdue when older than :data:`OVERDUE_INTERVALS` usual intervals; a refresh that ended badly is told first.
    """
    ended = [line for line in log if line.get("action") == "refresh" and line.get("dataset") == dataset_id]
    last = ended[-1] if ended else None
    badly = last is not None and last.get("status") in ENDED_BADLY
    well = [line for line in ended if line.get("status") in ENDED_WELL]
    fetched = _day(well[-1].get("as_of")) if well else None
    covers = None
    if provenance is not None:
        accessed = _day(provenance["source"]["accessed_on"])
        fetched = max((day for day in (fetched, accessed) if day is not None), default=None)
        covers = provenance["covers"]
    world = min(date.fromisoformat(covers["to"]), today) if covers else None
    since = world or fetched
    age = (today - since).days if since else None
    overdue = cadence_days is not None and age is not None and age > OVERDUE_INTERVALS * cadence_days
    state = "in order"
    if badly:
        state = "failed"
    elif provenance is None:
        state = "not fetched"
    elif overdue:
        state = "overdue"
    made = provenance or {}
    gaps = (last or {}).get("gaps") or made.get("gaps") or []
    return Freshness(
        dataset_id,
        state,
        world,
        fetched,
        _day(last.get("as_of")) if last else None,
        age,
        cadence_days,
        tuple(map(str, last.get("messages", []))) if badly and last else (),
        tuple((str(first), str(end)) for first, end in gaps),
        tuple(made.get("breaks") or ()),
    )


def log_table(log: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The refresh log as a table, newest first.

    Returns
    -------
    DataFrame
        ``at`` (datetime64, UTC), ``dataset``, ``source``, ``status`` (with ``rollback``), ``added``, ``changed``,
        ``withdrawn``, ``rejected`` (rows, NA for a rollback), ``version``, ``said`` (all messages of the line). What was
        published by a refresh is told by the refresh's own line.
    """
    columns = [
        "at",
        "dataset",
        "source",
        "status",
        "added",
        "changed",
        "withdrawn",
        "rejected",
        "version",
        "said",
    ]
    lines: list[dict[str, Any]] = []
    for line in log:
        if line.get("action") == "refresh":
            lines.append({**line, "said": " ".join(map(str, line.get("messages", [])))})
        elif line.get("action") == "rollback":
            lines += [
                {
                    "at": line["at"],
                    "dataset": name,
                    "source": "",
                    "status": "rollback",
                    "version": version,
                    "said": "",
                }
                for name, version in line["after"].items()
                if line["before"].get(name) != version
            ]
    table = pd.DataFrame(lines, columns=columns)
    table["at"] = pd.to_datetime(table["at"], utc=True, errors="coerce")
    for name in ("added", "changed", "withdrawn", "rejected"):
        table[name] = pd.to_numeric(table[name], errors="coerce").astype("Int64")
    return table.iloc[::-1].reset_index(drop=True)


def published_versions(
    log: Iterable[Mapping[str, Any]], dataset_id: str, current: str | None
) -> pd.DataFrame:
    """Versions of a dataset that were published, newest first.

    Returns
    -------
    DataFrame
        ``version``, ``at`` (datetime64, UTC; NaT for a version that was here before the log), ``how`` ("publish",
        "rollback" or ""), ``is_current``.
    """
    lines: list[dict[str, Any]] = []
    for line in log:
        if line.get("action") not in ("publish", "rollback"):
            continue
        before, after = line["before"].get(dataset_id), line["after"].get(dataset_id)
        if after is None or after == before:
            continue
        if before is not None and not lines:
            lines.append({"version": before, "at": None, "how": ""})
        lines.append({"version": after, "at": line["at"], "how": line["action"]})
    if current is not None and (not lines or lines[-1]["version"] != current):
        lines.append({"version": current, "at": None, "how": ""})
    table = pd.DataFrame(lines, columns=["version", "at", "how"])
    table["at"] = pd.to_datetime(table["at"], utc=True, errors="coerce")
    table["is_current"] = (table["version"] == current) & ~table["version"].duplicated(keep="last")
    return table.iloc[::-1].reset_index(drop=True)


def waiting_names(
    provenances: Mapping[str, Mapping[str, Any]], log: Iterable[Mapping[str, Any]]
) -> pd.DataFrame:
    """Spellings that no alias resolves, and the datasets in which they occur.

    Parameters
    ----------
    provenances
        Provenance of the served version of each dataset.
    log
        Lines of the refresh log: names of a refresh that was refused wait as well.

    Returns
    -------
    DataFrame
        ``name``, ``datasets`` (ids, list), one row per spelling, sorted.
    """
    where: dict[str, set[str]] = {}
    last: dict[str, Mapping[str, Any]] = {}
    for line in log:
        if line.get("action") == "refresh":
            last[str(line.get("dataset"))] = line
    for dataset_id, made in provenances.items():
        for name in made.get("unresolved_names", []):
            where.setdefault(str(name), set()).add(dataset_id)
    for dataset_id, line in last.items():
        if line.get("status") in ENDED_BADLY:
            for name in line.get("unresolved_names", []):
                where.setdefault(str(name), set()).add(dataset_id)
    return pd.DataFrame(
        [{"name": name, "datasets": sorted(found)} for name, found in sorted(where.items())],
        columns=["name", "datasets"],
    )


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def places_of_names(names: pd.Series, places: pd.DataFrame) -> pd.Series:
    """Where OpenStreetMap has a place of exactly a spelling, upper and lower case apart: a hint, it resolves nothing.

    Parameters
    ----------
    names
        Spellings.
    places
        Rows of ``osm_places``.

    Returns
    -------
    Series of text
        ``kind latitude, longitude`` of each such place, separated by "; "; empty where there is none.
    """
    spellings = places[["name", "name_fr", "name_ht", "alt_names"]].fillna("")
    where: dict[str, list[str]] = {}
    for place, texts in zip(places.itertuples(), spellings.itertuples(index=False), strict=True):
        parts = {part.strip().casefold() for text in texts for part in text.split("|")}
        for part in sorted(parts - {""}):
            where.setdefault(part, []).append(f"{place.place_type} {place.lat:.4f}, {place.lon:.4f}")
    return names.map(lambda name: "; ".join(where.get(str(name).strip().casefold(), ()))).astype("str")
