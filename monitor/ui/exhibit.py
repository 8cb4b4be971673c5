"""Named figures on pages: built as the command line and the image addresses build them, shown, and offered for export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from monitor.export import figures
from monitor.export.figures import BuiltFigure, NothingToDrawError
from monitor.language import _
from monitor.ui import blocks, data
from monitor.ui.data import Choice
from monitor.ui.figure import Motion, Street, show_figure


def exhibit(
    figure_id: str,
    choice: Choice,
    parameters: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    on_select: Callable[[str], object] | None = None,
    motion: Motion | None = None,
    view: str | None = None,
    street: Street | None = None,
) -> BuiltFigure | None:
    """Build a figure by its id and show it with its menu; where there is nothing to draw, say why and return None.

    Parameters
    ----------
    parameters
        The figure's own parameters, as ``filters.read`` returns them.
    key
        Name of the figure on the page, by default its id.
    on_select, motion, view, street
        As in :func:`monitor.ui.figure.show_figure`.
    """
    key = key or figure_id
    try:
        built = figures.build(figure_id, data.model(), choice, parameters)
    except NothingToDrawError as why:
        blocks.plain(str(why))
        return None
    show_figure(
        built.figure,
        key=key,
        alt=built.alt,
        filename=built.filename,
        on_select=on_select,
        motion=motion,
        view=view,
        street=street,
    )
    menu = st.popover(
        _("Export"),
        type="tertiary",
        icon=":material/ios_share:",
        help=_("Picture, data, citation and link of this figure"),
        key=f"export {key}",
        on_change="rerun",
    )
    if menu.open:
        with menu:
            _menu(built)
    return built


def site() -> str:
    """Address of the dashboard with a slash at the end; empty where no browser is asking."""
    url = st.context.url
    if not url:
        return ""
    root = url.partition("?")[0].rstrip("/")
    # Every page but the first has an address of one part under the root.
    last = root.rpartition("/")[2]
    return (root.removesuffix(f"/{last}") if last in _page_addresses() else root) + "/"


def _page_addresses() -> set[str]:
    from monitor.ui.navigation import PAGES

    return {entry.url_path for entry in PAGES if entry.url_path}


def _menu(built: BuiltFigure) -> None:
    """Files under their addresses, the citation, and links that stay live or keep to this snapshot."""
    from monitor.export import data_files

    pinned_to = built.stamp.snapshot_id if built.stamp.is_pinned else None
    st.markdown(f"**{_('Picture')}**")
    with st.container(horizontal=True, gap="small"):
        for kind in ("png", "svg", "pdf"):
            _file(built, kind, kind.upper(), pinned_to)
    st.markdown(f"**{_('Data drawn')}**")
    with st.container(horizontal=True, gap="small"):
        _file(built, "csv", "CSV", pinned_to)
        _file(built, "xlsx", "XLSX", pinned_to)
    blocks.plain(_("Both come with sources, licences, definitions and filters."), small=True)
    st.markdown(f"**{_('Citation')}**")
    st.code(data_files.citation(built, accessed=data.today(), site=site()), language=None, wrap_lines=True)
    st.markdown(f"**{_('Live link')}** :small[{blocks.escaped(_('follows later refreshes'))}]")
    st.code(site() + data_files.link_of(built, pinned_to=None), language=None, wrap_lines=True)
    snapshot_id = built.stamp.snapshot_id
    st.markdown(
        f"**{_('Pinned link')}** :small[{blocks.escaped(_('keeps to snapshot {id}').format(id=snapshot_id))}]"
    )
    st.code(site() + data_files.link_of(built, pinned_to=snapshot_id), language=None, wrap_lines=True)
    with st.container(horizontal=True, gap="small"):
        for brief, label in (("16x9", "16:9"), ("4x3", "4:3"), ("square", "1:1"), ("a4", "A4")):
            st.link_button(
                label,
                data_files.link_of(built, pinned_to=snapshot_id, brief=brief),
                help=_("This figure alone on a fixed canvas, for a screenshot"),
                icon=":material/crop:",
            )


def _file(built: BuiltFigure, kind: str, label: str, pinned_to: str | None) -> None:
    from monitor.export import data_files

    where = data_files.image_of(built, pinned_to=pinned_to, file_format=kind)
    st.link_button(label, f"{where}&download=1", icon=":material/download:")
