"""Dataset ``mission``: dated figures of personnel, funding and equipment of the MSS, the GSF and the police."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.crosswalk import read_crosswalk
from loaders.curated import STATEMENT_COLUMNS, read_rows, statement_source

CONTRACT = CONTRACTS["mission"]
SOURCE = "mission_series.csv"
NEEDS: tuple[str, ...] = ()
FILES = ("crosswalk.csv",)

COLUMNS = ("date", "date_precision", "series", "entity", "value", "unit", "note", *STATEMENT_COLUMNS)

#: A batch that arrives is not the number present.
_BATCH = r"\bbatch\b|first flight|additional arrival|^first contingent$|first of \d+ pledged|advance team"


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per figure; rival figures of one day stay side by side."""
    rows = read_rows(source, COLUMNS, what="mission_series.csv")
    crosswalk = read_crosswalk(context.files["crosswalk.csv"])
    basis = crosswalk.map(rows, "mission_basis", dataset="mission_series", source_word="series")
    number = rows.groupby(["date", "series", "source_key"]).cumcount() + 1
    batch = rows["note"].str.contains(_BATCH, case=False) & (basis["value"] == "deployed")
    source_columns = statement_source(rows, rows["source_date"])
    source_columns.pop("recorded_at")
    return pd.DataFrame(
        {
            "figure_id": rows["date"]
            + "."
            + rows["series"]
            + "."
            + rows["source_key"]
            + "."
            + number.astype("str"),
            "as_of": rows["date"],
            "date_precision": rows["date_precision"],
            "topic": basis["value_name"],
            "series": rows["series"],
            "basis": basis["value"],
            "entity": rows["entity"],
            "is_batch": batch.map({True: "true", False: "false"}),
            "value": rows["value"],
            "unit": rows["unit"],
            "note": rows["note"],
            **source_columns,
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Conflicting totals of one day are reported, never reconciled."""
    findings = Findings()
    totals = frame[~frame["is_batch"] & frame["value"].notna()]
    rivals = totals.groupby(["as_of", "series", "entity"])["value"].nunique()
    for (day, series, entity), count in rivals[rivals > 1].items():
        findings.warnings.append(
            f"{entity}, {series}, {day:%d %b %Y}: {count} conflicting figures, all kept."
        )
    return findings
