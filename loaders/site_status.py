"""Dataset ``site_status``: dated states of sites (open, reduced, closed, destroyed) and events at them.

Events (attacked, retaken, reopened) are points on the same line. An attack or a recapture does not change the state:
retaken is not reopened. A reopening sets the state it reports.
"""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.crosswalk import read_crosswalk
from loaders.curated import statement_source
from loaders.site_reports import check_reports, read_reports

_SINCE = r"[Cc]losed since (\d{1,2} [A-Z][a-z]+ \d{4})"

CONTRACT = CONTRACTS["site_status"]
SOURCE = "key_site_status.csv"
NEEDS = ("key_sites",)
FILES = ("crosswalk.csv",)


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per report that is not a regulator's window."""
    rows = read_reports(source)
    rows = rows[~rows["is_restriction"]]
    crosswalk = read_crosswalk(context.files["crosswalk.csv"])
    since = pd.to_datetime(rows["note"].str.extract(_SINCE, expand=False), format="%d %b %Y", errors="coerce")
    options = {"dataset": "key_site_status", "source_word": "status"}
    return pd.DataFrame(
        {
            "status_id": rows["status_id"],
            "site_id": rows["site_id"],
            "status_date": rows["date"],
            "date_precision": rows["date_precision"],
            "stated_since": since.dt.strftime("%Y-%m-%d").fillna(""),
            "status": crosswalk.map(rows, "site_status", **options)["value"],
            "event": crosswalk.map(rows, "site_event", **options)["value"],
            "held_by": crosswalk.map(rows, "site_holder", **options)["value"],
            "source_word": rows["status"],
            **statement_source(rows, rows["date"]),
            "withdrawn_at": "",
            "note": rows["note"],
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Known sites; every row carries a state or an event."""
    findings = check_reports(frame, context)
    empty = frame["status"].isna() & frame["event"].isna()
    findings.reject(frame, empty, "source_word", "has no state or event in the crosswalk")
    return findings
