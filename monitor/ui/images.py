"""Figures under stable addresses, for wikis, slides and scripts: ``figures/control-map.png?as_of=2025-06-25&lang=fr``.

The address takes the parameters of the pages, and says what is wrong with them. Files are kept: the same address on the same
snapshot is drawn once. What is new to the server is drawn one at a time, for a few askers that wait, and each asker gets a
number of new files a minute.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from monitor.export import figures
from monitor.export.figures import FIGURES, NothingToDrawError, UnknownParameterError
from monitor.export.link import PARAMETERS, BadLinkError, choice_of, parameters_of, value_of
from monitor.language import _, set_language
from monitor.ui import data

if TYPE_CHECKING:
    from starlette.requests import Request

#: Kinds of files and their media types.
KINDS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "csv": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WIDTHS = (400, 2000)

_KEPT_BYTES = 96_000_000
_WAITING = 8
_NEW_FILES, _PER_SECONDS = 40, 60.0
_KNOWN_ASKERS = 4096

#: Parameters of the address beside those of the figure.
_OWN = ("as_of", "known_on", "evidence", "stale_after", "lang", "snap", "brief", "width", "download")


class _RefusedError(Exception):
    """An answer that is not a file: HTTP status and what the asker should know."""

    def __init__(self, status: int, text: str, *, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status, self.text, self.retry_after = status, text, retry_after


@dataclass(frozen=True)
class _File:
    body: bytes
    name: str
    is_pinned: bool

    @property
    def tag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:24]}"'


class _Files:
    """Files by what they were made from, the least used dropped first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._files: OrderedDict[tuple[Any, ...], _File] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> _File | None:
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
            return self._files.get(key)

    def put(self, key: tuple[Any, ...], file: _File) -> None:
        with self._lock:
            if key not in self._files:
                self._size += len(file.body)
            self._files[key] = file
            while self._size > self._limit and len(self._files) > 1:
                self._size -= len(self._files.popitem(last=False)[1].body)


class _Rate:
    """How many new files each asker may have: a bucket that fills steadily."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._refill = float(most), most / seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, asker: str, now: float) -> bool:
        with self._lock:
            left, then = self._left.pop(asker, (self._most, now))
            left = min(self._most, left + (now - then) * self._refill)
            self._left[asker] = (max(left - 1, 0.0) if left >= 1 else left, now)
            while len(self._left) > _KNOWN_ASKERS:
                self._left.popitem(last=False)
            return left >= 1


_files = _Files(_KEPT_BYTES)
_rate = _Rate(_NEW_FILES, _PER_SECONDS)
_places = threading.BoundedSemaphore(_WAITING)
_drawing = threading.Lock()


async def send(request: Request) -> Response:
    """Answer a request for ``figures/{name}``."""
    asker = request.client.host if request.client else ""
    query = dict(request.query_params)
    try:
        file = await run_in_threadpool(_file, request.path_params["name"], query, asker)
    except _RefusedError as refused:
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        if refused.retry_after:
            headers["Retry-After"] = str(refused.retry_after)
        return PlainTextResponse(refused.text + "\n", refused.status, headers)
    kind = file.name.rpartition(".")[2]
    headers = {
        "ETag": file.tag,
        "Cache-Control": "public, max-age=31536000, immutable" if file.is_pinned else "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        # A picture must not run anything, wherever it is opened.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Content-Disposition": f'{"attachment" if "download" in query or kind in ("zip", "xlsx") else "inline"}; filename="{file.name}"',
    }
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    media = KINDS["csv"] if kind == "zip" else KINDS[kind]
    return Response(b"" if request.method == "HEAD" else file.body, media_type=media, headers=headers)


def _file(name: str, query: Mapping[str, str], asker: str) -> _File:
    """The file of an address, kept or made."""
    figure_id, _dot, kind = name.rpartition(".")
    lang = query.get("lang", "en")
    try:
        set_language(lang)
    except ValueError:
        raise _RefusedError(400, f"lang must be {PARAMETERS['lang'].about}.") from None
    if kind not in KINDS:
        raise _RefusedError(
            404, _("A figure’s address ends in {kinds}.").format(kinds=", ".join(f".{end}" for end in KINDS))
        )
    if figure_id not in FIGURES:
        raise _RefusedError(
            404,
            _("There is no figure {name}. There are: {names}").format(
                name=figure_id[:60], names=", ".join(FIGURES)
            ),
        )
    try:
        model = data.model_of(value_of("snap", query["snap"]) if query.get("snap") else None)
    except BadLinkError as bad:
        raise _RefusedError(400, str(bad)) from None
    except data.DatasetError as error:
        raise _RefusedError(404 if query.get("snap") else 503, str(error)) from None
    today = data.today()
    # A live address without a date shows another date when the data move on: the snapshot is part of the key. The day of
    # access is written into data files.
    asked = tuple(sorted((part, text) for part, text in query.items() if part != "download"))
    key = (name, model.snapshot_id, model.is_pinned, today, asked)
    if file := _files.get(key):
        return file
    if not _rate.take(asker, time.monotonic()):
        raise _RefusedError(
            429,
            _("Too many new figures at once. Ask again in a minute; those already drawn are served at once."),
            retry_after=60,
        )
    if not _places.acquire(blocking=False):
        raise _RefusedError(
            503, _("Too many figures are waiting to be drawn. Ask again in a moment."), retry_after=5
        )
    try:
        with _drawing:
            if file := _files.get(key):
                return file
            file = _made(figure_id, kind, query, model)
    finally:
        _places.release()
    _files.put(key, file)
    return file


def _made(figure_id: str, kind: str, query: Mapping[str, str], model: Any) -> _File:
    from monitor.export import data_files, render

    spec = FIGURES[figure_id]
    try:
        if unknown := set(query) - {*_OWN, *spec.parameters}:
            first = min(unknown)
            raise BadLinkError(
                first,
                query[first],
                _("this figure takes {names}").format(names=", ".join([*_OWN, *spec.parameters])),
            )
        choice = choice_of(query, model, data.today())
        built = figures.build(figure_id, model, choice, parameters_of(spec, query))
        if kind in ("csv", "xlsx"):
            lines = data_files.about(built, model, accessed=data.today(), site="")
            body = data_files.xlsx(built, lines) if kind == "xlsx" else data_files.csv_archive(built, lines)
        else:
            body = render.render(built, kind, _canvas(built, query))
    except (BadLinkError, UnknownParameterError) as bad:
        raise _RefusedError(400, str(bad)) from None
    except NothingToDrawError as nothing:
        raise _RefusedError(404, str(nothing)) from None
    except (data.DatasetError, render.NoBrowserError) as missing:
        raise _RefusedError(503, str(missing)) from None
    end = "zip" if kind == "csv" else kind
    return _File(body, f"{built.filename}.{end}", model.is_pinned)


def _canvas(built: figures.BuiltFigure, query: Mapping[str, str]) -> Any:
    from monitor.export import render

    if query.get("brief"):
        return render.brief_canvas(built, value_of("brief", query["brief"]))
    if not query.get("width"):
        return render.PLAIN
    least, most = WIDTHS
    if not query["width"].isdecimal() or not least <= int(query["width"]) <= most:
        raise BadLinkError(
            "width",
            query["width"],
            _("it must be a number of pixels from {least} to {most}").format(least=least, most=most),
        )
    return render.Canvas(int(query["width"]))
