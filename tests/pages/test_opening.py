"""What one process leaves for the next: kept files, and the first page's opening."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from monitor.ui import kept, opening, serving


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "kept")
    return tmp_path / "kept"


def test_kept_parts_come_back():
    parts = [b"", b"one", bytes(1000)]
    kept.save("name", parts)
    assert kept.load("name") == parts
    assert kept.load("other") is None


def test_damaged_file_is_as_good_as_none(folder):
    kept.save("name", [b"one", b"two"])
    (folder / "name").write_bytes((folder / "name").read_bytes()[:-1])
    assert kept.load("name") is None


def test_folder_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "file" / "kept")
    kept.save("name", [b"one"])
    assert kept.load("name") is None


def test_oldest_files_go(folder, monkeypatch):
    monkeypatch.setattr(kept, "_FILES", 3)
    for number in range(6):
        kept.save(f"name {number}", [b"one"])
    assert len(list(folder.iterdir())) == 3


def _text(words: str) -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.markdown.body = words
    return message


def _figure(data: bytes = b"{}") -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.bidi_component.component_name = "figure"
    message.delta.new_element.bidi_component.bytes = data
    return message


@pytest.fixture
def visit(tmp_path, monkeypatch) -> Callable[..., list[ForwardMsg]]:
    """A first visit of a server that has just started: what reaches the browser."""
    (tmp_path / "snapshot.json").write_text("{}")
    monkeypatch.setenv("MONITOR_DATASETS", str(tmp_path))

    def visit(
        run: Callable[[Callable], object],
        query: str = "",
        *,
        by: tuple[bool, ...] = (),
        state: dict | None = None,
    ) -> list[ForwardMsg]:
        received: list[ForwardMsg] = []
        context = SimpleNamespace(
            _enqueue=received.append,
            query_string=query,
            pages_manager=SimpleNamespace(intended_page_name=""),
        )
        monkeypatch.setattr(opening, "get_script_run_ctx", lambda: context)
        monkeypatch.setattr(
            opening, "st", SimpleNamespace(session_state={} if state is None else state, query_params={})
        )
        monkeypatch.setattr(opening, "_is_server", True)
        opening._is_asked.clear()
        opening._is_over.clear()
        opening.drawn()
        for is_first_page in by:
            opening.asked(is_first_page)
        with opening.shown_first():
            run(lambda message: context._enqueue(message))
        return received

    return visit


def _page(send: Callable[[ForwardMsg], object]) -> None:
    for message in (_text("the sentence"), _figure(), _text("the rest")):
        send(message)


PAGE = [_text("the sentence"), _figure(), _text("the rest")]


def test_next_process_sends_what_comes_up_to_the_first_figure_and_then_the_page(visit):
    assert visit(_page) == PAGE
    assert visit(_page) == [*PAGE[:2], *PAGE]


@pytest.fixture
def looks(monkeypatch) -> list[object]:
    """The looks taken, in seconds, at whether a figure is drawn; it is at the third."""
    looks: list[object] = []

    class Looked(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if not self.is_set():
                looks.append(timeout)
            if len(looks) == 3:
                opening.drawn()
            return self.is_set()

    monkeypatch.setattr(opening, "_may_go_on", Looked())
    return looks


ONE_READER = (True,)


def test_run_waits_until_the_opening_is_drawn(visit, looks):
    visit(_page)
    visit(lambda send: looks.append("run"), by=ONE_READER)
    assert looks == [*3 * [opening._LOOK], "run"]


def test_run_without_an_opening_waits_until_its_figure_is_drawn(visit, looks):
    def page(send):
        _page(send)
        looks.append("the rest")

    assert visit(page, by=ONE_READER) == PAGE
    assert looks == [*3 * [opening._LOOK], "the rest"]


def test_run_waits_no_longer_than_a_while(visit, looks, monkeypatch):
    visit(_page)
    monkeypatch.setattr(opening, "_DRAWN", 0)
    assert visit(_page, by=ONE_READER) == [*PAGE[:2], *PAGE]
    assert looks == []


@pytest.mark.parametrize("readers", [(), (True, True), (True, False)], ids=["none", "two", "of another page"])
def test_run_waits_for_nobody_but_a_single_reader(visit, looks, readers):
    visit(_page)
    assert visit(_page, by=readers)[-3:] == PAGE
    assert looks == []


def test_run_that_nobody_wants_any_more_ends_while_it_waits(visit, looks):
    visit(_page)

    class EndedError(Exception):
        pass

    class State(dict):
        def __contains__(self, name):
            if looks:
                raise EndedError
            return super().__contains__(name)

    with pytest.raises(EndedError):
        visit(_page, by=ONE_READER, state=State())


def test_what_is_kept_is_not_kept_again(visit, folder):
    visit(_page)
    [file] = folder.iterdir()
    before = file.stat().st_mtime_ns
    visit(lambda send: opening.end())
    visit(_page, by=(False,))
    assert file.stat().st_mtime_ns == before


def test_contents_of_the_figure_can_be_fetched_before_the_page_has_run(visit):
    address = serving.publish(b'{"a": "geometry"}', "content.json")
    visit(lambda send: send(_figure(address.encode())))
    content = serving._published.pop(address)
    visit(lambda send: None)
    assert gzip.decompress(serving._published[address]) == content


def test_nothing_is_shown_of_another_snapshot(visit, tmp_path):
    visit(_page)
    (tmp_path / "snapshot.json").write_text('{"another": 1}')
    assert visit(_page) == PAGE


def test_nothing_is_shown_of_another_language_or_a_chosen_date(visit):
    visit(_page)
    assert visit(_page, "lang=fr") == PAGE
    assert visit(_page, "as_of=2025-01-05") == PAGE


def test_run_that_fails_is_not_kept(visit):
    def fails(send):
        _page(send)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        visit(fails)
    assert visit(_page) == PAGE


def test_page_without_figure_is_not_kept(visit):
    visit(lambda send: send(_text("This page needs data that cannot be served.")))
    assert visit(_page) == PAGE
