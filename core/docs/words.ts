// Which of the words of one peer about its documents count. Over its own link they come in their order, and nobody else
// can speak there; what others pass on may come late, behind newer ones, even from before the peer was away.

export class Words {
  #newest = 0
  /** Of each document that is open here, the newest word that was heard of it. */
  readonly #newestOf = new Map<string, number>()

  /** It was opened here: what was said before tells nothing any more. */
  opened(doc: string): void {
    this.#newestOf.set(doc, this.#newest)
  }

  closed(doc: string): void {
    this.#newestOf.delete(doc)
  }

  /** A message came with all that the peer said in it. */
  heard(order: number, straight: boolean): void {
    this.#newest = straight ? order : Math.max(this.#newest, order)
  }

  /**
   * @param doc open here
   * @param straight over its own link
   * @returns false where something newer was heard of that document before
   */
  counts(doc: string, order: number, straight: boolean): boolean {
    if (!straight && order <= (this.#newestOf.get(doc) ?? 0)) return false
    this.#newestOf.set(doc, order)
    return true
  }
}
