// Gets links: whom to seek is the topology's affair; here its decisions become dials and knocks, and the signals of
// a negotiation find their way, through the mesh where there is a path, else through the signaling servers.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { formatNegotiation, parseNegotiation } from '../wire/negotiation.ts'
import type { Context } from './context.ts'
import type { Delivery } from './delivery.ts'
import type { LinkState } from './links.ts'
import { Topology } from './topology.ts'

/** Signals of one dial of ours that went through the mesh alone. */
interface Entrusted {
  readonly peer: PeerId
  readonly sinceMs: number
  readonly signals: readonly string[]
}

export class Introductions {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #topology: Topology
  /** By the dial's name; until its far end has said something, or it is over. */
  readonly #entrusted = new Map<string, Entrusted>()
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
  named(peer: PeerId, before: boolean): void {
    if (!this.#context.links.to(peer)) this.#topology.seek(peer, this.#context.nowMs, { named: before })
  }

  /** We are a newcomer again. */
  restart(): void {
    this.#topology.restart()
  }

  /** The view took that peer in; most likely it hears of us too, and the one of us that dials will. */
  learned(peer: PeerId): void {
    if (this.#context.links.to(peer)) return
    this.#topology.seek(peer, this.#context.nowMs, { knockAfterMs: limits.knockDelayMs })
  }

  /** It was declared gone without a goodbye: it is looked for, in case a partition took it. */
  lost(peer: PeerId): void {
    this.#topology.seek(peer, this.#context.nowMs, { pause: true })
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
    this.#topology.answered(from)
    // The mesh may have led it nowhere; it would lead the answer there, too.
    if (via === 'server') this.#topology.needServer(from)
    const { connection, data: signal } = parsed.value
    this.#context.emit({ type: 'connectorSignal', peer: from, connection, data: signal })
  }

  /** The connector has a signal for the far end. */
  signal(peer: PeerId, connection: string, data: string): void {
    if (this.#context.suspended) return
    const text = formatNegotiation({ type: 'signal', connection, data })
    const isEntrusted = this.#send(peer, text)
    if (!isEntrusted || !this.#topology.isUnanswered(peer, connection)) return
    const { signals, sinceMs } = this.#entrusted.get(connection) ?? {
      signals: [],
      sinceMs: this.#context.nowMs,
    }
    this.#entrusted.set(connection, { peer, sinceMs, signals: [...signals, text] })
  }

  /** Who carries them may be dead, and nobody knows it yet: what was not answered in time goes to the servers too. */
  #resend(): void {
    for (const [connection, { peer, sinceMs, signals }] of this.#entrusted) {
      const isUnanswered = this.#topology.isUnanswered(peer, connection)
      if (isUnanswered && this.#context.nowMs < sinceMs + limits.answerSignalMs) continue
      this.#entrusted.delete(connection)
      if (!isUnanswered) continue
      this.#context.count('signalsResent')
      this.#topology.needServer(peer)
      for (const data of signals) this.#context.emit({ type: 'signalOut', to: peer, data })
    }
  }

  failed(peer: PeerId, connection: string): void {
    this.#context.count('failedDials')
    this.#topology.failed(peer, connection, this.#context.nowMs)
  }

  tick(): void {
    const { links, membership, nowMs } = this.#context
    if (nowMs >= this.#askAgainAtMs()) this.ask()
    this.#resend()
    const actions = this.#topology.tick({
      inView: (peer) => membership.get(peer) !== undefined,
      isLinked: (peer) => links.anyTo(peer) !== undefined,
      linkedPeers: new Set(links.every().map((link) => link.remote)).size,
      isClose: (peer) => this.#isClose(peer),
      nowMs,
    })
    for (const action of actions) {
      if (action.type === 'knock') this.#send(action.peer, formatNegotiation({ type: 'knock' }))
      else this.#context.emit(action)
    }
  }

  deadlineMs(): number {
    const resendsAtMs = [...this.#entrusted.values()].map(({ sinceMs }) => sinceMs + limits.answerSignalMs)
    return Math.min(this.#topology.deadlineMs(), this.#askAgainAtMs(), ...resendsAtMs)
  }

  /** True: neighbours carry it, and nobody else. */
  #send(peer: PeerId, data: string): boolean {
    // Three bytes of UTF-8 at most for each unit of UTF-16.
    if (data.length * 3 > limits.maxSignalBytes && utf8Bytes(data) > limits.maxSignalBytes) {
      this.#context.count('oversizedSignals')
      return false
    }
    const inMesh =
      this.#context.membership.get(peer) !== undefined && this.#context.links.neighbours().length > 0
    if (inMesh) this.#delivery.unicast(peer, { type: 'signal', data })
    // The neighbours' word that they have a link to it may be old: once that failed, both ways are tried.
    if (inMesh && this.#isReachable(peer) && !this.#topology.needsServer(peer)) return true
    this.#context.emit({ type: 'signalOut', to: peer, data })
    return false
  }

  #isReachable(peer: PeerId): boolean {
    const { membership, links } = this.#context
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

function utf8Bytes(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}
