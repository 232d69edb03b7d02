// `npm run sim`: what its last line and its exit code say.

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

const runSim = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'tests/sim/harness/main.ts', ...args], {
    encoding: 'utf8',
  })

describe('npm run sim', { timeout: 60_000 }, () => {
  test.each([
    ['--seeds', '0'],
    ['--seeds', 'many'],
    ['--seed', 'first'],
    ['--peers', '0'],
    ['--profile', 'none'],
    ['--unknown'],
  ])(
    'answers %s %s with a sentence and 2: it neither passes for a run nor for one that failed',
    (...args) => {
      const { status, stdout, stderr } = runSim(...args)
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(/^[^\n]+\nUsage: npm run sim/)
    },
  )

  test('ends one seed with its trace, the same each time, and a single peer is no failure', () => {
    const [one, again] = [1, 2].map(() => runSim('--seeds', '1', '--seed', '1991797901', '--peers', '1'))
    expect(one!.status).toBe(0)
    expect(one!.stdout).toMatch(/\ntrace [\da-f]+\n$/)
    expect(again!.stdout.split('\n').at(-2)).toBe(one!.stdout.split('\n').at(-2))
  })
})
