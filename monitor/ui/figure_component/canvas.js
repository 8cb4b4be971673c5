/* A figure alone on a canvas of a fixed size in px, for screenshots: nothing moves, nothing can be clicked. */

import { element, messageOf, urlOf } from "./page.js";

export default function (component) {
  const message = messageOf(component);
  const { parentElement } = component;
  const box = parentElement.querySelector(".figure-canvas") ?? element("div", "figure-box figure-canvas", parentElement);
  draw(box, message).catch((error) => {
    console.error(error);
    box.dataset.state = "failed";
  });
}

async function draw(box, { figure, width, height, scale, alt, language, plotly }) {
  delete box.dataset.state;
  document.documentElement.lang = language;
  Object.assign(box.style, { width: `${width}px`, height: `${height}px` });
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", alt);
  await loaded(urlOf(plotly));
  box.replaceChildren();
  const plot = element("div", "figure-canvas-plot", box);
  plot.style.transform = `scale(${scale})`;
  await Plotly.newPlot(plot, figure.data, figure.layout, { staticPlot: true, displayModeBar: false });
  box.dataset.state = "drawn";
}

function loaded(source) {
  if (window.Plotly) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = element("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} did not load`));
    document.head.append(script);
  });
}
