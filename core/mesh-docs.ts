// The documents a program has open: its Y.Docs and Awareness objects, bound to the peer. Local edits go in, updates of
// others are applied, and handles say how each document stands. No protocol here.

import { applyAwarenessUpdate, Awareness, removeAwarenessStates } from 'y-protocols/awareness'
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import { encodeUtf8 } from 'lib0/string'
import { Doc } from 'yjs'
import type { DocEvents, DocHandle, DocState, DocStatus, Off } from './api.ts'
import { MeshError } from './base/errors.ts'
import type { PeerId } from './base/ids.ts'
import { limits } from './base/limits.ts'
import type { AwarenessState, DocView } from './docs/types.ts'
import { Emitter } from './emitter.ts'
import { abortedError } from './inbox-queue.ts'
import { DocReplica } from './mesh-replica.ts'
import type { PeerEffect, PeerInput } from './peer-io.ts'

export interface MeshDocsOptions {
  request(asked: DocRequest): Promise<unknown>
  input(input: Extract<PeerInput, { type: 'editDoc' | 'awareDoc' | 'docApplied' }>): void
  /** An observer of the program threw. */
  report(problem: unknown): void
  /** With `store: 'memory'` nothing is ever called stored. */
  readonly durable: () => boolean
  /** 32 random bits, for a Y.Doc of ours. */
  readonly newClientId: () => number
}

type DocRequest =
  | {
      readonly type: 'openDoc'
      readonly doc: string
      readonly replica: DocReplica
      readonly maxBytes: number
    }
  | { readonly type: 'closeDoc'; readonly doc: string }

interface OpenOptions {
  readonly doc?: Doc
  readonly awareness?: Awareness
  readonly maxBytes: number
}

/** Origin of every change that came from the mesh or the store; undo managers do not track it. */
const meshOrigin = 'skein'

export class MeshDocs {
  readonly #options: MeshDocsOptions
  readonly #open = new Map<string, OpenDoc>()
  readonly #closing = new Map<string, Promise<void>>()

  constructor(options: MeshDocsOptions) {
    this.#options = options
  }

  /** One that is open already is shared; it closes with the last of its handles. */
  async open(name: string, options: OpenOptions, signal: AbortSignal | undefined): Promise<DocHandle> {
    if (signal?.aborted) throw abortedError()
    for (let closing = this.#closing.get(name); closing; closing = this.#closing.get(name)) {
      // Its failure was told to whoever closed it.
      await closing.catch(() => undefined)
    }
    const opened = this.#open.get(name) ?? this.#create(name, options)
    opened.refuseOther(options)
    opened.handles++
    try {
      await aborting(opened.loaded, signal)
    } catch (problem) {
      await this.#release(opened).catch((another: unknown) => this.#options.report(another))
      throw problem
    }
    return new Handle(opened, () => this.#release(opened))
  }

  /** From the peer: put these into the document, and say what came of it. */
  apply({ doc, job, updates }: Extract<PeerEffect, { type: 'applyDoc' }>): void {
    const trouble = this.#open.get(doc)?.apply(updates)
    this.#options.input({ type: 'docApplied', doc, job, ...trouble })
  }

  /** True: more than the progress of a transfer has changed. */
  show(view: DocView): boolean {
    return this.#open.get(view.doc)?.show(view) ?? false
  }

  showAwareness(doc: string, states: readonly AwarenessState[]): void {
    this.#open.get(doc)?.showAwareness(states)
  }

  status(): DocStatus[] {
    return [...this.#open.values()].map((opened) => opened.status())
  }

  /** The mesh is being left: what waits is stored. Asked for at once, answered with the driver's other requests. */
  closeAll(): void {
    for (const opened of this.#open.values()) {
      opened.flush()
      this.#options.request({ type: 'closeDoc', doc: opened.name }).catch((problem: unknown) => {
        if (!(problem instanceof MeshError && problem.code === 'left')) this.#options.report(problem)
      })
    }
  }

  /** It was left. */
  end(): void {
    for (const opened of this.#open.values()) opened.end()
    this.#open.clear()
  }

  #create(name: string, options: OpenOptions): OpenDoc {
    const opened = new OpenDoc(name, options, this.#options)
    this.#open.set(name, opened)
    return opened
  }

  async #release(opened: OpenDoc): Promise<void> {
    if (opened.handles > 1 || this.#open.get(opened.name) !== opened) {
      opened.handles--
      return
    }
    const closing = this.#close(opened)
    this.#closing.set(opened.name, closing)
    try {
      await closing
      opened.handles--
    } catch (problem) {
      // It stays open, and the others may see us again.
      opened.tellAwareness()
      throw problem
    } finally {
      this.#closing.delete(opened.name)
    }
  }

  async #close(opened: OpenDoc): Promise<void> {
    opened.flush()
    opened.sayGoodbye()
    await this.#options.request({ type: 'closeDoc', doc: opened.name })
    this.#open.delete(opened.name)
    opened.end()
  }
}

/** One document, with as many handles as it was opened times. */
class OpenDoc {
  readonly name: string
  readonly doc: Doc
  readonly awareness: Awareness
  readonly replica: DocReplica
  readonly loaded: Promise<unknown>
  readonly maxBytes: number
  readonly events: Emitter<DocEvents>
  readonly ownsDoc: boolean
  readonly #ownsAwareness: boolean
  readonly #options: MeshDocsOptions
  readonly #looks = new Set<() => void>()
  readonly #stops: (() => void)[] = []
  /** Local edits of this task, not yet handed to the peer. */
  #edits: Uint8Array[] = []
  #toldAwareness: string | undefined
  #awarenessIsOver = false
  #view: DocView
  handles = 0
  left: MeshError | undefined

  constructor(name: string, options: OpenOptions, io: MeshDocsOptions) {
    this.name = name
    this.maxBytes = options.maxBytes
    this.doc = options.doc ?? options.awareness?.doc ?? newDoc(io.newClientId())
    this.ownsDoc = this.doc !== options.doc && this.doc !== options.awareness?.doc
    this.awareness = options.awareness ?? newAwareness(this.doc)
    this.#ownsAwareness = options.awareness === undefined
    this.#options = io
    this.events = new Emitter((problem) => io.report(problem))
    this.replica = new DocReplica(this.doc)
    this.#view = startingView(name)
    this.#stops.push(this.replica.onLocalUpdate((update) => this.#edited(update)))
    const onAwareness = (_changes: unknown, origin: unknown): void => {
      if (origin !== meshOrigin) this.tellAwareness()
    }
    this.awareness.on('update', onAwareness)
    this.#stops.push(() => this.awareness.off('update', onAwareness))
    this.loaded = io.request({
      type: 'openDoc',
      doc: name,
      replica: this.replica,
      maxBytes: options.maxBytes,
    })
    this.tellAwareness()
  }

  refuseOther({ doc, awareness, maxBytes }: OpenOptions): void {
    const same =
      (doc ?? this.doc) === this.doc &&
      (awareness ?? this.awareness) === this.awareness &&
      maxBytes === this.maxBytes
    if (same) return
    const text = `The document “${this.name}” is already open with another Y.Doc, Awareness or limit; close it first.`
    throw new MeshError('invalid-argument', text)
  }

  get state(): DocState {
    return this.#view.state
  }

  get view(): DocView {
    return this.#view
  }

  get stored(): boolean {
    return this.#view.stored && this.#edits.length === 0 && this.#options.durable()
  }

  get progress(): number {
    const { receivedBytes, totalBytes } = this.#view
    return totalBytes === 0 ? 1 : receivedBytes / totalBytes
  }

  status(): DocStatus {
    const { basedOn, problem } = this.#view
    const { name, state, progress, stored } = this
    return { name, state, basedOn, progress, stored, sizeBytes: this.replica.sizeBytes, problem }
  }

  // --------------------------------------------------------------------------------------------- edits

  /** Edits of one task go out together. */
  #edited(update: Uint8Array): void {
    this.#edits.push(update)
    if (this.#edits.length === 1) queueMicrotask(() => this.flush())
  }

  flush(): void {
    if (this.#edits.length === 0 || this.left) return
    const updates = this.#edits
    this.#edits = []
    this.#options.input({ type: 'editDoc', doc: this.name, updates })
  }

  /** What was wrong, where they could not be read. */
  apply(updates: readonly Uint8Array[]): { problem: string; partly: boolean } | undefined {
    const applied = this.replica.apply(updates, meshOrigin)
    if (applied.outcome === 'unreadable') return { problem: applied.problem, partly: applied.partly }
    if (applied.outcome === 'observer-threw') this.#options.report(applied.error)
    return undefined
  }

  // ---------------------------------------------------------------------------------------- awareness

  tellAwareness(): void {
    const client = this.awareness.clientID
    const value = this.awareness.getLocalState()
    const state = value === null ? undefined : JSON.stringify(value)
    // Renewals every 15 s are for those who cannot see who lives.
    if (state === this.#toldAwareness || this.left) return
    if (state !== undefined && this.#isOverAwarenessLimit(state)) return
    this.#toldAwareness = state
    const clock = this.awareness.meta.get(client)?.clock ?? 0
    this.#options.input({ type: 'awareDoc', doc: this.name, states: [{ client, clock, state }] })
  }

  /** Said once, and again only after it did fit. Others go on seeing what they saw. */
  #isOverAwarenessLimit(state: string): boolean {
    const wasOver = this.#awarenessIsOver
    // A character is three bytes at most, so that nothing is counted for a cursor and a name.
    const bytes = state.length * 3 <= limits.maxAwarenessBytes ? 0 : encodeUtf8(state).length
    this.#awarenessIsOver = bytes > limits.maxAwarenessBytes
    if (this.#awarenessIsOver && !wasOver) {
      const text = `The awareness state in the document “${this.name}” is ${bytes} bytes as JSON, of ${limits.maxAwarenessBytes} at most; it is not sent.`
      this.#options.report(new MeshError('body-too-large', text, { details: { doc: this.name } }))
    }
    return this.#awarenessIsOver
  }

  sayGoodbye(): void {
    this.#toldAwareness = undefined
    const client = this.awareness.clientID
    const clock = (this.awareness.meta.get(client)?.clock ?? 0) + 1
    this.#options.input({ type: 'awareDoc', doc: this.name, states: [{ client, clock, state: undefined }] })
  }

  showAwareness(states: readonly AwarenessState[]): void {
    const present = states.filter(({ state }) => state !== undefined)
    const gone = states.filter(({ state }) => state === undefined).map(({ client }) => client)
    if (present.length > 0) {
      this.#guarded(() => applyAwarenessUpdate(this.awareness, encodeStates(present), meshOrigin))
    }
    for (const { client } of present) {
      const meta = this.awareness.meta.get(client)
      // An Awareness that was handed in has a timer, which removes whoever is not renewed; here nobody is.
      if (meta) meta.lastUpdated = Number.POSITIVE_INFINITY
    }
    if (gone.length === 0) return
    this.#guarded(() => removeAwarenessStates(this.awareness, gone, meshOrigin))
    // It may come back with the clock it had.
    for (const client of gone) this.awareness.meta.delete(client)
  }

  /** What runs listeners of the program: one that throws is reported, and ends nothing of ours. */
  #guarded(change: () => void): void {
    try {
      change()
    } catch (problem) {
      this.#options.report(problem)
    }
  }

  // --------------------------------------------------------------------------------------------- view

  show(view: DocView): boolean {
    const { state, progress, stored } = this
    const before = this.#view
    this.#view = view
    if (this.progress !== progress) this.events.emit('progress', this.progress)
    if (this.state !== state) this.events.emit('state', this.state)
    if (this.stored && !stored) this.events.emit('stored', undefined)
    this.look()
    return view.state !== before.state || view.problem !== before.problem || view.stored !== before.stored
  }

  look(): void {
    for (const look of [...this.#looks]) look()
  }

  /** Waits until `reached`, or rejects with what `hindered` says. */
  until(
    reached: () => boolean,
    hindered: () => MeshError | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.#looks.delete(look)
        signal?.removeEventListener('abort', look)
        settle()
      }
      const look = (): void => {
        const problem = signal?.aborted ? abortedError() : (this.left ?? hindered())
        if (problem) return finish(() => reject(problem))
        if (reached()) finish(resolve)
      }
      this.#looks.add(look)
      signal?.addEventListener('abort', look)
      look()
    })
  }

  end(): void {
    this.left = new MeshError('left', `The document “${this.name}” is closed; open it again to go on.`)
    for (const stop of this.#stops) stop()
    const others = [...this.awareness.getStates().keys()].filter(
      (client) => client !== this.awareness.clientID,
    )
    this.#guarded(() => removeAwarenessStates(this.awareness, others, meshOrigin))
    if (this.#ownsAwareness) this.#guarded(() => this.awareness.destroy())
    this.replica.destroy()
    if (this.ownsDoc) this.#guarded(() => this.doc.destroy())
    this.look()
  }
}

class Handle implements DocHandle {
  readonly #opened: OpenDoc
  readonly #release: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor(opened: OpenDoc, release: () => Promise<void>) {
    this.#opened = opened
    this.#release = release
  }

  get name(): string {
    return this.#opened.name
  }

  get doc(): Doc {
    return this.#opened.doc
  }

  get awareness(): Awareness {
    return this.#opened.awareness
  }

  get state(): DocState {
    return this.#opened.state
  }

  get synced(): boolean {
    return this.state === 'synced'
  }

  get basedOn(): readonly PeerId[] {
    return this.#opened.view.basedOn
  }

  get progress(): number {
    return this.#opened.progress
  }

  get stored(): boolean {
    return this.#opened.stored
  }

  get problem(): MeshError | undefined {
    return this.#opened.view.problem
  }

  async whenSynced({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#handedOver()
    const overLimit = (): MeshError | undefined =>
      this.problem && isLasting(this.problem) ? this.problem : undefined
    return this.#opened.until(() => this.state !== 'syncing', overLimit, signal)
  }

  async whenStored({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#handedOver()
    const { view } = this.#opened
    // The store may have room again by now: what it said before this call does not count.
    const hindered = (): MeshError | undefined =>
      this.#opened.view === view && !(this.problem && isLasting(this.problem)) ? undefined : this.problem
    return this.#opened.until(() => this.#opened.view.stored, hindered, signal)
  }

  /** What was edited up to now is with the peer, also where an observer asks in the middle of the peer's own work. */
  async #handedOver(): Promise<void> {
    await Promise.resolve()
    this.#opened.flush()
  }

  on<E extends keyof DocEvents>(event: E, listener: (x: DocEvents[E]) => void): Off {
    return this.#opened.events.on(event, listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#release().catch((problem: unknown) => {
      // It stays open, and may be closed again when there is room.
      this.#closed = undefined
      throw problem
    })
    return this.#closed
  }
}

/** It does not pass by itself, as trouble with the storage may. */
const isLasting = ({ code }: MeshError): boolean => !code.startsWith('storage-')

const startingView = (doc: string): DocView => ({
  doc,
  state: 'syncing',
  basedOn: [],
  receivedBytes: 0,
  totalBytes: 0,
  stored: false,
  problem: undefined,
})

/** Its client id from the peer's randomness, so that a simulated run can be played again. */
function newDoc(clientId: number): Doc {
  const doc = new Doc()
  doc.clientID = clientId
  return doc
}

/** Without its own interval: who lives is known from the mesh, so nothing needs to be renewed or to run out. */
function newAwareness(doc: Doc): Awareness {
  const awareness = new Awareness(doc)
  const { _checkInterval: interval } = awareness as unknown as { _checkInterval: number }
  clearInterval(interval)
  return awareness
}

/** The encoding of y-protocols: count, then client, clock and JSON of each. */
function encodeStates(states: readonly AwarenessState[]): Uint8Array {
  const encoder = createEncoder()
  writeVarUint(encoder, states.length)
  for (const { client, clock, state } of states) {
    writeVarUint(encoder, client)
    writeVarUint(encoder, clock)
    writeVarString(encoder, state ?? 'null')
  }
  return toUint8Array(encoder)
}

/** What it resolves to, or `aborted` as soon as the signal says so. */
function aborting(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedError())
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
