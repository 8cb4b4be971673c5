"""Finding a neighborhood by any spelling, and its card."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from loaders.contracts import Status
from monitor.analysis import doubt, status
from monitor.analysis import incidents as incident_analysis
from monitor.charts import captions
from monitor.charts.style import status_label
from monitor.export.figures.base import actor_names, in_language
from monitor.language import _, format_date, format_number, format_people, mark
from monitor.ui import blocks, data, filters, views
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import remark, word


@data.keyed("neighborhoods", "aliases")
def _search_labels() -> dict[str, str]:
    """Label of each place to search in: name, commune and every other spelling."""
    places = data.frame("neighborhoods").set_index("neighborhood_id")
    spellings = data.frame("aliases").groupby("neighborhood_id")["alias"].agg(list)
    labels = {}
    for place, row in (
        places[places["place_type"].isin(["neighborhood", "commune"])].sort_values("name").iterrows()
    ):
        name = data.name_in_language(str(place))
        others = [spelling for spelling in spellings[place] if spelling not in (name, place)]
        kind = _("commune") if row["place_type"] == "commune" else data.commune_in_language(row["commune"])
        labels[str(place)] = f"{name} · {kind}" + (f" ({', '.join(others)})" if others else "")
    return labels


def area_search() -> str | None:
    """Search box over every spelling in French, Haitian Creole and English; returns the chosen place."""
    labels = _search_labels()
    return filters.select(
        "area",
        _("Find a neighborhood or commune by any spelling"),
        list(labels),
        default=None,
        labels=labels,
        index=None,
        placeholder=_("Type a name, for example Site Solèy or Delmas 30"),
    )


def area_card(choice: Choice, area: str | None) -> None:
    """What is known about one place: status, history, statements with sources, incidents and sites."""
    if area is None:
        with st.container(border=True):
            st.markdown(f"**{_('No neighborhood chosen')}**")
            blocks.plain(
                _(
                    "Click an area on the map, or search by name, to see who holds it, since when, who says so and how sure that is."
                )
            )
            views.statements(_recent(choice).head(5), with_place=True)
        return
    place = data.frame("neighborhoods").set_index("neighborhood_id").loc[area]
    with st.container(border=True):
        history = data.history(choice)
        row = status.panel_of(history, [choice.as_of], [area]).iloc[0]
        name = data.name_in_language(area)
        reported = (history["neighborhood_id"] == area).any()
        # The strip below says the status in its title.
        st.markdown(f"## {name if reported else captions.area_title(row, name)}")
        blocks.plain(_facts(place, row), small=True)
        if place["place_type"] == "neighborhood":
            _commune_note(choice, place["commune_id"])
        if reported:
            exhibit("area-strip", choice, {"area": area})
        rows = _statements(choice, area)
        st.markdown(f"**{_('Last statements')}** ({len(rows)})")
        views.statements(rows.head(5))
        if rows.empty:
            blocks.plain(_("Nobody has reported who holds this place: no data."), small=True)
        _incidents(choice, area)
        _sites(choice, area)


def _recent(choice: Choice) -> pd.DataFrame:
    """Statements about neighborhoods in scope up to the chosen date, the latest first."""
    rows = doubt.latest_first(data.model(), choice)
    return rows[rows["from_earliest"] <= pd.Timestamp(choice.as_of)]


def _statements(choice: Choice, area: str) -> pd.DataFrame:
    rows = status.admissible(status.known(data.assertions(), choice.known_on), choice.evidence)
    rows = rows[(rows["neighborhood_id"] == area) & (rows["from_earliest"] <= pd.Timestamp(choice.as_of))]
    return rows.sort_values(["from_earliest", "published_date"], ascending=False)


def _facts(place: pd.Series, row: pd.Series) -> str:
    parts = [data.commune_in_language(place["commune"])]
    if pd.notna(place["area_km2"]):
        parts.append(_("about {area} km²").format(area=format_number(place["area_km2"], 1)))
    if pd.notna(place["population"]):
        basis = (
            _("commune figure split by area") if place["place_type"] == "neighborhood" else _("projection")
        )
        parts.append(
            _("{people} people ({year}, {basis})").format(
                people=format_people(place["population"]), year=place["population_year"], basis=basis
            )
        )
    if isinstance(row["actor_id"], str) and not row["is_stale"]:
        actors = actor_names(data.model())
        parts.append(_("named: {actor}").format(actor=actors.get(row["actor_id"], row["actor_id"])))
    if isinstance(row["verification"], str):
        parts.append(_("verification: {level}").format(level=word("verification", row["verification"])))
    if pd.notna(row["age_days"]):
        parts.append(_("last report {days} days before").format(days=format_number(row["age_days"])))
    if row["is_contested"] and row["status"] != Status.CONTESTED:
        parts.append(_("contested on the ground"))
    if row["is_disputed"]:
        parts.append(_("sources disagree"))
    return " · ".join(parts)


def _commune_note(choice: Choice, commune: str) -> None:
    """The last statement about the whole commune: context, never spread over its neighborhoods."""
    rows = _statements(choice, commune)
    if len(rows):
        last = rows.iloc[0]
        blocks.plain(
            _("About the whole commune, {date}: {status}. {note} ({publisher})").format(
                date=format_date(last["from_earliest"]),
                status=status_label(last["status"]).lower(),
                note=remark(last["note"]),
                publisher=last["source_publisher"],
            ),
            small=True,
        )


def _incidents(choice: Choice, area: str) -> None:
    rows = incident_analysis.counted(data.frame("incidents"), choice.known_on)
    day = pd.Timestamp(choice.as_of)
    rows = rows[
        (rows["place_id"] == area) & rows["event_date"].between(day - pd.Timedelta(days=365), day)
    ].sort_values("event_date", ascending=False)
    st.markdown(f"**{_('Incidents in the year before')}** ({len(rows)})")
    for row in rows.head(4).itertuples():
        st.markdown(
            f"{format_date(row.event_date)} · {blocks.escaped(word('sub_event_type', row.sub_event_type))}{mark(':')}{blocks.escaped(remark(row.summary))}  \n:small[{blocks.link(row.source_publisher, row.source_url)}]"
        )


def _sites(choice: Choice, area: str) -> None:
    sites = in_language(data.model(), "key_sites")
    mine = sites[sites["neighborhood_id"] == area]
    if mine.empty:
        return
    panel = data.site_panel(choice, mine["site_id"]).merge(mine[["site_id", "name"]], on="site_id")
    st.markdown(f"**{_('Key sites')}**")
    for _index, row in panel.iterrows():
        blocks.plain(f"{row['name']}{mark(':')}{captions.site_line(row)}", small=True)
