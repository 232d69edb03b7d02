// Whom to have a link to, and the attempts to get one. Up to 16 peers: everybody, a few at once. The lower PeerId
// dials; the higher one knocks, so that the lower learns of it. Attempts that fail are made again with a growing, jittered
// pause; a peer lost without a goodbye is remembered and looked for, so that a partition heals by itself.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Random } from '../base/random.ts'

export type TopologyAction =
  | { readonly type: 'dial' | 'abandon'; readonly peer: PeerId; readonly connection: string }
  | { readonly type: 'knock'; readonly peer: PeerId }

export interface TopologyView {
  readonly inView: (peer: PeerId) => boolean
  /** A link to it is up; whether its hello came or not. */
  readonly isLinked: (peer: PeerId) => boolean
  readonly linkedPeers: number
  readonly nowMs: number
}

interface Attempt {
  /** While we dial: the attempt's name, when it began, and when it is given up. */
  connection: string | undefined
  dialledAtMs: number
  giveUpAtMs: number
  failures: number
  nextAtMs: number
  /** It was time to dial, but others are under way. */
  postponed: boolean
  /** Not in the view: looked for until then. */
  untilMs: number
}

export class Topology {
  readonly #me: PeerId
  readonly #random: Random
  readonly #attempts = new Map<PeerId, Attempt>()

  constructor(me: PeerId, random: Random) {
    this.#me = me
    this.#random = random
  }

  /**
   * Somebody we should have a link to, for `forMs` or as long as the view holds it. `knockAfterMs`: where the far
   * end knows of us too and is the one that dials, it gets a moment before we knock. `pause`: not at once.
   */
  seek(
    peer: PeerId,
    nowMs: number,
    options: { readonly forMs?: number; readonly knockAfterMs?: number; readonly pause?: boolean } = {},
  ): void {
    if (peer === this.#me) return
    const { forMs = limits.rememberLostMs, knockAfterMs = 0, pause = false } = options
    const known = this.#attempts.get(peer)
    if (known) {
      known.untilMs = Math.max(known.untilMs, nowMs + forMs)
      return
    }
    if (this.#attempts.size >= limits.maxSought) return
    const waitMs = (this.#dials(peer) ? 0 : knockAfterMs) + (pause ? this.#jittered(limits.redialBaseMs) : 0)
    this.#attempts.set(peer, {
      connection: undefined,
      dialledAtMs: Number.NEGATIVE_INFINITY,
      postponed: false,
      giveUpAtMs: Number.POSITIVE_INFINITY,
      failures: 0,
      nextAtMs: nowMs + waitMs,
      untilMs: nowMs + forMs,
    })
  }

  /** It asked to be dialled: now, unless an attempt is under way. */
  knocked(peer: PeerId, nowMs: number): void {
    this.seek(peer, nowMs)
    const attempt = this.#attempts.get(peer)
    if (attempt && attempt.connection === undefined) attempt.nextAtMs = nowMs
  }

  /** No longer sought. Returns the dial under way, to be abandoned. */
  forget(peer: PeerId): string | undefined {
    const connection = this.#attempts.get(peer)?.connection
    this.#attempts.delete(peer)
    if (connection !== undefined) this.#resume()
    return connection
  }

  /** An attempt of ours, or of the far end to us, came to nothing. */
  failed(peer: PeerId, connection: string, nowMs: number): void {
    const attempt = this.#attempts.get(peer)
    if (!attempt || (attempt.connection !== undefined && attempt.connection !== connection)) return
    this.#pause(attempt, nowMs)
  }

  /** A link came up and went down again before it was worth anything. */
  dropped(peer: PeerId, nowMs: number): void {
    const attempt = this.#attempts.get(peer)
    if (attempt) this.#pause(attempt, nowMs)
  }

  failures(peer: PeerId): number {
    return this.#attempts.get(peer)?.failures ?? 0
  }

  /** What to do now. Peers in the view are sought for as long as they live. */
  tick(view: TopologyView): TopologyAction[] {
    const actions: TopologyAction[] = []
    let linked = view.linkedPeers
    // In no order: were it the one in which we were told of them, all would dial the same peers first.
    const due = [...this.#attempts].filter(([, attempt]) => view.nowMs >= dueAtMs(attempt))
    for (const [peer, attempt] of this.#random.sample(due, due.length)) {
      const action = this.#next(peer, attempt, view, linked)
      if (action) actions.push(action)
      if (action?.type === 'dial') linked++
    }
    return actions
  }

  deadlineMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const attempt of this.#attempts.values()) next = Math.min(next, dueAtMs(attempt))
    return next
  }

  /** What to do about an attempt whose time has come. */
  #next(peer: PeerId, attempt: Attempt, view: TopologyView, linked: number): TopologyAction | undefined {
    const { connection } = attempt
    const { nowMs } = view
    if (connection !== undefined) {
      this.#pause(attempt, nowMs)
      return { type: 'abandon', peer, connection }
    }
    if (!view.inView(peer) && nowMs >= attempt.untilMs) {
      this.#attempts.delete(peer)
      return undefined
    }
    // The link waits for its hello: that ends the attempt, or its going down renews it.
    if (view.isLinked(peer) || linked >= limits.maxLinks) {
      attempt.nextAtMs = nowMs + limits.knockDelayMs
      return undefined
    }
    if (!this.#dials(peer)) {
      this.#pause(attempt, nowMs)
      return { type: 'knock', peer }
    }
    const slotFreeAtMs = this.#slotFreeAtMs(nowMs)
    attempt.postponed = slotFreeAtMs > nowMs
    if (attempt.postponed) {
      attempt.nextAtMs = slotFreeAtMs
      return undefined
    }
    attempt.connection = this.#random.hexId()
    attempt.dialledAtMs = nowMs
    // The connector gives up by itself; this is for the one that does not.
    attempt.giveUpAtMs = nowMs + limits.dialTimeoutMs + limits.knockDelayMs
    return { type: 'dial', peer, connection: attempt.connection }
  }

  /** When another dial may begin: a few at once, each of which gets a head start. */
  #slotFreeAtMs(nowMs: number): number {
    const endsMs = [...this.#attempts.values()]
      .filter(({ connection }) => connection !== undefined)
      .map(({ dialledAtMs }) => dialledAtMs + limits.dialHeadStartMs)
      .filter((endMs) => endMs > nowMs)
    return endsMs.length < limits.maxDialsAtOnce ? nowMs : Math.min(...endsMs)
  }

  /** A dial is over: those that waited for it are looked at anew. */
  #resume(): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.postponed) attempt.nextAtMs = Number.NEGATIVE_INFINITY
    }
  }

  #dials(peer: PeerId): boolean {
    return compareText(this.#me, peer) < 0
  }

  #pause(attempt: Attempt, nowMs: number): void {
    const full = Math.min(limits.redialMaxMs, limits.redialBaseMs * 2 ** attempt.failures)
    if (attempt.connection !== undefined) this.#resume()
    attempt.connection = undefined
    attempt.postponed = false
    attempt.giveUpAtMs = Number.POSITIVE_INFINITY
    attempt.failures++
    attempt.nextAtMs = nowMs + this.#jittered(full)
  }

  /** So that peers who lost one another at one time do not all come back at one time. */
  #jittered(ms: number): number {
    return ms * (0.5 + this.#random.float() / 2)
  }
}

const dueAtMs = ({ connection, giveUpAtMs, nextAtMs }: Attempt): number =>
  connection === undefined ? nextAtMs : giveUpAtMs
