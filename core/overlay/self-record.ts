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

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  update(change: Partial<PeerRecord>, atOnce = false): void {
    const { self } = this.#context
    const incarnation = Math.min(self.incarnation + 1, limits.maxIncarnation)
    this.#context.self = { ...self, ...change, incarnation }
    this.#context.emit({ type: 'self', record: this.#context.self })
    this.#announceWithin(atOnce ? 0 : limits.recordDelayMs)
    if (atOnce) this.tick()
  }

  /** Somebody doubts that we live, or says of us what we did not: our own word, above his. */
  refute(incarnation: number): void {
    const { self, suspended } = this.#context
    if (suspended) return
    // A lower one is answered already; who sent it has not heard.
    if (incarnation < self.incarnation) return this.#announceWithin(limits.recordDelayMs)
    this.#context.self = { ...self, incarnation }
    this.update({}, true)
  }

  tick(): void {
    if (this.#context.nowMs < this.#announceAtMs) return
    this.#announceAtMs = Number.POSITIVE_INFINITY
    this.#delivery.broadcast({ type: 'record', record: this.#context.self })
  }

  deadlineMs(): number {
    return this.#announceAtMs
  }

  #announceWithin(delayMs: number): void {
    this.#announceAtMs = Math.min(this.#announceAtMs, this.#context.nowMs + delayMs)
  }
}
