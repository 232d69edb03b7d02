// Who is reached by way of which neighbour, as far as the living say who has links to whom. Larger meshes only: in one of
// up to 16 nearly everybody is a neighbour, or a neighbour of one. What peers far away say of their links may be old, so a
// link counts in both directions, whichever end named it.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Context } from './context.ts'

interface Ways {
  /** Everybody who is reached → the neighbour at the beginning of the shortest way. */
  readonly first: ReadonlyMap<PeerId, PeerId>
  /** Of whom somebody says so: nobody vouches for himself. */
  readonly vouched: ReadonlySet<PeerId>
}

export class Reach {
  readonly #context: Context
  #ways: Ways = { first: new Map(), vouched: new Set() }
  #madeAtMs = Number.NEGATIVE_INFINITY
  /** What it was made from. */
  #madeOf = ''

  constructor(context: Context) {
    this.#context = context
  }

  /** Somebody who is reached from link to link says to have one to that peer. */
  reaches(peer: PeerId): boolean {
    return this.#now().vouched.has(peer)
  }

  /** The neighbour to hand something to that is meant for that peer; undefined where no way is known. */
  towards(peer: PeerId): PeerId | undefined {
    return this.#now().first.get(peer)
  }

  #now(): Ways {
    const { nowMs, membership, links } = this.#context
    if (nowMs < this.#madeAtMs + limits.reachIntervalMs) return this.#ways
    this.#madeAtMs = nowMs
    const of = `${membership.news} ${links.revision}`
    if (of !== this.#madeOf) this.#ways = { first: this.#firstOfAll(), vouched: this.#vouched() }
    this.#madeOf = of
    return this.#ways
  }

  #vouched(): Set<PeerId> {
    const { membership } = this.#context
    const reached = new Set(this.#context.neighbours())
    // A set goes on to what is added meanwhile.
    for (const peer of reached) {
      if (membership.isSuspected(peer)) continue
      for (const next of membership.get(peer)?.neighbours ?? []) reached.add(next)
    }
    return reached
  }

  #firstOfAll(): Map<PeerId, PeerId> {
    const { self, membership } = this.#context
    const ends = new Map<PeerId, PeerId[]>()
    const join = (a: PeerId, b: PeerId): void => {
      const known = ends.get(a)
      if (known) known.push(b)
      else ends.set(a, [b])
    }
    for (const { id, neighbours } of membership.records()) {
      for (const neighbour of neighbours) {
        if (neighbour === self.id) continue
        join(id, neighbour)
        join(neighbour, id)
      }
    }
    const first = new Map(this.#context.neighbours().map((peer) => [peer, peer]))
    // A map goes on to what is added meanwhile, nearest first.
    for (const [peer, via] of first) {
      if (membership.isSuspected(peer)) continue
      for (const next of ends.get(peer) ?? []) if (!first.has(next)) first.set(next, via)
    }
    return first
  }
}
