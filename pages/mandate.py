"""Mission: personnel, funding, police strength and published indicators."""

import streamlit as st

from monitor.ui import blocks, filters, mission

with blocks.page("mission", "indicators"):
    choice = filters.chosen()
    mission.heading(choice)
    filters.controls(choice, evidence=False)
    left, right = st.columns(2, gap="medium")
    with left:
        mission.personnel(choice)
    with right:
        mission.funding(choice)
    mission.police_and_capital(choice)
    mission.indicators(choice)
    mission.tables(choice)
