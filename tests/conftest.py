"""Fixtures for every test: dashboard servers, a copy of the datasets to damage, and the browser's path."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.browser.chromium import find_browser
from tests.server import DATASETS, Server, serve

# The same examples every time, and no time limit for one: a slow machine is not a failure.
settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=25)

settings.load_profile("reproducible")


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard on the committed datasets, shared by all tests that only read."""
    with serve(tmp_path_factory.mktemp("dashboard") / "log.txt") as server:
        yield server


@pytest.fixture
def start_dashboard(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start dashboards for one test: ``start_dashboard(datasets=folder, MONITOR_X="…")``; they end with the test."""
    with ExitStack() as running:
        started = 0

        def start(datasets: Path | None = None, **environment: str) -> Server:
            nonlocal started
            started += 1
            return running.enter_context(
                serve(tmp_path / f"dashboard-{started}.txt", datasets=datasets, environment=environment)
            )

        yield start


@pytest.fixture
def datasets_copy(tmp_path: Path) -> Path:
    """A copy of the committed datasets that a test may damage."""
    return Path(shutil.copytree(DATASETS, tmp_path / "datasets", ignore=shutil.ignore_patterns(".store")))


@pytest.fixture(scope="session")
def browser_program() -> str:
    """Path of Chromium or Chrome; the test is skipped where there is none."""
    found = find_browser()
    if found is None:
        pytest.skip("no Chromium or Chrome on this machine; install one or set MONITOR_BROWSER")
    return found
