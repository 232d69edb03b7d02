// The claims a peer has heard: the newest of each claimer, also of peers its view does not elect or does not
// know yet, because claims and views travel separately and either may be first. Bounded.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'

export interface HeardClaim {
  readonly leader: PeerId
  epoch: number
  /** When this epoch was first heard. */
  heardAtMs: number
  /** Heard since that peer was last missing from the view: said by the peer as it is now, not as it was. */
  fresh: boolean
  /** That peer said it itself; else somebody says so of it. */
  firstHand: boolean
  /** When a later claim by another was first accepted. By a handover timeout later its duty has stopped. */
  supersededAtMs: number | undefined
  /** That peer said that its duty stopped, in answer to our claim with this epoch. 0: never. */
  yieldedEpoch: number
  /** When we last raised our own epoch against this claimer. */
  raisedAtMs: number | undefined
  /** Its epoch that we raised ours against. */
  outbidEpoch: number
}

export class HeardClaims {
  readonly #byLeader = new Map<PeerId, HeardClaim>()

  get(leader: PeerId): HeardClaim | undefined {
    return this.#byLeader.get(leader)
  }

  all(): IterableIterator<HeardClaim> {
    return this.#byLeader.values()
  }

  /** Takes a claim in unless a newer one of that peer is known. Returns whether its epoch was news. */
  hear(
    { leader, epoch, firstHand }: Pick<HeardClaim, 'leader' | 'epoch' | 'firstHand'>,
    nowMs: number,
    isLive: (peer: PeerId) => boolean,
  ): boolean {
    const known = this.#byLeader.get(leader)
    if (known !== undefined && epoch < known.epoch) return false
    if (known === undefined) {
      if (this.#byLeader.size >= limits.maxPeers) this.#forgetOne(isLive)
      this.#byLeader.set(leader, {
        leader,
        epoch,
        heardAtMs: nowMs,
        fresh: true,
        firstHand,
        supersededAtMs: undefined,
        yieldedEpoch: 0,
        raisedAtMs: undefined,
        outbidEpoch: 0,
      })
      return true
    }
    const news = epoch > known.epoch
    if (news || !known.fresh) {
      known.heardAtMs = nowMs
      known.supersededAtMs = undefined
      known.outbidEpoch = 0
    }
    known.epoch = epoch
    known.fresh = true
    known.firstHand = firstHand || (known.firstHand && !news)
    return news
  }

  /** That peer went missing: what it claimed is kept for its return, but is no news of it any more. */
  gone(leader: PeerId): void {
    const known = this.#byLeader.get(leader)
    if (known !== undefined) known.fresh = false
  }

  /** A claim by `leader` was accepted: whatever others claimed below it is over. */
  supersede(leader: PeerId, epoch: number, nowMs: number): void {
    for (const known of this.#byLeader.values()) {
      if (known.leader !== leader && known.epoch < epoch) known.supersededAtMs ??= nowMs
    }
  }

  /** Makes room: the peer longest known that is not alive, else the one longest known. */
  #forgetOne(isLive: (peer: PeerId) => boolean): void {
    let victim: PeerId | undefined
    for (const leader of this.#byLeader.keys()) {
      victim ??= leader
      if (isLive(leader)) continue
      victim = leader
      break
    }
    if (victim !== undefined) this.#byLeader.delete(victim)
  }
}
