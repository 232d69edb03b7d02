import { crc32 as zlibCrc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { crc32 } from '../../core/base/crc32.ts'

const text = (words: string): Uint8Array => new TextEncoder().encode(words)

test('the check value of the standard, and nothing for nothing', () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926)
  expect(crc32(text(''))).toBe(0)
})

test('a checksum goes on from an earlier part, and agrees with zlib', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) ^ (i >>> 3))
  expect(crc32(bytes.subarray(1234), crc32(bytes.subarray(0, 1234)))).toBe(crc32(bytes))
  expect(crc32(bytes)).toBe(zlibCrc32(bytes))
  // Node's own is used in place of ours.
  expect(zlibCrc32(bytes.subarray(1234), crc32(bytes.subarray(0, 1234)))).toBe(crc32(bytes))
})
