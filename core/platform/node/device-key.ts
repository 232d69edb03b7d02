// Who an agent is: one Ed25519 pair in `<dataDir>/device-key.json`, readable by its owner only. It is on the disk
// before it is used, and a file that cannot be read is refused rather than replaced: a new key is a new member.

import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MeshError } from '../../base/errors.ts'
import type { DeviceKey } from '../../base/ports.ts'
import { deviceKeyOf, generateKeyPair } from '../shared/crypto.ts'
import { diskError } from './disk-errors.ts'
import { makeDirectory } from './make-directory.ts'
import { syncDirectory } from './sync-directory.ts'

/** Loads the data directory's key, or makes it: of two processes that make one at once, both end with the first. */
export async function loadDeviceKey(dataDir: string): Promise<DeviceKey> {
  const path = join(dataDir, 'device-key.json')
  try {
    await makeDirectory(dataDir)
    let text = await readIfThere(path)
    if (text === undefined) {
      const pair = await generateKeyPair({ extractable: true })
      const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
      await writeIfAbsent(dataDir, path, `${JSON.stringify(jwk)}\n`)
      text = await readFile(path, 'utf8')
    }
    return await deviceKeyOf(await parse(text, path))
  } catch (error) {
    throw diskError(error, dataDir)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function parse(text: string, path: string): Promise<CryptoKeyPair> {
  try {
    const jwk = JSON.parse(text) as JsonWebKey
    const { kty, crv, x } = jwk
    if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined) throw new Error('not an Ed25519 key')
    return {
      privateKey: await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']),
      publicKey: await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', true, ['verify']),
    }
  } catch (cause) {
    throw new MeshError(
      'storage-failed',
      `The device key in ${path} cannot be read. Restore the file from a backup, or delete it to go on as a new member.`,
      { cause },
    )
  }
}

/** Whole or not at all, and durable when it returns: written beside, synced, then given its name unless that is taken. */
async function writeIfAbsent(directory: string, path: string, text: string): Promise<void> {
  const beside = `${path}.${crypto.randomUUID()}.new`
  try {
    await writeSynced(beside, text)
    await giveName(beside, path)
    await syncDirectory(directory)
  } finally {
    await rm(beside, { force: true })
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** `link` fails where the name is taken. File systems without it (exFAT) get a rename; the store's lock guards that. */
async function giveName(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    await rename(from, to)
  }
}

const errorCode = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code
