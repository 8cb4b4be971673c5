"""Frames to Plotly figures, each with its stamp."""
