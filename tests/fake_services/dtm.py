"""A stand-in for IOM's DTM API v3. Every figure is invented: real p-codes, synthetic operations and people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tests.fake_services.server import Answer, FakeService, Request

KEY = "synthetic-dtm-key"
OPERATION, OTHER_OPERATION = "Synthetic monitoring", "Synthetic hurricane"

#: Communes of the invented figures; DTM writes names in its own way.
_COMMUNES = (("HT0111", "Port-Au-Prince"), ("HT0114", "Petion-Ville"), ("HT0216", "Synthetic Commune"))


def row(number: int, **changes: Any) -> dict[str, Any]:
    """One invented row in the API's fields; the same number gives the same row."""
    pcode, name = _COMMUNES[number % len(_COMMUNES)]
    reasons = ("Conflict", "Insecurity", "Natural disaster")
    return {
        "id": 900_000 + number,
        "operation": OPERATION,
        "admin0Name": "Haiti",
        "admin0Pcode": "HTI",
        "admin1Name": "Ouest",
        "admin1Pcode": pcode[:4],
        "admin2Name": name,
        "admin2Pcode": pcode,
        "numPresentIdpInd": 100 + number,
        "reportingDate": "2026-06-30T00:00:00",
        "yearReportingDate": 2026,
        "monthReportingDate": 6,
        "roundNumber": 90,
        "displacementReason": reasons[number // len(_COMMUNES) % len(reasons)],
        "numberMales": None,
        "numberFemales": None,
        "idpOriginAdmin1Name": "Not available",
        "idpOriginAdmin1Pcode": "Not available",
        "assessmentType": "BA",
    } | changes


def rows() -> list[dict[str, Any]]:
    """Two rounds; in the last one a second assessment type, and another operation in the same commune."""
    found = [row(number) for number in range(9)]
    found += [row(20 + n, roundNumber=89, reportingDate="2026-03-31T00:00:00") for n in range(3)]
    found.append(row(30, assessmentType="SA", numPresentIdpInd=7))
    found.append(row(33, operation=OTHER_OPERATION, roundNumber=1, numPresentIdpInd=5000))
    return found


class FakeDtm(FakeService):
    """The endpoint admin2."""

    name = "dtm"
    ADDRESSES: ClassVar[Mapping[str, str]] = {"DTM_ADDRESS": ""}
    CREDENTIALS: ClassVar[Mapping[str, str]] = {"DTM_API_KEY": KEY}
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "rounds": "two rounds, two assessment types, two operations",
        "new_round": "a new round, and a figure of the last one corrected",
        "refused": "200 with isSuccess false and a reason",
        "empty": "200, success, no rows",
        "truncated": "fewer rows than totalRecordsCount",
        "key_expired": "403 for every key",
        "busy_once": "429, then as usual",
        "unavailable": "503 for ever",
        "repeated_row": "one row twice",
        "other_country": "a row of another country",
        "no_people": "a row without a number of people",
        "changed_fields": "a field has another name",
        "bad_pcode": "a row without a commune",
        "cut": "the connection breaks in every body",
        "web_page": "200 with a web page",
    }

    def respond(self, request: Request) -> Answer:
        """Answer as DTM does."""
        if request.path != "/v3/displacement/admin2":
            return Answer(404, b'{"statusCode": 404, "message": "Resource not found"}')
        if request.headers.get("ocp-apim-subscription-key") != KEY:
            return Answer(
                401, b'{"statusCode": 401, "message": "Access denied due to invalid subscription key."}'
            )
        if not {"Operation", "CountryName", "Admin0Pcode"} & set(request.query):
            return _envelope([], errors=["At least one of Operation, CountryName, Admin0Pcode is required"])
        return self._failure() or self._data()

    def _failure(self) -> Answer | None:
        match self.scenario:
            case "key_expired":
                return Answer(403, b'{"statusCode": 403, "message": "Out of call volume quota."}')
            case "busy_once" if self.first_time():
                return Answer(429, b"", headers={"Retry-After": "9"})
            case "unavailable":
                return Answer(503, b"Service Unavailable", "text/plain")
            case "web_page":
                return Answer(body=b"<!DOCTYPE html><title>Down</title>", content_type="text/html")
            case "refused":
                return _envelope([], errors=["Synthetic reason"])
            case "empty":
                return _envelope([])
            case "truncated":
                return _envelope(rows()[:5], count=len(rows()))
            case "cut":
                return Answer(body=self._data().body, cut_after=500)
        return None

    def _data(self) -> Answer:
        found = rows()
        match self.scenario:
            case "new_round":
                found[0] = row(0, numPresentIdpInd=150)
                found += [row(40 + n, roundNumber=91, reportingDate="2026-09-30T00:00:00") for n in range(3)]
            case "repeated_row":
                found.append(found[0])
            case "other_country":
                found.append(row(50, admin0Pcode="LBN"))
            case "no_people":
                found.append(row(50, numPresentIdpInd=None))
            case "bad_pcode":
                found.append(row(50, admin2Pcode="Not available"))
            case "changed_fields":
                found = [
                    {name.replace("roundNumber", "round"): v for name, v in one.items()} for one in found
                ]
        return _envelope(found)


def _envelope(result: list[Any], *, count: int | None = None, errors: list[str] | None = None) -> Answer:
    body = {
        "result": result,
        "statusCode": 400 if errors else 200,
        "isSuccess": not errors,
        "errorMessages": errors or [],
        "totalRecordsCount": len(result) if count is None else count,
    }
    return Answer(body=json.dumps(body).encode())
