"""Sentences generated from the numbers: titles of figures and pages, alt texts. Each carries its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import Status
from monitor.analysis.durability import HoldSummary
from monitor.charts.style import site_label, status_label
from monitor.language import _, format_date, format_number, format_percent, mark, ngettext
from monitor.vocabulary import remark

GANG = (str(Status.GANG_CONTROL), str(Status.GANG_INFLUENCE))
STATE = (str(Status.STATE_HELD), str(Status.STATE_PRESENCE))


def _count(panel: pd.DataFrame, *statuses: str) -> int:
    return int(panel["status"].isin(statuses).sum())


def _by_date(panel: pd.DataFrame, column: str) -> pd.DataFrame:
    """Number of neighborhoods with each status (columns) on each date of a panel (rows)."""
    statuses = pd.Index([str(status) for status in Status])
    day, days = pd.factorize(panel["date"], sort=True)
    cells = day * len(statuses) + statuses.get_indexer(pd.Index(panel[column]))
    counts = np.bincount(cells, minlength=len(days) * len(statuses)).reshape(len(days), -1)
    return pd.DataFrame(counts, index=days, columns=statuses)


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
    counts = _by_date(panel, "status")
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
    counts = _by_date(panel, "last_status")
    columns = (counts[list(GANG)].sum(axis=1), counts[Status.CONTESTED], counts[list(STATE)].sum(axis=1))
    return [
        _(
            "At their last report, however old, {gang} were under gang control or influence, {contested} contested, {state} with the state present or holding."
        ).format(gang=gang, contested=contested, state=state)
        for gang, contested, state in zip(*columns, strict=True)
    ]


def held_change(moves: pd.Series, since: date) -> str:
    """How the number of gang-held areas changed: "−14 since 1 Feb 2025: 3 lost, 15 grew stale, 4 newly reported".

    Parameters
    ----------
    moves
        ``gained, lost, net, appeared, lapsed`` in neighborhoods, as ``compare.gains_and_losses`` counts them: an area
        whose report grew stale is not one that gangs lost.
    """
    difference = round(moves["net"] + moves["appeared"] - moves["lapsed"])
    texts = {
        "gained": _("{n} gained"),
        "lost": _("{n} lost"),
        "lapsed": _("{n} grew stale"),
        "appeared": _("{n} newly reported"),
    }
    parts = [text.format(n=round(moves[name])) for name, text in texts.items() if moves[name]]
    if not parts:
        return _("no change since {date}").format(date=format_date(since))
    total = _("{change} since {date}").format(
        change=f"{difference:+d}".replace("-", "−") if difference else "±0", date=format_date(since)
    )
    return _("{total}: {parts}").format(total=total, parts=", ".join(parts))


def others_differ(panel: pd.DataFrame, estimates: pd.DataFrame, stale_after_days: int) -> str | None:
    """Why published estimates of the gangs' share are far from the share counted here; None where there is none.

    Parameters
    ----------
    panel
        Statuses of one date for all areas in scope.
    estimates
        ``value`` in per cent, as ``mission.capital_shares`` returns them.
    """
    if estimates.empty:
        return None
    held, total = _count(panel, *GANG), len(panel)
    unknown = _count(panel, Status.UNKNOWN, Status.NO_DATA)
    return _(
        "Why {share} and not the {others} that others publish for the capital: here an area counts only while a report about it is "
        "no older than {days} days, and {unknown} of {total} have none. If gangs held all of these, too, it would be {high}."
    ).format(
        others=percent_range(estimates["value"].min() / 100, estimates["value"].max() / 100),
        share=format_percent(held / total),
        days=stale_after_days,
        unknown=unknown,
        total=total,
        high=format_percent((held + unknown) / total),
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


def retaken(register: pd.DataFrame) -> str:
    """The retaken page's sentence: claims, corroborated, lost, contested, not reported lost, unknown."""
    counts = register["outcome"].value_counts()
    solid = int((register["level"] != "claimed").sum())
    return _(
        "Of {claims} claims that a place was retaken, {solid} rest on more than a party's word; by later reports "
        "{lost} were lost again, {contested} are contested, {held} are not reported lost and for {unknown} nobody has reported lately."
    ).format(
        claims=len(register),
        solid=solid,
        lost=counts.get("lost", 0),
        contested=counts.get("contested", 0),
        held=counts.get("held", 0),
        unknown=counts.get("unknown", 0),
    )


def funnel(steps: pd.DataFrame) -> str:
    """Title of the funnel: how many claims are corroborated, and how many of those that could be followed held."""
    rows = steps.set_index("step")
    held = rows.loc["held_30"]
    first = _("{solid} of {claims} claims rest on more than a party's word").format(
        solid=rows.loc["corroborated", "count"], claims=rows.loc["claimed", "count"]
    )
    if not held["out_of"]:
        return first + _("; none could be followed for 30 days")
    return first + _("; of the {followed} followed for 30 days, {held} held and {lost} did not").format(
        followed=held["out_of"], held=held["count"], lost=held["lost"]
    )


def hold_curve(summary: HoldSummary) -> str:
    """Title of a hold curve: share held at 30 days, mean days held within 90, median."""
    at_30 = summary.survival.get(30)
    median = (
        _("median not reached")
        if summary.median_days is None
        else _("median {days} days").format(days=format_number(summary.median_days))
    )
    if at_30 is None:
        return _("{n} followed, {losses} lost, none for as long as 30 days; {median}").format(
            n=summary.spells, losses=summary.losses, median=median
        )
    return _(
        "An estimated {share} are still held after 30 days; mean {days} of the first 90 days held ({low}–{high}); {median}; {n} followed, {losses} lost"
    ).format(
        share=format_percent(at_30),
        days=format_number(summary.rmst_days),
        low=format_number(summary.rmst_interval.low),
        high=format_number(summary.rmst_interval.high),
        median=median,
        n=summary.spells,
        losses=summary.losses,
    )


def reversal(table: pd.DataFrame) -> str:
    """Title of contradicted claims: all claimants together, within 7 and 30 days."""
    within = {
        days: (int(table[f"contradicted_{days}"].sum()), int(table[f"of_{days}"].sum())) for days in (7, 30)
    }
    return _(
        "{seven} of {of_seven} claims were contradicted within 7 days, {thirty} of {of_thirty} within 30; more may be false that nobody checked"
    ).format(seven=within[7][0], of_seven=within[7][1], thirty=within[30][0], of_thirty=within[30][1])


def zones(rows: pd.DataFrame, name: str) -> str:
    """Title of the streets of a neighborhood: "2 of 5 streets …", by status."""
    total = len(rows)
    parts = [
        _("{count} of {total} {status}").format(count=count, total=total, status=status_label(status).lower())
        for status, count in rows["status"].value_counts().items()
    ]
    return _("{name}, streets that claims name: {parts}").format(name=name, parts=", ".join(parts))


def claim_in_words(row: pd.Series, name: str, who: str) -> str:
    """One claim with its denial, contradiction and fate, in a sentence."""
    parts = [
        _("{date}: {who} claims {name} retaken").format(
            date=format_date(row["claim_date"]), who=who, name=name
        )
    ]
    if row["sub_zones"]:
        parts.append(_("{n} streets named").format(n=row["sub_zones"]))
    if row["level"] == "claimed":
        parts.append(_("nobody independent says the same"))
    else:
        parts.append(_("independent publishers who say the same: {n}").format(n=row["independent"]))
    if pd.notna(row["denied_on"]):
        parts.append(
            _("denied on {date} ({who})").format(date=format_date(row["denied_on"]), who=row["denied_by"])
        )
    if pd.notna(row["days_to_contradiction"]):
        days = int(row["days_to_contradiction"])
        text = ngettext(
            "contradicted after {days} day ({who})", "contradicted after {days} days ({who})", days
        )
        parts.append(text.format(days=format_number(days), who=row["contradicted_by"]))
    if row["sub_zones"] and row["zones_lost"]:
        parts.append(_("{lost} of {n} streets lost again").format(lost=row["zones_lost"], n=row["sub_zones"]))
    return mark(";").join(parts) + "."


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
        entity=remark(deployed["entity"].removesuffix(" total")),
        deployed=format_number(deployed["value"]),
        date=format_date(deployed["as_of"]),
        ratio=ratio,
        authorised=format_number(authorised["value"]),
        when=format_date(authorised["as_of"]),
    )


def nine(
    table: pd.DataFrame, chosen: tuple[str, str], measures: Mapping[str, str], denominators: Mapping[str, str]
) -> str:
    """Title of the nine headlines: the chosen one with its bound, and the range of the others."""
    cells = table.set_index(["denominator", "measure"])
    cell = cells.loc[chosen]
    return _(
        "At least {share} of {denominator} under {measure}, up to {high}; other ways of counting give {low} to {top}"
    ).format(
        share=format_percent(cell["share"]),
        denominator=denominators[chosen[0]],
        measure=measures[chosen[1]],
        high=format_percent(cell["high"]),
        low=format_percent(table["share"].min()),
        top=format_percent(table["share"].max()),
    )


def lag(table: pd.DataFrame, unseen: pd.DataFrame) -> str:
    """Title of the reporting lags: medians of gang and state gains, and losses learned from a claim."""
    rows = table.set_index("side")
    parts = [
        text.format(days=format_number(rows.loc[side, "median_days"]), n=rows.loc[side, "n"])
        for side, text in (
            ("gang", _("Gang gains are published {days} days after (median of {n})")),
            ("state", _("state gains {days} days after (median of {n})")),
        )
        if side in rows.index
    ]
    sentence = mark(";").join(parts)
    if len(unseen):
        sentence += _(
            "; of {late} of {n} places claimed as retaken nobody had published before that they were lost"
        ).format(late=int(unseen["learned_from_claim"].sum()), n=len(unseen))
    return sentence[:1].upper() + sentence[1:]


def learned(rows: pd.DataFrame) -> str:
    """Rows learned, corrected and withdrawn."""
    counts = rows["kind"].value_counts()
    return _("Since then {learned} rows were learned, {corrected} corrected, {withdrawn} withdrawn").format(
        learned=counts.get("learned", 0),
        corrected=counts.get("corrected", 0),
        withdrawn=counts.get("withdrawn", 0),
    )


def percent_range(low: float, high: float) -> str:
    """Two shares as one range, 2–5 %; one share where they are printed alike."""
    first, last = format_percent(low), format_percent(high)
    if first == last:
        return first
    sign = "\u00a0%"
    return f"{first.removesuffix(sign)}–{last}"
