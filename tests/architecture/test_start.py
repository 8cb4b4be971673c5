"""What is imported before the server answers, and before a page says its first sentence: both decide how long readers wait."""

from __future__ import annotations

import subprocess
import sys

from tests.server import ROOT

#: Packages that only loaders and exports need; each takes longer to import than the overview takes to say its sentence.
HEAVY = {"geopandas", "kaleido", "openpyxl", "pandera", "pptx", "pyogrio", "pyproj", "scipy", "shapely"}


def _packages_after(code: str) -> set[str]:
    """Top-level names of the modules in memory after some code has run in a new interpreter."""
    report = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_server_answers_before_anything_is_imported_for_pages():
    assert not _packages_after("import dashboard") & (HEAVY | {"pandas", "loaders"})


def test_pages_say_their_sentence_without_heavy_packages():
    needed = "import dashboard, monitor.ui.warming as warming; warming.import_for_pages()"
    found = _packages_after(needed)
    assert "pandas" in found
    assert not found & HEAVY


def test_overview_imports_what_was_warmed_and_no_more():
    warmed = "import dashboard, monitor.ui.warming as warming; warming.import_for_pages()"
    page = "from monitor.ui import blocks, filters, languages, navigation, views"
    assert _packages_after(f"{warmed}; {page}") == _packages_after(warmed)
