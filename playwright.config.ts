// End-to-end tests in real browsers. Specs start their own signaling servers and browser profiles where they need
// several; a Vite server gives their pages the sources (tests/e2e/pages/*.html), at the address in SKEIN_PAGES_URL.

import { defineConfig } from '@playwright/test'
import { chromiumFlags, findChromium } from './scripts/find-chromium.ts'

const executablePath = findChromium()
const baseURL = process.env['SKEIN_PAGES_URL']

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'test-results',
  // Browsers wait more than they work: two files at a time take a third less than one after another.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    ...(baseURL === undefined ? {} : { baseURL }),
    launchOptions: {
      args: [...chromiumFlags],
      ...(executablePath === undefined ? {} : { executablePath }),
    },
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
  webServer: {
    command: `"${process.execPath}" --import tsx scripts/serve-pages.ts`,
    wait: { stdout: /pages at (?<SKEIN_PAGES_URL>\S+)/ },
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
    timeout: 60_000,
  },
})
