// What one document knows of the copies the others hold: who has it open, up to which of their revisions nothing is
// missing here, up to which of ours nothing is missing there, and from that whether it may be called synced. Counting
// alone decides, never a guess: we agree with a peer when its digest equals ours, or when a transfer from it has ended.

import { equalBytes, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { DocState } from '../wire/messages.ts'
import type { Desk } from './desk.ts'

/** One peer that has the document open. */
export interface Holder {
  readonly peer: PeerId
  /** The highest it has told; and the highest of which nothing is missing here, -1: none. */
  revision: number
  agreed: number
  /** Of its last `docUpdates` that came. */
  number: number
  /** Updates of it were lost, or need something that is not here. */
  missed: boolean
  /** What it has that is missing here would take our copy over its limit. */
  refused: boolean
  /** Somebody went who may have told it what he did not tell us: it has to speak again. */
  unsure: boolean
  /** Our revision that it has not confirmed yet; undefined where nothing is known to be missing there. */
  needs: number | undefined
  /** When to ask it how far it is. */
  askAtMs: number
  /** As it last told. */
  state: DocState
  /** Transfers from it that came to nothing, in a row, and when to try it again. */
  failures: number
  retryAtMs: number
  /** Transfers from it that ended well and brought nothing, in a row, and until when no other is begun. */
  idle: number
  idleUntilMs: number
  /** We told it that we were waiting for others. */
  toldWaiting: boolean
  /** The document changed since we last told it how it stands. */
  untold: boolean
}

const lacks = (holder: Holder): boolean => holder.missed || holder.agreed < holder.revision
const isSource = (holder: Holder): boolean => lacks(holder) && !holder.refused

export class Agreement {
  readonly #desk: Desk
  readonly #holders = new Map<PeerId, Holder>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  get(peer: PeerId): Holder | undefined {
    return this.#holders.get(peer)
  }

  all(): Holder[] {
    return [...this.#holders.values()]
  }

  /** Of what is asked of every document after every frame: without an array. */
  some(is: (holder: Holder) => boolean): boolean {
    for (const holder of this.#holders.values()) if (is(holder)) return true
    return false
  }

  peers(): PeerId[] {
    return [...this.#holders.keys()]
  }

  /**
   * It says how its copy stands. `anew`: it begins, or begins again, to follow us. True: it was not known to have the
   * document open.
   */
  heard(
    peer: PeerId,
    state: DocState,
    ours: { revision: number; digest: Uint8Array },
    anew: boolean,
  ): boolean {
    const known = this.#holders.get(peer)
    const holder = known ?? newHolder(peer, state)
    this.#holders.set(peer, holder)
    holder.unsure = false
    holder.state = state
    if (state.revision > holder.revision) {
      holder.revision = state.revision
      holder.refused = false
      // News of it: whatever failed before may go well now.
      holder.retryAtMs = Math.min(holder.retryAtMs, this.#desk.nowMs)
    }
    const equal = equalBytes(state.digest, ours.digest)
    if (equal) this.agree(holder, state)
    else if (anew || !known) {
      this.expect(holder, ours.revision)
      // It may have told us what it holds before it knew of us, and we it.
      if (!known) holder.untold = true
    }
    const confirmed = state.agreed.find((each) => each.peer === this.#desk.me)?.revision ?? -1
    if (equal || confirmed >= (holder.needs ?? 0)) holder.needs = undefined
    // It tells us when it waits no more. By way of others that may be lost.
    const isPatient = holder.needs === undefined || state.waitingFor.length > 0
    if (isPatient) holder.askAtMs = this.#desk.nowMs + limits.antiEntropyIntervalMs
    else holder.askAtMs = Math.min(holder.askAtMs, this.#desk.nowMs + limits.docAskIntervalMs)
    return known === undefined
  }

  /** It lacks something of this revision of ours, and will fetch it. */
  expect(holder: Holder, revision: number): void {
    holder.needs = revision
    holder.askAtMs = this.#desk.nowMs + limits.docAskIntervalMs
  }

  /** Nothing that it held in this state is missing here. */
  agree(holder: Holder, state: DocState): void {
    holder.agreed = Math.max(holder.agreed, state.revision)
    holder.revision = Math.max(holder.revision, state.revision)
    if (state.number >= holder.number) {
      holder.number = state.number
      holder.missed = false
    }
    holder.failures = 0
    holder.refused = false
    // What a transfer ends with is overtaken on the link by what was told since.
    if (state.order > holder.state.order) holder.state = state
  }

  /** A transfer brought something: that may be what others told their copy to be, or what they lack. */
  compare(ours: { revision: number; digest: Uint8Array }): void {
    for (const holder of this.#holders.values()) {
      if (!equalBytes(holder.state.digest, ours.digest)) this.expect(holder, ours.revision)
      else {
        holder.needs = undefined
        if (lacks(holder)) this.agree(holder, holder.state)
      }
    }
  }

  /** A transfer from it came to nothing. */
  failed(holder: Holder): void {
    holder.retryAtMs = this.#desk.nowMs + pauseMs(holder.failures)
    holder.failures = Math.min(holder.failures + 1, maxDoublings)
  }

  /**
   * A transfer from it ended. Where it brought nothing the next one waits, the longer the more there were: else a peer
   * that says at every moment that it has something new keeps us busy asking.
   */
  ended(holder: Holder, news: boolean): void {
    const { nowMs } = this.#desk
    const isOften = nowMs < holder.idleUntilMs + limits.docTransferTimeoutMs
    const idle = isOften ? holder.idle : 0
    holder.idleUntilMs = news ? 0 : nowMs + pauseMs(idle)
    holder.idle = news ? 0 : Math.min(idle + 1, maxDoublings)
  }

  closed(peer: PeerId): boolean {
    return this.#holders.delete(peer)
  }

  /** Somebody who had it open is gone: what he told each of us last the others may lack. */
  doubt(revision: number): void {
    for (const holder of this.#holders.values()) this.unlinked(holder, revision)
  }

  /** Our link to it ended: what was under way on it, in either direction, may not have come. */
  unlinked(holder: Holder, revision: number): void {
    holder.unsure = true
    this.expect(holder, revision)
  }

  /** Peers from which something is missing here. */
  waitingFor(): PeerId[] {
    return this.all()
      .filter(lacks)
      .map(({ peer }) => peer)
  }

  /** For the others: how far we are with each of them. */
  agreed(): { readonly peer: PeerId; readonly revision: number }[] {
    return this.all()
      .filter(({ agreed }) => agreed >= 0)
      .map(({ peer, agreed: revision }) => ({ peer, revision }))
  }

  /** Peers from which nothing is missing. */
  basedOn(): PeerId[] {
    return this.all()
      .filter((holder) => !lacks(holder) && !holder.unsure)
      .map(({ peer }) => peer)
      .sort()
  }

  /** Nothing that any holder has is missing here, nothing of ours there, and no holder waits for anybody. */
  complete(): boolean {
    return !this.some(
      (holder) =>
        lacks(holder) || holder.unsure || holder.needs !== undefined || holder.state.waitingFor.length > 0,
    )
  }

  /**
   * Whom to fetch from: who failed less often goes first, then tabs of this browser, then whoever has a link, then the
   * rest; nobody who just failed.
   */
  source(): Holder | undefined {
    const { nowMs } = this.#desk
    const ready = this.all().filter((holder) => isSource(holder) && readyAtMs(holder) <= nowMs)
    return ready.sort((a, b) => a.failures - b.failures || this.#distance(a) - this.#distance(b))[0]
  }

  /** What did not fit may do so now. */
  makeRoom(): void {
    for (const holder of this.#holders.values()) holder.refused = false
  }

  /** What some of them have was not taken in: it would take our copy over its limit. */
  get refuses(): boolean {
    return this.some(({ refused }) => refused)
  }

  /** Somebody else has what is missing here, and could be asked now. */
  hasOther(than: PeerId): boolean {
    const { nowMs } = this.#desk
    return this.all().some((holder) => holder.peer !== than && isSource(holder) && readyAtMs(holder) <= nowMs)
  }

  /** When a source that has to wait may be asked again. */
  get retryAtMs(): number {
    let next = Infinity
    for (const holder of this.#holders.values())
      if (isSource(holder)) next = Math.min(next, readyAtMs(holder))
    return next
  }

  /** Who has not confirmed what it needs, or waits for others, and has to be asked by now. */
  unconfirmed(): Holder[] {
    return this.all().filter((holder) => askableAtMs(holder) <= this.#desk.nowMs)
  }

  /** When to ask the next one. */
  get askAtMs(): number {
    let next = Infinity
    for (const holder of this.#holders.values()) next = Math.min(next, askableAtMs(holder))
    return next
  }

  #distance({ peer }: Holder): number {
    const { linked, live, store } = this.#desk
    if (live.get(peer)?.store === store) return linked.has(peer) ? 0 : 2
    return linked.has(peer) ? 1 : 3
  }
}

const maxDoublings = 10

const pauseMs = (doublings: number): number => Math.min(limits.docTransferTimeoutMs, 100 * 2 ** doublings)

const askableAtMs = ({ needs, state, askAtMs }: Holder): number =>
  needs === undefined && state.waitingFor.length === 0 ? Infinity : askAtMs

const readyAtMs = ({ retryAtMs, idleUntilMs }: Holder): number => Math.max(retryAtMs, idleUntilMs)

const newHolder = (peer: PeerId, state: DocState): Holder => ({
  peer,
  revision: -1,
  agreed: -1,
  number: state.number,
  missed: false,
  refused: false,
  unsure: false,
  needs: undefined,
  askAtMs: Infinity,
  state,
  failures: 0,
  retryAtMs: 0,
  idle: 0,
  idleUntilMs: 0,
  toldWaiting: false,
  untold: false,
})
