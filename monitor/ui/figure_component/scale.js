/* The scale bar of a map: the shape and the annotation that the layout names "scale" (monitor/charts/maps.py) follow the zoom. */

/** Pixels around the world at zoom 0, and metres around the equator. */
const WORLD_PX = 512;
const EQUATOR_M = 40_075_016.686;

/** Keep the scale bar of `plot` true to what `map` shows. */
export function keepScale(plot, map) {
  let frame = null;
  map.on("zoom", () => {
    frame ??= requestAnimationFrame(() => {
      frame = null;
      const changes = setScale(plot.layout, map);
      if (changes) Plotly.relayout(plot, changes);
    });
  });
}

/** Give the bar in `layout` the longest round length that fits, and return what Plotly must be told; null if it has it. */
export function setScale(layout, map) {
  const bar = layout.shapes?.find(({ name }) => name === "scale");
  const label = layout.annotations?.find(({ name }) => name === "scale");
  if (!bar || !label) return null;
  const metres = (EQUATOR_M * Math.cos((map.getCenter().lat * Math.PI) / 180)) / (WORLD_PX * 2 ** map.getZoom());
  const { longest, units, decimal } = layout.meta.scale;
  const length = roundLength(longest * metres);
  const width = Math.round(length / metres);
  if (bar.x1 - bar.x0 === width) return null;
  bar.x1 = bar.x0 + width;
  label.text = length < 1000 ? `${length} ${units[0]}` : `${String(length / 1000).replace(".", decimal)} ${units[1]}`;
  return {
    [`shapes[${layout.shapes.indexOf(bar)}].opacity`]: 1,
    [`annotations[${layout.annotations.indexOf(label)}].opacity`]: 1,
  };
}

function roundLength(most) {
  const ten = 10 ** Math.floor(Math.log10(most));
  return ten * [5, 2, 1].find((digit) => digit * ten <= most);
}
