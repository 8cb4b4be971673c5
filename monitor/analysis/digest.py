"""What changed from one snapshot to another (definition digest-1): places, claims, denials, corrections, sites, overdue data.

Each snapshot is read at the date of its own last statement: what the world was known to be when it was published.
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from loaders.contracts import Status
from monitor.analysis import claims
from monitor.analysis.definitions import EVIDENCE_LEVELS, STALE_AFTER_DAYS
from monitor.analysis.model import Choice, Model

_GANG = (Status.GANG_CONTROL, Status.GANG_INFLUENCE)
_STATE = (Status.STATE_HELD, Status.STATE_PRESENCE)
_OPEN = (Status.UNKNOWN, Status.NO_DATA)

#: Columns that a refresh may change without the statement having changed.
_BOOKKEEPING = ("recorded_at", "source_checked", "origin")


def choice_of(model: Model) -> Choice:
    """The choice at which a snapshot is read: all claims, to the date of its last statement."""
    return Choice(model.last_date(), None, EVIDENCE_LEVELS[0], STALE_AFTER_DAYS)


def places_changed(before: Model, after: Model) -> pd.DataFrame:
    """Neighborhoods whose status differs.

    Returns
    -------
    DataFrame
        ``neighborhood_id, status_from, status_to, kind, confirmed_on, assertion_id``; ``kind`` is ``gained`` (gang to
        state), ``lost`` (state to gang), ``stale`` (now unknown for want of a report) or ``other``; sorted by kind and id.
    """
    first = before.panel(choice_of(before)).set_index("neighborhood_id")["status"]
    last = after.panel(choice_of(after)).set_index("neighborhood_id")
    rows = last.assign(status_from=first.reindex(last.index).fillna(str(Status.NO_DATA)))
    rows = rows.rename(columns={"status": "status_to"})
    rows = rows[rows["status_from"] != rows["status_to"]].reset_index()
    kind = pd.Series("other", index=rows.index)
    kind = kind.mask(rows["status_from"].isin(_GANG) & rows["status_to"].isin(_STATE), "gained")
    kind = kind.mask(rows["status_from"].isin(_STATE) & rows["status_to"].isin(_GANG), "lost")
    kind = kind.mask(rows["status_to"].isin(_OPEN), "stale")
    columns = ["neighborhood_id", "status_from", "status_to", "kind", "confirmed_on", "assertion_id"]
    return rows.assign(kind=kind)[columns].sort_values(["kind", "neighborhood_id"], ignore_index=True)


def _register(model: Model) -> pd.DataFrame:
    choice = choice_of(model)
    return claims.register(
        model.frame("retaken_areas"),
        model.assertions(),
        model.history(choice),
        as_of=choice.as_of,
        stale_after_days=choice.stale_after_days,
    )


def claims_new(before: Model, after: Model) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Claims that only the later register has, and those that only there are denied; rows as ``claims.register``."""
    first, last = _register(before), _register(after)
    known = set(first["claim_key"])
    denied = set(first.loc[first["denied_on"].notna(), "claim_key"])
    fresh = last[~last["claim_key"].isin(known)]
    refused = last[last["denied_on"].notna() & ~last["claim_key"].isin(denied)]
    return fresh.reset_index(drop=True), refused.reset_index(drop=True)


def corrected(before: Model, after: Model) -> pd.DataFrame:
    """Statements that both snapshots have but not alike, and those that were taken back.

    Returns
    -------
    DataFrame
        ``assertion_id, neighborhood_id, columns, kind`` (``changed`` or ``removed``); ``columns`` names what differs,
        separated by commas.
    """
    first, last = (model.assertions().set_index("assertion_id") for model in (before, after))
    rows = []
    shared = first.index.intersection(last.index)
    compared = [name for name in first.columns.intersection(last.columns) if name not in _BOOKKEEPING]
    old, new = (
        frame.loc[shared, compared].astype("object").where(frame.loc[shared, compared].notna(), "").map(str)
        for frame in (first, last)
    )
    differs = old.ne(new)
    for assertion in differs.index[differs.any(axis=1)]:
        names = ", ".join(differs.columns[differs.loc[assertion]])
        rows.append((assertion, last.loc[assertion, "neighborhood_id"], names, "changed"))
    gone = first.index.difference(last.index)
    rows += [(assertion, first.loc[assertion, "neighborhood_id"], "", "removed") for assertion in gone]
    found = pd.DataFrame(rows, columns=["assertion_id", "neighborhood_id", "columns", "kind"])
    return found.sort_values("assertion_id", ignore_index=True)


def sites_changed(before: Model, after: Model) -> pd.DataFrame:
    """Sites whose reported state differs: ``site_id, name, status_from`` and the columns of ``sites.site_panel``."""
    sites = after.frame("key_sites")
    first = before.site_panel(choice_of(before), sites["site_id"]).set_index("site_id")["status"]
    last = after.site_panel(choice_of(after), sites["site_id"]).merge(
        sites[["site_id", "name"]], on="site_id"
    )
    rows = last.assign(status_from=last["site_id"].map(first).fillna("no_data"))
    return rows[rows["status_from"] != rows["status"]].sort_values("site_id", ignore_index=True)


def overdue(model: Model, dataset_ids: list[str], today: date) -> pd.DataFrame:
    """Datasets without a new date for twice their usual interval: ``dataset_id, title, last, days, cadence_days``."""
    rows = []
    for name in dataset_ids:
        about, made = model.description(name), model.provenance(name)
        cadence, covers = about.get("cadence_days"), made.get("covers")
        if not cadence or not covers:
            continue
        last = min(date.fromisoformat(covers["to"]), today)
        if today - last > timedelta(days=2 * cadence):
            rows.append((name, about["title"], last, (today - last).days, cadence))
    return pd.DataFrame(rows, columns=["dataset_id", "title", "last", "days", "cadence_days"])
