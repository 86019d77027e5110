/** The operations page: for the operator's token alone; dead letters seen, tried again, discarded. */
import { expect, operatorToken, test } from './fixtures.mjs';

async function signIn(page, token) {
  await page.getByLabel('Token', { exact: true }).fill(token);
  await page.keyboard.press('Enter');
}

// The template has no operations of the daemon: dead letters are told by `redrive`.
test('the operator sees the queue; another token is refused with what to do @real @daemon', async ({ app, page }) => {
  app.expectStatus(401, 403);
  await app.open('/ops.html');
  await signIn(page, 'not this');
  await expect(page.getByText('This token is not the operator’s. Enter the operator token.')).toBeVisible();
  await signIn(page, operatorToken);
  await expect(page.locator('.figures')).toContainText('Waiting');
  await expect(page.locator('.figures')).toContainText('Dead letters');
  await page.getByRole('button', { name: 'Forget the token' }).click();
  await expect(page.getByRole('heading', { name: 'Operator token' })).toBeVisible();
});

test('a dead letter is seen with its cause, tried again, and gone', async ({ app, page, server }) => {
  server.stub.seedDead(3);
  await app.open('/ops.html');
  await signIn(page, operatorToken);
  const letters = page.locator('tbody tr');
  await expect(letters).toHaveCount(3);
  await expect(letters.first()).toContainText('the picture ends in the middle of its data');
  await letters.first().getByRole('button', { name: 'Retry' }).click();
  await expect(letters).toHaveCount(2);
  await expect(page.locator('.toast')).toContainText('1 job is tried again');
});

test('discarding asks for a typed word', async ({ app, page, server }) => {
  server.stub.seedDead(3);
  await app.open('/ops.html');
  await signIn(page, operatorToken);
  await page.getByRole('checkbox', { name: 'Select all' }).check();
  await page.getByRole('button', { name: 'Discard 3 selected' }).click();
  const dialog = page.getByRole('dialog', { name: 'Discard 3 jobs?' });
  await expect(dialog.getByRole('button', { name: 'Discard' })).toBeDisabled();
  await dialog.getByLabel('Type discard').fill('discard');
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByText('All clear. No job has failed for good.')).toBeVisible();
  expect(server.stub.dead).toEqual([]);
});

test('those of one cause are tried again together, and half a success is told', async ({ app, page, server }) => {
  app.expectStatus(500);
  server.stub.seedDead(6);
  await page.route('**/admin/dead/job-4/retry', (route) => route.fulfill({ status: 500, body: '{}' }));
  await app.open('/ops.html');
  await signIn(page, operatorToken);
  await page.getByLabel('Cause').selectOption('decode.corrupt');
  await expect(page.locator('tbody tr')).toHaveCount(2);
  await page.getByRole('button', { name: 'Retry all like this' }).click();
  await expect(page.locator('.toast')).toContainText('1 of 2 went through.');
  await expect(page.locator('tbody tr')).toHaveCount(1);
});

test('details are copied as JSON', async ({ app, context, page, server }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  server.stub.seedDead(1);
  await app.open('/ops.html');
  await signIn(page, operatorToken);
  await page.getByRole('button', { name: /Details of the job/ }).click();
  await page.getByRole('dialog', { name: 'Details' }).getByRole('button', { name: 'Copy as JSON' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).id).toBe('job-1');
});

test('it asks every few seconds, and not at all while hidden', async ({ app, page, server }) => {
  await page.clock.install();
  await app.open('/ops.html');
  await signIn(page, operatorToken);
  await expect(page.getByText('All clear.')).toBeVisible();
  server.stub.seedDead(1);
  await page.clock.runFor(6000);
  await expect(page.locator('tbody tr')).toHaveCount(1);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForLoadState('networkidle');
  let asked = 0;
  page.on('request', () => (asked += 1));
  await page.clock.runFor(60_000);
  expect(asked).toBe(0);
});
