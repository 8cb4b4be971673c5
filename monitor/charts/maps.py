"""Maps: status of neighborhoods, incidents, sites. They need no tile server and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from monitor.vocabulary import word

GeoJSON = Mapping[str, Any]

#: View of the whole metropolitan area on a large map, and on a small one.
METRO_VIEW = {"center": {"lat": 18.535, "lon": -72.315}, "zoom": 10.6}
SMALL_METRO_VIEW = {**METRO_VIEW, "zoom": 10.2}

_SEA, _LAND, _SHORE, _COMMUNE = "#e3ebf1", "#f7f6f2", "#8a98a5", "#6b7785"

#: Opacity of a fill by the age of its last confirmation, in days: staleness as ink.
AGE_OPACITY = ((30, 0.95), (90, 0.78), (180, 0.6), (float("inf"), 0.45))


def drawn_features(collection: GeoJSON) -> dict[str, Any]:
    """A feature collection with what drawing needs and nothing else: ``id`` and geometry, where there is one."""
    kept = [
        {"type": "Feature", "id": feature["id"], "properties": {}, "geometry": feature["geometry"]}
        for feature in collection["features"]
        if feature["geometry"] is not None
    ]
    return {"type": "FeatureCollection", "features": kept}


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


@dataclass(frozen=True)
class Look:
    """How an area of one class is drawn: fill, its opacity, outline and its width in px."""

    fill: str
    opacity: float
    line: str
    width: float


_AGES = len(AGE_OPACITY)
_VARIANTS = max(_AGES, len(STATUS_ORDER))
_CONTESTED = _VARIANTS * len(STATUS_ORDER)


def area_classes(panel: pd.DataFrame) -> np.ndarray:
    """Class of each row of a panel, below 256: its status, with its age or its last status, and whether it is contested.

    Everything that a map shows of an area follows from its class: :data:`STATUS_LOOKS` and :data:`HATCH_LOOKS`.
    """
    order = {status: number for number, status in enumerate(STATUS_ORDER)}
    status = panel["status"].map(order).to_numpy(dtype="int64")
    last = panel["last_status"].map(order).to_numpy(dtype="int64")
    ages = panel["age_days"].astype("float64").fillna(0).to_numpy()
    age = np.searchsorted([limit for limit, _opacity in AGE_OPACITY], ages, side="left")
    settled = status < order[Status.UNKNOWN]
    variant = np.where(settled, age, np.where(panel["is_stale"], last, order[Status.UNKNOWN]))
    return (status * _VARIANTS + variant + _CONTESTED * panel["is_contested"].to_numpy(dtype="int64")).astype(
        "uint8"
    )


def _status_look(code: int) -> Look:
    status, variant = divmod(code % _CONTESTED, _VARIANTS)
    name = STATUS_ORDER[status]
    if name == Status.NO_DATA:
        return Look(STATUS_COLOURS[name], 0.0, "#9aa5b1", 0.0)
    if name == Status.UNKNOWN:
        is_stale = STATUS_ORDER[variant] != Status.UNKNOWN
        return Look(
            STATUS_COLOURS[name], 0.8, STATUS_COLOURS[STATUS_ORDER[variant]], 1.8 if is_stale else 0.7
        )
    return Look(STATUS_COLOURS[name], AGE_OPACITY[min(variant, _AGES - 1)][1], "#5b6770", 0.7)


#: Look of each class in the trace of statuses, and in the trace of stripes.
STATUS_LOOKS = tuple(_status_look(code) for code in range(2 * _CONTESTED))
HATCH_LOOKS = tuple(
    Look("#6b4e00", 0.75 if code >= _CONTESTED else 0.0, "#6b4e00", 0.0) for code in range(2 * _CONTESTED)
)


def _areas(
    geojson: GeoJSON, ids: pd.Series, codes: np.ndarray, looks: Sequence[Look], **more: Any
) -> go.Choroplethmap:
    """Areas coloured by class: one step of the colour scale per class."""
    steps = len(looks)
    return go.Choroplethmap(
        geojson=geojson,
        locations=ids,
        featureidkey="id",
        z=codes + 0.5,
        zmin=0,
        zmax=steps,
        zauto=False,
        colorscale=[[edge / steps, look.fill] for i, look in enumerate(looks) for edge in (i, i + 1)],
        showscale=False,
        marker={
            "opacity": [looks[code].opacity for code in codes],
            "line": {
                "color": [looks[code].line for code in codes],
                "width": [looks[code].width for code in codes],
            },
        },
        **more,
    )


def control_map(
    panel: pd.DataFrame,
    neighborhoods: pd.DataFrame,
    cells: GeoJSON,
    hatch: GeoJSON,
    style: Mapping[str, Any],
    stamp: Stamp,
    *,
    legend: pd.DataFrame,
    labels: pd.DataFrame | None = None,
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
    codes = area_classes(rows)
    figure = go.Figure()
    figure.add_trace(
        _areas(
            cells,
            rows["neighborhood_id"],
            codes,
            STATUS_LOOKS,
            customdata=rows["neighborhood_id"],
            text=[_hover(row) for row in rows.itertuples()],
            hovertemplate="%{text}<extra></extra>",
            meta="status",
        )
    )
    figure.add_trace(
        _areas(hatch, rows["neighborhood_id"], codes, HATCH_LOOKS, hoverinfo="skip", meta="hatch")
    )
    if selected is not None:
        figure.add_trace(_outline(cells, selected))
    if labels is not None:
        figure.add_trace(_commune_labels(labels))
    figure.update_layout(map={"style": style, **view}, uirevision="control-map", showlegend=False)
    # The legend comes first: its place on a phone is set by its number, after the stamp.
    box = map_legend(legend)
    figure.add_annotation(box)
    figure.add_annotation(_date_label(panel["date"].iloc[0]))
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


def legend_text(legend: pd.DataFrame) -> str:
    """Lines of the legend: mark, status, neighborhoods, km², people; one line per status, so that it keeps its height.

    Parameters
    ----------
    legend
        ``shares`` of one date.
    """
    wide = legend.pivot(index="status", columns="denominator", values="value")
    lines = [f'<span style="color:{GREY}">{_("neighborhoods · km² · people")}</span>']
    for status in STATUS_ORDER:
        row = wide.loc[status]
        mark = {Status.CONTESTED: "▨", Status.NO_DATA: "□"}.get(Status(status), "■")
        colour = {Status.CONTESTED: "#b08900", Status.NO_DATA: "#9aa5b1"}.get(
            Status(status), STATUS_COLOURS[status]
        )
        lines.append(
            f'<span style="color:{colour};font-size:15px">{mark}</span> {status_label(status)} <b>{format_number(row["neighborhoods"])}</b>'
            f' <span style="color:{GREY}">· {format_number(row["km2"])} · {format_people(row["people"])}</span>'
        )
    return "<br>".join(lines)


def map_legend(legend: pd.DataFrame) -> dict[str, Any]:
    """Legend as text inside the map: it is part of every export."""
    return {
        "name": "legend",
        "text": legend_text(legend),
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
