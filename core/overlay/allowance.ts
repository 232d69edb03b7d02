// So many a second and no more: of what one hostile peer could make us do for ever.

export class Allowance {
  readonly #perSecond: number
  #sinceMs = Number.NEGATIVE_INFINITY
  #taken = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Takes one. False: there are no more within the second that began with the first. */
  take(nowMs: number): boolean {
    if (nowMs >= this.#sinceMs + 1000) {
      this.#sinceMs = nowMs
      this.#taken = 0
    }
    return this.#taken++ < this.#perSecond
  }
}
