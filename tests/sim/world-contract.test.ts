// The simulated store keeps the contract of every Store, bare and checked, under three seeds each.

import { describe, expect, test } from 'vitest'
import { createCheckedStore } from '../../core/checked-store.ts'
import { createWorld, type World } from '../../core/platform/sim/world.ts'
import { checkedStoreContract } from '../contract/checked-store-contract.ts'
import { storeContract, type StoreCase, type StoreHarness } from '../contract/store-contract.ts'

/** Each handle is a tab of its own; the database's name is the browser's. */
const simulated = (world: World, bare: boolean): StoreHarness => ({
  durable: true,
  sharesDatabase: true,
  open: async (browser) => {
    const { store } = world.platform({ name: `tab-${world.processes.length}`, browser })
    return bare
      ? store
      : createCheckedStore(store, { onCorrupt: ({ key }) => expect.fail(`${key} is damaged`) })
  },
  fillUp: async (name) => {
    world.disk(name).failing = 'storage-full'
    return async () => {
      world.disk(name).failing = undefined
    }
  },
})

function runContract(title: string, bare: boolean, cases: readonly StoreCase[]): void {
  describe(title, () => {
    for (const { id, title: what, applies, run } of cases) {
      if (applies?.(simulated(createWorld({ seed: 0 }), bare)) === false) continue
      test(`${id} ${what}`, { timeout: 60_000 }, async () => {
        for (const seed of [1, 2, 3]) {
          const world = createWorld({ seed })
          await world.finish(run(simulated(world, bare), id), { withinMs: 600_000 })
        }
      })
    }
  })
}

runContract('simulated store', true, storeContract)
runContract('simulated store, checked', false, storeContract)
runContract('simulated store, damaged', true, checkedStoreContract)
