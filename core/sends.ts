// What a program holds of a message it has sent: who has it by now, and a promise for when all have.

import type { Sent } from './api.ts'
import { MeshError } from './base/errors.ts'
import type { MessageId } from './base/ids.ts'
import type { SentState } from './messages/types.ts'
import { checkCallOptions } from './options.ts'
import { abortedError, Waits } from './waits.ts'

export class Sends {
  readonly #stateOf: (id: MessageId) => SentState | undefined
  readonly #waits = new Waits()
  #closed = false
  #looks = false

  constructor(stateOf: (id: MessageId) => SentState | undefined) {
    this.#stateOf = stateOf
  }

  sent(id: MessageId): Sent {
    const stateOf = this.#stateOf
    return {
      id,
      get deliveredTo() {
        return stateOf(id)?.deliveredTo ?? new Set()
      },
      delivered: async (options) => {
        checkCallOptions('delivered()', options)
        await this.#delivered(id, options?.signal)
      },
    }
  }

  /** A receipt or an expiry came. Many come at once, and each promise looks at all of them together. */
  look(): void {
    if (this.#looks) return
    this.#looks = true
    void Promise.resolve().then(() => {
      this.#looks = false
      this.#waits.look()
    })
  }

  /** The mesh was left. */
  close(): void {
    this.#closed = true
    this.#waits.look()
  }

  #delivered(id: MessageId, signal: AbortSignal | undefined): Promise<void> {
    return this.#waits.until(() => {
      const sent = this.#stateOf(id)
      if (!sent || sent.state === 'delivered') return true
      if (signal?.aborted) return abortedError()
      if (this.#closed) return new MeshError('left', 'This mesh was left.')
      return sent.state === 'expired' ? expiredError(sent) : undefined
    }, signal)
  }
}

function expiredError({ id, lacking }: SentState): MeshError {
  const who = lacking.length === 0 ? 'anybody' : `${lacking.length} of the addressees`
  return new MeshError('expired', `The time to live ran out before ${who} had this message.`, {
    details: { id, lacking: [...lacking] },
  })
}
