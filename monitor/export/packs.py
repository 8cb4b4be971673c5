"""Briefings: several figures of one snapshot as slides, pages or an archive of files."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any

from monitor.analysis.model import Model
from monitor.export import data_files, render
from monitor.export.figures import FIGURES, BuiltFigure
from monitor.export.figures.base import has_roads, sources_of
from monitor.export.link import CHOICE, figure_of, query_of, value_of
from monitor.language import _, format_date, format_number, language, mark

#: Slide in inches, and where its parts are: left, top, width, height.
_SLIDE = (13.333, 7.5)
_TITLE, _SENTENCE = (0.4, 0.2, 12.53, 0.6), (0.4, 0.78, 12.53, 0.62)
_PICTURE_TOP, _PICTURE_BOTTOM, _PICTURE_SIDE = 1.45, 7.4, 0.4
#: Px of a picture for each inch of a slide or page.
_PX = 190
#: Every office program has it, or one of the same widths.
_FONT = "Arial"
#: Date in the properties of files: no two builds of one briefing differ by it.
_MADE = datetime(2000, 1, 1, tzinfo=UTC)

#: Called after each figure with the number done and the number of all.
Progress = Callable[[int, int], object]


def _silent(done: int, total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Item:
    """A figure of a briefing and the sentence over it; without one of one's own, the generated one where there is one."""

    built: BuiltFigure
    sentence: str = ""

    @property
    def heading(self) -> str:
        """What the figure is, in a few words."""
        return _(FIGURES[self.built.figure_id].title)

    @property
    def text(self) -> str:
        """The sentence; empty where the title in the picture says all."""
        return self.sentence or self.built.sentence


@dataclass(frozen=True)
class Briefing:
    """Figures of one snapshot in their order.

    Attributes
    ----------
    title
        Of the whole.
    model
        Where all figures come from: one snapshot.
    accessed
        Day of the export.
    site
        Address of the dashboard with a slash at the end; empty where it is not known.
    """

    title: str
    items: Sequence[Item]
    model: Model
    accessed: date
    site: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError if the figures do not share the model's snapshot, or if there are none."""
        if not self.items:
            raise ValueError(_("A briefing needs at least one figure."))
        others = {item.built.stamp.snapshot_id for item in self.items} - {self.model.snapshot_id}
        if others:
            raise ValueError(
                _(
                    "All figures of a briefing come from one snapshot; these do not come from {id}: {others}"
                ).format(id=self.model.snapshot_id, others=", ".join(sorted(others)))
            )

    @property
    def subtitle(self) -> str:
        """Number of figures, snapshot and day."""
        return _("{count} figures · snapshot {id} · {date}").format(
            count=format_number(len(self.items)),
            id=self.model.snapshot_id,
            date=format_date(self.accessed),
        )

    def notes(self, item: Item) -> str:
        """What a speaker must know about a figure: caveat, sources, link, description."""
        stamp = item.built.stamp
        parts = [
            stamp.title,
            stamp.subtitle,
            stamp.footer,
            data_files.citation(item.built, accessed=self.accessed, site=self.site),
            _("Description: {text}").format(text=item.built.alt),
        ]
        return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Entry:
    """A figure of a composition: its id, its own parameters as in a link, and the sentence over it (empty for none)."""

    figure_id: str
    query: Mapping[str, str]
    sentence: str = ""


@dataclass(frozen=True)
class Composition:
    """A briefing as it is saved: what all figures share, as in a link, and the figures in their order."""

    title: str
    query: Mapping[str, str]
    entries: Sequence[Entry]

    @property
    def language(self) -> str:
        """Code of the language it was made in."""
        return self.query.get("lang", "en")

    @property
    def snapshot_id(self) -> str | None:
        """Snapshot that it is pinned to; None for the current one."""
        return self.query.get("snap")


def composition_of(text: str) -> Composition:
    """Read a saved composition (YAML).

    Raises
    ------
    ValueError
        It is none; the message says where and why.
    """
    import yaml

    try:
        wanted = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    if not isinstance(wanted, dict) or not isinstance(wanted.get("figures"), list):
        raise ValueError(_("it must have a list named figures"))
    entries = []
    for number, entry in enumerate(wanted["figures"], start=1):
        entry = {"figure": entry} if isinstance(entry, str) else entry
        if not isinstance(entry, dict) or "figure" not in entry:
            raise ValueError(_("figures[{number}] must name its figure").format(number=number))
        figure_id = str(entry["figure"])
        value_of("figure", figure_id)
        query = _texts(entry, but=("figure", "sentence"))
        entries.append(Entry(figure_id, query, str(entry.get("sentence") or "")))
    return Composition(
        str(wanted.get("title") or ""), _texts(wanted, but=("title", "figures", "figure")), entries
    )


def _texts(values: Mapping[str, Any], *, but: Sequence[str]) -> dict[str, str]:
    """Parameters of a link among the values of a file; BadLinkError says which of them cannot be one."""
    found = {str(name): str(value) for name, value in values.items() if name not in but and value is not None}
    for name, text in found.items():
        value_of(name, text)
    return found


def briefing_of(composition: Composition, model: Model, day: date, site: str) -> Briefing:
    """Build the figures of a composition; what is shared reaches those that take it. Raises as :func:`figure_of`."""
    items = []
    for entry in composition.entries:
        taken = (*CHOICE, *FIGURES[entry.figure_id].parameters)
        shared = {name: text for name, text in composition.query.items() if name in taken}
        built = figure_of(entry.figure_id, {**shared, **entry.query}, model, day)
        items.append(Item(built, entry.sentence))
    return Briefing(composition.title or _("Port-au-Prince Conflict Monitor"), items, model, day, site)


def spec_of(briefing: Briefing) -> str:
    """The composition as the YAML file that :func:`composition_of` reads; it stays pinned where the briefing is."""
    import yaml

    figures: list[dict[str, str]] = []
    shared: dict[str, str] = {}
    pin = briefing.model.snapshot_id if briefing.model.is_pinned else None
    for item in briefing.items:
        built = item.built
        shared = query_of(built.choice, {}, language=language(), snapshot_id=pin)
        own = query_of(built.choice, built.parameters, language=language(), snapshot_id=pin)
        entry = {"figure": built.figure_id} | {name: own[name] for name in built.parameters if name in own}
        figures.append(entry | ({"sentence": item.sentence} if item.sentence else {}))
    spec = {"title": briefing.title, "lang": language()} | shared | {"figures": figures}
    return yaml.safe_dump(spec, allow_unicode=True, sort_keys=False, width=110)


def pptx(briefing: Briefing, progress: Progress = _silent) -> bytes:
    """Slides that can be edited: native titles and sentences, a picture with its stamp, notes with sources, alt texts."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = (Inches(side) for side in _SLIDE)
    made = deck.core_properties
    made.title, made.language, made.author = briefing.title, language(), _("Port-au-Prince Conflict Monitor")
    made.created = made.modified = _MADE
    made.last_modified_by, made.revision = "", 1
    opening = deck.slides.add_slide(deck.slide_layouts[5])
    _fill_title(opening.shapes.title, briefing.title, (0.8, 2.6, 11.7, 1.4), size=40)
    _text(opening, (0.8, 4.1, 11.7, 0.6), briefing.subtitle, size=18)
    pictures = _pictures(briefing, "png", _PX, progress)
    for number, item in enumerate(briefing.items):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        _fill_title(slide.shapes.title, item.heading, _TITLE, size=24)
        if item.text:
            _text(slide, _SENTENCE, item.text, size=sentence_size(item.text))
        width, height = _room(item)
        picture = slide.shapes.add_picture(
            io.BytesIO(pictures[number]),
            Inches(_PICTURE_SIDE),
            Inches(_PICTURE_BOTTOM - height),
            Inches(width),
            Inches(height),
        )
        picture.name = item.built.figure_id
        picture._element._nvXxPr.cNvPr.set("descr", item.built.alt)
        slide.notes_slide.notes_text_frame.text = briefing.notes(item)
    closing = deck.slides.add_slide(deck.slide_layouts[5])
    _fill_title(closing.shapes.title, _("Sources and licences"), _TITLE, size=24)
    _text(closing, (0.4, 1.0, 12.53, 6.0), "\n".join(_source_lines(briefing)), size=13)
    buffer = io.BytesIO()
    deck.save(buffer)
    return _repacked(buffer.getvalue())


def sentence_size(text: str) -> int:
    """Size in pt, 14 to 9, at which a sentence stays above the picture."""
    for size in (14, 12, 11, 10):
        # Arial is half as wide as high on average; the insets of a box take 0.2 in a line and 0.1 in all.
        characters = int(0.9 * 72 * (_SENTENCE[2] - 0.2) / (0.5 * size))
        lines = int(72 * (_SENTENCE[3] - 0.1) / (1.2 * size)) or 1
        if sum(-(-len(part) // characters) or 1 for part in text.split("\n")) <= lines:
            return size
    return 9


def _room(item: Item) -> tuple[float, float]:
    """Width and height in inches of a figure's picture: under the sentence, or under the title where there is none."""
    top = _PICTURE_TOP if item.text else _SENTENCE[1] + 0.1
    return _SLIDE[0] - 2 * _PICTURE_SIDE, _PICTURE_BOTTOM - top


def _pictures(briefing: Briefing, file_format: str, px: int, progress: Progress) -> list[bytes]:
    """Pictures of all figures in the size of their room, px to the inch."""
    jobs = []
    for item in briefing.items:
        width, height = (round(side * px) for side in _room(item))
        canvas = render.fitted_canvas(item.built, width, height, density=px * _SLIDE[0] / 1920)
        jobs.append(render.Job(item.built, file_format, canvas))
    return render.render_all(jobs, lambda number: progress(number, len(jobs)))


def digest_slide(heading: str, subtitle: str, lines: Sequence[tuple[str, str]], notes: str) -> bytes:
    """One slide of lines, each a text and its link (empty for none)."""
    from pptx import Presentation
    from pptx.util import Inches, Pt

    deck = Presentation()
    deck.slide_width, deck.slide_height = (Inches(side) for side in _SLIDE)
    deck.core_properties.created = deck.core_properties.modified = _MADE
    deck.core_properties.title, deck.core_properties.author = heading, _("Port-au-Prince Conflict Monitor")
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    _fill_title(slide.shapes.title, heading, _TITLE, size=26)
    _text(slide, _SENTENCE, subtitle, size=14)
    box = slide.shapes.add_textbox(*(Inches(part) for part in (0.4, 1.45, 12.53, 5.8))).text_frame
    box.word_wrap = True
    size = Pt(16 if len(lines) <= 14 else 12 if len(lines) <= 22 else 10)
    for number, (text, link) in enumerate(lines):
        paragraph = box.paragraphs[0] if number == 0 else box.add_paragraph()
        run = paragraph.add_run()
        run.text, run.font.size, run.font.name = text, size, _FONT
        if link:
            run.hyperlink.address = link
    slide.notes_slide.notes_text_frame.text = notes
    buffer = io.BytesIO()
    deck.save(buffer)
    return _repacked(buffer.getvalue())


def pdf(briefing: Briefing, progress: Progress = _silent) -> bytes:
    """Pages with the same parts as the slides, figures as vectors."""
    pages = [
        f'<section class="opening"><h1>{escape(briefing.title)}</h1><p>{escape(briefing.subtitle)}</p></section>'
    ]
    for item, picture in zip(briefing.items, _pictures(briefing, "svg", 96, progress), strict=True):
        width, height = _room(item)
        place = f"top:{_PICTURE_BOTTOM - height}in;left:{_PICTURE_SIDE}in;width:{width}in;height:{height}in"
        pages.append(
            f"<section><h2>{escape(item.heading)}</h2>"
            + (
                f'<p style="font-size:{sentence_size(item.text) - 1}pt">{escape(item.text)}</p>'
                if item.text
                else ""
            )
            + render.picture_element(picture, item.built.alt, place)
            + "</section>"
        )
    lines = "".join(f"<li>{escape(line)}</li>" for line in _source_lines(briefing))
    pages.append(f"<section><h2>{escape(_('Sources and licences'))}</h2><ul>{lines}</ul></section>")
    style = (
        f"@page {{ size: {_SLIDE[0]}in {_SLIDE[1]}in; margin: 0 }} body {{ margin: 0; color: #1f2933; "
        'font-family: "Noto Sans", "Liberation Sans", Arial, sans-serif }} '
        f"section {{ position: relative; box-sizing: border-box; width: {_SLIDE[0]}in; height: {_SLIDE[1]}in; "
        "padding: .25in .4in; overflow: hidden; break-after: page } section:last-child { break-after: auto } "
        ".opening { padding-top: 2.6in } h1 { font-size: 40pt; margin: 0 } h2 { font-size: 22pt; margin: 0 } "
        "p { font-size: 13pt; margin: .06in 0; line-height: 1.25 } li { font-size: 11pt; margin: .05in 0 } "
        "img { position: absolute }"
    ).replace("}}", "}")
    head = f"<meta charset='utf-8'><title>{escape(briefing.title)}</title><style>{style}</style>"
    return render.print_pages(
        f"<!DOCTYPE html><html lang='{language()}'><head>{head}</head><body>{''.join(pages)}</body></html>"
    )


def archive(briefing: Briefing, progress: Progress = _silent) -> bytes:
    """ZIP with each figure as PNG and SVG, its data, what one must know about it, and a list of all."""
    files: dict[str, bytes] = {}
    contents = []
    jobs = [render.Job(item.built, kind) for item in briefing.items for kind in ("png", "svg")]
    drawn = render.render_all(jobs, lambda number: progress(number // 2, len(briefing.items)))
    for number, item in enumerate(briefing.items):
        built = item.built
        name = f"{number + 1:02d}-{built.filename}"
        lines = data_files.about(built, briefing.model, accessed=briefing.accessed, site=briefing.site)
        files[f"{name}.png"], files[f"{name}.svg"] = drawn[2 * number : 2 * number + 2]
        files[f"{name}.xlsx"] = data_files.xlsx(built, lines)
        contents.append(
            {
                "figure": built.figure_id,
                "file": name,
                "heading": item.heading,
                "sentence": item.text,
                "title": built.stamp.title,
                "alt": built.alt,
                "citation": data_files.citation(built, accessed=briefing.accessed, site=briefing.site),
            }
        )
    listing: dict[str, Any] = {
        "title": briefing.title,
        "snapshot": briefing.model.snapshot_id,
        "accessed": briefing.accessed.isoformat(),
        "language": language(),
        "figures": contents,
        "sources": _source_lines(briefing),
    }
    files["contents.json"] = json.dumps(listing, ensure_ascii=False, indent=2).encode()
    return data_files.zipped(files)


def _source_lines(briefing: Briefing) -> list[str]:
    """Datasets of all figures with producer and licence, and attributions that their terms ask for."""
    names = sorted({name for item in briefing.items for name in item.built.stamp.datasets})
    lines = []
    for name in names:
        about = briefing.model.description(name)
        lines.append(f"{_(about['title'])}{mark(':')}{_(about['producer'])}. {_(about['licence'])}.")
    return [*lines, *sources_of(briefing.model, tuple(names), roads=has_roads(briefing.model))]


def _fill_title(shape: Any, text: str, place: Sequence[float], *, size: int) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    shape.left, shape.top, shape.width, shape.height = (Inches(part) for part in place)
    shape.text_frame.text = text
    shape.text_frame.word_wrap = True
    shape.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = shape.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT
    paragraph.font.size, paragraph.font.bold, paragraph.font.name = Pt(size), True, _FONT


def _text(slide: Any, place: Sequence[float], text: str, *, size: int) -> None:
    """A box of text; each line its own paragraph."""
    from pptx.util import Inches, Pt

    frame = slide.shapes.add_textbox(*(Inches(part) for part in place)).text_frame
    frame.word_wrap = True
    for number, line in enumerate(text.split("\n")):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text = line
        paragraph.font.size, paragraph.font.name = Pt(size), _FONT


def _repacked(package: bytes) -> bytes:
    """An Office file with the times of its parts taken out."""
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return data_files.zipped({name: opened.read(name) for name in opened.namelist()})
