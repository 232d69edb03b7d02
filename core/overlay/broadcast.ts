// Everybody hears it once. The origin sends to all its neighbours; who receives it passes it on to those of its
// own neighbours that the origin does not claim a link to, and offers only the id to the rest (with a later
// ping), who pull what they missed. In a full mesh of N peers that is N-1 frames. After Plumtree (Leitao,
// Pereira, Rodrigues, SRDS 2007), with the origin's advertised links in place of a tree.

import { crc32 } from '../base/crc32.ts'
import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { BroadcastId } from '../wire/messages.ts'
import type { EncodedMessage } from './links.ts'

const keyOf = (id: BroadcastId): string => `${id.origin}:${id.sequence}`

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

interface Pull {
  readonly id: BroadcastId
  readonly askedAtMs: number
  /** Neighbours who offered it too. */
  readonly others: PeerId[]
}

export class Broadcasts {
  readonly #seen = new SeenIds(limits.maxSeenIds)
  readonly #recent = new Map<string, EncodedMessage>()
  /** Checksums of those that others brought; kept longer than what they said, which whoever makes some up could push out. */
  readonly #relayed = new Map<string, number>()
  /** Asked for and not arrived yet; the longest waiting first. */
  readonly #pulls = new Map<string, Pull>()
  #recentBytes = 0
  #sequence = 0

  nextSequence(): number {
    return ++this.#sequence
  }

  has(id: BroadcastId): boolean {
    return this.#seen.has(keyOf(id))
  }

  /** Keeps it for those who will ask, the newest up to `limits.maxRecentBroadcastBytes`. `relayed`: not from its origin itself. */
  remember(id: BroadcastId, message: EncodedMessage, relayed = false): void {
    const key = keyOf(id)
    this.#pulls.delete(key)
    if (!this.#seen.add(key)) return
    if (relayed) this.#relayed.set(key, crc32(message.bytes))
    if (this.#relayed.size > limits.maxSeenIds) this.#relayed.delete(this.#relayed.keys().next().value!)
    if (message.bytes.length > limits.maxRecentBroadcastBytes) return
    this.#recent.set(key, message)
    this.#recentBytes += message.bytes.length
    for (const [oldest, kept] of this.#recent) {
      if (this.#recentBytes <= limits.maxRecentBroadcastBytes) break
      this.#recent.delete(oldest)
      this.#recentBytes -= kept.bytes.length
    }
  }

  /** Its origin says this, and others said something else as that broadcast: they were faster. True once. */
  wasForged(id: BroadcastId, bytes: Uint8Array): boolean {
    const sum = this.#relayed.get(keyOf(id))
    this.#relayed.delete(keyOf(id))
    return sum !== undefined && sum !== crc32(bytes)
  }

  recall(id: BroadcastId): EncodedMessage | undefined {
    return this.#recent.get(keyOf(id))
  }

  /** What to pull from `peer`, who offers these: what we have not seen and asked nobody else for. */
  toPull(peer: PeerId, offers: readonly BroadcastId[], nowMs: number): BroadcastId[] {
    return offers.filter((id) => {
      const key = keyOf(id)
      const pull = this.#pulls.get(key)
      // Once: whoever says it often would leave no room for others.
      if (pull && pull.others.length < limits.maxLinks && !pull.others.includes(peer)) pull.others.push(peer)
      if (pull || this.#seen.has(key)) return false
      this.#pulls.set(key, { id, askedAtMs: nowMs, others: [] })
      if (this.#pulls.size > limits.maxSeenIds) this.#pulls.delete(this.#pulls.keys().next().value!)
      return true
    })
  }

  /** Pulls that were not answered, each with the next one to ask. */
  overduePulls(nowMs: number): { readonly peer: PeerId; readonly id: BroadcastId }[] {
    const overdue = []
    for (const [key, { id, askedAtMs, others }] of this.#pulls) {
      if (nowMs < askedAtMs + limits.pullTimeoutMs) break
      this.#pulls.delete(key)
      const [peer, ...rest] = others
      if (peer === undefined) continue
      this.#pulls.set(key, { id, askedAtMs: nowMs, others: rest })
      overdue.push({ peer, id })
    }
    return overdue
  }
}

/** Who is sent the whole of a broadcast that came from `sender`, and who is only offered its id. */
export function splitNeighbours(
  neighbours: readonly PeerId[],
  origin: PeerId,
  sender: PeerId,
  linkedToOrigin: readonly PeerId[],
): { forward: PeerId[]; offer: PeerId[] } {
  const linked = new Set(linkedToOrigin)
  const others = neighbours.filter((peer) => peer !== origin && peer !== sender)
  return {
    forward: others.filter((peer) => !linked.has(peer)),
    offer: others.filter((peer) => linked.has(peer)),
  }
}
