"""Streamlit servers as processes: started, asked for their memory and computing time, ended."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATASETS = ROOT / "datasets"
BARE = Path(__file__).parent / "bare"

#: The three apps that are measured: our dashboard and the two bare pages.
APPS = {"ours": ROOT / "dashboard.py", "title": BARE / "title.py", "chart": BARE / "chart.py"}

_START_SECONDS = 120
_MB = 1024


@dataclass(frozen=True)
class Server:
    """A running server: its address, without a slash at the end, its process id and when it was started (s since 1970)."""

    url: str
    pid: int
    started_at: float

    def peak_mb(self) -> float:
        """Largest resident size so far."""
        return self._status("VmHWM")

    def resident_mb(self) -> float:
        """Resident size now."""
        return self._status("VmRSS")

    def cpu_ms(self) -> float:
        """Computing time used so far, in all threads; in steps of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / _MB for line in lines if line.startswith(name + ":"))


@contextmanager
def serve(app: str, *, datasets: Path = DATASETS) -> Iterator[Server]:
    """Run one of APPS in its own folder, as its readers would, and yield it once it answers.

    Raises
    ------
    RuntimeError
        It ended, or did not answer in time; the message has its output.
    """
    script = APPS[app]
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", script.name]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    options += ["--server.fileWatcherType=none", "--browser.gatherUsageStats=false"]
    with tempfile.TemporaryFile() as log:
        started_at = time.time()
        process = subprocess.Popen(
            [*command, *options],
            cwd=script.parent,
            env={**os.environ, "MONITOR_DATASETS": str(datasets)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _answers(port):
                if process.poll() is not None or time.time() - started_at > _START_SECONDS:
                    log.seek(0)
                    raise RuntimeError(f"{script.name} does not answer:\n{log.read().decode()}")
                time.sleep(0.02)
            yield Server(f"http://127.0.0.1:{port}", process.pid, started_at)
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


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
