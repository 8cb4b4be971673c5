"""The headline under other definitions: nine numbers, every source dropped, other readings (explainer-1, sensitivity-1)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import Status
from monitor.analysis import status
from monitor.analysis.shares import DENOMINATORS
from monitor.analysis.status import DAY, whole_statements

#: The three ways in which headlines about gangs are counted.
MEASURES = ("control", "control_or_influence", "not_state_held")

_GANG = (str(Status.GANG_CONTROL), str(Status.GANG_INFLUENCE))
_UNSETTLED = (str(Status.UNKNOWN), str(Status.NO_DATA))


def explainer_rows(panel: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """One row per neighborhood with the three weights and the three marks behind the nine numbers.

    Parameters
    ----------
    panel
        Statuses of one date for all areas in scope.
    areas
        ``neighborhood_id, name, commune, area_km2, population``.

    Returns
    -------
    DataFrame
        ``neighborhood_id, name, commune, status, last_status, confirmed_on, neighborhoods`` (1), ``km2, people`` and
        the booleans ``control, control_or_influence, not_state_held`` (a known status other than state held) and
        ``is_unsettled`` (unknown, stale or no data). Each number is the sum of a weight over a mark, divided by the
        sum of the weight over all rows; its upper bound adds the unsettled rows.
    """
    rows = areas[["neighborhood_id", "name", "commune", "area_km2", "population"]].merge(
        panel[["neighborhood_id", "status", "last_status", "confirmed_on"]], on="neighborhood_id"
    )
    status = rows["status"]
    return rows.assign(
        neighborhoods=1,
        km2=rows["area_km2"].astype("float64"),
        people=rows["population"].astype("float64"),
        control=status == Status.GANG_CONTROL,
        control_or_influence=status.isin(_GANG),
        not_state_held=~status.isin([*_UNSETTLED, Status.STATE_HELD]),
        is_unsettled=status.isin(_UNSETTLED),
    ).drop(columns=["area_km2", "population"])


def explainer(rows: pd.DataFrame) -> pd.DataFrame:
    """Nine numbers from :func:`explainer_rows`: three denominators by three measures.

    Returns
    -------
    DataFrame
        ``denominator, measure, value, total, share, high``; ``high`` is the share if all unsettled areas counted.
    """
    found = []
    for denominator in DENOMINATORS:
        weight = rows[denominator].astype("float64")
        total = float(weight.sum())
        unsettled = float(weight[rows["is_unsettled"]].sum())
        for measure in MEASURES:
            value = float(weight[rows[measure]].sum())
            found.append(
                {
                    "denominator": denominator,
                    "measure": measure,
                    "value": value,
                    "total": total,
                    "share": value / total,
                    "high": (value + unsettled) / total,
                }
            )
    return pd.DataFrame(found)


def in_order(assertions: pd.DataFrame, *, by: str = "source_publisher") -> pd.DataFrame:
    """Statements of each neighborhood in the order in which they give its status, with ``source``.

    Parameters
    ----------
    assertions
        Statements known and admissible under the reader's choice.
    by
        Column that names the source.
    """
    return with_sources(status.in_order(assertions), assertions, by=by)


def with_sources(
    ordered: pd.DataFrame, assertions: pd.DataFrame, *, by: str = "source_publisher"
) -> pd.DataFrame:
    """What :func:`in_order` returns, from those of all ``assertions`` that count, as ``status.in_order`` puts them."""
    rows = whole_statements(ordered)
    named = assertions[by].take(rows["row"]).set_axis(rows.index)
    rows = rows.assign(source=named.fillna(rows["assertion_id"]).astype("str"))
    return rows[["neighborhood_id", "status", "source", "from_earliest", "from_latest"]].reset_index(
        drop=True
    )


def _last_of_each(rows: pd.DataFrame, at: pd.Timestamp, stale_after_days: int) -> pd.DataFrame:
    """Per neighborhood: ``last_status, source, confirmed`` and ``status``, unknown once stale; rows are in order."""
    last = rows[~rows.duplicated("neighborhood_id", keep="last")].set_index("neighborhood_id")
    confirmed = _confirming(rows, last["status"])["from_latest"].reindex(last.index)
    stale = confirmed + stale_after_days * DAY < at
    return pd.DataFrame(
        {
            "last_status": last["status"],
            "source": last["source"],
            "confirmed": confirmed,
            "status": last["status"].where(~stale, str(Status.UNKNOWN)),
        }
    )


def _confirming(rows: pd.DataFrame, statuses: pd.Series) -> pd.DataFrame:
    """Per neighborhood: the statement of its status whose window reaches furthest."""
    same = rows[rows["status"] == rows["neighborhood_id"].map(statuses)]
    latest = same.loc[same.groupby("neighborhood_id", sort=False)["from_latest"].idxmax()]
    return latest.set_index("neighborhood_id")


def statuses_on(ordered: pd.DataFrame, day: date, *, areas: pd.Series, stale_after_days: int) -> pd.DataFrame:
    """Statuses of one day as ``status_panel`` gives them, without deriving all days before.

    Parameters
    ----------
    ordered
        :func:`in_order`.
    areas
        Neighborhood ids to report.

    Returns
    -------
    DataFrame
        ``neighborhood_id, status, last_status, confirmed_on``, sorted by neighborhood.
    """
    rows = ordered[ordered["from_earliest"] <= pd.Timestamp(day)]
    found = _last_of_each(rows, pd.Timestamp(day), stale_after_days)
    panel = found.reindex(pd.Index(sorted(areas), name="neighborhood_id"))
    text = panel[["status", "last_status"]].astype("object").fillna(str(Status.NO_DATA)).astype("str")
    return text.assign(confirmed_on=panel["confirmed"].astype("datetime64[us]")).reset_index()


def statuses_without(ordered: pd.DataFrame, day: date, *, stale_after_days: int) -> pd.DataFrame:
    """Which neighborhoods would have another status if one source had said nothing.

    Parameters
    ----------
    ordered
        :func:`in_order`.
    day
        Date of the statuses.

    Returns
    -------
    DataFrame
        ``source, neighborhood_id, status_with, status_without``, only where they differ.

    Notes
    -----
    The status comes from the last statement, and its age from the latest window of the statements that say the same. So
    only two sources can matter to a neighborhood: whoever made the last statement, and whoever confirmed it latest. Both
    are looked at for all neighborhoods together; nothing is derived anew for each source.
    """
    at = pd.Timestamp(day)
    columns = ["source", "neighborhood_id", "status_with", "status_without"]
    rows = ordered[ordered["from_earliest"] <= at]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    everyone = _last_of_each(rows, at, stale_after_days)
    latest = _confirming(rows, everyone["last_status"])["source"]
    found = []
    for suspects in (everyone["source"], latest):
        dropped = rows["neighborhood_id"].map(suspects)
        rest = _last_of_each(rows[rows["source"] != dropped], at, stale_after_days).reindex(everyone.index)
        found.append(
            pd.DataFrame(
                {
                    "source": suspects.reindex(everyone.index),
                    "status_with": everyone["status"],
                    "status_without": rest["status"].fillna(str(Status.NO_DATA)),
                }
            )
            .rename_axis("neighborhood_id")
            .reset_index()
        )
    table = pd.concat(found).drop_duplicates(["source", "neighborhood_id"])
    table = table[table["status_with"] != table["status_without"]]
    return table.sort_values(["source", "neighborhood_id"], ignore_index=True)[columns]


def share_without(
    changes: pd.DataFrame, rows: pd.DataFrame, *, measure: str, denominator: str
) -> pd.DataFrame:
    """The headline if each source were dropped.

    Parameters
    ----------
    changes
        :func:`statuses_without`.
    rows
        :func:`explainer_rows` of the same date and statements.
    measure, denominator
        Which of the nine numbers.

    Returns
    -------
    DataFrame
        ``source, neighborhoods`` (whose status changes), ``share, change``; lowest share first. Sources that change
        nothing do not occur. The range of the headline runs from the lowest to the highest share, itself included.
    """
    weight = rows.set_index("neighborhood_id")[denominator].astype("float64")
    inside = changes[changes["neighborhood_id"].isin(weight.index)]
    step = _counts(inside["status_without"], measure).astype("float64") - _counts(
        inside["status_with"], measure
    ).astype("float64")
    moved = step.to_numpy() * weight.reindex(inside["neighborhood_id"]).to_numpy()
    base = float(weight[rows.set_index("neighborhood_id")[measure]].sum())
    by_source = (
        pd.DataFrame({"source": inside["source"], "moved": moved, "neighborhoods": 1}).groupby("source").sum()
    )
    total = float(weight.sum())
    table = pd.DataFrame(
        {
            "source": by_source.index,
            "neighborhoods": by_source["neighborhoods"].to_numpy(dtype="int64"),
            "share": (base + by_source["moved"].to_numpy(dtype="float64")) / total,
            "change": by_source["moved"].to_numpy(dtype="float64") / total,
        }
    )
    return table.sort_values(["share", "source"], ignore_index=True)


def _counts(statuses: pd.Series, measure: str) -> pd.Series:
    """Whether each status counts under a measure."""
    if measure == "control":
        return statuses == Status.GANG_CONTROL
    if measure == "control_or_influence":
        return statuses.isin(_GANG)
    return ~statuses.isin([*_UNSETTLED, Status.STATE_HELD])


def sensitivity(
    rows: pd.DataFrame,
    changes: pd.DataFrame,
    others: dict[str, pd.DataFrame],
    *,
    measure: str,
    denominator: str,
) -> pd.DataFrame:
    """How far the headline moves under each other reading.

    Parameters
    ----------
    rows
        :func:`explainer_rows`.
    changes
        :func:`statuses_without`.
    others
        :func:`explainer_rows` under another choice, by the name of the reading (another evidence level, another
        staleness limit).

    Returns
    -------
    DataFrame
        ``reading, share, change``, in this order: ``contested_gang``, ``contested_half``, ``contested_state``,
        ``stale_kept`` (every stale area at its last reported status), ``unsettled_in`` (all unknown areas counted),
        ``drop_lowest`` and ``drop_highest`` (the source whose absence lowers or raises it most), then ``others``.
        ``change`` is the difference from the headline, which itself counts contested areas only under "not state-held".
    """
    weight = rows[denominator].astype("float64")
    total = float(weight.sum())
    base = float(weight[rows[measure]].sum())
    contested = float(weight[rows["status"] == Status.CONTESTED].sum())
    already = contested if measure == "not_state_held" else 0.0
    stale = rows["is_unsettled"] & ~rows["last_status"].isin(_UNSETTLED)
    kept = float(weight[stale & _counts(rows["last_status"], measure)].sum())
    dropped = share_without(changes, rows, measure=measure, denominator=denominator)
    shares = {
        "contested_gang": (base - already + contested) / total,
        "contested_half": (base - already + contested / 2) / total,
        "contested_state": (base - already) / total,
        "stale_kept": (base + kept) / total,
        "unsettled_in": (base + float(weight[rows["is_unsettled"]].sum())) / total,
        "drop_lowest": min(dropped["share"].min(), base / total) if len(dropped) else base / total,
        "drop_highest": max(dropped["share"].max(), base / total) if len(dropped) else base / total,
    }
    for name, other in others.items():
        by = other[denominator].astype("float64")
        shares[name] = float(by[other[measure]].sum()) / float(by.sum())
    table = pd.DataFrame({"reading": list(shares), "share": np.array(list(shares.values()), dtype="float64")})
    return table.assign(change=table["share"] - base / total)
