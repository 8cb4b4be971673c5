"""Entry point of the dashboard: page settings, language, navigation. No data, no charts."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from monitor.ui import opening, serving, warming

ICON = Path(__file__).parent / "monitor" / "ui" / "icon.png"


def main() -> None:
    """Run the page that the reader asked for."""
    with opening.shown_first():
        _run()


def _run() -> None:
    # Not above: the server answers sooner if it need not import the analysis first (monitor.ui.warming does it next).
    from monitor.language import _
    from monitor.ui import brief, filters, languages, turns
    from monitor.ui.navigation import navigation

    filters.carry()
    languages.choose()
    page = navigation()
    name = _("Port-au-Prince Conflict Monitor")
    st.set_page_config(page_title=f"{page.title} · {name}", page_icon=ICON, layout="wide")
    if canvas := brief.wanted():
        brief.show(canvas, page.url_path)
        return
    # Filled last, after the page's own first lines.
    header = st.container(key="header")
    with turns.turn():
        page.run()
    with header:
        languages.control()
    languages.note()


if __name__ == "__main__":  # run by Streamlit, at each visit and interaction
    main()
else:  # imported by the server, once
    # Without this a server just started would serve pages/x.py as /x, past this script and any login in it, and would
    # greet a deep link with "page not found": Streamlit learns of st.navigation only once it has run.
    PagesManager.uses_pages_directory = False
    options = serving.options(on_page=opening.asked, on_drawn=opening.drawn)
    app = st.App(__file__, lifespan=warming.lifespan, **options)
