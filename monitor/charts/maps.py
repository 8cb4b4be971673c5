"""Maps: status of neighborhoods, incidents, sites. They need no tile server and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from loaders.contracts import Status
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
from monitor.language import _, format_date, format_number, format_people

GeoJSON = Mapping[str, Any]

#: View of the whole metropolitan area on a large map, and on a small one.
METRO_VIEW = {"center": {"lat": 18.535, "lon": -72.315}, "zoom": 10.6}
SMALL_METRO_VIEW = {**METRO_VIEW, "zoom": 10.2}

_SEA, _LAND, _SHORE, _COMMUNE = "#e3ebf1", "#f7f6f2", "#8a98a5", "#6b7785"

#: Opacity of a fill by the age of its last confirmation, in days: staleness as ink.
AGE_OPACITY = ((30, 0.95), (90, 0.78), (180, 0.6), (float("inf"), 0.45))


def base_style(land: GeoJSON, communes: GeoJSON, cells: GeoJSON) -> dict[str, Any]:
    """Inline MapLibre style: sea, land, dashed outlines of all cells, communes. No glyphs, no sprites, no requests.

    The dashed outlines are what a cell without data shows; a cell with a status is drawn over them.
    """
    return {
        "version": 8,
        "sources": {
            "land": {"type": "geojson", "data": land},
            "communes": {"type": "geojson", "data": communes},
            "cells": {"type": "geojson", "data": cells},
        },
        "layers": [
            {"id": "sea", "type": "background", "paint": {"background-color": _SEA}},
            {"id": "land", "type": "fill", "source": "land", "paint": {"fill-color": _LAND}},
            {
                "id": "shore",
                "type": "line",
                "source": "land",
                "paint": {"line-color": _SHORE, "line-width": 1},
            },
            {"id": "cells-fill", "type": "fill", "source": "cells", "paint": {"fill-color": "#ffffff"}},
            {
                "id": "cells-outline",
                "type": "line",
                "source": "cells",
                "paint": {"line-color": "#9aa5b1", "line-width": 0.8, "line-dasharray": [2, 2]},
            },
            {
                "id": "communes",
                "type": "line",
                "source": "communes",
                "paint": {"line-color": _COMMUNE, "line-width": 1.2},
            },
        ],
    }


def age_opacity(age_days: pd.Series, status: pd.Series) -> np.ndarray:
    """Opacity of each fill: fades with age; unknown and no data are faint whatever their age."""
    ages = age_days.astype("float64").fillna(0).to_numpy()
    values = np.select(
        [ages <= limit for limit, _value in AGE_OPACITY], [value for _limit, value in AGE_OPACITY]
    )
    values = np.where(status == Status.UNKNOWN, 0.8, values)
    return np.where(status == Status.NO_DATA, 0.0, values)


def _status_scale() -> list[list[Any]]:
    steps = len(STATUS_ORDER)
    return [
        [edge / steps, STATUS_COLOURS[status]] for i, status in enumerate(STATUS_ORDER) for edge in (i, i + 1)
    ]


def control_map(
    panel: pd.DataFrame,
    neighborhoods: pd.DataFrame,
    cells: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    hatch: GeoJSON | None = None,
    labels: pd.DataFrame | None = None,
    legend: pd.DataFrame | None = None,
    selected: str | None = None,
    height: int = 640,
    view: Mapping[str, Any] = METRO_VIEW,
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
    labels
        ``name, lat, lon`` of communes to label.
    legend
        ``shares`` of the date: adds count, km² and people to the legend.
    selected
        Neighborhood drawn with a dark outline.

    Returns
    -------
    Figure
        ``customdata`` of the first trace carries the neighborhood id.
    """
    rows = panel.merge(neighborhoods[["neighborhood_id", "name", "commune"]], on="neighborhood_id")
    rows = rows.sort_values("neighborhood_id", ignore_index=True)
    codes = rows["status"].map({status: i for i, status in enumerate(STATUS_ORDER)})
    line_colour = np.where(rows["is_stale"], rows["last_status"].map(STATUS_COLOURS), "#5b6770")
    line_width = np.where(rows["status"] == Status.NO_DATA, 0.0, np.where(rows["is_stale"], 1.8, 0.7))
    figure = go.Figure()
    figure.add_trace(
        go.Choroplethmap(
            geojson=cells,
            locations=rows["neighborhood_id"],
            featureidkey="id",
            z=codes,
            zmin=0,
            zmax=len(STATUS_ORDER),
            zauto=False,
            colorscale=_status_scale(),
            showscale=False,
            marker={
                "opacity": age_opacity(rows["age_days"], rows["status"]),
                "line": {"color": line_colour, "width": line_width},
            },
            customdata=rows["neighborhood_id"],
            text=[_hover(row) for row in rows.itertuples()],
            hovertemplate="%{text}<extra></extra>",
            name=_("Status"),
            meta="status",
        )
    )
    # z sits in the middle of its step of the scale.
    figure.data[0].z = codes + 0.5
    contested = rows.loc[rows["is_contested"], "neighborhood_id"]
    if hatch is not None:
        figure.add_trace(
            go.Choroplethmap(
                geojson=hatch,
                locations=contested,
                featureidkey="id",
                z=np.ones(len(contested)),
                zmin=0,
                zmax=1,
                colorscale=[[0, "#6b4e00"], [1, "#6b4e00"]],
                showscale=False,
                marker={"opacity": 0.75, "line": {"width": 0}},
                hoverinfo="skip",
                name=_("Contested on the ground"),
                meta="hatch",
            )
        )
    if selected is not None:
        figure.add_trace(_outline(cells, selected))
    if labels is not None:
        figure.add_trace(_commune_labels(labels))
    figure.update_layout(map={"style": style, **view}, uirevision="control-map", showlegend=False)
    if legend is None:
        return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0)
    box = _map_legend(legend)
    figure.add_annotation(box)
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


def _outline(cells: GeoJSON, chosen: str) -> go.Choroplethmap:
    return go.Choroplethmap(
        geojson=cells,
        locations=[chosen],
        featureidkey="id",
        z=[1],
        colorscale=[[0, INK], [1, INK]],
        showscale=False,
        marker={"opacity": 0.12, "line": {"color": INK, "width": 3}},
        hoverinfo="skip",
        meta="selected",
    )


def _commune_labels(labels: pd.DataFrame) -> go.Scattermap:
    return go.Scattermap(
        lat=labels["lat"],
        lon=labels["lon"],
        text=labels["name"],
        mode="text",
        textfont={"size": 12, "color": "#36424d"},
        hoverinfo="skip",
        meta="labels",
    )


def _map_legend(legend: pd.DataFrame) -> dict[str, Any]:
    """Legend with count, km² and people per status, as text inside the map (it is part of every export)."""
    wide = legend.pivot(index="status", columns="denominator", values="value")
    lines = [f'<span style="color:{GREY}">{_("neighborhoods · km² · people")}</span>']
    for status in STATUS_ORDER:
        row = wide.loc[status]
        if row["neighborhoods"] == 0:
            continue
        mark = {Status.CONTESTED: "▨", Status.NO_DATA: "□"}.get(Status(status), "■")
        colour = (
            "#b08900"
            if status == Status.CONTESTED
            else "#9aa5b1"
            if status == Status.NO_DATA
            else STATUS_COLOURS[status]
        )
        lines.append(
            f'<span style="color:{colour};font-size:15px">{mark}</span> {status_label(status)} <b>{format_number(row["neighborhoods"])}</b>'
            f' <span style="color:{GREY}">· {format_number(row["km2"])} · {format_people(row["people"])}</span>'
        )
    return {
        "name": "legend",
        "text": "<br>".join(lines),
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
    labels: pd.DataFrame | None = None,
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
    figure = go.Figure()
    largest = max(1, int(places["events"].max())) if len(places) else 1
    figure.add_trace(
        go.Scattermap(
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
        go.Scattermap(
            lat=coarse["lat"],
            lon=coarse["lon"],
            mode="text",
            text=[
                _("{commune}: {events} not placed").format(commune=row.name, events=format_number(row.events))
                for row in coarse.itertuples()
            ],
            textfont={"size": 12, "color": "#7a1f2b"},
            hoverinfo="skip",
            meta="coarse",
        )
    )
    if labels is not None:
        figure.add_trace(_commune_labels(labels[~labels["name"].isin(coarse["name"])]))
    figure.update_layout(
        map={"style": style, **SMALL_METRO_VIEW}, uirevision="incident-map", showlegend=False
    )
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0)


def site_map(
    sites: pd.DataFrame,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    labels: pd.DataFrame | None = None,
    height: int = 640,
) -> go.Figure:
    """Sites by state: ``site_id, name, site_type, lat, lon, status, since``; the marker's letter tells the state, too."""
    figure = go.Figure()
    present: Sequence[str] = [status for status in SITE_COLOURS if (sites["status"] == status).any()]
    for status in present:
        rows = sites[sites["status"] == status]
        figure.add_trace(
            go.Scattermap(
                lat=rows["lat"],
                lon=rows["lon"],
                mode="markers",
                name=f"{site_label(status)} ({len(rows)})",
                marker={
                    "size": 14,
                    "color": _site_colour(status),
                    "opacity": 0.9,
                },
                customdata=rows["site_id"],
                text=[
                    f"<b>{row.name}</b><br>{row.site_type} · {site_label(row.status)}"
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
    if labels is not None:
        figure.add_trace(_commune_labels(labels))
    figure.update_layout(map={"style": style, **SMALL_METRO_VIEW}, uirevision="site-map")
    key = [
        Key("●", _site_colour(status), f"{site_label(status)} ({int((sites['status'] == status).sum())})")
        for status in present
    ]
    return stamped(figure, stamp, height=height, below=6, above=6, left=0, right=0, key=key)


def _site_colour(status: str) -> str:
    """Colour of a site's marker; grey where its state is not known."""
    return "#9aa5b1" if status in ("unknown", "no_data") else SITE_COLOURS[status]
