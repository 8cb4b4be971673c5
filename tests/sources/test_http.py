"""Politeness and bounds of the HTTP session, against a server on loopback."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import pytest

from loaders.sources.http import Session, SourceError
from tests.fake_services.server import Answer, FakeService, Request
from tests.sources.conftest import Time

DATE = "Mon, 23 Nov 2026 12:00:00 GMT"
LATER = "Mon, 23 Nov 2026 12:00:42 GMT"


class Plain(FakeService):
    name = "plain"
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "usual": "a word",
        "date_once": "503 with a date in Retry-After, then a word",
        "tomorrow": "503 that asks to wait a day",
        "nonsense_once": "429 with a Retry-After that nobody can read, then a word",
        "moved": "a redirect to /target",
        "circle": "a redirect to itself",
        "bomb": "a small body that unpacks to 50 MB",
        "damaged_once": "a body that is not gzip though it says so, then a word",
        "odd": "status 507",
    }

    def respond(self, request: Request) -> Answer:
        passed = not self.scenario.endswith("_once") or not self.first_time()
        match self.scenario:
            case "date_once" if not passed:
                return Answer(503, headers={"Retry-After": LATER, "Date": DATE})
            case "nonsense_once" if not passed:
                return Answer(429, headers={"Retry-After": "soon"})
            case "damaged_once" if not passed:
                return Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"})
            case "tomorrow":
                return Answer(503, headers={"Retry-After": "86400"})
            case "moved" if request.path != "/target":
                return Answer(302, headers={"Location": "/target?secret=1"})
            case "circle":
                return Answer(302, headers={"Location": request.path})
            case "bomb":
                return Answer(body=gzip.compress(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})
            case "odd":
                return Answer(507)
        return Answer(body=b"a word", content_type="text/plain")


@pytest.fixture
def plain() -> Iterator[FakeService]:
    service = Plain()
    with service.running():
        yield service


@pytest.mark.parametrize(
    ("scenario", "waits"), [("date_once", 42.0), ("nonsense_once", 2.0), ("damaged_once", 2.0)]
)
def test_waits(plain: Plain, session: Session, time: Time, scenario: str, waits: float) -> None:
    plain.scenario = scenario
    assert session.get(plain.address).body == b"a word"
    assert waits in time.sleeps


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("tomorrow", "asks to wait 86400 s"),
        ("circle", "redirects in a circle"),
        ("bomb", "larger than 2 MB"),
        ("odd", "answered 507"),
    ],
)
def test_refuses(plain: Plain, session: Session, scenario: str, message: str) -> None:
    plain.scenario = scenario
    with pytest.raises(SourceError, match=message):
        session.get(plain.address)


def test_redirects_are_followed_without_credentials_only(plain: Plain, session: Session) -> None:
    plain.scenario = "moved"
    assert session.get(plain.address).body == b"a word"
    before = len(plain.requests)
    with pytest.raises(SourceError, match="has moved to /target") as error:
        session.get(plain.address, headers={"x-token": "synthetic"})
    assert len(plain.requests) == before + 1
    assert "secret" not in str(error.value)
    with pytest.raises(SourceError, match="has moved"):
        session.post(plain.address, data={"password": "synthetic"})


def test_spacing(plain: Plain, open_with: Callable[..., Session], time: Time) -> None:
    slow = open_with(spacing=3)
    for _ in range(3):
        slow.get(plain.address)
    assert time.sleeps == [3, 3]


def test_scenarios_are_switched_by_address(plain: Plain, session: Session) -> None:
    assert session.get(f"{plain.address}/_scenario/odd").body == b"plain: odd\n"
    assert plain.scenario == "odd"
    assert session.get(f"{plain.address}/_scenario/none").status == 404
