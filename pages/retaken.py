"""Retaken areas: claims, and whether they held."""

from monitor.ui import blocks, filters, retaken

with blocks.page("retaken_areas", "territorial_control"):
    choice = filters.chosen()
    register = retaken.register_of(choice)
    retaken.heading(choice, register)
    filters.controls(choice)
    retaken.area(choice, register)
    reading = retaken.reading()
    retaken.held(choice, reading)
    retaken.strips(choice)
    retaken.depth(choice, register, reading)
