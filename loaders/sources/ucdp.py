"""Releases of UCDP: found on its downloads page, fetched as CSV without a token, or asked from the API with one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from loaders.sources.http import Reply, Session, SourceError

DOWNLOADS = "https://ucdp.uu.se/downloads/"
API = "https://ucdpapi.pcr.uu.se/api"

#: Gleditsch-Ward number of Haiti.
HAITI = 41

#: UCDP answers 400 to a burst of requests and wants half a minute of silence.
BURST_SECONDS = 35.0
BURST_TRIES = 4
MAX_PAGES = 5000

_FINAL = re.compile(r"ged/ged(\d{2})(\d)-csv\.zip", re.IGNORECASE)
_MONTH = re.compile(r"candidateged/GEDEvent_v(\d{2})_0_(\d{1,2})\.csv", re.IGNORECASE)
_MONTHS = re.compile(r"candidateged/GEDEvent_v(\d{2})_01_\d{2}_(\d{2})\.csv", re.IGNORECASE)


class UnknownReleaseError(SourceError):
    """The API does not know a release; its CSV file may still be there."""


@dataclass(frozen=True)
class Release:
    """One release of the event data.

    Attributes
    ----------
    version
        As UCDP writes it: 26.1, 26.0.8, 26.01.26.06.
    path
        Address below the downloads page.
    is_final
        A yearly release, which covers all years up to ``year``; otherwise candidate events of ``year``.
    year, month
        Last month covered.
    """

    version: str
    path: str
    is_final: bool
    year: int
    month: int

    @property
    def order(self) -> tuple[int, int, bool, bool, str]:
        """Oldest first; a consolidated release follows the single month it ends with, a final one its whole year."""
        return (self.year, self.month, self.is_final, self.version.count(".") == 3, self.version)

    @property
    def earliest(self) -> date:
        """First day on which it can have been published: the day after the last month it covers."""
        return date(self.year + self.month // 12, self.month % 12 + 1, 1)


def release(name: str) -> Release:
    """Release by its address or file name.

    Raises
    ------
    SourceError
        The name is none of UCDP's.
    """
    stem = name.rpartition("/")[2]
    for folder in ("candidateged/", "ged/"):
        found = releases(folder + stem)
        if found:
            return found[0]
    raise SourceError(
        f"UCDP: {stem!r} is not the name of a release. Keep UCDP's own name: GEDEvent_v26_0_8.csv, "
        "GEDEvent_v26_01_26_06.csv or ged261-csv.zip."
    )


def releases(page: str) -> list[Release]:
    """Releases that a page links to, oldest first, each once; empty where there is none."""
    found = {
        *(
            Release(f"{y}.{n}", match[0], is_final=True, year=1999 + int(y), month=12)
            for match in _FINAL.finditer(page)
            for y, n in [match.groups()]
        ),
        *(
            Release(f"{y}.0.{int(m)}", match[0], is_final=False, year=2000 + int(y), month=int(m))
            for match in _MONTH.finditer(page)
            for y, m in [match.groups()]
        ),
        *(
            Release(f"{y}.01.{y}.{m}", match[0], is_final=False, year=2000 + int(y), month=int(m))
            for match in _MONTHS.finditer(page)
            for y, m in [match.groups()]
        ),
    }
    return sorted({one.path.lower(): one for one in found}.values(), key=lambda one: one.order)


def needed(found: Sequence[Release]) -> list[Release]:
    """Releases that together make the data: the newest final one, and the candidates of the years after it."""
    finals = [one for one in found if one.is_final][-1:]
    covered = finals[0].year if finals else 0
    return finals + [one for one in found if not one.is_final and one.year > covered]


def discover(session: Session, *, downloads: str = DOWNLOADS) -> list[Release]:
    """Releases on the downloads page, oldest first.

    Raises
    ------
    SourceError
        The page cannot be read or links to no release.
    """
    reply = session.get(downloads)
    if reply.status != 200:
        raise SourceError(
            f"UCDP: {reply.where} answered {reply.status}. Open it in a browser; give the files by hand until it works."
        )
    found = releases(reply.body.decode("utf-8", errors="replace"))
    if not found:
        raise SourceError(
            f"UCDP: {reply.where} links to no release of events. The page has changed: download the CSV by hand and give "
            "it as a file."
        )
    return found


def download(session: Session, one: Release, *, downloads: str = DOWNLOADS) -> bytes:
    """Bytes of a release: a CSV, or for a final release a ZIP archive with one.

    Raises
    ------
    SourceError
        The file cannot be fetched.
    """
    reply = session.get(downloads + one.path)
    if reply.status != 200:
        raise SourceError(
            f"UCDP: {reply.where} answered {reply.status}. Release {one.version} was not fetched; run again."
        )
    return reply.body


def events(
    session: Session, version: str, access: str, start: date, end: date, *, api: str = API
) -> list[dict[str, Any]]:
    """Events of Haiti from the API.

    Parameters
    ----------
    session
        Open session; its ``sleep`` also waits out UCDP's limit on bursts.
    version
        Release, such as 26.1 or 26.0.8.
    access
        Token, sent to this API only.
    start, end
        First and last day of ``date_end``.

    Returns
    -------
    list of dict
        One per event, in UCDP's columns. Pages follow the links of the answers; the first link back is followed too, since
        clients disagree on whether pages count from 0 or 1. ``TotalCount`` counts rows that are never sent and is not used.

    Raises
    ------
    SourceError
        Token refused, unknown version, limit on requests, answer damaged or not complete.
    """
    where = f"{api}/gedevents/{version}"
    query: dict[str, str | int] = {
        "pagesize": 1000,
        "Country": HAITI,
        "StartDate": start.isoformat(),
        "EndDate": end.isoformat(),
    }
    body = _page(session, where, access, version, query)
    seen = {where}
    while link := body.get("PreviousPageUrl"):
        body = _page(session, _next(link, where, seen), access, version, None)
    found: dict[object, dict[str, Any]] = {}
    pages = 1
    while True:
        for number, row in enumerate(body["Result"]):
            found[row.get("id") or (pages, number)] = row
        link = body.get("NextPageUrl")
        if not link:
            break
        body = _page(session, _next(link, where, seen), access, version, None)
        pages += 1
    if pages < int(body.get("TotalPages") or 0):
        raise SourceError(
            f"UCDP: truncated: {where} sent {pages} of {body['TotalPages']} pages. Run the refresh again."
        )
    return list(found.values())


def _page(
    session: Session, address: str, access: str, version: str, query: Mapping[str, str | int] | None
) -> dict[str, Any]:
    headers = {"x-ucdp-access-token": access}
    reply = session.get(address, params=query, headers=headers)
    for _again in range(BURST_TRIES - 1):
        if reply.status != 400:
            break
        session.sleep(BURST_SECONDS)
        reply = session.get(address, params=query, headers=headers)
    _refuse(reply, version)
    body = reply.json()
    rows = body.get("Result") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceError(
            f"UCDP: {reply.where}: the answer has no list under 'Result'. The API has changed; use the CSV files meanwhile."
        )
    return dict(body)


def _refuse(reply: Reply, version: str) -> None:
    if reply.status == 200:
        return
    advice = {
        400: f"Its limit on requests was still in force after {BURST_TRIES} tries, or the request is wrong. Wait an hour, "
        "or use the CSV files, which need no token",
        401: "Check UCDP_TOKEN, or use the CSV files, which need none",
        404: f"There is no release {version}; see ucdp.uu.se/downloads",
    }.get(reply.status, "Run the refresh again later")
    kind = UnknownReleaseError if reply.status == 404 else SourceError
    raise kind(f"UCDP: {reply.where} answered {reply.status}: {reply.text or 'no text'}. {advice}.")


def _next(link: Any, where: str, seen: set[str]) -> str:
    """The link to another page, if it stays on the API and is new."""
    address = str(link)
    here, there = urlsplit(where), urlsplit(address)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise SourceError(
            f"UCDP: {where} links to another host, {there.netloc}: the token is not sent there. Use the CSV files, and "
            "report it to UCDP."
        )
    if address in seen or len(seen) > MAX_PAGES:
        raise SourceError(
            f"UCDP: the pages of {where} run in a circle. Use the CSV files, and report it to UCDP."
        )
    seen.add(address)
    return address
