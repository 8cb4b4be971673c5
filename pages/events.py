"""Incidents: what happened where, filtered; the starter set is a selection."""

import streamlit as st

from monitor.ui import blocks, events, filters

with blocks.page("incidents"):
    heading = st.container()
    choice = filters.choice(evidence=False)
    rows = events.known(choice)
    wanted = events.filter_bar(choice, rows)
    found = events.filtered(rows, wanted)
    with heading:
        events.heading(choice, rows, found)
    events.weekly(choice, wanted)
    if len(found):
        events.map_of(choice, wanted)
    events.table(found)
