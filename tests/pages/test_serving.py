"""The page as the server sends it: with our tags in its head, whatever page a link leads to and however it travels."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from monitor.ui import serving

PAGE = f"<html><head><title>page</title></head><body>{'words ' * 200}</body></html>"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Client:
    """Asks an app without a network."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, path: str, **more) -> httpx.Response:
        return self._ask("GET", path, **more)

    def post(self, path: str) -> httpx.Response:
        return self._ask("POST", path)

    def _ask(self, method: str, path: str, **more) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://app") as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())


@pytest.fixture
def asked() -> list[bool]:
    """What is noted of the pages that were asked for: whether it was the first one."""
    return []


@pytest.fixture
def client(asked) -> Client:
    """A server that compresses its pages, as Streamlit's does, behind ours."""

    def on_page(is_first: bool) -> bool:
        asked.append(is_first)
        return is_first

    async def page(_request):
        return HTMLResponse(PAGE, headers={"ETag": '"of the page without our tags"'})

    async def words(_request):
        return PlainTextResponse("words " * 200)

    app = Starlette(
        routes=[Route("/words", words), Route("/{page:path}", page)],
        middleware=[
            Middleware(serving.Frontend, prefix="", on_page=on_page),
            Middleware(GZipMiddleware),
        ],
    )
    return Client(app)


@pytest.mark.parametrize("encoding", ["gzip, deflate, br", "identity"])
@pytest.mark.parametrize("path", ["/", "/retaken-areas"])
def test_every_page_has_our_tags(client, path, encoding):
    answer = client.get(path, headers={**BROWSER, "Accept-Encoding": encoding})
    assert "early.js" in answer.text
    assert "stSkeleton" in answer.text.split("</head>")[0]
    assert answer.text.endswith("</body></html>")
    assert answer.headers.get("content-encoding") == ("gzip" if "gzip" in encoding else None)
    assert "etag" not in answer.headers


def test_only_the_first_page_of_a_cold_server_is_asked_to_say_when_it_is_drawn(client, asked):
    pages = [client.get(path, headers=BROWSER).text for path in ("/", "/retaken-areas")]
    assert asked == [True, False]
    assert ["data-drawn" in page for page in pages] == [True, False]


def test_what_is_no_page_passes_as_it_is(client, asked):
    answer = client.get("/words", headers={**BROWSER, "Accept-Encoding": "gzip"})
    assert answer.text == "words " * 200
    assert asked == []


def test_browser_that_has_drawn_is_heard():
    heard = []
    options = serving.options(on_drawn=lambda: heard.append(True))
    client = Client(Starlette(routes=options["routes"]))
    assert client.post("/drawn").status_code == 204
    assert client.get("/drawn").status_code == 405
    assert heard == [True]
