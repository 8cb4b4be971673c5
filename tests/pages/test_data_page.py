"""The page Data and the badges of other pages on a store with a past: failed refreshes, restricted rows, versions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.config import get_config_options
from streamlit.testing.v1 import AppTest

from monitor.analysis.model import Choice, Model
from monitor.export import figures
from monitor.export.kept import Kept
from monitor.ui import blocks, data
from tests.fake_services.acled import csv_file, row
from tests.server import DATASETS, ROOT

FAILED = {
    "at": "2026-11-23T12:00:00Z",
    "action": "refresh",
    "as_of": "2026-11-23",
    "dataset": "territorial_control",
    "status": "failed",
    "added": 0,
    "changed": 0,
    "withdrawn": 0,
    "rejected": 0,
    "unresolved_names": ["Nowhere <b>Solino</b>"],
    "version": None,
    "messages": ["synthetic: the <script>alert(1)</script> service **is** down."],
    "gaps": [["2026-11-17", "2026-11-23"]],
}


@pytest.fixture(scope="module")
def store_with_a_past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed data, synthetic ACLED rows, and a refresh that failed."""
    root = tmp_path_factory.mktemp("store") / "datasets"
    shutil.copytree(DATASETS, root, ignore=shutil.ignore_patterns(".store"))
    export = root.parent / "export.csv"
    rows = [row(number) for number in range(12)] + [row(99, event_date="secret-value")]
    export.write_text(csv_file(rows), encoding="utf-8")
    command = [sys.executable, "-m", "loaders", "refresh", "acled_incidents", "--file", str(export)]
    done = subprocess.run(
        [*command, "--root", str(root), "--as-of", "2026-11-23", "--yes"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (root / ".store" / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(FAILED) + "\n")
    return root


@pytest.fixture(autouse=True)
def on_the_store(store_with_a_past: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MONITOR_DATASETS", str(store_with_a_past))
    st.cache_data.clear()
    st.cache_resource.clear()
    data.SHELF.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()
    data.SHELF.clear()


#: Parts of the page that a reader unfolds; nothing in them is computed or sent before.
FOLDED = ("rows left out", "columns of the dataset", "rows of the dataset", "versions of the dataset")


def run(script: str, **link: str) -> AppTest:
    """A page with all its parts unfolded."""
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    for key in FOLDED:
        app.session_state[key] = True
    app.switch_page(f"pages/{script}")
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    """All tables of a page as text."""
    return "\n".join(frame.value.to_csv() for frame in app.dataframe)


def test_a_failed_refresh_is_seen_with_what_is_served_meanwhile() -> None:
    app = run("datasets.py")
    assert "the last refresh of 1 failed" in app.markdown[0].value
    (warning,) = app.warning
    assert "stay in use" in warning.value
    assert "<script>" not in warning.value  # escaped: it stays text
    assert "\\<script\\>" in warning.value
    tables = shown(app)
    assert "last refresh failed" in tables
    assert "2026-11-17 – 2026-11-23" in tables
    assert "Nowhere <b>Solino</b>" in tables  # a table never reads markup


def test_restricted_rows_are_counted_and_not_shown() -> None:
    app = run("datasets.py", dataset="acled_incidents")
    tables = shown(app)
    assert "is not a date" in tables
    assert "secret-value" not in tables
    assert "Synthetic Group" not in tables
    assert "HTI9" not in tables
    assert not app.get("download_button")
    assert any("does not allow its rows" in item.value for item in app.markdown)


def test_versions_and_log_tell_what_was_published() -> None:
    tables = shown(run("datasets.py", dataset="acled_incidents"))
    assert "published" in tables
    assert "ACLED events" in tables


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("control.py", "last refresh failed"),
        ("events.py", "overdue"),
        ("mandate.py", "Mission"),
    ],
)
def test_every_page_says_how_old_its_data_is(script: str, words: str) -> None:
    badges = [item.value for item in run(script).markdown if "-badge[" in item.value]
    assert any(words in text for text in badges)


def test_text_in_a_download_is_never_computed() -> None:
    rows = pd.DataFrame({"value": ["=1+1", "@x", "-2", "'=1", "plain", None], "row": [1, 2, 3, 4, 5, 6]})
    lines = blocks.safe_csv(rows).decode("utf-8-sig").splitlines()
    assert lines[1:6] == ["'=1+1,1", "'@x,2", "'-2,3", "''=1,4", "plain,5"]


def test_providers_stand_side_by_side_and_restricted_rows_stay_away() -> None:
    app = run("events.py", show="providers", as_of="2026-11-20")
    said = " ".join(item.value for item in app.markdown)
    assert "never added" in " ".join(item.value for item in [*app.markdown, *app.caption])
    tables = shown(app)
    assert "Our own compilation" in tables
    assert "ACLED events" in tables
    assert "Synthetic Group" not in tables
    assert "HTI9" not in tables
    assert "have no days in common" in said


def test_a_figure_of_a_provider_names_it_as_its_source(store_with_a_past: Path) -> None:
    model = Model(Kept(root=store_with_a_past))
    choice = Choice(date(2026, 11, 20), None, "all_claims", 180)
    built = figures.build("incidents-weekly", model, choice, {"provider": "acled_incidents"})
    assert built.stamp.sources == (
        "ACLED (Armed Conflict Location & Event Data), www.acleddata.com, accessed 23 Nov 2026"
    )
    both = figures.build("incident-providers", model, choice).stamp
    assert "ACLED (Armed Conflict Location & Event Data)" in both.sources
    assert "Port-au-Prince Conflict Monitor from cited public reports (incidents)" in both.sources
    assert "never added" in both.caveat
    assert both.title.endswith("ACLED events 12")


def test_tables_have_no_download_of_their_own() -> None:
    """It would hand on restricted rows, and formulas as they are; the buttons beside tables do neither."""
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["client"]["disableDataExport"] is True
    assert "client.disableDataExport" in get_config_options()
    rows = next(item for item in run("datasets.py", dataset="milestones").get("download_button"))
    assert rows.proto.label == "Download as CSV"
