// One peer: the machines put together. `step(input, now)` takes one thing that happened and returns what is to be
// done about it, in order; nothing here waits, reads a clock or touches the world. The order of the effects is a
// contract: what is to be durable comes before what speaks of it.

import { assert } from './base/errors.ts'
import type { MemberId, PeerId, StoreId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { Instant, LinkKind, Row } from './base/ports.ts'
import type { Random } from './base/random.ts'
import { Election } from './election/election.ts'
import type { ElectionEffect, ElectionInput, LeaderChangeReason } from './election/protocol.ts'
import type { Candidate } from './election/rank.ts'
import { Fitness, fitterLives } from './election/resign.ts'
import { Messages } from './messages/messages.ts'
import type { MessagesEffect, MessagesEvent, MessagesInput } from './messages/types.ts'
import type { OverlayEffect } from './overlay/effects.ts'
import { Overlay } from './overlay/overlay.ts'
import type { Claim, Payload, PayloadOf, PeerRecord } from './wire/messages.ts'
import type { Entry, VerifiedEntry } from './wire/entries.ts'

/** Entries that came in and have to be opened and verified before a machine may see them. */
export interface UnverifiedEntries {
  readonly from: PeerId
  readonly link: number | undefined
  readonly viaBroadcast: boolean
  readonly entries: readonly Entry[]
  /** Set where they answer a `want`. */
  readonly found?: { readonly feed: StoreId; readonly after: number; readonly more: boolean }
}

/** Inputs that the messages machine takes as they are. */
type MessagesAnswer = Extract<
  MessagesInput,
  { type: 'sealed' | 'sealFailed' | 'committed' | 'commitFailed' | 'rows' | 'readFailed' | 'corrupt' }
>
type MessagesRequest = Extract<MessagesInput, { type: 'send' | 'room' | 'handled' | 'retry' }>

export type PeerInput =
  // the platform
  | { readonly type: 'linkUp'; readonly link: number; readonly remote: PeerId; readonly kind: LinkKind }
  | { readonly type: 'linkDown'; readonly link: number }
  | { readonly type: 'frame'; readonly link: number; readonly bytes: Uint8Array }
  | { readonly type: 'expectIntroducer' | 'dismissIntroducer'; readonly introducer: string }
  | { readonly type: 'present'; readonly introducer: string; readonly peers: readonly PeerId[] }
  | { readonly type: 'absent'; readonly peer: PeerId }
  | { readonly type: 'witness'; readonly peer: PeerId; readonly evidence: 'lock' | 'socket' }
  | { readonly type: 'negotiation'; readonly from: PeerId; readonly data: string }
  | {
      readonly type: 'connectorSignal'
      readonly peer: PeerId
      readonly connection: string
      readonly data: string
    }
  | { readonly type: 'connectorFailed'; readonly peer: PeerId; readonly connection: string }
  | { readonly type: 'visibility'; readonly hidden: boolean }
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  | { readonly type: 'tick' }
  // answers to effects
  | {
      readonly type: 'verified'
      readonly unverified: UnverifiedEntries
      readonly entries: readonly VerifiedEntry[]
      readonly rejected: number
    }
  | MessagesAnswer
  | { readonly type: 'epochPersisted'; readonly role: string; readonly epoch: number }
  | { readonly type: 'epochFailed'; readonly role: string }
  // the program
  | MessagesRequest
  | { readonly type: 'cast'; readonly topic: string; readonly body: Uint8Array; readonly to?: PeerId }
  | { readonly type: 'stand'; readonly role: string; readonly priority: number; readonly epoch: number }
  | { readonly type: 'stepAside'; readonly role: string }
  | { readonly type: 'priority'; readonly priority: number }
  | { readonly type: 'timing'; readonly timing: LivenessTiming }

export type PeerEvent =
  | MessagesEvent
  | { readonly event: 'joined' | 'changed'; readonly record: PeerRecord }
  | { readonly event: 'left'; readonly record: PeerRecord; readonly reason: 'left' | 'failed' }
  | { readonly event: 'self'; readonly record: PeerRecord }
  | { readonly event: 'links' }
  | { readonly event: 'misbehaved'; readonly peer: PeerId; readonly reason: string }
  | { readonly event: 'cast'; readonly from: PeerId; readonly topic: string; readonly body: Uint8Array }
  | {
      readonly event: 'leader'
      readonly role: string
      readonly leader: PeerId | undefined
      readonly previous: PeerId | undefined
      readonly epoch: number
      readonly reason: LeaderChangeReason
    }
  | { readonly event: 'dutyStarts'; readonly role: string; readonly epoch: number }
  | { readonly event: 'dutyStops'; readonly role: string }

export type PeerEffect =
  | Extract<
      OverlayEffect,
      { type: 'writable' | 'closeLink' | 'dial' | 'abandon' | 'connectorSignal' | 'signalOut' | 'refresh' }
    >
  | { readonly type: 'verify'; readonly unverified: UnverifiedEntries }
  | Extract<MessagesEffect, { type: 'seal' | 'commit' | 'read' | 'resolve' | 'reject' }>
  /** Raise the stored epoch to at least this; where `answer`, say what it is then. */
  | { readonly type: 'persistEpoch'; readonly role: string; readonly epoch: number; readonly answer: boolean }
  | { readonly type: 'emit'; readonly event: PeerEvent }

/** How soon silence is noticed. */
export interface LivenessTiming {
  heartbeatIntervalMs: number
  silenceTimeoutMs: number
  discoveryTimeoutMs: number
}

export interface PeerOptions {
  readonly id: PeerId
  readonly member: MemberId
  readonly name: string
  readonly kind: 'human' | 'agent'
  readonly priority: number
  readonly candidate: boolean
  readonly hidden: boolean
  readonly durable: boolean
  readonly topic: string
  readonly random: Random
  readonly timing: LivenessTiming
  /** What the store held when it was opened (`messagePrefixes`), and the epoch of the mesh's leader. */
  readonly rows: readonly Row[]
  readonly epoch: number
  readonly now: Instant
}

/** The role whose leader, among the tabs of one member, consumes the member's inbox. */
export const inboxRole = (member: MemberId): string => `inbox/${member}`

export class Peer {
  readonly overlay: Overlay
  readonly messages: Messages
  readonly #options: PeerOptions
  /** The overlay reads it anew at each use. */
  readonly #timing: LivenessTiming
  readonly #fitness: Fitness
  readonly #elections = new Map<string, Election>()
  /** Claims of roles we do not stand for, kept for the day we do. */
  readonly #otherClaims = new Map<string, Claim>()
  #effects: PeerEffect[] = []
  #deadlineMs = Number.POSITIVE_INFINITY
  #before: Instant
  #viewIsOld = false
  #goneReason: 'left' | 'failed' | undefined

  constructor(options: PeerOptions) {
    this.#options = options
    this.#timing = { ...options.timing }
    const nowMs = options.now.monotonicMs
    this.#before = options.now
    this.#fitness = new Fitness({ durable: options.durable, hidden: options.hidden, nowMs })
    this.messages = new Messages({
      me: { peer: options.id, member: options.member, name: options.name, kind: options.kind },
      newStoreId: () => options.random.hexId() as StoreId,
      random: options.random,
      durable: options.durable,
    })
    this.#messagesStep({ type: 'loaded', rows: options.rows }, options.now)
    this.overlay = new Overlay({
      self: {
        id: options.id,
        incarnation: 1,
        member: options.member,
        store: this.messages.storeId,
        durable: options.durable,
        name: options.name,
        kind: options.kind,
        priority: options.priority,
        candidate: options.candidate,
        fit: this.#fitness.fit,
        seniority: undefined,
        hidden: options.hidden,
        roles: [],
        neighbours: [],
      },
      topic: options.topic,
      random: options.random,
      nowMs,
      timing: this.#timing,
      helloClaims: () => this.#claims(),
      helloDigest: () => this.messages.digest,
    })
    this.#elections.set('', new Election({ role: '', me: options.id, persistedEpoch: options.epoch }))
    this.#messagesStep({ type: 'profile', name: options.name, kind: options.kind }, options.now)
  }

  /** When to step with `tick` at the latest. Monotonic milliseconds. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }

  get leader(): PeerId | undefined {
    return this.election('')?.leader
  }

  election(role: string): Election | undefined {
    return this.#elections.get(role)
  }

  nextFrame(link: number): Uint8Array | undefined {
    return this.overlay.nextFrame(link)
  }

  /** Takes one input and returns what to do, in this order. Never called from inside itself. */
  step(input: PeerInput, now: Instant): PeerEffect[] {
    const nowMs = now.monotonicMs
    assert(nowMs >= this.#before.monotonicMs, 'the monotonic clock goes forward')
    this.overlay.at(nowMs)
    this.#checkClock(now)
    this.#take(input, now)
    if (nowMs >= this.#deadlineMs || input.type === 'tick') this.#tick(now)
    this.#settle(now)
    this.#deadlineMs = this.#nextDeadlineMs(now)
    this.#before = now
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  // ------------------------------------------------------------------------------------------- time

  /** Before anything else: did our own clock stand still? Then nothing may be done before we stepped down. */
  #checkClock(now: Instant): void {
    const nowMs = now.monotonicMs
    const lateMs = Math.max(0, nowMs - this.#deadlineMs)
    const sleptMs = now.wallMs - this.#before.wallMs - (nowMs - this.#before.monotonicMs)
    if (lateMs > 0) {
      this.overlay.noteLag(Math.min(lateMs, limits.stallMs))
      this.#fitness.step({ type: 'late', lateMs }, nowMs)
    }
    if (lateMs < this.#stallMs() && sleptMs < limits.stallMs) return
    for (const election of this.#elections.values()) this.#electionStep(election, { type: 'stalled' }, nowMs)
    this.overlay.stalled()
    // The elections must see us without our seniority before anything gives us a new one.
    this.#settle(now)
  }

  /**
   * Who leads has stalled as soon as others may lead in its place: they last heard of it up to a heartbeat before it
   * stood still, and its own lateness shows up to a heartbeat less than it did stand still.
   */
  #stallMs(): number {
    if (![...this.#elections.values()].some((election) => election.leading)) return limits.stallMs
    const { silenceTimeoutMs, heartbeatIntervalMs } = this.#options.timing
    const deposedMs = silenceTimeoutMs - 2 * heartbeatIntervalMs + limits.minSilentProbeTimeoutMs
    return Math.min(limits.stallMs, deposedMs)
  }

  #tick(now: Instant): void {
    const nowMs = now.monotonicMs
    this.#fitness.step({ type: 'tick' }, nowMs)
    this.overlay.tick()
    for (const election of this.#elections.values()) this.#electionStep(election, { type: 'tick' }, nowMs)
    this.#messagesStep({ type: 'tick' }, now)
  }

  #nextDeadlineMs(now: Instant): number {
    const deadlines = [this.overlay.deadlineMs(), this.#fitness.deadlineMs, this.messages.deadlineMs]
    for (const election of this.#elections.values()) deadlines.push(election.deadlineMs)
    const next = Math.min(...deadlines.map((deadline) => deadline ?? Number.POSITIVE_INFINITY))
    return Math.max(next, now.monotonicMs)
  }

  // ----------------------------------------------------------------------------------------- inputs

  #take(input: PeerInput, now: Instant): void {
    const nowMs = now.monotonicMs
    const { overlay } = this
    switch (input.type) {
      case 'linkUp':
        return overlay.linkUp(input.link, input.remote, input.kind)
      case 'linkDown':
        return overlay.linkDown(input.link)
      case 'frame':
        return overlay.frame(input.link, input.bytes)
      case 'expectIntroducer':
        return overlay.expectIntroducer(input.introducer)
      case 'dismissIntroducer':
        return overlay.dismissIntroducer(input.introducer)
      case 'present':
        return overlay.present(input.introducer, input.peers)
      case 'absent':
        return overlay.absent(input.peer)
      case 'witness':
        return overlay.witness(input.peer, input.evidence)
      case 'negotiation':
        return overlay.negotiation(input.from, input.data)
      case 'connectorSignal':
        return overlay.connectorSignal(input.peer, input.connection, input.data)
      case 'connectorFailed':
        return overlay.connectorFailed(input.peer, input.connection)
      case 'visibility':
        this.#fitness.step(input, nowMs)
        return overlay.updateSelf({ hidden: input.hidden })
      case 'suspend':
        return this.#suspend(nowMs)
      case 'resume':
        this.#fitness.step({ type: 'resume' }, nowMs)
        return overlay.resumed()
      case 'verified':
        return this.#verified(input, now)
      case 'epochPersisted':
      case 'epochFailed':
        return this.#epochAnswer(input, nowMs)
      case 'cast':
        return this.#cast(input)
      case 'stand':
        return this.#stand(input.role, input.priority, input.epoch, nowMs)
      case 'stepAside':
        return this.#stepAside(input.role)
      case 'priority':
        return overlay.updateSelf({ priority: input.priority })
      case 'timing':
        Object.assign(this.#timing, input.timing)
        return
      case 'tick':
        return
      default:
        return this.#messagesStep(input, now)
    }
  }

  #suspend(nowMs: number): void {
    this.#fitness.step({ type: 'suspend' }, nowMs)
    for (const election of this.#elections.values()) this.#electionStep(election, { type: 'stalled' }, nowMs)
    this.overlay.suspend()
  }

  #verified(input: Extract<PeerInput, { type: 'verified' }>, now: Instant): void {
    const { from, link, viaBroadcast, found } = input.unverified
    for (let i = 0; i < input.rejected && link !== undefined; i++) {
      this.overlay.blame(link, 'a message that its author did not sign')
    }
    const { entries, rejected } = input
    this.#messagesStep({ type: 'entries', from, viaBroadcast, entries, rejected, ...found }, now)
  }

  #cast({ topic, body, to }: Extract<PeerInput, { type: 'cast' }>): void {
    const payload: Payload = { type: 'cast', topic, body }
    if (to === undefined) this.overlay.broadcast(payload)
    else if (to === this.#options.id) this.#emit({ event: 'cast', from: to, topic, body })
    else this.overlay.unicast(to, payload)
  }

  // ------------------------------------------------------------------------------------------ roles

  #stand(role: string, priority: number, epoch: number, nowMs: number): void {
    const others = this.overlay.self.roles.filter((each) => each.role !== role)
    this.overlay.updateSelf({ roles: [...others, { role, priority }] })
    if (this.#elections.has(role)) return
    const election = new Election({ role, me: this.#options.id, persistedEpoch: epoch })
    this.#elections.set(role, election)
    const claim = this.#otherClaims.get(role)
    if (claim) this.#electionStep(election, { type: 'claim', claim }, nowMs)
    this.#viewIsOld = true
  }

  #stepAside(role: string): void {
    this.overlay.updateSelf({ roles: this.overlay.self.roles.filter((each) => each.role !== role) })
    // The machine stays: one that does not stand follows, and owes its successor word that its duty stopped.
  }

  #viewStep(election: Election, nowMs: number): void {
    const records = [this.overlay.self, ...this.overlay.others()]
    const live = records.map((record) => record.id)
    const candidates = records.flatMap((record) => candidacy(record, election.role) ?? [])
    const goneReason = this.#goneReason
    this.#electionStep(election, { type: 'view', candidates, live, ...(goneReason && { goneReason }) }, nowMs)
  }

  #electionStep(election: Election, input: ElectionInput, nowMs: number): void {
    for (const effect of election.step(input, nowMs)) this.#electionEffect(election.role, effect, nowMs)
  }

  #electionEffect(role: string, effect: ElectionEffect, nowMs: number): void {
    switch (effect.type) {
      case 'persistEpoch':
      case 'rememberEpoch':
        this.#effects.push({
          type: 'persistEpoch',
          role,
          epoch: effect.epoch,
          answer: effect.type === 'persistEpoch',
        })
        return
      case 'broadcastClaim':
        return this.overlay.broadcast({ type: 'claim', ...effect.claim })
      case 'sendClaim':
        return this.overlay.unicast(effect.to, { type: 'claim', ...effect.claim })
      case 'sendYield':
        return this.overlay.unicast(effect.to, { type: 'yielded', role, epoch: effect.epoch })
      case 'unfit':
        this.#fitness.step({ type: 'storage', durable: false }, nowMs)
        return
      case 'leaderChanged': {
        if (role === '') this.overlay.setLeader(effect.leader)
        const { leader, previous, epoch, reason } = effect
        return this.#emit({ event: 'leader', role, leader, previous, epoch, reason })
      }
      case 'dutyStarts':
        if (role === inboxRole(this.#options.member)) this.#inboxTurn = true
        return this.#emit({ event: 'dutyStarts', role, epoch: effect.epoch })
      case 'dutyStops':
        if (role === inboxRole(this.#options.member)) this.#inboxTurn = false
        return this.#emit({ event: 'dutyStops', role })
    }
  }

  #epochAnswer(input: Extract<PeerInput, { type: 'epochPersisted' | 'epochFailed' }>, nowMs: number): void {
    const durable = input.type === 'epochPersisted' && this.#options.durable
    this.#fitness.step({ type: 'storage', durable }, nowMs)
    const election = this.#elections.get(input.role)
    if (!election) return
    if (input.type === 'epochFailed') this.#electionStep(election, { type: 'persistFailed' }, nowMs)
    else this.#electionStep(election, { type: 'epochPersisted', epoch: input.epoch }, nowMs)
  }

  #claims(): Claim[] {
    const own = [...this.#elections.values()].flatMap((election) => election.claimNow() ?? [])
    return [...own, ...this.#otherClaims.values()].slice(0, 64)
  }

  #takeClaim(claim: Claim, from: PeerId, nowMs: number): void {
    const election = this.#elections.get(claim.role)
    if (election) return this.#electionStep(election, { type: 'claim', claim, from }, nowMs)
    const known = this.#otherClaims.get(claim.role)
    if (known && known.epoch >= claim.epoch) return
    if (known || this.#otherClaims.size < 64) this.#otherClaims.set(claim.role, claim)
  }

  // ---------------------------------------------------------------------------------------- effects

  /** Carries news between the machines until none is left. */
  #settle(now: Instant): void {
    for (let rounds = 0; ; rounds++) {
      assert(rounds < 100, 'machines come to rest')
      const effects = this.overlay.takeEffects()
      for (const effect of effects) this.#overlayEffect(effect, now)
      if (this.#inboxTurn !== this.#inboxActive) this.#turnInbox(now)
      const { fit, store } = this.overlay.self
      if (fit !== this.#fitness.fit) this.overlay.updateSelf({ fit: this.#fitness.fit }, true)
      if (store !== this.messages.storeId) this.overlay.updateSelf({ store: this.messages.storeId })
      if (this.#viewIsOld) this.#spreadView(now)
      else if (effects.length === 0) return
    }
  }

  #inboxTurn = false
  #inboxActive = false

  #turnInbox(now: Instant): void {
    this.#inboxActive = this.#inboxTurn
    this.#messagesStep({ type: 'inboxActive', active: this.#inboxActive }, now)
  }

  #spreadView(now: Instant): void {
    this.#viewIsOld = false
    const nowMs = now.monotonicMs
    const others = this.overlay.others()
    const ranked = [this.overlay.self, ...others].flatMap((record) => {
      const standing = candidacy(record, '')
      return standing ? [{ ...standing, hidden: record.hidden }] : []
    })
    this.#fitness.step({ type: 'view', fitterLives: fitterLives(this.#options.id, ranked) }, nowMs)
    for (const election of this.#elections.values()) this.#viewStep(election, nowMs)
    this.#goneReason = undefined
    this.#messagesStep({ type: 'live', peers: others.map((record) => ({ ...record, peer: record.id })) }, now)
  }

  #overlayEffect(effect: OverlayEffect, now: Instant): void {
    const nowMs = now.monotonicMs
    switch (effect.type) {
      case 'joined':
      case 'changed':
        this.#viewIsOld = true
        return this.#emit({ event: effect.type, record: effect.record })
      case 'left':
        this.#viewIsOld = true
        this.#goneReason = effect.reason
        return this.#emit({ event: 'left', record: effect.record, reason: effect.reason })
      case 'self':
        this.#viewIsOld = true
        return this.#emit({ event: 'self', record: effect.record })
      case 'linked':
        for (const claim of effect.claims) this.#takeClaim(claim, effect.peer, nowMs)
        return this.#messagesStep({ type: 'linked', peer: effect.peer, digest: effect.digest }, now)
      case 'unlinked':
        return this.#messagesStep(effect, now)
      case 'links':
        return this.#emit({ event: 'links' })
      case 'misbehaved':
        return this.#emit({ event: 'misbehaved', peer: effect.peer, reason: effect.reason })
      case 'deliver':
        return this.#deliver(effect, now)
      default:
        this.#effects.push(effect)
    }
  }

  #deliver(effect: Extract<OverlayEffect, { type: 'deliver' }>, now: Instant): void {
    const { from, viaBroadcast, link, payload } = effect
    switch (payload.type) {
      case 'claim':
        return this.#takeClaim(payload, from, now.monotonicMs)
      case 'yielded': {
        const election = this.#elections.get(payload.role)
        if (election) {
          this.#electionStep(
            election,
            { type: 'yielded', leader: from, epoch: payload.epoch },
            now.monotonicMs,
          )
        }
        return
      }
      case 'cast':
        return this.#emit({ event: 'cast', from, topic: payload.topic, body: payload.body })
      case 'entries':
        return this.#verify({ from, link, viaBroadcast, entries: payload.entries })
      case 'found':
        return this.#verify({ from, link, viaBroadcast, entries: payload.entries, found: payload })
      case 'vector':
      case 'want':
      case 'digest':
      case 'fork':
        return this.#messagesStep({ type: 'payload', from, viaBroadcast, payload }, now)
      default:
        assert(false, `the overlay keeps ${payload.type} to itself`)
    }
  }

  #verify(unverified: Omit<UnverifiedEntries, 'found'> & { found?: PayloadOf<'found'> }): void {
    const { found, ...rest } = unverified
    const answer = found && { found: { feed: found.feed, after: found.after, more: found.more } }
    this.#effects.push({ type: 'verify', unverified: { ...rest, ...answer } })
  }

  #messagesStep(input: MessagesInput, now: Instant): void {
    for (const effect of this.messages.step(input, now)) this.#messagesEffect(effect)
  }

  #messagesEffect(effect: MessagesEffect): void {
    switch (effect.type) {
      case 'sendTo':
        return this.overlay.unicast(effect.peer, effect.payload)
      case 'broadcast':
        return this.overlay.broadcast(effect.payload)
      case 'emit':
        return this.#emit(effect.event)
      default:
        this.#effects.push(effect)
    }
  }

  #emit(event: PeerEvent): void {
    this.#effects.push({ type: 'emit', event })
  }
}

/** What the view says of a peer as a candidate for a role. */
function candidacy(record: PeerRecord, role: string): Candidate | undefined {
  const { id, fit, seniority } = record
  if (role === '') {
    return record.candidate ? { peer: id, priority: record.priority, fit, seniority } : undefined
  }
  const standing = record.roles.find((each) => each.role === role)
  return standing && { peer: id, priority: standing.priority, fit, seniority }
}
