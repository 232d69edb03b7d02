// Gets links: whom to seek is the topology's affair; here its decisions become dials and knocks, and the signals of
// a negotiation find their way, through the mesh where there is a path, else through the signaling servers.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { formatNegotiation, parseNegotiation } from '../wire/negotiation.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { LinkState } from './links.ts'
import { Negotiations } from './negotiations.ts'
import { Topology } from './topology.ts'

export class Introductions {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #topology: Topology
  readonly #negotiations = new Negotiations()
  #askedAtMs: number

  constructor(context: Context, delivery: Delivery) {
    this.#context = context
    this.#delivery = delivery
    this.#topology = new Topology(context.self.id, context.options.random)
    this.#askedAtMs = context.options.nowMs
  }

  /** Asks the introducers who is there, besides those it knows. */
  ask(): void {
    this.#askedAtMs = this.#context.nowMs
    this.#context.emit({ type: 'refresh' })
  }

  /** Everybody in turn: the more there are, the longer each one's pause. */
  #askAgainAtMs(): number {
    return this.#askedAtMs + limits.askAgainMs * (this.#context.membership.size + 1)
  }

  /** An introducer named that peer; it may know nothing of us. `before`: it was there before we were. */
  named(peer: PeerId, by: string, before: boolean): void {
    if (!this.#context.links.to(peer)) this.#topology.seek(peer, this.#context.nowMs, { named: before, by })
  }

  /** We go, or stand still: nobody is sought any more. */
  clear(): void {
    for (const { peer, connection } of this.#topology.clear()) this.#abandon(peer, connection)
  }

  /** The view took that peer in; most likely it hears of us too, and the one of us that dials will. */
  learned(peer: PeerId): void {
    if (this.#context.links.to(peer)) return
    this.#topology.seek(peer, this.#context.nowMs, { knockAfterMs: limits.knockDelayMs })
  }

  /** It was declared gone without a goodbye: it is looked for, in case a partition took it. */
  lost(peer: PeerId): void {
    this.#topology.seek(peer, this.#context.nowMs, { pause: true, lost: true })
  }

  linked(peer: PeerId): void {
    this.#abandon(peer, this.#topology.linked(peer))
  }

  forget(peer: PeerId): void {
    this.#abandon(peer, this.#topology.forget(peer))
  }

  /** That link is no more. */
  unlinked(link: LinkState): void {
    const { links, membership, nowMs } = this.#context
    if (links.anyTo(link.remote)) return
    if (!link.greeted) this.#topology.dropped(link.remote, nowMs)
    if (!membership.get(link.remote)) return
    const pause = nowMs < link.sinceMs + limits.dialTimeoutMs
    this.#topology.seek(link.remote, nowMs, { knockAfterMs: limits.knockDelayMs, pause, again: true })
  }

  /** A negotiation reached us. */
  take(from: PeerId, data: string, via: 'server' | 'mesh'): void {
    if (this.#context.suspended || from === this.#context.self.id) return
    const parsed = parseNegotiation(data)
    if (!parsed.ok) return this.#context.count('malformedSignals')
    if (parsed.value.type === 'knock') {
      const link = this.#context.links.to(from)
      // It has no link to us: ours is dead, or its knock and our link crossed.
      if (link) link.doubt(this.#context.nowMs)
      else this.#topology.knocked(from, this.#context.nowMs)
      return
    }
    const { connection, data: signal } = parsed.value
    this.#negotiations.open(from, connection, this.#context.nowMs)
    this.#topology.answered(from, connection)
    // The mesh may have lost it; it may lose our answer, too.
    if (via === 'server') this.#serve(from, connection)
    this.#context.emit({ type: 'connectorSignal', peer: from, connection, data: signal })
  }

  /** The connector has a signal for the far end. */
  signal(peer: PeerId, connection: string, data: string): void {
    if (this.#context.suspended) return
    const text = formatNegotiation({ type: 'signal', connection, data })
    if (isTooLong(text)) return this.#context.count('oversizedSignals')
    this.#negotiations.open(peer, connection, this.#context.nowMs)
    const isEntrusted = this.#isReachable(peer) && !this.#negotiations.isDistrusted(peer, connection)
    if (isEntrusted) this.#negotiations.entrust(peer, connection, text)
    else this.#serve(peer, connection)
    this.#send(peer, text, isEntrusted)
  }

  /** From here on the servers get the signals of that negotiation; and those, first, that the mesh alone carried until now. */
  #serve(peer: PeerId, connection: string): void {
    for (const data of this.#negotiations.distrust(peer, connection))
      this.#context.emit({ type: 'signalOut', to: peer, data })
  }

  failed(peer: PeerId, connection: string): void {
    this.#context.count('failedDials')
    this.#topology.failed(peer, connection, this.#context.nowMs)
  }

  tick(): void {
    const { links, membership, nowMs } = this.#context
    if (nowMs >= this.#askAgainAtMs()) this.ask()
    const actions = this.#topology.tick({
      inView: (peer) => membership.get(peer) !== undefined,
      isLinked: (peer) => links.anyTo(peer) !== undefined,
      linkedPeers: new Set(links.every().map((link) => link.remote)).size,
      isClose: (peer) => this.#isClose(peer),
      nowMs,
    })
    for (const action of actions) {
      if (action.type === 'knock') this.#send(action.peer, formatNegotiation({ type: 'knock' }), false)
      else this.#context.emit(action)
    }
    const isUnanswered = (peer: PeerId, connection: string): boolean =>
      this.#topology.isUnanswered(peer, connection)
    for (const { peer, connection } of this.#negotiations.overdue(nowMs, isUnanswered)) {
      this.#context.count('signalsResent')
      this.#serve(peer, connection)
    }
  }

  deadlineMs(): number {
    return Math.min(this.#topology.deadlineMs(), this.#askAgainAtMs(), this.#negotiations.deadlineMs)
  }

  /** Through the mesh where the view holds that peer; `meshAlone`: and in no other way. */
  #send(peer: PeerId, data: string, meshAlone: boolean): void {
    const { membership, links } = this.#context
    const inMesh = membership.get(peer) !== undefined && links.neighbours().length > 0
    if (inMesh) this.#delivery.unicast(peer, { type: 'signal', data })
    if (!meshAlone) this.#context.emit({ type: 'signalOut', to: peer, data })
  }

  /** Through the mesh: a neighbour says it has a link to it. That word may be old: not once it failed. */
  #isReachable(peer: PeerId): boolean {
    const { membership, links } = this.#context
    if (membership.get(peer) === undefined || this.#topology.failures(peer) > 0) return false
    return links
      .neighbours()
      .some(
        ({ remote }) =>
          !membership.isSuspected(remote) && membership.get(remote)?.neighbours.includes(peer) === true,
      )
  }

  /** One of us leads, and the other would be one of the next two. */
  #isClose(peer: PeerId): boolean {
    const { self, successions } = this.#context
    const closest = successions.map((succession) => succession.slice(0, 3))
    return closest.some((peers) => peers.includes(self.id) && peers.includes(peer))
  }

  #abandon(peer: PeerId, connection: string | undefined): void {
    if (connection !== undefined) this.#context.emit({ type: 'abandon', peer, connection })
  }
}

/** Three bytes of UTF-8 at most for each unit of UTF-16. */
const isTooLong = (data: string): boolean =>
  data.length * 3 > limits.maxSignalBytes && utf8Bytes(data) > limits.maxSignalBytes

function utf8Bytes(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}
