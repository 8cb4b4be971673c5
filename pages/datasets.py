"""Data: how old every dataset is, what failed, what waits, the log, versions, and each dataset in detail."""

from monitor.ui import blocks, catalogue

with blocks.page():
    catalogue.heading()
    catalogue.problems()
    catalogue.overview()
    catalogue.names()
    catalogue.details()
    catalogue.log()
