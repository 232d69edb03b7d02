// Local edits on their way out: at once, and what comes within `docUpdateIntervalMs` after that together, to everybody
// who has the document open. What is too large to be pushed is not: the change is announced, and fetched in segments
// like any other difference.

import type { PeerId } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import type { Desk } from './desk.ts'

/** Edits of one moment above this are announced. chosen: a few messages' worth. */
const maxPushedBytes = 8 * limits.maxDocUpdatesBytes

export class Edits {
  readonly #desk: Desk
  readonly #doc: string
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #tooLarge = false
  #sentAtMs = Number.NEGATIVE_INFINITY
  /** Of the last `docUpdates` we made. */
  number: number

  constructor(desk: Desk, doc: string) {
    this.#desk = desk
    this.#doc = doc
    this.number = desk.firstNumber
  }

  get deadlineMs(): number {
    const waits = this.#waiting.length > 0 || this.#tooLarge
    return waits ? this.#sentAtMs + limits.docUpdateIntervalMs : Infinity
  }

  /** True: they are to be announced. */
  add(updates: readonly Uint8Array[], holders: readonly PeerId[]): boolean {
    for (const update of updates) {
      this.#waitingBytes += update.length
      if (update.length > limits.maxDocUpdatesBytes) this.#tooLarge = true
    }
    if (this.#waitingBytes > maxPushedBytes) this.#tooLarge = true
    if (!this.#tooLarge) this.#waiting.push(...updates)
    return this.tick(holders)
  }

  tick(holders: readonly PeerId[]): boolean {
    if (this.#desk.nowMs < this.deadlineMs || this.deadlineMs === Infinity) return false
    this.#sentAtMs = this.#desk.nowMs
    const announce = this.#tooLarge
    if (announce) this.number++
    else for (const updates of messages(this.#waiting)) this.#send(updates, holders)
    this.clear()
    return announce
  }

  clear(): void {
    this.#waiting = []
    this.#waitingBytes = 0
    this.#tooLarge = false
  }

  #send(updates: readonly Uint8Array[], holders: readonly PeerId[]): void {
    this.number++
    this.#desk.multicast(holders, { type: 'docUpdates', doc: this.#doc, number: this.number, updates })
  }
}

function* messages(updates: readonly Uint8Array[]): Iterable<readonly Uint8Array[]> {
  let message: Uint8Array[] = []
  let bytes = 0
  for (const update of updates) {
    if (message.length === limits.maxDocUpdates || bytes + update.length > limits.maxDocUpdatesBytes) {
      yield message
      message = []
      bytes = 0
    }
    message.push(update)
    bytes += update.length
  }
  if (message.length > 0) yield message
}
