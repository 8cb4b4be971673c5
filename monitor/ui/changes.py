"""Views of the page Digest: what changed from one snapshot to the next."""

from __future__ import annotations

import streamlit as st

from monitor.export import digest as digests
from monitor.language import _, format_date, language
from monitor.ui import blocks, data, filters
from monitor.ui.exhibit import site


def _chosen() -> tuple[str, str]:
    """Ids of the earlier and of the later snapshot: the later one is the one shown, the earlier one can be chosen."""
    kept = data.kept_snapshots()
    after = data.snapshot().snapshot_id
    earlier = [one for one in kept if one.snapshot_id != after]
    if not earlier:
        blocks.plain(
            _(
                "Only one snapshot is kept so far: the digest begins with the next refresh that changes something."
            ),
            small=True,
        )
        return after, after
    labels = {
        one.snapshot_id: one.snapshot_id
        + (f" · {format_date(one.published_at.date())}" if one.published_at else "")
        for one in earlier
    }
    before = filters.select(
        "since", _("What changed since snapshot"), list(labels), default=earlier[0].snapshot_id, labels=labels
    )
    return before, after


def show() -> None:
    """The digest with its links, and the same as text, e-mail and slide."""
    heading = st.container()
    before, after = _chosen()
    today, root, later = data.today(), site(), data.model_of(after)
    found = later.kept(
        "digest",
        (),
        (before, after, today, root, language()),
        lambda: digests.digest(data.model_of(before), later, today=today, site=root),
    )
    with heading:
        blocks.sentence(found.summary)
        blocks.plain(f"{found.title}. {found.subtitle}.", small=True)
    for section in found.sections:
        if not section.lines:
            continue
        st.markdown(f"## {blocks.escaped(section.heading)} ({len(section.lines)})")
        with st.container(
            height=420 if len(section.lines) > 12 else "content", border=len(section.lines) > 12
        ):
            for line in section.lines:
                source = f" · {blocks.link(_('source'), line.source)}" if line.source else ""
                st.markdown(
                    f"{blocks.escaped(line.text)} :small[{blocks.link(_('open'), line.link)}{source}]"
                )
    _files(found, f"digest-{before}-{after}")


def _files(found: digests.Digest, name: str) -> None:
    st.markdown(f"## {_('Take it along')}")
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            _("Text"), digests.text(found), f"{name}.txt", "text/plain", icon=":material/download:"
        )
        st.download_button(
            _("E-mail (HTML)"), digests.html(found), f"{name}.html", "text/html", icon=":material/mail:"
        )
        st.download_button(
            _("Slide (PPTX)"),
            lambda: digests.slide(found),
            f"{name}.pptx",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            icon=":material/slideshow:",
        )
