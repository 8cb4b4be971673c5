"""A stand-in for ACLED's API. Every row is invented: places exist, the events, actors and ids do not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from tests.fake_services.server import Answer, FakeService, Request

#: The 31 columns of the API and of the export tool, in order.
COLUMNS = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type"),
    *("sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2"),
    *("interaction", "civilian_targeting", "iso", "region", "country", "admin1", "admin2", "admin3"),
    *("location", "latitude", "longitude", "geo_precision", "source", "source_scale", "notes"),
    *("fatalities", "tags", "timestamp"),
)

FIRST_DAY = date(2026, 9, 1)
FIRST_UPLOAD = int(datetime(2026, 11, 10, 12, tzinfo=UTC).timestamp())
SECOND_UPLOAD = int(datetime(2026, 11, 17, 12, tzinfo=UTC).timestamp())
EMBARGOED_UNTIL = "2025-11-20"
PARTLY_EMBARGOED_UNTIL = "2026-09-20"
NOTES = "Synthetic row for tests, not an ACLED record."

#: admin3, location, latitude, longitude.
_PLACES = (
    ("Port-au-Prince", "Port-au-Prince - Solino", 18.549, -72.322),
    ("Delmas", "Delmas - Delmas 30", 18.549, -72.314),
    ("Petion Ville", "Petion Ville - Pernier", 18.519, -72.233),
    ("Port-au-Prince", "Port-au-Prince", 18.5435, -72.3388),
    ("Petion Ville", "Petionville", 18.5125, -72.2853),
    ("Cite Soleil", "Cite Soleil - Brooklyn", 18.5775, -72.3375),
    ("Delmas", "Delmas - Synthetic Quarter", 18.55, -72.31),
)
_KINDS = (
    ("Battles", "Armed clash", "Political violence", "State forces", "Political militia"),
    ("Violence against civilians", "Attack", "Political violence", "Political militia", "Civilians"),
    ("Protests", "Peaceful protest", "Demonstrations", "Protesters", ""),
    ("Strategic developments", "Other", "Strategic developments", "Political militia", ""),
)


def row(number: int, *, timestamp: int = FIRST_UPLOAD, **changes: Any) -> dict[str, Any]:
    """One invented event in the API's columns; the same number gives the same event."""
    admin3, location, latitude, longitude = _PLACES[number % len(_PLACES)]
    event_type, sub_event_type, disorder_type, inter1, inter2 = _KINDS[number % len(_KINDS)]
    day = FIRST_DAY + timedelta(days=number % 60)
    values = (
        f"HTI9{number:05d}",
        day.isoformat(),
        day.year,
        1,
        disorder_type,
        event_type,
        sub_event_type,
        f"Synthetic Group {number % 5}",
        "",
        inter1,
        f"Synthetic Side {number % 3}" if inter2 else "",
        "",
        inter2,
        f"{inter1}-{inter2}" if inter2 else f"{inter1} only",
        "Civilian targeting" if inter2 == "Civilians" else "",
        332,
        "Caribbean",
        "Haiti",
        "Ouest",
        "Port-au-Prince",
        admin3,
        location,
        latitude,
        longitude,
        1,
        "Synthetic Source",
        "Subnational",
        NOTES,
        number % 4 if sub_event_type in ("Armed clash", "Attack") else 0,
        "",
        timestamp,
    )
    return dict(zip(COLUMNS, values, strict=True)) | changes


def csv_file(
    rows: list[dict[str, Any]],
    columns: tuple[str, ...] = COLUMNS,
    *,
    delimiter: str = ",",
    upper: bool = False,
) -> str:
    """Rows as the export tool writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([name.upper() for name in columns] if upper else columns)
    writer.writerows([[one[name] for name in columns] for one in rows])
    return out.getvalue()


class FakeAcled(FakeService):
    """Log-in, events by cursor, deletions."""

    name = "acled"
    ADDRESSES: ClassVar[Mapping[str, str]] = {"ACLED_ADDRESS": ""}
    CREDENTIALS: ClassVar[Mapping[str, str]] = {
        "ACLED_EMAIL": "analyst@example.org",
        "ACLED_PASSWORD": "synthetic-password",
    }
    SCENARIOS: ClassVar[Mapping[str, str]] = {
        "first_load": "60 events",
        "nothing_new": "the same 60 events, none since the first upload",
        "changes": "one event changed, two added, one deleted since the first upload",
        "embargo": "200, no rows, data_query_restrictions",
        "partly_embargoed": "rows up to a day, and data_query_restrictions",
        "string_numbers": "every number is text",
        "truncated": "full pages without next_cursor",
        "short": "fewer rows than total_count says",
        "stuck": "the cursor never moves",
        "numbered_deletions": "deletions come by page number, not by cursor",
        "repeated_deletions": "deletions ignore the page number",
        "expired": "the first token is refused with 401, the refresh token works",
        "refresh_refused": "the first token is refused with 401, and so is the refresh token",
        "never_valid": "every token is refused with 401",
        "bad_password": "log-in answers 400 invalid_grant",
        "no_access": "403 with a message as text",
        "no_consent": "403 with messages as a list",
        "failure": "200 with success false",
        "busy_once": "429 with Retry-After, then as usual",
        "busy": "429 for ever",
        "unavailable_once": "503, then as usual",
        "unavailable": "503 for ever",
        "cut_once": "the connection breaks in the body, then as usual",
        "cut": "the connection breaks in every body",
        "wrong_encoding": "Latin-1 instead of UTF-8",
        "web_page": "200 with a log-in page",
        "huge": "a body that never ends",
        "moved": "a redirect to another host",
    }

    def __init__(self) -> None:
        super().__init__()
        self._tokens = 0

    def rows(self) -> list[dict[str, Any]]:
        """Events of the present scenario, newest first, as the API orders them."""
        rows = [row(number) for number in range(60)]
        if self.scenario == "changes":
            rows[4] = row(4, timestamp=SECOND_UPLOAD, fatalities=7)
            rows += [row(number, timestamp=SECOND_UPLOAD) for number in (60, 61)]
            del rows[9]
        return sorted(rows, key=lambda one: (one["event_date"], one["event_id_cnty"]), reverse=True)

    def deleted(self) -> list[dict[str, Any]]:
        """Deletions of the present scenario."""
        if self.scenario in ("numbered_deletions", "repeated_deletions"):
            return [
                {"event_id_cnty": f"HTI8{number:05d}", "deleted_timestamp": SECOND_UPLOAD}
                for number in range(25)
            ]
        if self.scenario == "changes":
            return [{"event_id_cnty": "HTI900009", "deleted_timestamp": str(SECOND_UPLOAD)}]
        return []

    def respond(self, request: Request) -> Answer:
        """Answer as ACLED does."""
        if request.path == "/oauth/token":
            return self._token(request.form)
        if request.path not in ("/api/acled/read", "/api/deleted/read"):
            return Answer(404, b"Not Found", "text/plain")
        return self._denied(request) or self._failure(request) or self._data(request)

    def _token(self, form: Mapping[str, str]) -> Answer:
        if form.get("grant_type") == "password":
            if form.get("scope") != "authenticated":
                return Answer(415, b'{"message": "Unsupported Media Type"}')
            right = form.get("username"), form.get("password")
            if right != tuple(self.CREDENTIALS.values()) or self.scenario == "bad_password":
                return _json(
                    {
                        "error": "invalid_grant",
                        "error_description": "The user credentials were incorrect.",
                        "message": "The user credentials were incorrect.",
                    },
                    400,
                )
        elif (
            self.scenario == "refresh_refused"
            or form.get("refresh_token") != f"synthetic-refresh-{self._tokens}"
        ):
            return _json({"error": "invalid_grant", "message": "The refresh token is invalid."}, 400)
        self._tokens += 1
        return _json(
            {
                "token_type": "Bearer",
                "expires_in": 86400,
                "access_token": f"synthetic.access.{self._tokens}",
                "refresh_token": f"synthetic-refresh-{self._tokens}",
            }
        )

    def _denied(self, request: Request) -> Answer | None:
        valid = request.headers.get("authorization") == f"Bearer synthetic.access.{self._tokens}"
        renewed = self.scenario not in ("expired", "refresh_refused") or self._tokens > 1
        if not valid or not renewed or self.scenario == "never_valid" or not self._tokens:
            return _json({"message": "The resource owner or authorization server denied the request."}, 401)
        if self.scenario == "no_access":
            return _json({"message": "Access denied"}, 403)
        if self.scenario == "no_consent":
            return _json(
                {"message": ["You must accept the terms.", "Your profile lacks a required field."]}, 403
            )
        return None

    def _failure(self, request: Request) -> Answer | None:
        passes = self.scenario.endswith("_once") and not self.first_time()
        match self.scenario.removesuffix("_once"):
            case "busy" if not passes:
                return Answer(429, b'{"message": "Too Many Requests"}', headers={"Retry-After": "7"})
            case "unavailable" if not passes:
                return Answer(503, b"Service Unavailable", "text/plain")
            case "cut" if not passes:
                return Answer(body=self._data(request).body, cut_after=1000)
            case "failure":
                return _json({"status": 0, "success": False, "messages": ["Synthetic failure"], "data": []})
            case "wrong_encoding":
                body = json.dumps({"data": [row(1, location="Pétion-Ville")]}, ensure_ascii=False)
                return Answer(body=body.encode("latin-1"))
            case "web_page":
                return Answer(body=b"<!DOCTYPE html><title>Log in</title>", content_type="text/html")
            case "huge":
                return Answer(endless=True)
            case "moved":
                return Answer(302, headers={"Location": "http://localhost:9/api/acled/read"})
        return None

    def _data(self, request: Request) -> Answer:
        query = request.query
        deleted = request.path == "/api/deleted/read"
        rows = self._select(query, deleted=deleted)
        limit = int(query.get("limit", "5000"))
        body: dict[str, Any] = {
            "status": 200,
            "success": True,
            "last_update": 3,
            "messages": [],
            "filename": None,
        }
        body["data_query_restrictions"] = {}
        if self.scenario in ("embargo", "partly_embargoed") and not deleted:
            body["data_query_restrictions"] = {
                "date_recency": {
                    "quantity": 12,
                    "unit": "Months",
                    "date": EMBARGOED_UNTIL if self.scenario == "embargo" else PARTLY_EMBARGOED_UNTIL,
                }
            }
        if query.get("with_total") == "true":
            body["count"] = min(limit, len(rows))
            body["total_count"] = len(rows) + (1 if self.scenario == "short" else 0)
        if deleted and self.scenario in ("numbered_deletions", "repeated_deletions"):
            start = 0 if self.scenario == "repeated_deletions" else (int(query.get("page", "1")) - 1) * limit
            return _json(body | {"data": rows[start : start + limit]})
        cursor = query.get("cursor", "0")
        start = int(cursor.removeprefix("synthetic-"))
        page, end = rows[start : start + limit], start + limit
        following = f"synthetic-{end}" if end < len(rows) else None
        if self.scenario == "stuck":
            following = "0"
        if query.get("_format") == "csv":
            text = csv_file(page)
            return Answer(200, text.encode(), "text/csv", {"X-Next-Cursor": following or "null"})
        if self.scenario == "truncated":
            return _json(body | {"data": page})
        return _json(body | {"data": page, "next_cursor": following})

    def _select(self, query: Mapping[str, str], *, deleted: bool) -> list[dict[str, Any]]:
        """Rows that a query asks for."""
        if deleted:
            since = int(query.get("deleted_timestamp", "0"))
            return [one for one in self.deleted() if int(one["deleted_timestamp"]) >= since]
        rows = self.rows()
        if query.get("event_date_where") == "BETWEEN":
            start, end = query["event_date"].split("|")
            rows = [one for one in rows if start <= one["event_date"] <= end]
        if query.get("timestamp_where") == ">=":
            rows = [one for one in rows if one["timestamp"] >= int(query["timestamp"])]
        if self.scenario == "embargo":
            return []
        if self.scenario == "partly_embargoed":
            rows = [one for one in rows if one["event_date"] <= PARTLY_EMBARGOED_UNTIL]
        if self.scenario == "string_numbers":
            rows = [
                {name: None if value == "" else str(value) for name, value in one.items()} for one in rows
            ]
        return rows


def _json(body: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())
