"""Hatches of an SVG as lines cut to their areas, instead of patterns: what prints a PDF turns patterns into bitmaps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_PATTERN = re.compile(
    rb'<pattern id="([^"]+)"[^>]* width="([\d.]+)px" height="([\d.]+)px"[^>]*>(.*?)</pattern>'
)
_FILLED = re.compile(rb"<path\b[^>]*\bfill: url\([^)]*#([\w-]+)[^)]*\)[^>]*/>")
_FILL = re.compile(rb"fill: url\([^)]*\)")
_OUTLINE = re.compile(rb'\bd="([^"]*)"')
_TRANSFORM = re.compile(rb'\btransform="[^"]*"')
_STROKE = re.compile(rb'<path d="([^"]*)"([^>]*)/>')
_CIRCLE = re.compile(rb'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"([^>]*)/>')
_GROUND = re.compile(rb'<rect [^>]*fill="([^"]+)" fill-opacity="([^"]+)"')
_LINE = re.compile(rb"M(-?[\d.]+),(-?[\d.]+)L(-?[\d.]+),(-?[\d.]+)")
_STEP = re.compile(rb"([MLHVZ])([^MLHVZ]*)")

_Box = tuple[float, float, float, float]


def with_lines(svg: bytes) -> bytes:
    """Return a picture that Plotly drew with each hatched path as a plain one and lines over it, clipped to its outline.

    A path whose outline has curves keeps its pattern.
    """
    patterns = {found[1]: found for found in _PATTERN.finditer(svg)}
    number = iter(range(len(svg)))

    def drawn(path: re.Match[bytes]) -> bytes:
        pattern, outline = patterns.get(path[1]), _OUTLINE.search(path[0])
        box = _box(outline[1]) if outline else None
        if pattern is None or outline is None or box is None:
            return path[0]
        ground = _GROUND.search(pattern[4])
        fill = b"fill: %b; fill-opacity: %b" % ground.groups() if ground else b"fill: none"
        solid = _FILL.sub(fill, path[0])
        if box[0] == box[2] or box[1] == box[3]:
            return solid
        place = _TRANSFORM.search(path[0])
        where = b" " + place[0] if place else b""
        name = b"%b-%d" % (path[1], next(number))
        marks = b"".join(_marks(pattern, box))
        return b'%b<clipPath id="%b"><path d="%b"/></clipPath><g%b><g clip-path="url(#%b)">%b</g></g>' % (
            solid,
            name,
            outline[1],
            where,
            name,
            marks,
        )

    return _FILLED.sub(drawn, svg)


def _box(outline: bytes) -> _Box | None:
    """Left, top, right, bottom of a path of straight lines in absolute coordinates; None for another one."""
    xs, ys = [], []
    steps = _STEP.findall(outline)
    if b"".join(step + rest for step, rest in steps) != outline:
        return None
    for step, rest in steps:
        try:
            numbers = [float(part) for part in rest.replace(b",", b" ").split()]
        except ValueError:
            return None
        if step in b"MLH":
            xs += numbers if step == b"H" else numbers[::2]
        if step in b"MLV":
            ys += numbers if step == b"V" else numbers[1::2]
    return (min(xs), min(ys), max(xs), max(ys)) if xs and ys else None


def _marks(pattern: re.Match[bytes], box: _Box) -> Iterator[bytes]:
    """Lines and dots of a pattern that lie in a box, as elements."""
    width, height = float(pattern[2]), float(pattern[3])
    for outline, style in _STROKE.findall(pattern[4]):
        lines = [
            part
            for found in _LINE.findall(outline)
            for part in _lines(*map(float, found), width=width, height=height, box=box)
        ]
        yield b'<path d="%b" fill="none"%b/>' % ("".join(lines).encode(), style)
    for x, y, radius, style in _CIRCLE.findall(pattern[4]):
        dots = _dots(float(x), float(y), float(radius), width=width, height=height, box=box)
        yield b'<path d="%b"%b/>' % ("".join(dots).encode(), style)


def _lines(
    x0: float, y0: float, x1: float, y1: float, *, width: float, height: float, box: _Box
) -> Iterator[str]:
    """What repeating a line that crosses its tile draws: lines from edge to edge of a box."""
    left, top, right, bottom = box
    if x0 == x1:
        for x in _repeated(x0, width, left, right):
            yield f"M{x:.2f},{top:.2f}V{bottom:.2f}"
        return
    slope = (y1 - y0) / (x1 - x0)
    start = y0 - slope * x0
    ends = (slope * left, slope * right)
    for at in _repeated(start, height, top - max(ends), bottom - min(ends)):
        if not slope:
            yield f"M{left:.2f},{at:.2f}H{right:.2f}"
            continue
        low, high = sorted(((top - at) / slope, (bottom - at) / slope))
        x_from, x_to = max(left, low), min(right, high)
        yield f"M{x_from:.2f},{at + slope * x_from:.2f}L{x_to:.2f},{at + slope * x_to:.2f}"


def _dots(x: float, y: float, radius: float, *, width: float, height: float, box: _Box) -> Iterator[str]:
    """Circles as paths."""
    left, top, right, bottom = box
    for down in _repeated(y, height, top - radius, bottom + radius):
        for along in _repeated(x, width, left - radius, right + radius):
            arc = f"a{radius:.2f},{radius:.2f} 0 1 0"
            yield f"M{along - radius:.2f},{down:.2f}{arc} {2 * radius:.2f},0{arc} {-2 * radius:.2f},0"


def _repeated(start: float, step: float, least: float, most: float) -> Iterator[float]:
    """Numbers of ``start + k · step`` between two others."""
    for count in range(math.ceil((least - start) / step), math.floor((most - start) / step) + 1):
        yield start + count * step
