// A schedule of forged words after which a mesh never agreed, as the shrinker left it.

import type { AttackKind } from '../../../core/platform/sim/forgeries.ts'
import { agent, type Regression } from './kept.ts'
import type { Step } from './schedule.ts'

const attack = (atMs: number, attacker: string, kind: AttackKind): Step => ({
  atMs,
  act: { type: 'attack', attacker, kind },
})

export const wordRegressions: readonly Regression[] = [
  {
    broke:
      'EL18 somebody held a forged record of the leader that had come after its own word, and followed another for ever (seed 2036)',
    schedule: {
      seed: 2036,
      profile: 'kept',
      servers: ['ws://one.test', 'ws://two.test'],
      cast: [
        { ...agent('alice.1'), label: 'alice', browser: 'alice' },
        { ...agent('alice.2'), label: 'alice', browser: 'alice' },
        ...['bob', 'carol'].map(agent),
      ],
      steps: [
        { atMs: 0, act: { type: 'lead', who: 'alice.1', role: 'indexer' } },
        { atMs: 0, act: { type: 'join', who: 'alice.1' } },
        { atMs: 125, act: { type: 'join', who: 'alice.2' } },
        { atMs: 627, act: { type: 'join', who: 'bob' } },
        { atMs: 1270, act: { type: 'join', who: 'carol' } },
        attack(5171, 'mallory-2', 'goodbye-of-other'),
        attack(6394, 'mallory-1', 'goodbye-of-other'),
        attack(9817, 'mallory-2', 'records-ahead'),
        attack(10_573, 'mallory-2', 'goodbye-of-other'),
        attack(17_301, 'mallory-2', 'goodbye-of-other'),
        attack(20_263, 'mallory-1', 'record-of-other'),
        attack(21_864, 'mallory-1', 'claim-of-other'),
        attack(30_574, 'mallory-1', 'record-of-other'),
        attack(35_597, 'mallory-1', 'goodbye-of-other'),
        attack(39_515, 'mallory-1', 'goodbye-of-other'),
        attack(48_359, 'mallory-2', 'records-of-others'),
        attack(62_906, 'mallory-1', 'records-of-others'),
        attack(64_323, 'mallory-1', 'record-of-other'),
        attack(65_003, 'mallory-2', 'claim-of-other'),
        attack(68_081, 'mallory-1', 'records-ahead'),
        attack(72_037, 'mallory-2', 'claim-of-other'),
        attack(73_542, 'mallory-2', 'record-of-other'),
        attack(78_305, 'mallory-1', 'record-of-other'),
      ],
    },
  },
]
