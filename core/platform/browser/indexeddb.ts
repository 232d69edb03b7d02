// The browser's Store: one IndexedDB database a mesh, shared by all its tabs. idb-keyval runs through a UseStore of
// ours, and so does the commit of many keys, so that every write is a strict transaction with a time limit. A write
// is done at the transaction's `complete`, never at a request's success; nothing but its own requests happens inside.
// IndexedDB itself runs transactions in the order they were opened, across tabs too: that is our queue.

import { getMany } from 'idb-keyval'
import type { UseStore } from 'idb-keyval'
import { MeshError } from '../../base/errors.ts'
import { equalBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { Commit, CommitResult, Range, Row, Store } from '../../base/ports.ts'
import { createGathering, type Work } from './gathering.ts'
import { createConnection, rowsName } from './indexeddb-connection.ts'
import { storageError } from './indexeddb-errors.ts'
import { beginNewLog } from './torn-log.ts'

export interface Database {
  /** idb-keyval's custom store. Resolves once the transaction is complete; rejects with a MeshError, nothing written. */
  readonly useStore: UseStore
  /** Lets what was asked finish, then closes; whatever is asked afterwards is refused. */
  close(): Promise<void>
}

/**
 * Opens (creates) a database of one object store: within `limits.storageOpenMs`, for a browser that has just started may
 * be slow. A transaction that takes longer than `busyMs` is aborted and rejects with `storage-busy`; should it have
 * completed before the abort could reach it, it resolves after all.
 */
export async function openDatabase(name: string, busyMs: number = limits.storageBusyMs): Promise<Database> {
  const connection = createConnection(name)
  const running = new Set<Promise<unknown>>()
  let closed = false
  let openMs: number = limits.storageOpenMs

  const useStore: UseStore = (mode, callback) => {
    if (closed) return Promise.reject(new MeshError('storage-failed', 'This store was closed.'))
    const work = runTransaction(connection, mode, { openMs, busyMs }, callback)
    const done = (): unknown => running.delete(settled)
    const settled: Promise<unknown> = work.then(done, done)
    running.add(settled)
    return work
  }

  await useStore('readonly', () => undefined)
  openMs = busyMs
  return {
    useStore,
    close: async () => {
      closed = true
      await Promise.all(running)
      connection.close()
    },
  }
}

type Connection = ReturnType<typeof createConnection>

function runTransaction<T>(
  connection: Connection,
  mode: IDBTransactionMode,
  { openMs, busyMs }: { readonly openMs: number; readonly busyMs: number },
  callback: (store: IDBObjectStore) => T | PromiseLike<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let transaction: IDBTransaction | undefined
    let late = false
    let failure: unknown
    const settle = (outcome: () => void): void => {
      clearTimeout(timer)
      outcome()
    }
    // Where an abort comes too late, `complete` is what follows, and the truth.
    const abort = (): void => {
      try {
        transaction?.abort()
      } catch (error) {
        failure ??= error
      }
    }
    const giveUp = (): void => {
      late = true
      if (transaction === undefined) reject(storageError(undefined, true))
      else abort()
    }
    let timer = setTimeout(giveUp, openMs)

    const begin = (opened: IDBTransaction): void => {
      transaction = opened
      clearTimeout(timer)
      timer = setTimeout(giveUp, busyMs)
      let result: PromiseLike<T> | T | undefined
      opened.addEventListener('complete', () => settle(() => resolve(result as T)))
      opened.addEventListener('abort', () =>
        settle(() => reject(storageError(failure ?? opened.error, late))),
      )
      try {
        result = callback(opened.objectStore(rowsName))
      } catch (error) {
        failure = error
        abort()
      }
      Promise.resolve(result).catch((error: unknown) => {
        failure ??= opened.error ?? error
        abort()
      })
    }

    connection
      .transaction(mode, () => late)
      .then(
        (opened) => opened !== undefined && begin(opened),
        (error: unknown) => settle(() => reject(storageError(error, late))),
      )
  })
}

/** What the database of a mesh is called. */
export const databaseOf = (mesh: string): string => `skein:${mesh}`

/**
 * The store of a mesh. Rejects with `storage-failed` or `storage-full` if the browser will not open it. To be called
 * before the page opens any other database.
 */
export async function openIndexedDbStore(mesh: string, options: { busyMs?: number } = {}): Promise<Store> {
  // Not waited for: it hangs while a frozen tab is about to do the same.
  const thrownAway = beginNewLog()
  const { useStore, close } = await openDatabase(databaseOf(mesh), options.busyMs)
  const together = createGathering(useStore)
  return {
    durable: true,
    onLoss: (look) => {
      void thrownAway.then((problem) => {
        if (problem !== undefined) look(lostText(problem)).catch(ignoredForNothingIsThere)
      })
    },
    commit: (commit) => {
      const bytes = (commit.put ?? []).reduce((sum, { value }) => sum + value.length, 0)
      return together.write((store, done) => write(store, commit, done), bytes >= limits.minDocSegmentBytes)
    },
    get: async (keys) => {
      if (keys.length === 0) return []
      const found = await getMany<unknown>([...keys], (_, read) => together.read(fromPromise(read)))
      return found.map(bytesOf)
    },
    range: async (range) => {
      if (range.from >= range.to || (range.limit ?? 1) <= 0) return []
      return together.read(fromPromise((store) => read(store, range)))
    },
    close: () => {
      together.flush()
      return close()
    },
  }
}

/** A request that fails aborts its transaction, and that is what tells of it. */
const fromPromise =
  <T>(read: (store: IDBObjectStore) => T | PromiseLike<T>): Work<T> =>
  (store, done) =>
    void Promise.resolve(read(store)).then(done, () => undefined)

const lostText = (problem: string): string =>
  `The browser found what this site had stored damaged (${problem}) and threw it away. You go on as a new member; messages that had not reached anybody yet are lost, the others come back from those who have them.`

/** The store is empty: a look through it that fails has missed nothing. */
const ignoredForNothingIsThere = (): void => undefined

/** Inside a transaction: reads, compares, writes; the next step always hangs on a request of its own. */
function write(
  store: IDBObjectStore,
  { expect = [], put = [], delete: remove = [] }: Commit,
  done: (result: CommitResult) => void,
): void {
  const found: (Uint8Array | undefined)[] = []
  let unread = expect.length
  const decide = (): void => {
    if (!expect.every(({ value }, i) => sameValue(value, found[i]))) return done({ ok: false, found })
    for (const key of remove) store.delete(key)
    for (const { key, value } of put) store.put(exact(value), key)
    done({ ok: true })
  }
  if (unread === 0) return decide()
  expect.forEach(({ key }, i) => {
    const request: IDBRequest<unknown> = store.get(key)
    request.onsuccess = () => {
      found[i] = bytesOf(request.result)
      unread -= 1
      if (unread === 0) decide()
    }
  })
}

function read(store: IDBObjectStore, { from, to, limit, reverse }: Range): Promise<Row[]> {
  const bounds = IDBKeyRange.bound(from, to, false, true)
  return reverse && limit !== undefined
    ? readBackwards(store, bounds, limit)
    : readAll(store, bounds, limit).then((rows) => (reverse ? rows.reverse() : rows))
}

function readAll(store: IDBObjectStore, bounds: IDBKeyRange, limit?: number): Promise<Row[]> {
  return new Promise((resolve) => {
    const keys = store.getAllKeys(bounds, limit)
    const values: IDBRequest<unknown[]> = store.getAll(bounds, limit)
    // Requests of a transaction are answered in their order, so the keys are there by now.
    values.onsuccess = () =>
      resolve(
        values.result.map((value, i) => ({ key: String(keys.result[i]), value: bytesOf(value) ?? empty() })),
      )
  })
}

function readBackwards(store: IDBObjectStore, bounds: IDBKeyRange, limit: number): Promise<Row[]> {
  return new Promise((resolve) => {
    const rows: Row[] = []
    const request = store.openCursor(bounds, 'prev')
    request.onsuccess = () => {
      const cursor = request.result
      if (cursor === null) return resolve(rows)
      rows.push({ key: String(cursor.key), value: bytesOf(cursor.value) ?? empty() })
      if (rows.length < limit) cursor.continue()
      else resolve(rows)
    }
  })
}

const empty = (): Uint8Array => new Uint8Array(0)

/** Anything but bytes is none of our making: it reads as a row of no bytes, which no checksum fits. */
const bytesOf = (value: unknown): Uint8Array | undefined =>
  value === undefined ? undefined : value instanceof Uint8Array ? value : empty()

/** A view is cloned with all of the buffer behind it: a small one cut from a large frame would store the frame. */
const exact = (value: Uint8Array): Uint8Array =>
  value.byteLength === value.buffer.byteLength ? value : value.slice()

const sameValue = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

/** How long the browser may take over its answer: Firefox asks the person, and joining does not wait for that. */
const persistAnswerMs = 1000

/**
 * Asks the browser not to evict this site's storage. True: it promised. False: it may evict (Safari: after 7 days
 * without a visit), or has not answered within a second. Undefined: it cannot be asked.
 */
export async function askForPersistence(): Promise<boolean | undefined> {
  const storage = navigator.storage as StorageManager | undefined
  if (storage?.persist === undefined) return undefined
  const unanswered = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), persistAnswerMs))
  return Promise.race([storage.persist(), unanswered]).catch(() => false)
}
