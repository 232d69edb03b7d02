// The documents a program has open, and the handles by which it holds them: a document opened twice is one, and closes
// with the last of its handles. No protocol here.

import type { Awareness } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import type { DocEvents, DocHandle, DocState, DocStatus, Off } from './api.ts'
import { MeshError } from './base/errors.ts'
import type { PeerId } from './base/ids.ts'
import type { AwarenessState, DocView } from './docs/types.ts'
import { type MeshDocsOptions, OpenDoc, type OpenOptions } from './mesh-open-doc.ts'
import { checkCallOptions, checkDocListener } from './options.ts'
import type { PeerEffect } from './peer-io.ts'
import { abortedError, unlessAborted } from './waits.ts'

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
    for (;;) {
      const closing = this.#closing.get(name)
      const before = this.#open.get(name)
      // Its failure was told to whoever closed it.
      const closed = closing?.catch(() => undefined)
      // What a Y.Doc held that was destroyed has to be stored before there is another.
      const gone = closed ?? (before?.isDestroyed ? this.#release(before) : undefined)
      if (!gone) break
      await unlessAborted(signal, () => gone)
    }
    const opened = this.#open.get(name) ?? this.#create(name, options)
    opened.refuseOther(options)
    opened.handles++
    try {
      await unlessAborted(signal, () => opened.loaded)
    } catch (problem) {
      // Not awaited: the store that keeps us waiting would do so here too.
      this.#release(opened).catch(this.#reportUnlessLeft)
      throw problem
    }
    if (opened.left) throw opened.left
    return new Handle(opened, () => this.#release(opened))
  }

  /** From the peer: put these into the document, and say what came of it. */
  apply({ doc, job, updates, scans }: Extract<PeerEffect, { type: 'applyDoc' }>): void {
    const trouble = this.#open.get(doc)?.apply(updates, scans)
    this.#options.input({ type: 'docApplied', job, ...trouble })
  }

  /** True: more than the progress of a transfer has changed. */
  show(view: DocView): boolean {
    const opened = this.#open.get(view.doc)
    const changed = opened?.show(view) ?? false
    // It could not be closed when its Y.Doc went.
    if (opened?.isDestroyed && !view.problem?.code.startsWith('storage-')) this.#destroyed(opened)
    return changed
  }

  showAwareness(doc: string, states: readonly AwarenessState[]): void {
    this.#open.get(doc)?.showAwareness(states)
  }

  status(): DocStatus[] {
    return [...this.#open.values()].map((opened) => opened.status())
  }

  /** Something changes in this task: what has changed is known at its end. */
  get isChanging(): boolean {
    return [...this.#open.values()].some((opened) => opened.isChanging)
  }

  /** The mesh is being left: what waits is stored. Asked for at once, answered with the driver's other requests. */
  closeAll(): void {
    for (const opened of this.#open.values()) {
      opened.flush()
      const closing = this.#options.request({ type: 'closeDoc', doc: opened.name })
      // Leaving may take longer than this: what is written meanwhile must not be called stored.
      closing.then(() => this.#end(opened), this.#reportUnlessLeft)
    }
  }

  #end(opened: OpenDoc): void {
    if (this.#open.get(opened.name) !== opened) return
    this.#open.delete(opened.name)
    opened.end()
  }

  /** It was left. */
  end(): void {
    for (const opened of this.#open.values()) this.#end(opened)
  }

  readonly #reportUnlessLeft = (problem: unknown): void => {
    if (!(problem instanceof MeshError && problem.code === 'left')) this.#options.report(problem)
  }

  #create(name: string, options: OpenOptions): OpenDoc {
    const opened = new OpenDoc(name, options, this.#options)
    this.#open.set(name, opened)
    opened.onDestroyed(() => this.#destroyed(opened))
    return opened
  }

  /** The program destroyed its Y.Doc, which tells of nothing any more: it is closed, as with every provider of Yjs. */
  #destroyed(opened: OpenDoc): void {
    opened.isDestroyed = true
    if (this.#closing.has(opened.name)) return
    opened.handles = 1
    this.#release(opened).catch((problem: unknown) => this.#options.report(problem))
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
    // A listener may have thrown at an edit of this task: what Yjs did not tell is found at its end.
    if (opened.isChanging) await Promise.resolve()
    opened.flush()
    opened.sayGoodbye()
    await this.#options.request({ type: 'closeDoc', doc: opened.name })
    this.#end(opened)
  }
}

class Handle implements DocHandle {
  readonly #opened: OpenDoc
  readonly #release: () => Promise<void>
  readonly #offs = new Set<Off>()
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

  async whenSynced(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkCallOptions('whenSynced()', options)
    await this.#handedOver()
    const overLimit = (): MeshError | undefined =>
      this.problem && isLasting(this.problem) ? this.problem : undefined
    return this.#opened.until(() => this.state !== 'syncing', overLimit, options.signal)
  }

  async whenStored(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkCallOptions('whenStored()', options)
    await this.#handedOver()
    const { heldUpdates, problem } = this.#opened.view
    // The store may have room again by now: what it said before this call does not count.
    const hindered = (): MeshError | undefined => {
      const now = this.#opened.view
      // What does not fit of what others hold keeps nothing out of the store that is here.
      if (now.problem && isLasting(now.problem)) return now.storedUpdates < 0 ? now.problem : undefined
      return now.problem === problem ? undefined : now.problem
    }
    // Others may go on typing: what came since is not waited for.
    const isStored = (): boolean => {
      const { stored, storedUpdates } = this.#opened.view
      return stored || storedUpdates >= heldUpdates
    }
    return this.#opened.until(isStored, hindered, options.signal)
  }

  /** What was edited up to now is with the peer, also where an observer asks in the middle of the peer's own work. */
  async #handedOver(): Promise<void> {
    await Promise.resolve()
    this.#opened.flush()
  }

  on<E extends keyof DocEvents>(event: E, listener: (x: DocEvents[E]) => void): Off {
    checkDocListener(event, listener)
    const stop = this.#opened.events.on(event, listener)
    const off = (): void => {
      stop()
      this.#offs.delete(off)
    }
    this.#offs.add(off)
    return off
  }

  async close(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkCallOptions('close()', options)
    return unlessAborted(options.signal, () => this.#close())
  }

  #close(): Promise<void> {
    const closed = (): void => {
      // Another handle may keep the document open.
      for (const off of this.#offs) off()
    }
    this.#closed ??= this.#release().then(closed, (problem: unknown) => {
      // It stays open, and may be closed again when there is room.
      this.#closed = undefined
      throw problem
    })
    return this.#closed
  }
}

/** It does not pass by itself, as trouble with the storage may. */
const isLasting = ({ code }: MeshError): boolean => !code.startsWith('storage-')
