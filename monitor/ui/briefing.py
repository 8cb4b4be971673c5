"""Views of the page Briefing: pick figures, order them, add a sentence each, and take them along as one file."""

from __future__ import annotations

import streamlit as st

from monitor.export import figures, packs
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
_MADE, _FILE, _BAD, _TITLE = "briefing made", "briefing file", "briefing file refused", "briefing title"


def heading() -> None:
    """The page's sentence."""
    blocks.sentence(
        _("Pick figures, put them in order, add a sentence to each, and take them along as one file.")
    )
    blocks.plain(_("All figures come from one snapshot and keep their stamp: date, sources, caveat."))


def load() -> None:
    """Take a composition from a file: figures and their parameters into the link, sentences and title into their fields."""
    with st.expander(_("Open a saved composition")):
        st.file_uploader(
            _("Composition (YAML)"),
            type=["yaml", "yml"],
            key=_FILE,
            max_upload_size=1,
            on_change=_take,
        )
    if why := st.session_state.pop(_BAD, None):
        st.error(blocks.escaped(why), icon=":material/error:")


def _take() -> None:
    file = st.session_state[_FILE]
    if file is None:
        return
    try:
        wanted = packs.composition_of(file.getvalue().decode())
    except ValueError as error:
        st.session_state[_BAD] = _("This file is no composition of a briefing: {why}").format(why=error)
        return
    # What the figures do not share cannot stand in one link: the last one counts. The reader's language stays.
    for query in (wanted.query, *(entry.query for entry in wanted.entries)):
        for name, text in query.items():
            if name != "lang":
                filters.write(name, text)
    _keep([entry.figure_id for entry in wanted.entries])
    st.session_state[_TITLE] = wanted.title
    for entry in wanted.entries:
        st.session_state[f"sentence {entry.figure_id}"] = entry.sentence


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
                    placeholder=built.sentence if isinstance(built, BuiltFigure) else "",
                    help=_("Leave it empty to take the generated one"),
                    height=100,
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
    st.session_state.setdefault(_TITLE, _("Briefing on Port-au-Prince"))
    title = st.text_input(_("Title"), key=_TITLE)
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
    _save(title, items)
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


def _briefing(title: str, items: list[tuple[BuiltFigure, str]]) -> packs.Briefing:
    figures_ = [packs.Item(built, text) for built, text in items]
    return packs.Briefing(title, figures_, data.model(), data.today(), site())


def _save(title: str, items: list[tuple[BuiltFigure, str]]) -> None:
    """Offer the composition, sentences included, as a file for this page and for the command line."""
    st.download_button(
        _("Save this composition (YAML)"),
        packs.spec_of(_briefing(title, items)),
        "briefing.yaml",
        "application/yaml",
        icon=":material/save:",
        help=_(
            "Figures, order, sentences and filters; the address of this page keeps figures and order only"
        ),
        type="tertiary",
    )


def _make(kind: str, title: str, items: list[tuple[BuiltFigure, str]], state: object) -> None:
    from monitor.export import render

    builders = {"pptx": packs.pptx, "pdf": packs.pdf, "zip": packs.archive}
    bar = st.progress(0.0, _("Drawing …"))
    briefing = _briefing(title, items)
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
