"""Sessions that do not wait, fake services, and the gazetteer of the committed datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from loaders import store
from loaders.checks import Context
from loaders.sources.http import Session, open_session
from tests.fake_services.acled import FakeAcled
from tests.fake_services.ucdp import FakeUcdp
from tests.server import DATASETS

RECORDED_AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.sleeps.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def session(time: Time) -> Iterator[Session]:
    """A session of ordinary spacing that accepts answers of up to 2 MB and does not wait."""
    with open_session("Synthetic", max_bytes=2_000_000, sleep=time.sleep, clock=time.clock) as opened:
        yield opened


@pytest.fixture
def open_with(time: Time) -> Iterator[Callable[..., Session]]:
    """Open a session with other limits."""
    with ExitStack() as opened:
        yield lambda **limits: opened.enter_context(
            open_session("Synthetic", **{"sleep": time.sleep, "clock": time.clock, **limits})
        )


@pytest.fixture
def acled() -> Iterator[FakeAcled]:
    service = FakeAcled()
    with service.running():
        yield service


@pytest.fixture
def ucdp() -> Iterator[FakeUcdp]:
    service = FakeUcdp()
    with service.running():
        yield service


@pytest.fixture(scope="session")
def gazetteer() -> Context:
    """The committed gazetteer and word list."""
    return Context(
        frames={name: store.read(name, root=DATASETS) for name in ("aliases", "neighborhoods")},
        files={"actor_words.csv": (DATASETS / "curated" / "actor_words.csv").read_bytes()},
    )
