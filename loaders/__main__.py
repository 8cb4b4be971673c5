"""Command line of the datasets: ``python -m loaders list | refresh | check``.

Exit codes: 0 done; 1 a dataset is damaged, refused or failed; 2 the command itself is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from loaders import store
from loaders.contracts import LOCAL_TIME_ZONE, ContractError, enforce
from loaders.refresh import RefreshReport, make_context, refresh
from loaders.registry import DATASETS

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console()
errors = Console(stderr=True)

Root = Annotated[
    Path | None,
    typer.Option("--root", help="Folder of the datasets (default: datasets/, or MONITOR_DATASETS)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _say(where: Console, text: str, style: str | None = None) -> None:
    """Print text that may hold brackets, unbroken: it can be searched for and copied."""
    where.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _table(*names: str, right: Sequence[str]) -> Table:
    """Return a table whose cells are never cut, however narrow the terminal is."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=True)
    return table


def _root(root: Path | None) -> Path:
    found = root or store.default_root()
    if not found.is_dir():
        _say(errors, f"{found} is not a folder. Give the folder of the datasets with --root.", "red")
        raise typer.Exit(2)
    return found


@app.command("list")
def list_datasets(root: Root = None, as_json: Json = False) -> None:
    """List every dataset: rows, rejected rows, dates covered, digest."""
    folder = _root(root)
    lines, damaged = [], []
    for dataset_id, dataset in DATASETS.items():
        try:
            of = store.snapshot(root=folder)
            frame = store.read(dataset_id, of=of, root=folder)
            provenance = store.read_provenance(dataset_id, of=of, root=folder)
            lines.append(
                {
                    "id": dataset_id,
                    "rows": len(frame),
                    "rejected": provenance["rejected"],
                    "unresolved_names": len(provenance["unresolved_names"]),
                    "recall_rows": provenance["recall_rows"],
                    "covers": provenance["covers"],
                    "version": of.versions[dataset_id],
                    "sha256": of.digests[dataset_id][dataset.contract.file_name],
                }
            )
        except store.DatasetError as error:
            damaged.append(dataset_id)
            lines.append({"id": dataset_id, "error": str(error)})
    if as_json:
        typer.echo(json.dumps(lines, indent=1, ensure_ascii=False))
    else:
        table = _table("dataset", "rows", "rejected", "covers", "version", right=("rows", "rejected"))
        for line in lines:
            if "error" in line:
                table.add_row(line["id"], "-", "-", "[red]damaged[/red]", "-")
            else:
                span = line["covers"]
                table.add_row(
                    line["id"],
                    f"{line['rows']:,}",
                    f"{line['rejected']:,}",
                    f"{span['from']} to {span['to']}" if span else "",
                    line["version"],
                )
        console.print(table)
        for line in lines:
            if "error" in line:
                _say(console, line["error"], "red")
    if damaged:
        raise typer.Exit(1)


@app.command("check")
def check_datasets(root: Root = None, as_json: Json = False) -> None:
    """Check that every published dataset is whole, keeps its contract and passes its own checks."""
    folder = _root(root)
    results: list[dict[str, Any]] = []
    for dataset_id, dataset in DATASETS.items():
        problems: list[str] = []
        warnings: list[str] = []
        try:
            of = store.snapshot(root=folder)
            frame = store.read(dataset_id, of=of, root=folder)
            problems += [
                f"the working copy {dataset_id}/{name} is not the published file; readers are served the kept copy. "
                f"Restore it with `python -m loaders refresh {dataset_id}`, or with "
                f"`git checkout -- {folder.name}/{dataset_id}/{name}` if that is the published one."
                for name in store.altered_files(dataset_id, of=of, root=folder)
            ]
            if dataset.contract.has_geometry:
                frame = store.read_geometry(dataset_id, of=of, root=folder)
            valid, broken = enforce(frame, dataset.contract)
            problems += [f"row {row.row}, {row.column}: {row.reason}" for row in broken.head(5).itertuples()]
            findings = dataset.check(valid, make_context(dataset, folder))
            problems += findings.violations
            problems += [
                f"row {row.row}, {row.column}: {row.reason}" for row in findings.rejected.head(5).itertuples()
            ]
            warnings = findings.warnings
        except (store.DatasetError, ContractError) as error:
            problems.append(str(error))
        results.append({"id": dataset_id, "ok": not problems, "problems": problems, "warnings": warnings})
    if as_json:
        typer.echo(json.dumps(results, indent=1, ensure_ascii=False))
    else:
        for result in results:
            console.print(
                f"[{'green' if result['ok'] else 'red'}]{'ok ' if result['ok'] else 'BAD'}[/] {result['id']}"
            )
            for text in result["problems"]:
                _say(console, f"    {text}", "red")
            for text in result["warnings"]:
                _say(console, f"    note: {text}", "dim")
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


@app.command("refresh")
def refresh_datasets(
    datasets: Annotated[list[str] | None, typer.Argument(help="Datasets to refresh.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Refresh every dataset.")] = False,
    file: Annotated[Path | None, typer.Option("--file", help="Source file (one dataset only).")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Date the source was accessed, YYYY-MM-DD (default: today).")
    ] = None,
    root: Root = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build and compare, publish nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Publish without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Build datasets from their source, show what changes, and publish after a yes."""
    folder = _root(root)
    chosen = list(DATASETS) if everything else list(datasets or [])
    unknown = [name for name in chosen if name not in DATASETS]
    if unknown or not chosen:
        _say(
            errors,
            "Unknown dataset: " + ", ".join(unknown) if unknown else "Name a dataset, or use --all.",
            "red",
        )
        _say(errors, "Datasets: " + ", ".join(DATASETS))
        raise typer.Exit(2)
    sources = {}
    if file is not None:
        if len(chosen) != 1:
            _say(errors, "--file goes with exactly one dataset.", "red")
            raise typer.Exit(2)
        try:
            sources[chosen[0]] = (file.name, file.read_bytes())
        except OSError as error:
            _say(errors, f"{file}: {error.strerror}.", "red")
            raise typer.Exit(2) from None
    try:
        day = (
            date.fromisoformat(as_of)
            if as_of
            else datetime.now(UTC).astimezone(ZoneInfo(LOCAL_TIME_ZONE)).date()
        )
    except ValueError:
        _say(errors, f"--as-of {as_of!r} is not a date. Write YYYY-MM-DD.", "red")
        raise typer.Exit(2) from None
    build = partial(refresh, chosen, root=folder, as_of=day, sources=sources)
    try:
        reports = build(dry_run=True)
        publishes = any(report.status == "rehearsed" for report in reports)
        stopped = any(report.status in ("refused", "failed") for report in reports)
        if publishes and not stopped and not dry_run:
            if not yes and not as_json:
                _print_reports(reports)
            if yes or typer.confirm("Publish?", err=as_json):
                reports = build()
    except store.DatasetError as error:
        _say(errors, str(error), "red")
        raise typer.Exit(1) from None
    except OSError as error:
        _say(errors, f"The refresh broke off: {error}. Readers get one whole version, as before.", "red")
        _say(errors, "Free space or set the rights of the folder, then run this again.")
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps([asdict(report) for report in reports], indent=1, ensure_ascii=False))
    else:
        _print_reports(reports)
    if any(report.status in ("refused", "failed") for report in reports):
        raise typer.Exit(1)


def _print_reports(reports: list[RefreshReport]) -> None:
    counts = ("added", "changed", "withdrawn", "rejected")
    table = _table("dataset", "status", *counts, "version", right=counts)
    for report in reports:
        colour = (
            "red"
            if report.status in ("refused", "failed")
            else "green"
            if report.status == "accepted"
            else "default"
        )
        table.add_row(
            report.dataset,
            f"[{colour}]{report.status}[/]",
            *(f"{number:,}" for number in (report.added, report.changed, report.withdrawn, report.rejected)),
            report.version or "-",
        )
    console.print(table)
    for report in reports:
        for text in report.messages:
            colour = "red" if report.status in ("refused", "failed") else "dim"
            _say(console, f"  {report.dataset}: {text}", colour)
        if report.unresolved_names:
            names = ", ".join(report.unresolved_names)
            _say(console, f"  {report.dataset}: names waiting for an alias: {names}", "yellow")


if __name__ == "__main__":
    app()
