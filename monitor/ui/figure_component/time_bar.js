/* The time bar of time_bar (monitor/ui/figure.py): drag, step, leap, play or jump through dates, in a period of chosen length. */

import { contentOf, element, messageOf } from "./page.js";
import { barOf } from "./timeline.js";

const RESTED_MS = 250;
const ANSWERED_MS = 10_000;
const STEPS_PER_SECOND = [2, 5, 10];
const STRIP_HEIGHT = 100;
const ICONS = {
  back: "M18 17.6 12.4 12 18 6.4 16.6 5l-7 7 7 7zM11.4 17.6 5.8 12l5.6-5.6L10 5l-7 7 7 7z",
  previous: "M15.4 7.4 14 6l-6 6 6 6 1.4-1.4L10.8 12z",
  next: "M8.6 16.6 13.2 12 8.6 7.4 10 6l6 6-6 6z",
  forward: "m6 6.4 5.6 5.6L6 17.6 7.4 19l7-7-7-7zm6.6 0 5.6 5.6-5.6 5.6L14 19l7-7-7-7z",
  play: "M7 5v14l12-7z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  reset: "M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z",
};
const SVG = "http://www.w3.org/2000/svg";
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

    const steps = element("div", "time-bar-steps", box);
    button(steps, "back", texts.back, () => this.go(this.index - this.leap));
    button(steps, "previous", texts.previous, () => this.go(this.index - 1));
    this.playButton = button(steps, "play", texts.play, () => (this.playing ? this.pause() : this.play()));
    button(steps, "next", texts.next, () => this.go(this.index + 1));
    button(steps, "forward", texts.forward, () => this.go(this.index + this.leap));
    this.date = element("output", "time-bar-date", box);
    this.happened = element("span", "time-bar-happened", box);
    this.periods = element("div", "time-bar-periods", box);
    this.periods.setAttribute("role", "group");
    this.periods.setAttribute("aria-label", texts.period);
    this.speed = choice(box, texts.speed);
    STEPS_PER_SECOND.forEach((steps) => option(this.speed, steps, `${steps} / s`));
    this.jump = choice(box, texts.jump);
    this.jump.addEventListener("change", () => {
      this.go(Number(this.jump.value));
      this.jump.selectedIndex = 0;
    });
    this.resetButton = button(box, "reset", texts.reset, () => this.reset());

    const track = element("div", "time-bar-track", box);
    this.strip = element("div", "time-bar-strip", track);
    this.strip.title = texts.density;
    this.range = element("input", "time-bar-range", track);
    this.range.type = "range";
    this.range.setAttribute("aria-label", label);
    this.range.addEventListener("input", () => this.drag(Number(this.range.value)));
    this.range.addEventListener("change", () => this.restSoon());
    this.range.addEventListener("keydown", (event) => this.press(event));
    this.marks = element("div", "time-bar-marks", track);
    const ends = element("div", "time-bar-ends", track);
    this.ends = [element("span", "", ends), element("span", "", ends)];
  }

  /** Take Python's dates, date and period, and go there unless that is old or only confirms what the reader chose. */
  receive({ dates, value, period }, content) {
    const isNew = dates !== this.dates;
    const isOther = (name, said) => said !== this.said?.[name] && said !== this.told[name];
    const isNews = isNew || isOther("date", value) || isOther("period", period);
    if (content !== this.content) {
      this.setContent(dates, content);
      if (isNew) this.from = this.to = null;
      else this.setWindow(this.from, this.to);
    }
    if (isNews) {
      this.pause();
      this.told = { date: value, period };
      this.setPeriod(period);
      this.put(content.dates.indexOf(value), isNew || period !== this.said?.period);
    }
    this.said = { date: value, period };
    if (this.isConfirmed() && !this.playing) this.bar.rest();
  }

  /** Whether Python has said what the reader was last told to have chosen, and the bar stands there. */
  isConfirmed() {
    const { date, period } = this.said;
    return date === this.told.date && period === this.told.period && date === this.content.dates[this.index] && period === this.period;
  }

  setContent(dates, content) {
    this.dates = dates;
    this.content = content;
    this.jump.replaceChildren();
    option(this.jump, "", this.texts.jump);
    this.milestones = content.milestones
      .map(([date, label, kind]) => ({ label, kind, index: content.dates.findIndex((reached) => reached >= date), date }))
      .filter(({ index, date }) => index >= 0 && date >= content.dates[0]);
    for (const { index, label } of this.milestones) option(this.jump, index, label);
    this.jump.hidden = this.jump.options.length === 1;
    this.periods.replaceChildren();
    for (const [id, { label }] of Object.entries(content.periods)) {
      const made = element("button", "time-bar-period", this.periods);
      made.type = "button";
      made.textContent = label;
      made.dataset.period = id;
      made.addEventListener("click", () => this.choose(id));
    }
    this.resetButton.hidden = !content.home;
    this.setPeriod(this.period);
  }

  setPeriod(period) {
    this.period = period;
    const { steps, leap } = this.content.periods[period] ?? {};
    this.steps = steps || this.content.dates.length - 1;
    this.leap = leap || 4;
    for (const made of this.periods.children) made.setAttribute("aria-pressed", made.dataset.period === period);
  }

  /** Show a period of another length, which ends at the date where the bar stands. */
  choose(period) {
    this.bar.move();
    this.setPeriod(period);
    this.put(this.index, true);
    this.restSoon();
  }

  reset() {
    this.pause();
    this.bar.move();
    this.setPeriod(Object.keys(this.content.periods).at(-1) ?? this.period);
    this.put(this.content.dates.indexOf(this.content.home), true);
    this.restSoon();
  }

  /** Stand at the date of this index. The period moves no further than it must to hold it, unless it `ends` there. */
  put(index, ends = false) {
    const last = this.content.dates.length - 1;
    this.index = Math.min(Math.max(index, 0), last);
    let to = ends || this.to === null ? this.index : Math.max(this.to, this.index);
    to = Math.max(Math.min(to, this.index + this.steps), Math.min(this.steps, last));
    if (to !== this.to || to - this.steps !== this.from) this.setWindow(Math.max(to - this.steps, 0), to);
    const label = this.content.labels[this.index];
    this.range.value = this.index;
    this.range.setAttribute("aria-valuetext", label);
    this.date.textContent = label;
    this.happened.textContent = this.milestones
      .filter((milestone) => milestone.index === this.index)
      .map((milestone) => milestone.label)
      .join(" · ");
    this.bar.stand(this.dates, { index: this.index, from: this.from, to: this.to });
  }

  setWindow(from, to) {
    Object.assign(this, { from, to });
    this.range.min = from;
    this.range.max = to;
    this.ends[0].textContent = this.content.labels[from];
    this.ends[1].textContent = this.content.labels[to];
    this.marks.replaceChildren();
    for (const { index, label, kind } of this.milestones) {
      if (index < from || index > to) continue;
      const mark = element("button", `time-bar-mark time-bar-mark-${kind}`, this.marks);
      mark.type = "button";
      mark.tabIndex = -1; // the list of milestones is the way of the keyboard
      mark.title = label;
      mark.style.setProperty("--at", (index - from) / Math.max(1, to - from));
      mark.addEventListener("click", () => this.go(index));
    }
    this.drawStrip();
  }

  /** Draw how much was reported before each date of the period, and where the reports thin out. */
  drawStrip() {
    const { density } = this.content;
    this.strip.hidden = !density.length;
    if (!density.length) return;
    const most = Math.max(1, ...density);
    const points = density.slice(this.from, this.to + 1).map((value, place) => `${place},${STRIP_HEIGHT * (1 - Math.sqrt(value / most))}`);
    const width = Math.max(1, this.to - this.from);
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", `0 0 ${width} ${STRIP_HEIGHT}`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("aria-hidden", "true");
    const area = document.createElementNS(SVG, "polygon");
    area.setAttribute("points", `0,${STRIP_HEIGHT} ${points.join(" ")} ${width},${STRIP_HEIGHT}`);
    drawing.append(area);
    this.strip.replaceChildren(drawing);
    const thin = this.content.dates.findIndex((date) => date > this.content.thin_after);
    if (!this.content.thin_after || thin < 0 || thin > this.to) return;
    const part = element("span", "time-bar-thin", this.strip);
    part.title = this.content.thin_label;
    part.style.setProperty("--from", Math.max(0, thin - this.from - 0.5) / width);
  }

  /** Follow the reader, who is not done yet. */
  drag(index) {
    clearTimeout(this.resting);
    this.bar.move();
    this.put(index);
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
      const { date, period } = this.told;
      this.told = { date: this.content.dates[this.index], period: this.period };
      if (this.told.date === date && this.told.period === period) return this.bar.rest();
      if (this.told.period !== period) this.tell("period", this.told.period);
      if (this.told.date !== date) this.tell("date", this.told.date);
      this.resting = setTimeout(() => this.bar.rest(), ANSWERED_MS);
    }, RESTED_MS);
  }

  /** Page keys leap, and the arrows push the period on where it ends: the browser's own slider would stop there. */
  press(event) {
    const steps = { PageUp: this.leap, PageDown: -this.leap, ...(this.index === this.to && { ArrowRight: 1, ArrowUp: 1 }), ...(this.index === this.from && { ArrowLeft: -1, ArrowDown: -1 }) }[event.key];
    if (!steps) return;
    event.preventDefault();
    this.go(this.index + steps);
  }

  play() {
    if (this.index === this.to) this.drag(this.from);
    this.showPlaying(true);
    const step = () => {
      this.drag(this.index + 1);
      if (this.index === this.to) this.pause();
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
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

function choice(parent, label) {
  const made = element("select", "time-bar-choice", parent);
  made.setAttribute("aria-label", label);
  made.title = label;
  return made;
}

function option(parent, value, text) {
  const made = element("option", "", parent);
  made.value = value;
  made.textContent = text;
}
