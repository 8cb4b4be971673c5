"""Brief mode: ``?brief=16x9`` on any page shows its figure, or ``figure=``, alone on a canvas of a fixed size."""

from __future__ import annotations

import streamlit as st

from monitor.charts.shared import encode
from monitor.charts.standing import standing
from monitor.export import figures
from monitor.export.figures import FIGURES, BuiltFigure, NothingToDrawError, UnknownParameterError
from monitor.export.link import BadLinkError, choice_of, parameters_of
from monitor.language import _, language
from monitor.ui import blocks, data, filters, serving
from monitor.ui.figure import component

_canvas = component("canvas")


def wanted() -> str | None:
    """The canvas that the link asks for, if it asks for one."""
    return filters.read("brief")


def show(brief: str, page: str) -> None:
    """Show figures on canvases, one under the other.

    Parameters
    ----------
    page
        Address of the page whose first figure is shown where the link names none.
    """
    with blocks.page():
        ids = filters.read("figure") or [spec.figure_id for spec in FIGURES.values() if spec.page == page][:1]
        if not ids:
            blocks.plain(_("This page has no figure. Name one in the link: figure=control-map"))
        for figure_id in ids:
            built = _built(figure_id)
            if built is not None:
                _draw(built, brief)


def _built(figure_id: str) -> BuiltFigure | None:
    """A figure as the link wants it; what cannot be used is reported, and the default is drawn."""
    spec, model = FIGURES[figure_id], data.model()
    query = {name: st.query_params[name] for name in st.query_params}
    while True:
        try:
            choice = choice_of(query, model, data.today())
            return figures.build(figure_id, model, choice, parameters_of(spec, query))
        except BadLinkError as bad:
            st.warning(str(bad), icon=":material/link_off:")
            del query[bad.name]
        except (NothingToDrawError, UnknownParameterError) as why:
            st.warning(str(why), icon=":material/link_off:")
            return None


def _draw(built: BuiltFigure, brief: str) -> None:
    from monitor.export import render

    canvas = render.brief_canvas(built, brief)
    width, height = render.BRIEF_SIZES[brief]
    drawn = standing(built.figure, width=canvas.width, height=canvas.height)
    message = {
        "figure": drawn.to_plotly_json(),
        "width": width,
        "height": height,
        "scale": canvas.scale,
        "alt": built.alt,
        "language": language(),
        "plotly": serving.plotly(),
    }
    _canvas(key=f"canvas {built.figure_id}", data=encode(message), height=height)
