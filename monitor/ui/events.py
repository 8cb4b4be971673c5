"""Views of the page Incidents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from loaders.contracts import EVENT_TYPES, INCIDENT_DATASETS
from monitor.analysis import city
from monitor.analysis.incidents import deaths_by_provider, revisions
from monitor.charts import captions
from monitor.export.figures import events as event_figures
from monitor.export.figures.base import actor_names, place_names
from monitor.export.figures.events import event_labels, filtered
from monitor.language import _, format_date, format_number, format_percent, mark
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import exhibit
from monitor.vocabulary import remark, word

__all__ = [
    "DATASETS",
    "detail",
    "filter_bar",
    "filtered",
    "heading",
    "is_own",
    "known",
    "map_of",
    "parts",
    "providers",
    "rates",
    "table",
    "weekly",
]

#: Datasets of the page, ours first; those of providers once they have been fetched.
DATASETS = INCIDENT_DATASETS

#: Rows of the table of events, newest first; a filter narrows more.
_LISTED = 1000

#: Widths of filters: two narrow ones stand side by side on a phone.
_WIDE_PX, _NARROW_PX = 340, 164


def parts() -> dict[str, str]:
    """Parts of the page."""
    return {"weekly": _("Weeks and map"), "rates": _("Rates"), "providers": _("Providers")}


def is_own(provider: str) -> bool:
    """Whether a provider is our own compilation, which the headline numbers rest on."""
    return provider == city.OWN_INCIDENTS


def provider_control() -> str:
    """Choice of the provider, where the snapshot holds more than one; events of different providers are never mixed."""
    model = data.model()
    datasets = city.incident_datasets(model)
    if len(datasets) == 1:
        return datasets[0]
    labels = {name: event_figures.provider_title(model, name) for name in datasets}
    provider: str = filters.select(
        "provider", _("Provider"), list(datasets), default=datasets[0], labels=labels, kind="segmented"
    )
    return provider


def known(choice: Choice, provider: str) -> pd.DataFrame:
    """Events up to the chosen date as known on the known-on date, one row per event."""
    return event_figures.known(data.model(), choice, provider)


def filter_bar(choice: Choice, rows: pd.DataFrame, provider: str) -> dict[str, Any]:
    """The filters of the page: the figures' parameters."""
    labels = event_labels()
    actors = actor_names(data.model())
    communes = sorted(str(name) for name in rows["commune"].cat.categories)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    wanted = filters.read("type", [])
    if unknown := [name for name in wanted if name not in EVENT_TYPES]:
        filters.report("type", "~".join(unknown), _("there is no such event type"))
        wanted = [name for name in wanted if name in EVENT_TYPES]
    filters.sync("type control", wanted)
    with row:
        st.multiselect(
            _("Type"),
            EVENT_TYPES,
            format_func=labels.__getitem__,
            placeholder=_("any"),
            width=_WIDE_PX,
            key="type control",
            on_change=lambda: filters.write("type", "~".join(st.session_state["type control"])),
        )
        actor = filters.select(
            "actor",
            _("Actor"),
            sorted(actors, key=actors.__getitem__),
            default=None,
            labels=actors,
            index=None,
            placeholder=_("any"),
            width=_NARROW_PX,
        )
        commune = filters.select(
            "commune",
            _("Commune"),
            communes,
            default=None,
            labels={name: data.commune_in_language(name) for name in communes},
            index=None,
            placeholder=_("any"),
            width=_NARROW_PX,
        )
        start = filters.read("from", rows["event_date"].iloc[0].date() if len(rows) else choice.as_of)
        if start > choice.as_of:
            if filters.read("from"):
                filters.report("from", start.isoformat(), _("it lies after the date shown"))
            start = choice.as_of
        filters.sync("from control", start)
        st.date_input(
            _("From"),
            max_value=choice.as_of,
            min_value=min(start, date(2018, 1, 1)),
            format="YYYY-MM-DD",
            width=_NARROW_PX,
            **filters.control("from", "from control"),
        )
        deaths = filters.read("deaths", 0)
        filters.sync("deaths control", deaths)
        st.number_input(
            _("Killed, at least"),
            min_value=0,
            step=1,
            width=_NARROW_PX,
            **filters.control("deaths", "deaths control"),
        )
    return {
        "provider": provider,
        "type": wanted,
        "actor": actor,
        "commune": commune,
        "from": start,
        "deaths": deaths,
    }


def heading(choice: Choice, rows: pd.DataFrame, found: pd.DataFrame, provider: str) -> None:
    """Number of events found, and the warning that they are a selection."""
    unplaced = int((found["location_precision"] != "neighborhood").sum())
    blocks.sentence(captions.incidents(len(found), len(rows), unplaced))
    blocks.plain(event_figures.caveat_of(provider))
    blocks.age_note(choice)


def weekly(choice: Choice, wanted: Mapping[str, Any]) -> None:
    """Weekly chart by type."""
    exhibit("incidents-weekly", choice, wanted)


def map_of(choice: Choice, wanted: Mapping[str, Any]) -> None:
    """Events by neighborhood; coarser ones counted beside the commune's name."""
    exhibit("incident-map", choice, wanted, on_select=lambda area: filters.write("area", area))


def rates(choice: Choice, wanted: Mapping[str, Any]) -> None:
    """Rates per commune, with interval and floor."""
    exhibit("incident-rates", choice, wanted)


def providers(choice: Choice, wanted: Mapping[str, Any]) -> None:
    """All providers one above the other: weeks, deaths low, best and high, and how far they overlap."""
    model = data.model()
    datasets = city.incident_datasets(model)
    if len(datasets) > 1:
        exhibit(
            "incident-providers",
            choice,
            {name: value for name, value in wanted.items() if name != "provider"},
        )
    st.markdown(f"## {_('Deaths, by provider')}")
    blocks.plain(
        _("Low, best and high as each provider gives them; counts of different providers are never added."),
        small=True,
    )
    blocks.table(
        pd.concat(
            [
                deaths_by_provider(filtered(known(choice, name), wanted)).assign(
                    provider=event_figures.provider_title(model, name)
                )
                for name in datasets
            ],
            ignore_index=True,
        ),
        {
            "provider": _("Provider"),
            "events": st.column_config.NumberColumn(_("Events"), format="localized"),
            "uncounted": st.column_config.NumberColumn(_("Without a count"), format="localized"),
            "low": st.column_config.NumberColumn(_("Killed, low"), format="localized"),
            "best": st.column_config.NumberColumn(_("Killed, best"), format="localized"),
            "high": st.column_config.NumberColumn(_("Killed, high"), format="localized"),
        },
    )
    st.markdown(f"## {_('Overlap of providers')}")
    if len(datasets) == 1:
        blocks.plain(
            _(
                "Only one provider’s events are in this snapshot, so there is no overlap to report. Once another provider’s file has been refreshed, pairs that may be the same event are listed here with a score; they are never merged."
            )
        )
        return
    titles = {_provider(name): event_figures.provider_title(model, name) for name in datasets}
    candidates, overlap = city.overlap(model, choice, wanted["from"])
    overlap = overlap.assign(**{name: overlap[name].map(titles) for name in ("provider", "other_provider")})
    for row in overlap.itertuples():
        if not row.events or not row.other_events:
            blocks.plain(
                _("{one} and {other} have no days in common.").format(
                    one=row.provider, other=row.other_provider
                )
            )
            continue
        blocks.plain(
            _(
                "{one} and {other}: {matched} pairs may be the same event; that is {share} of {events} and {other_share} of {other_events} events in the days both cover."
            ).format(
                one=row.provider,
                other=row.other_provider,
                matched=row.matched,
                share=format_percent(row.share),
                events=format_number(row.events),
                other_share=format_percent(row.other_share),
                other_events=format_number(row.other_events),
            )
        )
    blocks.table(
        _named(candidates.head(_LISTED), titles),
        {
            "score": st.column_config.ProgressColumn(_("Score"), min_value=0, max_value=1, format="%.2f"),
            "provider": _("Provider"),
            "event_id": _("Event"),
            "other_provider": _("Other provider"),
            "other_id": _("Other event"),
            "days_apart": _("Days apart"),
            "place_likeness": st.column_config.NumberColumn(_("Place"), format="%.2f"),
            "deaths_likeness": st.column_config.NumberColumn(_("Deaths"), format="%.2f"),
            "type_likeness": st.column_config.NumberColumn(_("Type"), format="%.2f"),
        },
        height=360,
    )


def _provider(dataset: str) -> str:
    """What rows of a dataset of events say in their column ``provider``."""
    return "curated" if dataset == city.OWN_INCIDENTS else dataset.removesuffix("_incidents")


def _named(candidates: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """Pairs with the day and the place of each event; of providers whose rows may not be shown, with nothing of them."""
    model = data.model()
    found = candidates.copy()
    for key, provider in (("event_id", "provider"), ("other_id", "other_provider")):
        said = pd.Series(_("not shown"), index=found.index, dtype="str")
        for dataset in city.incident_datasets(model):
            rows = found[provider] == _provider(dataset)
            if not rows.any() or model.description(dataset)["access"] != "public":
                continue
            events = model.columns(dataset, "event_id", "event_date", "commune", "superseded_at")
            events = events[events["event_id"].isin(found.loc[rows, key]) & events["superseded_at"].isna()]
            lines = events["event_date"].dt.strftime("%Y-%m-%d") + " · " + events["commune"].astype("str")
            by_id = dict(zip(events["event_id"].astype("str"), lines, strict=True))
            said[rows] = [f"{by_id.get(str(one), '')} · {one}" for one in found.loc[rows, key]]
        found[key] = said
        found[provider] = found[provider].map(titles)
    return found


def detail(provider: str) -> None:
    """One event: what was recorded about it and when, what changed, and other reports of the same event."""
    event = filters.read("event")
    if event is None or data.description(provider)["access"] != "public":
        return
    frame = data.frame(provider)
    versions, reports = revisions(frame, event)
    if versions.empty:
        filters.report("event", event, _("there is no such event"))
        return
    row = versions.iloc[-1]
    with st.container(border=True):
        st.markdown(
            f"## {format_date(row['event_date'])} · {blocks.escaped(word('sub_event_type', row['sub_event_type']))}"
        )
        blocks.plain(remark(row["summary"]))
        precision = word("location_precision", row["location_precision"])
        blocks.plain(
            _("Place known to: {place}; date known to: {date}; versions recorded: {times}").format(
                place=precision, date=word("date_precision", row["date_precision"]), times=len(versions)
            ),
            small=True,
        )
        for version in versions.itertuples():
            changed = version.changed or _("first recording")
            st.markdown(
                f":small[{format_date(version.recorded_at)}{mark(':')}{blocks.escaped(changed)} · "
                f"{blocks.link(version.source_publisher, version.source_url)}]"
            )
        if len(reports):
            st.markdown(f"**{_('Other reports of the same event')}** ({len(reports)})")
        for report in reports.itertuples():
            deaths = (
                _("no count of deaths")
                if pd.isna(report.fatalities)
                else _("{n} killed").format(n=format_number(report.fatalities))
            )
            st.markdown(f":small[{deaths} · {blocks.link(report.source_publisher, report.source_url)}]")


def table(found: pd.DataFrame, provider: str) -> None:
    """The newest events found, with source links; a click on one opens what was recorded about it."""
    st.markdown(f"## {_('Events')} ({format_number(len(found))})")
    if data.description(provider)["access"] != "public":
        blocks.plain(_("This provider’s terms allow counts and maps here, not its rows."))
        return
    if len(found) > _LISTED:
        blocks.plain(
            _("The newest {n} are listed; filters narrow more.").format(n=format_number(_LISTED)), small=True
        )
    rows = data.frame(provider).iloc[found["position"].to_numpy()[::-1][:_LISTED]]
    rows = rows.assign(
        place=rows["place_id"].map(place_names(data.model())),
        event_type=rows["event_type"].map(event_labels()),
        sub_event_type=rows["sub_event_type"].map(lambda value: word("sub_event_type", value)),
        location_precision=rows["location_precision"].map(lambda value: word("location_precision", value)),
    )
    columns = {
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
    }

    def opened() -> None:
        chosen = st.session_state["events table"]["selection"]["rows"]
        filters.write("event", rows["event_id"].iloc[chosen[0]] if chosen else None)

    blocks.table(rows, columns, height=460, key="events table", on_select=opened)
