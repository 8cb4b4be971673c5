"""Briefing builder: figures across pages as slides, PDF or files, all from one snapshot."""

from monitor.ui import blocks, briefing, filters

with blocks.page():
    briefing.heading()
    choice = filters.choice()
    briefing.load()
    chosen = briefing.pick()
    items = briefing.order(choice, chosen)
    briefing.make(items)
