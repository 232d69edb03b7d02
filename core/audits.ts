// Where one row was damaged others may be gone without a trace: their keys, too, were on that disk. So a damaged row
// has the peer look through its store. Many rows damaged at once are one look; what is damaged meanwhile is one more.
// Where it could not look, or not write down what it found, it looks again later, and ever more seldom.

import { limits } from './base/limits.ts'

/** A look reads all that is stored. chosen. */
const maxDelayMs = 60 * 60 * 1000

export class Audits {
  readonly #audit: () => Promise<unknown>
  readonly #postpone: (look: () => void, delayMs: number) => () => void
  #running = false
  #again = false
  #closed = false
  #cancel: () => void = () => undefined
  #delayMs: number = limits.antiEntropyIntervalMs

  /**
   * @param audit looks through the store; rejects where the peer has left, or the store cannot be read or written
   * @param postpone calls `look` after so many milliseconds; returns how to keep it from that
   */
  constructor(audit: () => Promise<unknown>, postpone: (look: () => void, delayMs: number) => () => void) {
    this.#audit = audit
    this.#postpone = postpone
  }

  rowDamaged(): void {
    this.#again = true
    if (this.#running || this.#closed) return
    this.#cancel()
    this.#running = true
    this.#run().then(
      () => this.#looked(),
      () => this.#failed(),
    )
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#audit()
    }
  }

  #looked(): void {
    this.#running = false
    this.#delayMs = limits.antiEntropyIntervalMs
  }

  #failed(): void {
    this.#running = false
    if (!this.#closed) this.#cancel = this.#postpone(() => this.rowDamaged(), this.#delayMs)
    this.#delayMs = Math.min(2 * this.#delayMs, maxDelayMs)
  }
}
