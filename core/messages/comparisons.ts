// With which neighbours our digest has to be compared at all: not with one where nothing changed since both were known
// to be equal. Of two that have not compared yet the lower id begins; whoever differs answers.

import { compareText, type PeerId } from '../base/ids.ts'

export class Comparisons {
  readonly #me: PeerId
  /** The last digest of ours that a neighbour was told and did not contradict, and of its own that it told us. */
  readonly #said = new Map<PeerId, number>()
  readonly #heard = new Map<PeerId, number>()
  /** The digest for which the first word was left to that neighbour. */
  readonly #leftToIt = new Map<PeerId, number>()

  constructor(me: PeerId) {
    this.#me = me
  }

  said(peer: PeerId, digest: number): void {
    this.#said.set(peer, digest)
  }

  /** True: it said the same before. */
  heard(peer: PeerId, digest: number): boolean {
    const isAgain = this.#heard.get(peer) === digest
    this.#heard.set(peer, digest)
    return isAgain
  }

  /** It answered that it differs. */
  contradicted(peer: PeerId): void {
    this.#said.delete(peer)
  }

  forget(peer: PeerId): void {
    for (const known of [this.#said, this.#heard, this.#leftToIt]) known.delete(peer)
  }

  /** It told us that it holds exactly this. */
  holds(peer: PeerId, digest: number): boolean {
    return this.#heard.get(peer) === digest
  }

  /** Nothing has to be said to it now, `digest` being ours. The higher id begins one comparison later. */
  skips(peer: PeerId, digest: number): boolean {
    if (this.#said.get(peer) === digest || this.holds(peer, digest)) return true
    const leaves = compareText(this.#me, peer) > 0 && this.#leftToIt.get(peer) !== digest
    if (leaves) this.#leftToIt.set(peer, digest)
    return leaves
  }
}
