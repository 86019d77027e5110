/** Follows the pictures that are still being made until each is ready, failed, or late. */

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

/**
 * @typedef {{items: ImageRecord[], cursor?: string | null}} Page
 * @typedef {{image(filename: string): Promise<ImageRecord>, images(options: object): Promise<Page>}} Source
 */

const delaysMs = [500, 1000, 2000, 4000, 5000];
const patienceMs = 10 * 60 * 1000;
/** From this many on, one page of the list is asked for instead of each record. */
const listFrom = 4;
const listLimit = 100;
const mostPages = 10;
const singlesPerTurn = 4;

export const isFinal = (/** @type {ImageRecord} */ record) => record.status === 'ready' || record.status === 'failed';

/**
 * Tells `record` events with the record as their detail, and `late` events with the file name. Asks nothing while the
 * page is hidden or nothing is pending.
 */
export class Poller extends EventTarget {
  /** @type {Map<string, {since: number, isTold: boolean}>} by file name */
  #pending = new Map();
  #turn = 0;
  #timer = 0;
  #isAsking = false;
  /** Seconds a busy server asked to be left alone. */
  #restS = 0;

  /**
   * @param {Source} api
   * @param {{setTimeout?: Function, clearTimeout?: Function, now?: () => number, document?: any}} [seams]
   */
  constructor(api, seams = {}) {
    super();
    this.api = api;
    this.setTimeout = seams.setTimeout ?? ((fn, ms) => setTimeout(fn, ms));
    this.clearTimeout = seams.clearTimeout ?? ((id) => clearTimeout(id));
    this.now = seams.now ?? (() => Date.now());
    this.document = seams.document ?? document;
    this.document.addEventListener('visibilitychange', () => this.#schedule());
  }

  get size() {
    return this.#pending.size;
  }

  /**
   * @param {string} filename
   * @param {{isTold?: boolean}} [options] isTold false: it was just sent to a bucket and may have no record yet
   */
  add(filename, { isTold = true } = {}) {
    if (this.#pending.has(filename)) return;
    this.#pending.set(filename, { since: this.now(), isTold });
    this.#turn = 0;
    this.#schedule();
  }

  /** @param {string} filename */
  drop(filename) {
    this.#pending.delete(filename);
  }

  #schedule() {
    this.clearTimeout(this.#timer);
    if (this.#isAsking || this.#pending.size === 0 || this.document.visibilityState === 'hidden') return;
    const delay = delaysMs[Math.min(this.#turn, delaysMs.length - 1)];
    this.#timer = this.setTimeout(() => this.#ask(), Math.max(delay, this.#restS * 1000));
  }

  async #ask() {
    this.#isAsking = true;
    this.#turn += 1;
    this.#restS = 0;
    try {
      for (const record of await this.#fetch([...this.#pending.keys()])) this.#take(record);
    } finally {
      this.#isAsking = false;
      this.#expire();
      this.#schedule();
    }
  }

  /** @param {string[]} names */
  async #fetch(names) {
    /** @type {ImageRecord[]} */
    const found = [];
    let rest = names;
    // What may have no record yet is looked for in the list, where its absence is no error.
    if (names.length >= listFrom || names.some((name) => !this.#pending.get(name)?.isTold)) {
      found.push(...(await this.#fetchNewest(names.length)));
      const seen = new Set(found.map((record) => record.filename));
      rest = names.filter((name) => !seen.has(name) && this.#pending.get(name)?.isTold);
    }
    const singles = await Promise.all(
      rest.slice(0, singlesPerTurn).map((name) =>
        this.api.image(name).then(
          (record) => [record],
          (error) => this.#excuse(error),
        ),
      ),
    );
    found.push(...singles.flat());
    // Those that could not be asked for this time come first the next time.
    for (const name of rest.slice(0, singlesPerTurn)) this.#rotate(name);
    return found;
  }

  /**
   * What is pending is among the newest, so as many pages are read as it can take.
   * @param {number} n
   */
  async #fetchNewest(n) {
    /** @type {ImageRecord[]} */
    const found = [];
    /** @type {string | null} */
    let cursor = null;
    for (let page = 0; page < mostPages && found.length < n; page += 1) {
      const told = await this.api
        .images({ limit: listLimit, cursor })
        .catch((error) => ({ items: this.#excuse(error), cursor: null }));
      found.push(...told.items.filter((record) => this.#pending.has(record.filename)));
      cursor = told.cursor ?? null;
      // A page with nothing on it that is waited for is behind all that is.
      if (!cursor || !told.items.some((record) => this.#pending.has(record.filename))) break;
    }
    return found;
  }

  /**
   * What could not be asked for is asked for again; a busy server says when.
   * @param {any} error
   * @returns {ImageRecord[]}
   */
  #excuse(error) {
    this.#restS = Math.max(this.#restS, error?.retryAfter ?? 0);
    return [];
  }

  #rotate(name) {
    const entry = this.#pending.get(name);
    if (!entry) return;
    this.#pending.delete(name);
    this.#pending.set(name, entry);
  }

  #take(record) {
    const entry = this.#pending.get(record.filename);
    if (entry) entry.isTold = true;
    if (isFinal(record)) this.#pending.delete(record.filename);
    this.dispatchEvent(new CustomEvent('record', { detail: { ...record, local: false } }));
  }

  #expire() {
    for (const [name, { since }] of this.#pending) {
      if (this.now() - since < patienceMs) continue;
      this.#pending.delete(name);
      this.dispatchEvent(new CustomEvent('late', { detail: name }));
    }
  }
}
