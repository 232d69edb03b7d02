// What the parts of the docs machine share: the time of this step, the effects so far, who is alive, numbered slips
// for what the driver must do (store, read, apply) and what is to happen when the answer comes. Decides nothing.

import type { MeshError } from '../base/errors.ts'
import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Commit, Instant, Range, Row } from '../base/ports.ts'
import type { Payload, PayloadOf } from '../wire/messages.ts'
import type { DocsEffect, DocsEvent, DocsPeer } from './types.ts'
import type { UpdateScan } from './update-scan.ts'

interface Asked {
  /** The document that did. */
  readonly doc: string
}

interface Slip<T> extends Asked {
  readonly answer: (value: T) => void
  readonly failed: (error: MeshError) => void
}

/** A document's own part, called when its update is in, with what was wrong where it could not be read. */
type Applied = (problem: string | undefined, partly: boolean) => void

interface Job extends Asked {
  readonly applied: Applied
}

export class Desk {
  readonly me: PeerId
  /** Of our own store, to know the tabs that share it. */
  store = ''
  /** Part of the keys of our rows: siblings write beside us. */
  readonly writer: string
  now: Instant = { monotonicMs: 0, wallMs: 0 }
  settled = false
  /** We say of ourselves that no document is open here: nobody asks, and nobody is asked. */
  isMute = false
  /** Everybody alive but us. */
  readonly live = new Map<PeerId, DocsPeer>()
  readonly linked = new Set<PeerId>()
  /** Since when they are in the view. */
  readonly liveSinceMs = new Map<PeerId, number>()
  /** Sent what no document can hold: not listened to any more where documents are concerned. */
  readonly outcasts = new Set<PeerId>()
  /** Documents to which something has happened since they were last looked at. */
  readonly touched = new Set<string>()
  readonly counters: Record<string, number> = {}
  /**
   * A document that is opened again goes on counting above what was told of it before: whoever did not hear that it was
   * closed meanwhile would take what comes for what it has.
   */
  firstRevision = 1
  firstNumber = 0
  #talkUntilMs = Number.NEGATIVE_INFINITY
  #lastRow = 0
  #lastWord = 0
  #effects: DocsEffect[] = []
  #lastSlip = 0
  readonly #commits = new Map<number, Slip<void>>()
  readonly #reads = new Map<number, Slip<readonly Row[]>>()
  readonly #jobs = new Map<number, Job>()

  constructor(options: { me: PeerId; writer: string }) {
    this.me = options.me
    this.writer = options.writer
  }

  get nowMs(): number {
    return this.now.monotonicMs
  }

  /** It came a moment ago: links to it are still being made. */
  isNew(peer: PeerId): boolean {
    return this.nowMs < (this.liveSinceMs.get(peer) ?? Number.NEGATIVE_INFINITY) + limits.docFormingMs
  }

  /** Links between peers that came a moment ago are still being made. */
  get isForming(): boolean {
    return [...this.live.keys()].some((peer) => !this.linked.has(peer) && this.isNew(peer))
  }

  /** People talk: whatever is done for documents stands back. */
  get talking(): boolean {
    return this.nowMs < this.#talkUntilMs
  }

  /** A message was written or came in. */
  talk(nowMs: number): void {
    this.#talkUntilMs = nowMs + limits.talkMs
  }

  /** Part of the keys of our rows: no two are the same, however the clock is set. */
  nextRow(): number {
    return ++this.#lastRow
  }

  /** The place of what is said next among all that we say of our documents. */
  nextWord(): number {
    return ++this.#lastWord
  }

  /** Of documents: what is left out is none, or not so. */
  docsWith(what: Partial<PayloadOf<'docs'>>): PayloadOf<'docs'> {
    return { type: 'docs', whole: false, ask: false, open: [], closed: [], ...what, order: this.nextWord() }
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

  commit(doc: string, transaction: Commit, answer: () => void, failed: (error: MeshError) => void): void {
    const commit = ++this.#lastSlip
    this.#commits.set(commit, { doc, answer, failed })
    this.effect({ type: 'commit', commit, transaction })
  }

  read(
    doc: string,
    range: Range,
    answer: (rows: readonly Row[]) => void,
    failed: (error: MeshError) => void,
  ): void {
    const read = ++this.#lastSlip
    this.#reads.set(read, { doc, answer, failed })
    this.effect({ type: 'read', read, ranges: [range] })
  }

  /** @param scans of each of the updates, so that nobody reads them through again */
  apply(doc: string, updates: readonly Uint8Array[], scans: readonly UpdateScan[], applied: Applied): void {
    const job = ++this.#lastSlip
    this.#jobs.set(job, { doc, applied })
    this.effect({ type: 'applyDoc', doc, job, updates, scans })
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
    this.#take(this.#jobs, job)?.applied(problem, partly)
  }

  #take<T extends Asked>(slips: Map<number, T>, slip: number): T | undefined {
    const found = slips.get(slip)
    slips.delete(slip)
    if (found) this.touched.add(found.doc)
    return found
  }
}
