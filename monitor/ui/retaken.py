"""Views of the page Retaken: funnel, hold curve or spells, strips, register, who claims, what followed."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from monitor.analysis import city, retaken, status
from monitor.analysis.definitions import HOLD_CURVE_MIN_SPELLS
from monitor.charts import captions
from monitor.charts.style import status_label
from monitor.export.figures.retaken import READINGS, SORTS, claimant_label, claims, reversals
from monitor.language import _, format_date, format_number, format_percent
from monitor.ui import blocks, data, filters, lineage
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word

#: The worked example of the Methods page: what the police claimed of Solino, a day later.
_EXAMPLE_AREA, _EXAMPLE_DAY = "solino", date(2024, 10, 21)


def register_of(choice: Choice) -> pd.DataFrame:
    """Claims with their levels and outcome by rule, the latest first."""
    return claims(data.model(), choice)


def heading(choice: Choice, rows: pd.DataFrame) -> None:
    """The page's sentence and the numbers behind it."""
    blocks.sentence(captions.retaken(rows))
    blocks.plain(
        _("A claim is not a recapture, and no later adverse report is weak evidence that an area is held.")
    )
    blocks.age_note(choice)
    lineage.page_numbers(choice, "retaken-areas")


def area(choice: Choice, rows: pd.DataFrame) -> None:
    """What was claimed of the neighborhood in the link, its streets, or the offer of a worked example."""
    chosen = filters.read("area")
    if chosen is None:
        st.button(
            _("Worked example: Solino, the day after the police claimed it"),
            icon=":material/menu_book:",
            type="tertiary",
            on_click=_show_example,
        )
        return
    mine = rows[rows["neighborhood_id"] == chosen]
    name = data.name_in_language(chosen)
    with st.container(border=True):
        st.markdown(f"**{blocks.escaped(name)}**")
        if mine.empty:
            blocks.plain(
                _("Retaken at this evidence level by {date}: no. No claim about {name} counts.").format(
                    name=name, date=format_date(choice.as_of)
                )
            )
        else:
            blocks.plain(
                _("Retaken at this evidence level by {date}: claimed, 1 neighborhood.").format(
                    date=format_date(choice.as_of)
                )
            )
        for _index, row in mine.iterrows():
            blocks.plain(captions.claim_in_words(row, name, claimant_label(row)))
        if (mine["sub_zones"] > 0).any():
            exhibit("zone-strips", choice, {"area": chosen})
        st.button(_("All areas"), on_click=filters.write, args=("area", None), type="tertiary")


def _show_example() -> None:
    filters.write("area", _EXAMPLE_AREA)
    filters.write("as_of", _EXAMPLE_DAY)


def reading() -> str:
    """What ends a hold, as the reader chose it."""
    labels = {"primary": _("a gang report ends a hold"), "strict": _("a contested report ends it, too")}
    chosen: str = filters.select(
        "reading", _("Reading"), list(READINGS), default="primary", labels=labels, kind="segmented"
    )
    return chosen


def held(choice: Choice, chosen: str) -> None:
    """Funnel of the claims, and the hold curve of all claims."""
    left, right = st.columns(2, gap="medium")
    with left:
        exhibit("claims-funnel", choice, {"reading": chosen})
    with right:
        exhibit("claims-curve", choice, {"reading": chosen})


def strips(choice: Choice) -> None:
    """One strip per area ever claimed, with the claims and losses marked."""
    sort = filters.select(
        "sort",
        _("Order of areas"),
        list(SORTS),
        default="recent",
        labels={"recent": _("latest claim"), "held": _("days held"), "churn": _("most changes")},
        kind="segmented",
    )
    exhibit("retaken-strips", choice, {"sort": sort})


def parts() -> dict[str, str]:
    """Parts of the page below the strips."""
    return {
        "register": _("Register of claims"),
        "claimants": _("Who claims"),
        "spells": _("From gang to state"),
        "after": _("After a retake"),
    }


def depth(choice: Choice, rows: pd.DataFrame, chosen: str) -> None:
    """The register, who claims, spells, and what followed, one at a time."""
    labels = parts()
    section = filters.select(
        "show", _("More"), list(labels), default="register", labels=labels, kind="segmented"
    )
    {
        "register": lambda: _register(choice, rows),
        "claimants": lambda: _claimants(choice),
        "spells": lambda: _spells(choice, chosen),
        "after": lambda: _after(choice),
    }[section]()


def _outcome_label(outcome: str) -> str:
    return {
        "held": _("not reported lost"),
        "contested": _("contested"),
        "lost": _("lost again"),
        "unknown": _("unknown (stale)"),
    }[outcome]


def _level_label(level: str) -> str:
    return word("verification", level)


def _register(choice: Choice, rows: pd.DataFrame) -> None:
    shown = rows.assign(
        outcome=rows["outcome"].map(_outcome_label),
        level=rows["level"].map(_level_label),
        who=[claimant_label(row) for _index, row in rows.iterrows()],
        streets=[
            _("{lost} of {n}").format(lost=row.zones_lost, n=row.sub_zones) if row.sub_zones else ""
            for row in rows.itertuples()
        ],
        source_checked=rows["source_checked"].map(lambda value: word("source_checked", value)),
    )
    blocks.table(
        shown,
        {
            "claim_date": st.column_config.DateColumn(_("Claimed"), format="YYYY-MM-DD"),
            "name": _("Place"),
            "commune": _("Commune"),
            "forces": _("Taken by"),
            "note": _("What happened"),
            "who": _("Who says so"),
            "level": st.column_config.TextColumn(_("Level"), help=_("rule register-1, on the Methods page")),
            "streets": st.column_config.TextColumn(
                _("Streets lost"), help=_("of the streets the claim names")
            ),
            "denied_on": st.column_config.DateColumn(_("Denied"), format="YYYY-MM-DD"),
            "denied_by": _("Denied by"),
            "days_to_contradiction": st.column_config.NumberColumn(
                _("Contradicted after, days"), format="%d", help=_("rule reversal-1, on the Methods page")
            ),
            "contradicted_by": _("Contradicted by"),
            "outcome": st.column_config.TextColumn(
                _("Outcome by rule"), help=_("rule outcome-1, on the Methods page")
            ),
            "lost_on": st.column_config.DateColumn(_("Lost on"), format="YYYY-MM-DD"),
            "days_held": st.column_config.NumberColumn(_("Days to loss or last report"), format="%d"),
            "followed_to": st.column_config.DateColumn(_("Last report"), format="YYYY-MM-DD"),
            **blocks.source_columns(),
        },
        height=460,
    )
    listed = status.known(data.frame("retaken_areas"), choice.known_on)
    left_by_gangs = listed[
        (listed["status"] == "contested") & (listed["claim_date"] <= pd.Timestamp(choice.as_of))
    ]
    if left_by_gangs.empty:
        return
    blocks.plain(
        _(
            "Not counted as claims: {n} reports that gangs left without anybody taking the place ({places})."
        ).format(
            n=len(left_by_gangs),
            places=", ".join(
                sorted({data.name_in_language(area) for area in left_by_gangs["neighborhood_id"]})
            ),
        ),
        small=True,
    )


def _claimants(choice: Choice) -> None:
    exhibit("claims-contradicted", choice)
    table = reversals(data.model(), choice)
    blocks.table(
        table.assign(
            seven=[
                _("{count} of {n}").format(count=row.contradicted_7, n=row.of_7) for row in table.itertuples()
            ],
            thirty=[
                _("{count} of {n}").format(count=row.contradicted_30, n=row.of_30)
                for row in table.itertuples()
            ],
        ),
        {
            "claimant": _("Who says so"),
            "claims": st.column_config.NumberColumn(_("Claims"), format="%d"),
            "seven": _("Contradicted within 7 days"),
            "thirty": _("Contradicted within 30 days"),
            "contradicted": st.column_config.NumberColumn(_("Ever contradicted"), format="%d"),
            "median_days": st.column_config.NumberColumn(_("Median days to contradiction"), format="%.0f"),
        },
    )


def _spells(choice: Choice, chosen: str) -> None:
    strict = chosen == "strict"
    found = retaken.held(data.model(), choice, strict=strict)
    if len(found.spells) >= HOLD_CURVE_MIN_SPELLS:
        exhibit("hold-spells-curve", choice, {"reading": chosen})
    exhibit("hold-spells", choice, {"reading": chosen})
    if found.summary is None:
        return
    rate = found.reloss
    lines = [
        _(
            "Lost again per 100 neighborhood-weeks held: {rate} ({low}–{high}), {losses} losses in {weeks} weeks"
        ).format(
            rate=format_number(rate["rate"], 1),
            low=format_number(rate["low"], 1),
            high=format_number(rate["high"], 1),
            losses=format_number(rate["losses"]),
            weeks=format_number(rate["weeks"]),
        )
    ]
    lines += [
        _(
            "Held {days} days: {held} of {n} that could be followed so long ({low}–{high}); {open} could not"
        ).format(
            days=int(row["days"]),
            held=int(row["held"]),
            n=int(row["observable"]),
            low=format_percent(row["low"]),
            high=format_percent(row["high"]),
            open=int(row["unobservable"]),
        )
        for _index, row in found.durability.iterrows()
    ]
    for line in lines:
        blocks.plain(line)
    groups = retaken.groups(data.model(), choice, strict=strict)
    by = {"commune": _("commune"), "status": _("what was reported"), "mission": _("with the mission")}
    names = {"with": _("with"), "without": _("without")}
    blocks.plain(
        _("By group: estimates only from {least} spells on, counts always.").format(
            least=HOLD_CURVE_MIN_SPELLS
        ),
        small=True,
    )
    blocks.table(
        groups.assign(
            by=groups["by"].map(by),
            group=[
                status_label(row.group) if row.by == "status" else names.get(row.group, row.group)
                for row in groups.itertuples()
            ],
        ),
        {
            "by": _("By"),
            "group": _("Group"),
            "spells": st.column_config.NumberColumn(_("Spells"), format="%d"),
            "losses": st.column_config.NumberColumn(_("Lost again"), format="%d"),
            "survival_30": st.column_config.NumberColumn(_("Held at 30 days"), format="percent"),
            "survival_90": st.column_config.NumberColumn(_("Held at 90 days"), format="percent"),
            "rmst_days": st.column_config.NumberColumn(_("Mean days of 90"), format="%.0f"),
        },
    )


def _after(choice: Choice) -> None:
    rows = city.aftermath(data.model(), choice)
    if rows.empty:
        blocks.plain(_("No change from gang to state status by this date at this evidence level."))
        return
    seen = rows["days_to_incident"].dropna()
    blocks.plain(
        _(
            "Violence was recorded after {seen} of {n} retakes while they held{median}; {lost} were lost. Sites reopened in {sites}; nobody published returns for {silent}."
        ).format(
            seen=len(seen),
            n=len(rows),
            median=_(", first after {days} days (median)").format(days=format_number(seen.median()))
            if len(seen)
            else "",
            lost=int(rows["lost"].sum()),
            sites=int((rows["sites_reopened"] > 0).sum()),
            silent=int(rows["returned_people"].isna().sum()),
        )
    )
    blocks.table(
        rows.assign(name=rows["neighborhood_id"].map(data.names_in_language())).sort_values(
            "start", ascending=False
        ),
        {
            "name": _("Place"),
            "sub_zone": _("Street"),
            "start": st.column_config.DateColumn(_("Retaken"), format="YYYY-MM-DD"),
            "days_to_incident": st.column_config.NumberColumn(_("Days to first violence"), format="%d"),
            "incident_on": st.column_config.DateColumn(_("First violence"), format="YYYY-MM-DD"),
            "days_to_loss": st.column_config.NumberColumn(_("Days to loss"), format="%d"),
            "last_held": st.column_config.DateColumn(_("Last reported held"), format="YYYY-MM-DD"),
            "encircled": st.column_config.NumberColumn(
                _("Encircled"), format="percent", help=_("rule encirclement-1, on the Methods page")
            ),
            "encircled_high": st.column_config.NumberColumn(_("Encircled at most"), format="percent"),
            "encircled_weeks": st.column_config.NumberColumn(
                _("Weeks half encircled"), format="percent", help=_("of the weeks since it was retaken")
            ),
            "sites_listed": st.column_config.NumberColumn(_("Sites listed"), format="%d"),
            "sites_reopened": st.column_config.NumberColumn(_("Sites reopened"), format="%d"),
            "reopened_on": st.column_config.DateColumn(_("First reopened"), format="YYYY-MM-DD"),
            "returned_people": st.column_config.NumberColumn(_("People returned"), format="%d"),
        },
    )
    blocks.plain(
        _(
            "Incidents are a selection of notable events: no recorded violence is not calm. Empty: nothing published."
        ),
        small=True,
    )
