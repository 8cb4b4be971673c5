/* Finds labels that are cut off and texts of figures that reach beyond their picture or over the plot. */
() => {
  const found = [];
  const shown = (element) => element.checkVisibility?.({ visibilityProperty: true }) && element.getBoundingClientRect().width > 0;
  for (const element of document.querySelectorAll(
    'button, label, [data-testid="stWidgetLabel"], [data-testid="stPageLink-NavLink"], [data-testid="stTopNavLink"], .time-bar-date, .language-choice a',
  )) {
    for (const part of [element, ...element.querySelectorAll("p, span, div")]) {
      if (!shown(part) || !part.textContent.trim()) continue;
      const style = getComputedStyle(part);
      if (part.scrollWidth > part.clientWidth + 1 && style.overflowX !== "visible" && style.display !== "inline")
        found.push(`cut: ${part.textContent.trim().slice(0, 60)} (${part.scrollWidth} > ${part.clientWidth})`);
    }
  }
  for (const box of document.querySelectorAll(".figure-box")) {
    const frame = box.getBoundingClientRect();
    const plot = box.querySelector(".plot, .maplibregl-map")?.getBoundingClientRect();
    for (const text of box.querySelectorAll(".main-svg text")) {
      const place = text.getBoundingClientRect();
      if (!place.width || !text.textContent.trim()) continue;
      // The box of a text begins above its letters: a title may seem to reach a little beyond the top.
      if (place.left < frame.left - 1 || place.right > frame.right + 1 || place.bottom > frame.bottom + 1)
        found.push(`beyond the figure: ${text.textContent.trim().slice(0, 60)}`);
    }
    const title = box.querySelector(".g-gtitle text")?.getBoundingClientRect();
    const axes = box.querySelector(".cartesianlayer .bglayer, .cartesianlayer .plot, .map")?.getBoundingClientRect();
    if (title && axes?.height && title.bottom > axes.top + 1) found.push(`title over the plot: ${box.textContent.slice(0, 60)}`);
  }
  return found;
}
