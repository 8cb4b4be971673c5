"""HDX: official boundaries (COD-AB), the HAPI service, and ACLED's monthly counts.

ACLED's counts on HDX, in HAPI and in workbooks, are per **arrondissement** but carry p-codes of **communes**: "HT0111" stands
for all eight communes of the arrondissement of Port-au-Prince, "HT0142" for Arcahaie although it is the code of Cabaret.
They are returned without any p-code and with ``area_level`` "arrondissement"; :func:`join_communes`, the only way to the
communes, refuses them. ACLED's categories overlap (attacks on civilians are a part of political violence): never add them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from loaders.checks import ParseError
from loaders.names import name_key
from loaders.sources import dtm
from loaders.sources.http import Session, SourceError, setting
from loaders.sources.tables import column_key
from loaders.workbook import Sheet, cell_text, read_sheets, unpack

CKAN_ADDRESS = "https://data.humdata.org"
HAPI_ADDRESS = "https://hapi.humdata.org"
APP_IDENTIFIER = "HDX_APP_IDENTIFIER"

# --------------------------------------------------------------------------------------------------------------------
# Datasets and their files (CKAN)
# --------------------------------------------------------------------------------------------------------------------

ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Resource:
    """A file of a dataset on HDX: its name, its address, and when it was last changed (as HDX writes it)."""

    name: str
    url: str
    last_modified: str


def resources(session: Session, dataset_id: str, *, address: str = CKAN_ADDRESS) -> list[Resource]:
    """Files of a dataset, in HDX's order.

    Raises
    ------
    SourceError
        The dataset does not exist, or the answer is none of CKAN.
    """
    reply = session.get(f"{address}/api/3/action/package_show", params={"id": dataset_id})
    if reply.status == 404:
        raise SourceError(f"HDX: there is no dataset {dataset_id!r}. Look for its new name on {address}.")
    answer = reply.json()
    if reply.status != 200 or not isinstance(answer, dict) or answer.get("success") is not True:
        raise SourceError(
            f"HDX: {reply.where} answered {reply.status} ({reply.text}). Run the refresh again later."
        )
    try:
        return [
            Resource(
                found["name"],
                found.get("download_url") or found["url"],
                found.get("last_modified") or "",
            )
            for found in answer["result"]["resources"]
        ]
    except (KeyError, TypeError):
        raise SourceError(f"HDX: {dataset_id}: the list of files has another form than known.") from None


def pick(found: Iterable[Resource], names: Iterable[str], what: str) -> Resource:
    """The resource with the first of the names that is there (ids change, names are kept).

    Raises
    ------
    SourceError
        None of the names is there, or one stands for several files.
    """
    found = list(found)
    for name in names:
        fitting = [resource for resource in found if resource.name.lower() == name.lower()]
        if len(fitting) > 1:
            raise SourceError(
                f"HDX: {what}: {len(fitting)} files are called {name!r}. Give the right one as a file."
            )
        if fitting:
            return fitting[0]
    raise SourceError(
        f"HDX: {what}: no file called {' or '.join(names)}. There are: {', '.join(r.name for r in found) or 'none'}."
    )


def download(session: Session, resource: Resource, magic: bytes) -> bytes:
    """Content of a resource, over as many redirects as HDX needs.

    Parameters
    ----------
    magic
        First bytes of the format expected.

    Raises
    ------
    SourceError
        Not there, or another format (a log-in page, an empty file).
    """
    reply = session.get(resource.url)
    if reply.status != 200:
        raise SourceError(
            f"HDX: {resource.name}: {reply.where} answered {reply.status}. Run the refresh again later."
        )
    if not reply.body.startswith(magic):
        raise SourceError(
            f"HDX: {resource.name}: the file has another format than its name says; it starts with {reply.text[:60]!r}."
        )
    return reply.body


# --------------------------------------------------------------------------------------------------------------------
# Boundaries
# --------------------------------------------------------------------------------------------------------------------

BOUNDARIES = "cod-ab-hti"
BOUNDARY_FILES = ("hti_admin_boundaries.geojson.zip", "hti_admin_boundaries.shp.zip")
ATTRIBUTION = "CNIGS / OCHA (COD-AB Haiti, CC BY-IGO)"
STORED_CRS = "EPSG:4326"

#: COD-AB codes of the metro communes and their names in this product.
METRO_PCODES: Mapping[str, str] = {
    "HT0111": "Port-au-Prince",
    "HT0112": "Delmas",
    "HT0113": "Carrefour",
    "HT0114": "Pétion-Ville",
    "HT0115": "Kenscoff",
    "HT0116": "Gressier",
    "HT0117": "Cité Soleil",
    "HT0118": "Tabarre",
    "HT0131": "Croix-des-Bouquets",
}

#: Longitude and latitude between which Haiti lies, degrees.
_HAITI = (-75.0, 17.5, -71.0, 20.5)

_COMMUNE_LAYER = re.compile(r"(?:^|/)[^/.][^/]*adm(?:in)?2(?!\d)[^/]*\.(geojson|json|shp)$", re.IGNORECASE)
_NO_POLYGONS = re.compile(r"admbnd[lp]|lines?|points?|capital", re.IGNORECASE)
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NAME_COLUMNS = ("adm2_name", "adm2_fr", "adm2_en")


def fetch_communes(session: Session, *, address: str = CKAN_ADDRESS) -> gpd.GeoDataFrame:
    """Fetch the current official outlines; returns and raises as :func:`read_communes`, and as :func:`download`."""
    resource = pick(resources(session, BOUNDARIES, address=address), BOUNDARY_FILES, BOUNDARIES)
    return read_communes(download(session, resource, ZIP))


def read_communes(source: bytes) -> gpd.GeoDataFrame:
    """Read the official outlines of the metro communes.

    Parameters
    ----------
    source
        COD-AB of Haiti as zipped GeoJSON, zipped shapefile, or the GeoJSON of the communes itself; fields of the old layout
        (``ADM2_FR``, ``ADM2_PCODE``) or of the new one (``adm2_name``, ``adm2_pcode``).

    Returns
    -------
    GeoDataFrame, shape (9, 3)
        ``commune`` (the product's name), ``pcode``, ``geometry`` (valid Polygon or MultiPolygon, EPSG:4326), by p-code.

    Raises
    ------
    ParseError
        Not COD-AB, damaged, more than can be read, without projection, a commune is missing or twice, or a p-code belongs
        to another commune than it used to.
    """
    what = "COD-AB boundaries"
    layer = _layer(source, what) if source.lstrip()[:1] == b"{" else _zipped_layer(source, what)
    layer = layer.rename(
        columns={name: name.lower() for name in layer.columns if name != layer.geometry.name}
    )
    names = next((name for name in _NAME_COLUMNS if name in layer.columns), None)
    if "adm2_pcode" not in layer.columns or names is None:
        raise ParseError(
            f"{what}: no columns adm2_pcode and {' or '.join(_NAME_COLUMNS)}. Is this the layer of the communes (level 2)?"
        )
    metro = layer[layer["adm2_pcode"].isin(list(METRO_PCODES))]
    _refuse_other_communes(metro, names, what)
    metro = metro.set_index("adm2_pcode").loc[list(METRO_PCODES)]
    if metro.crs is None:
        raise ParseError(
            f"{what}: the file does not say its projection (.prj). Get the complete file from HDX."
        )
    shapes = [_polygonal(shape) for shape in metro.geometry.to_crs(STORED_CRS)]
    for pcode, shape in zip(METRO_PCODES, shapes, strict=True):
        if shape.is_empty or not shapely.box(*_HAITI).contains(shape):
            raise ParseError(
                f"{what}: {METRO_PCODES[pcode]} ({pcode}) has no area in Haiti. Is the projection right?"
            )
    return gpd.GeoDataFrame(
        {"commune": list(METRO_PCODES.values()), "pcode": list(METRO_PCODES)}, geometry=shapes, crs=STORED_CRS
    )


def _refuse_other_communes(metro: pd.DataFrame, names: str, what: str) -> None:
    """The codes must be there once each and still belong to the communes they used to."""
    for pcode, commune in METRO_PCODES.items():
        found = metro.loc[metro["adm2_pcode"] == pcode, names]
        if len(found) != 1:
            raise ParseError(f"{what}: {commune} ({pcode}) is there {len(found)} times, expected once.")
        if name_key(str(found.iloc[0])) != name_key(commune):
            raise ParseError(
                f"{what}: {pcode} is {found.iloc[0]!r} and not {commune}: the codes have changed. Do not use the file "
                "before METRO_PCODES is corrected."
            )


def _polygonal(shape: Any) -> Any:
    """The polygons of an outline, made valid; empty where there are none."""
    if shape is None or shape.is_empty:
        return shapely.Polygon()
    valid = shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(shapely.get_parts([valid])) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _zipped_layer(source: bytes, what: str) -> gpd.GeoDataFrame:
    """The layer of the communes in an archive; only its own files are unpacked."""
    listed: list[str] = []

    def is_layer(name: str) -> bool:
        listed.append(name)
        as_shapefile = re.sub(r"\.(shx|dbf|prj|cpg)$", ".shp", name, flags=re.IGNORECASE)
        return bool(_COMMUNE_LAYER.search(as_shapefile)) and not _NO_POLYGONS.search(name.rpartition("/")[2])

    members = unpack(source, what, wanted=is_layer)
    layers = [name for name in members if _COMMUNE_LAYER.search(name)]
    if len(layers) != 1:
        raise ParseError(
            f"{what}: expected one layer of communes (…admin2.geojson or …adm2….shp), found {', '.join(layers) or 'none'} "
            f"among {', '.join(listed[:12]) or 'no files'}."
        )
    if not layers[0].lower().endswith(".shp"):
        return _layer(members[layers[0]], what)
    stem = layers[0][:-4].lower()
    parts = {name.lower().removeprefix(stem): content for name, content in members.items()}
    missing = [part for part in _SHAPEFILE_PARTS[:4] if part not in parts]
    if missing:
        raise ParseError(f"{what}: the shapefile lacks {', '.join(missing)}. Get the complete file from HDX.")
    if 2 * int.from_bytes(parts[".shp"][24:28], "big") != len(parts[".shp"]):
        raise ParseError(f"{what}: the shapefile is cut short. Get the file again from HDX.")
    with tempfile.TemporaryDirectory() as folder:
        for part in _SHAPEFILE_PARTS:
            if part in parts:
                (Path(folder) / f"communes{part}").write_bytes(parts[part])
        return _layer(Path(folder) / "communes.shp", what)


def _layer(source: Path | bytes, what: str) -> gpd.GeoDataFrame:
    try:
        layer = pyogrio.read_dataframe(source)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError, ValueError):
        raise ParseError(
            f"{what}: the layer cannot be read: it is damaged, cut short, or no GeoJSON or shapefile. Get the file again "
            "from HDX."
        ) from None
    if not isinstance(layer, gpd.GeoDataFrame):
        raise ParseError(f"{what}: the layer has no geometry. Get the file again from HDX.")
    return layer


def join_communes(figures: pd.DataFrame, communes: pd.DataFrame) -> pd.DataFrame:
    """Rows of metro communes with the name of their commune: the only way from figures to communes.

    Parameters
    ----------
    figures
        With ``area_level`` and ``pcode``.
    communes
        ``commune, pcode``, as :func:`read_communes` returns them.

    Returns
    -------
    DataFrame
        Rows of ``figures`` whose p-code is that of a metro commune, with ``commune``; others are left out.

    Raises
    ------
    SourceError
        Not every row is known to be of commune level: ACLED's rows on HDX are per arrondissement, whatever their code says.
    """
    levels = sorted(set(figures["area_level"])) if "area_level" in figures else ["unknown"]
    if levels not in ([], ["commune"]):
        raise SourceError(
            f"figures of the level {', '.join(levels)} must not be joined to communes: their p-codes are those of communes, "
            "but the figures are those of whole arrondissements. Show them for the arrondissement."
        )
    return figures.merge(communes[["commune", "pcode"]], on="pcode", how="inner", validate="many_to_one")


# --------------------------------------------------------------------------------------------------------------------
# ACLED's monthly counts
# --------------------------------------------------------------------------------------------------------------------

EVENT_TYPES = ("political_violence", "civilian_targeting", "demonstration")
COUNT_COLUMNS = (
    *("event_type", "area_level", "department", "arrondissement", "is_metro"),
    *("period_start", "period_end", "events", "fatalities"),
)

#: The arrondissement that the capital is in, and communes of it: where one of these is named, rows are not per arrondissement.
_METRO_ARRONDISSEMENT = "port-au-prince"
_COMMUNES_INSIDE = {"delmas", "carrefour", "petion-ville", "kenscoff", "gressier", "cite-soleil", "tabarre"}

_COUNT_FIELDS = {
    "event_type": "event_type",
    "provider_admin1_name": "department",
    "provider_admin2_name": "arrondissement",
    "reference_period_start": "period_start",
    "reference_period_end": "period_end",
    "events": "events",
    "fatalities": "fatalities",
}


def counts(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    """Monthly counts per arrondissement, without p-codes.

    Parameters
    ----------
    rows
        ``event_type, department, arrondissement, period_start, period_end, events, fatalities``, as the provider writes them.
    what
        Name of the source, for messages.

    Returns
    -------
    DataFrame
        :data:`COUNT_COLUMNS`; ``area_level`` is "arrondissement", ``is_metro`` marks that of Port-au-Prince (eight communes,
        Croix-des-Bouquets is not among them), periods as ``datetime64``, counts as ``Int64`` with NA for "not given" (never 0).
        Sorted by type, period and place. The newest month is incomplete.

    Raises
    ------
    SourceError
        No rows, a count or period that is none, one place and month twice, or rows that are no longer per arrondissement.
    """
    if rows.empty:
        raise SourceError(
            f"{what}: no rows of Haiti. This is not 0 events. Check the period and the address."
        )
    keys = rows["arrondissement"].fillna("").map(name_key)
    inside = sorted(_COMMUNES_INSIDE & set(keys))
    if inside or _METRO_ARRONDISSEMENT not in set(keys):
        raise SourceError(
            f"{what}: the rows are not per arrondissement as they used to be "
            f"({'communes named: ' + ', '.join(inside) if inside else 'Port-au-Prince is missing'}). Nothing was used."
        )
    found = pd.DataFrame(
        {
            "event_type": rows["event_type"].astype("str"),
            "area_level": "arrondissement",
            "department": rows["department"].fillna("").astype("str"),
            "arrondissement": rows["arrondissement"].astype("str"),
            "is_metro": keys == _METRO_ARRONDISSEMENT,
            **{name: _whole(rows[name], name, what) for name in ("events", "fatalities")},
            **{name: _day(rows[name], name, what) for name in ("period_start", "period_end")},
        }
    )[list(COUNT_COLUMNS)].drop_duplicates()
    unknown = sorted(set(found["event_type"]) - set(EVENT_TYPES))
    if unknown:
        raise SourceError(
            f"{what}: unknown event types: {', '.join(unknown)}. Known: {', '.join(EVENT_TYPES)}."
        )
    key = ["event_type", "period_start", "department", "arrondissement"]
    twice = found[found.duplicated(key)]
    if len(twice):
        row = twice.iloc[0]
        raise SourceError(
            f"{what}: two different counts of {row['event_type']} for {row['arrondissement']}, {row['period_start']:%Y-%m}."
        )
    return found.sort_values(key, ignore_index=True)


def _whole(values: pd.Series, name: str, what: str) -> pd.Series:
    filled = values.notna() & (values.astype("str") != "")
    numbers = pd.to_numeric(values.where(filled), errors="coerce").astype("float64")
    bad = filled & ~((numbers >= 0) & (numbers % 1 == 0))
    if bad.any():
        raise SourceError(f"{what}: {name}: {values[bad].iloc[0]!r} is not a count. Nothing was used.")
    return numbers.astype("Int64")


def _day(values: pd.Series, name: str, what: str) -> pd.Series:
    days = pd.to_datetime(values, format="ISO8601", errors="coerce").astype("datetime64[us]")
    if days.isna().any():
        raise SourceError(f"{what}: {name}: {values[days.isna()].iloc[0]!r} is not a date. Nothing was used.")
    return days.dt.normalize()


_WORKBOOK_COLUMNS = ("country", "admin1", "admin2", "month", "year", "events")


def read_acled_workbook(source: bytes, event_type: str) -> pd.DataFrame:
    """Read one of ACLED's workbooks on HDX (the file of Haiti; the global ones are too large).

    Parameters
    ----------
    source
        Bytes of the .xlsx file: Country, Admin1, Admin2, ISO3, Admin2 Pcode, Admin1 Pcode, Month, Year, Events, Fatalities
        (demonstrations lack the last). Its p-codes are not read.
    event_type
        One of :data:`EVENT_TYPES`; the file does not say.

    Returns
    -------
    DataFrame
        As :func:`counts` returns it.

    Raises
    ------
    ParseError
        No workbook, no sheet with these columns, or rows that :func:`counts` refuses.
    """
    what = f"ACLED workbook on HDX ({event_type})"
    sheets = read_sheets(source, what)
    tables = [table for sheet in sheets.values() if (table := _count_table(sheet, what)) is not None]
    if not tables:
        raise SourceError(
            f"{what}: no sheet has the columns {', '.join(_WORKBOOK_COLUMNS)} (sheets: {', '.join(sheets)})."
        )
    table = pd.concat(tables, ignore_index=True)
    table = table[table["country"].map(name_key) == "haiti"]
    start = pd.to_datetime(table["month"] + " " + table["year"], format="%B %Y", errors="coerce")
    if start.isna().any():
        bad = table[start.isna()].iloc[0]
        raise SourceError(
            f"{what}: {bad['month']!r} {bad['year']!r} is not a month and a year. Nothing was used."
        )
    blank = pd.Series(None, index=table.index, dtype="object")
    rows = pd.DataFrame(
        {
            "event_type": event_type,
            "department": table["admin1"],
            "arrondissement": table["admin2"],
            "period_start": start,
            "period_end": start + pd.offsets.MonthEnd(0),
            "events": table["events"],
            "fatalities": table.get("fatalities", blank),
        }
    )
    return counts(rows, what)


def _count_table(sheet: Sheet, what: str) -> pd.DataFrame | None:
    """A sheet as text if it has the columns of the counts, without rows of HXL tags."""
    header = [column_key(cell_text(cell)) for cell in sheet.rows[0]] if sheet.rows else []
    if not set(_WORKBOOK_COLUMNS) <= set(header):
        return None
    if sheet.formulas:
        raise SourceError(
            f"{what}: cells hold formulas, for instance in row {min(sheet.formulas)[0]}. Save values."
        )
    rows = [[cell_text(cell) for cell in row] for row in sheet.rows[1:]]
    return pd.DataFrame(
        [row for row in rows if any(row) and not any(cell.startswith("#") for cell in row)],
        columns=header,
        dtype="str",
    )


# --------------------------------------------------------------------------------------------------------------------
# HAPI
# --------------------------------------------------------------------------------------------------------------------

#: Most rows that HAPI gives in one answer.
PAGE_ROWS = 10_000
MAX_PAGES = 50

_IDP_FIELDS = {
    "operation": "operation",
    "reporting_round": "reporting_round",
    "assessment_type": "assessment_type",
    "admin2_code": "pcode",
    "provider_admin2_name": "name_as_written",
    "reference_period_start": "reporting_date",
    "population": "displaced",
}


def fetch_conflict_events(
    session: Session, settings: Mapping[str, str], *, start: date, end: date, address: str = HAPI_ADDRESS
) -> pd.DataFrame:
    """Fetch ACLED's monthly counts from HAPI.

    Parameters
    ----------
    session
        Session with the service, at most one request a second.
    settings
        With ``HDX_APP_IDENTIFIER``.
    start, end
        First and last day of the period.
    address
        Scheme and host.

    Returns
    -------
    DataFrame
        As :func:`counts` returns it.

    Raises
    ------
    SourceError
        No application identifier, one that is not accepted, or an answer that has changed or is incomplete.
    """
    period: dict[str, str | int] = {"start_date": start.isoformat(), "end_date": end.isoformat()}
    rows = _hapi(session, settings, "coordination-context/conflict-events", period, address)
    frame = _fields(rows, _COUNT_FIELDS, "HAPI conflict-events")
    return counts(frame, "HAPI conflict-events")


def fetch_idps(session: Session, settings: Mapping[str, str], *, address: str = HAPI_ADDRESS) -> pd.DataFrame:
    """Fetch DTM's figures from HAPI, all rounds; returns as :func:`loaders.sources.dtm.parse`, raises as above."""
    what = "HAPI idps"
    rows = _fields(_hapi(session, settings, "affected-people/idps", {}, address), _IDP_FIELDS, what)
    people = _whole(rows["displaced"], "population", what)
    if rows.empty or people.isna().any():
        raise SourceError(
            f"{what}: rows without a number of people, or no rows. This is not 0. Nothing was used."
        )
    dates = _day(rows["reporting_date"], "reference_period_start", what)
    rounds = _whole(rows["reporting_round"], "reporting_round", what).astype("int64")
    return dtm.displaced(rows.assign(displaced=people, reporting_date=dates, reporting_round=rounds))


def _hapi(
    session: Session, settings: Mapping[str, str], path: str, period: Mapping[str, str | int], address: str
) -> list[dict[str, Any]]:
    """All rows of Haiti at level 2, page by page until a page is short."""
    purpose = "the identifier of this application for HAPI: base64 of 'name:e-mail'"
    headers = {"X-HDX-HAPI-APP-IDENTIFIER": setting(settings, APP_IDENTIFIER, purpose)}
    query = {"location_code": "HTI", "admin_level": 2, "output_format": "json", "limit": PAGE_ROWS, **period}
    rows: list[dict[str, Any]] = []
    for page in range(MAX_PAGES):
        reply = session.get(
            f"{address}/api/v2/{path}", params={**query, "offset": page * PAGE_ROWS}, headers=headers
        )
        if reply.status == 403:
            raise SourceError(f"HAPI: {reply.where}: {reply.text}. Correct {APP_IDENTIFIER}.")
        if reply.status != 200:
            raise SourceError(
                f"HAPI: {reply.where} answered {reply.status} ({reply.text}). Run the refresh later."
            )
        answer = reply.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            raise SourceError(f"HAPI: {reply.where}: the answer has no list 'data' ({reply.text[:80]!r}).")
        found: list[dict[str, Any]] = answer["data"]
        if found and rows[-PAGE_ROWS:] == found:
            raise SourceError(f"HAPI: {reply.where} gives the same page again. Nothing was used.")
        rows += found
        if len(found) < PAGE_ROWS:
            return rows
        if "start_date" not in period:
            raise SourceError(
                f"HAPI: {reply.where}: {PAGE_ROWS:,} rows without a start date: HAPI cuts the answer there without saying so. "
                "Ask for a period."
            )
    raise SourceError(f"HAPI: {path}: more than {MAX_PAGES} pages. Ask for a shorter period.")


def _fields(rows: list[dict[str, Any]], fields: Mapping[str, str], what: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=None if rows else [*fields, "location_code", "admin_level"])
    missing = [name for name in (*fields, "location_code", "admin_level") if name not in frame.columns]
    if missing:
        raise SourceError(
            f"{what}: fields missing in the answer: {', '.join(missing)}. The service has changed."
        )
    if (frame["location_code"] != "HTI").any() or (frame["admin_level"] != 2).any():
        raise SourceError(f"{what}: rows of another country or level came back. Nothing was used.")
    return frame[list(fields)].rename(columns=fields)
