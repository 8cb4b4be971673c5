"""The weekly digest: what changed from one snapshot to the next, in sentences from fixed templates, each with its link.

The same two snapshots on the same day give the same text in each language; no language model takes part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import pandas as pd

from loaders.contracts import CONTRACTS
from monitor.analysis import digest as analysis
from monitor.analysis.model import Model
from monitor.charts.style import site_label, status_label
from monitor.export.figures.base import place_names
from monitor.export.link import address
from monitor.language import _, format_date, format_number, language, ngettext
from monitor.vocabulary import remark, word


@dataclass(frozen=True)
class Line:
    """A sentence, the link to the page that shows it, and the page of its source where there is one."""

    text: str
    link: str
    source: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    section_id: str
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Digest:
    """All that changed between two snapshots."""

    title: str
    subtitle: str
    summary: str
    sections: tuple[Section, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed; data may be overdue all the same."""
        return not any(section.lines for section in self.sections if section.section_id != "overdue")


def digest(before: Model, after: Model, *, today: date, site: str = "") -> Digest:
    """Put what changed into sentences.

    Parameters
    ----------
    before, after
        Models of the earlier and of the later snapshot.
    today
        Day by which data are overdue or not.
    site
        Address of the dashboard with a slash at the end; empty where it is not known.
    """
    day = after.last_date()
    names = place_names(after)

    def link(page: str, **parameters: str) -> str:
        lang = {"lang": language()} if language() != "en" else {}
        return site + address(page, {**parameters, **lang, "snap": after.snapshot_id})

    def area_link(area: str) -> str:
        return link("territorial-control", as_of=day.isoformat(), area=area)

    places = analysis.places_changed(before, after)
    statements = after.assertions().drop_duplicates("assertion_id").set_index("assertion_id")

    def place_lines(kind: str) -> tuple[Line, ...]:
        return tuple(
            _place_line(row, names, statements, area_link)
            for row in places[places["kind"] == kind].itertuples()
        )

    fresh, denied = analysis.claims_new(before, after)
    sections = (
        Section("gained", _("Gained by the state"), place_lines("gained")),
        Section("lost", _("Lost to gangs"), place_lines("lost")),
        Section("other", _("Other changes of status"), place_lines("other")),
        Section("stale", _("No longer known"), place_lines("stale")),
        Section("claimed", _("Claimed as retaken"), _claim_lines(fresh, names, link)),
        Section("denied", _("Claims denied"), _denial_lines(denied, names, link)),
        Section("corrected", _("Corrected"), _correction_lines(before, after, names, area_link)),
        Section("sites", _("Key sites"), _site_lines(before, after, link, day)),
        Section("overdue", _("Overdue data"), _overdue_lines(after, today, link)),
    )
    counts = {section.section_id: len(section.lines) for section in sections}
    changed = sum(number for name, number in counts.items() if name != "overdue")
    return Digest(
        title=_("What changed in Port-au-Prince, to {date}").format(date=format_date(day)),
        subtitle=_(
            "From snapshot {before} to snapshot {after}; all claims; a report counts for 180 days"
        ).format(before=before.snapshot_id, after=after.snapshot_id),
        summary=_summary(counts) if changed else _("No change recorded between these two snapshots."),
        sections=sections,
    )


def _summary(counts: dict[str, int]) -> str:
    return _(
        "{gained} areas gained by the state, {lost} lost to gangs, {other} changed otherwise, {stale} no longer known; "
        "{claimed} new claims, {denied} denied; {corrected} corrections; {sites} sites changed."
    ).format(**{name: format_number(number) for name, number in counts.items()})


def _place_line(row: Any, names: Any, statements: pd.DataFrame, link: Callable[[str], str]) -> Line:
    said = statements.loc[row.assertion_id] if row.assertion_id in statements.index else None
    text = _("{place}: {before} → {after}").format(
        place=names.get(row.neighborhood_id, row.neighborhood_id),
        before=status_label(row.status_from).lower(),
        after=status_label(row.status_to).lower(),
    )
    if pd.notna(row.confirmed_on):
        text += ", " + _("last report {date}").format(date=format_date(row.confirmed_on))
    if said is None:
        return Line(text + ".", link(row.neighborhood_id))
    url = said["source_url"] if isinstance(said["source_url"], str) else ""
    return Line(f"{text} ({said['source_publisher']}).", link(row.neighborhood_id), url)


def _claim_lines(rows: pd.DataFrame, names: Any, link: Callable[..., str]) -> tuple[Line, ...]:
    return tuple(
        Line(
            _("{date}, {place}: {who} says that it was retaken ({publisher}).").format(
                date=format_date(row.claim_date),
                place=names.get(row.neighborhood_id, row.neighborhood_id),
                who=_who(row),
                publisher=row.source_publisher,
            ),
            link("retaken-areas", as_of=f"{row.claim_date:%Y-%m-%d}"),
            row.source_url if isinstance(row.source_url, str) else "",
        )
        for row in rows.itertuples()
    )


def _who(row: Any) -> str:
    return (
        remark(row.claimant_name)
        if isinstance(row.claimant_name, str) and row.claimant_name
        else word("claimant", row.claimant)
    )


def _denial_lines(rows: pd.DataFrame, names: Any, link: Callable[..., str]) -> tuple[Line, ...]:
    return tuple(
        Line(
            _("{place}: the claim of {date} was denied on {when} by {who}.").format(
                place=names.get(row.neighborhood_id, row.neighborhood_id),
                date=format_date(row.claim_date),
                when=format_date(row.denied_on),
                who=row.denied_by,
            ),
            link("retaken-areas", as_of=f"{row.denied_on:%Y-%m-%d}"),
        )
        for row in rows.itertuples()
    )


def _correction_lines(
    before: Model, after: Model, names: Any, link: Callable[[str], str]
) -> tuple[Line, ...]:
    lines = []
    for row in analysis.corrected(before, after).itertuples():
        place = names.get(row.neighborhood_id, row.neighborhood_id)
        if row.kind == "removed":
            text = _("{place}: statement {id} was taken out.").format(place=place, id=row.assertion_id)
        else:
            text = _("{place}: statement {id} was changed ({columns}).").format(
                place=place, id=row.assertion_id, columns=row.columns
            )
        lines.append(Line(text, link(row.neighborhood_id)))
    return tuple(lines)


def _site_lines(before: Model, after: Model, link: Callable[..., str], day: date) -> tuple[Line, ...]:
    return tuple(
        Line(
            _("{site}: {before} → {after}.").format(
                site=remark(row.name),
                before=site_label(row.status_from).lower(),
                after=site_label(row.status).lower(),
            ),
            link("key-sites", as_of=day.isoformat(), site=row.site_id),
        )
        for row in analysis.sites_changed(before, after).itertuples(index=False)
    )


def _overdue_lines(after: Model, today: date, link: Callable[..., str]) -> tuple[Line, ...]:
    known = [name for name in CONTRACTS if _is_kept(after, name)]
    return tuple(
        Line(
            ngettext(
                "{title}: last date {last}, {days} day ago; usually every {cadence} days.",
                "{title}: last date {last}, {days} days ago; usually every {cadence} days.",
                row.days,
            ).format(
                title=_(row.title),
                last=format_date(row.last),
                days=format_number(row.days),
                cadence=format_number(row.cadence_days),
            ),
            link("data-status", dataset=row.dataset_id),
        )
        for row in analysis.overdue(after, known, today).itertuples()
    )


def _is_kept(model: Model, dataset_id: str) -> bool:
    try:
        model.provenance(dataset_id)
    except (KeyError, RuntimeError):
        return False
    return True


def text(of: Digest) -> str:
    """The digest as plain text, for a message or a ticket."""
    parts = [of.title, of.subtitle, "", of.summary]
    for section in of.sections:
        if section.lines:
            parts += ["", f"{section.heading} ({format_number(len(section.lines))})"]
            for line in section.lines:
                parts.append(f"- {line.text}\n  {line.link}" + (f"\n  {line.source}" if line.source else ""))
    return "\n".join(parts) + "\n"


def html(of: Digest) -> str:
    """The digest as the body of an e-mail: no scripts, no pictures, nothing fetched."""
    parts = [
        f'<h1 style="font-size:20px;margin:0 0 4px">{escape(of.title)}</h1>',
        f'<p style="color:#52606d;margin:0 0 12px">{escape(of.subtitle)}</p>',
        f'<p style="font-size:16px"><strong>{escape(of.summary)}</strong></p>',
    ]
    for section in of.sections:
        if not section.lines:
            continue
        items = "".join(
            f'<li style="margin:4px 0">{_linked(line.text, line.link)}'
            + (f" · {_linked(_('source'), line.source)}" if line.source else "")
            + "</li>"
            for line in section.lines
        )
        heading = f"{section.heading} ({format_number(len(section.lines))})"
        parts.append(
            f'<h2 style="font-size:16px;margin:16px 0 4px">{escape(heading)}</h2>'
            f'<ul style="margin:0;padding-left:20px">{items}</ul>'
        )
    font = "font-family:'Segoe UI','Noto Sans','Liberation Sans',Arial,sans-serif"
    return (
        f'<!DOCTYPE html><html lang="{language()}"><head><meta charset="utf-8"><title>{escape(of.title)}</title></head>'
        f'<body style="{font};font-size:14px;line-height:1.4;color:#1f2933;background:#ffffff;max-width:720px;margin:16px auto">'
        f"{''.join(parts)}</body></html>\n"
    )


def _linked(words: str, url: str) -> str:
    """A link, where the address is one that a reader may follow."""
    if url.startswith(("https://", "http://")):
        return f'<a href="{escape(url)}" style="color:#1a5599">{escape(words)}</a>'
    return escape(words)


#: Lines on the slide; the rest is counted.
_SLIDE_LINES = 24


def slide(of: Digest) -> bytes:
    """The digest as one PPTX slide, with the whole text in its notes."""
    from monitor.export.packs import digest_slide

    lines: list[tuple[str, str]] = []
    for section in of.sections:
        if section.lines:
            lines.append((f"{section.heading} ({format_number(len(section.lines))})", ""))
            lines += [(f"– {line.text}", line.link if "://" in line.link else "") for line in section.lines]
    if len(lines) > _SLIDE_LINES:
        more = len(lines) - _SLIDE_LINES + 1
        lines = [
            *lines[: _SLIDE_LINES - 1],
            (_("… and {more} more lines in the notes").format(more=more), ""),
        ]
    return digest_slide(of.title, of.summary, lines, text(of))
