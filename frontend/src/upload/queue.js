/** The files of one visit: what is checked, waits, is sent, and what came of it. Draws nothing and knows no browser. */
import { Problem, reasonOf } from '../api/problems.js';
import { isFinal } from '../api/poll.js';
import { failureReason } from './outcome.js';
import { Meter } from './meter.js';

/** @typedef {import('../types.js').Row} Row */
/** @typedef {import('../types.js').RowState} RowState */
/** @typedef {import('../types.js').ImageRecord} ImageRecord */

/** States in which a file still needs something of this page. */
const active = new Set(['checking', 'hashing', 'waiting', 'uploading']);
const finished = new Set(['done', 'kept', 'duplicate', 'rejected', 'cancelled', 'late']);
const stored = new Set(['processing', 'late', 'done', 'kept', 'duplicate']);
const defaultWaitS = 5;
const longestWaitS = 60;

/**
 * Tells `change` at most once per turn, and `settled` with a record that the server has.
 */
export class Queue extends EventTarget {
  /** @type {Row[]} */
  rows = [];
  /** How many of the last batch were left out because there were too many. */
  leftOut = 0;
  #nextId = 1;
  #isPreparing = false;
  #inFlight = 0;
  #isTelling = false;
  #gateUntil = 0;
  #busyTurns = 0;
  #isOnline = true;
  #isSessionPaused = false;

  /**
   * @param {{
   *   limits: {maxBytes: number, maxFiles: number, concurrency: number, accept: string[]},
   *   transport: {isPresigned: boolean, prepare(row: Row): Promise<import('../types.js').Target>},
   *   engine: {send(row: Row, target: object, progress: (loaded: number) => void, signal: AbortSignal): Promise<any>},
   *   check: (file: File, limits: any) => Promise<{type: string, reason: any}>,
   *   hash: (file: File) => Promise<string | null>,
   *   newKey: () => string,
   *   findBytes: (sha256: string) => ImageRecord | null,
   *   renew: () => Promise<boolean>,
   *   now?: () => number,
   *   setTimeout?: (fn: () => void, ms: number) => unknown,
   * }} parts
   */
  constructor(parts) {
    super();
    this.parts = parts;
    this.now = parts.now ?? (() => Date.now());
    this.setTimeout = parts.setTimeout ?? ((fn, ms) => setTimeout(fn, ms));
    this.meter = new Meter(this.now);
  }

  // ---- what is asked of it ----

  /** @param {File[]} files */
  add(files) {
    const room = this.parts.limits.maxFiles - this.rows.filter((row) => active.has(row.state)).length;
    const taken = files.slice(0, Math.max(0, room));
    this.leftOut = files.length - taken.length;
    for (const file of taken) {
      this.rows.push({
        id: this.#nextId++,
        file,
        name: file.name,
        size: file.size,
        type: file.type,
        key: this.parts.newKey(),
        state: 'checking',
        reason: null,
        retryable: false,
        loaded: 0,
        sha256: null,
        record: null,
        ratio: null,
        preview: null,
        twin: null,
        abort: null,
      });
    }
    this.#tell();
    this.#prepare();
  }

  /** @param {Row} row */
  cancel(row) {
    if (!active.has(row.state)) return;
    row.state = 'cancelled';
    row.abort?.abort();
    this.#release(row);
    this.#tell();
    this.#pump();
  }

  cancelAll() {
    for (const row of this.rows) this.cancel(row);
  }

  /** @param {Row} row */
  retry(row) {
    if (row.state !== 'failed' || !row.retryable) return;
    Object.assign(row, { state: 'waiting', reason: null, loaded: 0 });
    this.#tell();
    this.#pump();
  }

  retryFailed() {
    for (const row of this.rows) this.retry(row);
  }

  clearFinished() {
    for (const row of this.rows) {
      if (finished.has(row.state) && row.preview instanceof Object && 'close' in row.preview) row.preview.close();
    }
    this.rows = this.rows.filter((row) => !finished.has(row.state));
    this.#tell();
  }

  /** @param {boolean} isOnline */
  setOnline(isOnline) {
    this.#isOnline = isOnline;
    this.#tell();
    if (isOnline) this.#pump();
  }

  /**
   * A record that the poller or a page learned of.
   * @param {ImageRecord} record
   */
  learn(record) {
    const row = this.rows.find((it) => it.record?.filename === record.filename && !finished.has(it.state));
    if (!row) return;
    this.#keepRecord(row, { ...row.record, ...record });
    this.#tell();
  }

  /** @param {string} filename */
  markLate(filename) {
    const row = this.rows.find((it) => it.record?.filename === filename && it.state === 'processing');
    if (!row) return;
    row.state = 'late';
    this.#tell();
  }

  // ---- what is told of it ----

  /**
   * Why a waiting row waits.
   * @param {Row} row
   * @returns {string} a key of the catalogue
   */
  stateKey(row) {
    if (row.state !== 'waiting') return `row.${row.state}`;
    if (!this.#isOnline) return 'row.offline';
    if (this.#isSessionPaused) return 'row.session';
    return this.#gateUntil > this.now() ? 'row.busy' : 'row.waiting';
  }

  get isActive() {
    return this.rows.some((row) => active.has(row.state));
  }

  totals() {
    const totals = { n: 0, done: 0, failed: 0, retryable: 0, active: 0, finished: 0, loaded: 0, bytes: 0 };
    for (const row of this.rows) {
      if (row.state === 'cancelled') {
        totals.finished += 1;
        continue;
      }
      totals.n += 1;
      if (stored.has(row.state)) totals.done += 1;
      if (row.state === 'failed' || row.state === 'rejected') totals.failed += 1;
      if (row.state === 'failed' && row.retryable) totals.retryable += 1;
      if (active.has(row.state)) totals.active += 1;
      if (finished.has(row.state)) totals.finished += 1;
      if (row.state === 'failed' || row.state === 'rejected' || row.state === 'duplicate') continue;
      totals.bytes += row.size;
      totals.loaded += stored.has(row.state) ? row.size : Math.min(row.loaded, row.size);
    }
    const speed = totals.active > 0 ? this.meter.speed() : null;
    const left = speed ? (totals.bytes - totals.loaded) / speed : null;
    return { ...totals, speed, left };
  }

  /** Records of all that the server has. */
  get records() {
    return this.rows.flatMap((row) => (stored.has(row.state) && row.record ? [row.record] : []));
  }

  // ---- checking and hashing, one file at a time ----

  async #prepare() {
    if (this.#isPreparing) return;
    this.#isPreparing = true;
    let at = 0;
    for (; at < this.rows.length; at += 1) {
      const row = this.rows[at];
      if (row.state !== 'checking') continue;
      await this.#prepareRow(row);
      // Rows may have been cleared meanwhile, so the search starts again from the row that was just done.
      at = Math.max(-1, this.rows.indexOf(row));
      this.#tell();
      this.#pump();
    }
    this.#isPreparing = false;
  }

  /** @param {Row} row */
  async #prepareRow(row) {
    const { type, reason } = await this.parts.check(row.file, this.parts.limits);
    if (row.state !== 'checking') return;
    if (reason) {
      Object.assign(row, { state: 'rejected', reason });
      return;
    }
    Object.assign(row, { type, state: 'hashing' });
    this.#tell();
    row.sha256 = await this.parts.hash(row.file);
    if (/** @type {RowState} */ (row.state) !== 'hashing') return;
    row.state = 'waiting';
    this.#findTwin(row);
  }

  /** @param {Row} row */
  #findTwin(row) {
    if (!row.sha256) return;
    const known = this.parts.findBytes(row.sha256);
    if (known) {
      Object.assign(row, { state: 'duplicate', record: known });
      return;
    }
    const twin = this.rows.find(
      (it) => it !== row && it.sha256 === row.sha256 && !it.twin && (active.has(it.state) || stored.has(it.state)),
    );
    if (!twin) return;
    if (twin.record) Object.assign(row, { state: 'duplicate', record: twin.record });
    else row.twin = twin.id;
  }

  /**
   * The rows that waited for this one to send the same bytes.
   * @param {Row} row
   */
  #release(row) {
    const waiting = this.rows.filter((it) => it.twin === row.id && it.state === 'waiting');
    for (const it of waiting) {
      it.twin = null;
      if (row.record) Object.assign(it, { state: 'duplicate', record: row.record });
    }
    // Without a record the first of them sends, and the others wait for that one.
    if (!row.record) for (const it of waiting.slice(1)) it.twin = waiting[0].id;
  }

  // ---- sending ----

  #pump() {
    while (this.#maySend()) {
      const row = this.rows.find((it) => it.state === 'waiting' && it.twin === null);
      if (!row) return;
      this.#send(row);
    }
  }

  #maySend() {
    return (
      this.#inFlight < this.parts.limits.concurrency &&
      this.#isOnline &&
      !this.#isSessionPaused &&
      this.#gateUntil <= this.now()
    );
  }

  /** @param {Row} row */
  async #send(row) {
    this.#inFlight += 1;
    row.state = 'uploading';
    row.loaded = 0;
    row.abort = new AbortController();
    const { signal } = row.abort;
    this.#tell();
    try {
      const { target, answer } = await this.#sendOnce(row, signal);
      if (signal.aborted) return;
      this.#busyTurns = 0;
      this.#stored(row, target, answer);
    } catch (error) {
      if (!signal.aborted) this.#failed(row, error);
    } finally {
      this.#inFlight -= 1;
      if (row.abort?.signal === signal) row.abort = null;
      this.#tell();
      this.#pump();
    }
  }

  async #sendOnce(row, signal) {
    const progress = (loaded) => {
      this.meter.count(Math.max(0, loaded - row.loaded));
      row.loaded = loaded;
      this.#tell();
    };
    const attempt = async () => {
      const target = await this.parts.transport.prepare(row);
      if (signal.aborted) throw new DOMException('cancelled', 'AbortError');
      return { target, answer: await this.parts.engine.send(row, target, progress, signal) };
    };
    try {
      return await attempt();
    } catch (error) {
      // A signed address that ran out is refused with 403; a new one is asked for once.
      const isExpired = this.parts.transport.isPresigned && error instanceof Problem && error.status === 403;
      if (!isExpired || signal.aborted) throw error;
      row.loaded = 0;
      return attempt();
    }
  }

  #stored(row, target, answer) {
    const told = typeof answer.body?.filename === 'string' ? answer.body : null;
    if (!told && !target.filename) {
      this.#failed(row, new Problem(502, { code: 'answer.nonsense' }));
      return;
    }
    const record = told ?? {
      filename: target.filename,
      local: true,
      name: row.name,
      status: 'queued',
      content_type: row.type,
      bytes: row.size,
      created_at: new Date(this.now()).toISOString(),
    };
    row.loaded = row.size;
    this.#keepRecord(row, { ...record, status: record.status ?? 'queued' });
    // 201 is a new picture; 200 is one that was there before.
    if (told && answer.status === 200) row.state = 'duplicate';
    this.#release(row);
    this.dispatchEvent(new CustomEvent('settled', { detail: { row, record: row.record } }));
  }

  /**
   * @param {Row} row
   * @param {ImageRecord} record
   */
  #keepRecord(row, record) {
    row.record = record;
    if (!isFinal(record)) row.state = 'processing';
    else if (record.status === 'ready') row.state = 'done';
    else Object.assign(row, { state: 'kept', reason: failureReason(record) });
  }

  #failed(row, error) {
    if (error instanceof Problem) {
      if (error.status === 0 && !this.#isOnline) return this.#hold(row);
      if (error.isBusy) return this.#close(row, error.retryAfter);
      if (error.status === 401) return this.#askSession(row);
    }
    const refused = error instanceof Problem && [400, 403, 404, 413, 415, 422].includes(error.status);
    Object.assign(row, { state: 'failed', reason: reasonOf(error), retryable: !refused });
    this.#release(row);
  }

  /** @param {Row} row */
  #hold(row) {
    Object.assign(row, { state: 'waiting', loaded: 0 });
  }

  /**
   * The server has no room just now: nothing is sent until the time it told.
   * @param {Row} row
   * @param {number | null} retryAfter
   */
  #close(row, retryAfter) {
    this.#hold(row);
    const waitS = retryAfter ?? Math.min(longestWaitS, defaultWaitS * 2 ** this.#busyTurns);
    this.#busyTurns += 1;
    const until = this.now() + waitS * 1000;
    if (until <= this.#gateUntil) return;
    this.#gateUntil = until;
    this.setTimeout(() => {
      this.#tell();
      this.#pump();
    }, waitS * 1000);
  }

  /** @param {Row} row */
  async #askSession(row) {
    this.#hold(row);
    if (this.#isSessionPaused) return;
    this.#isSessionPaused = true;
    const isGiven = await this.parts.renew();
    this.#isSessionPaused = false;
    if (!isGiven) {
      for (const it of this.rows) {
        if (it.state !== 'waiting') continue;
        Object.assign(it, { state: 'failed', reason: { key: 'problem.unauthorized' }, retryable: true, twin: null });
      }
    }
    this.#tell();
    this.#pump();
  }

  #tell() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.dispatchEvent(new Event('change'));
    });
  }
}
