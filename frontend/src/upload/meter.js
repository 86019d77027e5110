/** The speed of the last seconds. */

const windowMs = 8000;
/** A speed told earlier jumps about. */
const settleMs = 5000;

export class Meter {
  /** @type {{at: number, bytes: number}[]} */
  #marks = [];
  #since = 0;

  /** @param {() => number} now milliseconds */
  constructor(now) {
    this.now = now;
  }

  /** @param {number} bytes */
  count(bytes) {
    const at = this.now();
    const last = this.#marks.at(-1);
    if (!last || at - last.at > windowMs) this.#since = at;
    this.#marks.push({ at, bytes });
    while (this.#marks[0].at < at - windowMs) this.#marks.shift();
  }

  /** @returns {number | null} bytes per second; null while it cannot be told */
  speed() {
    const at = this.now();
    if (this.#marks.length === 0 || at - this.#since < settleMs) return null;
    const recent = this.#marks.filter((mark) => mark.at >= at - windowMs);
    const bytes = recent.reduce((sum, mark) => sum + mark.bytes, 0);
    return bytes > 0 ? (bytes * 1000) / Math.min(windowMs, at - this.#since) : null;
  }
}
