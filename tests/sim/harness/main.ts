// `npm run sim -- --seeds 1000 [--seed S] [--peers N] [--profile P] [--trace] [--schedule FILE] [--shrink]`: plays
// seeds from S on (a new random start each time), and ends with 1 where a promise was broken.

import { randomInt } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addCoverage, describeCoverage, noCoverage } from './coverage.ts'
import { generate } from './generate.ts'
import { judge, type Outcome } from './outcome.ts'
import { crashed, playAll } from './pool.ts'
import { profiles, rareProfiles } from './profiles.ts'
import { describeFailure, describeSchedule, type How } from './report.ts'
import type { Schedule } from './schedule.ts'
import { shrink } from './shrink.ts'
import type { Task } from './worker.ts'

/** What a person waits for gladly. */
const shrinkBudgetMs = 90_000

const exitUsage = 2

const usage =
  'Usage: npm run sim -- [--seeds N] [--seed S] [--peers N] [--profile P] [--trace] [--history] [--schedule FILE] [--shrink]'

interface Options extends How {
  readonly seeds: number
  readonly seed: number
  readonly trace: boolean
  readonly history: boolean
  readonly shrink: boolean
  readonly schedule: Schedule | undefined
}

/** What the command line asks for; throws what is wrong with it. */
async function readOptions(): Promise<Options | 'help'> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      seed: { type: 'string' },
      peers: { type: 'string' },
      profile: { type: 'string' },
      trace: { type: 'boolean', default: false },
      history: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      schedule: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const schedule =
    values.schedule === undefined
      ? undefined
      : (JSON.parse(await readFile(values.schedule, 'utf8')) as Schedule)
  const options = {
    seeds: schedule === undefined ? Number(values.seeds) : 1,
    seed: schedule?.seed ?? (values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)),
    peers: values.peers === undefined ? undefined : Number(values.peers),
    profile: values.profile,
    trace: values.trace,
    history: values.history,
    shrink: values.shrink,
    schedule,
  }
  const counts = { seeds: options.seeds, peers: options.peers ?? 1 }
  for (const [name, count] of Object.entries(counts))
    if (!Number.isSafeInteger(count) || count < 1) throw new Error(`--${name} must be a number from 1 on.`)
  if (!Number.isSafeInteger(options.seed) || options.seed < 0)
    throw new Error('--seed must be a number from 0 on.')
  if (
    options.profile !== undefined &&
    ![...profiles, ...rareProfiles].some(({ name }) => name === options.profile)
  )
    throw new Error(`There is no profile "${options.profile}".`)
  return options
}

/** In this process, so that the trace can be read as it is written. */
async function playOne(options: Options): Promise<number> {
  const { seed, profile, peers, trace, history } = options
  const schedule = options.schedule ?? generate(seed, { profile, peers })
  const outcome = await judge(schedule, trace ? { onTrace: (line) => console.log(line) } : {})
  if (history) for (const entry of outcome.played?.history.entries ?? []) console.log(JSON.stringify(entry))
  const { tookMs, events, virtualMs, violations, traceHash } = outcome
  if (violations.length > 0) console.log(describeFailure(outcome, options))
  console.log(
    `seed ${seed}, ${schedule.profile}, ${schedule.cast.length} peers, ${schedule.steps.length} steps: ${events} events in ${Math.round(virtualMs / 1000)} s of virtual time, ${Math.round(tookMs)} ms`,
  )
  if (violations.length > 0 && options.shrink) await shrinkIt(schedule, violations[0]!.checker)
  console.log(`trace ${traceHash}`)
  return violations.length > 0 ? 1 : 0
}

/** Prints what is left of the schedule, one step a line, ready for `--schedule`. */
async function shrinkIt(schedule: Schedule, checker: string): Promise<void> {
  const progress = (steps: number, peers: number): void => console.error(`${steps} steps, ${peers} peers`)
  const { schedule: small, violations, runs } = await shrink(schedule, checker, shrinkBudgetMs, progress)
  const file = join(tmpdir(), `skein-sim-${schedule.seed}.json`)
  await writeFile(file, describeSchedule(small))
  console.log(`${describeSchedule(small)}\n`)
  for (const { checker: name, atMs, text } of violations.slice(0, 4))
    console.log(`    ${name}: at ${Math.round(atMs)} ms ${text}`)
  console.log(`    shrunk in ${runs} runs; replay: npm run sim -- --schedule ${file} --trace`)
}

async function playMany(options: Options): Promise<number> {
  const { seeds, seed: first, profile, peers } = options
  const began = performance.now()
  let [done, coverage, virtualMs, cpuMs] = [0, noCoverage, 0, 0]
  const slowest: Outcome[] = []
  const failed: Outcome[] = []
  function* tasks(): Iterable<Task> {
    for (let i = 0; i < seeds; i++) yield { seed: first + i, profile, peers }
  }
  const onOutcome = (outcome: Outcome): void => {
    done++
    coverage = addCoverage(coverage, outcome.coverage)
    virtualMs += outcome.virtualMs
    cpuMs += outcome.tookMs
    slowest.push(outcome)
    if (slowest.length > 3)
      slowest.splice(slowest.indexOf(slowest.reduce((a, b) => (a.tookMs < b.tookMs ? a : b))), 1)
    if (outcome.violations.length > 0) {
      failed.push(outcome)
      console.log(describeFailure(outcome, options))
    }
    if (done % Math.ceil(seeds / 10) === 0)
      console.log(`${done} of ${seeds} seeds, ${failed.length} failed, ${seconds(performance.now() - began)}`)
  }
  console.log(`seeds ${first} to ${first + seeds - 1}`)
  await playAll(tasks(), onOutcome, crashed)
  console.log(describeCoverage(coverage))
  const hours = (virtualMs / 3_600_000).toFixed(1)
  console.log(
    `\n${seeds} seeds from ${first}: ${failed.length} failed. ${hours} h of virtual time in ${seconds(performance.now() - began)}`,
  )
  const slow = slowest.map(({ seed, profile, tookMs }) => `${seed} (${profile}) ${seconds(tookMs)}`)
  console.log(`${Math.round(cpuMs / seeds)} ms of processor time a seed; most for ${slow.join(', ')}`)
  if (failed.length > 0) console.log(`failed: ${failed.map(({ seed }) => seed).join(' ')}`)
  return failed.length > 0 ? 1 : 0
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

async function main(): Promise<number> {
  let options: Options | 'help'
  try {
    options = await readOptions()
  } catch (problem) {
    console.error(`${problem instanceof Error ? problem.message : String(problem)}\n${usage}`)
    return exitUsage
  }
  if (options === 'help') {
    console.log(usage)
    return 0
  }
  return options.seeds === 1 ? playOne(options) : playMany(options)
}

process.exitCode = await main()
