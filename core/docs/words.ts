// Which of the words of one peer about its documents count. Over its own link they come in their order, and nobody else
// can speak there; what others pass on may come late, behind newer ones, even from before the peer was away. It may be
// forged as well: so the number of such a word is held against others only for as long as one is mostly late.

import { limits } from '../base/limits.ts'

interface Word {
  readonly order: number
  /** Until when what is older is late. */
  readonly untilMs: number
}

export class Words {
  #newest: Word = { order: 0, untilMs: -Infinity }
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
    if (straight || !isLate(order, this.#newest, nowMs)) this.#newest = wordOf(order, straight, nowMs)
  }

  /**
   * @param doc open here
   * @param straight over its own link
   * @returns false where something newer was heard of that document before
   */
  counts(doc: string, order: number, straight: boolean, nowMs: number): boolean {
    const newest = this.#newestOf.get(doc)
    if (!straight && newest && isLate(order, newest, nowMs)) return false
    this.#newestOf.set(doc, wordOf(order, straight, nowMs))
    return true
  }
}

const wordOf = (order: number, straight: boolean, nowMs: number): Word => ({
  order,
  untilMs: straight ? Infinity : nowMs + limits.maxDocWordDelayMs,
})

const isLate = (order: number, newest: Word, nowMs: number): boolean =>
  order <= newest.order && nowMs < newest.untilMs
