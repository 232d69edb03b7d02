// One peer: the machines put together. `step(input, now)` takes one thing that happened and returns what is to be
// done about it, in order; nothing here waits, reads a clock or touches the world. The order of the effects is a
// contract: what is to be durable comes before what speaks of it.

import { assert } from './base/errors.ts'
import type { MemberId, PeerId, StoreId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { Instant } from './base/ports.ts'
import { Docs } from './docs/docs.ts'
import { docRowsPrefix } from './docs/rows.ts'
import type { DocsEffect, DocsInput } from './docs/types.ts'
import type { ElectionEffect } from './election/protocol.ts'
import { Fitness, fitterLives } from './election/resign.ts'
import { Messages } from './messages/messages.ts'
import type { MessagesEffect, MessagesInput } from './messages/types.ts'
import type { OverlayEffect } from './overlay/effects.ts'
import { Overlay } from './overlay/overlay.ts'
import type {
  LivenessTiming,
  PeerEffect,
  PeerEvent,
  PeerInput,
  PeerOptions,
  UnverifiedEntries,
} from './peer-io.ts'
import { candidacy, Roles } from './peer-roles.ts'
import type { Payload, PayloadOf } from './wire/messages.ts'

/** The role whose leader, among the tabs of one member, consumes the member's inbox. */
export const inboxRole = (member: MemberId): string => `inbox/${member}`

export class Peer {
  readonly overlay: Overlay
  readonly messages: Messages
  readonly docs: Docs
  readonly #options: PeerOptions
  /** The overlay reads it anew at each use. */
  readonly #timing: LivenessTiming
  readonly #fitness: Fitness
  readonly #roles: Roles
  #effects: PeerEffect[] = []
  /** Those of documents come last. */
  readonly #commits: PeerEffect[] = []
  #deadlineMs = Number.POSITIVE_INFINITY
  #before: Instant
  #viewIsOld = false
  /** Who has a link to whom: of interest to documents only. */
  #linksAreOld = false
  /** Whether it is this peer's turn to consume the inbox, and whether messages knows. */
  #inboxTurn = false
  #inboxActive = false
  /** It ended since messages was told: what was given out and not handled is to be given anew, though our turn is back. */
  #inboxLapsed = false
  #goneReason: 'left' | 'failed' | undefined

  constructor(options: PeerOptions) {
    this.#options = options
    this.#timing = { ...options.timing }
    const nowMs = options.now.monotonicMs
    this.#before = options.now
    this.#roles = new Roles(options.id, options.epoch, (role, effect) => this.#electionEffect(role, effect))
    this.#fitness = new Fitness({ durable: options.durable, hidden: options.hidden, nowMs })
    this.messages = new Messages({
      me: { peer: options.id, member: options.member, name: options.name, kind: options.kind },
      newStoreId: () => options.random.hexId() as StoreId,
      random: options.random,
      durable: options.durable,
    })
    this.docs = new Docs({ me: options.id, writer: options.random.hexId().slice(0, 8) })
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
        noDocuments: false,
        roles: [],
        neighbours: [],
      },
      topic: options.topic,
      random: options.random,
      nowMs,
      timing: this.#timing,
      helloClaims: () => this.#roles.claims(),
      helloDigest: () => this.messages.digest,
      hasDocuments: () => this.docs.open,
    })
    this.#messagesStep({ type: 'profile', name: options.name, kind: options.kind }, options.now)
  }

  /** When to step with `tick` at the latest. Monotonic milliseconds. */
  get deadlineMs(): number {
    return this.#deadlineMs
  }

  /**
   * What to put on that link next: pieces of documents only where nothing else waits.
   *
   * @param maxBytes of the frame, `limits.smallFrameBytes` unless told otherwise
   */
  nextFrame(link: number, maxBytes?: number): Uint8Array | undefined {
    const { overlay } = this
    const frame = overlay.nextFrame(link, maxBytes)
    const state = overlay.links.get(link)
    if (frame || !state?.greeted || overlay.links.to(state.remote) !== state) return frame
    const piece = this.docs.nextPiece(state.remote)
    return piece && overlay.enqueueDirect(link, piece) ? overlay.nextFrame(link, maxBytes) : undefined
  }

  /** Takes one input and returns what to do, in this order. Never called from inside itself. */
  step(input: PeerInput, now: Instant): PeerEffect[] {
    const nowMs = now.monotonicMs
    assert(nowMs >= this.#before.monotonicMs, 'the monotonic clock goes forward')
    this.overlay.at(nowMs)
    this.#checkClock(now)
    // Most frames of a transfer are pieces: deadlines only move on by them, and an early one does no harm.
    const nothingFollows = this.#take(input, now) === true
    if (nothingFollows && nowMs < this.#deadlineMs && this.#effects.length + this.#commits.length === 0) {
      this.#before = now
      return []
    }
    if (nowMs >= this.#deadlineMs || input.type === 'tick') this.#tick(now)
    this.#settle(now)
    this.#deadlineMs = this.#nextDeadlineMs(now)
    this.#before = now
    const effects = this.#effects
    if (this.#commits.length > 0) effects.push(...this.#commits.splice(0))
    this.#effects = []
    return effects
  }

  // ------------------------------------------------------------------------------------------- time

  /** Before anything else: did our own clock stand still? Then nothing may be done before we stepped down. */
  #checkClock(now: Instant): void {
    const nowMs = now.monotonicMs
    const lateMs = Math.max(0, nowMs - this.#deadlineMs)
    const sleptMs = now.wallMs - this.#before.wallMs - (nowMs - this.#before.monotonicMs)
    // What we announced is neither a stall nor a reason to resign. But who did not listen must not accuse either.
    const announcedMs = Math.min(lateMs, Math.max(0, this.overlay.busyUntilMs - this.#deadlineMs))
    const unforeseenMs = lateMs - announcedMs
    if (lateMs > 0) this.overlay.noteLag(Math.min(lateMs, announcedMs + limits.stallMs))
    if (unforeseenMs > 0) this.#fitness.step({ type: 'late', lateMs: unforeseenMs }, nowMs)
    const isShort = unforeseenMs === 0 || unforeseenMs < this.#stallMs()
    if (isShort && sleptMs < limits.stallMs) return
    this.#roles.stepAll({ type: 'stalled' }, nowMs)
    this.overlay.stalled()
    // The elections must see us without our seniority before anything gives us a new one.
    this.#settle(now)
  }

  /**
   * Who leads has stalled as soon as others may lead in its place: they last heard of it up to a heartbeat before it
   * stood still, and its own lateness shows up to a heartbeat less than it did stand still. Where nobody else stands, as for
   * the inbox of a member with one tab, nobody watches it so closely; whoever stands from now on gives it longer than that.
   */
  #stallMs(): number {
    if (!this.#roles.isContested) return limits.stallMs
    const { silenceTimeoutMs, heartbeatIntervalMs } = this.#timing
    const deposedMs = silenceTimeoutMs - 2 * heartbeatIntervalMs + limits.minSilentProbeTimeoutMs
    return Math.min(limits.stallMs, deposedMs)
  }

  #tick(now: Instant): void {
    const nowMs = now.monotonicMs
    this.#fitness.step({ type: 'tick' }, nowMs)
    this.overlay.tick()
    this.#roles.stepAll({ type: 'tick' }, nowMs)
    this.#messagesStep({ type: 'tick' }, now)
    this.#docsStep({ type: 'tick' }, now)
  }

  #nextDeadlineMs(now: Instant): number {
    const { overlay, messages, docs } = this
    const deadlines = [
      overlay.deadlineMs(),
      docs.deadlineMs,
      this.#fitness.deadlineMs,
      messages.deadlineMs,
      this.#roles.deadlineMs,
    ]
    const next = Math.min(...deadlines.map((deadline) => deadline ?? Number.POSITIVE_INFINITY))
    return Math.max(next, now.monotonicMs)
  }

  // ----------------------------------------------------------------------------------------- inputs

  /** True: nothing has changed by it. */
  #take(input: PeerInput, now: Instant): boolean | void {
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
        return overlay.witness(input.peer, input.evidence, input.elsewhere)
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
        return this.#suspend(now)
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
      case 'openDoc':
      case 'closeDoc':
      case 'editDoc':
      case 'unwritableDoc':
      case 'awareDoc':
      case 'docApplied':
        return this.#docsStep(input, now)
      case 'committed':
      case 'commitFailed':
      case 'rows':
      case 'readFailed':
        // Its store works again; where it takes everything but epochs, the next claim shows it.
        if (input.type === 'committed' && input.result.ok)
          this.#fitness.step({ type: 'storage', durable: this.#options.durable }, nowMs)
        if (input.machine === 'docs') return this.#docsStep(input, now)
        return this.#messagesStep(input, now)
      case 'corrupt':
        if (input.key.startsWith(docRowsPrefix)) return this.#docsStep(input, now)
        return this.#messagesStep(input, now)
      case 'audit':
        this.#docsStep({ type: 'audit' }, now)
        return this.#messagesStep(input, now)
      default:
        return this.#messagesStep(input, now)
    }
  }

  #suspend(now: Instant): void {
    const nowMs = now.monotonicMs
    this.#docsStep({ type: 'suspend' }, now)
    this.#fitness.step({ type: 'suspend' }, nowMs)
    this.#roles.stepAll({ type: 'stalled' }, nowMs)
    this.overlay.suspend()
  }

  #verified(input: Extract<PeerInput, { type: 'verified' }>, now: Instant): void {
    const { from, link, found } = input.unverified
    for (let i = 0; i < input.rejected && link !== undefined; i++) {
      this.overlay.blame(link, 'a message that its author did not sign')
    }
    const { entries, rejected } = input
    this.#messagesStep({ type: 'entries', from, entries, rejected, ...found }, now)
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
    this.#roles.add(role, epoch, nowMs)
    this.#viewIsOld = true
  }

  #stepAside(role: string): void {
    this.overlay.updateSelf({ roles: this.overlay.self.roles.filter((each) => each.role !== role) })
  }

  #electionEffect(role: string, effect: ElectionEffect): void {
    switch (effect.type) {
      case 'persistEpoch':
      case 'rememberEpoch':
        this.#effects.push({
          type: 'persistEpoch',
          role,
          epoch: effect.epoch,
          claiming: effect.type === 'persistEpoch',
        })
        return
      case 'broadcastClaim':
        return this.overlay.broadcast({ type: 'claim', ...effect.claim })
      case 'sendClaim':
        return void this.overlay.unicast(effect.to, { type: 'claim', ...effect.claim })
      case 'confront':
        return this.overlay.confront(effect.peer)
      case 'sendYield':
        return void this.overlay.unicast(effect.to, { type: 'yielded', role, epoch: effect.epoch })
      case 'unfit':
        this.#fitness.step({ type: 'storage', durable: false }, this.#before.monotonicMs)
        return
      case 'leaderChanged': {
        const { leader, previous, epoch, reason } = effect
        return this.#emit({ event: 'leader', role, leader, previous, epoch, reason })
      }
      case 'dutyStarts':
        if (role === inboxRole(this.#options.member)) this.#inboxTurn = true
        return this.#emit({ event: 'dutyStarts', role, epoch: effect.epoch })
      case 'dutyStops':
        if (role === inboxRole(this.#options.member)) {
          this.#inboxTurn = false
          this.#inboxLapsed = this.#inboxActive
        }
        return this.#emit({ event: 'dutyStops', role })
    }
  }

  #epochAnswer(input: Extract<PeerInput, { type: 'epochPersisted' | 'epochFailed' }>, nowMs: number): void {
    if (input.type === 'epochFailed' && !input.claiming)
      return this.#roles.step(input.role, { type: 'rememberFailed' }, nowMs)
    const durable = input.type === 'epochPersisted' && this.#options.durable
    this.#fitness.step({ type: 'storage', durable }, nowMs)
    if (input.type === 'epochFailed') this.#roles.step(input.role, { type: 'persistFailed' }, nowMs)
    else this.#roles.step(input.role, { type: 'epochPersisted', epoch: input.epoch }, nowMs)
  }

  // ---------------------------------------------------------------------------------------- effects

  /** Carries news between the machines until none is left. */
  #settle(now: Instant): void {
    for (let rounds = 0; ; rounds++) {
      assert(rounds < 100, 'machines come to rest')
      const effects = this.overlay.takeEffects()
      for (const effect of effects) this.#overlayEffect(effect, now)
      if (this.#inboxLapsed) this.#tellInbox(false, now)
      if (this.#inboxTurn !== this.#inboxActive) this.#tellInbox(this.#inboxTurn, now)
      const { fit, store } = this.overlay.self
      if (fit !== this.#fitness.fit) this.overlay.updateSelf({ fit: this.#fitness.fit }, true)
      if (store !== this.messages.storeId) this.overlay.updateSelf({ store: this.messages.storeId })
      if (this.overlay.self.noDocuments && this.docs.open) this.overlay.updateSelf({}, true)
      if (this.#viewIsOld) this.#spreadView(now)
      else if (this.#linksAreOld) this.#spreadLinks(now)
      else if (effects.length === 0) return
    }
  }

  #tellInbox(active: boolean, now: Instant): void {
    this.#inboxActive = active
    this.#inboxLapsed = false
    this.#messagesStep({ type: 'inboxActive', active }, now)
  }

  #spreadView(now: Instant): void {
    this.#viewIsOld = false
    const nowMs = now.monotonicMs
    const others = this.overlay.others()
    const records = [this.overlay.self, ...others]
    const ranked = records.flatMap((record) => {
      const standing = candidacy(record, '')
      return standing ? [{ ...standing, hidden: record.hidden }] : []
    })
    this.#fitness.step({ type: 'view', fitterLives: fitterLives(this.#options.id, ranked) }, nowMs)
    this.overlay.setSuccessions(this.#roles.successions(records))
    this.#roles.view(records, this.#goneReason, nowMs)
    this.#goneReason = undefined
    const peers = others.map((record) => ({ ...record, peer: record.id }))
    this.#messagesStep({ type: 'live', peers }, now)
    this.#spreadLinks(now)
  }

  #spreadLinks(now: Instant): void {
    this.#linksAreOld = false
    const { settled } = this.overlay
    const peers = this.overlay.others().map((record) => ({ ...record, peer: record.id }))
    const mute = this.overlay.self.noDocuments
    this.#docsStep({ type: 'live', peers, settled, store: this.messages.storeId, mute }, now)
  }

  #overlayEffect(effect: OverlayEffect, now: Instant): void {
    const nowMs = now.monotonicMs
    switch (effect.type) {
      case 'joined':
      case 'changed':
        if (effect.type === 'changed' && effect.linksOnly) this.#linksAreOld = true
        else this.#viewIsOld = true
        return this.#emit({ event: effect.type, record: effect.record })
      case 'left':
        this.#viewIsOld = true
        this.#goneReason = effect.reason
        return this.#emit({ event: 'left', record: effect.record, reason: effect.reason })
      case 'self':
        if (!effect.linksOnly) this.#viewIsOld = true
        else if (this.overlay.others().length > limits.maxLinks) this.#linksAreOld = true
        return this.#emit({ event: 'self', record: effect.record })
      case 'linked':
        for (const claim of effect.claims) {
          const former = effect.provisional && claim.leader === effect.peer
          this.#roles.claim(claim, effect.peer, { viewFollows: true, former }, nowMs)
        }
        if (effect.claims.length > 0) this.#viewIsOld = true
        this.#messagesStep({ type: 'linked', peer: effect.peer, digest: effect.digest }, now)
        return this.#docsStep({ type: 'linked', peer: effect.peer }, now)
      case 'unlinked':
        this.#messagesStep(effect, now)
        return this.#docsStep(effect, now)
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

  /** By way of another, though there is a link to that peer. */
  #isRelayed(from: PeerId, link: number | undefined): boolean {
    return link === undefined && this.overlay.links.to(from) !== undefined
  }

  #deliver(effect: Extract<OverlayEffect, { type: 'deliver' }>, now: Instant): void {
    const { from, link, payload } = effect
    switch (payload.type) {
      case 'claim':
        return this.#roles.claim(payload, from, { relayed: this.#isRelayed(from, link) }, now.monotonicMs)
      case 'yielded':
        return this.#roles.step(
          payload.role,
          { type: 'yielded', leader: from, epoch: payload.epoch },
          now.monotonicMs,
        )
      case 'cast':
        return this.#emit({ event: 'cast', from, topic: payload.topic, body: payload.body })
      case 'entries':
        this.docs.talk(now.monotonicMs)
        return this.#verify({ from, link, entries: payload.entries })
      case 'found':
        return this.#verify({ from, link, entries: payload.entries, found: payload })
      case 'vector':
      case 'want':
      case 'digest':
      case 'fork':
        return this.#messagesStep({ type: 'payload', from, payload }, now)
      case 'docs':
      case 'docUpdates':
      case 'docWant':
      case 'docPiece':
      case 'docEnd':
      case 'docGot':
      case 'docAwareness':
        return this.#docsStep({ type: 'payload', from, link, payload }, now)
      default:
        assert(false, `the overlay keeps ${payload.type} to itself`)
    }
  }

  #verify(unverified: Omit<UnverifiedEntries, 'found'> & { found?: PayloadOf<'found'> }): void {
    const { found, ...rest } = unverified
    const answer = found && { found: { feed: found.feed, after: found.after } }
    this.#effects.push({ type: 'verify', unverified: { ...rest, ...answer } })
  }

  #messagesStep(input: MessagesInput, now: Instant): void {
    for (const effect of this.messages.step(input, now)) this.#messagesEffect(effect, now)
  }

  #messagesEffect(effect: MessagesEffect, now: Instant): void {
    switch (effect.type) {
      case 'sendTo':
        return void this.overlay.unicast(effect.peer, effect.payload)
      case 'broadcast':
        return this.overlay.broadcast(effect.payload)
      case 'emit':
        return this.#emit(effect.event)
      case 'commit':
      case 'read':
        this.#effects.push({ ...effect, machine: 'messages' })
        return
      case 'seal':
        this.docs.talk(now.monotonicMs)
        this.#effects.push(effect)
        return
      default:
        this.#effects.push(effect)
    }
  }

  // ------------------------------------------------------------------------------------------- docs

  #docsStep(input: DocsInput, now: Instant): void {
    for (const effect of this.docs.step(input, now)) this.#docsEffect(effect, now)
  }

  #docsEffect(effect: DocsEffect, now: Instant): void {
    const { overlay } = this
    switch (effect.type) {
      case 'sendTo':
        if (!overlay.unicast(effect.peer, effect.payload)) this.docs.refused([effect.peer], effect.payload)
        return
      case 'multicast': {
        const refused = overlay.multicast(effect.peers, effect.payload)
        if (refused.length > 0) this.docs.refused(refused, effect.payload)
        return
      }
      case 'piecesReady':
        return overlay.wake(effect.peer)
      case 'busy':
        overlay.announceBusy(effect.ms)
        // It has to be on its way before the work it announces begins.
        for (const each of overlay.takeEffects()) this.#overlayEffect(each, now)
        return
      case 'blame':
        return overlay.blame(effect.link, effect.reason)
      case 'emit':
        return this.#emit(effect.event)
      case 'commit':
        // What it stores is on its way to the others first: a transaction takes a page a millisecond to open.
        this.#commits.push({ ...effect, machine: 'docs' })
        return
      case 'read':
        this.#effects.push({ ...effect, machine: 'docs' })
        return
      default:
        this.#effects.push(effect)
    }
  }

  #emit(event: PeerEvent): void {
    this.#effects.push({ type: 'emit', event })
  }
}
