"""Incidents: what happened where, filtered; the starter set is a selection."""

import streamlit as st

from monitor.ui import blocks, events, filters, lineage

with blocks.page(*events.DATASETS):
    heading = st.container()
    choice = filters.choice(evidence=False)
    provider = events.provider_control()
    rows = events.known(choice, provider)
    wanted = events.filter_bar(choice, rows, provider)
    found = events.filtered(rows, wanted)
    with heading:
        events.heading(choice, rows, found, provider)
        if events.is_own(provider):
            lineage.page_numbers(choice, "security-incidents")
    part = filters.part(events.parts())
    if part == "rates":
        events.rates(choice, wanted)
    elif part == "providers":
        events.providers(choice, wanted)
    else:
        events.weekly(choice, wanted)
        if len(found):
            events.map_of(choice, wanted)
    events.detail(provider)
    events.table(found, provider)
