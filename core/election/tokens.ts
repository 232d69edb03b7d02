// Fencing tokens: what a leader's act bears, so that whoever guards a resource can tell a deposed leader's late
// act from the present leader's. No quorum means that two sides of a partition may lead at once; the order of
// tokens (epoch, then leader, then number) makes one of them lose at every resource that both can reach.

import { compareText, type PeerId } from '../base/ids.ts'

export interface FencingToken {
  /** `''`: the mesh's leader. */
  readonly role: string
  readonly epoch: number
  readonly leader: PeerId
  /** Counts the acts of one epoch. */
  readonly n: number
}

/** Orders two tokens of one role: below 0 when `a` is the lower. */
export function compareTokens(a: FencingToken, b: FencingToken): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  return compareText(a.leader, b.leader) || a.n - b.n
}

/** Guards one resource: lets tokens of one role pass as long as they do not fall. */
export class Fence {
  readonly role: string
  #highest: FencingToken | undefined

  /** @param highest The highest token that passed before, where the resource remembers it across restarts. */
  constructor(role: string, highest?: FencingToken) {
    this.role = role
    this.#highest = highest
  }

  get highest(): FencingToken | undefined {
    return this.#highest
  }

  /**
   * True when the act may happen: no higher token came before. The same token again passes, because a retried
   * act bears the token of the first try. A token of another role, or with numbers that are none, never passes.
   */
  admit(token: FencingToken): boolean {
    if (token.role !== this.role) return false
    if (!Number.isSafeInteger(token.epoch) || !Number.isSafeInteger(token.n)) return false
    if (this.#highest !== undefined && compareTokens(token, this.#highest) < 0) return false
    this.#highest = token
    return true
  }
}
