// Finds a Chromium for the end-to-end tests and the benchmarks, and says with which flags it is run. An installed one
// comes first, then Playwright's own download, and only `ensureChromium` installs anything.

import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from '@playwright/test'

/** No sandbox, since tests run as root in containers; nothing that phones home or competes for the processor. */
export const chromiumFlags: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const bundles = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

const downloadTimeoutMs = 5 * 60_000

/** @returns where an executable Chromium is, or undefined; `CHROMIUM_PATH` in the environment goes before all */
export function findChromium(): string | undefined {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen !== undefined && chosen !== '') return chosen
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const installed = programs.flatMap((program) => folders.map((folder) => join(folder, program)))
  return [...installed, ...bundles, chromium.executablePath()].find(isExecutable)
}

/**
 * Installs a Chromium if there is none: first Playwright's download, then Debian's package.
 * @throws with a sentence on what to do, if neither can be had
 */
export function ensureChromium(): string {
  const ways: readonly (() => void)[] = [() => {}, downloadWithPlaywright, installWithApt]
  for (const way of ways) {
    way()
    const found = findChromium()
    if (found !== undefined) return found
  }
  throw new Error('No Chromium was found or could be installed. Install one, or set CHROMIUM_PATH to it.')
}

function downloadWithPlaywright(): void {
  console.log('No Chromium is installed; asking Playwright to download one.')
  run('npx', ['playwright', 'install', 'chromium'])
}

function installWithApt(): void {
  if (process.platform !== 'linux') return
  console.log('Playwright could not; asking the system’s package manager.')
  const isRoot = process.getuid?.() === 0
  const [program, ...before] = isRoot ? ['apt-get'] : ['sudo', '-n', 'apt-get']
  run(program, [...before, 'update'])
  run(program, [...before, 'install', '-y', '--no-install-recommends', 'chromium'])
}

/** A failure shows in what it prints, and in that there is still no Chromium afterwards. */
function run(program: string, words: readonly string[]): void {
  spawnSync(program, words, {
    stdio: 'inherit',
    timeout: downloadTimeoutMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
