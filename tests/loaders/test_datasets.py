"""The committed datasets: whole, valid, complete, rebuilt from their sources to the byte, and true to what is known."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from loaders import store
from loaders.contracts import COMMITTED_DATASETS, METRO_COMMUNES, enforce
from loaders.names import resolve
from loaders.refresh import refresh
from loaders.registry import DATASETS
from loaders.together import make_context
from monitor.analysis.sites import site_history, site_panel
from tests.server import DATASETS as COMMITTED

every_dataset = pytest.mark.parametrize("name", COMMITTED_DATASETS)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the committed datasets as a fresh clone has them: no kept version can stand in for a bad file."""
    target = tmp_path_factory.mktemp("committed") / "datasets"
    return Path(shutil.copytree(COMMITTED, target, ignore=shutil.ignore_patterns(".store")))


def read(root: Path, name: str) -> pd.DataFrame:
    reader = store.read_geometry if DATASETS[name].contract.has_geometry else store.read
    return reader(name, root=root)


# -- every dataset ---------------------------------------------------------------------------------------------------


@every_dataset
def test_keeps_its_contract_and_passes_its_own_check(root: Path, name: str) -> None:
    dataset = DATASETS[name]
    valid, broken = enforce(read(root, name), dataset.contract)
    findings = dataset.check(valid, make_context(dataset, root))
    assert broken["reason"].tolist() == []
    assert findings.violations == []
    assert findings.rejected["reason"].tolist() == []


@pytest.mark.parametrize(
    ("name", "rows"),
    {
        "sources": 425,
        "neighborhoods": 176,
        "communes": 9,
        "actors": 42,
        "territorial_control": 347,
        "retaken_areas": 51,
        "incidents": 205,
        "key_sites": 62,
        "site_status": 134,
        "site_restrictions": 5,
        "mission": 76,
        "indicators": 127,
        "milestones": 26,
        "coastline": 1,
    }.items(),
)
def test_no_row_of_the_fact_base_is_lost(root: Path, name: str, rows: int) -> None:
    assert len(store.read(name, root=root)) + len(store.read_rejected(name, root=root)) == rows


@every_dataset
def test_provenance_counts_what_is_there(root: Path, name: str) -> None:
    frame, provenance = store.read(name, root=root), store.read_provenance(name, root=root)
    assert provenance["dataset"] == name
    assert provenance["rows"] == len(frame)
    assert provenance["rejected"] == len(store.read_rejected(name, root=root))
    dates = DATASETS[name].contract.date_column
    if dates is not None:
        assert provenance["covers"] == {
            "from": f"{frame[dates].min():%Y-%m-%d}",
            "to": f"{frame[dates].max():%Y-%m-%d}",
        }


@pytest.mark.parametrize("name", DATASETS)
def test_is_described_by_hand(root: Path, name: str) -> None:
    about = store.read_description(name, root=root)
    words = ("title", "description", "one_row", "producer", "licence", "attribution", "access")
    assert [word for word in words if not about.get(word)] == []
    assert about["known_limits"]
    assert about["access"] in ("public", "restricted")
    date.fromisoformat(about["compiled_on"])


def test_snapshot_names_every_dataset_and_nothing_else(root: Path) -> None:
    assert set(store.snapshot(root=root).versions) == set(COMMITTED_DATASETS)
    folders = {path.name for path in root.iterdir() if path.is_dir()}
    assert folders == {*DATASETS, "curated"}


def test_rebuilding_from_the_curated_files_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "datasets"))
    reports = refresh(list(COMMITTED_DATASETS), root=copy, as_of=date(2030, 1, 1), dry_run=True)
    statuses = {report.dataset: report.status for report in reports}
    assert statuses == dict.fromkeys(COMMITTED_DATASETS, "unchanged")


def test_building_from_nothing_but_the_curated_files_gives_the_same_snapshot(
    root: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "datasets"
    shutil.copytree(root / "curated", empty / "curated")
    for name in COMMITTED_DATASETS:
        (empty / name).mkdir()
        shutil.copy(root / name / "dataset.yaml", empty / name)
    accessed = {
        store.read_provenance(name, root=root)["source"]["accessed_on"] for name in COMMITTED_DATASETS
    }
    assert len(accessed) == 1, "datasets of one compilation have one access date"
    reports = refresh(list(COMMITTED_DATASETS), root=empty, as_of=date.fromisoformat(accessed.pop()))
    assert {report.status for report in reports} == {"accepted"}
    assert store.snapshot(root=empty) == store.snapshot(root=root)


def test_datasets_stand_after_those_they_need() -> None:
    seen: set[str] = set()
    for name, dataset in DATASETS.items():
        if name not in COMMITTED_DATASETS:
            continue  # built from what is published
        assert set(dataset.needs) <= seen, name
        seen.add(name)


# -- sources and dates -----------------------------------------------------------------------------------------------

#: The other datasets describe the map and the sources themselves.
CITED = [
    name
    for name, dataset in DATASETS.items()
    if name in COMMITTED_DATASETS
    and {"source_publisher", "published_date"} <= set(dataset.contract.column_names)
]


def test_all_statements_and_figures_are_cited() -> None:
    assert set(CITED) >= {
        *("territorial_control", "retaken_areas", "incidents", "site_status", "site_restrictions"),
        *("mission", "indicators", "actors", "key_sites", "neighborhoods", "communes"),
    }


@pytest.mark.parametrize("name", CITED)
def test_every_row_has_a_publisher_and_a_date(root: Path, name: str) -> None:
    frame = store.read(name, root=root)
    assert not frame[["source_publisher", "published_date", "source_checked"]].isna().any().any()
    dates = DATASETS[name].contract.date_column
    if dates is not None:
        assert not frame[dates].isna().any()


@pytest.mark.parametrize("name", [name for name in CITED if name not in ("neighborhoods", "communes")])
def test_a_row_seen_on_a_page_names_the_page(root: Path, name: str) -> None:
    frame = store.read(name, root=root)
    seen = frame[frame["source_checked"] == "page"]
    assert seen.loc[seen["source_url"].isna(), seen.columns[0]].tolist() == []


@pytest.mark.parametrize("name", CITED)
def test_every_source_named_is_registered(root: Path, name: str) -> None:
    frame = store.read(name, root=root)
    registered = store.read("sources", root=root)["source_id"]
    named = frame["source_id"].dropna()
    assert sorted(set(named[~named.isin(registered)])) == []


@pytest.mark.parametrize("name", ["territorial_control", "retaken_areas", "incidents", "site_status"])
def test_nothing_is_recorded_before_it_was_published_nor_published_before_it_happened(
    root: Path, name: str
) -> None:
    frame = store.read(name, root=root)
    happened = frame[str(DATASETS[name].contract.date_column)]
    assert (frame["published_date"] >= happened).all()
    assert (frame["recorded_at"].dt.tz_localize(None) >= frame["published_date"]).all()
    assert frame["recorded_at"].max() <= pd.Timestamp("2026-11-24", tz="UTC")


#: Providers whose rows must not be given away: ACLED and IOM DTM.
RESTRICTED = re.compile(r"\b(?:acled|iom|dtm)\b", re.IGNORECASE)


@every_dataset
def test_no_row_was_taken_from_a_restricted_provider(root: Path, name: str) -> None:
    frame = store.read(name, root=root)
    if "provider" in frame:
        assert frame["provider"].unique().tolist() == ["curated"]
    if "source_url" in frame:
        hosts = frame["source_url"].dropna().str.extract(r"^https?://([^/]+)", expand=False)
        assert hosts[hosts.str.contains(r"(?:^|\.)(?:acleddata\.com|dtm\.iom\.int)$")].tolist() == []
    about = store.read_description(name, root=root)
    assert not RESTRICTED.search(about["producer"])


# -- places ----------------------------------------------------------------------------------------------------------


def test_of_176_places_140_are_in_scope_each_with_an_area_in_a_metro_commune(root: Path) -> None:
    places = store.read_geometry("neighborhoods", root=root)
    scope = places[places["is_in_scope"]]
    assert (len(places), len(scope)) == (176, 140)
    assert set(scope["commune"]) == set(METRO_COMMUNES)
    assert scope.geometry.is_valid.all()
    assert not scope.geometry.is_empty.any()
    assert (scope["geometry_basis"] == "approximate").all()
    assert places.loc[~places["is_in_scope"], "geometry"].isna().all()


def test_areas_do_not_overlap_and_lie_on_land(root: Path) -> None:
    places = store.read_geometry("neighborhoods", root=root)
    cells = places[places["is_in_scope"]].to_crs("EPSG:32618")
    land = store.read_geometry("coastline", root=root).to_crs("EPSG:32618").geometry.iloc[0]
    rounding_m2 = 50_000
    assert cells.area.sum() - cells.union_all().area < rounding_m2
    assert cells.difference(land).area.sum() < rounding_m2


def test_people_of_the_neighborhoods_add_up_to_their_commune(root: Path) -> None:
    places = store.read("neighborhoods", root=root)
    split = places[places["is_in_scope"]].groupby("commune")["population"].sum()
    communes = store.read("communes", root=root).set_index("name")["population"]
    assert (split - communes).abs().max() <= 50
    assert 2.5e6 < communes.sum() < 3.5e6


@pytest.mark.parametrize(
    ("spelling", "place"),
    [
        ("Kafou", "carrefour"),
        ("Site Solèy", "cite-soleil"),
        ("Cité Soleil", "cite-soleil"),
        ("CITE SOLEIL", "cite-soleil"),
        ("Pétion-Ville", "petion-ville"),
        ("Petyonvil", "petion-ville"),
        ("Pòtoprens", "port-au-prince"),
    ],
)
def test_names_in_french_and_creole_resolve(root: Path, spelling: str, place: str) -> None:
    found = resolve(pd.Series([spelling], dtype="str"), store.read("aliases", root=root))
    assert found.tolist() == [place]


def test_every_place_has_a_name_and_its_id_among_its_spellings(root: Path) -> None:
    aliases = store.read("aliases", root=root)
    places = store.read("neighborhoods", root=root)
    assert set(aliases.loc[aliases["is_name"], "neighborhood_id"]) == set(places["neighborhood_id"])
    own = resolve(places["neighborhood_id"], aliases)
    assert own.isna().sum() == 0
    assert (own == places["neighborhood_id"]).all()


# -- incidents -------------------------------------------------------------------------------------------------------


def test_an_incident_known_to_commune_level_or_coarser_is_in_no_neighborhood(root: Path) -> None:
    incidents = store.read("incidents", root=root)
    coarse = incidents["location_precision"] != "neighborhood"
    assert coarse.sum() == 70
    assert incidents.loc[coarse, "neighborhood_id"].isna().all()
    assert incidents.loc[~coarse, "neighborhood_id"].notna().all()


def test_the_precision_of_an_incident_is_the_level_of_its_place(root: Path) -> None:
    places = store.read("neighborhoods", root=root).set_index("neighborhood_id")["place_type"]
    incidents = store.read("incidents", root=root)
    assert set(places[incidents.loc[incidents["location_precision"] == "commune", "place_id"]]) == {"commune"}
    assert set(places[incidents["neighborhood_id"].dropna()]) == {"neighborhood"}


def test_counts_of_an_event_lie_between_its_lowest_and_highest_report(root: Path) -> None:
    incidents = store.read("incidents", root=root).dropna(subset="fatalities")
    assert (incidents["fatalities_low"] <= incidents["fatalities"]).all()
    assert (incidents["fatalities"] <= incidents["fatalities_high"]).all()
    assert (incidents["fatalities_low"] < incidents["fatalities_high"]).any()


# -- the main hospital and the airport -------------------------------------------------------------------------------


def test_the_main_hospital_is_closed_since_29_february_2024_and_no_report_opens_it(root: Path) -> None:
    reports = store.read("site_status", root=root).query("site_id == 'hueh'")
    states = reports.dropna(subset="status").sort_values("status_date")
    assert states.iloc[0][["status_date", "status"]].tolist() == [pd.Timestamp("2024-02-29"), "closed"]
    assert set(states["status"]) == {"closed"}
    assert pd.Timestamp("2024-02-29") in states["stated_since"].tolist()


def test_retaking_the_main_hospital_on_7_july_2024_did_not_open_it(root: Path) -> None:
    status = store.read("site_status", root=root)
    retaken = status[(status["site_id"] == "hueh") & (status["event"] == "retaken")]
    assert retaken["status_date"].tolist() == [pd.Timestamp("2024-07-07")]
    assert retaken["status"].isna().all()
    assert retaken["held_by"].tolist() == ["state"]
    days = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 7, 8), date(2024, 12, 25), date(2026, 1, 16)]
    panel = site_panel(site_history(status), days, ["hueh"])
    assert panel["status"].tolist() == ["no_data", "closed", "closed", "closed", "closed"]


def test_attacks_and_recaptures_carry_no_state(root: Path) -> None:
    status = store.read("site_status", root=root)
    events = status[status["event"].isin(["attacked", "retaken"])]
    assert len(events) > 20
    assert events["status"].isna().all()


def test_the_five_faa_windows_have_their_announced_ends_and_leave_no_gap(root: Path) -> None:
    windows = store.read("site_restrictions", root=root).sort_values("start_date")
    assert windows["site_id"].unique().tolist() == ["pap-airport"]
    assert [
        (f"{window.start_date:%Y-%m-%d}", f"{window.end_date:%Y-%m-%d}") for window in windows.itertuples()
    ] == [
        ("2024-11-12", "2024-12-12"),
        ("2024-12-12", "2025-03-12"),
        ("2025-03-11", "2025-09-08"),
        ("2025-09-05", "2026-03-07"),
        ("2026-03-04", "2026-09-03"),
    ]
    assert all(
        after.start_date <= before.end_date for before, after in itertools.pairwise(windows.itertuples())
    )


def test_a_regulators_window_is_no_state_of_the_runway(root: Path) -> None:
    windows = store.read("site_restrictions", root=root)["restriction_id"]
    status = store.read("site_status", root=root)
    assert not status["status_id"].isin(windows).any()
    assert not status["note"].fillna("").str.startswith("FAA bar").any()


def test_committed_files_are_what_the_reader_gets() -> None:
    """Without this, a kept version under .store could hide a damaged working copy on the machine of its author."""
    of = store.snapshot(root=COMMITTED)
    for name, digests in of.digests.items():
        for file, digest in digests.items():
            assert store.sha256((COMMITTED / name / file).read_bytes()) == digest, f"{name}/{file}"
    assert os.listdir(COMMITTED / "curated")
