// 300 seeds, new ones for every change, and all that were kept because they once broke something; and one seed is one run. The
// 300 follow from the sources: the same sources play the same ones, so whether a change may land does not hang on chance, and
// over the changes new ground is covered. A seed that fails is a fault to be mended and kept, whoever's change it came with.
//
//   SKEIN_SEEDS=2000 SKEIN_FIRST_SEED=1 npx vitest run tests/sim/seeds.test.ts
//
// `npm run sim` plays seeds without Vitest, one of them with its trace; docs/testing.md.

import { describe, expect, test } from 'vitest'
import { generate } from './harness/generate.ts'
import { judge, type Outcome } from './harness/outcome.ts'
import { crashed, playAll } from './harness/pool.ts'
import { regressions } from './harness/regressions.ts'
import { describeFailure } from './harness/report.ts'
import { seedOfSources } from '../support/source-seed.ts'

const seeds = Number(process.env['SKEIN_SEEDS'] ?? 300)
const firstSeed = Number(process.env['SKEIN_FIRST_SEED'] ?? seedOfSources('tests/sim/harness'))

test(`${seeds} seeds from ${firstSeed} on keep every promise`, { timeout: 600_000 }, async () => {
  const failed: Outcome[] = []
  const tasks = Array.from({ length: seeds }, (_, i) => ({ seed: firstSeed + i }))
  await playAll(tasks, (outcome) => void (outcome.violations.length > 0 && failed.push(outcome)), crashed)
  expect(failed.map((outcome) => describeFailure(outcome, {})).join('\n')).toBe('')
})

describe('what once broke does not break again', () => {
  test.each(regressions.map(({ broke, schedule }) => [broke, schedule] as const))(
    '%s',
    { timeout: 120_000 },
    async (_, schedule) => {
      expect((await judge(schedule)).violations).toEqual([])
    },
  )
})

test.each(['mixed', 'storage', 'sleep', 'hostile'])(
  'the same seed is the same run: %s',
  { timeout: 120_000 },
  async (profile) => {
    const schedule = generate(firstSeed, { profile })
    const [once, again] = [await judge(schedule), await judge(schedule)]
    expect(again.traceHash).toBe(once.traceHash)
    expect(once.events).toBeGreaterThan(100)
  },
)
