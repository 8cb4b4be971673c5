"""As known on a day: no figure and no headline rests on anything that was recorded later."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from monitor.analysis.lineage import HEADLINES
from monitor.analysis.model import Choice, Model
from monitor.charts.shared import encode
from monitor.export import figures
from monitor.export.figures import NothingToDrawError
from monitor.export.kept import Kept
from tests.committed import DRAWN, committed_model
from tests.export.test_figures import NEEDED
from tests.server import DATASETS

#: A day in the middle of the Solino claims, and one long before the date shown.
DAYS = {"solino": (date(2024, 10, 25), date(2024, 10, 20)), "long ago": (date(2025, 6, 25), date(2025, 1, 1))}


class AsRecorded(Kept):
    """The committed datasets as they would lie here had nobody recorded or published anything after a day."""

    def __init__(self, day: date) -> None:
        super().__init__(root=DATASETS)
        self._day = pd.Timestamp(day)

    def frame(self, dataset_id: str) -> pd.DataFrame:
        rows = super().frame(dataset_id)
        if "recorded_at" in rows:
            end = self._day.tz_localize("UTC") + pd.Timedelta(days=1)
            rows = rows[rows["recorded_at"] < end]
            for ended in {"withdrawn_at", "superseded_at"} & set(rows.columns):
                rows = rows.assign(**{ended: rows[ended].where(rows[ended] < end)})
        if dataset_id in ("mission", "indicators"):
            rows = rows[rows["published_date"] <= self._day]
        return rows.reset_index(drop=True)

    def columns(self, dataset_id: str, *names: str) -> pd.DataFrame:
        return self.frame(dataset_id)[list(names)]


@pytest.fixture(scope="module", params=DAYS.values(), ids=DAYS.keys())
def then(request: pytest.FixtureRequest) -> tuple[Model, Model, Choice]:
    as_of, known_on = request.param
    return committed_model(), Model(AsRecorded(known_on)), Choice(as_of, known_on, "all_claims", 180)


def drawn(model: Model, figure_id: str, choice: Choice) -> tuple[object, ...]:
    """What a figure says and shows, without its stamp's snapshot; the time bar has Sundays up to the last statement that is here."""
    try:
        built = figures.build(figure_id, model, choice, NEEDED.get(figure_id))
    except NothingToDrawError as why:
        return (str(why),)
    table = built.table.reset_index(drop=True)
    if figure_id == "share-over-time":
        common = (table["date"] <= pd.Timestamp(choice.as_of)) & (table["date"].dt.day_of_week == 6)
        return built.stamp.title, table[common].to_csv(index=False)
    return built.stamp.title, table.astype("str").to_csv(), encode(built.figure.to_plotly_json()["data"])


@pytest.mark.parametrize("figure_id", DRAWN)
def test_no_figure_knows_what_was_recorded_later(then: tuple[Model, Model, Choice], figure_id: str) -> None:
    now, before, choice = then
    assert drawn(now, figure_id, choice) == drawn(before, figure_id, choice)


@pytest.mark.parametrize("headline_id", HEADLINES)
def test_no_headline_knows_what_was_recorded_later(
    then: tuple[Model, Model, Choice], headline_id: str
) -> None:
    now, before, choice = then
    value = HEADLINES[headline_id].value
    assert value(now, choice) == pytest.approx(value(before, choice), nan_ok=True)
