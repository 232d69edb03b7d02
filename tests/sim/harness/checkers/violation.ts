// What a checker says when a promise was broken, and what checkers share: views of a history.

import type { MemberId, PeerId } from '../../../../core/base/ids.ts'
import type { Entry, Happening, Run } from '../history.ts'

export interface Violation {
  /** Which promise; the same word for the same kind of breach, so that a shrinker knows it again. */
  readonly checker: string
  readonly atMs: number
  /** A sentence for people. */
  readonly text: string
}

export type Checker = (entries: readonly Entry[]) => Violation[]

type WithType<H, T> = H extends { readonly type: infer K }
  ? T extends K
    ? H & { readonly type: T }
    : never
  : never

export type EntryOf<T extends Happening['type']> = WithType<Happening, T> & { readonly atMs: number }

export const ofType = <T extends Happening['type']>(entries: readonly Entry[], type: T): EntryOf<T>[] =>
  entries.filter((entry) => entry.type === type) as EntryOf<T>[]

export type FaultEntry = EntryOf<'faultBegins' | 'faultEnds'>

export const isFault = (entry: Entry): entry is FaultEntry =>
  entry.type === 'faultBegins' || entry.type === 'faultEnds'

/** Something begins, ends, comes or goes: after it, peers may have to find each other anew. */
export const isChange = ({ type }: Entry): boolean => changes.has(type)

const changes: ReadonlySet<Entry['type']> = new Set([
  'faultBegins',
  'faultEnds',
  'joined',
  'leaving',
  'ended',
  'clock',
  'calm',
])

/** What is found by a judge that looks at one entry after the other. */
export interface Judging {
  readonly violations: Violation[]
  take(entry: Entry): void
}

export function judged(judge: Judging, entries: readonly Entry[]): Violation[] {
  for (const entry of entries) judge.take(entry)
  return judge.violations
}

/** One life of one process, from what was recorded. */
export interface Life {
  readonly run: Run
  readonly name: string
  readonly label: string
  readonly peer: PeerId
  readonly member: MemberId
  readonly disk: string
  readonly volatile: boolean
  readonly mayLead?: boolean
  readonly fromMs: number
  /** Infinity: to the end. */
  readonly toMs: number
  readonly how: 'left' | 'killed' | 'broken' | undefined
}

export function livesIn(entries: readonly Entry[]): Map<Run, Life> {
  const lives = new Map<Run, Life>()
  for (const entry of entries) {
    if (entry.type === 'joined') {
      const { atMs: fromMs, type: _, ...rest } = entry
      lives.set(entry.run, { ...rest, fromMs, toMs: Infinity, how: undefined })
    }
    // Who leaves is not there any more: he tells his own program that all others have left.
    if (entry.type === 'ended' || entry.type === 'leaving') {
      const life = lives.get(entry.run)
      const how = entry.type === 'leaving' ? 'left' : entry.how
      if (life?.toMs === Infinity) lives.set(entry.run, { ...life, toMs: entry.atMs, how })
    }
  }
  return lives
}

export const lifeAt = ({ fromMs, toMs }: Life, atMs: number): boolean => fromMs <= atMs && atMs < toMs

/** When calm began; Infinity where it never did. */
export const calmMs = (entries: readonly Entry[]): number => ofType(entries, 'calm')[0]?.atMs ?? Infinity
