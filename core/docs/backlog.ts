// What of a document waits to be stored, in the order in which it came, and until when it may wait for more. What is
// urgent takes along all that came before it: it may build on that.

import { limits } from '../base/limits.ts'
import { inRows } from './rows.ts'

interface Waiting {
  readonly update: Uint8Array
  readonly sinceMs: number
}

export class Backlog {
  #waiting: Waiting[] = []
  /** Being written: it waits again where that fails. */
  #taken: Waiting[] = []
  #bytes = 0
  /** How many of those that wait, from the first on, are urgent; and whether any is that is being written. */
  #urgent = 0
  #takenUrgent = false

  /** Of all that is not stored yet. */
  get bytes(): number {
    return this.#bytes
  }

  /** Nothing waits, and nothing is being written. */
  get isEmpty(): boolean {
    return this.#waiting.length + this.#taken.length === 0
  }

  /** Something is to be written next. */
  get waits(): boolean {
    return this.#waiting.length > 0
  }

  /** @param urgent written here, and perhaps nobody else has it; or nothing may wait any more */
  add(updates: readonly Uint8Array[], nowMs: number, urgent: boolean): void {
    for (const update of updates) {
      this.#waiting.push({ update, sinceMs: nowMs })
      this.#bytes += update.length
    }
    if (urgent) this.press()
  }

  /** All that is here by now waits for nothing. */
  press(): void {
    this.#urgent = this.#waiting.length
    this.#takenUrgent = this.#taken.length > 0
  }

  /**
   * When to write at the earliest; the past where nothing speaks against it. Small things are gathered for a moment:
   * a transaction costs a page more than all else that it does with an edit.
   *
   * @param fetching more is coming in, and nothing but what waits here is to be written
   */
  waitsUntilMs(fetching: boolean): number {
    const [first] = this.#waiting
    if (!first || this.#urgent > 0) return -Infinity
    if (fetching && this.#bytes <= limits.docStoreBehindBytes) return first.sinceMs + limits.docStoreDelayMs
    return this.#bytes < limits.minDocSegmentBytes ? first.sinceMs + limits.docGatherMs : -Infinity
  }

  /** The next row's worth. Must be followed by `stored` or `putBack` before the next. */
  take(): Uint8Array[] {
    const next = this.#waiting.slice(0, limits.maxDocUpdates)
    const [updates = []] = inRows(next.map(({ update }) => update))
    this.#taken = this.#waiting.slice(0, updates.length)
    this.#waiting = this.#waiting.slice(updates.length)
    this.#takenUrgent = this.#urgent > 0
    this.#urgent = Math.max(0, this.#urgent - updates.length)
    return updates
  }

  /** What was taken is in the store. */
  stored(): void {
    this.#bytes -= sizeOf(this.#taken)
    this.#taken = []
    this.#takenUrgent = false
  }

  /** Nothing was written. */
  putBack(): void {
    if (this.#takenUrgent || this.#urgent > 0) this.#urgent += this.#taken.length
    this.#waiting = [...this.#taken, ...this.#waiting]
    this.#taken = []
    this.#takenUrgent = false
  }

  /** What waits is stored in another way. */
  drop(): void {
    this.#bytes -= sizeOf(this.#waiting)
    this.#waiting = []
    this.#urgent = 0
  }
}

const sizeOf = (waiting: readonly Waiting[]): number =>
  waiting.reduce((bytes, { update }) => bytes + update.length, 0)
