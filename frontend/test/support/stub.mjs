/**
 * A small server with the API of pixmill in memory, and the built page. It knows no faults: tests put those between it
 * and the page, so that the same tests run against the real daemon.
 *
 *   node test/support/stub.mjs [PORT]    to look at the page; PIXMILL_STUB_SEED=N: with so many pictures
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rgbaToThumbHash } from 'thumbhash';
import { landscape, sample, sizeOf } from './png.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.resolve(here, '../../dist');
const widths = [320, 640, 1280];
const operatorToken = 'operator-token';

const csp = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types lit-html default',
].join('; ');

const pageHeaders = {
  'content-security-policy': csp,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
};

const extensions = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/gif': 'gif',
};

/** The media type of bytes, as far as the stub takes them. */
function typeOf(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'image/jpeg';
  if (bytes.toString('latin1', 1, 4) === 'PNG') return 'image/png';
  if (bytes.toString('latin1', 8, 12) === 'WEBP') return 'image/webp';
  if (bytes.toString('latin1', 4, 12) === 'ftypavif') return 'image/avif';
  if (bytes.toString('latin1', 0, 4) === 'GIF8') return 'image/gif';
  return null;
}

class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    Object.assign(this, { status, code });
  }
}

export class Stub {
  /** @type {Map<string, any>} file name to record, in the order of their making */
  records = new Map();
  /** @type {Map<string, {bytes: Buffer, type: string}>} */
  originals = new Map();
  /** @type {Map<string, any>} Idempotency-Key to record */
  keys = new Map();
  /** @type {Map<string, any>} signed upload to what it is for */
  signed = new Map();
  dead = [];
  counts = { expected: 0, ready: 0, delayed: 0, running: 0, dead: 0 };
  /** Milliseconds from an upload to its thumbnails. */
  workMs = 150;
  uploadToken = '';
  config = {
    v: 1,
    name: 'pixmill',
    api: '',
    media: '',
    upload: {
      mode: 'raw',
      maxBytes: 128 * 1024 * 1024,
      maxFiles: 2000,
      concurrency: 4,
      accept: ['image/jpeg', 'image/png', 'image/webp', 'image/avif', 'image/gif'],
    },
    status: 'poll',
    auth: null,
    features: { tags: true, exif: true, ops: true, delete: true },
    locales: ['en', 'de'],
  };
  #serial = 0;
  #timers = new Set();

  constructor() {
    this.server = createServer((request, response) => this.#serve(request, response));
  }

  /** @returns {Promise<string>} its address */
  listen(port = 0) {
    return new Promise((resolve) => {
      this.server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${this.server.address().port}`));
    });
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  // ---- pictures ----

  /**
   * @param {Buffer} bytes
   * @param {{name?: string, tags?: string[], exif?: object, createdAt?: string}} [more]
   */
  store(bytes, more = {}) {
    const type = typeOf(bytes);
    if (!type) throw new Refusal(415, 'http.unsupported_media_type', 'these bytes are no JPEG, PNG, WebP, AVIF or GIF');
    this.#serial += 1;
    const created = more.createdAt ?? new Date(Date.now()).toISOString();
    const random = String(this.#serial).padStart(5, '0') + randomBytes(2).toString('hex');
    const filename = `${created.replace(/\D/g, '').slice(0, 17)}-${random}.${extensions[type]}`;
    const record = {
      filename,
      name: more.name ?? filename,
      original_url: `/uploads/${filename}`,
      thumbnail_url: null,
      created_at: created,
      updated_at: created,
      content_type: type,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      ...(sizeOf(bytes) ?? { width: null, height: null }),
      status: 'queued',
      error: null,
      thumbnails: [],
      placeholder: null,
      color: null,
      tags: more.tags ?? [],
      exif: more.exif ?? {},
      owner: null,
    };
    this.records.set(filename, record);
    this.originals.set(filename, { bytes, type });
    return record;
  }

  finish(record, { status = 'ready', error = null } = {}) {
    const { bytes } = this.originals.get(record.filename);
    Object.assign(record, { status, error, updated_at: new Date().toISOString() });
    if (status !== 'ready') return record;
    const stem = record.filename.replace(/\.\w+$/, '');
    record.thumbnails = widths.map((w) => ({
      w,
      h: Math.round((w * (record.height ?? 3)) / (record.width ?? 4)),
      url: `/thumbnails/${stem}/${w}.webp`,
      type: 'image/webp',
    }));
    record.thumbnail_url = record.thumbnails[0].url;
    const pixels = sample(bytes, 32);
    if (pixels) {
      record.placeholder = Buffer.from(rgbaToThumbHash(pixels.w, pixels.h, pixels.rgba)).toString('base64');
      const middle = Math.floor(pixels.h / 2) * pixels.w * 4 + Math.floor(pixels.w / 2) * 4;
      record.color = `#${Buffer.from(pixels.rgba.slice(middle, middle + 3)).toString('hex')}`;
    }
    return record;
  }

  /** Fills it with ready pictures, the first the newest. */
  seed(n, options = {}) {
    const start = Date.now() - 1000;
    for (let i = n - 1; i >= 0; i -= 1) {
      const createdAt = new Date(start - i * 60_000).toISOString();
      const bytes = options.bytes?.(i) ?? landscape(i, options);
      this.finish(this.store(bytes, { name: `picture ${i + 1}.png`, createdAt, ...options.more?.(i) }));
    }
  }

  #later(ms, run) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  #accept(bytes, name) {
    const record = this.store(bytes, { name });
    const isCut = record.content_type === 'image/jpeg' && !bytes.subarray(-2).equals(Buffer.from([0xff, 0xd9]));
    this.#later(this.workMs, () =>
      this.finish(record, isCut ? { status: 'failed', error: 'decode.corrupt' } : { status: 'ready' }),
    );
    return record;
  }

  // ---- HTTP ----

  async #serve(request, response) {
    const url = new URL(request.url, 'http://stub');
    try {
      await this.#route(request, response, url);
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      this.#problem(response, error instanceof Refusal ? error : new Refusal(500, 'stub.failed', String(error)));
    }
  }

  #json(response, status, body, headers = {}) {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
    response.end(JSON.stringify(body));
  }

  #problem(response, { status, code, message }) {
    const body = {
      type: 'about:blank',
      title: code,
      status,
      detail: message,
      code,
      request: randomBytes(8).toString('hex'),
    };
    response.writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  }

  async #body(request) {
    const parts = [];
    let size = 0;
    for await (const part of request) {
      size += part.length;
      if (size > this.config.upload.maxBytes) throw new Refusal(413, 'http.body_too_large', 'the body is too large');
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async #route(request, response, url) {
    const { method } = request;
    const at = url.pathname;
    if (at === '/config.json') return this.#json(response, 200, this.config, { 'cache-control': 'no-cache' });
    if (at === '/health' || at === '/ready') return this.#json(response, 200, { status: 'ok' });
    if (at === '/upload' && method === 'POST') return this.#upload(request, response, url);
    if (at === '/uploads' && method === 'POST') return this.#presign(request, response);
    if (at.startsWith('/signed/') && method === 'PUT') return this.#put(request, response, at.slice(8));
    if (at === '/images') return this.#list(response, url.searchParams);
    if (at.startsWith('/images/')) return this.#one(request, response, decodeURIComponent(at.slice(8)));
    if (at.startsWith('/uploads/')) return this.#media(response, decodeURIComponent(at.slice(9)));
    if (at.startsWith('/thumbnails/')) return this.#thumbnail(response, at.split('/')[2]);
    if (at.startsWith('/admin/')) return this.#admin(request, response, url);
    return this.#page(response, at);
  }

  #mayUpload(request) {
    if (this.uploadToken && request.headers.authorization !== `Bearer ${this.uploadToken}`) {
      request.resume();
      throw new Refusal(401, 'auth.token_required', 'an upload token is required');
    }
  }

  async #upload(request, response, url) {
    this.#mayUpload(request);
    const key = request.headers['idempotency-key'];
    const bytes = await this.#body(request);
    let record = key && this.keys.get(key);
    if (!record) record = this.#accept(bytes, url.searchParams.get('filename') ?? undefined);
    if (key) this.keys.set(key, record);
    this.#json(response, 201, record);
  }

  async #presign(request, response) {
    this.#mayUpload(request);
    const wanted = JSON.parse((await this.#body(request)).toString());
    const id = randomBytes(8).toString('hex');
    this.signed.set(id, wanted);
    this.#json(response, 201, {
      filename: `${id}.${extensions[wanted.content_type]}`,
      method: 'PUT',
      url: `/signed/${id}`,
      headers: { 'content-type': wanted.content_type, 'x-amz-meta-name': encodeURIComponent(wanted.filename) },
      expires_at: new Date(Date.now() + 300_000).toISOString(),
    });
  }

  async #put(request, response, id) {
    const wanted = this.signed.get(id);
    if (!wanted) throw new Refusal(403, 'url.expired', 'this address is not valid any more');
    const bytes = await this.#body(request);
    if (request.headers['x-amz-meta-name'] !== encodeURIComponent(wanted.filename)) {
      throw new Refusal(403, 'url.invalid', 'this address is for another name');
    }
    const record = this.#accept(bytes, wanted.filename);
    // The bucket had the name before the record did.
    const filename = `${id}.${extensions[record.content_type]}`;
    this.records.delete(record.filename);
    this.originals.set(filename, this.originals.get(record.filename));
    Object.assign(record, { filename, original_url: `/uploads/${filename}` });
    this.records.set(filename, record);
    response.writeHead(200, { etag: `"${id}"` });
    response.end();
  }

  #list(response, query) {
    const limit = Math.min(100, Number(query.get('limit') ?? 24));
    const tag = query.get('tag');
    const all = [...this.records.values()]
      .filter((record) => !tag || record.tags.includes(tag))
      .sort((a, b) =>
        a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : a.filename < b.filename ? 1 : -1,
      );
    const after = query.get('cursor')
      ? all.findIndex((it) => it.filename === Buffer.from(query.get('cursor'), 'base64url').toString()) + 1
      : 0;
    const items = all.slice(after, after + limit);
    const isLast = after + limit >= all.length;
    this.#json(response, 200, {
      items,
      cursor: isLast ? null : Buffer.from(items.at(-1).filename).toString('base64url'),
    });
  }

  #one(request, response, filename) {
    const record = this.records.get(filename);
    if (!record) throw new Refusal(404, 'image.missing', 'there is no such image');
    if (request.method !== 'DELETE') return this.#json(response, 200, record);
    this.#mayUpload(request);
    this.records.delete(filename);
    this.originals.delete(filename);
    response.writeHead(204);
    response.end();
  }

  #media(response, filename) {
    const original = this.originals.get(filename);
    if (!original) throw new Refusal(404, 'object.missing', 'there is no such object');
    const headers = {
      'content-type': original.type,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    };
    response.writeHead(200, headers);
    response.end(original.bytes);
  }

  /** It makes no thumbnails: the original is given in every size. */
  #thumbnail(response, stem) {
    const filename = [...this.originals.keys()].find((name) => name.replace(/\.\w+$/, '') === stem);
    const record = filename && this.records.get(filename);
    if (record?.status !== 'ready') throw new Refusal(404, 'object.missing', 'there is no such object');
    this.#media(response, filename);
  }

  async #admin(request, response, url) {
    const { authorization } = request.headers;
    if (!authorization) throw new Refusal(401, 'auth.token_required', 'the operator token is required');
    if (authorization !== `Bearer ${operatorToken}`)
      throw new Refusal(403, 'auth.forbidden', 'this is not the operator token');
    const [, , what, id, verb] = url.pathname.split('/');
    if (what === 'jobs') {
      const oldest = this.counts.ready > 0 ? new Date(Date.now() - 42_000).toISOString() : null;
      return this.#json(response, 200, { counts: { ...this.counts, dead: this.dead.length }, oldest_at: oldest });
    }
    if (what === 'status') {
      const plugins = [
        { name: 'vips', version: '1.0' },
        { name: 'sqlite', version: '1.0' },
      ];
      const workers = [
        { id: '1', state: 'idle' },
        { id: '2', state: 'running' },
      ];
      return this.#json(response, 200, { version: '1.0.0', uptime_s: 86_400, workers, plugins });
    }
    if (what === 'dead' && !id) return this.#json(response, 200, { items: this.dead, cursor: null });
    const letter = this.dead.find((it) => it.id === id);
    if (!letter) throw new Refusal(404, 'dead.missing', 'there is no such dead letter');
    if (verb === 'retry' || request.method === 'DELETE') {
      this.dead = this.dead.filter((it) => it !== letter);
      response.writeHead(204);
      return response.end();
    }
    throw new Refusal(405, 'http.method', 'not this');
  }

  seedDead(n) {
    const causes = [
      { code: 'decode.corrupt', message: 'the picture ends in the middle of its data', step: 'decode' },
      { code: 'store.unavailable', message: 'the bucket did not answer within 30 s', step: 'put' },
      {
        code: 'limit.pixels',
        message: 'the picture has 412 megapixels; at most 100 are worked on',
        step: 'decode',
      },
    ];
    for (let i = 0; i < n; i += 1) {
      const at = new Date(Date.now() - (i + 1) * 900_000).toISOString();
      this.dead.push({
        id: `job-${i + 1}`,
        pipeline: i % 3 === 1 ? 'record' : 'thumbnails',
        trigger: 'object_created',
        event: { store: 'images', key: `uploads/20261128-${i}.jpg` },
        attempts: 5,
        first_at: new Date(Date.now() - (i + 2) * 900_000).toISOString(),
        last_at: at,
        cause: causes[i % causes.length],
      });
    }
  }

  #page(response, at) {
    const isApp = at === '/' || /^\/(tag|i)\/[^/]+$/.test(at);
    const file = path.join(dist, isApp ? 'index.html' : path.normalize(at));
    if (!file.startsWith(dist) || !existsSync(file) || file === dist)
      throw new Refusal(404, 'http.not_found', 'there is nothing here');
    const listed = JSON.parse(readFileSync(path.join(dist, 'manifest.json'), 'utf8')).files;
    const entry = listed.find((it) => it.path === (isApp ? '/index.html' : at));
    if (!entry) throw new Refusal(404, 'http.not_found', 'there is nothing here');
    const isImmutable = entry.cache === 'immutable';
    response.writeHead(200, {
      ...pageHeaders,
      'content-type': entry.type,
      'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    response.end(readFileSync(file));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stub = new Stub();
  stub.seed(Number(process.env.PIXMILL_STUB_SEED ?? 60), { height: 360 });
  stub.seedDead(5);
  console.log(await stub.listen(Number(process.argv[2] ?? 8080)));
}
