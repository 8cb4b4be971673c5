"""A service that answers over real HTTP on a loopback port, with scenarios that can be switched while it runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

CHUNK = b"0" * 65536


@dataclass(frozen=True)
class Request:
    """What a client asked for; repeated parameters keep their last value."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What the service sends back.

    ``cut_after`` closes the connection after so many bytes of the body; ``endless`` goes on sending until the client hangs
    up.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    endless: bool = False


class FakeService:
    """Base of the fake services.

    A subclass names its ``SCENARIOS`` (with what each does) and answers requests in :meth:`respond`. The scenario is
    switched by :attr:`scenario`, or by opening ``/_scenario/NAME`` in a browser.
    """

    name: ClassVar[str]
    SCENARIOS: ClassVar[Mapping[str, str]]
    #: What a person must type: ``{setting: value}``.
    CREDENTIALS: ClassVar[Mapping[str, str]] = {}
    #: Settings that hold addresses, and the path below the service's own: ``{setting: path}``.
    ADDRESSES: ClassVar[Mapping[str, str]]

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.address = ""
        self._scenario = next(iter(self.SCENARIOS))
        self._served = 0

    @property
    def scenario(self) -> str:
        """The scenario that answers now."""
        return self._scenario

    @scenario.setter
    def scenario(self, name: str) -> None:
        if name not in self.SCENARIOS:
            raise KeyError(f"{self.name} has no scenario {name!r}, only: {', '.join(self.SCENARIOS)}")
        self._scenario = name
        self._served = 0

    def first_time(self) -> bool:
        """Whether this is the first answer since the scenario was switched, for failures that pass."""
        self._served += 1
        return self._served == 1

    def respond(self, request: Request) -> Answer:
        """Answer one request."""
        raise NotImplementedError

    def handle(self, request: Request) -> Answer:
        """Answer one request, or switch the scenario."""
        if request.path.startswith("/_scenario/"):
            try:
                self.scenario = request.path.rpartition("/")[2]
            except KeyError as error:
                return Answer(404, f"{error}\n".encode(), "text/plain")
            return Answer(200, f"{self.name}: {self.scenario}\n".encode(), "text/plain")
        self.requests.append(request)
        return self.respond(request)

    @contextmanager
    def running(self, port: int = 0) -> Iterator[str]:
        """Serve on a loopback port (0: any that is free) and yield the address, without a slash at the end."""
        server = _Server(("127.0.0.1", port), _handler(self.handle))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self.address
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: a client that hangs up is part of the tests."""


def _handler(respond: Callable[[Request], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_arguments: Any) -> None:
            """Keep quiet: requests are in ``FakeService.requests``."""

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            request = Request(
                self.command,
                parts.path,
                {name: values[-1] for name, values in parse_qs(parts.query).items()},
                {name: values[-1] for name, values in parse_qs(body).items()},
                {name.lower(): value for name, value in self.headers.items()},
            )
            answer = respond(request)
            # Without the server's own Date where the answer names one: the clock of a service is part of a scenario.
            dated = "Date" in answer.headers
            (self.send_response_only if dated else self.send_response)(answer.status)
            self.send_header("Content-Type", answer.content_type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.endless:
                self.close_connection = True
                self.end_headers()
                self._send_forever()
                return
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut_after])
            if answer.cut_after is not None:
                self.close_connection = True
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

        def _send_forever(self) -> None:
            try:
                while True:
                    self.wfile.write(CHUNK)
            except OSError:
                return

    return Handler
