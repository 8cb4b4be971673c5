/* Printing: a page of the printer is narrower than the screen, and a browser prints an empty canvas where WebGL has drawn. */

const PAGE_PX = 700;
const plots = new Set();

/** Print this plot as it is on the screen. */
export function printable(plot) {
  plots.add(plot);
}

export function unprintable(plot) {
  plots.delete(plot);
}

addEventListener("beforeprint", () => {
  for (const plot of plots) {
    plot.style.zoom = Math.min(1, PAGE_PX / plot.clientWidth);
    const map = plot._fullLayout?.map?._subplot.map;
    if (!map) continue;
    map.redraw();
    const picture = document.createElement("img");
    picture.className = "figure-print";
    picture.src = map.getCanvas().toDataURL();
    map.getCanvas().after(picture);
  }
});

addEventListener("afterprint", () => {
  for (const plot of plots) plot.style.zoom = "";
  for (const picture of document.querySelectorAll(".figure-print")) picture.remove();
});
