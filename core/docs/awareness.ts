// Who is doing what in one document right now (cursors, names). Compatible with y-protocols' Awareness where programs
// touch it, without its flooding: each peer tells only its own states, to those who have the document open, when they
// change, and those without a link every half minute anew; nobody passes anything on, and who leaves the view is
// removed by everybody.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Desk } from './desk.ts'
import type { AwarenessState } from './types.ts'

/** Values inside values of one state. chosen: cursors need 3 or 4. */
const maxStateDepth = 64

interface Known {
  readonly peer: PeerId
  readonly clock: number
}

export class DocAwareness {
  readonly #desk: Desk
  readonly #doc: string
  /** Also of clients that show nothing (any more). */
  readonly #own = new Map<number, AwarenessState>()
  /** Clients of others: whoever spoke first for one keeps it while it lives, so nobody can be spoken over. */
  readonly #others = new Map<number, Known>()
  /** What a peer says of a client for which another speaks: it is that peer's turn once the other is gone. */
  readonly #waiting = new Map<PeerId, Map<number, AwarenessState>>()
  #untold = new Set<number>()
  #toldAtMs = Number.NEGATIVE_INFINITY
  /** The overlay had no room for what they were to be told; and when they are told all anew. */
  #refusedBy = new Set<PeerId>()
  #retryAtMs = Infinity
  /** When those to whom there is no link are told anew: what goes by way of others may not come, and nobody hears of that. */
  #renewAtMs: number

  constructor(desk: Desk, doc: string) {
    this.#desk = desk
    this.#doc = doc
    this.#renewAtMs = desk.nowMs + limits.antiEntropyIntervalMs
  }

  get deadlineMs(): number {
    return Math.min(this.#tellAtMs, this.#retryAtMs, this.#mustRenew ? this.#renewAtMs : Infinity)
  }

  get #tellAtMs(): number {
    return this.#untold.size > 0 ? this.#toldAtMs + limits.awarenessIntervalMs : Infinity
  }

  get #mustRenew(): boolean {
    return this.#own.size > 0 && this.#desk.live.size > this.#desk.linked.size
  }

  /** The program's own states changed. */
  set(states: readonly AwarenessState[], holders: readonly PeerId[]): void {
    for (const state of states) {
      this.#own.set(state.client, state)
      this.#untold.add(state.client)
    }
    this.tick(holders)
  }

  tick(holders: readonly PeerId[]): void {
    if (this.#mustRenew && this.#desk.nowMs >= this.#renewAtMs) this.#renew(holders)
    if (this.#desk.nowMs >= this.#retryAtMs) this.#retry(holders)
    if (this.#desk.nowMs < this.#tellAtMs) return
    const states = [...this.#untold].flatMap((client) => this.#own.get(client) ?? [])
    this.#untold = new Set()
    this.#toldAtMs = this.#desk.nowMs
    this.#desk.multicast(holders, this.#payload(states))
  }

  #renew(holders: readonly PeerId[]): void {
    this.#renewAtMs = this.#desk.nowMs + limits.antiEntropyIntervalMs
    for (const peer of holders) if (!this.#desk.linked.has(peer)) this.greet(peer)
  }

  #retry(holders: readonly PeerId[]): void {
    const peers = holders.filter((peer) => this.#refusedBy.has(peer))
    this.#refusedBy = new Set()
    this.#retryAtMs = Infinity
    for (const peer of peers) this.greet(peer)
  }

  /** The overlay had no room for it: they are told again, whole, a second later. */
  refused(peers: readonly PeerId[]): void {
    for (const peer of peers) this.#refusedBy.add(peer)
    this.#retryAtMs = Math.min(this.#retryAtMs, this.#desk.nowMs + limits.docAskIntervalMs)
  }

  /** Somebody has the document open whom we have not told yet, or who may not have heard: of what is gone, too. */
  greet(peer: PeerId): void {
    const states = [...this.#own.values()]
    if (states.length > 0) this.#desk.sendTo(peer, this.#payload(states))
  }

  /** What to show of what a peer says of its clients. */
  take(peer: PeerId, states: readonly AwarenessState[]): void {
    const news = states.filter((state) => this.#accept(peer, state))
    if (news.length > 0) this.#desk.emit({ event: 'docAwareness', doc: this.#doc, states: news })
  }

  /** That peer is gone or has closed the document. */
  gone(peer: PeerId): void {
    this.#waiting.delete(peer)
    const states: AwarenessState[] = []
    for (const [client, known] of this.#others) {
      if (known.peer !== peer) continue
      this.#others.delete(client)
      states.push({ client, clock: known.clock, state: undefined })
    }
    if (states.length === 0) return
    this.#desk.emit({ event: 'docAwareness', doc: this.#doc, states })
    for (const { client } of states) this.#takeWaiting(client)
  }

  #takeWaiting(client: number): void {
    for (const [peer, states] of this.#waiting) {
      const state = states.get(client)
      if (state === undefined) continue
      states.delete(client)
      this.take(peer, [state])
      if (this.#others.has(client)) return
    }
  }

  #wait(peer: PeerId, said: AwarenessState): void {
    const states = this.#waiting.get(peer) ?? new Map<number, AwarenessState>()
    states.delete(said.client)
    const mayBeShown = said.state !== undefined && isFlatJson(said.state)
    if (mayBeShown && states.size < limits.maxAwarenessClients) states.set(said.client, said)
    this.#waiting.set(peer, states)
  }

  #accept(peer: PeerId, { client, clock, state }: AwarenessState): boolean {
    const known = this.#others.get(client)
    // Told again over a new link.
    if (known?.peer === peer && known.clock === clock && state !== undefined) return false
    const isTheirs = !this.#own.has(client) && (known === undefined || known.peer === peer)
    const isNewer = known === undefined || clock > known.clock
    const isFar = known !== undefined && clock > known.clock + limits.maxAwarenessClockJump
    if (!isTheirs || !isNewer || isFar || !isFlatJson(state)) {
      if (known !== undefined && known.peer !== peer) this.#wait(peer, { client, clock, state })
      this.#desk.count('awarenessRefused')
      return false
    }
    if (state === undefined) return this.#others.delete(client)
    if (known === undefined && this.#clientsOf(peer) >= limits.maxAwarenessClients) {
      this.#desk.count('awarenessRefused')
      return false
    }
    this.#others.set(client, { peer, clock })
    return true
  }

  #clientsOf(peer: PeerId): number {
    return [...this.#others.values()].filter((known) => known.peer === peer).length
  }

  #payload(states: readonly AwarenessState[]) {
    return {
      type: 'docAwareness' as const,
      doc: this.#doc,
      states: states.slice(0, limits.maxAwarenessClients),
    }
  }
}

/** An object, and none that is so deep that whoever compares or draws it runs out of stack. */
function isFlatJson(text: string | undefined): boolean {
  if (text === undefined) return true
  if (deepest(text) > maxStateDepth) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** Brackets within strings count too: it is a bound. */
function deepest(text: string): number {
  let depth = 0
  let deepest = 0
  for (const character of text) {
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}
