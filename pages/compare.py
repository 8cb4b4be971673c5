"""Compare: two dates side by side, what changed between them, gains and losses from week to week."""

import streamlit as st

from monitor.ui import blocks, compare, filters

with blocks.page():
    heading = st.container()
    choice = filters.choice()
    first = compare.first_date(choice)
    rows = compare.changed(choice, first)
    with heading:
        compare.heading(choice, first, rows)
    compare.two_maps(choice, first)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        compare.change_map(choice, first)
    with right:
        compare.list_of(rows)
    compare.sums(choice, first)
    compare.table(rows)
