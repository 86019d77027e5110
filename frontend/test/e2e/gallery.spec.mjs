/** The gallery: its tiles, its pages, and the way back to a place in it. */
import { readFileSync } from 'node:fs';
import { expect, picture, test } from './fixtures.mjs';

const photo = readFileSync(new URL('../../../examples/photo.jpg', import.meta.url));
const cutPhoto = { name: 'cut.jpg', mimeType: 'image/jpeg', buffer: photo.subarray(0, Math.floor(photo.length * 0.6)) };

/** Where the page is scrolled to once nothing moves any more. */
async function settledScroll(page) {
  let last = -1;
  await expect
    .poll(async () => {
      const now = await page.evaluate(() => Math.round(scrollY));
      const isSame = now === last;
      last = now;
      return isSame;
    })
    .toBe(true);
  return last;
}

test('a thumbnail that comes late changes its tile without moving anything, and is not asked for before @real', async ({
  app,
  page,
  server,
}) => {
  await server.seed(3);
  const release = await app.holdThumbnails();
  const asked = [];
  page.on('request', (request) => request.url().includes('/thumbnails/') && asked.push(request.url()));
  await app.open();
  await app.browse([picture(20, { ratio: 1.5 })]);
  await expect(app.tiles).toHaveCount(4);
  const tile = app.tiles.first();
  await expect(tile).toContainText('Making the preview');
  await expect(app.rows).toContainText('Making the preview');
  expect(asked).toEqual([]);
  await page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: 'layout-shift' });
  });
  release();
  await expect(tile.locator('img.is-shown')).toBeVisible();
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect(await page.evaluate(() => window.shift)).toBeLessThan(0.01);
});

test('a hidden tab asks nothing; seen again it goes on @real', async ({ app, page, server }) => {
  await server.seed(1);
  const release = await app.holdThumbnails();
  await page.clock.install();
  await app.open();
  await expect(app.tiles.first()).toContainText('Making the preview');
  const setVisibility = (state) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'visibilityState', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await setVisibility('hidden');
  await page.waitForLoadState('networkidle');
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().includes('/images')) asked += 1;
  });
  await page.clock.runFor(120_000);
  expect(asked).toBe(0);
  release();
  await setVisibility('visible');
  await page.clock.runFor(10_000);
  await expect(app.tiles.first().locator('img')).toBeVisible();
});

test('a preview that takes longer than ten minutes is no longer waited for, and the tile says so', async ({
  app,
  page,
  server,
}) => {
  await server.seed(1);
  await app.holdThumbnails();
  await page.clock.install();
  await app.open();
  await expect(app.tiles.first()).toContainText('Making the preview');
  const isLate = async () => {
    await page.clock.runFor(5000);
    return page.getByText('Still working, check later').isVisible();
  };
  await expect.poll(isLate, { timeout: 120_000, intervals: [10] }).toBe(true);
});

test('a picture of which no preview can be made: a tile that says so, the reason, and the original @real', async ({
  app,
  context,
  page,
  server,
}) => {
  await server.seed(2);
  await app.open();
  await app.browse([cutPhoto]);
  await expect(app.row('cut.jpg')).toContainText('Uploaded, no preview: the file is damaged');
  const tile = app.tiles.first();
  await expect(tile).toContainText('No preview');
  await expect(tile).toContainText('The original is safe');
  await expect(page.locator('.tile img.is-shown')).toHaveCount(2);
  await tile.getByRole('link').click();
  await expect(page.locator('main').getByText('No preview could be made: the file is damaged')).toBeVisible();
  const address = await page.getByRole('link', { name: 'Open the original' }).getAttribute('href');
  const answer = await context.request.get(new URL(address, server.url).href);
  expect(answer.status()).toBe(200);
  expect((await answer.body()).equals(cutPhoto.buffer)).toBe(true);
});

// The functions of the local cloud would be at it for long; its pages are those of the tests that follow.
test('five hundred pictures: they come by pages, then by a button, to the end @real @daemon', async ({
  app,
  page,
  server,
}) => {
  await server.seed(500, { height: 24 });
  const thumbs = new Set();
  page.on('request', (request) => request.url().includes('/thumbnails/') && thumbs.add(request.url()));
  await app.open();
  await expect(app.tiles.first().locator('img.is-shown')).toBeVisible();
  expect(thumbs.size).toBeLessThan(await app.tiles.count());
  const more = page.getByRole('button', { name: 'Load more' });
  const isAtEnd = async () => {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    if (await more.isVisible()) await more.click();
    return page.getByText('That’s all 500.').isVisible();
  };
  await expect.poll(isAtEnd, { timeout: 120_000 }).toBe(true);
  await expect(app.tiles).toHaveCount(500);
});

test('a page that fails keeps the place and offers to try again @real', async ({ app, page, server }) => {
  app.expectStatus(500);
  await server.seed(160, { height: 24 });
  let isBroken = true;
  let pages = 0;
  await page.route(/images\?.*cursor=/, (route) => {
    pages += 1;
    return isBroken && pages >= 2 ? route.fulfill({ status: 500, body: '{}' }) : route.continue();
  });
  await app.open();
  await expect(app.tiles).toHaveCount(48);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(app.tiles).toHaveCount(96);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.getByText('The next pictures could not be loaded.')).toBeVisible();
  await expect(app.tiles).toHaveCount(96);
  isBroken = false;
  await page.locator('.foot').getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => app.tiles.count()).toBeGreaterThanOrEqual(144);
});

test('Back restores the place in the gallery, from another tag and after a reload @real', async ({
  app,
  page,
  server,
}) => {
  await server.seed(160, { height: 24 });
  await app.open();
  await expect(app.tiles).toHaveCount(48);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(app.tiles).toHaveCount(96);
  await app.tiles.nth(70).scrollIntoViewIfNeeded();
  const place = await settledScroll(page);
  expect(place).toBeGreaterThan(1000);
  await page.getByRole('combobox', { name: 'Show a tag' }).fill('nothing');
  await page.keyboard.press('Enter');
  await expect(page.getByText('No picture is tagged “nothing”.')).toBeVisible();
  await page.goBack();
  await expect(app.tiles).not.toHaveCount(0);
  expect(Math.abs((await settledScroll(page)) - place)).toBeLessThan(220);
  await page.reload();
  await expect(app.tiles.nth(70)).toBeAttached();
  await expect.poll(async () => Math.abs((await page.evaluate(() => scrollY)) - place)).toBeLessThan(220);
});

test('new pictures enter at the top without moving what is being read @real', async ({ app, page, server }) => {
  await server.seed(60, { height: 24 });
  await app.open();
  await app.browse([]);
  await app.tiles.nth(30).scrollIntoViewIfNeeded();
  await settledScroll(page);
  const tile = app.tiles.nth(30);
  const name = await tile.getAttribute('data-name');
  const top = (await page.locator(`.tile[data-name="${name}"]`).boundingBox()).y;
  await page.getByTestId('browse').setInputFiles([picture(300, { ratio: 2 })]);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  await expect(app.tiles.nth(31)).toHaveAttribute('data-name', name);
  const now = (await page.locator(`.tile[data-name="${name}"]`).boundingBox()).y;
  expect(Math.abs(now - top)).toBeLessThan(230);
});

test('a tag is a filter with an address of its own', async ({ app, page, server }) => {
  await server.seed(6, { more: (i) => ({ tags: i % 2 ? ['sea'] : ['hills', 'evening'] }) });
  await app.open();
  await page.getByRole('combobox', { name: 'Show a tag' }).fill('sea');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/tag\/sea$/);
  await expect(page.getByRole('heading', { name: 'Tagged sea' })).toBeVisible();
  await expect(app.tiles).toHaveCount(3);
  await page.getByRole('link', { name: 'Show all pictures' }).click();
  await expect(app.tiles).toHaveCount(6);
});

test('rows are justified: every one but the last ends at the margin @real', async ({ app, page, server }) => {
  await server.seed(40, { height: 24 });
  for (const width of [390, 768, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 });
    await app.open();
    await expect(app.tiles).toHaveCount(40);
    const ends = await page.locator('.tiles').evaluate((list) => {
      const rows = new Map();
      for (const tile of list.querySelectorAll('.tile')) {
        const { top, right } = tile.getBoundingClientRect();
        rows.set(Math.round(top), right);
      }
      const edge = list.getBoundingClientRect().right;
      return [...rows.values()].slice(0, -1).map((right) => Math.abs(right - edge));
    });
    expect(Math.max(...ends)).toBeLessThan(1);
    await app.expectNoSidewaysScroll();
  }
});
