// Does something at once when it is due, and what falls due within a moment after that together: for what is costly
// and asked for often.

import type { Clock } from './base/ports.ts'

export class Paced {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #run: () => void
  #ranMs = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #stopped = false

  /** @param run called at most once in `intervalMs`, and once more after the last `due()` */
  constructor(clock: Clock, intervalMs: number, run: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#run = run
  }

  due(): void {
    if (this.#cancel || this.#stopped) return
    const nowMs = this.#clock.now().monotonicMs
    const dueMs = this.#ranMs + this.#intervalMs
    if (nowMs >= dueMs) {
      this.#ranMs = nowMs
      this.#run()
      return
    }
    this.#cancel = this.#clock.alarm(dueMs, () => {
      this.#cancel = undefined
      this.due()
    })
  }

  /** For good: what is due is not done any more. */
  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }
}
