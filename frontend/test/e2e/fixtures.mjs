/** What every browser test has: a server, a page that may do nothing forbidden, and the hands of a person. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test as base } from '@playwright/test';
import { landscape } from '../support/png.mjs';
import { Stub } from '../support/stub.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const axeSource = readFileSync(path.join(here, '../../node_modules/axe-core/axe.min.js'), 'utf8');
const worker = Number(process.env.TEST_PARALLEL_INDEX ?? 0);
/** What the local cloud of this worker tells: where it is, its API, its token, its bucket, and what lies behind the page. */
const cloud = process.env.PIXMILL_CLOUD ? JSON.parse(process.env.PIXMILL_CLOUD)[worker] : null;
const realUrl = cloud?.url ?? process.env.PIXMILL_URL?.split(' ')[worker].replace(/\/$/, '');
export const uploadToken = cloud?.token ?? process.env.PIXMILL_UPLOAD_TOKEN;

export { expect };

/** Whether the tests run against a daemon. */
export const isReal = Boolean(realUrl);

/** The requests that carry the bytes of files: to the server itself, or to the bucket of the cloud. */
export const bytesUrl = cloud ? /[?&]X-Amz-Signature=/ : /\/upload\?/;
/** The first request of an upload, to which the server says whether it takes one. */
export const askUrl = cloud ? /\/api\/uploads$/ : bytesUrl;
export const operatorToken = process.env.PIXMILL_OPERATOR_TOKEN?.split(' ')[worker] ?? 'operator-token';

/** A server to test against: the stub, or the daemon of this worker that PIXMILL_URL names. */
class RealServer {
  url = realUrl;
  api = realUrl + (cloud?.api ?? '');
  /** A page of another origin, without a policy. */
  elsewhere = cloud?.control;
  headers = uploadToken ? { authorization: `Bearer ${uploadToken}` } : {};

  async images() {
    const all = [];
    let cursor = '';
    do {
      const answer = await fetch(`${this.api}/images?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      const page = await answer.json();
      all.push(...page.items);
      cursor = page.cursor ?? '';
    } while (cursor);
    return all;
  }

  async config() {
    return (await fetch(`${this.url}/config.json`)).json();
  }

  async empty() {
    if (cloud) {
      await fetch(cloud.control, { method: 'POST' });
      return;
    }
    for (const { filename } of await this.images()) {
      await fetch(`${this.api}/images/${filename}`, { method: 'DELETE', headers: this.headers });
    }
  }

  /** What the cloud holds: {objects: {key: {type, cache, base64}}, rows, deadLetters}. */
  async behind() {
    return (await fetch(cloud.control)).json();
  }

  async seed(n, options = {}) {
    for (let i = n - 1; i >= 0; i -= 1) {
      const name = encodeURIComponent(options.more?.(i)?.name ?? `picture ${i + 1}.png`);
      const body = landscape(i, options);
      const headers = { ...this.headers, 'content-type': 'image/png' };
      await fetch(`${this.api}/upload?filename=${name}`, { method: 'POST', body, headers });
    }
    await expect
      .poll(async () => (await this.images()).every((it) => it.status === 'ready'), { timeout: 120_000 })
      .toBe(true);
  }
}

/** The stub, with the same verbs. */
class StubServer {
  constructor(stub, url) {
    this.stub = stub;
    this.url = url;
  }

  async images() {
    return [...this.stub.records.values()];
  }

  async seed(n, options) {
    this.stub.seed(n, options);
  }

  async config() {
    return this.stub.config;
  }
}

/**
 * Fails the test on what no page may do: errors on the console, violations of the policy, requests to other hosts.
 * @param {import('@playwright/test').BrowserContext} context
 */
async function guard(context, origins) {
  const wrongs = [];
  const allowed = [];
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  context.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = `${message.text()} ${message.location().url ?? ''}`;
    if (!allowed.some((pattern) => pattern.test(text))) wrongs.push(`console: ${text}`);
  });
  context.on('weberror', (error) => wrongs.push(`page: ${error.error().stack ?? error.error()}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && !origins.includes(url.origin)) wrongs.push(`foreign: ${url}`);
  });
  return { wrongs, allow: (pattern) => allowed.push(pattern) };
}

export const test = base.extend({
  /** Whether the tab has the token for uploads already. */
  hasToken: [true, { option: true }],

  server: async ({}, use) => {
    if (isReal) {
      const real = new RealServer();
      await real.empty();
      await use(real);
      return;
    }
    const stub = new Stub();
    const url = await stub.listen();
    await use(new StubServer(stub, url));
    await stub.close();
  },

  guarded: async ({ context, hasToken, server }, use) => {
    const origins = [new URL(server.url).origin, ...(cloud ? [cloud.bucket] : [])];
    const { wrongs, allow } = await guard(context, origins);
    if (isReal && uploadToken && hasToken) {
      await context.addInitScript((token) => {
        // Pages without an origin, such as about:blank, have no storage.
        if (origin !== 'null') sessionStorage.setItem('pixmill.upload', token);
      }, uploadToken);
    }
    await use({ allow });
    expect(wrongs, 'nothing that no page may do').toEqual([]);
  },

  app: async ({ page, guarded, server }, use) => {
    await use(new App(page, server, guarded));
  },
});

/** The app as a person has it. */
export class App {
  constructor(page, server, guarded) {
    Object.assign(this, { page, server });
    this.allow = guarded.allow;
    this.rows = page.locator('.row');
    this.tiles = page.locator('.tile[data-name]');
    this.panel = page.locator('upload-panel');
    this.live = page.getByTestId('live');
  }

  async open(at = '/') {
    await this.page.goto(this.server.url + at);
    await this.page.locator('app-shell, ops-page').waitFor();
  }

  /** Answers with an error status are told on the console, which is what these tests are about. */
  expectStatus(...statuses) {
    for (const status of statuses) this.allow(new RegExp(`status of ${status}`));
  }

  expectBrokenConnection() {
    this.allow(/net::ERR_/);
  }

  /** @param {{name: string, mimeType?: string, buffer: Buffer}[] | string[]} files */
  async browse(files) {
    await this.page.getByRole('button', { name: 'Upload', exact: true }).click();
    await this.page.getByTestId('browse').setInputFiles(files);
  }

  /** Drops files on the page; entries with children are folders. */
  async drop(files, target = 'main') {
    const transfer = await this.page.evaluateHandle(
      (list) => {
        const transfer = new DataTransfer();
        for (const { name, type, data } of list) {
          const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
          transfer.items.add(new File([bytes], name, { type }));
        }
        return transfer;
      },
      files.map((file) => ({ name: file.name, type: file.mimeType ?? '', data: file.buffer.toString('base64') })),
    );
    const at = this.page.locator(target);
    await at.dispatchEvent('dragenter', { dataTransfer: transfer });
    await at.dispatchEvent('dragover', { dataTransfer: transfer });
    return () => at.dispatchEvent('drop', { dataTransfer: transfer });
  }

  async paste(file, target = 'body') {
    await this.page.locator(target).evaluate(
      (element, { name, type, data }) => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type }));
        element.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }),
        );
      },
      { name: file.name, type: file.mimeType, data: file.buffer.toString('base64') },
    );
  }

  /** Bytes of script objects that are still needed. */
  async heap() {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    await session.detach();
    return usedSize;
  }

  /** @param {number} bytesPerSecond */
  async slowUpload(bytesPerSecond) {
    const session = await this.page.context().newCDPSession(this.page);
    const speed = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', speed);
  }

  /** Until it is called off, the page is told that every picture is still being made. */
  async holdThumbnails() {
    let isHeld = true;
    const hold = (record) => ({ ...record, status: 'processing', thumbnails: [], thumbnail_url: null, error: null });
    await this.page.route(/\/images(\?|\/)/, async (route) => {
      if (!isHeld || route.request().method() !== 'GET') return route.fallback();
      const answer = await route.fetch();
      const body = await answer.json();
      return route.fulfill({
        response: answer,
        json: body.items ? { ...body, items: body.items.map(hold) } : hold(body),
      });
    });
    return () => (isHeld = false);
  }

  row(name) {
    return this.rows.filter({ hasText: name });
  }

  /** No violation that axe finds in WCAG 2.0 to 2.2 A and AA, and its best practices. */
  async expectAccessible() {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const isThere = await this.page.evaluate(() => 'axe' in window);
    if (!isThere) await this.page.evaluate(axeSource);
    const found = await this.page.evaluate(async (values) => {
      await Promise.all(
        document
          .getAnimations()
          .map((it) => (it.effect?.getComputedTiming().iterations === Infinity ? null : it.finished.catch(() => {}))),
      );
      const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values } });
      return violations.map(
        (it) => `${it.id}: ${it.nodes.map((node) => `${node.html.slice(0, 200)} ${node.failureSummary}`).join(' | ')}`,
      );
    }, tags);
    expect(found).toEqual([]);
  }

  async expectNoSidewaysScroll() {
    const { wide, view } = await this.page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      view: document.documentElement.clientWidth,
    }));
    expect(wide).toBeLessThanOrEqual(view);
  }
}

/** A picture as a chosen file. */
export const picture = (n, options = {}) => ({
  name: options.name ?? `photo ${n}.png`,
  mimeType: 'image/png',
  buffer: landscape(n, options),
});
