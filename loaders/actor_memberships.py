"""Dataset ``actor_memberships``: who belonged to which coalition, and from when to when.

The fact base writes coalitions in order ("G9 then Viv Ansanm") with one date. An earlier coalition is left on the day on
which that coalition itself joined the later one; a start that no source dates stays empty.
"""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.contracts import CONTRACTS
from loaders.crosswalk import actor_ids
from loaders.curated import STATEMENT_COLUMNS, published, read_rows

CONTRACT = CONTRACTS["actor_memberships"]
SOURCE = "actors.csv"
NEEDS = ("actors",)
FILES = ("actor_words.csv",)

COLUMNS = (
    *("actor_id", "name", "alt_names", "kind", "coalition", "coalition_since", "coalition_since_precision"),
    *("coalition_basis", "leader", "base_place_ids", "status", "notes"),
    *STATEMENT_COLUMNS,
)

#: A loose tie is no membership.
_ALLY = r"\b(?:ally|allied|allies)\b"


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per membership; an actor with an earlier and a later coalition has two."""
    rows = read_rows(source, COLUMNS, what="actors.csv")
    rows = rows[rows["coalition"] != ""]
    parts = rows["coalition"].str.split(" then ").explode()
    table = rows.loc[parts.index].assign(part=parts.to_numpy(), line=parts.index)
    table["number"] = table.groupby("line").cumcount() + 1
    table["parent_id"] = actor_ids(table["part"], context.files["actor_words.csv"]).str.split("|").str[0]
    joined = rows.set_index("actor_id")["coalition_since"].to_dict()
    following = table.groupby("line")["parent_id"].shift(-1).notna()
    previous = table.groupby("line")["parent_id"].shift(1)
    absorbed = table["parent_id"].map(joined).fillna("")
    start = table["coalition_since"].where(previous.isna(), previous.map(joined).fillna(""))
    # The one date stands for the earlier coalition only if it lies before that coalition's own end.
    start = start.mask(following & (absorbed != "") & (start >= absorbed), "")
    end = absorbed.where(following, "")
    last_day = (
        (pd.to_datetime(end, errors="coerce") - pd.Timedelta(days=1)).dt.strftime("%Y-%m-%d").fillna("")
    )
    ally = table["part"].str.contains(_ALLY, case=False)
    return pd.DataFrame(
        {
            "membership_id": table["actor_id"] + "." + table["number"].astype("str"),
            "actor_id": table["actor_id"],
            "parent_id": table["parent_id"],
            "relation": ally.map({True: "ally", False: "member"}),
            "valid_from": start,
            "valid_to": last_day,
            "basis": table["coalition_basis"],
            "parent_text": table["coalition"],
            "source_id": table["source_key"],
            "source_title": table["source_title"],
            "source_publisher": table["source_publisher"],
            "source_url": table["source_url"],
            "published_date": published(table["source_date"], table["source_date"]),
            "source_checked": table["source_checked"],
        }
    ).reset_index(drop=True)


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Members and coalitions are known actors; nobody leaves before joining; inferred and undated ones are counted."""
    findings = Findings()
    known = context.frames["actors"]["actor_id"]
    for column in ("actor_id", "parent_id"):
        findings.reject(frame, unknown_keys(frame, column, known), column, "is not a known actor")
    findings.reject(frame, frame["actor_id"] == frame["parent_id"], "parent_id", "is the actor itself")
    findings.reject(frame, frame["valid_to"] < frame["valid_from"], "valid_to", "lies before valid_from")
    inferred = int(frame["basis"].fillna("").str.startswith("inferred").sum())
    undated = int(frame["valid_from"].isna().sum())
    findings.warnings.append(
        f"{inferred} of {len(frame)} memberships are inferred, not stated by a source; {undated} have no dated start."
    )
    return findings
