"""OurAirports: airports and airfields of Haiti (public domain, made anew every day)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from loaders.checks import Context, Findings
from loaders.sources.http import Session, SourceError, address_of
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading
from loaders.sources.sites import key_sites
from loaders.sources.tables import read_table, rejected_rows

ADDRESS = "https://davidmegginson.github.io"
ATTRIBUTION = "OurAirports (public domain), https://ourairports.com"
WHAT = "OurAirports airports.csv"
COUNTRY = "HT"

#: Haiti lies in North America: the text "NA" is a continent here and not a missing value.
CONTINENT = "NA"

#: All columns but the newest; ``icao_code`` is missing in older copies.
_REQUIRED = (
    *("id", "ident", "type", "name", "latitude_deg", "longitude_deg", "elevation_ft", "continent"),
    *("iso_country", "iso_region", "municipality", "scheduled_service", "iata_code", "gps_code"),
    *("local_code", "home_link", "wikipedia_link", "keywords"),
)

#: Toussaint Louverture: where it is, degrees, and how far off a file may put it.
_MAIN_AIRPORT, _MAIN_LAT, _MAIN_LON, _TOLERANCE = "MTPP", 18.58, -72.2925, 0.05

_COLUMNS = {
    "ident": "ident",
    "icao_code": "icao_code",
    "iata_code": "iata_code",
    "name": "name",
    "type": "airport_type",
    "municipality": "municipality",
    "iso_region": "region_code",
    "scheduled_service": "has_scheduled_service",
    "latitude_deg": "lat",
    "longitude_deg": "lon",
    "keywords": "keywords",
}


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch the file of all airports; raises :class:`SourceError` where it is not there."""
    address = address_of(settings, "OURAIRPORTS_ADDRESS", ADDRESS)
    reply = session.get(f"{address}/ourairports-data/airports.csv")
    if reply.status != 200:
        raise SourceError(f"OurAirports: {reply.where} answered {reply.status}. Run the refresh again later.")
    return Download("airports.csv", reply.body)


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read airports.csv into rows of ``key_sites``; see :func:`parse`. The file is complete."""
    airports, rejected = parse(source)
    findings = Findings(rejected=rejected)
    closed = airports["airport_type"].isin(["closed", "closed_airport"])
    findings.warnings.append(
        f"{int(closed.sum())} of {len(airports)} airfields of Haiti are closed in OurAirports."
    )
    sites = pd.DataFrame(
        {
            "site_id": "ourairports-" + airports["ident"],
            "name": airports["name"],
            "alt_names": airports["keywords"].str.replace(r"\s*,\s*", "|", regex=True),
            "site_type": "airport",
            "lat": airports["lat"],
            "lon": airports["lon"],
            "operator": "",
            "note": airports["airport_type"].str.replace("_", " ")
            + airports["iata_code"].map(lambda code: f"; IATA {code}" if code else ""),
            "source_title": WHAT,
            "source_publisher": "OurAirports (public domain)",
            "source_url": "https://ourairports.com/countries/HT/",
        },
        index=airports.index,
    )
    return Reading(key_sites(sites, context), findings, EVERYTHING)


def parse(source: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Airports of Haiti in OurAirports' file of all airports.

    Parameters
    ----------
    source
        Bytes of airports.csv, with 18 or 19 columns.

    Returns
    -------
    airports : DataFrame
        ``ident`` (unique), ``icao_code``, ``iata_code``, ``name``, ``airport_type`` (large_airport … closed),
        ``municipality``, ``region_code`` ("HT-OU"), ``has_scheduled_service``, ``lat``, ``lon`` (degrees), ``keywords``; text
        is empty where not given. The index is the row number in the file.
    rejected : DataFrame
        Rows of Haiti without usable coordinates or id, with ``row, column, value, reason, record``.

    Raises
    ------
    SourceError
        Not this file, cut short, no airports of Haiti, or the main airport is missing or elsewhere.
    """
    table = read_table(
        source, what=WHAT, wanted=(*_REQUIRED, "icao_code"), plain=("id", "ident", "name", "keywords")
    )
    missing = [name for name in _REQUIRED if name not in table.frame.columns]
    if missing:
        raise SourceError(f"{WHAT}: columns missing: {', '.join(missing)}. Is this the right file?")
    rows = table.frame[table.frame["iso_country"] == COUNTRY].astype("str")
    if rows.empty:
        raise SourceError(f"{WHAT}: no airports of Haiti (iso_country {COUNTRY}). Is this the right file?")
    if (rows["continent"] != CONTINENT).any():
        odd = rows.loc[rows["continent"] != CONTINENT, "continent"].iloc[0]
        raise SourceError(
            f"{WHAT}: Haiti's continent is {odd!r} and not {CONTINENT!r}: a program has read the text NA as 'missing'. "
            "Download the file again and do not save it with a spreadsheet program."
        )
    place = rows[["latitude_deg", "longitude_deg"]].apply(pd.to_numeric, errors="coerce")
    rejected = rejected_rows(
        rows,
        {
            "latitude_deg": (~place["latitude_deg"].between(17.5, 20.5), "is not a latitude in Haiti"),
            "longitude_deg": (~place["longitude_deg"].between(-75.0, -71.0), "is not a longitude in Haiti"),
            "ident": (rows["ident"].duplicated() | (rows["ident"] == ""), "is empty or occurs twice"),
        },
    )
    airports = (
        rows.assign(**place)
        .reindex(columns=list(_COLUMNS), fill_value="")
        .rename(columns=_COLUMNS)
        .drop(index=list(rejected["row"]))
    )
    airports["has_scheduled_service"] = airports["has_scheduled_service"] == "yes"
    _check_main_airport(airports)
    return airports, pd.concat([table.rejected, rejected], ignore_index=True) if len(
        table.rejected
    ) else rejected


def _check_main_airport(airports: pd.DataFrame) -> None:
    main = airports[airports["ident"] == _MAIN_AIRPORT]
    if len(main) != 1:
        raise SourceError(
            f"{WHAT}: {_MAIN_AIRPORT} (Toussaint Louverture) is missing: the file is not whole. Try again."
        )
    off = max(abs(main["lat"].iloc[0] - _MAIN_LAT), abs(main["lon"].iloc[0] - _MAIN_LON))
    if off > _TOLERANCE:
        raise SourceError(f"{WHAT}: {_MAIN_AIRPORT} lies {off:.2f} degrees from where it is. Check the file.")
