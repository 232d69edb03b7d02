// Tells those who have a document open how our copy of it stands, and asks how theirs do: together and a little later
// where more may follow, again where no answer came, and once in a while in any case. What is said of a copy is
// agreement.ts; here is to whom, and when.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { DocState } from '../wire/messages.ts'
import type { Agreement, Holder } from './agreement.ts'
import type { Desk } from './desk.ts'

export class Telling {
  readonly #desk: Desk
  readonly #agreement: Agreement
  /** What we say of our copy. */
  readonly #state: () => DocState
  /** Who was not heard of since it was opened here: whether they have it open, and how, is not known. */
  #unheard = new Set<PeerId>()
  #askAtMs = Infinity
  /** Told that we wait for others, when they were not known to have it open. */
  readonly #toldWaiting = new Set<PeerId>()
  #tellAtMs = Infinity
  #compareAtMs = Infinity
  /** Who is told at the next comparison; those told before that did not answer are asked. */
  #compareWith = new Set<PeerId>()
  #asking = false
  #antiEntropyAtMs = 0

  constructor(desk: Desk, agreement: Agreement, state: () => DocState) {
    this.#desk = desk
    this.#agreement = agreement
    this.#state = state
  }

  /** Nobody who was asked whether they have it open is left that has not said so. */
  get everybodyHeard(): boolean {
    return this.#unheard.size === 0
  }

  get deadlineMs(): number {
    const askAtMs = this.everybodyHeard ? Infinity : this.#askAtMs
    return Math.min(
      this.#tellAtMs,
      this.#compareAtMs,
      this.#antiEntropyDueMs(),
      this.#agreement.askAtMs,
      askAtMs,
    )
  }

  tick(): void {
    const { nowMs } = this.#desk
    if (nowMs >= this.#tellAtMs) this.#tellAll()
    if (nowMs >= this.#compareAtMs) this.#compare()
    if (nowMs >= this.#antiEntropyDueMs()) this.tell(this.#agreement.all().filter(({ untold }) => untold))
    if (nowMs >= this.#agreement.askAtMs) this.#askConfirmation()
    if (nowMs >= this.#askAtMs && !this.everybodyHeard) this.ask([...this.#unheard])
  }

  // ------------------------------------------------------------------------------------- what happened

  /** Our copy did, and nobody was told yet. */
  changed(): void {
    const holders = this.#agreement.all()
    // Counted from the first change that nobody was told of: until then there is nothing to compare.
    if (!holders.some((holder) => holder.untold)) {
      this.#antiEntropyAtMs = this.#desk.nowMs + limits.antiEntropyIntervalMs
    }
    for (const holder of holders) holder.untold = true
  }

  /** That peer said whether it has it open. */
  heard(peer: PeerId): void {
    this.#unheard.delete(peer)
  }

  /** It has, which we did not know: what it was told that we wait for may be here by now, or given up. */
  met(holder: Holder): void {
    if (this.#toldWaiting.delete(holder.peer)) holder.untold = true
  }

  /** It is gone, has it open no more, or is not listened to. */
  forget(peer: PeerId): void {
    this.#unheard.delete(peer)
    this.#toldWaiting.delete(peer)
  }

  /** Whether others have it open is not waited for any more: our copy stands outside while it is over its limit. */
  stopAsking(): void {
    this.#unheard.clear()
  }

  // ------------------------------------------------------------------------------------ who is told what

  /** Asks these, everybody alive at first, whether they have it open, and tells them how it stands here. */
  ask(peers: readonly PeerId[]): void {
    this.#unheard = new Set(peers)
    this.#askAtMs = this.#desk.nowMs + limits.docAskIntervalMs
    this.#desk.multicast(peers, this.#desk.docsWith({ ask: true, open: [this.#state()] }))
  }

  /** Says how our copy stands. */
  tell(holders: readonly Holder[], ask = false): void {
    if (holders.length === 0) return
    const state = this.#state()
    for (const holder of holders) noteTold(holder, state)
    const peers = holders.map(({ peer }) => peer)
    this.#desk.multicast(peers, this.#desk.docsWith({ ask, open: [state] }))
  }

  /** That state is about to be told to that peer, together with those of other documents. */
  tells(peer: PeerId, state: DocState): void {
    const holder = this.#agreement.get(peer)
    if (holder) noteTold(holder, state)
    else if (state.waitingFor.length > 0) this.#toldWaiting.add(peer)
  }

  /** One transfer is often followed by the next: what has changed is told when they are through. */
  soon(): void {
    const delayMs = this.#desk.isForming ? limits.docFormingTellDelayMs : limits.docTellDelayMs
    this.#tellAtMs = Math.min(this.#tellAtMs, this.#desk.nowMs + delayMs)
  }

  /** Whoever was told that we wait is told when we no longer do: it calls nothing synced until then. */
  look(): void {
    if (this.#tellAtMs < Infinity || !this.#agreement.some(({ toldWaiting }) => toldWaiting)) return
    if (this.#agreement.waitingFor().length === 0) this.soon()
  }

  /** Edits that could not be pushed are announced: who lacks them fetches them. */
  announce(revision: number): void {
    const holders = this.#agreement.all()
    for (const holder of holders) this.#agreement.expect(holder, revision)
    this.tell(holders)
  }

  /** What somebody told some of us last it may not have told these. */
  compareSoon(peers: readonly PeerId[]): void {
    for (const peer of peers) this.#compareWith.add(peer)
    this.#asking = false
    this.#compareAtMs = Math.min(this.#compareAtMs, this.#desk.nowMs + limits.docCompareDelayMs)
  }

  #compare(): void {
    const unsure = this.#agreement.all().filter((holder) => holder.unsure)
    // Everybody tells everybody once; whoever has not noticed yet is asked until it answers.
    if (this.#asking) this.tell(unsure, true)
    else this.tell(this.#agreement.all().filter(({ peer }) => this.#compareWith.has(peer)))
    this.#compareWith.clear()
    this.#asking = unsure.length > 0
    this.#compareAtMs = this.#asking ? this.#desk.nowMs + limits.docAskIntervalMs : Infinity
  }

  /** To those who may lack what came or wait for us, and to those who were told that we were waiting. */
  #tellAll(): void {
    this.#tellAtMs = Infinity
    const waiting = this.#agreement.waitingFor().length > 0
    this.tell(this.#agreement.all().filter((holder) => holder.untold || (holder.toldWaiting && !waiting)))
  }

  #askConfirmation(): void {
    const unconfirmed = this.#agreement.unconfirmed()
    for (const holder of unconfirmed) holder.askAtMs = this.#desk.nowMs + limits.docAskIntervalMs
    this.tell(unconfirmed, true)
  }

  #antiEntropyDueMs(): number {
    return this.#agreement.some((holder) => holder.untold) ? this.#antiEntropyAtMs : Infinity
  }
}

function noteTold(holder: Holder, state: DocState): void {
  holder.toldWaiting = state.waitingFor.length > 0
  holder.untold = false
}
