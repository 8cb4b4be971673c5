"""Synthetic datasets of any size, as a complete folder that MONITOR_DATASETS can name.

Everything is made from the committed datasets, so that texts, sources and actors are as long and as varied as theirs: areas
are the committed ones, the largest halved until there are enough; statements and incidents are committed rows drawn by lot and
given a new key, place and date. The numbers mean nothing. The same size always gives the same bytes::

    python -m benchmarks.synthetic --areas 500 --weeks 520 --assertions 100000 --incidents 2000000 FOLDER
"""

from __future__ import annotations

import argparse
import heapq
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.process import DATASETS
from loaders import store
from loaders.contracts import COMMITTED_DATASETS, CONTRACTS, SIDE_OF_STATUS, Contract, enforce

_SEED = 2026
#: Rows from which a table is written as Parquet, as a refresh of that size writes it.
_BULK = 50_000
_DIGITS = 1e-5
_SAMPLE = 500


@dataclass(frozen=True)
class Size:
    """Areas in scope, weeks up to the last committed statement, statements about control, incidents."""

    areas: int
    weeks: int
    assertions: int
    incidents: int

    def __str__(self) -> str:
        return f"{self.areas} areas × {self.weeks} weeks × {self.assertions:,} assertions, {self.incidents:,} incidents"


#: As many as are committed; and the size that issue 3 asks for.
SMALL = Size(areas=140, weeks=301, assertions=342, incidents=205)
LARGE = Size(areas=500, weeks=520, assertions=100_000, incidents=2_000_000)


def folder_of(size: Size) -> Path:
    """Datasets of this size in the machine's folder for temporary files, made anew only when what they are made of has changed."""
    made_of = {
        "size": asdict(size),
        "snapshot": store.snapshot(root=DATASETS).snapshot_id,
        "code": [Path(module).read_text() for module in (__file__, store.__file__)],
        "contracts": repr(CONTRACTS),
    }
    digest = store.sha256(json.dumps(made_of).encode())
    folder = Path(tempfile.gettempdir()) / "port-au-prince-benchmarks" / "-".join(map(str, astuple(size)))
    stamp = folder / "made-of.txt"
    if not stamp.is_file() or stamp.read_text() != digest:
        shutil.rmtree(folder, ignore_errors=True)
        build(size, folder)
        stamp.write_text(digest)
    return folder


def build(size: Size, root: Path) -> None:
    """Publish datasets of this size in the new folder `root`."""
    lot = np.random.default_rng(_SEED)
    places = areas(size.areas)
    in_scope = places.loc[places["is_in_scope"].astype("bool"), "neighborhood_id"].to_numpy()
    last = store.read("territorial_control", root=DATASETS)["from_earliest"].max()
    days = last - pd.to_timedelta(np.arange(size.weeks * 7), unit="D")
    frames = {
        "neighborhoods": places,
        "aliases": spellings(places),
        "territorial_control": assertions(size.assertions, in_scope, days, lot),
        "incidents": incidents(size.incidents, in_scope, days, lot),
    }
    versions = {dataset_id: _committed(dataset_id) for dataset_id in COMMITTED_DATASETS}
    for dataset_id, frame in frames.items():
        versions[dataset_id] = _version(CONTRACTS[dataset_id], frame, versions[dataset_id].files)
    root.mkdir(parents=True)
    for dataset_id in CONTRACTS:
        (root / dataset_id).mkdir()
        shutil.copy(DATASETS / dataset_id / "dataset.yaml", root / dataset_id)
    with store.lock(root):
        store.publish(versions, root=root)


def areas(number: int) -> gpd.GeoDataFrame:
    """The committed places, with so many neighborhoods in scope: the largest are halved until there are enough."""
    places = store.read_geometry("neighborhoods", root=DATASETS)
    is_in_scope = places["is_in_scope"].astype("bool")
    if number < is_in_scope.sum():
        raise ValueError(f"There are {is_in_scope.sum()} committed areas; {number} would be fewer.")
    records = places[is_in_scope].to_dict("records")
    heap = [(-row["geometry"].area, place) for place, row in enumerate(records)]
    heapq.heapify(heap)
    while len(records) < number:
        _area, place = heapq.heappop(heap)
        whole = records[place]
        pieces = _halves(whole["geometry"])
        new = {**whole, "neighborhood_id": f"{whole['neighborhood_id']}-{len(records)}"}
        new["name"] = f"{whole['name']} {len(records)}"
        records.append(new)
        total = sum(piece.area for piece in pieces)
        for piece, at in zip(pieces, (place, len(records) - 1), strict=True):
            row, share = records[at], piece.area / total
            point = piece.representative_point()
            row |= {"geometry": piece, "lat": round(point.y, 4), "lon": round(point.x, 4)}
            row |= {"area_km2": row["area_km2"] * share, "population": row["population"] * share}
            heapq.heappush(heap, (-piece.area, at))
    new = gpd.GeoDataFrame(records, columns=places.columns, geometry="geometry", crs=places.crs)
    return pd.concat([places[~is_in_scope], new.astype(places.dtypes.to_dict())], ignore_index=True)


def _halves(whole: shapely.Geometry) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Cut across the longer side, through the middle."""
    west, south, east, north = whole.bounds
    if east - west > north - south:
        middle = (west + east) / 2
        boxes = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
    else:
        middle = (south + north) / 2
        boxes = shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)
    first, second = (shapely.set_precision(whole.intersection(box), _DIGITS) for box in boxes)
    return first, second


def spellings(places: pd.DataFrame) -> pd.DataFrame:
    """The committed spellings, and the name of each place that has none."""
    known = store.read("aliases", root=DATASETS)
    new = places[~places["neighborhood_id"].isin(known["neighborhood_id"])]
    added = pd.DataFrame(
        {
            "alias": new["name"],
            "alias_key": new["neighborhood_id"],
            "language": "und",
            "neighborhood_id": new["neighborhood_id"],
            "is_name": True,
        }
    )
    return pd.concat([known, added.astype(known.dtypes.to_dict())], ignore_index=True)


def assertions(
    number: int, in_scope: np.ndarray, days: pd.DatetimeIndex, lot: np.random.Generator
) -> pd.DataFrame:
    """Statements about control: committed rows with another key, place, status and date."""
    rows = _drawn("territorial_control", number, "SA", days, lot)
    statuses = [status for status in SIDE_OF_STATUS if status != "no_data"]
    rows["neighborhood_id"] = lot.choice(in_scope, number)
    rows["status"] = lot.choice(list(map(str, statuses)), number)
    rows["from_latest"] = rows["from_earliest"]
    return rows


def incidents(
    number: int, in_scope: np.ndarray, days: pd.DatetimeIndex, lot: np.random.Generator
) -> pd.DataFrame:
    """Incidents: committed rows with another key and date; those placed in a neighborhood get another one."""
    rows = _drawn("incidents", number, "SI", days, lot)
    is_placed = (rows["location_precision"] == "neighborhood").to_numpy()
    places = lot.integers(0, len(in_scope), number)
    for column in ("neighborhood_id", "place_id"):
        words = pd.Index(rows[column].unique()).dropna().union(in_scope)
        codes = words.get_indexer(rows[column])
        codes = np.where(is_placed, words.get_indexer(in_scope)[places], codes)
        rows[column] = pd.Categorical.from_codes(codes, words)
    deaths = pd.Series(lot.poisson(3, number).astype("float64"))
    for column in ("fatalities_low", "fatalities", "fatalities_high"):
        rows[column] = deaths
    return rows


def _drawn(
    dataset_id: str, number: int, prefix: str, days: pd.DatetimeIndex, lot: np.random.Generator
) -> pd.DataFrame:
    """Committed rows drawn by lot, each with a new key, and published and recorded some days after its new date."""
    contract = CONTRACTS[dataset_id]
    committed = store.read(dataset_id, root=DATASETS)
    if number >= _BULK:  # texts as they recur: two million rows of words would fill the memory
        texts = [column.name for column in contract.columns if column.kind in ("id", "text", "url")]
        committed = committed.astype(dict.fromkeys(texts, "category"))
    rows = committed.take(lot.integers(0, len(committed), number)).reset_index(drop=True)
    rows[contract.key[0]] = pd.Series(np.arange(number)).map(f"{prefix}{{:08d}}".format).astype("str")
    rows[contract.date_column] = days.take(lot.integers(0, len(days), number)).astype("datetime64[us]")
    rows["published_date"] = rows[contract.date_column] + pd.to_timedelta(
        lot.integers(1, 10, number), unit="D"
    )
    rows["recorded_at"] = rows["published_date"].dt.tz_localize("UTC")
    return rows


def _version(contract: Contract, frame: pd.DataFrame, committed: Mapping[str, bytes]) -> store.Version:
    """A version with another frame; a large table as Parquet."""
    _check(contract, frame)
    kept = {name: data for name, data in committed.items() if name != contract.file_name}
    if len(frame) >= _BULK:
        contract = contract.in_bulk()
    provenance = json.loads(committed[store.PROVENANCE_FILE]) | {"rows": len(frame), "warnings": []}
    if contract.date_column:
        dates = frame[contract.date_column]
        provenance["covers"] = {"from": f"{dates.min():%Y-%m-%d}", "to": f"{dates.max():%Y-%m-%d}"}
    provenance["source"] |= {"name": "benchmarks.synthetic"}
    return store.Version(
        {
            **kept,
            contract.file_name: store.serialise(frame, contract),
            store.PROVENANCE_FILE: json.dumps(provenance, indent=1).encode(),
        }
    )


def _check(contract: Contract, frame: pd.DataFrame) -> None:
    """Stop where the generator has fallen behind the contract; the first rows tell."""
    columns = contract.column_names
    _valid, rejected = enforce(frame[columns].head(_SAMPLE), contract)
    if len(rejected):
        raise ValueError(
            f"{contract.dataset_id}: {rejected['reason'].iloc[0]}. Adapt benchmarks/synthetic.py."
        )


def _committed(dataset_id: str) -> store.Version:
    names = store.snapshot(root=DATASETS).digests[dataset_id]
    return store.Version({name: store.read_bytes(dataset_id, name, root=DATASETS) for name in names})


def main() -> None:
    """Build a folder from the command line."""
    parser = argparse.ArgumentParser(description="Build synthetic datasets in a new folder.")
    for name, value in asdict(LARGE).items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")
    parser.add_argument("folder", type=Path)
    asked = vars(parser.parse_args())
    folder = asked.pop("folder")
    build(Size(**asked), folder)


if __name__ == "__main__":
    main()
