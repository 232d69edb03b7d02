// `npm test`: sees to a Chromium, a Firefox where it can be had, and a current build, runs Vitest and then Playwright,
// and ends with what was skipped, what failed, by name and why, and one line that totals both. `npm test -- vitest` or `npm test -- playwright` runs
// one of them, with what follows as its arguments.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ensureLibrary, ensureWeb } from './build.ts'
import { ensureChromium } from './find-chromium.ts'
import { ensureFirefox } from './find-firefox.ts'
import { runTool } from './run.ts'

interface Outcome {
  readonly passed: number
  /** A paragraph for each test that failed: its file, its name and the beginning of what it said. */
  readonly failures: readonly string[]
}

/** Enough to see what went wrong, where only the end of a long run's output is at hand. */
const shownLines = 12

/** A runner that fails for another reason than a test (or leaves no report at all) counts as one failure. */
function outcome(runner: string, code: number, passed: number, failures: readonly string[]): Outcome {
  const isUnexplained = code !== 0 && failures.length === 0
  return { passed, failures: isUnexplained ? [`${runner} ended with code ${code}`] : failures }
}

const failure = (file: string, title: string, said: string): string =>
  [
    `failed: ${file}: ${title}`,
    ...stripVTControlCharacters(said)
      .split('\n')
      .slice(0, shownLines)
      .map((line) => `    ${line}`),
  ].join('\n')

interface VitestReport {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** A file that fails without any test of it failing could not be run. */
function failedIn(report: VitestReport): string[] {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name)
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0 && status === 'failed') return [failure(file, 'could not be run', message)]
    return failed.map((test) => failure(file, test.fullName, test.failureMessages.join('\n')))
  })
}

interface PlaywrightSpec {
  readonly file: string
  readonly title: string
  readonly tests: readonly {
    readonly status: 'expected' | 'unexpected' | 'flaky' | 'skipped'
    readonly annotations: readonly { readonly type: string; readonly description?: string }[]
    readonly results: readonly { readonly errors: readonly { readonly message?: string }[] }[]
  }[]
}

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[]
  readonly specs: readonly PlaywrightSpec[]
}

interface PlaywrightReport {
  readonly stats: { readonly expected: number }
  readonly suites: readonly PlaywrightSuite[]
}

const specsIn = (suites: readonly PlaywrightSuite[]): PlaywrightSpec[] =>
  suites.flatMap(({ suites: inner = [], specs }) => [...specs, ...specsIn(inner)])

/** One line for each test that this machine could not run, with its name and why. */
const skippedIn = (specs: readonly PlaywrightSpec[]): string[] =>
  specs.flatMap(({ file, title, tests }) =>
    tests
      .flatMap(({ annotations }) => annotations)
      .filter(({ type }) => type === 'skip')
      .map(({ description = 'no reason given' }) => `skipped: ${file}: ${title}: ${description}`),
  )

/** A test that passes only when tried again is a test that failed. */
const unexpectedIn = (specs: readonly PlaywrightSpec[]): string[] =>
  specs.flatMap(({ file, title, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => {
        const said = results.flatMap(({ errors }) => errors.map(({ message = '' }) => message))
        return failure(file, title, said.join('\n'))
      }),
  )

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
  const report = await readReport<VitestReport>(file)
  return outcome('Vitest', code, report?.numPassedTests ?? 0, report ? failedIn(report) : [])
}

async function runPlaywright(folder: string, words: readonly string[]): Promise<Outcome> {
  const file = join(folder, 'playwright.json')
  const code = await runTool('playwright', ['test', '--reporter=list,json', ...words], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
  })
  const report = await readReport<PlaywrightReport>(file)
  const specs = specsIn(report?.suites ?? [])
  for (const line of skippedIn(specs)) console.log(line)
  return outcome('Playwright', code, report?.stats.expected ?? 0, unexpectedIn(specs))
}

async function main(): Promise<number> {
  const [only, ...words] = process.argv.slice(2)
  if (only !== undefined && only !== 'vitest' && only !== 'playwright') {
    console.error('Usage: npm test [-- vitest|playwright ARGUMENTS…]')
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'skein-test-'))
  let passed = 0
  const failures: string[] = []
  const add = (outcome: Outcome): void => {
    passed += outcome.passed
    failures.push(...outcome.failures)
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
    failures.push(error instanceof Error ? error.message : String(error))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  for (const paragraph of failures) console.log(`\n${paragraph}`)
  console.log(`\n${passed} passed, ${failures.length} failed`)
  return failures.length === 0 && passed > 0 ? 0 : 1
}

process.exitCode = await main()
