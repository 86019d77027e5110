/** Failures of requests, whatever told them: a problem document (RFC 9457), another answer, or no answer. */

/** @typedef {import('../types.js').Reason} Reason */

export class Problem extends Error {
  /**
   * @param {number} status 0: there was no answer
   * @param {{code?: string, title?: string, detail?: string, request?: string, retryAfter?: number | null}} [told]
   */
  constructor(status, told = {}) {
    super(told.detail || told.title || `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = told.code ?? '';
    this.detail = told.detail ?? '';
    this.request = told.request ?? '';
    /** Seconds the server asked us to wait; null when it did not. */
    this.retryAfter = told.retryAfter ?? null;
  }

  /** The server has no room just now, and the same request may be sent again by itself. */
  get isBusy() {
    return this.status === 429 || this.status === 503;
  }
}

const longestWaitS = 3600;

/**
 * Reads Retry-After, which is a number of seconds or a date.
 * @param {string | null} text
 * @param {number} now milliseconds
 * @returns {number | null} seconds
 */
export function parseRetryAfter(text, now = Date.now()) {
  if (!text) return null;
  if (/^\d+$/.test(text.trim())) return Math.min(Number(text), longestWaitS);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(Math.max(0, Math.ceil((at - now) / 1000)), longestWaitS);
}

/**
 * @param {number} status
 * @param {string} body
 * @param {string | null} retryAfter
 */
export function toProblem(status, body, retryAfter) {
  let told = {};
  try {
    const parsed = JSON.parse(body);
    if (parsed && typeof parsed === 'object') told = parsed;
  } catch {
    // An answer that is no problem document is told by its status alone.
  }
  const text = (value) => (typeof value === 'string' ? value.slice(0, 500) : '');
  return new Problem(status, {
    code: text(told.code),
    title: text(told.title),
    detail: text(told.detail),
    request: text(told.request),
    retryAfter: parseRetryAfter(retryAfter),
  });
}

/** @param {Response} answer */
export async function problemOfResponse(answer) {
  const body = await answer.text().catch(() => '');
  return toProblem(answer.status, body, answer.headers.get('retry-after'));
}

/** @param {XMLHttpRequest | undefined | null} xhr */
export function problemOfXhr(xhr) {
  if (!xhr || xhr.status === 0) return new Problem(0);
  // Asking for it by name is an error on the console where a bucket of another origin does not expose it.
  const [, retryAfter] = /^retry-after: *(.*)$/im.exec(xhr.getAllResponseHeaders()) ?? [];
  return toProblem(xhr.status, xhr.responseText, retryAfter?.trim() ?? null);
}

const keys = {
  0: 'problem.network',
  401: 'problem.unauthorized',
  403: 'problem.forbidden',
  404: 'problem.missing',
  408: 'problem.network',
  409: 'problem.conflict',
  413: 'problem.tooLarge',
  415: 'problem.type',
  422: 'problem.unreadable',
  429: 'problem.busy',
  503: 'problem.busy',
  507: 'problem.full',
};

/**
 * The sentence for a person: a key of the catalogue, and the server's own words as a second line.
 * @param {unknown} error
 * @returns {Reason}
 */
export function reasonOf(error) {
  if (!(error instanceof Problem)) return { key: 'problem.unknown' };
  const key = keys[error.status] ?? (error.status >= 500 ? 'problem.server' : 'problem.unknown');
  return error.detail ? { key, detail: error.detail } : { key };
}
