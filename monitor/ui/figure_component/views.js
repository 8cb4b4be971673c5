/* What part of the earth maps show: maps of one group show the same, and the link says it (map_view in monitor/ui/figure.py). */

import { element, messageOf } from "./page.js";

const SETTLED_MS = 400;
const groups = new Map();
const keepers = new WeakMap();

/** Called by Streamlit for the invisible element that puts the view of a group into the link. */
export default function (component) {
  const { parentElement, setTriggerValue } = component;
  const { group, parameter } = messageOf(component);
  const views = groupOf(group);
  Object.assign(views, { parameter, tell: (view) => setTriggerValue("view", view) });
  if (!keepers.has(parentElement)) element("span", "view-keeper", parentElement);
  keepers.set(parentElement, views);
  return () => {
    if (!parentElement.isConnected && keepers.get(parentElement) === views) views.tell = null;
  };
}

/** Return the maps that show the same part of the earth under this name. */
export function groupOf(name) {
  if (!groups.has(name)) groups.set(name, new Views());
  return groups.get(name);
}

class Views {
  constructor() {
    this.maps = new Map();
    // Back and forward: the view of that entry of the history.
    addEventListener("popstate", () => {
      const view = this.parameter && new URLSearchParams(location.search).get(this.parameter);
      if (view && view !== this.told) this.go(view);
    });
  }

  /** Let `map` move with the others. A map that comes later takes the view of those that are there. */
  add(map) {
    if (this.maps.has(map)) return;
    const [first] = this.maps.keys();
    if (first) this.lead(map, first);
    else this.told = textOf(map);
    const moved = () => this.moved(map);
    const settled = () => this.settleSoon(map);
    map.on("move", moved);
    map.on("moveend", settled);
    this.maps.set(map, { moved, settled });
  }

  remove(map) {
    const { moved, settled } = this.maps.get(map) ?? {};
    this.maps.delete(map);
    if (!moved) return;
    map.off("move", moved);
    map.off("moveend", settled);
  }

  moved(leader) {
    if (this.isLeading) return;
    for (const map of this.maps.keys()) if (map !== leader) this.lead(map, leader);
  }

  /** Show on `map` what `leader` shows. Plotly keeps a view that comes with an event, as that of a reader. */
  lead(map, leader) {
    this.isLeading = true;
    map.jumpTo({ center: leader.getCenter(), zoom: leader.getZoom() }, { originalEvent: new Event("move") });
    this.isLeading = false;
  }

  settleSoon(map) {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settled(map), SETTLED_MS);
  }

  /** Put the view into the link at once, and tell Python so that it stays there. */
  settled(map) {
    if (!this.parameter || !this.tell) return;
    const view = textOf(map);
    if (view === this.told) return;
    this.told = view;
    const address = new URL(location.href);
    address.searchParams.set(this.parameter, view);
    history.replaceState(history.state, "", address);
    this.tell(view);
  }

  go(view) {
    const [lat, lng, zoom] = view.split(",").map(Number);
    if (![lat, lng, zoom].every(Number.isFinite)) return;
    this.told = view;
    for (const map of this.maps.keys()) map.jumpTo({ center: { lat, lng }, zoom }, { originalEvent: new Event("popstate") });
  }
}

function textOf(map) {
  const { lat, lng } = map.getCenter();
  return `${lat.toFixed(4)},${lng.toFixed(4)},${map.getZoom().toFixed(2)}`;
}
