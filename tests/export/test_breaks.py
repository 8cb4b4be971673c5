"""A break of one source is drawn into every figure that is drawn from it, and into no other; curves from ten spells on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from monitor.analysis.model import Choice, Model
from monitor.export import figures
from monitor.export.figures import FIGURES, NothingToDrawError
from monitor.export.kept import Kept
from tests.server import DATASETS

AS_OF = date(2025, 6, 22)
CHOICE = Choice(AS_OF, None, "all_claims", 180)
NEEDED = {"area-strip": {"area": "solino"}, "zone-strips": {"area": "solino"}}


class Changed(Kept):
    """The committed datasets with one frame replaced."""

    def __init__(self, dataset_id: str, rows: pd.DataFrame) -> None:
        super().__init__(root=DATASETS)
        self._changed, self._rows = dataset_id, rows

    def frame(self, dataset_id: str) -> pd.DataFrame:
        return self._rows if dataset_id == self._changed else super().frame(dataset_id)


def dense_incidents(last_weeks: int) -> pd.DataFrame:
    """Synthetic events of one provider, ten a week for sixty weeks, of which the last six keep so many a week."""
    committed = Kept(root=DATASETS).frame("incidents")
    monday = pd.Timestamp(AS_OF) - pd.Timedelta(days=6)
    days = [
        monday - pd.Timedelta(weeks=week) for week in range(60) for _ in range(last_weeks if week < 6 else 10)
    ]
    rows = committed.iloc[np.resize(np.flatnonzero(committed["neighborhood_id"].notna()), len(days))]
    return rows.assign(
        event_id=[f"synthetic-{number}" for number in range(len(days))],
        provider="synthetic",
        event_date=pd.Series(days, index=rows.index).astype("datetime64[us]"),
        date_precision="day",
        count_role="primary",
    ).reset_index(drop=True)


def footers(rows: pd.DataFrame) -> dict[str, tuple[str, bool]]:
    """Footnotes of every figure that can be drawn, and whether it is drawn from incidents."""
    model = Model(Changed("incidents", rows))
    found = {}
    for figure_id in FIGURES:
        try:
            built = figures.build(figure_id, model, CHOICE, NEEDED.get(figure_id))
        except NothingToDrawError:
            continue
        footer = built.figure.layout.meta["stamp"]["footer"]
        found[figure_id] = (footer, "incidents" in built.stamp.datasets)
    return found


def test_removing_four_fifths_of_a_source_marks_all_its_figures_and_no_other() -> None:
    for figure_id, (footer, is_drawn_from_it) in footers(dense_incidents(2)).items():
        assert ("synthetic, 12 May 2025 to 22 Jun 2025: 80" in footer) == is_drawn_from_it, figure_id


def test_a_source_that_keeps_its_rows_marks_nothing() -> None:
    assert [name for name, (footer, _) in footers(dense_incidents(10)).items() if "synthetic" in footer] == []


def test_the_span_is_shaded_and_a_change_of_method_is_dashed() -> None:
    model = Model(Changed("incidents", dense_incidents(2)))
    figure = figures.build("incidents-weekly", model, CHOICE).figure
    shades = [shape for shape in figure.layout.shapes if shape.name == "break" and shape.type == "rect"]
    assert [(shade.x0, shade.x1) for shade in shades] == [
        ("2025-05-12", "2025-06-22")
    ]  # the axis ends with the last day of the last week
    shares = figures.build("share-over-time", model, CHOICE).figure
    dashes = [shape.x0 for shape in shares.layout.shapes if shape.name == "break" and shape.type == "line"]
    assert dashes == ["2023-08-01"]


def test_a_hold_curve_is_drawn_from_ten_spells_on() -> None:
    committed = Kept(root=DATASETS)
    control = committed.frame("territorial_control")
    places = Model(committed).scope()["neighborhood_id"].head(12)
    first = control.iloc[[0]]
    rows = [
        first.assign(
            assertion_id=f"S{number}-{step}",
            neighborhood_id=place,
            status=status,
            verification="corroborated",
            from_earliest=pd.Timestamp(2024, 1, 1) + timedelta(days=10 * number + lag),
            from_latest=pd.Timestamp(2024, 1, 1) + timedelta(days=10 * number + lag),
            recorded_at=pd.Timestamp(2024, 1, 1, tz="UTC"),
        )
        for number, place in enumerate(places)
        for step, (lag, status) in enumerate(
            [
                (0, "gang_control"),
                (20, "state_held"),
                (50 + 5 * number, "gang_control" if number % 3 == 0 else "state_held"),
            ]
        )
    ]
    frame = pd.concat(rows, ignore_index=True).astype(control.dtypes.to_dict())
    model = Model(Changed("territorial_control", frame))
    built = figures.build("hold-spells-curve", model, CHOICE)
    assert built.table["losses"].sum() == 4
    assert "still held after 30 days" in built.stamp.title
    with pytest.raises(NothingToDrawError, match="too few"):
        figures.build("hold-spells-curve", Model(committed), CHOICE)
