"""Reading what staff write by hand: tables, dates, place names, the crosswalk and the words for actors."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.checks import ParseError
from loaders.crosswalk import COLUMNS as RULE_COLUMNS
from loaders.crosswalk import actor_ids, read_crosswalk
from loaders.curated import OWN_COMPILATION, published, read_rows, reference_source, statement_source, window
from loaders.names import name_key, resolve


def read(text: str | bytes) -> pd.DataFrame:
    return read_rows(text.encode() if isinstance(text, str) else text, ("id", "name"), what="things.csv")


def texts(*values: str) -> pd.Series:
    return pd.Series(values, dtype="str")


# -- tables ----------------------------------------------------------------------------------------------------------


def test_cells_are_text_without_outer_blanks_and_rows_know_their_line() -> None:
    rows = read('id,name\n\n1, Ti Plas \n\n2,"one\ntwo"\n3,\n')
    assert rows.to_dict("index") == {
        3: {"id": "1", "name": "Ti Plas"},
        5: {"id": "2", "name": "one\ntwo"},
        7: {"id": "3", "name": ""},
    }


@pytest.mark.parametrize(
    "source",
    [
        "id,name\n1,Solèy\n",
        "name,id\nSolèy,1\n",
        "id,name\r\n1,Solèy\r\n",
        b"\xef\xbb\xbf" + "id,name\n1,Solèy\n".encode(),
        "id,name\n1,Solèy",
    ],
    ids=["plain", "columns in another order", "Windows line ends", "byte-order mark", "no last line end"],
)
def test_harmless_ways_of_writing_the_same_table(source: str | bytes) -> None:
    assert read(source)[["id", "name"]].to_numpy().tolist() == [["1", "Solèy"]]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "id\n1\n",
            r"header is not the one expected\. Missing: name; unexpected: none\. Is this the right file",
        ),
        ("id,name,more\n1,a,b\n", r"Missing: none; unexpected: more"),
        ("id,Name\n1,a\n", r"Missing: name; unexpected: Name"),
        ("id;name\n1;a\n", r"Missing: id, name; unexpected: id;name"),
        ("id,name,id\n1,a,2\n", r"Missing: none; unexpected: none; repeated: id\. Is"),
        ("", r"Missing: id, name"),
        ("\n\n", r"Missing: id, name"),
        ("id,name\n", r"no rows below the header"),
        ("id,name\n\n\n", r"no rows below the header"),
        ("id,name\n1,a\n2,b,c\n", r"line 3 has 3 cells, the header has 2"),
        ("id,name\n1,a\n2", r"line 3 has 1 cells, the header has 2.*cut short"),
        ('id,name\n1,a\n2,"b', r"cut short"),
        ('id,name\n1,a\n2,"b"c\n', r"line 3"),
        ("id,name\n1,Solèy\n".encode("latin-1"), r"byte 13 is not UTF-8\. Save the file as 'CSV UTF-8'"),
        ("id,name\n1,a\n".encode("utf-16"), r"byte 0 is not UTF-8"),
        ("id,name\n1,a\n2,b\0\n", r"line 3 holds a byte that is no text \(NUL\)"),
        (b"PK\x03\x04" + bytes(100), r"an Excel workbook or an archive"),
        (",".join(f"c{n}" for n in range(500_000)), r"c8, c9 and 499,990 more\. Is this the right file"),
    ],
)
def test_another_table_or_a_damaged_one_is_refused_with_the_place(source: str | bytes, message: str) -> None:
    with pytest.raises(ParseError, match=rf"(?s)^things\.csv: .*{message}"):
        read(source)


@given(st.integers(1, 60))
def test_a_table_cut_anywhere_is_refused_or_whole_up_to_a_row(kept: int) -> None:
    whole = b'id,name\n1,"Ti, Plas"\n22,"two\nlines"\n333,Gwo Plas\n'
    try:
        rows = read(whole[:kept])
    except ParseError:
        return
    complete = [["1", "Ti, Plas"], ["22", "two\nlines"], ["333", "Gwo Plas"]]
    found = rows.to_numpy().tolist()
    # Only the last cell of an unquoted row can be cut without a trace.
    assert found[:-1] == complete[: len(found) - 1]
    assert found[-1][0] == complete[len(found) - 1][0]
    assert complete[len(found) - 1][1].startswith(found[-1][1])


# -- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "precision", "last"),
    [
        ("2025-03-07", "day", "2025-03-07"),
        ("2025-02-01", "month", "2025-02-28"),
        ("2024-02-01", "month", "2024-02-29"),
        ("2025-12-01", "month", "2025-12-31"),
        ("2025-01-01", "quarter", "2025-03-31"),
        ("2025-10-01", "quarter", "2025-12-31"),
        ("2024-01-01", "year", "2024-12-31"),
        ("2025-03-31", "month", "2025-03-31"),
        ("2025-03-31", "quarter", "2025-03-31"),
        ("2025-12-31", "year", "2025-12-31"),
        ("2025-02-30", "month", "2025-02-30"),
        ("soon", "day", "soon"),
        ("", "year", ""),
        ("2025-03-07", "decade", "2025-03-07"),
    ],
)
def test_a_date_stands_for_the_whole_of_its_period(day: str, precision: str, last: str) -> None:
    earliest, latest = window(texts(day), texts(precision))
    assert (earliest[0], latest[0]) == (day, last)


def test_each_row_has_its_own_precision() -> None:
    earliest, latest = window(texts(*["2025-04-01"] * 4), texts("day", "month", "quarter", "year"))
    assert earliest.tolist() == ["2025-04-01"] * 4
    assert latest.tolist() == ["2025-04-01", "2025-04-30", "2025-06-30", "2025-12-31"]


@given(st.lists(st.tuples(st.dates(), st.dates()), min_size=1, max_size=20))
def test_nothing_is_published_before_it_happened(pairs: list[tuple]) -> None:
    sources, events = (texts(*(pair[side].isoformat() for pair in pairs)) for side in (0, 1))
    found = published(sources, events)
    assert (found >= events).all()
    assert (found[sources >= events] == sources[sources >= events]).all()


@pytest.mark.parametrize("unreadable", ["", "12/03/2025", "1 mars 2025", "2025", "2025-03", "March 2025"])
def test_a_publication_date_that_cannot_be_read_is_left_for_the_contract_to_reject(unreadable: str) -> None:
    assert published(texts(unreadable), texts("2025-03-12"))[0] == unreadable


def statement(source_date: str, precision: str = "day") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date_precision": [precision],
            "source_key": ["a"],
            "source_title": ["A title"],
            "source_publisher": ["A newspaper"],
            "source_date": [source_date],
            "source_url": [""],
            "source_checked": ["page"],
        },
        dtype="str",
    )


@pytest.mark.parametrize(
    ("source_date", "recorded"),
    [("2025-03-14", "2025-03-14T00:00:00Z"), ("2025-03-01", "2025-03-12T00:00:00Z"), ("", "")],
)
def test_the_backfill_counts_as_recorded_when_it_was_published(source_date: str, recorded: str) -> None:
    columns = statement_source(statement(source_date), texts("2025-03-12"))
    assert columns["recorded_at"].tolist() == [recorded]
    assert columns["published_date"].tolist() == [recorded[:10]]


@pytest.mark.parametrize(
    ("source_date", "precision", "recorded"),
    [
        ("2024-01-01", "year", "2024-12-31T00:00:00Z"),
        ("2024-01-01", "month", "2024-01-31T00:00:00Z"),
        ("2023-12-01", "month", "2024-01-31T00:00:00Z"),
        ("2024-01-20", "month", "2024-01-20T00:00:00Z"),
        ("2024-03-05", "month", "2024-03-05T00:00:00Z"),
    ],
)
def test_a_page_dated_no_better_than_its_period_is_known_at_the_end_of_it(
    source_date: str, precision: str, recorded: str
) -> None:
    columns = statement_source(statement(source_date, precision), texts("2024-01-01"))
    assert columns["recorded_at"].tolist() == [recorded]


def test_a_reference_row_without_source_is_our_compilation_of_its_day() -> None:
    columns = reference_source(statement("").assign(source_publisher=""), "2026-11-23")
    assert columns["source_publisher"].tolist() == [OWN_COMPILATION]
    assert columns["published_date"].tolist() == ["2026-11-23"]
    kept = reference_source(statement("2015-03-01"), "2026-11-23")
    assert kept["source_publisher"].tolist() == ["A newspaper"]
    assert kept["published_date"].tolist() == ["2015-03-01"]


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "Pétion-Ville",
        "PETION VILLE",
        "  pétion–ville ",
        "Pe\u0301tion-Ville",
        "Pétion\u2011Ville",
        "Pétion - Ville",
        "Pétion\u00a0Ville",
    ],
)
def test_accents_case_hyphens_and_blanks_do_not_make_another_name(spelling: str) -> None:
    assert name_key(spelling) == "petion-ville"


def test_apostrophes_and_ligatures_do_not_make_another_name() -> None:
    assert {name_key(f"Cité l{mark}Éternel") for mark in "'’‘ʼ"} == {"cite-l-eternel"}
    assert name_key("Sacré-Cœur") == name_key("SACRE COEUR") == "sacre-coeur"


ALIASES = pd.DataFrame(
    [
        ("carrefour", "carrefour"),
        ("kafou", "carrefour"),
        ("site-soley", "cite-soleil"),
        ("cite-soleil", "cite-soleil"),
        ("saint-martin", "saint-martin-delmas"),
        ("saint-martin", "saint-martin-port-au-prince"),
        ("kafou", "carrefour"),
    ],
    columns=["alias_key", "neighborhood_id"],
    dtype="str",
)


@pytest.mark.parametrize(
    ("spelling", "place"),
    [
        ("Kafou", "carrefour"),
        ("Site Solèy", "cite-soleil"),
        ("CITÉ-SOLEIL", "cite-soleil"),
        ("Saint-Martin", None),
        ("Kafour", None),
        ("Carrefou", None),
        ("Kafou Fey", None),
        ("", None),
        (None, None),
    ],
)
def test_a_spelling_resolves_exactly_or_not_at_all(spelling: str | None, place: str | None) -> None:
    found = resolve(pd.Series([spelling], dtype="str"), ALIASES)
    assert found.isna()[0] if place is None else found[0] == place


@given(st.text(max_size=8))
def test_no_spelling_resolves_unless_its_key_is_an_alias(spelling: str) -> None:
    found = resolve(texts(spelling), ALIASES)[0]
    keys = set(ALIASES["alias_key"]) - {"saint-martin"}
    assert pd.notna(found) == (name_key(spelling) in keys)


# -- crosswalk -------------------------------------------------------------------------------------------------------


def rule(**cells: str) -> dict[str, str]:
    return dict.fromkeys(RULE_COLUMNS, "") | {"version": "1", "target": "status"} | cells


def crosswalk(*rules: dict[str, str]) -> bytes:
    return pd.DataFrame(list(rules), columns=list(RULE_COLUMNS)).to_csv(index=False).encode()


ROWS = pd.DataFrame(
    {
        "word": ["state", "state", "gang", "other"],
        "text": ["Police PATROL the street", "cleared and patrolled", "patrol", "nothing"],
    },
    index=[2, 3, 5, 8],
    dtype="str",
)


def mapped(*rules: dict[str, str], target: str = "status", dataset: str = "things") -> list[str]:
    found = read_crosswalk(crosswalk(*rules)).map(ROWS, target, dataset=dataset, source_word="word")
    assert found.index.equals(ROWS.index)
    return found["value"].tolist()


def test_the_first_rule_that_fits_wins() -> None:
    cleared = rule(source_word="state", column="text", pattern="cleared", value="held")
    patrol = rule(column="text", pattern="patrol", value="presence")
    rest = rule(value="unknown")
    assert mapped(cleared, patrol, rest) == ["presence", "held", "presence", "unknown"]
    assert mapped(patrol, cleared, rest) == ["presence", "presence", "presence", "unknown"]
    assert mapped(rest, cleared, patrol) == ["unknown"] * 4


def test_a_first_rule_with_an_empty_value_also_wins() -> None:
    assert mapped(rule(source_word="gang", value=""), rule(value="x")) == ["x", "x", "", "x"]


def test_a_row_that_no_rule_fits_stays_empty() -> None:
    assert mapped(rule(source_word="gang", value="x")) == ["", "", "x", ""]


def test_rules_hold_for_their_target_and_dataset_only() -> None:
    rules = (
        rule(target="claimant", value="wrong target"),
        rule(dataset="others", value="wrong table"),
        rule(dataset="things", value="right"),
    )
    assert mapped(*rules) == ["right"] * 4
    assert mapped(rule(dataset="", value="any table")) == ["any table"] * 4


def test_source_words_are_compared_whole() -> None:
    assert mapped(rule(source_word="stat", value="x"), rule(source_word="STATE", value="x")) == [""] * 4


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ((rule(), rule(version="2")), r"one version, found 1, 2"),
        ((rule(), rule(column="text", pattern="(open")), r"line 3: pattern '\(open'"),
        ((rule(), rule(pattern="patrol", value="x")), r"line 3: .*column"),
    ],
    ids=["mixed versions", "bad pattern", "pattern without a column"],
)
def test_a_bad_crosswalk_is_refused_with_its_line(rules: tuple[dict[str, str], ...], message: str) -> None:
    with pytest.raises(ParseError, match=rf"^crosswalk\.csv: .*{message}"):
        read_crosswalk(crosswalk(*rules))


def test_a_rule_for_a_column_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(ParseError, match=r"^crosswalk\.csv: line 2: things has no column 'note'"):
        mapped(rule(column="note", pattern="patrol", value="x"))


# -- actors ----------------------------------------------------------------------------------------------------------

WORDS = b"word,actor_id\nG9,g9\nG9 fanmi,g9-family\n5 Segond,5-segond\nIzo,5-segond\nPNH,pnh\nKrache Dife,krache-dife\n"


@pytest.mark.parametrize(
    ("text", "actors"),
    [
        ("PNH vs 5 Segond (Izo)", "pnh|5-segond"),
        ("5 Segond vs PNH", "5-segond|pnh"),
        ("G9 fanmi", "g9-family"),
        ("G9 and allies", "g9"),
        ("G9 fanmi and G9", "g9-family|g9"),
        ("krache dife, pnh", "krache-dife|pnh"),
        ("Izolan", ""),
        ("G95", ""),
        ("xPNH", ""),
        ("15 Segond", ""),
        ("PNH/G9", "pnh|g9"),
        ("5 Segonds", ""),
        ("Gé 9", ""),
        ("", ""),
    ],
)
def test_actors_are_named_by_whole_words_the_longest_first(text: str, actors: str) -> None:
    assert actor_ids(texts(text), WORDS).tolist() == [actors]
