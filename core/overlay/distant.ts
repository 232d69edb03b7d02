// The living we have no link to. In a mesh of up to 16 these are few, and each is asked when it was silent for a while. In
// a larger one they are most, and everybody asking everybody would be all that goes on: there it is enough that somebody
// who is reached says to have a link to it, for whoever loses that link says so to all.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { Allowance } from './allowance.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { View } from './view.ts'

export class Distant {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #view: View
  /** When each was last asked for a sign of life. */
  readonly #askedAtMs = new Map<PeerId, number>()
  readonly #probes = new Allowance(limits.maxDistantProbesPerSecond)

  constructor(context: Context, delivery: Delivery, view: View) {
    this.#context = context
    this.#delivery = delivery
    this.#view = view
  }

  tick(): void {
    const { links, membership, nowMs, successions, isPartial } = this.#context
    // In a larger mesh all those without a link to the leader ask it.
    const silenceMs = isPartial ? limits.crowdDistantSilenceMs : limits.distantSilenceMs
    const close = successions.flatMap((succession) => succession.slice(0, isPartial ? 2 : Infinity))
    for (const peer of this.#askedAtMs.keys()) if (!membership.get(peer)) this.#askedAtMs.delete(peer)
    for (const id of membership.silentSince(nowMs - silenceMs / 2)) {
      if (links.to(id)) continue
      const silentMs = nowMs - membership.heardAtMs(id)!
      // Who leads, or would, has to be there itself: a peer that was made up may have somebody who vouches for it.
      if (isPartial && !close.includes(id) && this.#isVouched(id, silentMs)) continue
      if (silentMs >= silenceMs + membership.lagMs(nowMs)) this.#view.suspect(id, 'distant-silence')
      else this.#ask(id)
    }
  }

  #ask(peer: PeerId): void {
    const { nowMs } = this.#context
    const askedAtMs = this.#askedAtMs.get(peer) ?? Number.NEGATIVE_INFINITY
    if (nowMs < askedAtMs + limits.distantProbeIntervalMs) return
    if (!this.#probes.take(nowMs)) return
    this.#askedAtMs.set(peer, nowMs)
    this.#delivery.unicast(peer, { type: 'probe', nonce: this.#context.nonce() })
  }

  /** From link to link, somebody says that it has one to that peer; or it said so itself a moment ago. */
  #isVouched(peer: PeerId, silentMs: number): boolean {
    const { membership, reach } = this.#context
    if (reach.reaches(peer)) return true
    const isFresh = silentMs < limits.vouchForSelfMs
    return isFresh && membership.get(peer)!.neighbours.some((neighbour) => reach.reaches(neighbour))
  }
}
