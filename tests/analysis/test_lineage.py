"""Every headline's rows, as they are downloaded, give its number; then and now of every headline."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitor.analysis import doubt, lineage, retaken, status
from monitor.analysis.definitions import DEFINITIONS
from monitor.analysis.lineage import HEADLINES
from monitor.analysis.model import Choice, Model
from tests.committed import committed_model

CHOICES = [
    Choice(date(2026, 1, 31), None, "all_claims", 180),
    Choice(date(2024, 10, 21), date(2025, 3, 1), "corroborated", 90, ("contested-2",)),
    Choice(date(2020, 8, 27), date(2020, 8, 27), "all_claims", 180),
]


@pytest.fixture(scope="module")
def model() -> Model:
    return committed_model()


@pytest.mark.parametrize("choice", CHOICES, ids=["usual", "a past day", "nothing known"])
def test_the_rows_of_every_headline_give_its_number(model: Model, choice: Choice) -> None:
    known = {item.definition_id for item in DEFINITIONS}
    for headline_id, headline in HEADLINES.items():
        opened = lineage.trace(headline_id, model, choice)
        assert set(headline.definitions) <= known, headline_id
        if np.isnan(opened.value):
            continue
        downloaded = pd.read_csv(io.StringIO(opened.rows.to_csv(index=False)))
        if downloaded.empty:
            assert opened.value == 0, headline_id
            continue
        assert lineage.recompute(headline, downloaded) == pytest.approx(opened.value), headline_id


def test_headlines_say_something_on_the_usual_date(model: Model) -> None:
    values = {name: lineage.trace(name, model, CHOICES[0]).value for name in HEADLINES}
    assert [name for name, value in values.items() if np.isnan(value)] == []
    assert len(values) >= 30


def test_what_moved_since_the_day_before_the_police_union_spoke(model: Model) -> None:
    now = Choice(date(2024, 10, 21), None, "all_claims", 180)
    then = replace(now, known_on=date(2024, 10, 20))
    table = lineage.moved(model, then, now).set_index("headline_id")
    assert table.loc["claims-lost", "now"] > table.loc["claims-lost", "then"]
    assert lineage.moved(model, now, now).empty
    learned = doubt.revised(model, now, date(2024, 10, 20))
    union = learned[
        (learned["neighborhood_id"] == "solino") & (learned["date"] == pd.Timestamp("2024-10-17"))
    ]
    assert union["kind"].tolist() == ["learned"]
    assert union["days_late"].tolist() == [11]


def test_solino_is_retaken_under_all_claims_and_not_under_corroborated(model: Model) -> None:
    for evidence, expected in (("all_claims", 1), ("corroborated", 0)):
        table = retaken.register(model, Choice(date(2024, 10, 21), None, evidence, 180))
        solino = table[table["neighborhood_id"] == "solino"]
        assert len(solino) == expected
    row = retaken.register(model, CHOICES[0])
    row = row[(row["neighborhood_id"] == "solino") & (row["claim_date"] == pd.Timestamp("2024-10-20"))].iloc[
        0
    ]
    assert (row["days_to_contradiction"], row["sub_zones"], row["level"]) == (1, 5, "claimed")


def test_the_curve_stays_when_only_the_date_moves(model: Model) -> None:
    late = [Choice(day, None, "all_claims", 180) for day in (date(2026, 7, 1), date(2026, 11, 23))]
    first, second = (retaken.whole_spells(model, choice) for choice in late)
    pd.testing.assert_frame_equal(first, second)
    assert retaken.held(model, late[0]).summary == retaken.held(model, late[1]).summary


class _Changed:
    """The committed datasets with other rows in some of them, and nothing kept of what was derived from all."""

    def __init__(self, inner: Model, frames: dict[str, pd.DataFrame]) -> None:
        self._inner, self._frames = inner.source, frames
        self._results: dict[tuple, Any] = {}

    def frame(self, dataset_id: str) -> pd.DataFrame:
        return self._frames.get(dataset_id, self._inner.frame(dataset_id))

    def columns(self, dataset_id: str, *names: str) -> pd.DataFrame:
        return self.frame(dataset_id)[list(names)]

    def kept(self, name: str, datasets: object, arguments: object, compute: Callable[[], Any]) -> Any:
        key = (name, datasets, arguments)
        if key not in self._results:
            self._results[key] = compute()
        return self._results[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_an_earlier_view_counts_the_versions_of_events_that_held_then(model: Model) -> None:
    """A version that was replaced or withdrawn later is part of what was known before, one recorded later is not."""
    rows = model.frame("incidents")
    change = pd.Timestamp("2026-11-25T15:00:00Z")
    at = rows[
        rows["event_date"].between("2025-10-01", "2025-12-31") & (rows["count_role"] == "primary")
    ].index
    replaced, withdrawn = at[0], at[1]
    old = rows.copy()
    old.loc[[replaced, withdrawn], "superseded_at"] = change
    new = rows.loc[[replaced]].assign(
        fatalities=99.0, event_date=pd.Timestamp("2019-01-01"), recorded_at=change
    )
    changed = Model(_Changed(model, {"incidents": pd.concat([old, new], ignore_index=True)}))
    now = CHOICES[0]
    then = replace(now, known_on=date(2026, 11, 24))
    values = {}
    for name, source, choice in (("before", model, then), ("then", changed, then), ("now", changed, now)):
        opened = lineage.trace("incidents-year", source, choice)
        assert lineage.recompute(opened.headline, opened.rows) == opened.value
        values[name] = (opened.value, set(opened.rows["event_id"]))
    assert values["then"] == values["before"]
    gone = {rows.at[replaced, "event_id"], rows.at[withdrawn, "event_id"]}
    assert values["before"][1] - values["now"][1] == gone
    assert values["now"][0] == values["before"][0] - 2


def cut_at(model: Model, day: date) -> Model:
    """The committed datasets without anything recorded, or published, after a day."""
    end, frames = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1), {}
    for name in ("territorial_control", "retaken_areas", "incidents", "site_status", "site_restrictions"):
        rows = model.frame(name)
        frames[name] = rows[rows["recorded_at"] < end]
    for name in ("mission", "indicators"):
        rows = model.frame(name)
        frames[name] = rows[rows["published_date"] <= pd.Timestamp(day)]
    return Model(_Changed(model, frames))


@pytest.mark.parametrize(
    ("day", "evidence"), [(date(2024, 10, 19), "all_claims"), (date(2025, 8, 26), "corroborated")]
)
def test_what_came_later_changes_no_headline_as_known_on_a_day(
    model: Model, day: date, evidence: str
) -> None:
    choice = Choice(day, day, evidence, 180)
    cut = cut_at(model, day)
    for name, headline in HEADLINES.items():
        then, alone = headline.value(model, choice), headline.value(cut, choice)
        assert then == pytest.approx(alone, nan_ok=True), name
    for table in (retaken.zone_history, retaken.spells, retaken.register, retaken.aftermath):
        pd.testing.assert_frame_equal(table(model, choice), table(cut, choice), check_dtype=False)


def test_a_clash_contests_an_earlier_view_only_if_it_was_known_then(model: Model) -> None:
    rows, actors = model.frame("incidents"), model.frame("actors")
    everything = status.state_clashes(rows, actors)
    late = pd.Timestamp("2026-11-25T15:00:00Z")
    day = date(2026, 11, 24)
    assert len(status.state_clashes(rows.assign(recorded_at=late), actors, day)) == 0
    pd.testing.assert_frame_equal(
        status.state_clashes(rows.assign(superseded_at=late), actors, day), everything
    )
    assert len(everything)
