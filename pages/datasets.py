"""Data: every dataset with its source, licence, rows, dates, age and what was left out."""

from monitor.ui import blocks, catalogue

with blocks.page():
    catalogue.heading()
    catalogue.overview()
    catalogue.details()
