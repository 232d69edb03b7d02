// Stores against a model that is a Map: memory, the checked store around it, and the simulator's. Commits with
// compare-and-set, deletes and ranges, in any order.

import { fc } from '../support/properties.ts'
import { describe, expect, test } from 'vitest'
import type { Commit, Range, Store } from '../../core/base/ports.ts'
import { createCheckedStore } from '../../core/checked-store.ts'
import { createMemoryStore } from '../../core/platform/shared/memory-store.ts'
import { createWorld } from '../../core/platform/sim/world.ts'

type Model = Map<string, Uint8Array>
interface Real {
  readonly store: Store
  /** Lets the store answer. */
  readonly wait: <T>(promise: Promise<T>) => Promise<T>
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0

class Commits implements fc.AsyncCommand<Model, Real> {
  readonly commit: Commit
  readonly expects: readonly string[]
  readonly lies: boolean
  /** Expects of some keys what they hold, or for one of them something else. */
  constructor(commit: Commit, expects: readonly string[], lies: boolean) {
    this.commit = commit
    this.expects = expects
    this.lies = lies
  }
  check = (): boolean => true
  async run(model: Model, { store, wait }: Real): Promise<void> {
    const expected = this.expects.map((key, i) => ({
      key,
      value: this.lies && i === 0 ? Uint8Array.of(99, 99, 99) : model.get(key),
    }))
    const isRefused = expected.some(({ key, value }) => !sameBytes(value, model.get(key)))
    const result = await wait(store.commit({ ...this.commit, expect: expected }))
    if (isRefused) {
      expect(result).toEqual({ ok: false, found: this.expects.map((key) => model.get(key)) })
      return
    }
    expect(result).toEqual({ ok: true })
    for (const key of this.commit.delete ?? []) model.delete(key)
    for (const { key, value } of this.commit.put ?? []) model.set(key, value)
  }
  toString = (): string => `commit ${JSON.stringify(this.commit)} expecting ${this.expects.join()}`
}

class Gets implements fc.AsyncCommand<Model, Real> {
  readonly keys: readonly string[]
  constructor(keys: readonly string[]) {
    this.keys = keys
  }
  check = (): boolean => true
  async run(model: Model, { store, wait }: Real): Promise<void> {
    expect(await wait(store.get(this.keys))).toEqual(this.keys.map((key) => model.get(key)))
  }
  toString = (): string => `get ${this.keys.join()}`
}

class Ranges implements fc.AsyncCommand<Model, Real> {
  readonly range: Range
  constructor(range: Range) {
    this.range = range
  }
  check = (): boolean => true
  async run(model: Model, { store, wait }: Real): Promise<void> {
    const { from, to, limit, reverse } = this.range
    const within = [...model].filter(([key]) => key >= from && key < to)
    const rows = within.map(([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1))
    if (reverse === true) rows.reverse()
    expect(await wait(store.range(this.range))).toEqual(rows.slice(0, limit))
  }
  toString = (): string => `range ${JSON.stringify(this.range)}`
}

const key = fc.constantFrom('a', 'a/1', 'a/2', 'a0', 'b/1', 'b/10', 'b/2', 'c')
const someKeys = fc.uniqueArray(key, { maxLength: 4 })
const put = fc.uniqueArray(fc.record({ key, value: fc.uint8Array({ maxLength: 8 }) }), {
  selector: (row) => row.key,
  maxLength: 4,
})
const commands = [
  fc
    .tuple(put, someKeys, someKeys, fc.boolean())
    .map(([rows, doomed, expects, lies]) => new Commits({ put: rows, delete: doomed }, expects, lies)),
  someKeys.map((keys) => new Gets(keys)),
  fc
    .record(
      { from: key, to: fc.oneof(key, fc.constant('z')), limit: fc.nat(4), reverse: fc.boolean() },
      { requiredKeys: ['from', 'to'] },
    )
    .map((range) => new Ranges(range as Range)),
]

const bare = <T>(promise: Promise<T>): Promise<T> => promise
const stores: Readonly<Record<string, () => Real>> = {
  memory: () => ({ store: createMemoryStore(), wait: bare }),
  'checked, over memory': () => ({
    store: createCheckedStore(createMemoryStore(), {
      onCorrupt: ({ key: bad }) => expect.fail(`${bad} is not damaged`),
    }),
    wait: bare,
  }),
  simulated: () => {
    const world = createWorld({ seed: 1 })
    return { store: world.platform({ name: 'alice' }).store, wait: (promise) => world.finish(promise) }
  },
}

describe.each(Object.keys(stores))('a store: %s', (name) => {
  test('does what a Map would', async () => {
    const property = fc.asyncProperty(
      fc.commands(commands, { maxCommands: 30, size: 'max' }),
      async (all) => {
        await fc.asyncModelRun(() => ({ model: new Map() as Model, real: stores[name]!() }), all)
      },
    )
    await fc.assert(property, { numRuns: name === 'simulated' ? 50 : 200 })
  })
})
