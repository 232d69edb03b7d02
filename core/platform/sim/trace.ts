// What happened, one line an event: virtual time, who, what. Two runs with one seed must write the same lines;
// the hash says so without keeping them all.

import { createMixer } from './crypto.ts'

export interface Trace {
  /** The latest lines, oldest first; at most about `maxLines` of them. */
  readonly lines: readonly string[]
  /** Lines written so far, those no longer kept included. */
  readonly count: number
  /** 16 hex digits over every line so far. */
  readonly hash: string
  add(atMs: number, who: string, what: string): void
}

/** @param listen is told of every line as it is written. */
export function createTrace(maxLines: number, listen?: (line: string) => void): Trace {
  let lines: string[] = []
  let count = 0
  const mixer = createMixer()
  return {
    get lines() {
      return lines
    },
    get count() {
      return count
    },
    get hash() {
      return mixer.hex()
    },
    add: (atMs, who, what) => {
      const line = `${atMs.toFixed(3)} ${who} ${what}`
      count++
      mixer.add(line)
      lines.push(line)
      if (lines.length > 2 * maxLines) lines = lines.slice(-maxLines)
      listen?.(line)
    },
  }
}
