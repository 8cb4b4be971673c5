"""Dataset ``aliases``: every spelling of a place that resolves to its id."""

from __future__ import annotations

import re

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.contracts import CONTRACTS
from loaders.curated import PLACE_COLUMNS, read_rows
from loaders.names import name_key

CONTRACT = CONTRACTS["aliases"]
SOURCE = "places.csv"
NEEDS = ("neighborhoods",)
FILES = ("alias_languages.csv",)


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per spelling and place.

    Spellings are the name, its parts around a slash or before a parenthesis, the alternative names, and the id. The
    compiler writes the Kreyòl spelling first among the alternatives; alias_languages.csv names the exceptions.
    """
    rows = read_rows(source, PLACE_COLUMNS, what="places.csv")
    table = read_rows(context.files["alias_languages.csv"], ("alias", "language"), what="alias_languages.csv")
    languages = dict(zip(table["alias"], table["language"], strict=True))
    lines = []
    for place in rows.itertuples():
        spellings: dict[str, tuple[str, bool]] = {}
        without_parenthesis = re.sub(r" \(.*\)$", "", place.name)
        for number, name in enumerate([without_parenthesis, place.name, *without_parenthesis.split(" / ")]):
            spellings.setdefault(name, (languages.get(name, "fr"), number == 0))
        for number, name in enumerate(place.alt_names.split("|")):
            if name:
                spellings.setdefault(name, (languages.get(name, "ht" if number == 0 else "fr"), False))
        spellings.setdefault(place.id, ("und", False))
        seen: set[str] = set()
        for alias, (language, is_name) in spellings.items():
            if name_key(alias) not in seen:
                seen.add(name_key(alias))
                lines.append((alias, name_key(alias), language, place.id, str(is_name).lower()))
    names = ["alias", "alias_key", "language", "neighborhood_id", "is_name"]
    return pd.DataFrame(lines, columns=names, dtype="str")


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Spellings name known places; a spelling of several places is reported, it will not resolve by itself."""
    findings = Findings()
    places = context.frames["neighborhoods"]["neighborhood_id"]
    findings.reject(
        frame, unknown_keys(frame, "neighborhood_id", places), "neighborhood_id", "is not a known place"
    )
    shared = (
        frame[frame["alias_key"].duplicated(keep=False)]
        .groupby("alias_key")["neighborhood_id"]
        .agg(", ".join)
    )
    if len(shared):
        findings.warnings.append(
            "spellings shared by several places, which only resolve with more context: "
            + "; ".join(f"{key} ({places})" for key, places in shared.items())
        )
    return findings
