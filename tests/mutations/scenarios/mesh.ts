// Who is alive, what finds its way, and what a bad neighbour can do.

import type { PeerId } from '../../../core/base/ids.ts'
import { limits } from '../../../core/base/limits.ts'
import { encodeBody } from '../../../core/body.ts'
import type { World } from '../../../core/platform/sim/world.ts'
import type { Payload, PeerRecord } from '../../../core/wire/messages.ts'
import { createMeshWorld, joinAs, joinInTurn, server, type Actor } from '../../sim/mesh-world.ts'
import { always, demand, eventually } from './complaint.ts'
import { Puppet } from './puppet.ts'
import type { Scenario } from './scenarios.ts'

const cast = (body: string): Payload => ({ type: 'cast', topic: 'test', body: encodeBody(body) })

/** Bodies of casts that this actor hears. */
function listen({ mesh }: Actor): unknown[] {
  const heard: unknown[] = []
  mesh.onCast('test', ({ body }) => heard.push(body))
  return heard
}

/** A puppet with a link to that actor, which has it in its view. */
async function meet(world: World, { mesh }: Actor): Promise<Puppet> {
  const puppet = await Puppet.join(world, 'puppet')
  await puppet.link(world, mesh.me.id)
  await world.until(() => mesh.others.has(puppet.id), { what: 'the puppet is seen' })
  return puppet
}

/** What its neighbours have told the puppet of that peer, the newest. */
const recordOf = (puppet: Puppet, peer: PeerId): PeerRecord =>
  puppet.heard
    .flatMap(({ message }) => (message.type === 'hello' ? [message.record, ...message.view] : []))
    .findLast(({ id }) => id === peer)!

export const meshScenarios: readonly Scenario[] = [
  {
    name: 'an answer from before the doubt',
    play: async () => {
      const world = createMeshWorld(2201)
      const alice = await joinAs(world, 'alice')
      const puppet = await meet(world, alice)
      const { id } = alice.mesh.me
      await world.until(() => puppet.heardOf(id, 'ping').length > 0, { what: 'the first ping' })
      const { nonce } = puppet.heardOf(id, 'ping')[0]!
      await world.run(1_000)
      puppet.onMessage = (from, message) => {
        if (message.type === 'ping') puppet.say(from, { type: 'pong', nonce, offers: [] })
        return true
      }
      puppet.closeSocket()
      const isGone = (): boolean => !alice.mesh.others.has(puppet.id)
      await eventually(world, 10_000, 'an answer from before the doubt refuted it', isGone)
    },
  },
  {
    name: 'a server that hid them',
    play: async () => {
      const world = createMeshWorld(2207)
      world.server(server).lie({ hide: 99 })
      const alice = await joinAs(world, 'alice')
      const bob = await joinAs(world, 'bob')
      await world.run(5_000)
      world.server(server).lie()
      const haveMet = (): boolean => alice.mesh.others.size + bob.mesh.others.size === 2
      await eventually(world, 150_000, 'two whom a server kept from each other never met', haveMet)
    },
  },
  {
    name: 'a watcher that was late',
    play: async () => {
      // Whether alarms or frames are first when it wakes is drawn by the seed.
      for (let seed = 2202; seed < 2206; seed++) {
        const world = createMeshWorld(seed)
        const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
        const puppet = await meet(world, alice)
        const { incarnation } = recordOf(puppet, bob.mesh.me.id)
        const suspicions = (): number => alice.mesh.status().counters['suspicionsByWord'] ?? 0
        const before = suspicions()
        puppet.broadcast(alice.mesh.me.id, {
          type: 'suspect',
          peer: bob.mesh.me.id,
          incarnation,
          silence: false,
        })
        await world.until(() => suspicions() > before, { what: 'alice doubts bob' })
        alice.process.freeze()
        await world.run(1_000)
        alice.process.wake()
        const isKept = (): boolean => alice.left.every(({ peer }) => peer.name !== 'bob')
        await always(world, 3_000, 'a watcher that was late itself declared a live peer gone', isKept)
      }
    },
  },
  {
    name: 'busy for ever',
    play: async () => {
      const world = createMeshWorld(2206)
      const alice = await joinAs(world, 'alice')
      const puppet = await meet(world, alice)
      puppet.onMessage = () => true
      puppet.closeSocket()
      const until = world.now + 3 * limits.maxBusyMs
      for (let at = world.now; at < until; at += 1_000) {
        const say = (): void => puppet.say(alice.mesh.me.id, { type: 'busy', ms: limits.maxBusyMs })
        world.at(at, 'the puppet is busy', say)
      }
      const isGone = (): boolean => !alice.mesh.others.has(puppet.id)
      const complaint = 'a peer put off its death by saying again and again that it is busy'
      await eventually(world, 2 * limits.maxBusyMs, complaint, isGone)
    },
  },
  {
    name: 'a socket closes',
    play: async () => {
      const world = createMeshWorld(2211)
      const [alice] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor]
      world.cut('bob', server)
      const isDoubted = (): boolean => alice.mesh.status().counters['suspicionsBySocket'] === 1
      const isKept = (): boolean => alice.left.length === 0
      await always(world, 35_000, 'evidence deposed a live peer before it was asked', isKept)
      demand(isDoubted(), 'the socket did not close')
    },
  },
  {
    name: 'the word of another',
    play: async () => {
      const world = createMeshWorld(2207)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const puppet = await meet(world, alice)
      const [to, peer] = [alice.mesh.me.id, bob.mesh.me.id]
      const record = recordOf(puppet, peer)
      const { incarnation } = record
      puppet.broadcast(to, { type: 'gone', peer, incarnation: incarnation + 10, reason: 'left' })
      const isKept = (): boolean => alice.left.length === 0
      await always(world, 5_000, 'a live peer was declared gone at the word of another', isKept)
      bob.process.kill()
      await world.until(() => !alice.mesh.others.has(peer), { what: 'bob is gone' })
      puppet.broadcast(to, { type: 'record', record })
      const isDead = (): boolean => !alice.mesh.others.has(peer)
      await always(world, 3_000, 'a dead peer came back at the word of another', isDead)
    },
  },
  {
    name: 'a forged record of another',
    play: async () => {
      for (const ahead of [5, 2 ** 40]) {
        const world = createMeshWorld(2214)
        const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
        const puppet = await meet(world, bob)
        const record = recordOf(puppet, alice.mesh.me.id)
        const forged = { ...record, incarnation: record.incarnation + ahead, seniority: 95 }
        puppet.say(bob.mesh.me.id, { type: 'direct', payload: { type: 'record', record: forged } })
        await world.run(20_000)
        const before = bob.mesh.epoch
        await world.run(20_000)
        const grew = bob.mesh.epoch - before
        demand(grew === 0, 'a forged record makes two peers outbid each other without end')
      }
    },
  },
  {
    name: 'a goodbye in the name of another',
    play: async () => {
      const world = createMeshWorld(2215)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const puppet = await meet(world, alice)
      const { id: origin } = bob.mesh.me
      const payload = { type: 'gone', peer: origin, incarnation: 50, reason: 'left' } as const
      puppet.say(alice.mesh.me.id, { type: 'broadcast', origin, sequence: 1_000, payload })
      const isKept = (): boolean => alice.left.length === 0
      await always(world, 5_000, 'a goodbye that the peer did not say was believed', isKept)
    },
  },
  {
    name: 'garbage',
    play: async () => {
      const world = createMeshWorld(2208)
      const alice = await joinAs(world, 'alice')
      const puppet = await meet(world, alice)
      const { id } = alice.mesh.me
      for (let i = 0; i < limits.maxMalformedFrames; i++) puppet.sayBytes(id, Uint8Array.of(255, 1, 2, 3))
      const isClosed = (): boolean => !puppet.isLinked(id)
      await eventually(world, 5_000, 'the link of a peer that sends garbage stays', isClosed)
    },
  },
  {
    name: 'a peer of another mesh',
    play: async () => {
      const world = createMeshWorld(2212)
      const alice = await joinAs(world, 'alice')
      const puppet = await Puppet.join(world, 'puppet')
      puppet.topic = 'another'
      await puppet.link(world, alice.mesh.me.id)
      const isOut = (): boolean => alice.mesh.others.size === 0
      await always(world, 2_000, 'a peer of another mesh was let in', isOut)
      demand(!puppet.isLinked(alice.mesh.me.id), 'a peer of another mesh keeps its link')
    },
  },
  {
    name: 'a missed broadcast is offered',
    play: async () => {
      const world = createMeshWorld(2213)
      const alice = await joinAs(world, 'alice')
      const heard = listen(alice)
      const puppet = await meet(world, alice)
      const { id } = alice.mesh.me
      const missed = { origin: puppet.id, sequence: 1_000 }
      puppet.onMessage = (_, message) => {
        if (message.type === 'pull') puppet.say(id, { type: 'broadcast', ...missed, payload: cast('missed') })
        return message.type === 'pull'
      }
      puppet.say(id, { type: 'ping', nonce: 1, offers: [missed] })
      await eventually(world, 5_000, 'a broadcast that was missed is not asked for', () => heard.length === 1)
    },
  },
  {
    name: 'somebody leaves',
    play: async () => {
      const world = createMeshWorld(2214)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      await world.finish(bob.mesh.leave())
      await eventually(world, 10_000, 'somebody who left stays', () => alice.left.length === 1)
      demand(alice.left[0]!.reason === 'left', 'who leaves does not say goodbye')
    },
  },
  {
    name: 'a newcomer takes its place',
    play: async () => {
      const world = createMeshWorld(2215)
      const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
      const places = actors.map(({ mesh }) => mesh.me.seniority)
      const isInTurn = places.join() === '1,2,3'
      demand(isInTurn, 'a newcomer takes the place of somebody who was there before', places.join())
    },
  },
  {
    name: 'copies and detours',
    play: async () => {
      const world = createMeshWorld(2209)
      const [alice, bob] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor, Actor]
      const [heardByAlice, heardByBob] = [listen(alice), listen(bob)]
      const puppet = await meet(world, alice)
      // Whoever speaks has to be known.
      await world.until(() => bob.mesh.others.has(puppet.id), { what: 'bob has heard of the puppet' })
      const [to, target] = [alice.mesh.me.id, bob.mesh.me.id]
      let sequence = 0
      const unicast = (peer: PeerId, hops: number, body: string, times = 1): void => {
        const message = {
          type: 'unicast',
          origin: puppet.id,
          target: peer,
          hops,
          payload: cast(body),
        } as const
        sequence++
        for (let i = 0; i < times; i++) puppet.say(to, { ...message, sequence })
      }
      unicast(target, limits.maxHops - 2, 'near')
      unicast(target, limits.maxHops - 1, 'far')
      await world.run(500)
      demand(heardByBob.includes('near'), 'a unicast does not arrive')
      demand(!heardByBob.includes('far'), 'a unicast went further than it may')
      unicast(to, 0, 'unicast', 2)
      await world.run(500)
      demand(heardByAlice.includes('unicast'), 'a unicast does not arrive')
      demand(heardByAlice.length === 1, 'a unicast was delivered twice')
      const copy = puppet.broadcast(to, cast('broadcast'))
      puppet.say(to, copy)
      await world.run(500)
      demand(heardByAlice.includes('broadcast'), 'a broadcast does not arrive')
      demand(heardByAlice.length === 2, 'a broadcast was delivered twice')
    },
  },
  {
    name: 'a replayed broadcast',
    play: async () => {
      const world = createMeshWorld(2210)
      const [alice] = (await joinInTurn(world, ['alice', 'bob'])) as [Actor]
      world.cut('alice', 'carol')
      const carol = await joinAs(world, 'carol')
      const heard = listen(carol)
      const [from, to] = [alice.mesh.me.id, carol.mesh.me.id]
      await world.until(() => alice.mesh.others.has(to), { what: 'alice has heard of carol' })
      const puppet = await meet(world, alice)
      carol.mesh.cast('test', 'I am here')
      const replayed = (): ReturnType<typeof puppet.heardOf<'broadcast'>> =>
        puppet
          .heardOf(from, 'broadcast')
          .filter(({ origin, payload }) => origin === to && payload.type === 'cast')
      await world.until(() => replayed().length > 0, { what: 'the puppet hears carol' })
      for (const message of replayed()) puppet.say(from, message)
      await world.run(500)
      alice.mesh.cast('test', 'to carol', { to })
      const complaint = 'a unicast followed a replayed broadcast, and was lost'
      await eventually(world, 2_000, complaint, () => heard.includes('to carol'))
    },
  },
]
