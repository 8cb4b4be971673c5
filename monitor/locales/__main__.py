"""Command line of the catalogues: ``python -m monitor.locales update | check``."""

from __future__ import annotations

import sys

from monitor.locales import catalogues


def main(arguments: list[str]) -> int:
    """Bring the catalogues up to date, or say what is missing or wrong in them; 1 if anything is."""
    if arguments == ["update"]:
        for code in catalogues.TRANSLATED:
            waiting = catalogues.update(code)
            sys.stdout.write(f"{code}: {waiting} strings wait for a translation\n")
        return 0
    if arguments == ["check"]:
        found = catalogues.problems()
        sys.stdout.write("".join(f"{problem}\n" for problem in found))
        return int(bool(found))
    sys.stderr.write("usage: python -m monitor.locales update | check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
