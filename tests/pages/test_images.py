"""Image addresses: what they answer, what they keep, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from loaders import store
from monitor.export import render
from monitor.ui import images
from tests.server import DATASETS


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("MONITOR_DATASETS", str(DATASETS))
    monkeypatch.setattr(images, "_files", images._Files(10_000_000))
    monkeypatch.setattr(images, "_rate", images._Rate(50, 60.0))
    with TestClient(Starlette(routes=[Route("/figures/{name}", images.send)])) as asked:
        yield asked


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("no-figure.png", 404, "control-map"),
        ("control-map.gif", 404, ".png"),
        ("control-map.csv?as_of=yesterday", 400, "YYYY-MM-DD"),
        ("control-map.csv?as_of=2099-01-01", 400, "future"),
        ("control-map.csv?colour=red", 400, "colour"),
        ("control-map.csv?area=nowhere", 400, "nowhere"),
        ("control-map.csv?lang=tlh", 400, "en"),
        ("control-map.csv?snap=../../etc", 400, "snapshot"),
        ("control-map.csv?snap=0123456789", 404, "is not kept here"),
        ("control-map.png?width=100000", 400, "400 to 2000"),
        ("incident-map.csv?deaths=100000", 404, "No event matches"),
    ],
)
def test_what_cannot_be_served_is_explained(client: TestClient, address: str, status: int, says: str) -> None:
    answer = client.get(f"/figures/{address}")
    assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
    assert answer.headers["content-type"].startswith("text/plain")
    assert says in answer.text


def test_data_are_served_kept_and_not_sent_again(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = client.get("/figures/control-map.csv?as_of=2025-06-25&lang=fr")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="control-2025-06-25.zip"'
    assert "max-age=300" in answer.headers["cache-control"]
    monkeypatch.setattr(images, "_made", None)  # a kept file is not made again
    again = client.get("/figures/control-map.csv?lang=fr&as_of=2025-06-25&download=1")
    assert again.content == answer.content
    unchanged = client.get(
        "/figures/control-map.csv?lang=fr&as_of=2025-06-25", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_a_pinned_address_may_be_kept_for_ever(client: TestClient) -> None:
    snapshot = store.snapshot(root=DATASETS).snapshot_id
    answer = client.get(f"/figures/control-map.xlsx?as_of=2025-06-25&snap={snapshot}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


def test_a_picture_is_drawn(
    client: TestClient, browser_program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(render.BROWSER_VARIABLE, browser_program)
    answer = client.get("/figures/control-map.svg?as_of=2025-06-25&lang=ht&brief=square")
    render.close()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert b"<image" not in answer.content


def test_without_chrome_pictures_say_what_to_install(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    render.close()
    monkeypatch.setenv(render.BROWSER_VARIABLE, str(tmp_path / "none"))
    answer = client.get("/figures/control-map.png?as_of=2025-06-25")
    assert (answer.status_code, "apt-get install chromium" in answer.text) == (503, True)
    assert client.get("/figures/control-map.xlsx?as_of=2025-06-25").status_code == 200


def test_an_asker_gets_a_number_of_new_files_and_kept_ones_always(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_rate", images._Rate(1, 3600.0))
    first = "/figures/control-map.csv?as_of=2025-06-25"
    assert client.get(first).status_code == 200
    refused = client.get("/figures/control-map.csv?as_of=2025-06-24")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert client.get(first).status_code == 200


def test_the_bucket_of_an_asker_fills_with_time() -> None:
    rate = images._Rate(2, 60.0)
    assert [rate.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert rate.take("b", 0.0)
    assert not rate.take("a", 20.0)
    assert rate.take("a", 31.0)


def test_the_kept_files_have_a_limit() -> None:
    files = images._Files(10)
    for number in range(4):
        files.put((number,), images._File(b"x" * 4, f"{number}.png", False))
    assert [number for number in range(4) if files.get((number,))] == [2, 3]
