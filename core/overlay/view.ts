// Who is alive, and what follows from it: whom to tell, whom to seek, what to close, and our own place among the
// living. The rules of suspicion are the membership's; here its verdicts become messages and effects.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Claim, LinkMessageOf, PayloadOf, PeerRecord } from '../wire/messages.ts'
import { Allowance } from './allowance.ts'
import type { Context } from './context.ts'
import { Contradictions } from './contradictions.ts'
import type { Delivery } from './delivery.ts'
import type { Introductions } from './introductions.ts'
import type { Joining } from './joining.ts'
import type { LinkState } from './links.ts'
import type { Evidence, GoneReason, Verdict } from './membership.ts'
import type { Neighbours } from './neighbours.ts'
import type { Rumours } from './rumours.ts'
import type { SelfRecord } from './self-record.ts'

/** What began a suspicion, as the status counts it: operators and benchmarks see who bears witness. */
const evidenceCounters: Readonly<Record<Evidence, string>> = {
  'own-stall': 'suspicionsByOwnStall',
  lock: 'suspicionsByLock',
  socket: 'suspicionsBySocket',
  'link-down': 'suspicionsByLinkDown',
  word: 'suspicionsByWord',
  'word-of-silence': 'suspicionsByWord',
  silence: 'suspicionsBySilence',
  'distant-silence': 'suspicionsBySilence',
}

export interface ViewParts {
  readonly delivery: Delivery
  readonly self: SelfRecord
  readonly introductions: Introductions
  readonly neighbours: Neighbours
  readonly joining: Joining
  readonly rumours: Rumours
}

export class View {
  readonly #context: Context
  readonly #parts: ViewParts
  readonly #contradictions: Contradictions
  /** Of doubts that are looked into by way of all neighbours: who makes up many peers does not make that all we do. */
  readonly #searches = new Allowance(limits.maxFloodsPerSecond)

  constructor(context: Context, parts: ViewParts) {
    this.#context = context
    this.#parts = parts
    this.#contradictions = new Contradictions(context, parts.delivery)
  }

  /** A good hello: its sender and whom it knows come into the view, and the link into the mesh. */
  takeHello(link: LinkState, hello: LinkMessageOf<'hello'>): void {
    const { joining, neighbours, self } = this.#parts
    // Told from what both hellos say, so that we do not follow a lone peer for the moment until it yields.
    const yields = hello.lone && !link.said.lone && link.said.established
    // Who had its place from somebody whom we gave his is of our mesh, though our hello to it left before we met anybody.
    const me = this.#context.self.id
    const areOurs = hello.view.some(({ id, seniority }) => id === me && seniority !== undefined)
    if (joining.meet([hello.record, ...hello.view], hello.lone || areOurs, link.said.lone))
      self.update({ seniority: joining.seniority })
    const kept = neighbours.greet(link)
    // Until a peer that yields says so itself, it ranks nowhere, and what it claimed alone is void.
    const goneAs = this.#context.membership.goneAs(link.remote)
    this.learn(yields ? { ...hello.record, seniority: undefined } : hello.record, link.remote, 'hello')
    // It lives; others, who have no link to it, would believe that only of a higher incarnation.
    if (goneAs !== undefined && goneAs >= hello.record.incarnation)
      this.#contradictions.gone(link.remote, goneAs)
    for (const record of hello.view) this.learn(record, link.remote, 'hello')
    this.#context.membership.heard(link.remote, this.#context.nowMs)
    if (kept) {
      const claims = hello.claims.filter((claim: Claim) => !yields || claim.leader !== link.remote)
      const provisional = hello.record.seniority === undefined
      this.#context.emit(
        { type: 'linked', peer: link.remote, digest: hello.digest, claims, provisional },
        { type: 'links' },
      )
      const nonce = this.#context.membership.askAgain(link.remote)
      if (nonce !== undefined) this.#parts.delivery.send(link, link.ping(nonce, this.#context.nowMs))
      if (provisional) this.#tellTheDead(link, hello.view)
    }
    this.settle()
  }

  /** It stood still while they died, or heard of them from one that did: by itself it gives them long to come back. */
  #tellTheDead(link: LinkState, view: readonly PeerRecord[]): void {
    for (const payload of this.#context.membership.goneAmong(view))
      this.#parts.delivery.send(link, { type: 'direct', payload })
  }

  /** `from`: over whose link it came; the peer's own, or another neighbour's. */
  learn(record: PeerRecord, from: PeerId, by: 'hello' | 'rumour' | 'broadcast'): void {
    const { self, membership, nowMs } = this.#context
    if (record.id === self.id) {
      if (record.incarnation > self.incarnation) this.#parts.self.refute(record.incarnation)
      return
    }
    const source = record.id !== from ? 'hearsay' : by === 'hello' ? 'hello' : 'own'
    const before = membership.get(record.id)
    const news = membership.learn(record, source, nowMs)
    if (news === false && source !== 'hearsay') this.#contradictions.check(record)
    if (news === false) return
    if (news === 'joined') this.#context.emit({ type: news, record })
    else
      this.#context.emit({ type: news, record, linksOnly: before !== undefined && areAlike(before, record) })
    this.#parts.introductions.learned(record.id)
    // What is broadcast reaches the others as it reached us.
    if (news === 'joined' && by !== 'broadcast') this.#parts.rumours.heard(record.id, from)
    // A hello is settled when all of it was taken in: our seniority comes after everybody's it names.
    if (by !== 'hello') this.settle()
  }

  // --------------------------------------------------------------------------------------- suspicion

  /** Evidence that a peer is gone: it begins a probe, no more. */
  suspect(peer: PeerId, evidence: Evidence): void {
    const { links, membership, nowMs, suspended, isPartial } = this.#context
    if (suspended) return
    // In a larger mesh all see the socket close: those with a link to that peer tell all, the others look for themselves.
    const isOneOfMany = isPartial && evidence === 'socket' && !links.to(peer)
    const seen = isOneOfMany ? 'word' : evidence
    const verdict = membership.suspect(peer, seen, links.to(peer)?.roundTrip, nowMs)
    if (!verdict) return
    this.#context.count('suspicions')
    this.#context.count(evidenceCounters[evidence])
    this.#act(verdict)
  }

  /**
   * We stalled: each of the others has to show that it still lives, and gets the time to link to us again, for they
   * may have closed their links. Nobody else is bothered.
   */
  doubtEverybody(): void {
    for (const { id } of this.#context.membership.records()) this.suspect(id, 'own-stall')
  }

  takeSuspicion({ peer, incarnation, silence }: PayloadOf<'suspect'>): void {
    if (peer === this.#context.self.id) this.#parts.self.refute(incarnation)
    else this.suspect(peer, silence ? 'word-of-silence' : 'word')
  }

  /**
   * Its own goodbye is believed; another's verdict is one more piece of evidence, and so is a goodbye that others pass
   * on, where we have a link to that peer. `via`: over whose link it came; `alone`: its sender tells nobody else.
   */
  takeGone(
    from: PeerId,
    via: PeerId,
    { peer, incarnation, reason }: PayloadOf<'gone'>,
    alone: boolean,
  ): void {
    if (peer === this.#context.self.id) {
      // It closes its link to us, which says nothing about itself.
      const link = this.#context.links.to(from)
      if (link) link.renounced = true
      return this.#parts.self.refute(incarnation)
    }
    const isOwnWord = from === peer && (via === peer || this.#context.links.to(peer) === undefined)
    // Whoever was told of the evidence when it arose looks into it already.
    if (!isOwnWord || reason !== 'left') {
      this.#context.membership.confirm(peer, alone ? incarnation : undefined, this.#context.nowMs)
      return this.suspect(peer, 'word-of-silence')
    }
    const record = this.#context.membership.depose(peer, incarnation)
    if (record) this.#depart(record, 'left')
    this.settle()
  }

  /** A neighbour holds it for gone, and says so to us alone: if it lives, it can put that right for everybody. */
  contradict({ peer, incarnation, reason }: PayloadOf<'gone'>): void {
    const { isPartial, membership } = this.#context
    const isDoubtful = isPartial && reason === 'failed' && membership.get(peer) !== undefined
    if (isDoubtful) this.#contradictions.gone(peer, incarnation)
  }

  /** What that peer does and what we hold of it do not fit: it is told, and can speak for itself. */
  confront(peer: PeerId): void {
    this.#contradictions.confront(peer)
  }

  /** An answer to a probe: a pong over `link`, or, without one, through others. */
  takeAlive(peer: PeerId, nonce: number, link?: LinkState): void {
    if (!this.#context.membership.alive(peer, nonce)) return
    // It lives, and the link says nothing: the link is dead, not the peer.
    const direct = link ? undefined : this.#context.links.to(peer)
    if (direct && this.#context.nowMs >= direct.silentAtMs) this.#parts.neighbours.close(direct, 'silent')
    this.settle()
  }

  #act(verdict: Verdict): void {
    if (verdict.type === 'probe') return this.#probe(verdict)
    const { peer, record, spread, isMet } = verdict
    const gone = { type: 'gone', peer, incarnation: record.incarnation, reason: 'failed' } as const
    const link = this.#context.links.to(peer)
    // Whoever told us tells everybody. The peer itself, if it lives after all, should know why its link is closed.
    if (spread) this.#parts.delivery.broadcast(gone)
    else if (link) this.#parts.delivery.send(link, { type: 'direct', payload: gone })
    this.#depart(record, 'failed')
    if (isMet) this.#parts.introductions.lost(peer)
  }

  /** On every path at hand: its links, and a few neighbours that say they have one. */
  #probe({ peer, nonce, spread, indirect }: Extract<Verdict, { type: 'probe' }>): void {
    const { links, membership, nowMs, options } = this.#context
    const { delivery } = this.#parts
    const { incarnation } = membership.get(peer)!
    if (spread) delivery.broadcast({ type: 'suspect', peer, incarnation, silence: spread === 'silence' })
    const direct = links.every().filter((link) => link.remote === peer && link.greeted)
    for (const link of direct) delivery.send(link, link.ping(nonce, nowMs))
    if (!indirect && direct.length > 0) return
    const others = this.#context.neighbours().filter((id) => id !== peer)
    const withLink = others.filter((id) => membership.get(id)?.neighbours.includes(peer))
    // Who is in doubt itself may carry nothing.
    const certain = withLink.filter((id) => !membership.isSuspected(id))
    const helpers = certain.length > 0 ? certain : withLink
    const asked = options.random.sample(helpers, limits.indirectProbes)
    if (asked.length > 0) delivery.unicastBy(asked, peer, { type: 'probe', nonce })
    else if (direct.length > 0) return
    // Nobody near says to have a link, and the one way that we know of may lead by way of the dead.
    else if (this.#searches.take(nowMs)) delivery.unicastBy(others, peer, { type: 'probe', nonce })
    else delivery.unicast(peer, { type: 'probe', nonce })
  }

  #depart(record: PeerRecord, reason: GoneReason): void {
    const peer = record.id
    const { delivery, introductions, joining, neighbours } = this.#parts
    delivery.forget(peer)
    introductions.forget(peer)
    joining.unreachable(peer)
    this.#contradictions.forget(peer)
    this.#context.emit({ type: 'left', record, reason })
    for (const link of this.#context.links.every()) if (link.remote === peer) neighbours.close(link, 'gone')
  }

  /** Everybody leaves our view, the dead are forgotten: we go, or stand still. */
  clear(): void {
    const records = this.#context.membership.records()
    this.#context.membership.clear()
    for (const record of records) this.#depart(record, 'left')
  }

  // --------------------------------------------------------------------------------------- seniority

  /** Takes our place among the living as soon as it can be told. */
  settle(): void {
    const { suspended, self, links, nowMs } = this.#context
    if (suspended || self.seniority !== undefined || this.#isUncertain()) return
    const { joining } = this.#parts
    const isMet = (peer: PeerId): boolean => links.to(peer) !== undefined
    if (joining.settle(self.id, this.#context.membership.records(), isMet, nowMs)) {
      this.#parts.self.update({ seniority: joining.seniority }, 'now')
    }
  }

  tick(): void {
    for (const verdict of this.#context.membership.tick(this.#context.nowMs)) this.#act(verdict)
    this.settle()
  }

  deadlineMs(): number {
    const { membership } = this.#context
    return Math.min(
      membership.deadlineMs(),
      this.#context.self.seniority !== undefined || this.#isUncertain()
        ? Infinity
        : this.#parts.joining.deadlineMs(),
    )
  }

  /** The only ones who could give us a place are in doubt: first it has to show whether they live. */
  #isUncertain(): boolean {
    const { membership } = this.#context
    const records = membership.records()
    const certain = records.filter((record) => !membership.isSuspected(record.id))
    return certain.length < records.length && certain.every((record) => record.seniority === undefined)
  }
}

/** But for their links and whether they have documents, and the number that goes with them. */
function areAlike(before: PeerRecord, now: PeerRecord): boolean {
  const standing = (record: PeerRecord): PeerRecord => ({
    ...record,
    incarnation: 0,
    neighbours: [],
    noDocuments: false,
  })
  return JSON.stringify(standing(before)) === JSON.stringify(standing(now))
}
