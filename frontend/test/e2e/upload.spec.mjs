/** Uploading: choosing, dropping, pasting, and what is told of it. */
import { askUrl, bytesUrl, expect, picture, test } from './fixtures.mjs';

test('a first upload by Browse is done, is the top tile, and its link is the page of the record @real', async ({
  app,
  context,
  page,
  server,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await app.open();
  await expect(page.getByTestId('empty')).toBeVisible();
  await app.browse([picture(1)]);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  await expect(app.tiles.first()).toHaveAttribute('data-status', 'ready');
  await app.row('photo 1.png').getByRole('button', { name: 'Copy link to photo 1.png' }).click();
  const [record] = await server.images();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/i/${record.filename}`);
  await expect(app.tiles.first()).toHaveAttribute('data-name', record.filename);
});

test('what a file is called is kept, whatever it is; the end of one that is too long is not @real', async ({
  app,
  page,
  server,
}) => {
  const name = 'Käse & Brot, 50% "frisch" 猫+1=2;.png';
  const long = '猫'.repeat(255);
  await app.open();
  await app.browse([picture(1, { name }), picture(2, { name: long })]);
  await expect(page.locator('.row[data-state=done]')).toHaveCount(2);
  await expect(page.locator('.tile[data-status=ready]')).toHaveCount(2);
  const kept = (await server.images()).map((it) => it.name);
  expect(kept).toContain(name);
  const [other] = kept.filter((it) => it !== name);
  expect(other.length).toBeGreaterThanOrEqual(85);
  expect(long.startsWith(other)).toBe(true);
});

test('files dropped anywhere show the drop target, then rows and tiles @real', async ({ app, page }) => {
  await app.open();
  const target = page.getByText('Drop pictures to upload them');
  const drop = await app.drop([picture(1), picture(2), picture(3)]);
  await expect(target).toBeVisible();
  await drop();
  await expect(target).toBeHidden();
  await expect(app.rows).toHaveCount(3);
  await expect(app.tiles).toHaveCount(3);
  await expect(page.locator('.row[data-state=done]')).toHaveCount(3);
});

test('a pasted picture gets a name and a preview; pasted into the search field it is not uploaded @real', async ({
  app,
  page,
  server,
}) => {
  await app.open();
  await app.paste(picture(1, { name: 'image.png' }), '.search input');
  await app.paste(picture(2, { name: 'image.png' }));
  await expect(app.rows).toHaveCount(1);
  await expect(app.rows.locator('.row-name')).toHaveText(/^pasted-\d{8}-\d{6}\.png$/);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  expect(await server.images()).toHaveLength(1);
  const drawn = await app.rows.locator('canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value !== 0);
  });
  expect(drawn).toBe(true);
});

test('what is no picture is refused with its reason before a byte is sent, and the others go on @real', async ({
  app,
  page,
}) => {
  await app.open();
  const sent = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  await app.browse([
    { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('this is only text') },
    { name: 'scan.bmp', mimeType: 'image/bmp', buffer: Buffer.from('BMaaaaaaaaaaaaaa') },
    { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
    { name: 'odd.png', mimeType: 'image/png', buffer: Buffer.from([0, 1, 2, 3, 4, 5, 6]) },
    picture(1),
  ]);
  await expect(app.row('photo 1.png')).toHaveAttribute('data-state', 'done');
  await expect(app.row('note.jpg')).toContainText('note.jpg is a text file. Use JPEG, PNG, WebP');
  await expect(app.row('scan.bmp')).toContainText('scan.bmp is a BMP. Use JPEG, PNG, WebP');
  await expect(app.row('empty.png')).toContainText('empty.png is empty. Choose another file.');
  await expect(app.row('odd.png')).toContainText('odd.png is no picture this site knows.');
  expect(sent).toHaveLength(1);
});

test('a file over the limit is refused before any request, with the limit named', async ({ app, page, server }) => {
  server.stub.config.upload.maxBytes = 5_000;
  await app.open();
  const sent = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  await app.browse([picture(1, { name: 'big.png', height: 200 })]);
  await expect(app.row('big.png')).toHaveAttribute('data-state', 'rejected');
  await expect(app.row('big.png')).toContainText('at most 5 kB are allowed');
  expect(sent).toEqual([]);
});

test('a type that only the server refuses is told in words, with what the server said behind them @real', async ({
  app,
  page,
}) => {
  app.expectStatus(415);
  await page.route(askUrl, (route) =>
    route.fulfill({
      status: 415,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 415, code: 'decode.unsupported', detail: 'twelve bits per sample' }),
    }),
  );
  await app.open();
  await app.browse([picture(1)]);
  const row = app.row('photo 1.png');
  await expect(row).toContainText('The server refused this kind of file. Use another format.');
  await expect(row.locator('.row-state')).toHaveAttribute('title', /twelve bits per sample/);
  await expect(row.getByRole('button', { name: /^Retry/ })).toHaveCount(0);
});

test('the same bytes again are already here, and Open goes to the first record @real', async ({
  app,
  page,
  server,
}) => {
  await app.open();
  await app.browse([picture(1)]);
  await expect(app.rows).toHaveAttribute('data-state', 'done');
  await page.getByTestId('browse').setInputFiles([picture(1, { name: 'another name.png' })]);
  const row = app.row('another name.png');
  await expect(row).toContainText('Already here');
  const [record, ...others] = await server.images();
  expect(others).toEqual([]);
  await row.getByRole('link', { name: 'Open another name.png' }).click();
  await expect(page).toHaveURL(`${server.url}/i/${record.filename}`);
  await expect(app.panel).toBeVisible();
});

test('the same bytes twice in one batch are sent once @real', async ({ app, server }) => {
  await app.open();
  await app.browse([picture(1, { name: 'one.png' }), picture(1, { name: 'two.png' })]);
  await expect(app.row('one.png')).toHaveAttribute('data-state', 'done');
  await expect(app.row('two.png')).toHaveAttribute('data-state', 'duplicate');
  expect(await server.images()).toHaveLength(1);
});

test('a folder of 250 files in folders is read to its end', async ({ app, page }) => {
  await app.open();
  await page.evaluate(async () => {
    const file = (name, n) => ({
      name,
      isFile: true,
      isDirectory: false,
      file: (give) => give(new File([`text ${n}`], name, { type: 'image/png' })),
    });
    // As Chromium does, at most 100 at a time.
    const folder = (name, children) => ({
      name,
      isFile: false,
      isDirectory: true,
      createReader: () => {
        let at = 0;
        return { readEntries: (give) => give(children.slice(at, (at += 100))) };
      },
    });
    const many = (from, n) => Array.from({ length: n }, (_, i) => file(`file ${from + i}.png`, from + i));
    const entry = folder('all', [...many(0, 120), folder('inner', [...many(120, 100), folder('deep', many(220, 30))])]);
    const transfer = new DataTransfer();
    transfer.items.add(new File([], 'all'));
    const event = new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
    DataTransferItem.prototype.webkitGetAsEntry = () => entry;
    document.querySelector('main').dispatchEvent(event);
  });
  await expect(app.rows.first()).toHaveAttribute('aria-setsize', '250');
  await expect(page.getByRole('heading', { name: '0 of 250 uploaded, 250 failed' })).toBeVisible();
});

test('a hundred files: no more in flight than configured, few rows in the page, all done @real', async ({
  app,
  page,
  server,
}) => {
  await page.addInitScript(() => {
    // Told in the page itself: outside, the end of one request and the start of the next come in any order.
    window.flight = { now: 0, most: 0 };
    const { open, send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.open = function (...args) {
      for (const end of ['load', 'error', 'abort']) this.addEventListener(end, () => (window.flight.now -= 1));
      return open.apply(this, args);
    };
    XMLHttpRequest.prototype.send = function (...args) {
      window.flight.most = Math.max(window.flight.most, (window.flight.now += 1));
      return send.apply(this, args);
    };
  });
  await app.open();
  const before = await app.heap();
  await app.browse(Array.from({ length: 100 }, (_, i) => picture(i, { height: 32 + Math.floor(i / 12) })));
  await expect(page.getByRole('heading', { name: '100 pictures uploaded' })).toBeVisible({ timeout: 120_000 });
  await expect.poll(async () => (await server.images()).length, { timeout: 120_000 }).toBe(100);
  const { upload } = await server.config();
  const { most, now } = await page.evaluate(() => window.flight);
  expect(most).toBeLessThanOrEqual(upload.concurrency);
  expect(now).toBe(0);
  expect(await app.rows.count()).toBeLessThanOrEqual(50);
  await page.locator('.rows').evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await expect(app.row('photo 99.png')).toBeVisible();
  expect(await app.rows.count()).toBeLessThanOrEqual(50);
  expect((await app.heap()) - before).toBeLessThan(30_000_000);
});

test('uploads go on while another page of the app is looked at @real', async ({ app, page, server }) => {
  await server.seed(2);
  const held = [];
  await page.route(bytesUrl, (route) => held.push(route));
  await app.open();
  await app.browse([picture(5), picture(6)]);
  await expect.poll(() => held.length).toBe(2);
  await app.tiles.first().getByRole('link').click();
  await expect(page.locator('.pswp')).toBeVisible();
  await page.keyboard.press('Escape');
  for (const route of held) await route.continue();
  await expect(page.locator('.row[data-state=done]')).toHaveCount(2);
});
