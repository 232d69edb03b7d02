// The overlay as its caller sees it: inputs with the time in, effects and one next deadline out. Composes the parts
// and hands each message to the part it concerns. States, inputs and invariants: README.md beside this file.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { LinkKind } from '../base/ports.ts'
import { protocolVersion, type LinkMessageOf, type Payload, type PeerRecord } from '../wire/messages.ts'
import { Context, type OverlayOptions } from './context.ts'
import { Delivery } from './delivery.ts'
import type { OverlayEffect } from './effects.ts'
import { Heartbeats } from './heartbeats.ts'
import { Introductions } from './introductions.ts'
import { Joining } from './joining.ts'
import type { Links, LinkState, Received } from './links.ts'
import { Neighbours } from './neighbours.ts'
import { Rosters } from './rosters.ts'
import { Rumours } from './rumours.ts'
import { SelfRecord } from './self-record.ts'
import { Shares } from './shares.ts'
import { View } from './view.ts'

/** What the driver calls the tabs of one browser among its introducers. */
const tabsIntroducer = 'tabs'

export class Overlay {
  readonly #context: Context
  readonly #delivery: Delivery
  readonly #self: SelfRecord
  readonly #rumours: Rumours
  readonly #shares: Shares
  readonly #rosters: Rosters
  readonly #introductions: Introductions
  readonly #neighbours: Neighbours
  readonly #joining: Joining
  readonly #view: View
  readonly #heartbeats: Heartbeats

  constructor(options: OverlayOptions) {
    const context = new Context(options)
    const delivery = new Delivery(context)
    const self = new SelfRecord(context, delivery)
    const introductions = new Introductions(context, delivery)
    const neighbours = new Neighbours(context, delivery, self, introductions)
    const joining = new Joining(options.timing, options.nowMs)
    const rumours = new Rumours(context, delivery)
    const view = new View(context, { delivery, self, introductions, neighbours, joining, rumours })
    this.#context = context
    this.#delivery = delivery
    this.#self = self
    this.#rumours = rumours
    this.#shares = new Shares(context, delivery)
    this.#rosters = new Rosters(context, delivery)
    this.#introductions = introductions
    this.#neighbours = neighbours
    this.#joining = joining
    this.#view = view
    this.#heartbeats = new Heartbeats(context, delivery, neighbours, view)
  }

  // ------------------------------------------------------------------------------------------- views

  get self(): PeerRecord {
    return this.#context.self
  }

  get links(): Links {
    return this.#context.links
  }

  /** Everybody alive but us. */
  others(): PeerRecord[] {
    return this.#context.membership.records()
  }

  /** Our place is known: discovery is over. */
  get settled(): boolean {
    return this.self.seniority !== undefined
  }

  counters(): Record<string, number> {
    return this.#context.counters()
  }

  /** Says what time it is; before every input. */
  at(nowMs: number): void {
    this.#context.nowMs = nowMs
  }

  takeEffects(): OverlayEffect[] {
    return this.#context.takeEffects()
  }

  /** @param maxBytes `limits.smallFrameBytes` unless told otherwise */
  nextFrame(link: number, maxBytes?: number): Uint8Array | undefined {
    return this.links.get(link)?.nextFrame(maxBytes)
  }

  // ------------------------------------------------------------------------------------------- links

  linkUp(id: number, remote: PeerId, kind: LinkKind): void {
    this.#neighbours.open(id, remote, kind, this.#joining.lone)
  }

  linkDown(id: number): void {
    const link = this.#neighbours.dropped(id)
    if (!link || link.renounced || this.links.anyTo(link.remote)) return
    this.#view.suspect(link.remote, 'link-down')
  }

  /** True: it was a piece of a message that is not whole yet, and nothing follows from it. */
  frame(id: number, frame: Uint8Array): boolean {
    const link = this.links.get(id)
    if (!link || this.#context.suspended) return true
    const received = link.receive(frame)
    if (!received.ok) {
      this.#neighbours.blame(link, received.error)
      return false
    }
    link.heard(this.#context.nowMs)
    if (received.value) this.#onMessage(link, received.value)
    return received.value === undefined
  }

  /** Counts a malformed frame against a link; the third closes it. */
  blame(id: number, reason: string): void {
    const link = this.links.get(id)
    if (link) this.#neighbours.blame(link, reason)
  }

  // ------------------------------------------------------------------------------------ introductions

  expectIntroducer(name: string): void {
    this.#joining.expect(name)
  }

  dismissIntroducer(name: string): void {
    this.#joining.dismiss(name)
    this.#view.settle()
  }

  /** An introducer said who is there. */
  present(introducer: string, peers: readonly PeerId[]): void {
    if (this.#context.suspended) return
    const others = peers.filter((peer) => peer !== this.self.id).slice(0, limits.maxPeers)
    this.#joining.answered(introducer, others)
    for (const peer of others) this.#introductions.named(peer, introducer, introducer !== tabsIntroducer)
    this.#view.settle()
  }

  /** A signaling server says that this peer is not there. In the view it may still be, without that server. */
  absent(peer: PeerId): void {
    if (!this.#context.membership.get(peer)) this.#introductions.forget(peer)
    this.#unreachable(peer)
  }

  /** Somebody saw that peer's lock fall free or its socket close. `elsewhere`: it can be met through another one. */
  witness(peer: PeerId, evidence: 'lock' | 'socket', elsewhere = false): void {
    if (!elsewhere) this.#unreachable(peer)
    this.#view.suspect(peer, evidence)
  }

  /** A negotiation that reached us through a signaling server. */
  negotiation(from: PeerId, data: string): void {
    this.#introductions.take(from, data, 'server')
  }

  /** The connector has a signal for the far end. */
  connectorSignal(peer: PeerId, connection: string, data: string): void {
    this.#introductions.signal(peer, connection, data)
  }

  connectorFailed(peer: PeerId, connection: string): void {
    this.#introductions.failed(peer, connection)
    if (this.#context.membership.get(peer)) return
    this.#joining.unreachable(peer)
    this.#view.settle()
  }

  // ---------------------------------------------------------------------------------- sending

  /** To everybody in the mesh; what is lost on the way is repaired while it is recent. */
  broadcast(payload: Payload): void {
    this.#delivery.broadcast(payload)
  }

  /**
   * To one peer, over as many hops as it takes; at most once, and not at all where there is no way. False: nothing went out, the
   * lane is full or there is no way.
   */
  unicast(to: PeerId, payload: Payload): boolean {
    return this.#delivery.unicast(to, payload)
  }

  /**
   * To each of these peers, and to nobody else: over the link to it, else by way of neighbours. Nothing is repaired.
   * Returns those to whom nothing went out: the lane is full, or there is no way.
   */
  multicast(peers: readonly PeerId[], payload: Payload): PeerId[] {
    return this.#delivery.multicast(peers, payload)
  }

  /**
   * For a driver that is pulling frames of that link and got the last of what waited: puts one more message on it,
   * without a `writable`. False, and nothing of it will go out, where something waits, or where another link is in
   * use to that peer.
   */
  enqueueDirect(linkId: number, payload: Payload): boolean {
    return this.#delivery.enqueueDirect(linkId, payload)
  }

  /** Makes the driver pull frames of the link in use to that peer, where there is one. */
  wake(peer: PeerId): void {
    this.#delivery.wake(peer)
  }

  // ---------------------------------------------------------------------------------- ourselves

  /** Changes what we say of ourselves and tells everybody. */
  updateSelf(change: Partial<PeerRecord>, atOnce = false): void {
    this.#self.update(change, atOnce ? 'now' : 'soon')
  }

  /** That peer acts on another view than ours: it is told what we hold of it, once in a while, and may answer. */
  confront(peer: PeerId): void {
    this.#view.confront(peer)
  }

  /** Of each role we know the candidates of: its leader and who would follow, in order. Failovers hang on them. */
  setSuccessions(successions: readonly (readonly PeerId[])[]): void {
    // The same ones are the same object: who watches whom follows from it, and is not made anew for nothing.
    const before = this.#context.successions
    const isSame =
      before.length === successions.length &&
      before.every((each, i) => each.join() === successions[i]?.join())
    if (!isSame) this.#context.successions = successions
  }

  /** The page stands still or goes, or the mesh is left: goodbye to everybody, and nothing more until `resumed`. */
  suspend(): void {
    if (this.#context.suspended) return
    const { id, incarnation } = this.self
    // Ahead of the end of each link, which by itself is evidence of a failure.
    this.#delivery.broadcast({ type: 'gone', peer: id, incarnation, reason: 'left' }, true)
    this.#context.suspended = true
    for (const link of this.links.every()) this.#neighbours.close(link, 'left')
    this.#view.clear()
    // A dial that died meanwhile would keep the next one waiting.
    this.#introductions.clear()
    // A page does a little more before it stands still: nothing as somebody who has a place.
    this.#self.update({ seniority: undefined })
  }

  /** It goes on: we are a newcomer. */
  resumed(): void {
    if (!this.#context.suspended) return
    this.#context.suspended = false
    this.#joining.restart(this.#context.nowMs)
    this.updateSelf({ neighbours: [] })
  }

  /** Our own clock stood still: what we believe is old. Step down, and ask everybody anew. */
  stalled(): void {
    if (this.#context.suspended) return
    this.#context.count('stalls')
    this.#joining.restart(this.#context.nowMs)
    const tabs = this.links.neighbours().filter((link) => link.kind === 'tabs')
    this.#joining.answered(
      tabsIntroducer,
      tabs.map((link) => link.remote),
    )
    this.updateSelf({ seniority: undefined }, true)
    this.#view.doubtEverybody()
    this.#introductions.ask()
  }

  // ---------------------------------------------------------------------------------- time

  /**
   * We are about to work without listening for so long (at most `limits.maxBusyMs`): tells the neighbours, who do not
   * suspect us before it is over. Their frames must be sent before the work begins.
   */
  announceBusy(ms: number): void {
    this.#heartbeats.announceBusy(ms)
  }

  /** Until when we announced not to listen; the past where we did not. */
  get busyUntilMs(): number {
    return this.#context.busyUntilMs
  }

  /** How late our own clock rang: the latest it was, halved with every second since. */
  lagMs(nowMs: number): number {
    return this.#context.membership.lagMs(nowMs)
  }

  /** Our own clock rang this late: watch more patiently for a while. */
  noteLag(lateMs: number): void {
    this.#context.membership.noteLag(lateMs, this.#context.nowMs)
  }

  tick(): void {
    if (this.#context.suspended) return
    this.#heartbeats.tick()
    this.#view.tick()
    this.#self.tick()
    this.#rumours.tick()
    this.#shares.tick()
    this.#rosters.tick()
    this.#delivery.tick()
    this.#introductions.tick()
  }

  /** When to `tick` at the latest. */
  deadlineMs(): number {
    if (this.#context.suspended) return Number.POSITIVE_INFINITY
    return Math.min(
      this.#heartbeats.deadlineMs(),
      this.#view.deadlineMs(),
      this.#self.deadlineMs(),
      this.#rumours.deadlineMs(),
      this.#introductions.deadlineMs(),
    )
  }

  // ------------------------------------------------------------------------------------ messages in

  #onMessage(link: LinkState, { message, encoded }: Received): void {
    if (message.type === 'hello') return this.#onHello(link, message)
    if (!link.greeted) return this.#neighbours.blame(link, 'spoke before its hello')
    this.#context.membership.heard(link.remote, this.#context.nowMs)
    switch (message.type) {
      case 'ping':
        this.#delivery.send(link, link.pong(message.nonce, this.#context.nowMs))
        return this.#delivery.takeOffers(link, message.offers)
      case 'pong':
        link.answered(message.nonce, this.#context.nowMs)
        this.#view.takeAlive(link.remote, message.nonce, link)
        return this.#delivery.takeOffers(link, message.offers)
      case 'broadcast': {
        // A goodbye counts over its own link, whoever brought it before.
        const { origin, payload } = message
        const isGoodbye = payload.type === 'gone' && payload.peer === origin && origin === link.remote
        if (!this.#delivery.takeBroadcast(link, message, encoded) && !isGoodbye) return
        return this.#onPayload(origin, payload, link, true)
      }
      case 'pull':
        return this.#delivery.takePull(link, message.ids)
      case 'unicast':
        if (!this.#delivery.takeUnicast(link, message)) return
        return this.#onPayload(message.origin, message.payload, link, false)
      case 'direct':
        return this.#onPayload(link.remote, message.payload, link, false)
      case 'busy':
        return this.#heartbeats.takeBusy(link, message.ms)
      case 'beat':
        return
      case 'share':
        link.takes = message.as
        return
    }
  }

  #onHello(link: LinkState, hello: LinkMessageOf<'hello'>): void {
    if (link.greeted) return this.#neighbours.blame(link, 'a second hello')
    const { version, topic, record } = hello
    const fits =
      version === protocolVersion && topic === this.#context.options.topic && record.id === link.remote
    if (fits) this.#view.takeHello(link, hello)
    else
      this.#neighbours.blame(link, 'its hello is of another mesh, version or peer', limits.maxMalformedFrames)
  }

  #onPayload(from: PeerId, payload: Payload, link: LinkState, viaBroadcast: boolean): void {
    switch (payload.type) {
      case 'record':
        return this.#view.learn(payload.record, link.remote, 'broadcast')
      case 'records':
        for (const record of payload.records) this.#view.learn(record, link.remote, 'rumour')
        return
      case 'suspect':
        return this.#view.takeSuspicion(payload)
      case 'gone': {
        const alone = from === link.remote && !viaBroadcast
        if (alone) this.#view.contradict(payload)
        return this.#view.takeGone(from, link.remote, payload, alone)
      }
      case 'viewDigest':
        if (from === link.remote) this.#rosters.takeDigest(link, payload.digest)
        return
      case 'roster':
        if (from === link.remote) this.#rosters.takeRoster(link, payload)
        return
      case 'probe': {
        // Back by the way it came: our own link to the asker may be the dead one.
        const { incarnation } = this.self
        return this.#delivery.unicastBy([link.remote], from, {
          type: 'alive',
          nonce: payload.nonce,
          incarnation,
        })
      }
      case 'alive':
        return this.#view.takeAlive(from, payload.nonce)
      case 'signal':
        return this.#introductions.take(from, payload.data, 'mesh')
      default: {
        const blamable = from === link.remote ? link.id : undefined
        this.#context.emit({ type: 'deliver', from, link: blamable, payload })
      }
    }
  }

  /** Our place no longer waits for meeting it. */
  #unreachable(peer: PeerId): void {
    this.#joining.unreachable(peer)
    this.#view.settle()
  }
}
