"""Refreshing: what is built, compared, refused and published, on tables small enough to read."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from loaders import store
from loaders.contracts import COMMITTED_DATASETS
from loaders.crosswalk import COLUMNS as RULE_COLUMNS
from loaders.orders import RefreshReport
from loaders.refresh import refresh
from loaders.registry import DATASETS
from loaders.store import DatasetError

AS_OF = date(2026, 11, 24)

MILESTONES = [
    {
        "milestone_id": f"MS{number}",
        "date": f"2025-0{number}-01",
        "kind": "mandate",
        "label": f"Step {number}",
        "source_checked": "page",
    }
    for number in (1, 2, 3, 4)
]
MISSION = [
    {
        "date": "2025-01-01",
        "date_precision": "day",
        "series": "personnel_deployed",
        "entity": "MSS total",
        "value": value,
        "unit": "personnel",
        "note": "",
        "source_title": "A title",
        "source_publisher": "A newspaper",
        "source_date": "2025-01-02",
        "source_url": "https://example.org/page",
        "source_checked": "page",
        "source_key": key,
    }
    for key, value in (("one", "600"), ("two", "735"))
]
RULES = [
    dict.fromkeys(RULE_COLUMNS, "")
    | {"version": "1", "target": "mission_basis", "column": "series"}
    | {"pattern": "deployed", "value": "deployed", "value_name": "personnel"}
]


def table(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with two small datasets built from their curated files."""
    root = tmp_path / "datasets"
    (root / "curated").mkdir(parents=True)
    for name in ("milestones", "mission"):
        (root / name).mkdir()
        (root / name / "dataset.yaml").write_text("compiled_on: '2026-11-23'\n")
    write(root, "milestones.csv", MILESTONES)
    write(root, "mission_series.csv", MISSION)
    write(root, "crosswalk.csv", RULES)
    reports = run(root, "milestones", "mission")
    assert [report.status for report in reports.values()] == ["accepted", "accepted"]
    return root


def write(root: Path, name: str, rows: list[dict[str, str]]) -> None:
    (root / "curated" / name).write_bytes(table(rows))


def run(root: Path, *datasets: str, **options: Any) -> dict[str, RefreshReport]:
    reports = refresh(list(datasets), **({"root": root, "as_of": AS_OF} | options))
    return {report.dataset: report for report in reports}


def milestones(root: Path) -> dict[str, str]:
    frame = store.read("milestones", root=root)
    return dict(zip(frame["milestone_id"], frame["label"], strict=True))


def on_disk(root: Path) -> dict[str, bytes]:
    """All that a reader can see: everything but the lock and the log."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("lock", "log.jsonl")
    }


# -- what a refresh reports ------------------------------------------------------------------------------------------


def test_refreshing_again_changes_nothing(root: Path) -> None:
    before = on_disk(root)
    reports = run(root, "milestones", "mission", as_of=date(2027, 1, 1))
    assert {report.status for report in reports.values()} == {"unchanged"}
    assert {report.added + report.changed + report.withdrawn for report in reports.values()} == {0}
    assert on_disk(root) == before


def test_rows_added_changed_and_withdrawn_are_counted_by_key(root: Path) -> None:
    write(
        root,
        "milestones.csv",
        [
            MILESTONES[2],
            MILESTONES[1] | {"label": "Another label"},
            MILESTONES[3] | {"label": "Another label"},
            *(MILESTONES[0] | {"milestone_id": name} for name in ("MS7", "MS8", "MS9")),
        ],
    )
    report = run(root, "milestones")["milestones"]
    assert (report.status, report.added, report.changed, report.withdrawn) == ("accepted", 3, 2, 1)
    assert set(milestones(root)) == {"MS2", "MS3", "MS4", "MS7", "MS8", "MS9"}
    assert report.version == store.snapshot(root=root).versions["milestones"]


def test_a_first_refresh_adds_all_rows(root: Path) -> None:
    shutil.rmtree(root / ".store")
    (root / "snapshot.json").unlink()
    report = run(root, "milestones")["milestones"]
    assert (report.status, report.added, report.changed, report.withdrawn) == ("accepted", 4, 0, 0)


def test_row_order_in_the_source_changes_no_row(root: Path) -> None:
    before = store.read_bytes("milestones", "data.csv", root=root)
    write(root, "milestones.csv", MILESTONES[::-1])
    report = run(root, "milestones")["milestones"]
    assert (report.added, report.changed, report.withdrawn) == (0, 0, 0)
    assert store.read_bytes("milestones", "data.csv", root=root) == before


def test_provenance_says_what_the_version_was_built_from(root: Path) -> None:
    found = store.read_provenance("mission", root=root)
    assert found["rows"] == 2
    assert found["rejected"] == 0
    assert found["covers"] == {"from": "2025-01-01", "to": "2025-01-01"}
    assert found["recall_rows"] == 0
    assert found["source"] == {
        "name": "mission_series.csv",
        "sha256": store.sha256(table(MISSION)),
        "accessed_on": "2026-11-24",
    }
    assert found["inputs"] == {"crosswalk.csv": store.sha256(table(RULES))}
    assert any("2 conflicting figures" in text for text in found["warnings"])


def test_a_changed_side_file_makes_a_new_version(root: Path) -> None:
    write(root, "crosswalk.csv", [RULES[0] | {"value": "delivered"}])
    report = run(root, "mission")["mission"]
    assert (report.status, report.changed) == ("accepted", 2)
    assert store.read("mission", root=root)["basis"].unique().tolist() == ["delivered"]


def test_another_source_can_be_given(root: Path) -> None:
    run(root, "milestones", sources={"milestones": ("mine.csv", table(MILESTONES[:2]))})
    assert set(milestones(root)) == {"MS1", "MS2"}
    assert store.read_provenance("milestones", root=root)["source"]["name"] == "mine.csv"


def test_a_rehearsal_writes_nothing(root: Path) -> None:
    write(root, "milestones.csv", MILESTONES[:2])
    before = on_disk(root)
    report = run(root, "milestones", dry_run=True)["milestones"]
    assert (report.status, report.withdrawn) == ("rehearsed", 2)
    assert on_disk(root) == before


# -- bad rows --------------------------------------------------------------------------------------------------------


def test_a_bad_row_is_left_out_and_kept_on_record_with_its_line(root: Path) -> None:
    write(root, "milestones.csv", [MILESTONES[0], MILESTONES[1] | {"date": "soon"}, *MILESTONES[2:]])
    report = run(root, "milestones")["milestones"]
    assert (report.status, report.rejected, report.withdrawn) == ("accepted", 1, 1)
    assert set(milestones(root)) == {"MS1", "MS3", "MS4"}
    rejected = store.read_rejected("milestones", root=root)
    assert rejected[["row", "column", "value"]].to_numpy().tolist() == [["3", "milestone_date", "soon"]]
    assert "is not a date" in rejected["reason"][0]
    assert '"milestone_id":"MS2"' in rejected["record"][0]
    assert store.read_provenance("milestones", root=root)["rejected"] == 1


def test_half_of_the_rows_may_be_bad_but_not_more(root: Path) -> None:
    bad = [row | {"date": "soon"} for row in MILESTONES]
    write(root, "milestones.csv", bad[:2] + MILESTONES[2:])
    assert run(root, "milestones")["milestones"].status == "accepted"
    before = on_disk(root)
    source = ("bad.csv", table(bad[:3] + MILESTONES[3:]))
    report = run(root, "milestones", sources={"milestones": source})["milestones"]
    assert (report.status, report.rejected) == ("refused", 3)
    assert "3 of 4 rows are bad, more than 50%" in report.messages[0]
    assert "milestone_date 'soon' is not a date" in report.messages[0]
    assert "Is this the right file?" in report.messages[0]
    assert on_disk(root) == before


# -- refused sources -------------------------------------------------------------------------------------------------


def _swapped(rows: list[dict[str, str]]) -> bytes:
    """A spreadsheet in which two columns changed places under their headers."""
    return table([row | {"date": row["label"], "label": row["date"]} for row in rows])


BAD_SOURCES: dict[str, tuple[bytes, str, str]] = {
    "another file": (table(MISSION), "failed", "the header is not the one expected"),
    "swapped columns": (_swapped(MILESTONES), "refused", "milestone_date 'Step 1' is not a date"),
    "cut short": (table(MILESTONES)[:-30], "failed", "cut short"),
    "empty": (b"", "failed", "the header is not the one expected"),
    "no rows": (table(MILESTONES).split(b"\r\n")[0], "failed", "no rows"),
    "not UTF-8": (table(MILESTONES) + "é".encode("latin-1"), "failed", "is not UTF-8"),
    "a spreadsheet": (b"PK\x03\x04\xff\xfe", "failed", "is an Excel workbook or an archive"),
    "all rows one key": (
        table([row | {"milestone_id": "MS1"} for row in MILESTONES]),
        "refused",
        "3 of 4 rows are bad",
    ),
}


@pytest.mark.parametrize("source", BAD_SOURCES)
def test_a_bad_source_stops_the_refresh_and_leaves_every_published_byte(root: Path, source: str) -> None:
    data, status, words = BAD_SOURCES[source]
    before = on_disk(root)
    report = run(root, "milestones", sources={"milestones": ("bad.csv", data)})["milestones"]
    assert report.status == status
    assert words in " ".join(report.messages)
    assert on_disk(root) == before


def test_one_refused_dataset_stops_the_others(root: Path) -> None:
    write(root, "milestones.csv", MILESTONES[:3])
    write(root, "mission_series.csv", [row | {"value": "many"} for row in MISSION])
    before = on_disk(root)
    reports = run(root, "milestones", "mission")
    assert (reports["milestones"].status, reports["mission"].status) == ("refused", "refused")
    assert "another dataset of the same fact base was refused" in " ".join(reports["milestones"].messages)
    assert on_disk(root) == before


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("curated/mission_series.csv", None, "datasets/curated/mission_series.csv is missing"),
        ("curated/crosswalk.csv", None, "datasets/curated/crosswalk.csv is missing"),
        ("curated/crosswalk.csv", "nonsense", "crosswalk.csv: the header is not the one expected"),
        ("mission/dataset.yaml", None, "mission/dataset.yaml is missing"),
        ("mission/dataset.yaml", "title: [", "mission/dataset.yaml is not valid YAML"),
        ("mission/dataset.yaml", "title: A", "mission/dataset.yaml: compiled_on must be given as a date"),
        ("mission/dataset.yaml", "compiled_on: soon", "compiled_on must be given as a date"),
    ],
)
def test_a_missing_or_bad_input_is_named_and_nothing_is_published(
    root: Path, path: str, text: str | None, words: str
) -> None:
    write(root, "milestones.csv", MILESTONES[:3])
    (root / path).unlink()
    if text is not None:
        (root / path).write_text(text)
    before = on_disk(root)
    reports = run(root, "milestones", "mission")
    assert reports["mission"].status == "failed"
    assert words in " ".join(reports["mission"].messages)
    assert on_disk(root) == before


def test_a_second_refresh_is_refused_while_one_runs(root: Path) -> None:
    with store.lock(root), pytest.raises(DatasetError, match="Another refresh is running"):
        run(root, "milestones")


# -- a refresh that breaks off ---------------------------------------------------------------------------------------


def test_a_refresh_that_broke_off_is_completed_by_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it broke off: afterwards the working copies, which are committed, are the published files."""
    old = milestones(root)
    write(root, "milestones.csv", [row | {"label": "New"} for row in MILESTONES])
    before = shutil.copytree(root, root.parent / "before")
    replace, calls, at_call = os.replace, 0, 0

    def failing(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == at_call:
            raise OSError("the power went")
        replace(*arguments)

    while True:
        calls, at_call = 0, at_call + 1
        shutil.rmtree(root)
        shutil.copytree(before, root)
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", failing)
            try:
                run(root, "milestones")
            except OSError:
                assert milestones(root) in (old, dict.fromkeys(old, "New"))
            else:
                break
        run(root, "milestones")
        assert set(milestones(root).values()) == {"New"}
        of = store.snapshot(root=root)
        for name, digest in of.digests["milestones"].items():
            assert store.sha256((root / "milestones" / name).read_bytes()) == digest, (
                f"call {at_call}: {name}"
            )
    assert at_call > 3


@pytest.mark.parametrize("kept", [True, False], ids=["with a kept version", "as cloned"])
@pytest.mark.parametrize("file", ["data.csv", "rejected.csv", "provenance.json"])
def test_refreshing_restores_a_damaged_file(root: Path, file: str, kept: bool) -> None:
    if not kept:
        shutil.rmtree(root / ".store")
    path = root / "milestones" / file
    before = path.read_bytes()
    path.write_bytes(before[:-5])
    assert run(root, "milestones")["milestones"].status == "accepted"
    assert path.read_bytes() == before
    assert run(root, "milestones")["milestones"].status == "unchanged"


# -- corrections -----------------------------------------------------------------------------------------------------

CORRECTION = {"key": "MS2", "column": "label", "expect": "Step 2", "value": "Second step", "reason": "typo"}


def correct(root: Path, *corrections: Any) -> RefreshReport:
    (root / "milestones" / "corrections.yaml").write_text(yaml.safe_dump(list(corrections)))
    return run(root, "milestones")["milestones"]


def test_a_declared_correction_is_applied(root: Path) -> None:
    report = correct(root, CORRECTION)
    assert (report.status, report.changed) == ("accepted", 1)
    assert milestones(root) == {"MS1": "Step 1", "MS2": "Second step", "MS3": "Step 3", "MS4": "Step 4"}


def test_a_correction_can_mend_a_row_that_would_be_rejected(root: Path) -> None:
    write(root, "milestones.csv", [MILESTONES[0], MILESTONES[1] | {"date": "soon"}, *MILESTONES[2:]])
    mend = {
        "key": "MS2",
        "column": "milestone_date",
        "expect": "soon",
        "value": "2025-02-01",
        "reason": "typo",
    }
    report = correct(root, mend)
    assert (report.status, report.rejected) == ("accepted", 0)
    assert store.read("milestones", root=root)["milestone_date"][1] == pd.Timestamp("2025-02-01")


def test_an_empty_corrections_file_is_harmless(root: Path) -> None:
    (root / "milestones" / "corrections.yaml").write_text("# nothing yet\n")
    assert run(root, "milestones")["milestones"].status == "unchanged"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"expect": "Step two"},
            "expected 'Step two' in label of MS2, found 'Step 2'.*remove the correction",
        ),
        ({"key": "MS77"}, "0 rows have the key 'MS77'"),
        ({"column": "title"}, "or the column is unknown"),
        ({"reason": None}, "reason not given"),
    ],
)
def test_a_correction_that_no_longer_fits_is_refused(root: Path, change: dict[str, Any], words: str) -> None:
    before = on_disk(root)
    item = {key: value for key, value in (CORRECTION | change).items() if value is not None}
    report = correct(root, item)
    assert report.status == "refused"
    assert report.messages[0].startswith("milestones/corrections.yaml, correction 1: ")
    assert pd.Series(report.messages).str.contains(words).all()
    (root / "milestones" / "corrections.yaml").unlink()
    assert on_disk(root) == before


@pytest.mark.parametrize("text", ["- key: [", "key: MS2", "- MS2"])
def test_a_corrections_file_that_cannot_be_read_is_refused(root: Path, text: str) -> None:
    (root / "milestones" / "corrections.yaml").write_text(text)
    report = run(root, "milestones")["milestones"]
    assert report.status == "refused"
    assert "milestones/corrections.yaml" in report.messages[0]


# -- names that no place has -----------------------------------------------------------------------------------------

#: Datasets that name places, and the column of their curated file that does.
PLACES = {
    "territorial_control": "place_id",
    "retaken_areas": "place_id",
    "incidents": "place_id",
    "indicators": "area",
    "key_sites": "place_id",
}


@pytest.mark.parametrize("name", PLACES)
def test_an_unknown_place_name_is_queued_and_its_row_kept_on_record(datasets_copy: Path, name: str) -> None:
    dataset = DATASETS[name]
    path = datasets_copy / "curated" / dataset.source
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    rows[3][PLACES[name]] = "nowhere"
    rows[4][PLACES[name]] = "nowhere"
    rows[5][PLACES[name]] = "an-alley"
    path.write_bytes(table(rows))
    dependents = [key for key in COMMITTED_DATASETS if name in DATASETS[key].needs]
    report = run(datasets_copy, name, *dependents)[name]
    assert (report.status, report.rejected, report.withdrawn) == ("accepted", 3, 3)
    assert report.unresolved_names == ["an-alley", "nowhere"]
    frame, ends = store.read(name, root=datasets_copy), dataset.contract.ends
    holding = frame if ends is None else frame[frame[ends].isna()]
    assert len(holding) + 3 == len(rows)
    assert len(frame) == len(rows) - (3 if ends is None else 0), "what was withdrawn stays on record"
    rejected = store.read_rejected(name, root=datasets_copy)
    assert sorted(rejected["value"]) == ["an-alley", "nowhere", "nowhere"]
    assert rejected["reason"].str.startswith("is not a known place").all()
    assert store.read_provenance(name, root=datasets_copy)["unresolved_names"] == ["an-alley", "nowhere"]


def _spoil_places(change: Callable[[list[dict[str, str]]], None], root: Path) -> RefreshReport:
    path = root / "curated" / "places.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    change(rows)
    path.write_bytes(table(rows))
    before = on_disk(root)
    report = run(root, "neighborhoods")["neighborhoods"]
    assert report.status in ("refused", "failed")
    assert on_disk(root) == before
    return report


def _swap_coordinates(rows: list[dict[str, str]]) -> None:
    row = next(row for row in rows if row["id"] == "solino")
    row["latitude"], row["longitude"] = row["longitude"], row["latitude"]


def _move_out_to_sea(rows: list[dict[str, str]]) -> None:
    next(row for row in rows if row["id"] == "solino").update(latitude="18.65", longitude="-72.45")


def _put_two_at_one_place(rows: list[dict[str, str]]) -> None:
    first, second = (next(row for row in rows if row["id"] == name) for name in ("solino", "bel-air"))
    second.update(latitude=first["latitude"], longitude=first["longitude"])


def _repeat_an_area(rows: list[dict[str, str]]) -> None:
    rows.append(next(row for row in rows if row["id"] == "solino"))


def _forget_an_area(rows: list[dict[str, str]]) -> None:
    rows[:] = [row for row in rows if row["id"] != "solino"]


def _repeat_a_commune(rows: list[dict[str, str]]) -> None:
    rows.append(next(row for row in rows if row["id"] == "delmas") | {"id": "delmas-again"})


def _write_points_in_words(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row |= {"latitude": "north", "longitude": "west"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_swap_coordinates, "territorial_control would not fit.*neighborhood_id solino"),
        (_forget_an_area, "territorial_control would not fit.*neighborhood_id solino"),
        (_move_out_to_sea, "no land.*solino"),
        (_put_two_at_one_place, "same place: bel-air = solino"),
        (_repeat_an_area, "same id: solino"),
        (_write_points_in_words, "no neighborhood .* has a latitude and a longitude"),
        (_repeat_a_commune, "second row for the commune Delmas"),
    ],
)
def test_a_bad_point_is_refused_with_its_name(
    datasets_copy: Path, change: Callable[[list[dict[str, str]]], None], words: str
) -> None:
    report = _spoil_places(change, datasets_copy)
    assert pd.Series(" ".join(report.messages)).str.contains(words).all(), report.messages


def test_outlines_of_communes_are_never_said_to_come_from_another_file(datasets_copy: Path) -> None:
    path = datasets_copy / "curated" / "places.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    _forget_an_area(rows)
    before = on_disk(datasets_copy)
    for data, words in (
        (b"<html>not found</html>", "the header is not the one expected"),
        (table(rows), "solino is not in this file"),
    ):
        report = run(datasets_copy, "communes", sources={"communes": ("places.csv", data)})["communes"]
        assert report.status == "failed"
        assert words in " ".join(report.messages)
        assert on_disk(datasets_copy) == before


def test_a_place_can_go_together_with_the_statements_about_it(datasets_copy: Path) -> None:
    path = datasets_copy / "curated" / "places.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    _forget_an_area(rows)
    path.write_bytes(table(rows))
    reports = run(datasets_copy, *COMMITTED_DATASETS)
    assert {report.status for report in reports.values()} <= {"accepted", "unchanged"}
    assert reports["neighborhoods"].withdrawn == 1
    assert reports["territorial_control"].unresolved_names == ["solino"]
    assert reports["territorial_control"].withdrawn == reports["territorial_control"].rejected > 0
