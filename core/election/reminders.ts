// When to repeat a claim to somebody who should know it already. Claims are broadcast once and ride on hellos; a
// peer that missed both, on the far side of a partition for example, would never agree. Two clocks see to that; a third to
// views that differ for longer than that takes.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

export class Reminders {
  /** When to remind the elected peer, which makes no claim that we could accept. */
  #remindAtMs: number | undefined
  /** Who came since we claimed, or stands since, and may have missed it. */
  readonly #arrived = new Set<PeerId>()
  #greetAtMs: number | undefined
  /** When to show a claimer that we do not elect what we hold of it. */
  #confrontAtMs: number | undefined

  get deadlineMs(): number | undefined {
    const all = [this.#remindAtMs, this.#greetAtMs, this.#confrontAtMs].filter((each) => each !== undefined)
    return all.length === 0 ? undefined : Math.min(...all)
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

  /** Whether to do so now: when a leader would have raised its epoch above that claim, and again each time that passes. */
  confrontsNow(isNeeded: boolean, nowMs: number): boolean {
    if (!isNeeded) {
      this.#confrontAtMs = undefined
      return false
    }
    this.#confrontAtMs ??= nowMs + limits.handoverTimeoutMs
    if (nowMs < this.#confrontAtMs) return false
    this.#confrontAtMs = nowMs + limits.handoverTimeoutMs
    return true
  }

  /** Whom to tell of our claim now: those who came, or stand, since a while ago, each once. */
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
