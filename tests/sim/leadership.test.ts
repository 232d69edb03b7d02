// Leadership as a person sees it, on whole simulated peers: who leads, when it moves, and that one duty runs.

import { expect, test } from 'vitest'
import type { MeshError } from '../../core/base/errors.ts'
import {
  agreedLeader,
  consume,
  createMeshWorld,
  joinAs,
  joinInTurn,
  leadAll,
  server,
  untilFullMesh,
  untilLed,
} from './mesh-world.ts'

test('the first to arrive leads, and no later arrival or departure elsewhere moves it', async () => {
  const world = createMeshWorld(1)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  await untilLed(world, actors, 'alice')
  const [alice, bob] = actors
  const changes = alice!.leaders.length
  await world.finish(bob!.mesh.leave())
  const again = await joinAs(world, 'bob-again')
  const now = [...actors.filter((actor) => actor !== bob), again]
  await untilFullMesh(world, now)
  await world.run(60_000)
  expect(agreedLeader(now)).toBe('alice')
  expect(alice!.leaders.length).toBe(changes)
})

test('a killed leader is followed by the next in seniority, in a higher epoch, with one duty running', async () => {
  const world = createMeshWorld(2)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  const duties = leadAll(actors)
  await world.until(() => duties.running.has('alice'), { withinMs: 10_000, what: 'the duty of alice runs' })
  const epoch = actors[0]!.mesh.epoch
  actors[0]!.process.kill()
  duties.running.delete('alice')
  const killedAtMs = world.now
  const survivors = actors.slice(1)
  await untilLed(world, survivors, 'bob')
  expect(world.now - killedAtMs).toBeLessThan(250) // virtual time: a socket bore witness
  await world.run(5_000)
  expect(survivors.every(({ mesh }) => mesh.epoch === epoch + 1)).toBe(true)
  expect([...duties.running]).toEqual(['bob'])
  expect(duties.most).toBe(1)
  expect(survivors.flatMap(({ left }) => left.map(({ peer }) => peer.name))).toEqual([
    'alice',
    'alice',
    'alice',
  ])
})

test('a leader that leaves hands over at once', async () => {
  const world = createMeshWorld(3)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const duties = leadAll(actors)
  await world.run(1_000)
  await world.finish(actors[0]!.mesh.leave())
  expect(actors[0]!.leaders.at(-1)).toMatchObject({ leader: undefined, reason: 'left' })
  await untilLed(world, actors.slice(1), 'bob')
  expect(actors[1]!.left.map(({ reason }) => reason)).toEqual(['left'])
  expect(duties.most).toBe(1)
})

test('a frozen leader is replaced, and steps down before it does anything else when it wakes', async () => {
  const world = createMeshWorld(4)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const [alice, bob] = actors
  const acts: string[] = []
  alice!.mesh.lead(({ signal, token }) => {
    const act = (): void => {
      if (signal.aborted) return
      try {
        acts.push(`acted in ${token().epoch}`)
      } catch (problem) {
        acts.push((problem as MeshError).code)
      }
      alice!.process.clock.alarm(alice!.process.clock.now().monotonicMs + 100, act)
    }
    act()
  })
  await world.run(1_000)
  const actsBefore = acts.length
  expect(actsBefore).toBeGreaterThan(5)
  alice!.process.freeze()
  await world.until(() => agreedLeader(actors.slice(1)) === 'bob', { withinMs: 5_000, what: 'bob leads' })
  await world.run(60_000)
  expect(acts.length).toBe(actsBefore)
  alice!.process.wake()
  await world.run(30_000)
  expect(acts.slice(actsBefore).filter((act) => act !== 'not-leader')).toEqual([])
  expect(alice!.mesh.me.seniority).toBeGreaterThan(bob!.mesh.me.seniority!)
  expect(agreedLeader(actors)).toBe('bob')
})

test('each side of a partition has one leader; healed, the mesh converges on one with a higher epoch and no rank is lost', async () => {
  const world = createMeshWorld(5)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol', 'dave'])
  const [alice, bob, carol, dave] = actors.map((actor) => actor)
  world.partition([
    ['alice', 'bob'],
    ['carol', 'dave', 'ws://signal.test'],
  ])
  await untilLed(world, [alice!, bob!], 'alice')
  await untilLed(world, [carol!, dave!], 'carol')
  const highest = Math.max(alice!.mesh.epoch, carol!.mesh.epoch)
  world.heal()
  await untilLed(world, actors, 'alice')
  expect(alice!.mesh.epoch).toBeGreaterThan(highest)
  expect(alice!.mesh.me.seniority).toBe(1)
})

test('higher priority takes over on arrival, without two duties at once', async () => {
  const world = createMeshWorld(6)
  const actors = await joinInTurn(world, ['alice', 'bob'])
  const duties = leadAll(actors)
  await world.run(1_000)
  const primary = await joinAs(world, 'primary', { priority: 10 })
  const later = leadAll([primary])
  await untilLed(world, [...actors, primary], 'primary')
  await world.until(() => later.running.has('primary'), { withinMs: 10_000, what: 'the primary acts' })
  expect(duties.running.size).toBe(0)
})

test('one that must not lead never does', async () => {
  const world = createMeshWorld(7)
  const watcher = await joinAs(world, 'watcher', { candidate: false })
  await world.run(10_000)
  expect(watcher.mesh.leader).toBeUndefined()
  const alice = await joinAs(world, 'alice')
  await untilLed(world, [watcher, alice], 'alice')
})

test('a role is led by one of those that stand for it, and passes on when that one stops', async () => {
  const world = createMeshWorld(8)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  const [, bob, carol] = actors
  const running = new Set<string>()
  const leads = [bob!, carol!].map(({ mesh, name }) =>
    mesh.lead('indexer', ({ signal }) => {
      running.add(name)
      signal.addEventListener('abort', () => running.delete(name))
    }),
  )
  await world.until(() => running.size === 1, { withinMs: 10_000, what: 'one indexer' })
  expect([...running]).toEqual(['bob'])
  await world.finish(leads[0]!.stop())
  await world.until(() => running.has('carol'), { withinMs: 10_000, what: 'carol indexes' })
  expect([...running]).toEqual(['carol'])
})

test('tabs of one browser need no server: they find each other, lead and fail over by their locks', async () => {
  const world = createMeshWorld(9)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'], { browser: 'chrome', signaling: [] })
  expect(actors.every(({ mesh }) => mesh.status().links.every(({ kind }) => kind === 'tabs'))).toBe(true)
  await untilLed(world, actors, 'alice')
  actors[0]!.process.kill()
  const killedAtMs = world.now
  await untilLed(world, actors.slice(1), 'bob')
  expect(world.now - killedAtMs).toBeLessThan(250)
})

test('with the signaling server dead everything goes on, and a newcomer joins when it is back', async () => {
  const world = createMeshWorld(10)
  const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
  world.server('ws://signal.test').stop()
  await world.run(60_000)
  expect(agreedLeader(actors)).toBe('alice')
  expect(actors.flatMap(({ left }) => left)).toEqual([])
  actors[0]!.process.kill()
  await untilLed(world, actors.slice(1), 'bob')
  world.server('ws://signal.test').start()
  const dave = await joinAs(world, 'dave')
  await untilLed(world, [...actors.slice(1), dave], 'bob')
  await untilFullMesh(world, [...actors.slice(1), dave])
})

test('who stands still for less than two seconds keeps its place, unless others could lead in its stead', async () => {
  const world = createMeshWorld(5)
  const [, bob] = await joinInTurn(world, ['alice', 'bob', 'carol'])
  // Nobody else leads the inbox of bob, however many read their own.
  consume(bob!)
  await world.run(5_000)
  bob!.process.freeze()
  await world.run(1_700)
  bob!.process.wake()
  await world.run(10_000)
  expect(bob!.mesh.me.seniority).toBe(2)
  expect(bob!.leaders.map(({ reason }) => reason)).not.toContain('stalled')
})

test('a duty that throws is reported and started again', async () => {
  const world = createMeshWorld(11)
  const alice = await joinAs(world, 'alice')
  let runs = 0
  alice.mesh.lead(() => {
    runs++
    if (runs < 3) throw new Error('not yet')
  })
  await world.until(() => runs === 3, { withinMs: 30_000, what: 'the third run' })
  expect(alice.errors.map(({ code }) => code)).toEqual(['duty-failed', 'duty-failed'])
})

test('sixteen peers form a full mesh and stay quiet: nobody is suspected', async () => {
  const world = createMeshWorld(12)
  const names = Array.from({ length: 16 }, (_, i) => `peer-${i}`)
  const actors = await joinInTurn(world, names)
  await world.run(120_000)
  expect(agreedLeader(actors)).toBe('peer-0')
  expect(actors.flatMap(({ left }) => left)).toEqual([])
  for (const { mesh } of actors) expect(mesh.status().counters['suspicions'] ?? 0).toBe(0)
})

test('one that wakes up declares nobody gone that lives, however long new links take', async () => {
  for (const seed of [13, 14, 15, 16]) {
    const world = createMeshWorld(seed)
    const actors = await joinInTurn(world, ['alice', 'bob', 'carol'])
    const [alice, bob, carol] = actors
    alice!.process.freeze()
    await untilLed(world, [bob!, carol!], 'bob')
    // The server is slow to come back: for two seconds there is no way to make a link.
    world.server(server).stop()
    alice!.process.wake()
    await world.run(2_000)
    world.server(server).start()
    await untilFullMesh(world, actors)
    await untilLed(world, actors, 'bob')
    expect(alice!.left).toEqual([])
  }
})

test('EL13 who could not store an epoch, and stores something again, has its rank again', async () => {
  const world = createMeshWorld(3)
  const [alice, bob, carol] = await joinInTurn(world, ['alice', 'bob', 'carol'])
  world.disk('alice').failing = 'storage-full'
  world.partition([['alice'], ['bob', 'carol', server]])
  await world.run(40_000)
  world.heal()
  // She would have to claim above the other part.
  await untilLed(world, [alice!, bob!, carol!], 'bob')
  world.disk('alice').failing = undefined
  await world.finish(alice!.mesh.room('general').join())
  await untilLed(world, [alice!, bob!, carol!], 'alice')
})
