"""Client of ACLED's API: log-in by OAuth, events by cursor, changes since a time, deletions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from loaders.sources.acled_export import EmbargoError, embargo_date
from loaders.sources.http import Reply, Session, SourceError, address_of, setting
from loaders.sources.interface import Ask, Download

ADDRESS = "https://acleddata.com"
PAGE_ROWS = 5000

#: More pages than this is a server that never ends.
MAX_PAGES = 2000


@dataclass(frozen=True)
class Credentials:
    """A myACLED account; the password is never part of a message."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Credentials:
        """Read ACLED_EMAIL and ACLED_PASSWORD; raises :class:`SourceError` where one is not set."""
        return cls(
            setting(settings, "ACLED_EMAIL", "the e-mail address of a myACLED account"),
            setting(settings, "ACLED_PASSWORD", "the password of the myACLED account"),
        )


@dataclass(frozen=True)
class Events:
    """Events as the API sent them.

    Attributes
    ----------
    rows
        One mapping per event, in ACLED's own columns; values are text, numbers or None.
    restrictions
        ``data_query_restrictions`` of the answers; empty where the account sees everything.
    """

    rows: list[dict[str, Any]]
    restrictions: dict[str, Any]

    @property
    def visible_until(self) -> date | None:
        """Last day that an embargoed account may see; None without embargo."""
        return embargo_date(self.restrictions)[1]

    @property
    def last_timestamp(self) -> int | None:
        """Latest upload time, Unix seconds: ask for changes since then next time."""
        times = [int(float(row["timestamp"])) for row in self.rows if row.get("timestamp")]
        return max(times, default=None)

    @property
    def source(self) -> bytes:
        """The rows as one API answer, which ``acled_export.read_export`` reads; the same rows give the same bytes."""
        return _source(self, {})


class Acled:
    """The API, logged in at the first request.

    Parameters
    ----------
    session
        Open session; ACLED asks for patience, keep its spacing at 1 s or more.
    credentials
        Account to log in with.
    address
        Address of the service, without a slash at the end.
    page_rows
        Rows to ask for in one request.
    """

    def __init__(
        self,
        session: Session,
        credentials: Credentials,
        *,
        address: str = ADDRESS,
        page_rows: int = PAGE_ROWS,
    ) -> None:
        self._session = session
        self._credentials = credentials
        self._address = address
        self._page_rows = page_rows
        self._access = ""
        self._refresh = ""

    def events(self, start: date, end: date, *, since: int | None = None) -> Events:
        """Events of Haiti.

        Parameters
        ----------
        start, end
            First and last day of the events.
        since
            Only events added or changed at this time or later, Unix seconds; none of them is an ordinary answer.

        Returns
        -------
        Events
            Each event once, in its latest version.

        Raises
        ------
        EmbargoError
            No rows, and the account may not see recent events: this is not "0 events".
        SourceError
            Log-in refused, service unreachable, answer damaged or not complete.
        """
        params: dict[str, str | int] = {
            "country": "Haiti",
            "event_date": f"{start}|{end}",
            "event_date_where": "BETWEEN",
            "with_total": "true",
        }
        if since is not None:
            params |= {"timestamp": since, "timestamp_where": ">="}
        rows: list[dict[str, Any]] = []
        restrictions: dict[str, Any] = {}
        total = 0
        for body in self._pages("/api/acled/read", params):
            rows += body["data"]
            restrictions = body.get("data_query_restrictions") or restrictions
            total = max(total, _whole(body.get("total_count", body.get("count"))))
        restricted, until = embargo_date(restrictions)
        if restricted and not rows:
            raise EmbargoError(until, f"{start} to {end}")
        if len(rows) < total:
            raise SourceError(
                f"ACLED: truncated: {len(rows)} of {total} events of {start} to {end} arrived. Nothing was used; "
                "run the refresh again, or ask for a shorter period."
            )
        return Events(_latest(rows), restrictions)

    def deletions(self, since: int) -> pd.DataFrame:
        """Events of Haiti that ACLED deleted.

        Parameters
        ----------
        since
            Deleted at this time or later, Unix seconds.

        Returns
        -------
        DataFrame
            ``event_id`` (``str``), ``deleted_timestamp`` (``int64``, Unix seconds); one row per event, its last deletion.

        Raises
        ------
        SourceError
            As :meth:`events`.
        """
        params: dict[str, str | int] = {
            "event_id_cnty": "HTI",
            "deleted_timestamp": since,
            "deleted_timestamp_where": ">=",
        }
        latest: dict[str, int] = {}
        for body in self._pages("/api/deleted/read", params, numbered=True):
            for row in body["data"]:
                try:
                    event_id, moment = str(row["event_id_cnty"]), int(float(row["deleted_timestamp"]))
                except (KeyError, TypeError, ValueError):
                    raise SourceError(
                        f"ACLED: a deletion has no event_id_cnty or deleted_timestamp: {str(row)[:120]}. The format of "
                        f"{self._address}/api/deleted/read has changed; the client must be adapted."
                    ) from None
                if event_id.startswith("HTI"):
                    latest[event_id] = max(moment, latest.get(event_id, 0))
        return pd.DataFrame(
            {
                "event_id": pd.Series(list(latest), dtype="str"),
                "deleted_timestamp": pd.Series(list(latest.values()), dtype="int64"),
            }
        )

    def _pages(
        self, path: str, params: Mapping[str, str | int], *, numbered: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Answers page by page, by cursor; with ``numbered`` also from a server that still counts pages.

        An explicit null cursor ends, and so does a page that is not full without a cursor. A full page without one is
        truncated, and a cursor that comes again would never end.
        """
        where = self._address + path
        query = {**params, "limit": self._page_rows, "_format": "json"}
        position: dict[str, str | int] = {"cursor": 0}
        seen = {"0"}
        before: list[Any] = []
        for number in range(1, MAX_PAGES + 1):
            body = _envelope(self._read(where, {**query, **position}))
            rows = body["data"]
            if rows and rows == before:
                raise SourceError(
                    f"ACLED: {where} sends the same page again: truncated after {number - 1} pages. {_AGAIN}"
                )
            before = rows
            yield body
            if "next_cursor" in body:
                cursor = body["next_cursor"]
                if cursor is None:
                    return
                if str(cursor) in seen:
                    raise SourceError(
                        f"ACLED: the cursor of {where} does not move on from page {number}. {_AGAIN}"
                    )
                seen.add(str(cursor))
                position = {"cursor": cursor}
            elif len(rows) < self._page_rows:
                return
            elif numbered:
                position = {"page": number + 1}
            else:
                raise SourceError(
                    f"ACLED: truncated: {where} sent a full page of {len(rows)} rows and no next_cursor. {_AGAIN}"
                )
        raise SourceError(f"ACLED: {where} did not end after {MAX_PAGES} pages. {_AGAIN}")

    def _read(self, where: str, query: Mapping[str, str | int]) -> Reply:
        if not self._access:
            self._log_in()
        reply = self._session.get(where, params=query, headers=self._authorization)
        if reply.status == 401:
            self._renew()
            reply = self._session.get(where, params=query, headers=self._authorization)
        if reply.status == 401:
            raise SourceError(
                f"ACLED: {where} refuses a token it has just issued (401). Log in at {self._address} with the account "
                "and check that it is active."
            )
        if reply.status == 403:
            raise SourceError(
                f"ACLED: {where} denies access (403): {_message(reply)}. Log in at {self._address}, accept the terms, "
                "fill in the required fields of the profile, and check that the account may use the API."
            )
        if reply.status != 200:
            raise SourceError(f"ACLED: {where} answered {reply.status}: {_message(reply)}. {_AGAIN}")
        return reply

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access}"}

    def _log_in(self) -> None:
        reply = self._token(
            username=self._credentials.username,
            password=self._credentials.password,
            grant_type="password",
            scope="authenticated",
        )
        if reply.status == 200:
            return
        if reply.status in (400, 401):
            raise SourceError(
                f"ACLED: log-in refused ({reply.status}): {_message(reply)}. Check ACLED_EMAIL and ACLED_PASSWORD by "
                f"logging in at {self._address}."
            )
        raise SourceError(
            f"ACLED: log-in at {reply.where} answered {reply.status}: {_message(reply)}. {_AGAIN}"
        )

    def _renew(self) -> None:
        """A new token by the refresh token, or by the password where that is refused."""
        if (
            not self._refresh
            or self._token(refresh_token=self._refresh, grant_type="refresh_token").status != 200
        ):
            self._log_in()

    def _token(self, **form: str) -> Reply:
        reply = self._session.post(f"{self._address}/oauth/token", data={**form, "client_id": "acled"})
        if reply.status == 200:
            body = reply.json()
            if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
                raise SourceError(
                    f"ACLED: {reply.where} answered without access_token. The log-in of the API has changed; the client "
                    "must be adapted."
                )
            self._access = body["access_token"]
            self._refresh = str(body.get("refresh_token") or "")
        return reply


def fetch(session: Session, settings: Mapping[str, str], ask: Ask) -> Download:
    """Fetch events of Haiti and deletions: all for an empty state, else what changed since the last refresh.

    The body is one JSON object: ``data`` and ``data_query_restrictions`` as ACLED sends them, ``deleted`` (the answer of
    ``/api/deleted/read``), and ``span`` (first and last day) where it holds every event of a period.

    Raises
    ------
    EmbargoError
        As :meth:`Acled.events`.
    SourceError
        A credential is not set, or as :meth:`Acled.events`.
    """
    api = Acled(session, Credentials.of(settings), address=address_of(settings, "ACLED_ADDRESS", ADDRESS))
    since = _whole(ask.state.get("since")) or None
    # Deletions first: an event that is deleted while the events are read is then fetched or listed next time.
    gone = api.deletions(since or 0)
    found = api.events(ask.start, ask.end, since=since)
    latest = max(found.last_timestamp or 0, since or 0)
    more: dict[str, Any] = {"deleted": gone.to_dict("records")}
    is_restricted = embargo_date(found.restrictions)[0]
    if since is None and (not is_restricted or found.visible_until is not None):
        # What an embargo hides is not gone: the answer is whole up to the last day that the account may see.
        end = min(ask.end, found.visible_until or ask.end)
        more["span"] = [ask.start.isoformat(), end.isoformat()]
    name = "acled-changes.json" if since else "acled-events.json"
    # Events that an embargo hid come into view with old upload times: only a full load finds them.
    return Download(name, _source(found, more), {"since": latest} if latest and not is_restricted else {})


def _source(found: Events, more: Mapping[str, Any]) -> bytes:
    body = {**more, "data": found.rows, "data_query_restrictions": found.restrictions}
    return json.dumps(body, ensure_ascii=False).encode()


_AGAIN = "Nothing was used; run the refresh again, and report it to ACLED if it stays."


def _envelope(reply: Reply) -> dict[str, Any]:
    body = reply.json()
    if not isinstance(body, dict):
        raise SourceError(f"ACLED: {reply.where}: the answer is not an object with 'data'. {_AGAIN}")
    if body.get("success") is False or _whole(body.get("status")) >= 400:
        raise SourceError(f"ACLED: {reply.where} reports an error: {_message(reply)}. {_AGAIN}")
    rows = body.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"ACLED: {reply.where}: the answer has no list of rows under 'data'. {_AGAIN}")
    return body


def _message(reply: Reply) -> str:
    """What an answer says about an error: ``message`` or ``messages``, text or list, else its first words."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply.text
    if not isinstance(body, dict):
        return reply.text
    said = body.get("message") or body.get("messages") or body.get("error_description") or body.get("error")
    texts = said if isinstance(said, list) else [said]
    return "; ".join(str(text).rstrip(".") for text in texts if text)[:300] or reply.text


def _latest(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each event once, in its latest version; rows without an id all stay, for the reader to reject."""
    found: dict[object, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        key = row.get("event_id_cnty") or number
        if key not in found or _whole(row.get("timestamp")) >= _whole(found[key].get("timestamp")):
            found[key] = row
    return list(found.values())


def _whole(value: Any) -> int:
    """A whole number that may be text; 0 for anything else."""
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return 0
