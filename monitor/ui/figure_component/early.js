/* Fetches and runs ahead of time what the figures of the page will need. The page's head names it (monitor/ui/serving.py).
 *
 * A module of the head runs after Streamlit's own, which were fetched before: nothing here keeps the first sentence waiting.
 * plotly.js takes about half a second to start, during which the page stands still: it starts once the first sentence stands,
 * while the server computes the first figure.
 */

const SENTENCE = '[data-testid="stMain"] :is(h1, .moving-text)';

const { modules, plotly } = document.querySelector("script[data-plotly]").dataset;
for (const module of modules.split(" ")) preload("modulepreload", module, { crossOrigin: "" });
preload("preload", plotly, { as: "script" });
whenSentenceStands(async () => (await import("./library.js")).loadPlotly(plotly));

function preload(rel, href, more) {
  document.head.append(Object.assign(document.createElement("link"), { rel, href, ...more }));
}

/** Call `act` once the page has its first sentence. */
function whenSentenceStands(act) {
  const seen = new MutationObserver(() => {
    if (!document.querySelector(SENTENCE)) return;
    seen.disconnect();
    act();
  });
  seen.observe(document.documentElement, { childList: true, subtree: true });
}
