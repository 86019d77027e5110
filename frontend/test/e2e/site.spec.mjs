/** The site as it is served: addresses, headers, a new deployment, languages, no script. */
import { readFileSync } from 'node:fs';
import { bytesUrl, expect, isReal, picture, test } from './fixtures.mjs';

const manifest = JSON.parse(readFileSync(new URL('../../dist/manifest.json', import.meta.url), 'utf8'));

test('every file of the manifest is served with its type and cache class @real', async ({ server, request }) => {
  for (const { path, cache, type } of manifest.files) {
    const answer = await request.get(server.url + path);
    expect(answer.status(), path).toBe(200);
    const headers = answer.headers();
    expect(headers['content-type'], path).toBe(type);
    expect(headers['cache-control'], path).toContain(cache === 'immutable' ? 'immutable' : 'no-cache');
    expect(headers['x-content-type-options'], path).toBe('nosniff');
  }
});

test('pages come with the strict policy @real', async ({ server, request }) => {
  for (const path of ['/', '/ops.html', '/tag/sea']) {
    const policy = (await request.get(server.url + path)).headers()['content-security-policy'];
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("script-src 'self'");
    expect(policy, path).toContain("style-src 'self'");
    expect(policy, path).toContain("require-trusted-types-for 'script'");
    expect(policy, path).not.toContain('unsafe');
  }
});

// The bucket of a cloud denies it, since nobody may list what there is.
test('what does not exist is a problem, not the page @real @daemon', async ({ server, request }) => {
  const answer = await request.get(`${server.url}/assets/app-OLD.js`);
  expect(answer.status()).toBe(404);
  expect(answer.headers()['content-type']).toContain('application/problem+json');
});

test('a part that is gone with a new deployment: reloaded once, then offered', async ({ app, page, server }) => {
  app.expectStatus(404);
  app.allow(/Failed to fetch dynamically imported module/);
  await server.seed(2);
  let isGone = true;
  await page.route(/assets\/lightbox-.*\.js/, (route) =>
    isGone ? route.fulfill({ status: 404, body: '' }) : route.continue(),
  );
  await app.open();
  let loads = 0;
  page.on('load', () => (loads += 1));
  await app.tiles.first().hover();
  await expect.poll(() => loads).toBe(1);
  await page.mouse.move(0, 0);
  await app.tiles.first().hover();
  await expect(page.locator('.banner')).toContainText('There is a new version of this page.');
  expect(loads).toBe(1);
  isGone = false;
  await page.getByRole('button', { name: 'Reload' }).click();
  await app.tiles.first().getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
});

test('while files are on their way nothing reloads by itself', async ({ app, page, server }) => {
  app.expectStatus(404);
  app.allow(/Failed to fetch dynamically imported module/);
  await server.seed(2);
  await page.route(/assets\/lightbox-.*\.js/, (route) => route.fulfill({ status: 404, body: '' }));
  await page.route(bytesUrl, () => {});
  await app.open();
  await app.browse([picture(9)]);
  await expect(app.rows).toHaveAttribute('data-state', 'uploading');
  await app.tiles.first().hover();
  await expect(page.locator('.banner')).toContainText('There is a new version of this page.');
  await expect(app.rows).toHaveAttribute('data-state', 'uploading');
  await page.unroute(bytesUrl);
});

test('German where the browser wants it; another language on demand, which is remembered @real', async ({
  browser,
  guarded,
  server,
}) => {
  const context = await browser.newContext({ locale: 'de-DE' });
  const page = await context.newPage();
  await page.goto(server.url);
  await expect(page.getByRole('button', { name: 'Hochladen', exact: true })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.getByLabel('Sprache').selectOption('en');
  await expect(page.getByRole('button', { name: 'Upload', exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Upload', exact: true })).toBeVisible();
  expect(guarded).toBeTruthy();
  await context.close();
});

test('German has room in every control', async ({ browser, server }) => {
  await server.seed(6);
  const context = await browser.newContext({
    locale: 'de-DE',
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Hochladen', exact: true }).tap();
  await page
    .getByTestId('browse')
    .setInputFiles([picture(1), { name: 'a.tif', mimeType: '', buffer: Buffer.from('II*\0aaaaaaaa') }]);
  await expect(page.getByText('1 von 2 hochgeladen, 1 gescheitert')).toBeVisible();
  const { wide, view } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    view: document.documentElement.clientWidth,
  }));
  expect(wide).toBeLessThanOrEqual(view);
  await context.close();
});

test('without script the page says what is missing @real', async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.url);
  await expect(page.locator('noscript p')).toBeVisible();
  await expect(page.locator('noscript p')).toHaveText(/This page needs JavaScript\./);
  await context.close();
});

// A cloud serves the one document of the page for every picture.
test('a picture is described for link previews without script @real @daemon', async ({ server, request }) => {
  test.skip(!isReal, 'the server under test writes these');
  await server.seed(1);
  const [record] = await server.images();
  const page = await (await request.get(`${server.url}/i/${record.filename}`)).text();
  expect(page).toMatch(/<meta property="og:image" content="https?:/);
});

test('plain HTTP: no hashing, copying by hand, and uploads all the same', async ({ app, page, server }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'isSecureContext', { value: false });
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    Object.defineProperty(crypto, 'subtle', { value: undefined });
    Object.defineProperty(crypto, 'randomUUID', { value: undefined });
  });
  await app.open();
  await expect(page.locator('.banner')).toContainText('This address has no HTTPS');
  await app.browse([picture(1)]);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect(await server.images()).toHaveLength(1);
  await page.getByRole('button', { name: 'Copy link to photo 1.png' }).first().click();
  await expect(page).toHaveURL(/\/i\//);
});
