"""Command line of the datasets: what is here, is it whole, refresh it, look at what changed, publish it, go back.

Exit codes: 0 done, or nothing to do. 1 a dataset is damaged, refused or failed, or another refresh is running; the data served
before stay in use. 2 the command itself is wrong. 3 built but not published, because the question was not answered with yes: it
waits for `accept`. 4 built but not published, because `--yes` met a limit of datasets/refresh.yaml: it waits for `accept`. 130
interrupted.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pandas as pd
import typer

from loaders import display, store, workbook
from loaders.bulk import enforce as enforce_bulk
from loaders.checks import ParseError
from loaders.compare import frame_of, rows_that_differ
from loaders.contracts import LOCAL_TIME_ZONE, ContractError, enforce
from loaders.display import errors, fail, say
from loaders.limits import Movement, read_limits
from loaders.orders import Order, Prepared
from loaders.refresh import Headlines, finish, keep, log, prepare, stamp
from loaders.registry import CURATED, DATASETS, Dataset
from loaders.settings import read_settings
from loaders.together import make_context, misfits

#: Works out how headline numbers move. Loaders know nothing of the dashboard: this name is all that joins them
#: (docs/decisions/0022-headlines-in-the-rehearsal.md).
HEADLINES = "monitor.analysis.headlines:movements"

DONE, BAD, WRONG, WAITS, LIMITED, INTERRUPTED = 0, 1, 2, 3, 4, 130

#: The largest file that is read, bytes.
MAX_FILE_BYTES = 2_000_000_000

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

Root = Annotated[
    Path | None,
    typer.Option("--root", help="Folder of the datasets (default: datasets/, or MONITOR_DATASETS)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _now() -> datetime:
    return datetime.now(UTC)


def _root(root: Path | None) -> Path:
    found = root or store.default_root()
    if not found.is_dir():
        fail(f"{found} is not a folder. Give the folder of the datasets with --root.")
        raise typer.Exit(WRONG)
    return found


def _known(dataset_id: str) -> Dataset:
    if dataset_id not in DATASETS:
        fail(f"Unknown dataset: {dataset_id}")
        say("Datasets: " + ", ".join(DATASETS), where=errors)
        raise typer.Exit(WRONG)
    return DATASETS[dataset_id]


def _print_json(body: Any) -> None:
    typer.echo(json.dumps(body, indent=1, ensure_ascii=False, default=str))


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what can go wrong with files and the store into a sentence and an exit code."""
    try:
        yield
    except (store.DatasetError, ParseError) as error:
        fail(str(error))
        raise typer.Exit(BAD) from None
    except OSError as error:
        fail(f"This broke off: {error}. Readers get one whole version, as before.")
        say("Free space or set the rights of the folder, then run this again.", where=errors)
        raise typer.Exit(BAD) from None
    except MemoryError:
        fail("There is not enough memory for this file. Nothing was published. Ask for a shorter period.")
        raise typer.Exit(BAD) from None
    except KeyboardInterrupt:
        fail("Interrupted. Nothing was published.")
        raise typer.Exit(INTERRUPTED) from None


# -- list, check -----------------------------------------------------------------------------------------------------


@app.command("list")
def list_datasets(root: Root = None, as_json: Json = False) -> None:
    """List every dataset: rows, rejected rows, names waiting for an alias, dates covered, last refresh, version."""
    folder = _root(root)
    with _explained():
        last = _last_refreshes(folder)
        waiting = store.candidate(root=folder)
    lines = [_listed(dataset_id, folder, last.get(dataset_id, {})) for dataset_id in DATASETS]
    if as_json:
        _print_json(lines)
    else:
        _print_list(lines)
        if waiting is not None:
            say(f"Waiting for `python -m loaders accept`: {', '.join(waiting.versions)}", "yellow")
    if any("error" in line for line in lines):
        raise typer.Exit(BAD)


def _last_refreshes(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        str(line.get("dataset")): line for line in store.read_log(root=folder) if line["action"] == "refresh"
    }


def _listed(dataset_id: str, folder: Path, last: Mapping[str, Any]) -> dict[str, Any]:
    refreshed = (
        {key: last.get(key) for key in ("at", "source", "status", "gaps")} if last.get("status") else None
    )
    try:
        of = store.snapshot(root=folder)
        files = {
            name: store.read_bytes(dataset_id, name, of=of, root=folder)
            for name in store.data_files(dataset_id, of=of)
        }
        provenance = store.read_provenance(dataset_id, of=of, root=folder)
        return {
            "id": dataset_id,
            "rows": provenance["rows"],
            "rejected": provenance["rejected"],
            "unresolved_names": len(provenance["unresolved_names"]),
            "recall_rows": provenance["recall_rows"],
            "covers": provenance["covers"],
            "version": of.versions[dataset_id],
            "sha256": store.data_digest(dataset_id, of=of),
            "bytes": sum(map(len, files.values())),
            "last_refresh": refreshed,
        }
    except store.NotFetchedError as error:
        return {"id": dataset_id, "rows": None, "not_fetched": str(error), "last_refresh": refreshed}
    except store.DatasetError as error:
        return {"id": dataset_id, "error": str(error), "last_refresh": refreshed}


def _print_list(lines: Sequence[Mapping[str, Any]]) -> None:
    numbers = ("rows", "rejected", "names waiting")
    table = display.table("dataset", *numbers, "covers", "last refresh", "version", right=numbers)
    for line in lines:
        last = line["last_refresh"]
        when = f"{last['at'][:10]} {last['status']}" if last else ""
        if "error" in line:
            table.add_row(line["id"], "-", "-", "-", display.status("damaged"), when, "-")
        elif "not_fetched" in line:
            table.add_row(line["id"], "-", "-", "-", "not yet fetched", when, "-")
        else:
            span = line["covers"]
            table.add_row(
                line["id"],
                f"{line['rows']:,}",
                f"{line['rejected']:,}",
                f"{line['unresolved_names']:,}",
                f"{span['from']} to {span['to']}" if span else "",
                when,
                line["version"],
            )
    display.show(table)
    for line in lines:
        if "error" in line:
            say(line["error"], "red")


@app.command("check")
def check_datasets(root: Root = None, as_json: Json = False) -> None:
    """Check that every published dataset is whole, keeps its contract and passes its own checks."""
    folder = _root(root)
    results = [_checked(dataset, folder) for dataset in DATASETS.values()]
    if as_json:
        _print_json(results)
    else:
        for result in results:
            word, colour = ("ok ", "green") if result["ok"] else ("BAD", "red")
            absent = "  (not yet fetched)" if result["not_fetched"] else ""
            say(f"{word} {result['id']}{absent}", "dim" if absent else colour)
            for text in result["problems"]:
                say(f"    {text}", "red")
            for text in result["warnings"]:
                say(f"    note: {text}", "dim")
    if not all(result["ok"] for result in results):
        raise typer.Exit(BAD)


def _checked(dataset: Dataset, folder: Path) -> dict[str, Any]:
    problems: list[str] = []
    warnings: list[str] = []
    dataset_id, not_fetched = dataset.dataset_id, False
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
        valid, broken = _enforced(frame, dataset)
        problems += [f"row {row.row}, {row.column}: {row.reason}" for row in broken.head(5).itertuples()]
        ends = dataset.contract.ends
        holding = valid if ends is None else valid[valid[ends].isna()]
        findings = dataset.check(holding, make_context(dataset, folder))
        problems += findings.violations
        problems += [
            f"row {row.row}, {row.column}: {row.reason}" for row in findings.rejected.head(5).itertuples()
        ]
        warnings = findings.warnings
    except store.NotFetchedError:
        not_fetched = True
    except (store.DatasetError, ContractError) as error:
        problems.append(str(error))
    return {
        "id": dataset_id,
        "ok": not problems,
        "not_fetched": not_fetched,
        "problems": problems,
        "warnings": warnings,
    }


def _enforced(frame: pd.DataFrame, dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows that keep the contract and rows that break it; of a bulk table the rows that hold."""
    contract = dataset.contract
    if contract.format != "parquet":
        return enforce(frame, contract, with_versions=True)
    return enforce_bulk(frame[frame[str(contract.ends)].isna()], contract)


# -- refresh ---------------------------------------------------------------------------------------------------------


@app.command("refresh")
def refresh_datasets(
    datasets: Annotated[list[str] | None, typer.Argument(help="Datasets to refresh.")] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Refresh every dataset of ours, and those of providers that were fetched here before or whose "
            "credentials are set.",
        ),
    ] = False,
    source: Annotated[
        str | None, typer.Option("--source", help="Name of the source, where a dataset has several.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Source file (one dataset only).")] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help="With --file: nothing was left out of the file, so rows that it lacks are withdrawn. Without it a "
            "provider's file and a workbook only add and change.",
        ),
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Date the source was accessed, YYYY-MM-DD (default: today).")
    ] = None,
    root: Root = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build and compare, publish nothing.")] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Publish without asking, within the limits of datasets/refresh.yaml."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch and build datasets, show what changes, and publish after a yes.

    Prints for each dataset: rows added, changed, withdrawn and rejected; how headline numbers move and because of which rows;
    which past weeks change. Without a yes the result waits for `accept`.
    """
    folder = _root(root)
    with _explained():
        settings = read_settings(os.environ, Path())
        chosen = _chosen(datasets or [], everything, settings, folder)
        order = Order(
            chosen,
            folder,
            _day(as_of),
            _now(),
            _given(file, chosen, complete=complete),
            source,
            settings,
            lambda text: say(text, "dim", where=errors),
            is_complete=complete,
        )
        _refuse_unknown_source(order)
        limits = read_limits(folder)
        if dry_run:
            prepared = prepare(order, headlines=_headlines(), limits=limits)
            _show(prepared, as_json)
            raise typer.Exit(_code(prepared, DONE))
        with store.lock(folder):
            store.sweep(folder)
            prepared = prepare(order, headlines=_headlines(), limits=limits)
            try:
                code = _settled(prepared, order, yes=yes)
            except OSError as error:
                _note_broken_off(prepared, order, error)
                raise
        if code == WAITS:
            code = _asked(prepared, folder, as_json=as_json)
        _show(prepared, as_json)
        raise typer.Exit(_code(prepared, code))


def _settled(prepared: Prepared, order: Order, *, yes: bool) -> int:
    """Publish what was prepared, or keep it for somebody to look at; the caller holds the store's lock."""
    if prepared.versions and yes and prepared.beyond:
        return _limited(prepared, order)
    if not prepared.versions or yes:
        finish(prepared, order)
        return DONE
    keep(prepared, order, because="Not published yet.")
    log(prepared, order)
    return WAITS


def _note_broken_off(prepared: Prepared, order: Order, error: OSError) -> None:
    """Write into the log that a refresh broke off in writing, where there is room for that; what it left is removed first."""
    with suppress(OSError, store.DatasetError):
        store.sweep(order.root)
        try:
            served = store.snapshot(root=order.root).versions
        except store.DatasetError:
            served = {}  # nothing has been published yet
        for name, one in prepared.candidates.items():
            if one.version is not None and served.get(name) != one.report.version:
                one.report.status, one.report.version = "failed", None
                one.report.unresolved_names = []  # a short line, which a nearly full disk may still take
                one.report.messages.insert(0, f"This broke off: {error}. The data served before stay in use.")
        log(prepared, order)


def _chosen(datasets: list[str], everything: bool, settings: Mapping[str, str], folder: Path) -> list[str]:
    unknown = [name for name in datasets if name not in DATASETS]
    if unknown or not (datasets or everything):
        fail("Unknown dataset: " + ", ".join(unknown) if unknown else "Name a dataset, or use --all.")
        say("Datasets: " + ", ".join(DATASETS), where=errors)
        raise typer.Exit(WRONG)
    if not everything:
        return datasets
    try:
        of = store.snapshot(root=folder)
        here = {name for name in DATASETS if store.is_fetched(name, of=of, root=folder)}
    except store.DatasetError:
        here = set()
    return [
        name
        for name, dataset in DATASETS.items()
        if not dataset.contract.is_fetched or name in here or _is_configured(dataset, settings)
    ]


def _is_configured(dataset: Dataset, settings: Mapping[str, str]) -> bool:
    keys = [source.keys for source in dataset.sources if source.fetch is not None and source.keys]
    return any(all(settings.get(key) for key in one) for one in keys)


def _given(file: Path | None, chosen: Sequence[str], *, complete: bool) -> dict[str, tuple[str, bytes]]:
    if file is None and complete:
        fail("--complete says something of a file: give it with --file.")
        raise typer.Exit(WRONG)
    if file is None:
        return {}
    if len(chosen) != 1:
        fail("--file goes with exactly one dataset.")
        raise typer.Exit(WRONG)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            fail(f"{file}: the file is larger than {MAX_FILE_BYTES / 1e9:.0f} GB. Is this the right file?")
            raise typer.Exit(WRONG)
        return {chosen[0]: (file.name, file.read_bytes())}
    except OSError as error:
        fail(f"{file}: {error.strerror}.")
        raise typer.Exit(WRONG) from None


def _refuse_unknown_source(order: Order) -> None:
    if order.source is None:
        return
    for dataset_id in order.datasets:
        dataset = DATASETS[dataset_id]
        names = [*([CURATED] if dataset.source else []), *(source.name for source in dataset.sources)]
        if order.source not in names:
            fail(f"{dataset_id} has no source {order.source}. It has: {', '.join(names)}.")
            raise typer.Exit(WRONG)


def _day(as_of: str | None) -> date:
    try:
        return date.fromisoformat(as_of) if as_of else _now().astimezone(ZoneInfo(LOCAL_TIME_ZONE)).date()
    except ValueError:
        fail(f"--as-of {as_of!r} is not a date. Write YYYY-MM-DD.")
        raise typer.Exit(WRONG) from None


def _headlines() -> Headlines | None:
    """What works out headline numbers; None where the dashboard's code is not installed beside the loaders."""
    module, _, name = HEADLINES.partition(":")
    try:
        function: Callable[..., list[Any]] = getattr(importlib.import_module(module), name)
    except ImportError:
        say("Headline numbers are not worked out: the dashboard's code is not here.", "yellow", where=errors)
        return None

    def movements(
        before: Mapping[str, pd.DataFrame],
        after: Mapping[str, pd.DataFrame],
        changed: Mapping[str, Collection[str]],
    ) -> list[Movement]:
        return [Movement(**asdict(one)) for one in function(before, after, changed)]

    return movements


def _limited(prepared: Prepared, order: Order) -> int:
    """Keep what moves numbers beyond the limits, for a person to look at."""
    keep(prepared, order, because="Stopped by a limit.")
    for report in prepared.reports:
        if report.status == "rehearsed":
            report.status = "refused"
            report.messages[:0] = [f"Beyond the limit: {text}" for text in prepared.beyond]
    log(prepared, order)
    return LIMITED


def _asked(prepared: Prepared, folder: Path, *, as_json: bool) -> int:
    """Show the rehearsal, ask, and publish after a yes."""
    if not as_json:
        display.reports(prepared.reports)
        display.movements(prepared.movements, prepared.beyond)
    try:
        agreed = typer.confirm("Publish?", err=as_json)
    except typer.Abort:
        agreed = False
    if not agreed:
        return WAITS
    _accept(folder)
    for key in prepared.versions:
        report = prepared.candidates[key].report
        report.status = "accepted"
        report.messages = [text for text in report.messages if not text.startswith("Not published yet.")]
    return DONE


def _show(prepared: Prepared, as_json: bool) -> None:
    if as_json:
        _print_json([asdict(report) for report in prepared.reports])
        return
    display.reports(prepared.reports)
    display.movements(prepared.movements, prepared.beyond)


def _code(prepared: Prepared, otherwise: int) -> int:
    """Exit code: what was stopped by a limit or waits for a yes says so before what was refused or failed."""
    if otherwise in (WAITS, LIMITED):
        return otherwise
    bad = any(report.status in ("refused", "failed") for report in prepared.reports)
    return BAD if bad else otherwise


# -- accept, rollback, diff ------------------------------------------------------------------------------------------


def _accept(folder: Path) -> dict[str, str]:
    """Publish the candidate; returns the version of each dataset."""
    with store.lock(folder):
        store.sweep(folder)
        found = store.candidate(root=folder)
        if found is None:
            raise store.DatasetError(
                "Nothing waits to be accepted. Build something with: python -m loaders refresh"
            )
        try:
            current = store.snapshot(root=folder).snapshot_id
        except store.DatasetError:
            current = found.base
        if current != found.base:
            raise store.DatasetError(
                "Other data have been published since this was built and compared. Run the refresh again."
            )
        versions = {
            key: store.kept_version(key, version, root=folder) for key, version in found.versions.items()
        }
        store.publish(versions, root=folder, at=stamp(_now()))
        for line in found.lines:
            store.append_log(line, root=folder)
        store.discard_candidate(root=folder)
        return dict(found.versions)


@app.command("accept")
def accept_candidate(root: Root = None, as_json: Json = False) -> None:
    """Publish what an earlier refresh built and did not publish."""
    folder = _root(root)
    with _explained():
        versions = _accept(folder)
    if as_json:
        _print_json([{"dataset": key, "status": "accepted", "version": one} for key, one in versions.items()])
        return
    for key, version in versions.items():
        say(f"{key}: version {version} is published.", "green")


@app.command("rollback")
def roll_back(
    dataset: Annotated[str, typer.Argument(help="Dataset to take back.")],
    to: Annotated[
        str | None, typer.Option("--to", help="Version to go back to (default: the one before).")
    ] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Publish an earlier version of a dataset again; nothing is deleted, and the next refresh fills what has come since."""
    folder = _root(root)
    _known(dataset)
    with _explained(), store.lock(folder):
        store.sweep(folder)
        before = store.snapshot(root=folder).versions.get(dataset)
        target = to or store.previous_version(dataset, root=folder)
        version = store.kept_version(dataset, target, root=folder)
        _refuse_rollback_that_does_not_fit(dataset, version, folder)
        if target != before:
            store.publish({dataset: version}, root=folder, at=stamp(_now()), action="rollback")
    status = "unchanged" if target == before else "accepted"
    if as_json:
        _print_json({"dataset": dataset, "status": status, "from": before, "version": target})
        return
    say(
        f"{dataset}: version {target} is published again, in place of {before}."
        if status == "accepted"
        else f"{dataset}: version {target} is the published one."
    )


def _refuse_rollback_that_does_not_fit(dataset_id: str, version: store.Version, folder: Path) -> None:
    contract = DATASETS[dataset_id].contract
    if contract.format == "parquet" or contract.is_fetched:
        return
    problems = misfits({dataset_id: frame_of(dataset_id, version, root=folder)}, folder)
    if problems:
        raise store.DatasetError("; ".join(problems[dataset_id]))


@app.command("diff")
def show_differences(
    dataset: Annotated[str, typer.Argument(help="Dataset to look at.")],
    from_version: Annotated[str | None, typer.Option("--from", help="Earlier version.")] = None,
    to_version: Annotated[str | None, typer.Option("--to", help="Later version.")] = None,
    rows: Annotated[int, typer.Option("--rows", help="Rows to print.", min=1)] = 40,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Show how versions of a dataset differ: what waits for `accept` against what is published, else that against the one before."""
    folder = _root(root)
    contract = _known(dataset).contract
    with _explained():
        waiting = store.candidate(root=folder)
        current = store.snapshot(root=folder).versions.get(dataset)
        waits = waiting.versions.get(dataset) if waiting is not None else None
        later = to_version or waits or current
        if later is None:
            raise store.DatasetError(
                f"{dataset} has no version yet. Build it with: python -m loaders refresh {dataset}"
            )
        earlier = from_version or (
            current if later != current else store.previous_version(dataset, root=folder)
        )
        versions = [_version(dataset, one, folder) for one in (earlier, later)]
        before, after = (frame_of(dataset, one, root=folder) for one in versions)
        found = rows_that_differ(before, after, contract)
    counts = {word: sum(row["change"] == word for row in found) for word in ("added", "changed", "withdrawn")}
    if as_json:
        _print_json({"dataset": dataset, "from": earlier, "to": later, **counts, "rows": found[:1000]})
        return
    say(f"{dataset}: {earlier or 'nothing'} → {later}", "bold")
    say("  " + ", ".join(f"{number:,} {word}" for word, number in counts.items()))
    display.changed_rows(found, rows)


def _version(dataset_id: str, version: str | None, folder: Path) -> store.Version | None:
    """A version kept in the store, or the published one from its working copies."""
    if version is None:
        return None
    of = store.snapshot(root=folder)
    if of.versions.get(dataset_id) == version:
        names = of.digests[dataset_id]
        return store.Version({name: store.read_bytes(dataset_id, name, of=of, root=folder) for name in names})
    return store.kept_version(dataset_id, version, root=folder)


# -- template --------------------------------------------------------------------------------------------------------


@app.command("template")
def write_template(
    dataset: Annotated[str, typer.Argument(help="territorial_control")],
    out: Annotated[Path, typer.Argument(help="Excel workbook to write.")],
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write the workbook in which statements about control are collected: drop-downs, examples and a guide."""
    folder = _root(root)
    if dataset != "territorial_control":
        fail(f"There is no template for {dataset}, only for territorial_control.")
        raise typer.Exit(WRONG)
    if out.exists():
        fail(f"{out} is there already. Give another name, or delete it first.")
        raise typer.Exit(WRONG)
    with _explained():
        workbook.write_template(out, store.read("aliases", root=folder))
    if as_json:
        _print_json({"dataset": dataset, "file": str(out)})
        return
    say(
        f"Written to {out}. Fill in the sheet, then: python -m loaders refresh territorial_control --file {out}"
    )


def main() -> None:
    """Run the command line; Ctrl+C ends it without a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        fail("Interrupted. Nothing was published.")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
