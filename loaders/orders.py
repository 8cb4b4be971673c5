"""What a refresh is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd

from loaders import store
from loaders.contracts import LOCAL_TIME_ZONE
from loaders.history import Changes
from loaders.limits import Movement

Status = Literal["accepted", "unchanged", "refused", "failed", "rehearsed"]


@dataclass
class RefreshReport:
    """What a refresh of one dataset did, or would do.

    Attributes
    ----------
    status
        ``accepted``: published. ``unchanged``: same content as the current version. ``refused``: the input is bad, or it moves
        numbers too far; nothing was published. ``failed``: the source could not be read. ``rehearsed``: would be accepted.
    added, changed, withdrawn
        Rows by key against the current version.
    """

    dataset: str
    status: Status
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    rejected: int = 0
    unresolved_names: list[str] = field(default_factory=list)
    version: str | None = None
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Candidate:
    """A built version that is not published yet, and its report.

    Attributes
    ----------
    version
        None where there is nothing to publish.
    frame
        Rows that hold, for the datasets built on it; None for a bulk table and where the build was stopped.
    changes
        Keys added, changed and withdrawn.
    line
        What the log is to say, beside the report.
    """

    report: RefreshReport
    version: store.Version | None
    frame: pd.DataFrame | None
    changes: Changes | None = None
    line: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A refresh that has been built and compared, and has published nothing.

    Attributes
    ----------
    candidates
        By dataset, in registry order.
    movements
        How headline numbers move.
    beyond
        Movements that are larger than the limits.
    """

    candidates: Mapping[str, Candidate]
    movements: Sequence[Movement] = ()
    beyond: Sequence[str] = ()

    @property
    def reports(self) -> list[RefreshReport]:
        """One report per dataset."""
        return [candidate.report for candidate in self.candidates.values()]

    @property
    def versions(self) -> dict[str, store.Version]:
        """Versions that can be published."""
        return {
            key: one.version
            for key, one in self.candidates.items()
            if one.version is not None and one.report.status == "rehearsed"
        }


@dataclass(frozen=True)
class Order:
    """What to refresh, and how.

    Attributes
    ----------
    datasets
        Ids, in any order.
    root
        Store.
    as_of
        Civil date on which the sources are accessed.
    now
        Time of the refresh, with zone: what enters is recorded then.
    files
        Files given by hand: ``{dataset: (name, bytes)}``.
    source
        Name of the source to use where a dataset has several; None for its first.
    settings
        Credentials and addresses.
    say
        Takes sentences about the progress.
    is_complete
        Whoever gives the files says that nothing was left out of them: rows that they lack are withdrawn.
    """

    datasets: Sequence[str]
    root: Path
    as_of: date
    now: datetime
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    source: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _text: None
    is_complete: bool = False


def noon(day: date) -> datetime:
    """Noon of a civil date in Port-au-Prince."""
    return datetime.combine(day, time(12), ZoneInfo(LOCAL_TIME_ZONE))
