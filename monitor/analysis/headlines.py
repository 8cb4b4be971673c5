"""How headline numbers move between two states of the data: what a refresh shows before it publishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from monitor.analysis import coverage, sites, status
from monitor.analysis.definitions import STALE_AFTER_DAYS
from monitor.analysis.shares import shares

#: Shares that are headlines: what they are called, and the statuses they add up.
SHARES = {
    "gang control": ("gang_control",),
    "gang control or influence": ("gang_control", "gang_influence"),
    "held by the state or with state presence": ("state_held", "state_presence"),
}
EVIDENCE = {"all_claims": "all claims", "corroborated": "corroborated"}

#: Weeks before the date shown that are compared.
WEEKS = 104


@dataclass(frozen=True)
class Moved:
    """One headline number before and after.

    Attributes
    ----------
    name, unit
        What it says; ``share`` (0 to 1) or ``count``.
    before, after
        Its values on the date shown.
    because
        Keys of the rows that move it.
    weeks
        Mondays of the past weeks in which it changes, ISO.
    """

    name: str
    unit: str
    before: float
    after: float
    because: tuple[str, ...] = ()
    weeks: tuple[str, ...] = ()


def movements(
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, pd.DataFrame],
    changed: Mapping[str, Collection[str]],
) -> list[Moved]:
    """Headline numbers that move, now or in a past week.

    Parameters
    ----------
    before, after
        Rows that hold, by dataset: ``territorial_control, retaken_areas, incidents, actors, neighborhoods, key_sites,
        site_status``.
    changed
        Keys of rows added, changed and withdrawn, by dataset.

    Returns
    -------
    list of Moved
        Shares of neighborhoods by status at both evidence levels, functioning sites, and the counts of statements and of claims
        of retaken areas; those that stay the same everywhere are left out.
    """
    found: list[Moved] = []
    if any(
        changed.get(name) for name in ("territorial_control", "retaken_areas", "incidents", "neighborhoods")
    ):
        found += _share_movements(before, after, changed)
    if changed.get("site_status") or changed.get("key_sites"):
        found += _site_movements(before, after, changed)
    for name, title in (
        ("territorial_control", "statements about control"),
        ("retaken_areas", "claims of retaken areas"),
    ):
        rows = [len(frames[name]) for frames in (before, after)]
        if rows[0] != rows[1]:
            found.append(Moved(title, "count", rows[0], rows[1], tuple(sorted(changed.get(name, ())))))
    return found


def _scope(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    places = frames["neighborhoods"]
    return places[places["is_in_scope"].astype("bool")]


def _statements(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return status.all_assertions(frames["territorial_control"], frames["retaken_areas"])


def _share_movements(
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, pd.DataFrame],
    changed: Mapping[str, Collection[str]],
) -> list[Moved]:
    """Shares on the date shown (the later state's), and the weeks before in which they differ."""
    statements = _statements(after)
    in_scope = statements["neighborhood_id"].isin(_scope(after)["neighborhood_id"])
    shown = coverage.last_covered_date(statements.loc[in_scope, "from_earliest"])
    mondays = pd.date_range(end=shown, periods=WEEKS, freq="W-MON")
    days = [*mondays.date, shown.date()]
    found = []
    for evidence, level in EVIDENCE.items():
        panels = [_panel(frames, evidence, days) for frames in (before, after)]
        tables = [
            shares(panel, _scope(frames)) for panel, frames in zip(panels, (before, after), strict=True)
        ]
        because = _because(panels, changed, (before, after), pd.Timestamp(shown))
        for title, statuses in SHARES.items():
            series = [_series(table, statuses) for table in tables]
            now = [one.loc[pd.Timestamp(shown)] for one in series]
            differs = (series[0] - series[1]).abs() > 1e-12
            weeks = tuple(f"{day:%Y-%m-%d}" for day in differs.index[differs] if day.day_of_week == 0)
            if differs.any():
                name = f"{title}, share of neighborhoods on {shown:%Y-%m-%d}, {level}"
                moves = abs(now[0] - now[1]) > 1e-12
                found.append(Moved(name, "share", now[0], now[1], because if moves else (), weeks))
    return found


def _panel(frames: Mapping[str, pd.DataFrame], evidence: str, days: list[date]) -> pd.DataFrame:
    history = status.status_history(
        _statements(frames),
        known_on=None,
        evidence=evidence,
        stale_after_days=STALE_AFTER_DAYS,
        clashes=status.state_clashes(frames["incidents"], frames["actors"]),
    )
    return status.panel_of(history, days, _scope(frames)["neighborhood_id"])


def _series(table: pd.DataFrame, statuses: tuple[str, ...]) -> pd.Series:
    rows = table[(table["denominator"] == "neighborhoods") & table["status"].isin(statuses)]
    return rows.groupby("date")["share"].sum()


def _because(
    panels: list[pd.DataFrame],
    changed: Mapping[str, Collection[str]],
    states: tuple[Mapping[str, pd.DataFrame], Mapping[str, pd.DataFrame]],
    shown: pd.Timestamp,
) -> tuple[str, ...]:
    """Changed rows about the neighborhoods whose status on the date shown differs."""
    old, new = (
        panel[panel["date"] == shown].set_index("neighborhood_id")["status"].astype("str") for panel in panels
    )
    both = old.index.union(new.index)
    moved = set(both[old.reindex(both).fillna("") != new.reindex(both).fillna("")])
    keys: set[str] = set()
    for name, key in (
        ("territorial_control", "assertion_id"),
        ("retaken_areas", "claim_id"),
        ("incidents", "event_id"),
    ):
        for frames in states:
            rows = frames[name]
            about = rows[rows["neighborhood_id"].isin(moved) & rows[key].isin(list(changed.get(name, ())))]
            keys |= set(about[key])
    return tuple(sorted(keys))


def _site_movements(
    before: Mapping[str, pd.DataFrame],
    after: Mapping[str, pd.DataFrame],
    changed: Mapping[str, Collection[str]],
) -> list[Moved]:
    """Functioning sites among those listed, on the day of the last report."""
    shown = after["site_status"]["status_date"].max()
    counts = []
    for frames in (before, after):
        history = sites.site_history(frames["site_status"], known_on=None, stale_after_days=STALE_AFTER_DAYS)
        panel = sites.site_panel(history, [shown.date()], frames["key_sites"]["site_id"])
        counts.append(float(panel["status"].isin(["open", "reduced"]).sum()))
    if counts[0] == counts[1]:
        return []
    name = f"sites that are open or reduced on {shown:%Y-%m-%d}"
    return [Moved(name, "count", counts[0], counts[1], tuple(sorted(changed.get("site_status", ()))))]
