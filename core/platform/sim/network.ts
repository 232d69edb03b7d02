// Who can reach whom, and how fast. Hosts are known by name, so that a cut outlives the restart of a process.
// Kept by direction, though today's faults cut both.

import type { Random } from '../../base/random.ts'
import type { Cancel, Timeline } from './clock.ts'
import { between } from './host.ts'
import type { Trace } from './trace.ts'

export interface NetworkShape {
  /** One way, of each link; drawn once for each and then jittered by up to a fifth. Default 1 to 25 ms. */
  readonly latencyMs?: { readonly from: number; readonly to: number }
  /** What one link carries each way. Default 12,500 bytes/ms (100 Mbit/s); `Infinity` for no limit. */
  readonly bytesPerMs?: number
}

export interface Network {
  readonly timeline: Timeline
  readonly random: Random
  readonly bytesPerMs: number
  reaches(from: string, to: string): boolean
  /** Called after every cut and heal. */
  onChange(listener: () => void): Cancel
  cut(a: string, b: string): void
  heal(a: string, b: string): void
  healAll(): void
  /** Groups that do not reach each other; a host in no group reaches everybody. Replaces the partition before. */
  partition(groups: readonly (readonly string[])[]): void
  /** The latencies of one link between two hosts: a function to be called for each frame. */
  latency(): () => number
}

const directed = (from: string, to: string): string => `${from} → ${to}`

export function createNetwork(
  timeline: Timeline,
  trace: Trace,
  random: Random,
  shape: NetworkShape,
): Network {
  const cuts = new Set<string>()
  const sideOf = new Map<string, number>()
  const listeners = new Set<() => void>()
  const changed = (what: string): void => {
    trace.add(timeline.now, 'network', what)
    for (const listener of [...listeners]) listener()
  }
  return {
    timeline,
    random,
    bytesPerMs: shape.bytesPerMs ?? 12_500,
    reaches: (from, to) => {
      if (cuts.has(directed(from, to))) return false
      const [fromSide, toSide] = [sideOf.get(from), sideOf.get(to)]
      return fromSide === undefined || toSide === undefined || fromSide === toSide
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    cut: (a, b) => {
      cuts.add(directed(a, b)).add(directed(b, a))
      changed(`cut ${a} | ${b}`)
    },
    heal: (a, b) => {
      cuts.delete(directed(a, b))
      cuts.delete(directed(b, a))
      changed(`heal ${a} - ${b}`)
    },
    healAll: () => {
      cuts.clear()
      sideOf.clear()
      changed('heal all')
    },
    partition: (groups) => {
      sideOf.clear()
      groups.forEach((group, side) => group.forEach((name) => sideOf.set(name, side)))
      changed(`partition ${groups.map((group) => group.join(',')).join(' | ')}`)
    },
    latency: () => {
      const { from, to } = shape.latencyMs ?? { from: 1, to: 25 }
      const base = between(random, from, to)
      return () => between(random, base, 1.2 * base)
    },
  }
}
