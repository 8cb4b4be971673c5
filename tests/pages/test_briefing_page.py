"""The page Briefing takes a saved composition back: figures, order, sentences, title; what is none is refused in words."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.committed import committed_model
from tests.server import ROOT

SAVED = b"""
title: Tuesday
as_of: '2025-06-25'
figures:
- figure: claims-funnel
  sentence: Ours.
- figure: share-over-time
  by: people
"""


def opened(content: bytes) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=240)
    app.run()
    app.switch_page("pages/briefing.py").run()
    app.file_uploader[0].set_value(("saved.yaml", content, "application/yaml")).run()
    assert not app.exception
    return app


def test_a_saved_composition_comes_back_whole() -> None:
    app = opened(SAVED)
    assert app.query_params["figure"] == "claims-funnel~share-over-time"
    assert app.query_params["by"] == "people"
    assert app.query_params["as_of"] == "2025-06-25"
    assert app.text_area[0].value == "Ours."
    assert app.text_input[0].value == "Tuesday"


def test_a_pinned_composition_pins_the_page() -> None:
    snapshot = committed_model().snapshot_id
    app = opened(SAVED + f"snap: '{snapshot}'\n".encode())
    assert app.query_params["snap"] == snapshot


def test_what_is_no_composition_is_refused_and_changes_nothing() -> None:
    app = opened(b"figures: [no-such-figure]")
    assert "no composition" in app.error[0].value
    assert "figure" not in app.query_params
