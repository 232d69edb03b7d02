// Events for the user's listeners: typed, in order, and one that throws neither stops the others nor the peer.

import type { Off } from './api.ts'

export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(x: never) => unknown>>()
  readonly #onThrow: (problem: unknown, event: keyof Events) => void

  /** @param onThrow must not emit the event whose listener threw, at once or, where it is async, later */
  constructor(onThrow: (problem: unknown, event: keyof Events) => void) {
    this.#onThrow = onThrow
  }

  has(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0
  }

  on<E extends keyof Events>(event: E, listener: (x: Events[E]) => void): Off {
    const listeners = this.#listeners.get(event) ?? new Set()
    // The same function given twice is two listeners.
    const entry = (x: Events[E]): unknown => listener(x)
    this.#listeners.set(event, listeners.add(entry))
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(event) === listeners) this.#listeners.delete(event)
    }
  }

  emit<E extends keyof Events>(event: E, x: Events[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        const result: unknown = (listener as (x: Events[E]) => unknown)(x)
        // One that nobody awaits would end a Node process when it rejects.
        if (result instanceof Promise) result.catch((problem: unknown) => this.#onThrow(problem, event))
      } catch (problem) {
        this.#onThrow(problem, event)
      }
    }
  }
}
