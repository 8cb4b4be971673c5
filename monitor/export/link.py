"""Links: every parameter that one may carry, how its text is read, and the links of figures.

Pages, image addresses and the command line read the same parameters in the same way; what one of them writes, the others
understand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from monitor.analysis.definitions import (
    EVIDENCE_LEVELS,
    STALE_AFTER_DAYS,
    STALE_CHOICES,
    choose,
    current_ids,
)
from monitor.analysis.model import Choice, Model
from monitor.charts.base_map import View
from monitor.export.figures import FIGURES, BuiltFigure, FigureSpec, UnknownParameterError, build
from monitor.language import LANGUAGES, _, format_date


@dataclass(frozen=True)
class Parameter:
    """One parameter of the link: how its text is read, and whether all pages share it."""

    read: Callable[[str], Any]
    about: str
    shared: bool = False


class BadLinkError(ValueError):
    """A parameter of a link that cannot be used: its name, its text and why."""

    def __init__(self, name: str, text: str, why: str) -> None:
        super().__init__(
            _("The link asks for {name} = “{value}”, which was not used: {why}.").format(
                name=name, value=text[:60], why=why
            )
        )
        self.name, self.text, self.why = name, text, why


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _one_of(*values: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in values:
            raise ValueError
        return text

    return read


def _stale(text: str) -> int:
    if int(text) not in STALE_CHOICES:
        raise ValueError
    return int(text)


def _deaths(text: str) -> int:
    """A number that a browser's number field can hold."""
    if not 0 <= int(text) <= 1_000_000:
        raise ValueError
    return int(text)


def _snapshot(text: str) -> str:
    if len(text) != 10 or not set(text) <= set("0123456789abcdef"):
        raise ValueError
    return text


def _definitions(text: str) -> tuple[str, ...]:
    ids = tuple(sorted(text.split("~")))
    choose(ids)
    return ids


def _figures(text: str) -> list[str]:
    ids = list(dict.fromkeys(text.split("~")))  # a figure stands once in a briefing
    if not set(ids) <= set(FIGURES):
        raise ValueError
    return ids


#: What a map and a time axis may show beside control.
LAYERS = ("sites", "incidents", "roads", "milestones", "street")


def _layers(text: str) -> tuple[str, ...]:
    names = () if text == "none" else tuple(text.split("~"))
    if not set(names) <= set(LAYERS):
        raise ValueError
    return names


#: Fixed canvases, as ``monitor.export.render`` knows them.
BRIEFS = ("16x9", "4x3", "square", "a4")

#: Every parameter a link may carry.
PARAMETERS: Mapping[str, Parameter] = {
    "as_of": Parameter(_date, "a date, YYYY-MM-DD", shared=True),
    "known_on": Parameter(_date, "a date, YYYY-MM-DD", shared=True),
    "evidence": Parameter(_one_of(*EVIDENCE_LEVELS), " or ".join(EVIDENCE_LEVELS), shared=True),
    "stale_after": Parameter(_stale, " or ".join(map(str, STALE_CHOICES)) + " (days)", shared=True),
    "definitions": Parameter(
        _definitions, "ids of published definitions, separated by ~: see the Methods page", shared=True
    ),
    "lang": Parameter(_one_of(*LANGUAGES), " or ".join(LANGUAGES), shared=True),
    "snap": Parameter(_snapshot, "the id of a snapshot, ten characters", shared=True),
    "area": Parameter(str, "the id of a neighborhood", shared=True),
    "span": Parameter(_one_of("4w", "3m", "1y", "all"), "4w, 3m, 1y or all", shared=True),
    "by": Parameter(_one_of("neighborhoods", "km2", "people"), "neighborhoods, km2 or people", shared=True),
    "before": Parameter(_date, "a date, YYYY-MM-DD"),
    "view": Parameter(View.parse, "a place in Haiti: latitude,longitude,zoom", shared=True),
    "layers": Parameter(_layers, f"some of {', '.join(LAYERS)}, separated by ~, or none", shared=True),
    "since": Parameter(_snapshot, "the id of a snapshot, ten characters"),
    "brief": Parameter(_one_of(*BRIEFS), ", ".join(BRIEFS)),
    "figure": Parameter(_figures, "ids of figures, separated by ~"),
    "reading": Parameter(_one_of("primary", "strict"), "primary or strict"),
    "measure": Parameter(
        _one_of("control", "control_or_influence", "not_state_held"),
        "control, control_or_influence or not_state_held",
    ),
    "voices": Parameter(_one_of("publishers", "claimants"), "publishers or claimants"),
    "then": Parameter(_date, "a date, YYYY-MM-DD"),
    "number": Parameter(str, "the id of a headline number"),
    "site": Parameter(str, "the id of a site"),
    "kind": Parameter(str, "a kind of site"),
    "sort": Parameter(_one_of("recent", "held", "churn"), "recent, held or churn"),
    "type": Parameter(lambda text: text.split("~"), "event types, separated by ~"),
    "actor": Parameter(str, "the id of an actor"),
    "commune": Parameter(str, "the name of a commune"),
    "from": Parameter(_date, "a date, YYYY-MM-DD"),
    "deaths": Parameter(_deaths, "a number"),
    "show": Parameter(str, "a part of the page"),
    "target": Parameter(_one_of("hospital", "airport"), "hospital or airport"),
    "side": Parameter(_one_of("gang", "state", "third_party"), "gang, state or third_party"),
    "lag": Parameter(int, "a number of weeks"),
    "provider": Parameter(str, "a dataset of events"),
    "event": Parameter(str, "the id of an event"),
    "q": Parameter(str, "words to search for"),
    "dataset": Parameter(str, "the id of a dataset"),
}

#: Parameters that every figure takes.
CHOICE = ("as_of", "known_on", "evidence", "stale_after", "definitions")


def value_of(name: str, text: str) -> Any:
    """Value of a parameter.

    Raises
    ------
    BadLinkError
        There is no such parameter, or the text is not one of its values.
    """
    if name not in PARAMETERS:
        raise BadLinkError(name, text, _("there is no such parameter"))
    try:
        return PARAMETERS[name].read(text)
    except ValueError:
        what = _(PARAMETERS[name].about)
        raise BadLinkError(name, text, _("it must be {what}").format(what=what)) from None


def text_of(value: Any) -> str:
    """A parameter's value as :func:`value_of` reads it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, View):
        return f"{value.lat:g},{value.lon:g},{value.zoom:g}"
    if isinstance(value, list | tuple):
        return "~".join(value) or "none"
    return str(value)


def outside(day: date, first: date, today: date) -> str | None:
    """Why a date cannot be looked at, in words; None where it lies between the first statement and today."""
    if day < first:
        return _("the data begins on {date}").format(date=format_date(first))
    return _("it lies in the future") if day > today else None


def choice_of(query: Mapping[str, str], model: Model, today: date) -> Choice:
    """The choice that a link makes; what it leaves open is as on a page that was just opened.

    Raises
    ------
    BadLinkError
        A value cannot be used, or the date lies outside the data.
    """
    given = {name: value_of(name, query[name]) for name in CHOICE if query.get(name)}
    for name in ("as_of", "known_on"):
        if name in given and (why := outside(given[name], model.first_date(), today)):
            raise BadLinkError(name, given[name].isoformat(), why)
    as_of = given.get("as_of") or model.default_date()
    return Choice(
        as_of=as_of,
        known_on=given.get("known_on"),
        evidence=given.get("evidence", EVIDENCE_LEVELS[0]),
        stale_after_days=given.get("stale_after", STALE_AFTER_DAYS),
        definitions=given.get("definitions", ()),
    )


def parameters_of(spec: FigureSpec, query: Mapping[str, str]) -> dict[str, Any]:
    """The figure's own parameters in a link; BadLinkError as :func:`value_of`."""
    return {name: value_of(name, query[name]) for name in spec.parameters if query.get(name)}


def figure_of(figure_id: str, query: Mapping[str, str], model: Model, today: date) -> BuiltFigure:
    """Build a figure from the texts of a link that is its own: it must not hold what the figure does not take.

    Raises
    ------
    ValueError
        There is no such figure, or a text cannot be used (BadLinkError, UnknownParameterError).
    NothingToDrawError
        The choice leaves nothing to draw.
    """
    if figure_id not in FIGURES:
        raise ValueError(f"There is no figure {figure_id}; there are: {', '.join(FIGURES)}.")
    spec = FIGURES[figure_id]
    unknown = {name for name, text in query.items() if text} - {*CHOICE, *spec.parameters}
    if unknown:
        raise UnknownParameterError(
            f"{figure_id} does not take {', '.join(sorted(unknown))}; it takes: "
            f"{', '.join([*CHOICE, *spec.parameters])}."
        )
    return build(figure_id, model, choice_of(query, model, today), parameters_of(spec, query))


def query_of(
    choice: Choice, parameters: Mapping[str, Any], *, language: str, snapshot_id: str | None
) -> dict[str, str]:
    """Parameters of a link that shows the same again: every date is written out, so that it stays when defaults move.

    A link pinned to a snapshot names the definitions, too, so that it stays when one of them changes.
    """
    values = {
        "as_of": choice.as_of,
        "known_on": choice.known_on,
        "evidence": choice.evidence if choice.evidence != EVIDENCE_LEVELS[0] else None,
        "stale_after": choice.stale_after_days if choice.stale_after_days != STALE_AFTER_DAYS else None,
        "definitions": choice.definitions or (current_ids() if snapshot_id else None),
        **parameters,
        "lang": language if language != "en" else None,
        "snap": snapshot_id,
    }
    return {name: text_of(value) for name, value in values.items() if value not in (None, "", [], (), 0)}


def address(path: str, query: Mapping[str, str]) -> str:
    """Address of a page or an image relative to the root of the site."""
    tail = urlencode(query, quote_via=quote, safe="~")
    return f"{path}?{tail}" if tail else path
