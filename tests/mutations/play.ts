// Plays a bundle in a process of its own: a mutant may hang, crash or eat memory without harm.

import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { bundle } from './bundle.ts'
import { root } from './mutation.ts'
import { outcomeMark } from './outcome-mark.ts'

/** Of one story. */
export type Outcome =
  | { readonly type: 'passed' }
  /** It saw what must not be, or missed what must be. */
  | { readonly type: 'complaint'; readonly complaint: string; readonly details: string }
  /** Something else went wrong: that is no catch. */
  | { readonly type: 'broken'; readonly problem: string }

/** Of one seed of the harness. */
export interface SeedOutcome {
  readonly seed: number
  readonly profile: string
  /** Which of them object; none: the seed passed. */
  readonly checkers: readonly string[]
  /** What the first of them says. */
  readonly text: string
  /** Of the processor. */
  readonly tookMs: number
}

/** All stories take some seconds; one that needs so long hangs. */
const storiesPatienceMs = 60_000
/** A seed takes half a second; on a mutant that never settles, some seconds. */
const seedPatienceMs = 120_000

/** @returns how each of the stories went, by name. */
export async function playStories(
  sources: ReadonlyMap<string, string>,
  stories: readonly string[],
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const code = await bundle('tests/mutations/children/play-stories.ts', sources)
  const { said, problem } = await runModule(code, stories, storiesPatienceMs)
  for (const { story, ...outcome } of said as (Outcome & { story: string })[]) outcomes.set(story, outcome)
  for (const story of stories) {
    if (!outcomes.has(story)) outcomes.set(story, { type: 'broken', problem: problem || 'it said nothing' })
  }
  return outcomes
}

export interface Budget {
  readonly seeds: readonly number[]
  /** A theme of trouble, for all of them; empty: each seed's own. */
  readonly profile: string
  /** Ends with the first seed that a checker objects to. */
  readonly untilCaught: boolean
  /** No further seed is begun when they took so long of the processor; the machine may do other things meanwhile. */
  readonly withinMs: number
}

/** Plays seeds of the harness in their order. */
export async function playSeeds(
  sources: ReadonlyMap<string, string>,
  { seeds, profile, untilCaught, withinMs }: Budget,
): Promise<readonly SeedOutcome[]> {
  const code = await bundle('tests/mutations/children/play-seeds.ts', sources)
  const words = [untilCaught ? 'until-caught' : 'all', String(withinMs), profile, ...seeds.map(String)]
  const { said, problem } = await runModule(code, words, seedPatienceMs)
  const outcomes = said as SeedOutcome[]
  const next = seeds[outcomes.length]
  // It died or hung in that one: that is no catch, for it would come of anything.
  return problem === '' || next === undefined
    ? outcomes
    : [...outcomes, { seed: next, profile: '', checkers: [], text: problem, tookMs: seedPatienceMs }]
}

interface Run {
  /** What it told by `outcomeMark`, in order. */
  readonly said: unknown[]
  /** Why it ended without having said everything, as far as anybody knows. */
  readonly problem: string
}

/** @param patienceMs How long it may be silent. */
async function runModule(code: string, words: readonly string[], patienceMs: number): Promise<Run> {
  const child = spawn(process.execPath, ['--input-type=module', '-', ...words], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    child.kill('SIGKILL')
  }, patienceMs)
  child.stdout.on('data', () => timer.refresh())
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    // It died before it had read all.
    child.stdin.once('error', () => child.kill())
    child.once('close', () => resolve())
  })
  child.stdin.end(code)
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  clearTimeout(timer)
  const said = output
    .split('\n')
    .filter((line) => line.startsWith(outcomeMark))
    .map((line) => JSON.parse(line.slice(outcomeMark.length)) as unknown)
  return { said, problem: hung ? `it was silent for ${patienceMs / 1000} s` : errors.trim() }
}
