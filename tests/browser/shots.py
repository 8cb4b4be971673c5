"""Pictures of every page at both sizes, for people to look at: ``python -m tests.browser.shots [--url URL]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from monitor.ui.navigation import PAGES, PageEntry
from tests.browser.chromium import PHONE, SCREENSHOTS, WIDE, find_browser, full_page, launch, open_page
from tests.server import serve

SIZES = {"wide": WIDE, "phone": PHONE}


def picture(entry: PageEntry, size: str) -> Path:
    """Return where the picture of a page at a size of SIZES goes."""
    return SCREENSHOTS / f"{Path(entry.script).stem}-{size}.png"


def main() -> None:
    """Start a dashboard unless one is named, and save ``<page>-wide.png`` and ``<page>-phone.png``."""
    parser = argparse.ArgumentParser(description="Save pictures of every page at both sizes.")
    parser.add_argument(
        "--url", help="a running dashboard; by default one is started on the committed datasets"
    )
    site = parser.parse_args().url
    program = find_browser()
    if program is None:
        sys.exit("No Chromium or Chrome on this machine. Install one, or name it in MONITOR_BROWSER.")
    with ExitStack() as running:
        if site is None:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
            site = running.enter_context(serve(folder / "log.txt")).url
        browser = running.enter_context(launch(program))
        for size, options in SIZES.items():
            page = browser.new_page(**options)
            for entry in PAGES:
                open_page(page, f"{site.rstrip('/')}/{entry.url_path}")
                full_page(page, picture(entry, size))
                sys.stdout.write(f"{picture(entry, size)}\n")


if __name__ == "__main__":
    main()
