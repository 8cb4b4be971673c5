/* Spares a map what Plotly does again at each drawing although nothing has changed: cutting the same shapes into tiles, putting
 * layers back where they are, giving the canvas the size it has, and letting names fade in over twenty frames. On a machine that
 * draws without a graphics card that is more than a second for each answer of the server.
 */

/** For how long a map waits for its last parts. */
const WHOLE_MS = 2000;

/** Make the map of `subplot` calm, once, before Plotly adds anything to it. Where `hides(source)`, only shapes count. */
export function calm(subplot, hides) {
  const { map } = subplot;
  const addSource = map.addSource.bind(map);
  map.addSource = (id, source) => {
    // The stripes of an area are thinner than what is smoothed away from a distance.
    addSource(id, source.type === "geojson" ? { tolerance: 0, ...source } : source);
    if (source.type === "geojson" && id.startsWith("source-")) calmSource(map.getSource(id), source.data, () => hides(id));
    return map;
  };
  map._fadeDuration = 0;
  hurry(map);
  drawWhole(map);
  calmSize(map);
  calmLayers(subplot);
}

/** Plotly adds its traces once the base map has been drawn; they can be cut into tiles and drawn together with it. */
function hurry(map) {
  map.once("style.load", () => map.fire("load"));
}

/** Draw nothing until all is there: a frame with half of a map takes as long as the whole, and its parts would flash up. */
function drawWhole(map) {
  const { painter } = map;
  const draw = painter.render;
  const latest = performance.now() + WHOLE_MS;
  painter.render = (style, options) => {
    painter.style = style; // tiles that arrive look here for what becomes of their features
    if (!style.loaded() && performance.now() < latest) return;
    painter.render = draw;
    painter.render(style, options);
  };
}

/** Plotly gives a source all its features at each drawing. `flush` on the source hands over looks that were held back. */
function calmSource(source, given, isHidden) {
  const setData = source.setData.bind(source);
  source.setData = (data) => {
    source.held = null;
    if (isSameShape(given, data)) {
      if (isSameLook(given, data)) return source;
      if (isHidden()) {
        source.held = data;
        return source;
      }
    }
    given = data;
    return setData(data);
  };
  source.flush = () => {
    if (!source.held) return;
    given = source.held;
    source.held = null;
    setData(given);
  };
}

function isSameShape({ features: before }, { features: now }) {
  return before.length === now.length && now.every(({ id, geometry }, at) => id === before[at].id && isSameGeometry(geometry, before[at].geometry));
}

function isSameGeometry(one, other) {
  if (one === other) return true;
  return one.type === "Point" && other.type === "Point" && one.coordinates.join() === other.coordinates.join();
}

function isSameLook({ features: before }, { features: now }) {
  return now.every(({ properties }, at) => JSON.stringify(properties) === JSON.stringify(before[at].properties));
}

function calmSize(map) {
  const resize = map.resize.bind(map);
  let size = null;
  map.resize = (...event) => {
    const { clientWidth, clientHeight } = map.getContainer();
    const now = [clientWidth, clientHeight, devicePixelRatio].join();
    if (now === size) {
      map.triggerRepaint(); // Plotly waits for a frame
      return map;
    }
    size = now;
    return resize(...event);
  };
}

/** Plotly takes traces and layers that share a place off the map and puts them back, lest a new one come out of order. */
function calmLayers(subplot) {
  const fill = subplot.fillBelowLookup.bind(subplot);
  let order = null;
  subplot.fillBelowLookup = (traces, layout) => {
    const before = [...Object.values(subplot.traceHash), ...subplot.layerList].map((drawn) => [drawn, drawn.below]);
    fill(traces, layout);
    const now = JSON.stringify([subplot.belowLookup, traces.map(([{ trace }]) => [trace.uid, trace.type])]);
    if (now === order) for (const [drawn, below] of before) drawn.below = below;
    order = now;
  };
}
