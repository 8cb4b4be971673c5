"""Actors: who holds what, by coalition of the date, and one actor in depth."""

import streamlit as st

from monitor.ui import actors, blocks, filters

with blocks.page():
    choice = filters.chosen()
    actors.heading(choice)
    filters.controls(choice)
    actors.areas(choice)
    left, right = st.columns([3, 2], gap="medium")
    with right:
        actor = actors.card(choice)
    with left:
        actors.areas_of_one(choice, actor)
    actors.depth(choice, actor)
    actors.table(choice)
