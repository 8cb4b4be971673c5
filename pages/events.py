"""Incidents: what happened where, filtered; the starter set is a selection."""

import streamlit as st

from monitor.ui import blocks, events, filters

with blocks.page():
    heading = st.container()
    choice = filters.choice(evidence=False)
    rows = events.known(choice)
    found = events.filtered(choice, rows)
    with heading:
        events.heading(choice, rows, found)
    events.weekly(choice, found)
    events.map_of(choice, found)
    events.table(found)
