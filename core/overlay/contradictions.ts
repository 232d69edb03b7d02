// What is held of a peer and is not its own word: somebody else may have made it up, and nobody but the peer can put it
// right. So it is told, whenever it says less of itself than others said, or does what does not fit with that; and answers
// above it, like any doubt. Were it not told, two peers with different views of it could contest a leadership for ever.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Payload, PeerRecord } from '../wire/messages.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'

export class Contradictions {
  readonly #context: Context
  readonly #delivery: Delivery
  /** Peers in the view → when they were last told. */
  readonly #toldAtMs = new Map<PeerId, number>()

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  /** It said this of itself over its own link. */
  check(own: PeerRecord): void {
    const held = this.#context.membership.get(own.id)
    if (held && held.incarnation > own.incarnation) this.confront(own.id)
  }

  /** Told what we hold of it; where that is its word, it has nothing to answer. */
  confront(peer: PeerId): void {
    const held = this.#context.membership.get(peer)
    if (held) this.#tell(peer, { type: 'records', records: [held] })
  }

  /** It is back under an incarnation that we, and others maybe, hold for dead. */
  gone(peer: PeerId, incarnation: number): void {
    this.#tell(peer, { type: 'suspect', peer, incarnation, silence: false })
  }

  forget(peer: PeerId): void {
    this.#toldAtMs.delete(peer)
  }

  #tell(peer: PeerId, payload: Payload): void {
    const { nowMs } = this.#context
    if (nowMs < (this.#toldAtMs.get(peer) ?? Number.NEGATIVE_INFINITY) + limits.contradictIntervalMs) return
    this.#toldAtMs.set(peer, nowMs)
    this.#context.count('contradictions')
    this.#delivery.unicast(peer, payload)
  }
}
