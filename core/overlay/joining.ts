// How a peer comes by its seniority. The first to start has 1; a joiner is provisional, and cannot lead, until it
// has met an established peer (it takes the greatest seen + 1) or every introducer has said that nobody is
// there. Bounded: an introducer that does not answer counts as "nobody" in the end.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { PeerRecord } from '../wire/messages.ts'

export class Joining {
  #seniority: number | undefined
  #lone = false
  /** We have the place of one that began by itself. */
  #beganAlone = false
  #sinceMs: number
  /** Introducer → those it named that we have not met yet; undefined while it has not answered. */
  readonly #introducers = new Map<string, Set<PeerId> | undefined>()
  /** Read anew each time: it may be configured meanwhile. */
  readonly #timing: { readonly discoveryTimeoutMs: number }
  /** Somebody was named: links take their time. */
  #introduced = false

  constructor(timing: { readonly discoveryTimeoutMs: number }, nowMs: number) {
    this.#timing = timing
    this.#sinceMs = nowMs
  }

  get seniority(): number | undefined {
    return this.#seniority
  }

  /** We began a mesh by ourselves and have met nobody since. */
  get lone(): boolean {
    return this.#lone
  }

  /** Begins again as a newcomer: every introducer has to answer anew. */
  restart(nowMs: number): void {
    this.#seniority = undefined
    this.#lone = false
    this.#beganAlone = false
    this.#sinceMs = nowMs
    this.#introduced = false
    for (const introducer of this.#introducers.keys()) this.#introducers.set(introducer, undefined)
  }

  expect(introducer: string): void {
    if (!this.#introducers.has(introducer)) this.#introducers.set(introducer, undefined)
  }

  dismiss(introducer: string): void {
    this.#introducers.delete(introducer)
  }

  answered(introducer: string, peers: readonly PeerId[]): void {
    if (!this.#introducers.has(introducer)) return
    this.#introducers.set(introducer, new Set(peers))
    if (peers.length > 0) this.#introduced = true
  }

  /** That peer cannot be met: it is absent, gone, or no link to it forms. */
  unreachable(peer: PeerId): void {
    for (const named of this.#introducers.values()) named?.delete(peer)
  }

  /** True when that changed our seniority. `others`: everybody alive but us. */
  settle(
    me: PeerId,
    others: readonly PeerRecord[],
    isLinked: (peer: PeerId) => boolean,
    nowMs: number,
  ): boolean {
    if (this.#seniority !== undefined) return false
    const established = others.flatMap((record) => record.seniority ?? [])
    if (established.length > 0) this.#seniority = after(established)
    else if (this.#mayBegin(me, others, isLinked) || nowMs >= this.deadlineMs()) {
      this.#seniority = 1
      this.#lone = others.length === 0
      this.#beganAlone = this.#lone
    }
    return this.#seniority !== undefined
  }

  /**
   * A hello came. A lone peer yields to an established mesh, or to what is left of one; a peer that was cut off
   * from its mesh is not lone and keeps its rank. `theyAreLone`: or of the mesh that we began. `saidLone`: so we said in our hello on that link, and the far end counts on
   * it. `theirs`: the view of the peer met, itself included. True when that changed our seniority.
   */
  meet(theirs: readonly PeerRecord[], theyAreLone: boolean, saidLone: boolean): boolean {
    const established = theirs.flatMap((record) => record.seniority ?? [])
    const yields = saidLone && this.#beganAlone && !theyAreLone && established.length > 0
    this.#lone = false
    if (yields) this.#seniority = after(established)
    if (yields) this.#beganAlone = false
    return yields
  }

  deadlineMs(): number {
    if (this.#seniority !== undefined) return Number.POSITIVE_INFINITY
    return this.#sinceMs + (this.#introduced ? limits.introducedTimeoutMs : this.#timing.discoveryTimeoutMs)
  }

  /** Everybody answered, everybody named was met, and of those met, all provisional too, we have the lowest id. */
  #mayBegin(me: PeerId, others: readonly PeerRecord[], isLinked: (peer: PeerId) => boolean): boolean {
    for (const named of this.#introducers.values()) {
      if (!named) return false
      for (const peer of named) if (!isLinked(peer)) return false
    }
    return others.every((record) => compareText(me, record.id) < 0)
  }
}

/** Where it would leave its range, peers share the last number, and their ids decide. */
const after = (established: readonly number[]): number =>
  Math.min(Math.max(...established) + 1, limits.maxSeniority)
