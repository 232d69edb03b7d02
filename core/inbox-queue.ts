// Hands the messages that wait for this member to the loops of its program, each to one of them.

export interface InboxFilter<T> {
  readonly wants: (item: T) => boolean
  readonly signal: AbortSignal | undefined
}

interface Reader<T> {
  readonly filter: InboxFilter<T>
  /** The loop's signal fired. */
  readonly aborted: () => void
  /** Takes the next item, or the end of its loop. */
  waiting: ((item: T | undefined) => void) | undefined
  /** Calls of next() are answered one after the other. */
  last: Promise<unknown>
}

interface InboxProgram<T, Given> {
  /** How many loops there are, whenever that changes. */
  readonly onReaders: (count: number) => void
  /** What a loop is given for it, asked right before; one that does not wait any more is passed over. Must not reject. */
  readonly give: (item: T) => Promise<Given | undefined>
}

export class InboxQueue<T extends object, Given> {
  readonly #items: T[] = []
  /** Of these, a loop is about to be given each: what it is, and whether it still waits, is being asked. */
  readonly #asked = new Set<T>()
  readonly #readers = new Set<Reader<T>>()
  readonly #program: InboxProgram<T, Given>
  #closed = false

  constructor(program: InboxProgram<T, Given>) {
    this.#program = program
  }

  push(items: readonly T[]): void {
    for (const item of items) this.#items.push(item)
    this.#offer()
  }

  /** Another tab consumes the inbox from now on: what no loop has been given is left to it. */
  clear(): void {
    this.#items.length = 0
    this.#asked.clear()
  }

  /** Ends every loop, and those begun later at once. */
  close(): void {
    this.#closed = true
    this.clear()
    for (const reader of this.#readers) this.#end(reader)
  }

  read(filter: InboxFilter<T>): AsyncIterableIterator<Given, undefined> {
    const aborted = (): void => this.#end(reader)
    const reader: Reader<T> = { filter, aborted, waiting: undefined, last: Promise.resolve() }
    if (!this.#closed && !filter.signal?.aborted) {
      this.#readers.add(reader)
      this.#program.onReaders(this.#readers.size)
      filter.signal?.addEventListener('abort', aborted, { once: true })
    }
    const iterator: AsyncIterableIterator<Given, undefined> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => {
        const next = reader.last.then(() => this.#next(reader))
        reader.last = next
        return next
      },
      return: () => {
        this.#end(reader)
        return Promise.resolve({ done: true, value: undefined })
      },
    }
    return iterator
  }

  async #next(reader: Reader<T>): Promise<IteratorResult<Given, undefined>> {
    while (this.#readers.has(reader)) {
      const item = this.#ask(reader) ?? (await new Promise<T | undefined>((take) => (reader.waiting = take)))
      if (item === undefined) break
      const given = await this.#program.give(item)
      // Cleared meanwhile: it is another tab's, or comes again.
      if (!this.#asked.delete(item)) continue
      if (!this.#readers.has(reader)) {
        this.#offer()
        break
      }
      this.#items.splice(this.#items.indexOf(item), 1)
      if (given !== undefined) return { done: false, value: given }
    }
    return { done: true, value: undefined }
  }

  /** The first that nobody is about to be given. */
  #ask(reader: Reader<T>): T | undefined {
    const item = this.#items.find((each) => !this.#asked.has(each) && reader.filter.wants(each))
    if (item !== undefined) this.#asked.add(item)
    return item
  }

  #offer(): void {
    for (const reader of this.#readers) {
      const { waiting } = reader
      const item = waiting && this.#ask(reader)
      if (item === undefined) continue
      reader.waiting = undefined
      waiting!(item)
    }
  }

  #end(reader: Reader<T>): void {
    if (!this.#readers.delete(reader)) return
    reader.filter.signal?.removeEventListener('abort', reader.aborted)
    reader.waiting?.(undefined)
    this.#program.onReaders(this.#readers.size)
  }
}
