/* Printing: a page of the printer is narrower than the screen, and a browser prints an empty canvas where WebGL has drawn. */

const PAGE_PX = 700;
const figures = new Set();

/** Print this figure: a chart drawn for the width of the page, a map as it is on the screen. */
export function printable(figure) {
  figures.add(figure);
}

export function unprintable(figure) {
  figures.delete(figure);
}

addEventListener("beforeprint", () => {
  for (const figure of figures) {
    figure.isPrinting = true;
    const { plot, map } = figure;
    if (!map) {
      if (plot.clientWidth > PAGE_PX) figure.fit(PAGE_PX);
      continue;
    }
    plot.style.zoom = Math.min(1, PAGE_PX / plot.clientWidth);
    map.redraw();
    const picture = document.createElement("img");
    picture.className = "figure-print";
    picture.src = map.getCanvas().toDataURL();
    map.getCanvas().after(picture);
  }
});

addEventListener("afterprint", () => {
  for (const picture of document.querySelectorAll(".figure-print")) picture.remove();
  for (const figure of figures) {
    figure.isPrinting = false;
    figure.plot.style.zoom = "";
    figure.fit();
  }
});
