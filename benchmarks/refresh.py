"""The weekly refresh: a million rows in the layout of an ACLED export, and a week of news on top of them.

The rows are synthetic: invented events at places of the gazetteer, in communes and at names that nobody knows. They are compared
with what pandas needs to read the same CSV (pyarrow engine) and to write it as one Parquet file. Every measurement is a process of
its own, so that its peak of memory is its own::

    python -m benchmarks.refresh
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.process import DATASETS
from loaders import store
from loaders.contracts import EVENT_TYPES

ROWS = 1_000_000
WEEK_ADDED, WEEK_CHANGED = 3_000, 500

#: A hundred years' worth of Haiti would fit: days are spread over the period that ACLED covers.
FIRST_DAY, LAST_DAY = date(2018, 1, 1), date(2026, 11, 20)
AS_OF = date(2026, 11, 25)
_SEED = 2026
_UPLOAD = 1_763_000_000


def columns(number: int, start: int, lot: np.random.Generator, places: pd.DataFrame) -> dict[str, Any]:
    """Columns of an export of so many events, ids counted from `start`."""
    at = lot.integers(0, len(places), number)
    place = {name: pa.DictionaryArray.from_arrays(at, pa.array(places[name])) for name in places}
    days = np.datetime64(FIRST_DAY) + lot.integers(0, (LAST_DAY - FIRST_DAY).days + 1, number)

    def any_of(*values: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(lot.integers(0, len(values), number), pa.array(values))

    groups = [f"Synthetic Gang {one}" for one in range(60)]
    notes = [
        f"Synthetic note {one}: invented for a benchmark, says nothing about anything that ever happened. "
        * 3
        for one in range(5_000)
    ]
    return {
        "event_id_cnty": pa.array([f"HTI{one}" for one in range(start, start + number)]),
        "event_date": pa.array(days.astype(str)),
        "year": pa.array(days.astype("datetime64[Y]").astype("int64") + 1970),
        "time_precision": pa.array(lot.choice([1, 1, 1, 2, 3], number)),
        "disorder_type": any_of("Political violence", "Demonstrations", "Strategic developments"),
        "event_type": any_of(*EVENT_TYPES),
        "sub_event_type": any_of("Armed clash", "Attack", "Mob violence", "Peaceful protest"),
        "actor1": any_of(*groups),
        "assoc_actor_1": any_of("", "", "Civilians (Haiti)"),
        "inter1": any_of("Political militia", "State forces"),
        "actor2": any_of("", "Civilians (Haiti)", "Police Forces of Haiti (2024-)", *groups),
        "assoc_actor_2": any_of(""),
        "inter2": any_of("Civilians", "State forces", ""),
        "interaction": any_of("Political militia-Civilians", "State forces-Political militia"),
        "civilian_targeting": any_of("", "Civilian targeting"),
        "iso": any_of("332"),
        "region": any_of("Caribbean"),
        "country": any_of("Haiti"),
        **place,
        "geo_precision": pa.array(lot.choice([1, 1, 1, 2, 3], number)),
        "source": any_of("Synthetic source"),
        "source_scale": any_of("National", "Subnational"),
        "notes": any_of(*notes),
        "fatalities": pa.array(lot.poisson(1, number)),
        "tags": any_of("", "crowd size=no report"),
        "timestamp": pa.array(_UPLOAD + lot.integers(0, 1_000_000, number)),
    }


def known_places() -> pd.DataFrame:
    """Geographic columns of an export: quartiles and communes as ACLED writes them, with their points, and unknown names."""
    found = store.read("neighborhoods", root=DATASETS)
    found = found[found["is_in_scope"].astype(bool)]
    quartiers = found["commune"] + " - " + found["name"]
    strangers = found.assign(name="Synthetic corner " + found["neighborhood_id"]).head(40)
    rows = pd.concat(
        [
            found.assign(location=quartiers),
            found.assign(location=found["commune"]).head(60),
            strangers.assign(location=strangers["commune"] + " - " + strangers["name"]),
        ]
    )
    return pd.DataFrame(
        {
            "admin1": "Ouest",
            "admin2": "Port-au-Prince",
            "admin3": rows["commune"].astype(str),
            "location": rows["location"].astype(str),
            "latitude": rows["lat"].astype(str),
            "longitude": rows["lon"].astype(str),
        }
    )


def write(path: Path, found: dict[str, Any]) -> None:
    """Write columns as a CSV."""
    table = pa.table(found)
    plain = [
        column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    pa_csv.write_csv(pa.table(plain, names=table.column_names), path)


def build(folder: Path, rows: int) -> None:
    """Write the export and the week on top of it, and a store with the committed datasets."""
    lot = np.random.default_rng(_SEED)
    places = known_places()
    first = columns(rows, 1, lot, places)
    write(folder / "export.csv", first)
    changed = pa.table(first).take(np.sort(lot.choice(rows, min(WEEK_CHANGED, rows), replace=False)))
    renewed = dict(zip(changed.column_names, changed.columns, strict=True))
    renewed["fatalities"] = pa.array(np.asarray(changed["fatalities"]) + 1)
    renewed["timestamp"] = pa.array(np.full(len(changed), _UPLOAD + 2_000_000))
    added = columns(WEEK_ADDED, rows + 1, lot, places)
    added["event_date"] = pa.array([str(LAST_DAY - timedelta(days=one % 7)) for one in range(WEEK_ADDED)])
    added["year"] = pa.array(np.full(WEEK_ADDED, LAST_DAY.year))
    names = ("event_id_cnty", *[name for name in renewed if name != "event_id_cnty"])
    body = {
        "deleted": [],
        "data": [
            *pa.table(renewed).select(names).to_pylist(),
            *pa.table(added).select(names).to_pylist(),
        ],
        "data_query_restrictions": {},
    }
    (folder / "week.json").write_text(json.dumps(body), encoding="utf-8")
    shutil.copytree(DATASETS, folder / "datasets", ignore=shutil.ignore_patterns(".store"))


def with_pandas(folder: Path) -> dict[str, float]:
    """Read the CSV with pandas and write one Parquet file."""
    started = time.perf_counter()
    pd.read_csv(folder / "export.csv", engine="pyarrow").to_parquet(folder / "pandas.parquet")
    return {"seconds": time.perf_counter() - started}


def with_loaders(folder: Path, name: str) -> dict[str, Any]:
    """Refresh from a file, all steps from reading to the published version."""
    from loaders.refresh import refresh

    path = folder / name
    started = time.perf_counter()
    report = refresh(
        ["acled_incidents"],
        root=folder / "datasets",
        as_of=AS_OF,
        sources={"acled_incidents": (name, path.read_bytes())},
    )[0]
    return {
        "seconds": time.perf_counter() - started,
        "status": report.status,
        "added": report.added,
        "changed": report.changed,
        "withdrawn": report.withdrawn,
    }


_PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "pandas": with_pandas,
    "first": lambda folder: with_loaders(folder, "export.csv"),
    "week": lambda folder: with_loaders(folder, "week.json"),
}


def _measured(part: str, folder: Path) -> dict[str, Any]:
    """Run a part in a process of its own; adds ``peak_mb``."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.refresh", part, str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return dict(json.loads(run.stdout))


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Measure all parts: seconds, peak memory, and their ratios.

    Returns
    -------
    dict
        ``refresh_ratio`` (first refresh to pandas, at most 3), ``refresh_week_ratio`` (the week to pandas, at most a tenth of
        that), ``refresh_peak_mb`` (at most 2000), and each part's figures; ``cpu_seconds`` of a part hardly depend on what else
        the machine does.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, rows)
        found: dict[str, Any] = {part: _measured(part, folder) for part in _PARTS}
    found["rows"] = rows
    found["refresh_ratio"] = found["first"]["seconds"] / found["pandas"]["seconds"]
    found["refresh_week_ratio"] = found["week"]["seconds"] / found["pandas"]["seconds"]
    found["refresh_peak_mb"] = max(found["first"]["peak_mb"], found["week"]["peak_mb"])
    return found


def _peak_mb() -> float:
    """Peak memory of this program; where Linux says it, without that of the program that started it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1000
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Without arguments, measure and print; with a part and a folder, run that part and print its figures."""
    if len(sys.argv) == 3:
        before = time.process_time()
        found = _PARTS[sys.argv[1]](Path(sys.argv[2]))
        found["cpu_seconds"] = time.process_time() - before
        found["peak_mb"] = _peak_mb()
        print(json.dumps(found))
        return
    print(json.dumps(measure(), indent=1))


if __name__ == "__main__":
    main()
