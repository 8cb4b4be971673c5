"""Dataset ``actors``: armed groups, coalitions, forces and self-defence groups, with their dates."""

from __future__ import annotations

import re

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.contracts import CONTRACTS
from loaders.crosswalk import read_crosswalk
from loaders.curated import STATEMENT_COLUMNS, published, read_rows

CONTRACT = CONTRACTS["actors"]
SOURCE = "actors.csv"
NEEDS: tuple[str, ...] = ()
FILES = ("crosswalk.csv",)

COLUMNS = (
    *("actor_id", "name", "alt_names", "kind", "coalition", "coalition_since", "coalition_since_precision"),
    *("coalition_basis", "leader", "base_place_ids", "status", "notes"),
    *STATEMENT_COLUMNS,
)

#: Forces whose mandate dates are themselves the actor's dates, not the date of joining a coalition.
_MANDATED = ("international force", "UN office", "state force", "private contractor", "self-defence")

_CONVERTED = re.compile(r"^converted to \w+ (\d{1,2} \w+ \d{4})$")


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per actor; ``parent_id`` is the latest coalition named, ``parent_text`` keeps the earlier ones."""
    rows = read_rows(source, COLUMNS, what="actors.csv")
    crosswalk = read_crosswalk(context.files["crosswalk.csv"])
    ids = dict(zip(rows["name"], rows["actor_id"], strict=True))
    latest = rows["coalition"].str.split(" then ").str[-1]
    parent = latest.map(
        lambda text: next((ids[name] for name in ("Viv Ansanm", "Gran Grif") if name in text), "")
    )
    parent = parent.mask((latest == "G9"), "g9")
    mandated = rows["kind"].isin(_MANDATED)
    ended = rows["status"].str.extract(_CONVERTED, expand=False)
    return pd.DataFrame(
        {
            "actor_id": rows["actor_id"],
            "name": rows["name"],
            "alt_names": rows["alt_names"],
            "actor_type": rows["kind"],
            "side": crosswalk.map(rows, "actor_side", dataset="actors", source_word="kind")["value"],
            "parent_id": parent,
            "parent_text": rows["coalition"],
            "parent_since": rows["coalition_since"].mask(mandated, ""),
            "parent_basis": rows["coalition_basis"].mask(mandated, ""),
            "valid_from": rows["coalition_since"].where(mandated, ""),
            "valid_to": pd.to_datetime(ended, format="%d %B %Y", errors="coerce")
            .dt.strftime("%Y-%m-%d")
            .fillna(""),
            "leader": rows["leader"],
            "base_ids": rows["base_place_ids"],
            "state": rows["status"],
            "note": rows["notes"],
            "source_id": rows["source_key"],
            "source_title": rows["source_title"],
            "source_publisher": rows["source_publisher"],
            "source_url": rows["source_url"],
            "published_date": published(rows["source_date"], rows["source_date"]),
            "source_checked": rows["source_checked"],
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Coalitions are actors themselves; memberships that are inferred are counted."""
    findings = Findings()
    findings.reject(
        frame, unknown_keys(frame, "parent_id", frame["actor_id"]), "parent_id", "is not a known actor"
    )
    inferred = int(frame["parent_basis"].fillna("").str.startswith("inferred").sum())
    findings.warnings.append(f"{inferred} coalition dates are inferred, not stated by a source.")
    return findings
