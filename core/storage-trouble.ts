// What a program is told of storage that fails: it fails at every attempt until somebody makes room, and once is enough.

import type { MeshError } from './base/errors.ts'

export class StorageTrouble {
  #full = false
  /** Reported since the storage last worked: it may fail in several ways by turns. */
  readonly #told = new Set<string>()

  get full(): boolean {
    return this.#full
  }

  /** @returns whether `full` changed */
  written(problem: MeshError | undefined): boolean {
    if (!problem) this.#told.clear()
    const full = problem !== undefined && (problem.code === 'storage-full' || this.#full)
    const changed = full !== this.#full
    this.#full = full
    return changed
  }

  /** @returns whether the program does not know this yet; other errors than the storage's are always news */
  isNews({ code }: MeshError): boolean {
    if (!/^storage-(full|busy|failed)$/.test(code)) return true
    const isNews = !this.#told.has(code)
    this.#told.add(code)
    return isNews
  }
}
