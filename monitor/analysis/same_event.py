"""Reports of different providers that may be the same event, and how far providers overlap (definition same-event-1).

Candidates are listed with a score and never merged: whether two reports are one event is a judgement.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from monitor.analysis.definitions import SAME_EVENT_DAYS, SAME_EVENT_SCORE

#: What each likeness counts in the score; they sum to 1.
WEIGHTS = {"date": 0.3, "place": 0.35, "deaths": 0.2, "type": 0.15}

CANDIDATE_COLUMNS = [
    *("event_id", "other_id", "provider", "other_provider", "days_apart"),
    *("date_likeness", "place_likeness", "deaths_likeness", "type_likeness", "score"),
]


def same_event_candidates(
    events: pd.DataFrame, *, max_days: int = SAME_EVENT_DAYS, least_score: float = SAME_EVENT_SCORE
) -> pd.DataFrame:
    """Pairs of reports of two providers that may be one event.

    Parameters
    ----------
    events
        ``event_id, provider, event_date, date_precision, event_type, sub_event_type, neighborhood_id, commune,
        fatalities``; one row per event of each provider.
    max_days
        Farthest that the days may lie apart.
    least_score
        Pairs with a lower score are left out.

    Returns
    -------
    DataFrame
        ``CANDIDATE_COLUMNS``, best first; each pair once, ``provider`` before ``other_provider`` in the alphabet.
        Likenesses and score lie between 0 and 1: *date* falls evenly to 0 one day beyond ``max_days``; *place* is 1 for
        one neighborhood, 0.5 for one commune where either report knows no more, else 0; *deaths* is 1 − |a − b| /
        max(a, b), 1 for two zeros and 0.5 where a count is missing; *type* is 1 for one sub-type, 0.5 for one type.
        Reports dated to a month or in no common commune are never paired.
    """
    exact = events[(events["date_precision"] == "day") & events["commune"].notna()]
    providers = exact["provider"].unique()
    if len(providers) < 2:
        return pd.DataFrame(columns=CANDIDATE_COLUMNS).astype({"days_apart": "int64", "score": "float64"})
    order = np.lexsort((exact["event_id"].to_numpy(dtype=object).astype(str), exact["provider"].astype(str)))
    rows = exact.iloc[order].reset_index(drop=True)
    commune, day = (
        pd.factorize(rows["commune"])[0].astype("int64"),
        rows["event_date"].to_numpy("datetime64[D]").astype("int64"),
    )
    span = 10_000_000
    keys = commune * span + day
    by_key = np.argsort(keys, kind="stable")
    sorted_keys = keys[by_key]
    first = np.searchsorted(sorted_keys, keys - max_days, side="left")
    last = np.searchsorted(sorted_keys, keys + max_days, side="right")
    count = last - first
    left = np.repeat(np.arange(len(rows)), count)
    offset = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count)
    right = by_key[np.repeat(first, count) + offset]
    provider = pd.factorize(rows["provider"], sort=True)[0]
    keep = provider[left] < provider[right]
    return _scored(rows, left[keep], right[keep], day, max_days, least_score)


def _scored(
    rows: pd.DataFrame,
    left: np.ndarray,
    right: np.ndarray,
    day: np.ndarray,
    max_days: int,
    least_score: float,
) -> pd.DataFrame:
    apart = np.abs(day[left] - day[right])
    place = pd.factorize(rows["neighborhood_id"])[0]  # -1: known to the commune only
    one_place = (place[left] == place[right]) & (place[left] >= 0)
    coarse = (place[left] < 0) | (place[right] < 0)
    deaths = rows["fatalities"].to_numpy("float64")
    a, b = deaths[left], deaths[right]
    larger = np.fmax(a, b)
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.where(larger > 0, 1 - np.abs(a - b) / larger, 1.0)
    sub_type, type_ = (pd.factorize(rows[name])[0] for name in ("sub_event_type", "event_type"))
    likeness = {
        "date": 1 - apart / (max_days + 1),
        "place": np.where(one_place, 1.0, np.where(coarse, 0.5, 0.0)),
        "deaths": np.where(np.isnan(a) | np.isnan(b), 0.5, alike),
        "type": np.where(
            sub_type[left] == sub_type[right], 1.0, np.where(type_[left] == type_[right], 0.5, 0.0)
        ),
    }
    score = sum(weight * likeness[name] for name, weight in WEIGHTS.items())
    table = pd.DataFrame(
        {
            "event_id": rows["event_id"].take(left).to_numpy(),
            "other_id": rows["event_id"].take(right).to_numpy(),
            "provider": rows["provider"].take(left).to_numpy(),
            "other_provider": rows["provider"].take(right).to_numpy(),
            "days_apart": apart,
            **{f"{name}_likeness": values for name, values in likeness.items()},
            "score": score,
        }
    )
    table = table[table["score"] >= least_score]
    return table.sort_values(
        ["score", "event_id", "other_id"], ascending=[False, True, True], ignore_index=True
    )


def provider_overlap(events: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """How many events of each provider another one may have, too, per pair of providers.

    Returns
    -------
    DataFrame
        ``provider, other_provider, events, other_events, matched, share, other_share``: events of each in the days that
        both cover, the pairs left when every event is used at most once (best scores first), and their share of each
        provider's events.
    """
    columns = ["provider", "other_provider", "events", "other_events", "matched", "share", "other_share"]
    spans = events.groupby("provider", observed=True)["event_date"].agg(["min", "max"])
    names = sorted(spans.index.astype(str))
    lines = []
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            start = max(spans.loc[one, "min"], spans.loc[other, "min"])
            end = min(spans.loc[one, "max"], spans.loc[other, "max"])
            common = events[events["event_date"].between(start, end)]
            sizes = [int((common["provider"] == name).sum()) for name in (one, other)]
            pairs = candidates[(candidates["provider"] == one) & (candidates["other_provider"] == other)]
            pairs = pairs[
                pairs["event_id"].isin(common["event_id"]) & pairs["other_id"].isin(common["event_id"])
            ]
            matched = _matched(pairs)
            shares = [matched / size if size else np.nan for size in sizes]
            lines.append((one, other, *sizes, matched, *shares))
    return pd.DataFrame(lines, columns=columns)


def _matched(pairs: pd.DataFrame) -> int:
    """Pairs left when every event is used at most once, best scores first."""
    used: set[str] = set()
    matched = 0
    for one, other in zip(pairs["event_id"], pairs["other_id"], strict=True):
        if one not in used and other not in used:
            used |= {one, other}
            matched += 1
    return matched
