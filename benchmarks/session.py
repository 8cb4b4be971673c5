"""A reader without a browser: one websocket session that asks for runs of a page's script and takes in what they send."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


@dataclass(frozen=True)
class Answer:
    """What one run of the script gave: ms from the request to its end, bytes, the bytes themselves, and what went wrong."""

    ms: float
    bytes: int
    content: bytes
    errors: tuple[str, ...]


class Session:
    """A session on a page; the link is changed as a browser tells it after Back or a link within the app."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def run(self, page: str, query: str, *, seconds: float = 60) -> Answer:
        """Ask for a run of `page` with `query` in its link and return when the server says that the run has finished.

        Raises
        ------
        TimeoutError
            The run did not end in time.
        """
        request = BackMsg()
        request.rerun_script.page_name = page
        request.rerun_script.query_string = query
        started = time.perf_counter()
        self._socket.send(request.SerializeToString())
        received: list[bytes] = []
        errors: list[str] = []
        while True:
            left = seconds - (time.perf_counter() - started)
            received.append(bytes(self._socket.recv(timeout=max(0.0, left))))
            message = ForwardMsg.FromString(received[-1])
            errors += _errors(message)
            if message.WhichOneof("type") == "script_finished" and _is_final(message):
                ms = 1000 * (time.perf_counter() - started)
                return Answer(ms, sum(map(len, received)), b"".join(received), tuple(errors))


@contextmanager
def session(url: str) -> Iterator[Session]:
    """Connect as a browser does."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(
        address, max_size=None, subprotocols=["streamlit"], open_timeout=60, compression=None
    ) as socket:  # type: ignore[list-item]
        yield Session(socket)


def _is_final(message: ForwardMsg) -> bool:
    """Whether the run ended for good; one that a newer request cut short is followed by that."""
    return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


def _errors(message: ForwardMsg) -> list[str]:
    """Return the exceptions and error boxes that a message shows, and a script that could not be run."""
    if message.WhichOneof("type") == "script_finished":
        failed = message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR
        return ["the script does not compile"] if failed else []
    element = message.delta.new_element
    match element.WhichOneof("type"):
        case "exception":
            return [f"{element.exception.type}: {element.exception.message}"]
        case "alert" if element.alert.format == element.alert.ERROR:
            return [element.alert.body]
    return []
