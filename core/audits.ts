// Where one row was damaged others may be gone without a trace: their keys, too, were on that disk. So a damaged row
// has the peer look through its store. Many rows damaged at once are one look; what is damaged meanwhile is one more.

export class Audits {
  readonly #audit: () => Promise<unknown>
  #running = false
  #again = false

  /** @param audit looks through the store; rejects where the peer has left, or the store cannot be read */
  constructor(audit: () => Promise<unknown>) {
    this.#audit = audit
  }

  rowDamaged(): void {
    this.#again = true
    if (this.#running) return
    this.#running = true
    const done = (): void => void (this.#running = false)
    this.#run().then(done, done) // where it could not look, the next damaged row is as good a reason
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#audit()
    }
  }
}
