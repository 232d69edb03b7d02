// Errors that come before anybody can listen, while a mesh opens: kept for the first who does, so that damage found at
// the start, or a store that turned out to be a copy, is not told to nobody.

import type { MeshError } from './base/errors.ts'

/** Kept at most; the first ones tell the most. chosen. */
const maxKept = 100

export class Unheard {
  /** Undefined once somebody has listened. */
  #kept: MeshError[] | undefined = []

  /** False where somebody listens, or did: it is for him to be told of. */
  keep(error: MeshError): boolean {
    if (!this.#kept) return false
    if (this.#kept.length < maxKept) this.#kept.push(error)
    return true
  }

  /** Somebody listens from now on: what there is to tell him. */
  take(): readonly MeshError[] {
    const kept = this.#kept ?? []
    this.#kept = undefined
    return kept
  }
}
