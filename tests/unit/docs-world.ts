// A small world for the docs machine: machines with real documents on rows in memory, links whose messages arrive
// when the story says so, stores that may fail, one clock. What is hostile speaks through `say`.

import * as Y from 'yjs'
import type { MeshError } from '../../core/base/errors.ts'
import type { PeerId } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { Commit, CommitResult, Range } from '../../core/base/ports.ts'
import { Docs } from '../../core/docs/docs.ts'
import type { DocsEffect, DocsEvent, DocsInput, DocsPayload, DocView } from '../../core/docs/types.ts'
import { DocReplica } from '../../core/mesh-replica.ts'
import { MemoryRows } from '../../core/platform/shared/memory-store.ts'
import { decode, encode } from '../../core/wire/codec.ts'
import {
  payload as payloadCodec,
  type DocState,
  type Payload,
  type PayloadOf,
} from '../../core/wire/messages.ts'

interface Packet {
  readonly from: DocsActor
  readonly to: DocsActor
  readonly payload: Payload
  /** Not by the link between the two. */
  readonly detour: boolean
}

interface OpenedDoc {
  readonly doc: Y.Doc
  readonly replica: DocReplica
  readonly edits: Uint8Array[]
}

/** One run of one program. */
export class DocsActor {
  readonly name: string
  readonly id: PeerId
  readonly store: string
  readonly rows: MemoryRows
  readonly docs: Docs
  readonly opened = new Map<string, OpenedDoc>()
  readonly views = new Map<string, DocView>()
  readonly events: DocsEvent[] = []
  readonly answers = new Map<number, { value?: unknown; error?: MeshError }>()
  readonly blamed: { readonly link: number; readonly reason: string }[] = []
  readonly sent: { readonly to: PeerId; readonly payload: Payload }[] = []
  readonly commits: Commit[] = []
  /** Storing and reading still to be done, in order. */
  readonly tasks: (() => void)[] = []
  /** What the next commits and reads answer instead. */
  commitError: MeshError | undefined
  readError: MeshError | undefined
  /** False: what it asks of its store waits. */
  storing = true
  /** Messages to these peers find no room. */
  readonly refusing = new Set<PeerId>()
  /** Between two inputs: the driver's queue. */
  readonly #inputs: DocsInput[] = []
  #stepping = false
  readonly #world: DocsWorld
  #requests = 0

  constructor(world: DocsWorld, name: string, options: { rows?: MemoryRows; store?: string }) {
    this.#world = world
    this.name = name
    const number = ++world.runs
    this.id = number.toString(16).padStart(32, '0') as PeerId
    this.store = options.store ?? `store of ${name}`
    this.rows = options.rows ?? new MemoryRows()
    this.docs = new Docs({ me: this.id, writer: number.toString(16).padStart(8, '0') })
  }

  step(input: DocsInput): void {
    this.#inputs.push(input)
    if (this.#stepping) return
    this.#stepping = true
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      const { nowMs } = this.#world
      const now = { monotonicMs: nowMs, wallMs: 1_700_000_000_000 + nowMs }
      for (const effect of this.docs.step(next, now)) this.#carryOut(effect)
    }
    this.#stepping = false
  }

  open(name: string, options: { doc?: Y.Doc; maxBytes?: number } = {}): number {
    const doc = options.doc ?? new Y.Doc()
    if (options.doc === undefined) doc.clientID = 1000 * ++this.#world.clients
    const opened = { doc, replica: new DocReplica(doc), edits: [] as Uint8Array[] }
    opened.replica.onLocalUpdate((update) => opened.edits.push(update))
    this.opened.set(name, opened)
    const request = ++this.#requests
    const { replica } = opened
    this.step({
      type: 'openDoc',
      request,
      doc: name,
      replica,
      maxBytes: options.maxBytes ?? limits.maxDocBytes,
    })
    return request
  }

  close(name: string): number {
    const request = ++this.#requests
    this.step({ type: 'closeDoc', request, doc: name })
    return request
  }

  edit(name: string, change: (doc: Y.Doc) => void): void {
    const opened = this.opened.get(name)!
    change(opened.doc)
    this.step({ type: 'editDoc', doc: name, updates: opened.edits.splice(0) })
  }

  write(name: string, text: string): void {
    this.edit(name, (doc) => doc.getText('text').insert(0, text))
  }

  doc(name: string): Y.Doc {
    return this.opened.get(name)!.doc
  }

  text(name: string): string {
    return this.doc(name).getText('text').toJSON()
  }

  view(name: string): DocView | undefined {
    return this.views.get(name)
  }

  digest(name: string): string {
    return Buffer.from(this.opened.get(name)!.replica.digest()).toString('hex')
  }

  errors(): string[] {
    return this.events.flatMap((event) => (event.event === 'error' ? [event.error.code] : []))
  }

  count(counter: string): number {
    return this.docs.counters[counter] ?? 0
  }

  sentTo<T extends Payload['type']>(peer: DocsActor, type: T): PayloadOf<T>[] {
    return this.sent.flatMap(({ to, payload }) =>
      to === peer.id && payload.type === type ? [payload as PayloadOf<T>] : [],
    )
  }

  #carryOut(effect: DocsEffect): void {
    switch (effect.type) {
      case 'applyDoc': {
        const opened = this.opened.get(effect.doc)
        const applied = opened?.replica.apply(effect.updates, 'mesh', effect.scans)
        const trouble =
          applied?.outcome === 'unreadable' ? { problem: applied.problem, partly: applied.partly } : {}
        this.step({ type: 'docApplied', job: effect.job, ...trouble })
        // What observers of the program wrote meanwhile, or Yjs tidied up.
        const updates = opened?.edits.splice(0) ?? []
        if (updates.length > 0) this.step({ type: 'editDoc', doc: effect.doc, updates })
        return
      }
      case 'commit':
        return void this.tasks.push(() => this.#commit(effect.commit, effect.transaction))
      case 'read':
        return void this.tasks.push(() => this.#read(effect.read, effect.ranges))
      case 'sendTo':
        return this.#send([effect.peer], effect.payload)
      case 'multicast':
        return this.#send(effect.peers, effect.payload)
      case 'piecesReady':
        return this.pump(effect.peer)
      case 'busy':
        return
      case 'blame':
        return void this.blamed.push({ link: effect.link, reason: effect.reason })
      case 'resolve':
        return void this.answers.set(effect.request, { value: effect.value })
      case 'reject':
        return void this.answers.set(effect.request, { error: effect.error })
      case 'emit':
        this.events.push(effect.event)
        if (effect.event.event === 'doc') this.views.set(effect.event.view.doc, effect.event.view)
        return
    }
  }

  #commit(commit: number, transaction: Commit): void {
    if (this.commitError) return this.step({ type: 'commitFailed', commit, error: this.commitError })
    for (const key of transaction.delete ?? []) this.rows.delete(key)
    for (const { key, value } of transaction.put ?? []) this.rows.put(key, value)
    this.commits.push(transaction)
    const result: CommitResult = { ok: true }
    this.step({ type: 'committed', commit, result })
  }

  #read(read: number, ranges: readonly Range[]): void {
    if (this.readError) return this.step({ type: 'readFailed', read, error: this.readError })
    this.step({ type: 'rows', read, rows: ranges.flatMap((range) => this.rows.range(range)) })
  }

  #send(peers: readonly PeerId[], payload: Payload): void {
    for (const peer of peers) {
      this.sent.push({ to: peer, payload })
      if (this.refusing.has(peer)) this.docs.refused([peer], payload)
      else this.#world.carry(this, peer, payload)
    }
  }

  /** Puts out pieces as long as there are any to send. */
  pump(peer: PeerId): void {
    for (let piece = this.docs.nextPiece(peer); piece; piece = this.docs.nextPiece(peer)) {
      this.#send([peer], piece)
    }
  }
}

export class DocsWorld {
  nowMs = 0
  runs = 0
  clients = 0
  readonly actors: DocsActor[] = []
  readonly packets: Packet[] = []
  /** What becomes of a packet: `false` loses it. */
  filter: (packet: Packet) => boolean = () => true
  readonly #links = new Set<string>()

  join(name: string, options: { rows?: MemoryRows; store?: string } = {}): DocsActor {
    const actor = new DocsActor(this, name, options)
    const others = [...this.actors]
    this.actors.push(actor)
    this.#tellView()
    for (const other of others) this.link(actor, other)
    this.settle()
    return actor
  }

  joinAll(...names: string[]): DocsActor[] {
    return names.map((name) => this.join(name))
  }

  link(a: DocsActor, b: DocsActor): void {
    this.#links.add(pair(a, b))
    a.step({ type: 'linked', peer: b.id })
    b.step({ type: 'linked', peer: a.id })
  }

  /** What is under way is lost. */
  unlink(a: DocsActor, b: DocsActor): void {
    this.#links.delete(pair(a, b))
    this.#lose((packet) => !packet.detour && pair(packet.from, packet.to) === pair(a, b))
    a.step({ type: 'unlinked', peer: b.id })
    b.step({ type: 'unlinked', peer: a.id })
  }

  linked(a: DocsActor, b: DocsActor): boolean {
    return this.#links.has(pair(a, b))
  }

  /** Gone at once; the others notice at once. */
  kill(actor: DocsActor): void {
    this.actors.splice(this.actors.indexOf(actor), 1)
    this.#lose(({ from, to }) => from === actor || to === actor)
    actor.tasks.length = 0
    for (const other of this.actors) {
      if (this.#links.delete(pair(actor, other))) other.step({ type: 'unlinked', peer: actor.id })
    }
    this.#tellView()
  }

  #lose(which: (packet: Packet) => boolean): void {
    for (let i = this.packets.length - 1; i >= 0; i--) if (which(this.packets[i]!)) this.packets.splice(i, 1)
  }

  #tellView(): void {
    for (const actor of this.actors) {
      // All are linked, or about to be.
      const neighbours = this.actors.map(({ id }) => id)
      const others = this.actors.filter((each) => each !== actor)
      const peers = others.map(({ id, store }) => ({ peer: id, store, neighbours, noDocuments: false }))
      actor.step({ type: 'live', peers, settled: true, store: actor.store, mute: false })
    }
  }

  carry(from: DocsActor, to: PeerId, payload: Payload): void {
    const target = this.actors.find(({ id }) => id === to)
    if (!target) return
    const read = decode(payloadCodec, encode(payloadCodec, payload))
    if (!read.ok) throw new Error(`${from.name} sends what nobody can read: ${read.error}`)
    this.packets.push({ from, to: target, payload: read.value, detour: !this.linked(from, target) })
  }

  /** A hostile peer says whatever it likes; it arrives at once. `link` 0: by a detour. */
  say(from: DocsActor, to: DocsActor, payload: Payload, link = 1): void {
    const read = decode(payloadCodec, encode(payloadCodec, payload))
    if (!read.ok) throw new Error(`the wire keeps it: ${read.error}`)
    to.step({
      type: 'payload',
      from: from.id,
      link: link === 0 ? undefined : link,
      payload: read.value as DocsPayload,
    })
  }

  /** Delivers one message, the oldest that `which` picks. */
  deliver(which: (packet: Packet) => boolean = () => true): boolean {
    const at = this.packets.findIndex(which)
    const packet = this.packets[at]
    if (!packet) return false
    this.packets.splice(at, 1)
    if (!this.filter(packet)) return true
    const link = packet.detour ? undefined : 1
    packet.to.step({ type: 'payload', from: packet.from.id, link, payload: packet.payload as DocsPayload })
    return true
  }

  /** Everything that needs no time. */
  settle(): void {
    for (let rounds = 0; this.#settleOnce(); rounds++) {
      if (rounds > 20_000) throw new Error('it never comes to rest')
    }
  }

  #settleOnce(): boolean {
    let did = this.deliver()
    for (const actor of this.actors) {
      const task = actor.storing ? actor.tasks.shift() : undefined
      task?.()
      const due = actor.docs.deadlineMs <= this.nowMs
      if (due) actor.step({ type: 'tick' })
      did ||= due || task !== undefined
    }
    return did
  }

  /** Lets time pass, from deadline to deadline. */
  run(ms: number): void {
    const endMs = this.nowMs + ms
    for (this.settle(); ; this.settle()) {
      const next = Math.min(...this.actors.map(({ docs }) => docs.deadlineMs))
      if (next > endMs) break
      this.nowMs = Math.max(this.nowMs, next)
    }
    this.nowMs = endMs
    this.settle()
  }
}

const pair = (a: DocsActor, b: DocsActor): string => [a.id, b.id].sort().join()

let lastWord = 0

/** What a peer may say of a document; a lie where the story says so. */
export const stateOf = (doc: string, told: Partial<DocState> = {}): DocState => ({
  doc,
  order: ++lastWord,
  revision: 1,
  number: 0,
  digest: new Uint8Array(16),
  waitingFor: [],
  agreed: [],
  ...told,
})

export const docsOf = (
  open: readonly DocState[],
  told: Partial<PayloadOf<'docs'>> = {},
): PayloadOf<'docs'> => ({
  type: 'docs',
  whole: false,
  ask: false,
  order: ++lastWord,
  open,
  closed: [],
  ...told,
})
