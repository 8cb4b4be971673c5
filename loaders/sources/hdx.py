"""HDX: datasets and their files, and the official boundaries (COD-AB)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from loaders.checks import Context, Findings, ParseError
from loaders.contracts import CONTRACTS, typed
from loaders.geometry import stored_outlines
from loaders.names import name_key
from loaders.sources.http import Session, SourceError, address_of
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading
from loaders.sources.places import METRO_PCODES
from loaders.sources.sheets import unpack

CKAN_ADDRESS = "https://data.humdata.org"

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

#: Longitude and latitude between which Haiti lies, degrees.
_HAITI = (-75.0, 17.5, -71.0, 20.5)

_COMMUNE_LAYER = re.compile(r"(?:^|/)[^/.][^/]*adm(?:in)?2(?!\d)[^/]*\.(geojson|json|shp)$", re.IGNORECASE)
_NO_POLYGONS = re.compile(r"admbnd[lp]|lines?|points?|capital", re.IGNORECASE)
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NAME_COLUMNS = ("adm2_name", "adm2_fr", "adm2_en")


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch the current official outlines as HDX packs them; raises as :func:`pick`, :func:`download`, :func:`read_communes`."""
    address = address_of(settings, "HDX_ADDRESS", CKAN_ADDRESS)
    resource = pick(resources(session, BOUNDARIES, address=address), BOUNDARY_FILES, BOUNDARIES)
    body = download(session, resource, ZIP)
    read_communes(body)
    return Download(resource.name, body)


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read COD-AB into rows of ``communes`` with official outlines; people stay those of the gazetteer."""
    official = read_communes(source)
    places = context.frames["neighborhoods"]
    rows = places[(places["place_type"] == "commune") & places["commune"].isin(official["commune"])]
    rows = rows.drop_duplicates("commune").reset_index(drop=True)
    missing = sorted(set(official["commune"]) - set(rows["commune"]))
    if missing:
        raise ParseError(
            f"COD-AB boundaries: the gazetteer has no commune {', '.join(missing)}. Add it to places.csv."
        )
    shapes = gpd.GeoSeries(
        rows["commune"].map(official.set_index("commune")["geometry"]), index=rows.index, crs=STORED_CRS
    )
    contract = CONTRACTS["communes"]
    table = pd.DataFrame(
        {
            "commune_id": rows["neighborhood_id"],
            "name": rows["commune"],
            "geometry_basis": "official",
            "area_km2": 0.0,
            **{column: rows[column] for column in ("population", "population_year", "population_basis")},
            "source_id": "",
            "source_title": "Haiti - Subnational Administrative Boundaries (COD-AB)",
            "source_publisher": ATTRIBUTION,
            "source_url": "https://data.humdata.org/dataset/cod-ab-hti",
            "published_date": pd.Timestamp(context.compiled_on),
            "source_checked": "page",
        }
    )
    stored = stored_outlines(typed(table[contract.column_names], contract), shapes)
    stored["area_km2"] = stored["area_km2"].round(3)
    return Reading(stored, Findings(), EVERYTHING)


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
