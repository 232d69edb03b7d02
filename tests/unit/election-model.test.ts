// Many machines against each other, by seed. A failing seed prints itself with its trace.

import { describe, expect, test } from 'vitest'
import { limits } from '../../core/base/limits.ts'
import { World, type WorldOptions } from './election-world.ts'

const seeds = 300

/** Runs `story` in many worlds; a failure names the seed and shows the last lines of the trace. */
function inManyWorlds(options: Omit<WorldOptions, 'seed'>, story: (world: World) => void): void {
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new World({ ...options, seed })
    try {
      story(world)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`seed ${seed}: ${reason}\n${world.trace.slice(-60).join('\n')}`, { cause: error })
    }
  }
}

function expectConverged(world: World): void {
  const leader = world.elected()
  expect(leader).toBeDefined()
  expect(new Set(world.alive.map((node) => node.election.leader))).toEqual(new Set([leader]))
  expect(new Set(world.alive.map((node) => node.election.epoch)).size).toBe(1)
  expect(world.duties.map((node) => node.id)).toEqual([leader])
  expect(world.alive.filter((node) => node.election.deadlineMs !== undefined)).toEqual([])
}

const atMostOneDuty = (world: World) => () => {
  if (world.duties.length > 1) throw new Error('two duties at once')
}

const settleMs = 30_000

describe('EL16 the mesh converges', () => {
  test('EL16 changes of rank, arrivals and crashes one after another: one leader, never two duties', () => {
    inManyWorlds({ maxDelayMs: 100 }, (world) => {
      const { random } = world
      for (let i = 0; i < 3; i++) {
        world.join()
        world.run(2500, atMostOneDuty(world))
      }
      for (let i = 0; i < 8; i++) {
        const node = random.sample(world.alive, 1)[0]!
        const kind = random.integer(4)
        if (kind === 0) world.join(0, { priority: random.integer(3) })
        else if (kind === 1 && world.alive.length > 1) world.crash(node)
        else if (kind === 2) world.rank(node, { fit: !node.rank.fit })
        else world.rank(node, { priority: random.integer(3) })
        world.run(2500, atMostOneDuty(world))
        expectConverged(world)
      }
    })
  })

  test('EL16 changes of rank on top of one another: one duty at most once the views have agreed', () => {
    inManyWorlds({ maxDelayMs: 100 }, (world) => {
      const { random } = world
      for (let i = 0; i < 5; i++) world.join()
      world.run(1000)
      const check = () => {
        const calm = world.agreed && world.nowMs - world.viewChangedAtMs > 500
        if (calm && world.duties.length > 1) throw new Error('two duties at once')
      }
      for (let i = 0; i < 12; i++) {
        world.rank(random.sample(world.alive, 1)[0]!, {
          fit: random.float() < 0.7,
          priority: random.integer(3),
        })
        world.run(random.integer(150), check)
      }
      world.run(settleMs, check)
      expectConverged(world)
    })
  })

  test('EL16 after a partition: one leader, its epoch above both sides, one duty', () => {
    inManyWorlds({ maxDelayMs: 100 }, (world) => {
      const { random } = world
      for (let i = 0; i < 6; i++) world.join(0, { priority: random.integer(2) })
      world.run(2000)
      world.partition(() => random.integer(2))
      world.run(3000)
      for (let i = 0; i < 4; i++) {
        world.rank(random.sample(world.alive, 1)[0]!, { fit: random.float() < 0.5 })
        world.run(random.integer(1000))
      }
      world.run(3000)
      const parts = new Set(world.alive.map((node) => node.part)).size
      const highest = Math.max(...world.alive.map((node) => node.election.epoch))
      world.heal()
      world.run(settleMs)
      expectConverged(world)
      if (parts > 1) expect(world.alive[0]!.election.epoch).toBeGreaterThan(highest)
    })
  })

  test('EL16 whatever happens, once it ends there is one leader, one epoch, one duty', () => {
    inManyWorlds({ maxDelayMs: 400, failures: 0.2 }, (world) => {
      const { random } = world
      for (let i = 0; i < 4; i++) world.join()
      for (let i = 0; i < 25; i++) {
        const node = random.sample(world.alive, 1)[0]!
        const kind = random.integer(7)
        if (kind === 0) world.join(random.integer(2), { priority: random.integer(2) })
        else if (kind === 1 && world.alive.length > 2) world.crash(node)
        else if (kind === 2) world.rank(node, { fit: !node.rank.fit, priority: random.integer(2) })
        else if (kind === 3) world.stall(node)
        else if (kind === 4) world.partition(() => random.integer(3))
        else if (kind === 5) world.heal()
        world.run(random.integer(1500))
      }
      world.failures = 0
      world.heal()
      world.run(settleMs)
      expectConverged(world)
    })
  })

  test('EL7 two peers whose views differ for good do not race: a few claims a minute', () => {
    const world = new World({ seed: 1, maxDelayMs: 10 })
    const [ann, ben] = [world.join(1), world.join(2)]
    world.run(1000)
    // Each believes that it outranks the other, and each hears the other's claims.
    for (const node of [ann, ben]) node.part = 0
    world.run(60_000)
    const rounds = 60_000 / limits.handoverTimeoutMs
    for (const [a, b] of [
      [ann, ben],
      [ben, ann],
    ] as const) {
      const claim = b.election.claimNow()!
      a.election.step({ type: 'claim', claim, from: b.id }, world.nowMs)
    }
    world.run(60_000)
    const highest = Math.max(ann.election.epoch, ben.election.epoch)
    expect(highest).toBeLessThan(2 * rounds + 5)
    expect(highest).toBeGreaterThan(5)
  })
})
