"""The published definitions."""

from pathlib import Path

from monitor.analysis.definitions import DEFINITIONS, markdown

METHODS = Path(__file__).resolve().parents[2] / "docs" / "methods.md"


def test_the_methods_document_is_what_the_code_says() -> None:
    assert METHODS.read_text(encoding="utf-8") == markdown(), (
        "run: python -m monitor.analysis.definitions > docs/methods.md"
    )


def test_ids_are_unique_and_versioned() -> None:
    ids = [item.definition_id for item in DEFINITIONS]
    assert len(set(ids)) == len(ids)
    assert all(item.rsplit("-", 1)[1].isdigit() for item in ids)
