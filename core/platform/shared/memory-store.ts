// A Store that forgets: for `store: 'memory'`, for tests and for the simulator. It keeps the port's promises of
// atomicity and order; `durable` is false, so that receipts say `volatile`. Several stores may be opened on one
// MemoryRows, as several tabs share one database; the rows outlive their stores, as a disk outlives a process.

import { MeshError } from '../../base/errors.ts'
import { compareText, equalBytes } from '../../base/ids.ts'
import type { Commit, CommitResult, Range, Row, Store } from '../../base/ports.ts'

/** What a disk would hold: rows in the order of their keys. Values are never handed out, only copies of them. */
export class MemoryRows {
  readonly #values = new Map<string, Uint8Array>()
  /** The keys of `#values`, sorted. */
  readonly #keys: string[] = []

  /** A copy of what the key holds. */
  get(key: string): Uint8Array | undefined {
    return this.#values.get(key)?.slice()
  }

  /** True if the key holds exactly these bytes (`undefined`: is absent). */
  holds(key: string, value: Uint8Array | undefined): boolean {
    const found = this.#values.get(key)
    return found === undefined || value === undefined ? found === value : equalBytes(found, value)
  }

  /** Keeps a copy of `value`. */
  put(key: string, value: Uint8Array): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#place(key), 0, key)
    this.#values.set(key, Uint8Array.from(value))
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#place(key), 1)
  }

  range({ from, to, limit, reverse }: Range): Row[] {
    const keys = this.#keys.slice(this.#place(from), this.#place(to))
    if (reverse) keys.reverse()
    const rows: Row[] = []
    for (const key of keys.slice(0, limit)) {
      const value = this.get(key)
      if (value !== undefined) rows.push({ key, value })
    }
    return rows
  }

  /** Index of the first key that is not before `key`. */
  #place(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareText(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** A store on `rows`. A call takes effect at once and is answered asynchronously, in call order. */
export function createMemoryStore(rows: MemoryRows = new MemoryRows()): Store {
  let closed = false
  const whileOpen = async <T>(work: () => T): Promise<T> => {
    if (closed) throw new MeshError('storage-failed', 'This store was closed.')
    return work()
  }
  return {
    durable: false,
    commit: (commit) => whileOpen(() => apply(rows, commit)),
    get: (keys) => whileOpen(() => keys.map((key) => rows.get(key))),
    range: (range) => whileOpen(() => rows.range(range)),
    close: async () => {
      closed = true
    },
  }
}

function apply(rows: MemoryRows, { expect = [], put = [], delete: remove = [] }: Commit): CommitResult {
  if (!expect.every(({ key, value }) => rows.holds(key, value))) {
    return { ok: false, found: expect.map(({ key }) => rows.get(key)) }
  }
  for (const key of remove) rows.delete(key)
  for (const { key, value } of put) rows.put(key, value)
  return { ok: true }
}
