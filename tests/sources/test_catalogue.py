"""Every source, from the fake service to rows that keep their contract, through the one interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pandas as pd
import pytest

from loaders import store
from loaders.checks import Context
from loaders.contracts import CONTRACTS, enforce
from loaders.sources.catalogue import SOURCES
from loaders.sources.interface import Ask, Download, Source
from tests.fake_services.__main__ import SERVICES, settings
from tests.fake_services.ucdp import TOKEN
from tests.server import DATASETS
from tests.sources.conftest import RECORDED_AT, Time

ASK = Ask(date(2018, 1, 1), date(2026, 11, 23))
FETCHED = [source for source in SOURCES.values() if source.fetch is not None]


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, str]]:
    """Settings of running fake services, one per provider."""
    with ExitStack() as running:
        started = [kind() for kind in SERVICES]
        for service in started:
            running.enter_context(service.running())
        yield settings(started)


def context(source: Source) -> Context:
    """What the source needs, from the committed datasets."""
    return Context(
        frames={
            name: (store.read_geometry if CONTRACTS[name].has_geometry else store.read)(name, root=DATASETS)
            for name in source.needs
        },
        files={name: (DATASETS / "curated" / name).read_bytes() for name in source.files},
        compiled_on=date(2026, 11, 23),
    )


def fetched(source: Source, services: dict[str, str], ask: Ask = ASK, **overrides: Any) -> Download:
    time = Time()
    with source.open(sleep=time.sleep, clock=time.clock, **overrides) as session:
        assert source.fetch is not None
        return source.fetch(session, services, ask)


@pytest.mark.parametrize("source", FETCHED, ids=lambda source: source.name)
def test_what_is_fetched_keeps_the_contract(source: Source, services: dict[str, str]) -> None:
    download = fetched(source, services)
    for contract_id, read in source.reads.items():
        reading = read(download.body, context(source), name=download.name, recorded_at=RECORDED_AT)
        frame = pd.DataFrame(reading.frame)
        valid, rejected = enforce(frame, CONTRACTS[contract_id])
        assert rejected.empty, rejected[["column", "value", "reason"]].head()
        assert len(valid) == len(frame) > 0
        assert reading.span is None or reading.span[0] < reading.span[1]


@pytest.mark.parametrize("source", FETCHED, ids=lambda source: source.name)
def test_the_same_answer_gives_the_same_bytes_and_rows(source: Source, services: dict[str, str]) -> None:
    first, second = fetched(source, services), fetched(source, services)
    assert first == second
    for read in source.reads.values():
        rows = [
            pd.DataFrame(read(one.body, context(source), name=one.name, recorded_at=RECORDED_AT).frame).drop(
                columns="geometry", errors="ignore"
            )
            for one in (first, second)
        ]
        pd.testing.assert_frame_equal(*rows)


def test_a_second_fetch_of_acled_asks_for_changes_only(services: dict[str, str]) -> None:
    source = SOURCES["acled"]
    first = fetched(source, services)
    reading = source.reads["incidents"](first.body, context(source), name=first.name, recorded_at=RECORDED_AT)
    assert reading.span == (ASK.start, ASK.end)
    later = Ask(ASK.start, ASK.end, {"since": first.state["since"] + 1})
    second = fetched(source, services, later)
    assert second.state == later.state
    changes = source.reads["incidents"](
        second.body, context(source), name=second.name, recorded_at=RECORDED_AT
    )
    assert changes.frame.empty
    assert changes.span is None
    assert changes.withdrawn == ()


def test_ucdp_with_a_token_asks_the_api_and_fetches_what_it_does_not_know(services: dict[str, str]) -> None:
    source = SOURCES["ucdp"]
    download = fetched(source, services | {"UCDP_TOKEN": TOKEN})
    reading = source.reads["incidents"](
        download.body, context(source), name=download.name, recorded_at=RECORDED_AT
    )
    by_release = reading.frame["fatalities_basis"].str.extract(r"UCDP ([\d.]+),")[0].value_counts()
    assert by_release["26.0.8"] > 20  # from the API
    assert {"26.1", "26.01.26.06"} <= set(download.state["releases"])  # from files, revised since


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_every_source_says_its_terms(source: Source) -> None:
    assert set(source.reads) <= set(CONTRACTS)
    assert set(source.needs) <= set(CONTRACTS)
    assert source.licence
    assert source.attribution
    assert source.file_help
    assert source.cadence_days > 0


def test_rows_of_acled_and_of_dtm_are_restricted() -> None:
    restricted = {name for name, source in SOURCES.items() if source.is_restricted}
    assert {"acled", "hapi", "dtm", "hapi_idps"} <= restricted


@pytest.mark.parametrize("source", [one for one in FETCHED if one.keys], ids=lambda source: source.name)
def test_a_missing_key_is_named_and_no_value_is_told(source: Source, services: dict[str, str]) -> None:
    key = source.keys[-1]
    without = {name: value for name, value in services.items() if name != key}
    with pytest.raises(ValueError, match=f"{key} is not set") as error:
        fetched(source, without)
    assert not any(services[name] in str(error.value) for name in source.keys)


def test_official_communes_carry_their_area_and_the_people_of_the_gazetteer(
    services: dict[str, str],
) -> None:
    source = SOURCES["cod_ab"]
    download = fetched(source, services)
    communes = source.reads["communes"](
        download.body, context(source), name=download.name, recorded_at=RECORDED_AT
    ).frame
    assert set(communes["geometry_basis"]) == {"official"}
    assert communes["area_km2"].between(25, 35).all()  # squares of 0.05 degrees
    assert (communes["population"] > 0).all()


def test_the_guide_names_every_source_its_keys_and_what_it_may_say() -> None:
    guide = (DATASETS.parent / "docs" / "refresh.md").read_text(encoding="utf-8")
    for source in SOURCES.values():
        assert f"| `{source.name}` |" in guide
        assert all(f"`{key}`" in guide for key in source.keys)
    # Where the guide quotes a message, the code still says so.
    code = "".join(path.read_text(encoding="utf-8") for path in (DATASETS.parent / "loaders").rglob("*.py"))
    table = guide.partition("## When it says no")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    quoted = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    assert len(quoted) > 20
    for text in quoted:
        parts = [part.strip(" ,") for part in text.split("…")]
        missing = [part for part in parts if part not in code and not part.isdigit()]
        assert not missing, f"{text}: the code says nothing of {missing}"
