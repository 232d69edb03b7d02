// The Crypto port on WebCrypto, the same in browsers and in Node, and what both make of it: device keys from key
// pairs, member ids, seeds. Ed25519: RFC 8032. Works on bytes only; what is signed, and when, is decided above.

import { MeshError } from '../../base/errors.ts'
import { memberIdFromHash, toHex } from '../../base/ids.ts'
import type { MemberId } from '../../base/ids.ts'
import type { Crypto, DeviceKey } from '../../base/ports.ts'

const publicKeyBytes = 32
const signatureBytes = 64
/** Imported keys kept: as many as a busy mesh has members; an import costs about as much as a verification. chosen. */
const maxImportedKeys = 512

// WebCrypto's types refuse views of shared memory, which none of ours are.
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>

/** Hashes and verifies. `verify` answers false for whatever is no valid signature; it never rejects. */
export function createCrypto(): Crypto {
  const imported = new Map<string, Promise<CryptoKey | undefined>>()

  const importKey = (publicKey: Uint8Array): Promise<CryptoKey | undefined> => {
    const name = toHex(publicKey)
    const known = imported.get(name)
    if (known !== undefined) return known
    const [oldest] = imported.keys()
    if (imported.size >= maxImportedKeys && oldest !== undefined) imported.delete(oldest)
    const key = crypto.subtle
      .importKey('raw', plain(publicKey), 'Ed25519', false, ['verify'])
      .catch(() => undefined) // no point on the curve
    imported.set(name, key)
    return key
  }

  return {
    sha256,
    verify: async (publicKey, signature, bytes) => {
      if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
      // Copied before the first await: the caller may reuse its buffers.
      const [signed, message] = [plain(signature.slice()), plain(bytes.slice())]
      const key = await importKey(publicKey)
      if (key === undefined) return false
      return crypto.subtle.verify('Ed25519', key, signed, message).catch(() => false)
    },
  }
}

const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', plain(bytes)))

/** Who a public key makes its owner: the first 16 bytes of its SHA-256, in hex. */
export async function memberIdOf(publicKey: Uint8Array): Promise<MemberId> {
  return memberIdFromHash(await sha256(publicKey))
}

/** 16 bytes from the platform's cryptographic source, to seed `Random`. */
export const makeSeed = (): Uint8Array => crypto.getRandomValues(new Uint8Array(16))

/** A new Ed25519 pair. Extractable only where it has to be written to a file. */
export async function generateKeyPair(options: { extractable: boolean }): Promise<CryptoKeyPair> {
  try {
    return (await crypto.subtle.generateKey('Ed25519', options.extractable, [
      'sign',
      'verify',
    ])) as CryptoKeyPair
  } catch (cause) {
    throw new MeshError(
      'storage-failed',
      'This device key cannot be made: the browser has no Ed25519. Chrome 137, Firefox 129, Safari 17 and later have it.',
      { cause },
    )
  }
}

/** The port's DeviceKey over a pair whose private half may be locked inside the platform. */
export async function deviceKeyOf(pair: CryptoKeyPair): Promise<DeviceKey> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return {
    publicKey,
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, plain(bytes))),
  }
}

/** A key for a store in memory: it goes when this process goes. */
export const makeEphemeralKey = async (): Promise<DeviceKey> =>
  deviceKeyOf(await generateKeyPair({ extractable: false }))

/**
 * Browsers keep `crypto.subtle` and `navigator.locks` from pages that came over plain http from another machine.
 * Throws `insecure-context` with what to do about it; call it before anything else in a page.
 */
export function requireSecureContext(): void {
  const missing: string[] = []
  if ((globalThis.crypto as { subtle?: unknown } | undefined)?.subtle === undefined)
    missing.push('crypto.subtle')
  if ((globalThis.navigator as { locks?: unknown } | undefined)?.locks === undefined)
    missing.push('navigator.locks')
  if (missing.length === 0) return
  throw new MeshError(
    'insecure-context',
    `This page is not a secure context, so the browser withholds ${missing.join(' and ')}. ` +
      'Open it through https or on http://localhost, or start the server with --tls-cert and --tls-key.',
    { details: { missing } },
  )
}
