"""Run every fake service by hand: ``python -m tests.fake_services`` (Ctrl+C ends it).

Open ``ADDRESS/_scenario/NAME`` in a browser to switch a service to another scenario while it runs.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack

from tests.fake_services.acled import FakeAcled
from tests.fake_services.dtm import FakeDtm
from tests.fake_services.hdx import FakeHdx
from tests.fake_services.ourairports import FakeOurAirports
from tests.fake_services.overpass import FakeOverpass
from tests.fake_services.server import FakeService
from tests.fake_services.ucdp import FakeUcdp

FIRST_PORT = 8701
SERVICES: tuple[type[FakeService], ...] = (
    FakeAcled,
    FakeUcdp,
    FakeHdx,
    FakeDtm,
    FakeOverpass,
    FakeOurAirports,
)


def settings(services: list[FakeService]) -> dict[str, str]:
    """What a loader needs to use the running services instead of the real ones: addresses and invented credentials."""
    found: dict[str, str] = {}
    for service in services:
        found |= {name: service.address + path for name, path in service.ADDRESSES.items()}
        found |= service.CREDENTIALS
    return found


def describe(service: FakeService) -> str:
    """Address and scenarios of a running service."""
    lines = [f"{service.name}  {service.address}"]
    width = max(map(len, service.SCENARIOS))
    lines += [f"  /_scenario/{name:<{width}}  {about}" for name, about in service.SCENARIOS.items()]
    return "\n".join(lines)


def main() -> None:
    """Start the services on fixed ports, say how to use them, and serve until interrupted."""
    with ExitStack() as running:
        services = [kind() for kind in SERVICES]
        for port, service in enumerate(services, start=FIRST_PORT):
            running.enter_context(service.running(port))
        print("\n\n".join(map(describe, services)))  # noqa: T201 - this is what it is for
        print("\nIn the terminal where you refresh, paste this (for that terminal only):\n")  # noqa: T201
        for name, value in settings(services).items():
            print(f"export {name}={value}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
