"""Series over the dates of the time bar: weeks are computed once, another date apart, and put in its place."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from monitor.ui import data, views
from monitor.ui.data import Choice
from monitor.ui.figure import Timeline


def _series(choice, days, factor):
    return np.array([[factor * day.toordinal()] for day in days]), [day.isoformat() for day in days]


def test_dates_between_weeks_are_put_in_their_place():
    model = data.model()
    for as_of in (
        model.default_date(),
        model.default_date() - timedelta(days=3),
        model.last_date() + timedelta(days=40),
    ):
        days = model.time_bar_days(as_of)
        timeline = Timeline("t", [day.isoformat() for day in days])
        choice = Choice(as_of, None, "all_claims", 120)
        numbers, texts = views._by_date(_series, choice, timeline, 2)
        assert texts == list(timeline.dates)
        assert numbers[:, 0].tolist() == [2 * day.toordinal() for day in days]
