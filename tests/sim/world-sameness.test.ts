// One seed, one trace, byte for byte: with every fault the world knows, hostile peers, messages and documents in it;
// whether or not anybody keeps or reads its lines.

import { expect, test } from 'vitest'
import { createMeshWorld, joinAs, server, type Actor } from './mesh-world.ts'
import { createTrace } from '../../core/platform/sim/trace.ts'
import { createWorld, type World } from '../../core/platform/sim/world.ts'

/** A little of everything. Nothing in it depends on what the peers do. */
async function play(world: World): Promise<void> {
  const actors = new Map<string, Actor>()
  for (const [name, browser] of [['alice', 'firefox'], ['alice-tab', 'firefox'], ['bob'], ['carol']] as const)
    actors.set(name!, await joinAs(world, name!, browser === undefined ? {} : { browser }))
  const hostile = world.hostile({ name: 'mallory', driftRate: 1.01 })
  await joinAs(world, 'mallory', { process: hostile.process })
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => actors.get(name)!)
  const write = (actor: Actor, body: string): void => {
    actor.mesh.send('#general', body).catch(() => undefined)
  }
  const doc = await world.finish(bob!.mesh.doc('notes'))
  const signaling = world.server(server)
  const acts: (() => unknown)[] = [
    () => write(alice!, 'one'),
    () => world.cut('alice', 'bob', { oneWay: true }),
    () => doc.doc.getText().insert(0, 'hello'),
    () => world.dropLinks('bob', 'carol', { oneEnd: true }),
    () => world.shape({ tail: { probability: 0.2, maxMs: 900 }, bytesPerMs: 400 }),
    () => write(bob!, 'two'),
    () => signaling.lie({ ghosts: 2, hide: 1 }),
    () => signaling.accuse('alice'),
    () => signaling.slow(300),
    () => signaling.forget('carol'),
    () => carol!.process.jumpClock(-86_400_000),
    () => (world.disk('bob').failing = 'storage-failed'),
    () => (world.disk('bob').uncertain = true),
    () => write(bob!, 'three'),
    () => bob!.process.killAt({ effect: 'commit', when: 'after' }),
    () => (world.disk('bob').failing = undefined),
    () => write(carol!, 'four'),
    () => (world.disk('carol').forgetful = true),
    () => carol!.process.killAt({ effect: 'any', n: 20, when: 'before' }),
    () => alice!.process.freeze(),
    () =>
      world.partition([
        ['alice', 'bob'],
        ['carol', 'mallory', server],
      ]),
    () => alice!.process.wake(),
    () => world.heal(),
  ]
  for (const act of acts) {
    act()
    for (const kind of hostile.kinds.slice(0, 3)) hostile.attack(kind)
    await world.run(700)
  }
  // Hundreds of peers that are not cost time, and show nothing more here.
  for (const kind of hostile.kinds.filter((each) => each !== 'flood-records')) {
    hostile.attack(kind)
    await world.run(50)
  }
  await world.run(5_000)
}

test('the same seed is the same trace, another seed another', async () => {
  const worlds = []
  for (const seed of [1, 1, 2]) {
    const world = createMeshWorld(seed)
    await play(world)
    worlds.push(world)
  }
  const [first, again, other] = worlds as [World, World, World]
  const lines = again.trace.lines
  expect(first.trace.lines.find((line, i) => line !== lines[i])).toBeUndefined()
  expect([again.trace.count, again.trace.hash]).toEqual([first.trace.count, first.trace.hash])
  expect(other.trace.hash).not.toBe(first.trace.hash)
  expect(first.trace.count).toBeGreaterThan(2_000)
})

test('the hash is over time, who and what of every line, in their order', () => {
  const hashOf = (...lines: readonly [number, string, string][]): string => {
    const trace = createTrace(0)
    for (const line of lines) trace.add(...line)
    return trace.hash
  }
  const one = [5, 'alice', 'alarm'] as const
  const two = [6, 'bob', 'alarm'] as const
  const hashes = [
    hashOf([...one], [...two]),
    hashOf([...two], [...one]),
    hashOf([5.001, 'alice', 'alarm'], [...two]),
    hashOf([5, 'carol', 'alarm'], [...two]),
    hashOf([5, 'alice', 'commit done'], [...two]),
    hashOf([5, 'alic', 'ealarm'], [...two]),
    hashOf([...one]),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(hashOf([...one], [...two])).toBe(hashes[0])
})

test('the hash is the same whether lines are kept, listened to, or not', async () => {
  const hashes = new Set<string>()
  const heard: string[] = []
  for (const options of [{}, { maxTraceLines: 0 }, { onTrace: (line: string) => void heard.push(line) }]) {
    const world = createWorld({ seed: 4, ...options })
    world.server(server)
    await play(world)
    hashes.add(world.trace.hash)
    if ('maxTraceLines' in options) expect(world.trace.lines.length).toBe(0)
    else expect(world.trace.lines.length).toBe(world.trace.count)
  }
  expect(hashes.size).toBe(1)
  expect(heard.length).toBeGreaterThan(2_000)
})
