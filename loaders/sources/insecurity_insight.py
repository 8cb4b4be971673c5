"""Insecurity Insight: incidents that affected health care, from its files on HDX (CSV or Excel, headers change)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import geopandas as gpd
import pandas as pd

from loaders.checks import Context, Findings
from loaders.names import name_key
from loaders.sources.dates import days
from loaders.sources.events import Provider, incidents, local_date
from loaders.sources.http import SourceError
from loaders.sources.interface import Reading
from loaders.sources.places import COUNTRY, METRO, Gazetteer
from loaders.sources.sheets import csv_plain
from loaders.sources.tables import by_value, open_table, rejected_rows, without_blanks

WHAT = "Insecurity Insight health incidents"
PROVIDER = Provider(
    provider="insecurity_insight",
    source_title="Attacks on Health Care incident data",
    source_publisher="Insecurity Insight",
    source_url="https://data.humdata.org/organization/insecurity-insight",
)
ATTRIBUTION = "Insecurity Insight, Attacks on Health Care incident data, via HDX"

#: Spellings of each column, as keys; the first that a file has is read.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "event_id": ("sind_event_id", "sind_id", "event_id"),
    "date": ("date", "event_date", "incident_date"),
    "country": ("country_iso", "country_iso3", "iso3", "country"),
    "admin1": ("admin_1", "admin1"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "long"),
    "geo_precision": ("geo_precision",),
    "perpetrator": ("reported_perpetrator_name", "perpetrator_name"),
    "perpetrator_type": ("reported_perpetrator", "perpetrator"),
    "killed": ("health_workers_killed", "number_of_health_workers_killed"),
    "injured": ("health_workers_injured", "number_of_health_workers_injured"),
    "kidnapped": ("health_workers_kidnapped", "number_of_health_workers_kidnapped"),
    "assaulted": ("health_workers_assaulted",),
    "sexual_violence": ("health_workers_sexually_assaulted",),
    "destroyed": (
        "number_of_attacks_on_health_facilities_reporting_destruction",
        "number_of_attacks_on_health_facilities_which_were_destroyed",
    ),
    "damaged": (
        "number_of_attacks_on_health_facilities_reporting_damaged",
        "number_of_attacks_on_health_facilities_reporting_damage",
    ),
    "looted": (
        "looting_theft_robbery_burglary_of_health_supplies",
        "looting_theft_robbery_and_burglary_of_health_supplies",
    ),
}

_LACKS = f"{WHAT}: the file has no"

#: Without these columns, and without any count, a file cannot be used.
REQUIRED = ("date", "country")

_COUNTS = ("killed", "injured", "kidnapped", "assaulted", "sexual_violence", "destroyed", "damaged", "looted")

#: ACLED's words for an incident, by the first count that is above 0; an incident of another kind is "Other".
_TYPES = (
    ("sexual_violence", "Violence against civilians", "Sexual violence"),
    ("killed", "Violence against civilians", "Attack"),
    ("injured", "Violence against civilians", "Attack"),
    ("kidnapped", "Violence against civilians", "Abduction/forced disappearance"),
    ("assaulted", "Violence against civilians", "Attack"),
    ("destroyed", "Strategic developments", "Looting/property destruction"),
    ("damaged", "Strategic developments", "Looting/property destruction"),
    ("looted", "Strategic developments", "Looting/property destruction"),
)

_METRO_DEPARTMENT = {"ouest", "west", "department-de-l-ouest", "ouest-department"}


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a file of health incidents, see :func:`read_incidents`; it speaks of the days from its first to its last incident.

    A file that lacks columns changes no incident that is recorded.
    """
    frame, findings = read_incidents(source, context, recorded_at=recorded_at)
    dated = frame["event_date"].dropna()
    span = (dated.min().date(), dated.max().date()) if len(dated) else None
    is_reduced = any(text.startswith(_LACKS) for text in findings.warnings)
    return Reading(frame, findings, span, replaces="none" if is_reduced else "all")


def read_incidents(
    source: bytes, context: Context, *, recorded_at: datetime
) -> tuple[pd.DataFrame, Findings]:
    """Read a file of health incidents into rows of ``incidents``.

    Deaths are those of health workers. An incident whose coordinates the file calls exact is placed in the metro commune
    whose outline holds them; where the outlines are approximate, only in the metropolitan area. Every other incident is
    known to the country or to another department only.

    Parameters
    ----------
    source
        Bytes of the CSV or .xlsx file, of Haiti or of all countries.
    context
        Frames ``aliases``, ``neighborhoods`` and ``communes``, side file ``actor_words.csv``.
    recorded_at
        When we recorded the rows, with time zone; incidents after that day are rejected.

    Returns
    -------
    frame : DataFrame
        Columns and kinds of ``CONTRACTS["incidents"]``; the index is the row number in the file.
    findings : Findings
        Rejected rows with reasons, warnings.

    Raises
    ------
    ParseError
        Another format, a needed column is missing, ambiguous dates, or no rows of Haiti.
    """
    every, broken, warnings = _rows(source)
    rows = every[every["country"].map(name_key).isin(["hti", "ht", "haiti", "republic-of-haiti"])]
    if len(rows) < len(every):
        warnings.append(f"{len(every) - len(rows)} rows of other countries were left out.")
    if rows.empty:
        raise SourceError(f"{WHAT}: no incidents in Haiti. This is not 0 incidents: is this the right file?")
    # The order of day and month is decided by the whole file, other countries' rows included.
    moments = by_value(every["date"], lambda values: days(values, WHAT, "date"))[rows.index]
    counts = rows[list(_COUNTS)].apply(_counts)
    today = local_date(recorded_at)
    reasons = {
        "event_id": ((rows["event_id"] == "") | rows["event_id"].duplicated(), "is empty or occurs twice"),
        "date": (moments.isna() | (moments > today), f"is not a date, or lies after {today.date()}"),
        **{name: ((rows[name] != "") & counts[name].isna(), "is not a count") for name in _COUNTS},
    }
    rejected = rejected_rows(rows, reasons)
    good = rows.index.difference(rejected["row"])
    findings = Findings(
        warnings=warnings,
        rejected=pd.concat([broken, rejected], ignore_index=True) if len(broken) else rejected,
    )
    frame = _incidents(rows.loc[good], moments[good], counts.loc[good], context, recorded_at)
    coarse = int((~frame["location_precision"].isin(["neighborhood", "commune"])).sum())
    findings.warnings.append(f"{coarse} of {len(frame)} health incidents are not known to a commune.")
    return frame, findings


def _incidents(
    rows: pd.DataFrame, moments: pd.Series, counts: pd.DataFrame, context: Context, recorded_at: datetime
) -> pd.DataFrame:
    event_type = pd.Series("Strategic developments", index=rows.index, dtype="str")
    sub_event_type = pd.Series("Other", index=rows.index, dtype="str")
    for name, kind, sub_kind in reversed(_TYPES):
        event_type[counts[name] > 0], sub_event_type[counts[name] > 0] = kind, sub_kind
    basis = pd.Series("health workers only, Insecurity Insight's count", index=rows.index, dtype="str")
    coded = {
        "event_id": "II-" + rows["event_id"],
        "event_date": moments,
        "date_precision": pd.Series("day", index=rows.index, dtype="str"),
        "event_type": event_type,
        "sub_event_type": sub_event_type,
        "actor1": rows["perpetrator"].where(rows["perpetrator"] != "", rows["perpetrator_type"]),
        "actor2": pd.Series("Health care", index=rows.index, dtype="str"),
        **dict.fromkeys(("fatalities_low", "fatalities", "fatalities_high"), counts["killed"]),
        "fatalities_basis": basis,
        # The files do not say when an incident was published: its own day is the earliest possible one.
        "published_date": moments,
        **_placed(rows, context),
    }
    return incidents(coded, PROVIDER, context, recorded_at=recorded_at)


def _placed(rows: pd.DataFrame, context: Context) -> dict[str, pd.Series]:
    """Place incidents as precisely as the file says, and never in a neighborhood: the catchments are approximate."""
    gazetteer, outlines = Gazetteer.of(context), context.frames["communes"]
    exact = rows["geo_precision"].str.contains(r"^\(?1\)?(?:\D|$)|exact", case=False, regex=True)
    place = rows[["longitude", "latitude"]].apply(pd.to_numeric, errors="coerce")
    exact &= place.notna().all(axis=1) & rows["admin1"].map(name_key).isin(_METRO_DEPARTMENT)
    points = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(place["longitude"], place["latitude"]), index=rows.index, crs="EPSG:4326"
    )
    inside = points[exact].sjoin(
        gpd.GeoDataFrame(
            outlines[["commune_id", "geometry_basis", "geometry"]], geometry="geometry", crs="EPSG:4326"
        )
    )
    inside = inside[~inside.index.duplicated()]
    found = inside["commune_id"].where(inside["geometry_basis"] == "official", METRO)
    ids = found.reindex(rows.index).fillna(COUNTRY).astype("str")
    placed = gazetteer.placed(ids, pd.Series("", index=rows.index, dtype="str"))
    elsewhere = (ids == COUNTRY) & ~rows["admin1"].map(name_key).isin(_METRO_DEPARTMENT | {""})
    placed.loc[elsewhere, "location_precision"] = "outside"
    return {name: placed[name] for name in placed.columns}


def _rows(source: bytes) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Known columns as text, one row per incident; rows that could not be read; what is odd about the file."""
    opened = open_table(source, WHAT, {key for spellings in SPELLINGS.values() for key in spellings})
    found = _columns(opened.keys)
    wanted = tuple(found.values())
    table = opened.read(wanted, plain=wanted)
    raw = table.frame.rename(columns={key: name for name, key in found.items()})
    if not opened.sheet_name:
        raw = raw.map(csv_plain)
    rows = raw.reindex(columns=list(SPELLINGS), fill_value="").apply(without_blanks).astype("str")
    absent = [name for name in ("event_id", "admin1", "killed", "injured", "kidnapped") if name not in found]
    warnings = [*table.warnings, *([f"{_LACKS} {', '.join(absent)}."] if absent else [])]
    if "event_id" not in found:
        rows["event_id"] = _derived_ids(rows)
    if opened.delimiter == ";":  # where a comma is no delimiter it is the point of a number
        for name in ("latitude", "longitude"):
            rows[name] = rows[name].str.replace(",", ".")
    return rows, table.rejected, warnings


def _derived_ids(rows: pd.DataFrame) -> pd.Series:
    """Ids from what rows say, for a file without ids; rows that say the same are numbered."""
    said = pd.util.hash_pandas_object(rows, index=False).map("{:016x}".format)
    number = said.groupby(said).cumcount() + 1
    return "derived-" + said + "-" + number.astype("str")


def _columns(header: list[str]) -> dict[str, str]:
    """The file's key of each known column that it has; raises :class:`SourceError` where a needed one is missing."""
    found = {
        name: next(key for key in spellings if key in header)
        for name, spellings in SPELLINGS.items()
        if set(spellings) & set(header)
    }
    missing = [" or ".join(SPELLINGS[name]) for name in REQUIRED if name not in found]
    if not set(_COUNTS) & set(found):
        missing.append(f"a count such as {SPELLINGS['killed'][0]}")
    if missing:
        raise SourceError(
            f"{WHAT}: columns missing: {'; '.join(missing)}. The file has: {', '.join(header[:40])}."
        )
    return found


def _counts(texts: pd.Series) -> pd.Series:
    """Counts as float; NaN for what is not given or no count."""
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    return numbers.where((numbers >= 0) & (numbers % 1 == 0))
