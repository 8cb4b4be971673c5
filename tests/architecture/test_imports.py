"""Who may import whom: import-linter for the packages, and the syntax tree for dashboard.py and pages/, which are scripts."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from loaders.registry import DATASETS
from monitor.export.figures import FIGURES
from tests.server import ROOT

LOCAL = ("loaders", "monitor")
PAGE_FILES = sorted((ROOT / "pages").glob("*.py"))
MAX_PAGE_LINES = 120

#: What a script may import beside the standard library.
SCRIPT_IMPORTS = ("monitor.language", "monitor.ui", "streamlit")

#: Streamlit's words for showing data: the entry point has none of them.
DATA_ELEMENTS = {
    "dataframe",
    "data_editor",
    "table",
    "metric",
    "json",
    "write",
    "image",
    "pyplot",
    "altair_chart",
}

every_page_file = pytest.mark.parametrize("path", PAGE_FILES, ids=lambda path: path.stem)
every_script = pytest.mark.parametrize(
    "path", [ROOT / "dashboard.py", *PAGE_FILES], ids=lambda path: path.stem
)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports: ``from monitor.ui import data`` gives ``monitor.ui.data``."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _streamlit_names(path: Path) -> set[str]:
    """Names that a file takes from ``st``."""
    return {
        node.attr
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st"
    }


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_contracts_of_import_linter() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_dataset_module_is_under_the_contract_of_independence() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    independent = next(contract["modules"] for contract in contracts if contract["type"] == "independence")
    assert sorted(independent) == sorted({dataset.check.__module__ for dataset in DATASETS.values()})


@every_script
def test_scripts_import_only_the_interface(path: Path) -> None:
    allowed = (*SCRIPT_IMPORTS, *sys.stdlib_module_names)
    assert [name for name in _imports(path) if not _within(name, allowed)] == []


def test_entry_point_shows_no_data() -> None:
    names = _streamlit_names(ROOT / "dashboard.py")
    assert names & DATA_ELEMENTS == set()


@every_page_file
def test_pages_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < MAX_PAGE_LINES, f"{path.name} has {lines} lines: move what is not layout to monitor.ui"


@pytest.mark.parametrize(
    "path",
    [ROOT / "dashboard.py", *PAGE_FILES, *sorted((ROOT / "monitor" / "ui").rglob("*.py"))],
    ids=lambda path: path.stem,
)
def test_no_html_or_css_is_injected(path: Path) -> None:
    injected = [
        node.lineno
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "st.html")
    ]
    assert injected == []


#: Modules of the interface that may call show_figure: the figure seam itself, and the one that builds by name.
SHOWS_FIGURES = {"figure", "exhibit"}


@pytest.mark.parametrize(
    "path", [*PAGE_FILES, *sorted((ROOT / "monitor" / "ui").rglob("*.py"))], ids=lambda path: path.stem
)
def test_pages_show_named_figures_only(path: Path) -> None:
    """What a page shows, the command line and the image addresses can build as well: figures come from FIGURES."""
    for node in ast.walk(_tree(path)):
        if not (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in ("show_figure", "exhibit")
        ):
            continue
        if ast.unparse(node.func).endswith("show_figure"):
            assert path.stem in SHOWS_FIGURES, (
                f"{path.name}:{node.lineno} draws a figure past monitor.export.figures"
            )
        elif isinstance(node.args[0], ast.Constant):
            assert node.args[0].value in FIGURES, f"{path.name}:{node.lineno}"


def test_every_import_is_in_the_requirements() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower()
    required = {line.partition("==")[0] for line in text.splitlines()}
    files = [
        ROOT / "dashboard.py",
        *PAGE_FILES,
        *(path for package in LOCAL for path in (ROOT / package).rglob("*.py")),
    ]
    modules = {name.partition(".")[0] for path in files for name in _imports(path)}
    outside = modules - set(LOCAL) - set(sys.stdlib_module_names)
    distributions = packages_distributions()
    missing = {name for name in outside if not {d.lower() for d in distributions.get(name, [])} & required}
    assert missing == set(), "Add them to requirements.txt, or do without."
