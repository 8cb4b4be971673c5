"""What the command line prints: tables that are never cut, and text that is never read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from loaders.limits import Movement
from loaders.orders import RefreshReport

_WIDEST = 1000

console = Console()
errors = Console(stderr=True)

_COLOURS = {"refused": "red", "failed": "red", "damaged": "red", "accepted": "green", "rehearsed": "cyan"}


def say(text: str, style: str | None = None, *, where: Console = console) -> None:
    """Print text that may hold brackets, unbroken: it can be searched for and copied."""
    where.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def fail(text: str) -> None:
    """Say on the error stream what is wrong."""
    say(text, "red", where=errors)


def table(*names: str, right: Sequence[str] = ()) -> Table:
    """Table whose cells are never cut, however narrow the terminal is."""
    found = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in names:
        found.add_column(name, justify="right" if name in right else "left", no_wrap=True, overflow="ignore")
    return found


def show(found: Table) -> None:
    """Print a table in its full width."""
    options = console.options.update(max_width=_WIDEST)
    Console(width=Measurement.get(console, options, found).maximum).print(found)


def status(text: str) -> Text:
    """Status word in its colour."""
    return Text(text, style=_COLOURS.get(text, ""))


def reports(found: Sequence[RefreshReport]) -> None:
    """Print how each dataset fared, then what is to be said about it."""
    counts = ("added", "changed", "withdrawn", "rejected")
    lines = table("dataset", "status", *counts, "version", right=counts)
    for report in found:
        numbers = (report.added, report.changed, report.withdrawn, report.rejected)
        lines.add_row(
            report.dataset,
            status(report.status),
            *(f"{number:,}" for number in numbers),
            report.version or "-",
        )
    show(lines)
    for report in found:
        style = "red" if report.status in ("refused", "failed") else "dim"
        for text in report.messages:
            say(f"  {report.dataset}: {text}", style)
        if report.unresolved_names:
            names = ", ".join(report.unresolved_names)
            say(f"  {report.dataset}: names waiting for an alias: {names}", "yellow")


def movements(found: Sequence[Movement], beyond: Sequence[str]) -> None:
    """Print how headline numbers move, and which move too far."""
    if found:
        say("Headline numbers:", "bold")
        for movement in found:
            say(f"  {movement.text}")
    for text in beyond:
        say(f"  Beyond the limit: {text}", "red")


def changed_rows(rows: Sequence[dict[str, Any]], most: int) -> None:
    """Print rows that differ between two versions."""
    colours = {"added": "green", "changed": "yellow", "withdrawn": "red"}
    for row in rows[:most]:
        detail = "; ".join(
            f"{name}: {old!r} → {new!r}" for name, (old, new) in row.get("columns", {}).items()
        )
        say(f"  {row['change']:<9} {row['key']}{'  ' + detail if detail else ''}", colours[row["change"]])
    if len(rows) > most:
        say(f"  and {len(rows) - most:,} more rows")
