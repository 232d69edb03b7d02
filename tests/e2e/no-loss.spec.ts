// Nothing stored is lost: programs are killed the instant send() resolves, everybody is away at some time, the
// signaling server is dead. In the end every message has reached every addressee once, in order, and was handled once.

import { expect } from '@playwright/test'
import { type Cast, test } from './support/fixtures.ts'
import { type Participant, patience, untilAgree } from './support/participant.ts'
import type { Profile } from './support/profile.ts'

/** Every death costs a browser tab or a process its start; the long run is for whoever has the time. */
const deaths = process.env['SKEIN_LONG'] === '1' ? 1000 : 100

const numbered = (count: number, word = 'message'): string[] =>
  Array.from({ length: count }, (_, i) => `${word} ${i + 1}`)

/** The inbox gave exactly these, in this order, each once and with an id of its own, and each was handled. */
async function untilHandled(
  addressee: Participant,
  bodies: readonly string[],
  author?: string,
): Promise<void> {
  await expect(async () => {
    const { inbox, handled } = await addressee.report()
    const theirs = inbox.filter(({ fromName }) => author === undefined || fromName === author)
    expect(theirs.map(({ body }) => body)).toEqual(bodies)
    expect(handled).toEqual(inbox.map(({ id }) => id))
    expect(new Set(handled).size).toBe(handled.length)
  }).toPass(patience)
}

/** Alice and bob have met, so that each knows the other by name; both are in #general. */
async function acquainted({ mesh, profile, agent }: Cast) {
  const alices = await profile('alice')
  const alice = await alices.open({ mesh })
  const bob = await agent('bob')
  await bob.joinRoom('general')
  await untilAgree([alice, bob])
  await alice.untilInRoom('general', ['alice', 'bob'])
  return { alices, alice, bob }
}

test(`a tab killed the instant send() resolves, ${deaths} times, its addressee away at first`, async ({
  cast,
}) => {
  test.setTimeout(60_000 + deaths * 3_000)
  const { mesh } = cast
  const { alices, alice, bob } = await acquainted(cast)
  await alice.close()
  await bob.leave()
  const bodies = numbered(deaths)
  for (const [i, body] of bodies.entries()) {
    if (i === Math.floor(deaths / 2)) {
      await bob.restart()
      await bob.consume()
    }
    const tab = await alices.open({ mesh })
    await tab.sendAndDie(i % 2 === 0 ? '@bob' : '#general', body)
  }
  const last = await alices.open({ mesh })
  await untilHandled(bob, bodies)
  await expect.poll(async () => (await last.report()).undelivered, patience).toBe(0)
  const told = [...(await last.history('@bob')), ...(await last.history('#general'))]
  expect(told.filter(({ state }) => state !== 'delivered')).toEqual([])
  expect(told.map(({ body }) => body).toSorted()).toEqual([...bodies].toSorted())
})

test('a tab of the same browser delivers what a killed one left', async ({ cast }) => {
  test.setTimeout(120_000)
  const { mesh } = cast
  const { alices, alice, bob } = await acquainted(cast)
  await bob.consume()
  const bodies = numbered(10)
  for (const [i, body] of bodies.entries()) {
    const tab = await alices.open({ mesh })
    await tab.sendAndDie(i % 2 === 0 ? '@bob' : '#general', body)
  }
  await untilHandled(bob, bodies)
  await expect.poll(async () => (await alice.report()).undelivered, patience).toBe(0)
})

test(`an agent killed the instant send() resolves, ${deaths} times, its addressee away at first`, async ({
  cast,
}) => {
  test.setTimeout(60_000 + deaths * 3_000)
  const { mesh } = cast
  const { alices, alice, bob } = await acquainted(cast)
  await alices.quit()
  await expect.poll(async () => (await bob.report()).peers.length, patience).toBe(1)
  const bodies = numbered(deaths)
  let tab = alice
  for (const [i, body] of bodies.entries()) {
    if (i === Math.floor(deaths / 2)) {
      await alices.relaunch()
      tab = await alices.open({ mesh })
      await tab.consume()
    }
    await bob.sendAndDie(i % 2 === 0 ? '@alice' : '#general', body)
    await bob.restart()
  }
  await untilHandled(tab, bodies)
  await expect.poll(async () => (await bob.report()).undelivered, patience).toBe(0)
})

test('everybody goes offline, in turn and together; a third one carries what the author cannot', async ({
  cast,
}) => {
  const { mesh } = cast
  const { alices, alice, bob } = await acquainted(cast)
  const carol = await cast.agent('carol')
  await carol.joinRoom('general')
  await untilAgree([alice, bob, carol])
  await alice.untilInRoom('general', ['alice', 'bob', 'carol'])

  // Bob is away when alice writes; carol has it when alice is gone.
  await bob.leave()
  await expect.poll(async () => (await alice.report()).peers.length, patience).toBe(2)
  const first = await alice.send('#general', 'one')
  await expect.poll(async () => (await carol.report()).messages, patience).toContain(first)
  await alices.kill()
  await bob.restart()
  await bob.consume()
  await untilHandled(bob, ['one'])

  // Nobody is there when alice writes again.
  await carol.leave()
  await bob.leave()
  await alices.relaunch()
  const again = await alices.open({ mesh })
  await again.send('#general', 'two')
  await again.send('@bob', 'three')
  await alices.kill()

  // Bob comes, finds nobody, and writes; alice finds him at last.
  await bob.restart()
  await bob.consume()
  await bob.send('#general', 'four')
  await alices.relaunch()
  const returned = await alices.open({ mesh })
  await returned.consume()
  await untilHandled(bob, ['two', 'three'])
  await untilHandled(returned, ['four'])
  await carol.restart()
  await carol.consume()
  // Between two authors there is no order.
  await untilHandled(carol, ['one', 'two'], 'alice')
  await untilHandled(carol, ['four'], 'bob')
  for (const author of [returned, bob]) {
    await expect.poll(async () => (await author.report()).undelivered, patience).toBe(0)
  }
  const bodiesOf = async (who: typeof bob | typeof returned) =>
    (await who.history('#general')).map(({ body }) => body)
  expect(await bodiesOf(bob)).toEqual(await bodiesOf(carol))
  expect(await bodiesOf(bob)).toEqual(await bodiesOf(returned))
})

test('the signaling server is dead throughout: tabs of one browser and standing links carry everything', async ({
  castWithOwnServer: cast,
}) => {
  const { mesh, server } = cast
  const { alices, alice, bob } = await acquainted(cast)
  await bob.consume()
  await untilServedOffline(alices, mesh)
  await server.kill()
  const bodies = numbered(10)
  for (const body of bodies) {
    const tab = await alices.open({ mesh })
    await tab.sendAndDie('@bob', body)
  }
  await untilHandled(bob, bodies)

  // The other way: one of the tabs consumes the inbox; when it dies another goes on where it was.
  const consumer = await alices.open({ mesh })
  await consumer.consume()
  await untilAgree([alice, consumer, bob])
  for (const body of bodies.slice(0, 5)) await bob.send('@alice', body)
  await untilHandled(consumer, bodies.slice(0, 5))
  await consumer.crash()
  await alice.consume()
  for (const body of bodies.slice(5)) await bob.send('@alice', body)
  await untilHandled(alice, bodies.slice(5))
})

test('of two tabs one consumes the inbox; what it had not handled when it died comes to the other, same id', async ({
  cast,
}) => {
  const { mesh } = cast
  const { alices, alice, bob } = await acquainted(cast)
  const other = await alices.open({ mesh })
  await untilAgree([alice, other, bob])
  // Takes one message and never says that it is done.
  await alice.page.evaluate(() => {
    const inbox = window.mesh!.inbox()
    Object.assign(window, { taken: inbox.next().then(({ value }) => value?.id) })
  })
  const id = await bob.send('@alice', 'take this')
  const taken = () => alice.page.evaluate(() => (window as unknown as { taken: Promise<string> }).taken)
  expect(await taken()).toBe(id)
  await other.consume()
  await alice.crash()
  await untilHandled(other, ['take this'])
  expect((await other.report()).handled).toEqual([id])

  const third = await alices.open({ mesh })
  await third.consume()
  await bob.send('@alice', 'and this')
  await untilHandled(other, ['take this', 'and this'])
  expect((await third.report()).inbox).toEqual([])
})

/** The service worker holds the whole app: it opens without the server. */
async function untilServedOffline(profile: Profile, mesh: string): Promise<void> {
  const tab = await profile.open({ mesh })
  await tab.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await tab.close()
}
