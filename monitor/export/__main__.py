"""Command line of figures and briefings: ``python -m monitor.export list | figure | briefing | digest``.

For schedulers: everything is an argument, nothing is asked, and the same arguments on the same snapshot write the same bytes.
Exit codes: 0 done; 1 the data or the browser is missing, or there is nothing to draw; 2 the command itself is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from loaders.contracts import LOCAL_TIME_ZONE
from monitor.analysis.model import Model
from monitor.charts.standing import NotStampedError
from monitor.export import data_files, packs, render
from monitor.export import digest as digests
from monitor.export.figures import FIGURES, NothingToDrawError, UnknownParameterError
from monitor.export.kept import DatasetError, Kept
from monitor.export.link import BadLinkError, figure_of, value_of
from monitor.language import set_language

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)

_MISSING = (DatasetError, NothingToDrawError, NotStampedError, render.NoBrowserError, OSError)
_WRONG = (BadLinkError, UnknownParameterError, ValueError, KeyError)

Out = Annotated[Path, typer.Option("--out", help="File to write.")]
Language = Annotated[str, typer.Option("--lang", help="en, fr or ht.")]
Snap = Annotated[str | None, typer.Option("--snap", help="Snapshot to draw; by default the current one.")]
Site = Annotated[str, typer.Option("--site", help="Address of the dashboard, for links: https://…/")]
Param = Annotated[
    list[str] | None, typer.Option("--param", help="Another parameter of the link, NAME=VALUE; repeatable.")
]


def today() -> date:
    """Today in Port-au-Prince."""
    return datetime.now(ZoneInfo(LOCAL_TIME_ZONE)).date()


@app.command("list")
def list_figures() -> None:
    """List the named figures with their parameters."""
    for spec in FIGURES.values():
        typer.echo(f"{spec.figure_id:22} {spec.title}  [{', '.join(spec.parameters)}]")


@app.command()
def figure(
    figure_id: Annotated[str, typer.Argument(help="Id of the figure, as `list` prints it.")],
    out: Out,
    as_of: Annotated[
        str, typer.Option(help="Date shown, YYYY-MM-DD; by default the last well-covered one.")
    ] = "",
    known_on: Annotated[str, typer.Option(help="Count only what was recorded by that day.")] = "",
    evidence: Annotated[str, typer.Option(help="all_claims or corroborated.")] = "",
    stale_after: Annotated[str, typer.Option(help="Days that a report counts.")] = "",
    param: Param = None,
    lang: Language = "en",
    snap: Snap = None,
    file_format: Annotated[
        str, typer.Option("--format", help="png, svg, pdf, csv (a ZIP with what to know) or xlsx.")
    ] = "png",
    brief: Annotated[str, typer.Option(help="Fixed canvas: 16x9, 4x3, square or a4.")] = "",
    width: Annotated[
        int, typer.Option(help="Width in px without a fixed canvas; a PNG has twice as many.")
    ] = 1000,
    site: Site = "",
) -> None:
    """Write one figure to a file."""
    query = {"as_of": as_of, "known_on": known_on, "evidence": evidence, "stale_after": stale_after}
    query |= dict(item.partition("=")[::2] for item in param or [])

    def write() -> bytes:
        _language(lang)
        model = Model(Kept(snap))
        built = figure_of(figure_id, query, model, today())
        lines = data_files.about(built, model, accessed=today(), site=site)
        if file_format == "csv":
            return data_files.csv_archive(built, lines)
        if file_format == "xlsx":
            return data_files.xlsx(built, lines)
        if file_format not in render.FORMATS:
            raise ValueError(f"format must be png, svg, pdf, csv or xlsx, not {file_format}.")
        canvas = render.Canvas(width)
        if brief:
            canvas = render.brief_canvas(built, value_of("brief", brief))
        return render.render(built, file_format, canvas)

    _finish(out, write)


@app.command()
def briefing(
    spec: Annotated[Path, typer.Option(help="YAML file: title, figures, and what all of them share.")],
    out: Out,
    lang: Annotated[str, typer.Option("--lang", help="en, fr or ht; by default that of the file.")] = "",
    snap: Snap = None,
    site: Site = "",
) -> None:
    """Write a briefing as PPTX, PDF or ZIP, by the ending of the file; docs/briefings.md shows a spec."""
    kinds: Mapping[str, Callable[..., bytes]] = {
        ".pptx": packs.pptx,
        ".pdf": packs.pdf,
        ".zip": packs.archive,
    }

    def write() -> bytes:
        if out.suffix not in kinds:
            raise ValueError(f"A briefing ends in {', '.join(kinds)}, not {out.suffix or 'nothing'}.")
        try:
            wanted = packs.composition_of(spec.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{spec.name} (docs/briefings.md shows one): {error}") from None
        _language(lang or wanted.language)
        made = packs.briefing_of(wanted, Model(Kept(snap or wanted.snapshot_id)), today(), site)
        return kinds[out.suffix](made, _progress)

    _finish(out, write)


@app.command()
def digest(
    before: Annotated[str, typer.Option("--from", help="Id of the earlier snapshot.")],
    after: Annotated[
        str, typer.Option("--to", help="Id of the later snapshot; by default the current one.")
    ] = "",
    lang: Language = "en",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File ending in .txt, .html or .pptx; by default the text is printed."),
    ] = None,
    site: Site = "",
) -> None:
    """Write what changed from one snapshot to another."""

    def made() -> digests.Digest:
        _language(lang)
        return digests.digest(Model(Kept(before)), Model(Kept(after or None)), today=today(), site=site)

    kinds: Mapping[str, Callable[[digests.Digest], bytes]] = {
        ".txt": lambda found: digests.text(found).encode(),
        ".html": lambda found: digests.html(found).encode(),
        ".pptx": digests.slide,
    }
    if out is None:
        with _explained():
            typer.echo(digests.text(made()), nl=False)
        return

    def write() -> bytes:
        if out.suffix not in kinds:
            raise ValueError(f"A digest ends in {', '.join(kinds)}, not {out.suffix or 'nothing'}.")
        return kinds[out.suffix](made())

    _finish(out, write)


def _language(code: str) -> None:
    set_language(code)


def _progress(done: int, total: int) -> None:
    typer.echo(f"{done}/{total}", err=True)


@contextmanager
def _explained() -> Iterator[None]:
    """Say what went wrong in one line."""
    try:
        yield
    except _MISSING as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except _WRONG as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    finally:
        render.close()


def _finish(out: Path, write: Callable[[], bytes]) -> None:
    """Write a file whole or not at all."""
    with _explained():
        body = write()
        out.parent.mkdir(parents=True, exist_ok=True)
        part = out.with_name(f".{out.name}.part")
        part.write_bytes(body)
        part.replace(out)
    typer.echo(f"{out} ({len(body):,} bytes)")


if __name__ == "__main__":
    app()
