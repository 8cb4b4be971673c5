"""Key sites: states over time, and how many function (definitions site-1, functioning-1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS
from monitor.analysis.definitions import REDUCED_SERVICE_WEIGHT, STALE_AFTER_DAYS
from monitor.analysis.status import DAY, known, rows_on

#: States in which a site serves, at least in part.
FUNCTIONING = ("open", "reduced")


def site_history(
    site_status: pd.DataFrame, *, known_on: date | None = None, stale_after_days: int = STALE_AFTER_DAYS
) -> pd.DataFrame:
    """Intervals of state per site.

    Returns
    -------
    DataFrame
        One row per interval ``[valid_from, valid_to)`` (NaT for the last): ``site_id, valid_from, valid_to, status,
        last_status, status_id, held_by, is_stale, is_disputed``. Two sources with different states on one day make
        the interval disputed; the worse state counts. After the staleness limit the state is unknown, unless a later
        source says that it lasted since before (``stated_since``): that is known from that source's recording on.
    """
    rows = known(site_status, known_on)
    rows = rows[rows["status"].notna()].copy()
    rows["severity"] = rows["status"].map(
        {"open": 0, "reduced": 1, "unknown": 2, "closed": 3, "destroyed": 4}
    )
    # An event and the state that follows it are two rows of one day, in the compiler's order: the state is what counts.
    rows["by_event"] = rows["event"].notna()
    rows = rows.sort_values(
        ["site_id", "status_date", "by_event", "severity", "status_id"],
        ascending=[True, True, False, True, True],
    )
    same_day = rows.groupby(["site_id", "status_date"])
    direct = rows[~rows["by_event"]].groupby(["site_id", "status_date"])["status"].nunique()
    last = same_day.tail(1).copy()
    keys = pd.MultiIndex.from_frame(last[["site_id", "status_date"]])
    last["is_disputed"] = direct.reindex(keys).fillna(1).to_numpy() > 1
    last["valid_from"] = last["status_date"]
    last["valid_to"] = last.groupby("site_id")["valid_from"].shift(-1)
    last["last_status"] = last["status"]
    limit = last["valid_from"] + (stale_after_days + 1) * DAY
    lapses = last["valid_to"].isna() | (last["valid_to"] > limit)
    stale = last[lapses].assign(status="unknown", valid_from=limit[lapses], is_stale=True, is_disputed=False)
    fresh = last.assign(valid_to=last["valid_to"].where(~lapses, limit), is_stale=False)
    columns = [
        "site_id",
        "valid_from",
        "valid_to",
        "status",
        "last_status",
        "status_id",
        "held_by",
        "is_stale",
        "is_disputed",
    ]
    history = pd.concat([fresh[columns], stale[columns]], ignore_index=True)
    history = history.sort_values(["site_id", "valid_from"], ignore_index=True)
    return _filled_by_later_statements(history, rows)


def _filled_by_later_statements(history: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Give stale intervals their state where a later source says that it lasted since before them."""
    for row in rows[rows["stated_since"].notna()].itertuples():
        inside = (
            (history["site_id"] == row.site_id)
            & history["is_stale"]
            & (history["last_status"] == row.status)
            & (history["valid_from"] >= row.stated_since)
            & (history["valid_to"] <= row.status_date)
        )
        history.loc[inside, "status"] = row.status
        history.loc[inside, "status_id"] = row.status_id
        history.loc[inside, "is_stale"] = False
    return history


def site_panel(history: pd.DataFrame, dates: Iterable[date], sites: Iterable[str]) -> pd.DataFrame:
    """State of every site on every date.

    Returns
    -------
    DataFrame
        ``site_id, date, status, last_status, verified_on, is_stale, is_disputed, status_id``; ``status`` is
        ``no_data`` before the first report.
    """
    names = pd.Index(sorted(set(sites)), dtype="str")
    days = pd.DatetimeIndex(pd.to_datetime(list(dates))).as_unit("us").sort_values()
    rows = history.sort_values(["site_id", "valid_from"], kind="stable", ignore_index=True)
    place = rows_on(rows["site_id"], rows["valid_from"], names, days)
    columns = ["status", "last_status", "valid_from", "is_stale", "is_disputed", "held_by", "status_id"]
    # The place -1 is no row: what is there is missing.
    panel = rows[columns].reindex(place).reset_index(drop=True).rename(columns={"valid_from": "since"})
    panel["status"] = panel["status"].astype("object").where(panel["status"].notna(), "no_data").astype("str")
    panel["is_stale"] = panel["is_stale"].eq(True)
    panel["is_disputed"] = panel["is_disputed"].eq(True)
    panel.insert(0, "site_id", np.repeat(names, len(days)))
    panel.insert(1, "date", np.tile(days, len(names)))
    return panel


def functioning(panel: pd.DataFrame) -> pd.DataFrame:
    """Share of sites that function, per date.

    Returns
    -------
    DataFrame
        ``date, functioning`` (count), ``known`` (sites with a state that is not stale), ``listed`` and ``share``
        (functioning / known, NaN where none is known).
    """
    flags = panel.assign(
        functioning=panel["status"].isin(FUNCTIONING),
        known=~panel["status"].isin(["unknown", "no_data"]),
        listed=True,
    )
    table = flags.groupby("date")[["functioning", "known", "listed"]].sum().reset_index()
    return table.assign(share=(table["functioning"] / table["known"]).where(table["known"] > 0))


def service_days(
    history: pd.DataFrame,
    sites: Iterable[str],
    edges: Iterable[date],
    *,
    reduced_weight: float = REDUCED_SERVICE_WEIGHT,
) -> pd.DataFrame:
    """Days of service lost per site and period (definition service-days-1).

    Parameters
    ----------
    history
        As ``site_history`` returns it.
    sites
        Sites to report; one without any report has only unknown days.
    edges
        First days of the periods and, last, the day after the last period; increasing.
    reduced_weight
        Share of a day that a site in reduced service counts as lost.

    Returns
    -------
    DataFrame
        One row per site and period: ``site_id, start, end`` (the day after), ``days_open, days_reduced, days_closed``
        (closed or destroyed), ``days_unknown`` (no report within the limit, or none yet), ``lost`` (closed days and the
        weighted reduced days) and ``lost_high`` (the same if all unknown days were lost, too). All in days; the four
        kinds of days add up to the period.

    Raises
    ------
    ValueError
        Fewer than two edges, edges not increasing, or a weight outside 0 to 1.
    """
    days = pd.DatetimeIndex(pd.to_datetime(list(edges))).as_unit("us")
    if len(days) < 2 or not (days[1:] > days[:-1]).all():
        raise ValueError("service_days needs two or more increasing edges")
    if not 0 <= reduced_weight <= 1:
        raise ValueError(f"reduced_weight must lie between 0 and 1, not {reduced_weight}")
    names = pd.Index(sorted(set(sites)), dtype="str")
    rows = history[history["site_id"].isin(names)]
    first = rows["valid_from"].to_numpy("datetime64[D]").astype("int64")
    last = rows["valid_to"].fillna(days[-1]).to_numpy("datetime64[D]").astype("int64")
    bounds = days.to_numpy().astype("datetime64[D]").astype("int64")
    overlap = np.clip(
        np.minimum(last[:, None], bounds[None, 1:]) - np.maximum(first[:, None], bounds[None, :-1]), 0, None
    )
    site = names.get_indexer(pd.Index(rows["site_id"]))
    kinds = {"days_open": ("open",), "days_reduced": ("reduced",), "days_closed": ("closed", "destroyed")}
    table: dict[str, np.ndarray] = {}
    for column, states in kinds.items():
        counted = np.zeros((len(names), len(days) - 1))
        chosen = rows["status"].isin(states).to_numpy()
        np.add.at(counted, site[chosen], overlap[chosen])
        table[column] = counted
    table["days_unknown"] = np.diff(bounds)[None, :] - sum(table[column] for column in kinds)
    table["lost"] = table["days_closed"] + reduced_weight * table["days_reduced"]
    table["lost_high"] = table["lost"] + table["days_unknown"]
    return pd.DataFrame(
        {
            "site_id": np.repeat(names, len(days) - 1),
            "start": np.tile(days[:-1], len(names)),
            "end": np.tile(days[1:], len(names)),
            **{column: values.ravel() for column, values in table.items()},
        }
    )


def functioning_by_side(panel: pd.DataFrame, around: pd.DataFrame) -> pd.DataFrame:
    """Functioning sites by who holds the area around them, per date.

    Parameters
    ----------
    panel
        ``site_id, date, status``.
    around
        ``site_id, date, area_status``.

    Returns
    -------
    DataFrame
        ``date, side`` (gang, contested, state, third_party, none), ``functioning, known, listed``.
    """
    rows = panel.merge(around[["site_id", "date", "area_status"]], on=["site_id", "date"])
    rows = rows.assign(
        side=rows["area_status"].map(SIDE_OF_STATUS),
        functioning=rows["status"].isin(FUNCTIONING),
        known=~rows["status"].isin(["unknown", "no_data"]),
        listed=True,
    )
    return rows.groupby(["date", "side"])[["functioning", "known", "listed"]].sum().reset_index()
