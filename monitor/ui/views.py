"""Views of territorial control that several pages share: heading, map, shares, changes, table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitor.analysis import compare, coverage, mission, retaken, status
from monitor.charts import captions, map_looks, maps, series
from monitor.charts.style import Stamp, said_label, site_label, status_label, title_texts
from monitor.export.figures.base import actor_names, has_roads
from monitor.export.figures.control import (
    SPANS,
    counts,
    denominators,
    incident_layer,
    layer_sites,
    map_stamp,
    share_stamp,
    status_rows,
)
from monitor.export.link import LAYERS
from monitor.language import _, format_date, format_number, mark, ngettext
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.ui.figure import (
    Milestone,
    Motion,
    Paint,
    Period,
    Street,
    Timeline,
    keep_view,
    moving_text,
    time_bar,
)
from monitor.vocabulary import word


def situation_heading(choice: Choice) -> tuple[DeltaGenerator, DeltaGenerator]:
    """First lines of the control pages: the situation, what last reports said, how old the data is; and where they stand."""
    panel = data.panel(choice)
    sentence, note = st.container(), st.container()
    with sentence:
        blocks.sentence(captions.situation(panel, choice.stale_after_days))
    with note:
        blocks.plain(f"{captions.last_reports(panel)[0]} {blocks.age_text(choice)}")
    return sentence, note


def others_differ(choice: Choice) -> None:
    """Why the share in the page's sentence is far below published estimates, with the way to the page Evidence."""
    estimates = mission.capital_shares(data.frame("indicators"), choice.as_of, choice.known_on)
    why = captions.others_differ(data.panel(choice), estimates, choice.stale_after_days)
    if why is None:
        return
    blocks.plain(why, small=True)
    st.page_link("pages/evidence.py", label=_("What the share rests on"), icon=":material/arrow_forward:")


def moving_heading(choice: Choice, dates: Timeline, places: tuple[DeltaGenerator, DeltaGenerator]) -> None:
    """Let the lines of :func:`situation_heading`, which stand in `places`, move with the time bar."""
    day = choice.as_of.isoformat()
    sentences, notes = _by_date(_heading_texts, choice, dates)
    with places[0]:
        moving_text(sentences, dates, day, key="situation", tag="h1", replaces=True)
    with places[1]:
        moving_text(notes, dates, day, key="last reports", replaces=True)


def _days(dates: Timeline) -> tuple[date, ...]:
    return tuple(date.fromisoformat(day) for day in dates.dates)


def _undated(choice: Choice, dates: Timeline) -> Choice:
    """The same choice for all dates of the time bar: what is kept for them must not depend on the date."""
    return replace(choice, as_of=date.fromisoformat(dates.dates[0]))


def _by_date(kept: Callable[..., Sequence[Any]], choice: Choice, dates: Timeline, *more: Any) -> list[Any]:
    """Series that have one entry for each date of the time bar, as `kept` returns them for any days.

    Those of the weeks are computed once for all readers; a date between weeks is computed apart and put in its place.
    """
    undated = _undated(choice, dates)
    days = _days(dates)
    grid = data.model().grid_days()
    others = tuple(sorted(set(days).difference(grid)))
    series = kept(undated, grid, *more)
    if not others:
        return list(series)
    order = sorted(range(len(days)), key=[*grid, *others].__getitem__)
    return [
        np.concatenate(parts)[order]
        if isinstance(parts[0], np.ndarray)
        else [[*parts[0], *parts[1]][place] for place in order]
        for parts in zip(series, kept(undated, others, *more), strict=True)
    ]


@data.keyed("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
def _heading_texts(choice: Choice, days: tuple[date, ...]) -> tuple[list[str], list[str]]:
    """Sentence and note for every date of the time bar."""
    panel = data.panel(choice, *days)
    covered = data.default_date()
    early, late = (blocks.age_text(replace(choice, as_of=day)) for day in (days[0], days[-1]))
    notes = [
        f"{reports} {late if day > covered else early}"
        for day, reports in zip(days, captions.last_reports(panel), strict=True)
    ]
    return captions.situations(panel, choice.stale_after_days), notes


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


def _default_layers() -> tuple[str, ...]:
    """Layers shown where the link names none: milestones, and roads where they have been fetched."""
    return ("roads", "milestones") if has_roads(data.model()) else ("milestones",)


def shown_layers() -> tuple[str, ...]:
    """Switches over the map: sites, incidents, roads where there are any, milestones, street map; kept in the link."""
    names = {
        "sites": _("Key sites"),
        "incidents": _("Incidents"),
        "roads": _("Roads"),
        "milestones": _("Milestones"),
        "street": _("Street map (online)"),
    }
    shown: tuple[str, ...] = filters.read("layers", _default_layers())
    offered = [name for name in LAYERS if name != "roads" or has_roads(data.model())]
    key = "layers control"
    filters.sync(key, [name for name in shown if name in offered])

    def write() -> None:
        chosen = tuple(name for name in LAYERS if name in st.session_state[key])
        filters.write("layers", None if chosen == _default_layers() else "~".join(chosen) or "none")

    st.pills(
        _("Show on the map"),
        offered,
        selection_mode="multi",
        format_func=lambda name: names[name],
        label_visibility="collapsed",
        key=key,
        on_change=write,
    )
    return shown


def timeline(choice: Choice) -> Timeline:
    """Dates of the time bar: weeks from the first to the last statement, and the chosen date."""
    model = data.model()
    days = model.time_bar_days(choice.as_of)
    covered = model.default_date()
    milestones = data.frame("milestones")
    with_milestones = "milestones" in filters.read("layers", _default_layers())
    return Timeline(
        "time",
        [day.isoformat() for day in days],
        labels=[format_date(day) for day in days],
        milestones=[
            Milestone(
                f"{row.milestone_date:%Y-%m-%d}",
                f"{format_date(row.milestone_date)}{mark(':')}{_(row.label)}",
                "break" if row.kind == "method break" else "event",
            )
            for row in milestones.itertuples()
        ]
        if with_milestones
        else (),
        periods={
            name: Period(label, SPANS[name], SPANS[name] or SPANS["1y"])
            for name, label in (
                ("4w", _("4 weeks")),
                ("3m", _("3 months")),
                ("1y", _("1 year")),
                ("all", _("all")),
            )
        },
        home=covered.isoformat(),
        density=coverage.statements_between(model.statement_dates(), days),
        thin_after=covered.isoformat(),
        thin_label=_("Well covered to {date}; few reports after it").format(date=format_date(covered)),
    )


def time_control(choice: Choice, dates: Timeline) -> None:
    """The time bar: map, chart and counters move with it; date and period go into the link when it rests."""
    time_bar(
        dates,
        choice.as_of.isoformat(),
        label=_("As of"),
        on_change=lambda day: filters.write("as_of", date.fromisoformat(day)),
        period=filters.read("span", "all"),
        on_period=lambda span: filters.write("span", None if span == "all" else span),
    )


@data.keyed(
    "territorial_control",
    "retaken_areas",
    "incidents",
    "actors",
    "neighborhoods",
    "site_status",
    "key_sites",
)
def _map_series(
    choice: Choice, days: tuple[date, ...], stamp: Stamp, layers: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[list[str]], list[str]]:
    """Classes of all areas, incidents and sites, title and legend for each day; what is not among the layers is empty."""
    model = data.model()
    panel = data.panel(choice, *days).sort_values(["date", "neighborhood_id"])
    tables = data.share_table(choice, *days).groupby("date")
    events = states = np.empty((len(days), 0), dtype="uint8")
    notes: list[list[str]] = [[] for _day in days]
    if "incidents" in layers:
        counted, notes = incident_layer(model, choice, days)
        events = map_looks.incident_classes(counted)
    if "sites" in layers:
        rows = _site_states(choice, days)
        states = np.array([map_looks.site_classes(row) for row in rows])
        notes = [[*lines, *maps.sites_note(row)] for lines, row in zip(notes, rows, strict=True)]
    titles, legends = [], []
    for day, lines in zip(days, notes, strict=True):
        table = tables.get_group(pd.Timestamp(day))
        titles.append(title_texts(replace(stamp, title=captions.map_title(counts(table)), as_of=day)))
        legends.append(maps.legend_text(table, lines))
    return map_looks.area_classes(panel).reshape(len(days), -1), events, states, titles, legends


def _site_states(choice: Choice, days: tuple[date, ...]) -> list[pd.Series]:
    """State of each site of the layer, in its order, on every date."""
    listed = layer_sites(data.model())["site_id"]
    panel = data.site_panel(choice, listed, *days)
    wide = panel.pivot(index="date", columns="site_id", values="status")[listed]
    return [row for _day, row in wide.iterrows()]


def _paint(looks: Sequence[map_looks.Look]) -> list[Paint]:
    return [Paint(look.fill, look.opacity, look.line, look.width, look.radius) for look in looks]


def control_map(choice: Choice, area: str | None, dates: Timeline, layers: tuple[str, ...]) -> None:
    """Large map that follows the time bar; a click selects the neighborhood; what it shows is kept in the link."""
    drawn = tuple(name for name in ("sites", "incidents") if name in layers)
    stamp = replace(map_stamp(data.model(), choice), title="", as_of=None)
    codes, events, states, titles, legends = _by_date(_map_series, choice, dates, stamp, drawn)
    points = {"incidents": (events, _paint(map_looks.INCIDENT_LOOKS))} if "incidents" in drawn else {}
    if "sites" in drawn:
        points |= {name: (states, _paint(looks)) for name, looks in map_looks.SITE_LOOKS.items()}
    exhibit(
        "control-map",
        choice,
        {"area": area, "view": filters.read("view"), "layers": layers},
        on_select=lambda chosen: filters.write("area", chosen),
        view="city",
        street=street() if "street" in layers else None,
        motion=Motion(
            dates,
            codes=codes,
            paint={"status": _paint(map_looks.STATUS_LOOKS), "hatch": _paint(map_looks.HATCH_LOOKS)},
            points=points,
            moves={
                "title": {"text": titles},
                "legend": {"text": legends},
                "date": {"text": [f"<b>{format_date(day)}</b>" for day in _days(dates)]},
            },
        ),
    )
    keep_view("city", "view", lambda view: filters.write("view", view))


def street() -> Street:
    """The street map that the reader may lay over the areas; it needs a network."""
    return Street(
        "https://tiles.openfreemap.org/styles/positron",
        "OpenFreeMap © OpenMapTiles, data © OpenStreetMap contributors",
    )


@data.keyed("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
def _share_titles(
    choice: Choice, days: tuple[date, ...], stamp: Stamp, by: str
) -> tuple[list[list[str]], ...]:
    """Title of the share chart for each day."""
    titles = captions.share_titles(data.share_table(choice, *days), by)
    return (
        [
            title_texts(replace(stamp, title=title, as_of=day))
            for title, day in zip(titles, days, strict=True)
        ],
    )


@data.keyed("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
def _share_labels(
    choice: Choice, days: tuple[date, ...], by: str
) -> tuple[dict[str, list[str]], dict[str, list[float]]]:
    """Labels of the share chart for each day by status: what they say, and where they stand if the period ends there."""
    table = data.share_table(choice, *days)
    rows = table[table["denominator"] == by]
    return series.share_label_texts(rows), series.share_label_heights(rows)


def share_over_time(choice: Choice, dates: Timeline, layers: tuple[str, ...]) -> None:
    """Share of each status over the period of the time bar, with a cursor that follows it."""
    by = filters.select(
        "by",
        _("Share of"),
        list(denominators()),
        default="neighborhoods",
        labels=denominators(),
        kind="segmented",
    )
    stamp = replace(share_stamp(data.model(), choice, "", by), as_of=None)
    (titles,) = _by_date(_share_titles, choice, dates, stamp, by)
    texts, heights = _share_labels(_undated(choice, dates), _days(dates), by)
    exhibit(
        "share-over-time",
        choice,
        {"by": by, "span": filters.read("span"), "layers": layers},
        motion=Motion(
            dates,
            moves={
                "title": {"text": titles},
                "cursor": {"x0": dates.dates, "x1": dates.dates},
                **{f"label {status}": {"text": text} for status, text in texts.items()},
            },
            edges={f"label {status}": {"y": height} for status, height in heights.items()},
            period_axis="xaxis",
        ),
    )


def overview_shares(choice: Choice) -> None:
    """Share of each status up to the chosen date."""
    exhibit("overview-shares", choice)


#: Numbers of the card of claims, which the page Retaken prints first.
CLAIM_NUMBERS = ("claims", "claims-lost", "claims-contested", "claims-held", "claims-unknown")


def headline_numbers(choice: Choice) -> None:
    """Cards: gang control and its change, retaken areas, airport, main hospital, what others say."""
    month, year = choice.as_of - timedelta(days=28), choice.as_of - timedelta(days=365)
    now = data.panel(choice)
    columns = st.columns(5, gap="small")
    with columns[0].container(border=True, height="stretch"):
        st.markdown(f"**{_('Gang control or influence')}**")
        held = int(now["status"].isin(captions.GANG).sum())
        st.markdown("## " + _("{count} of {total}").format(count=held, total=len(now)))
        for since in (month, year):
            days = (since, choice.as_of)
            moves = compare.gains_and_losses(data.panel(choice, *days), data.scope())
            row = moves.set_index("denominator").loc["neighborhoods"]
            blocks.plain(captions.held_change(row, since), small=True)
    outcomes = retaken.register(data.model(), choice)
    found = outcomes["outcome"].value_counts()
    with columns[1].container(border=True, height="stretch"):
        st.markdown(f"**{_('Claims of retaken areas')}**")
        st.markdown(f"## {len(outcomes)}")
        blocks.plain(
            _(
                "{lost} lost again · {contested} contested · {held} not reported lost · {unknown} unknown"
            ).format(**{name: int(found.get(name, 0)) for name in ("lost", "contested", "held", "unknown")}),
            small=True,
        )
        st.page_link("pages/retaken.py", label=_("Retaken"), icon=":material/arrow_forward:")
    for column, site, title in (
        (columns[2], "pap-airport", _("Airport")),
        (columns[3], "hueh", _("Main hospital (HUEH)")),
    ):
        _site_card(column, choice, site, title)
    _others_card(columns[4], choice)


def _site_card(column: DeltaGenerator, choice: Choice, site: str, title: str) -> None:
    row = data.site_panel(choice, pd.Series([site])).iloc[0]
    windows = status.known(data.frame("site_restrictions"), choice.known_on)
    day = pd.Timestamp(choice.as_of)
    current = windows[
        (windows["site_id"] == site) & (windows["start_date"] <= day) & (windows["end_date"] >= day)
    ]
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{title}**")
        label = captions.site_line(row)
        st.markdown(f"## {blocks.escaped(site_label(row['status']))}")
        blocks.plain(label, small=True)
        for window in current.sort_values("end_date").tail(1).itertuples():
            blocks.plain(
                _("US carriers barred by the FAA to {date}").format(date=format_date(window.end_date)),
                small=True,
            )
        st.page_link("pages/sites.py", label=_("Key sites"), icon=":material/arrow_forward:")


def _others_card(column: DeltaGenerator, choice: Choice) -> None:
    recent = mission.capital_shares(data.frame("indicators"), choice.as_of, choice.known_on)
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{_('Others on the gangs’ share of the capital')}**")
        if recent.empty:
            st.markdown("## –")
            blocks.plain(_("No published estimate in the year before"), small=True)
        else:
            low, high = recent["value"].min(), recent["value"].max()
            st.markdown(
                f"## {format_number(low)}–{format_number(high)}\u00a0%"
                if low < high
                else f"## {format_number(low)}\u00a0%"
            )
            blocks.plain(
                ngettext(
                    "{count} published estimate in a year; area or way of counting is rarely stated",
                    "{count} published estimates in a year; area or way of counting is rarely stated",
                    len(recent),
                ).format(count=len(recent)),
                small=True,
            )
        st.page_link("pages/mandate.py", label=_("Mission"), icon=":material/arrow_forward:")


def latest_changes(choice: Choice) -> None:
    """Statements of the last four weeks up to the chosen date, each with who says so and a link."""
    st.markdown(
        f"## {_('What was reported in the four weeks to {date}').format(date=format_date(choice.as_of))}"
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
    for row in rows.assign(status_label=rows["status"].map(said_label)).itertuples():
        blocks.statement(row, place=data.name_in_language(row.neighborhood_id) if with_place else None)


def control_table(choice: Choice) -> None:
    """The map as a sortable table, same filters."""
    st.markdown(f"## {_('All neighborhoods')}")
    rows = status_rows(data.model(), choice)
    rows = rows.assign(
        status=rows["status"].map(status_label),
        last_status=rows["last_status"].map(status_label),
        actor=rows["actor_id"].map(actor_names(data.model())),
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
