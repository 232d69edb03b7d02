// What programs take into their documents from elsewhere, not through the mesh: a file, another app. Its later part may come
// first and then waits for its beginning, which whoever has the document open is given when the run calms down.

import * as Y from 'yjs'
import { writtenElsewhere } from './edits.ts'
import type { Recorder } from './recorder.ts'
import type { Traffic } from './schedule.ts'

type Import = Extract<Traffic, { type: 'import' }>

export class Imports {
  /** By document: seeds of what was taken in without its beginning. */
  readonly #parts = new Map<string, Set<number>>()
  #isOver = false
  /** Who was given the beginnings, by document. */
  #given = new WeakMap<Recorder, Set<string>>()

  take(recorder: Recorder, { doc, seed, whole }: Import): void {
    const handle = recorder.doc(doc)
    if (handle === undefined) return
    this.#parts.set(doc, (this.#parts.get(doc) ?? new Set()).add(seed))
    Y.applyUpdate(handle.doc, writtenElsewhere(seed, whole))
  }

  /** From now on everybody is given the beginnings. */
  end(): void {
    this.#isOver = true
  }

  /** To be called now and then. */
  look(recorder: Recorder): void {
    if (!this.#isOver || this.#parts.size === 0) return
    const given = this.#given.get(recorder) ?? new Set()
    this.#given.set(recorder, given)
    for (const [doc, seeds] of this.#parts) {
      const handle = recorder.doc(doc)
      if (handle === undefined || given.has(doc)) continue
      given.add(doc)
      for (const seed of seeds) Y.applyUpdate(handle.doc, writtenElsewhere(seed, true))
    }
  }
}
