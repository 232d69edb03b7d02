// The page behind contract-stores.spec.ts: runs the Store contract over IndexedDB and lends the spec a hand where it
// takes two tabs. Every IndexedDB transaction of the page is watched from before the first store is opened.

import { loadDeviceKey } from '../../../core/platform/browser/device-key.ts'
import { askForPersistence, openIndexedDbStore } from '../../../core/platform/browser/indexeddb.ts'
import { createCheckedStore } from '../../../core/checked-store.ts'
import { createCrypto, requireSecureContext } from '../../../core/platform/shared/crypto.ts'
import { toHex } from '../../../core/base/ids.ts'
import { checkedStoreContract } from '../../contract/checked-store-contract.ts'
import { bytes, codeOf, everything, row, storeContract } from '../../contract/store-contract.ts'
import type { StoreHarness, WriteRecord } from '../../contract/store-contract.ts'

declare global {
  interface Window {
    stores: typeof page
    /** Given by the spec: sets what this origin may store, or lifts that again. */
    setQuota?(bytes: number | undefined): Promise<void>
  }
}

const writes: WriteRecord[] = []

function watchTransactions(): void {
  const native = IDBDatabase.prototype.transaction
  IDBDatabase.prototype.transaction = function (names, mode, options) {
    const transaction = native.call(this, names, mode, options)
    if (mode === 'readwrite') {
      const record: WriteRecord = { strict: transaction.durability === 'strict', done: false }
      writes.push(record)
      transaction.addEventListener('complete', () => (record.done = true))
    }
    return transaction
  }
}

const plain: StoreHarness = {
  durable: true,
  sharesDatabase: true,
  writes,
  sharesWrites: true,
  open: (name) => openIndexedDbStore(name),
  fillUp: async () => async () => window.setQuota?.(undefined),
}

/** Chromium looks at the quota of a database in use only now and then: a small one is set before it is opened. */
const casesOfSmallQuota = ['ST14']
const smallQuotaBytes = 2 * 1024 * 1024

const checked: StoreHarness = {
  ...plain,
  open: async (name) =>
    createCheckedStore(await plain.open(name), {
      onCorrupt: ({ key }) => {
        throw new Error(`${key} is not damaged`)
      },
    }),
}

const suites = {
  plain: { harness: plain, cases: storeContract },
  checked: { harness: checked, cases: storeContract },
  damaged: { harness: plain, cases: checkedStoreContract },
}

const opened = new Map<string, Awaited<ReturnType<typeof openIndexedDbStore>>>()

async function storeOf(mesh: string, busyMs?: number) {
  const known = opened.get(mesh)
  if (known !== undefined) return known
  const store = await openIndexedDbStore(mesh, busyMs === undefined ? {} : { busyMs })
  opened.set(mesh, store)
  return store
}

let release: (() => void) | undefined

const page = {
  async run(suite: keyof typeof suites, id: string): Promise<void> {
    const { harness, cases } = suites[suite]
    const found = cases.find((one) => one.id === id)
    if (found === undefined || found.applies?.(harness) === false) throw new Error(`no case ${id} here`)
    if (casesOfSmallQuota.includes(id)) await window.setQuota?.(smallQuotaBytes)
    await found.run(harness, `${suite}-${id}`)
  },

  writes: () => writes,

  async open(mesh: string, busyMs?: number): Promise<void> {
    await storeOf(mesh, busyMs)
  },

  async put(mesh: string, key: string, value: number): Promise<unknown> {
    return codeOf((await storeOf(mesh)).commit({ put: [row(key, value)] }))
  },

  async keys(mesh: string): Promise<string[]> {
    return (await everything(await storeOf(mesh))).map(({ key }) => key)
  },

  readCode: async (mesh: string): Promise<unknown> => codeOf((await storeOf(mesh)).get(['a'])),

  /** Takes `times` numbers by compare-and-set; returns those it won. */
  async countUp(mesh: string, times: number): Promise<number[]> {
    const store = await storeOf(mesh)
    const wins: number[] = []
    for (let held: Uint8Array | undefined; wins.length < times;) {
      const next = (held?.[0] ?? 0) + 1
      const result = await store.commit({
        expect: [{ key: 'count', value: held }],
        put: [row('count', next)],
      })
      if (result.ok) wins.push(next)
      held = result.ok ? bytes(next) : result.found[0]
    }
    return wins
  },

  /** Keeps a transaction on the mesh's rows open, as a tab frozen inside one does, until `letGo`. */
  hold(mesh: string): Promise<void> {
    return new Promise((resolve) => {
      const request = indexedDB.open(`skein:${mesh}`)
      request.onsuccess = () => {
        const store = request.result
          .transaction('rows', 'readwrite', { durability: 'strict' })
          .objectStore('rows')
        let held = true
        release = () => (held = false)
        const again = (): void => {
          if (held) store.get('held').onsuccess = again
          resolve()
        }
        store.get('held').onsuccess = again
      }
    })
  },

  letGo: (): void => release?.(),

  /** Has every other connection to the database closed, and leaves the database as it is. */
  closeOthers(mesh: string): Promise<void> {
    return new Promise((resolve) => {
      const request = indexedDB.open(`skein:${mesh}`, 99)
      request.onupgradeneeded = () => request.transaction?.abort()
      request.onerror = () => resolve()
    })
  },

  deleteDatabase(mesh: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(`skein:${mesh}`)
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error)
    })
  },

  databases: async (): Promise<(string | undefined)[]> =>
    (await indexedDB.databases()).map(({ name }) => name),

  async deviceKey(): Promise<{ publicKey: string; signs: boolean }> {
    const key = await loadDeviceKey()
    const message = bytes(1, 2, 3)
    const signs = await createCrypto().verify(key.publicKey, await key.sign(message), message)
    return { publicKey: toHex(key.publicKey), signs }
  },

  /** What is really in the profile's key database. */
  storedKeys(): Promise<{ extractable: boolean; algorithm: string }[]> {
    return new Promise((resolve) => {
      const request = indexedDB.open('skein-device')
      request.onsuccess = () => {
        const all: IDBRequest<CryptoKeyPair[]> = request.result
          .transaction('rows')
          .objectStore('rows')
          .getAll()
        all.onsuccess = () => {
          request.result.close()
          resolve(
            all.result.map(({ privateKey }) => ({
              extractable: privateKey.extractable,
              algorithm: privateKey.algorithm.name,
            })),
          )
        }
      }
    })
  },

  askForPersistence,

  secureContextCode: (): unknown => {
    try {
      requireSecureContext()
      return 'secure'
    } catch (error) {
      return (error as { code?: unknown }).code
    }
  },
}

watchTransactions()
window.stores = page
