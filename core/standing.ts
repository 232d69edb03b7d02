// The roles this peer asks to stand for. A role's epoch is read from the store first, and the program may give the
// role up, or take it up again, before the answer is there: only what was asked for last counts.

import { limits } from './base/limits.ts'
import type { Clock } from './base/ports.ts'

export interface StandingHost {
  readonly clock: Clock
  readEpoch(role: string): Promise<number>
  stand(role: string, priority: number, epoch: number): void
  report(error: unknown): void
}

export class Standing {
  readonly #host: StandingHost
  /** Role → the one asking of it that counts. */
  readonly #asked = new Map<string, { readonly priority: number; cancel: () => void }>()

  constructor(host: StandingHost) {
    this.#host = host
  }

  add(role: string, priority: number): void {
    this.remove(role)
    this.#asked.set(role, { priority, cancel: () => undefined })
    this.#read(role)
  }

  remove(role: string): void {
    this.#asked.get(role)?.cancel()
    this.#asked.delete(role)
  }

  /** Nothing comes of any of them from now on. */
  close(): void {
    for (const role of [...this.#asked.keys()]) this.remove(role)
  }

  /** An epoch that cannot be read is read again later: until then this peer must not claim one. */
  #read(role: string): void {
    const asked = this.#asked.get(role)
    if (!asked) return
    const { clock } = this.#host
    this.#host.readEpoch(role).then(
      (epoch) => {
        if (this.#asked.get(role) === asked) this.#host.stand(role, asked.priority, epoch)
      },
      (problem: unknown) => {
        if (this.#asked.get(role) !== asked) return
        asked.cancel = clock.alarm(clock.now().monotonicMs + limits.storageBusyMs, () => this.#read(role))
        this.#host.report(problem)
      },
    )
  }
}
