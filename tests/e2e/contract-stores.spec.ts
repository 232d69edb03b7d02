// The Store contract over IndexedDB in a real browser, and what takes a browser to show: quota, two tabs, a tab that
// holds a transaction, a database that goes away, and the profile's device key.

import { expect, test } from '@playwright/test'
import type { BrowserContext, Page } from '@playwright/test'
import { checkedStoreContract } from '../contract/checked-store-contract.ts'
import { storeContract } from '../contract/store-contract.ts'

async function openTab(context: BrowserContext): Promise<Page> {
  const tab = await context.newPage()
  await tab.goto('/tests/e2e/pages/stores.html')
  await tab.waitForFunction(() => 'stores' in window)
  return tab
}

/** Lets the page limit what its origin may store. */
async function lendQuota(context: BrowserContext, tab: Page): Promise<void> {
  const browser = await context.newCDPSession(tab)
  const origin = new URL(tab.url()).origin
  await tab.exposeFunction('setQuota', (bytes?: number | null) =>
    browser.send('Storage.overrideQuotaForOrigin', {
      origin,
      ...(typeof bytes === 'number' ? { quotaSize: bytes } : {}),
    }),
  )
}

const suites = [
  ['plain', storeContract],
  ['checked', storeContract],
  ['damaged', checkedStoreContract],
] as const

for (const [suite, cases] of suites) {
  for (const { id, title } of cases) {
    test(`IndexedDB ${suite}: ${id} ${title}`, async ({ context }) => {
      const tab = await openTab(context)
      await lendQuota(context, tab)
      await tab.evaluate(([one, which]) => window.stores.run(one, which), [suite, id] as const)
      const writes = await tab.evaluate(() => window.stores.writes())
      expect(writes.length).toBeGreaterThan(0)
      expect(writes.filter(({ strict }) => !strict)).toEqual([])
    })
  }
}

test('two tabs that count up one number by compare-and-set never both win', async ({ context }) => {
  const [alice, bob] = [await openTab(context), await openTab(context)]
  const wins = await Promise.all(
    [alice, bob].map((tab) => tab.evaluate(() => window.stores.countUp('two', 50))),
  )
  expect(wins.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
})

test('a commit behind a tab that holds a transaction is storage-busy, and is never written later', async ({
  context,
}) => {
  const [alice, bob] = [await openTab(context), await openTab(context)]
  await alice.evaluate(() => window.stores.open('busy', 300))
  await bob.evaluate(() => window.stores.hold('busy'))
  const codes = await alice.evaluate(() =>
    Promise.all([
      window.stores.put('busy', 'a', 1),
      window.stores.put('busy', 'b', 1),
      window.stores.readCode('busy'),
    ]),
  )
  expect(codes).toEqual(['storage-busy', 'storage-busy', 'storage-busy'])
  await bob.evaluate(() => window.stores.letGo())
  await expect.poll(() => alice.evaluate(() => window.stores.put('busy', 'c', 1))).toBe('resolved')
  expect(await alice.evaluate(() => window.stores.keys('busy'))).toEqual(['c'])
})

test('a connection that had to close is opened again by the next call', async ({ context }) => {
  const [alice, bob] = [await openTab(context), await openTab(context)]
  await alice.evaluate(() => window.stores.put('closed', 'a', 1))
  await bob.evaluate(() => window.stores.closeOthers('closed'))
  expect(await alice.evaluate(() => window.stores.put('closed', 'b', 2))).toBe('resolved')
  expect(await alice.evaluate(() => window.stores.keys('closed'))).toEqual(['a', 'b'])
})

test('a database deleted under a running tab is storage-failed, never an empty store in its place', async ({
  context,
}) => {
  const [alice, bob] = [await openTab(context), await openTab(context)]
  await alice.evaluate(() => window.stores.put('deleted', 'a', 1))
  await bob.evaluate(() => window.stores.deleteDatabase('deleted'))
  expect(await alice.evaluate(() => window.stores.put('deleted', 'b', 2))).toBe('storage-failed')
  expect(await bob.evaluate(() => window.stores.databases())).not.toContain('skein:deleted')
  // Another tab starts afresh under the same name: that is not alice's store either.
  expect(await bob.evaluate(() => window.stores.put('deleted', 'c', 3))).toBe('resolved')
  expect(await alice.evaluate(() => window.stores.readCode('deleted'))).toBe('storage-failed')
  expect(await bob.evaluate(() => window.stores.keys('deleted'))).toEqual(['c'])
})

test('site data cleared under a running tab is storage-failed', async ({ context }) => {
  const alice = await openTab(context)
  await alice.evaluate(() => window.stores.put('cleared', 'a', 1))
  const browser = await context.newCDPSession(alice)
  await browser.send('Storage.clearDataForOrigin', {
    origin: new URL(alice.url()).origin,
    storageTypes: 'indexeddb',
  })
  await expect.poll(() => alice.evaluate(() => window.stores.put('cleared', 'b', 2))).toBe('storage-failed')
  expect(await alice.evaluate(() => window.stores.databases())).not.toContain('skein:cleared')
})

test('tabs that make the device key at once end with one, not extractable, the same after a reload', async ({
  context,
}) => {
  const tabs = await Promise.all([1, 2, 3].map(() => openTab(context)))
  const keys = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.stores.deviceKey())))
  expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1)
  expect(keys.every(({ signs }) => signs)).toBe(true)
  const [alice] = tabs
  await alice?.reload()
  expect(await alice?.evaluate(() => window.stores.deviceKey())).toEqual(keys[0])
  expect(await alice?.evaluate(() => window.stores.storedKeys())).toEqual([
    { extractable: false, algorithm: 'Ed25519' },
  ])
})

test('the browser answers whether it will keep our storage, and localhost is a secure context', async ({
  context,
}) => {
  const tab = await openTab(context)
  expect(typeof (await tab.evaluate(() => window.stores.askForPersistence()))).toBe('boolean')
  expect(await tab.evaluate(() => window.stores.secureContextCode())).toBe('secure')
})
