"""A pinned figure is the same after later refreshes; a live one is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from loaders import store
from monitor.analysis.model import Choice, Model
from monitor.charts.shared import encode
from monitor.export import data_files, figures
from monitor.export.kept import DatasetError, Kept

CHOICE = Choice(date(2025, 6, 25), None, "all_claims", 180)
DRAWN = ("control-map", "share-over-time", "retaken-strips")


def drawn(model: Model) -> list[bytes]:
    return [encode(figures.build(name, model, CHOICE).figure.to_plotly_json()) for name in DRAWN]


def refresh(root: Path) -> str:
    """Publish the statements without a fifth of them."""
    of = store.snapshot(root=root)
    files = {
        name: store.read_bytes("territorial_control", name, of=of, root=root)
        for name in of.digests["territorial_control"]
    }
    lines = files["data.csv"].splitlines(keepends=True)
    files["data.csv"] = b"".join([lines[0], *(line for number, line in enumerate(lines[1:]) if number % 5)])
    with store.lock(root):
        return store.publish({"territorial_control": store.Version(files)}, root=root).snapshot_id


def test_a_pinned_figure_survives_three_refreshes(datasets_copy: Path) -> None:
    first = store.snapshot(root=datasets_copy).snapshot_id
    pinned = drawn(Model(Kept(first, root=datasets_copy)))
    live = drawn(Model(Kept(root=datasets_copy)))
    assert pinned != live, "A figure says whether it is pinned."
    later = [refresh(datasets_copy) for _refresh in range(3)]
    assert len({first, *later}) == 4
    assert drawn(Model(Kept(first, root=datasets_copy))) == pinned
    assert drawn(Model(Kept(root=datasets_copy))) != live
    title = figures.build("control-map", Model(Kept(later[0], root=datasets_copy)), CHOICE)
    assert f"Snapshot {later[0]}, pinned" in title.stamp.footer
    link = data_files.link_of(title, pinned_to=later[0])
    assert link.endswith(f"snap={later[0]}")


def test_a_snapshot_that_is_not_kept_is_an_error_that_names_the_current_one(datasets_copy: Path) -> None:
    current = store.snapshot(root=datasets_copy).snapshot_id
    with pytest.raises(DatasetError, match=current):
        Kept("0123456789", root=datasets_copy)
