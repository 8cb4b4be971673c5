"""Actors: who belongs to which coalition on a date, and what each holds (definition actor-area-1).

No actor is named here: sides, kinds and memberships with their dates are data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import SIDE_OF_STATUS, Status

#: Labels of areas that no single coalition holds alone.
SEVERAL, NOT_NAMED = "several", "not_named"

#: Sides whose hold on an area can be an actor's.
HOLDING_SIDES = ("gang", "state", "third_party")

#: Longest chain of memberships followed upwards: a loop in the data must not hang the page.
_DEPTH = 6


def memberships_on(memberships: pd.DataFrame, day: date, *, allies: bool = False) -> pd.DataFrame:
    """Memberships that hold on a date.

    Parameters
    ----------
    memberships
        ``actor_id, parent_id, relation, valid_from, valid_to``; an empty start has held as long as is known, an empty
        end holds still.
    allies
        Also loose alliances, not only membership.
    """
    when = pd.Timestamp(day)
    rows = memberships if allies else memberships[memberships["relation"] == "member"]
    begun = rows["valid_from"].isna() | (rows["valid_from"] <= when)
    lasts = rows["valid_to"].isna() | (rows["valid_to"] >= when)
    return rows[begun & lasts]


def coalition_on(memberships: pd.DataFrame, day: date) -> Mapping[str, str]:
    """Uppermost coalition of each member on a date; an actor without an entry stands for itself.

    Where an actor has several parents on a day, the membership that began last counts.
    """
    rows = memberships_on(memberships, day).sort_values("valid_from", na_position="first", kind="stable")
    parent = dict(zip(rows["actor_id"], rows["parent_id"], strict=True))
    top = {}
    for actor in parent:
        current, seen = actor, {actor}
        for _step in range(_DEPTH):
            above = parent.get(current)
            if above is None or above in seen:
                break
            seen.add(above)
            current = above
        top[actor] = current
    return top


def membership_epochs(memberships: pd.DataFrame) -> pd.DatetimeIndex:
    """Days on which a membership begins or has ended: between two of them nobody's coalition changes."""
    starts = memberships["valid_from"].dropna()
    ends = memberships["valid_to"].dropna() + pd.Timedelta(days=1)
    return pd.DatetimeIndex(pd.concat([starts, ends]).unique()).sort_values()


def named_actors(assertions: pd.DataFrame) -> pd.Series:
    """Sets of actors that statements name, as categories by ``assertion_id``.

    Parameters
    ----------
    assertions
        ``assertion_id, actor_ids`` (all actors named, separated by |).
    """
    index = pd.Index(assertions["assertion_id"].to_numpy(dtype=object), name="assertion_id")
    return pd.Series(assertions["actor_ids"].astype("category").array, index=index, name="actor_ids")


def _set_codes(panel: pd.DataFrame, named: pd.Series) -> np.ndarray:
    """Code of the set of actors behind each row of a panel; -1 where nobody is named."""
    position = named.index.get_indexer(pd.Index(panel["assertion_id"].to_numpy(dtype=object)))
    codes = named.cat.codes.to_numpy()
    return np.where(position >= 0, codes[position], -1) if len(codes) else np.full(len(panel), -1)


def holders(
    panel: pd.DataFrame, named: pd.Series, actors: pd.DataFrame, memberships: pd.DataFrame
) -> pd.DataFrame:
    """Who holds each area on each date of a panel, by coalition of that date.

    Parameters
    ----------
    panel
        ``neighborhood_id, date, status, assertion_id``.
    named
        As :func:`named_actors` returns it.
    actors
        ``actor_id, side``.
    memberships
        As for :func:`memberships_on`.

    Returns
    -------
    DataFrame
        The rows of the panel whose status is a side's (gang, state or third party): ``neighborhood_id, date, status,
        side, holder, actor_ids`` (named actors of that side). ``holder`` is the uppermost coalition of all named actors
        of that side if they have one in common, ``several`` if they do not, ``not_named`` if none is named. Each area
        counts once.
    """
    side = panel["status"].map(SIDE_OF_STATUS)
    rows = panel.loc[side.isin(HOLDING_SIDES), ["neighborhood_id", "date", "status", "assertion_id"]]
    rows = rows.assign(side=side[rows.index])
    epochs = membership_epochs(memberships)
    epoch = epochs.searchsorted(pd.DatetimeIndex(rows["date"]), side="right")
    # Few different sets of actors occur: each is resolved once per side and epoch.
    codes, values = _set_codes(rows, named), named.cat.categories
    keys = pd.DataFrame({"set": codes, "side": rows["side"].to_numpy(), "epoch": epoch})
    unique = keys.drop_duplicates()
    side_of = dict(zip(actors["actor_id"], actors["side"], strict=True))
    tops = {
        int(number): coalition_on(memberships, (epochs[number - 1] if number else pd.Timestamp.min).date())
        if len(epochs)
        else {}
        for number in unique["epoch"].unique()
    }
    resolved = []
    for one in unique.itertuples(index=False):
        names = str(values[one.set]).split("|") if one.set >= 0 else []
        chosen = [name for name in names if side_of.get(name) == one.side]
        top = {tops[one.epoch].get(name, name) for name in chosen}
        holder = NOT_NAMED if not top else top.pop() if len(top) == 1 else SEVERAL
        resolved.append((holder, "|".join(chosen)))
    table = unique.assign(holder=[pair[0] for pair in resolved], actor_ids=[pair[1] for pair in resolved])
    joined = keys.merge(table, on=["set", "side", "epoch"], how="left")
    return rows.drop(columns="assertion_id").assign(
        holder=joined["holder"].to_numpy(), actor_ids=joined["actor_ids"].to_numpy()
    )


def areas_by_holder(held: pd.DataFrame, areas: pd.DataFrame, dates: pd.DatetimeIndex) -> pd.DataFrame:
    """Neighborhoods, km² and people by side and holder over time.

    Parameters
    ----------
    held
        As :func:`holders` returns it.
    areas
        ``neighborhood_id, area_km2, population`` of the areas in scope; others are left out.
    dates
        Dates to report; a holder that holds nothing on one has zeros.

    Returns
    -------
    DataFrame
        ``date, side, holder, neighborhoods, km2, people`` and the shares of all in scope ``neighborhoods_share,
        km2_share, people_share``. Per date the rows add up to the areas held by a side.
    """
    weights = areas.set_index("neighborhood_id")[["area_km2", "population"]].astype("float64")
    weights = weights.rename(columns={"area_km2": "km2", "population": "people"}).assign(neighborhoods=1.0)
    columns = ["neighborhoods", "km2", "people"]
    joined = held.join(weights, on="neighborhood_id", how="inner")
    sums = joined.groupby(["side", "holder", "date"])[columns].sum()
    pairs = sums.index.droplevel("date").unique()
    index = pd.MultiIndex.from_tuples(
        [(side, holder, day) for side, holder in pairs for day in dates], names=["side", "holder", "date"]
    )
    table = sums.reindex(index, fill_value=0.0).reset_index()
    for column in columns:
        table[f"{column}_share"] = table[column] / weights[column].sum()
    return table[["date", "side", "holder", *columns, *(f"{c}_share" for c in columns)]]


def areas_of_actor(panel: pd.DataFrame, named: pd.Series, actor_ids: set[str], side: str) -> pd.DataFrame:
    """Areas whose status rests on a statement that names an actor, or one of several (a coalition's members).

    Returns
    -------
    DataFrame
        Rows of the panel, ``role`` = ``holds`` (the status is the actor's side's) or ``contests`` (contested, the actor
        being one of those named). An area may name several actors, so the areas of different actors overlap.
    """
    # Few different sets of actors occur: each is looked at once; code -1, nobody named, takes the last.
    naming = [bool(actor_ids & set(str(ids).split("|"))) for ids in named.cat.categories]
    rows = panel[np.array([*naming, False], dtype=bool)[_set_codes(panel, named)]]
    own = (rows["status"].map(SIDE_OF_STATUS) == side).to_numpy()
    contested = (rows["status"] == Status.CONTESTED).to_numpy()
    role = np.where(own, "holds", np.where(contested, "contests", ""))
    return rows.assign(role=role)[own | contested]


def areas_of_coalition(
    panel: pd.DataFrame, named: pd.Series, memberships: pd.DataFrame, coalition_id: str, side: str
) -> pd.DataFrame:
    """What :func:`areas_of_actor` returns for a coalition and its members, those of each date of the panel."""
    epochs = membership_epochs(memberships)
    epoch = epochs.searchsorted(pd.DatetimeIndex(panel["date"]), side="right")
    parts = []
    for number in np.unique(epoch):
        day = (epochs[number - 1] if number else pd.Timestamp.min).date()
        members = members_on(memberships, coalition_id, day)
        parts.append(areas_of_actor(panel[epoch == number], named, members, side))
    return pd.concat(parts) if parts else areas_of_actor(panel, named, {coalition_id}, side)


def members_on(memberships: pd.DataFrame, coalition_id: str, day: date) -> set[str]:
    """A coalition and all its members on a date, members of members included."""
    rows = memberships_on(memberships, day)
    found, new = {coalition_id}, {coalition_id}
    while new:
        new = set(rows.loc[rows["parent_id"].isin(new), "actor_id"]) - found
        found |= new
    return found


def active_on(actors: pd.DataFrame, day: date) -> pd.Series:
    """Whether each actor exists on a date, as far as its dates are known."""
    when = pd.Timestamp(day)
    return (actors["valid_from"].isna() | (actors["valid_from"] <= when)) & (
        actors["valid_to"].isna() | (actors["valid_to"] >= when)
    )
