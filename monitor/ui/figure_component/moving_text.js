/* Shows the text of moving_text (monitor/ui/figure.py): that of its date while the time bar moves. */

import { contentOf, element, messageOf } from "./page.js";
import { barOf } from "./timeline.js";

const shown = new WeakMap();

/** Called by Streamlit at the first appearance of a text and after each change of what Python sends. */
export default async function (component) {
  const { parentElement } = component;
  const message = messageOf(component);
  if (!shown.has(parentElement)) shown.set(parentElement, { text: element(message.tag, "moving-text", parentElement) });
  const place = shown.get(parentElement);
  place.message = message;
  if (barOf(message.bar).placeOn(message.dates) === null) say(place, message.text);

  const texts = await contentOf(message.content);
  if (place.message !== message) return undefined;
  place.unfollow?.();
  place.unfollow = barOf(message.bar).follow(message.dates, ({ index }) => say(place, texts[index]));
  return () => parentElement.isConnected || place.unfollow();
}

function say({ text, message }, words) {
  text.textContent = words;
  text.toggleAttribute("data-replaces", message.replaces);
}
