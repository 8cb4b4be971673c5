"""The store: versions of datasets on disk, read whole or not at all, published in one atomic step.

Layout under the root (``datasets/``, or the folder named by MONITOR_DATASETS)::

    snapshot.json                names one version of every dataset: replacing this file is what publishes
    <dataset id>/dataset.yaml    written by hand: producer, licence, cadence, limits
    <dataset id>/data.csv        working copy of the published version (or data.geojson, data.parquet)
    <dataset id>/rejected.csv    rows left out, with a reason
    <dataset id>/provenance.json what the version was built from, and its findings
    .store/<dataset id>/<version>/   earlier and current versions, whole
    .store/snapshots/<id>.json       earlier and current snapshots
    .store/candidate.json            versions that were built and not published yet
    .store/log.jsonl                 what was published and when, and how every refresh ended; only ever appended to

Datasets of providers (``Contract.is_fetched``) have no working copies: their rows are not part of the repository.

A reader takes the digest from snapshot.json and accepts only bytes with that digest, from the working copy or from
``.store``: it never sees half a version, whatever moment a writer stops at.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from loaders import bulk
from loaders.contracts import CONTRACTS, REJECTED_COLUMNS, Contract, typed

if TYPE_CHECKING:
    import geopandas as gpd

ROOT_VARIABLE = "MONITOR_DATASETS"
SNAPSHOT_FILE = "snapshot.json"
PROVENANCE_FILE = "provenance.json"
REJECTED_FILE = "rejected.csv"
LOG_FILE = "log.jsonl"
CANDIDATE_FILE = "candidate.json"
STAGING = ".staging-"
DATA_SUFFIXES = (".csv", ".geojson", ".parquet")


class DatasetError(RuntimeError):
    """A dataset that cannot be served; the message says which, why and what to do."""


class NotFetchedError(DatasetError):
    """A dataset of a provider that nobody has fetched here yet: nothing is wrong."""


@dataclass(frozen=True)
class Snapshot:
    """One version of every dataset.

    Attributes
    ----------
    snapshot_id
        First ten hex digits of the digest over all versions; printed on every figure.
    versions
        Version of each dataset: first twelve hex digits of the digest over its files.
    digests
        SHA-256 of each file of each version, ``{dataset_id: {file name: digest}}``.
    """

    snapshot_id: str
    versions: Mapping[str, str]
    digests: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Version:
    """A complete version, ready to be published.

    Attributes
    ----------
    files
        Bytes of each file by name.
    linked
        Names of the files that are the same in the current version: they are linked to it and not written again.
    """

    files: Mapping[str, bytes]
    linked: frozenset[str] = frozenset()

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file."""
        return {name: sha256(data) for name, data in sorted(self.files.items())}

    @cached_property
    def version(self) -> str:
        """Content address: first twelve hex digits of the digest over the files' digests."""
        return version_id(self.digests)


def version_id(digests: Mapping[str, str]) -> str:
    """Content address of a version: first twelve hex digits of the digest over its files' digests."""
    return sha256(json.dumps(dict(sorted(digests.items())), sort_keys=True).encode())[:12]


def sha256(data: bytes) -> str:
    """Hex digest of some bytes."""
    return hashlib.sha256(data).hexdigest()


def default_root() -> Path:
    """Folder of the datasets: MONITOR_DATASETS, or ``datasets/`` beside the package."""
    return Path(os.environ.get(ROOT_VARIABLE) or Path(__file__).parent.parent / "datasets")


# -- reading ---------------------------------------------------------------------------------------------------------


def snapshot(snapshot_id: str | None = None, *, root: Path | None = None) -> Snapshot:
    """The current snapshot, or an earlier one by id.

    Raises
    ------
    DatasetError
        When it is missing or damaged.
    """
    root = root or default_root()
    path = root / SNAPSHOT_FILE
    if snapshot_id is not None:
        current = snapshot(root=root)
        if current.snapshot_id == snapshot_id:
            return current
        path = root / ".store" / "snapshots" / f"{Path(snapshot_id).name}.json"
        if not path.is_file():
            raise DatasetError(
                f"Snapshot {snapshot_id} is not kept here. The current one is {current.snapshot_id}."
            )
    try:
        raw = json.loads(path.read_bytes())
        found = _snapshot_of({key: dict(value["files"]) for key, value in raw["datasets"].items()})
    except FileNotFoundError:
        raise DatasetError(
            f"{path.name} is missing in {root.name}/: no data has been published there. "
            "Restore it from version control, or build it with: python -m loaders refresh --all --yes"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise DatasetError(
            f"{path.name} in {root.name}/ is damaged ({type(error).__name__}: {error}). Restore it from version control."
        ) from None
    if raw.get("snapshot_id") != found.snapshot_id:
        raise DatasetError(
            f"{path.name} in {root.name}/ was edited: its id {raw.get('snapshot_id')} does not match its content "
            f"({found.snapshot_id}). Restore it from version control."
        )
    return found


def _snapshot_of(digests: Mapping[str, Mapping[str, str]]) -> Snapshot:
    ordered = {key: dict(sorted(digests[key].items())) for key in sorted(digests)}
    versions = {key: version_id(files) for key, files in ordered.items()}
    return Snapshot(sha256(json.dumps(versions, sort_keys=True).encode())[:10], versions, ordered)


def read_bytes(
    dataset_id: str, file_name: str, *, of: Snapshot | None = None, root: Path | None = None
) -> bytes:
    """Bytes of one file of a dataset's version, checked against the digest in the snapshot.

    Raises
    ------
    DatasetError
        The dataset is not in the snapshot, or its file is missing, truncated or edited and no kept copy matches.
    """
    root = root or default_root()
    of = of or snapshot(root=root)
    try:
        digest = of.digests[dataset_id][file_name]
    except KeyError:
        raise _unpublished(dataset_id, of) from None
    working = root / dataset_id / file_name
    found, trouble = None, "is missing"
    for path in (working, root / ".store" / dataset_id / of.versions[dataset_id] / file_name):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            trouble = f"cannot be read ({error.strerror})"
            continue
        if sha256(data) == digest:
            return data
        found = found or data
    where = f"{root.name}/{dataset_id}/{file_name}"
    remedy = (
        f"Restore it with `git checkout -- {where}`, or build it again with "
        f"`python -m loaders refresh {dataset_id}`."
    )
    if found is None and dataset_id in CONTRACTS and CONTRACTS[dataset_id].is_fetched:
        raise NotFetchedError(
            f"Dataset {dataset_id} has been fetched elsewhere but not here: its rows are not part of the repository. "
            f"Fetch it with: python -m loaders refresh {dataset_id}"
        )
    if found is None:
        raise DatasetError(f"{where} {trouble}. {remedy}")
    raise DatasetError(
        f"{where} is not the file that was published: it has {len(found):,} bytes and digest {sha256(found)[:12]}, "
        f"expected {digest[:12]}. It was edited, truncated or damaged. {remedy} "
        f"To change data, edit its source under {root.name}/curated/ and refresh."
    )


def _unpublished(dataset_id: str, of: Snapshot) -> DatasetError:
    if dataset_id in CONTRACTS and CONTRACTS[dataset_id].is_fetched:
        return NotFetchedError(
            f"Dataset {dataset_id} has not been fetched yet. Fetch it with: python -m loaders refresh {dataset_id}"
        )
    return DatasetError(
        f"Dataset {dataset_id} is not in snapshot {of.snapshot_id}. "
        f"Build it with: python -m loaders refresh {dataset_id}"
    )


def is_fetched(dataset_id: str, *, of: Snapshot, root: Path | None = None) -> bool:
    """Whether a dataset is here.

    One that a provider must be asked for can be named in a snapshot without being here: its rows are not part of the
    repository, and a clone does not have them.
    """
    if dataset_id not in of.versions:
        return False
    folder = (root or default_root()) / ".store" / dataset_id / of.versions[dataset_id]
    return not CONTRACTS[dataset_id].is_fetched or folder.is_dir()


def altered_files(dataset_id: str, *, of: Snapshot, root: Path) -> list[str]:
    """Names of a dataset's files (working copies, where it has them) that are missing or are not the published ones."""
    folder = root / dataset_id
    if CONTRACTS[dataset_id].is_fetched:
        folder = root / ".store" / dataset_id / of.versions[dataset_id]
    found = []
    for name, digest in of.digests[dataset_id].items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()) != digest:
            found.append(name)
    return found


def data_files(dataset_id: str, *, of: Snapshot) -> list[str]:
    """Names of a dataset's data files in a snapshot: the contract's file, or the parts of a bulk table.

    Raises
    ------
    DatasetError
        The dataset is not in the snapshot.
    """
    names = [name for name in of.digests.get(dataset_id, {}) if name.startswith(("data", "ended"))]
    if not names:
        raise _unpublished(dataset_id, of)
    return sorted(names)


def data_digest(dataset_id: str, *, of: Snapshot) -> str:
    """Digest of a dataset's data in a snapshot, for caches; raises as :func:`data_files`."""
    names = data_files(dataset_id, of=of)
    digests = [of.digests[dataset_id][name] for name in names]
    return digests[0] if len(digests) == 1 else sha256("".join(digests).encode())


def read_bulk(dataset_id: str, *, of: Snapshot | None = None, root: Path | None = None) -> bulk.Table:
    """A bulk table, to be read column by column; raises as :func:`read`."""
    of = of or snapshot(root=root)
    files = {name: read_bytes(dataset_id, name, of=of, root=root) for name in data_files(dataset_id, of=of)}
    try:
        return bulk.Table(files, CONTRACTS[dataset_id])
    except ValueError as error:
        raise DatasetError(f"Dataset {dataset_id} cannot be read with its contract: {error}.") from error


def read(
    dataset_id: str,
    *,
    columns: Sequence[str] | None = None,
    compact: bool = False,
    of: Snapshot | None = None,
    root: Path | None = None,
) -> pd.DataFrame:
    """A dataset as a typed frame, without geometry.

    Parameters
    ----------
    columns
        Columns to read, in this order; by default all. A bulk table decodes nothing else.
    compact
        Return the texts of a bulk table as ``category``: a tenth of the memory where values recur. Tables in other formats
        are small and stay as they are.

    Returns
    -------
    DataFrame
        Columns and kinds of ``CONTRACTS[dataset_id]``.

    Raises
    ------
    DatasetError
        Never half a file: missing, truncated, edited or unreadable data is an error.
    """
    of = of or snapshot(root=root)
    files = {name: read_bytes(dataset_id, name, of=of, root=root) for name in data_files(dataset_id, of=of)}
    return frame_of(files, CONTRACTS[dataset_id], columns=columns, compact=compact)


def frame_of(
    files: Mapping[str, bytes],
    contract: Contract,
    *,
    columns: Sequence[str] | None = None,
    compact: bool = False,
) -> pd.DataFrame:
    """Typed frame of a version's files; parameters and errors as :func:`read`."""
    names = sorted(name for name in files if name.startswith(("data", "ended")))
    try:
        if names[0].endswith(".parquet"):
            table = bulk.Table({name: files[name] for name in names}, contract)
            return bulk.from_arrow(table.read(columns, compact=compact), contract)
        data = files[names[0]]
        if contract.has_geometry:
            frame = pd.DataFrame([feature["properties"] for feature in json.loads(data)["features"]])
        else:
            frame = pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False, na_values=[""])
        whole = typed(frame, contract)
        return whole if columns is None else whole[list(columns)]
    except (ValueError, KeyError) as error:
        raise DatasetError(
            f"Dataset {contract.dataset_id} cannot be read with its contract: {error}."
        ) from error


def read_features(dataset_id: str, *, of: Snapshot | None = None, root: Path | None = None) -> dict[str, Any]:
    """A dataset with geometry as a GeoJSON feature collection (EPSG:4326), as stored."""
    return json.loads(read_bytes(dataset_id, CONTRACTS[dataset_id].file_name, of=of, root=root))


def read_geometry(
    dataset_id: str, *, of: Snapshot | None = None, root: Path | None = None
) -> gpd.GeoDataFrame:
    """A dataset with geometry as a GeoDataFrame in EPSG:4326."""
    import geopandas as gpd
    from shapely.geometry import shape

    features = read_features(dataset_id, of=of, root=root)["features"]
    frame = read(dataset_id, of=of, root=root)
    shapes = [shape(feature["geometry"]) if feature["geometry"] else None for feature in features]
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:4326"))


def read_rejected(dataset_id: str, *, of: Snapshot | None = None, root: Path | None = None) -> pd.DataFrame:
    """Rows left out of a version: ``row, column, value, reason, record`` as text."""
    data = read_bytes(dataset_id, REJECTED_FILE, of=of, root=root)
    return pd.read_csv(io.BytesIO(data), dtype="str", keep_default_na=False)[REJECTED_COLUMNS]


def read_provenance(
    dataset_id: str, *, of: Snapshot | None = None, root: Path | None = None
) -> dict[str, Any]:
    """What a version was built from: rows, rejected, covers, source, inputs, warnings."""
    return json.loads(read_bytes(dataset_id, PROVENANCE_FILE, of=of, root=root))


def read_description(dataset_id: str, *, root: Path | None = None) -> dict[str, Any]:
    """What is written by hand about a dataset (dataset.yaml)."""
    import yaml

    path = (root or default_root()) / dataset_id / "dataset.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(
            f"{dataset_id}/dataset.yaml is missing: write it by hand (docs/add-a-dataset.md)."
        ) from None
    except yaml.YAMLError as error:
        raise DatasetError(f"{dataset_id}/dataset.yaml is not valid YAML: {error}") from None
    if not isinstance(found, dict):
        raise DatasetError(f"{dataset_id}/dataset.yaml is not a list of keys and values.")
    return found


# -- writing ---------------------------------------------------------------------------------------------------------


def serialise(frame: pd.DataFrame, contract: Contract) -> bytes:
    """Stable bytes of a valid frame: sorted by key, LF, fixed column order; ``read`` of them gives the frame back."""
    if contract.format == "parquet":
        return bulk.to_parquet(frame, contract)
    frame = frame.sort_values(list(contract.row_key), kind="stable")
    texts = pd.DataFrame(
        {column.name: _texts(frame[column.name], column.kind) for column in contract.columns}
    )
    if not contract.has_geometry:
        return texts.to_csv(index=False, lineterminator="\n").encode()
    from shapely.geometry import mapping

    lines = []
    for number, (_, row) in enumerate(texts.iterrows()):
        shape = frame["geometry"].iloc[number]
        feature = {
            "type": "Feature",
            "id": row[contract.key[0]],
            "properties": dict(row),
            "geometry": None if shape is None or pd.isna(shape) else mapping(shape),
        }
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n").encode()


def _texts(values: pd.Series, kind: str) -> pd.Series:
    match kind:
        case "date":
            texts = values.dt.strftime("%Y-%m-%d")
        case "timestamp":
            texts = values.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        case "float":
            texts = values.map(lambda number: repr(float(number)).removesuffix(".0"), na_action="ignore")
        case "bool":
            texts = values.map({True: "true", False: "false"})
        case _:
            texts = values.astype("str")
    return texts.astype("object").where(values.notna(), "").astype("str")


@contextmanager
def lock(root: Path) -> Iterator[None]:
    """Hold the store's writer lock; a second writer is refused at once.

    Raises
    ------
    DatasetError
        Another refresh is running.
    """
    folder = root / ".store"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetError(
                "Another refresh is running on this store. Wait until it ends, then run this again."
            ) from None
        yield


def publish(
    versions: Mapping[str, Version], *, root: Path, at: str = "", action: str = "publish"
) -> Snapshot:
    """Publish versions together, in one atomic step; the caller holds :func:`lock`.

    Parameters
    ----------
    versions
        New version of each dataset that changes; the others stay as they are.
    at, action
        Time (ISO, UTC) and reason, for the log.

    Returns
    -------
    Snapshot
        The snapshot now current. A crash at any moment leaves the old or the new one, whole.
    """
    current = _current(root)
    for dataset_id in versions:
        if dataset_id in current.versions:
            keep(dataset_id, of=current, root=root)
    for dataset_id, version in versions.items():
        stage(dataset_id, version, of=current, root=root)
    new = preview(versions, of=current)
    _write_snapshot(root / ".store" / "snapshots" / f"{current.snapshot_id}.json", current)
    _write_snapshot(root / ".store" / "snapshots" / f"{new.snapshot_id}.json", new)
    # Written first: a line of the log whose version never became current says nothing and harms nothing.
    append_log(
        {
            "at": at,
            "action": action,
            "before": {key: current.versions.get(key) for key in versions},
            "after": {key: new.versions[key] for key in versions},
            "snapshot": new.snapshot_id,
        },
        root=root,
    )
    # Readers whose working copy is not the one they look for take the kept version. The snapshot comes last: after a
    # crash before it the same refresh still has something to publish, and renews all working copies.
    for dataset_id, version in versions.items():
        if dataset_id in CONTRACTS and CONTRACTS[dataset_id].is_fetched:
            continue
        for name, data in version.files.items():
            _replace(root / dataset_id / name, data)
    _write_snapshot(root / SNAPSHOT_FILE, new)
    _remove_unpublished(new, versions, root)
    return new


def _current(root: Path) -> Snapshot:
    """The current snapshot; an empty one where nothing has been published."""
    try:
        return snapshot(root=root)
    except DatasetError:
        if (root / SNAPSHOT_FILE).exists():
            raise
        return _snapshot_of({})


def preview(versions: Mapping[str, Version], *, of: Snapshot) -> Snapshot:
    """The snapshot that publishing versions would make; once they are staged it can be read like any other."""
    return _snapshot_of({**of.digests, **{key: version.digests for key, version in versions.items()}})


def stage(dataset_id: str, version: Version, *, of: Snapshot, root: Path) -> None:
    """Write a version whole under ``.store``, where nobody reads it until a snapshot names it."""
    store = root / ".store" / dataset_id
    before = store / of.versions[dataset_id] if dataset_id in of.versions else None
    _write_version(store / version.version, version, before)


def _remove_unpublished(of: Snapshot, dataset_ids: Iterable[str], root: Path) -> None:
    """Remove working copies of data files that the published version does not have: the format has changed."""
    for dataset_id in dataset_ids:
        for path in (root / dataset_id).glob("data*.*"):
            if path.name not in of.digests[dataset_id] and path.suffix in DATA_SUFFIXES:
                path.unlink(missing_ok=True)


def keep(dataset_id: str, *, of: Snapshot, root: Path) -> None:
    """Keep a published version whole under ``.store``, so that it can be rolled back to and linked to."""
    folder = root / ".store" / dataset_id / of.versions[dataset_id]
    if folder.is_dir():
        return
    files = {}
    for name, digest in of.digests[dataset_id].items():
        path = root / dataset_id / name
        files[name] = path.read_bytes() if path.is_file() else b""
        if sha256(files[name]) != digest:
            return  # a damaged version is not worth keeping; the refresh replaces it
    _write_version(folder, Version(files))


def kept_version(dataset_id: str, version: str, *, root: Path) -> Version:
    """A version kept under ``.store``, whole.

    Raises
    ------
    DatasetError
        It is not kept here, or damaged.
    """
    folder = root / ".store" / dataset_id / Path(version).name
    if not version or not folder.is_dir():
        kept = ", ".join(kept_versions(dataset_id, root=root)) or "none"
        raise DatasetError(f"Version {version!r} of {dataset_id} is not kept here. There are: {kept}.")
    found = Version({path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()})
    if found.version != folder.name:
        raise DatasetError(
            f"Version {version} of {dataset_id} is damaged: its content is that of {found.version}. Choose another version."
        )
    return found


def kept_versions(dataset_id: str, *, root: Path) -> list[str]:
    """Versions of a dataset that are kept, oldest first as far as the log tells."""
    folder = root / ".store" / dataset_id
    kept = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    kept -= {name for name in kept if name.startswith(".")}
    published: dict[str, None] = {}
    for line in read_log(root=root):
        for side in ("before", "after"):
            version = line.get(side, {}).get(dataset_id)
            if version in kept:
                published.pop(version, None)
                published[version] = None
    return [*sorted(kept - set(published)), *published]


def previous_version(dataset_id: str, *, root: Path) -> str:
    """The version that the current one of a dataset replaced.

    Raises
    ------
    DatasetError
        The log does not know one: nothing has been published here since the repository was cloned.
    """
    current = snapshot(root=root).versions.get(dataset_id)
    for line in reversed(read_log(root=root)):
        if line.get("action") == "publish" and line["after"].get(dataset_id) == current:
            before = line["before"].get(dataset_id)
            if before is not None:
                return str(before)
            break
    raise DatasetError(f"No version of {dataset_id} before the current one ({current}) is kept here.")


def _write_version(folder: Path, version: Version, before: Path | None = None) -> None:
    if folder.is_dir():
        if _digests_of(folder) == version.digests:
            return
        # Damaged: nobody is served from it, so it may be missing for a moment.
        shutil.rmtree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder.parent))
    try:
        for name, data in version.files.items():
            if name not in version.linked or before is None or not _link(before / name, staging / name):
                _write_synced(staging / name, data)
        staging.chmod(0o755)
        _sync_folder(staging)
        os.rename(staging, folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    _sync_folder(folder.parent)


def _digests_of(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()}


def _link(source: Path, target: Path) -> bool:
    """Link a file; false where the file system cannot, or the file is not there."""
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def sweep(root: Path) -> None:
    """Remove what a writer that was killed left unfinished; the caller holds :func:`lock`."""
    for pattern in (f"{STAGING}*", f"*/{STAGING}*", f".store/*/{STAGING}*"):
        for path in root.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


# -- the log ---------------------------------------------------------------------------------------------------------


def append_log(line: Mapping[str, Any], *, root: Path) -> None:
    """Append a line to the log; the caller holds :func:`lock`."""
    path = root / ".store" / LOG_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(line, ensure_ascii=False, default=str) + "\n"
    with path.open("ab+", buffering=0) as file:
        before = file.tell()
        if before:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a writer was killed in the middle of a line
                text = "\n" + text
        try:
            rest = memoryview(text.encode())
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)  # a full disk: no half of a line stays
            raise


def read_log(*, root: Path | None = None) -> list[dict[str, Any]]:
    """Lines of the log, oldest first; empty where nothing has been refreshed.

    Returns
    -------
    list of dict
        ``action`` "publish" or "rollback": ``at, before, after`` (versions by dataset), ``snapshot``. ``action`` "refresh":
        how the refresh of one dataset ended: ``at, as_of, dataset, source, status, version, added, changed, withdrawn,
        rejected, unresolved_names, messages, state, covered, gaps``.
    """
    path = (root or default_root()) / ".store" / LOG_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = []
    for text in data.split(b"\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue  # empty, or a line whose writer was killed
        if isinstance(line, dict) and "action" in line:
            lines.append(line)
    return lines


# -- candidates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """Versions that were built, are kept under ``.store`` and wait to be published together.

    Attributes
    ----------
    base
        Id of the snapshot they were compared with: they are published on no other.
    versions
        Version of each dataset.
    lines
        Lines for the log once they are published.
    """

    base: str
    versions: Mapping[str, str]
    lines: tuple[Mapping[str, Any], ...]


def keep_candidate(
    versions: Mapping[str, Version], lines: Iterable[Mapping[str, Any]], *, root: Path
) -> Candidate:
    """Keep versions to be published later, in place of an earlier candidate; the caller holds :func:`lock`."""
    current = _current(root)
    discard_candidate(root=root, unless=versions)
    for dataset_id, version in versions.items():
        stage(dataset_id, version, of=current, root=root)
    found = Candidate(current.snapshot_id, {key: one.version for key, one in versions.items()}, tuple(lines))
    body = {"base": found.base, "versions": found.versions, "lines": found.lines}
    _replace(
        root / ".store" / CANDIDATE_FILE, (json.dumps(body, ensure_ascii=False, default=str) + "\n").encode()
    )
    return found


def candidate(*, root: Path) -> Candidate | None:
    """The candidate that waits, if there is one."""
    try:
        body = json.loads((root / ".store" / CANDIDATE_FILE).read_bytes())
        return Candidate(body["base"], dict(body["versions"]), tuple(body["lines"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise DatasetError(
            f"{root.name}/.store/{CANDIDATE_FILE} is damaged. Delete it and run the refresh again."
        ) from None


def discard_candidate(*, root: Path, unless: Mapping[str, Version] | None = None) -> None:
    """Forget the candidate, and remove its versions where no snapshot names them; the caller holds :func:`lock`."""
    path = root / ".store" / CANDIDATE_FILE
    try:
        old = candidate(root=root)
    except DatasetError:
        old = None
    path.unlink(missing_ok=True)
    if old is None:
        return
    named = _named_versions(root)
    kept = {(key, version.version) for key, version in (unless or {}).items()}
    for pair in old.versions.items():
        if pair not in named and pair not in kept:
            shutil.rmtree(root / ".store" / pair[0] / pair[1], ignore_errors=True)


def _named_versions(root: Path) -> set[tuple[str, str]]:
    """Versions that some snapshot names."""
    found = set(_current(root).versions.items())
    for path in (root / ".store" / "snapshots").glob("*.json"):
        try:
            datasets = json.loads(path.read_bytes())["datasets"]
            found |= {(key, value["version"]) for key, value in datasets.items()}
        except (ValueError, KeyError, TypeError, OSError):
            continue  # a damaged snapshot keeps nothing
    return found


def _write_snapshot(path: Path, of: Snapshot) -> None:
    body = {
        "snapshot_id": of.snapshot_id,
        "datasets": {key: {"version": of.versions[key], "files": of.digests[key]} for key in of.versions},
    }
    _replace(path, (json.dumps(body, indent=1) + "\n").encode())


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=STAGING, dir=path.parent)
    os.close(handle)
    staging = Path(name)
    try:
        _write_synced(staging, data)
        staging.chmod(0o644)
        os.replace(staging, path)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
