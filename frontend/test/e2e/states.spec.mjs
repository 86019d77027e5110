/** Every state, light and dark, wide and on a phone: nothing that axe finds, no sideways scroll, a screenshot. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from './fixtures.mjs';
import { states, wideOnly } from './states.mjs';

const shots = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../shots');

const devices = {
  1280: { viewport: { width: 1280, height: 800 } },
  390: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

for (const [width, device] of Object.entries(devices)) {
  test.describe(`at ${width}`, () => {
    test.use(device);
    for (const [name, reach] of Object.entries(states)) {
      if (width === '390' && wideOnly.has(name)) continue;
      test(`${name} is accessible in light and dark`, async ({ app, context, page, server }) => {
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
        await reach({ app, context, page, server });
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
          await page.screenshot({ path: path.join(shots, `${name}-${colorScheme}-${width}.png`) });
          await app.expectAccessible();
        }
        await app.expectNoSidewaysScroll();
        if (width === '390') return;
        await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
        await app.expectAccessible();
        await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'reduce' });
        await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
        await app.expectAccessible();
        await app.expectNoSidewaysScroll();
      });
    }
  });
}
