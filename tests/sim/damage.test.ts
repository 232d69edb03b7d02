// What disks, backups and hostile peers do to whole simulated peers: nothing is forked, nothing silently lost, and
// a bad frame harms nobody but its sender.

import { expect, test } from 'vitest'
import type { PeerId } from '../../core/base/ids.ts'
import { toHex } from '../../core/base/ids.ts'
import { limits } from '../../core/base/limits.ts'
import type { Link } from '../../core/base/ports.ts'
import { docRange } from '../../core/docs/rows.ts'
import type { World } from '../../core/platform/sim/world.ts'
import { formatNegotiation, parseNegotiation } from '../../core/wire/negotiation.ts'
import {
  consume,
  createMeshWorld,
  joinAs,
  joinInTurn,
  server,
  untilFullMesh,
  type Actor,
} from './mesh-world.ts'

const codes = (actor: Actor): string[] => actor.errors.map(({ code }) => code)

const readRoom = async (world: World, actor: Actor): Promise<unknown[]> =>
  (await world.finish(actor.mesh.history('#general'))).map(({ body }) => body)

async function chatting(world: World, names: readonly string[], count: number): Promise<Actor[]> {
  const actors = await joinInTurn(world, names)
  for (const { mesh } of actors) await world.finish(mesh.room('general').join())
  await world.run(2_000)
  for (let i = 0; i < count; i++) {
    const sent = await world.finish(actors[0]!.mesh.send('#general', i))
    await world.finish(sent.delivered())
  }
  return actors
}

test('a corrupted record is set aside, reported and fetched again', async () => {
  const world = createMeshWorld(51)
  const [alice, bob] = await chatting(world, ['alice', 'bob'], 5)
  const feed = alice!.mesh.status().storage.storeId
  bob!.process.kill()
  await world.run(5_000)
  const disk = world.disk('bob')
  const key = disk.keys().filter((each) => each.startsWith(`feed/${feed}/`))[3]!
  disk.corrupt(key)
  const back = await joinAs(world, 'bob', { process: bob!.process.restart() })
  await untilFullMesh(world, [alice!, back])
  await readRoom(world, back)
  await world.until(() => codes(back).includes('record-corrupt'), { withinMs: 60_000, what: 'reported' })
  await world.run(60_000)
  expect(await readRoom(world, back)).toEqual([0, 1, 2, 3, 4])
  expect(disk.keys().filter((each) => each.startsWith('aside/'))).toEqual([`aside/${key}`])
})

test('a message whose inbox row was damaged before it was handled is given to the program nevertheless', async () => {
  const world = createMeshWorld(56)
  const [, bob] = await chatting(world, ['alice', 'bob'], 3)
  bob!.process.kill()
  await world.run(5_000)
  const disk = world.disk('bob')
  disk.corrupt(disk.keys().filter((each) => each.startsWith('inbox/'))[1]!)
  const back = await joinAs(world, 'bob', { process: bob!.process.restart() })
  consume(back)
  await world.until(() => back.inbox.length === 3, { withinMs: 60_000, what: 'all three are given' })
  expect(back.inbox.toSorted()).toEqual([0, 1, 2])
  expect(codes(back)).toContain('record-corrupt')
})

test('what was found missing and mended is mended again where the end of the log was lost with it', async () => {
  const world = createMeshWorld(59)
  const [alice, bob] = await chatting(world, ['alice', 'bob'], 8)
  const disk = world.disk('bob')
  bob!.process.kill()
  await world.run(5_000)
  expect(disk.skipCommits(12, 6).filter((key) => key.startsWith('feed/')).length).toBeGreaterThan(1)
  const before = disk.commits
  const mended = await joinAs(world, 'bob', { process: bob!.process.restart() })
  const bodies = [0, 1, 2, 3, 4, 5, 6, 7]
  await untilFullMesh(world, [alice!, mended])
  await world.run(60_000)
  expect(await readRoom(world, mended)).toEqual(bodies)
  mended.process.kill()
  await world.run(5_000)
  // All that was written since, and the word that somebody has looked.
  disk.skipCommits(0, disk.commits - before + 1)
  expect(disk.mayLack).toBe(true)
  const again = await joinAs(world, 'bob', { process: mended.process.restart() })
  await untilFullMesh(world, [alice!, again])
  await world.run(60_000)
  expect(await readRoom(world, again)).toEqual(bodies)
})

test('a row that was set aside by a run that died right then is made up by the next', async () => {
  const world = createMeshWorld(57)
  const [, bob] = await chatting(world, ['alice', 'bob'], 3)
  bob!.process.kill()
  await world.run(5_000)
  const disk = world.disk('bob')
  const key = disk.keys().filter((each) => each.startsWith('talk/'))[1]!
  // The commit that sets a row aside is done; the one that writes it again never came.
  disk.write(`aside/${key}`, disk.read(key)!)
  disk.write('aside/', new TextEncoder().encode(key))
  disk.remove(key)
  const back = await joinAs(world, 'bob', { process: bob!.process.restart() })
  await world.until(() => disk.read('aside/') === undefined, { withinMs: 10_000, what: 'looked through' })
  expect(await readRoom(world, back)).toEqual([0, 1, 2])
})

test('what is found damaged while a mesh opens is told to the first who listens for errors', async () => {
  const world = createMeshWorld(58)
  const [alice, bob] = await chatting(world, ['alice', 'bob'], 3)
  bob!.process.kill()
  await world.run(5_000)
  const head = `head/${alice!.mesh.status().storage.storeId}`
  world.disk('bob').corrupt(head)
  const back = await joinAs(world, 'bob', { process: bob!.process.restart() })
  await world.run(1_000)
  expect(back.errors.filter(({ details }) => details['key'] === head).map(({ code }) => code)).toEqual([
    'record-corrupt',
  ])
})

test('a store put back from an older backup goes on as a new feed: nothing is forked, duplicated or lost', async () => {
  const world = createMeshWorld(52)
  const [alice, bob] = await chatting(world, ['alice', 'bob'], 2)
  consume(bob!)
  const backup = world.disk('alice').image()
  for (const body of ['a', 'b']) {
    await world.finish((await world.finish(alice!.mesh.send('#general', body))).delivered())
  }
  alice!.process.kill()
  await world.run(5_000)
  world.disk('alice').restore(backup)
  const old = alice!.mesh.status().storage.storeId
  const back = await joinAs(world, 'alice', { process: alice!.process.restart() })
  await world.until(() => codes(back).includes('store-forked'), {
    withinMs: 60_000,
    what: 'the fork is noticed',
  })
  expect(back.mesh.status().storage.storeId).not.toBe(old)
  await world.finish((await world.finish(back.mesh.send('#general', 'c'))).delivered())
  await world.run(60_000)
  expect(await readRoom(world, back)).toEqual([0, 1, 'a', 'b', 'c'])
  expect(await readRoom(world, bob!)).toEqual([0, 1, 'a', 'b', 'c'])
  expect(bob!.inbox).toEqual([0, 1, 'a', 'b', 'c'])
})

test('a cloned store: both go on, under feeds of their own, and every message of both arrives once', async () => {
  const world = createMeshWorld(53)
  const [alice, bob] = await chatting(world, ['alice', 'bob'], 2)
  consume(bob!)
  world.cloneDisk('alice', 'clone')
  const clone = await joinAs(world, 'clone')
  await untilFullMesh(world, [alice!, bob!, clone])
  for (let i = 0; i < 3; i++) {
    await world.finish(alice!.mesh.send('@bob', `alice ${i}`))
    await world.finish(clone.mesh.send('@bob', `clone ${i}`))
  }
  await world.until(() => bob!.inbox.length === 8, { withinMs: 120_000, what: 'bob has all' })
  await world.run(60_000)
  const from = (name: string): unknown[] => bob!.inbox.filter((body) => String(body).startsWith(name))
  expect(from('alice')).toEqual(['alice 0', 'alice 1', 'alice 2'])
  expect(from('clone')).toEqual(['clone 0', 'clone 1', 'clone 2'])
  expect(alice!.mesh.status().storage.storeId).not.toBe(clone.mesh.status().storage.storeId)
})

test('a wiped store starts a new feed; what it had written comes back from the others', async () => {
  const world = createMeshWorld(54)
  const [alice, bob] = await chatting(world, ['alice', 'bob'], 3)
  const old = alice!.mesh.status().storage.storeId
  alice!.process.kill()
  await world.run(5_000)
  world.disk('alice').wipe()
  const back = await joinAs(world, 'alice', { process: alice!.process.restart() })
  expect(back.mesh.status().storage.storeId).not.toBe(old)
  expect(back.mesh.me.member).toBe(alice!.mesh.me.member)
  await world.finish(back.mesh.room('general').join())
  await world.run(10_000)
  await world.finish((await world.finish(back.mesh.send('#general', 3))).delivered())
  expect(await readRoom(world, back)).toEqual([0, 1, 2, 3])
  expect(await readRoom(world, bob!)).toEqual([0, 1, 2, 3])
})

/** A peer of ours only in that it can open a link: what it sends over it is up to the test. */
async function mallory(world: World, target: PeerId): Promise<{ link: Link; ended: () => boolean }> {
  const platform = world.platform({ name: 'mallory', store: 'memory' })
  const topic = await platform.crypto.sha256(new TextEncoder().encode('skein/1/test'))
  // The lowest id there is: the one that dials.
  const me = '0'.repeat(32) as PeerId
  let link: Link | undefined
  let down = false
  const signaling = platform.signaling(server)
  platform.connector.events = {
    signal: (to, connection, data) =>
      void signaling.send(to, formatNegotiation({ type: 'signal', connection, data })),
    linked: (made) => {
      link = made
      made.events = { frame: () => undefined, drained: () => undefined, down: () => (down = true) }
    },
    failed: () => undefined,
  }
  signaling.events = {
    state: () => undefined,
    present: () => platform.connector.dial(target, toHex(new Uint8Array(16).fill(7))),
    signal: (from, data) => {
      const parsed = parseNegotiation(data)
      if (parsed.ok && parsed.value.type === 'signal') {
        platform.connector.signal(from, parsed.value.connection, parsed.value.data)
      }
    },
    absent: () => undefined,
    socketClosed: () => undefined,
  }
  signaling.start(toHex(topic.subarray(0, 16)), me)
  await world.until(() => link !== undefined, { withinMs: 10_000, what: 'mallory has a link' })
  return { link: link!, ended: () => down }
}

test.each([
  ['garbage', () => Uint8Array.from({ length: 300 }, (_, i) => (i * 97 + 13) % 256)],
  ['a ping before its hello', () => Uint8Array.of(6, 2, 0, 0)],
  ['a truncated message', () => Uint8Array.of(6, 1, 1, 4)],
  ['a piece without its beginning', () => Uint8Array.of(4, 1, 2, 3)],
  [
    'a first piece that promises gigabytes',
    () => {
      const frame = new Uint8Array(limits.maxFrameBytes)
      frame.set([2, 0xff, 0xff, 0xff, 0xff])
      return frame
    },
  ],
])('a hostile peer that sends %s ends with its link closed, and nothing changes', async (_, frame) => {
  const world = createMeshWorld(55)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const [alice] = actors
  const { link, ended } = await mallory(world, alice!.mesh.me.id)
  for (let i = 0; i < limits.maxMalformedFrames; i++) link.send(frame())
  await world.until(ended, { withinMs: 20_000, what: 'its link is closed' })
  await world.run(10_000)
  expect(alice!.mesh.status().counters['malformedFrames']).toBe(limits.maxMalformedFrames)
  expect(codes(alice!)).toContain('peer-misbehaved')
  expect(actors.map(({ mesh }) => [mesh.leader?.name, mesh.others.size, mesh.epoch])).toEqual([
    ['alice', 1, 1],
    ['alice', 1, 1],
  ])
  const sent = await world.finish(alice!.mesh.send('@bob', 'still here'))
  await world.finish(sent.delivered())
})

test('DO13 a store that is repaired in the middle of a run has what open documents hold again', async () => {
  const world = createMeshWorld(906)
  const process = world.platform({ name: 'alice' })
  let repaired: ((said: string) => Promise<unknown>) | undefined
  const store = { ...process.store, onLoss: (look: typeof repaired) => void (repaired = look) }
  const platform = Object.create(process, { store: { value: store } }) as typeof process
  const alice = await joinAs(world, 'alice', { process: platform })
  const handle = await world.finish(alice.mesh.doc('notes'))
  handle.doc.getText('text').insert(0, 'words')
  await world.finish(handle.whenStored())
  // What was damaged is left out of the repaired database.
  const rows = await world.finish(process.store.range(docRange('notes')))
  await world.finish(process.store.commit({ delete: rows.map(({ key }) => key) }))
  await world.finish(repaired!('The database was repaired.'))
  await world.finish(handle.whenStored())
  process.kill()
  const again = await joinAs(world, 'alice', { process: process.restart() })
  const reopened = await world.finish(again.mesh.doc('notes'))
  expect(reopened.doc.getText('text').toJSON()).toBe('words')
})
