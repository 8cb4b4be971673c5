"""Dataset ``retaken_areas``: the register of claims that forces took a place back.

The compiler's own reading of what became of a claim is kept for comparison; outcomes on the pages are recomputed by
rule from later statements.
"""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.crosswalk import read_crosswalk
from loaders.curated import STATEMENT_COLUMNS, read_rows, statement_source
from loaders.statements import check_statements, claim_columns, place_columns

CONTRACT = CONTRACTS["retaken_areas"]
SOURCE = "retaken_events.csv"
NEEDS = ("neighborhoods", "sources")
FILES = ("crosswalk.csv", "actor_words.csv")

COLUMNS = (
    *(
        "event_id",
        "place_id",
        "date",
        "date_precision",
        "forces",
        "what_happened",
        "outcome",
        "outcome_basis",
    ),
    *("date_lost_again", "date_lost_precision"),
    *STATEMENT_COLUMNS,
)


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per claim."""
    rows = read_rows(source, COLUMNS, what="retaken_events.csv")
    crosswalk = read_crosswalk(context.files["crosswalk.csv"])
    names = {"dataset": "retaken_events", "source_word": "outcome"}
    return pd.DataFrame(
        {
            "claim_id": rows["event_id"],
            **place_columns(rows["place_id"]),
            "status": crosswalk.map(rows, "status", **names)["value"],
            "claim_date": rows["date"],
            "forces": rows["forces"],
            **claim_columns(rows, context, crosswalk, actors="forces", **names),
            "compiled_outcome": rows["outcome"],
            "compiled_outcome_basis": rows["outcome_basis"],
            "compiled_lost_date": rows["date_lost_again"],
            **statement_source(rows, rows["date"]),
            "withdrawn_at": "",
            "crosswalk_version": crosswalk.version,
            "note": rows["what_happened"],
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Known places and sources."""
    return check_statements(frame, context, what="retaken_areas", key="claim_id", date_column="claim_date")
