"""Figures for readers who do not see all colours, and on paper without any: palettes under simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from loaders.contracts import Status
from monitor.charts.map_looks import HATCH_LOOKS, STATUS_LOOKS, area_classes
from monitor.charts.strips import _PATTERNS
from monitor.charts.style import SITE_COLOURS, STATUS_COLOURS

#: Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB; and the luminance that a grey printer keeps.
SIMULATIONS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "greyscale": [[0.2126, 0.7152, 0.0722]] * 3,
}
#: Distance in CIELAB from which two large areas are told apart at a glance; 2.3 is just noticeable.
CLEAR = 12.0
#: Area a pair of outlines may differ by: a rim of one pixel more is seen beside its neighbours.
RIM_PX = 1.0


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear RGB."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(first: str, second: str, simulation: str) -> float:
    matrix = np.array(SIMULATIONS[simulation])
    return float(np.linalg.norm(lab(matrix @ linear(first)) - lab(matrix @ linear(second))))


def test_the_measure_of_distance_is_right() -> None:
    assert distance("#000000", "#ffffff", "greyscale") == pytest.approx(100, abs=0.1)
    assert distance("#b2182b", "#2166ac", "greyscale") < 5, "red and blue of one lightness"
    assert lab(linear("#b2182b")) == pytest.approx([38.3, 58.2, 32.3], abs=1)


def status_code(status: str) -> int:
    row = {
        "status": status,
        "last_status": "unknown" if status == "unknown" else status,
        "age_days": 10.0,
        "is_stale": False,
        "is_contested": status == Status.CONTESTED,
    }
    return int(area_classes(pd.DataFrame([row]))[0])


@pytest.mark.parametrize("simulation", SIMULATIONS)
def test_any_two_statuses_on_the_map_differ_by_colour_stripes_or_rim(simulation: str) -> None:
    alike = []
    for first, second in combinations([str(status) for status in Status], 2):
        a, b = STATUS_LOOKS[status_code(first)], STATUS_LOOKS[status_code(second)]
        stripes = [HATCH_LOOKS[status_code(status)] for status in (first, second)]
        differ = (
            distance(a.fill, b.fill, simulation) >= CLEAR
            or stripes[0] != stripes[1]
            or abs(a.width - b.width) >= RIM_PX
            or (a.opacity == 0) != (b.opacity == 0)
        )
        if not differ:
            alike.append((first, second, round(distance(a.fill, b.fill, simulation), 1)))
    assert alike == []


@pytest.mark.parametrize("simulation", SIMULATIONS)
@pytest.mark.parametrize("colours", [STATUS_COLOURS, SITE_COLOURS], ids=["areas", "sites"])
def test_any_two_strips_differ_by_colour_filling_or_height(simulation: str, colours: dict[str, str]) -> None:
    """Strips of no data are not drawn, those of unknown are thin."""
    drawn = [status for status in map(str, colours) if status not in ("unknown", "no_data")]
    alike = [
        (first, second)
        for first, second in combinations(drawn, 2)
        if distance(colours[first], colours[second], simulation) < CLEAR
        and _PATTERNS.get(first) == _PATTERNS.get(second)
    ]
    assert alike == []
