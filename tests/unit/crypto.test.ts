import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fromHex, toHex } from '../../core/base/ids.ts'
import {
  createCrypto,
  deviceKeyOf,
  generateKeyPair,
  makeSeed,
  memberIdOf,
  requireSecureContext,
} from '../../core/platform/shared/crypto.ts'

const crypto_ = createCrypto()
const text = (words: string): Uint8Array => new TextEncoder().encode(words)

// RFC 8032, section 7.1, test 2: one byte, 0x72.
const publicKey = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const message = fromHex('72')
const signature = fromHex(
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
)

describe('verify', () => {
  test('a signature of RFC 8032 holds, and none with a bit flipped anywhere does', async () => {
    expect(await crypto_.verify(publicKey, signature, message)).toBe(true)
    for (let i = 0; i < 64; i += 7) {
      const forged = signature.slice()
      forged[i] = (forged[i] ?? 0) ^ 1
      expect(await crypto_.verify(publicKey, forged, message)).toBe(false)
    }
    expect(await crypto_.verify(publicKey, signature, text('s'))).toBe(false)
  })

  test('what is no key or no signature is false, never a rejection', async () => {
    const none = new Uint8Array(0)
    expect(await crypto_.verify(none, signature, message)).toBe(false)
    expect(await crypto_.verify(publicKey, none, message)).toBe(false)
    expect(await crypto_.verify(publicKey.slice(1), signature, message)).toBe(false)
    expect(await crypto_.verify(new Uint8Array(32).fill(255), signature, message)).toBe(false)
    expect(await crypto_.verify(publicKey, new Uint8Array(64).fill(255), message)).toBe(false)
  })

  test('more keys than are remembered still verify', async () => {
    const keys = await Promise.all(
      Array.from({ length: 3 }, async () => deviceKeyOf(await generateKeyPair({ extractable: false }))),
    )
    for (let i = 0; i < 600; i++) await crypto_.verify(makeSeed32(i), signature, message)
    for (const key of keys) {
      expect(await crypto_.verify(key.publicKey, await key.sign(message), message)).toBe(true)
    }
  })
})

const makeSeed32 = (n: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => (n * 31 + i * i) & 0xff)

test('a member id is the first 128 bits of SHA-256 over the public key', async () => {
  const whole = createHash('sha256').update(publicKey).digest('hex')
  expect(await memberIdOf(publicKey)).toBe(whole.slice(0, 32))
  expect(toHex(await crypto_.sha256(publicKey))).toBe(whole)
})

test('a seed is 16 bytes, another each time', () => {
  expect(makeSeed()).toHaveLength(16)
  expect(makeSeed()).not.toEqual(makeSeed())
})

describe('requireSecureContext', () => {
  afterEach(() => vi.unstubAllGlobals())

  test('a page without Web Locks or crypto.subtle gets insecure-context and a sentence on what to do', () => {
    vi.stubGlobal('navigator', {})
    vi.stubGlobal('crypto', {})
    expect(requireSecureContext).toThrow(
      expect.objectContaining({
        code: 'insecure-context',
        message: expect.stringMatching(/crypto\.subtle and navigator\.locks.*https.*--tls-cert/) as string,
      }),
    )
    vi.stubGlobal('crypto', { subtle: {} })
    expect(requireSecureContext).toThrow(
      expect.objectContaining({ details: { missing: ['navigator.locks'] } }),
    )
    vi.stubGlobal('navigator', { locks: {} })
    requireSecureContext()
  })
})
