"""Dataset ``incidents``: notable events in ACLED's vocabulary, coded by the compiler (a selection, not a census)."""

from __future__ import annotations

import pandas as pd

from loaders.checks import Context, Findings, unknown_keys
from loaders.contracts import CONTRACTS
from loaders.crosswalk import actor_ids
from loaders.curated import STATEMENT_COLUMNS, read_rows, statement_source

CONTRACT = CONTRACTS["incidents"]
SOURCE = "incidents.csv"
NEEDS = ("neighborhoods", "sources")
FILES = ("actor_words.csv",)

COLUMNS = (
    *(
        "incident_id",
        "date",
        "date_precision",
        "place_id",
        "event_type",
        "sub_event_type",
        "actor1",
        "actor2",
    ),
    *("fatalities", "fatalities_basis", "event_group", "count_role", "summary"),
    *STATEMENT_COLUMNS,
)

#: How precise a place of each level is; a commune is never drawn as a point in a neighborhood.
_PRECISION = {
    "neighborhood": "neighborhood",
    "commune": "commune",
    "locality": "outside",
    "aggregate": "metro",
}


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """One row per report of an event; low and high span the reports of one event group."""
    rows = read_rows(source, COLUMNS, what="incidents.csv")
    places = context.frames["neighborhoods"].set_index("neighborhood_id")
    precision = rows["place_id"].map(places["place_type"]).map(_PRECISION)
    precision = precision.mask(rows["place_id"] == "haiti", "national")
    deaths = pd.to_numeric(rows["fatalities"], errors="coerce")
    group = rows["event_group"].where(rows["event_group"] != "", rows["incident_id"])
    return pd.DataFrame(
        {
            "event_id": rows["incident_id"],
            "provider": "curated",
            "event_date": rows["date"],
            "date_precision": rows["date_precision"],
            "event_type": rows["event_type"],
            "sub_event_type": rows["sub_event_type"],
            "actor1": rows["actor1"],
            "actor2": rows["actor2"],
            "actor_ids": actor_ids(rows["actor1"] + " ; " + rows["actor2"], context.files["actor_words.csv"]),
            "neighborhood_id": rows["place_id"].where(precision == "neighborhood", ""),
            "commune": rows["place_id"]
            .map(places["commune"])
            .fillna("")
            .where(precision.isin(["neighborhood", "commune", "outside"]), ""),
            "place_id": rows["place_id"],
            "location_precision": precision.fillna("outside"),
            "fatalities_low": deaths.groupby(group).transform("min"),
            "fatalities": rows["fatalities"],
            "fatalities_high": deaths.groupby(group).transform("max"),
            "fatalities_basis": rows["fatalities_basis"],
            "event_group": rows["event_group"],
            "count_role": rows["count_role"],
            "summary": rows["summary"],
            **statement_source(rows, rows["date"]),
            "superseded_at": "",
        },
        index=rows.index,
    )


def check(frame: pd.DataFrame, context: Context) -> Findings:
    """Known places and sources; one primary row per event group; undated or uncounted events are reported."""
    findings = Findings()
    lost = unknown_keys(frame, "place_id", context.frames["neighborhoods"]["neighborhood_id"])
    findings.unresolved += sorted(frame.loc[lost, "place_id"].unique())
    findings.reject(
        frame, lost, "place_id", "is not a known place; add the spelling to places.csv or aliases"
    )
    primaries = (
        frame[frame["event_group"].notna() & (frame["count_role"] == "primary")].groupby("event_group").size()
    )
    several = primaries[primaries > 1]
    if len(several):
        findings.warnings.append(
            f"{len(several)} event groups hold several primary rows (different events of one operation): {', '.join(several.index)}."
        )
    coarse = int((frame["location_precision"] != "neighborhood").sum())
    findings.warnings.append(
        f"{coarse} of {len(frame)} events are known to commune level or coarser and are never drawn as points."
    )
    recalled = int((frame["source_checked"] == "recall").sum())
    if recalled:
        findings.warnings.append(
            f"{recalled} of {len(frame)} rows are from recall: the named source is believed to carry them."
        )
    return findings
