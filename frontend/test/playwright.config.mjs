/** The browser tests. PIXMILL_URL: of a running daemon; without it each test has a stub server of its own. */
import { defineConfig } from '@playwright/test';

const isReal = Boolean(process.env.PIXMILL_URL);

export default defineConfig({
  testDir: './e2e',
  outputDir: './results',
  // One daemon has one gallery, so tests against it take turns.
  workers: isReal ? 1 : 2,
  fullyParallel: !isReal,
  grep: isReal ? /@real/ : undefined,
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
