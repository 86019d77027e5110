/** What the page does, seen from behind it: the bucket, the table and the dead letters of the local cloud. */
import { readFileSync } from 'node:fs';
import { expect, test, uploadToken } from './fixtures.mjs';

const photo = readFileSync(new URL('../../../examples/photo.jpg', import.meta.url));
const file = (name, buffer = photo) => ({ name, mimeType: 'image/jpeg', buffer });

test.use({ hasToken: false });

/** Gives the token for uploads, as whoever has it would. */
async function giveToken(page) {
  const dialog = page.getByRole('dialog', { name: 'Upload token' });
  await dialog.getByLabel('Token').fill(uploadToken);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
}

/** The width of a picture that the page may fetch. */
const widthOf = (page, at) =>
  page.evaluate(async (url) => (await createImageBitmap(await (await fetch(url)).blob())).width, at);

test('a picture goes through the browser, the bucket, the functions and the table into the gallery, and away @cloud', async ({
  app,
  page,
  server,
}) => {
  app.expectStatus(401);
  const puts = [];
  page.on('request', (request) => request.method() === 'PUT' && puts.push(new URL(request.url())));

  await test.step('1. the page is there, and its gallery is empty', async () => {
    await app.open();
    await expect(page.getByTestId('empty')).toBeVisible();
    expect(await server.behind()).toEqual({ objects: {}, rows: [], deadLetters: [] });
  });

  await test.step('2. a chosen picture asks for the token', async () => {
    await app.browse([file('harbour.jpg')]);
    await giveToken(page);
  });

  await test.step('3. it goes straight into the bucket, to an address that was signed for it', async () => {
    await expect(app.rows).toHaveAttribute('data-state', 'done');
    expect(puts).toHaveLength(1);
    expect(puts[0].origin).not.toBe(server.url);
  });

  const { objects, rows, deadLetters } = await server.behind();
  const originals = Object.keys(objects).filter((key) => key.startsWith('uploads/'));
  const thumbnails = Object.keys(objects).filter((key) => key.startsWith('thumbnails/'));
  const filename = originals[0].replace('uploads/', '');

  await test.step('4. uploads/ has the original, byte for byte', async () => {
    expect(originals).toHaveLength(1);
    expect(puts[0].pathname.endsWith(`/${originals[0]}`)).toBe(true);
    expect(objects[originals[0]].type).toBe('image/jpeg');
    expect(Buffer.from(objects[originals[0]].base64, 'base64').equals(photo)).toBe(true);
  });

  await test.step('5. thumbnails/ has the resized pictures, and nothing is anywhere else', async () => {
    expect(thumbnails.length).toBeGreaterThan(1);
    expect(originals.length + thumbnails.length).toBe(Object.keys(objects).length);
    for (const key of thumbnails) {
      expect(key).toMatch(new RegExp(`^thumbnails/${filename.replace('.jpeg', '')}/\\d+\\.webp$`));
      const width = Number(/(\d+)\.webp$/.exec(key)[1]);
      expect(objects[key].type).toBe('image/webp');
      expect(objects[key].cache).toContain('immutable');
      expect(await widthOf(page, `/${key}`)).toBe(width);
    }
  });

  await test.step('6. the table has its record', async () => {
    expect(rows).toHaveLength(1);
    const [row] = rows;
    const smallest = thumbnails.sort((a, b) => parseInt(a.split('/')[2], 10) - parseInt(b.split('/')[2], 10))[0];
    expect(row.filename.S).toBe(filename);
    expect(row.original_url.S).toBe(`/uploads/${filename}`);
    expect(row.thumbnail_url.S).toBe(`/${smallest}`);
    expect(row.status.S).toBe('ready');
    expect(row.name.S).toBe('harbour.jpg');
    expect(row.owner.S).not.toBe('');
    for (const field of ['created_at', 'updated_at']) expect(row[field].S).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(deadLetters).toEqual([]);
  });

  await test.step('7. the gallery shows it, also to who comes new', async () => {
    await page.reload();
    await expect(app.tiles).toHaveCount(1);
    await expect(app.tiles).toHaveAttribute('data-name', filename);
    const image = app.tiles.locator('img.is-shown');
    await expect(image).toBeVisible();
    expect(await image.evaluate((it) => it.naturalWidth)).toBeGreaterThan(1);
    expect(await image.evaluate((it) => new URL(it.currentSrc).pathname)).toMatch(/^\/thumbnails\//);
    await page.screenshot({ path: new URL('../../shots/cloud-gallery.png', import.meta.url).pathname });
  });

  await test.step('8. deleted in the page, it is gone from bucket and table', async () => {
    await page.goto(`${server.url}/i/${filename}`);
    await expect(page.locator('.stage img.is-shown')).toBeVisible();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect(page.getByTestId('empty')).toBeVisible();
    await page.goto('about:blank');
    await expect.poll(() => server.behind()).toEqual({ objects: {}, rows: [], deadLetters: [] });
  });
});

test('a broken picture is shown as one without a preview, and its record says so @cloud', async ({
  app,
  page,
  server,
}) => {
  app.expectStatus(401);
  await app.open();
  await app.browse([file('cut.jpg', photo.subarray(0, Math.floor(photo.length / 2)))]);
  await giveToken(page);
  await expect(app.row('cut.jpg')).toContainText('Uploaded, no preview: the file is damaged');
  await expect(app.tiles).toHaveCount(1);
  await expect(app.tiles.first()).toContainText('No preview');
  const { objects, rows, deadLetters } = await server.behind();
  expect(Object.keys(objects)).toEqual([expect.stringMatching(/^uploads\//)]);
  expect(rows.map(({ status, error, name }) => [status.S, error.S, name.S])).toEqual([
    ['failed', expect.stringMatching(/^decode\./), 'cut.jpg'],
  ]);
  expect(deadLetters).toEqual([]);
});

test('a wrong token is refused, and the right one uploads @cloud', async ({ app, page, server }) => {
  app.expectStatus(401, 403);
  await app.open();
  await app.browse([file('harbour.jpg')]);
  const dialog = page.getByRole('dialog', { name: 'Upload token' });
  await dialog.getByLabel('Token').fill('not this');
  await page.keyboard.press('Enter');
  await expect(dialog).toContainText('That token was refused.');
  expect((await server.behind()).objects).toEqual({});
  await giveToken(page);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect((await server.behind()).rows).toHaveLength(1);
});

test('a page of another origin cannot put anything into the bucket @cloud', async ({ browser, server }) => {
  const asked = await fetch(`${server.api}/uploads`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ content_type: 'image/jpeg' }),
  });
  const { url, headers } = await asked.json();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.elsewhere);
  const put = ({ url: target, headers: told }) =>
    fetch(target, { method: 'PUT', headers: told, body: 'x' }).then(
      (answer) => answer.status,
      () => 'refused',
    );
  expect(await page.evaluate(put, { url, headers })).toBe('refused');
  await context.close();
  expect((await server.behind()).objects).toEqual({});
});
