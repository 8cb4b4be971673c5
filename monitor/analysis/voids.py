"""Where nobody reports: weeks without a statement, against the people living there (definition void-1)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from monitor.analysis.definitions import VOID_CLASS_WEEKS

#: Classes of silence, from recent to never.
VOID_CLASSES = ("recent", "quarter", "half_year", "year", "longer", "never")


def silence(assertions: pd.DataFrame, areas: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Weeks since the last statement about each neighborhood.

    Parameters
    ----------
    assertions
        Statements known and admissible under the reader's choice.
    areas
        ``neighborhood_id, name, commune, area_km2, population`` of the areas in scope.

    Returns
    -------
    DataFrame
        The areas with ``last_report`` (end of the window of the latest statement, not after ``as_of``), ``weeks``
        (whole weeks since; NaN where there never was one) and ``silence`` (a class of ``VOID_CLASSES``); in the
        areas' order.
    """
    day = pd.Timestamp(as_of)
    rows = assertions[assertions["from_earliest"] <= day]
    last = rows["from_latest"].clip(upper=day).groupby(rows["neighborhood_id"]).max()
    # Reindexed to plain dates: an empty group has none of its own.
    report = pd.to_datetime(last.reindex(areas["neighborhood_id"]).to_numpy())
    weeks = np.floor((day - report).days.to_numpy(dtype="float64") / 7)
    place = np.searchsorted(np.asarray(VOID_CLASS_WEEKS, dtype="float64"), np.nan_to_num(weeks), side="right")
    names = np.asarray(VOID_CLASSES)[np.where(np.isnan(weeks), len(VOID_CLASSES) - 1, place)]
    return areas.assign(last_report=report, weeks=weeks, silence=names).reset_index(drop=True)


def people_in_silence(silent: pd.DataFrame) -> pd.DataFrame:
    """Neighborhoods, km² and people per class of silence: ``silence, neighborhoods, km2, people``, all classes."""
    sums = (
        silent.assign(neighborhoods=1).groupby("silence")[["neighborhoods", "area_km2", "population"]].sum()
    )
    sums = sums.reindex(list(VOID_CLASSES), fill_value=0).astype("float64").rename_axis("silence")
    return sums.rename(columns={"area_km2": "km2", "population": "people"}).reset_index()
