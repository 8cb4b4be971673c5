"""Views of the page Key sites."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import sites as site_analysis
from monitor.analysis import status
from monitor.charts import captions, maps, series
from monitor.charts import strips as strip_charts
from monitor.charts.style import site_label, status_label
from monitor.language import _, format_date
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.figure import show_figure

_DATASETS = ("site_status", "key_sites")


def current(choice: Choice) -> pd.DataFrame:
    """Every site with its state on the chosen date and the status of its neighborhood."""
    sites = data.frame("key_sites")
    panel = data.site_panel(choice, sites["site_id"]).merge(sites, on="site_id")
    around = status.panel_of(data.history(choice), [choice.as_of], panel["neighborhood_id"]).set_index(
        "neighborhood_id"
    )["status"]
    return panel.assign(
        surroundings=panel["neighborhood_id"].map(around), line=panel.apply(captions.site_line, axis=1)
    )


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
    rest = {kind: f"{kind} ({counts[kind]})" for kind in counts.index if kind not in names}
    return {"main": _("Airport, ports, hospitals"), **known, **rest}


def kind_control(panel: pd.DataFrame) -> str:
    """Choice of the kind of site."""
    labels = _kind_labels(panel)
    return filters.select("kind", _("Kind of site"), list(labels), default="main", labels=labels)


def of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Rows of a kind; the main ones are airport, ports, fuel and hospitals in the metropolitan area."""
    if kind == "main":
        return rows[
            rows["site_type"].isin(["airport", "port", "fuel terminal", "hospital"])
            & rows["is_in_scope"].astype("bool")
        ]
    return rows[rows["site_type"] == kind]


def strips(choice: Choice, kind: str) -> None:
    """State of each site over time with events and regulator windows."""
    sites = of_kind(data.frame("key_sites"), kind)
    order = {"airport": 0, "port": 1, "fuel terminal": 2, "hospital": 3}
    sites = sites.assign(rank=sites["site_type"].map(order).fillna(9)).sort_values(["rank", "name"])
    end = pd.Timestamp(choice.as_of)
    reports = status.known(data.frame("site_status"), choice.known_on)
    reports = reports[reports["site_id"].isin(sites["site_id"]) & (reports["status_date"] <= end)]
    silent = sites[~sites["site_id"].isin(reports["site_id"])]
    shown = sites[sites["site_id"].isin(reports["site_id"])]
    if shown.empty:
        blocks.plain(_("No report about these sites by this date."))
        return
    history = data.site_history(choice)
    history = history[history["valid_from"] <= end]
    events = reports[reports["event"].notna()].rename(columns={"status_date": "date", "note": "text"})
    windows = status.known(data.frame("site_restrictions"), choice.known_on)
    title = _("{known} of {listed} sites have been reported on; grey is no report within the limit").format(
        known=len(shown), listed=len(sites)
    )
    caveat = _("Retaken is not reopened: an attack or a recapture does not change the state")
    if len(silent):
        caveat += _("; never reported on: {names}").format(names=", ".join(silent["name"]))
    figure = strip_charts.site_strips(
        history,
        dict(zip(shown["site_id"], shown["name"], strict=True)),
        data.stamp(title, *_DATASETS, "site_restrictions", choice=choice, caveat=caveat),
        start=max(reports["status_date"].min(), pd.Timestamp("2022-06-01")),
        end=end,
        events=events[["site_id", "date", "event", "text"]],
        restrictions=windows[windows["start_date"] <= end],
    )
    show_figure(
        figure,
        key="site-strips",
        alt=title,
        filename=f"sites-{choice.as_of}",
        on_select=lambda site: filters.write("site", site),
    )


def map_of(choice: Choice, panel: pd.DataFrame, kind: str) -> None:
    """Sites on the map by state."""
    rows = of_kind(panel, kind)
    title = _("{sites} sites by their last reported state").format(sites=len(rows))
    figure = maps.site_map(
        rows,
        data.map_style(),
        data.stamp(
            title,
            *_DATASETS,
            "neighborhoods",
            choice=choice,
            caveat=_("Coordinates are estimated, most within 0.3-1 km"),
        ),
        labels=data.commune_labels(),
    )
    show_figure(
        figure,
        key="site-map",
        alt=title,
        filename=f"site-map-{choice.as_of}",
        on_select=lambda site: filters.write("site", site),
    )


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
            word = report.event if isinstance(report.event, str) else site_label(report.status).lower()
            recall = f" · {_('from recall')}" if report.source_checked == "recall" else ""
            st.markdown(
                f"**{format_date(report.status_date)}** · {blocks.escaped(word)}: {blocks.escaped(report.note)}  \n"
                f":small[{blocks.link(report.source_publisher, report.source_url)}{recall}]"
            )
        if reports.empty:
            blocks.plain(_("No report yet."), small=True)


def functioning_over_time(choice: Choice, kind: str) -> None:
    """Share of sites that function, over time, beside the number known."""
    sites = of_kind(data.frame("key_sites"), kind)
    if kind == "main":
        sites = sites[sites["site_type"] == "hospital"]
    days = [day for day in data.weeks(choice.as_of) if day.year >= 2023]
    if not days:
        return
    table = site_analysis.functioning(data.site_panel(choice, sites["site_id"], *days))
    last = table.iloc[-1]
    what = _("hospitals") if kind in ("main", "hospital") else _("sites of this kind")
    title = _(
        "{functioning} of {known} {what} with a recent report function at least in part ({listed} listed)"
    ).format(
        functioning=int(last["functioning"]), known=int(last["known"]), listed=int(last["listed"]), what=what
    )
    figure = series.functioning_chart(
        table,
        data.stamp(
            title,
            *_DATASETS,
            choice=choice,
            caveat=_("Few sites are reported on at a time: the share moves with who is reported on"),
        ),
    )
    show_figure(figure, key="functioning", alt=title, filename=f"functioning-{choice.as_of}")


def table(panel: pd.DataFrame, kind: str) -> None:
    """All sites of the kind as a table."""
    rows = of_kind(panel, kind)
    rows = rows.assign(
        status=rows["status"].map(site_label), surroundings=rows["surroundings"].map(status_label)
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
