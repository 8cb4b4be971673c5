"""Figures in a browser: what is kept while data change, what a click tells Python, and what moves with the time bar."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import open_page, wait_ready
from tests.server import ROOT, Server, _free_port, _wait_until_healthy

expect.set_options(timeout=30_000)

_KEEP = """
() => {
  window.kept = [...document.querySelectorAll(".figure-plot")].map((plot) => [plot, plot._fullLayout.map?._subplot.map]);
}
"""
_SAME = """
() => [...document.querySelectorAll(".figure-plot")].every(
  (plot, place) => plot === window.kept[place][0] && plot._fullLayout.map?._subplot.map === window.kept[place][1])
"""
_VIEW = "() => { const map = window.kept[0][1]; return [map.getCenter().lng, map.getCenter().lat, map.getZoom()] }"
COLORS = ["rgba(178,24,43,1)", "rgba(33,102,172,1)", "rgba(217,217,217,1)"]
_DATE_ON_MAP = "() => document.querySelector('.figure-plot .annotation').textContent"
_CURSOR = "() => document.querySelectorAll('.figure-plot')[1]._fullLayout.shapes[0].x0"
# What the page says while the reader plays, noted as it changes: a busy machine may look too late to see one date.
_NOTE_SENTENCES = """
() => {
  window.sentences = [];
  window.drawn = [];
  const noted = (list, text) => text && list.at(-1) !== text && list.push(text);
  const start = [document.querySelector(".moving-text").textContent, drawn()];
  function drawn() {
    return [...document.querySelectorAll("[data-testid=stText]")].at(-1)?.textContent.trim();
  }
  new MutationObserver(() => {
    const now = document.querySelector(".moving-text")?.textContent;
    if (now !== start[0]) noted(window.sentences, now);
    if (drawn() !== start[1]) noted(window.drawn, drawn());
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""
# The colours MapLibre has rendered, by area; from the state of a feature if it has one.
_COLORS = """
() => Object.fromEntries(window.kept[0][1].queryRenderedFeatures()
  .filter((found) => found.layer.id.endsWith("-fill"))
  .map((found) => [found.id, found.layer.paint["fill-color"].toString()]))
"""
_POINTS = """
() => window.kept[0][1].queryRenderedFeatures()
  .filter((found) => found.layer.id.endsWith("-circle"))
  .sort((one, other) => one.geometry.coordinates[0] - other.geometry.coordinates[0])
  .map((found) => found.layer.paint["circle-color"].toString())
"""
# What a map does that is not worth doing when nothing has changed: to cut shapes into tiles, to put layers on.
_NOTE_WORK = """
() => {
  const { style } = window.kept[0][1];
  window.work = [];
  window.kept[0][1].on("dataloading", ({ sourceId }) => sourceId && window.work.push(`cut ${sourceId}`));
  const addLayer = style.addLayer.bind(style);
  style.addLayer = (layer, ...more) => {
    window.work.push(`add ${layer.id}`);
    return addLayer(layer, ...more);
  };
}
"""
# What the graphics card is given for a map while parts of it are missing.
_NOTE_HALVES = """
window.draws = { half: 0, whole: 0 };
for (const name of ["drawElements", "drawArrays"]) {
  const draw = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...given) {
    const map = document.querySelector(".figure-plot")?._fullLayout?.map?._subplot?.map;
    window.draws[map?.style?.loaded() ? "whole" : "half"] += 1;
    return draw.apply(this, given);
  };
}
"""
_VIEWS = """
() => [...document.querySelectorAll(".figure-plot")].map((plot) => plot._fullLayout.map?._subplot.map).filter(Boolean)
  .map((map) => [map.getCenter().lng.toFixed(6), map.getCenter().lat.toFixed(6), map.getZoom().toFixed(4)].join())
"""
_STREET_LAYERS = "() => window.kept[0][1].getStyle().layers.filter(({ id }) => id.startsWith('street-')).map(({ id }) => id)"
_ANYONE = {"Access-Control-Allow-Origin": "*"}
_STREETS = {
    "version": 8,
    "sources": {"tiles": {"type": "vector", "tiles": ["http://127.0.0.1:9/{z}/{x}/{y}.pbf"], "maxzoom": 14}},
    "layers": [
        {"id": "roads", "type": "line", "source": "tiles", "source-layer": "roads"},
        {
            "id": "shields",
            "type": "symbol",
            "source": "tiles",
            "source-layer": "roads",
            "layout": {"icon-image": "shield"},
        },
        {
            "id": "names",
            "type": "symbol",
            "source": "tiles",
            "source-layer": "roads",
            "layout": {"text-field": ["get", "name"], "text-font": ["Nowhere Sans"], "icon-image": "shield"},
        },
    ],
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of its own for apps/figure_app.py."""
    port = _free_port()
    server = Server(f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("figures") / "log.txt")
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(Path(__file__).parent / "apps" / "figure_app.py"),
    ]
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.fileWatcherType=none"]
    with (
        server.log.open("wb") as log,
        subprocess.Popen([*command, *options], cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_until_healthy(server, process)
            yield server.url
        finally:
            process.terminate()


def _open(page: Page, url: str) -> None:
    open_page(page, url)
    page.evaluate(_KEEP)


def _assert_soon(page: Page, script: str, expected: object) -> None:
    """Assert what `script` returns, once the map has drawn it."""
    for _ in range(100):
        if (found := page.evaluate(script)) == expected:
            return
        page.wait_for_timeout(100)
    assert found == expected


def _press(page: Page, key: str, times: int = 1) -> None:
    page.locator("input[type=range]").focus()
    for _ in range(times):
        page.keyboard.press(key)


def _drag_map(page: Page) -> None:
    x, y = _centre_of(page, 5)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    page.wait_for_timeout(500)


def _centre_of(page: Page, area: int) -> tuple[float, float]:
    """Where area `area` of the app's map is on the screen."""
    return tuple(
        page.evaluate(
            """(area) => {
              const map = window.kept[0][1];
              const place = map.project([-72.4 + (area % 4) * 0.02 + 0.009, 18.5 + Math.floor(area / 4) * 0.02 + 0.009]);
              const box = map.getContainer().getBoundingClientRect();
              return [box.x + place.x, box.y + place.y];
            }""",
            area,
        )
    )


def test_a_step_of_a_widget_keeps_map_and_view(page: Page, figures: str) -> None:
    _open(page, figures)
    before = page.evaluate(_VIEW)
    _drag_map(page)
    view = page.evaluate(_VIEW)
    assert view != before
    _press(page, "ArrowRight")
    expect(page.get_by_text("Python drew 2025-01-05")).to_be_visible()
    wait_ready(page)
    assert page.evaluate(_SAME)
    assert page.evaluate(_VIEW) == view
    assert page.evaluate(_DATE_ON_MAP) == "2025-01-05"
    assert page.evaluate(_CURSOR) == "2025-01-05"


def test_a_map_is_drawn_once_it_is_whole(page: Page, figures: str) -> None:
    page.add_init_script(_NOTE_HALVES)
    _open(page, figures)
    draws = page.evaluate("draws")
    assert draws["whole"] > 0
    assert draws["half"] == 0


def test_an_element_above_keeps_the_map(page: Page, figures: str) -> None:
    _open(page, figures)
    page.get_by_text("Warning").click()
    expect(page.get_by_text("Something appeared above the figures.")).to_be_visible()
    wait_ready(page)
    assert page.evaluate(_SAME)


def test_a_click_tells_python_the_area(page: Page, figures: str) -> None:
    _open(page, figures)
    page.mouse.click(*_centre_of(page, 6))
    expect(page.get_by_text("area area-6")).to_be_visible()
    assert "area=area-6" in page.url
    assert page.evaluate(_SAME)


def test_a_tap_tells_python_the_area_and_one_finger_scrolls(phone: Page, figures: str) -> None:
    _open(phone, figures)
    x, y = _centre_of(phone, 6)
    phone.touchscreen.tap(x, y)
    expect(phone.get_by_text("area area-6")).to_be_visible()
    phone.wait_for_timeout(1000)  # a tap and a drag right after it would be MapLibre's gesture for zooming
    view = phone.evaluate(_VIEW)
    touch = phone.context.new_cdp_session(phone)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for moved in range(10, 60, 10):
        touch.send(
            "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - moved}]}
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.wait_for_timeout(300)
    assert phone.evaluate(_VIEW) == view


def test_the_view_goes_into_the_link_without_a_run_of_the_page_and_comes_back_from_it(
    page: Page, figures: str
) -> None:
    _open(page, f"{figures}/?view=1")
    _drag_map(page)
    page.wait_for_url(lambda url: "view=18." in url)
    wait_ready(page)
    expect(page.get_by_text("Run 1", exact=True)).to_be_visible()
    view = page.evaluate(_VIEW)
    _press(page, "ArrowRight")
    expect(page.get_by_text("Python drew 2025-01-05")).to_be_visible()
    wait_ready(page)
    assert page.evaluate(_SAME)
    assert page.evaluate(_VIEW) == view
    assert "view=18." in page.url


def test_linked_maps_show_the_same_part_of_the_earth(page: Page, figures: str) -> None:
    _open(page, f"{figures}/?view=1&two=1")
    before = page.evaluate(_VIEWS)
    _drag_map(page)
    one, other = page.evaluate(_VIEWS)
    assert one == other != before[0]
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"(before) => ({_VIEWS})()[0] !== before", arg=one)
    page.wait_for_timeout(1000)
    one, other = page.evaluate(_VIEWS)
    assert one == other
    assert page.evaluate(_SAME)


def _switch_streets(page: Page) -> None:
    page.get_by_text("Streets", exact=True).click()


def test_a_street_map_that_cannot_be_reached_leaves_the_plain_one(page: Page, figures: str) -> None:
    _open(page, figures)
    before = page.evaluate(_COLORS)
    _switch_streets(page)
    expect(page.get_by_text("The street map cannot be reached")).to_be_visible()
    assert page.evaluate(_STREET_LAYERS) == []
    assert page.evaluate(_COLORS) == before
    _switch_streets(page)
    expect(page.get_by_text("The street map cannot be reached")).to_be_hidden()
    assert page.evaluate(_SAME)


@pytest.mark.parametrize("tiles", [200, 500], ids=["whole", "tiles fail"])
def test_a_street_map_lies_under_and_over_the_areas_until_it_fails(
    page: Page, figures: str, tiles: int
) -> None:
    asked = []
    page.route("http://127.0.0.1:9/*.json", lambda route: route.fulfill(json=_STREETS, headers=_ANYONE))
    page.route(
        "http://127.0.0.1:9/**/*.pbf", lambda route: route.fulfill(status=tiles, body=b"", headers=_ANYONE)
    )
    page.on("request", lambda request: asked.append(request.url) if ":9/" in request.url else None)
    _open(page, figures)
    assert asked == []
    _switch_streets(page)
    if tiles == 200:
        expect(page.get_by_text("Somebody's streets")).to_be_visible()
        assert page.evaluate(_STREET_LAYERS) == ["street-roads", "street-names"]
        assert not any("font" in url or "shield" in url for url in asked)
        _switch_streets(page)
        expect(page.get_by_text("Somebody's streets")).to_be_hidden()
    else:
        expect(page.get_by_text("The street map cannot be reached")).to_be_visible()
    assert page.evaluate(_STREET_LAYERS) == []
    assert page.evaluate(_SAME)


def test_a_figure_has_a_text_and_a_png(page: Page, figures: str) -> None:
    _open(page, figures)
    expect(page.get_by_role("img", name="A map of squares.")).to_be_visible()
    page.locator(".figure-plot").first.hover()
    with page.expect_download() as download:
        page.locator("[data-title='Download as PNG']").first.click()
    assert download.value.suggested_filename == "map.png"
    header = download.value.path().read_bytes()[:24]
    width = page.evaluate("document.querySelector('.figure-plot').clientWidth")
    assert int.from_bytes(header[16:20], "big") == 2 * width
    assert int.from_bytes(header[20:24], "big") == 600


def test_everything_moves_with_the_bar_and_python_hears_of_the_last_date(page: Page, figures: str) -> None:
    _open(page, f"{figures}/?bar=1")
    before, points = page.evaluate(_COLORS), page.evaluate(_POINTS)
    page.evaluate(_NOTE_WORK)
    _press(page, "ArrowRight", times=5)
    expect(page.get_by_text("It is 2025-01-09.")).to_be_visible()
    assert page.evaluate(_DATE_ON_MAP) == "2025-01-09"
    assert page.evaluate(_CURSOR) == "2025-01-09"
    moved = {area: COLORS[(COLORS.index(color) + 5) % 3] for area, color in before.items()}
    _assert_soon(page, _COLORS, moved)
    _assert_soon(page, _POINTS, points[::-1])
    assert len(points) == 2
    expect(page.get_by_text("Python drew 2025-01-09")).to_be_visible()
    wait_ready(page)
    _assert_soon(page, _COLORS, moved)
    _assert_soon(page, _POINTS, points[::-1])
    assert page.evaluate("window.work") == []
    assert "date=2025-01-09" in page.url
    assert page.evaluate(_SAME)


def test_playing_tells_python_only_the_date_it_stops_at(page: Page, figures: str) -> None:
    _open(page, f"{figures}/?bar=1&date=2025-01-02")
    page.evaluate(_NOTE_SENTENCES)
    page.get_by_label("Play").click()
    page.wait_for_function("() => window.sentences.length >= 3")
    page.get_by_label("Pause").click()
    page.wait_for_function("() => !document.querySelector('[aria-label=Pause]')")
    wait_ready(page)
    date = page.locator(".time-bar-date").inner_text()
    expect(page.get_by_text(f"Python drew {date}")).to_be_visible()
    passed = page.evaluate("window.sentences")
    assert passed[:3] == ["It is 2025-01-03.", "It is 2025-01-04.", "It is 2025-01-05."]
    assert page.evaluate("window.drawn") == [f"Python drew {date}; area none"]
    assert page.evaluate(_DATE_ON_MAP) == date
    assert page.evaluate(_SAME)


def test_a_milestone_can_be_jumped_to(page: Page, figures: str) -> None:
    _open(page, f"{figures}/?bar=1")
    page.get_by_label("Go to …").select_option("A milestone")
    expect(page.get_by_text("Python drew 2025-01-20")).to_be_visible()
    wait_ready(page)
    assert page.evaluate(_DATE_ON_MAP) == "2025-01-20"


# How many colours the picture has that is printed in the place of the map.
_PRINTED_SHADES = """
async () => {
  const picture = document.querySelector(".figure-print");
  await picture.decode();
  const [width, height] = [60, 30];
  const drawing = new OffscreenCanvas(width, height).getContext("2d");
  drawing.drawImage(picture, 0, 0, width, height);
  const { data } = drawing.getImageData(0, 0, width, height);
  return new Set(Array.from({ length: data.length / 4 }, (_, at) => data.slice(4 * at, 4 * at + 4).join())).size;
}
"""
_PERIOD = """
() => [...document.querySelectorAll(".time-bar-ends span")].map((end) => end.textContent)
"""
_AXIS = "() => document.querySelectorAll('.figure-plot')[1]._fullLayout.xaxis.range.map((end) => end.slice(0, 10))"


def test_a_period_narrows_the_bar_and_the_chart_and_goes_where_the_reader_goes(
    page: Page, figures: str
) -> None:
    _open(page, f"{figures}/?bar=1&date=2025-01-12&period=week")
    assert page.evaluate(_PERIOD) == page.evaluate(_AXIS) == ["2025-01-05", "2025-01-12"]
    _press(page, "ArrowLeft", times=2)  # inside: the period stays
    assert page.evaluate(_PERIOD) == ["2025-01-05", "2025-01-12"]
    page.get_by_label("One period on").click()
    expect(page.get_by_text("Python drew 2025-01-17")).to_be_visible()
    wait_ready(page)
    assert page.evaluate(_PERIOD) == page.evaluate(_AXIS) == ["2025-01-10", "2025-01-17"]
    _press(page, "ArrowRight")  # at the end: the period goes along
    assert page.evaluate(_PERIOD) == ["2025-01-11", "2025-01-18"]
    expect(page.get_by_text("Python drew 2025-01-18")).to_be_visible()
    page.get_by_role("button", name="all", exact=True).click()
    page.wait_for_url(lambda url: "period=all" in url)
    wait_ready(page)
    assert page.evaluate(_PERIOD) == page.evaluate(_AXIS) == ["2025-01-01", "2025-01-30"]
    page.get_by_label("Back to the last").click()
    expect(page.get_by_text("Python drew 2025-01-15")).to_be_visible()
    assert page.evaluate(_SAME)


def test_paper_shows_the_figures_and_not_what_one_works_with(page: Page, figures: str) -> None:
    _open(page, f"{figures}/?bar=1")
    bar = page.locator(".time-bar")
    expect(bar).to_be_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(bar).to_be_hidden()
    expect(page.get_by_role("img", name="A map of squares.")).to_be_visible()
    shades = page.evaluate(_PRINTED_SHADES)
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shades > 3
    expect(page.locator(".figure-print")).to_have_count(0)
    expect(bar).to_be_visible()


def test_without_webgl_the_map_says_so_and_charts_are_drawn(browser_program: str, figures: str) -> None:
    code = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox", "--disable-3d-apis"])
    page = browser.new_page()
    page.goto(sys.argv[2])
    page.locator(".figure-box[data-state=failed]").wait_for(timeout=60000)
    page.locator(".figure-box[data-state=drawn]").wait_for(timeout=60000)
    print(page.locator(".figure-notice").first.inner_text())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, browser_program, figures], capture_output=True, text=True, check=True
    )
    assert "WebGL" in done.stdout
