"""Reporting lag: how long after the fact each side's gains become known (definition lag-1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS, VERIFICATION_RANK
from monitor.analysis.status import whole_statements


def gains(assertions: pd.DataFrame) -> pd.DataFrame:
    """Statements that put a neighborhood on another side than the statement before, and how late they were published.

    Parameters
    ----------
    assertions
        Statements known and admissible under the reader's choice.

    Returns
    -------
    DataFrame
        ``assertion_id, neighborhood_id, side`` (gang, state, contested, third_party), ``side_before``,
        ``from_earliest, published_date, lag_days, source_publisher, source_url``; in order of the world's dates. The first
        statement about a neighborhood is no gain: nothing says that it was a change. Statements without side are
        passed over, and so are gains that are not dated to the day.
    """
    rows = whole_statements(assertions)
    rows = rows.assign(
        side=rows["status"].map(SIDE_OF_STATUS),
        rank=rows["verification"].map(VERIFICATION_RANK).astype("int64"),
    )
    rows = rows[rows["side"] != "none"].sort_values(
        ["neighborhood_id", "from_earliest", "rank", "published_date", "assertion_id"], kind="stable"
    )
    # As for the status, the last statement of a day speaks for the day.
    rows = rows[~rows.duplicated(["neighborhood_id", "from_earliest"], keep="last")]
    before = rows.groupby("neighborhood_id", sort=False)["side"].shift()
    # Of a gain dated to a month or a year the lag is not known: it would count as none.
    to_the_day = rows["from_latest"] == rows["from_earliest"]
    changed = rows[before.notna() & (before != rows["side"]) & to_the_day]
    lag = (changed["published_date"] - changed["from_earliest"]).dt.days
    out = changed.assign(side_before=before, lag_days=lag.clip(lower=0).astype("float64"))
    columns = [
        *(
            "assertion_id",
            "neighborhood_id",
            "side",
            "side_before",
            "from_earliest",
            "published_date",
            "lag_days",
        ),
        *("source_publisher", "source_url"),
    ]
    return out[columns].sort_values(["from_earliest", "assertion_id"], ignore_index=True)


def lag_by_side(gained: pd.DataFrame) -> pd.DataFrame:
    """Median lag of each side's gains.

    Returns
    -------
    DataFrame
        ``side, n, median_days, upper_quartile_days, over_week`` (share published more than 7 days later) and
        ``mean_days``; gang first.
    """
    order = ["gang", "contested", "state", "third_party"]
    group = gained.groupby("side")["lag_days"]
    table = pd.DataFrame(
        {
            "n": group.size(),
            "median_days": group.median(),
            "mean_days": group.mean(),
            "upper_quartile_days": group.quantile(0.75),
            "over_week": gained["lag_days"].gt(7).groupby(gained["side"]).mean(),
        }
    )
    return table.reindex([side for side in order if side in table.index]).rename_axis("side").reset_index()


def unseen_losses(claims: pd.DataFrame, assertions: pd.DataFrame) -> pd.DataFrame:
    """Claims of a retaken place, and whether its loss had been published before the claim was.

    A claim that a place was retaken says that it had been lost. Where no earlier publication said so, the loss was
    first learned from the claim.

    Parameters
    ----------
    claims
        Rows of the register (``claim_key, neighborhood_id, claim_date, published_date``).
    assertions
        Statements known and admissible under the reader's choice.

    Returns
    -------
    DataFrame
        ``claims`` with ``loss_published`` (first publication, before the claim's, of a gang or contested
        status of the place in the time since it was last reported in state hands; NaT if there is none) and
        ``learned_from_claim``.
    """
    rows = claims.reset_index(drop=True)
    said = whole_statements(assertions[assertions["neighborhood_id"].isin(rows["neighborhood_id"])])
    said = said.assign(side=said["status"].map(SIDE_OF_STATUS))[
        ["neighborhood_id", "side", "from_earliest", "published_date"]
    ].rename(columns={"published_date": "said_on"})
    pairs = rows[["claim_key", "neighborhood_id", "claim_date", "published_date"]].merge(
        said, on="neighborhood_id"
    )
    pairs = pairs[
        (pairs["from_earliest"] < pairs["claim_date"]) & (pairs["said_on"] < pairs["published_date"])
    ]
    held = pairs[pairs["side"] == "state"].groupby("claim_key")["from_earliest"].max()
    adverse = pairs[pairs["side"].isin(["gang", "contested"])]
    since = held.astype("datetime64[us]").reindex(adverse["claim_key"]).set_axis(adverse.index)
    adverse = adverse[since.isna() | (adverse["from_earliest"] > since)]
    first = adverse.groupby("claim_key")["said_on"].min()
    published = first.astype("datetime64[us]").reindex(rows["claim_key"]).to_numpy()
    return rows.assign(loss_published=published, learned_from_claim=np.asarray(pd.isna(published)))
