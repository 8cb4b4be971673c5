"""Stamp, key and looks of figures."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest

from loaders.contracts import Status
from monitor.charts.base_map import METRO_VIEW, SMALL_METRO_VIEW, View
from monitor.charts.captions import held_change, map_title, others_differ, situation
from monitor.charts.drawing import Drawing
from monitor.charts.map_looks import HATCH_LOOKS, STATUS_LOOKS, area_classes
from monitor.charts.maps import incidents_note
from monitor.charts.series import share_chart, share_label_heights, share_label_texts, value_labels
from monitor.charts.style import (
    FIT_WIDTHS,
    STATUS_COLOURS,
    STATUS_INKS,
    Key,
    Stamp,
    count_ticks,
    stamped,
    title_texts,
    wrapped,
)

STAMP = Stamp(
    title="Six of 140 neighborhoods are under gang control and nobody has reported on most others for half a year",
    sources="a compilation of cited public reports, CC BY 4.0",
    snapshot_id="abc123",
    caveat="Areas are approximate",
    as_of=date(2026, 2, 1),
    known_on=date(2026, 1, 15),
    evidence="corroborated",
)


def plain(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text.replace("<br>", " "))


@pytest.mark.parametrize("number", range(len(FIT_WIDTHS)))
def test_the_whole_stamp_is_in_the_picture_at_every_width(number: int) -> None:
    figure = stamped(Drawing(), STAMP, height=400)
    values = figure.layout.meta["fit"][number]["set"]
    title, footer = plain(values["title.text"]), plain(values["annotations[0].text"])
    assert STAMP.title in title
    for part in ("As of 1 Feb 2026", "as known on 15 Jan 2026", "corroborated"):
        assert part in title
    for part in ("Areas are approximate", "CC BY 4.0", "Snapshot abc123"):
        assert part in footer


def test_lines_fit_their_width_and_the_plot_keeps_at_least_its_height() -> None:
    figure = stamped(Drawing(), STAMP, height=400)
    plots, heights = [], []
    for width, fit in zip(FIT_WIDTHS, figure.layout.meta["fit"], strict=True):
        values = fit["set"]
        longest = max(len(line) for line in values["annotations[0].text"].split("<br>"))
        assert longest * 11 * 0.5 <= width
        plots.append(values["height"] - values["margin.t"] - values["margin.b"])
        heights.append(values["height"])
    assert plots == sorted(plots)
    assert min(heights) == 400, "A wide page leaves no gap under the figure."


def test_a_number_stays_with_its_sign_and_a_french_mark_with_its_word() -> None:
    text = "À la fin\u00a0: 87\u00a0% de tous ceux qui vivent dans les quartiers"
    lines = [line for width in range(200, 500, 10) for line in wrapped(text, width, 17)]
    assert not any(line.startswith((":", "%")) or line.endswith("87") for line in lines)
    assert wrapped("", 400, 12) == []


def test_a_last_line_is_no_single_short_word() -> None:
    text = "15 of 140 neighborhoods changed status; most from unknown to contested: 4"
    lines = [wrapped(text, width, 17) for width in range(250, 700, 5)]
    assert all(len(found[-1]) > 6 for found in lines if len(found) > 1)
    assert all(" ".join(found) == text for found in lines)


def test_crowded_marks_are_labelled_once_and_the_first_has_precedence() -> None:
    days = pd.Series(pd.to_datetime(["2025-12-31", "2025-12-30", "2025-06-01", "2025-01-01"]))
    labels = value_labels(days, pd.Series([100.0, 99.0, 99.0, 10.0]), ["a", "b", "c", "d"], top=100)
    assert labels["text"] == ["a", "c", "d"]
    under = value_labels(days, pd.Series([97.0, 100.0, 50.0, 10.0]), ["a", "b", "c", "d"], top=100)
    assert under["text"] == ["b", "c", "d"], "A label never lies on another mark."


def test_small_counts_have_whole_numbers_on_their_axis() -> None:
    assert count_ticks(3)["dtick"] == 1
    assert "dtick" not in count_ticks(300)


def test_a_figure_keeps_its_own_annotations_under_the_stamp() -> None:
    drawing = Drawing()
    drawing.add_annotation(text="label", x=1, y=2, name="own")
    figure = stamped(drawing, STAMP, height=300)
    assert [annotation.name for annotation in figure.layout.annotations] == ["stamp", "own"]
    assert figure.layout.annotations[1].text == "label"


def test_the_key_is_part_of_the_title_and_its_texts_are_those_of_the_figure() -> None:
    key = [Key("■", "#b2182b", "Gang control"), Key("▲", "#000000", "claimed retaken")]
    figure = stamped(Drawing(), STAMP, height=300, key=key)
    texts = title_texts(STAMP, key)
    assert [fit["set"]["title.text"] for fit in figure.layout.meta["fit"]] == texts
    assert all("Gang control" in text and "claimed retaken" in text for text in texts)


def area(status: str, **more: object) -> dict:
    return {
        "status": status,
        "last_status": status,
        "age_days": 10.0,
        "is_stale": False,
        "is_contested": False,
    } | more


def looks(*areas: dict) -> list:
    return [STATUS_LOOKS[code] for code in area_classes(pd.DataFrame(areas))]


def test_statuses_have_their_colours_and_fade_with_age() -> None:
    young, old = looks(area("gang_control"), area("gang_control", age_days=170.0))
    assert young.fill == old.fill == STATUS_COLOURS[Status.GANG_CONTROL]
    assert young.opacity > old.opacity


def test_a_stale_area_is_grey_with_the_outline_of_its_last_status() -> None:
    (stale,) = looks(area("unknown", last_status="state_held", is_stale=True, age_days=400.0))
    assert (stale.fill, stale.line) == (STATUS_COLOURS[Status.UNKNOWN], STATUS_COLOURS[Status.STATE_HELD])


def test_no_data_is_not_filled_and_unlike_zero_or_state_held() -> None:
    none, held = looks(area("no_data", age_days=None), area("state_held"))
    assert (none.opacity, none.width) == (0.0, 0.0)
    assert held.opacity > 0


@pytest.mark.parametrize("status", [str(s) for s in Status if s not in (Status.NO_DATA,)])
def test_contested_areas_are_hatched_whatever_their_status(status: str) -> None:
    codes = area_classes(pd.DataFrame([area(status), area(status, is_contested=True)]))
    plain, contested = (HATCH_LOOKS[code] for code in codes)
    assert contested.opacity > 0
    assert contested != plain
    assert codes.max() < 256


def test_maps_begin_at_a_zoom_at_which_hatching_is_drawn() -> None:
    assert min(METRO_VIEW.zoom, SMALL_METRO_VIEW.zoom) >= 10


def test_text_colours_have_a_contrast_of_4_5_on_white() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    for colour in STATUS_INKS.values():
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour


def test_sentences_carry_their_uncertainty() -> None:
    panel = pd.DataFrame(
        [area("gang_control"), area("contested"), area("unknown", is_stale=True), area("no_data")]
    )
    sentence = situation(panel, 180)
    assert "at least 1 of 4" in sentence
    assert "who holds 2 others is unknown, for want of a report in 180 days" in sentence
    counts = pd.Series({str(s): 0 for s in Status}) + panel["status"].value_counts()
    assert map_title(counts.fillna(0)) == "1 of 4 neighborhoods under gang control, 1 contested, 2 unknown"


def test_areas_whose_reports_grew_stale_are_not_told_as_lost() -> None:
    def moves(**counts: float) -> pd.Series:
        row = pd.Series({"gained": 0.0, "lost": 0.0, "appeared": 0.0, "lapsed": 0.0} | counts)
        return pd.concat([row, pd.Series({"net": row["gained"] - row["lost"]})])

    day = date(2025, 1, 1)
    assert held_change(moves(), day) == "no change since 1 Jan 2025"
    assert (
        held_change(moves(lost=3, lapsed=15, appeared=4), day)
        == "−14 since 1 Jan 2025: 3 lost, 15 grew stale, 4 newly reported"
    )
    assert held_change(moves(gained=2, lapsed=2), day) == "±0 since 1 Jan 2025: 2 gained, 2 grew stale"


def test_why_published_estimates_differ_is_said_with_the_numbers_of_the_page() -> None:
    panel = pd.DataFrame([area("gang_control"), area("state_held"), area("unknown"), area("no_data")])
    assert others_differ(panel, pd.DataFrame({"value": []}), 180) is None
    text = others_differ(panel, pd.DataFrame({"value": [85.0, 90.0, 80.0]}), 90)
    assert text is not None
    for part in ("25\u00a0%", "80–90\u00a0%", "90 days", "2 of 4 have none", "75\u00a0%"):
        assert part in text


def test_the_share_chart_draws_every_status_that_occurs_and_its_cursor() -> None:
    days = pd.to_datetime(["2025-01-05", "2025-01-12"])
    table = pd.DataFrame(
        [
            {
                "date": day,
                "denominator": "km2",
                "status": str(s),
                "value": share,
                "total": 1.0,
                "share": share,
            }
            for day in days
            for s in Status
            for share in [{"gang_control": 0.4, "no_data": 0.6}.get(str(s), 0.0)]
        ]
    )
    figure = share_chart(table, STAMP, denominator="km2", cursor=days[0])
    assert [trace.meta for trace in figure.data] == ["gang_control", "no_data"]
    assert [shape.name for shape in figure.layout.shapes] == ["cursor"]


def test_labels_of_shares_keep_their_order_and_distance_and_stay_in_the_chart() -> None:
    rows = pd.DataFrame(
        [
            {"date": pd.Timestamp(day), "status": str(status), "share": share}
            for day, shares in (
                ("2025-01-05", (0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 0.0, 0.99)),
                ("2025-01-12", (0.125,) * 8),
            )
            for status, share in zip(Status, shares, strict=True)
        ]
    )
    heights = pd.DataFrame(share_label_heights(rows, gap=5.0))
    assert (heights.diff(axis=1).iloc[:, 1:] >= 5.0 - 1e-9).all(axis=None)
    assert heights.min(axis=None) >= 0
    assert heights.max(axis=None) <= 100
    assert heights.iloc[1].tolist() == [6.25 + 12.5 * place for place in range(8)]
    assert share_label_texts(rows)["contested"] == ["Contested 1\u00a0%", "Contested 12\u00a0%"]


@pytest.mark.parametrize(
    "text",
    ["18.5,-72.3", "18.5,-72.3,11,2", "north,west,11", "48.1,11.5,11", "18.5,-72.3,99", "nan,-72.3,11"],
)
def test_a_link_shows_haiti_or_nothing(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        View.parse(text)


def test_a_view_of_a_link() -> None:
    assert View.parse("18.54,-72.33,12.5") == View(18.54, -72.33, 12.5)


def test_events_known_to_commune_only_are_counted_in_the_legend() -> None:
    placed, coarse = incidents_note(3, {"Carrefour": 0, "Delmas": 5})
    assert "<b>3</b>" in placed
    assert coarse.endswith("Delmas 5")
    assert "Carrefour" not in coarse
