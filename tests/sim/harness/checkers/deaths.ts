// Who dies, or stands still, is gone for all before long: the promise of failover, where nothing else goes on. (OV8, OV39)

import type { PeerId } from '../../../../core/base/ids.ts'
import type { Entry } from '../history.ts'
import { isUnfelt } from './paths.ts'
import { Together } from './together.ts'
import { isChange, livesIn, type Life, type Violation } from './violation.ts'

/** OV8: 8 s at most; and a word to all. */
const withinMs = 12_000
/** Before it, everything had come to rest. */
const restMs = 20_000
const knownMs = 10_000

interface Death {
  readonly name: string
  readonly peer: PeerId
  /** By which it hangs or stands still. */
  readonly fault?: number
  readonly atMs: number
  /** Infinity: it does not wake. */
  readonly untilMs: number
}

function* late(entries: readonly Entry[]): Iterable<Violation> {
  const deaths = deathsIn(entries).filter((death) => isAlone(entries, death))
  const together = new Together(entries)
  for (const entry of entries) {
    while (deaths[0] !== undefined && deaths[0].atMs + withinMs <= entry.atMs) {
      const { name, peer, atMs } = deaths.shift()!
      for (const run of together.runs) {
        const sinceMs = together.seesSinceMs(run, peer) ?? Infinity
        if (together.life(run)?.name === name || sinceMs > atMs - knownMs) continue
        const text = `${run} still sees ${name}, which came to its end ${withinMs / 1_000} s before`
        yield { checker: 'deaths', atMs: entry.atMs, text }
      }
    }
    together.take(entry)
  }
}

export const checkDeaths = (entries: readonly Entry[]): Violation[] => [...late(entries)]

function deathsIn(entries: readonly Entry[]): Death[] {
  const lives = livesIn(entries)
  const deaths: Death[] = [...lives.values()]
    .filter(({ how }) => how === 'killed')
    .map(({ name, peer, toMs }) => ({ name, peer, atMs: toMs, untilMs: Infinity }))
  const alive = (name: string, atMs: number): Life | undefined =>
    [...lives.values()].find((life) => life.name === name && life.fromMs <= atMs && atMs < life.toMs)
  entries.forEach((entry, i) => {
    const isHung = entry.type === 'hangs'
    if (!isHung && !(entry.type === 'faultBegins' && entry.kind === 'freeze')) return
    const name = isHung ? entry.name : entry.touched[0]!
    const peer = isHung ? entry.peer : alive(name, entry.atMs)?.peer
    const end = entries.slice(i).find((each) => each.type === 'faultEnds' && each.fault === entry.fault)
    const { atMs, fault } = entry
    if (peer !== undefined) deaths.push({ name, peer, fault, atMs, untilMs: end?.atMs ?? Infinity })
  })
  return deaths.filter(({ atMs, untilMs }) => untilMs > atMs + withinMs).toSorted((a, b) => a.atMs - b.atMs)
}

/** Nothing else happened for a while before and after it, nor goes on. */
function isAlone(entries: readonly Entry[], { name, fault, atMs }: Death): boolean {
  const underWay = new Set<number>()
  for (const entry of entries) {
    if (entry.atMs > atMs + withinMs) break
    if (!isChange(entry) || isUnfelt(entry)) continue
    const isItself =
      ('fault' in entry && entry.fault === fault) ||
      (entry.atMs === atMs && ('run' in entry || ('touched' in entry && entry.touched[0] === name)))
    if (entry.type === 'faultBegins' && !isItself) underWay.add(entry.fault)
    if (entry.type === 'faultEnds') underWay.delete(entry.fault)
    if (entry.atMs >= atMs - restMs && !isItself) return false
  }
  return underWay.size === 0
}
