"""IOM DTM, API v3: people displaced, per commune and round.

DTM splits a commune's figure by origin and reason: the rows of one operation, round and assessment type are summed.
Operations measure different displacements and assessment types differ in method: nothing is ever summed across them.
Rounds come about every quarter to half-year, and the API lags DTM's own site. The rows are for non-commercial use and
must not be redistributed: only sums reach a page, with :data:`ATTRIBUTION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from loaders.checks import Context, Findings
from loaders.names import name_key
from loaders.sources.figures import indicators
from loaders.sources.http import Session, SourceError, address_of, setting
from loaders.sources.interface import EVERYTHING, Ask, Download, Reading
from loaders.sources.places import COUNTRY as COUNTRY_PLACE
from loaders.sources.places import Gazetteer, join_communes
from loaders.sources.tables import column_key, is_json, json_of, read_table

ADDRESS = "https://dtmapi.iom.int"
KEY = "DTM_API_KEY"
ATTRIBUTION = "Source: International Organization for Migration (IOM), Displacement Tracking Matrix (DTM), https://dtm.iom.int"
COUNTRY = "HTI"
ASSESSMENT_TYPES = ("BA", "SA")

#: One figure per combination of these.
FIGURE = ["operation", "reporting_round", "assessment_type", "pcode"]

_FIELDS = {
    "operation": "operation",
    "roundNumber": "reporting_round",
    "assessmentType": "assessment_type",
    "admin2Pcode": "pcode",
    "admin2Name": "name_as_written",
    "reportingDate": "reporting_date",
    "numPresentIdpInd": "displaced",
}


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch all rounds of all operations in Haiti.

    Raises
    ------
    SourceError
        No key, a key that is not accepted, or an answer that :func:`answer_rows` refuses.
    """
    key = setting(settings, KEY, "the free key of IOM's DTM API (product API-V3)")
    reply = session.get(
        address_of(settings, "DTM_ADDRESS", ADDRESS) + "/v3/displacement/admin2",
        params={"Admin0Pcode": COUNTRY},
        headers={"Ocp-Apim-Subscription-Key": key},
    )
    if reply.status in (401, 403):
        raise SourceError(
            f"DTM: {reply.where} does not accept the key ({reply.status}). Renew {KEY} in IOM's API portal."
        )
    if reply.status != 200:
        raise SourceError(
            f"DTM: {reply.where} answered {reply.status} ({reply.text}). Run the refresh later."
        )
    answer_rows(reply.json())
    return Download("dtm-haiti.json", reply.body)


def read(source: bytes, context: Context, *, name: str, recorded_at: datetime) -> Reading:
    """Read a kept answer, or the CSV of DTM's figures on HDX, into rows of ``indicators``; it is complete.

    One figure per operation, round, assessment type and metro commune, and one for the country.
    """
    if is_json(source):
        figures = parse(answer_rows(json_of(source, f"DTM: {name}")))
    else:
        figures = read_csv(source, name)
    return Reading(to_indicators(figures, context), Findings(), EVERYTHING, replaces="not higher")


def read_csv(source: bytes, name: str) -> pd.DataFrame:
    """Read DTM's figures as HDX publishes them (all countries and levels in one file); returns as :func:`parse`."""
    what = f"DTM: {name}"
    table = read_table(
        source, what=what, wanted=("id", "adminlevel", "admin0pcode", *map(column_key, _FIELDS))
    )
    if len(table.rejected):
        first = table.rejected.iloc[0]
        raise SourceError(f"{what}: row {first['row']} {first['reason']}. Download the file again.")
    names = {column_key(field): field for field in ("id", "admin0Pcode", *_FIELDS)}
    frame = table.frame.astype("str").rename(columns=names)
    if "adminlevel" in frame:
        frame = frame[frame["adminlevel"].isin(["2", "admin2"])]
    if "admin0Pcode" in frame:
        frame = frame[frame["admin0Pcode"].isin([COUNTRY, "HT"])].assign(admin0Pcode=COUNTRY)
    if frame.empty:
        raise SourceError(f"{what}: no rows of communes of Haiti. This is not 0 displaced people.")
    return parse(frame.to_dict("records"))


def to_indicators(figures: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Figures of the metro communes and of the country, each with its operation, round and assessment type."""
    gazetteer = Gazetteer.of(context)
    country = figures.groupby([name for name in FIGURE if name != "pcode"], as_index=False).agg(
        reporting_date=("reporting_date", "max"), displaced=("displaced", "sum")
    )
    country = country.assign(area_id=COUNTRY_PLACE, pcode="HT")
    inside = join_communes(figures)
    inside = inside.assign(area_id=gazetteer.commune_ids(inside["commune"]))
    rows = pd.concat([country, inside], ignore_index=True)
    kind = rows["assessment_type"]
    number = rows["reporting_round"].astype("str")
    return indicators(
        rows.assign(
            figure_id="dtm."
            + rows["operation"].map(name_key)
            + ".r"
            + number
            + "."
            + kind
            + "."
            + rows["pcode"],
            indicator="displaced",
            period_start=rows["reporting_date"].dt.normalize(),
            period_end=pd.NaT,
            date_precision="day",
            value=rows["displaced"],
            unit="people",
            note="IOM DTM, " + rows["operation"] + ", round " + number + ", assessment " + kind,
            published_date=rows["reporting_date"].dt.normalize(),
        ),
        title="Displacement Tracking Matrix",
        publisher="International Organization for Migration (IOM), DTM",
        page="https://dtm.iom.int/haiti",
    )


def answer_rows(envelope: Any) -> list[dict[str, Any]]:
    """Rows of an answer, complete.

    Raises
    ------
    SourceError
        Not DTM's envelope, a failure it reports, no rows, or fewer than announced.
    """
    if not isinstance(envelope, dict) or not isinstance(envelope.get("isSuccess"), bool):
        raise SourceError(f"DTM: the answer is not DTM's envelope ({str(envelope)[:80]!r}).")
    if not envelope["isSuccess"]:
        reasons = envelope.get("errorMessages") or ["no reason given"]
        raise SourceError(f"DTM: the service says: {reasons[0]}.")
    rows, count = envelope.get("result"), envelope.get("totalRecordsCount")
    if not isinstance(rows, list) or not rows:
        raise SourceError("DTM: no rows for Haiti. This is not 0 displaced people. Try again later.")
    if count != len(rows):
        raise SourceError(f"DTM: {len(rows)} rows came, {count} were announced: cut short. Try again.")
    if not all(isinstance(row, dict) for row in rows):
        raise SourceError("DTM: the answer holds rows that are no objects. The API has changed.")
    return rows


def parse(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Sum DTM's rows to one figure per operation, round, assessment type and commune.

    Parameters
    ----------
    rows
        Rows of the endpoint ``admin2``.

    Returns
    -------
    DataFrame
        ``operation, reporting_round, assessment_type, pcode`` (COD-AB commune), ``name_as_written``, ``reporting_date``
        (the latest of the round), ``displaced`` (people), ``area_level`` ("commune"); sorted by the first four. Communes
        are joined by p-code (:func:`loaders.sources.places.join_communes`): DTM spells names in its own way.

    Raises
    ------
    SourceError
        A field is missing, a row occurs twice, or a value is none that DTM's documentation names.
    """
    frame = pd.DataFrame(rows)
    missing = [name for name in ("admin0Pcode", *_FIELDS) if name not in frame.columns]
    if missing:
        raise SourceError(f"DTM: fields missing in the answer: {', '.join(missing)}. The API has changed.")
    if "id" in frame:
        _refuse(frame, frame["id"].duplicated(), "id", "occurs twice")
    _refuse(frame, frame["admin0Pcode"] != COUNTRY, "admin0Pcode", "is not Haiti")
    _refuse(frame, ~frame["assessmentType"].isin(ASSESSMENT_TYPES), "assessmentType", "is unknown")
    frame = frame.reindex(columns=["id", *_FIELDS]).rename(columns=_FIELDS)
    people = pd.to_numeric(frame["displaced"], errors="coerce")
    _refuse(frame, ~(people >= 0), "displaced", "is not a number of people")
    rounds = pd.to_numeric(frame["reporting_round"], errors="coerce")
    _refuse(frame, ~(rounds % 1 == 0), "reporting_round", "is not a round")
    dates = pd.to_datetime(frame["reporting_date"], format="ISO8601", errors="coerce").astype(
        "datetime64[us]"
    )
    _refuse(frame, dates.isna(), "reporting_date", "is not a date")
    return displaced(
        frame.assign(displaced=people, reporting_round=rounds.astype("int64"), reporting_date=dates)
    )


def displaced(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum rows to figures.

    Parameters
    ----------
    rows
        :data:`FIGURE`, ``name_as_written``, ``reporting_date`` (datetime64), ``displaced`` (people, not missing).

    Returns
    -------
    DataFrame
        As :func:`parse` returns it.

    Raises
    ------
    SourceError
        A p-code is none of a commune of Haiti, or an operation has no name.
    """
    _refuse(rows, ~rows["pcode"].astype("str").str.fullmatch(r"HT\d{4}"), "pcode", "is no commune of Haiti")
    _refuse(rows, rows["operation"].isna() | (rows["operation"] == ""), "operation", "is empty")
    figures = rows.groupby(FIGURE, as_index=False).agg(
        name_as_written=("name_as_written", "first"),
        reporting_date=("reporting_date", "max"),
        displaced=("displaced", "sum"),
    )
    return figures.assign(area_level="commune")


def _refuse(rows: pd.DataFrame, bad: pd.Series, column: str, reason: str) -> None:
    """Figures with a row left out would be too low: one bad row stops them all."""
    if bad.any():
        row = rows[bad].iloc[0]
        raise SourceError(
            f"displaced people: row {row.get('id', row.name)}, {column}: {row[column]!r} {reason} ({int(bad.sum())} rows). "
            "Nothing was used; report it to the provider."
        )
