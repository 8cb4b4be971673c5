/* Moves a drawn figure with a time bar.
 *
 * Areas of a choropleth are repainted through MapLibre's feature state, which takes one frame; Plotly.restyle would cut all
 * polygons into tiles again. For that the map's sources get numbers as feature ids, and the paint properties that Plotly sets
 * are made to look at the state first. Both happen inside the map's own methods, so they hold for what Plotly draws later.
 */

import { fitAt } from "./fit.js";

/** In which entry of a feature's state a paint property is found; the names are those Plotly uses. */
const STATE = {
  "fill-color": "fc",
  "fill-opacity": "mo",
  "line-color": "mlc",
  "line-opacity": "mo",
  "line-width": "mlw",
};

export class Motion {
  constructor(plot) {
    this.plot = plot;
    this.numbers = new Map();
    this.layers = new Set();
    this.painted = [];
  }

  /** Take `content` for a figure about to be drawn with `layout`, and put what moves where it belongs at `index`. */
  prepare(content, layout, index) {
    this.content = content;
    this.codes = content.codes && Uint8Array.from(atob(content.codes), (char) => char.charCodeAt(0));
    if (index !== null) this.place(layout, index);
  }

  /** Paint the figure just drawn as it is at `index`; at null, as Python drew it. */
  drawn(index) {
    this.stop();
    if (!this.codes) return;
    this.adopt(this.plot._fullLayout.map._subplot.map);
    if (index !== null) this.paint(index);
  }

  /** Leave the map as Python drew it. */
  stop() {
    for (const { source } of this.painted) this.map.removeFeatureState({ source });
    this.painted = [];
    this.shown = [];
  }

  show(index) {
    const changes = this.place(this.plot.layout, index);
    if (changes.length) Plotly.relayout(this.plot, Object.fromEntries(changes));
    if (this.codes) this.paint(index);
  }

  /** Put what moves into `layout` and return what Plotly must be told so that it draws these items again and nothing else. */
  place(layout, index) {
    return this.content.moves.map(({ path, attribute, values }) => {
      const item = path.reduce((part, name) => part[name], layout);
      const value = values[index];
      item[attribute] = Array.isArray(value) ? value[fitAt(layout, layout.width)] : value;
      // Of all attributes of an annotation or a shape, its opacity is the cheapest to set.
      return path.length === 1 ? [`${path}.${attribute}`, item[attribute]] : [`${path[0]}[${path[1]}].opacity`, item.opacity ?? 1];
    });
  }

  paint(index) {
    const { length } = this.painted[0].areas;
    const codes = this.codes.subarray(index * length, (index + 1) * length);
    codes.forEach((code, area) => {
      if (code === this.shown[area]) return;
      for (const { source, areas, classes } of this.painted) {
        this.map.setFeatureState({ source, id: areas[area] }, classes[code]);
      }
    });
    this.shown = codes;
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
    this.painted = this.content.paint.map(({ trace, classes }) => {
      const { uid, locations } = this.plot._fullData[trace];
      this.adoptSource(map.getSource(`source-${uid}`), `plotly-trace-layer-${uid}`);
      return { source: `source-${uid}`, areas: Array.from(locations, (location) => this.numberOf(location)), classes };
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
