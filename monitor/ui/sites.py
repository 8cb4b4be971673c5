"""Views of the page Key sites."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import sites as site_analysis
from monitor.analysis import status
from monitor.charts import captions
from monitor.charts.style import site_label, status_label
from monitor.export.figures import sites as site_figures
from monitor.export.figures.sites import of_kind
from monitor.language import _, format_date
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import word


def current(choice: Choice) -> pd.DataFrame:
    """Every site with its state on the chosen date and the status of its neighborhood."""
    return site_figures.current(data.model(), choice)


def heading(choice: Choice, panel: pd.DataFrame) -> None:
    """The page's sentence: airport, main hospital, hospitals that function."""
    rows = panel.set_index("site_id")
    hospitals = site_analysis.functioning(
        panel[(panel["site_type"] == "hospital") & panel["is_in_scope"].astype("bool")]
    ).iloc[0]
    blocks.sentence(
        _("Airport: {airport}. Main hospital (HUEH): {hueh}. {hospitals}").format(
            airport=rows.loc["pap-airport", "line"],
            hueh=rows.loc["hueh", "line"],
            hospitals=captions.hospitals(hospitals),
        )
    )
    blocks.age_note(choice)


def _kind_labels(panel: pd.DataFrame) -> dict[str, str]:
    counts = panel["site_type"].value_counts()
    names = {
        "airport": _("Airport"),
        "hospital": _("Hospitals"),
        "port": _("Ports"),
        "fuel terminal": _("Fuel terminals"),
        "prison": _("Prisons"),
        "police station": _("Police stations"),
        "courthouse": _("Courts"),
        "palace": _("Palaces"),
        "power": _("Power"),
        "road": _("Roads"),
        "border post": _("Border posts"),
        "university": _("Universities"),
        "telecom": _("Telecom"),
        "military base": _("Bases"),
        "embassy": _("Embassies"),
        "heritage": _("Heritage"),
    }
    known = {kind: f"{label} ({counts[kind]})" for kind, label in names.items() if kind in counts}
    rest = {kind: f"{word('site_type', kind)} ({counts[kind]})" for kind in counts.index if kind not in names}
    return {"main": _("Airport, ports, hospitals"), **known, **rest}


def kind_control(panel: pd.DataFrame) -> str:
    """Choice of the kind of site."""
    labels = _kind_labels(panel)
    return filters.select("kind", _("Kind of site"), list(labels), default="main", labels=labels)


def strips(choice: Choice, kind: str) -> None:
    """State of each site over time with events and regulator windows."""
    exhibit("site-strips", choice, {"kind": kind}, on_select=lambda site: filters.write("site", site))


def map_of(choice: Choice, kind: str) -> None:
    """Sites on the map by state."""
    exhibit("site-map", choice, {"kind": kind}, on_select=lambda site: filters.write("site", site))


def site_card(choice: Choice, panel: pd.DataFrame, kind: str) -> None:
    """One site: state, surroundings, regulator windows, all reports with sources."""
    rows = panel.sort_values("name")
    names = dict(zip(rows["site_id"], rows["name"], strict=True))
    first = "pap-airport" if kind == "main" else str(of_kind(rows, kind)["site_id"].iloc[0])
    site = filters.select("site", _("Site"), list(names), default=first, labels=names)
    row = rows.set_index("site_id").loc[site]
    with st.container(border=True):
        st.markdown(f"### {blocks.escaped(row['name'])}")
        blocks.plain(row["line"])
        place = data.name_in_language(row["neighborhood_id"])
        blocks.plain(
            _("In {place}, {commune}; surroundings: {status}").format(
                place=place, commune=row["commune"], status=status_label(row["surroundings"]).lower()
            ),
            small=True,
        )
        end = pd.Timestamp(choice.as_of)
        windows = data.frame("site_restrictions")
        for window in (
            windows[(windows["site_id"] == site) & (windows["start_date"] <= end)]
            .sort_values("start_date", ascending=False)
            .itertuples()
        ):
            st.markdown(
                f":small[{blocks.escaped(window.authority)}: {format_date(window.start_date)} – {format_date(window.end_date)} · "
                f"{blocks.link(window.source_publisher, window.source_url)}{' · ' + _('from recall') if window.source_checked == 'recall' else ''}]"
            )
        reports = status.known(data.frame("site_status"), choice.known_on)
        reports = reports[(reports["site_id"] == site) & (reports["status_date"] <= end)].sort_values(
            ["status_date", "status_id"], ascending=False
        )
        st.markdown(f"**{_('Reports')}** ({len(reports)})")
        for report in reports.itertuples():
            said = (
                word("site_event", report.event)
                if isinstance(report.event, str)
                else site_label(report.status).lower()
            )
            recall = f" · {_('from recall')}" if report.source_checked == "recall" else ""
            st.markdown(
                f"**{format_date(report.status_date)}** · {blocks.escaped(said)}: {blocks.escaped(report.note)}  \n"
                f":small[{blocks.link(report.source_publisher, report.source_url)}{recall}]"
            )
        if reports.empty:
            blocks.plain(_("No report yet."), small=True)


def functioning_over_time(choice: Choice, kind: str) -> None:
    """Share of sites that function, over time, beside the number known."""
    exhibit("functioning", choice, {"kind": kind})


def table(panel: pd.DataFrame, kind: str) -> None:
    """All sites of the kind as a table."""
    rows = of_kind(panel, kind)
    rows = rows.assign(
        status=rows["status"].map(site_label),
        site_type=rows["site_type"].map(lambda value: word("site_type", value)),
        coordinate_quality=rows["coordinate_quality"].map(lambda value: word("coordinate_quality", value)),
        surroundings=rows["surroundings"].map(status_label),
    ).sort_values(["site_type", "name"])
    blocks.table(
        rows,
        {
            "name": _("Site"),
            "site_type": _("Kind"),
            "commune": _("Commune"),
            "status": _("State"),
            "since": st.column_config.DateColumn(_("Reported"), format="YYYY-MM-DD"),
            "is_disputed": st.column_config.CheckboxColumn(_("Disputed")),
            "surroundings": _("Neighborhood around it"),
            "operator": _("Operator"),
            "coordinate_quality": _("Coordinates"),
        },
    )
