// A connection to one IndexedDB database that opens itself again when the browser closes it, and lets go when another
// tab wants to delete the database or change its version. What it never does is go on in another database of the
// same name: each bears a random identity, and one that was deleted meanwhile is an error, not an empty store.

import { MeshError } from '../../base/errors.ts'
import { toHex } from '../../base/ids.ts'
import { lossIn } from './torn-log.ts'

/** The object store that holds the rows. */
export const rowsName = 'rows'
const identityName = 'identity'
const identityKey = 'id'
const version = 1
/** A connection that closes between opening it and using it is opened again this often. chosen. */
const maxAttempts = 3

export function createConnection(name: string) {
  let opening: Promise<IDBDatabase> | undefined
  let identity: string | undefined

  const open = async (forget: () => void): Promise<IDBDatabase> => {
    const database = await openVersion(name, identity === undefined)
    database.onclose = forget
    database.onversionchange = () => {
      forget()
      database.close() // else the tab that asks would wait for us
    }
    const found = await readIdentity(database)
    identity ??= found
    if (found !== identity) {
      database.close()
      throw deleted(name)
    }
    return database
  }

  const connected = (): Promise<IDBDatabase> => {
    if (opening !== undefined) return opening
    const attempt = open(() => forget(attempt))
    opening = attempt
    attempt.catch(() => forget(attempt))
    return attempt
  }

  const forget = (attempt: Promise<IDBDatabase>): void => {
    if (opening === attempt) opening = undefined
  }

  return {
    /** A transaction on the rows, strict if it writes; undefined where `cancelled` by the time it could begin. */
    async transaction(
      mode: IDBTransactionMode,
      cancelled: () => boolean,
    ): Promise<IDBTransaction | undefined> {
      for (let attempt = 1; ; attempt++) {
        const connection = connected()
        try {
          const database = await connection
          if (cancelled()) return undefined
          return database.transaction(rowsName, mode, mode === 'readwrite' ? { durability: 'strict' } : {})
        } catch (error) {
          // It is closing, and its `close` event has not come yet.
          if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error
          if (attempt === maxAttempts) throw error
          forget(connection)
        }
      }
    },
    close(): void {
      opening?.then(
        (database) => database.close(),
        () => undefined, // it never opened
      )
      opening = undefined
    },
  }
}

function openVersion(name: string, mayCreate: boolean): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version)
    let refused: MeshError | undefined
    request.onupgradeneeded = (event) => {
      if (mayCreate) return create(request.result)
      const loss = lossIn(event)
      refused = loss === undefined ? deleted(name) : thrownAway(name, loss)
      request.transaction?.abort()
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(refused ?? openError(request.error))
  })
}

function create(database: IDBDatabase): void {
  database.createObjectStore(rowsName)
  const identity = toHex(crypto.getRandomValues(new Uint8Array(16)))
  database.createObjectStore(identityName).add(identity, identityKey)
}

function readIdentity(database: IDBDatabase): Promise<string> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(identityName, 'readonly')
    const request: IDBRequest<unknown> = transaction.objectStore(identityName).get(identityKey)
    transaction.oncomplete = () => resolve(String(request.result))
    transaction.onabort = () => reject(transaction.error)
  })
}

const deleted = (name: string): MeshError =>
  new MeshError(
    'storage-failed',
    `The database ${name} was deleted while in use (site data cleared?). Reload the page to start with an empty one.`,
  )

const thrownAway = (name: string, loss: string): MeshError =>
  new MeshError(
    'storage-failed',
    `The browser found the database ${name} damaged while in use (${loss}) and threw it away. Reload the page to start with an empty one.`,
  )

const openError = (error: DOMException | null): unknown =>
  error?.name === 'VersionError'
    ? new MeshError('storage-failed', 'A newer version of this page is open in another tab. Reload this one.')
    : error
