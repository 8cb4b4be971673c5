"""Views of the page Key sites."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import city, status
from monitor.analysis import sites as site_analysis
from monitor.analysis.surroundings import days_encircled
from monitor.charts import captions
from monitor.charts.style import site_label, status_label
from monitor.export.figures import access
from monitor.export.figures import sites as site_figures
from monitor.export.figures.sites import of_kind
from monitor.language import _, format_date, mark
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import remark, word


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
    rows_of = city.reach_of(data.model(), choice, "hospital", (choice.as_of,))[0]
    blocks.plain(access.reach_sentence(rows_of.iloc[0], "hospital"))
    blocks.age_note(choice)


def parts() -> dict[str, str]:
    """Parts of the page."""
    return {
        "state": _("State"),
        "surroundings": _("Surroundings"),
        "reach": _("Reach"),
        "service": _("Service"),
    }


def surroundings(choice: Choice, panel: pd.DataFrame, kind: str) -> None:
    """What happens around one site, and all sites of the kind compared."""
    site = site_control(panel, kind)
    exhibit("site-surroundings", choice, {"site": site})
    around = city.surroundings_on(data.model(), choice).set_index("site_id")
    rows = of_kind(panel, kind).sort_values("name")
    names = data.model().scope().set_index("neighborhood_id")["name"]
    columns = ["gang_distance_m", "nearest_gang_area", "encircled", "encircled_high"]
    rows = rows.join(around[columns], on="site_id")
    rows = rows.assign(
        status=rows["status"].map(site_label),
        surroundings=rows["surroundings"].map(status_label),
        gang_distance_km=rows["gang_distance_m"] / 1000,
        nearest=rows["nearest_gang_area"].map(names),
        encircled=100 * rows["encircled"],
        encircled_high=100 * rows["encircled_high"],
        encircled_year=100 * rows["site_id"].map(days_encircled(_last_year(choice))),
    )
    percent = "%.0f %%"
    blocks.table(
        rows,
        {
            "name": _("Site"),
            "status": _("State"),
            "surroundings": _("Neighborhood around it"),
            "gang_distance_km": st.column_config.NumberColumn(_("To gang-held, km"), format="%.1f"),
            "nearest": _("Nearest gang-held"),
            "encircled": st.column_config.NumberColumn(_("Encircled"), format=percent),
            "encircled_high": st.column_config.NumberColumn(_("Encircled at most"), format=percent),
            "encircled_year": st.column_config.NumberColumn(
                _("Half encircled, of a year"),
                help=_(
                    "Share of the weeks of the last year in which at least half of the outline was gang-held"
                ),
                format=percent,
            ),
        },
    )


def _last_year(choice: Choice) -> pd.DataFrame:
    table = city.surroundings_over_time(data.model(), choice)
    return table[table["date"] > pd.Timestamp(choice.as_of) - pd.Timedelta(days=365)]


def reach(choice: Choice) -> None:
    """Who can get to a hospital or the airport, as chart, map and sentence."""
    labels = {"hospital": _("Hospitals"), "airport": _("Airport")}
    target = filters.select(
        "target", _("To get to"), list(labels), default="hospital", labels=labels, kind="segmented"
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        exhibit("reach-map", choice, {"target": target}, on_select=lambda area: filters.write("area", area))
    with right:
        exhibit("reach-over-time", choice, {"target": target})


def service(choice: Choice, kind: str) -> None:
    """Functioning sites over time, service-days lost, and by who holds the area around."""
    exhibit("service-days", choice, {"kind": kind})
    left, right = st.columns(2, gap="medium")
    with left:
        functioning_over_time(choice, kind)
    with right:
        exhibit("functioning-by-side", choice, {"kind": kind})


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


def site_control(panel: pd.DataFrame, kind: str) -> str:
    """Choice of one site."""
    rows = panel.sort_values("name")
    names = dict(zip(rows["site_id"], rows["name"], strict=True))
    first = "pap-airport" if kind == "main" else str(of_kind(rows, kind)["site_id"].iloc[0])
    site: str = filters.select("site", _("Site"), list(names), default=first, labels=names)
    return site


def site_card(choice: Choice, panel: pd.DataFrame, kind: str) -> None:
    """One site: state, surroundings, regulator windows, all reports with sources."""
    site = site_control(panel, kind)
    rows = panel
    row = rows.set_index("site_id").loc[site]
    with st.container(border=True):
        st.markdown(f"## {blocks.escaped(row['name'])}")
        blocks.plain(row["line"])
        place = data.name_in_language(row["neighborhood_id"])
        blocks.plain(
            _("In {place}, {commune}; surroundings: {status}").format(
                place=place,
                commune=data.commune_in_language(row["commune"]),
                status=status_label(row["surroundings"]).lower(),
            ),
            small=True,
        )
        end = pd.Timestamp(choice.as_of)
        windows = status.known(data.frame("site_restrictions"), choice.known_on)
        for window in (
            windows[(windows["site_id"] == site) & (windows["start_date"] <= end)]
            .sort_values("start_date", ascending=False)
            .itertuples()
        ):
            st.markdown(
                f":small[{blocks.escaped(remark(window.authority))}{mark(':')}{format_date(window.start_date)} – {format_date(window.end_date)} · "
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
                f"**{format_date(report.status_date)}** · {blocks.escaped(said)}{mark(':')}{blocks.escaped(remark(report.note))}  \n"
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
        commune=rows["commune"].map(data.commune_in_language),
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
