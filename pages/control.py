"""Territorial control: who holds what on any date, who says so, how sure, how old."""

import streamlit as st

from monitor.ui import blocks, cards, filters, lineage, views

with blocks.page("territorial_control", "incidents", "site_status"):
    choice = filters.chosen()
    lines = views.situation_heading(choice)
    filters.controls(choice, steps=False)
    dates = views.timeline(choice)
    views.time_control(choice, dates)
    left, right = st.columns([2, 1], gap="medium")
    with right:
        area = cards.area_search()
        cards.area_card(choice, area)
    with left:
        layers = views.shown_layers()
        views.control_map(choice, area, dates, layers)
    views.share_over_time(choice, dates, layers)
    views.moving_heading(choice, dates, lines)
    lineage.page_numbers(choice, "")
    views.control_table(choice)
