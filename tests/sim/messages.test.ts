// Messages between whole simulated peers: stored, delivered, handled; whoever dies in between.

import { expect, test } from 'vitest'
import type { MeshError } from '../../core/base/errors.ts'
import type { World } from '../../core/platform/sim/world.ts'
import {
  consume,
  createMeshWorld,
  joinAs,
  joinInTurn,
  server,
  untilFullMesh,
  type Actor,
} from './mesh-world.ts'

const inGeneral = async (world: World, actors: readonly Actor[]): Promise<void> => {
  for (const { mesh } of actors) await world.finish(mesh.room('general').join())
  await world.until(
    () => actors.every(({ mesh }) => mesh.rooms.get('general')?.members.length === actors.length),
    { withinMs: 30_000, what: 'everybody is in #general' },
  )
}

const bodies = async (world: World, actor: Actor, to: `#${string}` | `@${string}`): Promise<unknown[]> =>
  (await world.finish(actor.mesh.history(to))).map(({ body }) => body)

test('a message to a room reaches every member, with receipts, and is handled once', async () => {
  const world = createMeshWorld(21)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  await inGeneral(world, actors)
  for (const actor of actors) consume(actor)
  await world.run(1_000)
  const sent = await world.finish(actors[0]!.mesh.send('#general', { hello: 'all' }))
  await world.finish(sent.delivered())
  expect(sent.deliveredTo.size).toBe(2)
  await world.run(1_000)
  expect(actors.map(({ inbox }) => inbox)).toEqual([[], [{ hello: 'all' }], [{ hello: 'all' }]])
  for (const actor of actors) expect(await bodies(world, actor, '#general')).toEqual([{ hello: 'all' }])
})

test('one broadcast of a message costs N-1 frames', async () => {
  const world = createMeshWorld(22)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave', 'erin'])
  await inGeneral(world, actors)
  await world.run(5_000)
  const frames = (): number =>
    actors.reduce((sum, { mesh }) => sum + (mesh.status().counters['broadcastsSent'] ?? 0), 0)
  const before = frames()
  const sent = await world.finish(actors[2]!.mesh.send('#general', 'once'))
  await world.finish(sent.delivered())
  await world.run(5_000)
  expect(frames() - before).toBe(4)
})

test('a direct message goes to its addressee only, by name and by member', async () => {
  const world = createMeshWorld(23)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  for (const actor of actors) consume(actor)
  const [alice, bob, carol] = actors
  await world.finish(alice!.mesh.send('@bob', 'by name'))
  await world.finish(alice!.mesh.send(bob!.mesh.me.member, 'by member'))
  await world.until(() => bob!.inbox.length === 2, { withinMs: 10_000, what: 'bob has both' })
  expect(bob!.inbox).toEqual(['by name', 'by member'])
  expect(await bodies(world, bob!, '@alice')).toEqual(['by name', 'by member'])
  expect(carol!.inbox).toEqual([])
  expect(await bodies(world, carol!, '@alice')).toEqual([])
})

test('a message to a name nobody bears waits, and goes out at first sight of the bearer', async () => {
  const world = createMeshWorld(24)
  const alice = await joinAs(world, 'alice')
  const sent = await world.finish(alice.mesh.send('@bob', 'welcome'))
  await world.run(60_000)
  expect(alice.mesh.status().queues.waitingForName).toBe(1)
  expect((await world.finish(alice.mesh.history('@bob'))).map(({ state }) => state)).toEqual(['waiting'])
  const bob = await joinAs(world, 'bob')
  consume(bob)
  await world.finish(sent.delivered())
  await world.until(() => bob.inbox.length === 1, { withinMs: 10_000, what: 'bob reads it' })
  expect(bob.inbox).toEqual(['welcome'])
})

test('a message that waits for a name is delivered once a tab of the same browser bears it', async () => {
  const world = createMeshWorld(24)
  const alice = await joinAs(world, 'alice', { browser: 'chromium' })
  const sent = await world.finish(alice.mesh.send('@bob', 'to the other tab'))
  const delivered = sent.delivered()
  await world.run(1_000)
  await joinAs(world, 'bob', { browser: 'chromium' })
  await world.finish(delivered)
  expect([...sent.deliveredTo]).toEqual([alice.mesh.me.member])
})

test('messages that wait for a name keep their order, also across a restart', async () => {
  const world = createMeshWorld(37)
  const first = await joinAs(world, 'alice')
  for (let i = 0; i < 10; i++) await world.finish(first.mesh.send('@bob', i))
  first.process.kill()
  const alice = await joinAs(world, 'alice', { process: first.process.restart() })
  for (let i = 10; i < 20; i++) await world.finish(alice.mesh.send('@bob', i))
  const bob = await joinAs(world, 'bob')
  consume(bob)
  await world.until(() => bob.inbox.length === 20, { withinMs: 30_000, what: 'bob has all 20' })
  expect(bob.inbox).toEqual(Array.from({ length: 20 }, (_, i) => i))
})

test('what was written while the addressee was away arrives when it is back, in order and once', async () => {
  const world = createMeshWorld(25)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  bob!.process.kill()
  await world.run(5_000)
  for (let i = 0; i < 50; i++) await world.finish(alice!.mesh.send('@bob', i))
  await world.run(60_000)
  const back = await joinAs(world, 'bob', { process: bob!.process.restart() })
  consume(back)
  await world.until(() => back.inbox.length === 50, { withinMs: 60_000, what: 'bob has all 50' })
  await world.run(60_000)
  expect(back.inbox).toEqual(Array.from({ length: 50 }, (_, i) => i))
  expect(alice!.mesh.status().queues.undelivered).toBe(0)
})

test('a sender killed the instant send() resolves loses nothing: it delivers when it is back', async () => {
  const world = createMeshWorld(26)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  consume(bob!)
  let sender = alice!
  for (let i = 0; i < 20; i++) {
    await world.finish(sender.mesh.send('@bob', i))
    sender.process.kill()
    await world.run(200)
    sender = await joinAs(world, 'alice', { process: sender.process.restart() })
  }
  await world.until(() => bob!.inbox.length === 20, { withinMs: 120_000, what: 'bob has all 20' })
  expect(bob!.inbox).toEqual(Array.from({ length: 20 }, (_, i) => i))
})

test('a sibling tab delivers what a killed one left, with no server at all', async () => {
  const world = createMeshWorld(27)
  const [first, second] = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome' })
  const bob = await joinAs(world, 'bob')
  await untilFullMesh(world, [first!, second!, bob])
  bob.process.kill()
  await world.run(5_000)
  await world.finish(first!.mesh.send('@bob', 'from beyond'))
  first!.process.kill()
  await world.run(5_000)
  const back = await joinAs(world, 'bob', { process: bob.process.restart() })
  consume(back)
  await world.until(() => back.inbox.length === 1, { withinMs: 60_000, what: 'bob has it' })
  expect(back.inbox).toEqual(['from beyond'])
})

test('tabs of one browser write at the same time: one feed, no hole, nothing lost', async () => {
  const world = createMeshWorld(28)
  const tabs = await joinInTurn(world, ['alice', 'alice2', 'alice3'], { browser: 'chrome' })
  const bob = await joinAs(world, 'bob')
  await untilFullMesh(world, [...tabs, bob])
  consume(bob)
  const sends = tabs.flatMap(({ mesh, name }) =>
    Array.from({ length: 30 }, (_, i) => mesh.send('@bob', `${name} ${i}`)),
  )
  await world.finish(Promise.all(sends))
  await world.until(() => bob.inbox.length === 90, { withinMs: 60_000, what: 'bob has all 90' })
  for (const { name } of tabs) {
    const own = bob.inbox.filter((body) => String(body).startsWith(`${name} `))
    expect(own).toEqual(Array.from({ length: 30 }, (_, i) => `${name} ${i}`))
  }
})

test('the inbox belongs to the member: one tab consumes it, another takes over when that one dies', async () => {
  const world = createMeshWorld(29)
  const tabs = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome' })
  const bob = await joinAs(world, 'bob')
  await untilFullMesh(world, [...tabs, bob])
  for (const tab of tabs) consume(tab)
  await world.run(2_000)
  const to = tabs[0]!.mesh.me.member
  for (let i = 0; i < 5; i++) await world.finish(bob.mesh.send(to, i))
  await world.until(() => tabs[0]!.inbox.length + tabs[1]!.inbox.length === 5, {
    withinMs: 10_000,
    what: 'five read',
  })
  const reader = tabs.find(({ inbox }) => inbox.length > 0)!
  const other = tabs.find((tab) => tab !== reader)!
  expect(other.inbox).toEqual([])
  reader.process.kill()
  for (let i = 5; i < 8; i++) await world.finish(bob.mesh.send(to, i))
  await world.until(() => other.inbox.length === 3, { withinMs: 30_000, what: 'the other tab reads on' })
  expect([...reader.inbox, ...other.inbox]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('a message not handled comes again under the same id; retry brings it back after its delay', async () => {
  const world = createMeshWorld(30)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  await world.finish(alice!.mesh.send('@bob', 'do it', { id: 'job-1' }))
  const loop = bob!.mesh.inbox()
  const first = (await world.finish(loop.next())).value!
  expect([first.id, first.attempt, first.fromName]).toEqual(['job-1', 1, 'alice'])
  await world.finish(first.retry({ delayMs: 5_000 }))
  const second = (await world.finish(loop.next())).value!
  expect([second.id, second.attempt]).toEqual(['job-1', 2])
  bob!.process.kill()
  const back = await joinAs(world, 'bob', { process: bob!.process.restart() })
  const again = (await world.finish(back.mesh.inbox().next())).value!
  expect(again.id).toBe('job-1')
  await world.finish(again.handled())
  const reborn = await joinAs(world, 'bob', { process: back.process.restart() })
  consume(reborn)
  await world.run(60_000)
  expect(reborn.inbox).toEqual([])
})

test('chat goes on with the signaling server dead, and a partition catches up when it heals', async () => {
  const world = createMeshWorld(31)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  await inGeneral(world, actors)
  world.partition([
    ['alice', 'bob'],
    ['carol', 'dave', server],
  ])
  await world.run(10_000)
  await world.finish(actors[0]!.mesh.send('#general', 'left'))
  await world.finish(actors[2]!.mesh.send('#general', 'right'))
  await world.run(10_000)
  world.heal()
  await world.until(() => actors.every(({ mesh }) => mesh.status().links.length === 3), {
    withinMs: 120_000,
    what: 'healed',
  })
  world.server(server).stop()
  await world.finish(actors[3]!.mesh.send('#general', 'together'))
  await world.run(60_000)
  const ids: string[][] = []
  for (const { mesh } of actors) ids.push((await world.finish(mesh.history('#general'))).map(({ id }) => id))
  expect(ids[0]!.length).toBe(3)
  for (const view of ids) expect(view).toEqual(ids[0])
})

test('a newcomer reads the history of a room it joins, though its inbox begins with the joining', async () => {
  const world = createMeshWorld(32)
  const [alice] = await joinInTurn(world, ['alice'])
  await inGeneral(world, [alice!])
  const sent = await world.finish(alice!.mesh.send('#general', 'to nobody yet'))
  await world.run(10_000)
  const bob = await joinAs(world, 'bob')
  await world.finish(bob.mesh.room('general').join())
  consume(bob)
  await world.run(10_000)
  expect(await bodies(world, bob, '#general')).toEqual(['to nobody yet'])
  expect(bob.inbox).toEqual([])
  expect([...sent.deliveredTo]).toEqual([bob.mesh.me.member])
})

test('a full disk rejects send() with storage-full, and what was stored stays readable', async () => {
  const world = createMeshWorld(33)
  const alice = await joinAs(world, 'alice')
  await world.finish(alice.mesh.send('#general', 'kept'))
  world.disk('alice').failing = 'storage-full'
  const refused = await world.finish(
    alice.mesh.send('#general', 'too much').then(
      () => undefined,
      (error: MeshError) => error.code,
    ),
  )
  expect(refused).toBe('storage-full')
  world.disk('alice').failing = undefined
  await world.finish(alice.mesh.send('#general', 'room again'))
  expect(await bodies(world, alice, '#general')).toEqual(['kept', 'room again'])
})

test('the time to live runs out: reported with who lacks the message', async () => {
  const world = createMeshWorld(34)
  const [alice, bob] = await joinInTurn(world, ['alice', 'bob'])
  bob!.process.kill()
  await world.run(5_000)
  const sent = await world.finish(alice!.mesh.send('@bob', 'soon stale', { ttlMs: 10_000 }))
  const outcome = await world.finish(sent.delivered().catch((error: MeshError) => error))
  expect(outcome).toMatchObject({ code: 'expired', details: { lacking: [bob!.mesh.me.member] } })
  expect(alice!.errors.map(({ code }) => code)).toContain('expired')
})

test('casts reach everybody or one peer, and nothing of them is stored', async () => {
  const world = createMeshWorld(35)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const heard: string[] = []
  for (const { mesh, name } of actors)
    mesh.onCast('cursor', ({ from, body }) => heard.push(`${name} hears ${from.name}: ${String(body)}`))
  actors[0]!.mesh.cast('cursor', 1)
  await world.run(1_000)
  actors[0]!.mesh.cast('cursor', 2, { to: actors[2]!.mesh.me.id })
  await world.run(1_000)
  expect(heard.sort()).toEqual(['bob hears alice: 1', 'carol hears alice: 1', 'carol hears alice: 2'])
})

test('bad input is refused with a code and a sentence, and nothing is stored', async () => {
  const world = createMeshWorld(36)
  const alice = await joinAs(world, 'alice')
  const code = (promise: Promise<unknown>): Promise<unknown> =>
    world.finish(promise.then(() => 'stored').catch((error: MeshError) => error.code))
  expect(await code(alice.mesh.send('@two words', 'x'))).toBe('invalid-argument')
  expect(await code(alice.mesh.send('#general', Number.NaN))).toBe('body-not-json')
  expect(await code(alice.mesh.send('#general', new Uint8Array(1024 * 1024 + 1)))).toBe('body-too-large')
  expect(await code(alice.mesh.send('#general', new Uint8Array(1024 * 1024)))).toBe('stored')
  expect(await code(alice.mesh.send('#general', 'x', { id: 'no spaces' }))).toBe('invalid-argument')
  expect(await code(alice.mesh.send('#general', 'x', { ttlMs: 0 }))).toBe('invalid-argument')
  expect(() => alice.mesh.room('no room')).toThrow('room name')
})
