"""A drawing adds up to what Plotly's own figure would be."""

from __future__ import annotations

import plotly.graph_objects as go

from monitor.charts.drawing import Drawing, merge, trace


def test_a_drawing_becomes_the_figure_that_plotly_would_have_built() -> None:
    drawing = Drawing(trace("scatter", x=[1, 2], y=[3, 4], name=None), {"xaxis": {"range": [0, 3]}})
    drawing.add_trace(trace("bar", x=[1], y=[2]))
    drawing.add_annotation(text="a", x=1, y=1)
    drawing.add_annotation(text="b", x=2, y=2)
    drawing.add_shape(type="line", x0=0, x1=1, y0=0, y1=1)
    drawing.update_layout(xaxis={"nticks": 4}, bargap=0.1)

    figure = go.Figure([go.Scatter(x=[1, 2], y=[3, 4]), go.Bar(x=[1], y=[2])], {"xaxis": {"range": [0, 3]}})
    figure.add_annotation(text="a", x=1, y=1)
    figure.add_annotation(text="b", x=2, y=2)
    figure.add_shape(type="line", x0=0, x1=1, y0=0, y1=1)
    figure.update_layout(xaxis={"nticks": 4}, bargap=0.1)

    assert go.Figure(drawing.traces, drawing.layout) == figure


def test_merging_changes_no_nested_value_of_somebody_else() -> None:
    axis = {"range": [0, 1]}
    merged = merge({"xaxis": axis}, {"xaxis": {"nticks": 4}})
    assert merged == {"xaxis": {"range": [0, 1], "nticks": 4}}
    assert axis == {"range": [0, 1]}
