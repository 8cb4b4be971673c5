"""Verdicts on statements in words: reasons, numbers and their values."""

from __future__ import annotations

import pandas as pd

from monitor.analysis.scorecard import Number
from monitor.charts.style import site_label
from monitor.language import _, format_date, format_number, format_percent
from monitor.vocabulary import word


def reason(key: str) -> str:
    """Why a verdict was reached."""
    return {
        "not_deployed_yet": _("No personnel of a mission is reported deployed by this date."),
        "no_claim_names_mission": _("No claim of a retaken place names the mission."),
        "held_beyond_party_word": _(
            "At least one place was retaken with the mission, on more than a party’s word, and is not reported lost."
        ),
        "retaken_but_not_known_held": _(
            "Places were retaken with the mission, but none that rests on more than a party’s word is known to be held on this date."
        ),
        "only_party_word": _("Only a party’s own word names the mission, and nobody has reported since."),
        "no_later_report": _("Nobody has reported lately about the places claimed."),
        "no_loss_reported": _("No place claimed as retaken is reported lost; that is weak evidence."),
        "losses_reported": _("Places claimed as retaken were reported under gangs again."),
        "no_recent_report": _("No report about the site within the staleness limit."),
        "closed_or_gang_held": _("It is reported closed, or its neighborhood is gang-held."),
        "open_and_unattacked": _(
            "It is reported open, without a recorded attack in the last months, and not in a gang-held neighborhood."
        ),
        "works_in_part_or_attacked": _("It works in part only, or was attacked in the last months."),
        "no_closure_reported": _("No closure is reported by this date, so there is nothing to reopen."),
        "no_report_of_service": _(
            "Since it closed, no report says that it served patients or passengers again; retaken is not reopened."
        ),
        "serves_again": _("It is reported to serve again after its closure."),
        "reopened_then_closed": _("It was reported to serve again, and closed again."),
        "reopened_now_unknown": _("It was reported to serve again; its state on this date is unknown."),
        "no_figure": _("No figures to compare by this date."),
        "less_than_half": _("Less than half of what is said to be needed."),
        "more_than_half": _("More than half, but not nearly all of what is said to be needed."),
        "nearly_all": _("Nearly all of what is said to be needed."),
        "no_such_event": _("No such event is compiled."),
        "not_yet": _("The event lies after this date."),
        "event_dated": _("The event is dated, on or before this date."),
    }[key]


def number(name: str) -> str:
    """What a number behind a verdict is."""
    return {
        "claims_since_deployment": _("claims of retaken places since the deployment"),
        "claims_naming_mission": _("of them, naming the mission"),
        "claims_beyond_party_word": _("on more than a party’s word"),
        "claims_held": _("not reported lost"),
        "claims_lost": _("lost again"),
        "claims_unknown": _("unknown, for want of a later report"),
        "state": _("state on this date"),
        "last_stated": _("last reported state"),
        "last_report": _("date of that report"),
        "attacks_since_deployment": _("recorded attacks since the deployment"),
        "closures_since_deployment": _("reports of closure since the deployment"),
        "last_attack": _("last recorded attack"),
        "gang_distance_m": _("distance to the nearest gang-held neighborhood"),
        "retaken_count": _("reports that it was retaken"),
        "attacked_count": _("reports of attacks on it"),
        "reopened_count": _("reports that it reopened"),
        "closed_since": _("first reported closed"),
        "required_usd_million": _("said to be required a year, million US dollars"),
        "received_usd_million": _("received in all, million US dollars"),
        "received_share": _("received of required"),
        "figure_date": _("date of the older of the figures"),
        "deployed": _("deployed"),
        "authorised": _("authorised on that day"),
        "deployed_share": _("deployed of authorised"),
        "event_date": _("date of the event"),
        "date_basis": _("the date is"),
    }[name]


def value(item: Number) -> str:
    """The value of a number behind a verdict."""
    content = item.value
    if content is None or (isinstance(content, float) and pd.isna(content)):
        return _("none")
    if isinstance(content, pd.Timestamp):
        return format_date(content)
    if isinstance(content, str):
        return word("source_checked", content) if item.name == "date_basis" else site_label(content).lower()
    if item.name.endswith("_share"):
        return format_percent(content)
    if item.name.endswith("_m"):
        return _("{km} km").format(km=format_number(content / 1000, 1))
    return format_number(content)
