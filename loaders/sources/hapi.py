"""HAPI, the data service of HDX: ACLED's monthly counts (also as workbooks on HDX), and DTM's figures.

ACLED's counts on HDX, in HAPI and in workbooks, are per **arrondissement** but carry p-codes of **communes**: "HT0111" stands
for all eight communes of the arrondissement of Port-au-Prince, "HT0142" for Arcahaie although it is the code of Cabaret.
They are returned without any p-code and with ``area_level`` "arrondissement"; :func:`loaders.sources.places.join_communes`, the
only way to the communes, refuses them. ACLED's categories overlap (attacks on civilians are a part of political violence):
never add them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from loaders.checks import Context, Findings
from loaders.names import name_key
from loaders.sources import dtm
from loaders.sources.events import local_date
from loaders.sources.figures import indicators
from loaders.sources.http import Session, SourceError, address_of, setting
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading
from loaders.sources.places import METRO
from loaders.sources.sheets import Sheet, cell_text, read_sheets
from loaders.sources.tables import column_key, is_json, json_of, read_table

HAPI_ADDRESS = "https://hapi.humdata.org"
APP_IDENTIFIER = "HDX_APP_IDENTIFIER"

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


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch ACLED's monthly counts from HAPI.

    Raises
    ------
    SourceError
        No application identifier, one that is not accepted, or an answer that has changed or is incomplete.
    """
    rows = _hapi(session, settings, "coordination-context/conflict-events", ask)
    counts(_fields(rows, _COUNT_FIELDS, "HAPI conflict-events"), "HAPI conflict-events")
    return Download("hapi-conflict-events.json", json.dumps({"data": rows}, ensure_ascii=False).encode())


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a kept answer of HAPI, its CSV mirror, or one of ACLED's workbooks on HDX into rows of ``indicators``.

    Only the arrondissement of Port-au-Prince is kept, as a figure of the metropolitan area that says what it is. The month
    of the refresh is left out: it is incomplete.
    """
    figures = read_counts(source, name)
    findings = Findings()
    inside = figures[figures["is_metro"]]
    others = figures.loc[~figures["is_metro"], "arrondissement"].nunique()
    this_month = local_date(recorded_at).replace(day=1)
    complete = inside[inside["period_end"] < this_month]
    findings.warnings.append(
        f"{others} other arrondissements are outside the city; {len(inside) - len(complete)} counts of the incomplete month "
        "were left out."
    )
    rows = pd.concat([_measure(complete, "events"), _measure(complete, "fatalities")], ignore_index=True)
    frame = indicators(
        rows,
        title="ACLED monthly counts per arrondissement",
        publisher="ACLED (Armed Conflict Location & Event Data), via HDX",
        page="https://data.humdata.org/dataset/haiti-acled-conflict-data",
    )
    return Reading(frame, findings)


def read_counts(source: bytes, name: str) -> pd.DataFrame:
    """Read counts from any of the three forms; returns as :func:`counts`."""
    what = f"HAPI: {name}"
    if source.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        kinds = {kind for kind in EVENT_TYPES if kind in column_key(name)}
        if "demonstration" not in kinds and "demonstration" in name.lower():
            kinds.add("demonstration")
        if len(kinds) != 1:
            raise SourceError(
                f"{what}: the name of the file does not say what it counts. Keep HDX's name, with one of: {', '.join(EVENT_TYPES)}."
            )
        return read_acled_workbook(source, kinds.pop())
    if is_json(source):
        body = json_of(source, what)
        found = body.get("data") if isinstance(body, dict) else body
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise SourceError(
                f"{what}: the JSON has no list of rows under 'data'. Is this an answer of HAPI?"
            )
        return counts(_fields(found, _COUNT_FIELDS, what), what)
    table = read_table(source, what=what, wanted=(*_COUNT_FIELDS, "location_code", "admin_level", "error"))
    if len(table.rejected):
        first = table.rejected.iloc[0]
        raise SourceError(f"{what}: row {first['row']} {first['reason']}. Download the file again.")
    frame = table.frame.astype("str")
    missing = [column for column in (*_COUNT_FIELDS, "location_code", "admin_level") if column not in frame]
    if missing:
        raise SourceError(f"{what}: no column {', '.join(missing)}. Is this HDX's file of conflict events?")
    inside = (frame["location_code"] == "HTI") & (frame["admin_level"] == "2")
    if "error" in frame:
        inside &= frame["error"] == ""
    return counts(frame.loc[inside, list(_COUNT_FIELDS)].rename(columns=_COUNT_FIELDS), what)


def _measure(figures: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One measure of the counts as figures."""
    month = figures["period_start"].dt.strftime("%Y-%m")
    return pd.DataFrame(
        {
            "figure_id": "hapi." + figures["event_type"] + "." + measure + "." + month,
            "indicator": "acled_" + figures["event_type"] + "_" + measure,
            "area_id": METRO,
            "period_start": figures["period_start"],
            "period_end": figures["period_end"],
            "date_precision": "month",
            "value": figures[measure],
            "unit": "events" if measure == "events" else "people",
            "note": "arrondissement of Port-au-Prince: eight communes, without Croix-des-Bouquets; categories overlap, never add them",
            # Not before the month is over: the earliest possible publication.
            "published_date": figures["period_end"] + pd.Timedelta(days=1),
        }
    )


def fetch_idps(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch DTM's figures from HAPI, all rounds; raises as :func:`fetch`."""
    rows = _hapi(session, settings, "affected-people/idps", ask)
    idps(rows)
    return Download("hapi-idps.json", json.dumps({"data": rows}, ensure_ascii=False).encode())


def read_idps(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read DTM's figures as HAPI gives them into rows of ``indicators``, as :func:`loaders.sources.dtm.read` does."""
    what = f"HAPI: {name}"
    body = json_of(source, what)
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"{what}: the JSON has no list of rows under 'data'. Is this an answer of HAPI?")
    return Reading(dtm.to_indicators(idps(rows), context), Findings(), EVERYTHING, replaces="not higher")


def idps(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """DTM's figures from HAPI's rows; returns as :func:`loaders.sources.dtm.parse`."""
    what = "HAPI idps"
    frame = _fields(rows, _IDP_FIELDS, what)
    people = _whole(frame["displaced"], "population", what)
    if frame.empty or people.isna().any():
        raise SourceError(
            f"{what}: rows without a number of people, or no rows. This is not 0. Nothing was used."
        )
    dates = _day(frame["reporting_date"], "reference_period_start", what)
    rounds = _whole(frame["reporting_round"], "reporting_round", what).astype("int64")
    return dtm.displaced(frame.assign(displaced=people, reporting_date=dates, reporting_round=rounds))


def _hapi(session: Session, settings: Mapping[str, str], path: str, ask: Ask) -> list[dict[str, Any]]:
    """All rows of Haiti at level 2, page by page until a page is short.

    A period is always named: without a start date HAPI cuts the answer after 10,000 rows and does not say so.
    """
    purpose = "the identifier of this application for HAPI: base64 of 'name:e-mail'"
    headers = {"X-HDX-HAPI-APP-IDENTIFIER": setting(settings, APP_IDENTIFIER, purpose)}
    query: dict[str, str | int] = {
        "location_code": "HTI",
        "admin_level": 2,
        "output_format": "json",
        "limit": PAGE_ROWS,
        "start_date": ask.start.isoformat(),
        "end_date": ask.end.isoformat(),
    }
    address = address_of(settings, "HAPI_ADDRESS", HAPI_ADDRESS)
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
