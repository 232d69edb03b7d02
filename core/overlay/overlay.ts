// Composes the overlay's parts into one machine: links and their heartbeats, the view of who is alive, getting
// and keeping links, broadcast and unicast. States, inputs and invariants: README.md beside this file.

import { compareText, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { LinkKind } from '../base/ports.ts'
import type { Random } from '../base/random.ts'
import {
  protocolVersion,
  type BroadcastId,
  type Claim,
  type LinkMessage,
  type LinkMessageOf,
  type Payload,
  type PeerRecord,
} from '../wire/messages.ts'
import { formatNegotiation, parseNegotiation } from '../wire/negotiation.ts'
import { Broadcasts, broadcastKey } from './broadcast.ts'
import type { OverlayEffect } from './effects.ts'
import { Joining } from './joining.ts'
import { encodeMessage, Links, LinkState, type EncodedMessage } from './links.ts'
import { Membership, type Evidence, type GoneReason, type Verdict } from './membership.ts'
import { Routes } from './routes.ts'
import { Topology } from './topology.ts'

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
}

export class Overlay {
  readonly links = new Links()
  readonly #options: OverlayOptions
  readonly #membership: Membership
  readonly #joining: Joining
  readonly #topology: Topology
  readonly #broadcasts = new Broadcasts()
  readonly #routes = new Routes()
  readonly #counters = new Map<string, number>()
  #self: PeerRecord
  /** When to tell the others of changes of our record. */
  #announceAtMs = Number.POSITIVE_INFINITY
  #leader: PeerId | undefined
  #suspended = false
  /** The time of the input being worked on. */
  #nowMs: number
  #effects: OverlayEffect[] = []

  constructor(options: OverlayOptions) {
    this.#options = options
    this.#self = options.self
    this.#nowMs = options.nowMs
    this.#membership = new Membership(() => this.#nonce())
    this.#joining = new Joining(options.timing.discoveryTimeoutMs, options.nowMs)
    this.#topology = new Topology(options.self.id, options.random)
  }

  // ------------------------------------------------------------------------------------------- views

  get self(): PeerRecord {
    return this.#self
  }

  /** Everybody alive but us. */
  others(): PeerRecord[] {
    return this.#membership.records()
  }

  get settled(): boolean {
    return this.#self.seniority !== undefined
  }

  counters(): Record<string, number> {
    return { ...Object.fromEntries(this.#counters), falseSuspicions: this.#membership.falseSuspicions }
  }

  /** Says what time it is; before every input. */
  at(nowMs: number): void {
    this.#nowMs = nowMs
  }

  takeEffects(): OverlayEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  nextFrame(link: number): Uint8Array | undefined {
    return this.links.get(link)?.nextFrame()
  }

  // ------------------------------------------------------------------------------------------- links

  linkUp(id: number, remote: PeerId, kind: LinkKind): void {
    const link = new LinkState(id, remote, kind, this.#nowMs)
    this.links.add(link)
    if (this.#suspended || remote === this.#self.id) return this.#close(link, 'not wanted')
    this.#enqueue(link, {
      type: 'hello',
      version: protocolVersion,
      topic: this.#options.topic,
      record: this.#self,
      view: this.#membership.records().filter((record) => record.id !== remote),
      claims: this.#options.helloClaims(),
      digest: this.#options.helloDigest(),
    })
  }

  linkDown(id: number): void {
    const link = this.links.remove(id)
    if (!link) return
    this.#lost(link)
    if (!this.links.anyTo(link.remote) && this.#membership.get(link.remote)) {
      this.#suspect(link.remote, 'link-down')
    }
  }

  frame(id: number, frame: Uint8Array): void {
    const link = this.links.get(id)
    if (!link || this.#suspended) return
    const received = link.receive(frame)
    if (!received.ok) return this.blame(id, received.error)
    link.heardAtMs = this.#nowMs
    if (received.value) this.#onMessage(link, received.value)
  }

  /** Counts a malformed frame against a link; the third closes it. */
  blame(id: number, reason: string): void {
    const link = this.links.get(id)
    if (!link) return
    this.#count('malformedFrames')
    link.malformed++
    if (link.malformed < limits.maxMalformedFrames) return
    this.#effects.push({ type: 'misbehaved', peer: link.remote, reason })
    this.#topology.forget(link.remote)
    this.#close(link, reason)
  }

  // ------------------------------------------------------------------------------------ introductions

  expectIntroducer(name: string): void {
    this.#joining.expect(name)
  }

  dismissIntroducer(name: string): void {
    this.#joining.dismiss(name)
    this.#settle()
  }

  /** An introducer said who is there. */
  present(introducer: string, peers: readonly PeerId[]): void {
    if (this.#suspended) return
    const others = peers.filter((peer) => peer !== this.#self.id)
    this.#joining.answered(introducer, others)
    for (const peer of others) if (!this.links.anyTo(peer)) this.#topology.seek(peer, this.#nowMs)
    this.#settle()
  }

  /** A signaling server says that this peer is not there. */
  absent(peer: PeerId): void {
    if (!this.#membership.get(peer)) this.#topology.forget(peer)
    this.#joining.unreachable(peer)
    this.#settle()
  }

  /** Somebody saw that peer's lock fall free or its socket close. */
  witness(peer: PeerId, evidence: 'lock' | 'socket'): void {
    this.#joining.unreachable(peer)
    this.#suspect(peer, evidence)
    this.#settle()
  }

  /** A negotiation that reached us through a signaling server. */
  negotiation(from: PeerId, data: string): void {
    if (this.#suspended || from === this.#self.id) return
    const parsed = parseNegotiation(data)
    if (!parsed.ok) return this.#count('malformedSignals')
    if (parsed.value.type === 'knock') {
      if (!this.links.to(from)) this.#topology.knocked(from, this.#nowMs)
      return
    }
    const { connection, data: signal } = parsed.value
    this.#effects.push({ type: 'connectorSignal', peer: from, connection, data: signal })
  }

  /** The connector has a signal for the far end. */
  connectorSignal(peer: PeerId, connection: string, data: string): void {
    this.#negotiate(peer, formatNegotiation({ type: 'signal', connection, data }))
  }

  connectorFailed(peer: PeerId, connection: string): void {
    this.#count('failedDials')
    this.#topology.failed(peer, connection, this.#nowMs)
    if (!this.#membership.get(peer)) this.#joining.unreachable(peer)
    this.#settle()
  }

  // ---------------------------------------------------------------------------------- sending

  broadcast(payload: Payload): void {
    const id = { origin: this.#self.id, sequence: this.#broadcasts.nextSequence() }
    const message = encodeMessage({ type: 'broadcast', ...id, payload })
    this.#broadcasts.remember(id, message)
    for (const link of this.links.neighbours()) this.#sendBroadcast(link, id, message)
  }

  unicast(to: PeerId, payload: Payload): void {
    const direct = this.links.to(to)
    if (direct) {
      this.#enqueue(direct, { type: 'direct', payload })
      return
    }
    const sequence = this.#routes.nextSequence()
    this.#forward(
      { type: 'unicast', origin: this.#self.id, target: to, sequence, hops: 0, payload },
      undefined,
    )
  }

  // ---------------------------------------------------------------------------------- ourselves

  /** Changes what we say of ourselves and tells everybody. */
  updateSelf(change: Partial<PeerRecord>, atOnce = false): void {
    this.#self = { ...this.#self, ...change, incarnation: this.#self.incarnation + 1 }
    this.#effects.push({ type: 'self', record: this.#self })
    this.#announceAtMs = Math.min(this.#announceAtMs, this.#nowMs + (atOnce ? 0 : limits.recordDelayMs))
    if (atOnce) this.#announce()
  }

  setLeader(leader: PeerId | undefined): void {
    this.#leader = leader
  }

  /** The page stands still or goes, or the mesh is left: goodbye to everybody, and nothing more until `resumed`. */
  suspend(): void {
    if (this.#suspended) return
    const { id, incarnation } = this.#self
    this.broadcast({ type: 'gone', peer: id, incarnation, reason: 'left' })
    this.#suspended = true
    for (const link of this.links.every()) this.#close(link, 'left')
    for (const record of this.others()) this.#depart(record, 'left')
  }

  resumed(): void {
    if (!this.#suspended) return
    this.#suspended = false
    this.#joining.restart(this.#nowMs)
    this.updateSelf({ seniority: undefined, neighbours: [] })
  }

  /** Our own clock stood still: what we believe is old. Step down, and ask everybody anew. */
  stalled(): void {
    this.#count('stalls')
    this.#joining.restart(this.#nowMs)
    this.#joining.answered(
      'tabs',
      this.links.neighbours().flatMap((link) => (link.kind === 'tabs' ? [link.remote] : [])),
    )
    this.updateSelf({ seniority: undefined }, true)
    for (const record of this.others()) {
      const verdict = this.#membership.suspect(record.id, 'word', undefined, this.#nowMs)
      if (verdict) this.#act(verdict)
    }
    this.#effects.push({ type: 'refresh' })
  }

  // ---------------------------------------------------------------------------------- time

  noteLag(lateMs: number): void {
    this.#membership.noteLag(lateMs, this.#nowMs)
  }

  tick(): void {
    if (this.#suspended) return
    for (const link of this.links.every()) this.#watch(link)
    this.#watchDistant()
    for (const verdict of this.#membership.tick(this.#nowMs)) this.#act(verdict)
    this.#settle()
    if (this.#nowMs >= this.#announceAtMs) this.#announce()
    this.#dial()
  }

  /** Never further than a heartbeat away, so that a stall of our own shows. */
  deadlineMs(): number {
    if (this.#suspended) return Number.POSITIVE_INFINITY
    let next = this.#nowMs + this.#options.timing.heartbeatIntervalMs
    for (const link of this.links.neighbours()) {
      next = Math.min(next, this.#pingDueMs(link))
      if (!this.#membership.isSuspected(link.remote))
        next = Math.min(next, link.heardAtMs + this.#silenceMs(link))
    }
    return Math.min(
      next,
      this.#membership.deadlineMs(),
      this.#joining.deadlineMs(),
      this.#topology.deadlineMs(),
      this.#announceAtMs,
    )
  }

  // ------------------------------------------------------------------------------------ messages in

  #onMessage(link: LinkState, message: LinkMessage): void {
    if (message.type === 'hello') return this.#onHello(link, message)
    if (!link.greeted) return this.blame(link.id, 'spoke before its hello')
    this.#membership.heard(link.remote, this.#nowMs)
    switch (message.type) {
      case 'ping':
        this.#enqueue(link, { type: 'pong', nonce: message.nonce, offers: this.#takeOffers(link) })
        return this.#onOffers(link, message.offers)
      case 'pong':
        link.answered(message.nonce, this.#nowMs)
        this.#membership.alive(link.remote, message.nonce)
        return this.#onOffers(link, message.offers)
      case 'broadcast':
        return this.#onBroadcast(link, message)
      case 'pull':
        for (const id of message.ids) {
          const kept = this.#broadcasts.recall(id)
          if (kept) this.#enqueueEncoded(link, kept)
        }
        return
      case 'unicast':
        return this.#onUnicast(link, message)
      case 'direct':
        return this.#deliver(link.remote, message.payload, link, false)
    }
  }

  #onHello(link: LinkState, hello: LinkMessageOf<'hello'>): void {
    if (link.greeted) return this.blame(link.id, 'a second hello')
    if (
      hello.version !== protocolVersion ||
      hello.topic !== this.#options.topic ||
      hello.record.id !== link.remote
    ) {
      link.malformed = limits.maxMalformedFrames
      return this.blame(link.id, 'its hello is of another mesh, version or peer')
    }
    const theyAreAlone = hello.view.every((record) => record.id === this.#self.id)
    if (this.#membership.size === 0 && this.#joining.yieldTo([hello.record, ...hello.view])) {
      this.updateSelf({ seniority: this.#joining.seniority })
    }
    // A lone peer that meets us while we are several is about to yield; until it says so it ranks nowhere.
    const yields = theyAreAlone && this.#membership.records().some((record) => record.id !== link.remote)
    const superfluous = this.links.greet(link)
    this.#learn(yields ? { ...hello.record, seniority: undefined } : hello.record, true)
    for (const record of hello.view) if (record.id !== this.#self.id) this.#learn(record, true)
    this.#membership.heard(link.remote, this.#nowMs)
    this.#topology.linked(link.remote)
    if (superfluous && superfluous !== link) this.#close(superfluous, 'replaced')
    else if (superfluous) return this.#close(link, 'superfluous')
    this.#count('linksMade')
    const claims = yields ? hello.claims.filter((claim) => claim.leader !== link.remote) : hello.claims
    this.#effects.push({ type: 'linked', peer: link.remote, digest: hello.digest, claims }, { type: 'links' })
    this.updateSelf({ neighbours: this.#neighbours() })
    this.#settle()
  }

  #onOffers(link: LinkState, offers: readonly BroadcastId[]): void {
    const ids = this.#broadcasts.missing(offers)
    if (ids.length > 0) this.#enqueue(link, { type: 'pull', ids })
  }

  #onBroadcast(link: LinkState, message: LinkMessageOf<'broadcast'>): void {
    const { origin, sequence, payload } = message
    if (origin === this.#self.id || this.#broadcasts.seen.has(broadcastKey(message))) {
      return this.#count('duplicateBroadcasts')
    }
    this.#routes.learn(origin, link.remote, sequence)
    this.#membership.heard(origin, this.#nowMs)
    const encoded = encodeMessage(message)
    this.#broadcasts.remember({ origin, sequence }, encoded)
    const originsNeighbours = this.#membership.get(origin)?.neighbours ?? []
    const { forward, offer } = Broadcasts.split(this.#neighbours(), origin, link.remote, originsNeighbours)
    for (const peer of forward) this.#sendBroadcast(this.links.to(peer)!, { origin, sequence }, encoded)
    for (const peer of offer) this.#offer(this.links.to(peer)!, { origin, sequence })
    this.#deliver(origin, payload, origin === link.remote ? link : undefined, true)
  }

  #onUnicast(link: LinkState, message: LinkMessageOf<'unicast'>): void {
    if (message.origin === this.#self.id || !this.#routes.firstSight(message.origin, message.sequence)) return
    this.#membership.heard(message.origin, this.#nowMs)
    if (message.target === this.#self.id)
      return this.#deliver(message.origin, message.payload, undefined, false)
    if (message.hops + 1 >= limits.maxHops) return this.#count('unicastsOutOfHops')
    this.#forward({ ...message, hops: message.hops + 1 }, link.remote)
  }

  #deliver(from: PeerId, payload: Payload, link: LinkState | undefined, viaBroadcast: boolean): void {
    switch (payload.type) {
      case 'record':
        if (payload.record.id !== this.#self.id) this.#learn(payload.record, false)
        return
      case 'suspect':
        if (payload.peer === this.#self.id) return this.#refute(payload.incarnation)
        return this.#suspect(payload.peer, 'word')
      case 'gone':
        return this.#onGone(from, payload.peer, payload.incarnation, payload.reason)
      case 'probe':
        return this.unicast(from, {
          type: 'alive',
          nonce: payload.nonce,
          incarnation: this.#self.incarnation,
        })
      case 'alive':
        return this.#membership.alive(from, payload.nonce)
      case 'signal':
        return this.negotiation(from, payload.data)
      default:
        this.#effects.push({ type: 'deliver', from, viaBroadcast, link: link?.id, payload })
    }
  }

  // ----------------------------------------------------------------------------------- the view

  /** `first hand`: it came with a hello; those who have no link to the sender hear of it from us. */
  #learn(record: PeerRecord, withHello: boolean): void {
    const news = this.#membership.learn(record, this.#nowMs)
    if (news === false) return
    this.#effects.push({ type: news, record })
    if (!this.links.anyTo(record.id)) {
      this.#topology.seek(record.id, this.#nowMs, limits.introducedTimeoutMs, limits.slowHeartbeatIntervalMs)
    }
    if (news === 'joined' && withHello && this.links.neighbours().length > 1) {
      this.broadcast({ type: 'record', record })
    }
    this.#settle()
  }

  #onGone(from: PeerId, peer: PeerId, incarnation: number, reason: GoneReason): void {
    if (peer === this.#self.id) return this.#refute(incarnation)
    if (from !== peer || reason !== 'left') return this.#suspect(peer, 'word')
    const record = this.#membership.depose(peer, incarnation)
    if (record) this.#depart(record, 'left')
    this.#settle()
  }

  /** Somebody doubts us: a higher incarnation says that we live. */
  #refute(incarnation: number): void {
    if (incarnation < this.#self.incarnation || this.#suspended) return
    this.#self = { ...this.#self, incarnation }
    this.updateSelf({}, true)
  }

  #suspect(peer: PeerId, evidence: Evidence): void {
    if (this.#suspended) return
    const verdict = this.#membership.suspect(peer, evidence, this.links.to(peer)?.roundTrip, this.#nowMs)
    if (!verdict) return
    this.#count('suspicions')
    this.#act(verdict)
  }

  #act(verdict: Verdict): void {
    const { peer } = verdict
    if (verdict.type === 'gone') {
      const { incarnation } = verdict.record
      this.broadcast({ type: 'gone', peer, incarnation, reason: 'failed' })
      this.#depart(verdict.record, 'failed')
      this.#topology.seek(peer, this.#nowMs, limits.rememberLostMs, limits.slowHeartbeatIntervalMs)
      return
    }
    const { nonce } = verdict
    if (verdict.spread) {
      const { incarnation } = this.#membership.get(peer)!
      this.broadcast({ type: 'suspect', peer, incarnation })
    }
    for (const link of this.links.every()) {
      if (link.remote === peer && link.greeted) this.#ping(link, nonce)
    }
    const helpers = this.#neighbours().filter(
      (id) => id !== peer && this.#membership.get(id)?.neighbours.includes(peer),
    )
    const sequence = this.#routes.nextSequence()
    for (const helper of this.#options.random.sample(helpers, limits.indirectProbes)) {
      this.#enqueue(this.links.to(helper)!, {
        type: 'unicast',
        origin: this.#self.id,
        target: peer,
        sequence,
        hops: 0,
        payload: { type: 'probe', nonce },
      })
    }
    if (!this.links.to(peer) && helpers.length === 0) this.unicast(peer, { type: 'probe', nonce })
  }

  #depart(record: PeerRecord, reason: GoneReason): void {
    const peer = record.id
    this.#membership.depose(peer, record.incarnation)
    this.#routes.forget(peer)
    this.#topology.forget(peer)
    this.#joining.unreachable(peer)
    this.#effects.push({ type: 'left', record, reason })
    for (const link of this.links.every()) if (link.remote === peer) this.#close(link, 'gone')
  }

  #settle(): void {
    if (this.#suspended || this.settled) return
    const others = this.others()
    const certain = others.filter((record) => !this.#membership.isSuspected(record.id))
    if (certain.length < others.length && certain.every((record) => record.seniority === undefined)) return
    const isMet = (peer: PeerId): boolean => this.links.to(peer) !== undefined
    if (this.#joining.settle(this.#self.id, certain, isMet, this.#nowMs)) {
      this.updateSelf({ seniority: this.#joining.seniority }, true)
    }
  }

  #announce(): void {
    this.#announceAtMs = Number.POSITIVE_INFINITY
    this.broadcast({ type: 'record', record: this.#self })
  }

  // ------------------------------------------------------------------------------------ watching

  #watch(link: LinkState): void {
    if (!link.greeted) {
      if (this.#nowMs >= link.heardAtMs + limits.dialTimeoutMs) this.#close(link, 'no hello')
      return
    }
    if (this.#nowMs >= this.#pingDueMs(link)) this.#ping(link, this.#nonce())
    if (this.#nowMs >= link.heardAtMs + this.#silenceMs(link)) this.#suspect(link.remote, 'silence')
  }

  #watchDistant(): void {
    for (const { id } of this.others()) {
      if (this.links.to(id)) continue
      const silentMs = this.#nowMs - this.#membership.heardAtMs(id)!
      if (silentMs >= limits.distantSilenceMs) this.#suspect(id, 'silence')
      else if (silentMs >= limits.distantSilenceMs / 2)
        this.unicast(id, { type: 'probe', nonce: this.#nonce() })
    }
  }

  #intervalMs(link: LinkState): number {
    const { heartbeatIntervalMs } = this.#options.timing
    const bearsLeader = this.#leader === link.remote || this.#leader === this.#self.id
    return bearsLeader ? heartbeatIntervalMs : Math.max(heartbeatIntervalMs, limits.slowHeartbeatIntervalMs)
  }

  /** The lower end pings an idle link; either end where it has broadcasts to offer. */
  #pingDueMs(link: LinkState): number {
    const intervalMs = this.#intervalMs(link)
    const pings = compareText(this.#self.id, link.remote) < 0
    if (link.offers.length > 0)
      return Math.max(link.pingedAtMs + intervalMs, pings ? link.heardAtMs : this.#nowMs)
    return pings ? Math.max(link.heardAtMs, link.pingedAtMs) + intervalMs : Number.POSITIVE_INFINITY
  }

  #silenceMs(link: LinkState): number {
    const { silenceTimeoutMs, heartbeatIntervalMs } = this.#options.timing
    return silenceTimeoutMs + this.#intervalMs(link) - heartbeatIntervalMs
  }

  #ping(link: LinkState, nonce: number): void {
    link.pingedAtMs = this.#nowMs
    link.pings.set(nonce, this.#nowMs)
    if (link.pings.size > 16) link.pings.delete(link.pings.keys().next().value!)
    this.#enqueue(link, { type: 'ping', nonce, offers: this.#takeOffers(link) })
  }

  // ------------------------------------------------------------------------------------ helpers

  #dial(): void {
    const actions = this.#topology.tick(
      (peer) => this.#membership.get(peer) !== undefined,
      (peer) => this.links.anyTo(peer) !== undefined,
      this.links.every().length,
      this.#nowMs,
    )
    for (const action of actions) {
      if (action.type === 'dial') this.#effects.push(action)
      else this.#negotiate(action.peer, formatNegotiation({ type: 'knock' }))
    }
  }

  /** Through the mesh where there is any path, else through the signaling servers. */
  #negotiate(peer: PeerId, data: string): void {
    const inMesh = this.#membership.get(peer) !== undefined && this.links.neighbours().length > 0
    if (inMesh) this.unicast(peer, { type: 'signal', data })
    if (!inMesh || !this.#isReachable(peer)) this.#effects.push({ type: 'signalOut', to: peer, data })
  }

  #isReachable(peer: PeerId): boolean {
    return this.others().some((record) => record.neighbours.includes(peer) && this.links.to(record.id))
  }

  #forward(message: LinkMessageOf<'unicast'>, cameFrom: PeerId | undefined): void {
    const encoded = encodeMessage(message)
    for (const peer of this.#routes.next(message.target, this.#neighbours(), cameFrom)) {
      this.#enqueueEncoded(this.links.to(peer)!, encoded)
    }
  }

  #sendBroadcast(link: LinkState, id: BroadcastId, message: EncodedMessage): void {
    this.#count('broadcastFrames')
    // A full lane is no loss: the id is offered until the neighbour has pulled it.
    if (!this.#enqueueEncoded(link, message)) this.#offer(link, id)
  }

  #offer(link: LinkState, id: BroadcastId): void {
    link.offers.push(id)
    if (link.offers.length > limits.maxOffersPerPing) link.offers.shift()
  }

  #takeOffers(link: LinkState): BroadcastId[] {
    const { offers } = link
    link.offers = []
    return offers
  }

  #enqueue(link: LinkState, message: LinkMessage): boolean {
    return this.#enqueueEncoded(link, encodeMessage(message))
  }

  #enqueueEncoded(link: LinkState, message: EncodedMessage): boolean {
    const taken = link.enqueue(message)
    if (taken) this.#effects.push({ type: 'writable', link: link.id })
    else this.#count('refusedByFullLane')
    return taken
  }

  #close(link: LinkState, reason: string): void {
    if (!this.links.remove(link.id)) return
    this.#effects.push({ type: 'closeLink', link: link.id, reason, lastFrames: link.takeControlFrames() })
    if (link.greeted) this.#unlinked(link)
  }

  #lost(link: LinkState): void {
    if (link.greeted) this.#unlinked(link)
    if (this.#membership.get(link.remote)) this.#topology.seek(link.remote, this.#nowMs)
  }

  #unlinked(link: LinkState): void {
    this.#effects.push({ type: 'links' })
    if (this.links.to(link.remote)) return
    this.#effects.push({ type: 'unlinked', peer: link.remote })
    this.updateSelf({ neighbours: this.#neighbours() })
  }

  #neighbours(): PeerId[] {
    return this.links.neighbours().map((link) => link.remote)
  }

  #nonce(): number {
    return this.#options.random.integer(2 ** 32) * 2 ** 16 + this.#options.random.integer(2 ** 16)
  }

  #count(what: string): void {
    this.#counters.set(what, (this.#counters.get(what) ?? 0) + 1)
  }
}
