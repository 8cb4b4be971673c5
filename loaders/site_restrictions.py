"""Dataset ``site_restrictions``: a regulator's windows on a site, with start and end."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.curated import statement_source
from loaders.site_reports import check_reports, read_reports

CONTRACT = CONTRACTS["site_restrictions"]
SOURCE = "key_site_status.csv"
NEEDS = ("key_sites",)
FILES: tuple[str, ...] = ()

_UNTIL = r"(?:extended to|until) (\d{1,2} \w+ \d{4})"
_FOR_DAYS = r"for (\d{1,3}) days"


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per window; the end is read from the announcement's own words."""
    rows = read_reports(source)
    rows = rows[rows["is_restriction"]]
    start = pd.to_datetime(rows["date"], format="%Y-%m-%d", errors="coerce")
    until = pd.to_datetime(rows["note"].str.extract(_UNTIL, expand=False), format="%d %B %Y", errors="coerce")
    days = pd.to_timedelta(pd.to_numeric(rows["note"].str.extract(_FOR_DAYS, expand=False)), unit="D")
    end = until.fillna(start + days)
    return pd.DataFrame(
        {
            "restriction_id": rows["status_id"],
            "site_id": rows["site_id"],
            "authority": "US Federal Aviation Administration",
            "start_date": rows["date"],
            "end_date": end.dt.strftime("%Y-%m-%d").fillna(""),
            "scope": "US carriers barred from Port-au-Prince",
            **statement_source(rows, rows["date"]),
            "withdrawn_at": "",
            "note": rows["note"],
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Known sites; a window ends after it starts."""
    findings = check_reports(frame, context)
    findings.reject(frame, frame["end_date"] < frame["start_date"], "end_date", "lies before start_date")
    return findings
