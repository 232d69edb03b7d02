// Whom to have a link to, and the attempts to get one. Up to 16 peers: everybody. The lower PeerId dials; the
// higher one knocks, so that the lower learns of it. Attempts that fail are made again with a growing, jittered
// pause; a peer lost without a goodbye is remembered and looked for, so that a partition heals by itself.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Random } from '../base/random.ts'

export type TopologyAction =
  | { readonly type: 'dial'; readonly peer: PeerId; readonly connection: string }
  | { readonly type: 'knock'; readonly peer: PeerId }

interface Attempt {
  /** While we dial: the attempt's name. */
  connection: string | undefined
  failures: number
  nextAtMs: number
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
   * Somebody we should have a link to, for `forMs` or as long as the view holds it. Where the far end knows of us
   * too and is the one that dials, it gets a moment before we knock.
   */
  seek(peer: PeerId, nowMs: number, forMs: number = limits.introducedTimeoutMs, knockAfterMs = 0): void {
    if (peer === this.#me) return
    const attempt = this.#attempts.get(peer)
    if (attempt) attempt.untilMs = Math.max(attempt.untilMs, nowMs + forMs)
    else {
      const nextAtMs = compareText(this.#me, peer) < 0 ? nowMs : nowMs + knockAfterMs
      this.#attempts.set(peer, { connection: undefined, failures: 0, nextAtMs, untilMs: nowMs + forMs })
    }
  }

  isSought(peer: PeerId): boolean {
    return this.#attempts.has(peer)
  }

  /** It asked to be dialled: now, unless an attempt is under way. */
  knocked(peer: PeerId, nowMs: number): void {
    this.seek(peer, nowMs)
    const attempt = this.#attempts.get(peer)
    if (attempt && attempt.connection === undefined) attempt.nextAtMs = nowMs
  }

  linked(peer: PeerId): void {
    this.#attempts.delete(peer)
  }

  forget(peer: PeerId): void {
    this.#attempts.delete(peer)
  }

  /** An attempt of ours, or of the far end to us, came to nothing. */
  failed(peer: PeerId, connection: string, nowMs: number): void {
    const attempt = this.#attempts.get(peer)
    if (!attempt || (attempt.connection !== undefined && attempt.connection !== connection)) return
    attempt.connection = undefined
    this.#pause(attempt, nowMs)
  }

  /** What to do now. `inView` peers are sought for as long as they live. */
  tick(
    inView: (peer: PeerId) => boolean,
    isLinked: (peer: PeerId) => boolean,
    linkCount: number,
    nowMs: number,
  ): TopologyAction[] {
    const actions: TopologyAction[] = []
    for (const [peer, attempt] of this.#attempts) {
      if (isLinked(peer) || (!inView(peer) && nowMs >= attempt.untilMs)) {
        this.#attempts.delete(peer)
        continue
      }
      if (attempt.connection !== undefined || nowMs < attempt.nextAtMs) continue
      if (linkCount + actions.length >= limits.maxLinks) {
        attempt.nextAtMs = nowMs + limits.redialMaxMs
        continue
      }
      if (compareText(this.#me, peer) < 0) {
        attempt.connection = this.#random.hexId()
        actions.push({ type: 'dial', peer, connection: attempt.connection })
      } else {
        this.#pause(attempt, nowMs)
        actions.push({ type: 'knock', peer })
      }
    }
    return actions
  }

  deadlineMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const attempt of this.#attempts.values()) {
      if (attempt.connection === undefined) next = Math.min(next, attempt.nextAtMs)
    }
    return next
  }

  #pause(attempt: Attempt, nowMs: number): void {
    const full = Math.min(limits.redialMaxMs, limits.redialBaseMs * 2 ** attempt.failures)
    attempt.failures++
    attempt.nextAtMs = nowMs + full * (0.5 + this.#random.float() / 2)
  }
}
