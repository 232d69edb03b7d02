// The Link contract in real Chromium, over WebRTC and over BroadcastChannel with Web Locks, each between two pages of
// one context; and what takes real tabs to show: a killed, closed, frozen, cached and returning sibling.

import { expect, test } from '@playwright/test'
import type { BrowserContext, Page } from '@playwright/test'
import { linkContract } from '../contract/link-contract.ts'
import { goBackThroughCache } from './support/back-forward-cache.ts'

const path = '/tests/e2e/pages/links.html'
const ids = { alice: 'a'.repeat(32), bob: 'b'.repeat(32), carol: 'c'.repeat(32) }

async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(path)
  await page.waitForFunction(() => 'links' in window)
  return page
}

async function openTab(context: BrowserContext, name: keyof typeof ids): Promise<Page> {
  const tab = await openPage(context)
  await tab.evaluate((id) => window.links.watch('acme', id), ids[name])
  return tab
}

const logOf = (tab: Page): Promise<readonly string[]> => tab.evaluate(() => window.links.log())
const siblingsOf = (tab: Page): Promise<string> => tab.evaluate(() => window.links.siblings())

for (const suite of ['webrtc', 'tabs'] as const) {
  for (const { id, title, needs } of linkContract) {
    if (suite === 'tabs' && needs === 'connectors') continue
    test(`${suite}: ${id} ${title}`, async ({ context }) => {
      const page = await openPage(context)
      await page.evaluate(([which, one]) => window.links.run(which, one), [suite, id] as const)
    })
  }
}

test('TB1 the first tab settles with nobody, later ones find and link all siblings, once each', async ({
  context,
}) => {
  const alice = await openTab(context, 'alice')
  await expect.poll(() => logOf(alice)).toEqual(['settled '])
  const bob = await openTab(context, 'bob')
  const carol = await openTab(context, 'carol')
  for (const [tab, siblings] of [
    [alice, 'bc'],
    [bob, 'ac'],
    [carol, 'ab'],
  ] as const) {
    await expect.poll(() => siblingsOf(tab)).toBe(siblings)
  }
  expect(await logOf(bob)).toContain('settled a')
  // Links come in either order, `settled` after them.
  const heard = await logOf(carol)
  expect(heard.slice(0, 2).toSorted()).toEqual(['linked a', 'linked b'])
  expect(heard.slice(2)).toEqual(['settled ab'])
  await alice.evaluate((to) => window.links.send(to, 'hello'), ids.carol)
  await expect.poll(() => logOf(carol)).toContain('frame a hello')
  expect(await logOf(bob)).not.toContain('frame a hello')
})

test('TB2 two tabs that start at the same instant link once', async ({ context }) => {
  const [one, two] = [await openPage(context), await openPage(context)]
  await Promise.all([
    one.evaluate((id) => window.links.watch('acme', id), ids.alice),
    two.evaluate((id) => window.links.watch('acme', id), ids.bob),
  ])
  await expect.poll(() => siblingsOf(one)).toBe('b')
  await expect.poll(() => siblingsOf(two)).toBe('a')
  for (const tab of [one, two]) {
    expect((await logOf(tab)).filter((line) => line.startsWith('linked'))).toHaveLength(1)
  }
})

test('TB3 a tab whose renderer crashes, or that is closed, is gone for its siblings', async ({ context }) => {
  const alice = await openTab(context, 'alice')
  const bob = await openTab(context, 'bob')
  const carol = await openTab(context, 'carol')
  await expect.poll(() => siblingsOf(alice)).toBe('bc')
  await bob.goto('chrome://crash').catch((error: unknown) => expect(String(error)).toContain('crash'))
  await expect.poll(() => logOf(alice)).toContain('gone b')
  await carol.close()
  await expect.poll(() => logOf(alice)).toContain('gone c')
  expect(await siblingsOf(alice)).toBe('')
})

test('TB4 a link that one end closed comes back after a pause, as a new one', async ({ context }) => {
  const alice = await openTab(context, 'alice')
  const bob = await openTab(context, 'bob')
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  await alice.evaluate((to) => window.links.closeLink(to), ids.bob)
  await expect.poll(() => logOf(bob)).toContain('down a')
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  await expect.poll(() => siblingsOf(bob)).toBe('a')
  await bob.evaluate((to) => window.links.send(to, 'again'), ids.alice)
  await expect.poll(() => logOf(alice)).toContain('frame b again')
  expect((await logOf(alice)).filter((line) => line === 'linked b')).toHaveLength(2)
  expect(await logOf(alice)).not.toContain('gone b')
})

test('TB5 suspend lets the sibling go at once; resume links afresh and settles again', async ({
  context,
}) => {
  const alice = await openTab(context, 'alice')
  const bob = await openTab(context, 'bob')
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  await bob.evaluate(() => window.links.suspend())
  await expect.poll(() => logOf(alice)).toContain('down b')
  await expect.poll(() => logOf(alice)).toContain('gone b')
  await bob.evaluate(() => window.links.resume())
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  await expect.poll(() => logOf(bob)).toContain('settled a')
  expect((await logOf(bob)).filter((line) => line.startsWith('settled'))).toHaveLength(2)
  expect((await logOf(alice)).join()).not.toContain('TWO LINKS')
  // At once after another: the sibling must end with one link, and not be told that it is gone afterwards.
  await bob.evaluate(() => {
    window.links.suspend()
    window.links.resume()
  })
  await expect.poll(() => siblingsOf(bob)).toBe('a')
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  const log = await logOf(alice)
  expect(log.lastIndexOf('gone b')).toBeLessThan(log.lastIndexOf('linked b'))
})

test('TB6 a tab put into the back/forward cache is gone for its siblings, and links again when it comes back', async ({
  playwright,
  launchOptions,
  baseURL,
}) => {
  // Playwright switches the cache off.
  const browser = await playwright.chromium.launch({
    ...launchOptions,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  const context = await browser.newContext(baseURL === undefined ? {} : { baseURL })
  const alice = await openTab(context, 'alice')
  const bob = await openTab(context, 'bob')
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  await bob.goto('/tests/e2e/pages/stores.html')
  await expect.poll(() => logOf(alice)).toContain('gone b')
  // What is said meanwhile must not throw the page out of the cache.
  const carol = await openTab(context, 'carol')
  await expect.poll(() => siblingsOf(alice)).toBe('c')
  await goBackThroughCache(bob)
  await expect.poll(() => logOf(bob)).toContain('resume')
  await expect.poll(() => siblingsOf(bob)).toBe('ac')
  await expect.poll(() => siblingsOf(alice)).toBe('bc')
  await expect.poll(() => siblingsOf(carol)).toBe('ab')
  expect((await logOf(alice)).join()).not.toContain('TWO LINKS')
  await browser.close()
})

test('TB7 a tab that stands still keeps its lock: the next one settles without it, and both link when it goes on', async ({
  context,
}) => {
  const alice = await openTab(context, 'alice')
  await expect.poll(() => logOf(alice)).toEqual(['settled '])
  // The page runs a loop: nothing in its renderer moves until it ends.
  const blocked = alice.evaluate(() => {
    const endMs = performance.now() + 4000
    const before = window.links.ticks()
    while (performance.now() < endMs);
    return window.links.ticks() - before
  })
  const bob = await openTab(context, 'bob')
  await expect.poll(() => logOf(bob)).toContain('settled ')
  expect(await logOf(bob)).toEqual(['settled '])
  expect(await blocked).toBe(0)
  await expect.poll(() => siblingsOf(alice)).toBe('b')
  await expect.poll(() => siblingsOf(bob)).toBe('a')
})

test('CK1 the Worker clock runs; alarms are never early and many ring', async ({ context }) => {
  const page = await openPage(context)
  await expect.poll(() => page.evaluate(() => window.links.clockSource())).toBe('worker-file')
  const lateMs = await page.evaluate(() => window.links.alarms([0, 1, 5, 20, 20, 20, 50, 100, 300]))
  expect(lateMs).toHaveLength(9)
  expect(Math.min(...lateMs)).toBeGreaterThanOrEqual(0)
})

test('CK2 where the Worker file cannot be had a blob serves, and plain timers where that is refused', async ({
  context,
}) => {
  await context.route(/clock-worker/, (route) => route.abort())
  const page = await openPage(context)
  await expect.poll(() => page.evaluate(() => window.links.clockSource())).toBe('worker-blob')
  expect(await page.evaluate(() => window.links.alarms([10, 30]))).toHaveLength(2)

  await context.route(/links\.html/, async (route) => {
    const response = await route.fetch()
    const headers = { ...response.headers(), 'content-security-policy': "worker-src 'self'" }
    await route.fulfill({ response, headers })
  })
  const strict = await openPage(context)
  expect(await strict.evaluate(() => window.links.alarms([10, 1000]))).toHaveLength(2)
  expect(await strict.evaluate(() => window.links.clockSource())).toBe('page')
})
