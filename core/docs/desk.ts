// What the parts of the docs machine share: the time of this step, the effects so far, who is alive, numbered slips
// for what the driver must do (store, read, apply) and what is to happen when the answer comes. Decides nothing.

import type { MeshError } from '../base/errors.ts'
import type { PeerId } from '../base/ids.ts'
import type { Commit, Instant, Range, Row } from '../base/ports.ts'
import type { Payload } from '../wire/messages.ts'
import type { DocsEffect, DocsEvent, DocsPeer } from './types.ts'

interface Slip<T> {
  readonly answer: (value: T) => void
  readonly failed: (error: MeshError) => void
}

/** A document's own part, called when its update is in, with what was wrong where it could not be read. */
type Applied = (problem: string | undefined, partly: boolean) => void

export class Desk {
  readonly me: PeerId
  /** Of our own store, to know the tabs that share it. */
  store = ''
  /** Part of the keys of our rows: siblings write beside us. */
  readonly writer: string
  now: Instant = { monotonicMs: 0, wallMs: 0 }
  settled = false
  /** Everybody alive but us. */
  readonly live = new Map<PeerId, DocsPeer>()
  readonly linked = new Set<PeerId>()
  /** Sent what no document can hold: not listened to any more where documents are concerned. */
  readonly outcasts = new Set<PeerId>()
  readonly counters: Record<string, number> = {}
  /**
   * A document that is opened again goes on counting above what was told of it before: whoever did not hear that it was
   * closed meanwhile would take what comes for what it has.
   */
  firstRevision = 1
  firstNumber = 0
  #lastRow = 0
  #effects: DocsEffect[] = []
  #lastSlip = 0
  readonly #commits = new Map<number, Slip<void>>()
  readonly #reads = new Map<number, Slip<readonly Row[]>>()
  readonly #jobs = new Map<number, Applied>()

  constructor(options: { me: PeerId; writer: string }) {
    this.me = options.me
    this.writer = options.writer
  }

  get nowMs(): number {
    return this.now.monotonicMs
  }

  /** Part of the keys of our rows: no two are the same, however the clock is set. */
  nextRow(): number {
    return ++this.#lastRow
  }

  takeEffects(): DocsEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  count(what: string): void {
    this.counters[what] = (this.counters[what] ?? 0) + 1
  }

  effect(effect: DocsEffect): void {
    this.#effects.push(effect)
  }

  emit(event: DocsEvent): void {
    this.effect({ type: 'emit', event })
  }

  sendTo(peer: PeerId, payload: Payload): void {
    this.effect({ type: 'sendTo', peer, payload })
  }

  multicast(peers: readonly PeerId[], payload: Payload): void {
    if (peers.length > 0) this.effect({ type: 'multicast', peers, payload })
  }

  commit(transaction: Commit, answer: () => void, failed: (error: MeshError) => void): void {
    const commit = ++this.#lastSlip
    this.#commits.set(commit, { answer, failed })
    this.effect({ type: 'commit', commit, transaction })
  }

  read(range: Range, answer: (rows: readonly Row[]) => void, failed: (error: MeshError) => void): void {
    const read = ++this.#lastSlip
    this.#reads.set(read, { answer, failed })
    this.effect({ type: 'read', read, ranges: [range] })
  }

  apply(doc: string, updates: readonly Uint8Array[], applied: Applied): void {
    const job = ++this.#lastSlip
    this.#jobs.set(job, applied)
    this.effect({ type: 'applyDoc', doc, job, updates })
  }

  // Each answer is taken once.

  committed(slip: number): void {
    this.#take(this.#commits, slip)?.answer()
  }

  commitFailed(slip: number, error: MeshError): void {
    this.#take(this.#commits, slip)?.failed(error)
  }

  rows(slip: number, rows: readonly Row[]): void {
    this.#take(this.#reads, slip)?.answer(rows)
  }

  readFailed(slip: number, error: MeshError): void {
    this.#take(this.#reads, slip)?.failed(error)
  }

  applied(job: number, problem: string | undefined, partly: boolean): void {
    this.#take(this.#jobs, job)?.(problem, partly)
  }

  #take<T>(slips: Map<number, T>, slip: number): T | undefined {
    const found = slips.get(slip)
    slips.delete(slip)
    return found
  }
}
