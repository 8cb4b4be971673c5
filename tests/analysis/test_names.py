"""Names of places in the reader's language."""

from __future__ import annotations

from unittest.mock import create_autospec

import pandas as pd

from monitor.analysis.model import Model, Source
from tests.committed import committed_model

PLACES = pd.DataFrame(
    {
        "neighborhood_id": ["centre-ville", "cite-soleil", "solino"],
        "name": ["Downtown", "Cité Soleil", "Solino"],
        "commune": ["Port-au-Prince", "Cité Soleil", "Delmas"],
        "commune_id": ["port-au-prince", "cite-soleil", "delmas"],
        "is_in_scope": [True, True, True],
    }
)
ALIASES = pd.DataFrame(
    [
        ("Downtown", "en", "centre-ville", True),
        ("Centre-ville", "fr", "centre-ville", False),
        ("anba lavil", "ht", "centre-ville", False),
        ("Cité Soleil", "fr", "cite-soleil", True),
        ("Cité Simone", "fr", "cite-soleil", False),
        ("Site Solèy", "ht", "cite-soleil", False),
    ],
    columns=["alias", "language", "neighborhood_id", "is_name"],
)


def model() -> Model:
    source = create_autospec(Source, instance=True)
    source.frame = {"neighborhoods": PLACES, "aliases": ALIASES}.__getitem__
    source.kept = lambda _name, _datasets, _arguments, compute: compute()
    return Model(source)


def test_haitian_creole_has_its_own_names_and_the_main_name_where_there_is_none() -> None:
    names = model().names("ht")
    assert [names[place] for place in PLACES["neighborhood_id"]] == ["anba lavil", "Site Solèy", "Solino"]


def test_french_replaces_only_main_names_of_another_language() -> None:
    names = model().names("fr")
    assert [names[place] for place in PLACES["neighborhood_id"]] == ["Centre-ville", "Cité Soleil", "Solino"]


def test_communes_are_named_in_the_language_too() -> None:
    assert model().commune_names("ht")["Cité Soleil"] == "Site Solèy"
    assert model().commune_names("en")["Cité Soleil"] == "Cité Soleil"


def test_committed_spellings_that_are_no_creole_are_not_shown_as_creole() -> None:
    names = committed_model().names("ht")
    assert names["bas-bel-air"] == "Bas Bel-Air"
    assert names["petion-ville-centre"] == "Pétion-Ville centre"
    assert names["diquini"] == "Diquini"
    assert names["bel-air"] == "Belè"


def test_committed_main_names_in_english_have_others_in_french_and_creole() -> None:
    french, creole = committed_model().names("fr"), committed_model().names("ht")
    assert french["marche-salomon"] == "Marché Salomon"
    assert french["blanchard"] == "Blanchard"
    assert french["haiti"] == "Haïti (pays)"
    assert creole["port-au-prince-metro"] == "Zòn metwopolitèn Pòtoprens"
    assert creole["route-aeroport"] == "Wout Ayewopò"
