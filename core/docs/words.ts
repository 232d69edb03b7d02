// Which of the words of one peer about its documents count. Over its own link they come in their order, and nobody else
// can speak there; what others pass on may come late, behind newer ones, even from before the peer was away. It may be
// forged as well: so the number of a word is held against others only for as long as one may be late.

import { limits } from '../base/limits.ts'

interface Word {
  readonly order: number
  readonly atMs: number
}

export class Words {
  #newest: Word = { order: 0, atMs: -Infinity }
  /** Of each document that is open here, the newest word that was heard of it. */
  readonly #newestOf = new Map<string, Word>()

  /** It was opened here: what was said before tells nothing any more. */
  opened(doc: string): void {
    this.#newestOf.set(doc, this.#newest)
  }

  closed(doc: string): void {
    this.#newestOf.delete(doc)
  }

  /** A message came with all that the peer said in it. */
  heard(order: number, straight: boolean, nowMs: number): void {
    if (straight || !isLate(order, this.#newest, nowMs)) this.#newest = { order, atMs: nowMs }
  }

  /**
   * @param doc open here
   * @param straight over its own link
   * @returns false where something newer was heard of that document before
   */
  counts(doc: string, order: number, straight: boolean, nowMs: number): boolean {
    const newest = this.#newestOf.get(doc)
    if (!straight && newest && isLate(order, newest, nowMs)) return false
    this.#newestOf.set(doc, { order, atMs: nowMs })
    return true
  }
}

const isLate = (order: number, newest: Word, nowMs: number): boolean =>
  order <= newest.order && nowMs < newest.atMs + limits.maxDocWordDelayMs
