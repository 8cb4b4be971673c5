"""The first page's first lines and map as the process before sent them, for readers who come before this one has pandas.

A server that has just started answers at once, but needs the better part of a second to import pandas and derive the
situation. While it does, a reader who opens the first page is sent the messages that a run of the same page sent before, up to
its first figure. The run itself follows in any case and sends the same messages anew: the browser draws what differs.

Messages are kept under the digest of everything they depend on: this program and its packages, the snapshot, the day and the
language. Only a page opened with nothing chosen is kept and shown.

Once the first reader of a server has been sent a figure, from an opening or not, the run goes on when the browser says that it
has drawn it: a run that computes meanwhile would take that from the drawing where there are few processors and no graphics card.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext, get_script_run_ctx

from monitor.ui import kept, serving

_FIRST = "has had a run"
_PACKAGES = ("streamlit", "pandas", "plotly", "numpy")
_TIME_ZONE = "America/Port-au-Prince"

#: Seconds for which the warming waits for a first reader, and for the end of the first run once a page was asked for.
_NOBODY = 1.0
_READER = 9.0

#: Seconds for which the run of a page waits for its figure to be drawn, and after which it looks for what else was asked for.
_DRAWN = 4.0
_LOOK = 0.05

#: Seconds given to the browser to draw the first lines before the figure follows.
_LINES_FIRST = 0.04

_is_server = False
_is_asked = threading.Event()
_is_over = threading.Event()

#: Not set while the first reader, with nobody beside, has not drawn a figure yet.
_may_go_on = threading.Event()
_may_go_on.set()


def begin() -> None:
    """Show and keep openings from now on: this process is a server that is about to warm up."""
    global _is_server
    _is_server = True


def end() -> None:
    """Show no more openings: this process computes as fast as it would read them."""
    _is_over.set()


def asked(is_first_page: bool) -> bool:
    """Take note that a browser has asked for a page; any but the first needs what is warmed as soon as possible.

    Returns whether we want to hear from that browser when it has drawn its first figure: see :func:`drawn`.
    """
    is_alone = is_first_page and not _is_asked.is_set() and not _is_over.is_set()
    _is_asked.set()
    if not is_first_page:
        _is_over.set()
    if is_alone:
        _may_go_on.clear()
    else:
        _may_go_on.set()
    return is_alone


def drawn() -> None:
    """Take note that a browser has drawn its first figure, or cannot."""
    _may_go_on.set()


def leave_first_run_alone() -> None:
    """Wait, before warming up, while a reader of an opening is being served: both would only slow one another."""
    name = _name("en")
    if name is not None and (kept.FOLDER / name).exists() and _is_asked.wait(_NOBODY):
        _is_over.wait(_READER)


@contextmanager
def shown_first() -> Iterator[None]:
    """Around a run of ``dashboard.py``: send what is kept before it, or keep what it sends."""
    context = get_script_run_ctx()
    name = _name_for(context) if context else None
    if context is None or name is None:
        yield
        return
    opening = None if _is_over.is_set() else kept.load(name)
    try:
        if opening is not None:
            _send(context, opening)
            _leave_to_draw()
            yield
        elif _is_over.is_set() and (kept.FOLDER / name).exists():
            yield
        else:
            yield from _kept(context, name)
    finally:
        end()


def _name_for(context: ScriptRunContext) -> str | None:
    """Return the name of the opening of this run; None for all but a first run that asks for nothing but a language."""
    if not _is_server or _FIRST in st.session_state:
        return None
    st.session_state[_FIRST] = True
    asked_for = parse_qs(context.query_string)
    if context.pages_manager.intended_page_name or asked_for.keys() - {"lang"}:
        return None
    return _name(asked_for.get("lang", ["en"])[0])


def _name(language: str) -> str | None:
    """Return the name of the opening in a language, with the digest of all it depends on; None without a local snapshot."""
    datasets = Path(os.environ.get("MONITOR_DATASETS", kept.ROOT / "datasets"))
    try:
        snapshot = (datasets / "snapshot.json").read_bytes()
        files = [kept.ROOT / "dashboard.py", *_files(kept.ROOT / "monitor"), *_files(kept.ROOT / "pages")]
        # A description or the record of where data came from may be edited in place; data is named by the snapshot.
        files += sorted(datasets.glob("*/*.*"))
        states = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    except OSError:
        return None
    today = datetime.now(ZoneInfo(_TIME_ZONE)).date()
    packages = [version(name) for name in _PACKAGES]
    parts = (sys.version, packages, str(datasets.resolve()), snapshot, states, today, language)
    return f"opening-{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.*") if path.suffix != ".pyc" and path.is_file())


def _send(context: ScriptRunContext, opening: list[bytes]) -> None:
    """Publish the contents and send the messages of an opening."""
    count = int(opening[0])
    for address, packed in zip(opening[1 : 1 + count], opening[1 + count : 1 + 2 * count], strict=True):
        serving.publish_at(address.decode(), packed)
    messages = [ForwardMsg.FromString(packed) for packed in opening[1 + 2 * count :]]
    for message in messages:
        if _is_figure(message):
            time.sleep(_LINES_FIRST)
        context._enqueue(message)


def _leave_to_draw() -> None:
    """Wait until the figure just sent is drawn, somebody else comes, or the reader does something."""
    until = time.monotonic() + _DRAWN
    while time.monotonic() < until and not _may_go_on.wait(_LOOK):
        _FIRST in st.session_state  # noqa: B015 - Streamlit ends a run that is no longer wanted when it looks here


def _kept(context: ScriptRunContext, name: str) -> Iterator[None]:
    """Let the page run, and keep what it sends up to its first figure, if it comes so far."""
    sent: list[ForwardMsg] = []
    send = context._enqueue

    def noted(message: ForwardMsg) -> None:
        is_early = not (sent and _is_figure(sent[-1]))
        if is_early:
            sent.append(ForwardMsg.FromString(message.SerializeToString()))
        send(message)
        if is_early and _is_figure(message):
            _leave_to_draw()

    context._enqueue = noted
    try:
        yield
    finally:
        context._enqueue = send
    language = st.query_params.get("lang", "en")
    is_whole = (
        bool(sent)
        and _is_figure(sent[-1])
        and all(message.WhichOneof("type") != "ref_hash" for message in sent)
    )
    if is_whole and name == _name(language):
        for message in sent:
            if message.WhichOneof("type") == "page_config_changed":
                message.page_config_changed.favicon = (
                    ""  # a file that the server only has once the page has run
                )
        messages = [message.SerializeToString() for message in sent]
        contents = serving.published_in(messages[-1])
        addresses = [address.encode() for address in contents]
        kept.save(name, [b"%d" % len(contents), *addresses, *contents.values(), *messages])


def _is_figure(message: ForwardMsg) -> bool:
    if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
        return False
    element = message.delta.new_element
    return element.WhichOneof("type") == "bidi_component" and element.bidi_component.component_name.endswith(
        "figure"
    )
