"""Figures of the mission: what had been published by a date; bases are never summed (mission-1, inputs-outcomes-1)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS
from monitor.analysis.definitions import CONFLICT_DAYS

#: Bases under which nobody has sent or paid anything yet.
PROMISES = ("pledged", "offered", "committed")


def up_to(rows: pd.DataFrame, as_of: date, *, column: str = "as_of") -> pd.DataFrame:
    """Rows whose figure holds for a day up to a date."""
    return rows[rows[column] <= pd.Timestamp(as_of)]


def published(rows: pd.DataFrame, as_of: date, known_on: date | None) -> pd.DataFrame:
    """Figures that hold for a day up to a date, published by the end of the known-on day."""
    rows = up_to(rows, as_of)
    return rows if known_on is None else up_to(rows, known_on, column="published_date")


def published_indicators(rows: pd.DataFrame, as_of: date, known_on: date | None) -> pd.DataFrame:
    """Indicators whose period had ended by a date, published by the end of the known-on day."""
    rows = rows[rows["period_end"].fillna(rows["period_start"]) <= pd.Timestamp(as_of)]
    return rows if known_on is None else up_to(rows, known_on, column="published_date")


def capital_shares(indicators: pd.DataFrame, as_of: date, known_on: date | None) -> pd.DataFrame:
    """Estimates that others published of the gangs' share of the capital, for the year up to a date."""
    rows = published_indicators(indicators, as_of, known_on)
    year = pd.Timestamp(as_of) - pd.Timedelta(days=365)
    return rows[(rows["indicator"] == "capital_share_gangs") & (rows["period_start"] >= year)]


def is_total(rows: pd.DataFrame) -> pd.Series:
    """Whether a figure counts the whole mission and not one country: its entity is written as a total."""
    return rows["entity"].str.endswith(" total")


def latest(rows: pd.DataFrame, **equal: str) -> pd.Series | None:
    """Latest figure among the rows with the given values; None if there is none."""
    for column, value in equal.items():
        rows = rows[rows[column] == value]
    rows = rows[rows["value"].notna()]
    return None if rows.empty else rows.sort_values(["as_of", "published_date", "figure_id"]).iloc[-1]


def deployed_totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures of all deployed personnel, and the authorised strength that held on their day, with the ratio.

    Returns
    -------
    DataFrame
        One row per published figure: ``as_of, entity, value, figure_id, authorised, authorised_id, ratio``; ``ratio`` =
        deployed / authorised on that date, NaN before any strength was authorised.
    """
    # Of rival figures of one day the one published last is the latest, as in `latest`.
    order = ["as_of", "published_date", "figure_id"]
    known = rows[rows["value"].notna()].sort_values(order)
    totals = known[(known["basis"] == "deployed") & is_total(known)]
    authorised = known[known["basis"] == "authorised"]
    names = {"value": "authorised", "figure_id": "authorised_id"}
    joined = pd.merge_asof(
        totals[["as_of", "entity", "value", "figure_id"]],
        authorised[["as_of", "value", "figure_id"]].rename(columns=names),
        on="as_of",
    )
    return joined.assign(ratio=joined["value"] / joined["authorised"])


def by_country(rows: pd.DataFrame) -> pd.DataFrame:
    """Latest figure of each country and basis, with the range of the rival figures around its day.

    Returns
    -------
    DataFrame
        ``entity, basis, value, low, high, figures, as_of, source_publisher, source_url, source_checked``: the latest
        published figure that is no arriving batch and no total, and least, greatest and number of the figures of the
        same entity and basis in the ``CONFLICT_DAYS`` days up to it. Never summed: countries are reported on different
        days.
    """
    usable = rows[
        (rows["topic"] == "personnel")
        & rows["basis"].isin(["deployed", "authorised", *PROMISES])
        & rows["value"].notna()
        & ~rows["is_batch"].astype("bool")
        & ~is_total(rows)
    ].sort_values(["as_of", "published_date", "figure_id"])
    if usable.empty:
        return usable.assign(low=np.nan, high=np.nan, figures=0)
    keys = ["entity", "basis"]
    last = usable.groupby(keys)["as_of"].transform("max")
    near = usable[usable["as_of"] >= last - pd.Timedelta(days=CONFLICT_DAYS)]
    spread = near.groupby(keys)["value"].agg(low="min", high="max", figures="size").reset_index()
    columns = [*keys, "value", "unit", "as_of", "note", "source_publisher", "source_url", "source_checked"]
    return usable.groupby(keys).tail(1)[columns].merge(spread, on=keys).sort_values(keys, ignore_index=True)


def conflicts(rows: pd.DataFrame) -> pd.DataFrame:
    """Figures of one basis, entity and unit that differ though their days lie within ``CONFLICT_DAYS`` of each other.

    Returns
    -------
    DataFrame
        The figures concerned with ``conflict`` (number of the group), sorted by group and day. All stand side by side:
        none is chosen and none is added.
    """
    usable = rows[rows["value"].notna() & ~rows["is_batch"].astype("bool")]
    keys = ["topic", "basis", "entity", "unit"]
    usable = usable.sort_values([*keys, "as_of", "figure_id"])
    gap = usable.groupby(keys)["as_of"].diff()
    begins = gap.isna() | (gap > pd.Timedelta(days=CONFLICT_DAYS))
    group = begins.cumsum()
    rivals = usable.groupby(group)["value"].transform("nunique") > 1
    found = usable[rivals].assign(conflict=group[rivals])
    return found.assign(conflict=pd.factorize(found["conflict"])[0] + 1).reset_index(drop=True)


def step(figures: pd.DataFrame, dates: pd.DatetimeIndex, *, lag_days: int = 0) -> pd.Series:
    """Latest published figure before each date, moved later by a lag; NaN before the first.

    Parameters
    ----------
    figures
        ``as_of, value``.
    lag_days
        A figure of day d is read from day d + lag on.
    """
    rows = figures[figures["value"].notna()].sort_values("as_of")
    days = (rows["as_of"] + pd.Timedelta(days=lag_days)).to_numpy("datetime64[us]")
    position = np.searchsorted(days, dates.to_numpy().astype("datetime64[us]"), side="right") - 1
    values = np.append(rows["value"].to_numpy("float64"), np.nan)
    return pd.Series(values[position], index=dates)


def held_by_sides(panel: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Areas that gangs and the state hold on every date of a panel, and the people in gang-held ones.

    Parameters
    ----------
    panel
        ``date, status, neighborhood_id``.
    people
        Population by ``neighborhood_id``.

    Returns
    -------
    DataFrame
        ``date, gang_areas, gang_people, state_areas``.
    """
    side = panel["status"].map(SIDE_OF_STATUS)
    rows = pd.DataFrame({"date": panel["date"], "gang_areas": side == "gang", "state_areas": side == "state"})
    rows["gang_people"] = panel["neighborhood_id"].map(people).fillna(0.0).where(rows["gang_areas"], 0.0)
    return rows.groupby("date")[["gang_areas", "gang_people", "state_areas"]].sum().reset_index()


def inputs_beside_outcomes(
    deployed: pd.DataFrame, outcomes: pd.DataFrame, *, lag_days: int = 0
) -> pd.DataFrame:
    """Personnel beside the areas under gang control or influence, date by date (definition inputs-outcomes-1).

    Parameters
    ----------
    deployed
        ``as_of, value`` of all deployed personnel.
    outcomes
        As :func:`held_by_sides` returns it.
    lag_days
        Personnel is read that many days earlier than the outcome.

    Returns
    -------
    DataFrame
        ``date, personnel, gang_areas, gang_people, state_areas, per_10000``: personnel per 10,000 people in gang-held
        areas, NaN where nobody lives in one or no figure was published. An association at most, never an effect.
    """
    personnel = step(deployed, pd.DatetimeIndex(outcomes["date"]), lag_days=lag_days).to_numpy()
    lived_in = outcomes["gang_people"] > 0
    table = outcomes.assign(
        personnel=personnel, per_10000=(10_000 * personnel / outcomes["gang_people"]).where(lived_in)
    )
    return table[["date", "personnel", "gang_areas", "gang_people", "state_areas", "per_10000"]]


def cost_per_held_week(
    received_millions: float, spells: pd.DataFrame, *, since: date, until: date
) -> tuple[float, float]:
    """Money received per neighborhood-week held after a retake, and the weeks it is divided by.

    Parameters
    ----------
    received_millions
        Latest published figure of money received, millions.
    spells
        ``start, end`` of hold spells.
    since, until
        Period in which weeks count.

    Returns
    -------
    millions_per_week, weeks
        The first is NaN where no week was held.
    """
    first, last = pd.Timestamp(since), pd.Timestamp(until)
    days = (spells["end"].clip(upper=last) - spells["start"].clip(lower=first)).dt.days.clip(lower=0).sum()
    weeks = float(days) / 7
    return (received_millions / weeks if weeks > 0 else np.nan), weeks
