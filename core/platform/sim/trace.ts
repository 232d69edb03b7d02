// What happened, one line an event: virtual time, who, what. Two runs with one seed must write the same lines; the hash
// says so without keeping them all. A line is put together only for whoever reads it.

import { createMixer } from './crypto.ts'

export interface Trace {
  /** The latest lines, oldest first; at most `maxLines` of them. Put together anew at each call. */
  readonly lines: readonly string[]
  /** Lines written so far, those no longer kept included. */
  readonly count: number
  /** 16 hex digits over every line so far. */
  readonly hash: string
  add(atMs: number, who: string, what: string): void
}

interface Line {
  readonly atMs: number
  readonly who: string
  readonly what: string
}

const format = ({ atMs, who, what }: Line): string => `${atMs.toFixed(3)} ${who} ${what}`

/** @param listen is told of every line as it is written. */
export function createTrace(maxLines: number, listen?: (line: string) => void): Trace {
  let kept: Line[] = []
  let count = 0
  const mixer = createMixer()
  return {
    get lines() {
      return kept.slice(Math.max(0, kept.length - maxLines)).map(format)
    },
    get count() {
      return count
    },
    get hash() {
      return mixer.hex()
    },
    add: (atMs, who, what) => {
      count++
      mixer.addNumber(Math.round(atMs * 1000))
      mixer.add(who)
      mixer.add(what)
      if (maxLines > 0) kept.push({ atMs, who, what })
      if (kept.length > 2 * maxLines) kept = kept.slice(-maxLines)
      listen?.(format({ atMs, who, what }))
    },
  }
}
