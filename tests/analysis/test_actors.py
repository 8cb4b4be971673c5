"""Coalitions by date, and who holds what."""

from __future__ import annotations

from datetime import date

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.actors import (
    areas_by_holder,
    areas_of_actor,
    areas_of_coalition,
    coalition_on,
    holders,
    members_on,
    membership_epochs,
    memberships_on,
    named_actors,
)

BEFORE, AFTER = pd.Timestamp("2023-06-01"), pd.Timestamp("2024-06-01")


def ties(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["actor_id", "parent_id", "relation", "valid_from", "valid_to"])
    for column in ("valid_from", "valid_to"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
    return frame


#: Two federations that merge on 1 September 2023; one gang never leaves the first in writing; one is only an ally.
TIES = ties(
    ("south", "red", "member", "2020-06-01", "2023-08-31"),
    ("south", "all", "member", "2023-09-01", None),
    ("north", "blue", "member", None, "2023-08-31"),
    ("north", "all", "member", "2023-09-01", None),
    ("east", "red", "member", "2020-06-01", None),
    ("red", "all", "member", "2023-09-01", None),
    ("blue", "all", "member", "2023-09-01", None),
    ("west", "all", "ally", None, None),
)
ACTORS = pd.DataFrame(
    {
        "actor_id": ["south", "north", "east", "west", "red", "blue", "all", "police"],
        "side": ["gang"] * 7 + ["state"],
    }
)
AREAS = pd.DataFrame(
    {
        "neighborhood_id": list("abcd"),
        "area_km2": [1.0, 2.0, 3.0, 4.0],
        "population": [10.0, 20.0, 30.0, 40.0],
    }
)


def said(**actors: str | None) -> pd.Series:
    sets = pd.Series(list(actors.values()), dtype="str")
    return named_actors(pd.DataFrame({"assertion_id": list(actors), "actor_ids": sets}))


def panel(day: pd.Timestamp, **status: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "neighborhood_id": list(status),
            "date": day,
            "status": list(status.values()),
            "assertion_id": [f"s{area}" for area in status],
        }
    )


def test_coalitions_hold_from_their_first_to_their_last_day() -> None:
    assert coalition_on(TIES, date(2023, 8, 31))["south"] == "red"
    assert coalition_on(TIES, date(2023, 9, 1))["south"] == "all"
    assert coalition_on(TIES, date(2019, 1, 1)) == {"north": "blue"}


def test_a_member_of_a_member_stands_for_the_uppermost_coalition() -> None:
    assert coalition_on(TIES, date(2023, 8, 31))["east"] == "red"
    assert coalition_on(TIES, date(2024, 1, 1))["east"] == "all"
    assert members_on(TIES, "all", date(2024, 1, 1)) == {"all", "red", "blue", "south", "north", "east"}
    assert members_on(TIES, "all", date(2022, 1, 1)) == {"all"}


def test_an_ally_is_no_member() -> None:
    assert "west" not in coalition_on(TIES, date(2024, 1, 1))
    assert "west" in memberships_on(TIES, date(2024, 1, 1), allies=True)["actor_id"].tolist()


def test_a_loop_in_the_memberships_ends() -> None:
    loop = ties(("a", "b", "member", None, None), ("b", "a", "member", None, None))
    assert set(coalition_on(loop, date(2024, 1, 1))) == {"a", "b"}


def held(day: pd.Timestamp, statements: pd.Series, **status: str) -> pd.Series:
    return holders(panel(day, **status), statements, ACTORS, TIES).set_index("neighborhood_id")["holder"]


def test_each_area_counts_once_for_the_coalition_of_that_date() -> None:
    statements = said(sa="south", sb="north|east", sc="police|north", sd=None)
    status = {"a": "gang_control", "b": "gang_influence", "c": "gang_control", "d": "gang_control"}
    assert held(BEFORE, statements, **status).to_dict() == {
        "a": "red",
        "b": "several",
        "c": "blue",
        "d": "not_named",
    }
    assert held(AFTER, statements, **status).to_dict() == {
        "a": "all",
        "b": "all",
        "c": "all",
        "d": "not_named",
    }


def test_only_the_side_that_holds_is_named_and_contested_areas_are_nobodys() -> None:
    statements = said(sa="south|police", sb="south|police", sc="south")
    found = held(AFTER, statements, a="state_held", b="contested", c="unknown")
    assert found.to_dict() == {"a": "police"}


def test_areas_people_and_shares_by_holder() -> None:
    statements = said(sa="south", sb="north", sc="police")
    rows = pd.concat(
        [
            holders(panel(day, a="gang_control", b="gang_control", c="state_held"), statements, ACTORS, TIES)
            for day in (BEFORE, AFTER)
        ]
    )
    table = areas_by_holder(rows, AREAS, pd.DatetimeIndex([BEFORE, AFTER])).set_index(["holder", "date"])
    assert table.loc[("red", BEFORE), ["neighborhoods", "km2", "people"]].tolist() == [1, 1, 10]
    assert table.loc[("red", AFTER), "neighborhoods"] == 0
    assert table.loc[("all", AFTER), ["neighborhoods", "km2", "people"]].tolist() == [2, 3, 30]
    assert table.loc[("all", AFTER), "people_share"] == 0.3


@given(
    st.lists(
        st.sampled_from(["gang_control", "gang_influence", "state_held", "contested", "unknown"]),
        min_size=4,
        max_size=4,
    ),
    st.lists(st.sampled_from(["south", "north|east", "police", "west|south", None]), min_size=4, max_size=4),
    st.sampled_from([BEFORE, AFTER]),
)
def test_areas_by_holder_add_up_to_the_areas_held(
    status: list[str], named: list[str | None], day: pd.Timestamp
) -> None:
    statements = said(**dict(zip(["sa", "sb", "sc", "sd"], named, strict=True)))
    rows = holders(panel(day, **dict(zip("abcd", status, strict=True))), statements, ACTORS, TIES)
    table = areas_by_holder(rows, AREAS, pd.DatetimeIndex([day]))
    assert table["neighborhoods"].sum() == sum(s not in ("contested", "unknown") for s in status)


def test_the_areas_of_an_actor_say_whether_it_holds_or_contests_them() -> None:
    statements = said(sa="south", sb="south|police", sc="south|police", sd="north")
    rows = panel(AFTER, a="gang_control", b="contested", c="state_held", d="gang_control")
    south = areas_of_actor(rows, statements, {"south"}, "gang").set_index("neighborhood_id")["role"]
    assert south.to_dict() == {"a": "holds", "b": "contests"}
    police = areas_of_actor(rows, statements, {"police"}, "state").set_index("neighborhood_id")["role"]
    assert police.to_dict() == {"b": "contests", "c": "holds"}


def test_the_areas_of_a_coalition_are_those_of_its_members_on_each_date() -> None:
    statements = said(sa="south", sb="north")
    rows = pd.concat([panel(day, a="gang_control", b="gang_control") for day in (BEFORE, AFTER)])
    merged = areas_of_coalition(rows, statements, TIES, "all", "gang")
    assert merged.groupby("date")["neighborhood_id"].agg("".join).to_dict() == {AFTER: "ab"}
    red = areas_of_coalition(rows, statements, TIES, "red", "gang")
    assert red.groupby("date")["neighborhood_id"].agg("".join).to_dict() == {BEFORE: "a"}
    assert areas_of_coalition(rows.iloc[:0], statements, TIES, "red", "gang").empty


def test_nobody_changes_coalition_between_two_epochs() -> None:
    epochs = membership_epochs(TIES)
    assert [str(day.date()) for day in epochs] == ["2020-06-01", "2023-09-01"]
