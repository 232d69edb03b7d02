// How fast one document goes. How long this device takes to apply updates is measured; from that follow the size of
// the segments asked for, and whether to say beforehand that we shall not be listening for a while. While people talk
// all of it stands back: smaller steps, and more time between them than they take.

import { limits } from '../base/limits.ts'
import type { Desk } from './desk.ts'

/** Weight of the newest measurement; a first slow segment must not rule for long. chosen. */
const weight = 0.5
/** Before anything was measured: 10 MB/s, what documents of many small edits took here (bench/bulk). */
const firstMsPerByte = 1e-4

/** What applying a segment took, times this, is left to the program and to other traffic. measured: bench/bulk. */
const applyRest = { quiet: 1 / 4, talking: 5 } as const
/** The same for the store after a large row: a message then waits for one such row at most, and mostly for none. */
const storeRest = { quiet: 1, talking: 8 } as const

export class Pace {
  readonly #desk: Desk
  #msPerByte = firstMsPerByte

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** What the next segments should be. Bytes. */
  get segmentBytes(): number {
    const fitting = limits.docApplyMs[this.#manner] / this.#msPerByte
    const mostBytes = this.#desk.talking ? limits.talkingDocSegmentBytes : limits.maxDocSegmentBytes
    return Math.round(Math.min(mostBytes, Math.max(limits.minDocSegmentBytes, fitting)))
  }

  took(bytes: number, ms: number): void {
    if (bytes < limits.minDocSegmentBytes) return
    // Never 0, and at most four times better than before: clocks are coarse.
    const measured = Math.max(ms, 0.5) / bytes
    this.#msPerByte = Math.max(this.#msPerByte / 4, this.#msPerByte * (1 - weight) + measured * weight)
  }

  /** How long to apply nothing after a segment that took so long. Milliseconds. */
  applyRestMs(tookMs: number): number {
    const restMs = tookMs * applyRest[this.#manner]
    return this.#desk.talking ? Math.max(restMs, limits.talkingDocRestMs) : restMs
  }

  /** How long to write nothing after a row that took so long. Milliseconds. */
  storeRestMs(tookMs: number): number {
    return tookMs * storeRest[this.#manner]
  }

  /** What to announce before applying so much; undefined where nobody would notice. Milliseconds. */
  busyMs(bytes: number): number | undefined {
    const expectedMs = bytes * this.#msPerByte
    if (expectedMs < limits.announceBusyMs) return undefined
    return Math.round(Math.min(limits.maxBusyMs, 2 * expectedMs))
  }

  get #manner(): 'quiet' | 'talking' {
    return this.#desk.talking ? 'talking' : 'quiet'
  }
}
