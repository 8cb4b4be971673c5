"""Place names: one comparison key, and exact resolution through the alias table (never by similarity)."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})


def name_key(name: str) -> str:
    """Comparison key of a spelling: no accents, no case, no punctuation, single hyphens.

    >>> name_key("Pétion-Ville"), name_key("Site Solèy"), name_key("Cité l'Éternel")
    ('petion-ville', 'site-soley', 'cite-l-eternel')
    """
    letters = unicodedata.normalize("NFKD", name.lower().translate(_LIGATURES))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def resolve(names: pd.Series, aliases: pd.DataFrame) -> pd.Series:
    """Resolve spellings to place ids.

    Parameters
    ----------
    names
        Spellings in any language.
    aliases
        Frame of the ``aliases`` dataset.

    Returns
    -------
    Series of text
        The id; NA where no alias fits or where the spelling names several places.
    """
    single = aliases.drop_duplicates(["alias_key", "neighborhood_id"])
    single = single[~single["alias_key"].duplicated(keep=False)].set_index("alias_key")["neighborhood_id"]
    return names.fillna("").map(name_key).map(single)
