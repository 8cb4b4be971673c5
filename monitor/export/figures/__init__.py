"""FIGURES: the one list of named figures. Pages, command line and image addresses build them here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from monitor.analysis.model import Choice, Model
from monitor.export.figures import access, compare, control, events, evidence, groups, mission, retaken, sites
from monitor.export.figures.base import BuiltFigure, FigureSpec, NothingToDrawError, UnknownParameterError
from monitor.language import _

__all__ = ["FIGURES", "BuiltFigure", "FigureSpec", "NothingToDrawError", "UnknownParameterError", "build"]

FIGURES: Mapping[str, FigureSpec] = {
    spec.figure_id: spec
    for module in (control, compare, retaken, sites, access, events, groups, mission, evidence)
    for spec in module.FIGURES
}


def build(
    figure_id: str, model: Model, choice: Choice, parameters: Mapping[str, Any] | None = None
) -> BuiltFigure:
    """Build a figure by its id.

    Parameters
    ----------
    model
        Data of the snapshot to draw.
    choice
        Date, known-on date, evidence level and staleness limit.
    parameters
        Values of the figure's own parameters, as ``monitor.export.link`` reads them; None stands for the default.

    Raises
    ------
    KeyError
        There is no such figure.
    UnknownParameterError
        The figure does not take a parameter or its value.
    NothingToDrawError
        The choice leaves nothing to draw.
    """
    spec = FIGURES[figure_id]
    given = {name: value for name, value in (parameters or {}).items() if value is not None}
    if unknown := given.keys() - set(spec.parameters):
        raise UnknownParameterError(
            _("{figure} does not take {names}; it takes: {taken}.").format(
                figure=figure_id,
                names=", ".join(sorted(unknown)),
                taken=", ".join(spec.parameters) or _("none"),
            )
        )
    built = spec.build(model, choice, given)
    return replace(built, figure_id=figure_id, choice=choice, parameters=given)
