/* The time bar of time_bar (monitor/ui/figure.py): drag, step, play or jump through dates. */

import { contentOf, element, messageOf } from "./page.js";
import { barOf } from "./timeline.js";

const RESTED_MS = 250;
const ANSWERED_MS = 10_000;
const STEPS_PER_SECOND = [2, 5, 10];
const LEAP = 4;
const ICONS = {
  previous: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4L10.8 12z",
  next: "M8.6 16.6 13.2 12 8.6 7.4 10 6l6 6-6 6z",
  play: "M7 5v14l12-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
};
const shown = new WeakMap();

/** Called by Streamlit at the first appearance of a time bar and after each change of what Python sends. */
export default async function (component) {
  const { parentElement } = component;
  const message = messageOf(component);
  const content = await contentOf(message.content);
  if (!shown.has(parentElement)) shown.set(parentElement, new TimeBar(parentElement, message));
  const bar = shown.get(parentElement);
  bar.tell = component.setTriggerValue;
  bar.receive(message, content);
  return () => parentElement.isConnected || bar.leave();
}

class TimeBar {
  constructor(parent, { key, label, texts }) {
    this.bar = barOf(key);
    this.texts = texts;
    const box = element("div", "time-bar", parent);
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", label);

    button(box, "previous", texts.previous, () => this.go(this.index - 1));
    this.playButton = button(box, "play", texts.play, () => (this.playing ? this.pause() : this.play()));
    button(box, "next", texts.next, () => this.go(this.index + 1));
    this.date = element("output", "time-bar-date", box);
    this.speed = choice(box, texts.speed);
    STEPS_PER_SECOND.forEach((steps) => option(this.speed, steps, `${steps} / s`));
    this.jump = choice(box, texts.jump);
    this.jump.addEventListener("change", () => {
      this.go(Number(this.jump.value));
      this.jump.selectedIndex = 0;
    });

    const track = element("div", "time-bar-track", box);
    this.range = element("input", "time-bar-range", track);
    this.range.type = "range";
    this.range.setAttribute("aria-label", label);
    this.range.addEventListener("input", () => this.drag(Number(this.range.value)));
    this.range.addEventListener("change", () => this.restSoon());
    this.range.addEventListener("keydown", (event) => this.leap(event));
    this.marks = element("div", "time-bar-marks", track);
  }

  /** Take Python's dates, and go to its date unless it is old or only confirms what the reader chose. */
  receive({ dates, value }, content) {
    const isNews = dates !== this.dates || (value !== this.value && value !== this.told);
    if (dates !== this.dates) this.setDates(dates, content);
    if (isNews) {
      this.pause();
      this.told = value;
      this.put(content.dates.indexOf(value));
    }
    this.value = value;
    if (value === this.told && value === content.dates[this.index] && !this.playing) this.bar.rest();
  }

  setDates(dates, content) {
    this.dates = dates;
    this.content = content;
    this.range.max = content.dates.length - 1;
    this.marks.replaceChildren();
    this.jump.replaceChildren();
    option(this.jump, "", this.texts.jump);
    for (const [date, label] of content.milestones) {
      const index = content.dates.findIndex((reached) => reached >= date);
      if (index < 0 || date < content.dates[0]) continue;
      option(this.jump, index, label);
      const mark = element("span", "time-bar-mark", this.marks);
      mark.title = label;
      mark.style.setProperty("--at", index / Math.max(1, content.dates.length - 1));
    }
    this.jump.hidden = this.jump.options.length === 1;
  }

  /** Stand at the date of this index. */
  put(index) {
    this.index = index;
    const label = this.content.labels[index];
    this.range.value = index;
    this.range.setAttribute("aria-valuetext", label);
    this.date.textContent = label;
    this.bar.stand(this.dates, index);
  }

  /** Follow the reader, who is not done yet. */
  drag(index) {
    clearTimeout(this.resting);
    this.bar.move();
    this.put(Math.min(Math.max(index, 0), this.content.dates.length - 1));
  }

  go(index) {
    this.pause();
    this.drag(index);
    this.restSoon();
  }

  /** Once the reader has stopped, tell Python; the bar is at rest when its answer comes. */
  restSoon() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const date = this.content.dates[this.index];
      if (date === this.told) return this.bar.rest();
      this.told = date;
      this.tell("date", date);
      this.resting = setTimeout(() => this.bar.rest(), ANSWERED_MS);
    }, RESTED_MS);
  }

  leap(event) {
    const leap = { PageUp: LEAP, PageDown: -LEAP }[event.key];
    if (!leap) return;
    event.preventDefault();
    this.go(this.index + leap);
  }

  play() {
    const last = this.content.dates.length - 1;
    if (this.index === last) this.drag(0);
    this.showPlaying(true);
    const step = () => {
      this.drag(this.index + 1);
      if (this.index === last) this.pause();
      else this.playing = setTimeout(step, 1000 / Number(this.speed.value));
    };
    this.playing = setTimeout(step);
  }

  pause() {
    if (!this.playing) return;
    clearTimeout(this.playing);
    this.playing = null;
    this.showPlaying(false);
    this.restSoon();
  }

  showPlaying(isPlaying) {
    const name = isPlaying ? "pause" : "play";
    this.playButton.setAttribute("aria-label", this.texts[name]);
    this.playButton.title = this.texts[name];
    this.playButton.replaceChildren(icon(name));
  }

  leave() {
    clearTimeout(this.playing);
    clearTimeout(this.resting);
    this.bar.rest();
  }
}

function button(parent, name, label, act) {
  const made = element("button", "time-bar-button", parent);
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  made.append(icon(name));
  made.addEventListener("click", act);
  return made;
}

function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

function choice(parent, label) {
  const made = element("select", "time-bar-choice", parent);
  made.setAttribute("aria-label", label);
  return made;
}

function option(parent, value, text) {
  const made = element("option", "", parent);
  made.value = value;
  made.textContent = text;
}
