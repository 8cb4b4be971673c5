"""Evidence: what the headlines rest on, and how far anyone can know."""

from monitor.ui import blocks, evidence, filters

with blocks.page("territorial_control", "retaken_areas"):
    choice = filters.chosen()
    evidence.heading(choice)
    filters.controls(choice)
    evidence.show(choice, evidence.section())
