// Where one row was damaged others may be gone without a trace: their keys, too, were on that disk. So a damaged row
// has the peer look through its store. Many rows damaged at once are one look; what is damaged meanwhile is one more.
// Where it could not look, or not write down what it found, it looks again later.

export class Audits {
  readonly #audit: () => Promise<unknown>
  readonly #postpone: (look: () => void) => () => void
  #running = false
  #again = false
  #closed = false
  #cancel: () => void = () => undefined

  /**
   * @param audit looks through the store; rejects where the peer has left, or the store cannot be read or written
   * @param postpone calls `look` later; returns how to keep it from that
   */
  constructor(audit: () => Promise<unknown>, postpone: (look: () => void) => () => void) {
    this.#audit = audit
    this.#postpone = postpone
  }

  rowDamaged(): void {
    this.#again = true
    if (this.#running || this.#closed) return
    this.#cancel()
    this.#running = true
    this.#run().then(
      () => void (this.#running = false),
      () => this.#failed(),
    )
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#audit()
    }
  }

  #failed(): void {
    this.#running = false
    if (!this.#closed) this.#cancel = this.#postpone(() => this.rowDamaged())
  }
}
