/** What the operations page knows: asked for every few seconds, part by part, while the page is seen. */
import { problemOfResponse, Problem } from '../api/problems.js';

/** @typedef {import('../types.js').DeadLetter} DeadLetter */

const everyMs = 5000;
const pageSize = 100;

/** Tells `change`. */
export class OpsStore extends EventTarget {
  /** @type {any} */
  jobs = null;
  /** @type {any} */
  status = null;
  /** @type {DeadLetter[] | null} */
  dead = null;
  /** @type {string | null} */
  cursor = null;
  /** @type {'signed-out' | 'loading' | 'shown' | 'forbidden' | 'down'} */
  state = 'loading';
  /** Which parts of the last round could not be loaded. */
  /** @type {string[]} */
  missing = [];
  updatedAt = 0;
  #pages = 1;
  /** @type {any} */
  #timer = 0;
  #isAsking = false;

  /**
   * @param {string} base
   * @param {import('../auth/session.js').Session} session
   */
  constructor(base, session) {
    super();
    this.base = base;
    this.session = session;
    document.addEventListener('visibilitychange', () => this.#schedule(0));
  }

  /** @param {string} path @param {RequestInit} [init] */
  async request(path, init = {}) {
    let answer;
    try {
      answer = await fetch(this.base + path, {
        ...init,
        headers: { accept: 'application/json', ...this.session.headers() },
      });
    } catch {
      throw new Problem(0);
    }
    if (!answer.ok) throw await problemOfResponse(answer);
    if (answer.status === 204) return null;
    return answer.json().catch(() => null);
  }

  start() {
    this.state = this.session.hasToken ? 'loading' : 'signed-out';
    this.#tell();
    this.#schedule(0);
  }

  /** @param {string} token */
  signIn(token) {
    this.session.give(token);
    this.start();
  }

  signOut() {
    this.session.forget();
    Object.assign(this, { jobs: null, status: null, dead: null, cursor: null });
    this.start();
  }

  #tell() {
    this.dispatchEvent(new Event('change'));
  }

  #schedule(ms) {
    clearTimeout(this.#timer);
    if (!this.session.hasToken || this.#isAsking || document.visibilityState === 'hidden') return;
    this.#timer = setTimeout(() => this.refresh(), ms);
  }

  async refresh() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    clearTimeout(this.#timer);
    const [jobs, dead, status] = await Promise.allSettled([
      this.request('/admin/jobs'),
      this.#deadPages(),
      this.request('/admin/status'),
    ]);
    this.#isAsking = false;
    this.#take({ jobs, dead, status });
    this.#tell();
    this.#schedule(everyMs);
  }

  async #deadPages() {
    /** @type {DeadLetter[]} */
    const items = [];
    let cursor = null;
    for (let page = 0; page < this.#pages; page += 1) {
      const query = new URLSearchParams({ limit: String(pageSize) });
      if (cursor) query.set('cursor', cursor);
      const answer = await this.request(`/admin/dead?${query}`);
      if (!Array.isArray(answer?.items)) throw new Problem(502, { code: 'answer.nonsense' });
      items.push(...answer.items);
      cursor = answer.cursor || null;
      if (!cursor) break;
    }
    return { items, cursor };
  }

  /** @param {{[part: string]: PromiseSettledResult<any>}} round jobs, dead and status */
  #take(round) {
    const failures = Object.entries(round).flatMap(([name, it]) =>
      it.status === 'rejected' ? [[name, it.reason]] : [],
    );
    if (failures.some(([, error]) => error?.status === 401 || error?.status === 403)) {
      this.session.forget();
      this.state = 'forbidden';
      return;
    }
    this.missing = failures.map(([name]) => name);
    if (failures.length === 3) {
      if (this.state !== 'shown') this.state = 'down';
      return;
    }
    if (round.jobs.status === 'fulfilled') this.jobs = round.jobs.value;
    if (round.status.status === 'fulfilled') this.status = round.status.value;
    if (round.dead.status === 'fulfilled') {
      this.dead = round.dead.value.items;
      this.cursor = round.dead.value.cursor;
    }
    this.state = 'shown';
    this.updatedAt = Date.now();
  }

  more() {
    this.#pages += 1;
    return this.refresh();
  }

  /**
   * Retries or discards some, one after the other, so that a server that is down is not asked a hundred times.
   * @param {string[]} ids
   * @param {'retry' | 'discard'} what
   * @returns {Promise<number>} how many went through
   */
  async act(ids, what) {
    let done = 0;
    for (const id of ids) {
      const path = `/admin/dead/${encodeURIComponent(id)}`;
      try {
        if (what === 'retry') await this.request(`${path}/retry`, { method: 'POST' });
        else await this.request(path, { method: 'DELETE' });
        done += 1;
      } catch (error) {
        // One that is gone was acted on from elsewhere.
        if (error?.status === 404) done += 1;
        else if (error?.status === 0) break;
      }
    }
    await this.refresh();
    return done;
  }
}
