"""Definitions: the constants behind every number, and the words in which the Methods page prints them.

A definition that changes gets a new id; links that name the old id keep the old meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

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
BOOTSTRAP_DRAWS, BOOTSTRAP_SEED = 1000, 20241020
#: Event types that count as violence after a retake.
VIOLENT_EVENT_TYPES = ("Battles", "Explosions/Remote violence", "Violence against civilians")
#: A site that serves in part counts as this share of a day not served.
REDUCED_SERVICE_WEIGHT = 0.5
#: Below this many people no rate is shown.
POPULATION_FLOOR = 5000

EVIDENCE_LEVELS = ("all_claims", "corroborated")


@dataclass(frozen=True)
class Definition:
    """A published definition: id, name and text (English; pages translate it)."""

    definition_id: str
    name: str
    text: str


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
        "were published.",
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
        f"A source says contested, or credible sources (single source or better) assert both state and gang within "
        f"{CONTESTED_WINDOW_DAYS} days of each other, or at least {CONTESTED_MIN_CLASHES} armed clashes with state forces "
        f"follow the last statement within {CONTESTED_WINDOW_DAYS} days.",
    ),
    Definition(
        "disputed-1",
        "Disputed between sources",
        f"Another source of equal or higher verification puts the neighborhood on a different side within "
        f"{DISPUTE_WINDOW_DAYS} days before the statement that gives the status.",
    ),
    Definition(
        "share-1",
        "Share",
        "Neighborhoods, km² or people with a status, divided by the same sum over all neighborhoods in scope. Unknown, "
        "stale and no data are their own share. Bounds: the share if none, or all, of them had the status. People are "
        "known per commune (IHSI 2015) and split by area.",
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
        f"Kaplan-Meier estimate with log-log interval and number at risk, drawn only for {HOLD_CURVE_MIN_SPELLS} spells or "
        "more; below that the spells are listed.",
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
)


def markdown() -> str:
    """The definitions as the text of docs/methods.md."""
    parts = [
        "# Methods",
        "What every number means. This page is written by `python -m monitor.analysis.definitions` from the constants that the "
        "code uses; the Methods page of the dashboard prints the same.",
    ]
    parts += [f"## {item.name}\n\n`{item.definition_id}`\n\n{item.text}" for item in DEFINITIONS]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
