// Themes of trouble: each profile says how often which fault comes, so that those that ought to meet do meet. The
// numbers are weights, not chances.

import type { Random } from '../../../core/base/random.ts'
import type { AttackKind } from '../../../core/platform/sim/forgeries.ts'
import { storeProfiles } from './profiles-of-stores.ts'
import { meshProfiles } from './profiles-of-the-mesh.ts'
import type { Fault } from './schedule.ts'

/** `nap`: a freeze too short to be noticed by itself. */
export type FaultType = Fault['type'] | 'nap'

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
  /** Which attacks; absent: any. */
  readonly attacks?: readonly AttackKind[]
  /** The network has fallen apart before anybody comes, and the servers may name peers that never were. */
  readonly beginsApart?: true
  /** Of the edits, how many write much. */
  readonly largeEdits?: number
  /** Between two steps; absent: a second or less, mostly. */
  readonly pausesMs?: readonly [from: number, to: number]
  /** Messages are for a few seconds only, this share of them. */
  readonly shortLived?: number
  /** Pairs that never reach each other, this share of all; attackers too. */
  readonly holes?: number
  /** The servers hide everybody until all have come. */
  readonly beginsHidden?: true
  /** One way, of each link: the mesh spans a continent, or is in one room. */
  readonly latencyMs?: readonly [from: number, to: number]
  /** Of what is no matter of documents, how much is volatile. */
  readonly casts?: number
  /** Documents are opened by several at one moment, now and then, instead of from the beginning. */
  readonly opensTogether?: true
  /** How long faults last; absent: seconds, mostly. */
  readonly lastsMs?: readonly [from: number, to: number]
  /** The first machine is a browser with several tabs; absent: in half of the seeds. */
  readonly withTabs?: true
  /** Of the sends, how many are sent again under their id: its program does not know whether they are stored. */
  readonly sentAgain?: number
  /** Of what is done with documents, how many times something written elsewhere is taken in, mostly without its beginning. */
  readonly imports?: number
  /** Of the peers, how many have a priority of their own; absent: few. */
  readonly priorities?: number
  /** Of the messages, how many are for months. */
  readonly longLived?: number
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

const few = [[100, 3, 4]] as const

/**
 * What is rare in the others and tells much: each is a theme of what few faults, or one kind of traffic, can show. Drawn in
 * one of `rareEvery` seeds, by a stream of its own, so that the rest of the seeds mean what they meant.
 */
export const rareEvery = 6

export const rareProfiles: readonly Profile[] = [
  {
    name: 'apart',
    weight: 3,
    machines: [[100, 3, 6]],
    steps: [30, 50],
    share: 0.15,
    documents: 0.2,
    beginsApart: true,
    faults: { partition: 4, cut: 1, dropLinks: 2, lie: 3, accuse: 2, kill: 2 },
  },
  /** Parts that have had leaders of their own, one more of them than another, meet. */
  {
    name: 'parts',
    weight: 1,
    machines: [[100, 4, 6]],
    priorities: 0.7,
    steps: [6, 12],
    share: 0.4,
    documents: 0.1,
    beginsApart: true,
    pausesMs: [500, 3_000],
    faults: { kill: 1 },
  },
  {
    name: 'forged entries',
    weight: 2,
    machines: few,
    steps: [30, 50],
    share: 0.35,
    documents: 0.4,
    faults: { attack: 1 },
    attacks: [
      'bad-signature',
      'broken-chain',
      'continue-foreign-feed',
      'entry-in-foreign-feed',
      'expired-entry',
      'hole-in-feed',
      'clock-year-ahead',
      'acknowledge-unsent',
      'awareness-of-others',
      'update-clock-max',
    ],
  },
  {
    name: 'forged words',
    weight: 2,
    machines: few,
    steps: [30, 50],
    share: 0.3,
    documents: 0.1,
    faults: { attack: 6, accuse: 2, forget: 1, kill: 1 },
    attacks: [
      'claim-next',
      'claim-for-other',
      'claim-jump',
      'claim-max',
      'left-false',
      'gone-false',
      'suspect-all',
      'records-old',
      'flood-garbage',
      'replay-heard',
    ],
  },
  {
    name: 'forks',
    weight: 2,
    machines: [[100, 4, 5]],
    steps: [50, 80],
    share: 0.25,
    documents: 0.05,
    faults: { clone: 5, restore: 4, partition: 5, kill: 3, slowDisk: 3, cut: 2 },
  },
  {
    name: 'large documents',
    weight: 2,
    machines: few,
    steps: [50, 80],
    share: 0.25,
    documents: 0.85,
    largeEdits: 0.5,
    faults: { kill: 5, killAt: 6, slowDisk: 5, failing: 2, cut: 2, partition: 1 },
  },
  {
    name: 'short lives',
    weight: 2,
    machines: few,
    steps: [50, 80],
    share: 0.3,
    documents: 0.05,
    shortLived: 0.5,
    faults: { kill: 6, freeze: 2, partition: 4, cut: 2, slowDisk: 1, failing: 1 },
  },
  {
    name: 'skipped commits',
    weight: 2,
    machines: few,
    steps: [40, 70],
    share: 0.3,
    documents: 0.15,
    faults: {
      skipCommits: 6,
      kill: 3,
      killAt: 2,
      cut: 2,
      stopServer: 1,
      restore: 1,
      slowDisk: 1,
      failing: 1,
    },
  },
  {
    name: 'long',
    weight: 1,
    machines: few,
    steps: [14, 20],
    share: 0.4,
    documents: 0.1,
    pausesMs: [5_000, 70_000],
    faults: { hide: 6, kill: 1, stopServer: 1, failing: 3 },
  },
  ...meshProfiles,
  ...storeProfiles,
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
