"""Named figures on pages: built as the command line and the image addresses build them, then shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from monitor.export import figures
from monitor.export.figures import BuiltFigure, NothingToDrawError
from monitor.ui import blocks, data
from monitor.ui.data import Choice
from monitor.ui.figure import Motion, Street, show_figure


def exhibit(
    figure_id: str,
    choice: Choice,
    parameters: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    on_select: Callable[[str], object] | None = None,
    motion: Motion | None = None,
    view: str | None = None,
    street: Street | None = None,
) -> BuiltFigure | None:
    """Build a figure by its id and show it; where there is nothing to draw, say why and return None.

    Parameters
    ----------
    parameters
        The figure's own parameters, as ``filters.read`` returns them.
    key
        Name of the figure on the page, by default its id.
    on_select, motion, view, street
        As in :func:`monitor.ui.figure.show_figure`.
    """
    try:
        built = figures.build(figure_id, data.model(), choice, parameters)
    except NothingToDrawError as why:
        blocks.plain(str(why))
        return None
    show_figure(
        built.figure,
        key=key or figure_id,
        alt=built.alt,
        filename=built.filename,
        on_select=on_select,
        motion=motion,
        view=view,
        street=street,
    )
    return built
