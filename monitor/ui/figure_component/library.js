/* Runs plotly.js, once: when the first figure asks for it, or earlier, if the browser has nothing else to do.
 *
 * The page's head loads this module (monitor/ui/serving.py). plotly.js takes about a second to start, during which the page
 * stands still; between the first sentence and the first figure the server still computes, and the browser waits.
 */

import { element, urlOf } from "./page.js";

const FIGURE_DUE_MS = 150;
const SENTENCE = '[data-testid="stMain"] :is(h1, .moving-text)';

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

const preloaded = document.querySelector('link[rel="preload"][href$="/plotly.min.js"]');
if (preloaded) whenSentenceStands(() => loadPlotly(preloaded.getAttribute("href")));

/** Call `act` once the page's first sentence has been painted and no figure has come right after it. */
function whenSentenceStands(act) {
  const seen = new MutationObserver(() => {
    if (!document.querySelector(SENTENCE)) return;
    seen.disconnect();
    setTimeout(() => requestIdleCallback(act), FIGURE_DUE_MS);
  });
  seen.observe(document.documentElement, { childList: true, subtree: true });
}
