"""Views of the page Data: the catalogue of datasets."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from loaders.contracts import CONTRACTS
from monitor.language import _, format_date, format_number
from monitor.ui import blocks, data, filters


def heading() -> None:
    """The page's sentence: how many datasets, rows, how much is recall, and the snapshot."""
    of = data.snapshot()
    found = [data.provenance(name) for name in of.versions if name in data.here()]
    rows, rejected, recall = (sum(item[key] for item in found) for key in ("rows", "rejected", "recall_rows"))
    blocks.sentence(
        _(
            "{datasets} datasets with {rows} rows; {rejected} rows were left out, {recall} rest on recall and not on a page seen."
        ).format(
            datasets=len(found),
            rows=format_number(rows),
            rejected=format_number(rejected),
            recall=format_number(recall),
        )
    )
    blocks.plain(
        _("Snapshot {id}. Every figure names the snapshot it was drawn from.").format(id=of.snapshot_id),
        small=True,
    )


def _lines(today: date) -> pd.DataFrame:
    lines = []
    for name in data.here():
        try:
            about, made = data.description(name), data.provenance(name)
            data.frame(name)
        except (data.DatasetError, KeyError) as error:
            lines.append(
                {
                    "dataset": name,
                    "title": name,
                    "state": _("damaged: {why}").format(why=error),
                    "warnings": 1,
                }
            )
            continue
        span = made["covers"]
        last = min(date.fromisoformat(span["to"]), today) if span else None
        cadence = about.get("cadence_days")
        age = (today - last).days if last else None
        overdue = cadence is not None and age is not None and age > 2 * cadence
        lines.append(
            {
                "dataset": name,
                "title": _(about["title"]),
                "state": _("overdue") if overdue else _("in order"),
                "rows": made["rows"],
                "rejected": made["rejected"],
                "recall": made["recall_rows"] / made["rows"] * 100,
                "unresolved": len(made["unresolved_names"]),
                "warnings": len(made["warnings"]),
                "from": span["from"] if span else None,
                "to": span["to"] if span else None,
                "age": age,
                "cadence": cadence,
                "accessed": made["source"]["accessed_on"],
                "licence": about["licence"],
                "producer": about["producer"],
            }
        )
    return pd.DataFrame(lines)


def overview() -> None:
    """All datasets in one table."""
    blocks.table(
        _lines(data.today()),
        {
            "title": _("Dataset"),
            "state": st.column_config.TextColumn(
                _("State"), help=_("overdue: no new date for twice the usual interval")
            ),
            "rows": st.column_config.NumberColumn(_("Rows"), format="localized"),
            "rejected": st.column_config.NumberColumn(_("Left out"), format="%d"),
            "recall": st.column_config.NumberColumn(_("From recall"), format="%.0f %%"),
            "unresolved": st.column_config.NumberColumn(_("Names waiting"), format="%d"),
            "warnings": st.column_config.NumberColumn(_("Notes"), format="%d"),
            "from": _("Covers from"),
            "to": _("to"),
            "age": st.column_config.NumberColumn(_("Days since"), format="%d"),
            "cadence": st.column_config.NumberColumn(_("Usual interval, days"), format="%d"),
            "accessed": _("Accessed"),
            "producer": _("Producer"),
            "licence": _("Licence"),
        },
        height=560,
    )


def details() -> None:
    """One dataset: what it is, its limits, its notes, rows left out, columns, and the rows themselves."""
    names = data.here()
    labels = {name: _(data.description(name)["title"]) for name in names}
    chosen = filters.select(
        "dataset", _("Look into a dataset"), names, default="territorial_control", labels=labels
    )
    about, made = data.description(chosen), data.provenance(chosen)
    st.markdown(f"### {blocks.escaped(_(about['title']))}")
    blocks.plain(about["description"])
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{_('Known limits')}**")
        st.markdown("\n".join(f"- {blocks.escaped(text)}" for text in about["known_limits"]))
    with right:
        st.markdown(f"**{_('Notes of the last refresh')}**")
        notes = made["warnings"] or [_("none")]
        st.markdown("\n".join(f"- {blocks.escaped(text)}" for text in notes))
        blocks.plain(
            _("Built from {name}, accessed {date}, version {version}.").format(
                name=made["source"]["name"],
                date=format_date(date.fromisoformat(made["source"]["accessed_on"])),
                version=data.snapshot().versions[chosen],
            ),
            small=True,
        )
    left_out = data.rejected(chosen)
    with st.expander(_("Rows left out ({count})").format(count=len(left_out))):
        if left_out.empty:
            blocks.plain(_("No row was left out."))
        else:
            st.dataframe(left_out, hide_index=True, width="stretch")
    with st.expander(_("Columns")):
        columns = pd.DataFrame(
            [
                {"column": column.name, "kind": column.kind, "meaning": column.about}
                for column in CONTRACTS[chosen].columns
            ]
        )
        st.dataframe(columns, hide_index=True, width="stretch")
    with st.expander(_("Rows")):
        st.dataframe(data.frame(chosen), hide_index=True, width="stretch", height=420)
