// What the parts of the overlay share: the time of the input being worked on, who we are, the links, the view,
// the effects so far and the counters. It decides nothing.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Random } from '../base/random.ts'
import type { Claim, PeerRecord } from '../wire/messages.ts'
import type { OverlayEffect } from './effects.ts'
import { Links } from './links.ts'
import { Membership } from './membership.ts'
import { Reach } from './reach.ts'

export interface OverlayOptions {
  /** Our own record; provisional. */
  readonly self: PeerRecord
  /** Which mesh: a link to a peer of another one is refused. */
  readonly topic: string
  readonly random: Random
  readonly nowMs: number
  readonly timing: {
    readonly heartbeatIntervalMs: number
    readonly silenceTimeoutMs: number
    readonly discoveryTimeoutMs: number
  }
  /** What a hello carries for the machines above. */
  readonly helloClaims: () => readonly Claim[]
  readonly helloDigest: () => number
  /** A document is open here. */
  readonly hasDocuments: () => boolean
}

export class Context {
  readonly options: OverlayOptions
  readonly links = new Links()
  readonly membership: Membership
  readonly reach: Reach
  nowMs: number
  self: PeerRecord
  /** Who leads what, and who would follow; see `Overlay.setSuccessions`. */
  successions: readonly (readonly PeerId[])[] = []
  /** The page stands still, or the mesh was left: nothing goes out and nothing is believed. */
  suspended = false
  /** Until when we announced not to listen. */
  busyUntilMs = Number.NEGATIVE_INFINITY
  #effects: OverlayEffect[] = []
  readonly #counters = new Map<string, number>()

  constructor(options: OverlayOptions) {
    this.options = options
    this.nowMs = options.nowMs
    this.self = options.self
    this.membership = new Membership(() => this.nonce())
    this.reach = new Reach(this)
  }

  emit(...effects: readonly OverlayEffect[]): void {
    this.#effects.push(...effects)
  }

  takeEffects(): OverlayEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  count(what: string, times = 1): void {
    if (times > 0) this.#counters.set(what, (this.#counters.get(what) ?? 0) + times)
  }

  counters(): Record<string, number> {
    return { ...Object.fromEntries(this.#counters), falseSuspicions: this.membership.falseSuspicions }
  }

  /** 48 random bits: nobody guesses the nonce of a probe that did not reach him. */
  nonce(): number {
    return this.options.random.integer(2 ** 32) * 2 ** 16 + this.options.random.integer(2 ** 16)
  }

  /** More are alive than a peer keeps links: most of them are reached by way of others. */
  get isPartial(): boolean {
    return this.membership.size > limits.maxLinks
  }

  /** Everybody we have a greeted link to. */
  neighbours(): PeerId[] {
    return this.links.neighbours().map((link) => link.remote)
  }
}
