// What we say of ourselves. Every change raises the incarnation; changes are gathered for a moment before they
// are told to all. Doubts about us are answered with a higher incarnation, which nobody else can raise for us.

import { limits } from '../base/limits.ts'
import type { PeerRecord } from '../wire/messages.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'

export class SelfRecord {
  readonly #context: Context
  readonly #delivery: Delivery
  #announceAtMs = Number.POSITIVE_INFINITY
  /** Since when there is something untold that can wait. */
  #waitsSinceMs: number | undefined

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  /** `later`: nobody acts on it; more of the kind is about to come. */
  update(change: Partial<PeerRecord>, when: 'now' | 'soon' | 'later' = 'soon'): void {
    const { self } = this.#context
    const incarnation = Math.min(self.incarnation + 1, limits.maxIncarnation)
    this.#context.self = { ...self, ...change, incarnation }
    this.#context.emit({ type: 'self', record: this.#context.self })
    if (when === 'later') return this.#announceLater()
    this.#announceWithin(when === 'now' ? 0 : limits.recordDelayMs)
    if (when === 'now') this.tick()
  }

  /** Somebody doubts that we live, or says of us what we did not: our own word, above his. */
  refute(incarnation: number): void {
    const { self, suspended } = this.#context
    if (suspended) return
    // A lower one is answered already; who sent it has not heard.
    if (incarnation < self.incarnation) return this.#announceWithin(limits.recordDelayMs)
    this.#context.self = { ...self, incarnation }
    this.update({}, 'now')
  }

  tick(): void {
    if (this.#context.nowMs < this.#announceAtMs) return
    this.#announceAtMs = Number.POSITIVE_INFINITY
    this.#waitsSinceMs = undefined
    this.#delivery.broadcast({ type: 'record', record: this.#context.self })
  }

  deadlineMs(): number {
    return this.#announceAtMs
  }

  /** When no more came for a while. What is to be told sooner takes it along. */
  #announceLater(): void {
    const { nowMs } = this.#context
    const isWaiting = this.#waitsSinceMs !== undefined
    if (!isWaiting && this.#announceAtMs < Number.POSITIVE_INFINITY) return
    this.#waitsSinceMs ??= nowMs
    const latestMs = this.#waitsSinceMs + limits.maxLinkRecordDelayMs
    this.#announceAtMs = Math.min(nowMs + limits.linkRecordDelayMs, latestMs)
  }

  #announceWithin(delayMs: number): void {
    this.#announceAtMs = Math.min(this.#announceAtMs, this.#context.nowMs + delayMs)
  }
}
