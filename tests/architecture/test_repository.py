"""What must hold for the repository as a whole: pages and their addresses, documents, and what is committed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from loaders.registry import DATASETS
from monitor.ui.navigation import PAGES, PageEntry
from tests.server import ROOT

MAX_BYTES = 1_500_000

#: A folder of somebody's machine, or the host of a package registry. Written so that this file does not match itself.
FOREIGN = {
    "path of a machine": re.compile(r"(?<![\w.:/$}~-])/(?:[w]ork|[r]oot|[h]ome|[U]sers)/"),
    "host of a registry": re.compile(
        r"p[y]pi\.org|p[y]thonhosted\.org|n[p]mjs\.(?:org|com)|d[e]bian\.org|c[r]ates\.io"
    ),
}


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """Files that are committed, or would be with ``git add .``."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def documents() -> str:
    """The text of README.md and of everything in docs/."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_the_first_page_is_the_site_itself() -> None:
    assert PAGES[0].url_path == ""


@pytest.mark.parametrize("entry", PAGES[1:], ids=lambda entry: entry.url_path)
def test_address_of_a_page_is_hyphenated_and_not_its_file_name(entry: PageEntry) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", entry.url_path)
    assert entry.url_path != Path(entry.script).stem


def test_addresses_differ() -> None:
    assert len({entry.url_path for entry in PAGES}) == len(PAGES)


def test_pages_folder_holds_the_pages_and_nothing_else(committed: list[Path]) -> None:
    found = {
        path.relative_to(ROOT / "pages").as_posix()
        for path in committed
        if path.is_relative_to(ROOT / "pages")
    }
    assert found == {Path(entry.script).name for entry in PAGES}


def test_documents_name_every_dataset(documents: str) -> None:
    assert [name for name in DATASETS if not re.search(rf"\b{name}\b", documents)] == []


def test_documents_name_every_page(documents: str) -> None:
    names = [entry.url_path or entry.title for entry in PAGES]
    assert [name for name in names if name not in documents] == []


def test_every_dataset_has_a_description() -> None:
    assert [name for name in DATASETS if not (ROOT / "datasets" / name / "dataset.yaml").is_file()] == []


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_foreign_is_committed(committed: list[Path], what: str) -> None:
    found = []
    for path in committed:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if match := FOREIGN[what].search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group()}")
    assert found == []


def test_no_committed_file_is_large(committed: list[Path]) -> None:
    assert [path.name for path in committed if path.stat().st_size > MAX_BYTES] == []


def test_no_restricted_rows_are_committed(committed: list[Path]) -> None:
    """Rows of ACLED and IOM DTM are known by their columns; fixtures that imitate them are synthetic and say so."""
    restricted = re.compile(b"event_id_cnty|numPresentIdpInd")
    found = [
        path.relative_to(ROOT).as_posix()
        for path in committed
        if path.suffix in (".csv", ".json", ".parquet") and restricted.search(path.read_bytes()[:1000])
    ]
    assert [name for name in found if not name.startswith("tests/fixtures/")] == []
