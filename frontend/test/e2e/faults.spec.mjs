/** Uploading when something is wrong: slow, gone, busy, full, refused. Faults stand between the page and the server. */
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { noise } from '../support/png.mjs';
import { askUrl, bytesUrl, expect, picture, test } from './fixtures.mjs';

const problem = (status, code, headers = {}) => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: 'about:blank', status, code, title: code, detail: `told by ${code}` }),
});

test('a huge file goes out as it is read, its progress rises @real', async ({ app, server }) => {
  const { upload } = await server.config();
  const file = path.join(tmpdir(), `pixmill-huge-${process.pid}.png`);
  await writeFile(file, noise(Math.min(100_000_000, Math.floor(upload.maxBytes * 0.9))));
  try {
    await app.open();
    const before = await app.heap();
    await app.slowUpload(20_000_000);
    await app.browse([file]);
    const row = app.rows.first();
    // Looked at within the page: a look from here may take as long as the upload on a busy machine.
    const seen = await row.evaluate(async (it) => {
      const values = [];
      while (/checking|hashing|waiting|uploading/.test(it.getAttribute('data-state') ?? '')) {
        const value = it.querySelector('progress')?.value;
        if (value && value !== values.at(-1)) values.push(value);
        await new Promise((done) => setTimeout(done, 20));
      }
      return values;
    });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(2);
    expect((await app.heap()) - before).toBeLessThan(30_000_000);
    await expect.poll(async () => (await server.images()).length, { timeout: 120_000 }).toBe(1);
  } finally {
    await rm(file);
  }
});

test('on a slow line amount, speed and time left are told, and Cancel stops the bytes @real', async ({
  app,
  page,
  server,
}) => {
  await app.open();
  await app.slowUpload(150_000);
  const name = 'slow.png';
  await app.browse([{ name, mimeType: 'image/png', buffer: noise(3_000_000) }]);
  await expect(app.row(name)).toContainText(/\d+%, [\d.]+ (kB|MB) of 3 MB/);
  await expect(page.getByTestId('pace')).toHaveText(/of 3 MB, .+\/s, \d+ seconds left/);
  const stopped = page.waitForEvent('requestfailed', (request) => bytesUrl.test(request.url()));
  await app
    .row(name)
    .getByRole('button', { name: `Cancel ${name}` })
    .click();
  await stopped;
  await expect(app.row(name)).toContainText('Cancelled');
  expect(await server.images()).toEqual([]);
});

test('offline in the middle of an upload: it says so, resumes by itself, and there is one record @real', async ({
  app,
  context,
  page,
  server,
}) => {
  app.expectBrokenConnection();
  const held = [];
  await page.route(bytesUrl, (route) => held.push(route));
  await app.open();
  await app.browse([picture(1)]);
  await expect.poll(() => held.length).toBe(1);
  await context.setOffline(true);
  await held[0].abort('internetdisconnected');
  await expect(page.locator('.banner')).toContainText('You are offline.');
  await expect(app.rows).toContainText('Offline. Resumes by itself');
  await page.unroute(bytesUrl);
  await context.setOffline(false);
  await expect(page.locator('.banner')).toHaveCount(0);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect(await server.images()).toHaveLength(1);
});

test('an answer that is lost after the bytes arrived: the same key again, and one record @real', async ({
  app,
  page,
  server,
}) => {
  app.expectBrokenConnection();
  const sent = [];
  await page.route(bytesUrl, async (route) => {
    const request = route.request();
    const { authorization, 'content-type': type, 'idempotency-key': key } = request.headers();
    sent.push(`${request.url()} ${key}`);
    if (sent.length > 1) return route.continue();
    const headers = {
      'content-type': type,
      ...(key && { 'idempotency-key': key }),
      ...(authorization && { authorization }),
    };
    await fetch(request.url(), { method: request.method(), headers, body: picture(1).buffer });
    return route.abort('connectionreset');
  });
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect(sent).toHaveLength(2);
  expect(sent[0]).toMatch(/[0-9a-f]{32}/);
  expect(sent[1]).toBe(sent[0]);
  expect(await server.images()).toHaveLength(1);
});

test('a busy server is waited for as long as it asks, and nothing counts as failed @real', async ({ app, page }) => {
  app.expectStatus(429, 503);
  const answers = [
    problem(429, 'http.busy', { 'retry-after': '2' }),
    problem(503, 'http.busy', { 'retry-after': '1' }),
  ];
  let attempts = 0;
  await page.route(askUrl, (route) => {
    attempts += 1;
    return answers.length > 0 ? route.fulfill(answers.shift()) : route.continue();
  });
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toContainText('Waiting for the server');
  await expect(page.getByRole('heading', { name: '0 of 1 uploaded', exact: true })).toBeVisible();
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect(attempts).toBe(3);
});

test('a server that fails is tried again by itself, then by Retry, which sends only what failed @real', async ({
  app,
  page,
  server,
}) => {
  app.expectStatus(500);
  let isBroken = true;
  let attempts = 0;
  let first = '';
  await page.route(bytesUrl, (route) => {
    // What a signed address adds is another each time.
    const target = route
      .request()
      .url()
      .replace(/[?&]X-Amz-.*/, '');
    first ||= target;
    if (target !== first) return route.continue();
    attempts += 1;
    return isBroken ? route.fulfill(problem(500, 'run.failed')) : route.continue();
  });
  await app.open();
  await app.browse([picture(1), picture(2)]);
  const failed = page.locator('.row[data-state=failed]');
  const done = page.locator('.row[data-state=done]');
  await expect(failed).toContainText('The server failed. Try again, or later.');
  await expect(done).toHaveCount(1);
  expect(attempts).toBe(4);
  await expect(page.getByRole('heading', { name: '1 of 2 uploaded, 1 failed' })).toBeVisible();
  isBroken = false;
  await page.getByRole('button', { name: 'Retry 1 failed' }).click();
  await expect(done).toHaveCount(2);
  expect(attempts).toBe(5);
  expect(await server.images()).toHaveLength(2);
});

for (const [status, words] of [
  [413, 'The server refused it as too large. Make it smaller first.'],
  [422, 'The server could not read this picture. It may be damaged; try another copy.'],
  [507, 'The server has no room left.'],
]) {
  test(`a ${status} is told in words @real`, async ({ app, page }) => {
    app.expectStatus(status);
    await page.route(askUrl, (route) => route.fulfill(problem(status, 'told')));
    await app.open();
    await app.browse([picture(1)]);
    await expect(app.rows).toContainText(words);
  });
}

test('an answer that is nonsense is a failure with a next step @real', async ({ app, page }) => {
  await page.route(askUrl, (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>hello' }));
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toContainText('The server failed. Try again, or later.');
});

test('a presigned upload goes to its address; one that ran out is signed anew once', async ({ app, page, server }) => {
  app.expectStatus(403);
  server.stub.config.upload.mode = 'presigned';
  let puts = 0;
  await page.route('**/signed/*', (route) => {
    puts += 1;
    return puts === 1 ? route.fulfill({ status: 403, body: '<Error/>' }) : route.continue();
  });
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  await expect(app.tiles.first()).toHaveAttribute('data-status', 'ready');
  expect(puts).toBe(2);
  expect(server.stub.signed.size).toBe(2);
  expect(await server.images()).toHaveLength(1);
});

test('a presigned upload that stays refused says so', async ({ app, page, server }) => {
  app.expectStatus(403);
  server.stub.config.upload.mode = 'presigned';
  await page.route('**/signed/*', (route) => route.fulfill({ status: 403, body: '<Error/>' }));
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toContainText('This is not allowed here.');
});

test('where a token is wanted it is asked for once, kept in the tab, and no file is lost', async ({
  app,
  page,
  server,
}) => {
  app.expectStatus(401);
  server.stub.uploadToken = 'let me in';
  await app.open();
  await app.browse([picture(1), picture(2), picture(3)]);
  const dialog = page.getByRole('dialog', { name: 'Upload token' });
  await expect(dialog).toBeVisible();
  await expect(app.rows.first()).toContainText('Waiting for the token');
  await dialog.getByLabel('Token').fill('not this');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(dialog).toContainText('That token was refused.');
  await dialog.getByLabel('Token').fill('let me in');
  await page.keyboard.press('Enter');
  await expect(page.locator('.row[data-state=done]')).toHaveCount(3);
  await page.reload();
  await app.browse([picture(4)]);
  await expect(app.row('photo 4.png')).toHaveAttribute('data-state', 'done');
});

test('without a token the files fail with a next step, and Retry asks again', async ({ app, page, server }) => {
  app.expectStatus(401);
  server.stub.uploadToken = 'let me in';
  await app.open();
  await app.browse([picture(1), picture(2)]);
  const dialog = page.getByRole('dialog', { name: 'Upload token' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(app.rows.first()).toContainText('The upload token is missing or wrong.');
  await page.getByRole('button', { name: 'Retry 2 failed' }).click();
  await dialog.getByLabel('Token').fill('let me in');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await expect(page.locator('.row[data-state=done]')).toHaveCount(2);
});

test('a page that is left while files are on their way asks first', async ({ app, page }) => {
  await page.route(bytesUrl, () => {});
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toHaveAttribute('data-state', 'uploading');
  const asked = page.waitForEvent('dialog');
  page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.accept();
});

test('a server that does not answer: a banner with the next try, and it goes by itself @real', async ({
  app,
  page,
  server,
}) => {
  app.expectBrokenConnection();
  await server.seed(1);
  await page.route(/\/images/, (route) => route.abort('connectionrefused'));
  await app.open();
  await expect(page.getByText('The pictures could not be loaded.')).toBeVisible();
  await expect(page.locator('.banner')).toContainText(/The server does not answer. Next try in \d+ s./);
  await page.unroute(/\/images/);
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.locator('.banner')).toHaveCount(0);
  await expect(app.tiles).toHaveCount(1);
});
