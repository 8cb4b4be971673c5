"""Retaken areas: claims, and whether they held."""

import streamlit as st

from monitor.ui import blocks, filters, retaken

with blocks.page():
    heading = st.container()
    choice = filters.choice()
    outcomes = retaken.outcomes(choice)
    with heading:
        retaken.heading(choice, outcomes)
    retaken.strips(choice)
    left, right = st.columns(2, gap="medium")
    with left:
        retaken.claims_curve(choice)
    with right:
        retaken.spells(choice)
    retaken.register(outcomes)
