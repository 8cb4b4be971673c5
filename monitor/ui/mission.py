"""Views of the page Mission."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitor.analysis import mission as mission_analysis
from monitor.charts import captions, series
from monitor.language import _, format_date, format_number
from monitor.ui import blocks, data
from monitor.ui.data import Choice
from monitor.ui.figure import show_figure


def _figures(choice: Choice) -> pd.DataFrame:
    rows = data.frame("mission")
    if choice.known_on is not None:
        rows = rows[rows["published_date"] <= pd.Timestamp(choice.known_on)]
    return mission_analysis.up_to(rows, choice.as_of)


def _mandates(choice: Choice) -> pd.DataFrame:
    rows = data.frame("milestones")
    return rows[
        rows["kind"].isin(["mandate", "deployment"])
        & (rows["milestone_date"] <= pd.Timestamp(choice.as_of))
        & (rows["milestone_date"] >= pd.Timestamp("2023-01-01"))
    ]


def heading(choice: Choice) -> None:
    """The page's sentence: deployed against authorised."""
    rows = _figures(choice)
    totals = rows[rows["entity"].isin(mission_analysis.TOTALS)]
    deployed = mission_analysis.latest(totals, basis="deployed")
    authorised = mission_analysis.latest(rows, basis="authorised")
    blocks.sentence(captions.deployment(deployed, authorised))
    blocks.plain(
        _(
            "Figures are snapshots from different outlets; conflicting ones stay side by side, and bases (required, pledged, received …) are never summed."
        )
    )
    mandates = _mandates(choice)
    if len(mandates):
        last = mandates.sort_values("milestone_date").iloc[-1]
        blocks.plain(
            _("Latest mandate step: {date}, {label}.").format(
                date=format_date(last["milestone_date"]), label=last["label"]
            ),
            small=True,
        )


def personnel(choice: Choice) -> None:
    """Authorised, pledged or offered, deployed."""
    rows = _figures(choice)
    rows = rows[(rows["topic"] == "personnel") & rows["value"].notna() & ~rows["is_batch"].astype("bool")]
    whole = rows[rows["entity"].isin(mission_analysis.TOTALS) & (rows["basis"] == "deployed")].assign(
        group="deployed"
    )
    country = rows[~rows["entity"].isin(mission_analysis.TOTALS) & (rows["basis"] == "deployed")].assign(
        group="country"
    )
    other = rows[rows["basis"].isin(["authorised", "pledged", "offered"])].assign(
        group=lambda r: r["basis"].replace("offered", "pledged")
    )
    drawn = pd.concat([other, whole, country]).rename(columns={"as_of": "date"})
    labels = {
        "authorised": _("authorised"),
        "pledged": _("pledged or offered"),
        "deployed": _("deployed, all"),
        "country": _("deployed, one country"),
    }
    title = captions.deployment(
        mission_analysis.latest(whole), mission_analysis.latest(rows, basis="authorised")
    )
    figure = series.dated_figures(
        drawn,
        data.stamp(
            title,
            "mission",
            choice=choice,
            caveat=_(
                "Dots are published figures; arriving batches are left out; the dashed line is the authorised strength"
            ),
        ),
        group="group",
        labels=labels,
        unit=_("personnel"),
        steps=("authorised",),
        milestones=_mandates(choice),
        height=480,
    )
    show_figure(figure, key="personnel", alt=title, filename=f"personnel-{choice.as_of}")


def funding(choice: Choice) -> None:
    """Funding by basis, in US dollars; other currencies are listed in the table."""
    rows = _figures(choice)
    rows = rows[(rows["topic"] == "funding") & rows["value"].notna()]
    dollars = rows[rows["unit"].str.startswith("USD million")].rename(columns={"as_of": "date"})
    others = rows[~rows["unit"].str.startswith("USD")]
    required = mission_analysis.latest(rows[rows["unit"].str.startswith("USD")], basis="required")
    received = mission_analysis.latest(rows[rows["unit"].str.startswith("USD")], basis="received")
    if required is None or received is None:
        title = _("Funding by basis")
    else:
        title = _(
            "US${received} million received by {when} against US${required} million a year said to be needed"
        ).format(
            received=format_number(received["value"]),
            when=format_date(received["as_of"]),
            required=format_number(required["value"]),
        )
    labels = {
        "required": _("required"),
        "pledged": _("pledged"),
        "received": _("received"),
        "frozen": _("frozen"),
    }
    caveat = _("Each dot is one announcement for one fund or country; bases and dots are never summed")
    if len(others):
        caveat += _("; {n} figures in other currencies are in the table").format(n=len(others))
    figure = series.dated_figures(
        dollars,
        data.stamp(title, "mission", choice=choice, caveat=caveat),
        group="basis",
        labels=labels,
        unit=_("million US dollars"),
        milestones=_mandates(choice),
        height=480,
    )
    show_figure(figure, key="funding", alt=title, filename=f"funding-{choice.as_of}")


def police_and_capital(choice: Choice) -> None:
    """Police strength, and the rival figures for the gangs' share of the capital."""
    left, right = st.columns(2, gap="medium")
    rows = _figures(choice)
    police = rows[(rows["topic"] == "police") & (rows["basis"] == "strength") & rows["value"].notna()].rename(
        columns={"as_of": "date"}
    )
    with left:
        if len(police):
            low, high = police["value"].min(), police["value"].max()
            title = _("Police strength: {low} to {high} officers, by who counts and when").format(
                low=format_number(low), high=format_number(high)
            )
            figure = series.dated_figures(
                police,
                data.stamp(
                    title,
                    "mission",
                    choice=choice,
                    caveat=_("In active service, and on the books, are different counts"),
                ),
                group="entity",
                labels={"PNH": _("Haitian National Police")},
                unit=_("officers"),
                height=340,
            )
            show_figure(figure, key="police", alt=title, filename=f"police-{choice.as_of}")
    with right:
        shares = _indicator(choice, "capital_share_gangs")
        if len(shares):
            recent = shares[shares["period_start"] > pd.Timestamp(choice.as_of) - pd.Timedelta(days=365)]
            low, high = (recent if len(recent) else shares)["value"].agg(["min", "max"])
            title = _(
                "The gangs’ share of the capital by others: {low} to {high} % in the year before"
            ).format(low=format_number(low), high=format_number(high))
            figure = series.period_figures(
                shares,
                data.stamp(
                    title,
                    "indicators",
                    choice=choice,
                    caveat=_(
                        "Rival published estimates; what area and what counts as control is rarely stated"
                    ),
                ),
                unit="%",
            )
            figure.update_yaxes(range=[0, 100])
            show_figure(figure, key="capital-share", alt=title, filename=f"capital-share-{choice.as_of}")


def _indicator(choice: Choice, name: str) -> pd.DataFrame:
    rows = data.frame("indicators")
    if choice.known_on is not None:
        rows = rows[rows["published_date"] <= pd.Timestamp(choice.known_on)]
    return rows[(rows["indicator"] == name) & (rows["period_start"] <= pd.Timestamp(choice.as_of))]


def indicators(choice: Choice) -> None:
    """Killed, kidnapped, displaced: published figures over their periods."""
    st.markdown(f"#### {_('Published indicators')}")
    names = {
        "killed": (_("Killed"), _("people"), "haiti"),
        "kidnapped": (_("Kidnapped"), _("people"), "haiti"),
        "displaced": (_("Displaced, total"), _("people"), "haiti"),
    }
    columns = st.columns(3, gap="medium")
    for column, (name, (label, unit, area)) in zip(columns, names.items(), strict=True):
        rows = _indicator(choice, name)
        rows = rows[rows["area_id"] == area]
        spans = rows[(rows["date_precision"] != "day") | (name == "displaced")]
        with column:
            if spans.empty:
                blocks.plain(_("{label}: no figure by this date.").format(label=label))
                continue
            last = spans.sort_values(["period_end", "period_start"]).iloc[-1]
            period = format_date(last["period_start"]) + (
                f" – {format_date(last['period_end'])}" if pd.notna(last["period_end"]) else ""
            )
            title = _("{label}: {value} ({period})").format(
                label=label, value=format_number(last["value"]), period=period
            )
            caveat = _(
                "National figures over their own periods, which overlap: never add them up. Rival figures stay side by side"
            )
            if len(spans) < len(rows):
                caveat += _("; {n} running totals are in the table only").format(n=len(rows) - len(spans))
            figure = series.period_figures(
                spans,
                data.stamp(title, "indicators", choice=choice, caveat=caveat),
                unit=unit,
                height=360,
            )
            show_figure(figure, key=f"indicator-{name}", alt=title, filename=f"{name}-{choice.as_of}")


def tables(choice: Choice) -> None:
    """All figures as tables."""
    with st.expander(_("All mission figures")):
        rows = _figures(choice).sort_values("as_of", ascending=False)
        blocks.table(
            rows,
            {
                "as_of": st.column_config.DateColumn(_("Date"), format="YYYY-MM-DD"),
                "topic": _("Topic"),
                "basis": _("Basis"),
                "entity": _("Entity"),
                "value": st.column_config.NumberColumn(_("Value"), format="localized"),
                "unit": _("Unit"),
                "is_batch": st.column_config.CheckboxColumn(
                    _("Batch"), help=_("an arriving batch, not a total")
                ),
                "note": _("Note"),
                **blocks.source_columns(),
            },
            height=420,
        )
    with st.expander(_("All published indicators")):
        rows = data.frame("indicators")
        rows = rows[rows["period_start"] <= pd.Timestamp(choice.as_of)].sort_values(
            "period_start", ascending=False
        )
        blocks.table(
            rows,
            {
                "period_start": st.column_config.DateColumn(_("From"), format="YYYY-MM-DD"),
                "period_end": st.column_config.DateColumn(_("To"), format="YYYY-MM-DD"),
                "indicator": _("Indicator"),
                "area_id": _("Area"),
                "value": st.column_config.NumberColumn(_("Value"), format="localized"),
                "unit": _("Unit"),
                "note": _("Note"),
                **blocks.source_columns(),
            },
            height=420,
        )
