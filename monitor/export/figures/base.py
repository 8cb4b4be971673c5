"""What a named figure is, and what all builders need: stamp, map style, hatching."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from monitor.analysis import doubt, licences
from monitor.analysis.definitions import current_ids
from monitor.analysis.model import Choice, Model
from monitor.charts.hatching import stripes
from monitor.charts.maps import base_style
from monitor.charts.shared import Shared
from monitor.charts.style import Stamp
from monitor.language import _, format_date, language


class NothingToDrawError(ValueError):
    """The choice leaves nothing to draw; the message, in the reader's language, says why."""


class UnknownParameterError(ValueError):
    """A parameter that the figure does not have, or a value that it cannot take; the message says which are possible."""


@dataclass(frozen=True)
class BuiltFigure:
    """A figure ready to be shown or written to a file.

    Attributes
    ----------
    figure
        With its stamp inside.
    stamp
        What the figure says about itself, with the ids of the datasets it was drawn from.
    alt
        What the figure shows, in one or two sentences with its headline value.
    filename
        Name of a file of it, without ending.
    table
        The data that is drawn, columns named as in the datasets.
    figure_id, choice, parameters
        What it was built from; ``figures.build`` fills them in.
    """

    figure: go.Figure
    stamp: Stamp
    alt: str
    filename: str
    table: pd.DataFrame
    figure_id: str = ""
    choice: Choice = field(default=Choice(date.min, None, "all_claims", 0))
    parameters: Mapping[str, Any] = field(default_factory=dict)


#: Builds a figure from a model, the reader's choice and the figure's own parameters, already read from the link.
Builder = Callable[[Model, Choice, Mapping[str, Any]], BuiltFigure]


@dataclass(frozen=True)
class FigureSpec:
    """A named figure.

    Attributes
    ----------
    figure_id
        Its name in links, image addresses and on the command line.
    title
        What it is, in a few words (English; pages translate it).
    page
        Address of the page that shows it; the first page has none.
    build
        Builder; pure.
    parameters
        Names of the link's parameters that it takes beside those of every figure.
    definitions
        Ids of the definitions that its numbers rest on.
    """

    figure_id: str
    title: str
    page: str
    build: Builder
    parameters: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()


def stamp_of(
    model: Model,
    title: str,
    *dataset_ids: str,
    choice: Choice | None = None,
    caveat: str = "",
    evidence: bool = False,
    denominator: str | None = None,
    dated: bool = True,
) -> Stamp:
    """Stamp of a figure drawn from some datasets: sources, access date, snapshot and what was chosen."""
    accessed = max(model.provenance(name)["source"]["accessed_on"] for name in dataset_ids)
    titles = ", ".join(_(model.description(name)["title"]).lower() for name in dataset_ids)
    shoreline = _("; shoreline © OpenStreetMap contributors (ODbL)") if "neighborhoods" in dataset_ids else ""
    sources = _(
        "Port-au-Prince Conflict Monitor from cited public reports ({datasets}), CC BY 4.0, compiled {date}{shoreline}"
    ).format(datasets=titles, date=format_date(date.fromisoformat(accessed)), shoreline=shoreline)
    sources = "; ".join(
        [sources, *(line for name in dataset_ids for line in licences.attributions(model.frame(name)))]
    )
    held = sorted(set(choice.definitions) - set(current_ids())) if choice is not None else []
    return Stamp(
        title=title,
        sources=sources,
        snapshot_id=model.snapshot_id,
        caveat=caveat,
        as_of=choice.as_of if choice is not None and dated else None,
        known_on=choice.known_on if choice is not None else None,
        evidence=choice.evidence if choice is not None and evidence else None,
        denominator=denominator,
        datasets=dataset_ids,
        is_pinned=model.is_pinned,
        breaks=doubt.breaks_of(model, dataset_ids, known_on=choice.known_on, until=choice.as_of)
        if choice
        else (),
        notes=(_("definitions: {ids}").format(ids=", ".join(held)),) if held else (),
    )


def map_style(model: Model) -> dict[str, Any]:
    """Style under every map, with names in the current language."""
    datasets = ("coastline", "communes", "neighborhoods", "aliases")
    return model.kept("map style", datasets, (language(),), lambda: Shared(_style(model)))


def _style(model: Model) -> dict[str, Any]:
    areas = places(model).assign(kind="neighborhood")
    communes = model.commune_labels().assign(kind="commune", area_km2=0.0)
    communes["name"] = communes["name"].map(commune_names(model))
    names = pd.concat([communes, areas], ignore_index=True)
    return base_style(
        model.features("coastline"), model.features("communes"), model.features("neighborhoods"), names
    )


def hatch(model: Model) -> dict[str, Any]:
    """Stripes over every neighborhood, for hatching."""
    return model.kept(
        "hatching", ("neighborhoods",), (), lambda: Shared(stripes(model.features("neighborhoods")))
    )


def place_names(model: Model) -> Mapping[str, str]:
    """Name of each place in the current language."""
    return model.names(language())


def commune_names(model: Model) -> Mapping[str, str]:
    """Name of each metro commune in the current language, by its main name."""
    return model.commune_names(language())


def places(model: Model) -> pd.DataFrame:
    """Neighborhoods in scope as :meth:`Model.scope` has them, ``name`` and ``commune`` in the current language."""
    found = model.scope()
    return found.assign(
        name=found["neighborhood_id"].map(place_names(model)),
        commune=found["commune"].map(commune_names(model)),
    )
