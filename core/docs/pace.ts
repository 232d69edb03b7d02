// How long this device takes to apply updates to one document, from what it took so far. From that follow the size
// of the segments asked for (one should block no longer than a frame on the screen) and whether to say beforehand
// that we shall not be listening for a while.

import { limits } from '../base/limits.ts'

/** Weight of the newest measurement; a first slow segment must not rule for long. chosen. */
const weight = 0.5
/** Before anything was measured: 10 MB/s, what documents of many small edits took here (bench/bulk). */
const firstMsPerByte = 1e-4

export class Pace {
  #msPerByte = firstMsPerByte

  /** What the next segments should be. Bytes. */
  get segmentBytes(): number {
    const fitting = limits.docApplyMs / this.#msPerByte
    return Math.round(Math.min(limits.maxDocSegmentBytes, Math.max(limits.minDocSegmentBytes, fitting)))
  }

  took(bytes: number, ms: number): void {
    if (bytes < limits.minDocSegmentBytes) return
    // Never 0, and at most four times better than before: clocks are coarse.
    const measured = Math.max(ms, 0.5) / bytes
    this.#msPerByte = Math.max(this.#msPerByte / 4, this.#msPerByte * (1 - weight) + measured * weight)
  }

  /** What to announce before applying so much; undefined where nobody would notice. Milliseconds. */
  busyMs(bytes: number): number | undefined {
    const expectedMs = bytes * this.#msPerByte
    if (expectedMs < limits.announceBusyMs) return undefined
    return Math.round(Math.min(limits.maxBusyMs, 2 * expectedMs))
  }
}
