"""From a provider's points to rows of the dataset ``key_sites``."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from loaders.checks import Context
from loaders.contracts import CONTRACTS, typed
from loaders.sources.places import COUNTRY, METRO

UNKNOWN_COMMUNE = "not known"


def key_sites(sites: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Complete rows of ``key_sites``.

    A site lies in the metro commune whose official outline holds its point. Where outlines are approximate, or outside them
    all, the commune is not known and the place is the metropolitan area or the country: a catchment is no ground to say
    more.

    Parameters
    ----------
    sites
        ``site_id, name, alt_names, site_type, lat, lon, operator, note, source_title, source_publisher, source_url``; any
        index.
    context
        Frame ``communes`` with its outlines; ``compiled_on`` is the publication date of rows that have none of their own.

    Returns
    -------
    DataFrame
        Columns and kinds of ``CONTRACTS["key_sites"]``, index of ``sites``.
    """
    communes = context.frames["communes"]
    outlines = gpd.GeoDataFrame(
        communes[["commune_id", "name", "geometry_basis", "geometry"]].rename(
            columns={"name": "commune_name"}
        ),
        geometry="geometry",
        crs="EPSG:4326",
    )
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(sites["lon"], sites["lat"]), index=sites.index, crs="EPSG:4326"
    )
    inside = points.sjoin(outlines)
    inside = inside[~inside.index.duplicated()].reindex(sites.index)
    is_official = inside["geometry_basis"] == "official"
    in_metro = inside["commune_id"].notna()
    contract = CONTRACTS["key_sites"]
    frame = sites.assign(
        tier=2,
        commune=inside["commune_name"].where(is_official, UNKNOWN_COMMUNE).astype("str"),
        neighborhood_id=inside["commune_id"].where(is_official, METRO).where(in_metro, COUNTRY).astype("str"),
        is_in_scope=in_metro,
        coordinate_quality="good",
        source_id="",
        published_date=pd.Timestamp(context.compiled_on),
        source_checked="page",
    )
    return typed(frame[contract.column_names], contract)
