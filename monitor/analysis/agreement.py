"""What each source says of the same place, and how far sources agree (definition agreement-1).

A source is whoever published the statement. Statements of one source about one neighborhood follow one another: the
later replaces the earlier, and one that nobody renewed for longer than the staleness limit counts no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS, VERIFICATION_RANK, Status
from monitor.analysis.definitions import AGREEMENT_MAX_SOURCES
from monitor.analysis.status import DAY, whole_statements

_EPOCH = pd.Timestamp("1970-01-01")


def voices(assertions: pd.DataFrame, *, by: str, stale_after_days: int) -> pd.DataFrame:
    """What each source says of each neighborhood, and from when to when it counts.

    Parameters
    ----------
    assertions
        Statements known and admissible under the reader's choice.
    by
        Column that names the source: ``source_publisher`` or ``claimant``.

    Returns
    -------
    DataFrame
        ``source, neighborhood_id, valid_from, valid_to`` (exclusive) and the statement's columns, one row per
        statement; of one source's statements for the same day the better verified, then the later published counts.
        Sorted by source, neighborhood and date.
    """
    rows = whole_statements(assertions)
    rows = rows[(rows["status"] != Status.UNKNOWN) & rows["from_earliest"].notna() & rows[by].notna()]
    rows = rows.assign(
        source=rows[by].astype("str"), rank=rows["verification"].map(VERIFICATION_RANK).astype("int64")
    )
    keys = ["source", "neighborhood_id"]
    rows = rows.sort_values([*keys, "from_earliest", "rank", "published_date", "assertion_id"], kind="stable")
    rows = rows[~rows.duplicated([*keys, "from_earliest"], keep="last")]
    following = rows.groupby(keys, sort=False)["from_earliest"].shift(-1)
    lapse = rows["from_latest"] + (stale_after_days + 1) * DAY
    ends = following.where(following.notna() & (following < lapse), lapse)
    out = rows.assign(valid_from=rows["from_earliest"], valid_to=ends).drop(columns="rank")
    return out.reset_index(drop=True)


def said_on(spoken: pd.DataFrame, day: date) -> pd.DataFrame:
    """The statements of :func:`voices` that count on a day, with ``side`` and ``differs``.

    ``differs`` is true for all statements about a neighborhood of which two sources say different sides; a source that
    says contested differs from one that says gang or state.
    """
    at = pd.Timestamp(day)
    rows = spoken[(spoken["valid_from"] <= at) & (spoken["valid_to"] > at)]
    rows = rows.assign(side=rows["status"].map(SIDE_OF_STATUS))
    sides = rows.groupby("neighborhood_id")["side"].transform("nunique")
    return rows.assign(differs=sides > 1)


def pair_agreement(spoken: pd.DataFrame, weeks: Sequence[date], *, of: str = "status") -> pd.DataFrame:
    """Agreement of every pair of sources over the neighborhood-weeks of which both speak.

    Parameters
    ----------
    spoken
        :func:`voices`.
    weeks
        One day per week.
    of
        ``status`` (the seven values) or ``side`` (gang, state, contested, third party).

    Returns
    -------
    DataFrame
        ``source_a, source_b, n`` (neighborhood-weeks), ``neighborhoods``, ``agree`` (share equal, 0 to 1) and
        ``kappa`` (Cohen 1960; NaN where both sources use one and the same value throughout: chance explains all), most weeks first.
        Pairs that never speak of the same neighborhood-week do not occur. Only the sources with most
        neighborhood-weeks are compared (see ``AGREEMENT_MAX_SOURCES``).

    Raises
    ------
    ValueError
        ``of`` is neither.
    """
    if of not in ("status", "side"):
        raise ValueError(f"of must be status or side, not {of!r}")
    columns = ["source_a", "source_b", "n", "neighborhoods", "agree", "kappa"]
    days = np.sort((pd.DatetimeIndex(pd.to_datetime(list(weeks))) - _EPOCH).days.to_numpy())
    first = np.searchsorted(days, (spoken["valid_from"] - _EPOCH).dt.days.to_numpy(), side="left")
    last = np.searchsorted(days, (spoken["valid_to"] - _EPOCH).dt.days.to_numpy(), side="left")
    lengths = np.maximum(last - first, 0)
    spans = lengths.astype("int64")
    by_source = (
        pd.Series(spans)
        .groupby(spoken["source"].to_numpy())
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    names = sorted(by_source[by_source > 0].index[:AGREEMENT_MAX_SOURCES])
    if len(names) < 2:
        return pd.DataFrame(columns=columns)
    keep = spoken["source"].isin(names).to_numpy() & (spans > 0)
    rows = spoken[keep]
    words = rows["status"] if of == "status" else rows["status"].map(SIDE_OF_STATUS)
    values, labels = pd.factorize(words, sort=True)
    units, areas = pd.factorize(rows["neighborhood_id"], sort=True)
    source = pd.Index(names).get_indexer(rows["source"])
    grid = np.full((len(names), len(areas) * len(days)), -1, dtype=np.int8)
    runs = spans[keep]
    starts = (source * len(areas) + units) * len(days) + first[keep]
    # The weeks of each statement, one after another: its first place, and the next ones.
    places = np.repeat(starts - (np.cumsum(runs) - runs), runs) + np.arange(runs.sum())
    grid.ravel()[places] = np.repeat(values, runs)
    found = []
    for i in range(len(names)):
        mine = np.flatnonzero(grid[i] >= 0)
        for j in range(i + 1, len(names)):
            both = mine[grid[j, mine] >= 0]
            if not len(both):
                continue
            table = np.bincount(
                grid[i, both].astype(np.int64) * len(labels) + grid[j, both], minlength=len(labels) ** 2
            ).reshape(len(labels), len(labels))
            agree, kappa = _kappa(table)
            found.append((names[i], names[j], len(both), len(np.unique(both // len(days))), agree, kappa))
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values(["n", "source_a", "source_b"], ascending=[False, True, True], ignore_index=True)


def _kappa(table: np.ndarray) -> tuple[float, float]:
    """Share of equal pairs and Cohen's kappa of a square table of counts."""
    n = table.sum()
    agree = np.trace(table) / n
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return float(agree), float((agree - chance) / (1 - chance)) if chance < 1 else np.nan
