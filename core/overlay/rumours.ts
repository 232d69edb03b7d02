// Who is met by us may be unknown to our neighbours: it came by another introducer, or from the far side of a
// partition. It is told to those of them that have no link to it, who tell theirs if it was news to them. A moment
// later than it could be: in a mesh that forms, most of them have met it themselves by then.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import { excerpt } from './excerpt.ts'

export class Rumours {
  readonly #context: Context
  readonly #delivery: Delivery
  /** Peers to tell of → the neighbour we have it from. */
  readonly #untold = new Map<PeerId, PeerId>()
  #dueMs = Number.POSITIVE_INFINITY

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
  }

  /** That peer was news to us, as `from` (itself, maybe) told it. */
  heard(peer: PeerId, from: PeerId): void {
    if (this.#untold.size === 0) this.#dueMs = this.#context.nowMs + limits.rumourDelayMs
    this.#untold.set(peer, from)
  }

  tick(): void {
    const { links, membership, nowMs } = this.#context
    if (nowMs < this.#dueMs) return
    this.#dueMs = Number.POSITIVE_INFINITY
    const untold = [...this.#untold]
    this.#untold.clear()
    for (const link of links.neighbours()) {
      const theirs = membership.get(link.remote)?.neighbours ?? []
      const news = untold.flatMap(([peer, from]) => {
        const record = membership.get(peer)
        const isKnown = peer === link.remote || from === link.remote || theirs.includes(peer)
        return record && !isKnown && !record.neighbours.includes(link.remote) ? [record] : []
      })
      const records = excerpt(this.#context, news)
      if (records.length > 0)
        this.#delivery.send(link, { type: 'direct', payload: { type: 'records', records } })
    }
  }

  deadlineMs(): number {
    return this.#dueMs
  }
}
