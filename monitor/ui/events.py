"""Views of the page Incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from loaders.contracts import EVENT_TYPES
from monitor.charts import captions
from monitor.export.figures import events as event_figures
from monitor.export.figures.events import SELECTION, event_labels, filtered
from monitor.language import _
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word

__all__ = ["filter_bar", "filtered", "heading", "known", "map_of", "table", "weekly"]


def known(choice: Choice) -> pd.DataFrame:
    """Events up to the chosen date that were recorded by the known-on date, one row per event."""
    return event_figures.known(data.model(), choice)


def filter_bar(choice: Choice, rows: pd.DataFrame) -> dict[str, Any]:
    """The filters of the page: the figures' parameters."""
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
    return {"type": wanted, "actor": actor, "commune": commune, "from": start, "deaths": deaths}


def heading(choice: Choice, rows: pd.DataFrame, found: pd.DataFrame) -> None:
    """Number of events found, and the warning that they are a selection."""
    unplaced = int((found["location_precision"] != "neighborhood").sum())
    blocks.sentence(captions.incidents(len(found), len(rows), unplaced))
    blocks.plain(_(SELECTION))
    blocks.age_note(choice)


def weekly(choice: Choice, wanted: Mapping[str, Any]) -> None:
    """Weekly chart by type."""
    exhibit("incidents-weekly", choice, wanted)


def map_of(choice: Choice, wanted: Mapping[str, Any]) -> None:
    """Events by neighborhood; coarser ones counted beside the commune's name."""
    exhibit("incident-map", choice, wanted, on_select=lambda area: filters.write("area", area))


def table(found: pd.DataFrame) -> None:
    """The events as a table with source links."""
    st.markdown(f"#### {_('Events')} ({len(found)})")
    rows = found.assign(
        place=found["place_id"].map(data.name_in_language),
        event_type=found["event_type"].map(event_labels()),
        sub_event_type=found["sub_event_type"].map(lambda value: word("sub_event_type", value)),
        location_precision=found["location_precision"].map(lambda value: word("location_precision", value)),
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
