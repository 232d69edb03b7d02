// Promises for something that becomes true later: each looks again whenever it is told that anything has changed, and
// when the caller's signal fires.

import { MeshError } from './base/errors.ts'

/** `true`: it is so. An error: it will not be, or the caller waits no longer. Undefined: not yet. */
export type Outcome = true | MeshError | undefined

export class Waits {
  readonly #looks = new Set<() => void>()

  /** @param signal Only makes it look: whether its firing ends the wait, and before what, is for `outcome` to say. */
  until(outcome: () => Outcome, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = outcome()
        if (found === undefined) return
        this.#looks.delete(look)
        signal?.removeEventListener('abort', look)
        if (found === true) resolve()
        else reject(found)
      }
      this.#looks.add(look)
      signal?.addEventListener('abort', look)
      look()
    })
  }

  /** Something has changed. */
  look(): void {
    for (const look of [...this.#looks]) look()
  }
}

export const abortedError = (): MeshError => new MeshError('aborted', 'The signal you passed was aborted.')

/**
 * What the work comes to; rejects `aborted` as soon as the signal fires. Only the waiting ends: what was asked for goes
 * on. Where the signal has fired before, nothing is asked for.
 */
export async function unlessAborted<T>(
  signal: AbortSignal | null | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw abortedError()
  const working = work()
  if (!signal) return working
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedError())
    signal.addEventListener('abort', abort)
    working.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    // It may have fired as the work began.
    if (signal.aborted) abort()
  })
}
