// Randomness for the pure floors: a seeded generator, so that a run can be played again. sfc32 by Chris
// Doty-Humphrey (PractRand): 128 bits of state, passes PractRand and BigCrush. Not for keys.

import { toHex } from './ids.ts'

export interface Random {
  /** A float in [0, 1). */
  float(): number
  /** An integer in [0, below). */
  integer(below: number): number
  /** 128 bits as 32 hex digits. */
  hexId(): string
  /** `items` in random order, at most `count` of them. */
  sample<T>(items: readonly T[], count: number): T[]
}

/** @param seed 16 bytes; the platform draws them from its cryptographic source, the simulator from its seed. */
export function createRandom(seed: Uint8Array): Random {
  const view = new DataView(seed.buffer, seed.byteOffset, 16)
  let [a, b, c, counter] = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12) | 1]
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  const integer = (below: number): number => Math.floor((next() / 2 ** 32) * below)
  return {
    float: () => next() / 2 ** 32,
    integer,
    hexId: () => {
      const bytes = new Uint8Array(16)
      const words = new DataView(bytes.buffer)
      for (let i = 0; i < 4; i++) words.setUint32(4 * i, next())
      return toHex(bytes)
    },
    sample: (items, count) => {
      const pool = [...items]
      const picked = []
      while (pool.length > 0 && picked.length < count) picked.push(...pool.splice(integer(pool.length), 1))
      return picked
    },
  }
}
