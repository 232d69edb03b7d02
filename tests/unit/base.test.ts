import { fc } from '../support/properties.ts'
import { describe, expect, test } from 'vitest'
import { compareText, equalBytes, fromHex, isMessageId, isPeerId, toHex } from '../../core/base/ids.ts'
import { createRandom } from '../../core/base/random.ts'

describe('ids', () => {
  test('BA1 hex and bytes are the same thing, and sort alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
        expect(fromHex(toHex(a))).toEqual(a)
        expect(Math.sign(compareText(toHex(a), toHex(b)))).toBe(Math.sign(Buffer.compare(a, b)))
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      }),
      { seed: 1 },
    )
  })

  test('BA1 only what has the form of an id is one', () => {
    expect(isPeerId('0123456789abcdef'.repeat(2))).toBe(true)
    for (const not of ['', 'A'.repeat(32), 'a'.repeat(31), 'a'.repeat(33), `${'a'.repeat(32)}\n`, 7, null]) {
      expect(isPeerId(not)).toBe(false)
    }
    expect(isMessageId('a-Z_9')).toBe(true)
    for (const not of ['', 'a'.repeat(65), 'a b', 'ä']) expect(isMessageId(not)).toBe(false)
  })
})

describe('randomness', () => {
  const seed = (n: number): Uint8Array => Uint8Array.of(n, ...Array<number>(15).fill(0))

  test('BA2 the same seed gives the same run, another seed another', () => {
    const run = (n: number): unknown[] => {
      const random = createRandom(seed(n))
      return [random.hexId(), random.float(), random.integer(1000), random.sample([1, 2, 3, 4, 5], 3)]
    }
    expect(run(1)).toEqual(run(1))
    expect(run(1)).not.toEqual(run(2))
  })

  test('BA2 numbers stay in their range and reach all of it; ids have their form', () => {
    const random = createRandom(seed(3))
    const drawn = Array.from({ length: 5000 }, () => random.integer(7))
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]))
    for (let i = 0; i < 1000; i++) {
      const float = random.float()
      expect(float >= 0 && float < 1).toBe(true)
      expect(isPeerId(random.hexId())).toBe(true)
    }
    expect(new Set(random.sample([1, 2, 3], 9))).toEqual(new Set([1, 2, 3]))
  })

  test('BA2 a seed that is a view into a larger buffer is read where it lies', () => {
    const buffer = new Uint8Array(32).fill(9)
    buffer.set(seed(4), 16)
    expect(createRandom(buffer.subarray(16)).hexId()).toBe(createRandom(seed(4)).hexId())
  })
})
