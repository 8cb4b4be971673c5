"""ACLED's event files: every layout of the export tool and of the API, read into rows and into ``incidents``.

Layouts: the current 31 columns; the old one with ``data_id``; reduced ones as public analyses publish them, down to those
without event ids; upper-case headers; commas, semicolons or tabs; a byte-order mark; dates as 2026-11-22,
22 November 2026 or 22/11/2026; the API's JSON with numbers as text. ``inter1``, ``notes`` and other columns that the
dataset does not keep may be there or not, in text or codes: they are not read.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from loaders.checks import Context, Findings
from loaders.contracts import CONTRACTS, EVENT_TYPES, LOCAL_TIME_ZONE, typed
from loaders.sources import acled_places
from loaders.sources.dates import days
from loaders.sources.events import Provider, incidents, local_date
from loaders.sources.http import SourceError
from loaders.sources.interface import Reading
from loaders.sources.places import Gazetteer
from loaders.sources.tables import (
    Table,
    by_value,
    column_key,
    is_json,
    json_of,
    open_table,
    rejected_rows,
    without_blanks,
)

WHAT = "ACLED export"
PROVIDER = Provider(
    provider="acled",
    source_title="ACLED event data",
    source_publisher="ACLED (Armed Conflict Location & Event Data)",
    source_url="https://acleddata.com/",
)

#: Columns that are read where the file has them.
READ_COLUMNS = (
    *("event_id_cnty", "data_id", "event_date", "year", "time_precision", "event_type", "sub_event_type"),
    *("actor1", "actor2", "iso", "country", "admin1", "admin2", "admin3", "location", "geo_precision"),
    *("fatalities", "timestamp"),
)

#: Columns of :func:`read_rows`.
ROW_COLUMNS = (
    *("event_id", "event_date", "time_precision", "event_type", "sub_event_type", "actor1", "actor2"),
    *("admin1", "admin2", "admin3", "location", "geo_precision", "fatalities", "timestamp"),
)

#: Texts that every event has in a whole export.
_ALWAYS_FILLED = (
    "time_precision",
    "sub_event_type",
    "actor1",
    "admin1",
    "admin2",
    "admin3",
    "location",
    "geo_precision",
)

#: A file where more rows than this are bad is not an ACLED file, or not whole.
MAX_REJECTED_SHARE = 0.5

#: ACLED knows an event to the day, to the week or to the month. The contract has no week: it counts as the month.
_DATE_PRECISION = {"1": "day", "2": "month", "3": "month", "": "day"}

#: No ACLED row of today's vocabulary was uploaded before 2010: a smaller number is a number cut short.
_FIRST_TIMESTAMP = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())

_THOUSANDS = re.compile(r"^\d{1,3}(?:[ ,'\u00a0\u202f]\d{3})+$")
_SCIENTIFIC = re.compile(r"^\s*\d(?:[.,]\d+)?[eE]\+?0?9\s*$")


class EmbargoError(SourceError):
    """ACLED answers without rows because the account may not see recent events: this is not "0 events".

    Attributes
    ----------
    until
        Last day the account may see, where ACLED names it.
    """

    def __init__(self, until: date | None, period: str) -> None:
        self.until = until
        super().__init__(
            f"ACLED: embargoed until {until or 'a date it does not name'}: this account sees no later events, and ACLED "
            f"sent none for {period}. This is not 0 events. Ask ACLED for partner access, or refresh from a file that a "
            "colleague with access exported."
        )


def embargo_date(restrictions: Any) -> tuple[bool, date | None]:
    """Whether ``data_query_restrictions`` of an answer restricts it, and the last visible day where it says so."""
    if not restrictions:
        return False, None
    try:
        return True, date.fromisoformat(restrictions["date_recency"]["date"][:10])
    except (TypeError, KeyError, ValueError):
        return True, None


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read an ACLED file, or what :func:`loaders.sources.acled.fetch` keeps; see :func:`read_export`.

    A file may be a choice of events, made in the export tool or later: it speaks of the days between its first and its last
    event, and changes only events that ACLED had not uploaded anew since. A file that lacks columns changes none that are
    recorded. What was fetched says itself for which days it is whole, and which events ACLED deleted.
    """
    body = json_of(source, WHAT) if is_json(source) else {}
    kept = body if isinstance(body, dict) else {}
    if kept.get("data") == [] and "deleted" in kept:
        contract = CONTRACTS["incidents"]
        nothing = pd.DataFrame(columns=contract.column_names, dtype="str")
        return Reading(typed(nothing, contract), Findings(), withdrawn=_kept_deletions(kept, nothing))
    rows, found = read_rows(source)
    frame, findings = _with_places(rows, found, context, recorded_at)
    replaces: Literal["older", "none"] = "none" if _lacks_columns(rows) else "older"
    if kept:
        span = _kept_span(kept)
        return Reading(
            frame,
            findings,
            span,
            _kept_deletions(kept, frame),
            is_whole=span is not None,
            replaces=replaces,
        )
    days = frame["event_date"].dropna()
    span = (days.min().date(), days.max().date()) if len(days) else None
    return Reading(frame, findings, span, replaces=replaces)


def _lacks_columns(rows: pd.DataFrame) -> bool:
    """Whether a column that ACLED always fills is absent or blank throughout: such a file says less than a whole one."""
    blank = any((rows[name] == "").all() for name in _ALWAYS_FILLED)
    return bool(blank or rows["fatalities"].isna().all() or rows["timestamp"].isna().all())


def _kept_span(kept: dict[str, Any]) -> tuple[date, date] | None:
    try:
        first, last = kept["span"]
        return date.fromisoformat(first), date.fromisoformat(last)
    except (KeyError, TypeError, ValueError):
        return None


def _kept_deletions(kept: dict[str, Any], frame: pd.DataFrame) -> tuple[str, ...]:
    """Events that ACLED deleted and that the same answer does not hold again, uploaded anew."""
    deleted = kept.get("deleted")
    listed = (
        [one.get("event_id") for one in deleted if isinstance(one, dict)] if isinstance(deleted, list) else []
    )
    return tuple(sorted({str(one) for one in listed if one} - set(frame["event_id"].astype("str"))))


def read_export(source: bytes, context: Context, *, recorded_at: datetime) -> tuple[pd.DataFrame, Findings]:
    """Read an ACLED file into rows of ``incidents``.

    Parameters
    ----------
    source
        CSV of the export tool in any layout, or the API's JSON.
    context
        Frames ``aliases`` and ``neighborhoods``, side file ``actor_words.csv``.
    recorded_at
        When we recorded the rows, with time zone; events after that day are rejected.

    Returns
    -------
    frame : DataFrame
        Columns and kinds of ``CONTRACTS["incidents"]``; the index is the row number in the file.
    findings : Findings
        Rejected rows with reasons, unresolved names, warnings.

    Raises
    ------
    SourceError
        The file is not an ACLED event file, is cut short, has ambiguous dates or no rows of Haiti.
    EmbargoError
        An API answer without rows from an embargoed account.
    """
    rows, found = read_rows(source)
    return _with_places(rows, found, context, recorded_at)


def _with_places(
    rows: pd.DataFrame, read: Findings, context: Context, recorded_at: datetime
) -> tuple[pd.DataFrame, Findings]:
    frame, placed = to_incidents(rows, context, recorded_at=recorded_at)
    both = [part for part in (read.rejected, placed.rejected) if len(part)]
    rejected = pd.concat(both, ignore_index=True) if both else read.rejected
    return frame, Findings([], read.warnings + placed.warnings, rejected, placed.unresolved)


def read_rows(source: bytes) -> tuple[pd.DataFrame, Findings]:
    """Read an ACLED file into ACLED's own words, in one layout.

    Parameters
    ----------
    source
        As for :func:`read_export`.

    Returns
    -------
    rows : DataFrame
        :data:`ROW_COLUMNS`, one row per event of Haiti: ``event_date`` as ``datetime64[us]``, ``fatalities`` as ``float64``
        (people, NaN where empty), ``timestamp`` as ``Int64`` (Unix seconds), ``event_id`` as ``str``, the others as
        ``category`` with "" for empty. The index is the row number in the file.
    findings : Findings
        Rejected rows and warnings.

    Raises
    ------
    SourceError, EmbargoError
        As :func:`read_export`.
    """
    warnings: list[str] = []
    table = _json_table(source, warnings) if is_json(source) else _file_table(source)
    warnings += table.warnings
    raw = table.frame
    _require(list(raw.columns))
    _refuse_mostly_bad(table.rejected, len(raw) + len(table.rejected))
    raw = _of_haiti(
        raw.assign(**{name: without_blanks(raw[name]) for name in raw.columns if name not in _PLAIN}),
        warnings,
    )
    empty = pd.Series("", index=raw.index, dtype="category")
    text = {name: raw.get(name, empty) for name in READ_COLUMNS}
    for name in ("time_precision", "geo_precision"):
        text[name] = by_value(text[name], lambda values: values.str.removesuffix(".0"))
    for name, meaning in {
        "time_precision": "every date is taken as exact",
        "geo_precision": "places are taken as precise as their names",
        "fatalities": "no event has a count of deaths",
        "sub_event_type": "events are known by their type alone",
    }.items():
        if name not in raw:
            warnings.append(f"The file has no column {name}: {meaning}.")
    event_date = by_value(text["event_date"], lambda values: days(values, WHAT, "event_date"))
    event_type = by_value(text["event_type"], _event_types)
    fatalities = by_value(text["fatalities"], _counts)
    timestamp = _timestamps(text["timestamp"])
    shortened = text["timestamp"].astype("str").str.fullmatch(_SCIENTIFIC) & timestamp.isna()
    if shortened.any():
        warnings.append(
            f"{int(shortened.sum())} upload times were shortened by a spreadsheet program (1.79E+09) and count as not known."
        )
    event_id = _event_ids(text, raw, event_date, fatalities, warnings)
    reasons = {
        _id_column(raw): (
            event_id.isna(),
            "is no event id of ACLED (such as HTI123): rows without one cannot be told apart or updated",
        ),
        "event_date": (event_date.isna(), "is not a date (2026-11-22, 22 November 2026 or 22/11/2026)"),
        "year": (
            _other_year(text["year"], event_date),
            "is not the year of event_date: was the date changed by a program?",
        ),
        "event_type": (event_type == "", f"is not one of: {', '.join(EVENT_TYPES)}"),
        "time_precision": (_off_scale(text["time_precision"]), "is not 1, 2 or 3"),
        "geo_precision": (_off_scale(text["geo_precision"]), "is not 1, 2 or 3"),
        "fatalities": ((text["fatalities"] != "") & fatalities.isna(), "is not a whole number, 0 or more"),
        "timestamp": (
            (text["timestamp"] != "") & timestamp.isna() & ~shortened,
            "is not a time in Unix seconds since 2010; is the file cut short?",
        ),
    }
    rejected = rejected_rows(raw, reasons)
    parts = [part for part in (table.rejected, rejected) if len(part)]
    if parts:
        rejected = pd.concat(parts, ignore_index=True)
    _refuse_mostly_bad(rejected, len(raw) + len(table.rejected))
    rows = pd.DataFrame(
        {
            **text,
            "event_id": event_id,
            "event_date": event_date,
            "event_type": event_type,
            "fatalities": fatalities,
            "timestamp": timestamp,
        }
    )[list(ROW_COLUMNS)]
    if len(rejected):
        rows = rows[~rows.index.isin(rejected["row"])]
    return _newest(rows, warnings), Findings([], warnings, rejected, [])


def to_incidents(
    rows: pd.DataFrame, context: Context, *, recorded_at: datetime
) -> tuple[pd.DataFrame, Findings]:
    """Turn ACLED's rows into rows of ``incidents``.

    Parameters
    ----------
    rows
        As :func:`read_rows` returns them.
    context, recorded_at
        As for :func:`read_export`.

    Returns
    -------
    frame, findings
        As for :func:`read_export`.
    """
    findings = Findings()
    today = local_date(recorded_at)
    late = rows["event_date"] > today
    if late.any():
        reason = f"lies after the day of the refresh, {today.date()}"
        findings.rejected = rejected_rows(rows, {"event_date": (late, reason)})
        rows = rows[~late]
    codes, distinct = _distinct_places(rows)
    placed, unresolved = acled_places.place(distinct, Gazetteer.of(context))
    findings.unresolved = sorted(set(unresolved) - {""})
    precision = by_value(rows["time_precision"], lambda values: values.map(_DATE_PRECISION))
    to_month = (precision == "month").to_numpy()
    days = rows["event_date"].to_numpy().astype("datetime64[D]")
    event_date = pd.Series(np.where(to_month, days.astype("datetime64[M]"), days), index=rows.index)
    uploaded = pd.to_datetime(rows["timestamp"].astype("float64"), unit="s", utc=True)
    uploaded = uploaded.dt.tz_convert(LOCAL_TIME_ZONE).dt.tz_localize(None).dt.normalize()
    published = uploaded.where(uploaded >= rows["event_date"], rows["event_date"])  # also where there is none
    coded = {
        "event_id": rows["event_id"],
        "event_date": event_date,
        "date_precision": precision,
        "event_type": rows["event_type"],
        "sub_event_type": by_value(
            rows["sub_event_type"], lambda values: values.mask(values == "", "Not stated")
        ),
        "actor1": rows["actor1"],
        "actor2": rows["actor2"],
        "fatalities_low": rows["fatalities"],
        "fatalities": rows["fatalities"],
        "fatalities_high": rows["fatalities"],
        "fatalities_basis": pd.Series("ACLED's count; no range given", index=rows.index, dtype="category"),
        "published_date": published,
        **{name: _spread(placed[name], codes, rows.index) for name in placed.columns},
    }
    coarse = float((coded["location_precision"] != "neighborhood").mean()) if len(rows) else 0.0
    findings.warnings.append(
        f"{coarse:.0%} of {len(rows)} ACLED events are known to commune level or coarser and are not placed in a neighborhood."
    )
    return incidents(coded, PROVIDER, context, recorded_at=recorded_at), findings


# -- files -----------------------------------------------------------------------------------------------------------

_PLAIN = ("event_id_cnty", "data_id", "timestamp")


#: Other headers that public copies use, by ours.
_SPELLINGS = {
    "event_id_cnty": ("event_id_cnty", "event_id"),
    "event_date": ("event_date", "eventdate", "date"),
    "event_type": ("event_type", "eventtype"),
    "sub_event_type": ("sub_event_type", "subeventtype"),
}


def _file_table(source: bytes) -> Table:
    """Rows of a CSV or an Excel workbook."""
    spellings = {name: _SPELLINGS.get(name, (name,)) for name in READ_COLUMNS}
    opened = open_table(source, WHAT, {key for keys in spellings.values() for key in keys})
    found = {
        name: next(key for key in keys if key in opened.keys)
        for name, keys in spellings.items()
        if set(keys) & set(opened.keys)
    }
    _require(list(found))
    table = opened.read(tuple(found.values()), plain=[found[name] for name in _PLAIN if name in found])
    return replace(table, frame=table.frame.rename(columns={key: name for name, key in found.items()}))


def _json_table(source: bytes, warnings: list[str]) -> Table:
    """Rows of an API answer, or of a bare list of rows; numbers and nulls become text."""
    body = json_of(source, WHAT)
    rows = body.get("data") if isinstance(body, dict) else body
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(
            f"{WHAT}: the JSON has no list of events under 'data'. Is this an answer of the ACLED API?"
        )
    restricted, until = embargo_date(body.get("data_query_restrictions") if isinstance(body, dict) else None)
    if restricted and not rows:
        raise EmbargoError(until, "the period asked for")
    if restricted:
        warnings.append(
            f"ACLED withholds events after {until or 'a date it does not name'} from this account."
        )
    if not rows:
        raise SourceError(f"{WHAT}: the answer holds no events. Check country and period of the request.")
    lower = [{column_key(name): value for name, value in row.items()} for row in rows]
    names = [name for name in READ_COLUMNS if any(name in row for row in lower)]
    texts = {name: ["" if row.get(name) is None else str(row[name]) for row in lower] for name in names}
    frame = pd.DataFrame(
        {name: pd.Series(texts[name], dtype="str" if name in _PLAIN else "category") for name in names}
    )
    return Table(frame.set_axis(pd.RangeIndex(1, len(frame) + 1)), rejected_rows(frame, {}))


def _require(columns: list[str]) -> None:
    missing = [name for name in ("event_date", "event_type") if name not in columns]
    places = ("location", "admin3", "admin2", "admin1")
    if not missing and not any(name in columns for name in places):
        missing = [" or ".join(places)]
    if missing:
        raise SourceError(
            f"{WHAT}: no column {', '.join(missing)}. One row per event is needed, not weekly or monthly totals; "
            "take the file from ACLED's export tool with its header as it is."
        )


def _of_haiti(raw: pd.DataFrame, warnings: list[str]) -> pd.DataFrame:
    """Rows of Haiti, by country, else by ISO code, else by the letters of the event id; all rows where nothing says."""
    if "country" in raw:
        inside = by_value(raw["country"], lambda values: values.str.lower() == "haiti")
    elif "iso" in raw:
        inside = by_value(raw["iso"], lambda values: values.isin(["332", "332.0"]))
    elif "event_id_cnty" in raw:
        inside = ~raw["event_id_cnty"].str.match(r"\s*\d*(?!HTI)[A-Z]{3}\d*\s*$")
    else:
        return raw
    if not inside.any():
        raise SourceError(f"{WHAT}: none of {len(raw)} rows is in Haiti. Choose Haiti in the export tool.")
    if not inside.all():
        warnings.append(f"{int((~inside).sum())} rows of other countries were left out.")
        return raw[inside]
    return raw


def _refuse_mostly_bad(rejected: pd.DataFrame, total: int) -> None:
    if len(rejected) > MAX_REJECTED_SHARE * total:
        counts = (rejected["column"] + " " + rejected["reason"]).value_counts().head(3)
        raise SourceError(
            f"{WHAT}: {len(rejected)} of {total} rows are bad: "
            f"{'; '.join(f'{reason} ({count} rows)' for reason, count in counts.items())}. Is this the right file?"
        )


# -- values ----------------------------------------------------------------------------------------------------------


def _event_types(values: pd.Series) -> pd.Series:
    known = {name.lower(): name for name in EVENT_TYPES}
    return values.str.lower().map(known).fillna("").astype("str")


def _counts(values: pd.Series) -> pd.Series:
    """Counts as float, also with thousands separated by a comma, a blank or an apostrophe; NaN for what is none."""
    values = values.str.replace(_THOUSANDS, lambda found: re.sub(r"\D", "", found[0]), regex=True)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    return numbers.where((numbers >= 0) & (numbers % 1 == 0))


def _other_year(years: pd.Series, dates: pd.Series) -> pd.Series:
    stated = by_value(years, lambda values: pd.to_numeric(values, errors="coerce").astype("float64"))
    return stated.notna() & dates.notna() & (stated != dates.dt.year)


def _off_scale(values: pd.Series) -> pd.Series:
    return by_value(values, lambda texts: ~texts.isin(["", "1", "2", "3"]))


def _timestamps(texts: pd.Series) -> pd.Series:
    """Unix seconds as ``Int64``; NA for what is none. Programs that lost the type of the column write 1700000000.0."""
    digits = pc.replace_substring_regex(_arrow(texts), r"^\s*(\d{9,10})(\.0+)?\s*$", r"\1")
    whole = pc.match_substring_regex(digits, r"^\d{9,10}$")
    numbers = pc.cast(pc.if_else(whole, digits, pa.scalar(None, pa.string())), pa.int64())
    numbers = pc.if_else(pc.greater_equal(numbers, _FIRST_TIMESTAMP), numbers, pa.scalar(None, pa.int64()))
    return numbers.to_pandas(types_mapper=lambda _type: pd.Int64Dtype()).set_axis(texts.index)


def _event_ids(
    text: dict[str, pd.Series],
    raw: pd.DataFrame,
    event_date: pd.Series,
    fatalities: pd.Series,
    warnings: list[str],
) -> pd.Series:
    """Event ids as ``str``, NA where a row of a file with ids has none.

    A file without a column of ids gets ids from what its rows say (date, type, actors, place); rows that say the same
    are numbered, in the order of their counts of deaths.
    """
    column = _id_column(raw)
    if column in raw:
        ids = pc.utf8_upper(pc.utf8_trim_whitespace(_arrow(raw[column])))
        pattern, prefix = {
            "event_id_cnty": (r"^([A-Z]{3}[0-9]+|[0-9]+[A-Z]{3})$", ""),
            "data_id": (r"^[0-9]+$", "data-"),
        }[column]
        valid = pc.match_substring_regex(ids, pattern)
        ids = pc.binary_join_element_wise(prefix, ids, "")
        return pc.if_else(valid, ids, pa.scalar(None, pa.string())).to_pandas().set_axis(raw.index)
    warnings.append(
        "The file has no event ids: they are derived from date, type, actors and place. An event that ACLED corrects "
        "in one of these shows as withdrawn and added."
    )
    says = ("event_type", "sub_event_type", "actor1", "actor2", "admin1", "admin2", "admin3", "location")
    content = pd.DataFrame({"event_date": event_date, **{name: text[name] for name in says}})
    order = pd.DataFrame(
        {"content": pd.util.hash_pandas_object(content, index=False), "fatalities": fatalities}
    ).sort_values(["content", "fatalities"], kind="stable")
    number = order.groupby("content").cumcount() + 1
    return ("derived-" + order["content"].map("{:016x}".format) + "-" + number.astype("str"))[raw.index]


def _id_column(raw: pd.DataFrame) -> str:
    return "data_id" if "data_id" in raw and "event_id_cnty" not in raw else "event_id_cnty"


def _newest(rows: pd.DataFrame, warnings: list[str]) -> pd.DataFrame:
    """One row per event: of several, the one uploaded last."""
    again = int(rows["event_id"].duplicated().sum())
    if not again:
        return rows
    warnings.append(
        f"{again} rows repeat the id of another row (a monadic export has one row per actor); the newest of each was kept."
    )
    order = rows.sort_values("timestamp", kind="stable", na_position="first")
    return order.drop_duplicates("event_id", keep="last").sort_index()


def _distinct_places(rows: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Combinations of the geographic columns that occur, and for every row the position of its own."""
    codes = np.zeros(len(rows), dtype="int64")
    for name in acled_places.COLUMNS:
        column = rows[name].cat
        codes, _ = pd.factorize(codes * len(column.categories) + column.codes.to_numpy())
    first = pd.Series(codes).drop_duplicates().index
    distinct = rows[list(acled_places.COLUMNS)].iloc[first].astype("str")
    return codes, distinct.reset_index(drop=True)


def _spread(values: pd.Series, codes: np.ndarray, index: pd.Index) -> pd.Series:
    return values.astype("category").take(codes).set_axis(index)


def _arrow(texts: pd.Series) -> pa.Array:
    array = pa.array(texts.astype("str"), from_pandas=True)
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return pc.cast(whole, pa.string())
