"""Memberships of coalitions, and statements about the mission."""

from __future__ import annotations

import csv
import io

import pandas as pd

from loaders import actor_memberships, statements_scorecard
from loaders.checks import Context
from loaders.contracts import CONTRACTS, enforce

WORDS = b"word,actor_id\nRed,red\nBlue,blue\nAll,all\nSouth,south\n"


def csv_bytes(columns: tuple[str, ...], *rows: dict[str, str]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def actor(actor_id: str, coalition: str = "", since: str = "", basis: str = "inferred") -> dict[str, str]:
    return {
        "actor_id": actor_id,
        "name": actor_id,
        "coalition": coalition,
        "coalition_since": since,
        "coalition_basis": basis,
        "source_publisher": "A newspaper",
        "source_date": "2024-01-01",
        "source_checked": "page",
    }


def memberships(*rows: dict[str, str]) -> pd.DataFrame:
    context = Context(files={"actor_words.csv": WORDS})
    frame = actor_memberships.parse(csv_bytes(actor_memberships.COLUMNS, *rows), context)
    valid, rejected = enforce(frame, CONTRACTS["actor_memberships"])
    assert rejected.empty
    return valid.set_index("membership_id")


ALL = (actor("red", "All", "2023-09-01"), actor("all"))


def test_an_earlier_coalition_is_left_the_day_before_it_joined_the_later_one() -> None:
    table = memberships(*ALL, actor("south", "Red then All", "2020-06-01"))
    first, second = table.loc["south.1"], table.loc["south.2"]
    assert (first["parent_id"], str(first["valid_from"].date()), str(first["valid_to"].date())) == (
        "red",
        "2020-06-01",
        "2023-08-31",
    )
    assert (second["parent_id"], str(second["valid_from"].date())) == ("all", "2023-09-01")
    assert pd.isna(second["valid_to"])


def test_a_date_that_belongs_to_the_later_coalition_does_not_date_the_earlier_one() -> None:
    table = memberships(*ALL, actor("south", "Red then All", "2023-09-01"))
    assert pd.isna(table.loc["south.1", "valid_from"])
    assert str(table.loc["south.2", "valid_from"].date()) == "2023-09-01"


def test_an_ally_is_told_from_a_member() -> None:
    table = memberships(
        *ALL, actor("south", "Red ally then All", "2023-09-01"), actor("west", "allied to Red")
    )
    assert table["relation"].to_dict() == {
        "red.1": "member",
        "south.1": "ally",
        "south.2": "member",
        "west.1": "ally",
    }


def test_memberships_of_unknown_actors_and_of_oneself_are_rejected() -> None:
    frame = memberships(
        *ALL, actor("south", "Red", "2020-06-01"), actor("blue", "Blue", "2020-06-01")
    ).reset_index()
    known = pd.DataFrame({"actor_id": ["red", "all", "blue"]})
    findings = actor_memberships.check(frame, Context(frames={"actors": known}))
    assert sorted(findings.rejected["reason"]) == ["is not a known actor", "is the actor itself"]


STATEMENT = {
    "statement_id": "S1",
    "statement": "It was reopened.",
    "topic": "sites",
    "said_by": "someone",
    "rule": "reopened_site",
    "subject": "hospital",
    "source_publisher": "A newspaper",
    "source_url": "https://example.org",
    "source_checked": "page",
}


def checked(**changes: str) -> tuple[pd.DataFrame, list[str], list[str]]:
    source = csv_bytes(statements_scorecard.COLUMNS, STATEMENT | changes)
    valid, broken = enforce(statements_scorecard.parse(source, Context()), CONTRACTS["statements_scorecard"])
    frames = {
        "key_sites": pd.DataFrame({"site_id": ["hospital"]}),
        "milestones": pd.DataFrame({"milestone_id": ["M1"]}),
    }
    findings = statements_scorecard.check(valid, Context(frames=frames))
    return valid, [*broken["reason"], *findings.rejected["reason"]], findings.warnings


def test_a_statement_with_a_known_subject_and_a_page_passes() -> None:
    assert checked()[1:] == ([], [])


def test_a_statement_without_a_page_must_say_recall_and_is_counted() -> None:
    _, rejected, _ = checked(source_url="")
    assert rejected == ["is 'page' but no page is named"]
    _, rejected, warnings = checked(source_url="", source_checked="recall")
    assert rejected == []
    assert warnings == [
        "1 of 1 statements are from recall: they are widely made, no page was compiled for them."
    ]


def test_unknown_subjects_and_rules_are_rejected() -> None:
    assert checked(subject="elsewhere")[1] == ["is not a site_id of key_sites"]
    assert checked(rule="happened", subject="M9")[1] == ["is not a milestone_id of milestones"]
    assert "is not one of" in checked(rule="guess")[1][0]
