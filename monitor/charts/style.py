"""The one look of all figures: palette, template, and the stamp that lets a screenshot stand alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
import plotly.io

from loaders.contracts import Status
from monitor.analysis.breaks import Break
from monitor.charts.breaks import marked_breaks
from monitor.charts.drawing import Drawing, StampedFigure, merge, plain
from monitor.language import MONTHS, _, format_date, format_percent, language, separators

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
)
INK, GREY, PALE, PAPER = "#1f2933", "#52606d", "#e4e7eb", "#ffffff"
#: Behind a text that stands on lines or fills.
PLATE = "rgba(255,255,255,0.78)"

STATUS_COLOURS: Mapping[str, str] = {
    Status.GANG_CONTROL: "#b2182b",
    Status.GANG_INFLUENCE: "#ef8a62",
    Status.CONTESTED: "#f7d96b",
    Status.STATE_PRESENCE: "#67a9cf",
    Status.STATE_HELD: "#2166ac",
    Status.THIRD_PARTY: "#7b3294",
    Status.UNKNOWN: "#d9d9d9",
    Status.NO_DATA: "#ffffff",
}

# A figure has the look that `stamped` gives it; Plotly would copy its own template into every figure first.
plotly.io.templates.default = None

#: Text colours that keep a contrast of 4.5 on white where the fill itself would not.
STATUS_INKS: Mapping[str, str] = {
    **STATUS_COLOURS,
    Status.GANG_INFLUENCE: "#b3542d",
    Status.CONTESTED: "#806600",
    Status.STATE_PRESENCE: "#2b6f99",
    Status.UNKNOWN: "#616e7c",
    Status.NO_DATA: "#616e7c",
}

SITE_COLOURS: Mapping[str, str] = {
    "open": "#2166ac",
    "reduced": "#67a9cf",
    "closed": "#b2182b",
    "destroyed": "#5f0f1b",
    "unknown": "#d9d9d9",
    "no_data": "#ffffff",
}

#: Order in which statuses are stacked and listed: gangs first, unknown last.
STATUS_ORDER = tuple(str(status) for status in Status)


def status_label(status: str) -> str:
    """A status in words."""
    return _status_labels(language())[status]


@lru_cache(maxsize=8)
def _status_labels(code: str) -> Mapping[str, str]:
    """All statuses in words, in the current language, which is `code`: figures ask for thousands."""
    return {
        Status.GANG_CONTROL: _("Gang control"),
        Status.GANG_INFLUENCE: _("Gang influence"),
        Status.CONTESTED: _("Contested"),
        Status.STATE_PRESENCE: _("State presence"),
        Status.STATE_HELD: _("State held"),
        Status.THIRD_PARTY: _("Self-defence or other"),
        Status.UNKNOWN: _("Unknown (stale)"),
        Status.NO_DATA: _("No data"),
    }


def said_label(status: str) -> str:
    """What a statement says, in words: one that leaves open who holds a place is not stale for that."""
    return _("Does not say who holds it") if status == Status.UNKNOWN else status_label(status)


def site_label(status: str) -> str:
    """A state of a site in words."""
    return {
        "open": _("Open"),
        "reduced": _("Reduced"),
        "closed": _("Closed"),
        "destroyed": _("Destroyed"),
        "unknown": _("Unknown (stale)"),
        "no_data": _("No report yet"),
    }[status]


def evidence_label(evidence: str) -> str:
    """An evidence level in words."""
    return {"all_claims": _("all claims"), "corroborated": _("corroborated")}[evidence]


@dataclass(frozen=True)
class Stamp:
    """What a figure says about itself, inside the picture.

    Attributes
    ----------
    title
        The finding, as a sentence.
    as_of
        Date the figure shows; None for a figure over time.
    sources
        Who the data comes from, with licence and access date.
    snapshot_id
        Snapshot of the datasets the figure was drawn from.
    caveat
        What the reader must not read into it.
    known_on, evidence, denominator
        Printed where they apply.
    breaks
        Breaks of the figure's sources, which :func:`stamped` draws; ``footnotes`` says what it drew.
    datasets
        Ids of the datasets drawn; not printed.
    is_pinned
        Whether the figure keeps to this snapshot; a live one shows the current one.
    """

    title: str
    sources: str
    snapshot_id: str
    caveat: str = ""
    as_of: date | None = None
    known_on: date | None = None
    evidence: str | None = None
    denominator: str | None = None
    notes: tuple[str, ...] = field(default=())
    datasets: tuple[str, ...] = field(default=())
    is_pinned: bool = False
    breaks: tuple[Break, ...] = field(default=())
    footnotes: tuple[str, ...] = field(default=())

    @property
    def subtitle(self) -> str:
        """As-of date, known-on date, evidence level and denominator in one line."""
        parts = []
        if self.as_of is not None:
            parts.append(_("As of {date}").format(date=format_date(self.as_of)))
        if self.known_on is not None:
            parts.append(_("as known on {date}").format(date=format_date(self.known_on)))
        if self.evidence is not None:
            parts.append(_("evidence: {level}").format(level=evidence_label(self.evidence)))
        if self.denominator is not None:
            parts.append(self.denominator)
        return " · ".join([*parts, *self.notes])

    @property
    def footer(self) -> str:
        """Caveat, sources and snapshot."""
        parts = [part for part in (self.caveat, *self.footnotes) if part]
        parts.append(_("Source: {sources}").format(sources=self.sources))
        snapshot = _("Snapshot {id}, pinned") if self.is_pinned else _("Snapshot {id}, live")
        parts.append(snapshot.format(id=self.snapshot_id))
        return " ".join(part if part.endswith(".") else part + "." for part in parts)


#: Widths (px) for which a stamp is laid out, those of the fixed canvases among them; the browser takes the widest that fits.
FIT_WIDTHS = (230, 340, 420, 500, 570, 635, 720, 800, 845, 1020, 1125, 1360)

#: Width under which a figure is laid out for a phone.
NARROW_PX = 600

#: Width for which a figure's height is stated.
_REFERENCE_PX = 800

_TITLE_PX, _TEXT_PX, _KEY_PX = 17, 13, 12
#: Type of the footer and distance of its lines.
FOOTER_PX, FOOTER_LINE_PX = 11, 15
#: A last line of no more characters than this gets a word from the line before.
_ORPHAN = 6
#: Up to this count an axis would have ticks between whole numbers.
_FEW = 8
#: All lines of a title stand this far apart, whatever their size.
_LINE_PX = 22
#: Mean width of a character of the font stack, in ems, and of a bold one.
_CHARACTER_RATIO, _BOLD_RATIO = 0.5, 0.55


def wrapped(text: str, width: int, size: int, ratio: float = _CHARACTER_RATIO) -> list[str]:
    """Words of a text in lines that fit into a width in px; a time bar needs thousands of them.

    A line is broken at plain spaces only: a number stays with its sign, a French mark with its word.
    """
    room = max(20, int((width - 24) / (size * ratio)))
    lines: list[str] = []
    used = room
    for word in filter(None, text.split(" ")):
        if used + 1 + len(word) <= room:
            lines[-1] += f" {word}"
            used += 1 + len(word)
        else:
            pieces = [word[start : start + room] for start in range(0, len(word), room)]
            lines += pieces
            used = len(pieces[-1])
    if len(lines) > 1 and len(lines[-1]) <= _ORPHAN:
        before, _gap, last = lines[-2].rpartition(" ")
        if before:
            lines[-2:] = [before, f"{last} {lines[-1]}"]
    return lines


@dataclass(frozen=True)
class Key:
    """An entry of a figure's key: a mark, its colour, and what it stands for."""

    mark: str
    colour: str
    label: str


def _key_lines(key: Sequence[Key], width: int) -> list[str]:
    """Entries of the key in as many lines as the width needs."""
    room = int((width - 24) / (_KEY_PX * _CHARACTER_RATIO))
    lines: list[list[Key]] = []
    used = room
    for entry in key:
        needs = len(entry.label) + 5
        if used + needs > room:
            lines.append([])
            used = 0
        lines[-1].append(entry)
        used += needs
    return [
        "\u2003".join(
            f'<span style="color:{entry.colour}">{entry.mark}</span> {entry.label}' for entry in line
        )
        for line in lines
    ]


def _title_lines(stamp: Stamp, key: Sequence[Key], width: int) -> list[str]:
    """Title, subtitle and key as lines of markup for a width."""
    return [
        *(f"<b>{line}</b>" for line in wrapped(stamp.title, width, _TITLE_PX, _BOLD_RATIO)),
        *(
            f'<span style="font-size:{_TEXT_PX}px;color:{GREY}">{line}</span>'
            for line in wrapped(stamp.subtitle, width, _TEXT_PX)
        ),
        *(f'<span style="font-size:{_KEY_PX}px">{line}</span>' for line in _key_lines(key, width)),
    ]


def title_texts(stamp: Stamp, key: Sequence[Key] = ()) -> list[str]:
    """Text of the title for each of ``FIT_WIDTHS``, as :func:`stamped` sets it."""
    return ["<br>".join(_title_lines(stamp, key, width)) for width in FIT_WIDTHS]


def _fit(stamp: Stamp, key: Sequence[Key], width: int, below: int, above: int) -> dict[str, Any]:
    """Layout values of the stamp for one width: texts with line breaks, and the margins they need."""
    title = _title_lines(stamp, key, width)
    footer = wrapped(stamp.footer, width, FOOTER_PX)
    return {
        "title.text": "<br>".join(title),
        "margin.t": 14 + _LINE_PX * len(title) + above,
        "margin.b": 12 + FOOTER_LINE_PX * len(footer) + below,
        "annotations[0].text": "<br>".join(footer),
    }


def stamped(
    figure: Drawing,
    stamp: Stamp,
    *,
    height: int,
    below: int = 26,
    above: int = 10,
    left: int = 12,
    right: int = 12,
    key: Sequence[Key] = (),
    narrow: Mapping[str, object] | None = None,
    narrow_below: int = 0,
) -> go.Figure:
    """Put the stamp into a figure, and the same stamp for other widths into ``layout.meta.fit``.

    Parameters
    ----------
    height
        Height in px at the reference width, stamp included; on narrower screens the figure grows with its texts.
    below, above
        Room in px that the plot itself needs outside its area (axis labels, legend).
    left, right
        Side margins in px.
    key
        What marks and colours stand for; part of the title block, so that it wraps with the width.
    narrow, narrow_below
        Layout values by path, and more room below, for widths under ``NARROW_PX`` (a legend that moves out of a map).

    Returns
    -------
    Figure
        What was drawn, with the stamp. ``layout.meta["fit"]`` lists ``{"min_width", "set": {layout path: value}}``, narrowest first.
    """
    breaks, footnotes = marked_breaks(figure, stamp.breaks, stamp.as_of)
    stamp = replace(stamp, footnotes=footnotes)
    drawn = figure.layout
    narrower = dict(narrow or {})
    if "tickformatstops" in drawn.get("xaxis", {}):
        narrower.setdefault("xaxis.nticks", 4)
    wider = {path: _value_at(drawn, path) for path in narrower}
    fits: list[tuple[int, dict[str, Any]]] = []
    for width in FIT_WIDTHS:
        extra = narrow_below if width < NARROW_PX else 0
        values = _fit(stamp, key, width, below + extra, above) | {
            "annotations[0].yshift": -(below + extra),
            "margin.l": left,
        }
        values |= narrower if width < NARROW_PX else {**wider, **values}
        values["annotations[0].xshift"] = 10 - values["margin.l"]
        fits.append((width if fits else 0, values))
    chosen = fits[FIT_WIDTHS.index(_REFERENCE_PX)][1]
    for _width, values in fits:
        # The plot area keeps its height, and the figure grows with its texts. On a wide page, where they need less, the plot
        # takes what they leave: the page has reserved the stated height.
        needed = height + values["margin.t"] - chosen["margin.t"] + values["margin.b"] - chosen["margin.b"]
        values["height"] = max(height, needed)
    footer = {
        "text": chosen["annotations[0].text"],
        "name": "stamp",
        "showarrow": False,
        # Annotations know no container reference: the footer hangs below the plot area, under what the plot needs there.
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 10 - left,
        "yshift": -below,
        "align": "left",
        "font": {"size": FOOTER_PX, "color": GREY},
    }
    layout = merge(
        dict(drawn),
        {
            "height": height,
            "font": {"family": FONT, "size": _TEXT_PX, "color": INK},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "hoverlabel": {
                "bgcolor": PAPER,
                "bordercolor": GREY,
                "font": {"family": FONT, "size": _TEXT_PX, "color": INK},
                "align": "left",
            },
            "title": {
                "text": chosen["title.text"],
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                # The first baseline, 24 px from the top. Anchored at its top, a title of several lines would be drawn there
                # on the page but half a line higher in files.
                "pad": {"l": 10, "b": -24},
                "y": 1,
                "yref": "container",
                "yanchor": "bottom",
                "font": {"size": _TITLE_PX, "color": INK},
            },
            "margin": {"t": chosen["margin.t"], "b": chosen["margin.b"], "l": left, "r": right},
            "showlegend": False,
            "separators": "".join(separators()),
            "annotations": [footer, *drawn.get("annotations", ())],
            "shapes": [*drawn.get("shapes", ()), *breaks] or None,
            "meta": {
                "fit": [{"min_width": width, "set": values} for width, values in fits],
                "stamp": {"title": stamp.title, "subtitle": stamp.subtitle, "footer": stamp.footer},
            },
        },
    )
    return StampedFigure([plain(part) for part in figure.traces], plain(layout))


def _value_at(layout: Mapping[str, Any], path: str) -> object:
    """Value of a layout path such as ``annotations[1].y``, where annotation 0 will be the stamp; None where none is set."""
    match = re.fullmatch(r"annotations\[(\d+)\]\.(\w+)", path)
    if match:
        return layout["annotations"][int(match[1]) - 1].get(match[2])
    value: Any = layout
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def time_axis(**more: object) -> dict[str, object]:
    """A quiet time axis."""
    return {
        "showgrid": False,
        "showline": True,
        "linecolor": GREY,
        "ticks": "outside",
        "tickcolor": GREY,
        "ticklen": 4,
        "tickfont": {"size": 12, "color": GREY},
        "tickangle": 0,
        "tickformatstops": [
            {"dtickrange": [None, 604800000], "value": "%-d %b"},
            {"dtickrange": [604800000, "M1"], "value": "%-d %b"},
            {"dtickrange": ["M1", "M12"], "value": "%b %Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ],
        "labelalias": _months_in_words(language()),
        "hoverformat": "%-d %b %Y" if language() == "en" else "%d/%m/%Y",
        **more,
    }


@lru_cache(maxsize=8)
def _months_in_words(code: str) -> dict[str, str] | None:
    """Tick labels as Plotly writes them, in English, and what they read in another language.

    Plotly's own translations live in scripts of the browser; with these a figure reads the same wherever it is drawn.
    """
    if code == "en":
        return None
    names = list(zip(MONTHS["en"], MONTHS[code], strict=True))
    days = {f"{day} {english}": f"{day} {local}" for english, local in names for day in range(1, 32)}
    years = {f"{english} {year}": f"{local} {year}" for english, local in names for year in range(2015, 2041)}
    return {**days, **years}


def value_axis(**more: object) -> dict[str, object]:
    """A quiet value axis with light grid lines."""
    return {
        "gridcolor": PALE,
        "zeroline": False,
        "tickfont": {"size": 12, "color": GREY},
        "rangemode": "tozero",
        **more,
    }


def row_axis(**more: object) -> dict[str, object]:
    """An axis of named rows, the names a little apart from what is drawn."""
    return {"tickfont": {"size": 12, "color": INK}, "ticklabelstandoff": 6, **more}


def count_ticks(most: float) -> dict[str, object]:
    """Ticks of an axis that counts up to `most`: whole numbers only."""
    return {"tickformat": ",d", "dtick": 1} if most <= _FEW else {"tickformat": ",d"}


def percent_ticks() -> list[str]:
    """Labels of an axis from 0 to 100 % in quarters."""
    return [format_percent(quarter / 4) for quarter in range(5)]
