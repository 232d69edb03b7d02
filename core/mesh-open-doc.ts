// One open document of a program: its Y.Doc and Awareness bound to the peer. Local edits and states go in, those of
// others are put into it, and whoever waits for it to stand somehow is told. No protocol here.

import { applyAwarenessUpdate, Awareness, removeAwarenessStates } from 'y-protocols/awareness'
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import { encodeUtf8 } from 'lib0/string'
import { Doc } from 'yjs'
import type { DocEvents, DocState, DocStatus } from './api.ts'
import { MeshError } from './base/errors.ts'
import { limits } from './base/limits.ts'
import type { AwarenessState, DocView } from './docs/types.ts'
import type { UpdateScan } from './docs/update-scan.ts'
import { Emitter } from './emitter.ts'
import { DocReplica } from './mesh-replica.ts'
import type { PeerInput } from './peer-io.ts'
import { abortedError, Waits } from './waits.ts'

export interface MeshDocsOptions {
  request(asked: DocRequest): Promise<unknown>
  input(input: Extract<PeerInput, { type: 'editDoc' | 'unwritableDoc' | 'awareDoc' | 'docApplied' }>): void
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

export interface OpenOptions {
  readonly doc?: Doc
  readonly awareness?: Awareness
  readonly maxBytes: number
}

/** Origin of every change that came from the mesh or the store; undo managers do not track it. */
const meshOrigin = 'skein'

/** One document, with as many handles as it was opened times. */
export class OpenDoc {
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
  readonly #waits = new Waits()
  readonly #stops: (() => void)[] = []
  /** Local edits of this task, not yet handed to the peer. */
  #edits: Uint8Array[] = []
  #toldPending = false
  #endsTask = false
  #toldAwareness: string | undefined
  #awarenessIsOver = false
  /** Whom the mesh has put into the Awareness; another provider may have put in others. */
  readonly #shown = new Set<number>()
  #view: DocView
  handles = 0
  /** The program destroyed its Y.Doc, which tells of nothing any more. */
  isDestroyed = false
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
    this.doc.on('beforeTransaction', this.#atEndOfTask)
    this.#stops.push(() => this.doc.off('beforeTransaction', this.#atEndOfTask))
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
    // One that was handed in may hold what is no JSON.
    this.#guarded(() => this.tellAwareness())
  }

  onDestroyed(listener: () => void): void {
    this.doc.on('destroy', listener)
    this.#stops.push(() => this.doc.off('destroy', listener))
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
    this.#atEndOfTask()
  }

  flush(): void {
    if (this.left) return
    const updates = this.#edits
    this.#edits = []
    if (updates.length > 0) this.#options.input({ type: 'editDoc', doc: this.name, updates })
    const { pending } = this.replica
    if (pending === this.#toldPending) return
    this.#toldPending = pending
    // Of what was put in too early Yjs tells nothing.
    this.#options.input({ type: 'editDoc', doc: this.name, updates: [] })
  }

  /** Something changes in this task. */
  get isChanging(): boolean {
    return this.#endsTask
  }

  /** Once a task in which something changes: by its end Yjs has told of it, or never will. */
  readonly #atEndOfTask = (): void => {
    if (this.#endsTask) return
    this.#endsTask = true
    queueMicrotask(() => {
      this.#endsTask = false
      try {
        this.replica.mend()
      } catch (problem) {
        this.#options.input({ type: 'unwritableDoc', doc: this.name, reason: String(problem) })
      }
      this.flush()
    })
  }

  /** What was wrong, where they could not be read. */
  apply(
    updates: readonly Uint8Array[],
    scans: readonly UpdateScan[],
  ): { problem: string; partly: boolean } | undefined {
    const applied = this.replica.apply(updates, meshOrigin, scans)
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
      this.#shown.add(client)
      const meta = this.awareness.meta.get(client)
      // An Awareness that was handed in has a timer, which removes whoever is not renewed; here nobody is.
      if (meta) meta.lastUpdated = Number.POSITIVE_INFINITY
    }
    if (gone.length > 0) this.#hide(gone)
  }

  #hide(clients: readonly number[]): void {
    this.#guarded(() => removeAwarenessStates(this.awareness, [...clients], meshOrigin))
    for (const client of clients) {
      this.#shown.delete(client)
      // It may come back with the clock it had.
      this.awareness.meta.delete(client)
    }
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
    this.#waits.look()
    return view.state !== before.state || view.problem !== before.problem || view.stored !== before.stored
  }

  /** Waits until `reached`, or rejects with what `hindered` says. */
  until(
    reached: () => boolean,
    hindered: () => MeshError | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return this.#waits.until(() => {
      const problem = signal?.aborted ? abortedError() : (this.left ?? hindered())
      return problem ?? (reached() || undefined)
    }, signal)
  }

  end(): void {
    this.left = new MeshError('left', `The document “${this.name}” is closed; open it again to go on.`)
    for (const stop of this.#stops) stop()
    this.#hide([...this.#shown])
    if (this.#ownsAwareness) this.#guarded(() => this.awareness.destroy())
    this.replica.destroy()
    if (this.ownsDoc) this.#guarded(() => this.doc.destroy())
    // Whatever becomes of it now, nobody hears of it; one of the program's own may still change. No event: its program closed it.
    this.#view = { ...this.#view, state: 'alone', basedOn: [], stored: this.#view.stored && this.ownsDoc }
    this.#waits.look()
  }
}

const startingView = (doc: string): DocView => ({
  doc,
  state: 'syncing',
  basedOn: [],
  receivedBytes: 0,
  totalBytes: 0,
  stored: false,
  heldUpdates: 0,
  storedUpdates: -1,
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
