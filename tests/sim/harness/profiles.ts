// Themes of trouble: each profile says how often which fault comes, so that those that ought to meet do meet. The
// numbers are weights, not chances.

import type { Random } from '../../../core/base/random.ts'
import type { Fault } from './schedule.ts'

export type FaultType = Fault['type']

export interface Profile {
  readonly name: string
  /** How often it is drawn where none is asked for. */
  readonly weight: number
  readonly machines: readonly (readonly [weight: number, from: number, to: number])[]
  readonly steps: readonly [from: number, to: number]
  /** Of all steps, how many are faults. */
  readonly share: number
  /** Of the sends, edits and so on. */
  readonly documents: number
  readonly faults: Readonly<Partial<Record<FaultType, number>>>
}

const mostlySmall = [
  [88, 3, 5],
  [4, 2, 2],
  [6, 6, 9],
  [2, 16, 16],
] as const

export const profiles: readonly Profile[] = [
  {
    name: 'mixed',
    weight: 4,
    machines: mostlySmall,
    steps: [40, 80],
    share: 0.35,
    documents: 0.3,
    faults: {
      kill: 6,
      killAt: 6,
      freeze: 4,
      suspend: 2,
      hide: 2,
      jumpClock: 2,
      failing: 2,
      corrupt: 2,
      truncate: 1,
      slowDisk: 1,
      restore: 1,
      wipe: 1,
      clone: 1,
      cut: 4,
      flap: 2,
      partition: 5,
      dropLinks: 3,
      heavyTails: 2,
      stopServer: 3,
      forget: 1,
      lie: 1,
      slowServer: 1,
      accuse: 2,
      attack: 2,
    },
  },
  {
    name: 'storage',
    weight: 3,
    machines: mostlySmall,
    steps: [40, 80],
    share: 0.35,
    documents: 0.35,
    faults: {
      kill: 5,
      killAt: 10,
      freeze: 2,
      failing: 6,
      corrupt: 5,
      truncate: 3,
      slowDisk: 3,
      restore: 3,
      wipe: 2,
      clone: 2,
      cut: 2,
      partition: 2,
    },
  },
  {
    name: 'partitions',
    weight: 3,
    machines: [
      [70, 3, 5],
      [24, 5, 8],
      [6, 16, 16],
    ],
    steps: [40, 70],
    share: 0.35,
    documents: 0.3,
    faults: {
      partition: 10,
      cut: 5,
      flap: 3,
      kill: 3,
      freeze: 2,
      stopServer: 2,
      heavyTails: 3,
      dropLinks: 4,
    },
  },
  {
    name: 'sleep',
    weight: 2,
    machines: mostlySmall,
    steps: [40, 70],
    share: 0.35,
    documents: 0.25,
    faults: { freeze: 10, suspend: 8, hide: 5, jumpClock: 6, kill: 3, cut: 2, stopServer: 2, slowDisk: 1 },
  },
  {
    name: 'hostile',
    weight: 2,
    machines: mostlySmall,
    steps: [40, 70],
    share: 0.35,
    documents: 0.35,
    faults: { attack: 12, accuse: 4, lie: 4, forget: 2, kill: 3, partition: 2, freeze: 1 },
  },
  {
    name: 'crowd',
    weight: 1,
    machines: [
      [80, 10, 14],
      [20, 16, 16],
    ],
    steps: [20, 30],
    share: 0.3,
    documents: 0.2,
    faults: { kill: 8, partition: 3, cut: 3, stopServer: 2, freeze: 2, dropLinks: 3, heavyTails: 1 },
  },
  {
    name: 'calm',
    weight: 1,
    machines: mostlySmall,
    steps: [50, 90],
    share: 0,
    documents: 0.4,
    faults: {},
  },
]

/** One of the items, by their weights. */
export function weighted<T>(random: Random, items: readonly (readonly [weight: number, item: T])[]): T {
  const sum = items.reduce((total, [weight]) => total + weight, 0)
  let left = random.float() * sum
  for (const [weight, item] of items) if ((left -= weight) < 0) return item
  return items.at(-1)![1]
}

export const range = (random: Random, from: number, to: number): number =>
  from + random.integer(to - from + 1)

export const chance = (random: Random, share: number): boolean => random.float() < share

export const oneOf = <T>(random: Random, items: readonly T[]): T => items[random.integer(items.length)]!
