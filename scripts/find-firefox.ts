// Finds a Firefox for the end-to-end tests. An installed one comes first, and only `ensureFirefox` installs anything.
// Unlike Chromium it may be missing: what needs it is skipped then, and says so.

import { findProgram, installWithApt, isRoot } from './find-program.ts'

const programs = ['firefox-esr', 'firefox']
const bundles = ['/Applications/Firefox.app/Contents/MacOS/firefox']

/** @returns where an executable Firefox is, or undefined; `FIREFOX_PATH` in the environment goes before all */
export const findFirefox = (): string | undefined => findProgram('FIREFOX_PATH', programs, bundles)

/**
 * Installs Debian's package if there is none and this is root: on a machine of one's own nobody is given a second
 * browser without being asked.
 * @returns where it is; undefined if there is none and it could not be had
 */
export function ensureFirefox(): string | undefined {
  const found = findFirefox()
  if (found !== undefined || !isRoot()) return found
  console.log('No Firefox is installed; asking the system’s package manager.')
  installWithApt('firefox-esr')
  return findFirefox()
}
