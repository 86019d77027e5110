/**
 * The browser tests. Without more each of them has a stub server of its own. PIXMILL_URL: of running daemons, one for each
 * worker and a space between them, against which those marked @real run. PIXMILL_CLOUD: what local clouds tell of themselves,
 * one for each worker; against these run @real and @cloud, but not @daemon, which is about what a cloud does not have.
 * Timeouts are there for what hangs: a machine may be busy with other things.
 */
import { defineConfig } from '@playwright/test';

const isCloud = Boolean(process.env.PIXMILL_CLOUD);
const daemons = process.env.PIXMILL_URL?.split(' ') ?? [];
const isDaemon = !isCloud && daemons.length > 0;

export default defineConfig({
  testDir: './e2e',
  // Of its own for each of the three, as it is emptied at the start.
  outputDir: `./results/${isCloud ? 'cloud' : isDaemon ? 'daemon' : 'stub'}`,
  // One daemon has one gallery, so tests against it take turns.
  workers: isDaemon ? daemons.length : 2,
  fullyParallel: daemons.length !== 1,
  grep: isCloud ? /@real|@cloud/ : isDaemon ? /@real/ : undefined,
  grepInvert: isCloud ? /@daemon/ : /@cloud/,
  timeout: 300_000,
  expect: { timeout: 120_000 },
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
    actionTimeout: 120_000,
  },
});
