// A hybrid logical clock orders messages across devices: it stays close to wall time, yet a message written
// after another was read always sorts behind it. After Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical
// Physical Clocks" (OPODIS 2014), section 3; merging here keeps the later time, and the next `tick` adds one.

import { limits } from './limits.ts'

export interface HybridTime {
  /** Milliseconds since 1970. */
  readonly ms: number
  /** Events within that millisecond; below 65536. */
  readonly counter: number
}

export const startOfTime: HybridTime = { ms: 0, counter: 0 }

const maxCounter = 0xffff

/** Negative where `a` is earlier. */
export const compareTimes = (a: HybridTime, b: HybridTime): number => a.ms - b.ms || a.counter - b.counter

/** So far in front of our clock that it is not believed (`limits.maxClockAheadMs`). */
export const isAhead = (time: HybridTime, wallMs: number): boolean =>
  time.ms > wallMs + limits.maxClockAheadMs

/**
 * The time of a new local event: after `last`, and not before the wall clock. A `last` that is too far ahead
 * (the wall clock was set back) is given up, lest all we write be marked by everybody until time catches up.
 */
export function tick(last: HybridTime, wallMs: number): HybridTime {
  const wall = Math.max(0, Math.floor(wallMs))
  if (last.ms < wall || isAhead(last, wall)) return { ms: wall, counter: 0 }
  return last.counter < maxCounter
    ? { ms: last.ms, counter: last.counter + 1 }
    : { ms: last.ms + 1, counter: 0 }
}

/** What our clock becomes on reading `remote`: the later of the two, unless `remote` is not to be believed. */
export function merge(last: HybridTime, remote: HybridTime, wallMs: number): HybridTime {
  return isAhead(remote, wallMs) || compareTimes(remote, last) <= 0 ? last : remote
}
