"""What a dataset module sees (context) and says (findings)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from loaders.contracts import REJECTED_COLUMNS


class ParseError(ValueError):
    """The source as a whole cannot be read: wrong file, wrong encoding, wrong header."""


@dataclass(frozen=True)
class Context:
    """Everything besides its source that a dataset is built from.

    Attributes
    ----------
    frames
        Accepted frames of the datasets named in the module's ``NEEDS``.
    files
        Bytes of the curated side files named in the module's ``FILES`` (crosswalk, actor words …).
    compiled_on
        Civil date on which the curated input was compiled: the date of rows that have no publication of their own.
    """

    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    compiled_on: date = date(1970, 1, 1)


@dataclass
class Findings:
    """Result of a check.

    Attributes
    ----------
    violations
        MUST rules broken: the refresh stops.
    warnings
        SHOULD rules broken: shown to the reader.
    rejected
        Rows left out, with ``row, column, value, reason, record``.
    unresolved
        Place names that no alias resolves; they wait in the queue.
    """

    violations: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rejected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REJECTED_COLUMNS))
    unresolved: list[str] = field(default_factory=list)

    def reject(self, frame: pd.DataFrame, bad: pd.Series, column: str, reason: str) -> None:
        """Add the rows of ``frame`` marked in ``bad`` to the rejected rows, with one reason; a row is rejected once."""
        lines = [
            {
                "row": row,
                "column": column,
                "value": str(frame.at[row, column]),
                "reason": reason,
                "record": frame.drop(columns="geometry", errors="ignore")
                .loc[row]
                .to_json(force_ascii=False, date_format="iso"),
            }
            for row in frame.index[bad & ~frame.index.isin(self.rejected["row"])]
        ]
        self.rejected = pd.concat(
            [self.rejected, pd.DataFrame(lines, columns=REJECTED_COLUMNS)], ignore_index=True
        )


def unknown_keys(frame: pd.DataFrame, column: str, known: pd.Series) -> pd.Series:
    """Mark rows whose filled key in ``column`` is not among the known keys."""
    return frame[column].notna() & ~frame[column].isin(known)
