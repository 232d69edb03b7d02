// Hands the messages that wait for this member to the loops of its program, each to one of them.

import { MeshError } from './base/errors.ts'

export interface InboxFilter<T> {
  readonly wants: (item: T) => boolean
  readonly signal: AbortSignal | undefined
}

interface Reader<T> {
  readonly filter: InboxFilter<T>
  readonly waiting: ((result: IteratorResult<T, undefined>) => void)[]
}

interface InboxProgram<T> {
  /** How many loops there are, whenever that changes. */
  readonly onReaders: (count: number) => void
  /** Asked right before a loop is given it; one that does not wait any more is passed over. Must not reject. */
  readonly stillWaits: (item: T) => Promise<boolean>
}

export class InboxQueue<T> {
  readonly #items: T[] = []
  readonly #readers = new Set<Reader<T>>()
  readonly #program: InboxProgram<T>
  #closed = false

  constructor(program: InboxProgram<T>) {
    this.#program = program
  }

  get size(): number {
    return this.#items.length
  }

  push(items: readonly T[]): void {
    for (const item of items) {
      const reader = [...this.#readers].find((each) => each.waiting.length > 0 && each.filter.wants(item))
      if (reader) reader.waiting.shift()!({ done: false, value: item })
      else this.#items.push(item)
    }
  }

  /** Another tab consumes the inbox from now on: what no loop has taken is left to it. */
  clear(): void {
    this.#items.length = 0
  }

  /** Ends every loop, and those begun later at once. */
  close(): void {
    this.#closed = true
    this.clear()
    for (const reader of this.#readers) this.#end(reader)
  }

  read(filter: InboxFilter<T>): AsyncIterableIterator<T, undefined> {
    const reader: Reader<T> = { filter, waiting: [] }
    const end = (): void => this.#end(reader)
    if (!this.#closed && !filter.signal?.aborted) {
      this.#readers.add(reader)
      this.#program.onReaders(this.#readers.size)
      filter.signal?.addEventListener('abort', end, { once: true })
    }
    const iterator: AsyncIterableIterator<T, undefined> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => this.#next(reader),
      return: () => {
        filter.signal?.removeEventListener('abort', end)
        end()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
    return iterator
  }

  async #next(reader: Reader<T>): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const taken = await this.#take(reader)
      if (taken.done || (await this.#program.stillWaits(taken.value))) {
        if (taken.done || this.#readers.has(reader)) return taken
        // The loop ended meanwhile: another may have it.
        if (!this.#closed) this.push([taken.value])
        return { done: true, value: undefined }
      }
    }
  }

  #take(reader: Reader<T>): Promise<IteratorResult<T, undefined>> {
    if (!this.#readers.has(reader)) return Promise.resolve({ done: true, value: undefined })
    const index = this.#items.findIndex(reader.filter.wants)
    if (index >= 0) return Promise.resolve({ done: false, value: this.#items.splice(index, 1)[0]! })
    return new Promise((resolve) => reader.waiting.push(resolve))
  }

  #end(reader: Reader<T>): void {
    if (!this.#readers.delete(reader)) return
    for (const resolve of reader.waiting) resolve({ done: true, value: undefined })
    this.#program.onReaders(this.#readers.size)
  }
}

export const abortedError = (): MeshError => new MeshError('aborted', 'The signal you passed was aborted.')
