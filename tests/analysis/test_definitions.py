"""The published definitions."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from monitor.analysis import definitions
from monitor.analysis.definitions import (
    DEFINITIONS,
    OTHER_DEFINITIONS,
    RULES,
    choose,
    current_ids,
    markdown,
)
from monitor.analysis.status import status_panel
from tests.frames import statement, statements

METHODS = Path(__file__).resolve().parents[2] / "docs" / "methods.md"


def test_the_methods_document_is_what_the_code_says() -> None:
    assert METHODS.read_text(encoding="utf-8") == markdown(), (
        "run: python -m monitor.analysis.definitions > docs/methods.md"
    )


def test_ids_are_unique_and_versioned() -> None:
    ids = [item.definition_id for item in (*DEFINITIONS, *OTHER_DEFINITIONS)]
    assert len(set(ids)) == len(ids)
    assert all(item.rsplit("-", 1)[1].isdigit() for item in ids)


def test_a_link_without_definitions_gets_those_in_force() -> None:
    assert choose(()) == RULES
    assert choose(current_ids()) == RULES


def test_a_definition_not_in_force_still_holds_for_links_that_name_it() -> None:
    rules = choose(("contested-2",))
    assert (rules.contested_window_days, rules.dispute_window_days) == (14, RULES.dispute_window_days)
    rows = statements(
        statement("a", "2024-01-01", "state_held"), statement("a", "2024-01-21", "gang_control")
    )
    for held, contested in (("contested-1", True), ("contested-2", False)):
        panel = status_panel(rows, [date(2024, 1, 21)], rules=choose((held,)))
        assert panel["is_contested"].tolist() == [contested]


def test_an_old_link_keeps_its_constants_after_the_definition_is_edited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = next(item for item in DEFINITIONS if item.family == "contested")
    new = replace(old, definition_id="contested-9", constants={"contested_window_days": 3})
    edited = tuple(new if item is old else item for item in DEFINITIONS)
    monkeypatch.setattr(definitions, "DEFINITIONS", edited)
    monkeypatch.setattr(definitions, "OTHER_DEFINITIONS", (old,))
    monkeypatch.setattr(definitions, "RULES", replace(RULES, contested_window_days=3))
    assert choose(()).contested_window_days == 3
    assert choose((old.definition_id,)) == RULES
    assert "contested-9" in current_ids()


@pytest.mark.parametrize("ids", [("contested-7",), ("share-1",), ("contested-1", "contested-2"), ("",)])
def test_what_is_not_published_or_named_twice_is_an_error(ids: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"is not among|second version"):
        choose(ids)
