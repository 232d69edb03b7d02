// What changed in a Y.Doc, told without relying on the events that follow a change: those are skipped where a
// listener of the program throws. The event before a transaction hands out the object that will hold the changes; it
// is looked into when somebody wants to know, at the latest before the next one begins.

import type { Transaction, Doc as YDoc } from 'yjs'

export class TransactionWatch {
  readonly #doc: YDoc
  readonly #take: (transaction: Transaction) => void
  #last: Transaction | undefined

  /**
   * @param take gets each transaction that began since (or is running), at a later `flush()` or when the next begins.
   * One that is still running then is handed over again later. It must not throw.
   */
  constructor(doc: YDoc, take: (transaction: Transaction) => void) {
    this.#doc = doc
    this.#take = take
    this.#last = doc._transaction ?? undefined
    doc.on('beforeTransaction', this.#begin)
  }

  /** Hands over what has happened so far. */
  flush(): void {
    const last = this.#last
    if (last === undefined) return
    if (this.#doc._transaction !== last) this.#last = undefined
    this.#take(last)
  }

  close(): void {
    this.#doc.off('beforeTransaction', this.#begin)
    this.#last = undefined
  }

  readonly #begin = (transaction: Transaction): void => {
    this.flush()
    this.#last = transaction
  }
}
