// Makes bad bytes of good ones: the same seed and number, the same bytes. Most inputs are a well-formed value with one
// to four changes, so that they get past the first checks; some are nothing but noise.

import { createRandom, type Random } from '../../../core/base/random.ts'

export type Corpus = readonly Uint8Array[]

/** One stream of randomness for each input, so that any of them can be made again by itself. */
function randomFor(seed: number, index: number): Random {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, seed)
  view.setUint32(4, Math.floor(index / 2 ** 32))
  view.setUint32(8, index >>> 0)
  return createRandom(bytes)
}

const maxBytes = 4096

/** Numbers that codecs trip over: the largest, beyond 2^53, padded with zeros, a long length. */
const nastyNumbers: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x04],
  [0xff, 0x3f],
]

const splice = (bytes: Uint8Array, from: number, to: number, put: ArrayLike<number>): Uint8Array => {
  const result = new Uint8Array(from + put.length + bytes.length - to)
  result.set(bytes.subarray(0, from))
  result.set(put, from)
  result.set(bytes.subarray(to), from + put.length)
  return result.subarray(0, maxBytes)
}

function change(bytes: Uint8Array, corpus: Corpus, random: Random): Uint8Array {
  const at = random.integer(bytes.length + 1)
  const length = random.integer(Math.min(32, bytes.length - at + 1))
  switch (random.integer(8)) {
    case 0: {
      const copy = bytes.slice()
      if (at < copy.length) copy[at] = copy[at]! ^ (1 << random.integer(8))
      return copy
    }
    case 1: {
      const copy = bytes.slice()
      if (at < copy.length) copy[at] = random.integer(256)
      return copy
    }
    case 2:
      return bytes.slice(0, at)
    case 3:
      return splice(bytes, at, at + length, [])
    case 4:
      return splice(bytes, at, at, bytes.subarray(at, at + length))
    case 5:
      return splice(
        bytes,
        at,
        Math.min(bytes.length, at + 1),
        nastyNumbers[random.integer(nastyNumbers.length)]!,
      )
    case 6: {
      const other = corpus[random.integer(corpus.length)]!
      return splice(bytes, at, bytes.length, other.subarray(random.integer(other.length + 1)))
    }
    default:
      return splice(bytes, at, at, noise(random, 16))
  }
}

const noise = (random: Random, below: number): Uint8Array =>
  Uint8Array.from({ length: random.integer(below) }, () => random.integer(256))

/** Input `index` of this seed. */
export function inputFor(corpus: Corpus, seed: number, index: number): Uint8Array {
  const random = randomFor(seed, index)
  if (random.integer(16) === 0) return noise(random, 64)
  let bytes = corpus[random.integer(corpus.length)]!
  for (let changes = 1 + random.integer(4); changes > 0; changes--) bytes = change(bytes, corpus, random)
  return bytes
}

/** Bytes that count how often one of them is looked at: the work of a reader that knows no clock. */
export function counted(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly looks: () => number } {
  let looks = 0
  const proxy = new Proxy(bytes, {
    get: (target, key) => {
      if (typeof key === 'string' && key >= '0' && key < ':') looks++
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { bytes: proxy, looks: () => looks }
}

/** How much a value holds: its numbers, characters and bytes. */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.length
  if (value instanceof Map) return weigh([...value])
  if (typeof value !== 'object' || value === null) return 1
  let weight = 1
  for (const each of Array.isArray(value) ? value : Object.values(value)) weight += weigh(each)
  return weight
}
