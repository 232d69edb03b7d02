// One open document: brings its parts together. Local edits are stored and told to those who have it open; edits of
// others are looked at before they touch the document; what is missing is fetched; and from all that follows how it
// stands.

import { MeshError } from '../base/errors.ts'
import { equalBytes, type PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { DocState, PayloadOf } from '../wire/messages.ts'
import { Agreement } from './agreement.ts'
import { DocAwareness } from './awareness.ts'
import type { Desk } from './desk.ts'
import { Edits } from './edits.ts'
import { Fetching } from './fetching.ts'
import { Pace } from './pace.ts'
import { Storage } from './storage.ts'
import { Telling } from './telling.ts'
import type { AwarenessState, DocView, Replica } from './types.ts'
import { maxNesting, nestingOf } from './update-nesting.ts'
import { Horizon, isNews, scanUpdate, type UpdateScan } from './update-scan.ts'

export interface DocumentOptions {
  readonly name: string
  readonly replica: Replica
  readonly maxBytes: number
  /** Nobody alive is left who has not said which documents it has open. */
  readonly everybodyAnswered: () => boolean
  readonly loaded: () => void
  readonly loadFailed: (error: MeshError) => void
  /** That peer sent what no peer of ours sends. */
  readonly outcast: (peer: PeerId) => void
  /** It can no longer be served, or can again. */
  readonly openness: (open: boolean) => void
}

export class Document {
  readonly name: string
  readonly replica: Replica
  readonly awareness: DocAwareness
  readonly agreement: Agreement
  readonly #desk: Desk
  readonly #options: DocumentOptions
  readonly #pace: Pace
  readonly #storage: Storage
  readonly #fetching: Fetching
  readonly #edits: Edits
  readonly #telling: Telling
  #revision: number
  /** Our own copy is over its limit: it is neither told nor stored. */
  #over = false
  /** What the program wrote would be refused by every peer: treated as over the limit, for good. */
  #unreadable: string | undefined
  #closing = false
  /** The least of what was not taken in, for it did not fit; all of it is asked for again once that would. */
  #refusedBytes = Infinity
  #view: DocView
  /** The program handed in a document that held something already. */
  readonly #brought: boolean
  /** When to step with `tick` at the latest, as it was when it was last looked at. */
  dueAtMs = Infinity

  constructor(desk: Desk, options: DocumentOptions) {
    this.#desk = desk
    this.#options = options
    this.name = options.name
    this.replica = options.replica
    this.#revision = desk.firstRevision
    this.agreement = new Agreement(desk)
    this.awareness = new DocAwareness(desk, this.name)
    this.#edits = new Edits(desk, this.name)
    this.#telling = new Telling(desk, this.agreement, () => this.state())
    this.#pace = new Pace(desk)
    this.#storage = new Storage(desk, this.name, this.replica, this.#pace, {
      loaded: () => this.#onLoaded(),
      loadFailed: options.loadFailed,
      fetching: () => this.#fetching.busy,
      writable: () => !this.#over,
      refusalOf: (update) => this.#refusalOf(update),
      unreadable: (reason) => this.unreadable(reason),
    })
    this.#fetching = new Fetching(desk, this.name, this.replica, this.#pace, options.maxBytes, {
      state: (peer) => this.#stateFor(peer),
      ready: () => !this.#storage.choked,
      hasOther: (than) => this.agreement.hasOther(than),
      apply: (from, update, scan, applied) => this.#apply(from, [update], [scan], applied),
      finished: (from, end, news) => this.#fetched(from, end, news),
      malformed: (from, link, reason) => this.#malformed(from, link, reason),
      fits: (update, scan) => this.#fits([update], [scan]),
      tooLarge: (bytes) => this.#noteRefused(bytes),
      overLimit: (from) => this.#refuse(from),
    })
    this.#view = this.#makeView()
    this.#brought = this.replica.vector().length > 0 || this.replica.pending
    this.#storage.load()
  }

  /** Loaded, and within its limit: others may know of it. */
  get open(): boolean {
    return this.#storage.loaded && !this.#over
  }

  get stored(): boolean {
    return this.#storage.stored && !this.#over
  }

  /** Nothing that may be stored waits for it. */
  get settled(): boolean {
    return this.#over ? this.#storage.settled : this.#storage.stored
  }

  get storageFailure(): MeshError | undefined {
    return this.#storage.failure
  }

  get problem(): MeshError | undefined {
    if (this.#unreadable !== undefined) {
      const text = `The document “${this.name}” was given a value that no peer takes in (${this.#unreadable}): its changes are neither stored nor sent. Close it and open it again to go on without them.`
      return new MeshError('invalid-argument', text, { details: { doc: this.name } })
    }
    if (!this.#over && !this.agreement.refuses) return this.#storage.problem
    const what = this.#over
      ? 'is larger than it may be: its changes are neither stored nor sent until it is smaller again'
      : 'would become larger than it may be here with what the others hold; that was not taken in'
    const text = `The document “${this.name}” ${what}. Its limits here are ${this.#options.maxBytes} bytes and ${limits.maxDocClients} clients of Yjs.`
    return new MeshError('doc-over-limit', text, { details: { doc: this.name } })
  }

  get #deadlineMs(): number {
    const storageMs = this.#storage.deadlineMs
    if (!this.open) return storageMs
    const mayFetch = !this.#fetching.busy && !this.#closing
    return Math.min(
      storageMs,
      this.#fetching.deadlineMs,
      this.#edits.deadlineMs,
      this.awareness.deadlineMs,
      this.#telling.deadlineMs,
      mayFetch ? this.agreement.retryAtMs : Infinity,
    )
  }

  /** What we say of it. */
  state(): DocState {
    return {
      doc: this.name,
      order: this.#desk.nextWord(),
      revision: this.#revision,
      number: this.#edits.number,
      digest: this.replica.digest(),
      waitingFor: this.agreement.waitingFor().slice(0, limits.maxHoldersTold),
      agreed: this.agreement.agreed().slice(0, limits.maxHoldersTold),
    }
  }

  tick(): void {
    this.#storage.tick()
    if (!this.open) return
    const holders = this.agreement.peers()
    if (this.#edits.tick(holders)) this.#telling.announce(this.#revision)
    this.awareness.tick(holders)
    this.#fetching.tick()
    this.#telling.tick()
    this.#fetch()
  }

  /** Nothing more is taken in, else there would always be something to store; what waits is stored without rests. */
  beginClosing(): void {
    this.#closing = true
    this.#fetching.drop()
    this.#storage.hurry()
  }

  /** It could not be stored. */
  stayOpen(): void {
    this.#closing = false
    this.#storage.rest()
    this.#fetch()
  }

  /** The page may never run again. */
  suspend(): void {
    this.#storage.writeNow()
  }

  /** Rows of it may be gone. */
  audit(): void {
    this.#storage.saveWhole()
  }

  close(): void {
    this.#desk.firstRevision = Math.max(this.#desk.firstRevision, this.#revision + 1)
    this.#desk.firstNumber = Math.max(this.#desk.firstNumber, this.#edits.number)
    this.#fetching.drop()
    this.#storage.close()
  }

  // ----------------------------------------------------------------------------------------- our own

  /** Without updates: only what waits inside Yjs has changed. */
  edited(updates: readonly Uint8Array[]): void {
    if (updates.length === 0) {
      // It is stored when that comes: with the whole, for it is in no update.
      if (this.#storage.loaded && this.replica.pending) this.#storage.saveWhole()
      return
    }
    this.#changed()
    const wasOver = this.#over
    for (const update of updates) this.#unreadable ??= this.#refusalOf(update)
    this.#over = this.#isOver
    if (this.#over) {
      if (!wasOver) this.#wentOver()
      return
    }
    if (wasOver) {
      // What was left out meanwhile is in no update we still have.
      this.#storage.saveWhole()
      if (this.open) this.#options.openness(true)
      return
    }
    this.#storage.save(updates)
    if (!this.#storage.loaded) return
    if (this.#edits.add(updates, this.agreement.peers())) this.#telling.announce(this.#revision)
  }

  /** It holds what cannot be written: found out when it was to be stored or sent. */
  unreadable(reason: string): void {
    // It may have been found out while a piece was made, outside of a step.
    this.#desk.touched.add(this.name)
    this.#unreadable ??= reason
    const wasOver = this.#over
    this.#over = true
    if (!wasOver) this.#wentOver()
  }

  get #isOver(): boolean {
    const { sizeBytes, clients } = this.replica
    const isLarge = sizeBytes > this.#options.maxBytes || clients > limits.maxDocClients
    return isLarge || this.#unreadable !== undefined
  }

  /**
   * Why peers would not take it in. Of what the program itself writes that is next to nothing; but who sent it would be
   * taken for an enemy.
   */
  #refusalOf(update: Uint8Array): string | undefined {
    const scan = scanUpdate(update)
    if (!scan.ok) return scan.error
    const { replica } = this
    const level = nestingOf(
      scan.value,
      (client) => replica.clockOf(client),
      (client, clock) => replica.levelOf(client, clock),
    )
    return level > maxNesting ? 'types nested too deep' : undefined
  }

  #changed(): void {
    this.#revision++
    this.#telling.changed()
    const { refuses } = this.agreement
    if (refuses && this.replica.sizeBytes + this.#refusedBytes > this.#options.maxBytes) return
    this.#refusedBytes = Infinity
    if (refuses) this.agreement.makeRoom()
  }

  #wentOver(): void {
    const wasKnown = this.#storage.loaded
    this.#edits.clear()
    this.#fetching.drop()
    this.#telling.stopAsking()
    for (const peer of this.agreement.peers()) this.agreement.closed(peer)
    if (wasKnown) this.#options.openness(false)
  }

  setAwareness(states: readonly AwarenessState[]): void {
    this.awareness.set(states, this.agreement.peers())
  }

  #onLoaded(): void {
    // What was written while it was over, until the rows that delete something came, is in no update we still have.
    const isInNoRow = this.#brought || this.#over
    this.#over = this.#isOver
    if (isInNoRow && !this.#over) this.#storage.saveWhole()
    this.#options.loaded()
  }

  // ---------------------------------------------------------------------------------------- the others

  /** Asks these, everybody alive at first, whether they have it open, and tells them how it stands here. */
  ask(peers: readonly PeerId[]): void {
    this.#telling.ask(peers)
  }

  /** It does not have it open. */
  notOpen(peer: PeerId): void {
    this.#telling.heard(peer)
    if (this.agreement.get(peer)) this.gone(peer)
    else this.awareness.gone(peer)
  }

  /** `anew`: it begins, or begins again, to follow us. `answered`: it will be told how we stand in any case. */
  heard(peer: PeerId, state: DocState, { anew = false, answered = false } = {}): void {
    if (!this.open) return
    this.#telling.heard(peer)
    const ours = { revision: this.#revision, digest: this.replica.digest() }
    const isNew = this.agreement.heard(peer, state, ours, anew)
    if (isNew) this.awareness.greet(peer)
    const holder = this.agreement.get(peer)!
    if (isNew) this.#telling.met(holder)
    // It may not know that we are equal now; or, where it begins to follow us, what came since it was told last.
    const isEqual = equalBytes(state.digest, ours.digest)
    if ((isNew || anew || isEqual) && holder.untold && !answered) this.#telling.tell([holder])
    this.#fetch()
  }

  /** A new link: what it was told of awareness over the one before may not have come. */
  linkedAgain(peer: PeerId): void {
    if (this.open && this.agreement.get(peer)) this.awareness.greet(peer)
  }

  /** It is not alive any more, or does not have it open. */
  gone(peer: PeerId): void {
    this.#telling.forget(peer)
    this.awareness.gone(peer)
    this.#fetching.gone(peer)
    if (!this.agreement.closed(peer) || !this.open) return
    // What it told some of us last it may not have told the others.
    this.agreement.doubt(this.#revision)
    this.#telling.compareSoon(this.agreement.peers())
    this.#fetch()
  }

  unlinked(peer: PeerId): void {
    this.#fetching.gone(peer)
    const holder = this.agreement.get(peer)
    if (!holder || !this.open) return
    this.agreement.unlinked(holder, this.#revision)
    this.#telling.compareSoon([peer])
  }

  updates(from: PeerId, link: number | undefined, { number, updates }: PayloadOf<'docUpdates'>): void {
    const holder = this.agreement.get(from)
    if (!this.open || !holder) return
    // Number 0: not its own, but what it passes on.
    if (number > 0) {
      if (number <= holder.number) return this.#desk.count('docUpdatesTwice')
      // Something was lost; or somebody who passed it on made it up, and what comes next must not be taken for old.
      if (number > holder.number + 1) holder.missed = true
      else holder.number = number
    }
    if (this.#closing) return void (holder.missed = true)
    const horizon = new Horizon((client) => this.replica.clockOf(client))
    const news: Uint8Array[] = []
    const scans: UpdateScan[] = []
    for (const update of updates) {
      const scan = scanUpdate(update)
      if (!scan.ok) return this.#malformed(from, link, `an update of a document: ${scan.error}`)
      if (isNews(scan.value, horizon.clockOf) === 'no') continue
      news.push(update)
      scans.push(scan.value)
      if (!horizon.take(scan.value)) {
        // It builds on what is not here: fetched in its order instead.
        this.#desk.count('docUpdatesOrphaned')
        holder.missed = true
        return this.#fetch()
      }
    }
    if (!this.#fits(news, scans)) {
      holder.missed = true
      // It takes for arrived what it has sent.
      holder.untold = true
      this.#telling.soon()
      return this.#refuse(from)
    }
    if (news.length === 0) return this.#desk.count('docUpdatesTwice')
    this.#apply(from, news, scans, (problem) => {
      if (problem !== undefined) this.#malformed(from, link, `an update of a document: ${problem}`)
    })
    this.#fetch()
  }

  /** What only deletes always does: it is how a document gets smaller. */
  #fits(updates: readonly Uint8Array[], scans: readonly UpdateScan[]): boolean {
    const { replica } = this
    const newClients = new Set<number>()
    let bytes = 0
    for (const [i, scan] of scans.entries()) {
      if (isNews(scan, (client) => replica.clockOf(client)) !== 'yes') continue
      bytes += updates[i]!.length
      for (const { client } of scan.ranges) if (replica.clockOf(client) === 0) newClients.add(client)
    }
    const clients = replica.clients + newClients.size
    const isSmall = replica.sizeBytes + bytes <= this.#options.maxBytes
    if (bytes > 0 && !isSmall) this.#noteRefused(bytes)
    return bytes === 0 || (isSmall && clients <= limits.maxDocClients)
  }

  #noteRefused(bytes: number): void {
    this.#refusedBytes = Math.min(this.#refusedBytes, bytes)
  }

  piece(from: PeerId, link: number | undefined, piece: PayloadOf<'docPiece'>): void {
    if (this.open) this.#fetching.piece(from, link, piece)
  }

  ended(from: PeerId, end: PayloadOf<'docEnd'>): void {
    if (this.open) this.#fetching.ended(from, end)
  }

  #apply(
    from: PeerId,
    updates: readonly Uint8Array[],
    scans: readonly UpdateScan[],
    applied: (problem: string | undefined) => void,
  ): void {
    const further = this.#beyond(from, updates)
    const before = further.length > 0 ? this.replica.digest() : undefined
    this.#desk.apply(this.name, updates, scans, (problem, partly) => {
      if (problem === undefined || partly) this.#changed()
      if (problem === undefined) this.#storage.save(updates, { ofOthers: true })
      // What was no news here is on its way already.
      if (problem === undefined && before && !equalBytes(before, this.replica.digest())) {
        this.#desk.count('docUpdatesPassedOn')
        this.#desk.multicast(further, { type: 'docUpdates', doc: this.name, number: 0, updates })
      }
      // No update that we hold says what has become of the document.
      else if (partly) this.#storage.saveWhole()
      applied(problem)
    })
  }

  /**
   * Whom to pass it on to: while links are being made, neighbours that have none to whom it came from, as far as we
   * know. Large ones have to fetch it.
   */
  #beyond(from: PeerId, updates: readonly Uint8Array[]): PeerId[] {
    const { live, linked } = this.#desk
    const giver = live.get(from)
    const bytes = updates.reduce((sum, update) => sum + update.length, 0)
    if (!giver || bytes > limits.maxDocUpdatesBytes) return []
    return this.agreement.peers().filter((peer) => {
      const isYoung = this.#desk.isNew(peer) || this.#desk.isNew(from)
      const areLinked = giver.neighbours.includes(peer) || live.get(peer)?.neighbours.includes(from)
      return peer !== from && linked.has(peer) && isYoung && !areLinked
    })
  }

  /** Who sent it straight to us is not listened to any more; who only may have sent it is, but not for this. */
  #malformed(from: PeerId, link: number | undefined, reason: string): void {
    this.#desk.count('docUpdatesMalformed')
    const holder = this.agreement.get(from)
    this.#fetching.drop(from)
    if (link === undefined && holder) {
      holder.missed = true
      this.agreement.failed(holder)
    } else if (link !== undefined) {
      this.#desk.effect({ type: 'blame', link, reason })
      this.#options.outcast(from)
    }
    this.#telling.soon()
    this.#fetch()
  }

  /** It is not listened to any more. */
  forget(peer: PeerId): void {
    this.#fetching.drop(peer)
    this.#telling.forget(peer)
    this.awareness.gone(peer)
    // Others may have been told that we wait for it.
    if (this.agreement.closed(peer)) this.#telling.soon()
    this.#fetch()
  }

  // ----------------------------------------------------------------------------------------- fetching

  #fetch(): void {
    if (!this.open || this.#fetching.busy || this.#closing) return
    const source = this.agreement.source()
    if (source) this.#fetching.start(source.peer)
  }

  /** What that peer has does not fit; what another has may. */
  #refuse(from: PeerId): void {
    const holder = this.agreement.get(from)
    if (holder) holder.refused = true
    this.#fetch()
  }

  #fetched(from: PeerId, end: DocState | undefined, news: boolean): void {
    const holder = this.agreement.get(from)
    if (holder) {
      if (end) {
        // Whatever number came meanwhile under its name: this is the last that counts.
        holder.number = end.number
        // Whom it waits for is not said there: it would have to tell us when it does so no more.
        this.agreement.agree(holder, { ...end, waitingFor: holder.state.waitingFor })
        this.agreement.ended(holder, news)
      } else this.agreement.failed(holder)
      // It wants to know that it may call us equal.
      if (end) holder.untold = true
    }
    if (news) this.agreement.compare({ revision: this.#revision, digest: this.replica.digest() })
    this.#telling.soon()
    this.#fetch()
  }

  /** What is about to be told to that peer; undefined: that it is not open. */
  tellTo(peer: PeerId): DocState | undefined {
    return this.open ? this.#stateFor(peer) : undefined
  }

  #stateFor(peer: PeerId): DocState {
    const state = this.state()
    this.#telling.tells(peer, state)
    return state
  }

  /** The overlay had no room for our edits to these. */
  refusedBy(peers: readonly PeerId[]): void {
    const refused = peers.flatMap((peer) => this.agreement.get(peer) ?? [])
    for (const holder of refused) this.agreement.expect(holder, this.#revision)
  }

  /** Nor for what we asked of that one, and with it how our copy stands. */
  wantRefused(peer: PeerId, transfer: number): void {
    const holder = this.agreement.get(peer)
    if (holder) holder.untold = true
    this.#fetching.refused(peer, transfer)
  }

  // --------------------------------------------------------------------------------------------- view

  /** Something has happened to it: tells the program where anything has changed. */
  show(): void {
    this.#telling.look()
    this.plan()
    const view = this.#makeView()
    const before = this.#view
    if (sameView(view, before)) return
    this.#view = view
    if (view.problem && view.problem.code !== before.problem?.code) {
      this.#desk.emit({ event: 'error', error: view.problem })
    }
    this.#desk.emit({ event: 'doc', view })
  }

  plan(): void {
    this.dueAtMs = this.#deadlineMs
  }

  #makeView(): DocView {
    return {
      doc: this.name,
      state: this.#standing(),
      basedOn: this.agreement.basedOn(),
      ...this.#fetching.progress,
      stored: this.stored,
      heldUpdates: this.#storage.heldUpdates,
      storedUpdates: this.#over ? -1 : this.#storage.storedUpdates,
      problem: this.problem,
    }
  }

  #standing(): DocView['state'] {
    const everybody = this.#telling.everybodyHeard && this.#options.everybodyAnswered()
    const known = this.open && this.#desk.settled && everybody
    if (!known) return 'syncing'
    const holders = this.agreement.all()
    if (holders.length === 0) return 'alone'
    const whole = !this.replica.pending && !this.#fetching.busy
    return whole && this.agreement.complete() ? 'synced' : 'syncing'
  }
}

const sameView = (a: DocView, b: DocView): boolean =>
  a.state === b.state &&
  a.stored === b.stored &&
  a.heldUpdates === b.heldUpdates &&
  a.storedUpdates === b.storedUpdates &&
  a.receivedBytes === b.receivedBytes &&
  a.totalBytes === b.totalBytes &&
  sameProblem(a.problem, b.problem) &&
  a.basedOn.length === b.basedOn.length &&
  a.basedOn.every((peer, i) => peer === b.basedOn[i])

/** Each attempt to write that fails is news to whoever waits for one that does not. */
const sameProblem = (a: MeshError | undefined, b: MeshError | undefined): boolean =>
  a === b || (a !== undefined && a.code === b?.code && !a.code.startsWith('storage-'))
