"""Borders, reach, encirclement, distance and incidents near, on hand-made grids."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.analysis.geography import border_shares, distances_m
from monitor.analysis.reach import connected_to, reach, target_areas
from monitor.analysis.surroundings import (
    days_encircled,
    encircled,
    encircled_spells,
    incidents_near,
    surroundings,
)
from tests.analysis.grids import SIDE_M, city, degrees, panel_of_letters, panel_of_rows

GEOGRAPHY, AREAS = city()
DAY = pd.Timestamp("2025-01-01")
LETTERS = st.lists(st.sampled_from("GICS?."), min_size=9, max_size=9)


def targets(*areas: str, day: pd.Timestamp = DAY) -> pd.DataFrame:
    return pd.DataFrame({"date": [day] * len(areas), "neighborhood_id": list(areas)})


def share(*picture: str, at: str = "r0c0") -> tuple[float, float]:
    table, _ = reach(panel_of_rows(*picture), GEOGRAPHY, AREAS, targets(at))
    return table[["low", "high"]].iloc[0].round(4).tolist()


def test_cells_border_their_four_neighbours_and_nobody_at_a_corner() -> None:
    assert len(GEOGRAPHY.left) == 12
    assert GEOGRAPHY.shared_m == pytest.approx(np.full(12, SIDE_M), rel=0.01)
    assert GEOGRAPHY.perimeter_m == pytest.approx(np.full(9, 4 * SIDE_M), rel=0.001)


def test_everyone_gets_there_through_a_city_without_gangs() -> None:
    assert share("SSS", "SSS", "SSS") == [1.0, 1.0]


def test_a_wall_of_gang_held_areas_cuts_the_far_side_off() -> None:
    assert share("SSS", "GGG", "SSS") == [0.3333, 0.3333]
    assert share("SSS", "IGI", "SSS") == [0.3333, 0.3333]


def test_a_gap_in_the_wall_lets_people_through_and_corners_do_not() -> None:
    assert share("SSS", "GSG", "SSS") == [0.7778, 0.7778]
    assert share("SSG", "SGS", "GSS") == [0.0, 0.0]  # the start of r0c0 itself is gang-held
    assert share("SSG", "SGS", "GSS", at="r2c0") == [0.3333, 0.3333]


def test_contested_and_unknown_areas_make_the_difference_between_the_bounds() -> None:
    assert share("SSS", "GCG", "SSS") == [0.3333, 0.7778]
    assert share("SSS", "G?G", "SSS") == [0.3333, 0.7778]
    assert share("SSS", "G.G", "SSS") == [0.3333, 0.7778]


def test_a_target_in_a_gang_held_area_is_out_of_reach() -> None:
    assert share("SSS", "SSS", "GSS") == [0.0, 0.0]


def test_without_a_functioning_site_nobody_gets_there_and_the_table_says_so() -> None:
    table, by_area = reach(panel_of_rows("SSS", "SSS", "SSS"), GEOGRAPHY, AREAS, targets())
    assert table[["low", "high", "no_target"]].iloc[0].tolist() == [0.0, 0.0, True]
    assert set(by_area["reach"]) == {"no"}


def test_words_by_area_tell_cut_off_from_not_reached() -> None:
    _, by_area = reach(panel_of_rows("SSS", "GCG", "SSS"), GEOGRAPHY, AREAS, targets("r0c0"))
    words = by_area.set_index("neighborhood_id")["reach"]
    assert words[["r0c1", "r1c0", "r1c1", "r2c1"]].tolist() == ["yes", "cut_off", "perhaps", "perhaps"]


def test_an_area_that_borders_no_other_is_set_apart() -> None:
    geography, areas = city(1, 3)
    alone = pd.DataFrame(
        {"neighborhood_id": ["r0c0", "r0c1", "r0c2"], "date": DAY, "status": ["state_held"] * 3}
    )
    first_two = geography.right < 2
    cut = replace(
        geography,
        left=geography.left[first_two],
        right=geography.right[first_two],
        shared_m=geography.shared_m[first_two],
    )
    table, by_area = reach(alone, cut, areas, targets("r0c0"))
    assert table["high"].iloc[0] == pytest.approx(2 / 3)
    assert table["apart"].iloc[0] == pytest.approx(1 / 3)
    assert by_area.set_index("neighborhood_id")["reach"]["r0c2"] == "apart"


@given(LETTERS, st.sampled_from(AREAS["neighborhood_id"].tolist()))
def test_reach_is_what_walking_cell_by_cell_finds(letters: list[str], at: str) -> None:
    panel = panel_of_letters(letters, 3)
    table, _ = reach(panel, GEOGRAPHY, AREAS, targets(at))
    status = panel.set_index("neighborhood_id")["status"]

    def walked(blocked: set[str]) -> float:
        if status[at] in blocked:
            return 0.0
        found, new = {at}, [at]
        while new:
            row, column = int(new[0][1]), int(new[0][3])
            new = new[1:]
            for r, c in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                name = f"r{r}c{c}"
                if name in status and name not in found and status[name] not in blocked:
                    found.add(name)
                    new.append(name)
        return len(found) / 9

    gang = {"gang_control", "gang_influence"}
    assert table["high"].iloc[0] == pytest.approx(walked(gang))
    assert table["middle"].iloc[0] == pytest.approx(walked(gang | {"contested"}))
    assert table["low"].iloc[0] == pytest.approx(walked(gang | {"contested", "unknown", "no_data"}))


@given(LETTERS, LETTERS)
def test_dates_do_not_leak_into_one_another(first: list[str], second: list[str]) -> None:
    one, other = panel_of_letters(first, 3), panel_of_letters(second, 3, day="2025-01-08")
    both = pd.concat([other, one])
    at = pd.concat([targets("r0c0"), targets("r0c0", day=pd.Timestamp("2025-01-08"))])
    together, _ = reach(both, GEOGRAPHY, AREAS, at)
    alone = pd.concat([reach(panel, GEOGRAPHY, AREAS, at)[0] for panel in (one, other)])
    pd.testing.assert_frame_equal(together, alone.reset_index(drop=True))


@given(st.lists(st.booleans(), min_size=9, max_size=9), st.integers(0, 8), st.integers(0, 8))
def test_opening_an_area_never_takes_anyone_off(passable: list[bool], opened: int, at: int) -> None:
    before = np.array([passable])
    after = before.copy()
    after[0, opened] = True
    target = np.eye(9, dtype=bool)[at]
    assert not (connected_to(GEOGRAPHY, before, target) & ~connected_to(GEOGRAPHY, after, target)).any()


def test_targets_are_the_areas_of_sites_that_serve() -> None:
    panel = pd.DataFrame({"site_id": ["a", "b", "c"], "date": DAY, "status": ["open", "closed", "reduced"]})
    sites = pd.DataFrame({"site_id": list("abc"), "neighborhood_id": ["r0c0", "r1c1", "r0c0"]})
    assert target_areas(panel, sites)["neighborhood_id"].tolist() == ["r0c0"]


CENTRE = pd.DataFrame(
    {
        "site_id": ["s"],
        "neighborhood_id": ["r1c1"],
        "lon": [degrees(1500, 1500)[0]],
        "lat": [degrees(1500, 1500)[1]],
    }
)


def around(*picture: str) -> pd.Series:
    return surroundings(panel_of_rows(*picture), GEOGRAPHY, CENTRE).iloc[0]


def test_encirclement_is_the_share_of_the_outline_that_is_gang_held() -> None:
    assert around("SGS", "SSG", "SSS")["encircled"] == pytest.approx(0.5, abs=0.01)
    assert around("SGS", "GSG", "SGS")["encircled"] == pytest.approx(1.0, abs=0.01)
    assert around("GSG", "SSS", "GSG")["encircled"] == pytest.approx(0.0, abs=0.01)


def test_a_retaken_neighborhood_is_encircled_while_it_holds_and_nothing_is_said_once_lost() -> None:
    weeks = pd.concat(
        [
            panel_of_rows("GGG", "GSG", "GGG", day="2025-01-05"),  # before the retake: does not count
            panel_of_rows("SGS", "SSG", "SSS", day="2025-01-12"),
            panel_of_rows("SSS", "SSG", "SSS", day="2025-01-19"),
            panel_of_rows("GGG", "GSG", "GGG", day="2025-01-26"),  # after the date shown
        ]
    )
    now = panel_of_rows("SGS", "CSG", "SGS", day="2025-01-22")
    spells = pd.DataFrame(
        {
            "neighborhood_id": ["r1c1", "r1c1", "elsewhere", "r1c1"],
            "start": pd.to_datetime(["2025-01-08", "2025-01-08", "2025-01-08", "2025-01-21"]),
            "lost": [False, True, False, False],
        }
    )
    found = encircled_spells(spells, encircled(weeks, GEOGRAPHY), now, GEOGRAPHY)
    assert found.loc[0, "encircled"] == pytest.approx(0.75, abs=0.01)
    assert found.loc[0, "encircled_high"] == pytest.approx(1.0, abs=0.01)
    assert found["encircled_weeks"].tolist() == pytest.approx([0.5, np.nan, np.nan, np.nan], nan_ok=True)
    assert found["encircled"].isna().tolist() == [False, True, True, False]


def test_unknown_and_contested_neighbours_widen_the_upper_bound_only() -> None:
    row = around("S?S", "CSG", "SSS")
    assert row["encircled"] == pytest.approx(0.25, abs=0.01)
    assert row["encircled_high"] == pytest.approx(0.75, abs=0.01)


def test_distance_is_to_the_nearest_gang_held_area_and_zero_inside_one() -> None:
    row = around("SSS", "SSG", "SSG")
    assert row["gang_distance_m"] == pytest.approx(500, abs=3)
    assert row["nearest_gang_area"] == "r1c2"
    assert around("SSS", "SGS", "SSS")["gang_distance_m"] == 0
    nobody = around("SSS", "SCS", "SSS")
    assert np.isnan(nobody["gang_distance_m"])
    assert nobody["nearest_gang_area"] is None
    assert nobody["area_status"] == "contested"


def test_a_site_outside_all_areas_has_a_distance_but_no_encirclement() -> None:
    far = CENTRE.assign(neighborhood_id="elsewhere")
    row = surroundings(panel_of_rows("GSS", "SSS", "SSS"), GEOGRAPHY, far).iloc[0]
    assert row["area_status"] == "no_data"
    assert np.isnan(row["encircled"])
    assert row["gang_distance_m"] == pytest.approx(np.hypot(500, 500), abs=3)


@given(LETTERS)
def test_encirclement_lies_between_its_bounds_and_distance_agrees_with_every_cell(letters: list[str]) -> None:
    panel = panel_of_letters(letters, 3)
    row = surroundings(panel, GEOGRAPHY, CENTRE).iloc[0]
    assert 0 <= row["encircled"] <= row["encircled_high"] <= 1
    gang = panel[panel["status"].isin(["gang_control", "gang_influence"])]["neighborhood_id"]
    metres = distances_m(GEOGRAPHY, CENTRE["lon"], CENTRE["lat"])[0][GEOGRAPHY.positions(gang)]
    if len(metres):
        assert row["gang_distance_m"] == pytest.approx(metres.min())
    else:
        assert np.isnan(row["gang_distance_m"])


def test_days_encircled_count_dates_at_or_over_the_threshold() -> None:
    both = pd.concat(
        [panel_of_rows("SGS", "GSG", "SGS"), panel_of_rows("SGS", "SSS", "SSS", day="2025-01-08")]
    )
    table = surroundings(both, GEOGRAPHY, CENTRE)
    assert days_encircled(table, threshold=0.5)["s"] == 0.5


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=9, max_size=9))
def test_border_shares_add_up_over_a_set_and_its_complement(held: list[bool]) -> None:
    grid = np.array([held])
    total = border_shares(GEOGRAPHY, grid) + border_shares(GEOGRAPHY, ~grid)
    all_borders = border_shares(GEOGRAPHY, np.ones((1, 9), dtype=bool))
    # Borders are measured with a tolerance of metres: a share may be a little over its cell's outline, and is cut at 1.
    np.testing.assert_allclose(total, all_borders, atol=0.02)


#: Cells of one kilometre: the first holds the four neighbours, the second the corners, too.
RADII = (1.2, 2.0, 5.0)


def events(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["event_date", "neighborhood_id", "location_precision"])
    return frame.assign(event_date=pd.to_datetime(frame["event_date"]).astype("datetime64[us]"))


def near(rows: pd.DataFrame, *days: date, window: int = 28) -> dict[tuple[pd.Timestamp, float], int]:
    table = incidents_near(rows, AREAS, CENTRE, days, window_days=window, radii_km=RADII)
    return table.set_index(["date", "radius_km"])["events"].to_dict()


def test_incidents_within_a_distance_stand_at_the_point_of_their_neighborhood() -> None:
    rows = events(
        ("2025-01-05", "r1c1", "neighborhood"),
        ("2025-01-05", "r1c2", "neighborhood"),
        ("2025-01-05", "r2c2", "neighborhood"),
    )
    counts = near(rows, date(2025, 1, 10))
    assert [counts[pd.Timestamp("2025-01-10"), km] for km in RADII] == [2, 3, 3]


def test_commune_level_events_are_never_within_a_distance() -> None:
    rows = events(("2025-01-05", "r1c1", "commune"), ("2025-01-05", "r1c1", "neighborhood"))
    assert near(rows, date(2025, 1, 10))[pd.Timestamp("2025-01-10"), 5.0] == 1


def test_the_window_ends_on_the_date_and_has_its_length() -> None:
    rows = events(("2025-01-10", "r1c1", "neighborhood"))
    days = [date(2025, 1, 9), date(2025, 1, 10), date(2025, 1, 16), date(2025, 1, 17)]
    counts = near(rows, *days, window=7)
    assert [counts[pd.Timestamp(day), 1.2] for day in days] == [0, 1, 1, 0]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(AREAS["neighborhood_id"].tolist())), max_size=12),
    st.integers(1, 20),
)
def test_counts_near_agree_with_counting_one_by_one(found: list[tuple[int, str]], window: int) -> None:
    start = pd.Timestamp("2025-01-01")
    rows = events(*((str((start + pd.Timedelta(days=d)).date()), a, "neighborhood") for d, a in found))
    days = [date(2025, 1, 1), date(2025, 1, 15), date(2025, 2, 5)]
    counts = near(rows, *days, window=window)
    for day in days:
        last = pd.Timestamp(day)
        inside = rows["event_date"].between(last - pd.Timedelta(days=window - 1), last)
        for km, cells in (
            (1.2, {"r1c1", "r0c1", "r2c1", "r1c0", "r1c2"}),
            (5.0, set(AREAS["neighborhood_id"])),
        ):
            assert counts[last, km] == int((inside & rows["neighborhood_id"].isin(cells)).sum())
