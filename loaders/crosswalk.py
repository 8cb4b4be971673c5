"""From the sources' own words to the product's vocabulary, by rules kept in a file (datasets/curated/crosswalk.csv).

A rule names the column it fills (``target``), the tables it holds for (``dataset``), the source's category it asks
for (``source_word``, empty for any), the column it looks into and a regular expression. The first rule that fits
wins, in file order. ``version`` is the same in all rows and is kept with every mapped row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from loaders.checks import ParseError
from loaders.curated import read_rows

COLUMNS = ("version", "target", "dataset", "source_word", "column", "pattern", "value", "value_name", "why")


@dataclass(frozen=True)
class Crosswalk:
    """The rules of one crosswalk file."""

    version: str
    rules: pd.DataFrame

    def map(self, rows: pd.DataFrame, target: str, *, dataset: str, source_word: str) -> pd.DataFrame:
        """Map every row to a value of ``target``.

        Parameters
        ----------
        rows
            Curated rows as text.
        target
            ``status``, ``claimant``, ``verification``, ``site_status`` …
        dataset
            Table the rows come from.
        source_word
            Column with the source's own category.

        Returns
        -------
        DataFrame
            ``value`` and ``value_name``, index of ``rows``; empty where no rule fits.

        Raises
        ------
        ParseError
            A rule looks into a column that the table does not have.
        """
        out = pd.DataFrame("", index=rows.index, columns=["value", "value_name"], dtype="str")
        open_ = pd.Series(True, index=rows.index)
        rules = self.rules[(self.rules["target"] == target) & self.rules["dataset"].isin([dataset, ""])]
        for rule in rules.itertuples():
            fits = open_.copy()
            if rule.source_word:
                fits &= rows[source_word] == rule.source_word
            if rule.pattern:
                if rule.column not in rows.columns:
                    raise ParseError(
                        f"crosswalk.csv: line {rule.Index}: {dataset} has no column {rule.column!r}."
                    )
                fits &= rows[rule.column].str.contains(rule.pattern, case=False, regex=True)
            out.loc[fits, "value"] = rule.value
            out.loc[fits, "value_name"] = rule.value_name
            open_ &= ~fits
        return out


def read_crosswalk(source: bytes) -> Crosswalk:
    """Read the crosswalk file; raises :class:`ParseError` on a bad pattern, one without a column, or mixed versions."""
    rules = read_rows(source, COLUMNS, what="crosswalk.csv")
    versions = sorted(set(rules["version"]))
    if len(versions) != 1:
        raise ParseError(f"crosswalk.csv: all rules must carry one version, found {', '.join(versions)}.")
    for line, pattern in rules["pattern"].items():
        if pattern and not rules.at[line, "column"]:
            raise ParseError(
                f"crosswalk.csv: line {line}: name the column that {pattern!r} is looked for in."
            )
        try:
            re.compile(pattern)
        except re.error as error:
            raise ParseError(f"crosswalk.csv: line {line}: pattern {pattern!r}: {error}.") from None
    # The patterns use (?:…) groups only: pandas would read a capturing group as an extraction.
    return Crosswalk(version=versions[0], rules=rules)


def actor_ids(texts: pd.Series, words: bytes) -> pd.Series:
    """Actors named in free text, by exact words from datasets/curated/actor_words.csv (never by similarity).

    Parameters
    ----------
    texts
        Free text such as ``"PNH vs 5 Segond (Izo)"``.
    words
        Bytes of the word list (``word, actor_id``); longer words win over shorter ones that they contain.

    Returns
    -------
    Series of text
        Ids in order of first mention, separated by ``|``; empty where none is named.
    """
    table = read_rows(words, ("word", "actor_id"), what="actor_words.csv")
    ids = {word.casefold(): actor for word, actor in zip(table["word"], table["actor_id"], strict=True)}
    pattern = re.compile(
        r"(?<!\w)(?:" + "|".join(re.escape(word) for word in sorted(ids, key=len, reverse=True)) + r")(?!\w)",
        re.IGNORECASE,
    )

    def named(text: str) -> str:
        return "|".join(dict.fromkeys(ids[match.group().casefold()] for match in pattern.finditer(text)))

    return texts.map(named).astype("str")
