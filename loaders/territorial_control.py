"""Dataset ``territorial_control``: dated statements about who holds a place (assertions, never weekly snapshots)."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.crosswalk import read_crosswalk
from loaders.curated import STATEMENT_COLUMNS, read_rows, statement_source, window
from loaders.statements import check_statements, claim_columns, place_columns

CONTRACT = CONTRACTS["territorial_control"]
SOURCE = "control_assessments.csv"
NEEDS = ("neighborhoods", "sources")
FILES = ("crosswalk.csv", "actor_words.csv")

COLUMNS = (
    *(
        "assessment_id",
        "place_id",
        "date",
        "date_precision",
        "controller",
        "actor",
        "confidence",
        "what_happened",
    ),
    *STATEMENT_COLUMNS,
)


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per assertion; the source's words are mapped by the crosswalk file."""
    rows = read_rows(source, COLUMNS, what="control_assessments.csv")
    crosswalk = read_crosswalk(context.files["crosswalk.csv"])
    names = {"dataset": "control_assessments", "source_word": "controller"}
    earliest, latest = window(rows["date"], rows["date_precision"])
    return pd.DataFrame(
        {
            "assertion_id": rows["assessment_id"],
            **place_columns(rows["place_id"]),
            "status": crosswalk.map(rows, "status", **names)["value"],
            "source_word": rows["controller"],
            "actor_text": rows["actor"],
            "from_earliest": earliest,
            "from_latest": latest,
            "date_precision": rows["date_precision"],
            "confidence": rows["confidence"],
            **claim_columns(rows, context, crosswalk, actors="actor", **names),
            **statement_source(rows, earliest),
            "withdrawn_at": "",
            "crosswalk_version": crosswalk.version,
            "note": rows["what_happened"],
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Known places and sources, windows in order."""
    findings = check_statements(
        frame, context, what="territorial_control", key="assertion_id", date_column="from_earliest"
    )
    findings.reject(
        frame, frame["from_latest"] < frame["from_earliest"], "from_latest", "lies before from_earliest"
    )
    return findings
