"""What statements about control share: claimant, verification and actors by the crosswalk, and their checks."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.crosswalk import Crosswalk, actor_ids


def claim_columns(
    rows: pd.DataFrame, context: Context, crosswalk: Crosswalk, *, dataset: str, source_word: str, actors: str
) -> dict[str, pd.Series]:
    """Contract columns that say who claims, how far it is verified, and whom it names.

    A statement without words of a party is the publisher's own voice (``claimant`` of ``sources``; press where the
    source is not registered).
    """
    options = {"dataset": dataset, "source_word": source_word}
    claimant = crosswalk.map(rows, "claimant", **options)
    sources = context.frames["sources"].set_index("source_id")["claimant"]
    voice = rows["source_key"].map(sources).fillna("press")
    named = actor_ids(rows[actors], context.files["actor_words.csv"])
    return {
        "claimant": claimant["value"].where(claimant["value"] != "", voice),
        "claimant_name": claimant["value_name"],
        "verification": crosswalk.map(rows, "verification", **options)["value"],
        "actor_id": named.str.split("|").str[0],
        "actor_ids": named,
    }


def place_columns(places: pd.Series) -> dict[str, pd.Series]:
    """Contract columns that say what a statement is about: ``solino/Ruelle Anglade`` names a street of Solino."""
    parts = places.str.partition("/")
    return {"neighborhood_id": parts[0].str.strip(), "sub_zone": parts[2].str.strip()}


def check_statements(
    frame: pd.DataFrame, context: Context, *, what: str, key: str, date_column: str
) -> Findings:
    """Checks of every table of statements: known places and sources, no future, recall counted.

    Rows of an unknown place are rejected and the name is queued; a source that is not registered is a warning.
    """
    findings = Findings()
    places = context.frames["neighborhoods"]["neighborhood_id"]
    lost = unknown_keys(frame, "neighborhood_id", places)
    findings.unresolved += sorted(frame.loc[lost, "neighborhood_id"].unique())
    findings.reject(
        frame, lost, "neighborhood_id", "is not a known place; add the spelling to places.csv or aliases"
    )
    late = frame[date_column] > frame["published_date"]
    findings.reject(frame, late, date_column, "lies after the publication that reports it")
    strangers = frame.loc[
        unknown_keys(frame, "source_id", context.frames["sources"]["source_id"]), "source_id"
    ].unique()
    if len(strangers):
        findings.warnings.append(
            f"{what}: sources not registered in `sources`: {', '.join(sorted(strangers))}."
        )
    recalled = int((frame["source_checked"] == "recall").sum())
    if recalled:
        findings.warnings.append(
            f"{recalled} of {len(frame)} rows are from recall: the named source is believed to carry them."
        )
    return findings
