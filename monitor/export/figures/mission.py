"""Figures of the mission's inputs, and of published indicators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from monitor.analysis import city
from monitor.analysis import mission as mission_analysis
from monitor.analysis.model import Choice, Model
from monitor.charts import captions, inputs, series
from monitor.charts.style import Stamp
from monitor.export.figures.base import (
    BuiltFigure,
    FigureSpec,
    NothingToDrawError,
    UnknownParameterError,
    stamp_of,
)
from monitor.language import _, format_date, format_number, format_percent
from monitor.vocabulary import remark, word

_PAGE = "mission-inputs"


def _stamp(model: Model, choice: Choice, title: str, caveat: str) -> Stamp:
    """Stamp of a figure of the mission alone."""
    return stamp_of(model, title, "mission", choice=choice, caveat=caveat)


def figures(model: Model, choice: Choice) -> pd.DataFrame:
    """Published figures of the mission up to the chosen date, known on the known-on date."""
    return city.mission_figures(model, choice)


def mandates(model: Model, choice: Choice) -> pd.DataFrame:
    """Mandates and deployments up to the chosen date."""
    rows = model.frame("milestones")
    return rows[
        rows["kind"].isin(["mandate", "deployment"])
        & (rows["milestone_date"] <= pd.Timestamp(choice.as_of))
        & (rows["milestone_date"] >= pd.Timestamp("2023-01-01"))
    ]


def _personnel(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = figures(model, choice)
    rows = rows[(rows["topic"] == "personnel") & rows["value"].notna() & ~rows["is_batch"].astype("bool")]
    whole = rows[mission_analysis.is_total(rows) & (rows["basis"] == "deployed")].assign(group="deployed")
    country = rows[~mission_analysis.is_total(rows) & (rows["basis"] == "deployed")].assign(group="country")
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
    stamp = _stamp(
        model,
        choice,
        title,
        _(
            "Dots are published figures; arriving batches are left out; the dashed line is the authorised strength"
        ),
    )
    figure = series.dated_figures(
        drawn,
        stamp,
        group="group",
        labels=labels,
        unit=_("personnel"),
        steps=("authorised",),
        milestones=mandates(model, choice),
        height=480,
    )
    return BuiltFigure(figure, stamp, title, f"personnel-{choice.as_of}", drawn.reset_index(drop=True))


def _funding(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = figures(model, choice)
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
    stamp = _stamp(model, choice, title, caveat)
    figure = series.dated_figures(
        dollars,
        stamp,
        group="basis",
        labels=labels,
        unit=_("million US dollars"),
        milestones=mandates(model, choice),
        height=480,
    )
    return BuiltFigure(figure, stamp, title, f"funding-{choice.as_of}", dollars.reset_index(drop=True))


def _police(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    rows = figures(model, choice)
    police = rows[(rows["topic"] == "police") & (rows["basis"] == "strength") & rows["value"].notna()].rename(
        columns={"as_of": "date"}
    )
    if police.empty:
        raise NothingToDrawError(_("No figure of the police’s strength by this date."))
    low, high = police["value"].min(), police["value"].max()
    title = _("Police strength: {low} to {high} officers, by who counts and when").format(
        low=format_number(low), high=format_number(high)
    )
    stamp = _stamp(
        model,
        choice,
        title,
        _("In active service, and on the books, are different counts"),
    )
    figure = series.dated_figures(
        police,
        stamp,
        group="entity",
        labels={"PNH": _("Haitian National Police")},
        unit=_("officers"),
        height=340,
    )
    return BuiltFigure(figure, stamp, title, f"police-{choice.as_of}", police.reset_index(drop=True))


def indicator(model: Model, choice: Choice, name: str) -> pd.DataFrame:
    """Published values of an indicator whose period had ended by the chosen date."""
    rows = mission_analysis.published_indicators(model.frame("indicators"), choice.as_of, choice.known_on)
    return rows[rows["indicator"] == name]


def _capital_share(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    shares = indicator(model, choice, "capital_share_gangs")
    if shares.empty:
        raise NothingToDrawError(_("No published estimate of the gangs’ share of the capital by this date."))
    recent = mission_analysis.capital_shares(model.frame("indicators"), choice.as_of, choice.known_on)
    low, high = (recent if len(recent) else shares)["value"].agg(["min", "max"])
    title = _("The gangs’ share of the capital by others: {low} to {high} % in the year before").format(
        low=format_number(low), high=format_number(high)
    )
    stamp = stamp_of(
        model,
        title,
        "indicators",
        choice=choice,
        caveat=_("Rival published estimates; what area and what counts as control is rarely stated"),
    )
    figure = series.period_figures(shares, stamp, unit="%", top=100)
    return BuiltFigure(figure, stamp, title, f"capital-share-{choice.as_of}", shares.reset_index(drop=True))


def _indicator_labels() -> dict[str, tuple[str, str]]:
    """Indicators drawn, in words, and their unit."""
    return {
        "killed": (_("Killed"), _("people")),
        "kidnapped": (_("Kidnapped"), _("people")),
        "displaced": (_("Displaced, total"), _("people")),
    }


def _indicator(model: Model, choice: Choice, name: str) -> BuiltFigure:
    label, unit = _indicator_labels()[name]
    rows = indicator(model, choice, name)
    rows = rows[rows["area_id"] == "haiti"]
    spans = rows[(rows["date_precision"] != "day") | (name == "displaced")]
    if spans.empty:
        raise NothingToDrawError(_("{label}: no figure by this date.").format(label=label))
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
    stamp = stamp_of(model, title, "indicators", choice=choice, caveat=caveat)
    figure = series.period_figures(spans, stamp, unit=unit, height=360)
    return BuiltFigure(figure, stamp, title, f"{name}-{choice.as_of}", spans.reset_index(drop=True))


def _killed(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _indicator(model, choice, "killed")


def _kidnapped(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _indicator(model, choice, "kidnapped")


def _displaced(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    return _indicator(model, choice, "displaced")


#: Weeks by which personnel can be read later than the outcome.
LAGS = (0, 4, 8, 12)


def _countries(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    table = mission_analysis.by_country(figures(model, choice))
    table = table[table["basis"].isin(["deployed", *mission_analysis.PROMISES])]
    if table.empty:
        raise NothingToDrawError(_("No figure of a country’s personnel by this date."))
    deployed = table[table["basis"] == "deployed"]
    rival = int((table["low"] != table["high"]).sum())
    if deployed.empty:
        title = _("No country’s personnel is reported deployed by this date; promises only")
    else:
        first = deployed.sort_values("value").iloc[-1]
        title = _("Most personnel deployed by one country: {country}, {value} ({date})").format(
            country=remark(first["entity"]),
            value=format_number(first["value"]),
            date=format_date(first["as_of"]),
        )
    stamp = _stamp(
        model,
        choice,
        title,
        _(
            "Latest published figure of each country, of different days: never add them up; whiskers span rival figures within a month ({rival} cases)"
        ).format(rival=rival),
    )
    bases = {basis: word("basis", basis) for basis in ("deployed", *mission_analysis.PROMISES)}
    figure = inputs.countries_chart(table, stamp, labels=bases)
    return BuiltFigure(figure, stamp, title, f"personnel-by-country-{choice.as_of}", table)


def _ratio(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    totals = mission_analysis.deployed_totals(figures(model, choice))
    totals = totals[totals["ratio"].notna()].reset_index(drop=True)
    if totals.empty:
        raise NothingToDrawError(_("No count of all deployed personnel by this date."))
    last = totals.iloc[-1]
    title = _("{share} of the authorised personnel was deployed on {date}; never more than {most}").format(
        share=format_percent(float(last["ratio"])),
        date=format_date(last["as_of"]),
        most=format_percent(float(totals["ratio"].max())),
    )
    stamp = _stamp(
        model,
        choice,
        title,
        _(
            "Each dot is a published count against the strength authorised on that day; counts are rounded by outlets"
        ),
    )
    figure = inputs.ratio_chart(totals, stamp, milestones=mandates(model, choice))
    return BuiltFigure(figure, stamp, title, f"deployment-ratio-{choice.as_of}", totals)


def _inputs(model: Model, choice: Choice, parameters: Mapping[str, Any]) -> BuiltFigure:
    lag = int(parameters.get("lag", 0))
    if lag not in LAGS:
        raise UnknownParameterError(
            _("{name} must be one of {names}, not {value}.").format(
                name="lag", names=", ".join(map(str, LAGS)), value=lag
            )
        )
    table = city.inputs_over_time(model, choice, lag)
    table = table[table["date"] >= pd.Timestamp("2023-10-01")].reset_index(drop=True)
    if table.empty or not table["personnel"].notna().any():
        raise NothingToDrawError(_("No count of all deployed personnel by this date."))
    first, last = table.loc[table["personnel"].first_valid_index()], table.iloc[-1]
    title = _(
        "Personnel from {before} to {now}; gang-held neighborhoods from {areas_before} to {areas_now} in the same time"
    ).format(
        before=format_number(first["personnel"]),
        now=format_number(last["personnel"]),
        areas_before=int(first["gang_areas"]),
        areas_now=int(last["gang_areas"]),
    )
    stamp = stamp_of(
        model,
        title,
        "mission",
        "territorial_control",
        "retaken_areas",
        "neighborhoods",
        choice=choice,
        evidence=True,
        caveat=_("Contested and unknown neighborhoods are in neither line, and reports became rarer"),
    )
    figure = inputs.inputs_chart(table, stamp, lag_weeks=lag, milestones=mandates(model, choice))
    alt = title + ". " + inputs.association() + "."
    return BuiltFigure(figure, stamp, alt, f"inputs-outcomes-{choice.as_of}", table)


_DEFINED = ("known-on-1",)

FIGURES = (
    FigureSpec("personnel", "Personnel of the mission", _PAGE, _personnel, definitions=_DEFINED),
    FigureSpec("funding", "Funding of the mission", _PAGE, _funding, definitions=_DEFINED),
    FigureSpec(
        "personnel-by-country",
        "Personnel by country",
        _PAGE,
        _countries,
        definitions=("mission-1", *_DEFINED),
    ),
    FigureSpec(
        "deployment-ratio",
        "Deployed of authorised personnel",
        _PAGE,
        _ratio,
        definitions=("mission-1", *_DEFINED),
    ),
    FigureSpec(
        "inputs-outcomes",
        "Inputs beside outcomes",
        _PAGE,
        _inputs,
        ("lag",),
        definitions=("inputs-outcomes-1", "status-1", *_DEFINED),
    ),
    FigureSpec("police", "Strength of the police", _PAGE, _police, definitions=_DEFINED),
    FigureSpec(
        "capital-share",
        "The gangs’ share of the capital, as others put it",
        _PAGE,
        _capital_share,
        definitions=_DEFINED,
    ),
    FigureSpec("indicator-killed", "Killed", _PAGE, _killed, definitions=_DEFINED),
    FigureSpec("indicator-kidnapped", "Kidnapped", _PAGE, _kidnapped, definitions=_DEFINED),
    FigureSpec("indicator-displaced", "Displaced", _PAGE, _displaced, definitions=_DEFINED),
)
