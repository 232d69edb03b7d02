// What is said to be stored is on the disk, and what is on the disk is neither lost, doubled nor believed when damaged.

import type { MeshError } from '../../../core/base/errors.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import {
  consume,
  createMeshWorld,
  joinAs,
  joinInTurn,
  server,
  untilFullMesh,
  type Actor,
} from '../../sim/mesh-world.ts'
import { always, demand, eventually } from './complaint.ts'
import type { Scenario } from './scenarios.ts'

const count = (world: World, disk: string, prefix: string): number =>
  world
    .disk(disk)
    .keys()
    .filter((key) => key.startsWith(prefix)).length

const readRoom = async (world: World, { mesh }: Actor, to: `#${string}` | `@${string}`): Promise<unknown[]> =>
  (await world.finish(mesh.history(to))).map(({ body }) => body)

const restart = (world: World, { name, process }: Actor): Promise<Actor> =>
  joinAs(world, name, { process: process.restart() })

export const storageScenarios: readonly Scenario[] = [
  {
    name: 'send() resolves',
    play: async () => {
      const world = createMeshWorld(2001)
      const alice = await joinAs(world, 'alice', { signaling: [] })
      for (let i = 0; i < 5; i++) {
        const before = count(world, 'alice', 'feed/')
        await world.finish(alice.mesh.send('#general', i))
        const isStored = count(world, 'alice', 'feed/') > before
        demand(isStored, 'send() resolved before the message was on the disk')
      }
    },
  },
  {
    name: 'a send that fails',
    play: async () => {
      const world = createMeshWorld(2013)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      consume(bob)
      world.disk('alice').failing = 'storage-full'
      const refused = alice.mesh.send('@bob', 'not stored').then(
        () => false,
        () => true,
      )
      demand(await world.finish(refused), 'send() resolved before the message was on the disk')
      const isUnheard = (): boolean => bob.inbox.length === 0
      await always(world, 2_000, 'a message was spoken of that was never stored', isUnheard)
    },
  },
  {
    name: 'a receipt from a full disk',
    play: async () => {
      const world = createMeshWorld(2002)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      world.disk('bob').failing = 'storage-full'
      const sent = await world.finish(alice.mesh.send('@bob', 'is there room?'))
      const isHonest = (): boolean => sent.deliveredTo.size === 0
      await always(world, 5_000, 'a message counts as delivered that its addressee could not store', isHonest)
      world.disk('bob').failing = undefined
      await eventually(world, 60_000, 'the message is never delivered', () =>
        sent.deliveredTo.has(bob.mesh.me.member),
      )
    },
  },
  {
    name: 'two tabs write at once',
    play: async () => {
      const world = createMeshWorld(2003)
      const tabs = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome', signaling: [] })
      const bodies = tabs.flatMap(({ name }) => Array.from({ length: 10 }, (_, i) => `${name} ${i}`))
      const [first, second] = tabs as [Actor, Actor]
      const tabOf = (body: string): Actor => (body.startsWith('alice2') ? second : first)
      await world.finish(Promise.all(bodies.map((body) => tabOf(body).mesh.send('#general', body))))
      const held = await readRoom(world, first, '#general')
      const lost = bodies.filter((body) => !held.includes(body))
      demand(lost.length === 0, 'a message that was stored is overwritten by a sibling tab', lost.join())
    },
  },
  {
    name: 'one id twice',
    play: async () => {
      const world = createMeshWorld(2004)
      const alice = await joinAs(world, 'alice', { signaling: [] })
      await world.finish(alice.mesh.send('#general', 'once', { id: 'job-1' }))
      const back = await restart(world, alice)
      await world.finish(back.mesh.send('#general', 'once', { id: 'job-1' }))
      const held = await readRoom(world, back, '#general')
      demand(held.length === 1, 'one id became two messages')
    },
  },
  {
    name: 'handled, then restarted',
    play: async () => {
      const world = createMeshWorld(2005)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      consume(bob)
      await world.finish(alice.mesh.send('@bob', 'do it'))
      await eventually(world, 10_000, 'the message never comes', () => bob.inbox.length === 1)
      const back = await restart(world, bob)
      consume(back)
      const isOver = (): boolean => back.inbox.length === 0
      await always(world, 10_000, 'a message came again after it was handled', isOver)
    },
  },
  {
    name: 'two tabs read one inbox',
    play: async () => {
      const world = createMeshWorld(2011)
      const tabs = await joinInTurn(world, ['alice', 'alice2'], { browser: 'chrome' })
      const bob = await joinAs(world, 'bob')
      await untilFullMesh(world, [...tabs, bob])
      const given: unknown[] = []
      for (const tab of tabs) void takeInto(given, tab)
      await world.run(2_000)
      for (let i = 0; i < 5; i++) await world.finish(bob.mesh.send(tabs[0]!.mesh.me.member, i))
      await eventually(world, 10_000, 'a message never comes', () => given.length >= 5)
      await world.run(2_000)
      demand(given.length === 5, 'a message was given to two tabs of one member')
    },
  },
  {
    name: 'two halves write apart',
    play: async () => {
      const world = createMeshWorld(2012)
      const actors = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      world.partition([['alice'], ['bob', server]])
      await world.until(() => actors.every(({ mesh }) => mesh.others.size === 0), { what: 'they are parted' })
      for (const { mesh, name } of actors) await world.finish(mesh.send('#general', `from ${name}`))
      world.heal()
      await untilFullMesh(world, actors)
      await world.run(10_000)
      for (const actor of actors) {
        const held = await readRoom(world, actor, '#general')
        demand(held.length === 2, 'what was written apart does not come together', held.join())
      }
    },
  },
  {
    name: 'a message waits for a name',
    play: async () => {
      const world = createMeshWorld(2006)
      const alice = await joinAs(world, 'alice')
      await world.finish(alice.mesh.send('@bob', 'welcome'))
      await restart(world, alice)
      const bob = await joinAs(world, 'bob')
      consume(bob)
      await eventually(
        world,
        30_000,
        'a message that waited for a name is lost',
        () => bob.inbox.length === 1,
      )
    },
  },
  {
    name: 'a record is altered',
    play: async () => {
      const world = createMeshWorld(2007)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      await world.finish((await world.finish(alice.mesh.send('@bob', 'the goose is white'))).delivered())
      bob.process.kill()
      await world.run(2_000)
      alterRow(world, 'bob', 'white', 'black')
      const back = await restart(world, bob)
      await untilFullMesh(world, [alice, back])
      const read = await readRoom(world, back, '@alice')
      demand(!read.includes('the goose is black'), 'an altered record is shown')
      await world.run(40_000)
      const again = await readRoom(world, back, '@alice')
      demand(again.join() === 'the goose is white', 'an altered record is not fetched again', again.join())
    },
  },
  {
    name: 'an old backup is put back',
    play: async () => {
      const world = createMeshWorld(2008)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const backup = world.disk('alice').image()
      for (const body of ['a', 'b'])
        await world.finish((await world.finish(alice.mesh.send('@bob', body))).delivered())
      alice.process.kill()
      await world.run(5_000)
      world.disk('alice').restore(backup)
      const back = await restart(world, alice)
      await untilFullMesh(world, [bob, back])
      consume(bob)
      await world.finish(back.mesh.send('@bob', 'c'))
      const isNoticed = (): boolean => back.errors.some(({ code }) => code === 'store-forked')
      await eventually(world, 60_000, 'a store that went back in time writes numbers twice', isNoticed)
      await eventually(world, 60_000, 'what was written after the backup is lost', () =>
        bob.inbox.includes('c'),
      )
    },
  },
  {
    name: 'an entry that nobody has is left behind',
    play: async () => {
      const world = createMeshWorld(2014)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      for (const body of ['a', 'b', 'the goose', 'd', 'e'])
        await world.finish((await world.finish(alice.mesh.send('@bob', body))).delivered())
      bob.process.kill()
      alice.process.kill()
      await world.run(5_000)
      alterRow(world, 'alice', 'goose', 'loose')
      const back = await restart(world, alice)
      await readRoom(world, back, '@bob')
      await joinAs(world, 'carol')
      const isForked = (): boolean => back.errors.some(({ code }) => code === 'store-forked')
      await eventually(world, 120_000, 'a lost entry blocks what comes after it', isForked)
      const sent = await world.finish(back.mesh.send('@bob', 'f'))
      const isOwed = (): boolean => !sent.deliveredTo.has(bob.mesh.me.member)
      await always(world, 40_000, 'a message counts as delivered to somebody who is away', isOwed)
    },
  },
  {
    name: 'a room with somebody away',
    play: async () => {
      const world = createMeshWorld(2009)
      const actors = (await joinInTurn(world, ['alice', 'bob', 'carol'])) as [Actor, Actor, Actor]
      const [alice, bob, carol] = actors
      for (const { mesh } of actors) await world.finish(mesh.room('general').join())
      await world.run(2_000)
      carol.process.kill()
      await world.run(5_000)
      const sent = await world.finish(alice.mesh.send('#general', 'soon stale', { ttlMs: 20_000 }))
      await world.until(() => sent.deliveredTo.has(bob.mesh.me.member), { what: 'bob has it' })
      const isKept = (): boolean => alice.mesh.status().queues.undelivered === 1
      await always(world, 10_000, 'the outbox let a message go that an addressee lacks', isKept)
      const isReported = (): boolean =>
        alice.errors.some(({ code, details }) => code === 'expired' && lacks(details, carol))
      await eventually(world, 30_000, 'a message expired in silence', isReported)
    },
  },
  {
    name: 'forty days later',
    play: async () => {
      const world = createMeshWorld(2010)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      bob.process.kill()
      await world.run(5_000)
      const ninetyDaysMs = 90 * dayMs
      await world.finish(alice.mesh.send(bob.mesh.me.member, 'still for you', { ttlMs: ninetyDaysMs }))
      alice.process.kill()
      const later = (name: string): Promise<Actor> =>
        joinAs(world, name, { process: world.platform({ name, wallSkewMs: 40 * dayMs }) })
      await later('alice')
      await world.run(5_000)
      const back = await later('bob')
      consume(back)
      const complaint = 'a message was given up before its time ran out'
      await eventually(world, 60_000, complaint, () => back.inbox.includes('still for you'))
    },
  },
]

/** Takes what the inbox gives, and is never done with it. */
async function takeInto(given: unknown[], { mesh }: Actor): Promise<void> {
  for await (const { body } of mesh.inbox()) given.push(body)
}

const dayMs = 24 * 60 * 60 * 1000

const lacks = (details: MeshError['details'], { mesh }: Actor): boolean =>
  (details?.['lacking'] as readonly string[] | undefined)?.includes(mesh.me.member) ?? false

/** Replaces a word in the row that holds it; both have the same length, and the checksum stays as it was. */
function alterRow(world: World, name: string, from: string, to: string): void {
  const disk = world.disk(name)
  for (const key of disk.keys()) {
    const value = Buffer.from(disk.read(key)!)
    const at = value.indexOf(from)
    if (at >= 0 && key.startsWith('feed/')) {
      value.write(to, at)
      disk.write(key, new Uint8Array(value))
    }
  }
}
