"""Views of the page Briefing: pick figures, order them, add a sentence each, and take them along as one file."""

from __future__ import annotations

import streamlit as st

from monitor.export import figures
from monitor.export.figures import FIGURES, BuiltFigure, NothingToDrawError, UnknownParameterError
from monitor.export.link import BadLinkError, parameters_of
from monitor.language import _
from monitor.ui import blocks, data, filters
from monitor.ui.data import Choice
from monitor.ui.exhibit import site

_START = ["control-map", "share-over-time", "retaken-strips", "site-strips"]
_KINDS = {
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
_MADE = "briefing made"


def heading() -> None:
    """The page's sentence."""
    blocks.sentence(
        _("Pick figures, put them in order, add a sentence to each, and take them along as one file.")
    )
    blocks.plain(_("All figures come from one snapshot and keep their stamp: date, sources, caveat."))


def pick() -> list[str]:
    """Ids of the figures in their order, kept in the link."""
    chosen = filters.read("figure", _START)
    key = "figure control"
    filters.sync(key, chosen)
    st.multiselect(
        _("Figures, in the order of the slides"),
        list(FIGURES),
        format_func=lambda name: _(FIGURES[name].title),
        key=key,
        placeholder=_("none yet"),
        on_change=lambda: _keep(st.session_state[key]),
    )
    return list(chosen)


def _keep(ids: list[str]) -> None:
    filters.write("figure", "~".join(ids))


def order(choice: Choice, ids: list[str]) -> list[tuple[BuiltFigure, str]]:
    """One row per figure: its finding, a sentence of one's own, and its place; returns what can be drawn, with the sentences."""
    items = []
    for number, figure_id in enumerate(ids):
        with st.container(border=True):
            built = _built(choice, figure_id)
            left, middle, right = st.columns([5, 5, 1.4], vertical_alignment="center")
            with left:
                st.markdown(f"**{number + 1}. {blocks.escaped(_(FIGURES[figure_id].title))}**")
                blocks.plain(built if isinstance(built, str) else built.stamp.title, small=True)
            with middle:
                sentence = st.text_area(
                    _("Sentence over the figure"),
                    key=f"sentence {figure_id}",
                    placeholder=built.alt if isinstance(built, BuiltFigure) else "",
                    help=_("Leave it empty to take the generated one"),
                    height=80,
                    disabled=isinstance(built, str),
                )
            with right, st.container(horizontal=True, gap="small", horizontal_alignment="right"):
                _move(ids, number, -1, ":material/arrow_upward:", _("Move up"))
                _move(ids, number, 1, ":material/arrow_downward:", _("Move down"))
        if isinstance(built, BuiltFigure):
            items.append((built, sentence.strip()))
    return items


def _built(choice: Choice, figure_id: str) -> BuiltFigure | str:
    """The figure, or why there is none."""
    query = {name: st.query_params[name] for name in st.query_params}
    try:
        parameters = parameters_of(FIGURES[figure_id], query)
        return figures.build(figure_id, data.model(), choice, parameters)
    except (NothingToDrawError, UnknownParameterError, BadLinkError) as why:
        return str(why)


def _move(ids: list[str], number: int, by: int, icon: str, label: str) -> None:
    other = number + by
    moved = list(ids)
    if 0 <= other < len(ids):
        moved[number], moved[other] = moved[other], moved[number]
    st.button(
        icon,
        key=f"{label} {ids[number]}",
        help=label,
        disabled=not 0 <= other < len(ids),
        on_click=_keep,
        args=(moved,),
    )


def make(items: list[tuple[BuiltFigure, str]]) -> None:
    """Buttons that make a file, with progress, and the button that hands it over."""
    if not items:
        blocks.plain(_("Pick at least one figure that can be drawn."))
        return
    title = st.text_input(_("Title"), value=_("Briefing on Port-au-Prince"), key="briefing title")
    with st.container(horizontal=True, gap="small"):
        wanted = [
            kind
            for kind, label in (
                ("pptx", _("Make slides (PPTX)")),
                ("pdf", _("Make PDF")),
                ("zip", _("Make ZIP of files")),
            )
            if st.button(label, key=f"make {kind}", type="primary" if kind == "pptx" else "secondary")
        ]
    state = (
        title,
        tuple((built.figure_id, built.stamp.title, text) for built, text in items),
        data.snapshot().snapshot_id,
    )
    if wanted:
        _make(wanted[0], title, items, state)
    made = st.session_state.get(_MADE)
    if made and made["state"] == state:
        st.download_button(
            _("Download {name}").format(name=made["name"]),
            made["body"],
            made["name"],
            _KINDS[made["kind"]],
            icon=":material/download:",
            type="primary",
        )


def _make(kind: str, title: str, items: list[tuple[BuiltFigure, str]], state: object) -> None:
    from monitor.export import packs, render

    builders = {"pptx": packs.pptx, "pdf": packs.pdf, "zip": packs.archive}
    bar = st.progress(0.0, _("Drawing …"))
    briefing = packs.Briefing(
        title, [packs.Item(built, text) for built, text in items], data.model(), data.today(), site()
    )
    try:
        body = builders[kind](
            briefing,
            lambda done, total: bar.progress(
                done / total, _("{done} of {total} figures").format(done=done, total=total)
            ),
        )
    except render.NoBrowserError as missing:
        bar.empty()
        st.error(blocks.with_commands(str(missing)), icon=":material/print_error:")
        return
    bar.empty()
    name = f"briefing-{items[0][0].choice.as_of}.{kind}"
    st.session_state[_MADE] = {"state": state, "kind": kind, "name": name, "body": body}
