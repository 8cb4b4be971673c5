"""The report: the figures that count, at the top level of report.json, and a table that people can read."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.server import worst

FILE = Path(__file__).parent / "report.json"

#: Largest value that issues 2, 3, 4 and 6 allow; for ``map_kept_share`` and ``load_sessions`` the smallest.
TARGETS = {
    "first_sentence_ratio": 1.3,
    "painted_map_ratio": 1.1,
    "first_page_ratio": 1.5,
    "scrub_step_ratio": 0.25,
    "map_kept_share": 1.0,
    "filter_ratio": 0.5,
    "server_date_change_ms": 150.0,
    "server_worst_page_ms": 150.0,
    "scale_ratio": 2.0,
    "load_sessions": 50,
    "load_errors": 0,
    "refresh_ratio": 3.0,
    "refresh_week_ratio": 0.3,
    "refresh_peak_mb": 2000.0,
    "pack_ratio_png": 12.0,
    "pack_ratio_pdf": 12.0,
    "pack_ratio_pptx": 12.0,
    "pack_ratio_zip": 12.0,
}
_AT_LEAST = ("map_kept_share", "load_sessions")

_WORDS = {
    "first_sentence_ratio": "process start → first sentence, to the bare title page",
    "painted_map_ratio": "process start → map painted, to the bare one-chart page",
    "first_page_ratio": "first visit, whole page painted, to the bare one-chart page",
    "scrub_step_ratio": "scrubbing, per step, to the bare slider's step",
    "map_kept_share": "steps that kept the map's element and instance",
    "filter_ratio": "filter change → chart painted, to the bare slider's step",
    "server_date_change_ms": "date change answered by the server (Control), ms",
    "server_worst_page_ms": "the same on the slowest page, ms",
    "scale_ratio": "worst figure at the large size, to the small size",
    "load_sessions": "sessions at once",
    "load_errors": "errors in the load run",
    "refresh_ratio": "1,000,000 rows refreshed, to pandas reading the CSV and writing Parquet",
    "refresh_week_ratio": "a week on top of them, to pandas reading and writing the whole",
    "refresh_peak_mb": "peak memory of a refresh, MB",
    "pack_ratio_png": "12 figures as PNG, to a single warm figure of kaleido",
    "pack_ratio_pdf": "PDF of 12 figures, to a single warm figure of kaleido",
    "pack_ratio_pptx": "PPTX of 12 figures, to a single warm figure of kaleido",
    "pack_ratio_zip": "ZIP of 12 figures (24 pictures), to a single warm figure of kaleido",
}


@dataclass(frozen=True)
class Row:
    """A line of the table; `bare` is the same figure for the bare framework, where it has one."""

    section: str
    figure: str
    ours: str
    bare: str = ""
    target: str = ""
    verdict: str = ""


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was just now."""
    packages = ("streamlit", "plotly", "pandas", "playwright")
    return {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def summary(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The figures at the top level of the report; None for what was not measured."""
    found: dict[str, Any] = dict.fromkeys(_WORDS)
    if start := raw.get("start"):
        ours, title, chart = (start[app] for app in ("ours", "title", "chart"))
        found["first_sentence_ratio"] = _ratio(ours["start_sentence_ms"], title["start_sentence_ms"])
        found["painted_map_ratio"] = _ratio(ours["start_map_ms"], chart["start_map_ms"])
        found["first_page_ratio"] = _ratio(ours["first_page_ms"], chart["first_page_ms"])
    if steps := raw.get("steps"):
        bare = _ms(steps["bare"])
        scrubbed = [kind for kind in ("key", "drag") if steps.get(kind)] or ["buttons"]
        found["scrub_step_ratio"] = max(_ratio(_ms(steps[kind]), bare) for kind in scrubbed)
        moved = [step for kind in ("buttons", "key", "drag") for step in steps.get(kind, [])]
        found["map_kept_share"] = sum(step["kept"] for step in moved) / len(moved)
        if steps["filter"]:
            found["filter_ratio"] = _ratio(_ms(steps["filter"]), bare)
    if server := raw.get("server"):
        found["server_date_change_ms"] = _median(server["control"]["new_ms"])
        found["server_worst_page"], found["server_worst_page_ms"] = worst(server) or (None, None)
    if scale := raw.get("scale"):
        found["scale_ratio"] = max(scale["ratios"].values())
    if load := raw.get("load"):
        found["load_sessions"] = load["sessions"]
        found["load_errors"] = len(load["errors"])
        found["load_p95_ms"] = _p95(load["change_ms"])
    if refresh := raw.get("refresh"):
        for name in ("refresh_ratio", "refresh_week_ratio", "refresh_peak_mb"):
            found[name] = refresh[name]
    if packs := raw.get("packs"):
        found |= {name: packs[name] for name in packs if name.startswith("pack_ratio_")}
    return found


def save(raw: Mapping[str, Any]) -> None:
    """Write report.json."""
    FILE.write_text(json.dumps({**summary(raw), "raw": raw}, indent=1) + "\n", encoding="utf-8")


def rows(raw: Mapping[str, Any]) -> Iterator[Row]:
    """The lines of the table, those with a target first."""
    for name, value in summary(raw).items():
        if name in _WORDS and value is not None:
            target = TARGETS[name]
            is_met = value >= target if name in _AT_LEAST else value <= target
            sign = "≥" if name in _AT_LEAST else "≤"
            verdict = "met" if is_met else "MISSED"
            yield Row("Targets", _WORDS[name], _number(value), target=f"{sign} {target:g}", verdict=verdict)
    if "start" in raw:
        yield from _start_rows(raw["start"])
    if "steps" in raw:
        yield from _step_rows(raw["steps"])
    if "server" in raw:
        yield from _server_rows(raw["server"])
    if "load" in raw:
        yield from _load_rows(raw["load"])
    if "scale" in raw:
        yield from _scale_rows(raw["scale"])
    if "refresh" in raw:
        yield from _refresh_rows(raw["refresh"])
    if "packs" in raw:
        for name, seconds in raw["packs"]["seconds"].items():
            words = "one figure, kaleido as it comes" if name == "single" else f"12 figures: {name.upper()}"
            yield Row("Packs", words, _time([1000 * each for each in seconds]))


def _refresh_rows(refresh: Mapping[str, Any]) -> Iterator[Row]:
    bare = refresh["pandas"]
    for words, part in (("first refresh", "first"), ("a week of news", "week")):
        one = refresh[part]
        rows_ = f"{one['added']:,} added, {one['changed']:,} changed"
        yield Row(
            "Refresh", f"{words}: {rows_}", f"{one['seconds']:.1f} s", f"{bare['seconds']:.1f} s (pandas)"
        )
        yield Row(
            "Refresh",
            f"{words}: peak memory",
            f"{one['peak_mb']:,.0f} MB",
            f"{bare['peak_mb']:,.0f} MB (pandas)",
        )


def _start_rows(start: Mapping[str, Any]) -> Iterator[Row]:
    ours, title, chart = (start[app] for app in ("ours", "title", "chart"))
    for words, name, bare in (
        ("process start → server answers", "answers_ms", title),
        ("process start → first sentence", "start_sentence_ms", title),
        ("process start → map painted", "start_map_ms", chart),
        ("process start → whole page painted", "start_page_ms", chart),
        ("first visit → first sentence", "first_sentence_ms", title),
        ("first visit → map painted", "first_map_ms", chart),
        ("first visit → whole page painted", "first_page_ms", chart),
        ("second visit → whole page painted", "second_page_ms", chart),
    ):
        which = "title" if bare is title else "chart"
        yield Row("Opening", words, _time(ours[name]), f"{_time(bare[name])} ({which})")
    for number in ("first", "second"):
        sent, bare_sent = ours[f"{number}_visit"], chart[f"{number}_visit"]
        for words, name, form in (
            ("bytes, all", "total_bytes", _size),
            ("bytes in websocket messages", "message_bytes", _size),
            ("requests", "requests", _count),
            ("websocket messages", "messages", _count),
        ):
            values = [form([visit[name] for visit in visits]) for visits in (sent, bare_sent)]
            yield Row("Traffic", f"{number} visit: {words}", values[0], f"{values[1]} (chart)")
    for words, name in (("peak memory after two visits", "peak_mb"),):
        yield Row("Memory", words, f"{_median(ours[name]):.0f} MB", f"{_median(chart[name]):.0f} MB (chart)")


def _step_rows(steps: Mapping[str, Any]) -> Iterator[Row]:
    bare = _time(_ms(steps["bare"]))
    for words, kind in (
        ("week button → map painted", "buttons"),
        ("time bar, one arrow key at rest → map painted", "key"),
        ("time bar, drag, per step → map painted", "drag"),
        ("filter → chart painted (Incidents)", "filter"),
    ):
        if steps.get(kind):
            yield Row("Steps", words, _time(_ms(steps[kind])), f"{bare} (slider)")
        elif kind in steps["errors"]:
            yield Row("Steps", words, steps["errors"][kind].splitlines()[0])
    if "link" in steps:
        ours, there = _time(_ms(steps["link"])), _time(_ms(steps["bare_link"]))
        yield Row("Steps", "link to another date → map painted", ours, f"{there} (chart)")
    bare_sent = _size([steps["traffic"]["bare"]["message_bytes"]])
    for kind, words in (
        ("buttons", "a week button"),
        ("drag", "one step of a drag"),
        ("release", "letting go after a drag"),
        ("filter", "a filter"),
    ):
        if kind in steps["traffic"]:
            sent = steps["traffic"][kind]
            parts = f"{_size([sent['message_bytes']])} + {_size([sent['http_bytes']])} in {sent['requests']:g} requests"
            yield Row("Traffic", f"{words}: messages + HTTP", parts, f"{bare_sent} (slider)")


def _server_rows(server: Mapping[str, Any]) -> Iterator[Row]:
    for name, page in server.items():
        if name == "peak_mb":
            continue
        if not page["new_ms"]:
            yield Row("Server", f"{name}: new date", page["error"])
            continue
        yield Row("Server", f"{name}: new date, median", _time(page["new_ms"]))
        yield Row("Server", f"{name}: new date, computing time", _time(page["new_cpu_ms"]))
        if page["again_ms"]:
            yield Row("Server", f"{name}: same date again", _time(page["again_ms"]))
        yield Row("Traffic", f"{name}: one answer", _size(page["bytes"]))


def _load_rows(load: Mapping[str, Any]) -> Iterator[Row]:
    low, high = load["pause_seconds"]
    yield Row("Load", "sessions; pause between changes", f"{load['sessions']}; {low:g}–{high:g} s")
    if load["change_ms"]:
        yield Row("Load", "change answered, median", _time(load["change_ms"]))
        yield Row("Load", "change answered, 95th percentile", _time([_p95(load["change_ms"])]))
    if load["opening_ms"]:
        yield Row("Load", "page opened, 95th percentile", _time([_p95(load["opening_ms"])]))
    yield Row(
        "Load", "changes answered; per second", f"{len(load['change_ms'])}; {load['changes_per_second']:.1f}"
    )
    yield Row("Load", "errors", str(len(load["errors"])))
    yield Row(
        "Load", "memory, peak; per session", f"{load['peak_mb']:.0f} MB; {load['mb_per_session']:.1f} MB"
    )


def _scale_rows(scale: Mapping[str, Any]) -> Iterator[Row]:
    for figure, ratio in scale["ratios"].items():
        small, large = scale["small"][figure], scale["large"].get(figure)
        form = _size if figure.endswith("bytes") else _time
        values = [form([value]) if value is not None else "failed" for value in (large, small)]
        yield Row("Scale", f"{figure}: large, small", values[0], f"{values[1]} (× {ratio:.1f})")
    pages = [scale[name].get("server_worst_page") for name in ("large", "small")]
    if all(pages):
        values = [
            f"{_time([scale[name]['server_worst_page_ms']])} ({page})"
            for name, page in zip(("large", "small"), pages, strict=True)
        ]
        yield Row("Scale", "slowest page, new date: large, small", *values)
    if scale["memory_ratio"] is not None:
        large, small = (f"{scale[name]['peak_mb']:.0f} MB" for name in ("large", "small"))
        yield Row("Scale", "peak memory: large, small", large, f"{small} (× {scale['memory_ratio']:.1f})")


def print_table(raw: Mapping[str, Any]) -> None:
    """Print the table for people at a terminal."""
    table = Table("", "figure", "ours", "bare (or small)", "target", "")
    section = None
    for row in sorted(rows(raw), key=lambda row: _SECTIONS.index(row.section)):
        if section not in (None, row.section):
            table.add_section()
        name = "" if row.section == section else row.section
        section = row.section
        style = {"met": "green", "MISSED": "bold red"}.get(row.verdict)
        table.add_row(name, row.figure, row.ours, row.bare, row.target, row.verdict, style=style)
    Console(width=None if os.isatty(1) else 160).print(table)


def markdown(raw: Mapping[str, Any]) -> str:
    """The same table for docs/performance.md."""
    lines = ["| | figure | ours | bare (or small) | target | |", "|---|---|---|---|---|---|"]
    for row in sorted(rows(raw), key=lambda row: _SECTIONS.index(row.section)):
        cells = (row.section, row.figure, row.ours, row.bare, row.target, row.verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


_SECTIONS = (
    "Targets",
    "Opening",
    "Steps",
    "Traffic",
    "Server",
    "Memory",
    "Load",
    "Scale",
    "Refresh",
    "Packs",
)


def _ms(steps: list[dict[str, Any]]) -> list[float]:
    return [step["ms"] for step in steps]


def _median(values: list[float]) -> float | None:
    return median(values) if values else None


def _p95(values: list[float]) -> float | None:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else _median(values)


def _ratio(ours: list[float], bare: list[float]) -> float:
    return median(ours) / median(bare)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def _time(values: list[float]) -> str:
    ms = median(values)
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.0f} ms"


def _size(values: list[float]) -> str:
    size = median(values)
    return f"{size / 1e6:.2f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def _count(values: list[float]) -> str:
    return f"{median(values):g}"


if __name__ == "__main__":
    Console(soft_wrap=True).print(markdown(json.loads(FILE.read_text(encoding="utf-8"))["raw"]), markup=False)
