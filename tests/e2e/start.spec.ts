// Starting: people open the app in several browsers and tabs, see one another, and agree on who leads.

import { expect } from '@playwright/test'
import { test } from './support/fixtures.ts'
import { expectNobodyDeclaredGone, reports, untilAgree } from './support/participant.ts'

test('three browsers and a second tab list one another and agree on the first to arrive; a reload elsewhere never moves it', async ({
  cast,
}) => {
  const { mesh } = cast
  const alicesBrowser = await cast.profile('alice')
  const alice = await alicesBrowser.open({ mesh })
  const first = await untilAgree([alice])
  const bob = await (await cast.profile('bob')).open({ mesh })
  const carol = await (await cast.profile('carol')).open({ mesh })
  const secondTab = await alicesBrowser.open({ mesh })
  const everybody = [alice, bob, carol, secondTab]

  const agreed = await untilAgree(everybody)
  expect(agreed).toEqual(first)
  expect(agreed.leader).toBe((await alice.report()).me)

  for (const tab of everybody) {
    await expect(tab.peerRows()).toHaveCount(4)
    await expect(tab.page.locator(`[data-testid=peer][data-leader=true]`)).toHaveCount(1)
    await expect(tab.page.locator(`[data-testid=peer][data-peer-id="${agreed.leader}"]`)).toHaveAttribute(
      'data-leader',
      'true',
    )
    await expect(tab.leaderLine).toHaveAttribute('data-peer-id', agreed.leader)
    await expect(tab.leaderLine).toHaveAttribute('data-epoch', String(agreed.epoch))
  }

  // How each is linked: the other tab by the browser itself, the others by WebRTC.
  const [, bobs, carols, second] = await reports(everybody)
  const linkAtAlice = (peer: string | undefined) =>
    alice.page.locator(`[data-testid=peer][data-peer-id="${peer}"]`)
  await expect(linkAtAlice(agreed.leader)).toHaveAttribute('data-link', 'self')
  await expect(linkAtAlice(second?.me)).toHaveAttribute('data-link', 'tabs')
  await expect(linkAtAlice(bobs?.me)).toHaveAttribute('data-link', 'webrtc')
  await expect(linkAtAlice(carols?.me)).toHaveAttribute('data-link', 'webrtc')

  for (const tab of [bob, secondTab]) {
    await tab.page.reload()
    await tab.joined()
    expect(await untilAgree(everybody)).toEqual(agreed)
  }
  for (const tab of [alice, carol]) {
    const { leaders } = await tab.report()
    expect(leaders.filter(({ leader }) => leader !== undefined && leader !== agreed.leader)).toEqual([])
  }
  await expectNobodyDeclaredGone(everybody)
})

test('browsers that open it at the same moment agree on one leader', async ({ cast }) => {
  const { mesh } = cast
  const [alices, bobs] = await Promise.all([cast.profile('alice'), cast.profile('bob')])
  const everybody = await Promise.all([alices.open({ mesh }), bobs.open({ mesh }), alices.open({ mesh })])
  await untilAgree(everybody)
  await expectNobodyDeclaredGone(everybody)
})

test('without a name the app asks for one, and remembers it', async ({ cast }) => {
  const { context } = await cast.profile('alice')
  const page = await context.newPage()
  await page.goto(cast.server.url)
  await page.getByTestId('join-name').fill('alice')
  await page.getByTestId('join-mesh').fill(cast.mesh)
  await page.getByTestId('join-submit').click()
  await expect(page.getByTestId('leader')).toHaveAttribute('data-peer-id', /./)
  await expect(page.getByTestId('peer')).toHaveAttribute('data-name', 'alice')
  const another = await context.newPage()
  await another.goto(cast.server.url)
  await expect(another.getByTestId('peer')).toHaveCount(2)
})

test('a name in the address joins at once and is wiped from it', async ({ cast }) => {
  const { page } = await (await cast.profile('alice')).open({ mesh: cast.mesh })
  expect(new URL(page.url()).hash).toBe('')
})

test('the scripts of the app ask to be compiled while they load', async ({ cast }) => {
  const { page } = await (await cast.profile('alice')).open({ mesh: cast.mesh })
  const sources = await page
    .locator('script[src]')
    .evaluateAll((all) => all.map((each) => (each as HTMLScriptElement).src))
  expect(sources.length).toBeGreaterThan(0)
  for (const source of sources) {
    const text = await (await page.request.get(source)).text()
    expect(text.slice(0, 100)).toMatch(/^\/\/# allFunctionsCalledOnLoad\n/)
  }
})

test('an agent finds the server by itself, joins, and is seen in the app', async ({ cast }) => {
  const alice = await (await cast.profile('alice')).open({ mesh: cast.mesh })
  const bob = await cast.agent('bob', { signaling: undefined })
  await untilAgree([alice, bob])
  const row = alice.page.locator('[data-testid=peer][data-name=bob]')
  await expect(row).toHaveAttribute('data-link', 'webrtc')
  await expect(row).toContainText('agent')
})
