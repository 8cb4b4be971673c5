"""Overview: the situation in one screen."""

import streamlit as st

from monitor.ui import blocks, filters, lineage, views

with blocks.page("territorial_control", "retaken_areas", "site_status"):
    choice = filters.chosen()
    views.situation_heading(choice)
    views.others_differ(choice)
    # Filled last of the three: the browser draws the map while it still loads the controls. Their place is kept for them
    # (monitor/ui/page.css); Streamlit shows an empty place only if it has a border.
    bar = st.container(key="controls", border=True)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        views.small_control_map(choice)
    with bar:
        filters.controls(choice)
    with right:
        views.overview_shares(choice)
    views.headline_numbers(choice)
    lineage.numbers(choice, *lineage.ids_of([""]), *views.CLAIM_NUMBERS)
    views.latest_changes(choice)
