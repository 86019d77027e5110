/**
 * Deletions that can be undone. The server deletes for good, so the request is held back for as long as the undo is
 * offered, and goes out at once when the page is left.
 */
export const undoMs = 10_000;

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

/** Tells `failed` with the record that is still there because the server refused. */
export class Deletions extends EventTarget {
  /** @type {Map<string, {record: ImageRecord, timer: any}>} */
  #held = new Map();

  /**
   * @param {{remove(filename: string, options?: {keepalive?: boolean}): Promise<unknown>}} api
   * @param {import('./gallery.js').Gallery} gallery
   */
  constructor(api, gallery) {
    super();
    this.api = api;
    this.gallery = gallery;
  }

  get size() {
    return this.#held.size;
  }

  /** @param {ImageRecord} record */
  hold(record) {
    if (this.#held.has(record.filename)) return;
    this.gallery.hide(record.filename);
    this.#held.set(record.filename, { record, timer: setTimeout(() => this.#send(record), undoMs) });
  }

  /**
   * @param {string} filename
   * @returns {boolean} whether it was in time
   */
  undo(filename) {
    const held = this.#held.get(filename);
    if (!held) return false;
    clearTimeout(held.timer);
    this.#held.delete(filename);
    this.gallery.unhide(filename);
    return true;
  }

  /** Sends what is held back; the page is about to go away. */
  flush() {
    for (const { record, timer } of this.#held.values()) {
      clearTimeout(timer);
      this.api.remove(record.filename, { keepalive: true }).catch(() => {});
    }
    this.#held.clear();
  }

  async #send(record) {
    this.#held.delete(record.filename);
    try {
      await this.api.remove(record.filename);
    } catch (error) {
      if (error?.status !== 404) {
        this.gallery.unhide(record.filename);
        this.dispatchEvent(new CustomEvent('failed', { detail: record }));
        return;
      }
    }
    this.gallery.remove(record.filename);
  }
}
