// One schedule, played and judged: what a worker sends back to whoever asked for it.

import { check } from './checkers/all.ts'
import type { Violation } from './checkers/violation.ts'
import { createCoverage, type Coverage } from './coverage.ts'
import { play, type Played } from './play.ts'
import type { Schedule } from './schedule.ts'

export interface Outcome {
  readonly seed: number
  readonly profile: string
  readonly peers: number
  readonly violations: readonly Violation[]
  readonly traceHash: string
  readonly events: number
  readonly virtualMs: number
  /** Of the processor; the machine may do other things meanwhile. */
  readonly tookMs: number
  readonly coverage: Coverage
}

export interface Judged extends Outcome {
  readonly played: Played | undefined
}

/** Never rejects: what is thrown in a run is a violation of it. */
export async function judge(
  schedule: Schedule,
  options: { onTrace?: ((line: string) => void) | undefined } = {},
): Promise<Judged> {
  const { seed, profile, cast } = schedule
  const began = process.cpuUsage()
  const coverage = createCoverage()
  const thrown: Violation[] = []
  const onThrown = (problem: unknown): void => {
    thrown.push({ checker: 'thrown', atMs: 0, text: textOf(problem) })
  }
  process.on('unhandledRejection', onThrown)
  let played: Played | undefined
  try {
    played = await coverage.during(() => play(schedule, options))
  } catch (problem) {
    onThrown(problem)
  } finally {
    process.off('unhandledRejection', onThrown)
  }
  const entries = played?.history.entries ?? []
  coverage.addHistory(entries)
  const violations = [...thrown, ...(played === undefined ? [] : check(entries))]
  return {
    seed,
    profile,
    peers: cast.length,
    violations,
    traceHash: played?.traceHash ?? '',
    events: played?.events ?? 0,
    virtualMs: played?.virtualMs ?? 0,
    tookMs: cpuMs(process.cpuUsage(began)),
    coverage: coverage.result(),
    played,
  }
}

const cpuMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000

const textOf = (problem: unknown): string =>
  problem instanceof Error
    ? (problem.stack ?? problem.message).split('\n').slice(0, 12).join('\n')
    : String(problem)
