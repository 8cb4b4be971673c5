"""What ``site_status`` and ``site_restrictions`` share: the curated table of reports about sites, split in two.

A regulator's window (the FAA's bar on US flights) says nothing about the runway: it is a restriction with a start and
an end, kept apart from the physical status of the site.
"""

from __future__ import annotations

import re

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.curated import STATEMENT_COLUMNS, read_rows

COLUMNS = ("status_id", "site_id", "date", "date_precision", "status", "note", *STATEMENT_COLUMNS)

_REGULATOR = re.compile(r"^FAA bar", re.IGNORECASE)


def read_reports(source: bytes) -> pd.DataFrame:
    """Rows of key_site_status.csv as text, with ``is_restriction`` marking the regulator's windows."""
    rows = read_rows(source, COLUMNS, what="key_site_status.csv")
    return rows.assign(is_restriction=rows["note"].str.contains(_REGULATOR))


def check_reports(frame: pd.DataFrame, context: Context) -> Findings:
    """Reports name known sites; rows without a page or from recall are counted."""
    findings = Findings()
    findings.reject(
        frame,
        unknown_keys(frame, "site_id", context.frames["key_sites"]["site_id"]),
        "site_id",
        "is not a known site",
    )
    for bad, what in (
        (frame["source_checked"] == "recall", "are from recall: the named source is believed to carry them"),
        (frame["source_url"].isna(), "name a publisher but no page"),
    ):
        if bad.any():
            findings.warnings.append(f"{int(bad.sum())} of {len(frame)} rows {what}.")
    return findings
