"""Dataset ``key_sites``: airport, hospitals, ports, prisons, stations and other sites that control is about."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.contracts import CONTRACTS
from loaders.curated import SOURCE_COLUMNS, read_rows, reference_source

CONTRACT = CONTRACTS["key_sites"]
SOURCE = "key_sites.csv"
NEEDS = ("neighborhoods",)
FILES: tuple[str, ...] = ()

COLUMNS = (
    *(
        "site_id",
        "name",
        "alt_names",
        "kind",
        "commune",
        "place_id",
        "latitude",
        "longitude",
        "coordinate_quality",
    ),
    *("operator", "notes"),
    *SOURCE_COLUMNS,
)

#: Kinds that the pages show first.
_FIRST_TIER = ("airport", "hospital", "port", "fuel terminal", "prison")


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per site."""
    rows = read_rows(source, COLUMNS, what="key_sites.csv")
    places = context.frames["neighborhoods"].set_index("neighborhood_id")
    metro = places["is_in_scope"] | places["commune_id"].notna()
    return pd.DataFrame(
        {
            "site_id": rows["site_id"],
            "name": rows["name"],
            "alt_names": rows["alt_names"],
            "site_type": rows["kind"],
            "tier": rows["kind"].isin(_FIRST_TIER).map({True: "1", False: "2"}),
            "commune": rows["commune"],
            "neighborhood_id": rows["place_id"],
            "is_in_scope": rows["place_id"].map(metro).map({True: "true", False: "false"}).fillna("false"),
            "lat": rows["latitude"],
            "lon": rows["longitude"],
            "coordinate_quality": rows["coordinate_quality"],
            "operator": rows["operator"],
            "note": rows["notes"],
            **reference_source(rows, context.compiled_on.isoformat()),
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Sites lie in known places; approximate coordinates are counted."""
    findings = Findings()
    lost = unknown_keys(frame, "neighborhood_id", context.frames["neighborhoods"]["neighborhood_id"])
    findings.unresolved += sorted(frame.loc[lost, "neighborhood_id"].unique())
    findings.reject(frame, lost, "neighborhood_id", "is not a known place")
    approximate = int((frame["coordinate_quality"] == "approx").sum())
    findings.warnings.append(f"{approximate} of {len(frame)} site coordinates are approximate (0.3-1 km).")
    return findings
