// The docs machine: which documents are open here and at the others, and every input taken to the document it
// concerns. Inputs with the time go in, effects and one next deadline come out. Rules: README.md beside this file.

import { MeshError } from '../base/errors.ts'
import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Instant } from '../base/ports.ts'
import type { DocState, Payload, PayloadOf } from '../wire/messages.ts'
import { Desk } from './desk.ts'
import { Document } from './document.ts'
import { docOfKey, docRowsPrefix } from './rows.ts'
import { Servings } from './serving.ts'
import type { DocsEffect, DocsInput, DocsPayload } from './types.ts'

/** What is known of the documents of one peer. */
interface Answer {
  /** It has told which documents it has open. */
  answered: boolean
  askAtMs: number
  /** Documents it has open that we have not, so that it is known when we open them. */
  readonly others: Map<string, DocState>
}

interface Closing {
  readonly request: number
  readonly document: Document
}

export class Docs {
  readonly #desk: Desk
  readonly #documents = new Map<string, Document>()
  readonly #servings: Servings
  readonly #answers = new Map<PeerId, Answer>()
  #closing: Closing[] = []

  /** @param options `writer`: 8 hex digits, new at every start. */
  constructor(options: { me: PeerId; writer: string }) {
    this.#desk = new Desk(options)
    this.#servings = new Servings(this.#desk)
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#desk.counters
  }

  get deadlineMs(): number {
    const documents = [...this.#documents.values()].map((document) => document.deadlineMs)
    const asks = this.#unanswered().map(([, { askAtMs }]) => askAtMs)
    return Math.min(Infinity, ...documents, ...asks)
  }

  step(input: DocsInput, now: Instant): DocsEffect[] {
    this.#desk.now = now
    this.#take(input)
    for (const document of this.#documents.values()) document.show()
    this.#finishClosing()
    return this.#desk.takeEffects()
  }

  /** The next piece of a document for that peer, where its link has room for nothing better. */
  nextPiece(peer: PeerId): Payload | undefined {
    return this.#servings.next(peer)
  }

  /** The overlay had no room for it. */
  refused(peers: readonly PeerId[], payload: Payload): void {
    if (payload.type === 'docUpdates') this.#documents.get(payload.doc)?.refusedBy(peers)
    if (payload.type === 'docs')
      for (const { doc } of payload.open) this.#documents.get(doc)?.refusedBy(peers)
  }

  #take(input: DocsInput): void {
    const desk = this.#desk
    switch (input.type) {
      case 'live':
        return this.#live(input)
      case 'linked':
        desk.linked.set(input.peer, input.kind)
        // What went to it over the link before may not have come.
        if (desk.live.has(input.peer)) this.#introduce(input.peer, false)
        return
      case 'unlinked':
        desk.linked.delete(input.peer)
        this.#servings.stop(input.peer, undefined)
        for (const document of this.#documents.values()) document.unlinked(input.peer)
        return
      case 'payload':
        if (!desk.outcasts.has(input.from)) this.#payload(input.from, input.link, input.payload)
        return
      case 'openDoc':
        return this.#openDoc(input)
      case 'closeDoc':
        return this.#closeDoc(input)
      case 'editDoc':
        return this.#documents.get(input.doc)?.edited(input.updates)
      case 'awareDoc':
        return this.#documents.get(input.doc)?.setAwareness(input.states)
      case 'docApplied':
        return desk.applied(input.job, input.problem)
      case 'committed':
        return desk.committed(input.commit)
      case 'commitFailed':
        return desk.commitFailed(input.commit, input.error)
      case 'rows':
        return desk.rows(input.read, input.rows)
      case 'readFailed':
        return desk.readFailed(input.read, input.error)
      case 'corrupt':
        return this.#corrupt(input.key)
      case 'tick':
        return this.#tick()
    }
  }

  #tick(): void {
    for (const document of this.#documents.values()) document.tick()
    for (const [peer, { askAtMs }] of this.#unanswered()) {
      if (this.#desk.nowMs >= askAtMs) this.#introduce(peer, true)
    }
  }

  #unanswered(): [PeerId, Answer][] {
    return [...this.#answers].filter(([peer, { answered }]) => !answered && !this.#desk.outcasts.has(peer))
  }

  // ------------------------------------------------------------------------------------ the program

  #openDoc({ request, doc, replica, maxBytes }: Extract<DocsInput, { type: 'openDoc' }>): void {
    if (this.#documents.size >= limits.maxDocs) {
      const text = `No more than ${limits.maxDocs} documents can be open at once; close one first.`
      return this.#desk.effect({ type: 'reject', request, error: new MeshError('invalid-argument', text) })
    }
    const document: Document = new Document(this.#desk, {
      name: doc,
      replica,
      maxBytes,
      everybodyAnswered: () => this.#unanswered().length === 0,
      loaded: () => {
        this.#desk.effect({ type: 'resolve', request })
        // Not from within the document: it is not in its final state yet.
        if (document.open) this.#opened(document)
      },
      loadFailed: (error) => {
        this.#documents.delete(doc)
        this.#desk.effect({ type: 'reject', request, error })
      },
      openness: (open) => (open ? this.#opened(document) : this.#closed(document)),
    })
    this.#documents.set(doc, document)
  }

  #opened(document: Document): void {
    const { name } = document
    for (const [peer, answer] of this.#answers) {
      const state = answer.others.get(name)
      answer.others.delete(name)
      if (state && !this.#desk.outcasts.has(peer)) document.heard(peer, state, true)
    }
    const state = document.state()
    for (const holder of document.agreement.all()) document.told(holder, state)
    const live = [...this.#desk.live.keys()]
    this.#desk.multicast(live, { type: 'docs', whole: false, ask: false, open: [state], closed: [] })
  }

  #closed(document: Document): void {
    const { name } = document
    this.#servings.stop(undefined, name)
    const live = [...this.#desk.live.keys()]
    this.#desk.multicast(live, { type: 'docs', whole: false, ask: false, open: [], closed: [name] })
  }

  #closeDoc({ request, doc }: Extract<DocsInput, { type: 'closeDoc' }>): void {
    const document = this.#documents.get(doc)
    if (document) this.#closing.push({ request, document })
    else this.#desk.effect({ type: 'resolve', request })
  }

  /** What waits to be stored is stored first; where the store fails, the document stays open and says so. */
  #finishClosing(): void {
    this.#closing = this.#closing.filter(({ request, document }) => {
      const { problem } = document
      if (!document.stored && !problem) return true
      if (problem && !document.stored) {
        this.#desk.effect({ type: 'reject', request, error: problem })
        return false
      }
      this.#documents.delete(document.name)
      document.close()
      this.#closed(document)
      this.#desk.effect({ type: 'resolve', request })
      return false
    })
  }

  #corrupt(key: string): void {
    if (!key.startsWith(docRowsPrefix)) return
    const doc = docOfKey(key)
    const text = `A record of the document “${doc}” was damaged on the disk; it was set aside, and what is missing is fetched from the others.`
    this.#desk.emit({ event: 'error', error: new MeshError('record-corrupt', text, { details: { key } }) })
  }

  // ------------------------------------------------------------------------------------- the others

  #live({ peers, settled, store }: Extract<DocsInput, { type: 'live' }>): void {
    const desk = this.#desk
    desk.settled = settled
    desk.store = store
    const now = new Set(peers.map(({ peer }) => peer))
    for (const peer of [...desk.live.keys()]) if (!now.has(peer)) this.#gone(peer)
    for (const record of peers) {
      const isNew = !desk.live.has(record.peer)
      desk.live.set(record.peer, record)
      if (isNew) this.#introduce(record.peer, false)
    }
  }

  #gone(peer: PeerId): void {
    this.#desk.live.delete(peer)
    this.#desk.outcasts.delete(peer)
    this.#answers.delete(peer)
    this.#servings.stop(peer, undefined)
    for (const document of this.#documents.values()) document.gone(peer)
  }

  /** Tells it which documents are open here, all of them. */
  #introduce(peer: PeerId, ask: boolean): void {
    const answer = this.#answers.get(peer) ?? { answered: false, askAtMs: 0, others: new Map() }
    answer.askAtMs = this.#desk.nowMs + limits.docAskIntervalMs
    this.#answers.set(peer, answer)
    const open: DocState[] = []
    for (const document of this.#documents.values()) {
      if (!document.open) continue
      const state = document.state()
      const holder = document.agreement.get(peer)
      if (holder) document.told(holder, state)
      open.push(state)
    }
    this.#desk.sendTo(peer, { type: 'docs', whole: true, ask, open, closed: [] })
  }

  #payload(from: PeerId, link: number | undefined, payload: DocsPayload): void {
    switch (payload.type) {
      case 'docs':
        return this.#docs(from, payload)
      case 'docUpdates':
        return this.#documents.get(payload.doc)?.updates(from, link, payload)
      case 'docWant':
        return this.#want(from, payload)
      case 'docPiece':
        return this.#documents.get(payload.doc)?.piece(from, link, payload)
      case 'docEnd':
        return this.#documents.get(payload.state.doc)?.ended(from, payload)
      case 'docGot':
        return this.#servings.got(from, payload)
      case 'docAwareness':
        return this.#documents.get(payload.doc)?.awareness.take(from, payload.states)
    }
  }

  #docs(from: PeerId, { whole, ask, open, closed }: PayloadOf<'docs'>): void {
    const answer = this.#answers.get(from)
    // Not in our view (yet): it will be asked when it is.
    if (!answer) return this.#desk.count('docsOfStrangers')
    for (const state of open) this.#heard(from, answer, state, whole)
    for (const doc of closed) this.#notOpen(from, answer, doc)
    if (whole) {
      answer.answered = true
      const named = new Set(open.map(({ doc }) => doc))
      for (const doc of this.#documents.keys()) if (!named.has(doc)) this.#notOpen(from, answer, doc)
    }
    if (!ask) return
    if (whole) return this.#introduce(from, false)
    const asked = new Set(open.map(({ doc }) => doc))
    const states = [...this.#documents.values()].filter(({ name, open }) => open && asked.has(name))
    const answers = states.map((document) => document.state())
    this.#desk.sendTo(from, { type: 'docs', whole: false, ask: false, open: answers, closed: [] })
  }

  #heard(from: PeerId, answer: Answer, state: DocState, anew: boolean): void {
    const document = this.#documents.get(state.doc)
    if (document?.open) document.heard(from, state, anew)
    else if (answer.others.size < limits.maxDocs) answer.others.set(state.doc, state)
  }

  #notOpen(from: PeerId, answer: Answer, doc: string): void {
    answer.others.delete(doc)
    this.#servings.stop(from, doc)
    if (this.#documents.get(doc)?.agreement.get(from)) this.#documents.get(doc)!.gone(from)
  }

  #want(from: PeerId, want: PayloadOf<'docWant'>): void {
    const { doc } = want.state
    const document = this.#documents.get(doc)
    if (!document?.open) {
      return this.#desk.sendTo(from, { type: 'docs', whole: false, ask: false, open: [], closed: [doc] })
    }
    if (this.#answers.has(from)) document.heard(from, want.state)
    this.#servings.start(from, want, document.replica, () => document.state())
  }
}
