/* Tells, inside a page under measurement, when something is painted. The same conditions hold for our pages and the bare ones.
 *
 * A map is painted when MapLibre has loaded and drawn everything it was given, Plotly's layers among it; a figure of ours
 * must also call itself drawn. Whatever is true is counted two animation frames later, when it has been on the screen.
 */

window.bench = (() => {
  const LIMIT_MS = 180_000;
  const QUIET_LIMIT_MS = 10_000;
  const QUIET_FRAMES = 10;
  const SLOW_FRAME_MS = 40;
  const now = () => performance.timeOrigin + performance.now();
  const frame = () => new Promise(requestAnimationFrame);

  const plots = () => [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot._fullLayout);
  const mapOf = (plot) => plot._fullLayout.map?._subplot?.map;
  const plotOf = (kind) => plots().find((plot) => Boolean(plot._fullLayout.map) === (kind === "map"));
  const textOf = (plot) => plot?.querySelector(".infolayer")?.textContent ?? "";

  function isDrawn(plot) {
    if (!plot) return false;
    const box = plot.closest(".figure-box");
    if (box && box.dataset.state !== "drawn") return false;
    if (!plot._fullLayout.map) return textOf(plot) !== "";
    const map = mapOf(plot);
    return Boolean(map?.loaded()) && Object.keys(map.style._layers).some((id) => id.startsWith("plotly-trace-layer"));
  }

  const isTrue = {
    sentence: () => Boolean(document.querySelector('[data-testid="stMain"] :is(h1, .moving-text)')?.textContent.trim()),
    map: () => isDrawn(plotOf("map")),
    page: () =>
      document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === "notRunning" &&
      !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]') &&
      [...document.querySelectorAll(".figure-box")].every((box) => box.dataset.state) &&
      plots().every(isDrawn),
  };

  /** Return the time at which `condition` was true for two frames. */
  async function painted(condition) {
    const limit = now() + LIMIT_MS;
    while (now() < limit) {
      await frame();
      const failure = document.querySelector('[data-testid="stException"]');
      if (failure) throw new Error(`The page failed: ${failure.textContent.slice(0, 200)}`);
      if (!condition()) continue;
      await frame();
      await frame();
      if (condition()) return now();
    }
    throw new Error(`Not painted within ${LIMIT_MS / 1000} s: ${condition}`);
  }

  return {
    /** When the parts named are painted, in ms since 1970, and when the navigation began; the page counts only with its parts. */
    async opened(parts) {
      const whole = () => parts.every((part) => isTrue[part]()) && isTrue.page();
      const times = parts.map(async (part) => [part, await painted(isTrue[part])]);
      return { navigation: performance.timeOrigin, ...Object.fromEntries(await Promise.all(times)), page: await painted(whole) };
    },

    /** Wait until frames come at their pace: what was drawn last may keep the graphics busy after it is on the screen. */
    async quiet() {
      const limit = now() + QUIET_LIMIT_MS;
      let calm = 0;
      for (let last = await frame(); calm < QUIET_FRAMES && now() < limit; ) {
        const next = await frame();
        calm = next - last < SLOW_FRAME_MS ? calm + 1 : 0;
        last = next;
      }
    },

    /** Get ready for one step: the time runs from the next `event` to the painted figure with another text in its title. */
    arm(event, kind) {
      const before = plotOf(kind);
      const [text, map] = [textOf(before), mapOf(before)];
      const start = new Promise((resolve) => {
        const note = (heard) => resolve(performance.timeOrigin + heard.timeStamp);
        window.addEventListener(event, note, { capture: true, once: true });
      });
      const changed = () => textOf(plotOf(kind)) !== text && isDrawn(plotOf(kind));
      this.pending = start.then(async (from) => {
        const to = await painted(changed);
        const after = plotOf(kind);
        return { ms: to - from, kept: after === before && mapOf(after) === map };
      });
      this.pending.catch(() => {});
    },
  };
})();
