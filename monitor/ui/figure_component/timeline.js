/* Where each time bar stands, and what follows it. A bar is known by its key and the digest of its dates: what was made for
 * other dates does not follow. */

const bars = new Map();

/** Return the bar of `key`, on the page or still to come. */
export function barOf(key) {
  if (!bars.has(key)) bars.set(key, new Bar());
  return bars.get(key);
}

class Bar {
  constructor() {
    this.dates = null;
    this.place = null;
    this.followers = new Set();
    this.rested = Promise.resolve();
  }

  /** Stand at `place`: the `index` of a date of these dates, and the period shown, from index `from` to index `to`.
   * Followers hear of it at once, but only once per frame. */
  stand(dates, place) {
    if (dates === this.dates && Object.entries(place).every(([name, value]) => this.place[name] === value)) return;
    this.dates = dates;
    this.place = place;
    if (this.frame) this.isBehind = true;
    else this.informAll();
  }

  informAll() {
    this.isBehind = false;
    for (const follower of this.followers) this.inform(follower);
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (this.isBehind) this.informAll();
    });
  }

  /** Call `show(place)` at every step, and now if the bar already stands on these dates. Returns how to stop. */
  follow(dates, show) {
    const follower = { dates, show };
    this.followers.add(follower);
    this.inform(follower);
    return () => this.followers.delete(follower);
  }

  inform({ dates, show }) {
    if (dates === this.dates) show(this.place);
  }

  /** The place on these dates, or null where the bar does not stand on them. */
  placeOn(dates) {
    return dates === this.dates ? this.place : null;
  }

  /** Between `move` and `rest` the reader is busy with the bar; `rested` is fulfilled when they are not. */
  move() {
    if (!this.release) this.rested = new Promise((release) => (this.release = release));
  }

  rest() {
    this.release?.();
    this.release = null;
  }
}
