// The Store contract over memory and over the disk (classic-level), bare and checked. IndexedDB runs it in a real
// browser: tests/e2e/contract-stores.spec.ts.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openDiskStore } from '../../core/platform/node/disk.ts'
import { createCheckedStore } from '../../core/checked-store.ts'
import { createMemoryStore, MemoryRows } from '../../core/platform/shared/memory-store.ts'
import { checkedStoreContract } from './checked-store-contract.ts'
import { storeContract } from './store-contract.ts'
import type { StoreCase, StoreHarness, WriteRecord } from './store-contract.ts'

function runContract(title: string, harness: StoreHarness, cases: readonly StoreCase[]): void {
  describe(title, () => {
    for (const { id, title: what, applies, run } of cases) {
      if (applies?.(harness) === false) continue
      test(`${id} ${what}`, { timeout: 60_000 }, () => run(harness, `${title}-${id}`.replaceAll(' ', '-')))
    }
  })
}

const checked = (harness: StoreHarness): StoreHarness => ({
  ...harness,
  open: async (name) =>
    createCheckedStore(await harness.open(name), {
      onCorrupt: ({ key }) => expect.fail(`${key} is not damaged`),
    }),
})

const memories = new Map<string, MemoryRows>()
const memory: StoreHarness = {
  durable: false,
  sharesDatabase: true,
  open: async (name) => {
    const rows = memories.get(name) ?? new MemoryRows()
    memories.set(name, rows)
    return createMemoryStore(rows)
  },
}

let directory = ''
const writes: WriteRecord[] = []
const disk: StoreHarness = {
  durable: true,
  sharesDatabase: false,
  open: (name) => openDiskStore(join(directory, name)),
  writes,
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skein-stores-'))
  watchNativeWrites()
})

/** Records every call that reaches LevelDB's native side to write, whichever way it takes. */
function watchNativeWrites(): void {
  const prototype = ClassicLevel.prototype as unknown as Record<
    string,
    (...values: unknown[]) => Promise<unknown>
  >
  const optionsAt: Record<string, number> = { _batch: 1, _put: 2, _del: 1, _clear: 0 }
  for (const [method, place] of Object.entries(optionsAt)) {
    const native = prototype[method]
    if (native === undefined) throw new Error(`classic-level has no ${method} any more`)
    vi.spyOn(prototype, method).mockImplementation(async function (this: unknown, ...values) {
      const options = values[place] as { sync?: boolean } | undefined
      const record: WriteRecord = { strict: options?.sync === true, done: false }
      writes.push(record)
      const result = await native.apply(this, values)
      record.done = true
      return result
    })
  }
  vi.spyOn(prototype, '_chainedBatch').mockImplementation(() => expect.fail('a chained batch is not watched'))
}

afterAll(async () => {
  vi.restoreAllMocks()
  await rm(directory, { recursive: true })
})

runContract('memory', memory, storeContract)
runContract('memory checked', checked(memory), storeContract)
runContract('memory damaged', memory, checkedStoreContract)
runContract('disk', disk, storeContract)
runContract('disk checked', checked(disk), storeContract)
runContract('disk damaged', disk, checkedStoreContract)
