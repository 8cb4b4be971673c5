"""What the refresh asks of a source and what it gets back: the one interface that all providers share.

A source is fetched to **bytes** (what is kept as the source of a version) and these bytes are read, purely, to **rows**.
A file that somebody hands in is read by the same function: fetching is only one way to get the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

import pandas as pd

from loaders.checks import Context, Findings
from loaders.sources.http import Session, open_session

#: A reading that covers all dates: rows of the provider that it lacks are withdrawn.
EVERYTHING = (date.min, date.max)


@dataclass(frozen=True)
class Ask:
    """What to fetch.

    Attributes
    ----------
    start, end
        First and last day of events wanted.
    state
        ``Download.state`` of the last accepted refresh; empty for the first one, which loads the whole period.
    """

    start: date
    end: date
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Download:
    """What was fetched.

    Attributes
    ----------
    name
        File name for provenance, with a suffix that tells the format.
    body
        Bytes that the source's reads understand.
    state
        To be handed to the next ``fetch``; JSON values only. Keep it only if the version is accepted.
    """

    name: str
    body: bytes
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a file or an answer says.

    Attributes
    ----------
    frame
        Rows in the columns of the source's contract; the index is the row number in the file.
    findings
        Rejected rows with reasons, names that no alias resolves, warnings for the reader.
    span
        First and last day of which the file speaks: if nothing was left out of it, rows of this provider that are dated inside
        and that it lacks are gone. None where it only adds and changes.
    withdrawn
        Keys that the provider itself withdraws.
    is_whole
        The bytes show that nothing was filtered out of them (a yearly release of all countries, say). Any other file that
        somebody hands in may be a choice of rows: what it lacks is then withdrawn only if that person says it is complete.
    replaces
        Which recorded rows a file that is handed in may change: ``all``; ``older``, those that were published earlier or on
        the same day; ``none``, for a file that lacks columns and so says less than what is recorded; ``not higher``, for sums,
        which are too low where rows were left out.
    settled_until
        Last day that the provider has published finally: later files that are not final have nothing to add up to then.
    """

    frame: pd.DataFrame
    findings: Findings
    span: tuple[date, date] | None = None
    withdrawn: tuple[str, ...] = ()
    is_whole: bool = False
    replaces: Literal["all", "older", "none", "not higher"] = "all"
    settled_until: date | None = None


class Fetch(Protocol):
    """Fetch a source; raises :class:`loaders.sources.http.SourceError`."""

    def __call__(self, session: Session, settings: Mapping[str, str], ask: Ask) -> Download: ...  # noqa: D102


class Read(Protocol):
    """Read the bytes of a source; raises :class:`loaders.checks.ParseError`. ``name`` is the name of the file."""

    def __call__(  # noqa: D102
        self, source: bytes, context: Context, *, name: str, recorded_at: datetime
    ) -> Reading: ...


@dataclass(frozen=True, kw_only=True)
class Source:
    """A provider, its terms, and how its data are got.

    Attributes
    ----------
    name
        Short name, as typed after ``--source``.
    title
        Name for readers.
    reads
        From bytes to rows, by the contract whose columns the rows have: one source can feed several datasets.
    needs, files
        Datasets and curated side files that the context of every read must hold.
    fetch
        From the service to bytes; None where the data are only handed in as a file.
    keys
        Settings (environment variables or Streamlit secrets) that ``fetch`` needs.
    address_keys
        Settings that put another address in the place of the service's own, for instance of a fake service.
    limits
        Arguments of :func:`loaders.sources.http.open_session` for this service.
    cadence_days, released
        Usual days between two issues, and when they appear.
    licence, attribution, page
        Terms, the line that every figure must carry, and the address of the provider.
    is_restricted
        Rows must not be committed or handed on: only aggregates and drawings reach a reader.
    file_help
        Which files are understood and where to get them, for a person.
    """

    name: str
    title: str
    reads: Mapping[str, Read]
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    fetch: Fetch | None = None
    keys: tuple[str, ...] = ()
    address_keys: tuple[str, ...] = ()
    limits: Mapping[str, float | int] = field(default_factory=dict)
    cadence_days: int
    released: str
    licence: str
    attribution: str
    page: str = ""
    is_restricted: bool = False
    file_help: str

    def open(self, **overrides: Any) -> AbstractContextManager[Session]:
        """Open a polite session with the service; overrides replace :attr:`limits` (``sleep`` and ``clock`` in tests)."""
        opened: Callable[..., AbstractContextManager[Session]] = open_session
        return opened(self.title, **{**self.limits, **overrides})
