"""Hatches as lines: every hatched path becomes a plain one and lines cut to it; what cannot be read stays as it is."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from monitor.export.hatches import with_lines

STRIPES = (
    '<pattern id="p1-a" width="8px" height="8px" patternUnits="userSpaceOnUse" patternTransform="">'
    '<rect width="8px" height="8px" fill="rgb(1, 2, 3)" fill-opacity="1"/>'
    '<path d="M-2,2l4,-4M0,8L8,0M6,10l4,-4" opacity="0.5" stroke="rgb(4, 5, 6)" stroke-width="1px"/></pattern>'
)
DOTS = (
    '<pattern id="p1-b" width="10px" height="10px" patternUnits="userSpaceOnUse" patternTransform="">'
    '<circle cx="5" cy="5" r="1" opacity="1" fill="rgb(4, 5, 6)"/></pattern>'
)


def drawn(outline: str, pattern: str = STRIPES) -> str:
    name = "p1-a" if pattern is STRIPES else "p1-b"
    path = f'<path d="{outline}" class="pattern_filled" style="opacity: 1; fill: url(\'#{name}\');"/>'
    return with_lines(f"<svg><defs>{pattern}</defs>{path}</svg>".encode()).decode()


def test_lines_fill_the_outline_and_are_cut_to_it() -> None:
    svg = drawn("M0,0V16H32V0Z")
    root = ElementTree.fromstring(svg)
    assert "url('#" not in svg
    (clip,) = root.iter("clipPath")
    (group,) = [group for group in root.iter("g") if "clip-path" in group.attrib]
    assert group.get("clip-path") == f"url(#{clip.get('id')})"
    solid = root.findall("path")[0]
    assert "fill: rgb(1, 2, 3)" in solid.get("style")
    lines = re.findall(r"M([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)", group.find("path").get("d"))
    sums = set()
    for x0, y0, x1, y1 in (map(float, line) for line in lines):
        assert 0 <= x0 <= x1 <= 32
        assert x0 + y0 == pytest.approx(x1 + y1, abs=0.02)
        sums.add(round(x0 + y0))
    assert sums == set(range(0, 49, 8)), "lines stand a tile apart and cover the whole outline"


def test_dots_stand_a_tile_apart() -> None:
    svg = drawn("M0,0V20H30V0Z", DOTS)
    assert svg.count("M") - svg.count("M0,0V20") == 6
    assert "fill: none" in svg


def test_what_has_curves_keeps_its_pattern_and_an_empty_path_gets_no_lines() -> None:
    assert "fill: url(" in drawn("M0,0C1,1 2,2 3,3Z")
    assert "<clipPath" not in drawn("M0,0Z")
