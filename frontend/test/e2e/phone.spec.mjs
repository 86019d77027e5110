/** A phone: 390 by 844, fingers instead of a mouse. */
import { expect, picture, test } from './fixtures.mjs';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

/** Controls that a finger has to hit and that are smaller than 44 px. */
const smallTargets = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('button, a[href], input:not([type=file]):not([type=checkbox]), select, summary')]
      .filter(
        (it) => it.checkVisibility({ visibilityProperty: true }) && !it.closest('[inert]') && !it.closest('.skip'),
      )
      .map((it) => ({ text: it.outerHTML.slice(0, 120), box: it.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && (box.width < 44 || box.height < 44))
      .map(({ text, box }) => `${Math.round(box.width)}x${Math.round(box.height)} ${text}`),
  );

test('nothing scrolls sideways, every target is large enough, and the search is folded @real', async ({
  app,
  page,
  server,
}) => {
  await server.seed(12);
  await app.open();
  await expect(app.tiles).toHaveCount(12);
  await app.expectNoSidewaysScroll();
  expect(await smallTargets(page)).toEqual([]);
  await expect(page.locator('.search')).toBeHidden();
  await page.getByRole('button', { name: 'Search' }).tap();
  await expect(page.getByRole('combobox', { name: 'Show a tag' })).toBeFocused();
  expect(await smallTargets(page)).toEqual([]);
});

test('the upload list is one line until it is opened @real', async ({ app, page }) => {
  await app.open();
  await page.getByRole('button', { name: 'Upload', exact: true }).tap();
  await expect(page.getByRole('button', { name: 'Take a photo' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Choose a folder' })).toBeHidden();
  await expect(page.getByTestId('camera')).toHaveAttribute('capture', 'environment');
  await page.getByTestId('camera').setInputFiles(picture(1));
  await page.getByTestId('browse').setInputFiles(picture(2));
  await expect(page.getByRole('heading', { name: '2 pictures uploaded' })).toBeVisible();
  await expect(app.rows.first()).toBeHidden();
  expect((await page.locator('.panel').boundingBox()).height).toBeLessThan(844 * 0.15);
  await page.getByRole('button', { name: 'Show the upload list' }).tap();
  await expect(app.rows).toHaveCount(2);
  expect(await smallTargets(page)).toEqual([]);
  await app.expectNoSidewaysScroll();
});

test('the viewer goes on by swiping @real', async ({ app, page, server }) => {
  await server.seed(4);
  await app.open();
  await app.tiles.nth(0).getByRole('link').tap();
  await expect(page.locator('.pswp.is-settled')).toBeVisible();
  await expect(page.locator('.pswp__counter')).toHaveText('1 / 4');
  const session = await page.context().newCDPSession(page);
  const touch = (type, x) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y: 420 }] });
  await touch('touchStart', 340);
  for (let x = 320; x >= 40; x -= 20) await touch('touchMove', x);
  await touch('touchEnd');
  await expect(page.locator('.pswp__counter')).toHaveText('2 / 4');
  expect(await smallTargets(page)).toEqual([]);
});

test('the page of a picture fits @real', async ({ app, page, server }) => {
  await server.seed(1);
  const [record] = await server.images();
  await app.open(`/i/${record.filename}`);
  await expect(page.locator('.stage img.is-shown')).toBeVisible();
  await app.expectNoSidewaysScroll();
  expect(await smallTargets(page)).toEqual([]);
});
