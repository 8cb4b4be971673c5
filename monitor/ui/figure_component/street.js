/* The street map that the reader may switch on: fetched from a public server, laid under and over the areas, and left out with
 * a message where the server cannot be reached. Names are drawn with the browser's own fonts, so that nothing else is fetched. */

const PREFIX = "street-";
const ANSWERED_MS = 8000;
/** The white under areas without data, which would cover the ground. */
const WHITE = "cells-fill";
const maps = new WeakMap();

/** Show or hide the streets of `street.style` on `map`; `say` is called with a message, or an empty text. */
export async function showStreets(map, street, say) {
  const state = maps.get(map) ?? { on: false };
  maps.set(map, state);
  state.on = Boolean(street);
  if (!street) {
    say("");
    return hide(map);
  }
  state.say = say;
  state.street = street;
  listen(map, state);
  try {
    state.style ??= await fetchStyle(street.style);
  } catch (error) {
    console.warn(error);
    if (state.on) say(street.failed);
    return;
  }
  if (state.on) draw(map, state);
}

async function fetchStyle(address) {
  const answer = await fetch(address, { signal: AbortSignal.timeout(ANSWERED_MS) });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

/** Tiles can fail after the style has come. */
function listen(map, state) {
  if (state.listens) return;
  state.listens = true;
  map.on("error", ({ sourceId }) => {
    if (!state.on || !sourceId?.startsWith(PREFIX)) return;
    hide(map);
    state.say(state.street.failed);
  });
}

function draw(map, { style, street, say }) {
  const names = map.getStyle().layers.find(({ type }) => type === "symbol")?.id;
  for (const [name, source] of Object.entries(style.sources)) {
    if (source.type === "vector" && !map.getSource(PREFIX + name)) map.addSource(PREFIX + name, source);
  }
  for (const layer of style.layers) {
    const id = PREFIX + layer.id;
    if (!map.getSource(PREFIX + layer.source)) continue;
    // Areas lie over land and water, lines and names over areas.
    const before = layer.type === "fill" ? WHITE : names;
    if (map.getLayer(id)) map.moveLayer(id, before);
    else if (layer.type !== "symbol") map.addLayer({ ...layer, id, source: PREFIX + layer.source }, before);
    else if (layer.layout?.["text-field"]) map.addLayer({ ...layer, id, source: PREFIX + layer.source, ...withoutIcon(layer) }, before);
  }
  map.setPaintProperty(WHITE, "fill-opacity", 0);
  say("", street.attribution);
}

/** Icons would need another request, and a font's name a server of glyphs. */
function withoutIcon({ layout, paint = {} }) {
  const kept = (part) => Object.fromEntries(Object.entries(part).filter(([name]) => !name.startsWith("icon-") && name !== "text-font"));
  return { layout: kept(layout), paint: kept(paint) };
}

function hide(map) {
  if (map.getLayer(WHITE)) map.setPaintProperty(WHITE, "fill-opacity", 1);
  for (const { id } of map.getStyle().layers) if (id.startsWith(PREFIX)) map.removeLayer(id);
  for (const name of Object.keys(map.getStyle().sources)) if (name.startsWith(PREFIX)) map.removeSource(name);
}
