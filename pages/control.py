"""Territorial control: who holds what on any date, who says so, how sure, how old."""

import streamlit as st

from monitor.ui import blocks, cards, filters, views

with blocks.page():
    heading = st.container()
    choice = filters.choice()
    with heading:
        views.situation_heading(choice)
    area = cards.area_search()
    left, right = st.columns([2, 1], gap="medium")
    with left:
        views.control_map(choice, area)
    with right:
        cards.area_card(choice, area)
    views.share_over_time(choice, key="control-shares", spans=True)
    views.control_table(choice)
