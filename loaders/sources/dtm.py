"""IOM DTM, API v3: people displaced, per commune and round.

DTM splits a commune's figure by origin and reason: the rows of one operation, round and assessment type are summed.
Operations measure different displacements and assessment types differ in method: nothing is ever summed across them.
Rounds come about every quarter to half-year, and the API lags DTM's own site. The rows are for non-commercial use and
must not be redistributed: only sums reach a page, with :data:`ATTRIBUTION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from loaders.sources.http import Reply, Session, SourceError, setting

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


def fetch(session: Session, settings: Mapping[str, str], *, address: str = ADDRESS) -> pd.DataFrame:
    """Fetch all rounds of all operations in Haiti.

    Parameters
    ----------
    session
        Session with the service.
    settings
        With ``DTM_API_KEY``.
    address
        Scheme and host.

    Returns
    -------
    DataFrame
        As :func:`parse` returns it.

    Raises
    ------
    SourceError
        No key, a key that is not accepted, or an answer that :func:`parse` refuses.
    """
    key = setting(settings, KEY, "the free key of IOM's DTM API (product API-V3)")
    reply = session.get(
        f"{address}/v3/displacement/admin2",
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
    return parse(_result(reply))


def _result(reply: Reply) -> list[dict[str, Any]]:
    """Rows of the envelope, complete."""
    envelope = reply.json()
    if not isinstance(envelope, dict) or not isinstance(envelope.get("isSuccess"), bool):
        raise SourceError(f"DTM: {reply.where}: the answer is not DTM's envelope ({reply.text[:80]!r}).")
    if not envelope["isSuccess"]:
        reasons = envelope.get("errorMessages") or ["no reason given"]
        raise SourceError(f"DTM: {reply.where}: the service says: {reasons[0]}.")
    rows, count = envelope.get("result"), envelope.get("totalRecordsCount")
    if not isinstance(rows, list) or not rows:
        raise SourceError(
            f"DTM: {reply.where}: no rows for Haiti. This is not 0 displaced people. Try again later."
        )
    if count != len(rows):
        raise SourceError(
            f"DTM: {reply.where}: {len(rows)} rows came, {count} were announced: cut short. Try again."
        )
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
        are joined by p-code (:func:`loaders.sources.hdx.join_communes`): DTM spells names in its own way.

    Raises
    ------
    SourceError
        A field is missing, a row occurs twice, or a value is none that DTM's documentation names.
    """
    frame = pd.DataFrame(rows)
    missing = [name for name in ("id", "admin0Pcode", *_FIELDS) if name not in frame.columns]
    if missing:
        raise SourceError(f"DTM: fields missing in the answer: {', '.join(missing)}. The API has changed.")
    _refuse(frame, frame["id"].duplicated(), "id", "occurs twice")
    _refuse(frame, frame["admin0Pcode"] != COUNTRY, "admin0Pcode", "is not Haiti")
    _refuse(frame, ~frame["assessmentType"].isin(ASSESSMENT_TYPES), "assessmentType", "is unknown")
    frame = frame[["id", *_FIELDS]].rename(columns=_FIELDS)
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
