// Volatile messages are promised to nobody, but they are not lost without a reason: where a way of links stands from one who
// casts to one who knows him, and nothing is done to those on it, it arrives. Over two links also where something happens elsewhere: what
// was lost on a path that is cut is offered by those who have it (OV2, OV3, OV6); and in a larger mesh at once, too (OV37).

import type { PeerId } from '../../../../core/base/ids.ts'
import { limits } from '../../../../core/base/limits.ts'
import type { Entry, Run } from '../history.ts'
import { Paths } from './paths.ts'
import { Together } from './together.ts'
import { judged, type EntryOf, type Violation } from './violation.ts'

/** Who has been together for so long has told each other which links there are. */
const acquaintedMs = 5_000
/** An offer waits for a second and then for a ping, on each of two links, and pulls for each other. */
const withinMs = 15_000
/** For unicasts: a link that carries nothing is noticed by then, and that is told. */
const forgottenMs = 25_000
const quietMs = 15_000
/** In a mesh of more than so many, what comes later was offered and pulled. */
const crowd = limits.maxLinks + 2
const atOnceMs = 900
/** So many came late, and these are most: by lot somebody may be left with offers for once. */
const fewLate = 3

interface Promptness {
  all: number
  late: number
}

export const checkArrivals = (entries: readonly Entry[]): Violation[] => judged(new Judge(entries), entries)

class Judge {
  readonly violations: Violation[] = []
  readonly #together: Together
  readonly #paths: Paths
  readonly #waiting: EntryOf<'castSaid'>[] = []
  /** By cast: who heard it, and when. */
  readonly #heard = new Map<string, Map<Run, number>>()
  readonly #promptness = new Map<Run, Promptness>()

  constructor(entries: readonly Entry[]) {
    this.#together = new Together(entries)
    this.#paths = new Paths(entries)
  }

  take(entry: Entry): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].atMs + withinMs <= entry.atMs)
      this.#judge(this.#waiting.shift()!)
    if (entry.type === 'castSaid') this.#waiting.push(entry)
    if (entry.type === 'castHeard') {
      const heard = this.#heard.get(entry.id) ?? new Map<Run, number>()
      this.#heard.set(entry.id, heard.set(entry.run, heard.get(entry.run) ?? entry.atMs))
    }
    this.#together.take(entry)
  }

  #judge({ run, id, to, atMs }: EntryOf<'castSaid'>): void {
    const life = this.#together.life(run)
    if (life === undefined) return
    const links = this.#linksFrom(run, atMs)
    const isQuiet = this.#paths.isQuiet(atMs - quietMs, atMs + withinMs)
    for (const [other, distance] of links) {
      const { peer } = this.#together.life(other)!
      if (other === run || (to !== undefined && to !== peer) || !this.#isKnown(other, life.peer, atMs))
        continue
      const isOwed =
        to === undefined || distance === 1
          ? distance <= 2 || isQuiet
          : this.#hasWay(run, other, atMs) && this.#paths.isQuiet(atMs - forgottenMs, atMs + withinMs)
      if (!isOwed) continue
      const heardMs = this.#heard.get(id)?.get(other)
      if (heardMs === undefined || heardMs > atMs + withinMs)
        this.#tell(
          atMs,
          `${other} does not hear ${id}, which ${run} casts${to === undefined ? '' : ' to it'}`,
        )
      else if (to === undefined && isQuiet && links.size >= crowd) this.#time(other, heardMs - atMs, atMs)
    }
  }

  #time(run: Run, ms: number, atMs: number): void {
    const times = this.#promptness.get(run) ?? { all: 0, late: 0 }
    this.#promptness.set(run, times)
    times.all++
    if (ms <= atOnceMs) return
    times.late++
    if (times.late >= fewLate && times.late > times.all / 2)
      this.#tell(atMs, `${run} hears ${times.late} of ${times.all} casts only when they are offered`)
  }

  /** It is said to an old acquaintance: who is not known is not listened to. */
  #isKnown(run: Run, peer: PeerId, atMs: number): boolean {
    return (this.#together.seesSinceMs(run, peer) ?? Infinity) <= atMs - acquaintedMs
  }

  /** Neither believes to have a link to the other: it goes by way of others. */
  #hasWay(a: Run, b: Run, atMs: number): boolean {
    const [one, other] = [this.#together.life(a)!.peer, this.#together.life(b)!.peer]
    const hasLink = this.#together.hasLink(a, other) || this.#together.hasLink(b, one)
    return !hasLink && this.#isKnown(a, other, atMs)
  }

  /** Over how many links each is reached, nothing having happened to these or their ends all the while. */
  #linksFrom(run: Run, atMs: number): Map<Run, number> {
    const reached = new Map<Run, number>([[run, 0]])
    const runs = [...this.#together.runs].filter((each) => {
      const life = this.#together.life(each)!
      return !this.#paths.others.touches(life.name, atMs + withinMs, withinMs + acquaintedMs)
    })
    if (!runs.includes(run)) return new Map()
    // A map goes on to what is added meanwhile, nearest first.
    for (const [from, distance] of reached)
      for (const to of runs)
        if (!reached.has(to) && this.#isJoined(from, to, atMs)) reached.set(to, distance + 1)
    return reached
  }

  #isJoined(a: Run, b: Run, atMs: number): boolean {
    const sinceMs = this.#together.sinceMs(a, b)
    if (sinceMs === undefined || sinceMs > atMs - acquaintedMs) return false
    const [one, other] = [this.#together.life(a)!.name, this.#together.life(b)!.name]
    return this.#paths.isWhole(one, other, atMs - acquaintedMs, atMs + withinMs)
  }

  #tell(atMs: number, text: string): void {
    this.violations.push({ checker: 'arrivals', atMs, text })
  }
}
