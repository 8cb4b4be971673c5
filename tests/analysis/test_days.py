"""Tables of many days are put together from those of the time bar: they must be what they are when computed at once."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from monitor.analysis import shares, status
from monitor.analysis.model import Choice
from tests.committed import committed_model

CHOICE = Choice(date(2026, 2, 1), None, "all_claims", 120)


@pytest.mark.parametrize("offset", [0, 3, -400])
def test_shares_of_the_time_bar_are_those_computed_at_once(offset):
    model = committed_model()
    as_of = model.last_date() + timedelta(days=offset)
    days = model.time_bar_days(as_of)
    found = model.share_table(CHOICE, *days)
    panel = status.panel_of(model.history(CHOICE), days, model.scope()["neighborhood_id"])
    expected = shares.shares(panel, model.scope())
    pd.testing.assert_frame_equal(found, expected)


def test_shares_up_to_a_date_leave_out_the_weeks_after_it():
    model = committed_model()
    as_of = model.default_date() - timedelta(days=200)
    days = model.weeks(as_of)
    found = model.share_table(CHOICE, *days)
    assert found["date"].max() == pd.Timestamp(as_of)
    assert found["date"].nunique() == len(days)


def test_time_bar_always_has_its_grid_and_the_chosen_date():
    model = committed_model()
    for as_of in (model.first_date(), model.default_date(), model.last_date() + timedelta(days=90)):
        days = model.time_bar_days(as_of)
        assert set(model.grid_days()) <= set(days)
        assert as_of in days
        assert list(days) == sorted(set(days))


def test_clashes_are_the_same_with_texts_as_categories():
    model = committed_model()
    incidents, actors = model.frame("incidents"), model.frame("actors")
    texts = [name for name in incidents if incidents[name].dtype == "str"]
    plain = status.state_clashes(incidents, actors)
    compact = status.state_clashes(incidents.astype(dict.fromkeys(texts, "category")), actors)
    assert len(plain)
    pd.testing.assert_frame_equal(
        plain.astype({"neighborhood_id": "str"}), compact.astype({"neighborhood_id": "str"})
    )
    for clashes in (compact, plain.astype({"neighborhood_id": "str"})):
        pd.testing.assert_frame_equal(
            status.status_history(model.assertions(), clashes=clashes),
            status.status_history(model.assertions(), clashes=plain),
        )
