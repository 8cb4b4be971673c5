"""Polite HTTP for every external service: time-outs, bounded answers, retries with back-off, no secrets in messages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from loaders.checks import ParseError

USER_AGENT = "Port-au-Prince-Conflict-Monitor/1.0 (weekly refresh of a public-interest dashboard)"
RETRIED = frozenset({429, 500, 502, 503, 504})

#: A service that asks to wait longer than this is left alone until the next run.
MAX_WAIT_SECONDS = 300.0
CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0


class SourceError(ParseError):
    """A source that cannot be used now; the message says what is wrong, where, and what to do."""


class _TransientError(Exception):
    """A failure that another attempt may cure; ``wait`` is what the service asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Reply:
    """A complete answer with a status that is not retried.

    Attributes
    ----------
    status
        HTTP status; 2xx or 4xx. What a 4xx means is for the caller to say.
    headers
        Response headers.
    body
        Decompressed body, at most as large as the session allows.
    where
        Address without its query, for messages.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    where: str

    @property
    def text(self) -> str:
        """First 300 characters of the body in one line, for messages."""
        return " ".join(self.body[:1200].decode("utf-8", errors="replace").split())[:300]

    def json(self) -> Any:
        """Body as JSON.

        Raises
        ------
        SourceError
            The body is not UTF-8 or not JSON, for instance a log-in page.
        """
        try:
            return json.loads(self.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{self.where}: byte {error.start} of the answer is not UTF-8. Nothing of it was used; "
                "run the refresh again, and report it to the service if it stays."
            ) from None
        except ValueError:
            raise SourceError(
                f"{self.where}: the answer is not JSON but starts with {self.text[:80]!r}. "
                "The service may be under maintenance or its address may have moved: open it in a browser."
            ) from None


class Session:
    """Requests to one service, one after the other.

    Parameters
    ----------
    client
        Open httpx client.
    name
        Name of the service, for messages.
    spacing
        Seconds between the starts of two requests, at least.
    max_bytes
        Largest decompressed answer that is accepted, bytes.
    max_seconds
        Longest time one answer may take, seconds.
    attempts
        How often a request is made in all before it is given up.
    sleep, clock
        Waiting, and a clock that only moves forward, both in seconds.
    """

    def __init__(
        self,
        client: httpx.Client,
        name: str,
        *,
        spacing: float,
        max_bytes: int,
        max_seconds: float,
        attempts: int,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self.name = name
        self.sleep = sleep
        self._client = client
        self._spacing = spacing
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._attempts = attempts
        self._clock = clock
        self._next_start = clock()

    def get(
        self,
        address: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Fetch an address.

        Redirects are followed only where no headers are given: a credential never travels to another host.

        Raises
        ------
        SourceError
            No usable answer after all attempts, an answer that is too large or too slow, or a redirect not followed.
        """
        request = self._build("GET", address, params=params, headers=headers)
        return self._send(request, follow=headers is None)

    def post(self, address: str, *, data: Mapping[str, str]) -> Reply:
        """Send a form; raises :class:`SourceError` as :meth:`get` does and follows no redirect."""
        return self._send(self._build("POST", address, data=data), follow=False)

    def _build(self, method: str, address: str, **content: Any) -> httpx.Request:
        try:
            return self._client.build_request(method, address, **content)
        except (httpx.InvalidURL, ValueError):
            raise SourceError(f"{self.name}: {address!r} is not a web address. Correct it.") from None

    def _send(self, request: httpx.Request, *, follow: bool) -> Reply:
        where = _without_query(request.url)
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception_type(_TransientError),
            wait=_wait,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, request, follow=follow, where=where)
        except _TransientError as error:
            raise SourceError(
                f"{self.name}: {where}: {error}, {self._attempts} times in a row. The data served before stay in use. "
                "Check the connection and run the refresh again later."
            ) from None

    def _once(self, request: httpx.Request, *, follow: bool, where: str) -> Reply:
        self.sleep(max(0.0, self._next_start - self._clock()))
        started = self._clock()
        self._next_start = started + self._spacing
        try:
            response = self._client.send(request, stream=True, follow_redirects=follow)
            try:
                self._refuse_or_retry(response, where)
                body = self._body(response, where, started + self._max_seconds)
            finally:
                response.close()
        except httpx.TooManyRedirects:
            raise SourceError(
                f"{self.name}: {where} redirects in a circle. Open the address in a browser and correct it."
            ) from None
        except httpx.TimeoutException:
            raise _TransientError("no answer in time") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _TransientError(f"the connection failed ({type(error).__name__})") from None
        return Reply(response.status_code, response.headers, body, where)

    def _refuse_or_retry(self, response: httpx.Response, where: str) -> None:
        status = response.status_code
        if status in RETRIED:
            wait = _retry_after(response.headers)
            if wait is not None and wait > MAX_WAIT_SECONDS:
                raise SourceError(
                    f"{self.name}: {where} answered {status} and asks to wait {wait:.0f} s. Run the refresh again after that."
                )
            raise _TransientError(f"answered {status}", wait)
        if status >= 500:
            raise SourceError(f"{self.name}: {where} answered {status}. Run the refresh again later.")
        if 300 <= status < 400:
            target = response.headers.get("location", "nowhere").partition("?")[0]
            raise SourceError(
                f"{self.name}: {where} has moved to {target}. Check that this is the service and correct the address."
            )

    def _body(self, response: httpx.Response, where: str, deadline: float) -> bytes:
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self._max_bytes:
                raise SourceError(
                    f"{self.name}: {where}: the answer is larger than {self._max_bytes / 1e6:.0f} MB and was not read to "
                    "its end. Ask for a shorter period, or check that the address is right."
                )
            if self._clock() > deadline:
                raise SourceError(
                    f"{self.name}: {where}: the answer took longer than {self._max_seconds:.0f} s. Run the refresh again "
                    "on a better connection."
                )
            chunks.append(chunk)
        return b"".join(chunks)


@contextmanager
def open_session(
    name: str,
    *,
    spacing: float = 1.0,
    max_bytes: int = 128_000_000,
    max_seconds: float = 600.0,
    attempts: int = 5,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Session]:
    """Open a session with one service; see :class:`Session` for the parameters."""
    with httpx.Client(
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        max_redirects=5,
    ) as client:
        yield Session(
            client,
            name,
            spacing=spacing,
            max_bytes=max_bytes,
            max_seconds=max_seconds,
            attempts=attempts,
            sleep=sleep,
            clock=clock,
        )


def setting(settings: Mapping[str, str], name: str, purpose: str) -> str:
    """Read a credential from the environment or from Streamlit's secrets; raises :class:`SourceError` if it is not set."""
    value = settings.get(name, "")
    if not value:
        raise SourceError(
            f"{name} is not set: it is {purpose}. Set it in the environment or in .streamlit/secrets.toml."
        )
    return value


def address_of(settings: Mapping[str, str], name: str, usual: str) -> str:
    """Address of a service, without a slash at the end: the setting where it is set (a fake service), else the usual one."""
    return (settings.get(name) or usual).rstrip("/")


def _without_query(address: httpx.URL) -> str:
    return str(address.copy_with(query=None, fragment=None, username=None, password=None))


_BACK_OFF = wait_exponential(multiplier=2, max=60)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    wait = error.wait if isinstance(error, _TransientError) else None
    return _BACK_OFF(state) if wait is None else wait


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that Retry-After asks for; a date is measured against the service's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    until, now = _http_date(text), _http_date(headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    # "-0000" is UTC, too, and comes back without a zone.
    return date if date.tzinfo else date.replace(tzinfo=UTC)
