"""Sentences generated from the numbers: titles of figures and pages, alt texts. Each carries its uncertainty."""

from __future__ import annotations

from datetime import date

import pandas as pd

from loaders.contracts import Status
from monitor.charts.style import site_label, status_label
from monitor.language import _, format_date, format_number, format_percent, ngettext

GANG = (str(Status.GANG_CONTROL), str(Status.GANG_INFLUENCE))
STATE = (str(Status.STATE_HELD), str(Status.STATE_PRESENCE))


def _count(panel: pd.DataFrame, *statuses: str) -> int:
    return int(panel["status"].isin(statuses).sum())


def situation(panel: pd.DataFrame, stale_after_days: int) -> str:
    """The situation on one date in one sentence, unknown areas included."""
    return _situation(
        len(panel),
        _count(panel, Status.GANG_CONTROL),
        _count(panel, Status.CONTESTED),
        _count(panel, Status.UNKNOWN, Status.NO_DATA),
        stale_after_days,
    )


def situations(panel: pd.DataFrame, stale_after_days: int) -> list[str]:
    """The sentence of :func:`situation` for each date of a panel, in the order of the dates."""
    counts = pd.crosstab(panel["date"], panel["status"]).reindex(
        columns=[str(status) for status in Status], fill_value=0
    )
    unknown = counts[Status.UNKNOWN] + counts[Status.NO_DATA]
    columns = (counts.sum(axis=1), counts[Status.GANG_CONTROL], counts[Status.CONTESTED], unknown)
    return [
        _situation(int(total), int(control), int(contested), int(open_), stale_after_days)
        for total, control, contested, open_ in zip(*columns, strict=True)
    ]


def _situation(total: int, control: int, contested: int, unknown: int, stale_after_days: int) -> str:
    first = ngettext(
        "Armed groups control at least {control} of {total} neighborhoods ({share}) and contest {contested} more",
        "Armed groups control at least {control} of {total} neighborhoods ({share}) and contest {contested} more",
        control,
    ).format(control=control, total=total, share=format_percent(control / total), contested=contested)
    if not unknown:
        return first + "."
    second = _("; who holds {unknown} others is unknown, for want of a report in {days} days").format(
        unknown=unknown, days=stale_after_days
    )
    return first + second + "."


def map_title(counts: pd.Series) -> str:
    """Title of the control map from neighborhoods by status: control, contested, unknown."""
    return _(
        "{control} of {total} neighborhoods under gang control, {contested} contested, {unknown} unknown"
    ).format(
        control=int(counts[Status.GANG_CONTROL]),
        total=int(counts.sum()),
        contested=int(counts[Status.CONTESTED]),
        unknown=int(counts[Status.UNKNOWN] + counts[Status.NO_DATA]),
    )


def last_reports(panel: pd.DataFrame) -> list[str]:
    """What the last reports said, however old they are, for each date of a panel."""
    counts = pd.crosstab(panel["date"], panel["last_status"]).reindex(
        columns=[str(status) for status in Status], fill_value=0
    )
    columns = (counts[list(GANG)].sum(axis=1), counts[Status.CONTESTED], counts[list(STATE)].sum(axis=1))
    return [
        _(
            "At their last report, however old, {gang} were under gang control or influence, {contested} contested, {state} with the state present or holding."
        ).format(gang=gang, contested=contested, state=state)
        for gang, contested, state in zip(*columns, strict=True)
    ]


def change(now: float, before: float, since: date) -> str:
    """A change in a count: "+3 since 1 May 2025", "no change since …"."""
    difference = round(now - before)
    if difference == 0:
        return _("no change since {date}").format(date=format_date(since))
    return _("{change} since {date}").format(
        change=f"{difference:+d}".replace("-", "−"), date=format_date(since)
    )


def comparison(changes: pd.DataFrame, total: int, first: date, second: date) -> str:
    """What changed between two dates in one sentence; what only became known or unknown is told apart."""
    kinds = changes["kind"].value_counts()
    return _(
        "From {first} to {second} armed groups gained {gained} and lost {lost} of {total} neighborhoods by report; {other} "
        "changed otherwise, for {lapsed} the reports grew stale and for {appeared} reports came in."
    ).format(
        first=format_date(first),
        second=format_date(second),
        total=total,
        **{name: int(kinds.get(name, 0)) for name in ("gained", "lost", "other", "lapsed", "appeared")},
    )


def share_title(table: pd.DataFrame, day: pd.Timestamp, denominator: str) -> str:
    """Title of the share chart: control, and control or influence, with bounds."""
    return share_titles(table[table["date"] == day], denominator)[0]


def share_titles(table: pd.DataFrame, denominator: str) -> list[str]:
    """The title of :func:`share_title` for each date of a table of shares."""
    rows = table[table["denominator"] == denominator].pivot(index="date", columns="status", values="share")
    control = rows[Status.GANG_CONTROL]
    both = control + rows[Status.GANG_INFLUENCE]
    high = both + rows[Status.UNKNOWN] + rows[Status.NO_DATA]
    unit = {"neighborhoods": _("neighborhoods"), "km2": _("area"), "people": _("people")}[denominator]
    return [
        _(
            "Gang control {control}, control or influence {both} of {unit}; up to {high} if every unknown area counted"
        ).format(
            control=format_percent(low), both=format_percent(middle), unit=unit, high=format_percent(most)
        )
        for low, middle, most in zip(control, both, high, strict=True)
    ]


def area_title(row: pd.Series, name: str) -> str:
    """One neighborhood's status in words."""
    if row["status"] == Status.NO_DATA:
        return _("{name}: no data").format(name=name)
    if row["is_stale"]:
        return _("{name}: unknown, last reported {status} {date}").format(
            name=name, status=status_label(row["last_status"]).lower(), date=format_date(row["confirmed_on"])
        )
    return _("{name}: {status} since {date}").format(
        name=name, status=status_label(row["status"]).lower(), date=format_date(row["since"])
    )


def retaken(outcomes: pd.DataFrame) -> str:
    """The retaken page's sentence: claims, corroborated, held, lost, contested, unknown."""
    counts = outcomes["outcome"].value_counts()
    solid = int(outcomes["verification"].isin(["single_source", "corroborated", "confirmed"]).sum())
    return _(
        "Of {claims} claims that a place was retaken, {solid} rest on more than a party's word; by later reports "
        "{lost} were lost again, {contested} are contested, {held} are not reported lost and for {unknown} nobody has reported lately."
    ).format(
        claims=len(outcomes),
        solid=solid,
        lost=counts.get("lost", 0),
        contested=counts.get("contested", 0),
        held=counts.get("held", 0),
        unknown=counts.get("unknown", 0),
    )


def site_line(row: pd.Series) -> str:
    """One site's state in words, with the date of the report."""
    if row["status"] == "no_data":
        return _("no report yet")
    if row["is_stale"]:
        return _("unknown; last reported {status} {date}").format(
            status=site_label(row["last_status"]).lower(), date=format_date(row["since"])
        )
    return _("{status}, reported {date}").format(
        status=site_label(row["status"]).lower(), date=format_date(row["since"])
    )


def hospitals(row: pd.Series) -> str:
    """How many hospitals function."""
    return _(
        "{functioning} of {known} hospitals with a recent report function at least in part; {listed} are listed."
    ).format(
        functioning=format_number(row["functioning"]),
        known=format_number(row["known"]),
        listed=format_number(row["listed"]),
    )


def incidents(shown: int, total: int, unplaced: int) -> str:
    """Number of events found, and how many of them are not placed."""
    return _(
        "{shown} of {total} events match; {unplaced} of them are known to commune level or coarser and are not placed on the map."
    ).format(shown=format_number(shown), total=format_number(total), unplaced=format_number(unplaced))


def deployment(deployed: pd.Series | None, authorised: pd.Series | None) -> str:
    """Deployed against authorised personnel."""
    if deployed is None or authorised is None:
        return _("No figure of deployed and authorised personnel by this date.")
    ratio = format_percent(deployed["value"] / authorised["value"])
    return _(
        "The {entity} counted {deployed} personnel on {date}, {ratio} of the {authorised} authorised on {when}."
    ).format(
        entity=deployed["entity"].removesuffix(" total"),
        deployed=format_number(deployed["value"]),
        date=format_date(deployed["as_of"]),
        ratio=ratio,
        authorised=format_number(authorised["value"]),
        when=format_date(authorised["as_of"]),
    )
