"""Dataset ``statements_scorecard``: public statements about the mission, each tied to a rule over the data.

No verdict is compiled: the dashboard computes it for the chosen date.
"""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS
from loaders.curated import STATEMENT_COLUMNS, read_rows

CONTRACT = CONTRACTS["statements_scorecard"]
SOURCE = "statements_scorecard.csv"
NEEDS = ("key_sites", "milestones")
FILES: tuple[str, ...] = ()

COLUMNS = ("statement_id", "statement", "topic", "said_by", "rule", "subject", "note", *STATEMENT_COLUMNS)

#: Dataset and key that a rule's subject must be found in.
_SUBJECTS = {
    "secured_site": ("key_sites", "site_id"),
    "reopened_site": ("key_sites", "site_id"),
    "happened": ("milestones", "milestone_id"),
}


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per statement; without a page it is dated by our compilation."""
    rows = read_rows(source, COLUMNS, what="statements_scorecard.csv")
    rows["source_date"] = rows["source_date"].where(
        rows["source_date"] != "", context.compiled_on.isoformat()
    )
    return rows.rename(columns={"source_key": "source_id", "source_date": "published_date"})


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Subjects exist; what was seen on a page names the page; statements without one are counted."""
    findings = Findings()
    for rule, (dataset, key) in _SUBJECTS.items():
        wrong = (frame["rule"] == rule) & ~frame["subject"].isin(context.frames[dataset][key])
        findings.reject(frame, wrong, "subject", f"is not a {key} of {dataset}")
    unseen = (frame["source_checked"] == "page") & frame["source_url"].isna()
    findings.reject(frame, unseen, "source_checked", "is 'page' but no page is named")
    without = int(frame["source_url"].isna().sum())
    if without:
        findings.warnings.append(
            f"{without} of {len(frame)} statements are from recall: they are widely made, no page was compiled for them."
        )
    return findings
