// A mesh of Firefox, Chromium and an agent: what holds among equals holds among these. Who leads, what becomes of a
// message, what is kept.

import { expect } from '@playwright/test'
import { findFirefox } from '../../scripts/find-firefox.ts'
import type { Agent } from './support/agent-process.ts'
import { type FirefoxProfile, type FirefoxTab, noteEditor, test } from './support/firefox.ts'
import type { Cast } from './support/fixtures.ts'
import {
  type Agreement,
  expectFencedActs,
  expectNobodyDeclaredGone,
  type Participant,
  patience,
  reports,
  untilAgree,
  untilOneDuty,
  untilSameDoc,
} from './support/participant.ts'
import type { Tab } from './support/tab.ts'

test.skip(
  findFirefox() === undefined,
  'There is no Firefox on this machine. Install one, or set FIREFOX_PATH to it.',
)

// A Firefox takes seconds to start, and some stories start it twice.
test.describe.configure({ timeout: 180_000 })

interface Trio {
  readonly browser: FirefoxProfile
  /** In Firefox. Arrived first, so it leads. */
  readonly alice: FirefoxTab
  /** In Chromium. */
  readonly bob: Tab
  /** An agent. */
  readonly carol: Agent
  readonly before: Agreement
}

async function trioLedByFirefox(
  { mesh, profile, agent }: Cast,
  firefox: (name: string) => Promise<FirefoxProfile>,
): Promise<Trio> {
  const [browser, bobs] = await Promise.all([firefox('alice'), profile('bob')])
  const alice = await browser.open(mesh)
  await untilAgree([alice])
  const [bob, carol] = await Promise.all([bobs.open({ mesh }), agent('carol')])
  await carol.joinRoom('general')
  for (const one of [alice, bob, carol]) await one.lead()
  const before = await untilAgree([alice, bob, carol])
  expect(before.leader).toBe((await alice.report()).me)
  await untilOneDuty([alice, bob, carol])
  return { browser, alice, bob, carol, before }
}

async function expectSuccession(survivors: readonly Participant[], before: Agreement): Promise<Agreement> {
  const after = await untilAgree(survivors, before.epoch)
  expect(after.leader).not.toBe(before.leader)
  await untilOneDuty(survivors)
  await expectNobodyDeclaredGone(survivors)
  expectFencedActs(await reports(survivors))
  return after
}

test('Firefox, Chromium and an agent: everybody linked with everybody, one leader, messages with receipts', async ({
  cast,
  firefox,
}) => {
  const { alice, bob, carol, before } = await trioLedByFirefox(cast, firefox)
  const links = async () =>
    (await reports([alice, bob, carol])).map(({ linked }) => linked.map(({ kind }) => kind))
  await expect.poll(links, patience).toEqual([1, 2, 3].map(() => ['webrtc', 'webrtc']))
  await expect.poll(() => alice.leaderLine(), patience).toEqual({ peer: before.leader, epoch: before.epoch })
  await bob.untilInRoom('general', ['alice', 'bob', 'carol'])

  await alice.write('hello from Firefox')
  await expect(bob.message('hello from Firefox')).toBeVisible()
  await alice.untilDelivered('hello from Firefox', ['bob', 'carol'])
  await bob.write('hello from Chromium')
  await alice.untilShown('hello from Chromium')
  await expect(bob.message('hello from Chromium')).toHaveAttribute('data-state', 'delivered', patience)
  await carol.send('#general', 'hello from Node', { delivered: true })
  await alice.untilShown('hello from Node')

  for (const one of [alice, bob, carol]) await one.consume()
  await alice.openDirect('bob')
  await alice.write('for Chromium alone')
  await alice.untilDelivered('for Chromium alone', ['bob'])
  await bob.openDirect('alice')
  await expect(bob.message('for Chromium alone')).toBeVisible()
  await bob.write('for Firefox alone')
  await alice.untilShown('for Firefox alone')
  await carol.send('@alice', 'from the agent', { delivered: true })
  await alice.openDirect('carol')
  await alice.untilShown('from the agent')
  await alice.write('to the agent')
  await alice.untilDelivered('to the agent', ['carol'])
  const heardByCarol = async () => (await carol.report()).inbox.map(({ body }) => body)
  await expect.poll(heardByCarol, patience).toContain('to the agent')
  expect(await heardByCarol()).not.toContain('for Chromium alone')
  await expectNobodyDeclaredGone([alice, bob, carol])
  expect(alice.complaints).toEqual([])
})

test('the leader is a Firefox tab and is closed; a second tab of that Firefox takes over', async ({
  cast,
  firefox,
}) => {
  const { mesh } = cast
  const [browser, bobs] = await Promise.all([firefox('alice'), cast.profile('bob')])
  const leader = await browser.open(mesh)
  await untilAgree([leader])
  const sibling = await browser.open(mesh)
  await untilAgree([leader, sibling])
  const [bob, carol] = await Promise.all([bobs.open({ mesh }), cast.agent('carol')])
  for (const one of [leader, sibling, bob, carol]) await one.lead()
  const before = await untilAgree([leader, sibling, bob, carol])
  const linksOfSibling = async () => (await sibling.report()).linked.map(({ kind }) => kind).toSorted()
  await expect.poll(linksOfSibling, patience).toEqual(['tabs', 'webrtc', 'webrtc'])
  await untilOneDuty([leader, sibling, bob, carol])
  await leader.close()
  const after = await expectSuccession([sibling, bob, carol], before)
  expect(after.leader).toBe((await sibling.report()).me)
  await expect(bob.event(/leads now/).last()).toBeVisible()
})

test('the leader is Firefox and is SIGKILLed; it comes back with what it had stored and leads no more', async ({
  cast,
  firefox,
}) => {
  const { browser, alice, bob, carol, before } = await trioLedByFirefox(cast, firefox)
  await bob.untilInRoom('general', ['alice', 'bob', 'carol'])
  await alice.write('remember this')
  await alice.untilDelivered('remember this', ['bob', 'carol'])
  const { member } = await alice.report()
  await browser.kill()
  const after = await expectSuccession([bob, carol], before)
  await bob.write('while you were gone')
  await expect(bob.message('while you were gone')).toHaveAttribute('data-state', 'stored')

  await browser.relaunch()
  const again = await browser.open(cast.mesh)
  const now = await untilAgree([again, bob, carol])
  expect(now.leader).toBe(after.leader)
  expect((await again.report()).member).toBe(member)
  await again.untilShown('while you were gone')
  expect((await again.messages()).map(({ text }) => text)).toEqual(['remember this', 'while you were gone'])
  await expect(bob.message('while you were gone')).toHaveAttribute('data-state', 'delivered', patience)
})

test('the leader is Chromium, then an agent, and dies: Firefox is among those that agree, then alone', async ({
  cast,
  firefox,
}) => {
  const { mesh } = cast
  const [bobs, alices] = await Promise.all([cast.profile('bob'), firefox('alice')])
  const bob = await bobs.open({ mesh })
  await untilAgree([bob])
  const carol = await cast.agent('carol')
  await untilAgree([bob, carol])
  const alice = await alices.open(mesh)
  for (const one of [alice, bob, carol]) await one.lead()
  const first = await untilAgree([alice, bob, carol])
  expect(first.leader).toBe((await bob.report()).me)
  await bobs.kill()
  const second = await expectSuccession([alice, carol], first)
  expect(second.leader).toBe((await carol.report()).me)
  await carol.kill()
  const third = await expectSuccession([alice], second)
  await expect.poll(() => alice.leaderLine(), patience).toEqual({ peer: third.leader, epoch: third.epoch })
  expect(alice.complaints).toEqual([])
})

test('a document written in Firefox, in Chromium and by an agent at the same time ends equal on all three', async ({
  cast,
  firefox,
}) => {
  const { alice, bob, carol } = await trioLedByFirefox(cast, firefox)
  const everybody = [alice, bob, carol]
  for (const one of everybody) await one.readDoc('paper')
  const linesOf = ({ name }: Participant): string[] => Array.from({ length: 50 }, (_, i) => `${name} ${i}\n`)
  await Promise.all(everybody.map((one) => one.writeDoc('paper', linesOf(one))))
  const text = await untilSameDoc(everybody, 'paper', everybody.flatMap(linesOf))
  expect(text.split('\n')).toHaveLength(151)
  const seenBy = (one: Participant) => async () => (await one.readDoc('paper')).others
  await expect.poll(seenBy(alice), patience).toEqual(['bob', 'carol'])
  await expect.poll(seenBy(bob), patience).toEqual(['alice', 'carol'])
  await expect.poll(seenBy(carol), patience).toEqual(['alice', 'bob'])

  await alice.close()
  await expect.poll(seenBy(bob), patience).toEqual(['carol'])
  await expect.poll(seenBy(carol), patience).toEqual(['bob'])
})

test('Firefox fetches a document of three megabytes, keeps it over a SIGKILL, and takes in what it missed', async ({
  cast,
  firefox,
}) => {
  const { mesh } = cast
  const [bobs, browser] = await Promise.all([cast.profile('bob'), firefox('alice')])
  const [bob, carol] = await Promise.all([bobs.open({ mesh }), cast.agent('carol')])
  const pages = Array.from(
    { length: 48 },
    (_, i) => `page ${i} ${String.fromCharCode(97 + (i % 26)).repeat(65_536)}\n`,
  )
  await carol.writeDoc('book', pages)
  await bob.readDoc('book')
  await untilSameDoc([bob, carol], 'book', pages)

  const alice = await browser.open(mesh)
  await alice.readDoc('book')
  await untilSameDoc([alice, bob, carol], 'book', pages)
  await alice.untilDocStored('book')
  await browser.kill()
  await bob.writeDoc('book', ['a line that alice missed\n'])
  await browser.relaunch()
  const again = await browser.open(mesh)
  const { text } = await again.readDoc('book')
  expect(text.length, 'what was stored is there before anybody is asked').toBeGreaterThan(48 * 65_536)
  await untilSameDoc([again, bob, carol], 'book', ['a line that alice missed\n', ...pages])
})

test('a note of the app is written in Firefox and in Chromium; each sees the other’s name in it', async ({
  cast,
  firefox,
}) => {
  const { mesh } = cast
  const [browser, bobs] = await Promise.all([firefox('alice'), cast.profile('bob')])
  const [alice, bob] = [await browser.open(mesh), await bobs.open({ mesh })]
  await untilAgree([alice, bob])
  await alice.click('nav-notes')
  await alice.click('new-note')
  await alice.page.locator('[data-testid=note-title]').fill('Plan')
  await alice.typeNote('# From Firefox')
  const editor = bob.page.getByTestId('note-editor')
  await bob.page.getByTestId('nav-notes').click()
  await bob.page.getByTestId('note-item').filter({ hasText: 'Plan' }).click(patience)
  await expect(editor).toContainText('# From Firefox', patience)
  await editor.press('Control+End')
  await editor.pressSequentially(' and Chromium')
  const seenByAlice = () => alice.page.$eval(noteEditor, (element) => element.textContent)
  await expect.poll(seenByAlice, patience).toMatch(/# From Firefox and Chromium.*bob/)
  await alice.typeNote(', again')
  await expect(editor).toContainText(', again', patience)
  expect(alice.complaints).toEqual([])
})

test('the app opens in Firefox with no server at all, with what was stored, and delivers when there is one', async ({
  castWithOwnServer: { mesh, server, profile },
  firefox,
}) => {
  const [browser, bobs] = await Promise.all([firefox('alice', server.url), profile('bob')])
  const [alice, bob] = [await browser.open(mesh), await bobs.open({ mesh })]
  await untilAgree([alice, bob])
  await bob.untilInRoom('general', ['alice', 'bob'])
  await alice.write('while there was a server')
  await alice.untilDelivered('while there was a server', ['bob'])
  await alice.page.waitForFunction(() => navigator.serviceWorker.controller !== null, patience)

  await server.kill()
  await browser.kill()
  await bobs.quit()
  await browser.relaunch()
  const offline = await browser.open(mesh)
  await offline.untilShown('while there was a server')
  await offline.write('while there was none')
  await offline.untilShown('while there was none')
  await untilAgree([offline])

  await server.start()
  await bobs.relaunch()
  const returned = await bobs.open({ mesh })
  await expect(returned.message('while there was none')).toBeVisible(patience)
  await offline.untilDelivered('while there was none', ['bob'])
})
