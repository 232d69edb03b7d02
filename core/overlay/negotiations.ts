// The negotiations of links that are under way, and what of ours went out through the mesh alone. The neighbour that
// carries it may be dead, and nobody knows yet: then the signaling servers get it, too.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

interface Negotiation {
  readonly peer: PeerId
  /** The name that the initiator gave it. */
  readonly connection: string
  readonly sinceMs: number
  /** In their order. */
  entrusted: string[]
  /** The mesh alone is not to be relied on. */
  distrusted: boolean
}

export class Negotiations {
  /** The oldest first. */
  readonly #all = new Map<string, Negotiation>()
  #dueAtMs = Infinity

  /** When to look for those that are overdue. */
  get deadlineMs(): number {
    return this.#dueAtMs
  }

  /** A signal of it came or is to go. Remembered for as long as a link may take, and of a bounded number. */
  open(peer: PeerId, connection: string, nowMs: number): void {
    if (this.#get(peer, connection)) return
    for (const [key, { sinceMs }] of this.#all) {
      if (nowMs < sinceMs + limits.dialTimeoutMs && this.#all.size < limits.maxNegotiations) break
      this.#all.delete(key)
    }
    const negotiation = { peer, connection, sinceMs: nowMs, entrusted: [], distrusted: false }
    this.#all.set(keyOf(peer, connection), negotiation)
  }

  isDistrusted(peer: PeerId, connection: string): boolean {
    return this.#get(peer, connection)?.distrusted ?? false
  }

  /** That signal goes through the mesh alone. */
  entrust(peer: PeerId, connection: string, data: string): void {
    const negotiation = this.#get(peer, connection)
    if (!negotiation) return
    negotiation.entrusted.push(data)
    this.#dueAtMs = Math.min(this.#dueAtMs, dueAtMs(negotiation))
  }

  /** The mesh may have lost it all. Returns what went that way alone. */
  distrust(peer: PeerId, connection: string): readonly string[] {
    const negotiation = this.#get(peer, connection)
    if (!negotiation) return []
    const { entrusted } = negotiation
    negotiation.distrusted = true
    negotiation.entrusted = []
    return entrusted
  }

  /**
   * Those that should have been answered by now.
   * @param isUnanswered a dial of ours is under way, and its far end has said nothing yet
   */
  overdue(
    nowMs: number,
    isUnanswered: (peer: PeerId, connection: string) => boolean,
  ): readonly Negotiation[] {
    if (nowMs < this.#dueAtMs) return []
    const waiting = [...this.#all.values()].filter(
      ({ peer, connection, entrusted }) => entrusted.length > 0 && isUnanswered(peer, connection),
    )
    const isDue = (each: Negotiation): boolean => nowMs >= dueAtMs(each)
    this.#dueAtMs = Math.min(...waiting.filter((each) => !isDue(each)).map(dueAtMs))
    return waiting.filter(isDue)
  }

  #get(peer: PeerId, connection: string): Negotiation | undefined {
    return this.#all.get(keyOf(peer, connection))
  }
}

const keyOf = (peer: PeerId, connection: string): string => `${peer} ${connection}`

const dueAtMs = ({ sinceMs }: Negotiation): number => sinceMs + limits.answerSignalMs
