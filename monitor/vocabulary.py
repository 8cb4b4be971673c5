"""Values of the data's closed vocabularies, and the data's own texts, in words of the reader's language.

Statuses of areas and sites have functions of their own beside their colours (``monitor.charts.style``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from loaders.contracts import CONTRACTS
from monitor.language import _, marked

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"\d[\d.,]*\d|\d")

VOCABULARIES: Mapping[str, Mapping[str, str]] = {
    "verification": {
        "claimed": marked("claimed"),
        "single_source": marked("single source"),
        "corroborated": marked("corroborated"),
        "confirmed": marked("confirmed"),
        "denied": marked("denied"),
    },
    "claimant": {
        "state": marked("state"),
        "gang": marked("gang"),
        "residents": marked("residents"),
        "press": marked("press"),
        "UN": marked("UN"),
        "NGO": marked("NGO"),
        "analyst": marked("analyst"),
    },
    "source_checked": {"page": marked("page seen"), "recall": marked("from recall")},
    "sub_event_type": {
        "Armed clash": marked("Armed clash"),
        "Attack": marked("Attack"),
        "Looting/property destruction": marked("Looting or destruction of property"),
        "Air/drone strike": marked("Air or drone strike"),
        "Other": marked("Other"),
        "Violent demonstration": marked("Violent demonstration"),
        "Abduction/forced disappearance": marked("Abduction or forced disappearance"),
        "Protest with intervention": marked("Protest with intervention"),
        "Mob violence": marked("Mob violence"),
        "Shelling/artillery/missile attack": marked("Shelling, artillery or missile attack"),
        "Non-violent transfer of territory": marked("Non-violent transfer of territory"),
        "Peaceful protest": marked("Peaceful protest"),
        "Sexual violence": marked("Sexual violence"),
        "Grenade": marked("Grenade"),
        "Remote explosive/landmine/IED": marked("Explosive device"),
        "Arrests": marked("Arrests"),
        "Disrupted weapons use": marked("Disrupted use of weapons"),
        "Change to group/activity": marked("Change of a group or its activity"),
        "Agreement": marked("Agreement"),
        "Headquarters or base established": marked("Headquarters or base established"),
        "Government regains territory": marked("Government regains territory"),
        "Non-state actor overtakes territory": marked("Non-state actor takes territory"),
        "Excessive force against protesters": marked("Excessive force against protesters"),
    },
    "date_precision": {
        "day": marked("day"),
        "month": marked("month"),
        "quarter": marked("quarter"),
        "year": marked("year"),
    },
    "location_precision": {
        "neighborhood": marked("neighborhood"),
        "commune": marked("commune"),
        "metro": marked("metropolitan area"),
        "national": marked("country"),
        "outside": marked("outside the metropolitan area"),
    },
    "site_type": {
        "airport": marked("airport"),
        "hospital": marked("hospital"),
        "port": marked("port"),
        "fuel terminal": marked("fuel terminal"),
        "prison": marked("prison"),
        "police station": marked("police station"),
        "courthouse": marked("courthouse"),
        "palace": marked("palace"),
        "power": marked("power supply"),
        "road": marked("road"),
        "border post": marked("border post"),
        "university": marked("university"),
        "telecom": marked("telecommunications"),
        "military base": marked("military base"),
        "embassy": marked("embassy"),
        "heritage": marked("heritage site"),
    },
    "site_event": {
        "attacked": marked("attacked"),
        "retaken": marked("retaken"),
        "reopened": marked("reopened"),
    },
    "coordinate_quality": {
        "good": marked("good"),
        "checked": marked("checked"),
        "approx": marked("approximate"),
    },
    "topic": {
        "personnel": marked("personnel"),
        "funding": marked("funding"),
        "police": marked("police"),
        "equipment": marked("equipment"),
        "plan": marked("plan"),
    },
    "basis": {
        "authorised": marked("authorised"),
        "pledged": marked("pledged"),
        "offered": marked("offered"),
        "deployed": marked("deployed"),
        "required": marked("required"),
        "committed": marked("committed"),
        "received": marked("received"),
        "frozen": marked("frozen"),
        "delivered": marked("delivered"),
        "strength": marked("strength"),
        "other": marked("other"),
    },
    "unit": {
        "personnel": marked("personnel"),
        "officers": marked("officers"),
        "people": marked("people"),
        "percent": marked("per cent"),
        "cases": marked("cases"),
        "stations": marked("stations"),
        "premises": marked("premises"),
        "facilities": marked("facilities"),
        "sites": marked("sites"),
        "children": marked("children"),
        "operations": marked("operations"),
        "USD million": marked("million US dollars"),
        "USD million/year": marked("million US dollars a year"),
        "CAD million": marked("million Canadian dollars"),
        "EUR million": marked("million euros"),
        "date": marked("date"),
        "bases": marked("bases"),
        "MaxxPro armoured vehicles": marked("MaxxPro armoured vehicles"),
        "armoured personnel carriers": marked("armoured personnel carriers"),
        "forward operating bases": marked("forward operating bases"),
    },
    "indicator": {
        "killed": marked("killed"),
        "kidnapped": marked("kidnapped"),
        "displaced_new": marked("newly displaced"),
        "displaced": marked("displaced"),
        "capital_share_gangs": marked("gangs’ share of the capital"),
        "injured": marked("injured"),
        "lynched": marked("lynched"),
        "police_killed": marked("police killed"),
        "sexual_violence_victims": marked("victims of sexual violence"),
        "share_casualties_security_ops": marked("share of casualties from security operations"),
        "extrajudicial_executions": marked("extrajudicial executions"),
        "killed_in_police_operations": marked("killed in police operations"),
        "killed_or_injured": marked("killed or injured"),
        "share_casualties_gangs": marked("share of casualties caused by gangs"),
        "drone_strike_deaths": marked("deaths in drone strikes"),
        "police_stations_unusable": marked("police stations out of use"),
        "killed_injured_or_kidnapped": marked("killed, injured or kidnapped"),
        "killed_or_injured_by_snipers": marked("killed or injured by snipers"),
        "killed_by_vigilantes": marked("killed by self-defence groups"),
        "police_killed_or_injured": marked("police killed or injured"),
        "police_premises_attacked": marked("police premises attacked"),
        "prison_escapees": marked("prison escapees"),
        "deaths_in_custody": marked("deaths in custody"),
        "victims_of_police_operations": marked("victims of police operations"),
        "children_killed": marked("children killed"),
        "homicide_change": marked("change in homicides"),
        "health_facilities_closed": marked("health facilities closed"),
        "killed_subnational": marked("killed, part of the country"),
        "share_incidents_port_au_prince": marked("share of incidents in Port-au-Prince"),
        "displacement_sites": marked("displacement sites"),
        "children_recruited": marked("children recruited"),
        "drone_strike_injured": marked("injured in drone strikes"),
        "drone_strike_operations": marked("drone strikes"),
        "gang_fighters_estimate": marked("gang fighters, estimate"),
    },
    "source_type": {
        "local press": marked("local press"),
        "news": marked("news"),
        "UN": marked("UN"),
        "NGO": marked("NGO"),
        "newsletter": marked("newsletter"),
        "encyclopedia": marked("encyclopedia"),
        "blog": marked("blog"),
        "analysis": marked("analysis"),
        "forum": marked("forum"),
        "UN agency": marked("UN agency"),
        "EU": marked("EU"),
        "government": marked("government"),
        "gazetteer": marked("gazetteer"),
        "consultancy": marked("consultancy"),
        "mission": marked("mission"),
        "law firm": marked("law firm"),
    },
    "known_bias": {
        text: text
        for text in (
            marked(
                "Reports what reaches the newsroom: police statements and large attacks; quiet gang rule is under-reported"
            ),
            marked("Repeats agency wires; the same report can appear under several names"),
            marked("One author, rarely a second check"),
            marked("Compiled from press; revised without notice"),
            marked("Speaks of its own results"),
        )
    },
    "actor_type": {
        "gang": marked("gang"),
        "self-defence": marked("self-defence group"),
        "state force": marked("state force"),
        "coalition": marked("coalition"),
        "international force": marked("international force"),
        "armed group": marked("armed group"),
        "UN office": marked("UN office"),
        "private contractor": marked("private contractor"),
    },
}


def word(vocabulary: str, value: object) -> str:
    """A value of a vocabulary in words; a value that the vocabulary does not know is shown as it is, nothing as an en dash."""
    if not isinstance(value, str):
        return "–"
    known = VOCABULARIES[vocabulary].get(value)
    return _(known) if known is not None else value.replace("_", " ")


def remark(text: object) -> str:
    """A text of a row in the reader's language, as it was written where nobody has translated it; empty for none."""
    return _(text) if isinstance(text, str) else ""


def in_words(rows: pd.DataFrame, dataset_id: str) -> pd.DataFrame:
    """Rows of a dataset with the texts that its contract marks as translated in the reader's language."""
    ours = [
        column.name
        for column in CONTRACTS[dataset_id].columns
        if column.translated != "no" and column.name in rows
    ]
    return rows.assign(**{name: rows[name].map(remark, na_action="ignore") for name in ours})


def counted(text: str) -> tuple[str, list[str]]:
    """A sentence that counts something, with ``{0}``, ``{1}`` … for its numbers, and the numbers as they stand in it."""
    numbers = _NUMBER.findall(text)
    places = iter(range(len(numbers)))
    return _NUMBER.sub(lambda _found: f"{{{next(places)}}}", text), numbers


def count_in_words(text: str) -> str:
    """A note of a refresh in the reader's language, whatever it counts; as it was written where nobody has translated it."""
    pattern, numbers = counted(text)
    translated = _(pattern)
    return translated.format(*numbers) if translated != pattern else text
