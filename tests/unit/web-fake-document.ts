// A document handle on a real Y.Doc with nobody behind it: a test says how it stands.

import type { DocEvents, DocHandle, Off, PeerId } from 'skein'
import { Awareness } from 'y-protocols/awareness'
import { Doc } from 'yjs'

type Standing = Pick<DocHandle, 'state' | 'basedOn' | 'progress' | 'stored' | 'problem'>

export class FakeDocument implements DocHandle {
  readonly name: string
  readonly doc: Doc
  readonly awareness: Awareness
  state: DocHandle['state'] = 'alone'
  basedOn: readonly PeerId[] = []
  progress = 1
  stored = true
  problem: DocHandle['problem'] = undefined
  closed = false
  readonly #listeners = new Map<string, Set<(x: never) => void>>()

  /** @param doc what the device held of it before */
  constructor(name: string, doc = new Doc()) {
    this.name = name
    this.doc = doc
    this.awareness = new Awareness(doc)
  }

  get synced(): boolean {
    return this.state === 'synced'
  }

  /** How it stands from now on, with the event that says so. Of a problem the library sends none. */
  stand(change: Partial<Standing>): void {
    const { state, stored } = this
    Object.assign(this, change)
    if (this.state !== state) this.#emit('state', this.state)
    if (change.progress !== undefined) this.#emit('progress', this.progress)
    if (this.stored && !stored) this.#emit('stored', undefined)
  }

  whenSynced(): Promise<void> {
    return Promise.resolve()
  }

  whenStored(): Promise<void> {
    return Promise.resolve()
  }

  on<E extends keyof DocEvents>(event: E, listener: (x: DocEvents[E]) => void): Off {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  close(): Promise<void> {
    this.closed = true
    // It owns a timer.
    this.awareness.destroy()
    return Promise.resolve()
  }

  #emit<E extends keyof DocEvents>(event: E, value: DocEvents[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never)
  }
}
