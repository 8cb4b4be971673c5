/* Fetches and runs ahead of time what the figures of the page will need. The page's head names it (monitor/ui/serving.py).
 *
 * A module of the head runs after Streamlit's own, which were fetched before: nothing here keeps the first sentence waiting.
 * plotly.js takes about half a second to start, during which the page stands still: it starts once the first sentence stands,
 * while the server computes the first figure. A server that has just started may want to know when a figure is drawn.
 */

const SENTENCE = '[data-testid="stMain"] :is(h1, .moving-text)';

const FIGURE = ".figure-box[data-state]";

const { modules, plotly, drawn } = document.querySelector("script[data-plotly]").dataset;
for (const module of modules.split(" ")) preload("modulepreload", module, { crossOrigin: "" });
preload("preload", plotly, { as: "script" });
whenStands(SENTENCE, async () => (await import("./library.js")).loadPlotly(plotly));
if (drawn) {
  whenStands(FIGURE, async () => {
    await (await import("./library.js")).painted();
    navigator.sendBeacon(drawn);
  });
}

function preload(rel, href, more) {
  document.head.append(Object.assign(document.createElement("link"), { rel, href, ...more }));
}

/** Call `act` once the page has an element that `selector` finds. */
function whenStands(selector, act) {
  const seen = new MutationObserver(() => {
    if (!document.querySelector(selector)) return;
    seen.disconnect();
    act();
  });
  seen.observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["data-state"] });
}
