// Everybody hears it once. The origin sends to all its neighbours; who receives it passes it on to those of its
// own neighbours that the origin does not claim a link to, and offers only the id to the rest (with the next
// ping), who pull what they missed. In a full mesh of N peers that is N-1 frames. After Plumtree (Leitao,
// Pereira, Rodrigues, SRDS 2007), with the origin's advertised links in place of a tree.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { BroadcastId } from '../wire/messages.ts'
import type { EncodedMessage } from './links.ts'

export const broadcastKey = (id: BroadcastId): string => `${id.origin}:${id.sequence}`

/** A set that forgets its oldest members: enough to drop copies. */
export class SeenIds {
  readonly #ids = new Set<string>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** False: it was there already. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false
    this.#ids.add(id)
    if (this.#ids.size > this.#max) this.#ids.delete(this.#ids.values().next().value!)
    return true
  }
}

export class Broadcasts {
  readonly seen = new SeenIds(limits.maxSeenIds)
  readonly #recent = new Map<string, EncodedMessage>()
  #recentBytes = 0
  #sequence = 0

  nextSequence(): number {
    return ++this.#sequence
  }

  /** Keeps it for those who will ask, the newest up to `limits.maxRecentBroadcastBytes`. */
  remember(id: BroadcastId, message: EncodedMessage): void {
    const key = broadcastKey(id)
    this.seen.add(key)
    if (message.bytes.length > limits.maxRecentBroadcastBytes) return
    this.#recent.set(key, message)
    this.#recentBytes += message.bytes.length
    for (const [oldest, kept] of this.#recent) {
      if (this.#recentBytes <= limits.maxRecentBroadcastBytes) break
      this.#recent.delete(oldest)
      this.#recentBytes -= kept.bytes.length
    }
  }

  recall(id: BroadcastId): EncodedMessage | undefined {
    return this.#recent.get(broadcastKey(id))
  }

  missing(offers: readonly BroadcastId[]): BroadcastId[] {
    return offers.filter((id) => !this.seen.has(broadcastKey(id)))
  }

  /** Who is sent the whole of it, and who is only offered its id. */
  static split(
    neighbours: readonly PeerId[],
    origin: PeerId,
    sender: PeerId,
    originsNeighbours: readonly PeerId[],
  ): { forward: PeerId[]; offer: PeerId[] } {
    const direct = new Set(originsNeighbours)
    const others = neighbours.filter((peer) => peer !== origin && peer !== sender)
    return {
      forward: others.filter((peer) => !direct.has(peer)),
      offer: others.filter((peer) => direct.has(peer)),
    }
  }
}
