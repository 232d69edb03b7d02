// The machine that decides leadership for one role, and nothing else: it is told the view, the claims that
// arrive and the time, and says what to persist, to send and to start. See README.md for the rules (EL1 …).
// The view decides WHO leads; claims only make it known, and give it a number that never falls.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { HeardClaims, type HeardClaim } from './claims.ts'
import { distanceOf, FarClaim } from './far-claim.ts'
import { Handover } from './handover.ts'
import type { Claim, ClaimInput, ElectionEffect, ElectionInput, LeaderChangeReason } from './protocol.ts'
import type { Candidate } from './rank.ts'
import { reasonOfChange, reasonOfVacancy } from './reason.ts'
import { Reminders } from './reminders.ts'
import { View } from './view.ts'

type ViewInput = Extract<ElectionInput, { type: 'view' }>

/** The claim we follow or hold, and how its leader was ranked when we took it. */
interface Accepted {
  readonly claim: Claim
  readonly candidate: Candidate | undefined
  /** Counts arrivals in the view: whoever arrived later has a higher number. */
  readonly arrivals: number
}

export class Election {
  readonly role: string
  readonly me: PeerId
  #effects: ElectionEffect[] = []

  readonly #view: View

  // Epochs.
  #highestEpochSeen: number
  /** The highest this peer ever claimed. 0: none. */
  #claimedEpoch = 0
  /** Persisted for a claim that was not made yet. */
  #durableEpoch = 0
  #persistingEpoch: number | undefined
  #retryPersistAtMs: number | undefined
  /** When to have the epoch that we follow stored once more. */
  #rememberAgainAtMs: number | undefined

  // Claims.
  readonly #heard = new HeardClaims()
  readonly #far = new FarClaim()
  #accepted: Accepted | undefined
  /** The last claim accepted, whether its leader still is or not: the epoch never falls below it. */
  #last: Claim | undefined
  readonly #reminders = new Reminders()

  // What the outside was told.
  #leader: PeerId | undefined
  #toldEpoch = 0
  #vacancy: { readonly reason: LeaderChangeReason; readonly tellAtMs: number } | undefined

  // Duty.
  readonly #handover = new Handover()
  #dutyDue = false
  #dutyActive = false

  /** @param options.persistedEpoch The highest epoch this device's store holds for the role; 0 if none. */
  constructor(options: { role: string; me: PeerId; persistedEpoch: number }) {
    this.role = options.role
    this.me = options.me
    this.#view = new View(options.me)
    this.#highestEpochSeen = options.persistedEpoch
  }

  /** As last told by `leaderChanged`; may be dead for up to `limits.claimPatienceMs`. */
  get leader(): PeerId | undefined {
    return this.#leader
  }

  /** Of the last claim accepted. Never falls. 0: none yet. */
  get epoch(): number {
    return this.#last?.epoch ?? 0
  }

  get highestEpochSeen(): number {
    return this.#highestEpochSeen
  }

  /** Whether this peer holds the claim it follows: it leads. */
  get leading(): boolean {
    return this.#accepted?.claim.leader === this.me
  }

  /** Nothing runs here, is under way or is owed to anybody: of a peer that does not stand, the last claim says it all. */
  get isAtRest(): boolean {
    const isBusy = this.leading || this.#persistingEpoch !== undefined || this.#handover.isOwing
    return !isBusy && this.deadlineMs === undefined
  }

  /**
   * What to tell a newcomer: the last claim accepted, even where its leader is gone, for its epoch. Our own only while we lead, or
   * have no place: with one we would be taken for a leader.
   */
  claimNow(): Claim | undefined {
    const isOurs = this.#last?.leader === this.me
    if (isOurs && !this.leading && this.#view.candidate(this.me)?.seniority !== undefined) return undefined
    return this.#last
  }

  /** When to send a `tick` at the latest, if nothing else comes. Monotonic, ms. */
  get deadlineMs(): number | undefined {
    const deadlines = [
      this.#handover.deadlineMs,
      this.#vacancy?.tellAtMs,
      this.#reminders.deadlineMs,
      this.#far.deadlineMs(this.#view.elected),
      this.#claimDueMs(),
      this.#rememberAgainAtMs,
    ].filter((deadline) => deadline !== undefined)
    return deadlines.length > 0 ? Math.min(...deadlines) : undefined
  }

  /** Takes one input; the effects are to be carried out in their order. */
  step(input: ElectionInput, nowMs: number): ElectionEffect[] {
    this.#effects = []
    switch (input.type) {
      case 'view':
        this.#takeView(input, nowMs)
        break
      case 'claim':
        this.#takeClaim(input, nowMs)
        if (input.viewFollows === true) return this.#effects
        break
      case 'epochPersisted':
        this.#takePersisted(input.epoch, nowMs)
        break
      case 'persistFailed':
        this.#takePersistFailed(nowMs)
        break
      case 'rememberFailed':
        this.#rememberAgainAtMs = nowMs + limits.storageBusyMs
        break
      case 'yielded':
        this.#takeYield(input.leader, input.epoch)
        break
      case 'stalled':
        this.#takeStall()
        break
      case 'tick':
    }
    this.#advance(nowMs)
    return this.#effects
  }

  #advance(nowMs: number): void {
    this.#handover.expire(nowMs)
    const elected = this.#view.elected
    const far = this.#far.take(elected, this.#highestEpochSeen, nowMs)
    // Told of a claim below its own, a leader says what it claims.
    if (far === 'again')
      this.#tellClaim(elected!, { role: this.role, epoch: Math.max(this.epoch, 1), leader: elected! })
    else if (far !== undefined) this.#hear(elected!, far, false, nowMs)
    if (elected === this.me) this.#claimWhereDue(nowMs)
    else if (elected !== undefined) this.#followWhereDue(elected, nowMs)
    // What it did from now on would be refused as out of date.
    if (this.leading && elected !== this.me && this.#claimerAbove() !== undefined) this.#stopDuty()
    this.#rememberWhereDue(nowMs)
    this.#answerClaims()
    this.#startDutyWhereDue()
    this.#tellVacancyWhereDue(nowMs)
    this.#remindWhereDue(nowMs)
  }

  // ------------------------------------------------------------------------------------------- inputs

  #takeView(view: ViewInput, nowMs: number): void {
    const before = this.#view.elected
    const { gone, arrived } = this.#view.take(view.candidates, view.live)
    this.#forget(gone)
    for (const peer of arrived) this.#reminders.arrived(peer)
    if (this.#view.elected !== before) {
      this.#reminders.restart()
      this.#far.elected(this.#view.elected, nowMs)
    }
    this.#checkLeader(view.goneReason ?? 'failed', nowMs)
  }

  #forget(gone: readonly PeerId[]): void {
    for (const peer of gone) {
      this.#reminders.gone(peer)
      this.#heard.gone(peer)
      this.#handover.gone(peer)
    }
  }

  /** A leader that is dead, or that withdrew, leads no more; one that was merely outranked leads on. */
  #checkLeader(goneReason: LeaderChangeReason, nowMs: number): void {
    const leader = this.#accepted?.claim.leader
    if (leader === undefined) return
    const now = this.#view.candidate(leader)
    if (!this.#view.isLive(leader)) this.#vacate(goneReason, nowMs)
    else if (this.#view.elected === undefined) this.#vacate(reasonOfVacancy(now), nowMs)
    else if (leader === this.me && now === undefined) this.#vacate('resigned', nowMs)
  }

  #takeClaim({ claim, from, relayed, viewFollows, former }: ClaimInput, nowMs: number): void {
    const { role, epoch, leader } = claim
    if (role !== this.role || !Number.isSafeInteger(epoch) || epoch < 1) return
    const elected = this.#view.elected
    const firstHand = from === leader && relayed !== true
    const isOurs = elected === this.me
    // Whoever has no place claims nothing any more, whatever our view still says.
    const isElected = leader === elected && former !== true
    const distance = distanceOf(epoch, this.#highestEpochSeen, { isElected, firstHand, isOurs })
    if (distance !== 'near' && former !== true) {
      if (leader !== this.me && (distance === 'far' || firstHand))
        this.#far.hold(leader, epoch, elected, nowMs)
      // No farther than those who follow us can follow: the rest when we are told again.
      const mostEpoch = this.#highestEpochSeen + limits.maxFarEpochJump / 2
      if (isOurs && this.#far.insisted(nowMs)) this.#hear(leader, Math.min(epoch, mostEpoch), false, nowMs)
    }
    if (distance !== 'near') return
    if (former === true) this.#highestEpochSeen = Math.max(this.#highestEpochSeen, epoch)
    else if (leader !== this.me || epoch > this.#claimedEpoch) this.#hear(leader, epoch, firstHand, nowMs)
    this.#correct(leader, epoch, from, viewFollows === true)
  }

  #hear(leader: PeerId, epoch: number, firstHand: boolean, nowMs: number): void {
    const isLive = (peer: PeerId): boolean => this.#view.isLive(peer)
    const news = this.#heard.hear({ leader, epoch, firstHand }, nowMs, isLive)
    this.#highestEpochSeen = Math.max(this.#highestEpochSeen, epoch)
    const owes = this.#claimedEpoch > 0 && epoch > this.#claimedEpoch && leader !== this.me
    if (news && owes) this.#handover.owe(leader, epoch)
  }

  /**
   * Whoever speaks of an old claim is told ours, unless we are about to outbid that claim anyhow; so is whoever has our claim
   * from others and asks. And the leader that we follow, where it says less of itself than others said of it.
   */
  #correct(leader: PeerId, epoch: number, from: PeerId | undefined, inHello: boolean): void {
    const followed = this.#accepted?.claim
    const isOurs = leader === this.me && followed?.leader === this.me && epoch === followed.epoch
    // Our own hello says so too.
    if (isOurs && !inHello && from !== undefined && from !== this.me) return this.#tellClaim(from, followed)
    if (from === leader && followed?.leader === leader && leader !== this.me && epoch < followed.epoch)
      return this.#tellClaim(leader, followed)
    if (from === undefined || this.#last === undefined || epoch >= this.epoch) return
    // A leader that stood still may be the only one who knows its epoch, and is not asked for it as a follower.
    const isFormer = this.#last.leader === this.me && from === leader
    if (!this.leading && !isFormer) return
    if (this.#view.elected === this.me && this.#contenders().some((claim) => claim.leader === leader)) return
    this.#tellClaim(from, this.#last)
  }

  #takePersisted(epoch: number, nowMs: number): void {
    const asked = this.#persistingEpoch
    if (asked === undefined) return
    if (epoch < asked) return this.#takePersistFailed(nowMs)
    this.#persistingEpoch = undefined
    this.#retryPersistAtMs = undefined
    if (epoch === asked) this.#durableEpoch = epoch
    else this.#highestEpochSeen = Math.max(this.#highestEpochSeen, epoch)
  }

  #takePersistFailed(nowMs: number): void {
    if (this.#persistingEpoch === undefined) return
    if (this.#retryPersistAtMs === undefined) this.#effects.push({ type: 'unfit' })
    this.#persistingEpoch = undefined
    this.#retryPersistAtMs = nowMs + limits.storageBusyMs
  }

  #takeYield(leader: PeerId, epoch: number): void {
    const claim = this.#heard.get(leader)
    if (claim === undefined || epoch > this.#claimedEpoch) return
    claim.yieldedEpoch = Math.max(claim.yieldedEpoch, epoch)
    if (hasYielded(claim)) this.#handover.cleared(leader)
  }

  /** The view and the claim are from before the stall: neither counts until the view speaks anew. */
  #takeStall(): void {
    this.#stopDuty()
    this.#accepted = undefined
    this.#vacancy = undefined
    this.#reminders.restart()
    this.#forget(this.#view.forget())
    this.#tell(undefined, 'stalled')
  }

  // ------------------------------------------------------------------------------------------ leading

  #claimWhereDue(nowMs: number): void {
    const dueMs = this.#claimDueMs()
    if (dueMs === undefined || nowMs < dueMs) return
    if (this.#durableEpoch > this.#highestEpochSeen) return this.#claim(this.#durableEpoch, nowMs)
    this.#persistingEpoch = this.#highestEpochSeen + 1
    this.#effects.push({ type: 'persistEpoch', epoch: this.#persistingEpoch })
  }

  /** When to go on towards a claim of ours; `undefined`: not wanted, or waiting for the store. */
  #claimDueMs(): number | undefined {
    if (this.#view.elected !== this.me || this.#persistingEpoch !== undefined) return undefined
    // None is left that could be said.
    if (this.#highestEpochSeen >= Number.MAX_SAFE_INTEGER) return undefined
    const wantedMs = this.leading
      ? Math.min(...this.#contenders().map((claim) => this.#raiseDueMs(claim)))
      : -Infinity
    return wantedMs === Infinity ? undefined : Math.max(wantedMs, this.#retryPersistAtMs ?? -Infinity)
  }

  #claim(epoch: number, nowMs: number): void {
    const reason = this.#reasonFor(this.me)
    const contenders = this.#contenders()
    const rivals = new Set(contenders.map(({ leader }) => leader))
    if (this.#accepted) rivals.add(this.#accepted.claim.leader)
    for (const contender of contenders) {
      contender.raisedAtMs = nowMs
      contender.outbidEpoch = contender.epoch
      contender.supersededAtMs = undefined
    }
    this.#stopDuty()
    for (const claim of this.#heard.all()) {
      if (this.#mayRunDuty(claim, nowMs)) {
        this.#handover.waitFor(claim.leader, nowMs + limits.handoverTimeoutMs)
      }
    }
    this.#handover.oweNobody()
    this.#claimedEpoch = epoch
    this.#highestEpochSeen = epoch
    this.#dutyDue = true
    const claim = { role: this.role, epoch, leader: this.me }
    this.#accept(claim, nowMs)
    this.#effects.push({ type: 'broadcastClaim', claim })
    this.#tell(this.me, reason)
    for (const rival of rivals) this.#confront(rival)
  }

  #mayRunDuty(claim: HeardClaim, nowMs: number): boolean {
    if (!this.#view.isLive(claim.leader) || claim.leader === this.me || hasYielded(claim)) return false
    return nowMs < (claim.supersededAtMs ?? nowMs) + limits.handoverTimeoutMs
  }

  /** Claims that contest ours: at or above our epoch, or of a part of the mesh that we met after claiming. */
  #contenders(): HeardClaim[] {
    const accepted = this.#accepted
    if (accepted === undefined || accepted.claim.leader !== this.me) return []
    return [...this.#heard.all()].filter((claim) => {
      if (claim.epoch >= accepted.claim.epoch) return true
      return this.#isNew(claim.leader) && claim.fresh && claim.outbidEpoch < claim.epoch
    })
  }

  /**
   * Against a part of the mesh that we just met: at once. Against a claim above ours that may come from a newer
   * view than ours: when the news had time to reach us. Against the same claimer again: after a pause, so that
   * two peers whose views differ do not race.
   */
  #raiseDueMs(claim: HeardClaim): number {
    const againMs = (claim.raisedAtMs ?? -Infinity) + limits.handoverTimeoutMs
    const isSettled = this.#view.candidate(claim.leader)?.seniority !== undefined
    if (this.#isNew(claim.leader) && (isSettled || claim.epoch <= this.epoch)) return againMs
    return Math.max(againMs, claim.heardAtMs + limits.claimPatienceMs)
  }

  /** That peer came into our view after we accepted the claim that we hold or follow. */
  #isNew(peer: PeerId): boolean {
    return this.#view.cameAfter(peer, this.#accepted?.arrivals ?? 0)
  }

  #startDutyWhereDue(): void {
    if (!this.#dutyDue || !this.leading || this.#view.elected !== this.me || this.#handover.isWaiting) return
    this.#dutyDue = false
    this.#dutyActive = true
    this.#effects.push({ type: 'dutyStarts', epoch: this.epoch })
  }

  #stopDuty(): void {
    this.#dutyDue = false
    if (this.#dutyActive) this.#effects.push({ type: 'dutyStops' })
    this.#dutyActive = false
  }

  // ---------------------------------------------------------------------------------------- following

  #followWhereDue(elected: PeerId, nowMs: number): void {
    const claim = this.#heard.get(elected)
    if (claim === undefined) return
    // The last leader may be taken back at its old epoch; everybody else has to be above it.
    const isLast = this.#last?.leader === elected && claim.epoch === this.epoch
    if (isLast ? this.#accepted !== undefined : claim.epoch <= this.epoch) return
    const reason = this.#reasonFor(elected)
    const merged = this.leading && this.#isNew(elected) ? this.#last : undefined
    this.#stopDuty()
    const isFollowing = this.#accepted !== undefined
    const claimed = { role: this.role, epoch: claim.epoch, leader: elected }
    this.#accept(claimed, nowMs)
    this.#handover.cleared(elected)
    this.#answerClaims()
    if (merged !== undefined) this.#tellClaim(elected, merged)
    // It may know nothing of what others say that it claimed; it goes on above that then.
    else if (isFollowing && !claim.firstHand) this.#tellClaim(elected, claimed)
    if (!isLast) this.#effects.push({ type: 'rememberEpoch', epoch: claim.epoch })
    this.#tell(elected, reason)
  }

  /** The store did not take the epoch that we follow: a sibling tab may have been frozen inside a transaction. */
  #rememberWhereDue(nowMs: number): void {
    if (this.#rememberAgainAtMs === undefined || nowMs < this.#rememberAgainAtMs) return
    this.#rememberAgainAtMs = undefined
    this.#effects.push({ type: 'rememberEpoch', epoch: this.epoch })
  }

  /** A former leader answers those who claimed above it, as soon as nothing of its time runs any more. */
  #answerClaims(): void {
    if (this.leading || this.#handover.isWaiting) return
    this.#handover.settle((to, epoch) => {
      if (this.#accepted === undefined || this.#accepted.claim.leader === to || epoch < this.epoch) {
        this.#effects.push({ type: 'sendYield', to, epoch })
        return true
      }
      if (epoch > this.epoch) return false
      // Two claimed the same epoch and we follow the other: an answer would let both run.
      this.#tellClaim(to, this.#accepted.claim)
      return true
    })
  }

  /**
   * The elected peer made no claim that we could accept: it does not know of ours, which is higher, or we missed
   * its own. It is told what we know; then it raises its epoch, or tells us. So is the leader whose claim we have only from
   * others, until it says the same or claims above it. And whoever came after our claim, or stands since, has it from a hello, most
   * likely; we make sure.
   */
  #remindWhereDue(nowMs: number): void {
    const claim = this.#last
    if (claim === undefined) return
    const to = this.#view.elected
    const isSilent = to !== this.#accepted?.claim.leader
    const isNeeded = to !== undefined && to !== this.me && (isSilent || !this.#isConfirmed(claim))
    if (this.#reminders.remindsNow(isNeeded, nowMs) && to !== undefined) {
      this.#tellClaim(to, claim)
      // It may not even stand for this role: somebody may have made its record up as well.
      this.#confront(to)
      if (isSilent) this.#confront(claim.leader)
    }
    for (const peer of this.#reminders.greetsNow(this.leading, nowMs)) this.#tellClaim(peer, claim)
    const rival = this.#rival()
    if (this.#reminders.confrontsNow(rival !== undefined, nowMs)) this.#confront(rival!)
  }

  /** Claims above the peer that we elect and follow, which does not answer that: others may elect the claimer. */
  #rival(): PeerId | undefined {
    const elected = this.#view.elected
    const isFollowed = elected !== undefined && elected === this.#accepted?.claim.leader
    return isFollowed && elected !== this.me ? this.#claimerAbove() : undefined
  }

  /** Lives, is not elected, and claims above what we follow or hold; not by hearsay, of which it may have said nothing. */
  #claimerAbove(): PeerId | undefined {
    const above = [...this.#heard.all()].find(
      ({ leader, epoch, firstHand }) =>
        firstHand &&
        epoch > this.epoch &&
        leader !== this.#view.elected &&
        leader !== this.me &&
        this.#view.isLive(leader),
    )
    return above?.leader
  }

  #isConfirmed({ leader, epoch }: Claim): boolean {
    const heard = this.#heard.get(leader)
    return heard === undefined || heard.epoch !== epoch || heard.firstHand
  }

  /** One of us may hold something of the other that it never said. */
  #confront(peer: PeerId): void {
    if (peer !== this.me && this.#view.isLive(peer)) this.#effects.push({ type: 'confront', peer })
  }

  #tellClaim(to: PeerId, claim: Claim): void {
    this.#effects.push({ type: 'sendClaim', to, claim })
  }

  // ------------------------------------------------------------------------------------------- shared

  #accept(claim: Claim, nowMs: number): void {
    const candidate = this.#view.candidate(claim.leader)
    this.#accepted = { claim, candidate, arrivals: this.#view.arrivals }
    this.#last = claim
    this.#reminders.forgetArrivals()
    this.#heard.supersede(claim.leader, claim.epoch, nowMs)
  }

  /** Nobody leads now. The outside hears of it only if no successor's claim comes soon. */
  #vacate(reason: LeaderChangeReason, nowMs: number): void {
    this.#stopDuty()
    this.#accepted = undefined
    const patienceMs = this.#view.elected === undefined ? 0 : limits.claimPatienceMs
    this.#vacancy = { reason, tellAtMs: nowMs + patienceMs }
  }

  #tellVacancyWhereDue(nowMs: number): void {
    if (this.#vacancy === undefined) return
    if (this.#view.elected !== undefined && nowMs < this.#vacancy.tellAtMs) return
    this.#tell(undefined, this.#vacancy.reason)
  }

  #tell(leader: PeerId | undefined, reason: LeaderChangeReason): void {
    this.#vacancy = undefined
    if (leader === this.#leader && this.epoch === this.#toldEpoch) return
    const previous = this.#leader
    this.#leader = leader
    this.#toldEpoch = this.epoch
    if (leader === undefined && previous === undefined) return
    this.#effects.push({ type: 'leaderChanged', leader, previous, epoch: this.epoch, reason })
  }

  #reasonFor(next: PeerId): LeaderChangeReason {
    const previous = this.#leader
    if (previous === undefined) return 'elected'
    if (this.#vacancy !== undefined) return this.#vacancy.reason
    if (previous === next) return 'merged'
    return reasonOfChange({
      before: this.#accepted?.candidate,
      now: this.#view.candidate(previous),
      next: this.#view.candidate(next),
      previousIsMe: previous === this.me,
      nextIsNew: this.#isNew(next),
    })
  }
}

/** That peer's duty of the epoch it claimed has stopped. */
const hasYielded = (claim: HeardClaim): boolean => claim.yieldedEpoch > claim.epoch
