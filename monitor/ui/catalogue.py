"""Views of the page Data: how old everything is, what failed, what waits, and each dataset in detail."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from loaders.contracts import CONTRACTS, LOCAL_TIME_ZONE
from monitor.analysis import licences
from monitor.analysis.freshness import (
    Freshness,
    log_table,
    places_of_names,
    published_versions,
    waiting_names,
)
from monitor.export.data_files import csv_bytes
from monitor.language import _, format_date, format_number, mark, marked, ngettext
from monitor.ui import blocks, data, filters
from monitor.vocabulary import count_in_words

#: Lines of the log that are shown; the file has all.
LOG_LINES = 300

STATUSES = {
    "accepted": marked("published"),
    "unchanged": marked("nothing new"),
    "refused": marked("refused"),
    "failed": marked("failed"),
    "rehearsed": marked("waits for a yes"),
    "rollback": marked("gone back"),
}


def heading() -> None:
    """The page's sentence: how many datasets are here, overdue, failed, and how many names wait."""
    ages = data.freshness()
    fetched = [age for age in ages if age.state != "not fetched"]
    overdue = sum(age.state == "overdue" for age in ages)
    failed = sum(age.state == "failed" for age in ages)
    names = len(_names())
    parts = [
        ngettext("{count} dataset is served", "{count} datasets are served", len(fetched)).format(
            count=len(fetched)
        ),
        ngettext("{count} is overdue", "{count} are overdue", overdue).format(count=overdue),
    ]
    if failed:
        parts.append(
            ngettext(
                "the last refresh of {count} failed", "the last refreshes of {count} failed", failed
            ).format(count=failed)
        )
    if names:
        parts.append(
            ngettext(
                "{count} place name waits for a spelling", "{count} place names wait for a spelling", names
            ).format(count=names)
        )
    blocks.sentence(mark(";").join(parts) + ".")
    made = [data.provenance(name) for name in data.here()]
    rows, rejected, recall = (sum(item[key] for item in made) for key in ("rows", "rejected", "recall_rows"))
    blocks.plain(
        _(
            "{rows} rows; {rejected} were left out, {recall} rest on recall and not on a page seen. Snapshot {id}: every figure names the snapshot it was drawn from."
        ).format(
            rows=format_number(rows),
            rejected=format_number(rejected),
            recall=format_number(recall),
            id=data.snapshot().snapshot_id,
        ),
        small=True,
    )


def problems() -> None:
    """Refreshes that ended badly and what waits for a yes: what is served meanwhile, and what to do."""
    for age in data.freshness():
        if age.state == "failed":
            served = (
                _("The data of {date} stay in use.").format(date=format_date(age.last_fetch))
                if age.last_fetch
                else _("There are no earlier data.")
            )
            said = " ".join(age.why)[:600]
            st.warning(
                f"**{blocks.escaped(data.title(age.dataset_id))}**{mark(':')}"
                + blocks.with_commands(
                    _("the refresh of {date} failed.").format(date=format_date(age.last_try))
                    + f" {said} {served}"
                ),
                icon=":material/sync_problem:",
            )
    waits = data.waiting()
    if waits:
        st.info(
            blocks.escaped(
                _("Built and not published: {datasets}. Look with {diff}, publish with {accept}.").format(
                    datasets=", ".join(data.title(name) for name in waits),
                    diff="python -m loaders diff",
                    accept="python -m loaders accept",
                )
            ),
            icon=":material/pending_actions:",
        )


def _line(age: Freshness) -> dict[str, object]:
    about = data.description(age.dataset_id)
    line: dict[str, object] = {
        "title": data.title(age.dataset_id),
        "state": _(blocks.STATES[age.state]),
        "last_world": age.last_world,
        "age": age.age_days,
        "cadence": age.cadence_days,
        "last_fetch": age.last_fetch,
        "last_try": age.last_try,
        "gaps": mark(";").join(f"{first} – {end}" for first, end in age.gaps),
        "licence": _(about["licence"]),
        "producer": _(about["producer"]),
    }
    if age.state == "not fetched" or age.dataset_id not in data.here():
        return line
    try:
        made = data.provenance(age.dataset_id)
        if CONTRACTS[age.dataset_id].format != "parquet":
            data.frame(age.dataset_id)
    except (data.DatasetError, KeyError) as error:
        return line | {"state": _("damaged: {why}").format(why=error)}
    return line | {
        "rows": made["rows"],
        "rejected": made["rejected"],
        "recall": made["recall_rows"] / made["rows"] * 100 if made["rows"] else None,
        "unresolved": len(made["unresolved_names"]),
    }


def overview() -> None:
    """All datasets in one table, what needs a person first."""
    order = {"failed": 0, "overdue": 1, "in order": 2, "not fetched": 3}
    ages = sorted(data.freshness(), key=lambda age: order[age.state])
    lines = pd.DataFrame([_line(age) for age in ages])
    for name in ("rows", "rejected", "recall", "unresolved"):
        lines[name] = lines.get(name)
    day = st.column_config.DateColumn
    blocks.table(
        lines,
        {
            "title": st.column_config.TextColumn(_("Dataset"), pinned=True),
            "state": st.column_config.TextColumn(
                _("State"), help=_("overdue: the last date in it is older than twice the usual interval")
            ),
            "last_world": day(_("Data to"), help=_("last day in the world that the rows speak of")),
            "age": st.column_config.NumberColumn(_("Days since"), format="%d"),
            "cadence": st.column_config.NumberColumn(_("Usual interval, days"), format="%d"),
            "last_fetch": day(
                _("Last fetched"), help=_("day on which the source was last read without a failure")
            ),
            "last_try": day(_("Last tried")),
            "rows": st.column_config.NumberColumn(_("Rows"), format="localized"),
            "rejected": st.column_config.NumberColumn(_("Left out"), format="%d"),
            "unresolved": st.column_config.NumberColumn(_("Names waiting"), format="%d"),
            "recall": st.column_config.NumberColumn(_("From recall"), format="%.0f %%"),
            "gaps": st.column_config.TextColumn(_("Not covered"), help=_("days that no refresh has covered")),
            "producer": _("Producer"),
            "licence": _("Licence"),
        },
        height=600,
    )


def _names() -> pd.DataFrame:
    return waiting_names({name: data.provenance(name) for name in data.here()}, data.refresh_log())


def names() -> None:
    """Place names that no spelling resolves, and how to resolve them."""
    found = _names()
    if found.empty:
        return
    st.markdown(f"## {_('Names that wait')}")
    blocks.plain(
        _(
            "Nothing is guessed: rows with these names are left out or stay at their commune until somebody adds the spelling to datasets/curated/places.csv and refreshes."
        )
    )
    found["datasets"] = [", ".join(map(data.title, where)) for where in found["datasets"]]
    columns = {"name": _("Name as written"), "datasets": _("Dataset")}
    if "osm_places" in data.here():
        found["hint"] = places_of_names(found["name"], data.frame("osm_places"))
        columns["hint"] = _("In OpenStreetMap")
    blocks.table(found, columns)


def log() -> None:
    """How every refresh ended, newest first."""
    table = log_table(data.refresh_log()).head(LOG_LINES)
    st.markdown(f"## {_('Log of refreshes')}")
    if table.empty:
        blocks.plain(
            _("Nothing has been refreshed here yet: the data are those that the repository carries.")
        )
        return
    table["at"] = table["at"].dt.tz_convert(LOCAL_TIME_ZONE).dt.tz_localize(None)
    table["dataset"] = [data.title(name) for name in table["dataset"]]
    table["status"] = [_(STATUSES.get(status, status)) for status in table["status"]]
    count = {
        name: st.column_config.NumberColumn(label, format="localized")
        for name, label in {
            "added": _("Added"),
            "changed": _("Changed"),
            "withdrawn": _("Withdrawn"),
            "rejected": _("Left out"),
        }.items()
    }
    blocks.table(
        table,
        {
            "at": st.column_config.DatetimeColumn(_("When (Port-au-Prince)"), format="YYYY-MM-DD HH:mm"),
            "dataset": _("Dataset"),
            "status": _("Ended"),
            **count,
            "version": _("Version"),
            "said": st.column_config.TextColumn(_("What it said"), width="large"),
        },
        height=min(420, 38 + 35 * len(table)),
    )


def details() -> None:
    """One dataset: what it is, its limits, its notes, versions, rows left out, columns, and the rows where they may be shown."""
    here = data.here()
    labels = {name: data.title(name) for name in here}
    chosen = filters.select(
        "dataset", _("Look into a dataset"), here, default="territorial_control", labels=labels
    )
    about, made = data.description(chosen), data.provenance(chosen)
    is_restricted = about.get("access") == "restricted"
    st.markdown(f"## {blocks.escaped(_(about['title']))}")
    blocks.plain(_(about["description"]))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{_('Known limits')}**")
        st.markdown("\n".join(f"- {blocks.escaped(_(text))}" for text in about["known_limits"]))
    with right:
        st.markdown(f"**{_('Notes of the last refresh')}**")
        notes = list(map(count_in_words, made["warnings"])) or [_("none")]
        st.markdown("\n".join(f"- {blocks.escaped(text)}" for text in notes))
        blocks.plain(
            _("Built from {name}, accessed {date}, version {version}.").format(
                name=made["source"]["name"],
                date=format_date(date.fromisoformat(made["source"]["accessed_on"])),
                version=data.snapshot().versions[chosen],
            ),
            small=True,
        )
    _versions(chosen)
    _left_out(chosen, is_restricted=is_restricted)
    with blocks.folded(_("Columns"), "columns of the dataset") as is_open:
        if is_open:
            columns = pd.DataFrame(
                [
                    {"column": column.name, "kind": column.kind, "meaning": _(column.about)}
                    for column in CONTRACTS[chosen].columns
                ]
            )
            blocks.table(columns, {"column": _("Column"), "kind": _("Kind"), "meaning": _("Meaning")})
    with blocks.folded(_("Rows"), "rows of the dataset") as is_open:
        if is_open:
            if is_restricted:
                blocks.plain(
                    _(
                        "The provider does not allow its rows to be handed on: only aggregates and drawings are shown."
                    )
                )
            else:
                rows = data.frame(chosen)
                st.dataframe(rows, hide_index=True, width="stretch", height=420)
                st.download_button(
                    _("Download as CSV"),
                    lambda: csv_bytes(licences.released(rows)),
                    file_name=f"{chosen}.csv",
                    mime="text/csv",
                    icon=":material/download:",
                    key="rows",
                )


def _versions(dataset_id: str) -> None:
    found = published_versions(data.refresh_log(), dataset_id, data.snapshot().versions.get(dataset_id))
    with blocks.folded(
        _("Versions ({count})").format(count=len(found)), "versions of the dataset"
    ) as is_open:
        if is_open:
            found["at"] = found["at"].dt.tz_convert(LOCAL_TIME_ZONE).dt.tz_localize(None)
            found["how"] = [
                _("gone back to") if how == "rollback" else _("published") if how else _("before the log")
                for how in found["how"]
            ]
            blocks.table(
                found,
                {
                    "version": _("Version"),
                    "is_current": st.column_config.CheckboxColumn(_("Served now")),
                    "how": _("How"),
                    "at": st.column_config.DatetimeColumn(
                        _("When (Port-au-Prince)"), format="YYYY-MM-DD HH:mm"
                    ),
                },
            )
            blocks.plain(
                _("To go back: {command}").format(
                    command=f"python -m loaders rollback {dataset_id} --to VERSION"
                ),
                small=True,
            )


def _left_out(dataset_id: str, *, is_restricted: bool) -> None:
    found = data.rejected(dataset_id)
    with blocks.folded(_("Rows left out ({count})").format(count=len(found)), "rows left out") as is_open:
        if is_open:
            if found.empty:
                blocks.plain(_("No row was left out."))
                return
            if is_restricted:
                # What the row says is the provider's: only why it was left out is ours.
                st.dataframe(found[["row", "column", "reason"]], hide_index=True, width="stretch")
                return
            st.dataframe(found, hide_index=True, width="stretch")
            st.download_button(
                _("Download as CSV"),
                blocks.safe_csv(found),
                file_name=f"{dataset_id}-left-out.csv",
                mime="text/csv",
                icon=":material/download:",
                key="left out",
            )
