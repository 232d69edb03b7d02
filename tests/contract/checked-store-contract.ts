// What a checked store promises over any Store, in the same form: damage is found, set aside, reported once, and
// stands in nobody's way.

import type { Store } from '../../core/base/ports.ts'
import { asidePrefix, createCheckedStore, type CheckedStore } from '../../core/checked-store.ts'
import { bytes, check, everything, row, same, sameRows, sameValues } from './store-contract.ts'
import type { StoreCase } from './store-contract.ts'

interface Bench {
  /** The store beneath, where the damage is done. */
  readonly raw: Store
  readonly store: CheckedStore
  /** Keys reported, in order. */
  readonly reported: string[]
}

export const checkedStoreContract: readonly StoreCase[] = [
  {
    id: 'CK1',
    title: 'a damaged row reads as absent, is set aside as it was, and is reported once',
    run: withBench(async ({ raw, store, reported }) => {
      await store.commit({ put: [row('a', 1), row('b', 2)] })
      const broken = await damage(raw, 'a')
      sameValues(await store.get(['a', 'b', 'a']), [undefined, [2], undefined])
      sameValues(await store.get(['a']), [undefined])
      sameRows(await everything(store), [row('b', 2)])
      same(reported, ['a'])
      sameValues(await raw.get(['a', `${asidePrefix}a`]), [undefined, [...broken]])
    }),
  },
  {
    id: 'CK2',
    title: 'every single flipped bit, a truncated row, an emptied one and a row under another key are found',
    run: withBench(async ({ raw, store, reported }) => {
      await store.commit({ put: [row('a', 1, 2, 3)] })
      const [sealed] = await raw.get(['a'])
      check(sealed !== undefined, 'a sealed row')
      const broken: Uint8Array[] = [bytes(), sealed.slice(0, 3), sealed.slice(0, -1)]
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const flipped = sealed.slice()
        flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
        broken.push(flipped)
      }
      for (const value of broken) {
        await raw.commit({ put: [{ key: 'a', value }] })
        sameValues(await store.get(['a']), [undefined])
      }
      same(reported.length, broken.length)
      await raw.commit({ put: [{ key: 'b', value: sealed }] })
      sameValues(await store.get(['b']), [undefined])
    }),
  },
  {
    id: 'CK3',
    title: 'a commit that expects a key to be absent succeeds where only a damaged row stands there',
    run: withBench(async ({ raw, store, reported }) => {
      await store.commit({ put: [row('a', 1), row('b', 2)] })
      const broken = await damage(raw, 'a')
      const expect = [
        { key: 'a', value: undefined },
        { key: 'b', value: bytes(2) },
      ]
      same(await store.commit({ expect, put: [row('a', 7), row('b', 8)] }), { ok: true })
      sameRows(await everything(store), [row('a', 7), row('b', 8)])
      sameValues(await raw.get([`${asidePrefix}a`]), [[...broken]])
      same(reported, ['a'])
    }),
  },
  {
    id: 'CK4',
    title: 'a refused commit answers with opened values, and with absent for damaged ones',
    run: withBench(async ({ raw, store, reported }) => {
      await store.commit({ put: [row('a', 1), row('b', 2)] })
      await damage(raw, 'a')
      const expect = [
        { key: 'b', value: bytes(3) },
        { key: 'a', value: bytes(1) },
      ]
      const refused = await store.commit({ expect, put: [row('c', 1)] })
      check(!refused.ok, 'refused')
      sameValues(refused.found, [[2], undefined])
      same(reported, ['a'])
    }),
  },
  {
    id: 'CK5',
    title: 'a range with a limit is filled up past damaged rows and past those set aside, both ways',
    run: withBench(async ({ raw, store, reported }) => {
      await store.commit({ put: ['a', 'b', 'c', 'd', 'e'].map((key) => row(key, 1)) })
      for (const key of ['a', 'b', 'd']) await damage(raw, key)
      const keys = async (reverse: boolean) =>
        (await store.range({ from: '', to: '~', limit: 2, reverse })).map(({ key }) => key)
      same(await keys(false), ['c', 'e'])
      same(await keys(true), ['e', 'c'])
      await store.commit({ put: [row('Z', 1)] }) // sorts before what was set aside
      same(await keys(false), ['Z', 'c'])
      same(reported, ['a', 'b', 'd'])
    }),
  },
  {
    id: 'CK6',
    title:
      'reads that meet one damaged row at the same time report it once, and a new row under its key is found',
    run: withBench(async ({ raw, store, reported }) => {
      await store.commit({ put: [row('a', 1)] })
      await damage(raw, 'a')
      const reads = Array.from({ length: 10 }, () => store.get(['a']))
      const write = store.commit({ expect: [{ key: 'a', value: undefined }], put: [row('a', 2)] })
      await Promise.all(reads)
      same(await write, { ok: true })
      sameValues(await store.get(['a']), [[2]])
      same(reported, ['a'])
      await damage(raw, 'a')
      sameValues(await store.get(['a']), [undefined])
      same(reported, ['a', 'a'])
    }),
  },
  {
    id: 'CK7',
    title: 'at most 1,000 damaged rows are kept; the rest are removed and reported all the same',
    run: withBench(async ({ raw, store, reported }) => {
      const keys = Array.from({ length: 1010 }, (_, i) => `row/${String(i).padStart(4, '0')}`)
      await raw.commit({ put: keys.map((key) => row(key, 0)) })
      const read = await store.get(keys)
      check(
        read.every((value) => value === undefined),
        'all absent',
      )
      same(new Set(reported).size, 1010)
      same(reported.length, 1010)
      // The first row under the prefix says that nothing of it was mended yet.
      same((await raw.range({ from: `${asidePrefix}\0`, to: 'aside0' })).length, 1000)
      sameRows(await everything(store), [])
    }),
  },
  {
    id: 'CK8',
    title: 'that something was set aside is known, in a later run too, until all of it is said to be mended',
    run: withBench(async ({ raw, store }) => {
      await store.commit({ put: [row('a', 1), row('b', 2)] })
      same(await store.unmended(), undefined)
      await damage(raw, 'a')
      await store.get(['a'])
      const first = await createCheckedStore(raw, { onCorrupt: () => undefined }).unmended()
      check(first !== undefined, 'known')
      await damage(raw, 'b')
      await store.get(['b'])
      await store.mended(first)
      const second = await store.unmended()
      check(second !== undefined, 'more was set aside meanwhile')
      await store.mended(second)
      same(await store.unmended(), undefined)
    }),
  },
]

/** Damages the row as a flipped bit on the disk would; returns what it holds then. */
async function damage(raw: Store, key: string): Promise<Uint8Array> {
  const [value] = await raw.get([key])
  check(value !== undefined, `a row at ${key}`)
  const broken = value.slice()
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
  await raw.commit({ put: [{ key, value: broken }] })
  return broken
}

function withBench(body: (bench: Bench) => Promise<void>): StoreCase['run'] {
  return async (harness, name) => {
    const reported: string[] = []
    const raw = await harness.open(name)
    const store = createCheckedStore(raw, { onCorrupt: ({ key }) => reported.push(key) })
    same(store.durable, raw.durable)
    await body({ raw, store, reported })
    await store.close()
  }
}
