/** The lists of pictures, one for each tag that was looked at. */

/** @typedef {import('../types.js').ImageRecord} ImageRecord */

const pageSize = 48;
/** So many pages come by themselves, then a button asks, so that the end of the page can be reached. */
const automaticPages = 3;
/** A busy server that does not say when to come again. */
const busyWaitS = 5;

/**
 * Newest first. What belongs behind the pages loaded so far is left out: it comes with its page.
 * @param {ImageRecord[]} items
 * @param {ImageRecord} record
 * @param {boolean} isWhole the list is loaded to its end
 */
function insertByAge(items, record, isWhole) {
  const created = record.created_at;
  const at = created ? items.findIndex((item) => (item.created_at ?? '') <= created) : 0;
  if (at >= 0) return [...items.slice(0, at), record, ...items.slice(at)];
  return isWhole ? [...items, record] : items;
}

/**
 * Whether a record that came in says nothing that is not known.
 * @param {ImageRecord} known
 * @param {ImageRecord} record
 */
function isToldBy(known, record) {
  return Object.entries(record).every(
    ([field, value]) => known[field] === value || JSON.stringify(known[field]) === JSON.stringify(value),
  );
}

class List {
  /** @type {ImageRecord[]} */
  items = [];
  /** @type {string | null} */
  cursor = null;
  pages = 0;
  /** @type {'idle' | 'loading' | 'ready' | 'error' | 'more' | 'more-error'} */
  state = 'idle';
  /** @type {unknown} */
  error = null;
  automaticUntil = automaticPages;

  get isEnd() {
    return this.state === 'ready' && this.cursor === null;
  }

  get wantsMore() {
    return this.state === 'ready' && this.cursor !== null && this.pages < this.automaticUntil;
  }
}

/** Tells `change` when a list is another one, and `record` with a record that came in or changed. */
export class Gallery extends EventTarget {
  /** @type {Map<string, List>} */
  #lists = new Map();
  /** @type {Map<string, number>} ratios known before the server tells them */
  #ratios = new Map();
  /** @type {Set<string>} previews that take longer than anyone waits */
  #late = new Set();
  /** @type {Set<string>} pictures whose deletion can still be undone */
  #hidden = new Set();

  /**
   * @param {{images(options: object): Promise<{items: ImageRecord[], cursor: string | null}>}} api
   * @param {{setTimeout?: (run: () => void, ms: number) => unknown}} [seams]
   */
  constructor(api, seams = {}) {
    super();
    this.api = api;
    this.setTimeout = seams.setTimeout ?? ((run, ms) => setTimeout(run, ms));
  }

  /** @param {string | null | undefined} tag */
  list(tag) {
    const key = tag ?? '';
    let list = this.#lists.get(key);
    if (!list) this.#lists.set(key, (list = new List()));
    return list;
  }

  /**
   * What is shown of a list.
   * @param {string | null | undefined} tag
   */
  items(tag) {
    const { items } = this.list(tag);
    return this.#hidden.size === 0 ? items : items.filter((item) => !this.#hidden.has(item.filename));
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Loads the first pages of a list, unless it is there.
   * @param {string | null | undefined} tag
   * @param {number} [pages] as many as were loaded when the place was left
   */
  async load(tag, pages = 1) {
    const list = this.list(tag);
    if (list.state !== 'idle' && list.state !== 'error') return;
    list.state = 'loading';
    this.#changed();
    await this.#fetch(list, tag, 'error');
    while (this.list(tag).state === 'ready' && list.cursor && list.pages < pages) await this.more(tag);
  }

  /**
   * @param {string | null | undefined} tag
   * @param {{isAsked?: boolean}} [options] isAsked: a person asked for it, so the next pages come by themselves again
   */
  async more(tag, { isAsked = false } = {}) {
    const list = this.list(tag);
    if ((list.state !== 'ready' && list.state !== 'more-error') || list.cursor === null) return;
    if (isAsked) list.automaticUntil = list.pages + automaticPages;
    list.state = 'more';
    this.#changed();
    await this.#fetch(list, tag, 'more-error');
  }

  async #fetch(list, tag, failed) {
    try {
      const page = await this.api.images({ tag, cursor: list.cursor, limit: pageSize });
      const known = new Set(list.items.map((item) => item.filename));
      list.items = [...list.items, ...page.items.filter((item) => !known.has(item.filename))];
      list.cursor = page.cursor;
      list.pages += 1;
      list.state = 'ready';
      for (const record of page.items) this.#tell(record);
    } catch (error) {
      list.error = error;
      list.state = failed;
      if (error?.isBusy) this.setTimeout(() => this.#again(list, tag, failed), (error.retryAfter ?? busyWaitS) * 1000);
    }
    this.#changed();
  }

  /** A busy server is asked again when it said, unless a person did so before. */
  #again(list, tag, failed) {
    if (list.state !== failed) return;
    if (failed === 'error') this.load(tag);
    else this.more(tag);
  }

  #tell(record) {
    this.dispatchEvent(new CustomEvent('record', { detail: record }));
  }

  /**
   * Takes a record in: in its place where it is known, else by its age.
   * @param {ImageRecord} record
   */
  put(record) {
    let isChanged = false;
    for (const [tag, list] of this.#lists) {
      const before = list.items;
      const at = list.items.findIndex((item) => item.filename === record.filename);
      const isWanted = tag === '' || record.tags?.includes(tag);
      if (at >= 0) {
        if (isToldBy(before[at], record)) continue;
        list.items = before.slice();
        list.items[at] = { ...before[at], ...record };
      } else if (isWanted && list.state !== 'idle') {
        list.items = insertByAge(before, record, list.cursor === null);
      }
      isChanged ||= list.items !== before;
    }
    this.#tell(record);
    if (isChanged) this.#changed();
  }

  /** @param {string} filename */
  find(filename) {
    for (const list of this.#lists.values()) {
      const found = list.items.find((item) => item.filename === filename);
      if (found) return found;
    }
    return null;
  }

  /** @param {string} sha256 */
  findBytes(sha256) {
    for (const list of this.#lists.values()) {
      const found = list.items.find((item) => item.sha256 === sha256 && !this.#hidden.has(item.filename));
      if (found) return found;
    }
    return null;
  }

  /** @param {string} filename */
  hide(filename) {
    this.#hidden.add(filename);
    this.#changed();
  }

  /** @param {string} filename */
  unhide(filename) {
    if (this.#hidden.delete(filename)) this.#changed();
  }

  /** @param {string} filename */
  remove(filename) {
    for (const list of this.#lists.values()) list.items = list.items.filter((item) => item.filename !== filename);
    this.#hidden.delete(filename);
    this.#changed();
  }

  /** All tags of the pictures seen so far. */
  get tags() {
    const tags = new Set();
    for (const list of this.#lists.values())
      for (const item of list.items) for (const tag of item.tags ?? []) tags.add(tag);
    return [...tags].sort();
  }

  /**
   * @param {string} filename
   * @param {number} ratio
   */
  hint(filename, ratio) {
    this.#ratios.set(filename, ratio);
  }

  /** @param {string} filename */
  hinted(filename) {
    return this.#ratios.get(filename) ?? null;
  }

  /** @param {string} filename */
  markLate(filename) {
    this.#late.add(filename);
    this.#changed();
  }

  /** @param {string} filename */
  isLate(filename) {
    return this.#late.has(filename);
  }
}
