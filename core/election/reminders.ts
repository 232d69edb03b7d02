// When to repeat a claim to somebody who should know it already. Claims are broadcast once and ride on hellos; a
// peer that missed both, on the far side of a partition for example, would never agree. Two clocks see to that.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

export class Reminders {
  /** When to remind the elected peer, which makes no claim that we could accept. */
  #remindAtMs: number | undefined
  /** Who came since we claimed, and may have missed it. */
  readonly #arrived = new Set<PeerId>()
  #greetAtMs: number | undefined

  get deadlineMs(): number | undefined {
    if (this.#remindAtMs === undefined) return this.#greetAtMs
    return Math.min(this.#remindAtMs, this.#greetAtMs ?? Infinity)
  }

  arrived(peer: PeerId): void {
    this.#arrived.add(peer)
  }

  gone(peer: PeerId): void {
    this.#arrived.delete(peer)
  }

  /** A new claim is on its way to everybody in the view. */
  forgetArrivals(): void {
    this.#arrived.clear()
  }

  /** Somebody else is elected: its time to claim begins. */
  restart(): void {
    this.#remindAtMs = undefined
  }

  /** Whether to remind the elected peer now: after a while, and again each time that passes. */
  remindsNow(isNeeded: boolean, nowMs: number): boolean {
    if (!isNeeded) {
      this.#remindAtMs = undefined
      return false
    }
    this.#remindAtMs ??= nowMs + limits.claimPatienceMs
    if (nowMs < this.#remindAtMs) return false
    this.#remindAtMs = nowMs + limits.claimPatienceMs
    return true
  }

  /** Whom to tell of our claim now: those who came a while ago, each once. */
  greetsNow(leading: boolean, nowMs: number): PeerId[] {
    if (!leading) this.#arrived.clear()
    if (this.#arrived.size === 0) {
      this.#greetAtMs = undefined
      return []
    }
    this.#greetAtMs ??= nowMs + limits.claimPatienceMs
    if (nowMs < this.#greetAtMs) return []
    this.#greetAtMs = undefined
    const due = [...this.#arrived]
    this.#arrived.clear()
    return due
  }
}
