"""Views of territorial control that several pages share: heading, map, shares, changes, table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitor.analysis import status
from monitor.charts import captions, maps
from monitor.charts.style import Stamp, site_label, status_label, title_texts
from monitor.export.figures.control import SPANS, counts, denominators, map_stamp, status_rows
from monitor.language import _, format_date, format_number
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.ui.figure import Motion, Paint, Timeline, time_bar
from monitor.vocabulary import word


def situation_heading(choice: Choice) -> None:
    """First lines of the control pages: the situation, what last reports said, how old the data is."""
    panel = data.panel(choice)
    blocks.sentence(captions.situation(panel, choice.stale_after_days))
    blocks.plain(f"{captions.last_reports(panel)} {blocks.age_text(choice)}")


def small_control_map(choice: Choice) -> None:
    """Map of the overview; a click leads to the neighborhood's card."""
    exhibit("overview-map", choice, on_select=lambda area: filters.write("area", area))
    area = filters.read("area")
    if area:
        st.page_link(
            "pages/control.py",
            label=_("Open the card of {name}").format(name=data.name_in_language(area)),
            icon=":material/arrow_forward:",
        )


def timeline(choice: Choice) -> Timeline:
    """Dates of the time bar: weeks from the first to the last statement, and the chosen date."""
    days = data.model().time_bar_days(choice.as_of)
    milestones = data.frame("milestones")
    return Timeline(
        "time",
        [day.isoformat() for day in days],
        labels=[format_date(day) for day in days],
        milestones={f"{row.milestone_date:%Y-%m-%d}": _(row.label) for row in milestones.itertuples()},
    )


def time_control(choice: Choice, dates: Timeline) -> None:
    """The time bar: map, chart and counters move with it; the date goes into the link when it rests."""
    time_bar(
        dates,
        choice.as_of.isoformat(),
        label=_("As of"),
        on_change=lambda day: filters.write("as_of", date.fromisoformat(day)),
    )


@data.keyed("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
def _map_motion(choice: Choice, days: tuple[date, ...], stamp: Stamp) -> dict[str, Any]:
    """Classes of all areas, title and legend for every date of the time bar."""
    panel = data.panel(choice, *days).sort_values(["date", "neighborhood_id"])
    tables = dict(iter(data.share_table(choice, *days).groupby("date")))
    titles, legends = [], []
    for day in days:
        table = tables[pd.Timestamp(day)]
        titles.append(title_texts(replace(stamp, title=captions.map_title(counts(table)), as_of=day)))
        legends.append(maps.legend_text(table))
    return {
        "codes": maps.area_classes(panel).reshape(len(days), -1),
        "moves": {
            "title": {"text": titles},
            "legend": {"text": legends},
            "date": {"text": [f"<b>{format_date(day)}</b>" for day in days]},
        },
    }


def _paint(looks: Sequence[maps.Look]) -> list[Paint]:
    return [Paint(look.fill, look.opacity, look.line, look.width) for look in looks]


def control_map(choice: Choice, area: str | None, dates: Timeline) -> None:
    """Large map that follows the time bar; a click selects the neighborhood."""
    days = tuple(date.fromisoformat(day) for day in dates.dates)
    # Everything but the date is the same for all dates: the cache must not depend on the date.
    frozen = replace(choice, as_of=days[0])
    stamp = replace(map_stamp(data.model(), choice), title="", as_of=None)
    moving = _map_motion(frozen, days, stamp)
    exhibit(
        "control-map",
        choice,
        {"area": area},
        on_select=lambda chosen: filters.write("area", chosen),
        motion=Motion(
            dates, paint={"status": _paint(maps.STATUS_LOOKS), "hatch": _paint(maps.HATCH_LOOKS)}, **moving
        ),
    )


def share_over_time(choice: Choice, dates: Timeline) -> None:
    """Share of each status over the whole period, with a cursor that follows the time bar."""
    left, right = st.columns(2)
    with left:
        by = filters.select(
            "by",
            _("Share of"),
            list(denominators()),
            default="neighborhoods",
            labels=denominators(),
            kind="segmented",
        )
    with right:
        names = {"4w": _("4 weeks"), "3m": _("3 months"), "1y": _("1 year"), "all": _("all")}
        span = filters.select("span", _("Period"), list(SPANS), default="all", labels=names, kind="segmented")
    moves = {"cursor": {"x0": dates.dates, "x1": dates.dates}}
    exhibit("share-over-time", choice, {"by": by, "span": span}, motion=Motion(dates, moves=moves))


def overview_shares(choice: Choice) -> None:
    """Share of each status up to the chosen date."""
    exhibit("overview-shares", choice)


def headline_numbers(choice: Choice) -> None:
    """Cards: gang control and its change, retaken areas, airport, main hospital, what others say."""
    month, year = choice.as_of - timedelta(days=28), choice.as_of - timedelta(days=365)
    held = {
        day: int(data.panel(choice, max(day, data.first_date()))["status"].isin(captions.GANG).sum())
        for day in (choice.as_of, month, year)
    }
    total = len(data.scope())
    columns = st.columns(5, gap="small")
    with columns[0].container(border=True, height="stretch"):
        st.markdown(f"**{_('Gang control or influence')}**")
        st.markdown("### " + _("{count} of {total}").format(count=held[choice.as_of], total=total))
        blocks.plain(captions.change(held[choice.as_of], held[month], month), small=True)
        blocks.plain(captions.change(held[choice.as_of], held[year], year), small=True)
    outcomes = data.outcomes(choice)
    found = outcomes["outcome"].value_counts()
    with columns[1].container(border=True, height="stretch"):
        st.markdown(f"**{_('Claims of retaken areas')}**")
        st.markdown(f"### {len(outcomes)}")
        blocks.plain(
            _(
                "{lost} lost again · {contested} contested · {held} not reported lost · {unknown} unknown"
            ).format(**{name: int(found.get(name, 0)) for name in ("lost", "contested", "held", "unknown")}),
            small=True,
        )
        st.page_link("pages/retaken.py", label=_("Retaken areas"), icon=":material/arrow_forward:")
    for column, site, title in (
        (columns[2], "pap-airport", _("Airport")),
        (columns[3], "hueh", _("Main hospital (HUEH)")),
    ):
        _site_card(column, choice, site, title)
    _others_card(columns[4], choice)


def _site_card(column: DeltaGenerator, choice: Choice, site: str, title: str) -> None:
    row = data.site_panel(choice, pd.Series([site])).iloc[0]
    windows = data.frame("site_restrictions")
    day = pd.Timestamp(choice.as_of)
    current = windows[
        (windows["site_id"] == site) & (windows["start_date"] <= day) & (windows["end_date"] >= day)
    ]
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{title}**")
        label = captions.site_line(row)
        st.markdown(f"### {blocks.escaped(site_label(row['status']))}")
        blocks.plain(label, small=True)
        for window in current.tail(1).itertuples():
            blocks.plain(
                _("US carriers barred by the FAA to {date}").format(date=format_date(window.end_date)),
                small=True,
            )
        st.page_link("pages/sites.py", label=_("Key sites"), icon=":material/arrow_forward:")


def _others_card(column: DeltaGenerator, choice: Choice) -> None:
    figures = data.frame("indicators").query("indicator == 'capital_share_gangs'")
    day = pd.Timestamp(choice.as_of)
    recent = figures[figures["period_start"].between(day - pd.Timedelta(days=365), day)]
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{_('Others on the gangs’ share of the capital')}**")
        if recent.empty:
            st.markdown("### –")
            blocks.plain(_("No published estimate in the year before"), small=True)
        else:
            low, high = recent["value"].min(), recent["value"].max()
            st.markdown(
                f"### {format_number(low)}–{format_number(high)}\u00a0%"
                if low < high
                else f"### {format_number(low)}\u00a0%"
            )
            blocks.plain(
                _("{count} published estimates in a year; area or way of counting is rarely stated").format(
                    count=len(recent)
                ),
                small=True,
            )
        st.page_link("pages/mandate.py", label=_("All estimates"), icon=":material/arrow_forward:")


def latest_changes(choice: Choice) -> None:
    """Statements of the last four weeks up to the chosen date, each with who says so and a link."""
    st.markdown(
        f"#### {_('What was reported in the four weeks to {date}').format(date=format_date(choice.as_of))}"
    )
    rows = status.admissible(status.known(data.assertions(), choice.known_on), choice.evidence)
    day = pd.Timestamp(choice.as_of)
    recent = rows[rows["from_earliest"].between(day - pd.Timedelta(days=28), day)].sort_values(
        "from_earliest", ascending=False
    )
    if recent.empty:
        blocks.plain(_("Nobody reported on control in these four weeks. Silence is not calm."))
        return
    statements(recent.head(10), with_place=True)
    if len(recent) > 10:
        blocks.plain(
            _("{more} more on the page Control, by neighborhood.").format(more=len(recent) - 10), small=True
        )


def statements(rows: pd.DataFrame, *, with_place: bool = False) -> None:
    """A list of statements with their sources."""
    for row in rows.assign(status_label=rows["status"].map(status_label)).itertuples():
        blocks.statement(row, place=data.name_in_language(row.neighborhood_id) if with_place else None)


def control_table(choice: Choice) -> None:
    """The map as a sortable table, same filters."""
    st.markdown(f"#### {_('All neighborhoods')}")
    rows = status_rows(data.model(), choice)
    rows = rows.assign(
        status=rows["status"].map(status_label),
        last_status=rows["last_status"].map(status_label),
        actor=rows["actor_id"].map(data.frame("actors").set_index("actor_id")["name"]),
        verification=rows["verification"].map(lambda value: word("verification", value)),
        claimant=rows["claimant"].map(lambda value: word("claimant", value)),
    )
    blocks.table(
        rows,
        {
            "name": _("Neighborhood"),
            "commune": _("Commune"),
            "status": _("Status"),
            "since": st.column_config.DateColumn(_("Since"), format="YYYY-MM-DD"),
            "last_status": _("Last reported as"),
            "confirmed_on": st.column_config.DateColumn(_("Last report"), format="YYYY-MM-DD"),
            "age_days": st.column_config.NumberColumn(_("Age, days"), format="%d"),
            "is_contested": st.column_config.CheckboxColumn(_("Contested")),
            "is_disputed": st.column_config.CheckboxColumn(_("Disputed")),
            "actor": _("Actor"),
            "claimant": _("Who says so"),
            "verification": _("Verification"),
            **blocks.source_columns(),
            "area_km2": st.column_config.NumberColumn(_("km²"), format="%.1f"),
            "population": st.column_config.NumberColumn(_("People (2015)"), format="localized"),
        },
        height=420,
    )
