/* plotly.js, run once: when the first figure asks for it, or ahead of time (early.js). */

import { element, urlOf } from "./page.js";

let plotly;

/** Return a promise that is fulfilled when `Plotly` can be used. */
export function loadPlotly(address) {
  plotly ??= new Promise((resolve, reject) => {
    const script = element("script");
    script.src = urlOf(address);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${address} did not load`));
    document.head.append(script);
  });
  return plotly;
}
