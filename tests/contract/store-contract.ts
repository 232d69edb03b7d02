// What every Store promises, as cases that need no test framework: vitest runs them over memory and the disk, a page
// in a real browser over IndexedDB. A case throws where the promise is broken. Each case has a database of its own.

import { equalBytes } from '../../core/base/ids.ts'
import type { Row, Store } from '../../core/base/ports.ts'

/** One write as the platform beneath the store saw it. */
export interface WriteRecord {
  /** It was asked for with strict durability (IndexedDB) or sync (disk). */
  readonly strict: boolean
  /** The platform has said that it is done. */
  done: boolean
}

export interface StoreHarness {
  /** A new handle on the database of that name. */
  open(name: string): Promise<Store>
  /** Whether two handles on one database can be open at once, as two tabs do. The disk allows one. */
  readonly sharesDatabase: boolean
  readonly durable: boolean
  /** All writes since the page or process began, where the platform can be watched. */
  readonly writes?: readonly WriteRecord[]
  /** What is asked for in one task is one write. */
  readonly sharesWrites?: boolean
  /** Leaves the open database room for a few megabytes at the most; returns how to end that. */
  fillUp?(name: string): Promise<() => Promise<void>>
}

export interface StoreCase {
  readonly id: string
  readonly title: string
  /** False where the harness has not what the case needs. */
  applies?(harness: StoreHarness): boolean
  run(harness: StoreHarness, name: string): Promise<void>
}

const storeCases: readonly StoreCase[] = [
  {
    id: 'ST1',
    title: 'a commit writes all its rows, and get answers in the order of the keys asked for',
    run: withStore(async (store) => {
      same(await store.commit({ put: [row('b', 2), row('a', 1)] }), { ok: true })
      sameValues(await store.get(['b', 'missing', 'a', 'b']), [[2], undefined, [1], [2]])
      sameValues(await store.get([]), [])
      same(await store.commit({}), { ok: true })
    }),
  },
  {
    id: 'ST2',
    title: 'a refused compare-and-set writes nothing and says what the keys hold, in their order',
    run: withStore(async (store) => {
      await store.commit({ put: [row('head', 1), row('other', 9)] })
      const refused = await store.commit({
        expect: [
          { key: 'other', value: bytes(9) },
          { key: 'head', value: bytes(7) },
          { key: 'missing', value: undefined },
        ],
        put: [row('head', 8), row('new', 8)],
        delete: ['other'],
      })
      check(!refused.ok, 'refused')
      sameValues(refused.found, [[9], [1], undefined])
      sameRows(await everything(store), [row('head', 1), row('other', 9)])
    }),
  },
  {
    id: 'ST3',
    title: 'compare-and-set knows absent from empty, and a prefix from the whole',
    run: withStore(async (store) => {
      same(await store.commit({ expect: [{ key: 'a', value: undefined }], put: [row('a')] }), { ok: true })
      check(!(await store.commit({ expect: [{ key: 'a', value: undefined }] })).ok, 'empty is not absent')
      same(await store.commit({ expect: [{ key: 'a', value: bytes() }], put: [row('a', 1, 2)] }), {
        ok: true,
      })
      check(
        !(await store.commit({ expect: [{ key: 'a', value: bytes(1) }] })).ok,
        'a prefix is not the whole',
      )
      check(!(await store.commit({ expect: [{ key: 'b', value: bytes() }] })).ok, 'absent is not empty')
    }),
  },
  {
    id: 'ST4',
    title: 'a range runs from its first key up to, but not with, its last, in order, with limit and reverse',
    run: withStore(async (store) => {
      const keys = ['a', 'a!', 'a/1', 'a/10', 'a/2', 'aa', 'b', 'B']
      await store.commit({ put: keys.map((key) => row(key, 1)) })
      const range = async (options: { from: string; to: string; limit?: number; reverse?: boolean }) =>
        (await store.range(options)).map(({ key }) => key)
      same(await range({ from: '', to: '~' }), ['B', 'a', 'a!', 'a/1', 'a/10', 'a/2', 'aa', 'b'])
      same(await range({ from: 'a/', to: 'a0' }), ['a/1', 'a/10', 'a/2'])
      same(await range({ from: 'a/1', to: 'a/2' }), ['a/1', 'a/10'])
      same(await range({ from: 'a', to: 'b', limit: 2 }), ['a', 'a!'])
      same(await range({ from: 'a', to: 'b', reverse: true }), ['aa', 'a/2', 'a/10', 'a/1', 'a!', 'a'])
      same(await range({ from: 'a', to: 'aa', limit: 2, reverse: true }), ['a/2', 'a/10'])
      same(await range({ from: 'a', to: 'b', limit: 0 }), [])
      same(await range({ from: 'a', to: 'b', limit: 0, reverse: true }), [])
      same(await range({ from: 'a', to: 'a' }), [])
      same(await range({ from: 'b', to: 'a' }), [])
      same(await range({ from: 'x', to: 'y' }), [])
    }),
  },
  {
    id: 'ST5',
    title: 'delete takes rows away, absent ones too; a row deleted and put in one commit is put',
    run: withStore(async (store) => {
      await store.commit({ put: [row('a', 1), row('b', 2), row('c', 3)] })
      await store.commit({ delete: ['a', 'missing', 'c'], put: [row('c', 4)] })
      sameRows(await everything(store), [row('b', 2), row('c', 4)])
    }),
  },
  {
    id: 'ST6',
    title: 'a value of 1 MiB, an empty one and a view into a larger buffer come back byte for byte',
    run: withStore(async (store) => {
      const large = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31) ^ (i >>> 8))
      const view = large.subarray(100_000, 100_003)
      await store.commit({
        put: [{ key: 'large', value: large }, row('empty'), { key: 'view', value: view }],
      })
      const [foundLarge, foundEmpty, foundView] = await store.get(['large', 'empty', 'view'])
      check(foundLarge !== undefined && equalBytes(foundLarge, large), 'the large value')
      check(foundEmpty?.length === 0, 'the empty value')
      check(foundView !== undefined && equalBytes(foundView, view), 'the view')
    }),
  },
  {
    id: 'ST7',
    title: 'five thousand rows in one commit are all there',
    run: withStore(async (store) => {
      const keys = Array.from({ length: 5000 }, (_, i) => `row/${String(i).padStart(5, '0')}`)
      await store.commit({ put: keys.map((key, i) => row(key, i & 0xff, i >>> 8)) })
      const rows = await everything(store)
      same(
        rows.map(({ key }) => key),
        keys,
      )
      check(
        rows.every(({ value }, i) => value[0] === (i & 0xff) && value[1] === i >>> 8),
        'each its own value',
      )
      const [last] = await store.range({ from: 'row/', to: 'row0', limit: 1, reverse: true })
      same(last?.key, 'row/04999')
    }),
  },
  {
    id: 'ST8',
    title: 'bytes changed after a commit, or after a read, change nothing that is stored',
    run: withStore(async (store) => {
      const value = bytes(1, 2, 3)
      await store.commit({ put: [{ key: 'a', value }] })
      value.fill(9)
      const [found] = await store.get(['a'])
      found?.fill(8)
      ;(await everything(store))[0]?.value.fill(7)
      sameValues(await store.get(['a']), [[1, 2, 3]])
    }),
  },
  {
    id: 'ST9',
    title: 'commits take effect in call order, and a read sees the commits called before it',
    run: withStore(async (store) => {
      const finished: number[] = []
      const commits = [1, 2, 3, 4, 5].map((n) =>
        store.commit({ put: [row('last', n), row(`n/${n}`, n)] }).then(() => finished.push(n)),
      )
      const [read, range] = [store.get(['last']), store.range({ from: 'n/', to: 'n0' })]
      await Promise.all(commits)
      same(finished, [1, 2, 3, 4, 5])
      sameValues(await read, [[5]])
      same((await range).length, 5)
    }),
  },
  {
    id: 'ST10',
    title: 'of twenty compare-and-sets on one key called at once, one wins',
    run: withStore(async (store) => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.commit({ expect: [{ key: 'a', value: undefined }], put: [row('a', i)] }),
        ),
      )
      same(
        results.map(({ ok }) => ok),
        results.map((_, i) => i === 0),
      )
      sameValues(await store.get(['a']), [[0]])
    }),
  },
  {
    id: 'ST11',
    title: 'two handles that count up one number by compare-and-set never both win',
    applies: (harness) => harness.sharesDatabase,
    async run(harness, name) {
      const [alice, bob] = [await harness.open(name), await harness.open(name)]
      const each = 40
      const wins = await Promise.all([countUp(alice, each), countUp(bob, each)])
      sameValues(await alice.get(['count']), [[2 * each]])
      // Every number was taken by exactly one of the two.
      same(
        wins.flat().sort((a, b) => a - b),
        Array.from({ length: 2 * each }, (_, i) => i + 1),
      )
      await Promise.all([alice.close(), bob.close()])
    },
  },
  {
    id: 'ST12',
    title: 'what was committed is there when the database is closed and opened again',
    async run(harness, name) {
      const before = await harness.open(name)
      await before.commit({ put: [row('kept', 1), row('gone', 2)] })
      await before.commit({ delete: ['gone'], put: [row('kept', 3)] })
      await before.close()
      const after = await harness.open(name)
      same(after.durable, harness.durable)
      sameRows(await everything(after), [row('kept', 3)])
      await after.close()
    },
  },
  {
    id: 'ST13',
    title: 'every write is strict, and no commit resolves before the platform says that it is done',
    applies: (harness) => harness.writes !== undefined,
    async run(harness, name) {
      const store = await harness.open(name)
      const writes = harness.writes ?? []
      const before = writes.length
      const done = (): number => writes.slice(before).filter((write) => write.done).length
      const create = (i: number): Promise<unknown> =>
        store.commit({ expect: [{ key: `k${i}`, value: undefined }], put: [row(`k${i}`, i)] })
      for (let i = 0; i < 3; i++) {
        await create(i)
        same(done(), i + 1)
      }
      const { sharesWrites = false } = harness
      await Promise.all(
        [3, 4, 5, 6].map((i) =>
          create(i).then(() =>
            check(done() > (sharesWrites ? 3 : i), `${done()} writes were done before commit ${i} resolved`),
          ),
        ),
      )
      const shared = done()
      same(shared, sharesWrites ? 4 : 7)
      await store.commit({ delete: ['k0', 'k1'] })
      await store.close()
      same([writes.length - before, done()], [shared + 1, shared + 1])
      check(
        writes.every(({ strict }) => strict),
        'every write strict',
      )
    },
  },
  {
    id: 'ST14',
    title:
      'a database without room rejects with storage-full, keeps what it has readable, and works when there is room again',
    applies: (harness) => harness.fillUp !== undefined,
    async run(harness, name) {
      const store = await harness.open(name)
      await store.commit({ put: [row('a', 1), row('b', 2)] })
      const makeRoom = await harness.fillUp?.(name)
      const large = incompressible(512 * 1024)
      let full = 0
      let stored = 0
      for (let i = 0; full < 3; i++) {
        check(i < 100, 'the database fills up')
        try {
          await store.commit({
            put: [row('a', 3), { key: `large/${i}`, value: large }, row('c', 3)],
            delete: ['b'],
          })
          stored += 1
        } catch (error) {
          same((error as { code?: string }).code, 'storage-full')
          full += 1
        }
        const rows = (await everything(store)).map(({ key }) => key)
        const expected = stored === 0 ? ['a', 'b'] : ['a', 'c']
        same(
          rows.filter((key) => !key.startsWith('large/')),
          expected,
        )
        same(rows.length, expected.length + stored)
      }
      await makeRoom?.()
      // The browser may need a moment to notice its new quota; a store that had stuck would never.
      await eventually(() => store.commit({ put: [row('b', 4)] }))
      // LevelDB, left to itself, acknowledges these behind a torn record of its log and loses them when it is opened again.
      for (let i = 0; i < 100; i++) {
        await store.commit({ put: [{ key: `later/${i}`, value: new Uint8Array(1000).fill(i) }] })
      }
      const rows = await everything(store)
      await store.close()
      const reopened = await harness.open(name)
      sameRows(await everything(reopened), rows)
      sameValues(await reopened.get(['b']), [[4]])
      await reopened.close()
    },
  },
  {
    id: 'ST15',
    title: 'a closed store finishes what was asked of it and refuses the rest with storage-failed',
    async run(harness, name) {
      const store = await harness.open(name)
      const asked = store.commit({ put: [row('a', 1)] })
      await store.close()
      same(await asked, { ok: true })
      same(await codeOf(store.commit({ put: [row('a', 2)] })), 'storage-failed')
      same(await codeOf(store.get(['a'])), 'storage-failed')
      same(await codeOf(store.range({ from: '', to: '~' })), 'storage-failed')
      const again = await harness.open(name)
      sameValues(await again.get(['a']), [[1]])
      await again.close()
    },
  },
  {
    id: 'ST16',
    title: 'of commits called in one task each sees those before it, and one that is refused stops nobody',
    run: withStore(async (store) => {
      const expecting = (value: Uint8Array | undefined) => [{ key: 'a', value }]
      const results = Promise.all([
        store.commit({ put: [row('b', 1)] }),
        store.commit({ expect: expecting(undefined), put: [row('a', 1)] }),
        store.commit({ expect: expecting(undefined), put: [row('a', 7), row('c', 7)] }),
        store.commit({ expect: [...expecting(bytes(1)), { key: 'b', value: bytes(1) }], delete: ['b'] }),
        store.commit({ expect: expecting(bytes(1)), put: [row('a', 2)] }),
        store.commit({}),
        store.commit({ put: [row('d', 1)] }),
      ])
      const reads = Promise.all([store.get(['a', 'b']), store.range({ from: 'c', to: 'z' })])
      const fine = { ok: true }
      same(await results, [fine, fine, { ok: false, found: [bytes(1)] }, fine, fine, fine, fine])
      const [got, ranged] = await reads
      sameValues(got, [[2], undefined])
      sameRows(ranged, [row('d', 1)])
    }),
  },
  {
    id: 'ST17',
    title: 'a hundred commits and reads called in one task are all answered, in call order',
    run: withStore(async (store) => {
      const order: number[] = []
      const asked = Array.from({ length: 100 }, (_, i) => {
        const put = store
          .commit({ put: [row(`k/${String(i).padStart(2, '0')}`, i)] })
          .then(() => order.push(i))
        const seen = i % 10 === 9 ? store.range({ from: 'k/', to: 'k0' }).then(({ length }) => length) : i + 1
        return Promise.all([put, seen]).then(([, found]) => same(found, i + 1))
      })
      await Promise.all(asked)
      same(
        order,
        [...order].sort((a, b) => a - b),
      )
    }),
  },
]

/** The promises of the port. */
export const storeContract: readonly StoreCase[] = storeCases

/** Runs the body on a fresh store and closes it. */
function withStore(body: (store: Store) => Promise<void>): StoreCase['run'] {
  return async (harness, name) => {
    const store = await harness.open(name)
    await body(store)
    await store.close()
  }
}

async function countUp(store: Store, times: number): Promise<number[]> {
  const wins: number[] = []
  let held: Uint8Array | undefined
  while (wins.length < times) {
    const next = (held?.[0] ?? 0) + 1
    const result = await store.commit({ expect: [{ key: 'count', value: held }], put: [row('count', next)] })
    if (result.ok) wins.push(next)
    held = result.ok ? bytes(next) : result.found[0]
  }
  return wins
}

/** Databases compress what they store, and count what is left against the quota. */
function incompressible(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}

async function eventually(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await attempt()
      return
    } catch (error) {
      if (tries === 1000) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

export const row = (key: string, ...value: number[]): Row => ({ key, value: bytes(...value) })

export const everything = (store: Store): Promise<Row[]> => store.range({ from: '', to: '~' })

export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return 'resolved'
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

export function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`expected: ${what}`)
}

/** Deep equality of plain data. */
export function same(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found) ?? 'undefined', JSON.stringify(expected) ?? 'undefined']
  check(a === b, `${b.slice(0, 500)}, found ${a.slice(0, 500)}`)
}

export function sameValues(
  found: readonly (Uint8Array | undefined)[],
  expected: readonly (readonly number[] | undefined)[],
): void {
  same(
    found.map((value) => value && [...value]),
    expected,
  )
}

export function sameRows(found: readonly Row[], expected: readonly Row[]): void {
  const spelled = (rows: readonly Row[]) => rows.map(({ key, value }) => [key, [...value]])
  same(spelled(found), spelled(expected))
}
