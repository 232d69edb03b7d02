// Deletes what a browser profile keeps of one mesh: its IndexedDB database. The device key stays, since all meshes of
// the profile share it. Tabs that are in the mesh would go on writing, so none may be; their locks tell.

import { MeshError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { databaseOf } from './indexeddb.ts'
import { createTabLocks } from './tab-locks.ts'

export interface EraseOptions {
  /** Default `navigator.locks`. */
  readonly locks?: LockManager
  readonly busyMs?: number
}

/**
 * Resolves once the database is gone; where there was none, at once. Rejects with `storage-busy` while a tab is in the
 * mesh (`details.tabs`: how many), or while one that no longer answers holds the database: then it is deleted as soon
 * as that tab is closed.
 */
export async function eraseIndexedDbStore(mesh: string, options: EraseOptions = {}): Promise<void> {
  const { locks = navigator.locks, busyMs = limits.storageBusyMs } = options
  const tabs = (await createTabLocks(mesh, locks, () => undefined).held()).size
  if (tabs > 0) throw inUse(mesh, tabs)
  await deleteDatabase(databaseOf(mesh), busyMs)
}

function deleteDatabase(name: string, busyMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    const timer = setTimeout(() => reject(held(name)), busyMs)
    const settle = (outcome: () => void): void => {
      clearTimeout(timer)
      outcome()
    }
    request.onsuccess = () => settle(resolve)
    request.onerror = () =>
      settle(() =>
        reject(
          new MeshError('storage-failed', `The database ${name} could not be deleted.`, {
            cause: request.error,
          }),
        ),
      )
  })
}

const inUse = (mesh: string, tabs: number): MeshError =>
  new MeshError(
    'storage-busy',
    `${tabs === 1 ? 'A tab' : `${tabs} tabs`} of this browser ${tabs === 1 ? 'is' : 'are'} in the mesh ${mesh}. Close ${tabs === 1 ? 'it' : 'them'} or leave there, then erase again. Nothing was erased.`,
    { details: { tabs } },
  )

const held = (name: string): MeshError =>
  new MeshError(
    'storage-busy',
    `A tab that does not answer holds the database ${name}. It is deleted as soon as that tab is closed.`,
  )
