"""Key sites: airport, hospitals, ports, prisons, stations."""

import streamlit as st

from monitor.ui import blocks, filters, sites

with blocks.page("site_status", "site_restrictions", "territorial_control"):
    choice = filters.chosen()
    panel = sites.current(choice)
    sites.heading(choice, panel)
    filters.controls(choice, evidence=False)
    kind = sites.kind_control(panel)
    sites.strips(choice, kind)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        sites.map_of(choice, kind)
    with right:
        sites.site_card(choice, panel, kind)
    sites.functioning_over_time(choice, kind)
    sites.table(panel, kind)
