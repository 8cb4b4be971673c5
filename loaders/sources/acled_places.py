"""Where ACLED says an event took place, read from its administrative columns and the two meanings of ``location``.

ACLED's admin1 is the department, admin2 the arrondissement and admin3 the commune: one level off COD-AB, so nothing here
uses p-codes. ``location`` with a dash means either "Commune - Quartier" or, in older files, "City - Commune". The rule:

1. A spelling in the alias table for the whole ``location`` ("Petion Ville - Pernier") wins.
2. Where admin3 names a commune, it is the commune. The part of ``location`` that names the same commune says which
   meaning applies: the first part, and the second is a quartier; the second, and it is only the commune.
3. Without admin3, a second part that names a commune makes it "City - Commune"; otherwise a first part that names a
   commune makes it "Commune - Quartier".
4. A quartier is looked up by exact name among the places of its commune. One that is not found, or a ``location`` that
   contradicts admin3, leaves the event at the commune, and the spelling goes to the queue of unresolved names.
5. geo_precision 3 (a larger region, drawn at a representative point) is never placed in a commune.
"""

from __future__ import annotations

import pandas as pd

from loaders.names import name_key
from loaders.sources.places import COUNTRY, METRO, Gazetteer, in_metro

#: Columns a place is read from; ``geo_precision`` is empty where the file does not say.
COLUMNS = ("admin1", "admin2", "admin3", "location", "geo_precision")

_METRO_ARRONDISSEMENT = "port-au-prince"
_METRO_DEPARTMENT = "ouest"


def place(rows: pd.DataFrame, gazetteer: Gazetteer) -> tuple[pd.DataFrame, pd.Series]:
    """Place distinct combinations of ACLED's geographic columns.

    Parameters
    ----------
    rows
        :data:`COLUMNS`, text, one row per combination.

    Returns
    -------
    placed : DataFrame
        ``neighborhood_id, commune, place_id, location_precision``, index of ``rows``.
    unresolved : Series of text
        The spelling that no alias resolves, for places in the metropolitan area; empty elsewhere.
    """
    location, admin3 = rows["location"], rows["admin3"]
    parts = location.str.partition(" - ")
    head, tail = parts[0].str.strip(), parts[2].str.strip()
    is_double = tail != ""
    in_department = rows["admin1"].map(name_key).isin(["", _METRO_DEPARTMENT])
    in_arrondissement = rows["admin2"].map(name_key) == _METRO_ARRONDISSEMENT

    stated = gazetteer.communes(admin3)
    head_commune, tail_commune = gazetteer.communes(head), gazetteer.communes(tail)
    whole = gazetteer.named(location)
    explicit = whole.where(is_double)

    # Rules 2 and 3: the commune, and what is left to look up in it.
    inferred = tail_commune.where(is_double, head_commune).fillna(head_commune)
    bare = whole.where(~is_double & in_department).map(gazetteer.places["commune"])
    inferred = inferred.where(in_department).fillna(bare)
    commune = stated.where(admin3 != "", inferred)
    city_commune = is_double & (tail_commune == commune)
    commune_quartier = is_double & (head_commune == commune) & ~city_commune
    only_commune = city_commune | (~is_double & (head_commune == commune)) | (location == "")
    quartier = tail.where(commune_quartier, location.where(~is_double, "")).mask(only_commune, "")

    # Rule 4, after rule 1.
    found = gazetteer.named_within(quartier.where(commune.notna(), ""), commune.fillna(""))
    ids = explicit.fillna(found).fillna(gazetteer.commune_ids(commune))
    known_commune = explicit.map(gazetteer.places["commune"]).fillna(commune)
    is_metro = in_metro(known_commune) | (commune.isna() & in_arrondissement)

    # Rule 5, and what has no commune in the gazetteer.
    is_region = rows["geo_precision"] == "3"
    as_written = known_commune.fillna(admin3)
    elsewhere = pd.Series(COUNTRY, index=rows.index, dtype="str").mask(is_metro, METRO)
    ids = ids.where(~is_region).fillna(elsewhere)
    outside = (ids == COUNTRY) & ~rows["admin1"].map(name_key).isin(["", _METRO_DEPARTMENT])
    placed = gazetteer.placed(ids, as_written.mask(ids == METRO, ""))
    placed.loc[outside, "location_precision"] = "outside"

    resolved = explicit.notna() | found.notna() | (commune.notna() & only_commune)
    unresolved = location.where(location != "", admin3).where(is_metro & ~resolved & ~is_region, "")
    return placed, unresolved
