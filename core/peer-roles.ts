// The roles of one peer: an election for the mesh's leader (role '') and one for each role it stood for. Feeds them
// the view and what is said about their role, and hands their effects on.

import type { PeerId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import { Election } from './election/election.ts'
import type { ClaimInput, ElectionEffect, ElectionInput } from './election/protocol.ts'
import { compareRank, type Candidate } from './election/rank.ts'
import type { Claim, PeerRecord } from './wire/messages.ts'

/** Claims of roles we do not stand for that are kept, and claims a hello carries. chosen; a hello's bound. */
const maxClaims = 64
/** Roles we stood for once of which an election is kept: it answers its successors. chosen: as many as a peer stands for. */
const maxGivenUp = limits.maxRoles
/** How far a succession is told: where two at its head are in doubt there are still a leader and two behind it. */
const maxSuccession = 5

export class Roles {
  readonly #me: PeerId
  readonly #take: (role: string, effect: ElectionEffect) => void
  readonly #elections = new Map<string, Election>()
  /** Claims of roles we do not stand for, kept for the day we do; the one last heard of comes last. */
  readonly #otherClaims = new Map<string, Claim>()
  /** Everybody alive, as last told. */
  #records: readonly PeerRecord[] = []

  constructor(me: PeerId, epoch: number, take: (role: string, effect: ElectionEffect) => void) {
    this.#me = me
    this.#take = take
    this.#elections.set('', new Election({ role: '', me, persistedEpoch: epoch }))
  }

  get(role: string): Election | undefined {
    return this.#elections.get(role)
  }

  /** Whether this peer leads anything that another could lead in its place. */
  get isContested(): boolean {
    return [...this.#elections.values()].some(
      ({ leading, role }) =>
        leading && this.#records.some((record) => record.id !== this.#me && candidacy(record, role)),
    )
  }

  get deadlineMs(): number {
    const deadlines = [...this.#elections.values()].map(
      ({ deadlineMs }) => deadlineMs ?? Number.POSITIVE_INFINITY,
    )
    return Math.min(...deadlines)
  }

  /**
   * A role this peer stands for from now on. Its election stays when the peer steps aside: one that does not stand
   * follows, and owes its successor word that its duty stopped.
   */
  add(role: string, epoch: number, nowMs: number): void {
    if (this.#elections.has(role)) return
    const claim = this.#otherClaims.get(role)
    this.#otherClaims.delete(role)
    // What was kept was bounded as it came (EL6): it is not far ahead of what we know.
    const persistedEpoch = Math.max(epoch, claim?.epoch ?? 0)
    this.#elections.set(role, new Election({ role, me: this.#me, persistedEpoch }))
    if (claim) this.step(role, { type: 'claim', claim }, nowMs)
  }

  step(role: string, input: ElectionInput, nowMs: number): void {
    for (const effect of this.#elections.get(role)?.step(input, nowMs) ?? []) this.#take(role, effect)
  }

  stepAll(input: ElectionInput, nowMs: number): void {
    for (const role of this.#elections.keys()) this.step(role, input, nowMs)
  }

  /** @param records Everybody alive, this peer included. */
  view(records: readonly PeerRecord[], goneReason: 'left' | 'failed' | undefined, nowMs: number): void {
    this.#records = records
    const live = records.map((record) => record.id)
    for (const role of this.#elections.keys()) {
      const candidates = records.flatMap((record) => candidacy(record, role) ?? [])
      this.step(role, { type: 'view', candidates, live, ...(goneReason && { goneReason }) }, nowMs)
    }
    this.#thinOut()
  }

  /** Of too many roles that were given up the first keep their last claim only: a program may lead one for each job. */
  #thinOut(): void {
    const over = [...this.#elections.values()].filter(
      ({ role, isAtRest }) => !this.#takesPart(role) && isAtRest,
    )
    for (const election of over.slice(0, Math.max(0, over.length - maxGivenUp))) {
      this.#elections.delete(election.role)
      const claim = election.claimNow()
      if (claim) this.#keep(claim)
    }
  }

  #takesPart(role: string): boolean {
    return role === '' || this.#stands(this.#me, role)
  }

  /** Of each role we take part in electing: its leader and the two that would follow, as the view has them. */
  successions(records: readonly PeerRecord[]): PeerId[][] {
    return [...this.#elections.keys()].map((role) =>
      records
        .flatMap((record) => candidacy(record, role) ?? [])
        .filter(({ seniority }) => seniority !== undefined)
        .toSorted(compareRank)
        .slice(0, maxSuccession)
        .map(({ peer }) => peer),
    )
  }

  /** @param how as in `ElectionInput` */
  claim(
    claim: Claim,
    from: PeerId,
    how: Pick<ClaimInput, 'relayed' | 'viewFollows' | 'former'>,
    nowMs: number,
  ): void {
    if (this.#elections.has(claim.role))
      return this.step(claim.role, { type: 'claim', claim, from, ...how }, nowMs)
    // Kept, it would be told on as a claim of somebody who leads.
    if (how.former === true) return
    // As an election has it of one that it does not elect: what is far ahead is most likely forged, and would hide what is true.
    const known = this.#otherClaims.get(claim.role)
    const jump = claim.epoch - (known?.epoch ?? 0)
    if (jump <= 0 || jump > limits.maxEpochJump / 2) return
    this.#keep(claim)
    // We led it before, and run nothing of it any more: its duty need not wait for us.
    if (known?.leader === this.#me && claim.leader === from)
      this.#take(claim.role, { type: 'sendYield', to: from, epoch: claim.epoch })
  }

  /** Where there are too many, the one not heard of for longest gives way; first those whose claimer does not stand any more. */
  #keep(claim: Claim): void {
    this.#otherClaims.delete(claim.role)
    if (this.#otherClaims.size >= maxClaims) {
      const kept = [...this.#otherClaims.values()]
      const victim = kept.find(({ role, leader }) => !this.#stands(leader, role)) ?? kept[0]!
      this.#otherClaims.delete(victim.role)
    }
    this.#otherClaims.set(claim.role, claim)
  }

  #stands(peer: PeerId, role: string): boolean {
    const record = this.#records.find(({ id }) => id === peer)
    return record !== undefined && candidacy(record, role) !== undefined
  }

  /** What a newcomer is told: of the mesh first, then of roles that we stand for, then of others. */
  claims(): Claim[] {
    const elections = [...this.#elections.values()]
    const own = elections
      .toSorted((a, b) => Number(this.#takesPart(b.role)) - Number(this.#takesPart(a.role)))
      .flatMap((election) => election.claimNow() ?? [])
      .slice(0, maxClaims)
    const others = [...this.#otherClaims.values()]
    return [...own, ...others.slice(Math.max(0, own.length + others.length - maxClaims))]
  }
}

/** What the view says of a peer as a candidate for a role. */
export function candidacy(record: PeerRecord, role: string): Candidate | undefined {
  const { id, fit, seniority } = record
  if (role === '') {
    return record.candidate ? { peer: id, priority: record.priority, fit, seniority } : undefined
  }
  const standing = record.roles.find((each) => each.role === role)
  return standing && { peer: id, priority: standing.priority, fit, seniority }
}
