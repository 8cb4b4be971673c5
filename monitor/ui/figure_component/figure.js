/* Draws the figures of show_figure (monitor/ui/figure.py).
 *
 * A figure keeps its element, its MapLibre map and its view for as long as the page shows a figure of the same key: a change
 * of data goes through Plotly.react. When Streamlit takes the element off the page (another page, a fragment drawn anew),
 * the figure is kept for a minute and put back if its key comes again.
 */

import { calm } from "./calm.js";
import { fitLayout, fitOf } from "./fit.js";
import { loadPlotly } from "./library.js";
import { Motion } from "./motion.js";
import { contentOf, element, messageOf } from "./page.js";
import { printable, unprintable } from "./print.js";
import { keepScale, setScale } from "./scale.js";
import { barOf } from "./timeline.js";
import { groupOf } from "./views.js";

const KEPT_MS = 60_000;
const CHOSEN = "chosen";
const DEFAULT_WIDTH = 700;
const PNG_SCALE = 2;
const isTouch = matchMedia("(hover: none)").matches;
const figures = new Map();

/** Called by Streamlit at the first appearance of a figure and after each change of what Python sends. */
export default function (component) {
  const message = messageOf(component);
  const figure = figures.get(message.key) ?? new Figure(message.key);
  figure.enter(component);
  figure.show(message);
  return () => figure.leave(component.parentElement);
}

class Figure {
  constructor(key) {
    this.key = key;
    figures.set(key, this);
    this.box = element("div", "figure-box");
    // The words for the picture stand beside it: buttons and a map inside an image could not be reached by a screen reader.
    this.alt = element("div", "figure-alt", this.box);
    this.alt.setAttribute("role", "img");
    this.plot = element("div", "figure-plot", this.box);
    this.notice = element("p", "figure-notice", this.box);
    this.note = element("p", "figure-note", this.box);
    this.note.setAttribute("role", "status");
    this.motion = new Motion(this.plot);
    this.resized = new ResizeObserver(() => this.isPrinting || this.fit());
    this.drawing = Promise.resolve();
  }

  enter({ parentElement, setTriggerValue }) {
    clearTimeout(this.parting);
    this.tell = setTriggerValue;
    if (this.box.parentElement !== parentElement) parentElement.append(this.box);
    this.resized.observe(this.box);
  }

  leave(parent) {
    if (parent.isConnected || this.box.parentElement !== parent) return;
    this.resized.disconnect();
    clearTimeout(this.parting);
    this.parting = setTimeout(() => {
      figures.delete(this.key);
      this.unfollow?.();
      this.views?.remove(this.map);
      unprintable(this);
      if (this.drawn) Plotly.purge(this.plot);
    }, KEPT_MS);
  }

  /** Draw `message`, or the newest one if more arrive while something is still loading or the reader moves the time bar. */
  show(message) {
    this.message = message;
    this.reserve();
    const { subtitle = "", footer = "" } = message.figure.layout.meta?.stamp ?? {};
    this.alt.setAttribute("aria-label", message.alt);
    this.alt.setAttribute("aria-description", `${subtitle} ${footer}`.trim());
    this.drawing = this.drawing.then(() => this.draw(message)).catch((error) => this.fail(error));
  }

  async draw(message) {
    const { motion } = message;
    const [{ data, layout }, content] = await Promise.all([
      completeFigure(message),
      motion && contentOf(motion.content),
      loadPlotly(message.plotly),
    ]);
    if (motion) await barOf(motion.bar).rested;
    if (message !== this.message) return;
    if (isTouch) layout.dragmode = layout.map ? "pan" : false;
    const width = this.box.clientWidth || DEFAULT_WIDTH;
    Object.assign(layout, { autosize: false, width, height: message.height });
    fitLayout(layout, width);
    this.placeButtons(layout);
    this.unfollow?.();
    const place = motion ? barOf(motion.bar).placeOn(motion.dates) : null;
    if (motion) this.motion.prepare(content, layout, place);
    else this.motion.stop();
    if (this.map && message.view) Object.assign(layout.map, viewOf(this.map));
    if (this.map) setScale(layout, this.map);
    const drawing = Plotly.react(this.plot, data, layout, (this.config ??= this.configure(layout)));
    this.adopt();
    await drawing;
    if (motion) {
      this.motion.drawn(place);
      this.unfollow = barOf(motion.bar).follow(motion.dates, (moved) => this.motion.show(moved));
    }
    this.plot.querySelectorAll(".main-svg").forEach((drawing) => drawing.setAttribute("aria-hidden", "true"));
    this.plot.querySelector(".maplibregl-canvas")?.setAttribute("aria-label", message.alt);
    if (!this.drawn) this.listen();
    if (this.map) this.drawnMap(message);
    this.drawn = true;
    this.notice.textContent = "";
    this.box.dataset.state = "drawn";
  }

  /** Take hold of a map that Plotly has just made and not yet filled. */
  adopt() {
    const subplot = this.plot._fullLayout.map?._subplot;
    if (!subplot || subplot.map === this.motion.map) return;
    this.motion.adopt(subplot.map);
    calm(subplot, (source) => this.motion.hides(source));
  }

  fail(error) {
    console.error(error);
    this.box.dataset.state = "failed";
    this.notice.textContent = hasWebGL() ? this.message.texts.failed : this.message.texts.no_webgl;
  }

  /** What is ours on the map that Plotly has just drawn. */
  drawnMap({ view, street }) {
    if (this.map.getLayer(CHOSEN)) this.map.setFilter(CHOSEN, false);
    const views = view ? groupOf(view) : null;
    if (views !== this.views) this.views?.remove(this.map);
    this.views = views;
    views?.add(this.map);
    if (street || this.hadStreet) this.showStreets(street);
    this.hadStreet = Boolean(street);
  }

  async showStreets(street) {
    const { showStreets } = await import("./street.js");
    await showStreets(this.map, street, (problem, attribution = "") => {
      this.note.textContent = problem || attribution;
      this.note.style.bottom = problem ? "" : `${this.plot._fullLayout.margin.b}px`;
      this.note.dataset.kind = problem ? "problem" : "attribution";
    });
  }

  configure({ meta }) {
    const png = { name: "png", title: this.message.texts.png, icon: Plotly.Icons.camera, click: () => this.download() };
    const home = { name: "home", title: this.message.texts.home, icon: Plotly.Icons.home, click: () => this.goHome() };
    const own = meta?.home ? [home, png] : [png];
    return {
      displaylogo: false,
      showSendToCloud: false,
      plotlyServerURL: "",
      modeBarButtonsToRemove: ["toImage", "select2d", "lasso2d", "autoScale2d", "resetViewMap"],
      modeBarButtonsToAdd: own,
      modeBarButtons: isTouch && [own],
    };
  }

  listen() {
    this.plot.on("plotly_click", ({ points }) => this.message.select && this.select(points[0]));
    printable(this);
    this.map = this.plot._fullLayout.map?._subplot.map;
    if (!this.map) return;
    keepScale(this.plot, this.map);
    if (isTouch) leaveScrolling(this.map, this.message.texts.two_fingers);
  }

  /** Show at once what was chosen, and tell Python, whose figure then says the same. */
  select(point) {
    const id = [point.customdata].flat()[0] ?? point.location;
    if (id === undefined) return;
    if (this.map?.getLayer(CHOSEN)) this.map.setFilter(CHOSEN, ["==", ["get", "id"], id]);
    this.tell("select", id);
  }

  goHome() {
    const { center, zoom } = this.plot.layout.meta.home;
    this.map.easeTo({ center: [center.lon, center.lat], zoom }, { originalEvent: new Event("home") });
  }

  /** The buttons of a map stand on it, not on its title. */
  placeButtons({ map, margin }) {
    if (map) this.box.style.setProperty("--map-top", `${margin.t}px`);
  }

  /** Give the box the height of the figure at this width. */
  reserve() {
    const { figure, height } = this.message;
    this.box.style.height = `${fitOf(figure.layout, this.box.clientWidth).height ?? height}px`;
  }

  async fit(width = this.box.clientWidth) {
    if (!this.drawn || !width || width === this.plot._fullLayout.width) return;
    this.reserve();
    await Plotly.relayout(this.plot, { width, ...fitOf(this.plot.layout, width) });
    this.placeButtons(this.plot.layout);
    const { motion } = this.message;
    const place = motion ? barOf(motion.bar).placeOn(motion.dates) : null;
    if (place !== null) this.motion.show(place);
  }

  /** Save the figure as Python drew it for the date at which the time bar rests. */
  async download() {
    if (this.message.motion) await barOf(this.message.motion.bar).rested;
    await this.drawing;
    const { filename } = this.message;
    await atPixelRatio(PNG_SCALE, () => Plotly.downloadImage(this.plot, { format: "png", scale: PNG_SCALE, filename }));
  }
}

/** Put the contents that Python sent as addresses back into their places in the figure. */
async function completeFigure({ figure, resources }) {
  await Promise.all(
    resources.map(async ([path, address]) => {
      const parent = path.slice(0, -1).reduce((part, name) => part[name], figure);
      parent[path.at(-1)] = await contentOf(address);
    }),
  );
  return figure;
}

/** Let one finger scroll the page over a map, which two fingers move; MapLibre shows `hint` to who tries with one. */
function leaveScrolling(map, hint) {
  map._locale["CooperativeGesturesHandler.MobileHelpText"] = hint;
  map.cooperativeGestures.enable();
}

/** What Python knows of the view may be older than the reader's last move. */
function viewOf(map) {
  const { lat, lng } = map.getCenter();
  return { center: { lat, lon: lng }, zoom: map.getZoom() };
}

function hasWebGL() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

/** Do something as if on a screen of this pixel ratio: Plotly draws maps for a picture at the ratio of the screen. */
async function atPixelRatio(ratio, act) {
  const actual = Object.getOwnPropertyDescriptor(window, "devicePixelRatio");
  Object.defineProperty(window, "devicePixelRatio", { configurable: true, get: () => ratio });
  try {
    return await act();
  } finally {
    Object.defineProperty(window, "devicePixelRatio", actual);
  }
}
