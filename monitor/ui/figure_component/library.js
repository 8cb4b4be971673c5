/* plotly.js, run once: when the first figure asks for it, or ahead of time (early.js). */

import { element, urlOf } from "./page.js";

// After so many frames, what was put on the page is painted.
const FRAMES = 3;

let plotly;

/** Return a promise that is fulfilled when `Plotly` can be used. */
export function loadPlotly(address) {
  // The page stands still while plotly.js starts: what was put on it just before, its first sentence, must be painted by then.
  plotly ??= painted().then(() => run(address));
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

/** Return a promise that is fulfilled once what is on the page is painted; at once in a page that nobody sees. */
export async function painted() {
  for (let left = FRAMES; left && !document.hidden; left--) await new Promise(requestAnimationFrame);
}
