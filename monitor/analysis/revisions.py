"""Then and now: what was learned, corrected or withdrawn since a day (definition revision-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from monitor.analysis.status import seen


@dataclass(frozen=True)
class Ledger:
    """How a dataset keeps its versions.

    Attributes
    ----------
    dataset_id
        The dataset.
    key
        Column with the row's own id.
    date_column
        Column with the date of the world.
    ended_column
        Column that says when a row was withdrawn or superseded.
    same
        Columns that two rows share if the one replaces the other, beside an equal key.
    """

    dataset_id: str
    key: str
    date_column: str
    ended_column: str
    same: tuple[str, ...]


LEDGERS = (
    Ledger(
        "territorial_control",
        "assertion_id",
        "from_earliest",
        "withdrawn_at",
        ("neighborhood_id", "sub_zone", "from_earliest", "source_publisher", "source_url"),
    ),
    Ledger(
        "retaken_areas",
        "claim_id",
        "claim_date",
        "withdrawn_at",
        ("neighborhood_id", "sub_zone", "claim_date", "source_publisher", "source_url"),
    ),
    Ledger("incidents", "event_id", "event_date", "superseded_at", ("event_id",)),
)


def revisions(
    rows: pd.DataFrame, ledger: Ledger, *, then: date, now: date | None, as_of: date
) -> pd.DataFrame:
    """Rows about dates up to ``as_of`` that count now and did not then, or the other way round.

    Parameters
    ----------
    rows
        The dataset with all its versions.
    then, now
        Days of knowledge; None for all that is known.
    as_of
        Date shown: rows about later dates do not matter to it.

    Returns
    -------
    DataFrame
        ``kind`` (learned, corrected, withdrawn), ``dataset_id, row_id, date`` (of the world), ``learned_at`` (for a
        withdrawal, when it was withdrawn), ``days_late`` (from the date of the world), ``was_id`` (the row that a
        correction replaced) and the row's own columns; a correction is one row, the new one. Latest knowledge first.
    """
    dated = rows[ledger.date_column] <= pd.Timestamp(as_of)
    before, after = seen(rows, ledger.ended_column, then), seen(rows, ledger.ended_column, now)
    new, gone = rows[dated & after & ~before].copy(), rows[dated & before & ~after].copy()
    new["was_id"], gone["was_id"] = None, None
    for columns in dict.fromkeys([(ledger.key,), ledger.same]):
        match = list(columns)
        order = [gone[name].fillna("").astype("str") for name in match]
        old = dict(zip(zip(*order, strict=True), gone[ledger.key], strict=True)) if len(gone) else {}
        fresh = zip(*(new[name].fillna("").astype("str") for name in match), strict=True)
        found = pd.Series([old.get(values) for values in fresh], index=new.index, dtype="object")
        new["was_id"] = new["was_id"].where(new["was_id"].notna(), found)
    gone = gone[~gone[ledger.key].isin(new["was_id"].dropna())]
    learned = new.assign(kind=new["was_id"].map(lambda was: "learned" if was is None else "corrected"))
    learned = learned.assign(learned_at=learned["recorded_at"])
    gone = gone.assign(kind="withdrawn", learned_at=gone[ledger.ended_column])
    table = pd.concat([learned, gone]) if len(gone) else learned
    table = table.assign(
        dataset_id=ledger.dataset_id, row_id=table[ledger.key], date=table[ledger.date_column]
    )
    learned_on = table["learned_at"].dt.tz_convert(None).dt.normalize()
    table["days_late"] = (learned_on - table["date"]).dt.days.astype("Float64")
    first = ["kind", "dataset_id", "row_id", "date", "learned_at", "days_late", "was_id"]
    rest = [name for name in rows.columns if name not in first]
    return table[[*first, *rest]].sort_values(
        ["learned_at", "row_id"], ascending=[False, True], kind="stable", ignore_index=True
    )
