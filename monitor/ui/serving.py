"""What the web server sends besides Streamlit's own messages: the drawing library, geometry, and compressed scripts.

Streamlit serves its scripts uncompressed, and anything of ours only inside its messages. `dashboard.py` therefore hands the
server an app with three routes and one middleware more::

    if __name__ == "__main__":      # run by Streamlit, at each visit and interaction
        main()
    else:                           # imported by the server, once
        app = st.App(__file__, **serving.options())

- ``publish`` puts bytes under an address made of their digest. A browser may keep them for ever: other content has another
  address. They are compressed once, when the first browser asks.
- ``figures/<id>.png`` and the like are figures as files (monitor/ui/images.py).
- ``drawn`` is where the first browser says that it has drawn its first figure (monitor/ui/opening.py).
- ``Frontend`` sends Streamlit's scripts compressed, each compressed once, and adds a module to the head of the page that
  fetches the drawing library while the first script run is still computing, once Streamlit's own scripts are there.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plotly as plotly_package
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config
from streamlit.file_util import get_static_dir

from monitor.ui import kept

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ROOT = "assets"
_DRAWN = "drawn"
_KEPT = 512
_PLOTLY = Path(plotly_package.__file__).parent / "package_data" / "plotly.min.js"
_MODULES = Path(__file__).parent / "figure_component"
_FRONTEND = Path(get_static_dir()) / "static"

#: The tag with which Streamlit's page asks for its own font.
_FONT = re.compile(rb'<link\s[^>]*\bas="font"[^>]*>')

#: Style that a page needs from its first moment on; that of components comes with them.
_STYLE = Path(__file__).parent / "page.css"

#: How compressed bytes begin; JSON does not.
_GZIP = b"\x1f\x8b"

_published: OrderedDict[str, bytes] = OrderedDict()
_ready: dict[Path, bytes] = {}
_lock = threading.Lock()


def publish(body: bytes, name: str) -> str:
    """Return the address, relative to the root of the site, under which `body` can be fetched from now on.

    `name` ends the address; its suffix gives the media type. The latest 512 contents are kept; publishing the same content
    again costs its digest and makes it the latest.
    """
    address = _address(digest(body), name)
    publish_at(address, body)
    return address


def publish_at(address: str, content: bytes) -> None:
    """Publish, under an address that :func:`publish` gave, the content that it has, compressed or not."""
    with _lock:
        _published.setdefault(address, content)
        _published.move_to_end(address)
        while len(_published) > _KEPT:
            _published.popitem(last=False)


def published_in(text: bytes) -> dict[str, bytes]:
    """Return the contents whose addresses stand in `text`, compressed, by address."""
    with _lock:
        found = {address: content for address, content in _published.items() if address.encode() in text}
    return {
        address: content if content.startswith(_GZIP) else gzip.compress(content, 6, mtime=0)
        for address, content in found.items()
    }


def plotly() -> str:
    """Return the address of plotly.js, as shipped in the Python package."""
    return next(address for address, path in _scripts().items() if path == _PLOTLY)


def module(name: str) -> str:
    """Return the address of a module in ``figure_component/``; modules there can import one another."""
    return next(address for address, path in _scripts().items() if path == _MODULES / name)


def options(
    *,
    on_page: Callable[[bool], bool] = lambda _is_first: False,
    on_drawn: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Return the arguments for ``st.App`` that add our route and middleware, and start compressing plotly.js.

    `on_page` is called when a browser asks for a page, and told whether it is the first one. Where it returns True, `on_drawn`
    is called once that browser has drawn a figure, or could not.
    """
    parts = kept.load(_packed_name()) or []
    _ready.update(zip((Path(path.decode()) for path in parts[::2]), parts[1::2], strict=True))
    if _PLOTLY not in _ready:
        threading.Thread(target=_packed, args=[_PLOTLY], daemon=True).start()
    prefix = config.get_option("server.baseUrlPath").strip("/")
    prefix = f"/{prefix}" if prefix else ""
    return {
        "routes": [
            Route(f"{prefix}/{_ROOT}/{{folder}}/{{name}}", _send_asset),
            Route(f"{prefix}/figures/{{name}}", _send_figure),
            Route(f"{prefix}/{_DRAWN}", _hear(on_drawn), methods=["POST"]),
        ],
        "middleware": [Middleware(Frontend, prefix=prefix, on_page=on_page)],
    }


def keep_packed() -> None:
    """Leave what has been compressed for the next start."""
    before = kept.load(_packed_name()) or []
    if len(_ready) > len(before) // 2:
        kept.save(
            _packed_name(),
            [part for path, packed in list(_ready.items()) for part in (str(path).encode(), packed)],
        )


class Frontend:
    """ASGI middleware: Streamlit's scripts go out compressed, its page with a head that will fetch the drawing library."""

    def __init__(self, app: ASGIApp, *, prefix: str, on_page: Callable[[bool], bool]) -> None:
        self._app = app
        self._root = f"{prefix}/"
        self._prefix = f"{prefix}/static/"
        self._on_page = on_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let Streamlit answer and complete its page."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
        elif script := self._script(scope["path"]):
            response = await _send_file(script, script.name, scope)
            await response(scope, receive, send)
        elif b"text/html" in _header(scope, b"accept"):
            is_first = scope["path"] in (self._root, self._root.rstrip("/"))
            # Streamlit would compress the page itself.
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            completed = _complete_head(send, scope, lambda: self._on_page(is_first))
            await self._app({**scope, "headers": plain}, receive, completed)
        else:
            await self._app(scope, receive, send)

    def _script(self, path: str) -> Path | None:
        """Return the file behind the path of one of Streamlit's scripts or style sheets."""
        script = _FRONTEND / path.removeprefix(self._prefix)
        return script if path.startswith(self._prefix) and script in _frontend_scripts() else None


async def _send_asset(request: Request) -> Response:
    """Answer a request for a published content or one of our scripts."""
    address = _address(**request.path_params)
    if script := _scripts().get(address):
        return await _send_file(script, address, request.scope)
    if content := _published.get(address):
        if not content.startswith(_GZIP):
            content = await run_in_threadpool(gzip.compress, content, 6, mtime=0)
            if address in _published:
                _published[address] = content
        return _immutable(content, address, request.scope)
    return Response(status_code=404, headers={"Cache-Control": "no-store"})


async def _send_file(path: Path, name: str, scope: Scope) -> Response:
    if path not in _ready:
        await run_in_threadpool(_packed, path)
    return _immutable(_ready[path], name, scope)


def _hear(on_drawn: Callable[[], object]) -> Callable[[Request], Awaitable[Response]]:
    async def hear(_request: Request) -> Response:
        on_drawn()
        return Response(status_code=204)

    return hear


async def _send_figure(request: Request) -> Response:
    """Answer a request for a figure as a file."""
    # Imported with the first of them: a server should answer before it can draw.
    from monitor.ui import images

    return await images.send(request)


def _immutable(packed: bytes, name: str, scope: Scope) -> Response:
    """Return an answer that a browser may keep for ever, unpacked for the rare client that does not accept gzip.

    `name` has a digest of the content in it, so it also tells who asks again whether they have the content already.
    """
    accepts_gzip = _accepts_gzip(scope)
    tag = f'"{name}-gzip"' if accepts_gzip else f'"{name}"'
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if tag.encode() in _header(scope, b"if-none-match"):
        return Response(status_code=304, headers=headers)
    if accepts_gzip:
        headers["Content-Encoding"] = "gzip"
    body = packed if accepts_gzip else gzip.decompress(packed)
    return Response(body, media_type=mimetypes.guess_type(name)[0], headers=headers)


def _header(scope: Scope, name: bytes) -> bytes:
    """Return a header of a request; empty where it has none."""
    return next((value for key, value in scope["headers"] if key == name), b"")


def _accepts_gzip(scope: Scope) -> bool:
    return b"gzip" in _header(scope, b"accept-encoding")


def _complete_head(send: Send, scope: Scope, on_page: Callable[[], bool]) -> Send:
    """Return a `send` that adds our tags to an HTML page, which it tells `on_page` of, and passes everything else on.

    The page must come uncompressed; it is compressed where `scope`, of the request, says that the browser reads that.
    """
    start: Message | None = None
    page = b""
    is_told = False

    async def completed(message: Message) -> None:
        nonlocal start, page, is_told
        if message["type"] == "http.response.start" and _is_page(message):
            start = message
            is_told = on_page()
        elif start is None:
            await send(message)
        else:
            page += message.get("body", b"")
            if not message.get("more_body"):
                page = _without_font(page).replace(b"</head>", _head_tags(is_told) + b"</head>", 1)
                headers = [*_kept_headers(start), (b"vary", b"Accept-Encoding")]
                if _accepts_gzip(scope):
                    page = gzip.compress(page, 6, mtime=0)
                    headers.append((b"content-encoding", b"gzip"))
                headers.append((b"content-length", b"%d" % len(page)))
                await send({**start, "headers": headers})
                await send({"type": "http.response.body", "body": page})

    return completed


def _is_page(message: Message) -> bool:
    return message["status"] == 200 and any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )


def _kept_headers(message: Message) -> list[tuple[bytes, bytes]]:
    """Return the headers of a page without those that describe it as it was before our tags."""
    outdated = {b"content-length", b"etag", b"last-modified", b"accept-ranges"}
    return [(name, value) for name, value in message["headers"] if name.lower() not in outdated]


def _without_font(page: bytes) -> bytes:
    """Return a page that does not ask for Streamlit's own font (170 kB) where the theme names others."""
    return _FONT.sub(b"", page, count=1) if config.get_option("theme.font") else page


@cache
def _head_tags(is_told: bool) -> bytes:
    """Return our style, and the tag of ``early.js``, which fetches the rest once Streamlit's own scripts have been.

    With `is_told`, it also tells the server when the first figure is drawn.
    """
    component = next(path.name for path in _frontend_scripts() if path.name.startswith("BidiComponent."))
    early = module("early.js")
    modules = [
        f"static/js/{component}",
        *(address for address in _scripts() if address not in (plotly(), early)),
    ]
    drawn = f' data-drawn="./{_DRAWN}"' if is_told else ""
    return (
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style>"
        f'<script type="module" crossorigin src="./{early}" data-plotly="./{plotly()}"{drawn}'
        f' data-modules="{" ".join(f"./{address}" for address in modules)}"></script>'
    ).encode()


@cache
def _frontend_scripts() -> frozenset[Path]:
    """Return Streamlit's scripts and style sheets; their names carry a digest of their content."""
    return frozenset([*_FRONTEND.glob("js/*.js"), *_FRONTEND.glob("css/*.css")])


@cache
def _scripts() -> dict[str, Path]:
    """Return our scripts by address. The modules share one digest, so that they find one another beside themselves."""
    modules = sorted(_MODULES.glob("*.js"))
    release = digest(b"".join(path.read_bytes() for path in modules))
    return {
        _address(digest(_PLOTLY.read_bytes()), _PLOTLY.name): _PLOTLY,
        **{_address(release, path.name): path for path in modules},
    }


@cache
def _packed_name() -> str:
    """Return the name under which compressed scripts are kept: it says which they are."""
    names = [*_scripts(), *sorted(str(path) for path in _frontend_scripts())]
    return f"scripts-{digest(repr(names).encode())}"


def _packed(path: Path) -> bytes:
    """Return the compressed file, compressed once."""
    if path not in _ready:
        _ready[path] = gzip.compress(path.read_bytes(), 6, mtime=0)
    return _ready[path]


def _address(folder: str, name: str) -> str:
    return f"{_ROOT}/{folder}/{name}"


def digest(body: bytes) -> str:
    """Return what tells `body` from all other contents."""
    return hashlib.sha256(body).hexdigest()[:32]
