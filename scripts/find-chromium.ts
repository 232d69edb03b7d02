// Finds a Chromium for the end-to-end tests and the benchmarks, and says with which flags it is run. An installed one
// comes first, then Playwright's own download, and only `ensureChromium` installs anything.

import { chromium } from '@playwright/test'
import { findProgram, installWithApt, runInstaller } from './find-program.ts'

/**
 * Chromium's omnibox popups are web pages, drawn in a hidden renderer as a window opens: measured, a third of the
 * processor time that a browser with one tab takes to start. Of two flags that switch features off only the last counts:
 * this one takes the place of Playwright's, so the rest are what that one names.
 */
const featuresOff: readonly string[] = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
]

/** No sandbox, since tests run as root in containers; nothing that phones home or competes for the processor. */
export const chromiumFlags: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${featuresOff.join(',')}`,
]

/** Playwright's flags that make a browser kinder than the ones people use: without them tabs are throttled, and pages go into the back/forward cache. */
export const kindFlags: readonly string[] = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const bundles = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** @returns where an executable Chromium is, or undefined; `CHROMIUM_PATH` in the environment goes before all */
export function findChromium(): string | undefined {
  return findProgram('CHROMIUM_PATH', programs, [...bundles, chromium.executablePath()])
}

/**
 * Installs a Chromium if there is none: first Playwright's download, then Debian's package.
 * @throws with a sentence on what to do, if neither can be had
 */
export function ensureChromium(): string {
  const ways: readonly (() => void)[] = [() => {}, downloadWithPlaywright, askPackageManager]
  for (const way of ways) {
    way()
    const found = findChromium()
    if (found !== undefined) return found
  }
  throw new Error('No Chromium was found or could be installed. Install one, or set CHROMIUM_PATH to it.')
}

function downloadWithPlaywright(): void {
  console.log('No Chromium is installed; asking Playwright to download one.')
  runInstaller('npx', ['playwright', 'install', 'chromium'])
}

function askPackageManager(): void {
  console.log('Playwright could not; asking the system’s package manager.')
  installWithApt('chromium')
}
