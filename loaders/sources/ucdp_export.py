"""UCDP's event files, candidate and final, with or without a header row, read into ``incidents``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from loaders.checks import Context, Findings
from loaders.names import name_key
from loaders.sources.events import Provider, incidents, local_date
from loaders.sources.http import Session, SourceError, address_of
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading
from loaders.sources.places import COUNTRY, METRO, Gazetteer, in_metro
from loaders.sources.tables import OpenTable, open_table, rejected_rows, without_blanks
from loaders.sources.ucdp import (
    API,
    DOWNLOADS,
    HAITI,
    Release,
    UnknownReleaseError,
    discover,
    download,
    events,
    needed,
    release,
)

#: The 49 columns of a release, in order: candidate files have been published without their header row.
COLUMNS = (
    *("id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_dset_id"),
    *("conflict_new_id", "conflict_name", "dyad_dset_id", "dyad_new_id", "dyad_name", "side_a_dset_id"),
    *("side_a_new_id", "side_a", "side_b_dset_id", "side_b_new_id", "side_b", "number_of_sources"),
    *("source_article", "source_office", "source_date", "source_headline", "source_original", "where_prec"),
    *("where_coordinates", "where_description", "adm_1", "adm_2", "latitude", "longitude", "geom_wkt"),
    *("priogrid_gid", "country", "country_id", "region", "event_clarity", "date_prec", "date_start"),
    *("date_end", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low"),
    *("gwnoa", "gwnob"),
)

#: Columns that are read; :func:`read_rows` adds the release they come from.
ROW_COLUMNS = (
    *("id", "year", "code_status", "type_of_violence", "side_a", "side_b", "where_prec", "where_coordinates"),
    *("adm_1", "adm_2", "country", "country_id", "date_prec", "date_start", "best", "high", "low"),
)
_REQUIRED = ("id", "year", "type_of_violence", "where_prec", "date_prec", "date_start", "best", "high", "low")

_CODES = ("id", "year", "type_of_violence", "where_prec", "country_id", "date_prec")

#: A final release holds about 400,000 events of the world, about 300 MB.
MAX_UNPACKED_BYTES = 600_000_000

_TYPES = {
    "1": ("Battles", "State-based violence"),
    "2": ("Battles", "Non-state violence"),
    "3": ("Violence against civilians", "One-sided violence"),
}

#: UCDP knows a date to the day, 2-6 days, a week, a month or a year. The contract has no week: it counts as the month.
_DATE_PRECISION = {"1": "day", "2": "month", "3": "month", "4": "month", "5": "year"}

_GENERIC = re.compile(
    r"\s+(?:town|city|village|commune|municipality|neighbou?rhood|area|arrondissement|district|department)$",
    re.IGNORECASE,
)
_METRO_DISTRICT = "port-au-prince"
WHAT = "UCDP events"
_FIRST_DAY = date(1989, 1, 1)


#: Name of the file that a fetch keeps: the events of Haiti of all releases that count.
KEPT_NAME = "ucdp-haiti.csv"


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch the newest final release and the candidates after it, and keep their events of Haiti.

    With ``UCDP_TOKEN`` the API is asked for each release (small answers); without it, and for a release that the API does
    not know, the CSV file is fetched.

    Raises
    ------
    SourceError
        The downloads page, a file or the API cannot be used.
    """
    downloads = address_of(settings, "UCDP_ADDRESS", DOWNLOADS) + "/"
    parts = []
    for one in needed(discover(session, downloads=downloads)):
        rows = _from_api(session, settings, one, ask)
        if rows is None:
            rows = read_rows(download(session, one, downloads=downloads), one)
        parts.append((one, rows))
    kept = combine(parts)
    if kept.empty:
        raise SourceError(
            "UCDP: no release holds an event of Haiti. This is not 0 events: report it to UCDP."
        )
    body = kept.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode()
    return Download(KEPT_NAME, body, {"releases": [one.version for one, _rows_ in parts]})


def _from_api(session: Session, settings: Mapping[str, str], one: Release, ask: Ask) -> pd.DataFrame | None:
    """Events of a release from the API; None without a token or where the API does not know it."""
    access = settings.get("UCDP_TOKEN")
    if not access:
        return None
    try:
        api = address_of(settings, "UCDP_API_ADDRESS", API)
        return read_answer(events(session, one.version, access, _FIRST_DAY, ask.end, api=api), one)
    except UnknownReleaseError:
        return None


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read what :func:`fetch` keeps, or one release under any name, into rows of ``incidents``.

    What was fetched is complete. A final release replaces all candidates up to its year; it is whole where it also holds
    events of other countries, since nobody has then chosen rows from it. A candidate release only adds and changes, and no
    older one changes what a newer one said. A file without UCDP's own name counts as a candidate release, published after the
    last month that it covers.
    """
    is_whole = False
    settled: date | None = None
    opened = open_table(source, WHAT, COLUMNS, max_unpacked=MAX_UNPACKED_BYTES)
    if "release" in opened.keys:
        rows = opened.read((*ROW_COLUMNS, "release", "published_date"), plain=("id",)).frame.astype("str")
        rows["published_date"] = pd.to_datetime(rows["published_date"], format="%Y-%m-%d", errors="coerce")
        span: tuple[date, date] | None = EVERYTHING
        finals = [int(one) for one in set(rows["release"].str.extract(r"^(\d{2})\.\d$")[0].dropna())]
        settled = date(1999 + max(finals), 12, 31) if finals else None
    else:
        every = _all_rows(opened, f"{WHAT}: {name}")
        try:
            known = release(name)
        except SourceError:
            known = _unnamed(every, name)
        rows = _rows(every, known)
        if rows.empty:
            raise SourceError(f"{WHAT}: {name}: no event of Haiti among its rows. Is this the right file?")
        if again := int(rows["id"].duplicated().sum()):
            opened.warnings.append(f"{again} rows repeat the id of another row; the last of each was kept.")
        rows = rows.drop_duplicates("id", keep="last")
        settled = date(known.year, 12, 31) if known.is_final else None
        span = (date.min, settled) if settled else None
        is_whole = known.is_final and len(rows) < len(every)
    frame, findings = to_incidents(rows, context, recorded_at=recorded_at)
    findings.warnings[:0] = opened.warnings
    return Reading(
        frame,
        findings,
        span,
        is_whole=is_whole,
        replaces="all" if settled else "older",
        settled_until=settled,
    )


def _unnamed(every: pd.DataFrame, name: str) -> Release:
    """A release by its content: it covers up to the last month of its events."""
    ends = pd.to_datetime(every["date_start"].str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    last = ends.max()
    if pd.isna(last):
        raise SourceError(
            f"{WHAT}: {name}: no date in column date_start can be read. Is this the right file?"
        )
    return Release(name, "", is_final=False, year=int(last.year), month=int(last.month))


def read_rows(source: bytes, release: Release) -> pd.DataFrame:
    """Events of Haiti in one release.

    Parameters
    ----------
    source
        CSV, or a ZIP archive with exactly one CSV.
    release
        What the file is, for messages and for the order of releases.

    Returns
    -------
    DataFrame
        :data:`ROW_COLUMNS` and ``release`` (its version), text, and ``published_date`` (``datetime64[us]``, the earliest day
        on which the release can have appeared); the index is the row number in the file. Empty where the release has no event
        of Haiti.

    Raises
    ------
    SourceError
        Not a release of UCDP, cut short, or an archive that is not one CSV of a sensible size.
    """
    what = f"UCDP {release.version}"
    return _rows(_all_rows(open_table(source, what, COLUMNS, max_unpacked=MAX_UNPACKED_BYTES), what), release)


def _all_rows(opened: OpenTable, what: str) -> pd.DataFrame:
    """All rows of a release as text, of every country."""
    names = None
    if opened.keys[0].isdigit():
        if len(opened.keys) != len(COLUMNS):
            raise SourceError(
                f"{what}: the file has no header and {len(opened.keys)} columns instead of {len(COLUMNS)}. Is this the right file?"
            )
        names = COLUMNS
    keys = names or opened.keys
    missing = [name for name in _REQUIRED if name not in keys]
    if missing or not {"country", "country_id"} & set(keys):
        raise SourceError(
            f"{what}: no column {', '.join(missing) or 'country_id'}. Is this a release of UCDP GED, as downloaded?"
        )
    table = opened.read(ROW_COLUMNS, plain=("id",), names=names)
    if len(table.rejected):
        first = table.rejected.iloc[0]
        raise SourceError(f"{what}: row {first['row']} {first['reason']}. Download the release again.")
    return table.frame


def read_answer(rows: Sequence[Mapping[str, Any]], release: Release) -> pd.DataFrame:
    """Events of the API as :func:`read_rows` gives those of a file."""
    texts = {
        name: pd.Series(["" if row.get(name) is None else str(row[name]) for row in rows], dtype="str")
        for name in ROW_COLUMNS
    }
    return _rows(pd.DataFrame(texts), release)


def combine(parts: Sequence[tuple[Release, pd.DataFrame]]) -> pd.DataFrame:
    """One row per event from several releases.

    Parameters
    ----------
    parts
        Releases, in any order, and their rows as :func:`read_rows` returns them.

    Returns
    -------
    DataFrame
        Columns as they were, with a new index. An id that recurs keeps its row of the newest release; a final release
        replaces everything that older and candidate releases say of the years it covers.
    """
    ordered = sorted(parts, key=lambda part: part[0].order)
    covered = max((release.year for release, _rows_ in ordered if release.is_final), default=0)
    last_final = max((release.order for release, _rows_ in ordered if release.is_final), default=None)
    kept = [
        rows
        if release.order == last_final
        else rows[~(pd.to_numeric(rows["year"], errors="coerce") <= covered)]
        for release, rows in ordered
    ]
    both = pd.concat(kept, ignore_index=True)
    return both.drop_duplicates("id", keep="last").reset_index(drop=True)


def to_incidents(
    rows: pd.DataFrame, context: Context, *, recorded_at: datetime
) -> tuple[pd.DataFrame, Findings]:
    """Turn UCDP's rows into rows of ``incidents``.

    Parameters
    ----------
    rows
        As :func:`combine` or :func:`read_rows` returns them.
    context
        Frames ``aliases`` and ``neighborhoods``, side file ``actor_words.csv``.
    recorded_at
        When we recorded the rows, with time zone; events after that day are rejected.

    Returns
    -------
    frame : DataFrame
        Columns and kinds of ``CONTRACTS["incidents"]``, index of ``rows``; low, best and high are UCDP's own.
    findings : Findings
        Rejected rows with reasons, unresolved names, warnings.
    """
    today = local_date(recorded_at)
    start = pd.to_datetime(rows["date_start"].str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    counts = {
        name: pd.to_numeric(rows[name], errors="coerce").astype("float64") for name in ("low", "best", "high")
    }
    disordered = ~(
        (counts["low"] <= counts["best"]) & (counts["best"] <= counts["high"]) & (counts["low"] >= 0)
    )
    findings = Findings()
    findings.rejected = rejected_rows(
        rows,
        {
            "id": (~rows["id"].str.fullmatch(r"\d+"), "is no event id of UCDP (a whole number)"),
            "date_start": (start.isna() | (start > today), "is not a date up to the day of the refresh"),
            "date_prec": (~rows["date_prec"].isin(_DATE_PRECISION), "is not 1 to 5"),
            "where_prec": (~rows["where_prec"].isin([*"1234567"]), "is not 1 to 7"),
            "type_of_violence": (~rows["type_of_violence"].isin(_TYPES), "is not 1, 2 or 3"),
            "best": (disordered, "and low and high are not three counts in order"),
        },
    )
    good = ~rows.index.isin(findings.rejected["row"])
    rows, start = rows[good], start[good]
    placed, unresolved = _place(rows, Gazetteer.of(context))
    findings.unresolved = sorted(set(unresolved) - {""})
    precision = rows["date_prec"].map(_DATE_PRECISION)
    types = rows["type_of_violence"].map(_TYPES)
    coded = {
        "event_id": "ucdp-" + rows["id"],
        "event_date": start.where(precision != "month", start.dt.to_period("M").dt.start_time).where(
            precision != "year", start.dt.to_period("Y").dt.start_time
        ),
        "date_precision": precision,
        "event_type": types.str[0],
        "sub_event_type": types.str[1],
        "actor1": rows["side_a"],
        "actor2": rows["side_b"],
        "fatalities_low": counts["low"][good],
        "fatalities": counts["best"][good],
        "fatalities_high": counts["high"][good],
        "fatalities_basis": "UCDP "
        + rows["release"]
        + ", best estimate; code status: "
        + rows["code_status"].mask(rows["code_status"] == "", "not given"),
        "published_date": rows["published_date"],
        **{str(name): placed[name] for name in placed.columns},
    }
    unclear = int((rows["code_status"].str.lower() != "clear").sum())
    findings.warnings.append(
        f"{unclear} of {len(rows)} UCDP events are candidates whose coding is not marked Clear."
    )
    centroids = int(rows["where_prec"].isin(["6", "7"]).sum())
    findings.warnings.append(
        f"{centroids} of {len(rows)} UCDP events are known for the country only and are not placed."
    )
    return incidents(coded, _provider(rows), context, recorded_at=recorded_at), findings


def _provider(rows: pd.DataFrame) -> Provider:
    versions = ", ".join(sorted(set(rows["release"])))
    return Provider("ucdp", f"UCDP GED {versions} (CC BY 4.0)", "Uppsala Conflict Data Program", DOWNLOADS)


def _rows(frame: pd.DataFrame, release: Release) -> pd.DataFrame:
    texts = {name: without_blanks(frame[name]).astype("str") for name in ROW_COLUMNS if name in frame}
    for name in _CODES:  # programs that lost the type of a column write 41.0
        texts[name] = texts[name].str.removesuffix(".0") if name in texts else ""
    rows = pd.DataFrame({name: texts.get(name, "") for name in ROW_COLUMNS}, index=frame.index, dtype="str")
    inside = (rows["country_id"] == str(HAITI)) | (rows["country"].str.lower() == "haiti")
    return rows[inside].assign(
        release=pd.Series(release.version, index=rows.index[inside], dtype="str"),
        published_date=pd.Series(
            pd.Timestamp(release.earliest), index=rows.index[inside], dtype="datetime64[us]"
        ),
    )


def _place(rows: pd.DataFrame, gazetteer: Gazetteer) -> tuple[pd.DataFrame, pd.Series]:
    """Place rows by ``where_prec``: what UCDP knows less exactly than a place is never drawn in one.

    1, an exact place: the place that ``where_coordinates`` names, by its exact spelling without a generic last word
    ("Solino neighborhood"). 2 and 3, within 25 km of a place or a second-order unit: the metropolitan area where that is
    meant. 4 to 7, a department, a part of the country or the country's centroid: the country.
    """
    name = rows["where_coordinates"].str.replace(_GENERIC, "", regex=True)
    named = gazetteer.named(name)
    is_exact = rows["where_prec"] == "1"
    is_near = rows["where_prec"].isin(["1", "2", "3"])
    district = rows["adm_2"].str.replace(_GENERIC, "", regex=True).map(name_key)
    department = rows["adm_1"].str.replace(_GENERIC, "", regex=True).map(name_key)
    is_there = department.isin(["", "ouest"]) | (named.map(gazetteer.places["place_type"]) == "locality")
    named = named.where(is_there)
    commune = named.map(gazetteer.places["commune"])
    is_metro = is_near & (in_metro(commune) | (named.isna() & (district == _METRO_DISTRICT)))
    elsewhere = pd.Series(COUNTRY, index=rows.index, dtype="str").mask(is_metro, METRO)
    ids = named.where(is_exact).fillna(elsewhere)
    placed = gazetteer.placed(ids, pd.Series("", index=rows.index, dtype="str"))
    outside = (ids == COUNTRY) & rows["where_prec"].isin([*"1234"]) & ~department.isin(["", "ouest"])
    placed.loc[outside, "location_precision"] = "outside"
    return placed, name.where(is_exact & named.isna() & is_metro, "")
