"""Maps: status of neighborhoods, changes, silence, incidents, sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from loaders.contracts import Status
from monitor.charts.base_map import METRO_VIEW, OVER_AREAS, SMALL_METRO_VIEW, GeoJSON, View, add_scale
from monitor.charts.drawing import Drawing, Part, trace
from monitor.charts.map_looks import (
    HATCH_LOOKS,
    INCIDENT_LOOKS,
    SITE_MARKS,
    STATUS_LOOKS,
    Look,
    area_classes,
    areas_layer,
    incident_marks,
    site_colour,
    site_marks,
)
from monitor.charts.style import (
    GREY,
    INK,
    SITE_COLOURS,
    STATUS_COLOURS,
    STATUS_ORDER,
    Key,
    Stamp,
    site_label,
    stamped,
    status_label,
)
from monitor.language import _, format_date, format_number, format_people, mark
from monitor.vocabulary import word


def control_map(
    panel: pd.DataFrame,
    neighborhoods: pd.DataFrame,
    cells: GeoJSON,
    hatch: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    legend: pd.DataFrame,
    selected: str | None = None,
    sites: pd.DataFrame | None = None,
    incidents: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
    height: int = 640,
    view: View = METRO_VIEW,
    home: View = METRO_VIEW,
) -> go.Figure:
    """Status of every neighborhood on one date.

    Parameters
    ----------
    panel
        ``status_panel`` of one date, all areas in scope.
    neighborhoods
        ``neighborhood_id, name, commune`` of the areas.
    cells, hatch
        GeoJSON of the areas, and of thin stripes over them, features with ``id`` = neighborhood id.
    style
        :func:`base_style`; the same object for all dates.
    legend
        ``shares`` of the date: adds count, km² and people to the legend.
    selected
        Neighborhood drawn with a dark outline.
    sites
        Key sites to draw: ``site_id, name, lat, lon, status, line``.
    incidents
        Events of the last weeks by neighborhood: ``neighborhood_id, name, lat, lon, events``, all neighborhoods of the map.
    notes
        More lines of the legend, about sites and incidents.
    view, home
        What the map shows, and what its button for the whole city goes to.

    Returns
    -------
    Figure
        ``customdata`` of the first trace carries the neighborhood id.
    """
    rows = panel.merge(neighborhoods[["neighborhood_id", "name", "commune"]], on="neighborhood_id")
    rows = rows.sort_values("neighborhood_id", ignore_index=True)
    codes = area_classes(rows)
    hover = [_hover(row) for row in rows.itertuples()]
    if incidents is not None:
        events = incidents.set_index("neighborhood_id")["events"].reindex(rows["neighborhood_id"])
        hover = [
            text
            + (f"<br>{_('{events} incidents placed here in 4 weeks').format(events=count)}" if count else "")
            for text, count in zip(hover, events, strict=True)
        ]
    figure = Drawing()
    figure.add_trace(
        areas_layer(
            cells,
            rows["neighborhood_id"],
            codes,
            STATUS_LOOKS,
            customdata=rows["neighborhood_id"],
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            meta="status",
        )
    )
    figure.add_trace(
        areas_layer(hatch, rows["neighborhood_id"], codes, HATCH_LOOKS, hoverinfo="skip", meta="hatch")
    )
    if selected is not None:
        figure.add_trace(_outline(cells, selected))
    if incidents is not None:
        figure.add_trace(incident_marks(incidents))
    if sites is not None:
        figure.traces += site_marks(sites)
    figure.update_layout(map={"style": style, **view.layout}, uirevision="control-map")
    # The legend comes first: its place on a phone is set by its number, after the stamp.
    box = map_legend(legend, notes)
    figure.update_layout(annotations=[box, _date_label(panel["date"].iloc[0])])
    add_scale(figure, view)
    figure.update_layout(meta={"home": home.layout})
    # On a phone the legend would cover the map: it hangs below.
    under = {"x": 0, "xanchor": "left", "yanchor": "top", "xshift": 6, "yshift": -4}
    return stamped(
        figure,
        stamp,
        height=height,
        below=6,
        above=6,
        left=0,
        right=0,
        narrow={f"annotations[1].{name}": value for name, value in under.items()},
        narrow_below=17 * (box["text"].count("<br>") + 1) + 14,
    )


def change_map(
    changes: pd.DataFrame,
    cells: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    notes: Sequence[str],
    height: int = 640,
    view: View = METRO_VIEW,
) -> go.Figure:
    """Neighborhoods that changed, and no others: filled as on the second date, edged as on the first.

    Parameters
    ----------
    changes
        :func:`monitor.analysis.compare.changes` with ``name``; those that lapsed or appeared are paler.
    notes
        Lines of the legend.
    """
    figure = Drawing()
    rows = changes.reset_index(drop=True)
    # A pale fill says that nobody need have moved: a report came in or grew stale.
    looks = [
        Look(
            "#c4c9ce" if row.status in (Status.UNKNOWN, Status.NO_DATA) else STATUS_COLOURS[row.status],
            0.45 if row.kind in ("appeared", "lapsed") else 0.95,
            "#9aa5b1" if row.status_before == Status.NO_DATA else STATUS_COLOURS[row.status_before],
            3.0,
        )
        for row in rows.itertuples()
    ]
    if looks:
        figure.add_trace(
            areas_layer(
                cells,
                rows["neighborhood_id"],
                np.arange(len(looks)),
                looks,
                customdata=rows["neighborhood_id"],
                text=[
                    f"<b>{row.name}</b><br>{status_label(row.status_before)} → {status_label(row.status)}"
                    for row in rows.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
                meta="changes",
            )
        )
    else:
        figure.add_trace(trace("scattermap", lat=[], lon=[], mode="markers", meta="changes"))
    figure.update_layout(map={"style": style, **view.layout}, uirevision="change-map", showlegend=False)
    box = map_legend_box("<br>".join(notes))
    figure.add_annotation(**box)
    add_scale(figure, view)
    under = {"x": 0, "xanchor": "left", "yanchor": "top", "xshift": 6, "yshift": -4}
    return stamped(
        figure,
        stamp,
        height=height,
        below=6,
        above=6,
        left=0,
        right=0,
        narrow={f"annotations[1].{name}": value for name, value in under.items()},
        narrow_below=17 * len(notes) + 14,
        key=[
            Key("■", STATUS_COLOURS[status], status_label(status))
            for status in STATUS_ORDER
            if status in {*rows["status"], *rows["status_before"]} and status != Status.NO_DATA
        ],
    )


def _hover(row: Any) -> str:
    lines = [f"<b>{row.name}</b> · {row.commune}"]
    if row.is_stale:
        lines.append(_("Unknown: no report for {days} days").format(days=format_number(row.age_days)))
        lines.append(_("last reported: {status}").format(status=status_label(row.last_status).lower()))
    elif row.status == Status.NO_DATA:
        lines.append(_("No data: no report yet"))
    else:
        lines.append(
            _("{status} since {date}").format(status=status_label(row.status), date=format_date(row.since))
        )
        lines.append(_("last report {days} days before").format(days=format_number(row.age_days)))
    if row.is_contested and row.status != Status.CONTESTED:
        lines.append(_("contested on the ground"))
    if row.is_disputed:
        lines.append(_("sources disagree"))
    return "<br>".join(lines)


def _outline(cells: GeoJSON, chosen: str) -> Part:
    return trace(
        "choroplethmap",
        geojson=cells,
        locations=[chosen],
        featureidkey="id",
        z=[1],
        colorscale=[[0, INK], [1, INK]],
        showscale=False,
        below=OVER_AREAS,
        marker={"opacity": 0.12, "line": {"color": INK, "width": 3}},
        hoverinfo="skip",
        meta="selected",
    )


def sites_note(states: pd.Series) -> list[str]:
    """Lines of the legend about key sites on one date: mark and number of each state."""
    counts = states.replace("no_data", "unknown").value_counts()
    parts = [
        f'<span style="color:{site_colour(state)}">{SITE_MARKS[state]}</span> {site_label(state).lower()} <b>{counts.get(state, 0)}</b>'
        for state in ("open", "reduced", "closed", "destroyed", "unknown")
    ]
    return [f"{_('Key sites')}{mark(':')}" + " · ".join(parts[:3]), " · ".join(parts[3:])]


def incidents_note(placed: int, coarse: Mapping[str, int]) -> list[str]:
    """Lines of the legend about incidents of four weeks: those in neighborhoods, and those known to commune level only."""
    first = f'<span style="color:{INCIDENT_LOOKS[1].fill}">●</span> ' + _(
        "Incidents in 4 weeks: <b>{placed}</b> placed (a selection)"
    ).format(placed=format_number(placed))
    named = ", ".join(f"{commune} {count}" for commune, count in coarse.items() if count)
    return [first, _("known to commune only, not drawn: {communes}").format(communes=named or "0")]


#: Classes of silence from recent to never: lighter is quieter, never has no filling.
_SILENCE_LOOKS = {
    "recent": Look("#3b4a57", 0.85, "#5b6770", 0.7),
    "quarter": Look("#7d8c99", 0.85, "#5b6770", 0.7),
    "half_year": Look("#b3bec7", 0.85, "#5b6770", 0.7),
    "year": Look("#e6c29a", 0.9, "#5b6770", 0.7),
    "longer": Look("#c9772b", 0.9, "#5b6770", 0.7),
    "never": Look("#7f3b08", 0.95, "#5b6770", 0.7),
}


def silence_map(
    silent: pd.DataFrame,
    labels: Mapping[str, str],
    totals: pd.DataFrame,
    cells: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    day: pd.Timestamp,
    height: int = 560,
    view: View = METRO_VIEW,
) -> go.Figure:
    """Weeks without a report per neighborhood.

    Parameters
    ----------
    silent
        ``voids.silence`` with ``name``.
    labels
        Each class of silence in words, from recent to never.
    totals
        ``voids.people_in_silence``: adds neighborhoods and people to the legend.
    """
    rows = silent.sort_values("neighborhood_id", ignore_index=True)
    order = {name: number for number, name in enumerate(_SILENCE_LOOKS)}
    hover = [
        f"<b>{row.name}</b><br>{labels[row.silence]}<br>"
        + _("last report: {date}").format(date=format_date(row.last_report))
        + "<br>"
        + _("{people} people").format(people=format_people(row.population))
        for row in rows.itertuples(index=False)
    ]
    figure = Drawing(
        areas_layer(
            cells,
            rows["neighborhood_id"],
            rows["silence"].map(order).to_numpy(dtype="int64"),
            list(_SILENCE_LOOKS.values()),
            customdata=rows["neighborhood_id"],
            text=hover,
            hovertemplate="%{text}<extra></extra>",
            meta="silence",
        )
    )
    figure.update_layout(map={"style": style, **view.layout}, uirevision="silence-map", showlegend=False)
    figure.add_annotation(**_date_label(day))
    add_scale(figure, view)
    sums = totals.set_index("silence")
    key = [
        Key(
            "■",
            look.fill,
            _("{label}: {areas} areas, {people} people").format(
                label=labels[name],
                areas=format_number(sums.loc[name, "neighborhoods"]),
                people=format_people(sums.loc[name, "people"]),
            ),
        )
        for name, look in _SILENCE_LOOKS.items()
        if sums.loc[name, "neighborhoods"]
    ]
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0, key=key)


def _date_label(day: pd.Timestamp) -> dict[str, Any]:
    """The date, large, on the map itself."""
    return {
        "name": "date",
        "text": f"<b>{format_date(day)}</b>",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 10,
        "yshift": -10,
        "showarrow": False,
        "font": {"size": 24, "color": INK},
        "bgcolor": "rgba(255,255,255,0.7)",
        "borderpad": 4,
    }


#: Marks of the legend that tell what colour alone would not: stripes, a rim, no filling.
_MARKS = {
    Status.CONTESTED: "▨",
    Status.THIRD_PARTY: "▤",
    Status.STATE_PRESENCE: "▣",
    Status.STATE_HELD: "▣",
    Status.NO_DATA: "□",
}


def legend_text(legend: pd.DataFrame, notes: Sequence[str] = ()) -> str:
    """Lines of the legend: mark, status, neighborhoods, km², people; one line per status, so that it keeps its height.

    Parameters
    ----------
    legend
        ``shares`` of one date.
    notes
        More lines.
    """
    values = {
        (status, denominator): value
        for status, denominator, value in zip(
            legend["status"], legend["denominator"], legend["value"], strict=True
        )
    }
    lines = [f'<span style="color:{GREY}">{_("neighborhoods · km² · people")}</span>']
    for status in STATUS_ORDER:
        mark = _MARKS.get(Status(status), "■")
        colour = {Status.CONTESTED: "#b08900", Status.NO_DATA: "#9aa5b1"}.get(
            Status(status), STATUS_COLOURS[status]
        )
        lines.append(
            f'<span style="color:{colour};font-size:15px">{mark}</span> {status_label(status)} <b>{format_number(values[status, "neighborhoods"])}</b>'
            f' <span style="color:{GREY}">· {format_number(values[status, "km2"])} · {format_people(values[status, "people"])}</span>'
        )
    return "<br>".join([*lines, *notes])


def map_legend(legend: pd.DataFrame, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Legend of the control map: statuses, and more lines."""
    return map_legend_box(legend_text(legend, notes))


def map_legend_box(text: str) -> dict[str, Any]:
    """Legend as text inside the map: it is part of every export."""
    return {
        "name": "legend",
        "text": text,
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 0,
        "xanchor": "right",
        "yanchor": "bottom",
        "xshift": -8,
        "yshift": 8,
        "showarrow": False,
        "align": "left",
        "font": {"size": 12, "color": INK},
        "bgcolor": "rgba(255,255,255,0.88)",
        "borderpad": 6,
    }


def incident_map(
    places: pd.DataFrame,
    coarse: pd.DataFrame,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    height: int = 640,
) -> go.Figure:
    """Incidents by neighborhood as circles at the area's centre; coarser ones counted beside the commune's name.

    Parameters
    ----------
    places
        ``neighborhood_id, name, lat, lon, events, deaths``: events at neighborhood precision.
    coarse
        ``name, lat, lon, events``: communes with the number of events known to commune level only.
    """
    figure = Drawing()
    largest = max(1, int(places["events"].max())) if len(places) else 1
    figure.add_trace(
        trace(
            "scattermap",
            lat=places["lat"],
            lon=places["lon"],
            mode="markers",
            marker={
                "size": 9 + 24 * np.sqrt(places["events"] / largest),
                "color": "#b2182b",
                "opacity": 0.55,
            },
            customdata=places["neighborhood_id"],
            text=[
                f"<b>{row.name}</b><br>"
                + _("{events} events · {deaths} reported killed").format(
                    events=format_number(row.events), deaths=format_number(row.deaths)
                )
                for row in places.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
            meta="incidents",
        )
    )
    figure.add_trace(
        trace(
            "scattermap",
            lat=coarse["lat"],
            lon=coarse["lon"],
            # An unseen marker: without one Plotly gives a text below its point no distance from it, and the map an error.
            mode="markers+text",
            marker={"size": 6, "opacity": 0},
            text=[
                _("+{events} not placed").format(events=format_number(row.events))
                for row in coarse.itertuples()
            ],
            textposition="bottom center",
            textfont={"size": 12, "color": "#7a1f2b"},
            hoverinfo="skip",
            meta="coarse",
        )
    )
    figure.update_layout(
        map={"style": style, **SMALL_METRO_VIEW.layout}, uirevision="incident-map", showlegend=False
    )
    add_scale(figure, SMALL_METRO_VIEW)
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0)


def site_map(
    sites: pd.DataFrame,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    height: int = 640,
) -> go.Figure:
    """Sites by state: ``site_id, name, site_type, lat, lon, status, since``; the marker's letter tells the state, too."""
    figure = Drawing()
    present: Sequence[str] = [status for status in SITE_COLOURS if (sites["status"] == status).any()]
    for status in present:
        rows = sites[sites["status"] == status]
        figure.add_trace(
            trace(
                "scattermap",
                lat=rows["lat"],
                lon=rows["lon"],
                mode="markers",
                name=f"{site_label(status)} ({len(rows)})",
                marker={
                    "size": 14,
                    "color": site_colour(status),
                    "opacity": 0.9,
                },
                customdata=rows["site_id"],
                text=[
                    f"<b>{row.name}</b><br>{word('site_type', row.site_type)} · {site_label(row.status)}"
                    + (
                        ""
                        if pd.isna(row.since)
                        else "<br>" + _("reported {date}").format(date=format_date(row.since))
                    )
                    for row in rows.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
                meta="sites",
            )
        )
    figure.update_layout(map={"style": style, **SMALL_METRO_VIEW.layout}, uirevision="site-map")
    add_scale(figure, SMALL_METRO_VIEW)
    key = [
        Key("●", site_colour(status), f"{site_label(status)} ({int((sites['status'] == status).sum())})")
        for status in present
    ]
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0, key=key)
