/* plotly.js, run once: when the first figure asks for it, or ahead of time (early.js). */

import { element, urlOf } from "./page.js";

// The page stands still while plotly.js starts: what was put on it just before, its first sentence, is painted by then.
const FRAMES = 3;

let plotly;

/** Return a promise that is fulfilled when `Plotly` can be used. */
export function loadPlotly(address) {
  plotly ??= painted(FRAMES).then(() => run(address));
  return plotly;
}

function run(address) {
  return new Promise((resolve, reject) => {
    const script = element("script");
    script.src = urlOf(address);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${address} did not load`));
    document.head.append(script);
  });
}

/** Return a promise that is fulfilled after some frames; at once in a page that nobody sees, which has none. */
async function painted(frames) {
  for (let left = frames; left && !document.hidden; left--) await new Promise(requestAnimationFrame);
}
