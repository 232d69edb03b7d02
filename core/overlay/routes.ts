// How a unicast finds a peer we have no link to: the way by which a newer broadcast of that peer first reached
// us. Older broadcasts and copies teach nothing (learning from them makes loops); where nothing was learned, or
// the way is gone, it goes to a neighbour that says it has a link to it, and where none does it floods. Copies
// are dropped by id.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { SeenIds } from './broadcast.ts'

export class Routes {
  readonly #via = new Map<PeerId, { via: PeerId; sequence: number }>()
  readonly #seen = new SeenIds(limits.maxSeenIds)
  #sequence = 0

  nextSequence(): number {
    return ++this.#sequence
  }

  learn(origin: PeerId, via: PeerId, sequence: number): void {
    const known = this.#via.get(origin)
    if (known && sequence <= known.sequence) return
    // Set anew, so that the origin not heard of for longest comes first.
    this.#via.delete(origin)
    this.#via.set(origin, { via, sequence })
    if (this.#via.size > limits.maxPeers) this.#via.delete(this.#via.keys().next().value!)
  }

  forget(peer: PeerId): void {
    this.#via.delete(peer)
    for (const [target, route] of this.#via) if (route.via === peer) this.#via.delete(target)
  }

  /** False: this unicast passed here before. */
  firstSight(origin: PeerId, sequence: number): boolean {
    return this.#seen.add(`${origin}:${sequence}`)
  }

  /** The neighbours to hand it to. `nearer`: one that says it has a link to the target. */
  next(
    target: PeerId,
    neighbours: readonly PeerId[],
    nearer: PeerId | undefined,
    cameFrom: PeerId | undefined,
  ): readonly PeerId[] {
    if (neighbours.includes(target)) return [target]
    const learned = this.#via.get(target)?.via
    if (learned !== undefined && learned !== cameFrom && neighbours.includes(learned)) return [learned]
    return nearer !== undefined ? [nearer] : neighbours.filter((peer) => peer !== cameFrom)
  }
}
