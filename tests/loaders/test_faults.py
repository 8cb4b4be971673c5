"""A fault at every write step of refreshing, accepting and rolling back a bulk table; a full disk; real kills."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from loaders import store
from loaders.__main__ import app
from loaders.contracts import known_at
from loaders.orders import Order
from loaders.refresh import keep, prepare, refresh
from tests import soak
from tests.fake_services.acled import csv_file, row
from tests.loaders.test_store import KilledError, failing
from tests.server import DATASETS

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)
NAME = "acled_incidents"

#: Numbers of the events whose deaths say of which week a version is.
MARKED = range(20, 24)

#: The ways in which a refresh touches the disk; the store's own tests go through more of them.
OPERATIONS = ("replace", "rename", "write", "staging folder")


def order(root: Path, week: int) -> Order:
    """The refresh of a week: each changes the deaths of some events and brings a new one."""
    rows = [row(number, fatalities=week if number in MARKED else 0) for number in range(week, week + 30)]
    return Order(
        [NAME],
        root,
        date(2026, 11, 25),
        NOW + timedelta(days=7 * week),
        {NAME: ("export.csv", csv_file(rows).encode())},
    )


def publish(root: Path, week: int) -> None:
    one = order(root, week)
    refresh([NAME], root=root, as_of=one.as_of, now=one.now, sources=one.files)


def deaths(root: Path, of: store.Snapshot | None = None) -> set[float]:
    """Deaths of the marked events that hold: one number a version, or the version is not whole."""
    rows = known_at(store.read(NAME, of=of, root=root), None, ends="superseded_at")
    found = set(rows.loc[rows["event_id"].isin([f"HTI9{number:05d}" for number in MARKED]), "fatalities"])
    assert len(rows) == 30 + sum(found), "each week brings one event"
    return found


@pytest.fixture(scope="module")
def second_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which two weeks have been published; a third is kept as a candidate."""
    root = tmp_path_factory.mktemp("weeks") / "datasets"
    shutil.copytree(DATASETS, root, ignore=shutil.ignore_patterns(".store"))
    publish(root, 0)
    publish(root, 1)
    assert len(store.data_files(NAME, of=store.snapshot(root=root))) == 3
    third = order(root, 2)
    with store.lock(root):
        keep(prepare(third), third, because="")
    return root


def accept(root: Path) -> None:
    app(["accept", "--root", str(root)], standalone_mode=False)


def roll_back(root: Path) -> None:
    app(["rollback", NAME, "--root", str(root)], standalone_mode=False)


ACTIONS: dict[str, tuple[Callable[[Path], None], float]] = {
    "refresh": (lambda root: publish(root, 2), 2),
    "accept": (accept, 2),
    "rollback": (roll_back, 0),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("action", ACTIONS)
def test_whatever_fails_readers_get_one_version_and_the_next_try_succeeds(
    second_week: Path, tmp_path: Path, action: str, operation: str
) -> None:
    act, after = ACTIONS[action]
    before = store.snapshot(root=second_week)
    at_call = 0
    while True:
        at_call += 1
        root = Path(
            shutil.copytree(second_week, tmp_path / str(at_call) / "datasets", copy_function=shutil.copy)
        )
        with failing(operation, at_call, killed=True) as has_failed:
            try:
                act(root)
            except (KilledError, SystemExit):
                assert has_failed()
        if not has_failed():
            break
        is_old = store.snapshot(root=root) == before
        assert deaths(root) == ({1.0} if is_old else {after}), f"after call {at_call}"
        assert deaths(root, before) == {1.0}, "the version before can still be read"
        assert all("action" in line for line in store.read_log(root=root))
        if is_old:
            act(root)
        assert deaths(root) == {after}
        assert not list(root.rglob(f"{store.STAGING}*"))
        shutil.rmtree(root.parent)
    assert deaths(root) == {after}


_REFRESH = """
import resource, sys
from loaders.__main__ import app
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
app(sys.argv[2:])
"""


@pytest.mark.parametrize("limit", [10, 3_000], ids=["at once", "in the middle"])
def test_a_disk_that_is_full_is_explained_and_nothing_is_lost(datasets_copy: Path, limit: int) -> None:
    """The limit on the size of a file stands for the disk: the system itself refuses the write."""
    path = datasets_copy / "curated" / "incidents.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",medium,", ",high,"), encoding="utf-8")
    shortened = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(shortened[:-1]), encoding="utf-8")
    before = store.snapshot(root=datasets_copy)
    command = [
        sys.executable,
        "-c",
        _REFRESH,
        str(limit),
        "refresh",
        "incidents",
        "--yes",
        "--root",
        str(datasets_copy),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Readers get one whole version" in run.stderr
    assert "Traceback" not in run.stderr
    assert store.snapshot(root=datasets_copy) == before
    assert len(store.read("incidents", root=datasets_copy)) == 205
    assert not list(datasets_copy.rglob(f"{store.STAGING}*"))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_few_real_kills_leave_the_store_whole(tmp_path: Path) -> None:
    """The same as ``make soak``, which kills two hundred times."""
    outcome = soak.soak(tmp_path / "datasets", 3, readers=1)
    assert outcome.wrong == ()
    assert outcome.readings > 0
    assert outcome.published > 6
