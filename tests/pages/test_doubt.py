"""Retaken and Evidence on screen: the switch of the Solino case, numbers that open, questions of doubt."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.server import ROOT


def open_page(script: str, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.switch_page(f"pages/{script}")
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.warning
    return app


def said(app: AppTest) -> str:
    return "\n".join(item.value for item in app.markdown).replace("\\", "")


def test_solino_is_claimed_under_all_claims_and_not_retaken_under_corroborated() -> None:
    app = open_page("retaken.py", as_of="2024-10-21", area="solino")
    assert "claimed, 1 neighborhood" in said(app)
    assert "contradicted after 1 day (" in said(app)
    assert "1 of 5 streets lost again" in said(app)
    app.segmented_control(key="evidence control").set_value("corroborated").run()
    assert not app.exception
    assert "by 21 Oct 2024: no. No claim about Solino counts" in said(app)


@pytest.mark.parametrize("show", ["register", "claimants", "spells", "after"])
def test_every_part_of_the_retaken_page_opens_in_both_readings(show: str) -> None:
    app = open_page("retaken.py", show=show, reading="strict")
    assert not app.error


@pytest.mark.parametrize("show", ["headline", "sources", "time", "silence"])
def test_every_question_of_doubt_opens(show: str) -> None:
    app = open_page("evidence.py", show=show, then="2025-06-01", by="people", measure="not_state_held")
    assert not app.error
    assert "At least" in app.markdown[0].value


def test_a_link_opens_a_number_to_its_rows() -> None:
    app = open_page("evidence.py", number="control-or-influence-km2", as_of="2025-06-25")
    captions = [item.value.replace("\\", "") for item in app.caption]
    assert "Share of area: gang control or influence" in captions
    assert any("counts" in frame.value.columns for frame in app.dataframe)
    assert "definitions=contested-1~disputed-1" in app.code[0].value


def test_a_number_that_does_not_exist_is_reported() -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.switch_page("pages/evidence.py")
    app.query_params["number"] = "wealth"
    app.run()
    assert "there is no such number" in app.warning[0].value


def test_a_link_with_another_definition_says_so_in_the_methods() -> None:
    app = open_page("definitions.py", definitions="contested-2")
    note = "computed with contested-2"
    assert note in said(app)
    app.button(key="definitions in force").click().run()
    assert [item.value for item in app.markdown if note in item.value.replace("\\", "")] == []


def test_what_is_folded_is_computed_only_once_it_is_opened() -> None:
    link = {"show": "time", "as_of": "2025-06-25", "then": "2025-03-01"}
    closed = open_page("evidence.py", **link)
    assert "headlines differ" not in "\n".join(item.value for item in closed.caption)
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.session_state["headlines moved"] = True
    app.switch_page("pages/evidence.py")
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert "headlines differ" in "\n".join(item.value for item in app.caption)
    assert any(
        "Known on 1 Mar 2025" in str(frame.value.columns) or "then" in frame.value.columns
        for frame in app.dataframe
    )
    assert any("then" in frame.value.columns for frame in app.dataframe)
