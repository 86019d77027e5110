/** The calls of the HTTP API. Everything that fails throws a Problem. */
import { Problem, problemOfResponse } from './problems.js';

/** @typedef {import('../types.js').ImageRecord} ImageRecord */
/** @typedef {import('../auth/session.js').Session} Session */

/**
 * Tells `reach` events with detail true or false when the server starts or ceases to answer.
 */
export class Client extends EventTarget {
  #isReached = true;

  /**
   * @param {string} base prefix of every address
   * @param {Session} session
   * @param {{fetch?: typeof fetch}} [seams]
   */
  constructor(base, session, seams = {}) {
    super();
    this.base = base;
    this.session = session;
    this.fetch = seams.fetch ?? ((...args) => fetch(...args));
  }

  #reach(isReached) {
    if (isReached === this.#isReached) return;
    this.#isReached = isReached;
    this.dispatchEvent(new CustomEvent('reach', { detail: isReached }));
  }

  async #once(path, init) {
    let answer;
    try {
      answer = await this.fetch(this.base + path, {
        ...init,
        headers: { accept: 'application/json', ...init.headers, ...this.session.headers() },
      });
    } catch (error) {
      if (error?.name === 'AbortError') throw error;
      this.#reach(false);
      throw new Problem(0);
    }
    this.#reach(answer.status < 500 || answer.status === 503 || answer.status === 507);
    return answer;
  }

  /**
   * Sends a request; where a credential is asked for, asks for it once and sends it again.
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async request(path, init = {}) {
    let answer = await this.#once(path, init);
    if (answer.status === 401 && !init.keepalive && (await this.session.renew())) answer = await this.#once(path, init);
    if (!answer.ok) throw await problemOfResponse(answer);
    if (answer.status === 204) return null;
    try {
      return await answer.json();
    } catch {
      throw new Problem(502, { code: 'answer.nonsense' });
    }
  }

  /**
   * @param {{tag?: string | null, cursor?: string | null, limit?: number, signal?: AbortSignal}} options
   * @returns {Promise<{items: ImageRecord[], cursor: string | null}>}
   */
  async images({ tag, cursor, limit, signal }) {
    const query = new URLSearchParams();
    if (limit) query.set('limit', String(limit));
    if (cursor) query.set('cursor', cursor);
    if (tag) query.set('tag', tag);
    const page = await this.request(`/images?${query}`, { signal });
    if (!Array.isArray(page?.items)) throw new Problem(502, { code: 'answer.nonsense' });
    return { items: page.items.filter((item) => typeof item?.filename === 'string'), cursor: page.cursor || null };
  }

  /**
   * @param {string} filename
   * @returns {Promise<ImageRecord>}
   */
  async image(filename) {
    const record = await this.request(`/images/${encodeURIComponent(filename)}`);
    if (typeof record?.filename !== 'string') throw new Problem(502, { code: 'answer.nonsense' });
    return record;
  }

  /**
   * @param {string} filename
   * @param {{keepalive?: boolean}} [options] keepalive: the page is being left
   */
  remove(filename, { keepalive = false } = {}) {
    return this.request(`/images/${encodeURIComponent(filename)}`, { method: 'DELETE', keepalive });
  }

  /**
   * Asks where the bytes of a file are to be sent.
   * @param {{filename: string, content_type: string, bytes: number}} file
   * @param {string} key Idempotency-Key
   */
  presign(file, key) {
    return this.request('/uploads', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(file),
    });
  }

  /** Whether the server answers again what the page lives on. Not every deployment has an address for its health alone. */
  async probe() {
    const answer = await this.#once('/images?limit=1', {});
    return answer.ok;
  }
}
