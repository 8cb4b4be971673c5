"""Run every fake service by hand: ``python -m tests.fake_services`` (Ctrl+C ends it).

Open ``ADDRESS/_scenario/NAME`` in a browser to switch a service to another scenario while it runs.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack

from tests.fake_services.acled import FakeAcled
from tests.fake_services.server import FakeService
from tests.fake_services.ucdp import FakeUcdp

FIRST_PORT = 8701
SERVICES: tuple[type[FakeService], ...] = (FakeAcled, FakeUcdp)


def describe(service: FakeService) -> str:
    """Address, credentials and scenarios of a running service."""
    lines = [f"{service.name}  {service.address}"]
    lines += [f"  {name}={value}" for name, value in service.CREDENTIALS.items()]
    width = max(map(len, service.SCENARIOS))
    lines += [f"  /_scenario/{name:<{width}}  {about}" for name, about in service.SCENARIOS.items()]
    return "\n".join(lines)


def main() -> None:
    """Start the services on fixed ports, say how to use them, and serve until interrupted."""
    with ExitStack() as running:
        for port, kind in enumerate(SERVICES, start=FIRST_PORT):
            service = kind()
            running.enter_context(service.running(port))
            print(describe(service), end="\n\n", flush=True)  # noqa: T201 - this is what it is for
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
