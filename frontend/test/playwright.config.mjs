/**
 * The browser tests. Without more each of them has a stub server of its own. PIXMILL_URL: of a running daemon, against which
 * those marked @real run. PIXMILL_CLOUD: what local clouds tell of themselves, one for each worker; against these run @real and
 * @cloud, but not @daemon, which is about what a cloud does not have.
 */
import { defineConfig } from '@playwright/test';

const isCloud = Boolean(process.env.PIXMILL_CLOUD);
const isDaemon = !isCloud && Boolean(process.env.PIXMILL_URL);

export default defineConfig({
  testDir: './e2e',
  outputDir: './results',
  // One daemon has one gallery, so tests against it take turns.
  workers: isDaemon ? 1 : 2,
  fullyParallel: !isDaemon,
  grep: isCloud ? /@real|@cloud/ : isDaemon ? /@real/ : undefined,
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
