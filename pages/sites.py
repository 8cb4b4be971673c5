"""Key sites: airport, hospitals, ports, prisons, stations; what is around them and who can get there."""

import streamlit as st

from monitor.ui import blocks, filters, lineage, sites

with blocks.page("site_status", "site_restrictions", "territorial_control"):
    choice = filters.chosen()
    panel = sites.current(choice)
    sites.heading(choice, panel)
    lineage.page_numbers(choice, "key-sites")
    filters.controls(choice)
    part = filters.part(sites.parts())
    if part == "reach":
        sites.reach(choice)
    else:
        kind = sites.kind_control(panel)
        if part == "surroundings":
            sites.surroundings(choice, panel, kind)
        elif part == "service":
            sites.service(choice, kind)
        else:
            sites.strips(choice, kind)
            left, right = st.columns([3, 2], gap="medium")
            with left:
                sites.map_of(choice, kind)
            with right:
                sites.site_card(choice, panel, kind)
            sites.table(panel, kind)
