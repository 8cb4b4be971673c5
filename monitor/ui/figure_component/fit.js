/* Fits the stamp of a figure to the width it is drawn in.
 *
 * The text of a stamp is broken into lines in Python (monitor/charts/style.py), once for each of a few widths:
 * layout.meta.fit lists them, narrowest first, with the values to set by their path in the layout.
 */

/** Return the place in layout.meta.fit of what is meant for a width; -1 in a figure without a stamp. */
export function fitAt(layout, width) {
  const fits = layout.meta?.fit ?? [];
  return Math.max(
    fits.findLastIndex(({ min_width: least }) => least <= width),
    Math.min(0, fits.length - 1),
  );
}

/** Return the values for a width, by layout path as Plotly.relayout takes them. */
export function fitOf(layout, width) {
  return layout.meta?.fit?.[fitAt(layout, width)]?.set ?? {};
}

/** Set the values for a width in a layout that is not drawn yet. */
export function fitLayout(layout, width) {
  for (const [path, value] of Object.entries(fitOf(layout, width))) {
    const names = path.replaceAll("]", "").split(/[.[]/);
    const last = names.pop();
    names.reduce((part, name) => (part[name] ??= {}), layout)[last] = value;
  }
}
