"""Definitions: the constants behind every number, and the words in which the Methods page prints them.

A definition that changes gets a new id; links that name the old id keep the old meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

#: Days after the last statement on which a status becomes unknown (stale).
STALE_AFTER_DAYS = 180
STALE_CHOICES = (90, 180, 365)

#: Days within which credible statements for both sides make a neighborhood contested on the ground.
CONTESTED_WINDOW_DAYS = 28
#: Armed clashes with state forces, within the window after the last statement, that do the same.
CONTESTED_MIN_CLASHES = 2
#: Days within which statements of different sources for different sides are a dispute, and not a change over time.
DISPUTE_WINDOW_DAYS = 28

#: Weeks of statements that are compared to tell how well a date is covered, and the share of the usual number needed.
COVERAGE_WEEKS = 4
COVERAGE_REFERENCE_WEEKS = 52
COVERAGE_SHARE = 0.5

#: Sources compared pair by pair: those that speak of most neighborhood-weeks.
AGREEMENT_MAX_SOURCES = 15

#: Weeks without a statement at which an area enters the next class of silence.
VOID_CLASS_WEEKS = (4, 13, 26, 52)

#: A source breaks where this many weeks lie further from the expected rows than this share of them; the expectation is
#: the mean of up to 52 weeks before (at least 12), of at least 8 rows in four weeks. A break of half a year is a new level, unless it is silence;
#: one that chance alone would make of the usual rows more often than one time in a thousand is none.
BREAK_WEEKS = 4
BREAK_SHARE = 0.5
BREAK_BASELINE_WEEKS = 52
BREAK_MIN_BASELINE_WEEKS = 12
BREAK_MIN_EXPECTED = 8
BREAK_NEW_LEVEL_WEEKS = 26
BREAK_CHANCE = 0.001

#: Complete weeks before a week whose mean is drawn beside it.
INCIDENT_MEAN_WEEKS = 4

#: Spells below which no hold curve is drawn.
HOLD_CURVE_MIN_SPELLS = 10
#: Days after a retake at which the share still held is printed, and the horizon of the mean days held.
HOLD_HORIZONS_DAYS = (7, 30, 90, 180)
RMST_HORIZON_DAYS = 90
#: Days of the durability figures and of the last steps of the funnel.
DURABILITY_DAYS = (30, 90)
#: A claim is corroborated by independent reports about the same place within these days, and confirmed by one this late.
CORROBORATION_DAYS = 28
ON_SITE_DAYS = 7
#: Days after a claim within which a statement to the contrary is a denial of it.
DENIAL_DAYS = 7
#: Days within which contradicted claims are counted.
REVERSAL_DAYS = (7, 30)
#: Resamples of neighborhoods for the interval of the mean days held, and their seed.
BOOTSTRAP_DRAWS, BOOTSTRAP_SEED = 400, 20241020
#: Event types that count as violence after a retake.
VIOLENT_EVENT_TYPES = ("Battles", "Explosions/Remote violence", "Violence against civilians")
#: A site that serves in part counts as this share of a day not served.
REDUCED_SERVICE_WEIGHT = 0.5
#: Below this many people no rate is shown.
POPULATION_FLOOR = 5000
#: Distances within which incidents around a site are counted, kilometres, and the days they are counted over.
NEAR_KM = (1.0, 2.0, 5.0)
NEAR_DAYS = 28
#: Share of an outline from which on a neighborhood counts as encircled.
ENCIRCLED_SHARE = 0.5

#: Complete weeks of the baseline that an incident count is compared with.
INCIDENT_BASELINE_WEEKS = 52
#: Changes against the baseline that separate the classes, and the low counts that are always "limited".
LARGE_CHANGE, MODERATE_CHANGE = 0.25, 0.10
LOW_BASELINE_MEAN, LOW_CURRENT_COUNT = 2.0, 5
#: Days apart up to which reports of two providers can be the same event, and the score from which they are a candidate.
SAME_EVENT_DAYS = 2
SAME_EVENT_SCORE = 0.6

#: Figures of one basis and entity whose days lie at most this far apart conflict if they differ.
CONFLICT_DAYS = 31
#: Shares of what is required or authorised up to which a mission is said to lack it, or to lack it in part.
LACKING_SHARE, SUFFICIENT_SHARE = 0.5, 0.9
#: Days without a recorded attack after which a site counts as secured.
SECURED_DAYS = 180

EVIDENCE_LEVELS = ("all_claims", "corroborated")


@dataclass(frozen=True)
class Definition:
    """A published definition.

    Attributes
    ----------
    definition_id
        ``<family>-<version>``: a new version for every change of meaning.
    name, text
        English; pages translate them.
    constants
        Constants of :class:`Rules` that it fixes, for a link that names it.
    """

    definition_id: str
    name: str
    text: str
    constants: Mapping[str, int] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """What it defines, without the version."""
        return self.definition_id.rpartition("-")[0]


@dataclass(frozen=True)
class Rules:
    """Constants of the derivation of a status that a link can hold fast by naming definitions."""

    contested_window_days: int = CONTESTED_WINDOW_DAYS
    contested_min_clashes: int = CONTESTED_MIN_CLASHES
    dispute_window_days: int = DISPUTE_WINDOW_DAYS


#: The rules in force.
RULES = Rules()


def _contested(window: int, clashes: int, more: str = "") -> str:
    return (
        "A source says contested, or credible sources (single source or better) assert both state and gang within "
        f"{window} days of each other, or at least {clashes} armed clashes with state forces follow the last statement "
        f"within {window} days.{more}"
    )


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "status-1",
        "Status of a neighborhood",
        "The latest admissible statement about a neighborhood on or before the date gives its status; of statements for "
        "the same day the more specific, then the better verified, then the later published one counts. Control is "
        "extraction and imposed rules backed by force; influence is the same but partial or intermittent. For state "
        "forces a patrol is presence, not control. A statement about a whole commune is shown for the commune and never "
        "spread over its neighborhoods.",
    ),
    Definition(
        "evidence-1",
        "Evidence level",
        "All claims: every statement counts. Corroborated: statements that are only claimed or denied do not count, and a "
        "party's word about its own gain counts only once it is corroborated (several independent reports or an "
        "institution); an independent source that says the same moves the status by itself.",
    ),
    Definition(
        "known-on-1",
        "As known on",
        "Only statements recorded by that day count. Statements compiled afterwards count as recorded on the day they "
        "were published; where no better date is known than the month or year reported on, on the last day of it.",
    ),
    Definition(
        "stale-1",
        "Stale",
        f"No statement for more than {STALE_AFTER_DAYS} days (the reader may choose {', '.join(map(str, STALE_CHOICES))}): the "
        "status becomes unknown and leaves the numerator; the neighborhood stays in the denominator. Nothing is carried "
        "forward silently: before the limit the fill fades with age, after it only an outline tells the last report. "
        "No data: no statement yet.",
    ),
    Definition(
        "contested-1",
        "Contested on the ground",
        _contested(CONTESTED_WINDOW_DAYS, CONTESTED_MIN_CLASHES),
        {"contested_window_days": CONTESTED_WINDOW_DAYS, "contested_min_clashes": CONTESTED_MIN_CLASHES},
    ),
    Definition(
        "disputed-1",
        "Disputed between sources",
        f"Another source of equal or higher verification puts the neighborhood on a different side within "
        f"{DISPUTE_WINDOW_DAYS} days before the statement that gives the status.",
        {"dispute_window_days": DISPUTE_WINDOW_DAYS},
    ),
    Definition(
        "share-1",
        "Share",
        "Neighborhoods, km² or people with a status, divided by the same sum over all neighborhoods in scope. Unknown, "
        "stale and no data are their own share. Bounds: the share if none, or all, of them had the status. People are "
        "known per commune (IHSI 2015) and split by area.",
    ),
    Definition(
        "transition-1",
        "Change between two dates",
        "For each pair of statuses the neighborhoods, km² or people that had the first on the first date and the second on the "
        "second: rows sum to the first date, columns to the second. People are those of 2015 on both dates.",
    ),
    Definition(
        "gain-loss-1",
        "Gains and losses",
        "Seen from the armed groups, from one Sunday to the next. Gained: from contested, the state or others to gang control or "
        "influence; lost: the way back. Net: gained less lost. An area whose report grew stale, or about which a first report "
        "came in, is neither gained nor lost: it is counted apart, because nobody need have moved.",
    ),
    Definition(
        "coverage-1",
        "Default date",
        f"The last day of the last week for which the statements of the {COVERAGE_WEEKS} weeks up to it number at least "
        f"{COVERAGE_SHARE:.0%} of the median over the {COVERAGE_REFERENCE_WEEKS} weeks before. Later dates can be chosen and "
        "show their staleness.",
    ),
    Definition(
        "retake-1",
        "Retake and hold spell",
        "A retake is a change from gang control or influence to state presence or state held. Its spell lasts to the "
        "first day in gang status (contested does not end it; in the strict reading it does). It is censored at the "
        "neighborhood's last statement, never at today. A spell that began before the first statement is not counted.",
    ),
    Definition(
        "outcome-1",
        "Outcome of a claim",
        "By later statements about the same place: lost again, once gang status is reported; contested, if the latest "
        "says contested; held, if the latest is for the state and not stale; otherwise unknown (stale). "
        "No later adverse report is weak evidence.",
    ),
    Definition(
        "hold-curve-1",
        "Hold curve",
        f"Kaplan-Meier estimate with 95 % log-log interval and number at risk, drawn only for {HOLD_CURVE_MIN_SPELLS} spells or "
        "more; below that the spells are listed. A loss lies between the last day held and the first day lost: the curve takes "
        "the middle, the band the whole window. Mean days held: area under the curve to "
        f"{RMST_HORIZON_DAYS} days, its interval from {BOOTSTRAP_DRAWS} draws of whole neighborhoods. Nothing is said beyond "
        "the longest time followed; strata only from the same number of spells.",
    ),
    Definition(
        "register-1",
        "Claims and their levels",
        "A claim is what one claimant says of one neighborhood on one day, however many streets it names or outlets print it. "
        "Claimed: only the party's own word. Corroborated: one independent publisher says the same of the place within "
        f"{CORROBORATION_DAYS} days. Confirmed: two, or one from {ON_SITE_DAYS} days later on. Denied: anybody but the gangs says "
        f"the opposite within {DENIAL_DAYS} days. A statement about one street says nothing of another. Reports that gangs left, "
        "without anybody taking the place, are listed and not counted as claims.",
    ),
    Definition(
        "reversal-1",
        "Contradicted claims",
        "A claim is contradicted by the first credible statement (single source or better), dated on a later day, that the "
        "place or a street that the claim covers is under gang control or influence; a claim of holding it, by contested, too. "
        f"Shares within {' and '.join(map(str, REVERSAL_DAYS))} days leave out claims younger than that at the last statement.",
    ),
    Definition(
        "durability-1",
        "Held 30 and 90 days",
        "Spells or claims still held at 30 and 90 days among those that could be followed so long: lost before, or observed to "
        "that day or later. Those that began fewer days before the last statement of all are left out whatever became of them. "
        "Not held now by ever retaken, which rewards recent ones.",
    ),
    Definition(
        "reloss-1",
        "Re-loss rate",
        "Losses per 100 neighborhood-weeks held, with the exact 95 % Poisson interval.",
    ),
    Definition(
        "after-retake-1",
        "After a retake",
        "Days to the first battle, explosion or violence against civilians in the neighborhood, from the day after on (the "
        "operation itself does not count), and to the first loss. Sites reopened: listed sites in the neighborhood that report "
        "service within the spell and did not before it. Returned people: the largest figure published for the neighborhood "
        "within the spell; none published is not zero.",
    ),
    Definition(
        "encirclement-1",
        "Encirclement of a retaken neighborhood",
        "Share of the neighborhood's outline beyond which lies a neighborhood under gang control or influence, on the date "
        "shown, and the same with contested, unknown and no-data neighbors; beside it the share of Sundays of the spell on "
        f"which at least {ENCIRCLED_SHARE:.0%} of the outline were gang-held. Given only for neighborhoods not lost again. Coast "
        "and the edge of the map count as free; outlines are approximate.",
    ),
    Definition(
        "agreement-1",
        "Agreement of sources",
        "Each publisher's last statement about a neighborhood, not older than the staleness limit, is what it says. Two "
        "publishers agree in a neighborhood-week if they say the same status; Cohen's kappa corrects for chance. Compared are "
        f"the {AGREEMENT_MAX_SOURCES} publishers with most neighborhood-weeks.",
    ),
    Definition(
        "explainer-1",
        "Nine headlines",
        "Gang control, control or influence, and known but not state-held, each of neighborhoods, area and people. The upper "
        "bound counts every unknown, stale and no-data neighborhood.",
    ),
    Definition(
        "sensitivity-1",
        "Sensitivity",
        "The headline if contested neighborhoods counted as gang, half or state; if every stale one kept its last report; if "
        "all unknown ones counted; with each publisher's statements left out; at the other evidence level and limits.",
    ),
    Definition(
        "lag-1",
        "Reporting lag",
        "Days from a gain to its publication, of gains dated to the day. A gain puts a neighborhood on another side than "
        "the statement before. Learned from the claim: no earlier publication had reported the place lost since it was last "
        "reported in state hands.",
    ),
    Definition(
        "void-1",
        "Silence",
        "Whole weeks since the last statement about a neighborhood, in classes from "
        f"{', '.join(map(str, VOID_CLASS_WEEKS))} weeks on, and never.",
    ),
    Definition(
        "break-1",
        "Breaks in the data",
        f"A source that gives less than half, or more than one and a half times, of its usual rows for {BREAK_WEEKS} weeks or "
        f"more. Usual: mean of up to {BREAK_BASELINE_WEEKS} complete weeks before, none below {BREAK_MIN_EXPECTED} rows in four "
        f"weeks; a span that chance makes of it more than once in {1 / BREAK_CHANCE:,.0f} is none; half a year makes a new "
        "level, silence never does. Also days on which a provider, the vocabulary or the way of compiling changed. Figures "
        "drawn from the source shade the span and say so.",
    ),
    Definition(
        "revision-1",
        "Then and now",
        "Rows about dates up to the date shown that count now and did not on the day chosen (learned), replaced others "
        "(corrected), or counted then and do not now (withdrawn), and each headline with what was known then and what is known "
        "now.",
    ),
    Definition(
        "lineage-1",
        "Lineage of a number",
        "Every headline opens to its rows, filters, formula, definitions, snapshot and link; the formula applied to the rows "
        "gives the number.",
    ),
    Definition(
        "site-1",
        "Status of a site",
        "The latest reported state: open, reduced, closed or destroyed; unknown after the staleness limit. An attack or "
        "a recapture is an event on the line and does not change the state: retaken is not reopened. A regulator's "
        "window is a separate layer.",
    ),
    Definition(
        "functioning-1",
        "Functioning sites",
        "Open or reduced sites among the listed sites with a state younger than the staleness limit; the number of "
        "those and the length of the list stand beside it.",
    ),
    Definition(
        "incidents-1",
        "Weekly incidents",
        f"Weeks run from Monday to Sunday and are named by their Monday. Only primary rows count. The mean is over the "
        f"{INCIDENT_MEAN_WEEKS} complete weeks before; an incomplete week is drawn apart and left out of means.",
    ),
    Definition(
        "service-days-1",
        "Service-days lost",
        f"Days on which a site was closed or destroyed, and {REDUCED_SERVICE_WEIGHT:g} of each day of reduced service, summed over "
        "the sites listed. Days without a report within the staleness limit count neither way; the upper bound counts all "
        "of them as lost.",
    ),
    Definition(
        "surroundings-1",
        "Surroundings of a site",
        "Status of the neighborhood the site lies in; distance (EPSG:32618) from the site's point to the nearest "
        "neighborhood under gang control or influence; encirclement: share of the neighborhood's outline beyond which lies "
        "such a neighborhood (the upper bound counts contested, unknown and no-data neighbors, too; coast and the edge of "
        f"the map count as free); events within {', '.join(f'{km:g}' for km in NEAR_KM)} km in {NEAR_DAYS} days, placed at "
        "the point of their neighborhood. Events known to commune level are never counted as within a distance.",
    ),
    Definition(
        "reach-1",
        "Reach",
        "Share of people who can get to a neighborhood with a functioning site (open or reduced) through adjacent "
        "neighborhoods none of which, start and end included, is under gang control or influence. Lower bound: contested, "
        "unknown and no-data neighborhoods stop people, too; between the two, only contested ones do. Neighborhoods are adjacent if their outlines share a border "
        "of more than a few metres. The areas are approximate catchments, roads are not considered, and people are known "
        "per commune and split by area.",
    ),
    Definition(
        "actor-area-1",
        "Areas by actor",
        "A neighborhood under gang control or influence, held by state forces or by a third party counts for the actors "
        "that its latest statement names on that side. By coalition it counts once: for the uppermost coalition that all "
        "of them belonged to on that date, else as several; where no actor is named, as not named. Alliances are no "
        "membership. Single actors' areas can overlap.",
    ),
    Definition(
        "change-class-1",
        "Change against the baseline",
        f"A complete week's events against the mean of the {INCIDENT_BASELINE_WEEKS} complete weeks before: more than "
        f"+{LARGE_CHANGE:.0%} large rise, from +{MODERATE_CHANGE:.0%} moderate rise, down to −{LARGE_CHANGE:.0%} limited, "
        f"below large fall. A baseline of {LOW_BASELINE_MEAN:g} or less with {LOW_CURRENT_COUNT} events or fewer is limited "
        "(after ACLED's Trendfinder).",
    ),
    Definition(
        "rate-1",
        "Rate",
        "Events per 100,000 people, annualised by 365 / days, with the exact 95 % Poisson interval; none below "
        f"{POPULATION_FLOOR:,} people. It states how often something was recorded, and moves with how much is recorded.",
    ),
    Definition(
        "deaths-1",
        "Deaths",
        "Low, best and high as the provider gives them, one event of a group counted once. Counts of different providers "
        "stand side by side and are never added or mixed.",
    ),
    Definition(
        "same-event-1",
        "Same-event candidates",
        f"Reports of two providers at most {SAME_EVENT_DAYS} days apart in one commune, scored by likeness of date (0.30), place "
        f"(0.35), deaths (0.20) and type (0.15); pairs from {SAME_EVENT_SCORE:g} on are listed and never merged. Overlap: pairs "
        "left when every event is used at most once, divided by the events of each provider in the days both cover.",
    ),
    Definition(
        "mission-1",
        "Mission figures",
        "Published figures with their basis and day. The deployment ratio divides a count of all deployed personnel by the "
        "strength authorised on that day. Bases (required, pledged, received …) and countries are never summed. Figures of "
        f"one basis and entity that differ within {CONFLICT_DAYS} days conflict and stand side by side.",
    ),
    Definition(
        "inputs-outcomes-1",
        "Inputs beside outcomes",
        "Personnel, and personnel per 10,000 people in neighborhoods under gang control or influence, beside the number "
        "of such neighborhoods, optionally read some weeks earlier. Association, not effect: no line is fitted.",
    ),
    Definition(
        "scorecard-1",
        "Statements and verdicts",
        "Each statement is tied to a rule over the data as of the chosen date. Retook: a claim that names the mission, rests "
        "on more than a party's word and is not reported lost. Regained: a claim later reported lost. Secured: open, no attack "
        f"in {SECURED_DAYS} days, not in a gang-held neighborhood; in part, if reduced or attacked. Reopened: a report of service "
        f"after the closure; recaptured is not reopened. Lacks funds or personnel: received of required, or deployed of "
        f"authorised, below {LACKING_SHARE:.0%}; in part below {SUFFICIENT_SHARE:.0%}. Formed: from the day of the event on. "
        "Without the data a rule needs, the verdict is that it cannot be known.",
    ),
    Definition(
        "digest-1",
        "Digest",
        "What differs between two snapshots, each read with all claims at the date of its own last statement: gained is a "
        "change from gang control or influence to state presence or state held, lost the reverse; no longer known is a status "
        "that became unknown for want of a report; corrected is a statement that both have but not alike, or that was taken "
        "out. Data are overdue after twice their usual interval.",
    ),
)

#: Definitions that are not in force but still hold for links that name them: superseded ones, and other readings
#: published for comparison.
OTHER_DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "contested-2",
        "Contested on the ground, two weeks",
        _contested(
            14,
            CONTESTED_MIN_CLASHES,
            " Another reading, for comparison: it shows how much the window matters.",
        ),
        {"contested_window_days": 14, "contested_min_clashes": CONTESTED_MIN_CLASHES},
    ),
)


def current_ids() -> tuple[str, ...]:
    """Ids of the definitions in force that fix constants: a pinned link names them."""
    return tuple(item.definition_id for item in DEFINITIONS if item.constants)


def choose(ids: Iterable[str]) -> Rules:
    """Rules under the definitions that a link names; the ones in force for all families that it does not name.

    Raises
    ------
    ValueError
        An id is not published, fixes nothing, or two ids are versions of the same definition.
    """
    published = {item.definition_id: item for item in (*DEFINITIONS, *OTHER_DEFINITIONS) if item.constants}
    rules, families = RULES, set()
    for name in ids:
        item = published.get(name)
        if item is None:
            raise ValueError(f"{name!r} is not among {', '.join(sorted(published))}")
        if item.family in families:
            raise ValueError(f"{name!r} is a second version of {item.family!r}")
        families.add(item.family)
        rules = replace(rules, **item.constants)
    return rules


def markdown() -> str:
    """The definitions as the text of docs/methods.md."""
    parts = [
        "# Methods",
        "What every number means. This page is written by `python -m monitor.analysis.definitions` from the constants that the "
        "code uses; the Methods page of the dashboard prints the same.",
    ]
    parts += [f"## {item.name}\n\n`{item.definition_id}`\n\n{item.text}" for item in DEFINITIONS]
    parts.append(
        "# Other definitions\n\nNot in force; a link that names one in `definitions=` is computed with it."
    )
    parts += [f"## {item.name}\n\n`{item.definition_id}`\n\n{item.text}" for item in OTHER_DEFINITIONS]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
