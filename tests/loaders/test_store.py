"""The store: damaged data is never served, and publishing leaves the old data or the new, whole, whatever fails."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from loaders import store
from loaders.contracts import CONTRACTS, REJECTED_COLUMNS, typed
from loaders.store import DatasetError, Snapshot, Version

MILESTONE = {"milestone_date": "2025-03-01", "kind": "mandate", "source_checked": "page"}
SOURCE = {
    "publisher": "A newspaper",
    "source_type": "local press",
    "claimant": "press",
    "licence": "facts only",
}
LAND = {"name": "Land", "source_publisher": "A producer", "licence": "ODbL"}


def version(dataset_id: str, *lines: dict[str, str], rejected: int = 0) -> Version:
    """A version of a dataset with some rows, and files as a refresh writes them."""
    contract = CONTRACTS[dataset_id]
    frame = typed(pd.DataFrame(list(lines)).reindex(columns=contract.column_names), contract)
    if contract.has_geometry:
        frame["geometry"] = [box(-72.4, 18.5, -72.2, 18.6)] * len(frame)
    left_out = pd.DataFrame(
        [(2, "day", "soon", "is not a date", "{}")] * rejected, columns=REJECTED_COLUMNS, dtype="str"
    )
    provenance = {"dataset": dataset_id, "rows": len(frame), "rejected": rejected}
    return Version(
        {
            contract.file_name: store.serialise(frame, contract),
            store.REJECTED_FILE: left_out.to_csv(index=False).encode(),
            store.PROVENANCE_FILE: json.dumps(provenance).encode(),
        }
    )


OLD = {
    "milestones": version("milestones", {"milestone_id": "M1", "label": "Old", **MILESTONE}),
    "sources": version("sources", {"source_id": "s1", "title": "Old", **SOURCE}),
    "coastline": version("coastline", {"coastline_id": "land", **LAND}),
}
#: Two of the three datasets change, together.
CHANGES = {
    "milestones": version(
        "milestones",
        {"milestone_id": "M1", "label": "New", **MILESTONE},
        {"milestone_id": "M2", "label": "Kreyòl, “quoted”", **MILESTONE},
        rejected=1,
    ),
    "sources": version("sources", {"source_id": "s2", "title": "New", **SOURCE}),
}


def contents(root: Path, of: Snapshot | None = None) -> dict[str, Any]:
    """What a reader gets of all datasets: rows, rejected rows and provenance, of one snapshot."""
    of = of or store.snapshot(root=root)
    return {
        name: (
            store.read(name, of=of, root=root).to_csv(),
            store.read_rejected(name, of=of, root=root).to_csv(),
            store.read_provenance(name, of=of, root=root),
        )
        for name in of.versions
    }


def working_files(root: Path) -> dict[str, bytes]:
    return {f"{name}/{file}": (root / name / file).read_bytes() for name in OLD for file in OLD[name].files}


def served_files(root: Path, of: Snapshot) -> dict[str, bytes]:
    """The bytes that readers of a snapshot are given."""
    return {
        f"{name}/{file}": store.read_bytes(name, file, of=of, root=root)
        for name in OLD
        for file in OLD[name].files
    }


def files_of(versions: dict[str, Version]) -> dict[str, bytes]:
    return {f"{name}/{file}": data for name in versions for file, data in versions[name].files.items()}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the old data, as it comes out of version control: without kept versions."""
    root = tmp_path_factory.mktemp("published") / "datasets"
    store.publish(OLD, root=root)
    shutil.rmtree(root / ".store")
    return root


@pytest.fixture
def root(published: Path, tmp_path: Path) -> Path:
    """A copy of that store to damage."""
    return Path(shutil.copytree(published, tmp_path / "datasets"))


# -- reading ---------------------------------------------------------------------------------------------------------


def test_published_data_is_read_back(root: Path) -> None:
    frame = store.read("milestones", root=root)
    assert frame["label"].tolist() == ["Old"]
    assert frame["milestone_date"].tolist() == [pd.Timestamp("2025-03-01")]
    assert store.read_geometry("coastline", root=root).crs == "EPSG:4326"
    assert store.read_geometry("coastline", root=root).geometry[0].equals(box(-72.4, 18.5, -72.2, 18.6))


def test_datasets_are_read_from_the_folder_that_the_environment_names(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(store.ROOT_VARIABLE, str(root))
    assert store.read("milestones")["label"].tolist() == ["Old"]


def _remove(path: Path) -> None:
    path.unlink()


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "missing": (_remove, "is missing"),
    "truncated": (_truncate, "is not the file that was published.*edited, truncated or damaged"),
    "empty": (_empty, "is not the file that was published: it has 0 bytes"),
    "edited": (
        _edit,
        "is not the file that was published.*edit its source under datasets/curated/ and refresh",
    ),
    "a folder": (_folder, "cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    ("dataset_id", "file", "reader"),
    [
        ("milestones", "data.csv", store.read),
        ("coastline", "data.geojson", store.read),
        ("coastline", "data.geojson", store.read_features),
        ("coastline", "data.geojson", store.read_geometry),
        ("milestones", "rejected.csv", store.read_rejected),
        ("milestones", "provenance.json", store.read_provenance),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_the_remedy(
    root: Path, dataset_id: str, file: str, reader: Callable[..., Any], damage: str
) -> None:
    break_, words = DAMAGES[damage]
    break_(root / dataset_id / file)
    with pytest.raises(DatasetError, match=rf"(?s)datasets/{dataset_id}/{file} {words}") as error:
        reader(dataset_id, root=root)
    assert f"git checkout -- datasets/{dataset_id}/{file}" in str(error.value)


@pytest.mark.parametrize("damage", DAMAGES)
def test_other_datasets_are_served_while_one_is_damaged(root: Path, damage: str) -> None:
    DAMAGES[damage][0](root / "milestones" / "data.csv")
    assert store.read("sources", root=root)["title"].tolist() == ["Old"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_kept_copy_is_served_in_place_of_a_damaged_file(tmp_path: Path, damage: str) -> None:
    root = tmp_path / "datasets"
    store.publish(OLD, root=root)
    DAMAGES[damage][0](root / "milestones" / "data.csv")
    assert store.read("milestones", root=root)["label"].tolist() == ["Old"]


@given(st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_and_no_cut_goes_unnoticed(root: Path, data: st.DataObject) -> None:
    path = root / "milestones" / "data.csv"
    whole = OLD["milestones"].files["data.csv"]
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    cut = data.draw(st.booleans())
    path.write_bytes(whole[:place] if cut else whole[:place] + bytes([other]) + whole[place + 1 :])
    with pytest.raises(DatasetError, match="is not the file that was published"):
        store.read("milestones", root=root)


def test_a_dataset_that_was_never_published_names_the_command_that_builds_it(root: Path) -> None:
    with pytest.raises(DatasetError, match="python -m loaders refresh incidents"):
        store.read("incidents", root=root)


def test_whole_data_that_breaks_its_contract_is_refused(root: Path) -> None:
    files = {**OLD["milestones"].files, "data.csv": b"milestone_id\nM1\n"}
    store.publish({"milestones": Version(files)}, root=root)
    with pytest.raises(DatasetError, match=r"Dataset milestones cannot be read with its contract"):
        store.read("milestones", root=root)


# -- snapshots -------------------------------------------------------------------------------------------------------


def _change(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    body = json.loads(path.read_text())
    change(body)
    path.write_text(json.dumps(body))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_remove, "is missing.*no data has been published.*python -m loaders refresh --all --yes"),
        (_truncate, "is damaged.*version control"),
        (_empty, "is damaged.*version control"),
        (_folder, "is damaged.*version control"),
        (lambda path: path.write_text("[]"), "is damaged.*version control"),
        (lambda path: path.write_text("{}"), "is damaged.*version control"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "is damaged.*version control"),
        (lambda path: _change(path, lambda body: body.update(snapshot_id="0000000000")), "was edited"),
        (lambda path: _change(path, lambda body: body.pop("snapshot_id")), "was edited"),
        (lambda path: _change(path, lambda body: body["datasets"].pop("sources")), "was edited"),
        (
            lambda path: _change(
                path, lambda body: body["datasets"]["sources"]["files"].update({"data.csv": "0" * 64})
            ),
            "was edited.*version control",
        ),
    ],
)
def test_a_damaged_or_edited_snapshot_is_refused_with_the_remedy(
    root: Path, damage: Callable[[Path], Any], words: str
) -> None:
    damage(root / "snapshot.json")
    with pytest.raises(DatasetError, match=rf"(?s)^snapshot\.json .*{words}"):
        store.read("milestones", root=root)


def test_an_edit_of_data_cannot_be_hidden_by_an_edit_of_its_digest(root: Path) -> None:
    path = root / "milestones" / "data.csv"
    path.write_bytes(path.read_bytes().replace(b"Old", b"Odd"))
    digest = store.sha256(path.read_bytes())
    _change(
        root / "snapshot.json",
        lambda body: body["datasets"]["milestones"]["files"].update({"data.csv": digest}),
    )
    with pytest.raises(DatasetError, match="was edited"):
        store.read("milestones", root=root)


def test_a_damaged_snapshot_is_never_published_over(root: Path) -> None:
    _truncate(root / "snapshot.json")
    before = (root / "snapshot.json").read_bytes()
    with pytest.raises(DatasetError, match="is damaged"):
        store.publish(CHANGES, root=root)
    assert (root / "snapshot.json").read_bytes() == before


def test_the_same_data_has_the_same_snapshot_id_whatever_the_order(tmp_path: Path) -> None:
    together = store.publish(OLD, root=tmp_path / "a")
    for name in reversed(OLD):
        apart = store.publish({name: OLD[name]}, root=tmp_path / "b")
    assert apart.snapshot_id == together.snapshot_id
    changed = store.publish(CHANGES, root=tmp_path / "a")
    assert changed.snapshot_id != together.snapshot_id
    assert changed.versions["coastline"] == together.versions["coastline"]


# -- publishing ------------------------------------------------------------------------------------------------------


def test_earlier_snapshots_stay_readable_by_their_id(root: Path) -> None:
    first, old = store.snapshot(root=root), contents(root)
    second = store.publish(CHANGES, root=root)
    new = contents(root)
    third = store.publish({"coastline": OLD["coastline"], "sources": OLD["sources"]}, root=root)
    assert store.snapshot(root=root) == third
    assert store.read("milestones", root=root)["label"].tolist() == ["New", "Kreyòl, “quoted”"]
    assert contents(root, store.snapshot(first.snapshot_id, root=root)) == old
    assert contents(root, store.snapshot(second.snapshot_id, root=root)) == new
    assert old != new


def test_publishing_earlier_data_again_gives_the_earlier_snapshot(root: Path) -> None:
    first = store.snapshot(root=root)
    store.publish(CHANGES, root=root)
    assert store.publish({name: OLD[name] for name in CHANGES}, root=root) == first
    assert working_files(root) == files_of(OLD)


@pytest.mark.parametrize("name", ["0123456789", "../../snapshot", ""])
def test_an_unknown_snapshot_is_refused_and_the_current_one_named(root: Path, name: str) -> None:
    current = store.snapshot(root=root).snapshot_id
    with pytest.raises(DatasetError, match=f"is not kept here. The current one is {current}"):
        store.snapshot(name, root=root)


def test_working_copies_are_the_published_files(root: Path) -> None:
    store.publish(CHANGES, root=root)
    assert working_files(root) == files_of({**OLD, **CHANGES})


def test_kept_versions_can_be_read_by_other_users(root: Path) -> None:
    new = store.publish(CHANGES, root=root)
    folder = root / ".store" / "milestones" / new.versions["milestones"]
    assert folder.stat().st_mode & 0o555 == 0o555


def test_readers_see_the_old_data_up_to_one_moment_and_then_the_new(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, seen = contents(root), []

    def watched(name: str) -> Callable[..., None]:
        original = getattr(os, name)

        def call(*arguments: Any) -> None:
            seen.append(contents(root))
            original(*arguments)
            seen.append(contents(root))

        return call

    for name in ("replace", "rename"):
        monkeypatch.setattr(os, name, watched(name))
    store.publish(CHANGES, root=root)
    new = contents(root)
    moment = seen.index(new)
    assert moment > 0
    assert seen == [old] * moment + [new] * (len(seen) - moment)


class KilledError(BaseException):
    """The process is gone: nothing after this runs, not even what tidies up."""


#: Every way in which publishing touches the disk.
OPERATIONS: dict[str, tuple[Any, str]] = {
    "replace": (os, "replace"),
    "rename": (os, "rename"),
    "write": (store, "_write_synced"),
    "open": (Path, "open"),
    "sync": (os, "fsync"),
    "open folder": (os, "open"),
    "make folder": (Path, "mkdir"),
    "staging file": (tempfile, "mkstemp"),
    "staging folder": (tempfile, "mkdtemp"),
    "rights": (Path, "chmod"),
}
TIDYING: tuple[tuple[Any, str], ...] = ((Path, "unlink"), (shutil, "rmtree"))


@contextmanager
def failing(operation: str, at_call: int, *, killed: bool) -> Iterator[Callable[[], bool]]:
    """Let one call of an operation fail (disk full), or end the process there; yields whether that has happened."""
    calls, dead, failed = 0, False, False

    def wrapped(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal calls, dead, failed
            if dead:
                raise KilledError
            calls += name == operation
            if name == operation and calls == at_call:
                failed, dead = True, killed
                if name == "write":  # half of it reaches the disk
                    path, data = arguments
                    with open(path, "wb") as file:
                        file.write(data[: len(data) // 2])
                raise KilledError if killed else OSError(errno.ENOSPC, "No space left on device")
            return None if name == "sync" else original(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name, (owner, attribute) in OPERATIONS.items():
            patch.setattr(owner, attribute, wrapped(name, getattr(owner, attribute)))
        for owner, attribute in TIDYING:
            patch.setattr(owner, attribute, wrapped("tidying", getattr(owner, attribute)))
        yield lambda: failed


@pytest.mark.parametrize("killed", [False, True], ids=["error", "killed"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_fails_readers_get_the_old_data_or_the_new_whole(
    published: Path, tmp_path: Path, operation: str, killed: bool
) -> None:
    old, old_id = files_of(OLD), store.snapshot(root=published).snapshot_id
    new, at_call = files_of({**OLD, **CHANGES}), 0
    while True:
        at_call += 1
        root = Path(shutil.copytree(published, tmp_path / str(at_call) / "datasets"))
        with failing(operation, at_call, killed=killed) as has_failed:
            try:
                store.publish(CHANGES, root=root)
            except (OSError, DatasetError, KilledError):
                assert has_failed()
        if not has_failed():
            break
        current = store.snapshot(root=root)
        is_old = current.snapshot_id == old_id
        assert served_files(root, current) == (old if is_old else new), f"after call {at_call}"
        assert served_files(root, store.snapshot(old_id, root=root)) == old, f"after call {at_call}"
        assert killed or not list(root.rglob(".staging-*"))
        # The same once more, undisturbed, gives the new data and renews every working copy.
        with failing("nothing", 1, killed=False):
            store.publish(CHANGES, root=root)
        assert served_files(root, store.snapshot(root=root)) == working_files(root) == new
    assert at_call > 2, f"publishing does not use {operation}"


# -- one writer ------------------------------------------------------------------------------------------------------

_HOLD = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"


def test_a_second_writer_is_refused_at_once_and_admitted_when_the_first_has_ended(root: Path) -> None:
    with store.lock(root):
        pass
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _HOLD, str(root / ".store" / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(DatasetError, match="Another refresh is running"), store.lock(root):
            pytest.fail("two writers at once")
    finally:
        process.communicate()
    with store.lock(root):
        pass


def test_two_of_our_own_writers_exclude_each_other(root: Path) -> None:
    with (
        store.lock(root),
        pytest.raises(DatasetError, match="Wait until it ends, then run this again"),
        store.lock(root),
    ):
        pytest.fail("two writers at once")


def test_the_lock_is_free_again_after_a_writer_that_failed(root: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.lock(root):
        _ = 1 / 0
    with store.lock(root):
        pass


# -- descriptions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "milestones/dataset.yaml is missing"),
        ("title: [", "milestones/dataset.yaml is not valid YAML"),
        ("- a\n- b\n", "milestones/dataset.yaml is not a list of keys and values"),
    ],
)
def test_a_bad_description_is_refused_with_its_name(root: Path, text: str | None, words: str) -> None:
    if text is not None:
        (root / "milestones" / "dataset.yaml").write_text(text)
    with pytest.raises(DatasetError, match=words):
        store.read_description("milestones", root=root)


def test_a_full_disk_leaves_no_half_of_a_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append_log({"action": "refresh", "number": 1}, root=tmp_path)
    path = tmp_path / ".store" / store.LOG_FILE
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            store.append_log({"action": "refresh", "number": 2}, root=tmp_path)
    assert path.read_bytes() == before
    store.append_log({"action": "refresh", "number": 3}, root=tmp_path)
    assert [line["number"] for line in store.read_log(root=tmp_path)] == [1, 3]
