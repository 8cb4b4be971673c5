"""The command line: what it prints, its exit codes, and that a mistake never ends in a traceback."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from loaders import store
from loaders.__main__ import app
from loaders.contracts import COMMITTED_DATASETS
from loaders.registry import DATASETS

#: Rows of the committed milestones, which the tests take some away from.
MILESTONES = len(store.read("milestones"))


def run(*arguments: str, root: Path, answer: str = "") -> Result:
    result = CliRunner().invoke(app, [*arguments, "--root", str(root)], input=answer)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def files(root: Path) -> dict[str, bytes]:
    """All that is published: everything but the lock, the log, what waits for a yes, and what staff write."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {".store", "curated"} & set(path.parts)
    }


def shorten(root: Path, name: str = "milestones.csv") -> None:
    """Take the first row, which no other dataset names, out of a curated table."""
    path = root / "curated" / name
    header, _first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, *others]))


def damage(root: Path, dataset_id: str = "incidents") -> Path:
    path = root / dataset_id / "data.csv"
    path.write_bytes(path.read_bytes()[:-100])
    return path


# -- list ------------------------------------------------------------------------------------------------------------


def test_list_tells_rows_rejected_dates_and_digest_of_every_dataset(datasets_copy: Path) -> None:
    result = run("list", "--json", root=datasets_copy)
    assert result.exit_code == 0
    lines = {line["id"]: line for line in json.loads(result.stdout)}
    assert list(lines) == list(DATASETS)
    assert {name for name, line in lines.items() if "not_fetched" in line} == set(DATASETS) - set(
        COMMITTED_DATASETS
    )
    for name in COMMITTED_DATASETS:
        line = lines[name]
        contract = DATASETS[name].contract
        frame = store.read(name, root=datasets_copy)
        assert line["rows"] == len(frame)
        assert line["rejected"] == len(store.read_rejected(name, root=datasets_copy))
        assert line["sha256"] == store.sha256((datasets_copy / name / contract.file_name).read_bytes())
        if contract.date_column is None:
            assert line["covers"] is None
        else:
            dates = frame[contract.date_column]
            assert line["covers"] == {"from": f"{dates.min():%Y-%m-%d}", "to": f"{dates.max():%Y-%m-%d}"}


def test_list_names_every_dataset_in_full(datasets_copy: Path) -> None:
    result = run("list", root=datasets_copy)
    assert result.exit_code == 0
    for name, version in store.snapshot(root=datasets_copy).versions.items():
        assert re.search(rf"^{name} .*\b{version}\b", result.stdout, re.MULTILINE), name


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_list_names_a_damaged_file_and_still_lists_the_others(
    datasets_copy: Path, options: tuple[str, ...]
) -> None:
    damage(datasets_copy)
    result = run("list", *options, root=datasets_copy)
    assert result.exit_code == 1
    assert "datasets/incidents/data.csv is not the file that was published" in result.stdout
    assert "git checkout -- datasets/incidents/data.csv" in result.stdout
    assert "347" in result.stdout


# -- check -----------------------------------------------------------------------------------------------------------


def test_check_finds_the_committed_datasets_in_order(datasets_copy: Path) -> None:
    result = run("check", root=datasets_copy)
    assert result.exit_code == 0, result.output
    assert re.findall(r"^ok  (\w+)$", result.stdout, re.MULTILINE) == [
        name for name in DATASETS if name in COMMITTED_DATASETS
    ]
    absent = re.findall(r"^ok  (\w+)  \(not yet fetched\)$", result.stdout, re.MULTILINE)
    assert set(absent) == set(DATASETS) - set(COMMITTED_DATASETS)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_check_names_the_damaged_file_and_the_remedy(datasets_copy: Path, options: tuple[str, ...]) -> None:
    damage(datasets_copy)
    result = run("check", *options, root=datasets_copy)
    assert result.exit_code == 1
    assert "datasets/incidents/data.csv is not the file that was published" in result.stdout
    assert "git checkout -- datasets/incidents/data.csv" in result.stdout
    bad = (
        [line["id"] for line in json.loads(result.stdout) if not line["ok"]]
        if options
        else re.findall(r"^BAD (\w+)$", result.stdout, re.MULTILINE)
    )
    assert bad == ["incidents"]


@pytest.mark.parametrize("file", ["rejected.csv", "provenance.json"])
def test_check_looks_at_every_file_of_a_dataset(datasets_copy: Path, file: str) -> None:
    (datasets_copy / "actors" / file).unlink()
    result = run("check", root=datasets_copy)
    assert result.exit_code == 1
    assert f"actors/{file}" in result.stdout


def test_check_tells_of_a_damaged_working_copy_even_where_a_kept_copy_is_served(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    assert run("refresh", "milestones", "--yes", root=datasets_copy).exit_code == 0
    damage(datasets_copy, "milestones")
    result = run("check", root=datasets_copy)
    assert result.exit_code == 1
    assert "the working copy milestones/data.csv is not the published file" in result.stdout
    assert len(store.read("milestones", root=datasets_copy)) == MILESTONES - 1


def test_check_without_a_snapshot_says_how_to_build_one(datasets_copy: Path) -> None:
    (datasets_copy / "snapshot.json").unlink()
    result = run("check", root=datasets_copy)
    assert result.exit_code == 1
    assert "snapshot.json is missing" in result.stdout
    assert "python -m loaders refresh --all --yes" in result.stdout


# -- refresh ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("refresh", "nonsense"), "Unknown dataset: nonsense"),
        (("refresh", "incidents", "[red]nonsense"), "Unknown dataset: [red]nonsense"),
        (("refresh",), "Name a dataset, or use --all."),
        (("refresh", "incidents", "--file", "no/such.csv"), "no/such.csv: No such file or directory."),
        (("refresh", "incidents", "--file", "."), "Is a directory."),
        (("refresh", "incidents", "actors", "--file", "a.csv"), "--file goes with exactly one dataset."),
        (("refresh", "--all", "--file", "a.csv"), "--file goes with exactly one dataset."),
        (("refresh", "incidents", "--as-of", "banana"), "--as-of 'banana' is not a date. Write YYYY-MM-DD."),
        (("refresh", "incidents", "--as-of", "2026-02-30"), "--as-of '2026-02-30' is not a date."),
    ],
)
def test_a_command_that_is_wrong_says_so_and_publishes_nothing(
    datasets_copy: Path, arguments: tuple[str, ...], words: str
) -> None:
    shorten(datasets_copy, "incidents.csv")
    before = files(datasets_copy)
    result = run(*arguments, "--yes", root=datasets_copy)
    assert result.exit_code == 2
    assert words in result.stderr
    assert files(datasets_copy) == before


@pytest.mark.parametrize("command", ["list", "check", "refresh"])
def test_a_root_that_is_no_folder_is_refused(tmp_path: Path, command: str) -> None:
    result = run(command, root=tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "is not a folder" in result.stderr


def test_an_unknown_dataset_is_answered_with_the_list_of_datasets(datasets_copy: Path) -> None:
    assert "Datasets: " + ", ".join(DATASETS) in run("refresh", "nonsense", root=datasets_copy).stderr


def test_a_rehearsal_shows_what_would_change_and_publishes_nothing(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    before = files(datasets_copy)
    result = run("refresh", "milestones", "--dry-run", root=datasets_copy)
    assert result.exit_code == 0
    assert re.search(r"^milestones +rehearsed +0 +0 +1 +0 ", result.stdout, re.MULTILINE)
    assert "Publish?" not in result.output
    assert files(datasets_copy) == before


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "only enter", "end of input"])
def test_without_a_yes_nothing_is_published(datasets_copy: Path, answer: str) -> None:
    shorten(datasets_copy)
    before = files(datasets_copy)
    result = run("refresh", "milestones", root=datasets_copy, answer=answer)
    assert "Publish?" in result.output
    assert files(datasets_copy) == before


def test_what_changes_is_shown_before_the_question_and_published_after_a_yes(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    result = run("refresh", "milestones", root=datasets_copy, answer="y\n")
    assert result.exit_code == 0
    shown, done = result.stdout.split("Publish?")
    assert re.search(r"^milestones +rehearsed +0 +0 +1 +0 ", shown, re.MULTILINE)
    assert re.search(r"\bmilestones +accepted +0 +0 +1 +0 ", done)
    assert len(store.read("milestones", root=datasets_copy)) == MILESTONES - 1


def test_the_source_file_and_the_day_of_access_can_be_given(datasets_copy: Path, tmp_path: Path) -> None:
    source = tmp_path / "mine.csv"
    header, _first, _second, *others = (
        (datasets_copy / "curated" / "milestones.csv").read_text().splitlines(keepends=True)
    )
    source.write_text("".join([header, *others]))
    result = run(
        *("refresh", "milestones", "--file", str(source), "--as-of", "2026-11-30", "--yes", "--json"),
        root=datasets_copy,
    )
    report = json.loads(result.stdout)[0]
    assert (result.exit_code, report["status"], report["withdrawn"]) == (0, "accepted", 2)
    made = store.read_provenance("milestones", root=datasets_copy)["source"]
    assert (made["name"], made["accessed_on"]) == ("mine.csv", "2026-11-30")


def test_an_unchanged_dataset_raises_no_question(datasets_copy: Path) -> None:
    result = run("refresh", "milestones", root=datasets_copy)
    assert result.exit_code == 0
    assert re.search(r"^milestones +unchanged ", result.stdout, re.MULTILINE)
    assert "Publish?" not in result.output


def test_a_refused_source_is_explained_and_ends_with_1(datasets_copy: Path) -> None:
    before = files(datasets_copy)
    wrong = datasets_copy / "curated" / "incidents.csv"
    result = run("refresh", "milestones", "--file", str(wrong), "--yes", root=datasets_copy)
    assert result.exit_code == 1
    assert "milestones: milestones.csv: the header is not the one expected" in result.stdout
    assert files(datasets_copy) == before


def test_a_message_with_brackets_is_printed_as_it_is(datasets_copy: Path) -> None:
    path = datasets_copy / "curated" / "milestones.csv"
    path.write_text(re.sub(r",20\d\d-\d\d-\d\d,", ",[/red]soon[bold],", path.read_text()))
    result = run("refresh", "milestones", root=datasets_copy)
    assert result.exit_code == 1
    assert "'[/red]soon[bold]' is not a date" in result.stdout


def test_a_full_disk_is_explained_and_ends_with_1(
    datasets_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    shorten(datasets_copy)
    before = files(datasets_copy)
    monkeypatch.setattr(store, "_write_synced", full)
    result = run("refresh", "milestones", "--yes", root=datasets_copy)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert files(datasets_copy) == before
    line = store.read_log(root=datasets_copy)[-1]
    assert (line["dataset"], line["status"], line["version"]) == ("milestones", "failed", None)
    assert "No space left on device" in line["messages"][0]
    listed = {one["id"]: one for one in json.loads(run("list", "--json", root=datasets_copy).stdout)}
    assert listed["milestones"]["last_refresh"]["status"] == "failed"
    assert listed["milestones"]["rows"] == MILESTONES


def test_a_second_refresh_is_told_to_wait(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    with store.lock(datasets_copy):
        result = run("refresh", "milestones", "--yes", root=datasets_copy)
    assert result.exit_code == 1
    assert "Another refresh is running" in result.stderr


# -- remedies --------------------------------------------------------------------------------------------------------


def test_every_command_that_a_message_names_exists() -> None:
    commands = {command.name for command in app.registered_commands}
    named = set()
    for path in sorted(Path(store.__file__).parent.rglob("*.py")):
        named |= set(re.findall(r"python -m loaders ([a-z]+)\b", path.read_text(encoding="utf-8")))
    assert "refresh" in named
    assert named - commands == set()


# -- accept, diff, rollback, limits -----------------------------------------------------------------------------------


def change_most(root: Path) -> None:
    """Change the milestones so far that a limit stops it: most of them are withdrawn."""
    path = root / "curated" / "milestones.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.startswith(("milestone_id", "MS009", "MS025"))]
    path.write_text("".join(kept), encoding="utf-8")


def test_what_was_declined_can_be_looked_at_and_accepted_later(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    result = run("refresh", "milestones", root=datasets_copy, answer="n\n")
    assert result.exit_code == 3
    assert "python -m loaders accept" in result.stdout
    assert len(store.read("milestones", root=datasets_copy)) == MILESTONES
    diff = json.loads(run("diff", "milestones", "--json", root=datasets_copy).stdout)
    assert [row["change"] for row in diff["rows"]] == ["withdrawn"]
    assert "Waiting for" in run("list", root=datasets_copy).stdout
    accepted = run("accept", root=datasets_copy)
    assert accepted.exit_code == 0
    assert len(store.read("milestones", root=datasets_copy)) == MILESTONES - 1
    assert run("accept", root=datasets_copy).exit_code == 1
    assert run("refresh", "milestones", root=datasets_copy).exit_code == 0


def test_a_candidate_is_not_accepted_on_other_data_than_it_was_compared_with(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    assert run("refresh", "milestones", root=datasets_copy, answer="n\n").exit_code == 3
    shorten(datasets_copy, "key_sites.csv")
    published = run("refresh", "indicators", "milestones", "--yes", root=datasets_copy)
    assert published.exit_code == 0
    result = run("accept", root=datasets_copy)
    assert result.exit_code == 1
    assert "Other data have been published since" in result.stderr


def test_a_limit_stops_a_refresh_without_a_person(datasets_copy: Path) -> None:
    change_most(datasets_copy)
    result = run("refresh", "milestones", "--yes", "--json", root=datasets_copy)
    assert result.exit_code == 4
    report = json.loads(result.stdout)[0]
    assert (report["status"], report["withdrawn"]) == ("refused", MILESTONES - 2)
    assert (
        f"{MILESTONES - 2} of {MILESTONES} rows are withdrawn (92 %, the limit is 10 %)"
        in report["messages"][0]
    )
    assert len(store.read("milestones", root=datasets_copy)) == MILESTONES
    assert store.read_log(root=datasets_copy)[-1]["status"] == "refused"
    assert run("accept", root=datasets_copy).exit_code == 0
    assert len(store.read("milestones", root=datasets_copy)) == 2


def test_limits_can_be_set_and_a_bad_file_of_limits_is_refused(datasets_copy: Path) -> None:
    change_most(datasets_copy)
    (datasets_copy / "refresh.yaml").write_text("withdrawn_percent: 95\n")
    assert run("refresh", "milestones", "--dry-run", root=datasets_copy).exit_code == 0
    (datasets_copy / "refresh.yaml").write_text("withdrawn_percent: many\n")
    result = run("refresh", "milestones", "--dry-run", root=datasets_copy)
    assert result.exit_code == 1
    assert "refresh.yaml: withdrawn_percent is 'many'. Write a number, 0 or more." in result.stderr


def test_a_rollback_publishes_the_version_before_and_can_be_undone(datasets_copy: Path) -> None:
    first = store.snapshot(root=datasets_copy).versions["milestones"]
    assert "No version of milestones before" in run("rollback", "milestones", root=datasets_copy).stderr
    shorten(datasets_copy)
    run("refresh", "milestones", "--yes", root=datasets_copy)
    second = store.snapshot(root=datasets_copy).versions["milestones"]
    back = run("rollback", "milestones", root=datasets_copy)
    assert back.exit_code == 0
    assert store.snapshot(root=datasets_copy).versions["milestones"] == first
    assert len((datasets_copy / "milestones" / "data.csv").read_text().splitlines()) == MILESTONES + 1
    assert run("rollback", "milestones", "--to", second, root=datasets_copy).exit_code == 0
    assert store.snapshot(root=datasets_copy).versions["milestones"] == second
    unknown = run("rollback", "milestones", "--to", "../x", root=datasets_copy)
    assert unknown.exit_code == 1
    assert "is not kept here. There are:" in unknown.stderr


def test_the_rehearsal_says_how_headline_numbers_move_and_because_of_which_rows(datasets_copy: Path) -> None:
    path = datasets_copy / "curated" / "control_assessments.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    solino = [number for number, line in enumerate(lines) if ",solino," in line]
    path.write_text(
        "".join(line for number, line in enumerate(lines) if number not in solino), encoding="utf-8"
    )
    result = run("refresh", "territorial_control", "--dry-run", root=datasets_copy)
    assert result.exit_code == 0, result.output
    assert re.search(r"statements about control: \d+ → \d+, because of CA", result.stdout)
    assert re.search(r"share of neighborhoods on .*past weeks that change: 20\d\d-", result.stdout)


def test_a_log_with_a_torn_line_is_read_and_carried_on(datasets_copy: Path) -> None:
    shorten(datasets_copy)
    run("refresh", "milestones", "--yes", root=datasets_copy)
    log = datasets_copy / ".store" / "log.jsonl"
    whole = len(store.read_log(root=datasets_copy))
    log.write_bytes(log.read_bytes()[:-20])
    assert len(store.read_log(root=datasets_copy)) == whole - 1
    run("refresh", "milestones", "--yes", root=datasets_copy)
    assert len(store.read_log(root=datasets_copy)) == whole
    assert store.read_log(root=datasets_copy)[-1]["status"] == "unchanged"


def test_later_rows_are_never_forgotten_by_building_the_first_edition_again(datasets_copy: Path) -> None:
    shorten(datasets_copy, "control_assessments.csv")
    assert run("refresh", "territorial_control", "--yes", root=datasets_copy).exit_code == 0
    result = run("refresh", "territorial_control", "--yes", "--as-of", "2026-11-23", root=datasets_copy)
    assert result.exit_code == 1
    assert "Building the first edition again would forget them: leave --as-of out." in result.stdout
