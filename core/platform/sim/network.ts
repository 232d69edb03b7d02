// Who can reach whom, and how fast. Hosts are known by name, so that a cut outlives the restart of a process.
// Cuts are kept by direction. The faults draw from a stream of their own, so that one more of them shifts nothing else.

import type { Random } from '../../base/random.ts'
import type { Cancel, Timeline } from './clock.ts'
import { between } from './host.ts'
import type { Trace } from './trace.ts'

export interface NetworkShape {
  /** One way, of each link; drawn once for each and then jittered. Default 1 to 25 ms. */
  readonly latencyMs?: { readonly from: number; readonly to: number }
  /** How much longer than its link's latency a frame takes at most, as a share of it. Default 0.2. */
  readonly jitter?: number
  /** What one link carries each way. Default 12,500 bytes/ms (100 Mbit/s); `Infinity` for no limit. */
  readonly bytesPerMs?: number
  /** A heavy tail: with this probability a frame takes longer by up to `maxMs`, mostly by far less, seldom by all of it. */
  readonly tail?: { readonly probability: number; readonly maxMs: number } | undefined
}

/** A connection that the platform can break. */
interface Breakable {
  /** The names of its two ends. */
  readonly ends: readonly [string, string]
  /** Both its ends are open. */
  standing(): boolean
  /** What is on its way is lost; each end is told after so long, or never. */
  sever(toldMs: readonly [number | undefined, number | undefined]): void
}

export interface Network {
  readonly timeline: Timeline
  readonly random: Random
  /** As the shape says now. */
  readonly bytesPerMs: number
  reaches(from: string, to: string): boolean
  /** Called after every cut and heal. */
  onChange(listener: () => void): Cancel
  cut(a: string, b: string, oneWay?: boolean): void
  heal(a: string, b: string): void
  healAll(): void
  /** Groups that do not reach each other; a host in no group reaches everybody. Replaces the partition before. */
  partition(groups: readonly (readonly string[])[]): void
  /** Changes what it names, of links that stand as well. */
  shape(shape: NetworkShape): void
  /** The latencies of one link between two hosts: a function to be called for each frame. */
  latency(): () => number
  /** How much longer a frame takes than it should. */
  tailMs(): number
  /** Makes a link one that `dropLinks` finds. */
  addLink(link: Breakable): void
  /** Ends every link between the two; returns how many. */
  dropLinks(a: string, b: string, oneEnd: boolean): number
}

/** The end that nobody tells notices by itself after this long (FACTS: RTCPeerConnection says `failed`). */
export const linkFailsAfterMs = 16_000

const directed = (from: string, to: string): string => `${from} → ${to}`

export function createNetwork(
  timeline: Timeline,
  trace: Trace,
  streams: { readonly random: Random; readonly faults: Random },
  firstShape: NetworkShape,
): Network {
  const { random, faults } = streams
  const cuts = new Set<string>()
  const sideOf = new Map<string, number>()
  /** Pairs that reach each other although the partition says otherwise: healed in pieces. */
  const rejoined = new Set<string>()
  const listeners = new Set<() => void>()
  const links = new Set<Breakable>()
  let shape = firstShape

  const changed = (what: string): void => {
    trace.add(timeline.now, 'network', what)
    for (const listener of [...listeners]) listener()
  }
  const isParted = (from: string, to: string): boolean => {
    if (sideOf.size === 0) return false
    const [fromSide, toSide] = [sideOf.get(from), sideOf.get(to)]
    if (fromSide === undefined || toSide === undefined || fromSide === toSide) return false
    return !rejoined.has(directed(from, to))
  }
  /** The cube makes small delays common and the longest ones rare. */
  const tailMs = (): number => {
    const { tail } = shape
    if (tail === undefined || faults.float() >= tail.probability) return 0
    return Math.round(tail.maxMs * faults.float() ** 3 * 1000) / 1000
  }

  return {
    timeline,
    random,
    get bytesPerMs() {
      return shape.bytesPerMs ?? 12_500
    },
    reaches: (from, to) => !isParted(from, to) && (cuts.size === 0 || !cuts.has(directed(from, to))),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    cut: (a, b, oneWay = false) => {
      cuts.add(directed(a, b))
      if (!oneWay) cuts.add(directed(b, a))
      changed(`cut ${a} ${oneWay ? '>' : '|'} ${b}`)
    },
    heal: (a, b) => {
      for (const way of [directed(a, b), directed(b, a)]) {
        cuts.delete(way)
        rejoined.add(way)
      }
      changed(`heal ${a} - ${b}`)
    },
    healAll: () => {
      cuts.clear()
      sideOf.clear()
      rejoined.clear()
      changed('heal all')
    },
    partition: (groups) => {
      sideOf.clear()
      rejoined.clear()
      groups.forEach((group, side) => group.forEach((name) => sideOf.set(name, side)))
      changed(`partition ${groups.map((group) => group.join(',')).join(' | ')}`)
    },
    shape: (changes) => {
      shape = { ...shape, ...changes }
      changed(`shape ${JSON.stringify(shape)}`)
    },
    latency: () => {
      const place = random.float()
      return () => {
        const { latencyMs: { from, to } = { from: 1, to: 25 }, jitter = 0.2 } = shape
        const base = Math.round((from + place * (to - from)) * 1000) / 1000
        return between(random, base, (1 + jitter) * base) + tailMs()
      }
    },
    tailMs,
    addLink: (link) => {
      for (const other of links) if (!other.standing()) links.delete(other)
      links.add(link)
    },
    dropLinks: (a, b, oneEnd) => {
      const found = [...links].filter(
        (link) => link.standing() && link.ends.includes(a) && link.ends.includes(b),
      )
      trace.add(timeline.now, 'network', `drops ${found.length} links ${a} ${oneEnd ? '>' : '-'} ${b}`)
      for (const { ends, sever } of found) {
        const toldMs = (end: string): number =>
          oneEnd && end !== a ? linkFailsAfterMs : between(faults, 5, 25)
        sever([toldMs(ends[0]), toldMs(ends[1])])
      }
      return found.length
    },
  }
}
