// A few thousand bad inputs for everything that reads bytes from outside, other ones after each change; a million each with
// `npm run fuzz`. A failure names the command that replays it. And what is written is read back.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCheckedStore } from '../../../core/checked-store.ts'
import { raiseEpoch, readEpoch } from '../../../core/epochs.ts'
import { createMemoryStore } from '../../../core/platform/shared/memory-store.ts'
import { decode, encode } from '../../../core/wire/codec.ts'
import { seedOfSources } from '../../support/source-seed.ts'
import { fuzz } from './check.ts'
import { decoders } from './decoders.ts'
import { inputFor } from './mutate.ts'

const runs = Number(process.env['SKEIN_FUZZ'] ?? 3000)
const seed = Number(process.env['SKEIN_SEED'] ?? seedOfSources('tests/unit/fuzz'))

describe(`seed ${seed}`, () => {
  test.each(decoders.map((decoder) => [decoder.name, decoder] as const))(
    'WI2 %s: bad input gives an answer, bounded in size and work by the input',
    { timeout: 600_000 },
    (_, decoder) => {
      const taken = fuzz(decoder, seed, 0, runs)
      // Inputs that are all refused at the first byte would show nothing; so would ones that are all well-formed.
      expect(taken).toBeGreaterThan(0)
    },
  )
})

test.each(decoders.filter(({ whole }) => whole === true))(
  'WI2 $name: cut short anywhere, or continued, it is refused',
  ({ samples, run }) => {
    const property = fc.property(samples, (bytes) => {
      expect(run(bytes)).toBeDefined()
      expect(run(Uint8Array.of(...bytes, 0))).toBeUndefined()
      for (let length = 0; length < bytes.length; length += 1 + Math.floor(bytes.length / 50))
        expect(run(bytes.subarray(0, length))).toBeUndefined()
    })
    fc.assert(property, { numRuns: 60 })
  },
)

const codecs = decoders.flatMap(({ name, codec, values }) =>
  codec && values ? [{ name, codec, values }] : [],
)

test.each(codecs)('WI1 $name: what is written is read back, equal', ({ codec, values }) => {
  const property = fc.property(values, (value) => {
    expect(decode(codec, encode(codec, value))).toEqual({ ok: true, value })
  })
  fc.assert(property, { numRuns: 500 })
})

test('a stored epoch of any bytes is read as a safe integer', async () => {
  const property = fc.asyncProperty(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ maxLength: 20 }).map((text) => Buffer.from(text)),
    ),
    async (value) => {
      const store = createMemoryStore()
      await store.commit({ put: [{ key: 'epoch/', value }] })
      expect(Number.isSafeInteger(await readEpoch(store, ''))).toBe(true)
      expect(await raiseEpoch(store, '', 2 ** 40)).toBeGreaterThanOrEqual(2 ** 40)
    },
  )
  await fc.assert(property, { numRuns: 1000 })
})

test('CK1 a stored row with bytes changed, cut off or added reads as absent, is reported, and harms no other', async () => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.nat(), async (value, index) => {
    const raw = createMemoryStore()
    const reported: string[] = []
    const store = createCheckedStore(raw, { onCorrupt: ({ key }) => reported.push(key) })
    const good = Uint8Array.of(1, 2, 3)
    await store.commit({
      put: [
        { key: 'bad', value },
        { key: 'good', value: good },
      ],
    })
    const [sealed] = await raw.get(['bad'])
    const changed = inputFor([sealed!], seed, index)
    await raw.commit({ put: [{ key: 'bad', value: changed }] })
    const isSame = Buffer.compare(sealed!, changed) === 0
    expect(await store.get(['bad', 'good'])).toEqual([isSame ? value : undefined, good])
    expect(reported).toEqual(isSame ? [] : ['bad'])
  })
  await fc.assert(property, { numRuns: 2000 })
})
