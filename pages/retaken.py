"""Retaken areas: claims, and whether they held."""

import streamlit as st

from monitor.ui import blocks, filters, retaken

with blocks.page("retaken_areas", "territorial_control"):
    choice = filters.chosen()
    outcomes = retaken.outcomes(choice)
    retaken.heading(choice, outcomes)
    filters.controls(choice)
    retaken.strips(choice)
    left, right = st.columns(2, gap="medium")
    with left:
        retaken.claims_curve(choice)
    with right:
        retaken.spells(choice)
    retaken.register(outcomes)
