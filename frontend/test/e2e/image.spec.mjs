/** A picture: the viewer over the gallery, its own page, sharing, deleting. */
import { expect, picture, test } from './fixtures.mjs';

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    return {
      name: element.getAttribute('aria-label') ?? element.textContent.trim(),
      isRinged: style.outlineStyle !== 'none',
    };
  });

test('keyboard alone: skip link, upload, viewer, back to the tile, copy Markdown, delete, undo @real', async ({
  app,
  context,
  page,
  server,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await server.seed(5);
  await app.open();
  await expect(app.tiles).toHaveCount(5);
  await page.keyboard.press('Tab');
  expect(await focused(page)).toEqual({ name: 'Skip to the pictures', isRinged: true });
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const first = app.tiles.nth(0);
  await expect(first.getByRole('link')).toBeFocused();
  expect((await focused(page)).isRinged).toBe(true);
  await page.keyboard.press('Enter');
  const viewer = page.getByRole('dialog', { name: 'Picture viewer' });
  await expect(viewer).toBeVisible();
  await expect(page).toHaveURL(new RegExp(await first.getAttribute('data-name')));
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await page.keyboard.press('ArrowRight');
  const second = app.tiles.nth(1);
  const name = await second.getAttribute('data-name');
  await expect(page).toHaveURL(new RegExp(name));
  await page.keyboard.press('+');
  await page.keyboard.press('0');
  await page.keyboard.press('i');
  await expect(viewer.getByRole('complementary', { name: 'Details' })).toBeVisible();
  await page.keyboard.press('Tab');
  const markdown = viewer.getByRole('button', { name: 'Copy Markdown' });
  for (let i = 0; i < 12 && !(await markdown.evaluate((it) => it === document.activeElement)); i += 1) {
    await page.keyboard.press('Tab');
  }
  await expect(markdown).toBeFocused();
  expect((await focused(page)).isRinged).toBe(true);
  await page.keyboard.press('Enter');
  await expect(app.live).toHaveText('Copied');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`](${server.url}/i/${name})`);
  await page.keyboard.press('Escape');
  await expect(viewer).toHaveCount(0);
  await expect(page).toHaveURL(`${server.url}/`);
  await expect(second.getByRole('link')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await page.keyboard.press('Delete');
  const ask = page.getByRole('dialog', { name: 'Delete this picture?' });
  await expect(ask.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(viewer).toHaveCount(0);
  await expect(app.tiles).toHaveCount(4);
  await page.getByRole('button', { name: 'Undo' }).focus();
  await page.keyboard.press('Enter');
  await expect(app.tiles).toHaveCount(5);
  expect(await server.images()).toHaveLength(5);
});

test('keyboard alone: a file is chosen and uploaded, and what became of it is spoken @real', async ({ app, page }) => {
  const chooser = page.waitForEvent('filechooser', { timeout: 120_000 });
  await app.open();
  const button = page.getByRole('button', { name: 'Upload', exact: true });
  for (let i = 0; i < 6 && !(await button.evaluate((it) => it === document.activeElement)); i += 1)
    await page.keyboard.press('Tab');
  await expect(button).toBeFocused();
  expect((await focused(page)).isRinged).toBe(true);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Browse' })).toBeFocused();
  await page.keyboard.press('Enter');
  await (
    await chooser
  ).setFiles([picture(1), { name: 'a.bmp', mimeType: 'image/bmp', buffer: Buffer.from('BMaaaaaaaaaa') }]);
  await expect(app.live).toHaveText('1 of 2 uploaded, 1 failed');
});

test('? lists the keys, and Esc closes that list alone @real', async ({ app, page, server }) => {
  await server.seed(2);
  await app.open();
  await app.tiles.first().getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toHaveCount(0);
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
});

test('Back closes the viewer, Forward opens it again @real', async ({ app, page, server }) => {
  await server.seed(3);
  await app.open();
  await app.tiles.nth(1).getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await page.goBack();
  await expect(page.locator('.pswp')).toHaveCount(0);
  await expect(app.tiles.nth(1).getByRole('link')).toBeFocused();
  await page.goForward();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
});

test('the viewer goes on over the end of what was loaded @real', async ({ app, page, server }) => {
  await server.seed(60, { height: 24 });
  await app.open();
  await expect(app.tiles).toHaveCount(48);
  await app.tiles.nth(45).getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await expect(app.tiles).toHaveCount(60);
  for (let n = 47; n <= 50; n += 1) {
    await page.keyboard.press('ArrowRight');
    await expect(page.locator('.pswp__counter')).toHaveText(`${n} / 60`);
  }
});

test('opened cold, a picture has a page of its own, and deep links are titled @real', async ({ app, page, server }) => {
  await server.seed(2);
  const [record] = await server.images();
  await app.open(`/i/${record.filename}`);
  await expect(page.getByRole('heading', { level: 1, name: record.name })).toBeVisible();
  await expect(page.locator('.stage img.is-shown')).toBeVisible();
  await expect(page).toHaveTitle(new RegExp(record.name));
  await expect(page.getByRole('link', { name: 'Download' })).toHaveAttribute(
    'href',
    new RegExp(`/uploads/${record.filename}`),
  );
  await page.getByRole('link', { name: 'All pictures' }).first().click();
  await expect(app.tiles).toHaveCount(2);
});

test('a picture that is not there says so and leads on @real', async ({ app, page }) => {
  app.expectStatus(404);
  await app.open('/i/20200101T000000000-nothing.jpg');
  await expect(page.getByRole('heading', { name: 'This picture does not exist or was deleted.' })).toBeVisible();
  await page.locator('main').getByRole('link', { name: 'All pictures' }).last().click();
  await expect(page).toHaveURL(/\/$/);
});

test('a deletion that is not undone reaches the server; leaving the page sends it at once @real', async ({
  app,
  page,
  server,
}) => {
  await server.seed(3);
  const erase = async (at) => {
    await app.tiles.nth(at).getByRole('link').click();
    await expect(page.locator('.pswp.is-settled')).toBeVisible();
    await page.keyboard.press('Delete');
    await page.getByRole('dialog', { name: 'Delete this picture?' }).getByRole('button', { name: 'Delete' }).click();
    await expect(page.locator('.pswp')).toHaveCount(0);
  };
  await page.clock.install();
  await app.open();
  await erase(0);
  expect(await server.images()).toHaveLength(3);
  await page.clock.runFor(10_500);
  await expect.poll(async () => (await server.images()).length).toBe(2);
  await erase(0);
  await page.goto('about:blank');
  await expect.poll(async () => (await server.images()).length).toBe(1);
});

test('a deletion the server refuses brings the picture back and says so @real', async ({ app, page, server }) => {
  app.expectStatus(500);
  await server.seed(2);
  await page.route('**/images/*', (route) =>
    route.request().method() === 'DELETE' ? route.fulfill({ status: 500, body: '{}' }) : route.continue(),
  );
  await page.clock.install();
  await app.open();
  await app.tiles.first().getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog', { name: 'Delete this picture?' }).getByRole('button', { name: 'Delete' }).click();
  await expect(app.tiles).toHaveCount(1);
  await page.clock.runFor(10_500);
  await expect(app.tiles).toHaveCount(2);
  await expect(page.locator('.toast[data-tone=error]')).toContainText('could not be deleted, so it is back');
});

test('where the clipboard is refused, what is to be copied is shown and selected', async ({ app, page, server }) => {
  await server.seed(1);
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
  });
  const [record] = await server.images();
  await app.open(`/i/${record.filename}`);
  await page.getByRole('button', { name: 'Copy HTML' }).click();
  const field = page.getByLabel('Copy it from here');
  await expect(field).toBeFocused();
  await expect(field).toHaveValue(/^<a href="/);
  expect(
    await page.evaluate(
      () =>
        getSelection()?.toString() ||
        document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd),
    ),
  ).toMatch(/^<a href=/);
});

test('tags and camera of a picture are told, places are not', async ({ app, page, server }) => {
  await server.seed(1, {
    more: () => ({
      tags: ['sea', 'evening'],
      exif: { make: 'Canon', model: 'EOS R5', taken_at: '2026-05-01T12:00:00Z', gps_latitude: 52.5 },
    }),
  });
  const [record] = await server.images();
  await app.open(`/i/${record.filename}`);
  await expect(page.getByText('EOS R5')).toBeVisible();
  await expect(page.getByText('52.5')).toHaveCount(0);
  await page.getByRole('link', { name: 'evening' }).click();
  await expect(page).toHaveURL(/\/tag\/evening$/);
});

const nasty = '"><img src=x onerror=alert(1)>';

test('names, tags and camera fields with markup stay text', async ({ app, page, server }) => {
  await server.seed(2, { more: () => ({ name: `${nasty}.png`, tags: [nasty], exif: { make: nasty } }) });
  await app.open();
  await expect(app.tiles.first().locator('img').first()).toHaveAttribute('alt', new RegExp('onerror'));
  await app.tiles.first().getByRole('link').click();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await page.keyboard.press('i');
  await expect(page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { level: 1 })).toHaveText(
    `${nasty}.png`,
  );
  await page.getByRole('link', { name: nasty, exact: true }).click();
  await expect(page.getByRole('heading', { name: `Tagged ${nasty}` })).toBeVisible();
  await app.browse([{ name: `${nasty}.txt`, mimeType: 'text/plain', buffer: Buffer.from('text') }]);
  await expect(app.rows).toContainText(`${nasty}.txt is a text file.`);
  expect(await page.locator('img[src=x]').count()).toBe(0);
});
