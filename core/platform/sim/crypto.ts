// Keys and hashes for the simulator: synchronous inside (every promise is already resolved), cheap, and NOT
// cryptographic. They keep what the protocol relies on: other bytes give another hash, a signature fits one key
// and one text, and whoever does not take this file apart cannot make one without the secret.

import { equalBytes } from '../../base/ids.ts'
import { createRandom, type Random } from '../../base/random.ts'
import type { Crypto, DeviceKey } from '../../base/ports.ts'

const lanes = 8
const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

/** Every lane takes from two others; a few rounds spread one bit over all of them. */
function stir(state: Int32Array, rounds: number): void {
  for (let i = 0; i < rounds * lanes; i++) {
    const at = i % lanes
    let word = (state[at] ?? 0) ^ rotate(state[(at + 1) % lanes] ?? 0, 9) ^ (state[(at + 5) % lanes] ?? 0)
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
    state[at] = (word ^ (word >>> 16)) + i
  }
}

/** 256 bits over the parts, which are kept apart: `['ab']` and `['a', 'b']` differ. */
export function mixingHash(...parts: readonly Uint8Array[]): Uint8Array {
  const state = new Int32Array(lanes)
  for (let i = 0; i < lanes; i++) state[i] = Math.imul(i + 1, 0x9e3779b1)
  for (const bytes of parts) {
    let lane = 0
    const take = (word: number): void => {
      const mixed = Math.imul((state[lane] ?? 0) ^ word, 0xcc9e2d51) + (state[(lane + 3) % lanes] ?? 0)
      state[lane] = Math.imul(rotate(mixed, 13), 0x1b873593) ^ (mixed >>> 15)
      lane = (lane + 1) % lanes
    }
    const whole = bytes.length & ~3
    for (let i = 0; i < whole; i += 4) {
      take(
        (bytes[i] ?? 0) |
          ((bytes[i + 1] ?? 0) << 8) |
          ((bytes[i + 2] ?? 0) << 16) |
          ((bytes[i + 3] ?? 0) << 24),
      )
    }
    for (let i = whole; i < bytes.length; i++) take((bytes[i] ?? 0) + 0x100)
    take(bytes.length ^ 0x5bd1e995)
    stir(state, 2)
  }
  stir(state, 4)
  const hash = new Uint8Array(4 * lanes)
  const view = new DataView(hash.buffer)
  state.forEach((word, i) => view.setInt32(4 * i, word))
  return hash
}

/** A running 64-bit hash over texts and whole numbers up to 2^53, for the trace. */
export function createMixer(): { add(text: string): void; addNumber(value: number): void; hex(): string } {
  let [high, low] = [0x2545f491, 0x4f6cdd1d]
  const take = (word: number): void => {
    high = (rotate(Math.imul(high ^ word, 0x9e3779b1), 15) + low) | 0
    low = rotate(Math.imul(low ^ word, 0x85ebca6b), 13) ^ high
  }
  return {
    add: (text) => {
      for (let i = 0; i < text.length; i++) take(text.charCodeAt(i))
      high = Math.imul(high ^ 0x0a, 0xc2b2ae35)
    },
    addNumber: (value) => {
      take(value | 0)
      take(value / 2 ** 32)
    },
    hex: () => [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(''),
  }
}

/** UTF-16 units, two bytes each: only ever hashed. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i))
  return bytes
}

/** One stream of randomness for each purpose, so that a change in one place does not shift all others. */
export const streamFor = (seed: string, purpose: string): Random =>
  createRandom(mixingHash(bytesOf(seed), bytesOf(purpose)))

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0))

export interface SimDeviceKey extends DeviceKey {
  /** As `sign`, without a promise. */
  signNow(bytes: Uint8Array): Uint8Array
}

/**
 * The key that `secret` (32 bytes) makes. A signature is 32 bytes that hide the secret and 32 bytes of
 * hash(secret, text): the verifier uncovers the secret, sees that it makes the public key, and hashes again.
 */
export function deviceKeyOf(secret: Uint8Array): SimDeviceKey {
  const publicKey = mixingHash(secret)
  const signNow = (bytes: Uint8Array): Uint8Array => {
    const proof = mixingHash(secret, bytes)
    const signature = new Uint8Array(64)
    signature.set(xor(secret, mixingHash(publicKey, proof)))
    signature.set(proof, 32)
    return signature
  }
  return { publicKey, signNow, sign: (bytes) => Promise.resolve(signNow(bytes)) }
}

function isSignedBy(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  const proof = signature.subarray(32)
  const secret = xor(signature.slice(0, 32), mixingHash(publicKey, proof))
  return equalBytes(mixingHash(secret), publicKey) && equalBytes(mixingHash(secret, bytes), proof)
}

export const simCrypto: Crypto = {
  sha256: (bytes) => Promise.resolve(mixingHash(bytes)),
  verify: (publicKey, signature, bytes) => Promise.resolve(isSignedBy(publicKey, signature, bytes)),
}
