// The docs machine: which documents are open here and at the others, and every input taken to the document it
// concerns. Inputs with the time go in, effects and one next deadline come out. Rules: README.md beside this file.

import { MeshError } from '../base/errors.ts'
import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Instant } from '../base/ports.ts'
import type { DocState, Payload, PayloadOf } from '../wire/messages.ts'
import { Desk } from './desk.ts'
import { Document } from './document.ts'
import { docOfKey } from './rows.ts'
import { Servings } from './serving.ts'
import type { DocsEffect, DocsInput, DocsPayload } from './types.ts'
import { Words } from './words.ts'

/** What is known of the documents of one peer. */
interface Answer {
  /** It has told which documents it has open. */
  answered: boolean
  /** It was told which are open here. */
  introduced: boolean
  /** What we told it last did not go out. */
  untold: boolean
  /** It said to have none open when we opened one. It may have opened one at that moment, as we did: it is still to be asked … */
  unasked: boolean
  /** … and to be told. */
  passedOver: boolean
  /** When to tell it again which documents are open here, where either is missing. */
  askAtMs: number
  readonly words: Words
}

const noAnswer = (): Answer => ({
  answered: false,
  introduced: false,
  untold: false,
  unasked: false,
  passedOver: false,
  askAtMs: 0,
  words: new Words(),
})

/** Which documents it has open is known. */
const isKnown = ({ answered, unasked }: Answer): boolean => answered && !unasked

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
  /** Everybody alive has said what he has open. */
  #everybodyAnswered = false
  #wasTalking = false

  /** @param options `writer`: 8 hex digits, new at every start. */
  constructor(options: { me: PeerId; writer: string }) {
    this.#desk = new Desk(options)
    this.#servings = new Servings(this.#desk)
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#desk.counters
  }

  /** A document is open here, or about to be. */
  get open(): boolean {
    return this.#documents.size > 0
  }

  get deadlineMs(): number {
    this.#heedTalk()
    // Something may have changed outside of a step that programs are to see.
    let next = this.#desk.touched.size > 0 ? this.#desk.nowMs : Infinity
    for (const { dueAtMs } of this.#documents.values()) next = Math.min(next, dueAtMs)
    // After every frame, with everybody in the mesh: without an array.
    if (this.#desk.isMute) return next
    for (const [peer, answer] of this.#answers)
      if (answer.askAtMs < next && this.#isAskable(peer, answer)) next = answer.askAtMs
    return next
  }

  step(input: DocsInput, now: Instant): DocsEffect[] {
    this.#desk.now = now
    this.#take(input)
    this.#countAnswers()
    // Of hundreds that are open, mostly one.
    const { touched } = this.#desk
    for (const name of touched) this.#documents.get(name)?.show()
    touched.clear()
    this.#finishClosing()
    return this.#desk.takeEffects()
  }

  /** The next piece of a document for that peer, where its link has room for nothing better. */
  nextPiece(peer: PeerId): Payload | undefined {
    return this.#servings.next(peer)
  }

  /** A message was written or came in: what is done for documents stands back for a while. */
  talk(nowMs: number): void {
    this.#desk.talk(nowMs)
  }

  /** The overlay had no room for it. */
  refused(peers: readonly PeerId[], payload: Payload): void {
    if (payload.type === 'docUpdates') this.#touch(payload.doc)?.refusedBy(peers)
    if (payload.type === 'docAwareness') this.#touch(payload.doc)?.awareness.refused(peers)
    if (payload.type === 'docWant') {
      for (const peer of peers) this.#touch(payload.state.doc)?.wantRefused(peer, payload.transfer)
    }
    if (payload.type !== 'docs') return
    for (const { doc } of payload.open) this.#touch(doc)?.refusedBy(peers)
    for (const peer of peers) {
      const answer = this.#answers.get(peer)
      if (!answer) continue
      answer.untold = true
      answer.askAtMs = this.#desk.nowMs + limits.docAskIntervalMs
    }
  }

  #take(input: DocsInput): void {
    const desk = this.#desk
    switch (input.type) {
      case 'live':
        return this.#live(input)
      case 'linked':
        desk.linked.add(input.peer)
        this.#waitForLinks()
        // What went to it over the link before may not have come.
        if (desk.live.has(input.peer)) this.#introduce(input.peer, false)
        for (const document of this.#touchAll()) document.linkedAgain(input.peer)
        return
      case 'unlinked':
        desk.linked.delete(input.peer)
        this.#servings.stop(input.peer, undefined)
        for (const document of this.#touchAll()) document.unlinked(input.peer)
        return
      case 'suspend':
        for (const document of this.#touchAll()) document.suspend()
        return
      case 'audit':
        for (const document of this.#touchAll()) document.audit()
        return
      case 'payload':
        if (!desk.outcasts.has(input.from)) this.#payload(input.from, input.link, input.payload)
        return
      case 'openDoc':
        return this.#openDoc(input)
      case 'closeDoc':
        return this.#closeDoc(input)
      case 'editDoc':
        return this.#touch(input.doc)?.edited(input.updates)
      case 'unwritableDoc':
        return this.#touch(input.doc)?.unreadable(input.reason)
      case 'awareDoc':
        return this.#touch(input.doc)?.setAwareness(input.states)
      case 'docApplied':
        return desk.applied(input.job, input.problem, input.partly ?? false)
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
    this.#heedTalk()
    for (const document of this.#documents.values()) {
      if (this.#desk.nowMs >= document.dueAtMs) this.#touch(document.name)?.tick()
    }
    for (const [peer, answer] of this.#askable()) {
      if (this.#desk.nowMs >= answer.askAtMs) this.#introduce(peer, !isKnown(answer))
    }
  }

  /** The document of that name, to which something is about to happen. */
  #touch(doc: string): Document | undefined {
    const document = this.#documents.get(doc)
    if (document) this.#desk.touched.add(doc)
    return document
  }

  #touchAll(): Iterable<Document> {
    for (const doc of this.#documents.keys()) this.#desk.touched.add(doc)
    return this.#documents.values()
  }

  /** How long to rest depends on whether people talk, which ends without a word. */
  #heedTalk(): void {
    const { talking } = this.#desk
    if (talking === this.#wasTalking) return
    this.#wasTalking = talking
    for (const document of this.#documents.values()) document.plan()
  }

  /** How each document stands hangs on whether somebody is left who has not answered. */
  #countAnswers(): void {
    const before = this.#everybodyAnswered
    this.#everybodyAnswered = true
    for (const [peer, answer] of this.#answers)
      if (!isKnown(answer) && this.#isAskable(peer, answer)) this.#everybodyAnswered = false
    if (this.#everybodyAnswered !== before) this.#touchAll()
  }

  #askable(): [PeerId, Answer][] {
    return [...this.#answers].filter(([peer, answer]) => this.#isAskable(peer, answer))
  }

  #isAskable(peer: PeerId, answer: Answer): boolean {
    if ((isKnown(answer) && !answer.untold && !answer.passedOver) || this.#desk.outcasts.has(peer))
      return false
    // Who has none has nothing to say; who says so of itself is not asked, and we where we said so do not ask.
    return !this.#desk.isMute && this.#desk.live.get(peer)?.noDocuments !== true
  }

  // ------------------------------------------------------------------------------------ the program

  #openDoc({ request, doc, replica, maxBytes }: Extract<DocsInput, { type: 'openDoc' }>): void {
    this.#desk.isMute = false
    if (this.#documents.size >= limits.maxDocs) {
      const text = `No more than ${limits.maxDocs} documents can be open at once; close one first.`
      return this.#desk.effect({ type: 'reject', request, error: new MeshError('invalid-argument', text) })
    }
    const document: Document = new Document(this.#desk, {
      name: doc,
      replica,
      maxBytes,
      everybodyAnswered: () => this.#everybodyAnswered,
      outcast: (peer) => this.#outcast(peer),
      loaded: () => {
        this.#desk.effect({ type: 'resolve', request })
        // Not from within the document: it is not in its final state yet.
        if (document.open) this.#opened(document)
      },
      loadFailed: (error) => {
        this.#forget(document)
        this.#desk.effect({ type: 'reject', request, error })
      },
      openness: (open) => (open ? this.#opened(document) : this.#closed(document)),
    })
    this.#documents.set(doc, document)
    this.#desk.touched.add(doc)
  }

  /** Whoever has it open says so, and whoever has not: what they said before may be old. */
  #opened(document: Document): void {
    const { linked, live, outcasts } = this.#desk
    const known = [...this.#answers].filter(
      ([peer, { answered }]) => (answered || linked.has(peer)) && live.get(peer)?.noDocuments !== true,
    )
    document.ask(known.flatMap(([peer]) => (outcasts.has(peer) ? [] : peer)))
    for (const [peer, answer] of this.#answers) {
      answer.words.opened(document.name)
      if (live.get(peer)?.noDocuments) answer.unasked = answer.passedOver = true
    }
  }

  #closed(document: Document): void {
    const { name } = document
    this.#servings.stop(undefined, name)
    const live = [...this.#desk.live.keys()]
    this.#desk.multicast(live, this.#desk.docsWith({ closed: [name] }))
  }

  #closeDoc({ request, doc }: Extract<DocsInput, { type: 'closeDoc' }>): void {
    const document = this.#touch(doc)
    document?.beginClosing()
    if (document) this.#closing.push({ request, document })
    else this.#desk.effect({ type: 'resolve', request })
  }

  /** What waits to be stored is stored first; where the store fails, the document stays open and says so. */
  #finishClosing(): void {
    this.#closing = this.#closing.filter(({ request, document }) => {
      const isOpen = this.#documents.get(document.name) === document
      if (isOpen && !document.settled) {
        const { storageFailure } = document
        if (!storageFailure) return true
        document.stayOpen()
        this.#desk.touched.add(document.name)
        this.#desk.effect({ type: 'reject', request, error: storageFailure })
        return false
      }
      if (isOpen) {
        this.#forget(document)
        this.#closed(document)
      }
      this.#desk.effect({ type: 'resolve', request })
      return false
    })
  }

  #forget(document: Document): void {
    document.close()
    this.#documents.delete(document.name)
    for (const { words } of this.#answers.values()) words.closed(document.name)
  }

  #corrupt(key: string): void {
    const doc = docOfKey(key)
    const text = `A record of the document “${doc}” was damaged on the disk; it was set aside, and what is missing is fetched from the others.`
    this.#desk.emit({ event: 'error', error: new MeshError('record-corrupt', text, { details: { key } }) })
  }

  // ------------------------------------------------------------------------------------- the others

  #live({ peers, settled, store, mute }: Extract<DocsInput, { type: 'live' }>): void {
    const desk = this.#desk
    desk.settled = settled
    desk.store = store
    desk.isMute = mute && this.#documents.size === 0
    this.#touchAll()
    const now = new Set(peers.map(({ peer }) => peer))
    for (const peer of [...desk.live.keys()]) if (!now.has(peer)) this.#gone(peer)
    for (const record of peers) {
      const isNew = !desk.live.has(record.peer)
      desk.live.set(record.peer, record)
      if (!isNew) continue
      desk.liveSinceMs.set(record.peer, desk.nowMs)
      if (desk.linked.has(record.peer)) this.#introduce(record.peer, false)
      // A link to it is most likely under way: over several hops each word costs the others as many frames.
      else {
        const askAtMs = desk.nowMs + limits.docLinkPatienceMs
        this.#answers.set(record.peer, { ...noAnswer(), askAtMs })
      }
    }
  }

  /** One link came up, so others may: those without one are told by way of others a little later. */
  #waitForLinks(): void {
    const { nowMs, linked, liveSinceMs } = this.#desk
    for (const [peer, answer] of this.#answers) {
      if (answer.answered || answer.untold || linked.has(peer)) continue
      const latestMs = (liveSinceMs.get(peer) ?? nowMs) + limits.maxDocLinkPatienceMs
      answer.askAtMs = Math.max(answer.askAtMs, Math.min(nowMs + limits.docAskIntervalMs, latestMs))
    }
  }

  #gone(peer: PeerId): void {
    this.#desk.live.delete(peer)
    this.#desk.liveSinceMs.delete(peer)
    this.#desk.outcasts.delete(peer)
    this.#answers.delete(peer)
    this.#servings.stop(peer, undefined)
    for (const document of this.#documents.values()) document.gone(peer)
  }

  /** Tells it which documents are open here, all of them. */
  #introduce(peer: PeerId, ask: boolean): void {
    const answer = this.#answers.get(peer) ?? noAnswer()
    answer.introduced = true
    answer.untold = answer.passedOver = false
    answer.askAtMs = this.#desk.nowMs + limits.docAskIntervalMs
    this.#answers.set(peer, answer)
    const open: DocState[] = []
    for (const document of this.#touchAll()) {
      const state = document.tellTo(peer)
      if (state) open.push(state)
    }
    this.#desk.sendTo(peer, this.#desk.docsWith({ whole: true, ask, open }))
  }

  #payload(from: PeerId, link: number | undefined, payload: DocsPayload): void {
    switch (payload.type) {
      case 'docs':
        return this.#docs(from, link, payload)
      case 'docUpdates':
        return this.#touch(payload.doc)?.updates(from, link, payload)
      case 'docWant':
        return this.#want(from, link, payload)
      case 'docPiece':
        return this.#touch(payload.doc)?.piece(from, link, payload)
      case 'docEnd':
        return this.#touch(payload.state.doc)?.ended(from, payload)
      case 'docGot':
        return this.#servings.got(from, payload)
      case 'docAwareness':
        // Of somebody who is not in our view nobody would say that he is gone.
        if (!this.#answers.has(from)) return this.#desk.count('docsOfStrangers')
        return this.#touch(payload.doc)?.awareness.take(from, payload.states)
    }
  }

  #outcast(peer: PeerId): void {
    this.#desk.outcasts.add(peer)
    this.#servings.stop(peer, undefined)
    for (const document of this.#touchAll()) document.forget(peer)
  }

  #docs(from: PeerId, link: number | undefined, payload: PayloadOf<'docs'>): void {
    const { whole, ask, order, open, closed } = payload
    const answer = this.#answers.get(from)
    // Not in our view (yet): it will be asked when it is.
    if (!answer) return this.#desk.count('docsOfStrangers')
    const named = open.map(({ doc }) => doc)
    const notOpen = whole ? [...this.#documents.keys()].filter((doc) => !named.includes(doc)) : closed
    for (const state of open) this.#heard(from, link, state, { anew: whole, answered: ask })
    for (const doc of notOpen) if (this.#counts(from, link, doc, order)) this.#notOpen(from, doc)
    answer.words.heard(order, link !== undefined, this.#desk.nowMs)
    // Who asks us is answered; what it opened before it knew that we have any, it comes to ask about by itself.
    if (ask) answer.passedOver = false
    if (whole || ask) answer.unasked = false
    // Passed on by others, and no answer to us, it may be from before one of us was gone for a moment.
    if (whole && (ask || answer.introduced || link !== undefined)) answer.answered = true
    if (ask && whole) this.#introduce(from, false)
    else if (ask) this.#answer(from, named)
  }

  #heard(
    from: PeerId,
    link: number | undefined,
    state: DocState,
    how: { anew?: boolean; answered?: boolean } = {},
  ): void {
    if (this.#counts(from, link, state.doc, state.order)) this.#touch(state.doc)?.heard(from, state, how)
  }

  /** What it says of that document was not overtaken by something newer. */
  #counts(from: PeerId, link: number | undefined, doc: string, order: number): boolean {
    const answer = this.#answers.get(from)
    if (!answer || !this.#documents.has(doc)) return false
    const counts = answer.words.counts(doc, order, link !== undefined, this.#desk.nowMs)
    if (!counts) this.#desk.count('docsLate')
    return counts
  }

  /** How the documents stand here that it asked for. */
  #answer(peer: PeerId, docs: readonly string[]): void {
    const open: DocState[] = []
    const closed: string[] = []
    for (const doc of new Set(docs)) {
      const state = this.#touch(doc)?.tellTo(peer)
      if (state) open.push(state)
      else closed.push(doc)
    }
    this.#desk.sendTo(peer, this.#desk.docsWith({ open, closed }))
  }

  #notOpen(from: PeerId, doc: string): void {
    this.#servings.stop(from, doc)
    this.#touch(doc)?.notOpen(from)
  }

  #want(from: PeerId, link: number | undefined, want: PayloadOf<'docWant'>): void {
    const { doc } = want.state
    const document = this.#documents.get(doc)
    if (!document?.open) {
      return this.#desk.sendTo(from, this.#desk.docsWith({ closed: [doc] }))
    }
    // Of somebody who is not in our view nobody would say that he is gone: what was begun for him would wait for ever.
    if (!this.#answers.has(from)) return this.#desk.count('docsOfStrangers')
    this.#heard(from, link, want.state)
    this.#servings.start(from, want, document)
  }
}
