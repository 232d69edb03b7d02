// What we say of ourselves. Every change raises the incarnation; changes are gathered for a moment before they
// are told to all. Doubts about us are answered with a higher incarnation, which nobody else can raise for us.

import { limits } from '../base/limits.ts'
import type { PeerRecord } from '../wire/messages.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import { isFarAhead } from './membership.ts'

export class SelfRecord {
  readonly #context: Context
  readonly #delivery: Delivery
  #announceAtMs = Number.POSITIVE_INFINITY
  /** The same for what concerns neighbours only, and since when it waits. */
  #tellAtMs = Number.POSITIVE_INFINITY
  #waitsSinceMs: number | undefined

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  /** `later`: nobody but neighbours needs it, and they not soon; more of the kind is about to come. */
  update(change: Partial<PeerRecord>, when: 'now' | 'soon' | 'later' = 'soon'): void {
    const { self } = this.#context
    const incarnation = Math.min(self.incarnation + 1, limits.maxIncarnation)
    const noDocuments = this.#context.isPartial && !this.#context.options.hasDocuments()
    this.#context.self = { ...self, ...change, noDocuments, incarnation }
    const linksOnly = Object.keys(change).every((what) => what === 'neighbours')
    this.#context.emit({ type: 'self', record: this.#context.self, linksOnly })
    if (when === 'later') return this.#tellLater()
    this.#announceWithin(when === 'now' ? 0 : limits.recordDelayMs)
    if (when === 'now') this.tick()
  }

  /** Somebody doubts that we live, or says of us what we did not: our own word, above his. */
  refute(incarnation: number): void {
    const { self, suspended } = this.#context
    if (suspended) return
    // A lower one is answered already; who sent it has not heard. One far ahead was made up: following it would use the
    // numbers up, and our own word ends it wherever we have a link.
    const isFar = isFarAhead(incarnation, self.incarnation)
    if (incarnation < self.incarnation || isFar) return this.#announceWithin(limits.recordDelayMs)
    this.#context.self = { ...self, incarnation }
    this.update({}, 'now')
  }

  tick(): void {
    const { nowMs, self, links } = this.#context
    const isAnnounced = nowMs >= this.#announceAtMs
    if (!isAnnounced && nowMs < this.#tellAtMs) return
    // A broadcast takes along what waits.
    this.#tellAtMs = Number.POSITIVE_INFINITY
    this.#waitsSinceMs = undefined
    if (isAnnounced) {
      this.#announceAtMs = Number.POSITIVE_INFINITY
      this.#delivery.broadcast({ type: 'record', record: self })
    } else {
      const payload = { type: 'records', records: [self] } as const
      for (const link of links.neighbours()) this.#delivery.send(link, { type: 'direct', payload })
    }
  }

  deadlineMs(): number {
    return Math.min(this.#announceAtMs, this.#tellAtMs)
  }

  /** When no more came for a while. */
  #tellLater(): void {
    const { nowMs } = this.#context
    this.#waitsSinceMs ??= nowMs
    const latestMs = this.#waitsSinceMs + limits.maxLinkRecordDelayMs
    this.#tellAtMs = Math.min(nowMs + limits.linkRecordDelayMs, latestMs)
  }

  #announceWithin(delayMs: number): void {
    this.#announceAtMs = Math.min(this.#announceAtMs, this.#context.nowMs + delayMs)
  }
}
