// `npm test`: sees to a Chromium, a Firefox where it can be had, and a current build, runs Vitest and then Playwright,
// and ends with what was skipped and one line that totals both. `npm test -- vitest` or `npm test -- playwright` runs
// one of them, with what follows as its arguments.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureLibrary, ensureWeb } from './build.ts'
import { ensureChromium } from './find-chromium.ts'
import { ensureFirefox } from './find-firefox.ts'
import { runTool } from './run.ts'

interface Outcome {
  readonly passed: number
  readonly failed: number
}

/** A runner that fails for another reason than a test (or leaves no report at all) counts as one failure. */
function outcome(code: number, passed: number, failed: number): Outcome {
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed }
}

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[]
  readonly specs: readonly {
    readonly file: string
    readonly title: string
    readonly tests: readonly {
      readonly annotations: readonly { readonly type: string; readonly description?: string }[]
    }[]
  }[]
}

interface PlaywrightReport {
  readonly stats: { readonly expected: number; readonly unexpected: number; readonly flaky: number }
  readonly suites: readonly PlaywrightSuite[]
}

/** One line for each test that this machine could not run, with its name and why. */
function skippedIn(suites: readonly PlaywrightSuite[]): string[] {
  return suites.flatMap(({ suites: inner = [], specs }) => [
    ...specs.flatMap(({ file, title, tests }) =>
      tests
        .flatMap(({ annotations }) => annotations)
        .filter(({ type }) => type === 'skip')
        .map(({ description = 'no reason given' }) => `skipped: ${file}: ${title}: ${description}`),
    ),
    ...skippedIn(inner),
  ])
}

async function readReport<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T
  } catch (error) {
    console.error(`No report of the run: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

async function runVitest(folder: string, words: readonly string[]): Promise<Outcome> {
  const file = join(folder, 'vitest.json')
  const code = await runTool('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...words,
  ])
  const report = await readReport<{ numPassedTests: number; numFailedTests: number }>(file)
  return outcome(code, report?.numPassedTests ?? 0, report?.numFailedTests ?? 0)
}

async function runPlaywright(folder: string, words: readonly string[]): Promise<Outcome> {
  const file = join(folder, 'playwright.json')
  const code = await runTool('playwright', ['test', '--reporter=list,json', ...words], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
  })
  const report = await readReport<PlaywrightReport>(file)
  for (const line of skippedIn(report?.suites ?? [])) console.log(line)
  return outcome(
    code,
    report?.stats.expected ?? 0,
    (report?.stats.unexpected ?? 0) + (report?.stats.flaky ?? 0),
  )
}

async function main(): Promise<number> {
  const [only, ...words] = process.argv.slice(2)
  if (only !== undefined && only !== 'vitest' && only !== 'playwright') {
    console.error('Usage: npm test [-- vitest|playwright ARGUMENTS…]')
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'skein-test-'))
  const total = { passed: 0, failed: 0 }
  const add = ({ passed, failed }: Outcome): void => {
    total.passed += passed
    total.failed += failed
  }
  try {
    const chromium = ensureChromium()
    console.log(`Chromium: ${chromium}`)
    if (only !== 'vitest')
      console.log(`Firefox: ${ensureFirefox() ?? 'none; the tests that need one are skipped'}`)
    await ensureLibrary()
    await ensureWeb()
    if (only !== 'playwright') add(await runVitest(folder, words))
    if (only !== 'vitest') add(await runPlaywright(folder, words))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    total.failed += 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 && total.passed > 0 ? 0 : 1
}

process.exitCode = await main()
