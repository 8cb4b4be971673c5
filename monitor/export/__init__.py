"""Figures to PNG, SVG, PDF, PPTX and digest text."""
