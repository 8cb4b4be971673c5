"""Every page through dashboard.py: on the committed data, from links good and bad, and on damaged data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from monitor.ui import data
from monitor.ui.navigation import PAGES, PageEntry
from tests.server import ROOT

every_page = pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.script)

#: Pages that need a dataset, and pages that do not.
NEEDS_INCIDENTS = {
    "overview.py",
    "control.py",
    "compare.py",
    "retaken.py",
    "sites.py",
    "events.py",
    "changes.py",
    "briefing.py",
    "actors.py",
    "evidence.py",
}


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    st.cache_data.clear()
    st.cache_resource.clear()
    data.SHELF.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()
    data.SHELF.clear()


def run(entry: PageEntry, **link: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.switch_page(f"pages/{entry.script}")
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


def page(script: str) -> PageEntry:
    return next(entry for entry in PAGES if entry.script == script)


@every_page
def test_opens_without_error_and_begins_with_a_sentence(entry: PageEntry) -> None:
    app = run(entry)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.markdown[0].value.startswith("# ")
    assert len(app.markdown[0].value.split()) >= 5


@every_page
@pytest.mark.parametrize(
    "link",
    [
        {"known_on": "2020-09-01"},
        {"as_of": "2020-08-27"},
        {"as_of": "2024-10-21", "evidence": "corroborated", "stale_after": "365", "area": "solino"},
    ],
    ids=["nothing known yet", "first day", "a past day"],
)
def test_any_good_link_opens(entry: PageEntry, link: dict[str, str]) -> None:
    app = run(entry, **link)
    assert not app.exception
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize(
    ("script", "link"),
    [
        ("sites.py", {"show": "surroundings", "kind": "prison"}),
        ("sites.py", {"show": "reach", "target": "airport"}),
        ("sites.py", {"show": "service", "kind": "police station"}),
        ("mandate.py", {"show": "funding"}),
        ("mandate.py", {"show": "inputs", "lag": "8"}),
        ("mandate.py", {"show": "statements", "as_of": "2024-07-08"}),
        ("mandate.py", {"show": "police"}),
        ("events.py", {"show": "rates", "type": "Battles"}),
        ("events.py", {"show": "providers", "event": "IN0010"}),
        ("actors.py", {"actor": "g9", "side": "state", "by": "people"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_every_part_of_a_page_opens(script: str, link: dict[str, str]) -> None:
    app = run(page(script), **link)
    assert not app.exception
    assert not app.error
    assert not app.warning


def test_a_statement_from_recall_says_so_and_the_hospital_is_not_supported() -> None:
    texts = [item.value for item in run(page("mandate.py"), show="statements").markdown]
    card = next(number for number, text in enumerate(texts) if "reopen the main hospital" in text)
    assert "not supported" in texts[card + 1]
    assert any(
        "no page compiled for this statement" in text and "from recall" in text for text in texts[card:]
    )


@pytest.mark.parametrize(
    ("script", "link"),
    [
        ("events.py", {"event": "nothing"}),
        ("events.py", {"deaths": "-5"}),
        ("events.py", {"deaths": "9" * 20}),
        ("events.py", {"from": "2099-01-01"}),
        ("evidence.py", {"show": "time", "then": "2099-01-01"}),
        ("evidence.py", {"show": "time", "then": "1990-01-01"}),
        ("mandate.py", {"show": "inputs", "lag": "5"}),
        ("sites.py", {"show": "gossip"}),
        ("sites.py", {"show": "reach", "target": "moon"}),
        ("actors.py", {"actor": "nobody"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_a_bad_choice_within_a_page_is_reported(script: str, link: dict[str, str]) -> None:
    app = run(page(script), **link)
    assert not app.exception
    assert not app.error
    assert len(app.warning) == 1


def test_a_figure_that_a_link_names_twice_stands_once_in_the_briefing() -> None:
    app = run(page("briefing.py"), figure="control-map~control-map")
    assert not app.exception
    assert not app.error


def texts(app: AppTest) -> str:
    return "\n".join(item.value for item in [*app.markdown, *app.caption])


def test_what_was_published_later_is_on_no_card_of_the_overview() -> None:
    now = texts(run(page("overview.py"), as_of="2026-02-01"))
    assert "4 published estimates in a year" in now
    assert "barred by the FAA to 7 Mar 2026" in now
    then = texts(run(page("overview.py"), as_of="2026-02-01", known_on="2025-09-06"))
    assert "1 published estimate in a year" in then
    assert "barred by the FAA" not in then, "the window was published on 8 September"


def test_a_statement_that_leaves_open_who_holds_a_place_is_not_called_stale() -> None:
    listed = [item.value for item in run(page("overview.py"), as_of="2026-02-01").markdown]
    [nazon] = [text for text in listed if "**Nazon**" in text]
    assert "Does not say who holds it" in nazon


def test_of_two_windows_of_one_day_the_one_that_ends_later_is_told() -> None:
    assert "barred by the FAA to 8 Sep 2025" in texts(run(page("overview.py"), as_of="2025-03-11"))


def test_what_was_published_later_is_in_no_list() -> None:
    link = {"as_of": "2025-08-26", "known_on": "2025-08-20"}
    listed = run(page("retaken.py"), **link)
    assert "that gangs left" not in texts(listed)
    assert "2 reports that gangs left" in texts(run(page("retaken.py"), as_of="2025-08-26"))


def test_a_link_restores_date_evidence_and_area() -> None:
    app = run(page("control.py"), as_of="2024-10-21", evidence="corroborated", area="solino")
    assert app.date_input(key="as_of control").value == date(2024, 10, 21)
    assert app.selectbox(key="area control").value == "solino"
    assert any("Solino" in item.value for item in app.markdown)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("as_of", "banana"),
        ("as_of", "2099-01-01"),
        ("as_of", "1990-01-01"),
        ("known_on", "2024-13-01"),
        ("known_on", "1990-01-01"),
        ("known_on", "2099-01-01"),
        ("evidence", "rumours"),
        ("stale_after", "7"),
        ("area", "nowhere"),
        ("span", "2w"),
        ("view", "48.1,11.5,11"),
        ("layers", "tanks"),
        ("colour", "red"),
    ],
)
def test_a_bad_value_in_a_link_is_reported_and_the_page_still_works(name: str, value: str) -> None:
    app = run(page("control.py"), **{name: value})
    assert not app.exception
    assert not app.error
    assert any(name in item.value and value in item.value for item in app.warning)
    assert app.markdown[0].value.startswith("# ")


def test_two_dates_of_a_link_are_compared_and_a_bad_first_date_is_reported() -> None:
    app = run(page("compare.py"), as_of="2025-06-01", before="2024-10-13")
    assert not app.warning
    assert app.markdown[0].value.startswith("# From 13 Oct 2024 to 1 Jun 2025 armed groups gained")
    late = run(page("compare.py"), as_of="2025-06-01", before="2025-07-01")
    assert any("before" in item.value and "2025-07-01" in item.value for item in late.warning)
    assert not late.exception


def test_filters_narrow_the_incidents_and_the_count_says_so() -> None:
    everything = run(page("events.py")).markdown[0].value
    some = run(page("events.py"), type="Battles", commune="Delmas").markdown[0].value
    assert everything != some
    empty = run(page("events.py"), deaths="100000")
    assert not empty.exception
    assert "0 of" in empty.markdown[0].value


@every_page
def test_a_damaged_dataset_stops_only_the_pages_that_need_it(
    entry: PageEntry, datasets_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = datasets_copy / "incidents" / "data.csv"
    file.write_bytes(file.read_bytes()[:-2000])
    monkeypatch.setenv("MONITOR_DATASETS", str(datasets_copy))
    app = run(entry)
    assert not app.exception
    messages = [item.value for item in app.error]
    if entry.script in NEEDS_INCIDENTS:
        assert len(messages) == 1
        assert "incidents" in messages[0]
        assert (
            "`git checkout -- datasets/incidents/data.csv`" in messages[0]
        )  # as code, so that it can be copied
    else:
        assert messages == []


@every_page
def test_no_data_at_all_gives_one_message(
    entry: PageEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATASETS", str(tmp_path))
    app = run(entry)
    assert not app.exception
    assert len(app.error) == 1


@pytest.mark.parametrize("code", ["fr", "ht"])
def test_every_page_opens_in_every_language_and_keeps_it(code: str) -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.query_params["lang"] = code
    app.run()
    sentences = set()
    for entry in PAGES:
        app.switch_page(f"pages/{entry.script}")
        app.run()
        assert not app.exception, entry
        assert not app.error, entry
        assert app.markdown[0].value.startswith("# "), entry
        assert app.query_params["lang"] == code, entry
        sentences.add(app.caption[-1].value)
        assert not {"neighborhoods", "number", "rows", "events", "claims"} & set(
            app.markdown[0].value.split()
        )
    assert len(sentences) == 1, "the note on the translation ends every page"


def test_a_language_that_is_not_offered_is_reported() -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
    app.query_params["lang"] = "de"
    app.run()
    assert not app.exception
    assert any("lang" in item.value and "de" in item.value for item in app.warning)


def test_sites_are_listed_with_names_and_communes_of_the_language() -> None:
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
    app.query_params["lang"] = "ht"
    app.run()
    app.switch_page("pages/sites.py").run()
    rows = app.dataframe[-1].value.set_index("name")
    assert rows.loc["Ayewopò Entènasyonal Tousen Louvèti", "commune"] == "Dèlma/Taba"
