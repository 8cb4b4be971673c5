"""What changed between two dates and from week to week."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from loaders.contracts import Status
from monitor.analysis.compare import changes, gains_and_losses, kind_of_change, transition_matrix
from monitor.analysis.shares import DENOMINATORS, shares

AREAS = pd.DataFrame(
    {
        "neighborhood_id": list("abcd"),
        "area_km2": [1.0, 2.0, 4.0, 8.0],
        "population": [100.0, 0.0, 300.0, 600.0],
    }
)
GANG = ["gang_control", "gang_influence"]
statuses = st.lists(st.sampled_from([str(status) for status in Status]), min_size=4, max_size=4)


def panel(*rows: list[str]) -> pd.DataFrame:
    days = pd.date_range("2025-01-05", periods=len(rows), freq="W-SUN")
    return pd.DataFrame(
        [
            {"date": day, "neighborhood_id": area, "status": status}
            for day, row in zip(days, rows, strict=True)
            for area, status in zip("abcd", row, strict=True)
        ]
    )


def test_kinds_tell_what_happened_from_what_became_known() -> None:
    cases = [
        ("contested", "gang_control", "gained"),
        ("state_held", "gang_influence", "gained"),
        ("gang_control", "contested", "lost"),
        ("gang_influence", "third_party", "lost"),
        ("gang_influence", "gang_control", "other"),
        ("contested", "state_held", "other"),
        ("unknown", "gang_control", "appeared"),
        ("no_data", "state_held", "appeared"),
        ("gang_control", "unknown", "lapsed"),
        ("no_data", "unknown", ""),
        ("contested", "contested", ""),
    ]
    before, after, kinds = (pd.Series(column) for column in zip(*cases, strict=True))
    assert kind_of_change(before, after).tolist() == kinds.tolist()


def test_changes_lists_changed_areas_only() -> None:
    rows = panel(
        ["contested", "state_held", "unknown", "gang_control"],
        ["gang_control", "state_held", "no_data", "unknown"],
    )
    one, other = (group for _day, group in rows.groupby("date"))
    found = changes(one, other)
    assert found[["neighborhood_id", "status_before", "status", "kind"]].to_numpy().tolist() == [
        ["a", "contested", "gang_control", "gained"],
        ["d", "gang_control", "unknown", "lapsed"],
    ]


@given(statuses, statuses)
def test_rows_of_the_matrix_sum_to_the_first_date_and_columns_to_the_second(
    first: list[str], second: list[str]
) -> None:
    rows = panel(first, second)
    one, other = (group for _day, group in rows.groupby("date"))
    matrix = transition_matrix(one, other, AREAS)
    for side, held in (("status_before", one), ("status_after", other)):
        expected = shares(held, AREAS).pivot(index="status", columns="denominator", values="value")
        found = matrix.groupby(side)[list(DENOMINATORS)].sum()
        pd.testing.assert_frame_equal(found, expected[list(DENOMINATORS)].loc[found.index], check_names=False)


@given(st.lists(statuses, min_size=2, max_size=5))
def test_gains_losses_and_what_became_known_add_up(rows: list[list[str]]) -> None:
    table = gains_and_losses(panel(*rows), AREAS)
    weights = {"neighborhoods": [1, 1, 1, 1], "km2": [1, 2, 4, 8], "people": [100, 0, 300, 600]}
    for denominator, weight in weights.items():
        held = [sum(w for w, status in zip(weight, row, strict=True) if status in GANG) for row in rows]
        mine = table[table["denominator"] == denominator]
        steps = mine["net"] + mine["appeared"] - mine["lapsed"]
        assert steps.tolist() == [later - earlier for earlier, later in pairwise(held)]
        assert (mine["net"] == mine["gained"] - mine["lost"]).all()
