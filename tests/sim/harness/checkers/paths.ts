// Which ways through the network stand, from what was done to it: faults name the paths they cut. And whom anything else
// touches.

import type { Entry } from '../history.ts'
import type { Cut } from '../schedule.ts'
import { Disturbance } from './disturbance.ts'
import { isChange, isFault, type FaultEntry } from './violation.ts'

/** Faults of paths: they harm who uses the path, and not those whom it joins by another way. */
const ofPaths = /^(cut|flap|partition|dropLinks)/
/** Attacks that change nobody's standing, and are not to be noticed. */
const unfelt = /^(attack|insists) (copies-of-|unicast-too-far|replay-broadcasts|alive-of-others|pong-false)/

interface Span {
  readonly fromMs: number
  toMs: number
}

export const isUnfelt = (entry: Entry): boolean => isFault(entry) && unfelt.test(entry.kind)

/** Those that say which paths they cut: a schedule's. Of real networks it is told in words, and whom it touches. */
const pathFaults = (entries: readonly Entry[]): Set<number> =>
  new Set(
    entries
      .filter(isFault)
      .filter(({ kind, what }) => ofPaths.test(kind) && what.startsWith('{'))
      .map(({ fault }) => fault),
  )

export class Paths {
  /** Of all that is no matter of paths. */
  readonly others: Disturbance
  readonly #cuts = new Map<string, Span[]>()
  /** When anything began, ended, came or went. */
  readonly #changesMs: readonly number[]

  constructor(entries: readonly Entry[]) {
    const ofPath = pathFaults(entries)
    const isOfPaths = (entry: Entry): entry is FaultEntry => isFault(entry) && ofPath.has(entry.fault)
    this.others = new Disturbance(entries.filter((entry) => !isOfPaths(entry) && !isUnfelt(entry)))
    const spans = new Map<number, Span[]>()
    for (const entry of entries.filter(isOfPaths)) {
      if (entry.type === 'faultEnds') for (const span of spans.get(entry.fault) ?? []) span.toMs = entry.atMs
      else spans.set(entry.fault, this.#begin(entry))
    }
    this.#changesMs = entries.filter((entry) => isChange(entry) && !isUnfelt(entry)).map(({ atMs }) => atMs)
  }

  #begin({ what, atMs }: FaultEntry): Span[] {
    const fault = JSON.parse(what) as { cuts?: readonly Cut[]; a?: string; b?: string }
    const pairs = fault.cuts ?? [[fault.a ?? '', fault.b ?? '']]
    return pairs.map(([a, b]) => {
      const key = [a, b].toSorted().join(' ')
      const span = { fromMs: atMs, toMs: Infinity }
      this.#cuts.set(key, [...(this.#cuts.get(key) ?? []), span])
      return span
    })
  }

  /** Nothing was done to that path between the two times, in either direction. */
  isWhole(a: string, b: string, fromMs: number, toMs: number): boolean {
    const spans = this.#cuts.get([a, b].toSorted().join(' ')) ?? []
    return spans.every((span) => span.toMs < fromMs || span.fromMs > toMs)
  }

  /** Nothing at all changed, of those paths that are cut as well. */
  isQuiet(fromMs: number, toMs: number): boolean {
    return this.#changesMs.every((atMs) => atMs < fromMs || atMs > toMs)
  }
}
