/**
 * The browser tests. PIXMILL_URL: of a running daemon or cloud; without it each test has a stub server of its own. Against a
 * daemon those marked @real run. Against a cloud (PIXMILL_CLOUD) those marked @cloud run as well, and of @real not those marked
 * @daemon, which are about what a cloud does not have.
 */
import { defineConfig } from '@playwright/test';

const isReal = Boolean(process.env.PIXMILL_URL);
const isCloud = Boolean(process.env.PIXMILL_CLOUD);

export default defineConfig({
  testDir: './e2e',
  outputDir: './results',
  // One server has one gallery, so tests against it take turns.
  workers: isReal ? 1 : 2,
  fullyParallel: !isReal,
  grep: isCloud ? /@real|@cloud/ : isReal ? /@real/ : undefined,
  grepInvert: isCloud ? /@daemon/ : /@cloud/,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  forbidOnly: true,
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    launchOptions: {
      executablePath: process.env.PIXMILL_CHROMIUM ?? '/usr/bin/chromium',
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
    actionTimeout: 15_000,
  },
});
