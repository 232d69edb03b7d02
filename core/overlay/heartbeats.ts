// Hears whether the others live. Any frame is a sign of life; an idle link is pinged by its lower end, and the
// pong serves both (the higher end pings too where that one is late). A leader's links beat faster: a failover
// hangs on them. What is silent for too long is suspected, later where our own clock runs late or where its end
// announced to be busy.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { LinkState } from './links.ts'
import type { Neighbours } from './neighbours.ts'
import type { View } from './view.ts'

export class Heartbeats {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #neighbours: Neighbours
  readonly #view: View
  /** Peers without a link to us → when they were last asked for a sign of life. */
  readonly #distantProbes = new Map<PeerId, number>()

  constructor(context: Context, delivery: Delivery, neighbours: Neighbours, view: View) {
    this.#context = context
    this.#delivery = delivery
    this.#neighbours = neighbours
    this.#view = view
  }

  tick(): void {
    for (const link of this.#context.links.every()) {
      if (link.greeted) this.#watch(link)
      else if (this.#context.nowMs >= link.sinceMs + limits.dialTimeoutMs)
        this.#neighbours.close(link, 'no hello')
    }
    this.#watchDistant()
  }

  deadlineMs(): number {
    const { links, membership, options, nowMs } = this.#context
    // Never further than a heartbeat away, so that a stall of our own shows.
    let next = nowMs + options.timing.heartbeatIntervalMs
    for (const link of links.every()) {
      if (!link.greeted) continue
      next = Math.min(next, this.#pingDueMs(link))
      if (!membership.isSuspected(link.remote)) next = Math.min(next, this.#silentAtMs(link))
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
    if (nowMs < this.#silentAtMs(link)) return
    if (links.to(link.remote) === link) this.#view.suspect(link.remote, 'silence')
    else this.#neighbours.close(link, 'silent')
  }

  #watchDistant(): void {
    const { links, membership, nowMs } = this.#context
    for (const peer of this.#distantProbes.keys()) if (!membership.get(peer)) this.#distantProbes.delete(peer)
    for (const { id } of membership.records()) {
      if (links.to(id)) continue
      const silentMs = nowMs - membership.heardAtMs(id)!
      if (silentMs >= limits.distantSilenceMs + membership.lagMs(nowMs)) this.#view.suspect(id, 'silence')
      else if (silentMs >= limits.distantSilenceMs / 2) this.#askDistant(id)
    }
  }

  #askDistant(peer: PeerId): void {
    const { nowMs } = this.#context
    const askedAtMs = this.#distantProbes.get(peer) ?? Number.NEGATIVE_INFINITY
    if (nowMs < askedAtMs + limits.distantProbeIntervalMs) return
    this.#distantProbes.set(peer, nowMs)
    this.#delivery.unicast(peer, { type: 'probe', nonce: this.#context.nonce() })
  }

  #intervalMs(link: LinkState): number {
    const { leader, self, options } = this.#context
    const { heartbeatIntervalMs } = options.timing
    const bearsLeader = leader === link.remote || leader === self.id
    return bearsLeader ? heartbeatIntervalMs : Math.max(heartbeatIntervalMs, limits.slowHeartbeatIntervalMs)
  }

  #pingDueMs(link: LinkState): number {
    const intervalMs = this.#intervalMs(link)
    const isLower = compareText(this.#context.self.id, link.remote) < 0
    const idleDueMs = Math.max(link.heardAtMs, link.pingedAtMs) + (isLower ? intervalMs : 1.5 * intervalMs)
    // Offers wait for a ping that is due anyway, or for an interval of their own on a busy link.
    const offersDueMs = Math.max(link.offersDueMs, link.pingedAtMs + intervalMs)
    return Math.min(idleDueMs, offersDueMs)
  }

  #silentAtMs(link: LinkState): number {
    const { options, membership, nowMs } = this.#context
    const { silenceTimeoutMs, heartbeatIntervalMs } = options.timing
    const slackMs = this.#intervalMs(link) - heartbeatIntervalMs
    link.silenceMs = silenceTimeoutMs + slackMs + membership.lagMs(nowMs)
    return link.silentAtMs
  }
}
