// What the machine knows of who is alive and who stands: taken from outside as a whole, and asked for the one
// thing that follows from it, who is elected. Counts arrivals, to tell the peers that were here from the others.

import type { PeerId } from '../base/ids.ts'
import { elect, type Candidate } from './rank.ts'

export class View {
  readonly #me: PeerId
  #candidates: ReadonlyMap<PeerId, Candidate> = new Map()
  readonly #arrivedAs = new Map<PeerId, number>()
  #arrivals = 0
  #elected: PeerId | undefined
  /** Set by a stall: while the view still gives us this seniority, it has not noticed. */
  #seniorityBeforeStall: number | undefined

  constructor(me: PeerId) {
    this.#me = me
  }

  get elected(): PeerId | undefined {
    return this.#elected
  }

  /** How many arrivals there were so far. */
  get arrivals(): number {
    return this.#arrivals
  }

  candidate(peer: PeerId): Candidate | undefined {
    return this.#candidates.get(peer)
  }

  /** `me` is alive, listed or not. */
  isLive(peer: PeerId): boolean {
    return peer === this.#me || this.#arrivedAs.has(peer)
  }

  /** Whether that peer, now alive, came when there had been `arrivals` already. */
  cameAfter(peer: PeerId, arrivals: number): boolean {
    return (this.#arrivedAs.get(peer) ?? 0) > arrivals
  }

  /** `arrived`: came, or stands since. */
  take(candidates: readonly Candidate[], live: readonly PeerId[]): { gone: PeerId[]; arrived: PeerId[] } {
    const changes = this.#takeLive(new Set(live))
    const mine = candidates.find((candidate) => candidate.peer === this.#me)
    if (mine?.seniority !== this.#seniorityBeforeStall) this.#seniorityBeforeStall = undefined
    const able = candidates.filter((candidate) =>
      candidate.peer === this.#me ? this.#seniorityBeforeStall === undefined : this.isLive(candidate.peer),
    )
    const standing = able
      .map(({ peer }) => peer)
      .filter((peer) => peer !== this.#me && !this.#candidates.has(peer))
    this.#candidates = new Map(able.map((candidate) => [candidate.peer, candidate]))
    this.#elected = elect(able)?.peer
    return { gone: changes.gone, arrived: [...changes.arrived, ...standing] }
  }

  /** Our own clock stood still: all this is old. Returns who was alive. */
  forget(): PeerId[] {
    this.#seniorityBeforeStall = this.#candidates.get(this.#me)?.seniority ?? this.#seniorityBeforeStall
    this.#candidates = new Map()
    this.#elected = undefined
    return this.#takeLive(new Set()).gone
  }

  #takeLive(live: ReadonlySet<PeerId>): { gone: PeerId[]; arrived: PeerId[] } {
    const gone = [...this.#arrivedAs.keys()].filter((peer) => !live.has(peer))
    const arrived = [...live].filter((peer) => !this.#arrivedAs.has(peer) && peer !== this.#me)
    for (const peer of gone) this.#arrivedAs.delete(peer)
    for (const peer of arrived) this.#arrivedAs.set(peer, ++this.#arrivals)
    return { gone, arrived }
  }
}
