/* Moves a drawn figure with a time bar.
 *
 * Areas of a choropleth and points on a map are repainted through MapLibre's feature state, which takes one frame;
 * Plotly.restyle would cut all polygons into tiles again. For that the map's sources get numbers as feature ids, and the paint
 * properties that Plotly sets are made to look at the state first. Both happen inside the map's own methods, so they hold for
 * what Plotly draws later.
 */

import { fitAt } from "./fit.js";

/** In which entry of a feature's state a paint property is found; the names are those Plotly uses. */
const STATE = {
  "fill-color": "fc",
  "fill-opacity": "mo",
  "line-color": "mlc",
  "line-opacity": "mo",
  "line-width": "mlw",
  "circle-color": "mcc",
  "circle-radius": "mrc",
  "circle-opacity": "mo",
};

export class Motion {
  constructor(plot) {
    this.plot = plot;
    this.numbers = new Map();
    this.layers = new Set();
    this.painted = [];
  }

  /** Take `content` for a figure about to be drawn with `layout`, and put what moves where it belongs at `place`. */
  prepare(content, layout, place) {
    this.content = content;
    this.codes = content.codes.map((packed) => Uint8Array.from(atob(packed), (char) => char.charCodeAt(0)));
    this.placed = null;
    if (place !== null) this.place(layout, place);
  }

  /** Paint the figure just drawn as it is at `place`; at null, as Python drew it. */
  drawn(place) {
    this.stop();
    if (!this.content.paint.length) return;
    this.adopt(this.plot._fullLayout.map._subplot.map);
    if (place !== null) this.paint(place.index);
  }

  /** Leave the map as Python drew it. */
  stop() {
    for (const { source } of this.painted) if (this.map.getSource(source)) this.map.removeFeatureState({ source });
    this.painted = [];
  }

  show(place) {
    const changes = this.place(this.plot.layout, place);
    if (changes.length) Plotly.relayout(this.plot, Object.fromEntries(changes));
    this.paint(place.index);
  }

  /** Put what moves into `layout` and return what Plotly must be told so that it draws these items again and nothing else. */
  place(layout, place) {
    const width = fitAt(layout, layout.width);
    const before = this.placed ?? {};
    const isSized = width === before.width;
    this.placed = { ...place, width };
    const changes = [];
    for (const { path, attribute, values, at } of this.content.moves) {
      if (isSized && before[at] === place[at]) continue;
      const item = path.reduce((part, name) => part[name], layout);
      const listed = values[place[at]];
      const value = Array.isArray(listed) ? listed[width] : listed;
      if (item[attribute] === value) continue;
      item[attribute] = value;
      // Of all attributes of an annotation or a shape, its opacity is the cheapest to set.
      changes.push(path.length === 1 ? [`${path}.${attribute}`, item[attribute]] : [`${path[0]}[${path[1]}].opacity`, item.opacity ?? 1]);
    }
    const { period } = this.content;
    if (period && (before.from !== place.from || before.to !== place.to)) {
      const range = [period.dates[place.from], period.dates[place.to]];
      layout[period.axis] = { ...layout[period.axis], range, autorange: false };
      changes.push([`${period.axis}.range`, range]);
    }
    return changes;
  }

  paint(index) {
    for (const trace of this.painted) {
      const { source, areas, classes, codes, shown } = trace;
      const { length } = areas;
      const current = this.codes[codes].subarray(index * length, (index + 1) * length);
      current.forEach((code, area) => {
        if (code !== shown?.[area]) this.map.setFeatureState({ source, id: areas[area] }, classes[code]);
      });
      trace.shown = current;
    }
  }

  /** Make the map ready to be painted: once for the map, and for each source that Plotly adds to it. */
  adopt(map) {
    if (map !== this.map) {
      this.map = map;
      this.sources = new WeakSet();
      const setPaintProperty = map.setPaintProperty.bind(map);
      map.setPaintProperty = (layer, name, value, options) =>
        setPaintProperty(layer, name, this.layers.has(layer) ? stateFirst(name, value) : value, options);
    }
    this.painted = this.content.paint.map(({ trace, codes, classes }) => {
      const { uid, type, locations, lat } = this.plot._fullData[trace];
      const isAreas = type === "choroplethmap";
      const source = isAreas ? `source-${uid}` : `source-${uid}-circle`;
      this.adoptSource(map.getSource(source), `plotly-trace-layer-${uid}`);
      // Plotly numbers the points of a trace from 1.
      const names = isAreas ? locations : Array.from(lat, (_, point) => point + 1);
      return { source, areas: Array.from(names, (name) => this.numberOf(name)), classes, codes };
    });
  }

  adoptSource(source, layer) {
    if (this.sources.has(source)) return;
    this.sources.add(source);
    const setData = source.setData.bind(source);
    source.setData = ({ type, features }) =>
      setData({ type, features: features.map((feature) => ({ ...feature, id: this.numberOf(feature.id) })) });
    source.setData(source.serialize().data);
    for (const name of Object.keys(STATE)) {
      const painted = `${layer}-${name.split("-")[0]}`;
      if (!this.map.getLayer(painted)) continue;
      this.layers.add(painted);
      this.map.setPaintProperty(painted, name, this.map.getPaintProperty(painted, name));
    }
  }

  /** MapLibre keeps state for features with numbers above 0. A location has the same number in all sources and figures. */
  numberOf(location) {
    if (!this.numbers.has(location)) this.numbers.set(location, this.numbers.size + 1);
    return this.numbers.get(location);
  }
}

/** Return a paint property that prefers the feature's state to what Plotly wants: a constant, or a property of the feature. */
function stateFirst(name, value) {
  if (!(name in STATE) || Array.isArray(value)) return value;
  const otherwise = value?.type === "identity" ? ["get", value.property] : value;
  return ["coalesce", ["feature-state", STATE[name]], otherwise];
}
