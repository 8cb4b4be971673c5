"""Dataset ``indicators``: published city or national figures; rival figures stay as rows."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.contracts import CONTRACTS
from loaders.curated import STATEMENT_COLUMNS, read_rows, statement_source

CONTRACT = CONTRACTS["indicators"]
SOURCE = "indicators.csv"
NEEDS = ("neighborhoods",)
FILES: tuple[str, ...] = ()

COLUMNS = (
    "date",
    "date_precision",
    "period_end",
    "indicator",
    "area",
    "value",
    "unit",
    "note",
    *STATEMENT_COLUMNS,
)


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per published figure."""
    rows = read_rows(source, COLUMNS, what="indicators.csv")
    number = rows.groupby(["date", "indicator", "area", "source_key"]).cumcount() + 1
    source_columns = statement_source(rows, rows["source_date"])
    source_columns.pop("recorded_at")
    return pd.DataFrame(
        {
            "figure_id": rows["date"]
            + "."
            + rows["indicator"]
            + "."
            + rows["area"]
            + "."
            + rows["source_key"]
            + "."
            + number.astype("str"),
            "indicator": rows["indicator"],
            "area_id": rows["area"],
            "period_start": rows["date"],
            "period_end": rows["period_end"],
            "date_precision": rows["date_precision"],
            "value": rows["value"],
            "unit": rows["unit"],
            "note": rows["note"],
            **source_columns,
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Figures are for known places; periods that run backwards are reported (the compiler may have miscopied them)."""
    findings = Findings()
    lost = unknown_keys(frame, "area_id", context.frames["neighborhoods"]["neighborhood_id"])
    findings.unresolved += sorted(frame.loc[lost, "area_id"].unique())
    findings.reject(frame, lost, "area_id", "is not a known place")
    backwards = frame["period_end"] < frame["period_start"]
    for row in frame[backwards].itertuples():
        findings.warnings.append(
            f"{row.indicator} {row.period_start:%d %b %Y}: the period ends before it starts ({row.note})."
        )
    return findings
