// Who this browser profile is: one Ed25519 pair whose private half cannot leave the browser. It lives in a database
// of its own, `skein-device`, because all meshes of the profile share it.

import { get, update } from 'idb-keyval'
import { MeshError } from '../../base/errors.ts'
import type { DeviceKey } from '../../base/ports.ts'
import { deviceKeyOf, generateKeyPair } from '../shared/crypto.ts'
import { openDatabase } from './indexeddb.ts'

const rowKey = 'device-key'

/** Loads the profile's key, or makes it: of two tabs that make one at once, both end with the first. */
export async function loadDeviceKey(): Promise<DeviceKey> {
  const database = await openDatabase('skein-device')
  try {
    const { useStore } = database
    let stored: unknown = await get<unknown>(rowKey, useStore)
    if (stored === undefined) {
      const made = await generateKeyPair({ extractable: false })
      // One transaction: reads, then adds if absent.
      await update<unknown>(rowKey, (first) => (stored = first ?? made), useStore)
    }
    if (!isKeyPair(stored)) throw unreadable()
    return await deviceKeyOf(stored)
  } finally {
    await database.close()
  }
}

const isKeyPair = (value: unknown): value is CryptoKeyPair => {
  const { publicKey, privateKey } = (value ?? {}) as Partial<CryptoKeyPair>
  return publicKey instanceof CryptoKey && privateKey instanceof CryptoKey
}

// Making a new one in its place would turn this person into a stranger without a word.
const unreadable = (): MeshError =>
  new MeshError(
    'storage-failed',
    'The device key of this browser profile cannot be read. Clear the data of this site to go on as a new member.',
  )
