"""How far numbers may move before a refresh without a person stops: ``datasets/refresh.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from loaders.store import DatasetError

FILE = "refresh.yaml"


@dataclass(frozen=True)
class Limits:
    """Limits that ``--yes`` does not pass; a person who has looked at the rehearsal can, with ``accept``.

    Attributes
    ----------
    share_points
        Movement of a share, percentage points.
    count_percent
        Movement of a count, percent of what it was.
    withdrawn_percent
        Rows withdrawn, percent of those that held.
    """

    share_points: float = 10.0
    count_percent: float = 30.0
    withdrawn_percent: float = 10.0


@dataclass(frozen=True)
class Movement:
    """How one headline number moves.

    Attributes
    ----------
    name
        What the number says, for people.
    unit
        ``share`` (0 to 1) or ``count``.
    before, after
        Its values; ``before`` is None where there was none.
    because
        Keys of the rows that move it.
    weeks
        Mondays of past weeks in which it changes, ISO.
    """

    name: str
    unit: str
    before: float | None
    after: float
    because: tuple[str, ...] = ()
    weeks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One sentence."""
        if self.unit == "share":
            values = ["none" if value is None else f"{value:.1%}" for value in (self.before, self.after)]
        else:
            values = ["none" if value is None else f"{value:,.0f}" for value in (self.before, self.after)]
        moved = (
            f"{self.name}: {values[0]} → {values[1]}"
            if values[0] != values[1]
            else f"{self.name}: stays {values[1]}"
        )
        if self.because:
            moved += f", because of {_listed(self.because, 6)}"
        if self.weeks:
            moved += f"; past weeks that change: {_listed(self.weeks, 6)}"
        return moved

    def beyond(self, limits: Limits) -> str | None:
        """Why the movement is too large; None where it is not."""
        if self.before is None:
            return None
        if self.unit == "share":
            points = 100 * abs(self.after - self.before)
            if points > limits.share_points:
                return f"{self.text} ({points:.1f} points, the limit is {limits.share_points:g})"
            return None
        moved = 100 * abs(self.after - self.before) / max(self.before, 1.0)
        if moved > limits.count_percent:
            return f"{self.text} ({moved:.0f} %, the limit is {limits.count_percent:g} %)"
        return None


def read_limits(root: Path) -> Limits:
    """The limits of a store; those that it does not set keep their defaults.

    Raises
    ------
    DatasetError
        The file is not a list of known limits with numbers.
    """
    path = root / FILE
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return Limits()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DatasetError(f"{root.name}/{FILE} cannot be read: {error}") from None
    known = {field.name for field in fields(Limits)}
    if not isinstance(raw, Mapping) or set(raw) - known:
        raise DatasetError(
            f"{root.name}/{FILE}: expected some of {', '.join(sorted(known))}, each with a number."
        )
    for name, value in raw.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise DatasetError(f"{root.name}/{FILE}: {name} is {value!r}. Write a number, 0 or more.")
    return Limits(**{str(name): float(value) for name, value in raw.items()})


def _listed(items: Sequence[str], most: int) -> str:
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")
