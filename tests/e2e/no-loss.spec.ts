// Nothing stored is lost: programs are killed the instant send() resolves, everybody is away at some time, the
// signaling server is dead. In the end every message has reached every addressee once, in order, and was handled once.

import { expect } from '@playwright/test'
import { createRandom, type Random } from '../../core/base/random.ts'
import type { Agent } from './support/agent-process.ts'
import { type Cast, test } from './support/fixtures.ts'
import { type Participant, patience, untilAgree } from './support/participant.ts'
import type { Profile } from './support/profile.ts'
import type { Tab } from './support/tab.ts'

/** Every death costs a browser tab or a process its start; the long run is for whoever has the time. */
const deaths = process.env['SKEIN_LONG'] === '1' ? 1000 : 40

/** Deaths of a whole browser; as many of its tab alone. Each costs some three seconds. */
const browserDeaths = process.env['SKEIN_LONG'] === '1' ? 50 : 8
const seed = Number(process.env['SKEIN_FIRST_SEED'] ?? Math.floor(Math.random() * 2 ** 32))

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

test(`a browser killed ${browserDeaths} times and its tab alone as often, at random instants`, async ({
  cast,
}) => {
  test.setTimeout(120_000 + browserDeaths * 20_000)
  const { mesh } = cast
  const { alices, bob } = await acquainted(cast)
  await bob.consume()
  console.log(`SKEIN_FIRST_SEED=${seed}`)
  const random = randomOf(seed)
  const diary = new Diary()
  const expected: string[] = []
  for (let life = 1; life <= 2 * browserDeaths; life++) {
    await alices.context.exposeFunction('tell', (line: TabLine) => diary.hear(line)).catch(toldAlready)
    // Some die before they have joined, most at work, and each fourth, on a slow machine too, once it has handled something.
    if (life % 4 !== 1 && random.integer(3) === 0) {
      void alices.open({ mesh }).catch(killedMeanwhile)
      await pause(random.integer(1000))
    } else {
      const tab = await alices.open({ mesh })
      const ids = bob.send('@alice', `for life ${life}`).then((id) => expected.push(id))
      await tab.page.evaluate(workAndTell, life)
      await ids
      const handled = diary.handled.size
      if (life % 4 === 1) await expect.poll(() => diary.handled.size, patience).toBeGreaterThan(handled)
      await pause(random.integer(500))
    }
    if (life % 10 === 0) console.log(`${life} deaths, ${diary.stored.length} messages stored`)
    if (life % 2 === 0) {
      await alices.kill()
      await alices.relaunch()
    } else await killRenderers(alices)
  }
  const last = await alices.open({ mesh })
  await last.consume()
  diary.members.add((await last.report()).member)
  expect([...diary.members], 'the profile keeps its key, and so is one member in all its lives').toHaveLength(
    1,
  )
  const handledAtLast = async () => (await last.report()).handled
  await expect(async () => {
    // What died between taking and handling comes again; what was handled does not.
    const again = await handledAtLast()
    expect(
      again.filter((id) => diary.handled.has(id)),
      'nothing that was handled comes again',
    ).toEqual([])
    const missing = expected.filter((id) => !diary.begun.has(id) && !again.includes(id))
    expect(await fatesOf(missing, bob, last), 'everything for this one came').toEqual([])
    const { inbox } = await bob.report()
    const bodies = inbox.map(({ body }) => String(body))
    const lost = diary.stored.filter((body) => !bodies.includes(body))
    expect(lost, 'everything that was stored came to the other').toEqual([])
    expect(new Set(bodies).size).toBe(bodies.length)
    expect(bodies).toEqual(bodies.toSorted(byLifeAndNumber))
    expect((await last.report()).undelivered).toBe(0)
  }).toPass(patience)
  expect(diary.broken).toEqual([])
  expect(diary.stored.length).toBeGreaterThan(browserDeaths)
  expect(diary.handled.size).toBeGreaterThan(0)
  console.log(`${diary.stored.length} stored, ${diary.handled.size} handled, ${diary.edits} edits stored`)
})

/** Late or lost: how its author says that each stands, and whether the addressee holds it. */
async function fatesOf(ids: readonly string[], author: Agent, addressee: Tab): Promise<string[]> {
  if (ids.length === 0) return []
  const [sent, held] = await Promise.all([author.history('@alice'), addressee.history('@bob')])
  return ids.map((id) => {
    const state = sent.find((message) => message.id === id)?.state ?? 'unknown'
    return `${id}: ${state} for its author, ${held.some((message) => message.id === id) ? 'held' : 'not held'} here`
  })
}

/** What a tab says of itself while it works. */
type TabLine =
  | { readonly what: 'joined'; readonly member: string }
  | { readonly what: 'stored'; readonly body: string }
  | { readonly what: 'took'; readonly id: string }
  | { readonly what: 'handling'; readonly id: string }
  | { readonly what: 'handled'; readonly id: string }
  | { readonly what: 'loaded'; readonly edits: Readonly<Record<string, number>> }
  | { readonly what: 'edited'; readonly life: string; readonly n: number }

/** What tabs said before they died, and what they said that must not be. */
class Diary {
  /** Whoever the profile was. */
  readonly members = new Set<string>()
  readonly stored: string[] = []
  readonly begun = new Set<string>()
  readonly handled = new Set<string>()
  readonly broken: string[] = []
  edits = 0
  readonly #edits = new Map<string, number>()

  hear(line: TabLine): void {
    if (line.what === 'joined') this.members.add(line.member)
    else if (line.what === 'stored') this.stored.push(line.body)
    else if (line.what === 'handling') this.begun.add(line.id)
    else if (line.what === 'handled') this.handled.add(line.id)
    else if (line.what === 'took') {
      if (this.handled.has(line.id)) this.broken.push(`${line.id} came again after it was handled`)
    } else if (line.what === 'edited') {
      this.edits++
      this.#edits.set(line.life, line.n)
    } else if (line.what === 'loaded') {
      for (const [life, n] of this.#edits) {
        const found = line.edits[life] ?? 0
        if (found < n) this.broken.push(`of life ${life} edit ${n} was stored, and ${found} is there`)
      }
    }
  }
}

/** Runs in the page: sends, handles and edits without a pause, and tells each as soon as it is durable. */
async function workAndTell(life: number): Promise<void> {
  const mesh = window.mesh!
  const { tell } = window as unknown as { tell(line: TabLine): Promise<void> }
  void tell({ what: 'joined', member: mesh.me.member })
  const { doc, whenStored } = await mesh.doc('notes').then((handle) => ({
    doc: handle.doc,
    whenStored: () => handle.whenStored(),
  }))
  const edits = doc.getMap<number>('edits')
  void tell({ what: 'loaded', edits: edits.toJSON() as Record<string, number> })
  void (async () => {
    for (let n = 1; ; n++) {
      const body = `${life}/${n}`
      await mesh.send('@bob', body)
      void tell({ what: 'stored', body })
    }
  })()
  void (async () => {
    for await (const message of mesh.inbox()) {
      void tell({ what: 'took', id: message.id })
      // Heard before it is handled: what a killed browser had not passed on yet is heard by nobody.
      await tell({ what: 'handling', id: message.id })
      await message.handled()
      void tell({ what: 'handled', id: message.id })
    }
  })()
  void (async () => {
    for (let n = 1; ; n++) {
      edits.set(String(life), n)
      await whenStored()
      void tell({ what: 'edited', life: String(life), n })
    }
  })()
}

/** SIGKILLs the tabs and leaves the browser alone, then closes what is left of them. */
async function killRenderers(profile: Profile): Promise<void> {
  const session = await profile.context.browser()!.newBrowserCDPSession()
  const renderers = async (): Promise<number[]> => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  }
  const pages = profile.context.pages()
  const killed = await renderers()
  for (const pid of killed) endIfThere(pid)
  await Promise.all(pages.map((page) => page.close().catch(killedMeanwhile)))
  // A browser that has not noticed yet would open the next tab in a dead renderer that it kept in reserve.
  await expect
    .poll(async () => (await renderers()).filter((pid) => killed.includes(pid)), patience)
    .toEqual([])
}

function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error
  }
}

const byLifeAndNumber = (a: string, b: string): number => {
  const [[lifeA, nA], [lifeB, nB]] = [a, b].map((body) => body.split('/').map(Number)) as [
    [number, number],
    [number, number],
  ]
  return lifeA - lifeB || nA - nB
}

const randomOf = (number: number): Random => {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, number)
  return createRandom(bytes)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const killedMeanwhile = (error: unknown): string => String(error)
const toldAlready = (error: unknown): void => {
  if (!String(error).includes('has been already registered')) throw error
}

async function untilServedOffline(profile: Profile, mesh: string): Promise<void> {
  const tab = await profile.open({ mesh })
  await tab.untilServedOffline()
  await tab.close()
}
