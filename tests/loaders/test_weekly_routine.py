"""The weekly routine, command by command, on fake services over real HTTP: rows that imitate providers are synthetic."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from loaders import __main__ as command_line
from loaders import store
from loaders.contracts import CONTRACTS, known_at
from loaders.sources.http import open_session
from loaders.sources.interface import Source
from tests.fake_services.__main__ import SERVICES, settings
from tests.fake_services.server import FakeService

WEDNESDAY = datetime(2026, 11, 25, 15, tzinfo=UTC)
WEEK = timedelta(days=7)
PROVIDERS = (
    *("boundaries", "acled_incidents", "ucdp_incidents", "acled_monthly_counts", "iom_displacement"),
    *("osm_sites", "roads", "osm_places", "airports"),
)


class Desk:
    """Somebody at a terminal: runs commands on a store, on a day, with the fake services configured."""

    def __init__(self, root: Path, services: dict[str, FakeService], patch: pytest.MonkeyPatch) -> None:
        self.root, self.services, self._patch = root, services, patch
        self.on(WEDNESDAY)

    def on(self, moment: datetime) -> None:
        self._patch.setattr(command_line, "_now", lambda: moment)

    def run(self, *arguments: str, code: int = 0) -> Any:
        """JSON of a command."""
        result = CliRunner().invoke(command_line.app, [*arguments, "--json", "--root", str(self.root)])
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def refresh(self, *datasets: str, code: int = 0) -> dict[str, dict[str, Any]]:
        return {one["dataset"]: one for one in self.run("refresh", *datasets, "--yes", code=code)}

    def frame(self, dataset_id: str) -> pd.DataFrame:
        return store.read(dataset_id, root=self.root)

    def holding(self, dataset_id: str) -> pd.DataFrame:
        return known_at(self.frame(dataset_id), None, ends=str(CONTRACTS[dataset_id].ends))


@pytest.fixture
def desk(datasets_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    def impatient(self: Source, **overrides: Any) -> Any:
        limits = {**self.limits, "spacing": 0.0, "attempts": 2, "sleep": lambda _seconds: None, **overrides}
        return open_session(self.title, **limits)

    monkeypatch.setattr(Source, "open", impatient)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as running:
        services = {kind.name: kind() for kind in SERVICES}
        for service in services.values():
            running.enter_context(service.running())
        for name, value in settings(list(services.values())).items():
            monkeypatch.setenv(name, value)
        yield Desk(datasets_copy, services, monkeypatch)


def counts(report: dict[str, Any]) -> tuple[int, int, int]:
    return (report["added"], report["changed"], report["withdrawn"])


def test_every_provider_is_fetched_in_one_command_and_again_without_news(desk: Desk) -> None:
    first = desk.refresh(*PROVIDERS)
    assert {name: one["status"] for name, one in first.items()} == dict.fromkeys(PROVIDERS, "accepted")
    assert all(one["added"] > 0 for one in first.values())
    assert first["acled_incidents"]["added"] == 60
    before = store.snapshot(root=desk.root)
    desk.on(WEDNESDAY + WEEK)
    second = desk.refresh(*PROVIDERS)
    assert {name: one["status"] for name, one in second.items()} == dict.fromkeys(PROVIDERS, "unchanged")
    assert store.snapshot(root=desk.root) == before
    assert desk.run("check")
    listed = {line["id"]: line for line in desk.run("list")}
    assert listed["acled_incidents"]["last_refresh"]["status"] == "unchanged"
    assert listed["acled_incidents"]["last_refresh"]["gaps"] == []
    assert "not_fetched" in listed["insecurity_insight_incidents"]


def test_changes_and_deletions_end_versions_and_a_rollback_brings_them_back(desk: Desk) -> None:
    first = desk.refresh("acled_incidents")["acled_incidents"]
    desk.services["acled"].scenario = "changes"
    desk.on(WEDNESDAY + WEEK)
    second = desk.refresh("acled_incidents")["acled_incidents"]
    assert counts(second) == (2, 1, 1)
    asked = [one for one in desk.services["acled"].requests if one.path == "/api/acled/read"]
    assert "timestamp" in asked[-1].query, "the second time only what changed is asked for"
    rows = desk.holding("acled_incidents")
    assert len(rows) == 61
    changed = desk.frame("acled_incidents").query("event_id == 'HTI900004'").sort_values("recorded_at")
    assert changed["fatalities"].tolist() == [0, 7]
    assert "HTI900009" not in set(rows["event_id"])
    known = known_at(
        desk.frame("acled_incidents"), pd.Timestamp(WEDNESDAY + timedelta(days=1)), ends="superseded_at"
    )
    assert len(known) == 60
    assert "HTI900009" in set(known["event_id"])

    diff = desk.run("diff", "acled_incidents")
    assert (diff["added"], diff["changed"], diff["withdrawn"]) == (2, 1, 1)
    back = desk.run("rollback", "acled_incidents")
    assert back["version"] == first["version"]
    assert len(desk.holding("acled_incidents")) == 60
    desk.on(WEDNESDAY + 2 * WEEK)
    again = desk.refresh("acled_incidents")["acled_incidents"]
    assert counts(again) == (2, 1, 1), "what has come since is asked for again"


def test_a_service_that_fails_leaves_the_last_data_and_a_gap_that_the_next_run_fills(desk: Desk) -> None:
    desk.refresh("acled_incidents", "airports")
    before = store.snapshot(root=desk.root)
    desk.services["acled"].scenario = "unavailable"
    desk.on(WEDNESDAY + WEEK)
    reports = desk.refresh("acled_incidents", "airports", code=1)
    assert reports["acled_incidents"]["status"] == "failed"
    assert "2026-11-26 to 2026-12-02 is missing" in " ".join(reports["acled_incidents"]["messages"])
    assert reports["airports"]["status"] == "unchanged"
    assert store.snapshot(root=desk.root) == before
    last = {line["id"]: line for line in desk.run("list")}["acled_incidents"]["last_refresh"]
    assert (last["status"], last["gaps"]) == ("failed", [["2026-11-26", "2026-12-02"]])
    desk.services["acled"].scenario = "changes"
    desk.on(WEDNESDAY + 2 * WEEK)
    assert counts(desk.refresh("acled_incidents")["acled_incidents"]) == (2, 1, 1)
    last = {line["id"]: line for line in desk.run("list")}["acled_incidents"]["last_refresh"]
    assert last["gaps"] == []


#: Dataset, service, scenario, and what must be said of it.
BROKEN = (
    ("acled_incidents", "acled", "cut", "connection failed"),
    ("acled_incidents", "acled", "failure", "reports an error: Synthetic failure"),
    ("acled_incidents", "acled", "web_page", "the answer is not JSON"),
    ("acled_incidents", "acled", "wrong_encoding", "UTF-8"),
    ("ucdp_incidents", "ucdp", "cut", "connection failed"),
    ("ucdp_incidents", "ucdp", "truncated", "cut short"),
    ("boundaries", "hdx", "cut", "connection failed"),
    ("boundaries", "hdx", "failure", "answered 200"),
    ("iom_displacement", "dtm", "cut", "connection failed"),
    ("iom_displacement", "dtm", "refused", "Synthetic reason"),
    ("roads", "overpass", "cut", "connection failed"),
    ("roads", "overpass", "timeout", "the answer is incomplete: runtime error"),
    ("airports", "ourairports", "cut", "connection failed"),
    ("airports", "ourairports", "truncated", "cut short"),
    ("airports", "ourairports", "web_page", "web page"),
)


def test_a_body_cut_short_and_an_error_that_looks_like_success_change_nothing(desk: Desk) -> None:
    """Through the whole command line: exit code, message, what is served, the list and the log."""
    datasets = sorted({dataset for dataset, _service, _scenario, _words in BROKEN})
    desk.refresh(*datasets)
    usual = {name: service.scenario for name, service in desk.services.items()}
    before = store.snapshot(root=desk.root)
    for number, (dataset, service, scenario, words) in enumerate(BROKEN, start=1):
        desk.services[service].scenario = scenario
        desk.on(WEDNESDAY + number * WEEK)
        report = desk.refresh(dataset, code=1)[dataset]
        what = f"{dataset}, {scenario}: {report}"
        assert (report["status"], report["version"]) == ("failed", None), what
        assert words in report["messages"][0], what
        assert "The data served before stay in use" in report["messages"][-1], what
        assert store.snapshot(root=desk.root) == before, what
        listed = {line["id"]: line for line in desk.run("list")}[dataset]
        assert (listed["last_refresh"]["status"], listed["version"]) == ("failed", before.versions[dataset])
        line = store.read_log(root=desk.root)[-1]
        assert (line["dataset"], line["status"], line["messages"]) == (dataset, "failed", report["messages"])
        desk.services[service].scenario = usual[service]
    desk.on(WEDNESDAY + (len(BROKEN) + 1) * WEEK)
    assert {one["status"] for one in desk.refresh(*datasets).values()} == {"unchanged"}
    assert {line["last_refresh"]["status"] for line in desk.run("list") if line["id"] in datasets} == {
        "unchanged"
    }


def test_one_provider_that_fails_does_not_hold_back_another(desk: Desk) -> None:
    desk.services["acled"].scenario = "embargo"
    reports = desk.refresh("acled_incidents", "airports", code=1)
    assert reports["airports"]["status"] == "accepted"
    assert reports["acled_incidents"]["status"] == "failed"
    assert "This is not 0 events" in reports["acled_incidents"]["messages"][0]


def test_official_boundaries_cut_the_catchments_and_are_the_communes(desk: Desk) -> None:
    area = desk.frame("neighborhoods")["area_km2"].sum()
    assert desk.refresh("boundaries")["boundaries"]["added"] == 9
    people = desk.frame("communes").set_index("name")["population"]
    # The outlines of the fake service are squares: they move far more than the limits let through.
    desk.run("refresh", "neighborhoods", "communes", code=3)
    desk.run("accept")
    assert set(desk.frame("communes")["geometry_basis"]) == {"official"}
    assert desk.frame("communes").set_index("name")["population"].equals(people)
    assert desk.frame("neighborhoods")["area_km2"].sum() < area
    scope = desk.frame("neighborhoods").query("is_in_scope")
    assert set(scope["geometry_basis"]) == {"approximate"}
    assert desk.run("check")


def test_another_alias_table_asks_for_everything_again(desk: Desk) -> None:
    desk.refresh("acled_incidents")
    path = desk.root / "curated" / "places.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Solino,", "Solino,Soulino;", 1), encoding="utf-8")
    desk.run("refresh", "aliases", "--yes")
    desk.refresh("acled_incidents")
    asked = [one for one in desk.services["acled"].requests if one.path == "/api/acled/read"]
    assert "timestamp" not in asked[-1].query


def test_a_file_of_a_provider_can_be_given_in_place_of_the_service(desk: Desk, tmp_path: Path) -> None:
    from tests.fake_services.acled import csv_file, row

    path = tmp_path / "export.csv"
    path.write_text(csv_file([row(number) for number in range(30)]), encoding="utf-8")
    reports = desk.run("refresh", "acled_incidents", "--file", str(path), "--yes")
    assert counts(reports[0]) == (30, 0, 0)
    assert desk.services["acled"].requests == []
    path.write_text(csv_file([row(number) for number in range(2, 32)]), encoding="utf-8")
    desk.on(WEDNESDAY + WEEK)
    reports = desk.run("refresh", "acled_incidents", "--file", str(path), "--yes")
    assert counts(reports[0]) == (2, 0, 0), "events outside its days are none of the file's"


def test_a_choice_of_events_withdraws_nothing_unless_it_is_said_to_be_complete(
    desk: Desk, tmp_path: Path
) -> None:
    from tests.fake_services.acled import csv_file, row

    path = tmp_path / "export.csv"
    rows = [row(number) for number in range(30)]
    path.write_text(csv_file(rows), encoding="utf-8")
    desk.run("refresh", "acled_incidents", "--file", str(path), "--yes")
    battles = [one for one in rows if one["event_type"] == "Battles"]
    path.write_text(csv_file(battles), encoding="utf-8")
    desk.on(WEDNESDAY + WEEK)
    report = desk.run("refresh", "acled_incidents", "--file", str(path), "--yes")[0]
    assert (report["status"], *counts(report)) == ("unchanged", 0, 0, 0)
    lacking = sum(battles[0]["event_date"] <= one["event_date"] <= battles[-1]["event_date"] for one in rows)
    assert report["messages"][0] == (
        f"{lacking - len(battles)} recorded rows between 2026-09-01 and 2026-09-29 are not in this file and stay as they are "
        "(HTI900001, HTI900002, HTI900003, HTI900005, HTI900006 …). Only if nothing was left out of the file, give it again "
        "with --complete: they are then withdrawn."
    )
    assert len(desk.holding("acled_incidents")) == 30
    command = ("refresh", "acled_incidents", "--file", str(path), "--complete")
    assert counts(desk.run(*command, "--yes", code=4)[0]) == (0, 0, lacking - len(battles)), (
        "beyond the limit"
    )
    desk.run("accept")
    assert len(desk.holding("acled_incidents")) == 30 - lacking + len(battles)


def test_an_older_file_and_one_with_fewer_columns_change_nothing_that_is_recorded(
    desk: Desk, tmp_path: Path
) -> None:
    from tests.fake_services.acled import COLUMNS, SECOND_UPLOAD, csv_file, row

    path = tmp_path / "export.csv"

    def given(rows: list[dict[str, Any]], columns: tuple[str, ...] = COLUMNS) -> dict[str, Any]:
        path.write_text(csv_file(rows, columns), encoding="utf-8")
        return dict(desk.run("refresh", "acled_incidents", "--file", str(path), "--yes")[0])

    given([row(number, timestamp=SECOND_UPLOAD) for number in range(10)])
    older = given([row(number, fatalities=9) for number in range(12)])
    assert counts(older) == (2, 0, 0)
    assert (
        "10 rows differ from what is recorded and change nothing: what is recorded was published later"
        in (older["messages"][0])
    )
    reduced = tuple(name for name in COLUMNS if name not in ("fatalities", "actor1", "geo_precision"))
    fewer = given([row(number, timestamp=SECOND_UPLOAD + 86_400 * 7) for number in range(13)], reduced)
    assert counts(fewer) == (1, 0, 0)
    assert "the file lacks columns" in fewer["messages"][0]
    newer = given([row(number, timestamp=SECOND_UPLOAD + 86_400, fatalities=9) for number in range(12)])
    assert counts(newer) == (0, 10, 0), "the two that came with the older file say the same"


def test_what_an_embargo_hides_is_not_withdrawn(desk: Desk, tmp_path: Path) -> None:
    from tests.fake_services.acled import csv_file, row

    path = tmp_path / "from-a-colleague.csv"
    path.write_text(csv_file([row(number) for number in range(30)]), encoding="utf-8")
    desk.run("refresh", "acled_incidents", "--file", str(path), "--yes")
    desk.services["acled"].scenario = "partly_embargoed"
    desk.on(WEDNESDAY + WEEK)
    report = desk.refresh("acled_incidents")["acled_incidents"]
    assert report["withdrawn"] == 0
    assert len(desk.holding("acled_incidents")) >= 30
    desk.on(WEDNESDAY + 2 * WEEK)
    desk.refresh("acled_incidents")
    asked = [one for one in desk.services["acled"].requests if one.path == "/api/acled/read"]
    assert "timestamp" not in asked[-1].query, "events that come into view have old upload times"


def test_a_final_release_of_ucdp_replaces_candidates_and_no_older_file_brings_them_back(
    desk: Desk, tmp_path: Path
) -> None:
    from tests.fake_services.ucdp import archive, csv_file, row

    def given(name: str, content: bytes, code: int = 0) -> dict[str, Any]:
        (tmp_path / name).write_bytes(content)
        arguments = ("refresh", "ucdp_incidents", "--file", str(tmp_path / name))
        report = dict(desk.run(*arguments, code=code)[0])
        if code == 3:
            desk.run("accept")
        return report

    def candidate(number: int, **changes: Any) -> dict[str, Any]:
        return row(number, year=2025, date_start="2025-05-05", **changes)

    august = csv_file([candidate(1, best=3, high=3), candidate(2)])
    assert counts(given("GEDEvent_v25_0_8.csv", august, 3)) == (2, 0, 0)
    listed = {line["id"]: line for line in desk.run("list")}["ucdp_incidents"]
    assert listed["last_refresh"]["gaps"] == [["2025-05-06", "2026-11-25"]], (
        "nothing is known after its last event"
    )
    july = csv_file([candidate(1, best=1, high=1), candidate(3)])
    assert counts(given("GEDEvent_v25_0_7.csv", july, 3)) == (1, 0, 0), (
        "an older candidate corrects no newer one"
    )
    chad = row(9, year=2025, date_start="2025-05-05", country="Chad", country_id=483)
    chosen = archive(("GEDEvent_v26_1.csv", csv_file([candidate(1, best=2, low=2, high=2)])))
    report = given("ged261-csv.zip", chosen, 3)
    assert counts(report) == (0, 1, 0), "rows of one country alone may be a choice"
    whole = archive(("GEDEvent_v26_1.csv", csv_file([candidate(1, best=2, low=2, high=2), chad])))
    assert counts(given("ged261-csv.zip", whole, 3)) == (0, 0, 2)
    late = given("GEDEvent_v25_0_8.csv", august)
    assert (late["status"], *counts(late)) == ("unchanged", 0, 0, 0)
    assert "a final release that replaces them is recorded" in " ".join(late["messages"])
    old = archive(("GEDEvent_v25_1.csv", csv_file([row(1, year=2024, date_start="2024-05-05"), chad])))
    assert "There is nothing to take from the older one" in given("ged251-csv.zip", old, 1)["messages"][0]
    assert len(desk.holding("ucdp_incidents")) == 1


def test_sites_and_figures_that_a_file_lacks_stay(desk: Desk, tmp_path: Path) -> None:
    from tests.fake_services import dtm, overpass

    desk.refresh("osm_sites", "iom_displacement")
    before = {name: len(desk.frame(name)) for name in ("osm_sites", "iom_displacement")}
    rounds = [one for one in dtm.rows() if one["roundNumber"] == 90]
    sites = [one for one in overpass.elements() if "hospital" not in one["tags"].values()]
    answers: dict[str, dict[str, Any]] = {
        "iom_displacement": {"result": rounds, "isSuccess": True, "totalRecordsCount": len(rounds)},
        "osm_sites": {"elements": sites, "osm3s": {"timestamp_osm_base": "2026-11-22T10:00:00Z"}},
    }
    people = desk.frame("iom_displacement").set_index("figure_id")["value"]
    for name, answer in answers.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(answer), encoding="utf-8")
        report = desk.run("refresh", name, "--file", str(path), "--yes")[0]
        assert report["withdrawn"] == 0
        assert "recorded rows are not in this file and stay as they are" in " ".join(report["messages"])
        assert len(desk.frame(name)) == before[name]
    conflict = [one for one in dtm.rows() if one["displacementReason"] == "Conflict"]
    path = tmp_path / "conflict.json"
    answer = {"result": conflict, "isSuccess": True, "totalRecordsCount": len(conflict)}
    path.write_text(json.dumps(answer), encoding="utf-8")
    command = ("refresh", "iom_displacement", "--file", str(path))
    report = desk.run(*command, "--yes")[0]
    assert counts(report) == (0, 0, 0)
    assert "sums are too low where rows were left out" in " ".join(report["messages"])
    pd.testing.assert_series_equal(desk.frame("iom_displacement").set_index("figure_id")["value"], people)
    assert desk.run(*command, "--complete", code=3)[0]["changed"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("refresh", "acled_incidents", "--source", "nobody"),
            "acled_incidents has no source nobody. It has: acled.",
        ),
        (("refresh", "incidents", "--source", "acled"), "incidents has no source acled. It has: curated."),
        (("rollback", "nothing"), "Unknown dataset: nothing"),
        (("template", "incidents", "x.xlsx"), "There is no template for incidents"),
    ],
)
def test_a_wrong_command_ends_with_2(datasets_copy: Path, arguments: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(command_line.app, [*arguments, "--root", str(datasets_copy)])
    assert result.exit_code == 2, result.output
    assert words in result.stderr


# -- the workbook ----------------------------------------------------------------------------------------------------


def _statement(**changes: str) -> dict[str, str]:
    return {
        "place": "Solino",
        "status": "state_presence",
        "source_word": "patrols",
        "from_earliest": "2026-11-20",
        "date_precision": "day",
        "claimant": "press",
        "verification": "single_source",
        "confidence": "medium",
        "source_publisher": "A synthetic newspaper",
        "published_date": "2026-11-21",
        "source_checked": "page",
        **changes,
    }


def _sheet(path: Path, *rows: dict[str, str]) -> str:
    from loaders.workbook import COLUMNS

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_statements_of_the_workbook_stand_beside_the_fact_base(desk: Desk, tmp_path: Path) -> None:
    fact_base = len(desk.frame("territorial_control"))

    def given(name: str, *rows: dict[str, str], options: tuple[str, ...] = ()) -> dict[str, Any]:
        file = _sheet(tmp_path / name, *rows)
        desk.on(next(days))
        return dict(desk.run("refresh", "territorial_control", "--file", file, "--yes", *options)[0])

    days = iter([WEDNESDAY + number * WEEK for number in range(6)])
    solino, delmas = _statement(), _statement(place="Bel-Air")
    report = given("week.csv", solino, delmas, _statement(place="Nowhere at all"))
    assert (report["status"], *counts(report), report["rejected"]) == ("accepted", 2, 0, 0, 1)
    assert report["unresolved_names"] == ["Nowhere at all"]
    new = desk.frame("territorial_control").query("source_publisher == 'A synthetic newspaper'")
    assert set(new["recorded_at"]) == {pd.Timestamp(WEDNESDAY)}
    # The fact base refreshed on its own leaves the workbook's statements alone, and so does another workbook.
    assert counts(desk.refresh("territorial_control")["territorial_control"]) == (0, 0, 0)
    assert counts(given("next.csv", _statement(place="Delmas 30"))) == (1, 0, 0)
    assert counts(given("next.csv", _statement(place="Delmas 30"))) == (0, 0, 0)
    # Next week's workbook has the same name: what it lacks stays, unless it is said to be complete.
    report = given("week.csv", solino)
    assert counts(report) == (0, 0, 0)
    assert report["messages"][0].startswith("1 recorded rows are not in this file and stay as they are (")
    # A statement removed from its workbook is withdrawn, not forgotten.
    assert counts(given("week.csv", solino, options=("--complete",))) == (0, 0, 1)
    assert len(desk.holding("territorial_control")) == fact_base + 2
    assert len(desk.frame("territorial_control")) == fact_base + 3


def test_the_template_is_written_and_read(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "week.xlsx"
    desk.run("template", "territorial_control", str(path))
    report = desk.run("refresh", "territorial_control", "--file", str(path), "--yes", code=1)[0]
    assert report["status"] == "failed"
    assert "no statements below the header and the examples" in report["messages"][0]
    desk.run("list")
