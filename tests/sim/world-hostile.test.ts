// The hostile peer: every attack it knows goes out, arrives, and is what it says; and what is harmless alone does not
// part those around it. What the attacks may do to a mesh in trouble is for the random runs to find.

import { describe, expect, test } from 'vitest'
import { attackKinds } from '../../core/platform/sim/forgeries.ts'
import type { HostilePeer } from '../../core/platform/sim/hostile.ts'
import { createMeshWorld, joinAs, joinInTurn, server, type Actor } from './mesh-world.ts'
import type { World } from '../../core/platform/sim/world.ts'

interface Scene {
  readonly world: World
  readonly honest: readonly Actor[]
  readonly hostile: HostilePeer
}

async function scene(seed: number): Promise<Scene> {
  const world = createMeshWorld(seed)
  const honest = await joinInTurn(world, ['alice', 'bob'])
  const hostile = world.hostile({ name: 'mallory' })
  await joinAs(world, 'mallory', { process: hostile.process })
  await world.until(() => honest.every(({ mesh }) => mesh.others.size === 2), { withinMs: 120_000 })
  await world.finish(honest[0]!.mesh.room('general').join())
  await world.finish(honest[0]!.mesh.doc('notes'))
  await world.run(3_000)
  return { world, honest, hostile }
}

describe('a hostile peer', () => {
  test('knows every attack of the issue, each by a name of its own', () => {
    expect(new Set(attackKinds).size).toBe(attackKinds.length)
    expect(attackKinds).toEqual(
      expect.arrayContaining([
        'garbage',
        'truncated',
        'bit-flip',
        'replay-own',
        'replay-heard',
        'flood-pings',
        'oversize-frame',
        'oversize-message',
        'claim-max',
        'record-max',
        'clock-year-ahead',
        'clock-max',
        'vector-max',
        'awareness-max',
        'acknowledge-unsent',
        'refused-mid-feed',
        'hello-of-other',
      ]),
    )
  })

  test.each(attackKinds)('%s: goes out, and the others stay together and deliver', async (kind) => {
    const { world, honest, hostile } = await scene(7)
    let frames = 0
    for (let i = 0; i < 4; i++) {
      frames += hostile.attack(kind)
      await world.run(400)
    }
    expect(frames).toBeGreaterThan(0)
    expect(hostile.sent.get(kind)).toBe(frames)
    const [alice, bob] = honest as [Actor, Actor]
    const sent = await world.finish(alice.mesh.send('@bob', 'still here'))
    await world.finish(sent.delivered())
    expect(alice.mesh.others.has(bob.mesh.me.id) && bob.mesh.others.has(alice.mesh.me.id)).toBe(true)
  })

  test('whose frames are garbage is told of, and thrown out', async () => {
    const { world, honest, hostile } = await scene(3)
    for (let i = 0; i < 12; i++) {
      hostile.attack('garbage')
      await world.run(20)
    }
    const misbehaved = honest.flatMap(({ errors }) => errors.filter(({ code }) => code === 'peer-misbehaved'))
    expect(misbehaved.length).toBeGreaterThan(0)
  })

  test('hangs: its attacks go out, and nothing else; it is gone for all though it says that it is busy', async () => {
    const { world, honest, hostile } = await scene(6)
    const seen = (): number => honest.filter(({ mesh }) => mesh.others.size === honest.length).length
    expect(seen()).toBe(honest.length)
    hostile.hang()
    world.server(server).accuse(hostile.process.name)
    for (let i = 0; i < 30; i++) {
      expect(hostile.attack('busy')).toBeGreaterThan(0)
      await world.run(500)
      if (seen() === 0) break
    }
    expect(seen()).toBe(0)
  })

  test('is hostile after a restart too, and harmless while dead or frozen', async () => {
    const { world, hostile } = await scene(5)
    expect(hostile.attack('garbage')).toBeGreaterThan(0)
    hostile.process.freeze()
    expect(hostile.attack('garbage')).toBe(0)
    hostile.process.kill()
    expect(hostile.attack('garbage')).toBe(0)
    const process = hostile.process.restart()
    expect(process).toBe(hostile.process)
    const { mesh } = await joinAs(world, 'mallory', { process })
    await world.until(() => mesh.status().links.length > 0)
    await world.run(2_000)
    expect(hostile.attack('claim-max')).toBeGreaterThan(0)
  })
})
