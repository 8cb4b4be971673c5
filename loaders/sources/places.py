"""Where a provider's place names lie in the gazetteer: exact spellings only, and never finer than the provider says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from loaders.checks import Context
from loaders.contracts import METRO_COMMUNES
from loaders.names import resolve
from loaders.sources.http import SourceError

COUNTRY = "haiti"
METRO = "port-au-prince-metro"

#: What a placed row carries: id of the neighborhood, name of the commune, id of the place, and how precise that is.
PLACE_COLUMNS = ("neighborhood_id", "commune", "place_id", "location_precision")

#: COD-AB codes of the metro communes and their names in this product.
METRO_PCODES: Mapping[str, str] = {
    "HT0111": "Port-au-Prince",
    "HT0112": "Delmas",
    "HT0113": "Carrefour",
    "HT0114": "Pétion-Ville",
    "HT0115": "Kenscoff",
    "HT0116": "Gressier",
    "HT0117": "Cité Soleil",
    "HT0118": "Tabarre",
    "HT0131": "Croix-des-Bouquets",
}

_PRECISION = {
    "neighborhood": "neighborhood",
    "commune": "commune",
    "locality": "outside",
    "aggregate": "metro",
}


@dataclass(frozen=True)
class Gazetteer:
    """Places and their spellings.

    Attributes
    ----------
    aliases
        Frame of the ``aliases`` dataset.
    places
        ``place_type, commune`` by ``neighborhood_id``.
    """

    aliases: pd.DataFrame
    places: pd.DataFrame

    @classmethod
    def of(cls, context: Context) -> Gazetteer:
        """Gazetteer of the accepted datasets ``aliases`` and ``neighborhoods``."""
        places = context.frames["neighborhoods"].set_index("neighborhood_id")[["place_type", "commune"]]
        return cls(context.frames["aliases"], places.astype("str"))

    def named(self, names: pd.Series) -> pd.Series:
        """Ids of places by any of their spellings; NA where none or several fit."""
        return resolve(names, self.aliases).astype("str")

    def named_within(self, names: pd.Series, communes: pd.Series) -> pd.Series:
        """Ids of the places so called in the commune of the same row; NA where none or several fit."""
        found = pd.Series(pd.NA, index=names.index, dtype="str")
        commune_of = self.aliases["neighborhood_id"].map(self.places["commune"])
        for commune, rows in communes.groupby(communes).groups.items():
            known = self.aliases[commune_of == commune]
            found.loc[rows] = resolve(names.loc[rows], known).astype("str")
        return found

    def communes(self, names: pd.Series) -> pd.Series:
        """Names of communes, as the gazetteer writes them, by any of their spellings; NA for what is no commune."""
        ids = self.named(names)
        return ids.map(self.places["commune"]).where(ids.map(self.places["place_type"]) == "commune")

    def commune_ids(self, communes: pd.Series) -> pd.Series:
        """Ids of communes by their names as the gazetteer writes them."""
        rows = self.places[self.places["place_type"] == "commune"]
        return communes.map(pd.Series(rows.index, index=rows["commune"]))

    def placed(self, place_ids: pd.Series, communes: pd.Series) -> pd.DataFrame:
        """Columns of the contract for rows whose place is decided.

        Parameters
        ----------
        place_ids
            Ids of known places, none missing.
        communes
            Names of communes as the provider writes them, kept where the place itself has none.

        Returns
        -------
        DataFrame
            :data:`PLACE_COLUMNS`, text; a country-wide place is ``outside`` where a commune is stated, else ``national``.
        """
        kind = place_ids.map(self.places["place_type"])
        precision = kind.map(_PRECISION)
        in_country = place_ids == COUNTRY
        precision = precision.mask(in_country, "national").mask(in_country & (communes != ""), "outside")
        own = place_ids.map(self.places["commune"]).where(kind != "aggregate", communes)
        return pd.DataFrame(
            {
                "neighborhood_id": place_ids.where(kind == "neighborhood", ""),
                "commune": own.fillna(""),
                "place_id": place_ids,
                "location_precision": precision,
            }
        )


def in_metro(communes: pd.Series) -> pd.Series:
    """Mark names of communes that belong to the metropolitan area."""
    return communes.isin(METRO_COMMUNES)


def join_communes(figures: pd.DataFrame) -> pd.DataFrame:
    """Rows of metro communes with the name of their commune: the only way from figures to communes.

    Parameters
    ----------
    figures
        With ``area_level`` and ``pcode``.

    Returns
    -------
    DataFrame
        Rows of ``figures`` whose p-code is that of a metro commune, with ``commune``; others are left out.

    Raises
    ------
    SourceError
        Not every row is known to be of commune level: ACLED's rows on HDX are per arrondissement, whatever their code says.
    """
    levels = sorted(set(figures["area_level"])) if "area_level" in figures else ["unknown"]
    if levels not in ([], ["commune"]):
        raise SourceError(
            f"figures of the level {', '.join(levels)} must not be joined to communes: their p-codes are those of communes, "
            "but the figures are those of whole arrondissements. Show them for the arrondissement."
        )
    inside = figures[figures["pcode"].isin(list(METRO_PCODES))]
    return inside.assign(commune=inside["pcode"].map(METRO_PCODES)).reset_index(drop=True)
