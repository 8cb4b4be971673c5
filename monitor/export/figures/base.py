"""What a named figure is, and what all builders need: stamp, map style, hatching."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from loaders.contracts import CONTRACTS
from monitor.analysis import doubt, licences
from monitor.analysis.definitions import current_ids
from monitor.analysis.model import Choice, Model
from monitor.charts.base_map import base_style, with_roads
from monitor.charts.hatching import stripes
from monitor.charts.shared import Shared
from monitor.charts.style import Stamp
from monitor.language import _, format_date, language, mark
from monitor.vocabulary import in_words

#: Dataset of the roads that maps draw where it has been fetched.
ROADS = "roads"

#: Degrees (about 5 m) by which a drawn road may lie beside its line.
_ROAD_TOLERANCE = 5e-5


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
    sentence
        What to say over it on a slide, with its uncertainty, beyond what its title says; empty where the title says all.
    drawn
        The data that is drawn, columns named as in the datasets; or how to get it, for a figure whose data is not needed to
        draw it. ``table`` has it in both cases.
    figure_id, choice, parameters
        What it was built from; ``figures.build`` fills them in.
    """

    figure: go.Figure
    stamp: Stamp
    alt: str
    filename: str
    drawn: pd.DataFrame | Callable[[], pd.DataFrame]
    sentence: str = ""
    figure_id: str = ""
    choice: Choice = field(default=Choice(date.min, None, "all_claims", 0))
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """The data that is drawn."""
        return self.drawn() if callable(self.drawn) else self.drawn


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
    roads: bool = False,
) -> Stamp:
    """Stamp of a figure drawn from some datasets: sources, access date, snapshot and what was chosen.

    ``roads`` says that it is a map with roads, where there are any.
    """
    with_roads = roads and has_roads(model)
    sources = model.kept(
        "sources of a figure",
        (),
        (model.snapshot_id, dataset_ids, with_roads, language()),
        lambda: mark(";").join(sources_of(model, dataset_ids, roads=with_roads)),
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


def sources_of(model: Model, dataset_ids: tuple[str, ...], *, roads: bool) -> list[str]:
    """Who a figure's data are from: each provider in the words that its terms ask for, and our own compilation."""
    fetched = [name for name in dataset_ids if CONTRACTS[name].is_fetched]
    said = []
    for name in fetched:
        accessed = format_date(date.fromisoformat(model.provenance(name)["source"]["accessed_on"]))
        said.append(
            _("{attribution}, accessed {date}").format(
                attribution=model.description(name)["attribution"], date=accessed
            )
        )
    own = [name for name in dataset_ids if name not in fetched]
    if own:
        accessed = max(model.provenance(name)["source"]["accessed_on"] for name in own)
        titles = ", ".join(_(model.description(name)["title"]).lower() for name in own)
        osm = {
            (True, True): _("; shoreline and roads © OpenStreetMap contributors (ODbL)"),
            (True, False): _("; shoreline © OpenStreetMap contributors (ODbL)"),
            (False, True): _("; roads © OpenStreetMap contributors (ODbL)"),
            (False, False): "",
        }[("neighborhoods" in own, roads)]
        said.append(
            _(
                "Port-au-Prince Conflict Monitor from cited public reports ({datasets}), CC BY 4.0, compiled {date}{shoreline}"
            ).format(datasets=titles, date=format_date(date.fromisoformat(accessed)), shoreline=osm)
        )
    return [*said, *(line for name in own for line in licences.attributions(model.frame(name)))]


def in_language(model: Model, dataset_id: str) -> pd.DataFrame:
    """A dataset with its names, labels and remarks in the current language, as readers see it."""
    return model.kept(
        "in language", (dataset_id,), (language(),), lambda: in_words(model.frame(dataset_id), dataset_id)
    )


def has_roads(model: Model) -> bool:
    """Whether roads have been fetched into the snapshot: maps draw them then."""
    return ROADS in model.datasets


def map_style(model: Model, *, roads: bool = True) -> dict[str, Any]:
    """Style under every map, with names in the current language; with roads where they are wanted and here."""
    datasets = ("coastline", "communes", "neighborhoods", "aliases")
    if not (roads and has_roads(model)):
        return model.kept("map style", datasets, (language(),), lambda: Shared(_style(model)))
    return model.kept(
        "map style with roads",
        (*datasets, ROADS),
        (language(),),
        lambda: Shared(with_roads(_style(model), _road_lines(model))),
    )


def _road_lines(model: Model) -> dict[str, Any]:
    """Roads as one feature for main roads and one for the others, thinned to what a map of the city can show."""
    import shapely  # heavy: imported only where roads are drawn
    from shapely.geometry import mapping, shape

    rows = model.frame(ROADS)
    is_lesser = rows["road_class"] == "secondary"
    kinds = dict(zip(rows["road_id"], np.where(is_lesser, "secondary", "main"), strict=True))
    lines: dict[str, list[Any]] = {"main": [], "secondary": []}
    for feature in model.features(ROADS)["features"]:
        lines[kinds[feature["id"]]].append(shape(feature["geometry"]))
    collections = {}
    for kind, found in lines.items():
        merged = shapely.line_merge(shapely.union_all(found)) if found else shapely.MultiLineString()
        thinned = shapely.set_precision(shapely.simplify(merged, _ROAD_TOLERANCE), 1e-5, mode="pointwise")
        feature = {
            "type": "Feature",
            "id": kind,
            "properties": {},
            "geometry": mapping(thinned),
        }
        collections[kind] = {"type": "FeatureCollection", "features": [feature] if found else []}
    return collections


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


def actor_names(model: Model) -> Mapping[str, str]:
    """Name of each actor in the current language."""
    rows = in_language(model, "actors")
    return dict(zip(rows["actor_id"], rows["name"], strict=True))


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
