"""Views of the page Actors."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import actors as actor_analysis
from monitor.analysis import city, incidents
from monitor.charts.style import status_label
from monitor.export.figures import groups
from monitor.export.figures.base import actor_names, in_language, place_names
from monitor.export.figures.control import denominators
from monitor.export.figures.events import SELECTION, event_labels
from monitor.language import _, format_date, mark
from monitor.ui import blocks, data, filters, lineage
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word

#: Events of an actor listed, newest first.
_LISTED = 200


def heading(choice: Choice) -> None:
    """The page's sentence: who is named for most of what armed groups hold, and what that leaves out."""
    model = data.model()
    now = city.holders_on(model, choice)
    now = now[now["side"] == "gang"].sort_values("neighborhoods", ascending=False)
    total, whole = float(now["neighborhoods"].sum()), float(len(model.scope()))
    sentence = groups.holders_sentence(now, groups.holder_names(model), "neighborhoods", "gang", total, whole)
    panel = model.panel(choice)
    open_ = int(panel["status"].isin(["contested", "unknown", "no_data"]).sum())
    blocks.sentence(
        _("{sentence}; {n} others are contested, unknown or without data and count for nobody.").format(
            sentence=sentence, n=open_
        )
    )
    blocks.age_note(choice)
    lineage.numbers(
        choice, *lineage.ids_of(["armed-actors"]), "gang-control-or-influence", "contested", "unknown"
    )


def areas(choice: Choice) -> None:
    """Areas by actor over time, by coalition of each date."""
    left, right = st.columns(2, gap="medium")
    sides, units = groups.side_names(), denominators()
    with left:
        side = filters.select("side", _("Side"), list(sides), default="gang", labels=sides, kind="segmented")
    with right:
        by = filters.select(
            "by", _("Counted in"), list(units), default="neighborhoods", labels=units, kind="segmented"
        )
    exhibit("areas-by-actor", choice, {"side": side, "by": by})


def card(choice: Choice) -> str:
    """Choice of one actor, and what is known about it."""
    table = in_language(data.model(), "actors").sort_values("name")
    names = actor_names(data.model())
    default = str(groups.actor_of(data.model(), choice, {})["actor_id"])
    actor: str = filters.select("actor", _("Actor"), list(table["actor_id"]), default=default, labels=names)
    row = table.set_index("actor_id").loc[actor]
    top = actor_analysis.coalition_on(data.frame("actor_memberships"), choice.as_of).get(actor)
    with st.container(border=True):
        st.markdown(f"## {blocks.escaped(row['name'])}")
        kind = word("actor_type", row["actor_type"])
        blocks.plain(
            _("{kind}, {state}").format(kind=kind, state=row["state"])
            + (
                " · " + _("on this date in {coalition}").format(coalition=names.get(top, top))
                if top is not None and top != actor
                else ""
            )
        )
        facts = [
            (_("Also called"), _joined(row["alt_names"])),
            (_("Leader, as reported"), row["leader"]),
            (_("Operates from"), _places(row["base_ids"])),
            (_("Exists"), _span(row["valid_from"], row["valid_to"])),
            (_("Remark"), row["note"]),
        ]
        for label, text in facts:
            if isinstance(text, str) and text:
                st.markdown(f"**{blocks.escaped(label)}**{mark(':')}{blocks.escaped(text)}")
        recall = f" · {_('from recall')}" if row["source_checked"] == "recall" else ""
        st.markdown(f":small[{blocks.link(row['source_publisher'], row['source_url'])}{recall}]")
    return actor


def _joined(text: object) -> str:
    return text.replace("|", ", ") if isinstance(text, str) else ""


def _places(ids: object) -> str:
    return ", ".join(data.name_in_language(place) for place in ids.split("|")) if isinstance(ids, str) else ""


def _span(start: pd.Timestamp, end: pd.Timestamp) -> str:
    if pd.isna(start) and pd.isna(end):
        return ""
    return f"{format_date(start)} – {format_date(end) if pd.notna(end) else ''}".strip()


def areas_of_one(choice: Choice, actor: str) -> None:
    """Areas of one actor over time."""
    exhibit("actor-areas", choice, {"actor": actor})


def depth(choice: Choice, actor: str) -> None:
    """Areas now, alliances, incidents and statements of one actor."""
    model = data.model()
    is_coalition = data.frame("actors").set_index("actor_id").loc[actor, "actor_type"] == "coalition"
    held = city.actor_areas(model, choice, actor, (choice.as_of,), members=is_coalition)
    ties = data.frame("actor_memberships")
    ties = ties[(ties["actor_id"] == actor) | (ties["parent_id"] == actor)]
    index = city.events_until(model, choice)
    events = index[incidents.names_actor(index, actor).to_numpy()]
    titles = (
        f"{_('Areas on this date')} ({len(held)})",
        f"{_('Alliances')} ({len(ties)})",
        f"{_('Incidents')} ({len(events)})",
    )
    areas_tab, ties_tab, events_tab = st.tabs(titles, key="tabs of the actor", on_change="rerun")
    if areas_tab.open:
        with areas_tab:
            _areas_table(held)
    if ties_tab.open:
        with ties_tab:
            _ties_table(ties)
    if events_tab.open:
        with events_tab:
            blocks.plain(_(SELECTION), small=True)
            _events_table(events)


def _areas_table(held: pd.DataFrame) -> None:
    model = data.model()
    said = model.assertions()[["assertion_id", "source_publisher", "source_url", "source_checked"]]
    rows = held.merge(said, on="assertion_id", how="left")
    roles = {"holds": _("named as holding"), "contests": _("named where contested")}
    rows = rows.assign(
        name=rows["neighborhood_id"].map(place_names(model)),
        status=rows["status"].map(status_label),
        role=rows["role"].map(roles),
    ).sort_values("name")
    if rows.empty:
        blocks.plain(_("None: no status on this date rests on a statement that names this actor."))
        return
    blocks.table(
        rows,
        {
            "name": _("Neighborhood"),
            "role": _("Role"),
            "status": _("Status"),
            "since": st.column_config.DateColumn(_("Since"), format="YYYY-MM-DD"),
            "confirmed_on": st.column_config.DateColumn(_("Last statement"), format="YYYY-MM-DD"),
            **blocks.source_columns(),
        },
    )


def _ties_table(ties: pd.DataFrame) -> None:
    names = actor_names(data.model())
    if ties.empty:
        blocks.plain(_("No alliance is compiled for this actor."))
        return
    relations = {"member": _("member of"), "ally": _("ally of")}
    rows = ties.assign(
        member=ties["actor_id"].map(names),
        relation=ties["relation"].map(relations),
        parent=ties["parent_id"].map(names),
    ).sort_values(["valid_from", "member"], na_position="first")
    blocks.table(
        rows,
        {
            "member": _("Actor"),
            "relation": _("Relation"),
            "parent": _("Coalition"),
            "valid_from": st.column_config.DateColumn(_("From"), format="YYYY-MM-DD"),
            "valid_to": st.column_config.DateColumn(_("To"), format="YYYY-MM-DD"),
            "basis": _("Dates rest on"),
            **blocks.source_columns(),
        },
    )


def _events_table(events: pd.DataFrame) -> None:
    if events.empty:
        blocks.plain(_("No recorded event names this actor by this date."))
        return
    rows = data.frame("incidents").iloc[events["position"].to_numpy()[::-1][:_LISTED]]
    labels = event_labels()
    rows = rows.assign(
        event_type=rows["event_type"].map(labels), place=rows["place_id"].map(place_names(data.model()))
    )
    blocks.table(
        rows,
        {
            "event_date": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
            "event_type": _("Type"),
            "place": _("Place"),
            "fatalities": st.column_config.NumberColumn(_("Killed"), format="%d"),
            "summary": _("What happened"),
            **blocks.source_columns(),
        },
        height=360,
    )


def table(choice: Choice) -> None:
    """All actors: side, coalition on the date, areas, last statement that names them."""
    with blocks.folded(_("All actors") + f" ({len(data.frame('actors'))})", "all actors") as is_open:
        if is_open:
            _all_actors(choice)


def _all_actors(choice: Choice) -> None:
    model = data.model()
    rows = in_language(model, "actors")
    names = actor_names(model)
    tops = actor_analysis.coalition_on(data.frame("actor_memberships"), choice.as_of)
    sets = model.panel(choice)["assertion_id"].map(city.named(model)).dropna().astype("str")
    counts = sets.str.split("|").explode().value_counts()
    rows = rows.assign(
        actor_type=rows["actor_type"].map(lambda value: word("actor_type", value)),
        coalition=rows["actor_id"].map(tops).map(names),
        areas=rows["actor_id"].map(counts).fillna(0).astype("int64"),
    ).sort_values(["areas", "name"], ascending=[False, True])
    blocks.table(
        rows,
        {
            "name": _("Actor"),
            "actor_type": _("Kind"),
            "coalition": _("Coalition on this date"),
            "areas": st.column_config.NumberColumn(
                _("Named in the status of"), help=_("neighborhoods, contested ones included")
            ),
            "state": _("State"),
            "leader": _("Leader, as reported"),
            **blocks.source_columns(),
        },
        height=420,
    )
