// Group commit: what is asked of a database in one task shares a transaction. Opening one costs a page a millisecond, and
// a strict one costs the browser a flush; a page that joins asks for dozens. All happens in the order it was asked for,
// as if each had a transaction of its own.

import type { UseStore } from 'idb-keyval'
import { MeshError } from '../../base/errors.ts'

/** Makes its requests and calls `done` once, from inside this call or from inside a request's answer. */
export type Work<T> = (store: IDBObjectStore, done: (result: T) => void) => void

export interface Gathering {
  read<T>(work: Work<T>): Promise<T>
  /**
   * Resolves when the transaction is complete; rejects where it is not, with nothing of it written. `alone`: a large one, that
   * the others need not wait for nor fail with.
   */
  write<T>(work: Work<T>, alone?: boolean): Promise<T>
  /** Begins what waits for the end of this task. */
  flush(): void
}

/** More in one task goes into the next transaction. chosen. */
const maxShared = 64

interface Waiting {
  readonly work: Work<unknown>
  resolve(result: unknown): void
  reject(problem: unknown): void
}

interface Batch {
  readonly mode: IDBTransactionMode
  readonly waiting: Waiting[]
}

export function createGathering(useStore: UseStore): Gathering {
  let batch: Batch | undefined

  const flush = (): void => {
    if (batch) void carryOut(useStore, batch)
    batch = undefined
  }

  const add = <T>(mode: IDBTransactionMode, work: Work<T>, alone = false): Promise<T> =>
    new Promise((resolve, reject) => {
      const told = resolve as (result: unknown) => void
      const waiting = { work: work as Work<unknown>, resolve: told, reject }
      if (alone || batch?.mode !== mode || batch.waiting.length === maxShared) flush()
      if (alone) return void carryOut(useStore, { mode, waiting: [waiting] })
      if (batch) return void batch.waiting.push(waiting)
      batch = { mode, waiting: [waiting] }
      queueMicrotask(flush)
    })

  return {
    read: (work) => add('readonly', work),
    write: (work, alone) => add('readwrite', work, alone),
    flush,
  }
}

/**
 * Never rejects: each is told. Reads that fail together are done again one by one, for a damaged row may be in the way of one
 * of them; writes are not, since those asked for later may be written already.
 */
async function carryOut(useStore: UseStore, { mode, waiting }: Batch): Promise<void> {
  try {
    const results = await useStore(mode, (store) => doAll(store, waiting))
    for (const [i, { resolve }] of waiting.entries()) resolve(results[i])
  } catch (problem) {
    const isBusy = problem instanceof MeshError && problem.code === 'storage-busy'
    if (mode === 'readwrite' || waiting.length === 1 || isBusy)
      for (const { reject } of waiting) reject(problem)
    else for (const each of waiting) void carryOut(useStore, { mode, waiting: [each] })
  }
}

/** Reads begin together; of writes each begins when the one before it is done. */
function doAll(store: IDBObjectStore, waiting: readonly Waiting[]): Promise<unknown[]> {
  return new Promise((resolve) => {
    const { mode } = store.transaction
    const results: unknown[] = []
    let undone = waiting.length
    let answered = false
    const begin = (i: number): void => waiting[i]?.work(store, (result) => finish(i, result))
    const finish = (i: number, result: unknown): void => {
      results[i] = result
      if (--undone > 0) return mode === 'readwrite' ? begin(i + 1) : undefined
      // Without this a tab frozen right now would hold the transaction open, and its siblings up, until it wakes. Only
      // where a read has come back: a transaction that has not begun must stay one we can abort.
      if (mode === 'readwrite' && answered) store.transaction.commit()
      resolve(results)
    }
    if (mode === 'readwrite') begin(0)
    else for (const i of waiting.keys()) begin(i)
    answered = true
  })
}
