"""A dashboard server for tests: a process of its own on a free loopback port, ended when the test is done."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATASETS = ROOT / "datasets"
START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A running dashboard: its address, without a slash at the end, and the file its output goes to."""

    url: str
    log: Path

    def output(self) -> str:
        """What the server has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve(
    log: Path, *, datasets: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run the dashboard on `datasets` (by default the committed ones) and yield it once it answers."""
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", log)
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py"]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.fileWatcherType=none"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env={**os.environ, "MONITOR_DATASETS": str(datasets or DATASETS), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The dashboard ended with code {process.returncode}:\n{server.output()}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"The dashboard did not answer within {START_SECONDS} s:\n{server.output()}")
