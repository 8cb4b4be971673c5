"""``python -m tests.soak``: see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak import KILLS, soak


def main() -> None:
    """Soak a store in a temporary folder; ends with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Kill a refresh many times.")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(
            Path(folder) / "datasets",
            asked.kills,
            seed=asked.seed,
            say=lambda text: print(text, flush=True),  # noqa: T201
        )
    print(  # noqa: T201
        f"{outcome.kills} kills, {outcome.published} versions published, {outcome.readings} readings: "
        f"{len(outcome.wrong)} wrong"
    )
    for text in outcome.wrong:
        print(f"  {text}")  # noqa: T201
    sys.exit(1 if outcome.wrong else 0)


if __name__ == "__main__":
    main()
