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
    this.isPlaced = place !== null;
    if (this.isPlaced) this.place(layout, place);
    else this.release(this.painted);
  }

  /** The figure about to be drawn does not move. */
  stop() {
    this.content = null;
    this.release(this.painted);
    this.painted = [];
  }

  /** Paint the figure just drawn as it is at `place`; at null, it stays as Python drew it. */
  drawn(place) {
    const before = new Map(this.painted.map((trace) => [trace.name, trace]));
    this.painted = this.content.paint.map((paint) => this.traceOf(paint));
    for (const trace of this.painted) {
      const last = before.get(trace.name);
      if (last?.source === trace.source) trace.shown = last.shown;
    }
    const kept = new Set(this.painted.map(({ source }) => source));
    this.release([...before.values()].filter(({ source }) => !kept.has(source)));
    if (place !== null) this.paint(place.index);
  }

  /** Show these traces as Plotly wants them. */
  release(traces) {
    for (const { name, source, shown } of traces) {
      shown.clear();
      if (this.map.getSource(name) !== source) continue;
      this.map.removeFeatureState({ source: name });
      source.flush();
    }
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
    for (const { name, areas, classes, codes, shown } of this.painted) {
      const { length } = areas;
      const current = this.codes[codes].subarray(index * length, (index + 1) * length);
      current.forEach((code, area) => {
        const { look, text } = classes[code];
        const id = areas[area];
        if (shown.get(id) === text) return;
        shown.set(id, text);
        this.map.setFeatureState({ source: name, id }, look);
      });
    }
  }

  /** Whether the features of a source have their looks from here now, so that those which Plotly gives them do not show. */
  hides(source) {
    return this.isPlaced && this.moves(source);
  }

  moves(source) {
    return Boolean(this.content) && this.content.paint.some(({ trace }) => this.sourceOf(trace) === source);
  }

  sourceOf(trace) {
    const { uid, type } = this.plot._fullData[trace];
    return type === "choroplethmap" ? `source-${uid}` : `source-${uid}-circle`;
  }

  /** Make the map ready to be painted, once, before Plotly adds anything to it. */
  adopt(map) {
    this.map = map;
    const addSource = map.addSource.bind(map);
    map.addSource = (id, source) => {
      if (source.type !== "geojson" || !source.data?.features) return addSource(id, source);
      addSource(id, { ...source, data: this.numbered(source.data) });
      const added = map.getSource(id);
      const setData = added.setData.bind(added);
      added.setData = (data) => setData(this.numbered(data));
      return map;
    };
    const addLayer = map.addLayer.bind(map);
    map.addLayer = (layer, before) => {
      if (!this.moves(layer.source)) return addLayer(layer, before);
      this.layers.add(layer.id);
      const paint = Object.entries(layer.paint ?? {}).map(([name, value]) => [name, stateFirst(name, value)]);
      return addLayer({ ...layer, paint: Object.fromEntries(paint) }, before);
    };
    const setPaintProperty = map.setPaintProperty.bind(map);
    map.setPaintProperty = (layer, name, value, options) =>
      setPaintProperty(layer, name, this.layers.has(layer) ? stateFirst(name, value) : value, options);
  }

  /** What is painted of a trace: its source, the numbers of its features and the looks of its classes. */
  traceOf({ trace, codes, classes }) {
    const { uid, type, locations, lat } = this.plot._fullData[trace];
    const name = this.sourceOf(trace);
    // Plotly numbers the points of a trace from 1.
    const names = type === "choroplethmap" ? locations : Array.from(lat, (_, point) => point + 1);
    this.adoptLayers(`plotly-trace-layer-${uid}`);
    return {
      name,
      source: this.map.getSource(name),
      areas: Array.from(names, (each) => this.numberOf(each)),
      classes: classes.map((look) => ({ look, text: JSON.stringify(look) })),
      codes,
      shown: new Map(),
    };
  }

  /** Layers that were drawn before their trace moved look at the state of features from now on. */
  adoptLayers(layer) {
    for (const kind of ["fill", "line", "circle"]) {
      const painted = `${layer}-${kind}`;
      if (!this.map.getLayer(painted) || this.layers.has(painted)) continue;
      this.layers.add(painted);
      for (const name of Object.keys(STATE).filter((each) => each.startsWith(kind))) {
        this.map.setPaintProperty(painted, name, this.map.getPaintProperty(painted, name));
      }
    }
  }

  numbered({ type, features }) {
    return { type, features: features.map((feature) => ({ ...feature, id: this.numberOf(feature.id) })) };
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
