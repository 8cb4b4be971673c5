"""The bare framework, first yardstick: a page with one title."""

import streamlit as st

st.title("A page with one title")
