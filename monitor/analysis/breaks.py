"""Break guard: where a change in the data may come from its sources and not from the world (definition break-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import pandas as pd

from monitor.analysis.coverage import week_start
from monitor.analysis.definitions import (
    BREAK_BASELINE_WEEKS,
    BREAK_CHANCE,
    BREAK_MIN_BASELINE_WEEKS,
    BREAK_MIN_EXPECTED,
    BREAK_NEW_LEVEL_WEEKS,
    BREAK_SHARE,
    BREAK_WEEKS,
)
from monitor.analysis.intervals import poisson_tail

#: Column that names the source within a dataset; where there is none the dataset itself is the source.
SOURCE_COLUMN: Mapping[str, str] = {"incidents": "provider"}
#: Column with the date of the world, of the datasets whose volume is watched.
DATE_COLUMN: Mapping[str, str] = {
    "territorial_control": "from_earliest",
    "retaken_areas": "claim_date",
    "incidents": "event_date",
    "site_status": "status_date",
}
#: Kind of milestone that marks a change of method, and the datasets that our own compilation fills.
METHOD_BREAK = "method break"
COMPILED = ("territorial_control", "retaken_areas", "incidents", "site_status")


@dataclass(frozen=True)
class Break:
    """A span, or for a change of method a day, in which a source is not what it was before.

    Attributes
    ----------
    dataset_id
        Dataset that the source feeds; every figure drawn from it is affected.
    source
        Provider, or the dataset's own id.
    kind
        ``drop`` or ``rise`` of the number of rows, or ``method``.
    start, end
        First and last day.
    found, expected
        Rows in the span, and as many as the weeks before let expect; 0 for a change of method.
    note
        What changed, for a change of method.
    """

    dataset_id: str
    source: str
    kind: Literal["drop", "rise", "method"]
    start: date
    end: date
    found: int = 0
    expected: float = 0.0
    note: str = ""


def weekly_volumes(rows: pd.DataFrame, dataset_id: str) -> dict[str, pd.Series]:
    """Rows per week of each source of a dataset, by its Monday, from the source's first row to the dataset's last.

    Parameters
    ----------
    rows
        The dataset's rows known at the chosen date.
    dataset_id
        Names the columns of date and source.
    """
    dates = rows[DATE_COLUMN[dataset_id]].dropna()
    if dates.empty:
        return {}
    weeks = week_start(dates)
    column = SOURCE_COLUMN.get(dataset_id)
    source = rows.loc[weeks.index, column].fillna(dataset_id) if column else dataset_id
    counts = weeks.to_frame("week").assign(source=source).groupby(["source", "week"]).size()
    last = weeks.max()
    return {
        str(name): part.droplevel("source").reindex(
            pd.date_range(part.index.get_level_values("week").min(), last, freq="W-MON"), fill_value=0
        )
        for name, part in counts.groupby("source")
    }


def volume_breaks(volumes: Mapping[str, pd.Series], dataset_id: str, *, until: date) -> list[Break]:
    """Spans in which a source of a dataset gave less than half, or more than one and a half times, of its usual rows.

    Parameters
    ----------
    volumes
        :func:`weekly_volumes`.
    until
        Last day looked at; an incomplete last week is left out, and a source that has given nothing since its last
        row is silent to this day.

    Returns
    -------
    list of Break
        In order of source and date. A source too thin to tell (fewer than ``BREAK_MIN_EXPECTED`` rows expected in
        four weeks) has none, and so has a span that chance alone could make of its usual rows.
    """
    last = last_complete_week(until)
    found: list[Break] = []
    for name, weekly in sorted(volumes.items()):
        first = weekly.index[0].date()
        weeks = (last - first).days // 7 + 1
        counts = weekly.to_numpy()[: max(weeks, 0)].tolist()
        counts += [0] * (weeks - len(counts))
        found += [
            Break(
                dataset_id,
                name,
                "drop" if total < expected else "rise",
                first + timedelta(weeks=start),
                first + timedelta(weeks=end, days=6),
                total,
                expected,
            )
            for start, end, total, expected in _spans(counts)
        ]
    return found


def last_complete_week(until: date) -> date:
    """Monday of the last week that has ended on the day before a date or earlier."""
    return until - timedelta(days=(until.weekday() + 1) % 7 + 6)


def _spans(counts: list[int]) -> list[tuple[int, int, int, float]]:
    """First and last week, rows and expected rows of each break in weekly counts."""
    spans: list[tuple[int, int, int, float]] = []
    baseline = counts[:BREAK_MIN_BASELINE_WEEKS]
    week = BREAK_MIN_BASELINE_WEEKS
    while week + BREAK_WEEKS <= len(counts):
        usual = _mean(baseline[-BREAK_BASELINE_WEEKS:])
        end = _end(counts, week, usual)
        total, expected = sum(counts[week:end]), usual * (end - week)
        if end == week or poisson_tail(total, expected) > BREAK_CHANCE:
            baseline.append(counts[week])
            week += 1
            continue
        spans.append((week, end - 1, total, expected))
        if _is_new_level(counts[week:end]):
            baseline = counts[week:end]
        week = end
    return spans


def _end(counts: list[int], week: int, usual: float) -> int:
    """Week after the last one of a break that begins with a week; the week itself where none does."""
    sign = 1 if counts[week] > usual else -1
    limit = usual * (1 + sign * BREAK_SHARE)

    def beyond(window: list[int]) -> bool:
        return sign * (_mean(window) - limit) > 0

    if usual * BREAK_WEEKS < BREAK_MIN_EXPECTED:
        return week
    if not beyond(counts[week : week + 1]) or not beyond(counts[week : week + BREAK_WEEKS]):
        return week
    end = week + BREAK_WEEKS
    # It lasts while the four weeks up to each further one are still beyond the limit, and ends with a week that is.
    while (
        end < len(counts)
        and not _is_new_level(counts[week:end])
        and beyond(counts[end - BREAK_WEEKS + 1 : end + 1])
    ):
        end += 1
    while not beyond(counts[end - 1 : end]):
        end -= 1
    return end


def _is_new_level(span: list[int]) -> bool:
    """Whether a break has lasted so long that it is how the source is now; a source fallen silent stays broken."""
    recent = span[-BREAK_NEW_LEVEL_WEEKS:]
    return len(recent) == BREAK_NEW_LEVEL_WEEKS and _mean(recent) * BREAK_WEEKS >= BREAK_MIN_EXPECTED


def _mean(counts: list[int]) -> float:
    return sum(counts) / len(counts)


def method_breaks(milestones: pd.DataFrame, frames: Mapping[str, pd.DataFrame]) -> list[Break]:
    """Days on which a source, its vocabulary or the way of compiling changed.

    Parameters
    ----------
    milestones
        ``milestone_date, kind, label``: those of kind ``method break`` hold for the datasets that we compile.
    frames
        Datasets by id: a second provider, or a second version of the crosswalk, begins with a break.
    """
    found = [
        Break(
            dataset_id,
            dataset_id,
            "method",
            row.milestone_date.date(),
            row.milestone_date.date(),
            note=row.label,
        )
        for row in milestones[milestones["kind"] == METHOD_BREAK].itertuples()
        for dataset_id in COMPILED
    ]
    for dataset_id, frame in frames.items():
        dates = frame[DATE_COLUMN[dataset_id]]
        for column in (SOURCE_COLUMN.get(dataset_id), "crosswalk_version"):
            if column is None or column not in frame:
                continue
            begins = dates.groupby(frame[column]).min().sort_values()
            found += [
                Break(dataset_id, str(name), "method", start.date(), start.date(), note=f"{column} {name}")
                for name, start in begins.iloc[1:].items()
            ]
    return found


def affecting(breaks: Iterable[Break], dataset_ids: Iterable[str]) -> tuple[Break, ...]:
    """The breaks of the datasets that a figure is drawn from, each span once, in order of date."""
    wanted = set(dataset_ids)
    unique = {
        (item.kind, item.start, item.end, item.note or (item.dataset_id, item.source)): item
        for item in breaks
        if item.dataset_id in wanted
    }
    return tuple(
        sorted(unique.values(), key=lambda item: (item.start, item.end, item.dataset_id, item.source))
    )
