// Gives signs of life and hears whether the others live. Any frame is one; where nothing else was said, whoever is
// watched sends a beat in time, and whoever watches and hears nothing asks. Who watches whom, and how closely, is
// told by watches.ts; all other links are pinged once in a while. What is silent for too long is suspected, later
// where our own clock runs late or where its end announced to be busy.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import { Distant } from './distant.ts'
import type { LinkState } from './links.ts'
import type { Neighbours } from './neighbours.ts'
import type { View } from './view.ts'
import { watchesOf, type Watch } from './watches.ts'

export class Heartbeats {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #neighbours: Neighbours
  readonly #view: View
  readonly #distant: Distant
  #watches: ReadonlyMap<PeerId, Watch> = new Map()
  /** What they were made from. */
  #watchesOf:
    | {
        readonly revision: number
        readonly successions: readonly (readonly PeerId[])[]
        readonly heartbeatIntervalMs: number
        readonly atMs: number
      }
    | undefined
  /** Peers that we watch more closely than before: since when, and how long they get to answer. */
  readonly #newlyWatched = new Map<PeerId, { readonly sinceMs: number; readonly patienceMs: number }>()

  constructor(context: Context, delivery: Delivery, neighbours: Neighbours, view: View) {
    this.#context = context
    this.#delivery = delivery
    this.#neighbours = neighbours
    this.#view = view
    this.#distant = new Distant(context, delivery, view)
  }

  tick(): void {
    for (const link of this.#context.links.every()) {
      if (link.greeted) this.#watch(link)
      else if (this.#context.nowMs >= link.sinceMs + limits.dialTimeoutMs)
        this.#neighbours.close(link, 'no hello')
    }
    this.#distant.tick()
  }

  deadlineMs(): number {
    const { links, membership, options, nowMs } = this.#context
    // Never further than a heartbeat away, so that a stall of our own shows.
    let next = nowMs + options.timing.heartbeatIntervalMs
    for (const link of links.every()) {
      if (!link.greeted) continue
      this.#timeSilence(link)
      next = Math.min(next, this.#beatDueMs(link), this.#pingDueMs(link))
      if (!membership.isSuspected(link.remote)) next = Math.min(next, link.silentAtMs)
    }
    return next
  }

  /**
   * We are about to work without listening: tells everybody linked to us not to take that for silence. At most
   * `limits.maxBusyMs`; not said again while what was said still covers it.
   */
  announceBusy(ms: number): void {
    const { links, nowMs, busyUntilMs, suspended } = this.#context
    const boundedMs = Math.min(Math.ceil(ms), limits.maxBusyMs)
    const untilMs = nowMs + boundedMs
    if (suspended || boundedMs <= 0 || untilMs <= busyUntilMs) return
    this.#context.busyUntilMs = untilMs
    this.#context.count('busyAnnounced')
    // Those not greeted yet have our hello before this, and may have greeted us.
    for (const link of links.every()) {
      link.untimedUntilMs = Math.max(link.untimedUntilMs, untilMs)
      this.#delivery.send(link, { type: 'busy', ms: boundedMs })
    }
  }

  /** The far end will not listen for so long. */
  takeBusy(link: LinkState, ms: number): void {
    const { membership, nowMs } = this.#context
    const untilMs = nowMs + ms
    this.#context.count('busyNotices')
    link.busyUntilMs = Math.max(link.busyUntilMs, untilMs)
    link.untimedUntilMs = Math.max(link.untimedUntilMs, untilMs)
    membership.busy(link.remote, untilMs)
  }

  #watch(link: LinkState): void {
    const { nowMs, links } = this.#context
    if (nowMs >= this.#pingDueMs(link)) this.#delivery.send(link, link.ping(this.#context.nonce(), nowMs))
    else if (nowMs >= this.#beatDueMs(link)) this.#beat(link)
    this.#timeSilence(link)
    if (nowMs < link.silentAtMs) return
    if (links.to(link.remote) === link) this.#view.suspect(link.remote, 'silence')
    else this.#neighbours.close(link, 'silent')
  }

  #beat(link: LinkState): void {
    // Also where a full lane refuses it: the next is due a beat later.
    link.sent(this.#context.nowMs, false)
    this.#delivery.send(link, { type: 'beat' })
  }

  // ------------------------------------------------------------------------------------ when what is due

  /** When the far end, which watches us, has to hear from us. */
  #beatDueMs(link: LinkState): number {
    return link.sentAtMs + (this.#watchesNow().get(link.remote)?.beatMs ?? Number.POSITIVE_INFINITY)
  }

  /** When we ask: what should have come is late, or there is something to offer. */
  #pingDueMs(link: LinkState): number {
    const { heartbeatIntervalMs } = this.#context.options.timing
    const isLower = compareText(this.#context.self.id, link.remote) < 0
    // Half a beat late is late: the rest of the time until it counts as silent is for the answer.
    const sinceMs = this.#newlyWatched.get(link.remote)?.sinceMs ?? Number.NEGATIVE_INFINITY
    const lateMs = Math.max(this.#dueMs(link) + heartbeatIntervalMs / 2, sinceMs)
    const firstMs = this.#timingDueMs(link)
    const againMs = link.pingedAtMs + heartbeatIntervalMs
    // The answer to the lower end's ping bears the higher one's offers.
    const offersAfterMs = isLower ? 0 : limits.offerIntervalMs / 2
    const offersMs = Math.max(link.offersDueMs, link.pingedAtMs + limits.offerIntervalMs) + offersAfterMs
    return Math.min(Math.max(Math.min(lateMs, this.#answerDueMs(link)), againMs), firstMs, offersMs)
  }

  /** When it is pinged only to know its round trip: early where a failover hangs on it, and when others were made too. */
  #timingDueMs(link: LinkState): number {
    const isUntimed = link.pingedAtMs === Number.NEGATIVE_INFINITY
    const watch = this.#watchesNow().get(link.remote)
    const isClose = watch !== undefined && watch.expectMs <= limits.secondHeartbeatIntervalMs
    if (isClose && isUntimed) return link.sinceMs + limits.closePingDelayMs
    return isUntimed || (isClose && link.pingedAtMs < link.calmAtMs)
      ? link.calmAtMs
      : Number.POSITIVE_INFINITY
  }

  /** Whoever expects more than before asks at once, and gives the other the time to answer. */
  #timeSilence(link: LinkState): void {
    const { options, membership, nowMs } = this.#context
    const { silenceTimeoutMs, heartbeatIntervalMs } = options.timing
    const graceMs = silenceTimeoutMs - heartbeatIntervalMs
    const newly = this.#newlyWatched.get(link.remote)
    const answeredMs = newly ? newly.sinceMs + newly.patienceMs : Number.NEGATIVE_INFINITY
    const silentAtMs = Math.min(
      Math.max(this.#dueMs(link) + graceMs, answeredMs),
      this.#answerDueMs(link) + graceMs,
    )
    link.silentAtMs = Math.max(silentAtMs + membership.lagMs(nowMs), membership.catchesUpAtMs)
  }

  /** When the next sign of life should be here. What was announced as busy counts as heard to its end. */
  #dueMs(link: LinkState): number {
    return Math.max(link.heardAtMs, link.busyUntilMs) + this.#expectMs(link)
  }

  /** Who was spoken to need not answer, but after a while it is asked whether the link still carries anything. */
  #answerDueMs(link: LinkState): number {
    return Math.max(link.unansweredSinceMs, link.busyUntilMs) + limits.answerPatienceMs
  }

  #expectMs(link: LinkState): number {
    // Of two links to one peer it uses one, and we cannot know which.
    if (this.#context.links.to(link.remote) !== link) return limits.slowHeartbeatIntervalMs
    const isLower = compareText(this.#context.self.id, link.remote) < 0
    const idleMs = isLower ? link.idlePingIntervalMs : 3 * limits.idlePingIntervalMs
    return Math.min(idleMs, this.#watchesNow().get(link.remote)?.expectMs ?? idleMs)
  }

  #watchesNow(): ReadonlyMap<PeerId, Watch> {
    const { self, membership, options, successions, nowMs } = this.#context
    const { heartbeatIntervalMs } = options.timing
    // Also from who has links to whom, which is looked at once a second.
    const atMs = Math.floor(nowMs / 1000)
    const { revision } = membership
    const made = this.#watchesOf
    if (
      made?.revision === revision &&
      made.successions === successions &&
      made.heartbeatIntervalMs === heartbeatIntervalMs &&
      made.atMs === atMs
    )
      return this.#watches
    const before = this.#watches
    this.#watchesOf = { revision, successions, heartbeatIntervalMs, atMs }
    this.#watches = watchesOf({
      me: self.id,
      ringsOf: this.#ringsOf(),
      successions,
      isSuspected: (peer) => membership.isSuspected(peer),
      heartbeatIntervalMs,
    })
    for (const peer of this.#newlyWatched.keys())
      if (!this.#watches.has(peer)) this.#newlyWatched.delete(peer)
    const soonMs = options.timing.silenceTimeoutMs - heartbeatIntervalMs
    for (const [peer, { expectMs, urgent }] of this.#watches) {
      if (expectMs >= (before.get(peer)?.expectMs ?? Number.POSITIVE_INFINITY)) continue
      this.#newlyWatched.set(peer, {
        sinceMs: nowMs,
        patienceMs: urgent ? soonMs : limits.newWatchPatienceMs,
      })
    }
    return this.#watches
  }

  /** Of each neighbour: who of the living has a link to it, as it says; and us, who have one. */
  #ringsOf(): Map<PeerId, readonly PeerId[]> {
    const { self, membership } = this.#context
    const ringOf = (peer: PeerId): PeerId[] =>
      (membership.get(peer)?.neighbours ?? []).filter((id) => membership.get(id) !== undefined)
    return new Map(this.#context.neighbours().map((peer) => [peer, [...ringOf(peer), self.id]]))
  }
}
