"""Datasets of providers: rows that a service or a provider's file fills, each apart from ours and from one another.

They are not part of the repository. Until somebody has fetched one it is "not yet fetched", and nothing else depends on it.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from loaders.checks import Context, Findings, ParseError, unknown_keys
from loaders.sources.catalogue import SOURCES
from loaders.sources.interface import Source

#: Sources of each dataset, the usual one first, and the contract by which they read rows for it.
SOURCES_OF: dict[str, tuple[str, tuple[str, ...]]] = {
    "boundaries": ("communes", ("cod_ab",)),
    "acled_incidents": ("incidents", ("acled",)),
    "ucdp_incidents": ("incidents", ("ucdp",)),
    "insecurity_insight_incidents": ("incidents", ("insecurity_insight",)),
    "acled_monthly_counts": ("indicators", ("hapi",)),
    "iom_displacement": ("indicators", ("dtm", "hapi_idps")),
    "osm_sites": ("key_sites", ("overpass",)),
    "roads": ("roads", ("overpass",)),
    "osm_places": ("osm_places", ("overpass",)),
    "airports": ("key_sites", ("ourairports",)),
}


def sources_of(dataset_id: str) -> tuple[Source, ...]:
    """Sources of a dataset, the usual one first."""
    return tuple(SOURCES[name] for name in SOURCES_OF[dataset_id][1])


def parse(source: bytes, context: Context) -> pd.DataFrame:
    """Providers' bytes are read by their sources; there is no curated file."""
    raise ParseError("this dataset has no curated file: fetch it, or give a provider's file with --file.")


def checker(dataset_id: str) -> Callable[[pd.DataFrame, Context], Findings]:
    """Check of a provider's dataset: rows name places that are known, by the column in which the contract names them."""
    column = {"incidents": "place_id", "indicators": "area_id", "key_sites": "neighborhood_id"}.get(
        SOURCES_OF[dataset_id][0]
    )

    def check(frame: pd.DataFrame, context: Context) -> Findings:
        """Rows name known places."""
        findings = Findings()
        places = context.frames.get("neighborhoods")
        if column is not None and places is not None:
            lost = unknown_keys(frame, column, places["neighborhood_id"])
            if lost.any():
                findings.unresolved += sorted(frame.loc[lost, column].astype("str").unique())
                findings.reject(frame, lost, column, "is not a known place")
        return findings

    return check
