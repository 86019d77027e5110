/** Every state a page can show, and how a person comes to see it. */
import { readFileSync } from 'node:fs';
import { expect, operatorToken, picture } from './fixtures.mjs';

const photo = readFileSync(new URL('../../../examples/photo.jpg', import.meta.url));
const cut = { name: 'cut.jpg', mimeType: 'image/jpeg', buffer: photo.subarray(0, Math.floor(photo.length * 0.6)) };
const fail = (status) => (route) => route.fulfill({ status, contentType: 'application/problem+json', body: '{}' });
const never = () => {};

const large = { height: 360 };
const exif = {
  make: 'Canon',
  model: 'EOS R5',
  lens: 'RF 35mm F1.8',
  taken_at: '2026-05-01T18:42:00Z',
  exposure: 0.004,
  f_number: 5.6,
  iso: 200,
};
const named = (i) => ({
  name: ['Harbour at dusk.jpg', 'Two hills.png', 'IMG_2041.jpg'][i % 3],
  tags: i % 2 ? ['sea', 'evening'] : ['hills'],
  exif,
});

const shown = async ({ app }, n) => {
  await expect(app.tiles).toHaveCount(n);
  await expect(app.page.locator('.tile img.is-shown').first()).toBeVisible();
};

const gallery = {
  'gallery-loading': async ({ app, page }) => {
    await page.route('**/images?*', never);
    await app.open();
    await expect(page.getByTestId('skeleton')).toBeVisible();
  },
  'gallery-ready': async ({ app, server }) => {
    await server.seed(24, large);
    await app.open();
    await shown({ app }, 24);
  },
  'gallery-processing-and-failed': async ({ app, server }) => {
    await server.seed(9, large);
    const records = [...server.stub.records.values()];
    Object.assign(records[2], { status: 'failed', error: 'decode.corrupt', thumbnails: [] });
    Object.assign(records[5], { status: 'processing', thumbnails: [] });
    Object.assign(records[7], { status: 'queued', thumbnails: [], placeholder: null, color: null });
    await app.open();
    await shown({ app }, 9);
  },
  'gallery-broken-previews': async ({ app, page, server }) => {
    app.expectStatus(404);
    await server.seed(6, large);
    await page.route('**/thumbnails/**', fail(404));
    await app.open();
    await expect(page.locator('.tile.is-broken').first()).toBeVisible();
  },
  'gallery-empty': async ({ app, page }) => {
    await app.open();
    await expect(page.getByTestId('empty')).toBeVisible();
  },
  'gallery-tag': async ({ app, server }) => {
    await server.seed(10, { ...large, more: named });
    await app.open('/tag/sea');
    await shown({ app }, 5);
  },
  'gallery-nothing-tagged': async ({ app, page, server }) => {
    await server.seed(1);
    await app.open('/tag/winter');
    await expect(page.getByText('No picture is tagged “winter”.')).toBeVisible();
  },
  'gallery-failed': async ({ app, page }) => {
    app.expectStatus(500);
    await page.route('**/images?*', fail(500));
    await app.open();
    await expect(page.getByText('The pictures could not be loaded.')).toBeVisible();
  },
  'gallery-forbidden': async ({ app, page }) => {
    app.expectStatus(403);
    await page.route('**/images?*', fail(403));
    await app.open();
    await expect(page.getByText('You are not allowed to see these pictures.')).toBeVisible();
  },
  'gallery-next-page-failed': async ({ app, page, server }) => {
    app.expectStatus(500);
    await server.seed(60, { height: 120 });
    await page.route(/cursor=/, fail(500));
    await app.open();
    await expect(app.tiles).toHaveCount(48);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await expect(page.getByText('The next pictures could not be loaded.')).toBeVisible();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  },
};

const whole = {
  'banner-offline': async ({ app, context, page, server }) => {
    await server.seed(8, large);
    await app.open();
    await shown({ app }, 8);
    await context.setOffline(true);
    await expect(page.locator('.banner')).toBeVisible();
  },
  'banner-new-version': async ({ app, page, server }) => {
    await server.seed(8, large);
    await app.open();
    await shown({ app }, 8);
    await page.evaluate(() => dispatchEvent(new Event('pixmill:outdated')));
    await expect(page.locator('.banner')).toBeVisible();
  },
  'banner-no-https': async ({ app, page, server }) => {
    await server.seed(8, large);
    await page.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
    await app.open();
    await expect(page.locator('.banner')).toBeVisible();
  },
  'drop-target': async ({ app, page, server }) => {
    await server.seed(8, large);
    await app.open();
    await shown({ app }, 8);
    await app.drop([picture(1)]);
    await expect(page.getByText('Drop pictures to upload them')).toBeVisible();
  },
  'not-found': async ({ app, page }) => {
    await page.route('**/nowhere/at/all', async (route) =>
      route.fulfill({ response: await route.fetch({ url: new URL('/', route.request().url()).href }) }),
    );
    await app.open('/nowhere/at/all');
    await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
  },
  'not-configured': async ({ app, page, server }) => {
    app.expectStatus(404);
    await page.route('**/config.json', fail(404));
    await page.goto(server.url);
    await expect(page.getByRole('heading', { name: 'Not configured' })).toBeVisible();
  },
  'configured-wrongly': async ({ page, server }) => {
    server.stub.config.upload.concurrency = 'many';
    await page.goto(server.url);
    await expect(page.getByText('“upload.concurrency”')).toBeVisible();
  },
};

const upload = {
  'upload-idle': async ({ app, page, server }) => {
    await server.seed(8, large);
    await app.open();
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await expect(page.getByText('JPEG, PNG, WebP, AVIF, or GIF up to 134 MB each')).toBeVisible();
  },
  'upload-all-states': async ({ app, page, server }) => {
    app.expectStatus(500, 413);
    await server.seed(8, large);
    server.stub.config.upload.concurrency = 3;
    await page.route(/filename=(going|second|third)/, never);
    await page.route(/filename=broken/, fail(500));
    await page.route(/filename=large/, fail(413));
    await app.open();
    await app.browse([
      { name: 'scan of the old map, first sheet.tif', mimeType: 'image/tiff', buffer: Buffer.from('II*\0aaaaaaaa') },
      picture(0, { ...large, name: 'again.png' }),
      picture(30, { name: 'large.png' }),
      cut,
      picture(31, { name: 'done.png' }),
      picture(32, { name: 'broken.png' }),
    ]);
    await expect(app.row('broken.png')).toHaveAttribute('data-state', 'failed');
    await page
      .getByTestId('browse')
      .setInputFiles(['going.png', 'second.png', 'third.png', 'waits.png'].map((name, i) => picture(40 + i, { name })));
    await expect(app.row('waits.png')).toHaveAttribute('data-state', 'waiting');
    await expand(page);
    await page.locator('.rows').evaluate((list) => list.scrollTo(0, 0));
    await expect(app.row('cut.jpg')).toHaveAttribute('data-state', 'kept');
  },
  'upload-busy-server': async ({ app, page }) => {
    app.expectStatus(503);
    await page.route('**/upload?*', (route) =>
      route.fulfill({ status: 503, headers: { 'retry-after': '600' }, body: '{}' }),
    );
    await app.open();
    await app.browse([picture(1), picture(2)]);
    await expect(app.rows.first()).toContainText('Waiting for the server');
    await expand(page);
  },
  'upload-offline': async ({ app, context, page }) => {
    await app.open();
    await page.getByRole('button', { name: 'Upload', exact: true }).click();
    await context.setOffline(true);
    await page.getByTestId('browse').setInputFiles([picture(1), picture(2)]);
    await expect(app.rows.first()).toContainText('Offline. Resumes by itself');
    await expand(page);
  },
  'upload-finished': async ({ app, page, server }) => {
    await server.seed(4, large);
    await app.open();
    await app.browse([picture(21, large), picture(22, large)]);
    await expect(page.getByRole('heading', { name: '2 pictures uploaded' })).toBeVisible();
    await expect(page.locator('.row[data-state=done]')).toHaveCount(2);
  },
  'upload-token': async ({ app, page, server }) => {
    app.expectStatus(401);
    server.stub.uploadToken = 'let me in';
    await app.open();
    await app.browse([picture(1)]);
    await expect(page.getByRole('dialog', { name: 'Upload token' })).toBeVisible();
  },
  'upload-token-refused': async ({ app, page, server }) => {
    app.expectStatus(401);
    server.stub.uploadToken = 'let me in';
    await app.open();
    await app.browse([picture(1)]);
    await page.getByLabel('Token', { exact: true }).fill('not this');
    await page.keyboard.press('Enter');
    await expect(page.getByText('That token was refused.')).toBeVisible();
  },
};

/** On a phone the list is one line until it is opened. */
async function expand(page) {
  const button = page.getByRole('button', { name: 'Show the upload list' });
  if (await button.isVisible()) await button.click();
}

async function openImage({ app, server }, change = {}) {
  await server.seed(3, { ...large, more: named });
  const record = [...server.stub.records.values()].find((it) => it.name === 'Harbour at dusk.jpg');
  Object.assign(record, change);
  await app.open(`/i/${record.filename}`);
  return record;
}

async function openViewer({ app, page, server }) {
  await server.seed(8, { ...large, more: named });
  await app.open();
  await app.tiles.nth(1).getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await expect(page.locator('.pswp__img:not(.pswp__img--placeholder)').first()).toBeVisible();
}

const image = {
  'image-page': async (all) => {
    await openImage(all);
    await expect(all.page.locator('.stage img.is-shown')).toBeVisible();
  },
  'image-loading': async ({ app, page }) => {
    await page.route('**/images/*', never);
    await app.open('/i/one.jpg');
    await expect(page.getByText('Loading the picture')).toBeVisible();
  },
  'image-processing': async (all) => {
    await openImage(all, { status: 'processing', thumbnails: [] });
    await expect(all.page.getByText('The preview is being made.')).toBeVisible();
  },
  'image-failed': async (all) => {
    await openImage(all, { status: 'failed', error: 'decode.corrupt', thumbnails: [] });
    await expect(all.page.getByText('No preview could be made')).toBeVisible();
  },
  'image-missing': async ({ app, page }) => {
    app.expectStatus(404);
    await app.open('/i/one.jpg');
    await expect(page.getByText('This picture does not exist or was deleted.')).toBeVisible();
  },
  'image-forbidden': async ({ app, page }) => {
    app.expectStatus(403);
    await page.route('**/images/*', fail(403));
    await app.open('/i/one.jpg');
    await expect(page.getByText('You are not allowed to see this picture.')).toBeVisible();
  },
  'image-not-loaded': async ({ app, page }) => {
    app.expectStatus(503);
    await page.route('**/images/*', fail(503));
    await app.open('/i/one.jpg');
    await expect(page.getByText('The picture could not be loaded.')).toBeVisible();
  },
  'image-copy-by-hand': async (all) => {
    await all.page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await openImage(all);
    await all.page.getByRole('button', { name: 'Copy Markdown' }).click();
    await expect(all.page.getByLabel('Copy it from here')).toBeFocused();
  },
  viewer: openViewer,
  'viewer-details': async (all) => {
    await openViewer(all);
    await all.page.keyboard.press('i');
    await expect(all.page.getByRole('complementary')).toBeVisible();
  },
  'viewer-keys': async (all) => {
    await openViewer(all);
    await all.page.keyboard.press('?');
    await expect(all.page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  },
  'delete-asked': async (all) => {
    await openViewer(all);
    await all.page.keyboard.press('Delete');
    await expect(all.page.getByRole('dialog', { name: 'Delete this picture?' })).toBeVisible();
  },
  'delete-undo': async (all) => {
    await openViewer(all);
    await all.page.keyboard.press('Delete');
    await all.page
      .getByRole('dialog', { name: 'Delete this picture?' })
      .getByRole('button', { name: 'Delete' })
      .click();
    await expect(all.page.getByRole('button', { name: 'Undo' })).toBeVisible();
  },
};

async function openOps({ app, page, server }, letters = 7) {
  server.stub.seedDead(letters);
  Object.assign(server.stub.counts, { ready: 12, running: 2, delayed: 3 });
  await page.addInitScript((token) => sessionStorage.setItem('pixmill.operator', token), operatorToken);
  await app.open('/ops.html');
}

const ops = {
  'ops-token': async ({ app, page }) => {
    await app.open('/ops.html');
    await expect(page.getByRole('heading', { name: 'Operator token' })).toBeVisible();
  },
  'ops-forbidden': async ({ app, page }) => {
    app.expectStatus(403);
    await app.open('/ops.html');
    await page.getByLabel('Token', { exact: true }).fill('not this');
    await page.keyboard.press('Enter');
    await expect(page.getByText('This token is not the operator’s.')).toBeVisible();
  },
  'ops-loading': async (all) => {
    await all.page.route('**/admin/**', never);
    await openOps(all);
    await expect(all.page.getByText('Loading')).toBeVisible();
  },
  'ops-clear': async (all) => {
    await openOps(all, 0);
    await expect(all.page.getByText('All clear.')).toBeVisible();
  },
  'ops-letters': async (all) => {
    await openOps(all);
    await all.page.getByRole('checkbox').nth(1).check();
  },
  'ops-details': async (all) => {
    await openOps(all);
    await all.page
      .getByRole('button', { name: /Details of the job/ })
      .first()
      .click();
    await expect(all.page.getByRole('dialog', { name: 'Details' })).toBeVisible();
  },
  'ops-discard': async (all) => {
    await openOps(all);
    await all.page.getByRole('button', { name: 'Discard' }).first().click();
    await expect(all.page.getByRole('dialog', { name: 'Discard 1 job?' })).toBeVisible();
  },
  'ops-partial': async (all) => {
    all.app.expectStatus(500);
    await all.page.route('**/admin/jobs', fail(500));
    await openOps(all);
    await expect(all.page.getByText('A part could not be loaded: queue.')).toBeVisible();
  },
  'ops-stale': async (all) => {
    all.app.expectStatus(500);
    await all.page.clock.install();
    await openOps(all);
    await expect(all.page.getByRole('table')).toBeVisible();
    await all.page.route('**/admin/**', fail(500));
    await all.page.clock.runFor(40_000);
    await expect(all.page.getByText(/Last updated .+ ago/)).toBeVisible();
  },
  'ops-down': async (all) => {
    all.app.expectStatus(500);
    await all.page.route('**/admin/**', fail(500));
    await openOps(all);
    await expect(all.page.getByText('The server does not answer.')).toBeVisible();
  },
};

export const states = { ...gallery, ...whole, ...upload, ...image, ...ops };
/** What needs keys has no such state on a phone. */
export const wideOnly = new Set(['viewer-keys', 'drop-target']);
