// What of a document waits to be stored, in the order in which it came, and until when it may wait for more. What is
// urgent takes along all that came before it: it may build on that.

import { limits } from '../base/limits.ts'
import { inRows } from './rows.ts'

interface Waiting {
  readonly update: Uint8Array
  readonly sinceMs: number
}

export class Backlog {
  #all: Waiting[] = []
  #bytes = 0
  /** How many, from the first on, are being written. */
  #taken = 0
  /** How many, from the first on, are urgent. */
  #urgent = 0

  /** Updates that were done with: stored, or dropped. */
  done = 0

  /** All that ever came. */
  get added(): number {
    return this.done + this.#all.length
  }

  /** Of all that is not stored yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Nothing waits, and nothing is being written. */
  get isEmpty(): boolean {
    return this.#all.length === 0
  }

  /** Something is to be written next. */
  get waits(): boolean {
    return this.#all.length > this.#taken
  }

  /** @param urgent written here, and perhaps nobody else has it; or nothing may wait any more */
  add(updates: readonly Uint8Array[], nowMs: number, urgent: boolean): void {
    for (const update of updates) {
      this.#all.push({ update, sinceMs: nowMs })
      this.#bytes += update.length
    }
    if (urgent) this.press()
  }

  /** All that is here by now waits for nothing. */
  press(): void {
    this.#urgent = this.#all.length
  }

  /**
   * When to write at the earliest; the past where nothing speaks against it. Small things are gathered for a moment:
   * a transaction costs a page more than all else that it does with an edit.
   *
   * @param fetching more is coming in, and nothing but what waits here is to be written
   */
  waitsUntilMs(fetching: boolean): number {
    const first = this.#all[this.#taken]
    if (!first || this.#urgent > this.#taken) return -Infinity
    if (fetching && this.#bytes <= limits.docStoreBehindBytes) return first.sinceMs + limits.docStoreDelayMs
    return this.#bytes < limits.minDocSegmentBytes ? first.sinceMs + limits.docGatherMs : -Infinity
  }

  /** The next row's worth. Must be followed by `stored` or `putBack` before the next. */
  take(): Uint8Array[] {
    const next = this.#all.slice(0, limits.maxDocUpdates)
    const [updates = []] = inRows(next.map(({ update }) => update))
    this.#taken = updates.length
    return updates
  }

  /** What was taken is in the store. */
  stored(): void {
    this.#bytes -= sizeOf(this.#all.slice(0, this.#taken))
    this.#all = this.#all.slice(this.#taken)
    this.done += this.#taken
    this.#urgent = Math.max(0, this.#urgent - this.#taken)
    this.#taken = 0
  }

  /** Nothing was written. */
  putBack(): void {
    this.#taken = 0
  }

  /** What waits is stored in another way. */
  drop(): void {
    this.#bytes -= sizeOf(this.#all.slice(this.#taken))
    this.done += this.#all.length - this.#taken
    this.#all = this.#all.slice(0, this.#taken)
    this.#urgent = Math.min(this.#urgent, this.#taken)
  }
}

const sizeOf = (waiting: readonly Waiting[]): number =>
  waiting.reduce((bytes, { update }) => bytes + update.length, 0)
