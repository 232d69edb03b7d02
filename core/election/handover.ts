// Handing a duty over: the new leader's duty waits until those who led before say that theirs has stopped; a
// former leader answers every newer claim once that is true, of itself and of all it waited for. So a chain of
// quick changes (bob → carol → alice) never leaves bob's duty running beside alice's.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

export class Handover {
  /** Former leaders our duty waits for, and until when. */
  readonly #waiting = new Map<PeerId, number>()
  /** Claims we have not answered yet: claimer → epoch. */
  readonly #owed = new Map<PeerId, number>()

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** A claimer waits for our answer. */
  get isOwing(): boolean {
    return this.#owed.size > 0
  }

  /** When the next of them is given up. */
  get deadlineMs(): number | undefined {
    return this.#waiting.size > 0 ? Math.min(...this.#waiting.values()) : undefined
  }

  /** Keeps the earlier deadline of one already waited for. */
  waitFor(peer: PeerId, untilMs: number): void {
    if (!this.#waiting.has(peer)) this.#waiting.set(peer, untilMs)
  }

  /** That peer's duty has stopped. */
  cleared(peer: PeerId): void {
    this.#waiting.delete(peer)
  }

  expire(nowMs: number): void {
    for (const [peer, untilMs] of this.#waiting) if (nowMs >= untilMs) this.#waiting.delete(peer)
  }

  /** That peer is dead: it runs nothing and hears nothing. */
  gone(peer: PeerId): void {
    this.#waiting.delete(peer)
    this.#owed.delete(peer)
  }

  /** Bounded: of too many claimers the first are forgotten; their wait ends by itself. */
  owe(peer: PeerId, epoch: number): void {
    this.#owed.set(peer, epoch)
    for (const first of this.#owed.keys()) {
      if (this.#owed.size <= limits.maxPeers) break
      this.#owed.delete(first)
    }
  }

  /** We lead again, above all those claims: they get our claim instead. */
  oweNobody(): void {
    this.#owed.clear()
  }

  /** Visits what is owed; whatever `settle` returns true for is done. */
  settle(settle: (peer: PeerId, epoch: number) => boolean): void {
    for (const [peer, epoch] of this.#owed) if (settle(peer, epoch)) this.#owed.delete(peer)
  }
}
