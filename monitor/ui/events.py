"""Views of the page Incidents."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from loaders.contracts import EVENT_TYPES
from monitor.analysis import incidents as incident_analysis
from monitor.charts import captions, maps, series
from monitor.language import _, format_number
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.figure import show_figure

SELECTION = "The starter set is a selection of notable events, not a census: counts are not trends."


def event_labels() -> dict[str, str]:
    """Event types in words."""
    words = (
        _("Battles"),
        _("Explosions and remote violence"),
        _("Violence against civilians"),
        _("Riots"),
        _("Protests"),
        _("Strategic developments"),
    )
    return dict(zip(EVENT_TYPES, words, strict=True))


def known(choice: Choice) -> pd.DataFrame:
    """Events up to the chosen date that were recorded by the known-on date, one row per event."""
    rows = incident_analysis.counted(data.frame("incidents"))
    if choice.known_on is not None:
        rows = rows[rows["recorded_at"] < pd.Timestamp(choice.known_on, tz="UTC") + pd.Timedelta(days=1)]
    return rows[rows["event_date"] <= pd.Timestamp(choice.as_of)]


def filtered(choice: Choice, rows: pd.DataFrame) -> pd.DataFrame:
    """The filters of the page, and the rows that pass them."""
    labels = event_labels()
    actors = data.frame("actors").set_index("actor_id")["name"].sort_values()
    communes = sorted(rows["commune"].dropna().unique())
    columns = st.columns([2.2, 1.4, 1.4, 1.2, 1], vertical_alignment="bottom")
    wanted = filters.read("type", [])
    if unknown := [name for name in wanted if name not in EVENT_TYPES]:
        filters.report("type", "~".join(unknown), _("there is no such event type"))
        wanted = [name for name in wanted if name in EVENT_TYPES]
    filters.sync("type control", wanted)
    with columns[0]:
        st.multiselect(
            _("Type"),
            EVENT_TYPES,
            format_func=labels.__getitem__,
            placeholder=_("any"),
            key="type control",
            on_change=lambda: filters.write("type", "~".join(st.session_state["type control"])),
        )
    with columns[1]:
        actor = filters.select(
            "actor",
            _("Actor"),
            list(actors.index),
            default=None,
            labels=actors.to_dict(),
            index=None,
            placeholder=_("any"),
        )
    with columns[2]:
        commune = filters.select(
            "commune", _("Commune"), communes, default=None, index=None, placeholder=_("any")
        )
    with columns[3]:
        start = filters.read("from", rows["event_date"].min().date() if len(rows) else choice.as_of)
        filters.sync("from control", min(start, choice.as_of))
        st.date_input(
            _("From"),
            max_value=choice.as_of,
            min_value=date(2018, 1, 1),
            format="YYYY-MM-DD",
            **filters.control("from", "from control"),
        )
    with columns[4]:
        deaths = filters.read("deaths", 0)
        filters.sync("deaths control", deaths)
        st.number_input(
            _("Killed, at least"), min_value=0, step=1, **filters.control("deaths", "deaths control")
        )
    keep = rows["event_date"] >= pd.Timestamp(start)
    if wanted:
        keep &= rows["event_type"].isin(wanted)
    if actor:
        keep &= rows["actor_ids"].fillna("").str.split("|").map(lambda ids: actor in ids)
    if commune:
        keep &= rows["commune"] == commune
    if deaths:
        keep &= rows["fatalities"] >= deaths
    return rows[keep]


def heading(choice: Choice, rows: pd.DataFrame, found: pd.DataFrame) -> None:
    """Number of events found, and the warning that they are a selection."""
    unplaced = int((found["location_precision"] != "neighborhood").sum())
    blocks.sentence(captions.incidents(len(found), len(rows), unplaced))
    blocks.plain(_(SELECTION))
    blocks.age_note(choice)


def weekly(choice: Choice, found: pd.DataFrame) -> None:
    """Weekly chart by type."""
    if found.empty:
        st.info(
            _("No event matches these filters. Widen the period, or clear a filter."),
            icon=":material/filter_alt_off:",
        )
        return
    weeks = incident_analysis.weekly_counts(found, start=found["event_date"].min().date(), end=choice.as_of)
    undated = int((found["date_precision"] != "day").sum())
    title = _("{events} recorded events per week by type").format(events=format_number(len(found)))
    caveat = _(SELECTION)
    if undated:
        caveat += " " + _("{undated} events dated to a month are not drawn").format(undated=undated)
    figure = series.weekly_chart(
        weeks, data.stamp(title, "incidents", choice=choice, caveat=caveat), event_labels=event_labels()
    )
    show_figure(
        figure, key="weekly-incidents", alt=title + ". " + _(SELECTION), filename=f"incidents-{choice.as_of}"
    )


def map_of(choice: Choice, found: pd.DataFrame) -> None:
    """Events by neighborhood; coarser ones counted beside the commune's name."""
    places = data.frame("neighborhoods").set_index("neighborhood_id")
    placed = found[found["location_precision"] == "neighborhood"]
    circles = (
        placed.groupby("neighborhood_id")
        .agg(events=("event_id", "size"), deaths=("fatalities", "sum"))
        .reset_index()
    )
    circles = circles.join(places[["name", "lat", "lon"]], on="neighborhood_id")
    labels = data.commune_labels()
    coarse = (
        found[found["location_precision"] == "commune"]
        .groupby("commune")
        .size()
        .rename("events")
        .reset_index()
    )
    coarse = coarse.rename(columns={"commune": "name"}).merge(labels, on="name")
    beyond = len(found) - len(placed) - int(coarse["events"].sum())
    title = _(
        "{placed} events placed in {areas} neighborhoods; {coarse} known to commune level stand beside the commune’s name; {beyond} lie beyond or are city-wide"
    ).format(placed=len(placed), areas=len(circles), coarse=int(coarse["events"].sum()), beyond=beyond)
    figure = maps.incident_map(
        circles,
        coarse,
        data.map_style(),
        data.stamp(
            title,
            "incidents",
            "neighborhoods",
            choice=choice,
            caveat=_(SELECTION) + " " + _("A circle stands for the neighborhood, not for the spot"),
        ),
        labels=labels,
    )
    show_figure(
        figure,
        key="incident-map",
        alt=title,
        filename=f"incident-map-{choice.as_of}",
        on_select=lambda area: filters.write("area", area),
    )


def table(found: pd.DataFrame) -> None:
    """The events as a table with source links."""
    st.markdown(f"#### {_('Events')} ({len(found)})")
    names = data.frame("neighborhoods").set_index("neighborhood_id")["name"]
    rows = found.assign(
        place=found["place_id"].map(names), event_type=found["event_type"].map(event_labels())
    ).sort_values("event_date", ascending=False)
    blocks.table(
        rows,
        {
            "event_date": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
            "event_type": _("Type"),
            "sub_event_type": _("Sub-type"),
            "place": _("Place"),
            "location_precision": _("Known to"),
            "actor1": _("Actor"),
            "actor2": _("Other actor"),
            "fatalities_low": st.column_config.NumberColumn(_("Killed, low"), format="%d"),
            "fatalities": st.column_config.NumberColumn(_("Killed, this report"), format="%d"),
            "fatalities_high": st.column_config.NumberColumn(_("Killed, high"), format="%d"),
            "fatalities_basis": _("Basis"),
            "summary": _("What happened"),
            **blocks.source_columns(),
        },
        height=460,
    )
